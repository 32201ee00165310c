"""A mail server for tests: takes mail by SMTP and keeps each in a file.

Usage: smtp_sink.py DIRECTORY [PORT]. It says `port N` once it listens, then `mail PATH` for each mail. Receivers whose
address begins with `refused` get a permanent refusal, with `busy` a temporary one, with `unknown-at-first` a permanent one
the first time, with `flaky` a temporary one at first. Of those with `half`, every first mail fails: by turns it is not taken, or it is and the sink does not say
so. The files `connections` and `mails` in the directory have a byte for each.
"""

import asyncio
import pathlib
import sys

try:
    from aiosmtpd.smtp import SMTP
except ImportError:
    print("missing aiosmtpd", flush=True)
    sys.exit(3)


class Sink:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.count = 0
        self.seen = {}
        self.halves = 0

    def note(self, what):
        with open(self.directory / what, "a") as file:
            file.write(".")

    def protocol(self):
        self.note("connections")
        return SMTP(self, hostname="sink")

    def first(self, address):
        """Whether the address is seen for the first time."""
        seen = self.seen.get(address, 0)
        self.seen[address] = seen + 1
        return seen == 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 nobody of this name"
        if address.startswith("busy"):
            return "451 4.3.2 come again later"
        if address.startswith("unknown-at-first") and self.first(address):
            return "550 5.1.1 nobody of this name"
        if address.startswith("flaky") and self.first(address):
            return "451 4.3.2 come again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        receiver = envelope.rcpt_tos[0]
        fails = receiver.startswith("half") and self.first(receiver)
        self.halves += fails
        if fails and self.halves % 2 == 0:
            return "451 4.3.0 not now"
        self.count += 1
        path = self.directory / f"{self.count}.eml"
        path.write_bytes(envelope.original_content)
        print(f"mail {path}", flush=True)
        self.note("mails")
        return "451 4.3.0 it may be there" if fails else "250 2.0.0 taken"


async def main():
    sink = Sink(sys.argv[1])
    loop = asyncio.get_running_loop()
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = await loop.create_server(sink.protocol, "127.0.0.1", port)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
