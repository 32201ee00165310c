"""A gate on a device without a network, run as the example that it is."""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import kitflik as k
from support import HOST, KEY, add_show, paid_by, seats

GATE = pathlib.Path(__file__).resolve().parents[3] / "examples" / "gate" / "gate.py"
USHER = k.Actor.STAFF("00000000-0000-4000-8000-000000000001", k.Role.USHER)


class Gate(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        # The program's clock is the computer's, so the house's is, too.
        self.house = k.Kitflik(k.KitflikOptions(store=k.Store.MEMORY(), master_key=KEY))
        self.bookings = self.house.bookings()
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=30)
        self.show = await add_show(self.house, zone="UTC", starts_at_local=soon.strftime("%Y-%m-%dT%H:%M"))
        held = await self.bookings.hold(HOST, seats(self.show, "A1", "A2", "A3"))
        self.sold = await self.bookings.confirm(HOST, held.id, paid_by("counter"))
        self.tickets = await self.bookings.tickets(HOST, held.id)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.pack, self.log = self.folder / "pack.json", self.folder / "log.jsonl"
        self.pack.write_text(await self.bookings.gate_pack(USHER, self.show.id), encoding="utf-8")

    def gate(self, *arguments, lines=""):
        command = [sys.executable, str(GATE), "--device", "side door", *map(str, arguments)]
        done = subprocess.run(
            command, input=lines, capture_output=True, text=True, encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode, done.stdout.splitlines()

    async def test_it_remembers_over_restarts_and_uploads_later(self):
        first, second, third = (ticket.token for ticket in self.tickets)
        code, told = self.gate("scan", self.pack, self.log, first)
        self.assertEqual(code, 0, told)
        self.assertTrue(told[0].startswith("ADMITTED A1 "), told)
        self.assertIn("TO BE PAID", told[0])
        # The battery died in the middle of a line, and of a character.
        with self.log.open("ab") as log:
            log.write('{"show_id": "ü'.encode()[:-1])
        altered = second[:-2] + ("A" if second[-2] != "A" else "B") + second[-1]
        code, told = self.gate("scan", self.pack, self.log, lines="\n".join([first, altered, second, "hello", ""]))
        self.assertEqual(code, 1)
        self.assertEqual(
            [line.split(":")[0].split(" ")[:2] for line in told],
            [
                ["REFUSED", "ticket_already_used"],
                ["REFUSED", "ticket_bad_signature"],
                ["ADMITTED", "A2"],
                ["REFUSED", "ticket_malformed"],
            ],
        )

        # The front door has a network, and the same ticket was copied.
        scan = k.CheckIn(shows=[self.show.id], token=second, device="front", nonce="1")
        admitted = await self.bookings.check_in(USHER, scan)
        self.assertEqual(admitted.seat.label, "A2")
        _, bodies = self.gate("export", self.log)
        (body,) = map(json.loads, bodies)
        self.assertEqual([scan["device"] for scan in body["scans"]], ["side door"] * 2)
        scans = k.read_gate_log(self.log.read_text(encoding="utf-8"))
        for merged in (2, 0):
            told = await self.bookings.merge_check_ins(USHER, k.MergeCheckIns(scans=scans))
            self.assertEqual((told.merged, told.known), (merged, 2 - merged))
            self.assertEqual([flagged.flags for flagged in told.flagged], [[k.CheckInFlag.CONFLICT]])
        count = await self.bookings.check_in_count(USHER, self.show.id)
        self.assertEqual((count.admitted, count.sold), (2, 3))
        flagged = await self.bookings.check_ins(USHER, self.show.id, k.CheckInQuery(flagged=True))
        self.assertEqual([scan.device for scan in flagged.items[0].scans], ["side door", "front"])

        with self.assertRaises(k.KitflikError.Ticket) as refused:
            await self.bookings.check_in(
                USHER, k.CheckIn(shows=[self.show.id], token=first, device="front", nonce="2")
            )
        self.assertEqual(refused.exception.code, "ticket_already_used")
        await self.bookings.check_in(USHER, k.CheckIn(shows=[self.show.id], token=third, device="front", nonce="3"))

    async def test_what_was_revoked_does_not_come_in(self):
        lost = self.tickets[0]
        request = k.RevokeTicket(reason="Lost", reissue=True)
        revoked = await self.bookings.revoke_ticket(HOST, self.sold.id, lost.id, request)
        self.pack.write_text(await self.bookings.gate_pack(USHER, self.show.id), encoding="utf-8")
        tickets = await self.bookings.tickets(HOST, self.sold.id)
        self.assertEqual(tickets[0].id, revoked.reissued_as)
        _, told = self.gate("scan", self.pack, self.log, lost.token, tickets[0].token)
        self.assertIn("REFUSED ticket_revoked: this ticket was revoked", told[0])
        self.assertTrue(told[1].startswith("ADMITTED A1 "), told)
        self.assertIn("<svg", await self.bookings.print(HOST, self.sold.id))


if __name__ == "__main__":
    unittest.main()
