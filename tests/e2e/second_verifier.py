#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Verifies the access log of a Verwijsindex with nothing but Python's own library; store/LOG.md
says what is checked, verifier.py beside this file does it.

Exit status: 0 all of it holds; 1 something does not, which is said; 2 usage; 3 could not be read.
"""
import argparse
import datetime
import http.client
import ssl
import sys
import urllib.parse
from pathlib import Path

from verifier import (Head, Receipt, Tiles, Wrong, check_entry, check_export, count_unsaid,
                      is_destroyed, leaf_of, loads)

ANSWER_MAXIMUM = 16384  # bytes; a tile has half of it
TIMEOUT = 30  # seconds


class Source:
    """A directory, or an address, that holds `checkpoint` and `tile/`."""

    def __init__(self, options):
        self.place = options.tiles
        self.address = urllib.parse.urlsplit(self.place) if "://" in self.place else None
        self.connection = None
        if self.address is not None:
            context = ssl.create_default_context(cafile=options.ca)
            if options.cert:
                context.load_cert_chain(options.cert, options.cert_key)
            self.connection = http.client.HTTPSConnection(self.address.netloc, context=context,
                                                          timeout=TIMEOUT)

    def fetch(self, path):
        if self.connection is None:
            return (Path(self.place) / path).read_bytes()
        self.connection.request("GET", f"{self.address.path.rstrip('/')}/{path}")
        response = self.connection.getresponse()
        data = response.read(ANSWER_MAXIMUM + 1)
        if response.status != 200 or len(data) > ANSWER_MAXIMUM:
            raise OSError(f"{path}: the answer is {response.status}, {len(data)} bytes")
        return data


def when(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()


def open_head(options, note):
    head = Head(note, options.key, options.witness)
    print(f"ok: head of {head.origin}, {head.size} entries, is signed")
    for name, time in head.cosigned.items():
        print(f"ok: cosigned by {name} at {when(time)}")
    return head


def tiles_of(options):
    """The tree of the head that is given, or else of the source's own."""
    source = Source(options)
    note = Path(options.head).read_text() if options.head else source.fetch("checkpoint").decode()
    head = Head(note, options.key)
    tiles = Tiles(source.fetch, head)
    print(f"ok: the tiles lead to the root of the head of {head.size} entries")
    return tiles


def check_older(tiles, head):
    tiles.check_older(head)
    print(f"ok: the head of {head.size} entries is of the same log")


def run_checkpoint(options):
    open_head(options, Path(options.file).read_text())


def run_receipt(options):
    receipt = Receipt(Path(options.file).read_text(), options.key, options.witness)
    record = receipt.record
    print(f"ok: entry {receipt.index}, {record['name']} at {when(record['end_time'] / 1000)}, "
          f"is in the log of {receipt.head.size} entries")
    for name, time in receipt.head.cosigned.items():
        print(f"ok: cosigned by {name} at {when(time)}")
    if options.tiles:
        check_older(tiles_of(options), receipt.head)


def say_unseen(head, first, seen):
    """What no witness that is believed has seen, or what it has seen that is not here."""
    for name, time in seen.cosigned.items():
        print(f"ok: the head of {seen.size} entries is cosigned by {name} at {when(time)}")
    if seen.cosigned and seen.size < first:
        print(f"not checked: that head of {seen.size} entries against these, which begin behind it")
    if seen.cosigned and seen.size < head.size:
        print(f"not checked: {head.size - seen.size} entries were seen by no given witness, since "
              f"{when(max(seen.cosigned.values()))}")


def run_export(options):
    since = Path(options.since).read_text() if options.since else None
    head, entries, seen = check_export(options.directory, options.key, since, options.witness)
    first, destroyed = head.size - len(entries), sum(map(is_destroyed, entries))
    print(f"ok: {len(entries)} entries, of which {destroyed} destroyed as they say, are those of "
          f"the head of {head.size}")
    if destroyed < len(entries):
        print(f"ok: {len(entries) - destroyed} of {len(entries)} records are what the commitments "
              "were made of, and their times never go backwards")
    if destroyed:
        print(f"not checked: {destroyed} of {len(entries)} records, said to be destroyed; no "
              f"announcement names {count_unsaid(entries)} of them")
    if first:
        print(f"not checked: the records of the {first} entries before these")
    say_unseen(head, first, seen)


def run_consistency(options):
    old, new = (open_head(options, Path(note).read_text()) for note in (options.old, options.new))
    check_older(Tiles(Source(options).fetch, new), old)


def run_entries(options):
    tiles, seen = tiles_of(options), set()
    for line in sys.stdin.buffer if options.file == "-" else open(options.file, "rb"):
        entry = loads(line)
        try:
            check_entry(entry)
            if leaf_of(entry) != tiles.leaf(entry["index"]):
                raise Wrong("it is not what the tree has there")
            if entry["index"] in seen:
                raise Wrong("it is there twice")
        except Wrong as finding:
            raise Wrong(f"entry {entry['index']}: {finding}") from None
        seen.add(entry["index"])
    if not seen:
        raise Wrong("there is no entry to be checked")
    print(f"ok: {len(seen)} entries are in the tree as they were disclosed")
    if len(seen) < tiles.size:
        print(f"not checked: {tiles.size - len(seen)} of the {tiles.size} entries of the head, "
              "which were not given")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, what, *places, tiles=None, witness=True):
        own = commands.add_parser(name, help=what, description=what)
        own.set_defaults(run=run)
        for place in places:
            own.add_argument(place)
        own.add_argument("--key", required=True, help="the log's verifier key")
        if witness:
            own.add_argument("--witness", action="append", default=[],
                             help="a witness's verifier key: it must have cosigned")
        if tiles is not None:
            own.add_argument("--tiles", required=tiles, help="directory or https address")
            for option in ("--cert", "--cert-key", "--ca"):
                own.add_argument(option, help="of the https address, PEM")
        return own

    command("checkpoint", run_checkpoint, "a signed head, with its cosignatures", "file")
    own = command("receipt", run_receipt, "a receipt; with --tiles also against a later head",
                  "file", tiles=False)
    own.add_argument("--head", help="the later head; else the source's own")
    own = command("export", run_export, "what `vix audit export` wrote", "directory")
    own.add_argument("--since", help="an earlier head")
    command("consistency", run_consistency, "that two heads are of one log", "old", "new",
            tiles=True)
    own = command("entries", run_entries, "disclosed entries, one JSON object a line ('-': input), "
                  "against the tree", "file", tiles=True, witness=False)
    own.add_argument("--head", help="the head of the tree; else the source's own")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    try:
        options.run(options)
    except Wrong as finding:
        print(f"wrong: {finding}", file=sys.stderr)
        return 1
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError) as fault:
        print(f"wrong: something is not what it should be: {fault!r}", file=sys.stderr)
        return 1
    except (OSError, http.client.HTTPException) as fault:
        print(f"could not be read: {fault}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
