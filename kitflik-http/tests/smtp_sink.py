"""A mail server for tests: takes mail by SMTP and keeps each in a file.

Usage: smtp_sink.py DIRECTORY. It says `port N` once it listens, then `mail PATH` for each mail. Receivers whose address
begins with `refused` get a permanent refusal, with `busy` a temporary one, with `flaky` a temporary one at first.
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
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 nobody of this name"
        if address.startswith("busy"):
            return "451 4.3.2 come again later"
        if address.startswith("flaky") and address not in self.seen:
            self.seen.add(address)
            return "451 4.3.2 come again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        path = self.directory / f"{self.count}.eml"
        path.write_bytes(envelope.original_content)
        print(f"mail {path}", flush=True)
        return "250 2.0.0 taken"


async def main():
    sink = Sink(sys.argv[1])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, hostname="sink"), "127.0.0.1", 0)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
