"""A gate on a device without a network: it lets people in by their tickets, and uploads later what it did.

    gate.py fetch URL SHOW PACK            with a network: what the gate needs (token of staff in KITFLIK_TOKEN)
    gate.py scan PACK LOG [TOKEN ...]      without: tickets from the arguments, else a line each from standard input
    gate.py export LOG                     what is to be uploaded, a JSON body on each line
    gate.py upload URL LOG                 with a network again

Each scan is on the disk before the door opens, so the gate goes on where it was when the battery died. Answers begin
with ADMITTED or REFUSED. It ends with 1 if somebody was refused.
"""

import argparse
import datetime
import json
import os
import secrets
import socket
import sys
import urllib.request

import kitflik as k

MOST_SCANS = 500  # that one upload takes


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def keep(path, line):
    """Adds a line to the log, and waits until it is on the disk."""
    with open(path, "a", encoding="utf-8", newline="") as log:
        log.write(line)
        log.flush()
        os.fsync(log.fileno())


def mend(path):
    """Reads the log. What was being written when the power failed, perhaps half a character, is taken away: the next
    line must not be joined to it."""
    try:
        with open(path, "rb") as file:
            log = file.read()
    except FileNotFoundError:
        return ""
    whole = log[: log.rfind(b"\n") + 1]
    if whole != log:
        with open(path, "r+b") as file:
            file.truncate(len(whole))
            os.fsync(file.fileno())
    return whole.decode("utf-8", errors="replace")


def scan(pack, log, device, tokens):
    gate = k.OfflineGate(read(pack), device, mend(log))
    print(f"gate of {gate.show()}, {len(gate.scans())} in the log", file=sys.stderr)
    refused = 0
    for token in tokens:
        now = datetime.datetime.now(datetime.timezone.utc)
        try:
            admitted = gate.scan(token, secrets.token_hex(8), now)
        except k.KitflikError as refusal:
            refused += 1
            print(f"REFUSED {refusal.code}: {refusal.detail}", flush=True)
            continue
        keep(log, k.gate_log_line(admitted.scan))
        due = {True: "TO BE PAID", None: "SOLD LATER: ASK WHETHER IT IS PAID"}.get(admitted.due)
        words = [admitted.label or "?", admitted.section, admitted.ticket_type, due]
        print("ADMITTED", " ".join(word for word in words if word), flush=True)
    return 1 if refused else 0


def uploads(log):
    lines = [json.loads(line) for line in log.split("\n") if line]
    for start in range(0, len(lines), MOST_SCANS):
        yield json.dumps({"scans": lines[start : start + MOST_SCANS]})


def call(url, body=None):
    headers = {"Authorization": f"Bearer {os.environ['KITFLIK_TOKEN']}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=body and body.encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def upload(url, log):
    """An upload that breaks off is made again as a whole: nothing is counted twice."""
    for body in uploads(log):
        told = json.loads(call(f"{url.rstrip('/')}/v1/admin/check-in/merge", body))
        print(f"{told['merged']} merged, {told['known']} known")
        for flagged in told["flagged"]:
            print("LOOK AT", flagged["scan"]["ticket_id"], ", ".join(flagged["flags"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default=socket.gethostname(), help="the name of this device in the house's list")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, names in {"fetch": ("url", "show", "pack"), "export": ("log",), "upload": ("url", "log")}.items():
        arguments = verbs.add_parser(verb)
        for name in names:
            arguments.add_argument(name)
    arguments = verbs.add_parser("scan")
    arguments.add_argument("pack")
    arguments.add_argument("log")
    arguments.add_argument("tokens", nargs="*")
    given = parser.parse_args()
    if given.verb == "scan":
        lines = (line.strip() for line in sys.stdin)
        return scan(given.pack, given.log, given.device, given.tokens or filter(None, lines))
    if given.verb == "fetch":
        pack = call(f"{given.url.rstrip('/')}/v1/admin/shows/{given.show}/gate")
        k.OfflineGate(pack, given.device, "")  # one that cannot be read does not replace one that can
        with open(given.pack + ".new", "w", encoding="utf-8") as file:
            file.write(pack)
        os.replace(given.pack + ".new", given.pack)
        return 0
    log = mend(given.log)
    if given.verb == "export":
        for body in uploads(log):
            print(body)
    else:
        upload(given.url, log)
    return 0


if __name__ == "__main__":
    sys.exit(main())
