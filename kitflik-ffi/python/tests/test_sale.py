"""From a hold to the gate, and each way to be refused."""

import asyncio
import datetime
import unittest

import kitflik as k
from support import HOST, Clock, MemoryStore, add_show, open_house, paid_by, seats

GUEST = k.Actor.GUEST()
Code = k.ErrorCode


class Sale(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.clock = Clock()
        self.house = open_house(clock=self.clock)
        self.bookings = self.house.bookings()

    async def refused(self, variant, code, call):
        with self.assertRaises(variant) as caught:
            await call
        self.assertEqual(caught.exception.code, code)
        self.assertTrue(caught.exception.detail)
        return caught.exception

    async def hold(self, show, *names, actor=GUEST, **rest):
        return await self.bookings.hold(actor, seats(show, *names, **rest))

    async def test_two_seats_from_the_hold_to_the_gate(self):
        show = await add_show(self.house)
        held = await self.hold(show, "A1", "A2", customer=k.Customer(name="Ada", email="ada@example.org"))
        self.assertEqual(held.status, k.BookingStatus.HELD)
        self.assertEqual(held.quote.total, k.Money(amount_minor=2450, currency="EUR"))
        self.assertEqual(held.expires_at, self.clock.time + datetime.timedelta(minutes=10))
        guest = k.Actor.GUEST(held.booking_token)
        sold = await self.bookings.confirm(guest, held.id, paid_by("counter"))
        self.assertEqual(sold.status, k.BookingStatus.CONFIRMED)
        seat_map = await self.bookings.seats(show.id)
        self.assertTrue(seat_map.states.startswith("ss........"), seat_map.states)
        mine = await self.bookings.seats(show.id, held.id)
        self.assertTrue(mine.states.startswith("mm........"), mine.states)

        tickets = await self.bookings.tickets(guest, held.id)
        gate = k.Gate([self.house.ticket_key()])
        claims = gate.check(tickets[1].token, show.starts_at)
        self.assertEqual((claims.show, claims.booking, claims.ticket), (show.id, held.id, tickets[1].id))
        layout = await self.house.catalog().layout(show.layout_id)
        self.assertEqual(layout.seats[claims.seat].label, "A2")
        self.assertIn("<svg", await self.bookings.qr_svg(guest, held.id, tickets[0].id))
        self.assertEqual((await self.bookings.qr_png(guest, held.id, tickets[0].id))[:4], b"\x89PNG")
        self.assertEqual(k.qr_png(tickets[0].token), await self.bookings.qr_png(guest, held.id, tickets[0].id))
        self.assertIn("SUMMARY:Alien", await self.bookings.calendar(guest, held.id))

    async def test_a_sale_is_in_the_reports_and_its_day_is_settled(self):
        show = await add_show(self.house)
        held = await self.hold(show, "A1", "A2", customer=k.Customer(name="Ada", email="ada@example.org"))
        await self.bookings.confirm(k.Actor.GUEST(held.booking_token), held.id, paid_by("counter"))
        today, reports = self.clock.time.date().isoformat(), self.house.reports()
        query = k.RevenueQuery(_from=today, to=today, by=k.RevenueBy.CHANNEL)
        revenue = await reports.revenue(HOST, query)
        self.assertEqual([(row.key, row.tickets_sold) for row in revenue.rows], [("online", 2)])
        self.assertIn("online,Online,EUR,2,0,24.00,", k.revenue_csv(revenue))
        day = await reports.settlement(HOST, k.SettlementQuery(day=today))
        self.assertTrue(day.reconciled)
        self.assertEqual([(item.booking_id, item.kind) for item in day.open_items], [(held.id, k.OpenKind.COUNTER_DUE)])

    async def test_a_gate_refuses_what_is_forged_old_or_early(self):
        show = await add_show(self.house)
        held = await self.hold(show, "A1")
        guest = k.Actor.GUEST(held.booking_token)
        await self.bookings.confirm(guest, held.id, paid_by("counter"))
        token = (await self.bookings.tickets(guest, held.id))[0].token
        gate, day = k.Gate([self.house.ticket_key()]), datetime.timedelta(days=1)
        stranger = k.Kitflik(k.KitflikOptions(store=k.Store.MEMORY(), master_key=k.HouseKey.HEX("09" * 32)))
        for code, check in (
            ("ticket_too_early", lambda: gate.check(token, show.starts_at - day)),
            ("ticket_expired", lambda: gate.check(token, show.starts_at + day)),
            ("ticket_malformed", lambda: gate.check("KF1.", show.starts_at)),
            ("ticket_unknown_key", lambda: k.Gate([stranger.ticket_key()]).check(token, show.starts_at)),
        ):
            with self.assertRaises(k.KitflikError.Ticket) as caught:
                check()
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(k.KitflikError.Ticket):
            k.Gate(["no key"])

    async def test_seats_that_cannot_be_had(self):
        show = await add_show(self.house)
        await self.hold(show, "A1", "A2")
        taken = await self.refused(k.KitflikError.Seats, Code.SEAT_TAKEN, self.hold(show, "A2", "A3"))
        self.assertEqual(taken.seats, ["A2"])
        unknown = await self.refused(k.KitflikError.Seats, Code.UNKNOWN_SEAT, self.hold(show, "Z1"))
        self.assertEqual(unknown.seats, ["Z1"])
        orphan = await self.refused(k.KitflikError.Seats, Code.ORPHAN_SEAT, self.hold(show, "B2", "B3"))
        self.assertIn("B1", orphan.seats)
        self.assertEqual(len(orphan.alternative), 2)
        await self.refused(k.KitflikError.Seats, Code.COUPLE_SPLIT, self.hold(show, "D5"))
        many = k.HoldSeats(show_id=show.id, best_available=k.BestAvailable(count=10, section="nowhere"))
        await self.refused(k.KitflikError.Refused, Code.NOT_ENOUGH_SEATS, self.bookings.hold(GUEST, many))
        best = await self.bookings.best_available(show.id, k.BestAvailable(count=2))
        self.assertTrue(best.together)

    async def test_a_hold_that_is_over(self):
        show = await add_show(self.house)
        held = await self.hold(show, "A1", "A2")
        self.clock.advance(minutes=11)
        confirm = self.bookings.confirm(k.Actor.GUEST(held.booking_token), held.id, paid_by("counter"))
        await self.refused(k.KitflikError.Refused, Code.HOLD_EXPIRED, confirm)
        await self.hold(show, "A1", "A2")

    async def test_who_may_what(self):
        show = await add_show(self.house)
        held = await self.hold(show, "A1")
        stolen = k.Actor.GUEST(self.house.booking_token(show.id))
        for actor, code in ((stolen, Code.FORBIDDEN), (GUEST, Code.UNAUTHENTICATED)):
            with self.assertRaises(k.KitflikError.Refused) as caught:
                await self.bookings.get(actor, held.id)
            self.assertEqual(caught.exception.code, code)
        self.assertEqual(self.house.booking_token(held.id), held.booking_token)
        movie = k.NewMovie(title="Mine")
        await self.refused(k.KitflikError.Refused, Code.UNAUTHENTICATED, self.house.catalog().add_movie(GUEST, movie))
        staff = await self.house.staff().make_first(
            k.NewStaff(email="door@example.org", password="long enough", name="Uma", role=k.Role.USHER)
        )
        usher = k.Actor.STAFF(staff.id, staff.role)
        await self.refused(k.KitflikError.Refused, Code.FORBIDDEN, self.house.catalog().add_movie(usher, movie))

    async def test_values_and_fields_that_are_wrong(self):
        await self.refused(k.KitflikError.Invalid, Code.VALIDATION_FAILED, self.bookings.get(HOST, "not an id"))
        venue = k.NewVenue(name="", city="x" * 5000, zone="Europe/Berlin")
        wrong = await self.refused(
            k.KitflikError.Invalid, Code.VALIDATION_FAILED, self.house.catalog().add_venue(HOST, venue)
        )
        self.assertEqual([field.path for field in wrong.fields], ["name", "city"])
        nowhere = k.NewVenue(name="Odeon", city="Berlin", zone="Europe/Atlantis")
        await self.refused(
            k.KitflikError.Invalid, Code.VALIDATION_FAILED, self.house.catalog().add_venue(HOST, nowhere)
        )
        with self.assertRaises(k.KitflikError.Invalid) as caught:
            k.Layout.from_text("Hall", "A: ##?#")
        self.assertTrue(caught.exception.fields)
        show = await add_show(self.house)
        await self.refused(
            k.KitflikError.Refused, Code.NOT_FOUND, self.house.catalog().venue(show.venue.id[:-4] + "0000")
        )
        with self.assertRaises(k.KitflikError.Invalid):
            k.Kitflik(k.KitflikOptions(store=k.Store.MEMORY(), master_key=k.HouseKey.BYTES(b"short")))
        for digits in ("", "0g" * 32, "07" * 31):
            with self.assertRaises(k.KitflikError.Invalid):
                k.Kitflik(k.KitflikOptions(store=k.Store.MEMORY(), master_key=k.HouseKey.HEX(digits)))

    async def test_a_command_takes_effect_once(self):
        show = await add_show(self.house)
        first = await self.hold(show, "A1", "A2", command="order-1")
        again = await self.hold(show, "A1", "A2", command="order-1")
        self.assertEqual(first.id, again.id)
        other = self.hold(show, "B1", command="order-1")
        await self.refused(k.KitflikError.Refused, Code.IDEMPOTENCY_MISMATCH, other)

    async def test_two_shows_in_one_hall(self):
        show = await add_show(self.house)
        second = k.NewShow(
            movie_id=show.movie.id,
            auditorium_id=show.auditorium.id,
            price_card_id=(await self.house.catalog().price_cards(k.PageRequest())).items[0].id,
            starts_at_local="2026-11-27T21:00",
            format=k.ShowFormat.IMAX,
        )
        overlap = self.house.catalog().add_show(HOST, second)
        await self.refused(k.KitflikError.Refused, Code.SHOW_OVERLAP, overlap)

    async def test_accounts(self):
        users = self.house.users()
        ada = k.RegisterUser(email="ada@example.org", password="correct horse", name="Ada")
        await users.register(ada)
        wrong = users.log_in(k.LogIn(email="ada@example.org", password="wrong horse"))
        await self.refused(k.KitflikError.Refused, Code.INVALID_CREDENTIALS, wrong)
        tokens = await users.log_in(k.LogIn(email="ada@example.org", password="correct horse"))
        actor = users.authenticate(tokens.access_token)
        self.assertEqual((await users.me(actor)).name, "Ada")
        with self.assertRaises(k.KitflikError.Refused) as caught:
            users.authenticate("no token")
        self.assertEqual(caught.exception.code, Code.UNAUTHENTICATED)
        show = await add_show(self.house)
        held = await self.hold(show, "A1", actor=actor)
        await self.bookings.confirm(actor, held.id, paid_by("counter"))
        page = await self.bookings.mine(actor, k.PageRequest(limit=10))
        self.assertEqual([booking.id for booking in page.items], [held.id])
        await users.log_out(k.RefreshSession(refresh_token=tokens.refresh_token))

    async def test_of_64_that_want_a_seat_one_gets_it(self):
        for store in (k.Store.MEMORY(), k.Store.CUSTOM(MemoryStore())):
            house = open_house(store)
            show = await add_show(house)
            request = seats(show, "A1", "A2")
            race = [house.bookings().hold(GUEST, request) for _ in range(64)]
            outcomes = await asyncio.gather(*race, return_exceptions=True)
            won = [outcome for outcome in outcomes if isinstance(outcome, k.BookingView)]
            lost = [outcome.code for outcome in outcomes if isinstance(outcome, k.KitflikError.Seats)]
            self.assertEqual((len(won), lost), (1, [Code.SEAT_TAKEN] * 63))
