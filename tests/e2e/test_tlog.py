# SPDX-License-Identifier: EUPL-1.2
"""The log as a tiled transparency log, receipts, and the second verifier, which is run on all of it
as an auditor would: with files, keys and tiles, and nothing of the index."""
import base64
import json
import subprocess
import sys

import pytest

from actors import DEADLINE, SOURCE, bsn, until
from verifier import (Head, Receipt, Tiles, Wrong, canonical, check_entry, check_export,
                      checkpoint_of, commit, leaf_of, open_checkpoint, root_of, sha256, tile_path)
from witnesses import Witness

VERIFIER = SOURCE / "tests" / "e2e" / "second_verifier.py"
CACHING = "private, max-age=604800, immutable"
EXAMPLE = json.loads((SOURCE / "tests" / "vectors" / "tlog.json").read_text())


def grow(party, size, operator):
    """Makes the log at least so long, of entries that take little."""
    while operator.status()["logSize"] < size:
        party.get("/v1/signals")


def fetcher(party):
    def fetch(path):
        answer = party.get(f"/tlog/{path}")
        assert answer.status == 200, (path, answer)
        return answer.body
    return fetch


def tree_of(party, vkey):
    return Tiles(fetcher(party), Head(checkpoint_of(party), vkey))


def second(*arguments, input=None):
    """Runs the second verifier as a program of its own: (exit status, what it says)."""
    done = subprocess.run([sys.executable, "-I", "-c", RUN, VERIFIER, *map(str, arguments)],
                          input=input, capture_output=True, timeout=DEADLINE, text=True)
    return done.returncode, done.stdout + done.stderr


# Isolated: it must get by with nothing but what lies beside it.
RUN = ("import runpy, sys; sys.argv = sys.argv[1:]; "
       "sys.path.insert(0, sys.argv[0].rsplit('/', 1)[0]); "
       "runpy.run_path(sys.argv[0], run_name='__main__')")


def source_of(daemon, party):
    pki = daemon.pki
    return ["--tiles", f"{daemon.url}/tlog", "--cert", pki.cert(party.name), "--cert-key",
            pki.key(party.name), "--ca", pki.ca]


# ---- tiles ----

def test_a_tree_is_rebuilt_from_tiles_by_every_party(daemon, operator, school, municipality,
                                                     auditor):
    """Past the first boundary; all boundaries are crossed in tests/unit/store/test_tiles.c. Every
    head that was ever given out is still derived from the tiles of its own size."""
    heads = []
    for size in (5, 255, 256, 257, 520):
        grow(school, size, operator)
        heads.append(Head(checkpoint_of(school), daemon.vkey))
    assert heads[-1].size >= 520
    before = operator.status()["logSize"]
    for party in (school, municipality, auditor):
        for head in heads:
            Tiles(fetcher(party), head)
        tiles = tree_of(party, daemon.vkey)
        for head in heads:
            tiles.check_older(head)
    assert operator.status()["logSize"] == before  # hashes disclose nothing
    leaves = [leaf_of(entry) for entry in auditor.log_entries()]
    assert [tiles.leaf(i) for i in range(tiles.size)] == leaves[:tiles.size]


def test_how_tiles_are_answered(daemon, operator, school, auditor):
    grow(school, 300, operator)
    for path, size in (("tile/0/000", 256), ("tile/0/000.p/255", 255), ("tile/0/001.p/3", 3),
                       ("tile/1/000.p/1", 1)):
        answer = school.get(f"/tlog/{path}")
        assert (answer.status, len(answer.body)) == (200, 32 * size)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["cache-control"] == CACHING
        assert [name for name, _ in answer.header_list].count("cache-control") == 1
        assert "log-index" not in answer.headers
        head = school.head(f"/tlog/{path}")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == str(32 * size)
        assert head.headers["cache-control"] == CACHING
    for path in ("tile/0/000.p/256", "tile/0/000.p/0", "tile/0/000.p/01", "tile/0/001",
                 "tile/0/001.p/255", "tile/0/002.p/1", "tile/1/000", "tile/1/000.p/2",
                 "tile/2/000.p/1", "tile/6/000.p/1", "tile/00/000", "tile/0/0", "tile/0/x000/000",
                 "tile/0/%30%30%30", "tile/0/000/", "tile/0/000.p/1/", "tile/", "tile",
                 "tile/entries", "tile/0/x001/x000/x000/x000/x000/000", "tile/0/../0/000"):
        answer = school.get(f"/tlog/{path}")
        assert (answer.status, answer.problem) == (404, "not-found"), path
        assert answer.headers["cache-control"] == "no-store"
    for method in ("POST", "PUT", "DELETE"):
        answer = school.request(method, "/tlog/tile/0/000")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert school.get("/tlog/tile/0/000", headers={"Accept": "text/html"}).status == 406
    assert school.get("/tlog/tile/0/000?x=1").status == 400
    assert daemon.anonymous().get("/tlog/tile/0/000").problem == "certificate-required"
    assert daemon.party("stranger").get("/tlog/tile/0/000").problem == "unknown-party"
    operator.suspend(school)
    assert school.get("/tlog/tile/0/000").problem == "party-suspended"


def test_entry_bundles_are_for_auditors_and_leave_an_entry(operator, school, municipality, auditor):
    grow(school, 300, operator)
    for party in (school, municipality):
        assert party.get("/tlog/tile/entries/000").problem == "role-missing"
    hashes = auditor.get("/tlog/tile/0/001.p/40").body
    for path, first, count in (("entries/000", 0, 256), ("entries/001.p/40", 256, 40)):
        answer = auditor.get(f"/tlog/tile/{path}")
        assert (answer.status, len(answer.body)) == (200, 34 * count)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["cache-control"] == CACHING
        entry = auditor.entry(int(answer.headers["log-index"]))["record"]
        assert entry["name"] == "log-read"
        assert entry["attributes"]["verwijsindex.object"] == f"entry:{first}"
        assert entry["attributes"]["verwijsindex.count"] == count
        parts = [answer.body[i:i + 34] for i in range(0, len(answer.body), 34)]
        assert {part[:2] for part in parts} == {b"\0\x20"}
        leaves = [sha256(b"\0", part[2:]) for part in parts]
        disclosed = auditor.log_entries(fromIndex=first)[:count]
        assert leaves == [leaf_of(entry) for entry in disclosed]
    assert leaves == [hashes[i:i + 32] for i in range(0, len(hashes), 32)]
    for path in ("entries/001", "entries/002.p/1", "entries/000.p/0", "entries/0/000"):
        assert auditor.get(f"/tlog/tile/{path}").status == 404


# ---- receipts ----

def receipt_of(party, index):
    answer = party.get(f"/v1/receipts/{index}")
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{index}.tlog-proof"'
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


def test_receipts_of_ones_own_entries(daemon, operator, school, care, municipality, auditor,
                                      tmp_path):
    school.designate("a")
    care.designate("c")
    posted = school.signal(bsn(0), "a")
    care.signal(bsn(0), "c")
    offered = school.get("/v1/notices")
    acknowledged = school.acknowledge(1)
    withdrawn = school.withdraw(posted.json["id"])
    erased = municipality.erase(bsn(0))
    assert erased.status == 200
    made = {}
    for party, name, answer in (
            (school, "signal-posted", posted), (school, "notice-offered", offered),
            (school, "notice-acknowledged", acknowledged), (school, "signal-withdrawn", withdrawn),
            (municipality, "erasure-made", erased)):
        index = int(answer.headers["log-index"])
        text = receipt_of(party, index)
        receipt = Receipt(text, daemon.vkey)
        assert (receipt.index, receipt.record["name"]) == (index, name)
        assert receipt.record["attributes"]["verwijsindex.party"] == party.oin
        entry = auditor.entry(index)
        assert receipt.record == entry["record"] and receipt.leaf == leaf_of(entry)
        # On whom it was cannot be told from it.
        assert entry["subject"] not in text and entry["subjectSalt"] not in text
        made[name] = text
    # Each is held against a later head, by tiles, as whoever has one would.
    tiles = tree_of(care, daemon.vkey)
    for name, text in made.items():
        receipt = Receipt(text, daemon.vkey)
        tiles.check_older(receipt.head)
        assert tiles.leaf(receipt.index) == receipt.leaf
        file = tmp_path / f"{receipt.index}.tlog-proof"
        file.write_text(text)
        status, said = second("receipt", file, "--key", daemon.vkey, *source_of(daemon, care))
        assert status == 0 and name in said and "is of the same log" in said, said
    # Asking for one is an entry, too, of which there is a receipt.
    asked = school.get(f"/v1/receipts/{posted.headers['log-index']}")
    proved = Receipt(receipt_of(school, int(asked.headers["log-index"])), daemon.vkey)
    assert proved.record["name"] == "log-proved"
    assert (proved.record["attributes"]["verwijsindex.object"]
            == f"entry:{posted.headers['log-index']}")


def test_receipts_of_who_acts_for_another(daemon, operator, school, care, admit):
    supplier = admit("supplier", roles=("supplier",), municipality=None, until=None)
    other = admit(daemon.pki.named("doctor"), roles=("supplier",), municipality=None, until=None)
    operator.mandate(supplier, school)
    school.designate("a")
    acting = daemon.party("supplier", on_behalf_of=school.oin)
    index = int(acting.signal(bsn(0), "a").headers["log-index"])
    own = int(school.signal(bsn(1), "a").headers["log-index"])
    for party in (acting, supplier, school):
        attributes = Receipt(receipt_of(party, index), daemon.vkey).record["attributes"]
        assert attributes["verwijsindex.party"] == supplier.oin
        assert attributes["verwijsindex.on_behalf_of"] == school.oin
    # What the school did itself is shown to whoever acts for it, and to that one only as such.
    receipt_of(school, own)
    receipt_of(acting, own)
    for party in (supplier, other, care):
        assert party.get(f"/v1/receipts/{own}").status == 404
    assert daemon.party(other.name, on_behalf_of=school.oin).get(
        f"/v1/receipts/{own}").problem == "mandate-missing"


def test_anothers_entry_is_as_one_that_does_not_exist(operator, school, care, auditor):
    school.designate("a")
    index = int(school.signal(bsn(0), "a").headers["log-index"])
    answers = [party.get(f"/v1/receipts/{place}")
               for party in (care, auditor)
               for place in (index, 0, operator.status()["logSize"] + 1000, 10**17)]
    assert {(answer.status, answer.body) for answer in answers} == {(404, answers[0].body)}
    assert {tuple(sorted(set(answer.headers) - {"date"})) for answer in answers} == {
        tuple(sorted(set(answers[0].headers) - {"date"}))}
    for place in ("x", "-1", f"0{index}", "1e3", "", "9" * 19, f"{index}/"):
        assert school.get(f"/v1/receipts/{place}").status == 404
    assert school.head(f"/v1/receipts/{index}").status == 200
    assert school.get(f"/v1/receipts/{index}",
                      headers={"Accept": "application/json"}).status == 406
    assert school.post(f"/v1/receipts/{index}").status == 405


def test_a_destroyed_entry_keeps_its_place(start_daemon, tmp_path):
    """After log_years: no receipt any more, and that is said; tiles, old receipts and exports
    hold."""
    daemon = start_daemon(policy={"log_years": 1})
    operator = daemon.operator
    school = operator.admit("school")
    auditor = operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
    school.designate("a")
    index = int(school.signal(bsn(0), "a").headers["log-index"])
    text = receipt_of(school, index)
    operator.pass_time("500d")
    gone = until(lambda: [entry for entry in auditor.log_entries()
                          if "destroyed" in entry and entry["index"] == index])
    check_entry(gone[0])
    for party in (school, auditor):
        answer = party.get(f"/v1/receipts/{index}")
        assert (answer.status, answer.problem) == (404, "not-found")
        assert "destroyed" in answer.json["detail"] and "log_years" in answer.json["detail"]
    receipt = Receipt(text, daemon.vkey)
    tiles = tree_of(school, daemon.vkey)
    tiles.check_older(receipt.head)
    assert tiles.leaf(index) == receipt.leaf == leaf_of(gone[0])
    _, entries, _ = check_export(export(auditor, tmp_path / "log"), daemon.vkey)
    destroyed = [entry["index"] for entry in entries if "destroyed" in entry]
    assert destroyed == list(range(len(destroyed))) and index in destroyed
    (told,) = [entry["record"]["attributes"] for entry in entries
               if "destroyed" not in entry and entry["record"]["name"] == "records-destroyed"]
    assert told["verwijsindex.object"] == "entry:0"
    assert told["verwijsindex.count"] == len(destroyed)


@pytest.fixture
def witnessed(new_daemon):
    """A daemon with two witnesses: (daemon, witnesses)."""
    daemon = new_daemon()
    witnesses = [Witness(f"witness.example/{n}", daemon.vkey).start() for n in range(2)]
    daemon.write_config(log={"witness_interval": 1, "witness": "\nwitness=".join(
        witness.setting for witness in witnesses)})
    yield daemon.start(), witnesses
    for witness in witnesses:
        witness.remove()


def test_a_receipt_has_the_head_that_witnesses_saw(witnessed, tmp_path):
    daemon, witnesses = witnessed
    keys = [witness.vkey for witness in witnesses]
    operator = daemon.operator
    school = operator.admit("school")
    school.designate("a")
    index = int(school.signal(bsn(0), "a").headers["log-index"])

    until(lambda: min(one["size"] for one in operator.status()["witnesses"]) > index)
    for witness in witnesses:
        witness.stop()  # or one could be ahead of the other below
    school.get("/v1/signals")
    note = school.get("/tlog/witnessed-checkpoint").text
    assert len(note.split("\n\n")[1].splitlines()) == 3
    receipt = Receipt(receipt_of(school, index), daemon.vkey, keys)
    assert receipt.head.text == Head(note, daemon.vkey, keys).text
    both = [argument for key in keys for argument in ("--witness", key)]
    for command, text in (("checkpoint", note), ("receipt", receipt_of(school, index))):
        (tmp_path / command).write_text(text)
        status, said = second(command, tmp_path / command, "--key", daemon.vkey, *both)
        assert status == 0 and said.count("ok: cosigned by witness.example/") == 2, said
        status, said = second(command, tmp_path / command, "--key", daemon.vkey, "--witness",
                              EXAMPLE["checkpoint_example"]["witness_vkey"])
        assert status == 1 and "no signature of 'witness.example.nl/w1'" in said, said
    # What nobody has seen yet is proved by the newest head, which has the log's own line at least.
    newest = int(school.get("/v1/signals").headers["log-index"])
    assert Receipt(receipt_of(school, newest), daemon.vkey).head.size > newest
    tree_of(school, daemon.vkey).check_older(receipt.head)


# ---- the second verifier ----

def test_it_reads_published_and_documented_examples():
    """Of RFC 6962's tree, of C2SP's notes (made by others), and that of store/LOG.md."""
    leaves = [sha256(b"\0", bytes.fromhex(leaf)) for leaf in EXAMPLE["leaves"]]
    for size, root in EXAMPLE["roots"].items():
        assert root_of(leaves[:int(size)]).hex() == root
    for number, path in EXAMPLE["tile_paths"].items():
        assert tile_path(0, int(number), 256) == f"tile/0/{path}"
    made = EXAMPLE["checkpoint_example"]
    head = Head(made["checkpoint"], made["log_vkey"], [made["witness_vkey"]])
    assert head.cosigned == {"witness.example.nl/w1": made["witness_time"]}
    assert (head.size, head.root.hex()) == (8, EXAMPLE["roots"]["8"])
    page = (SOURCE / "store" / "LOG.md").read_text()
    (record,) = [line.strip() for line in page.splitlines()
                 if line.startswith('    {"attributes"')]
    values = dict(line.strip().rsplit(None, 1) for line in page.splitlines()
                  if line.startswith("    ") and len(line.split()[-1]) == 64)
    assert canonical(json.loads(record)) == record.encode()
    subject = sha256(b"\2" * 32, bytes.fromhex("00112233445566778899aabbccddeeff"))
    commitment = commit(b"\1" * 32, json.loads(record), subject)
    assert values == {"SHA-256(record)": sha256(record.encode()).hex(),
                      "subject hash": subject.hex(), "commitment": commitment.hex(),
                      "leaf": sha256(b"\0", commitment).hex()}


def forgeries(text):
    """A note or a receipt with one thing in it changed, line by line."""
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if line:
            # Of base64 not the last character, whose lowest bits may count for nothing.
            at = len(line) // 2
            changed = line[:at] + ("A" if line[at] != "A" else "B") + line[at + 1:]
            for other in ([changed], [], [line, line]):
                yield "\n".join(lines[:i] + other + lines[i + 1:])
    yield text + "\n"
    yield text[:-1]
    yield text.replace("\n\n", "\n", 1)


def test_it_finds_every_change_of_a_note(daemon, school):
    made = EXAMPLE["checkpoint_example"]
    cosigned = (made["log_vkey"], [made["witness_vkey"]])
    note = made["checkpoint"]
    lines = note.splitlines(keepends=True)
    # A signature that stands there twice is none the worse.
    harmless = {"".join(lines[:4] + [line, line] + [one for one in lines[4:] if one != line])
                for line in lines[4:]}
    harmless |= {"".join(lines[:5] + lines[4:]), "".join(lines + lines[5:])}
    for forged in set(forgeries(note)) - harmless:
        with pytest.raises(Wrong):
            Head(forged, *cosigned)
    # Lines of others, before, between and after, are passed over, whatever they say.
    strange = "\u2014 somebody.example/else " + base64.b64encode(bytes(100)).decode() + "\n"
    renamed = lines[5].replace("w1", "w2")
    head = Head("".join(lines[:4] + [strange, lines[4], renamed, lines[5], strange]), *cosigned)
    assert head.size == 8 and list(head.cosigned) == ["witness.example.nl/w1"]
    with pytest.raises(Wrong, match="no signature"):
        Head("".join(lines[:5]), *cosigned)
    # Another key of the same name; a log's key for a witness's; a head of another log.
    other = daemon.vkey
    for keys in ((other, []), (made["witness_vkey"], []), (made["log_vkey"], [made["log_vkey"]])):
        with pytest.raises(Wrong):
            Head(note, *keys)
    with pytest.raises(Wrong):
        Head(checkpoint_of(school), made["log_vkey"])


def test_it_finds_every_change_of_a_receipt(daemon, school, tmp_path):
    school.designate("a")
    index = int(school.signal(bsn(0), "a").headers["log-index"])
    school.signal(bsn(1), "a")
    text = receipt_of(school, index)
    Receipt(text, daemon.vkey)
    note = text[text.index("\n\n"):]
    twice = text + text.splitlines()[-1] + "\n"
    count = 0
    for forged in forgeries(text):
        if forged != twice:
            count += 1
            with pytest.raises(Wrong):
                Receipt(forged, daemon.vkey)
    assert count > 20 and note
    file = tmp_path / "receipt"
    for forged, word in ((text, ""), (text.replace("index ", "index 1"), "another index"),
                         (text[:200], "not")):
        file.write_text(forged)
        status, said = second("receipt", file, "--key", daemon.vkey)
        assert status == (1 if word else 0) and word in said, said
    assert second("receipt", tmp_path / "none", "--key", daemon.vkey)[0] == 3
    assert second("receipt", file)[0] == 2


def test_it_finds_a_tile_that_is_not_of_the_tree(daemon, operator, school):
    grow(school, 600, operator)
    head = Head(checkpoint_of(school), daemon.vkey)
    fetch = fetcher(school)
    paths = []
    tiles = Tiles(lambda path: paths.append(path) or fetch(path), head)
    for index in range(0, head.size, 16):
        tiles.leaf(index)
    assert sorted(paths) == sorted({f"tile/0/00{n}" for n in (0, 1)}
                                   | {tile_path(0, 2, head.size % 256), "tile/1/000.p/2"})

    def read_all(spoilt, spoil):
        tiles = Tiles(lambda path: spoil(fetch(path)) if path == spoilt else fetch(path), head)
        for index in range(0, head.size, 16):
            tiles.leaf(index)

    for path in paths:
        for spoil in (lambda data: data[:-1], lambda data: data + b"\0" * 32, lambda data: b"",
                      lambda data: bytes([data[0] ^ 1]) + data[1:],
                      lambda data: data[:-1] + bytes([data[-1] ^ 128]),
                      lambda data: data[::-1]):
            with pytest.raises(Wrong):
                read_all(path, spoil)


def export(auditor, directory, *more):
    done = auditor.vix("audit", "export", "--out", directory, *more)
    assert done.returncode == 0, done.stderr
    return directory


def test_it_verifies_an_export(daemon, operator, school, auditor, tmp_path):
    school.designate("a")
    for n in range(7):
        school.signal(bsn(n), "a")
    auditor.post("/v1/log-entries/_search", {"bsn": bsn(1), "caseReference": 'a "b" \\ \u00e9 /'})
    whole = export(auditor, tmp_path / "whole")
    old = (whole / "checkpoint").read_text()
    head, entries, _ = check_export(whole, daemon.vkey)
    assert head.size == len(entries) > 10
    school.signal(bsn(8), "a")
    later = export(auditor, tmp_path / "later", "--since", whole / "checkpoint")
    _, more, _ = check_export(later, daemon.vkey, old)
    assert more[0]["index"] == head.size
    status, said = second("export", whole, "--key", daemon.vkey)
    assert status == 0 and f"{head.size} entries, of which 0 destroyed" in said
    status, said = second("export", later, "--key", daemon.vkey, "--since", whole / "checkpoint")
    assert status == 0 and f"not checked: the records of the {head.size} entries before" in said
    assert second("export", later, "--key", daemon.vkey)[0] == 1
    status, said = second("consistency", whole / "checkpoint", later / "checkpoint", "--key",
                          daemon.vkey, *source_of(daemon, school))
    assert status == 0, said
    status, said = second("consistency", later / "checkpoint", whole / "checkpoint", "--key",
                          daemon.vkey, *source_of(daemon, school))
    assert status == 1 and "larger" in said
    # The entries as they are disclosed, against leaves from tiles that another party fetches.
    for given in ({"input": (whole / "entries.jsonl").read_text()}, {}):
        status, said = second("entries", "-" if given else whole / "entries.jsonl", "--key",
                              daemon.vkey, *source_of(daemon, school), **given)
        assert status == 0 and f"{len(entries)} entries are in the tree" in said, said
    # Those of the head that were not given are counted, and none counts twice.
    lines = (whole / "entries.jsonl").read_text().splitlines(keepends=True)
    head_is = ("--head", whole / "checkpoint", *source_of(daemon, school))
    for given, missing in ((lines, 0), (lines[:3] + lines[5:], 2), (lines[:1], len(lines) - 1),
                           ([], len(lines))):
        status, said = second("entries", "-", "--key", daemon.vkey, *head_is,
                              input="".join(given))
        assert status == (0 if given else 1), said
        if given:
            assert f"ok: {len(given)} entries are in the tree" in said
            told = f"not checked: {missing} of the {len(lines)} entries of the head" in said
            assert told == (missing > 0), said
    status, said = second("entries", "-", "--key", daemon.vkey, *head_is,
                          input="".join(lines + lines[3:4]))
    assert status == 1 and "entry 3: it is there twice" in said
    for i, spoil in enumerate((
            lambda lines: lines[:3] + lines[4:],
            lambda lines: lines[:3] + [lines[4], lines[3]] + lines[5:],
            lambda lines: lines[:4] + [lines[3]] + lines[4:],
            lambda lines: lines[:-1],
            lambda lines: lines[:3] + [lines[3].replace("Ok", "OK")] + lines[4:],
            lambda lines: [line.replace('"subject":null', '"subject":"' + "0" * 32 + '"')
                           for line in lines],
            lambda lines: lines[:3] + [destroyed(lines[3], "A")] + lines[4:])):
        lines = (whole / "entries.jsonl").read_text().splitlines(keepends=True)
        spoilt = tmp_path / f"spoilt-{i}"
        spoilt.mkdir()
        (spoilt / "checkpoint").write_text(old)
        (spoilt / "entries.jsonl").write_text("".join(spoil(lines)))
        with pytest.raises(Wrong):
            check_export(spoilt, daemon.vkey)
        assert second("export", spoilt, "--key", daemon.vkey)[0] == 1
        if i >= 4:
            assert second("entries", spoilt / "entries.jsonl", "--key", daemon.vkey,
                          *source_of(daemon, school))[0] == 1
    # One whose record is gone keeps its place.
    lines = (whole / "entries.jsonl").read_text().splitlines(keepends=True)
    (whole / "entries.jsonl").write_text("".join([destroyed(lines[0])] + lines[1:]))
    check_export(whole, daemon.vkey)
    status, said = second("export", whole, "--key", daemon.vkey)
    assert status == 0 and "of which 1 destroyed" in said
    assert second("entries", whole / "entries.jsonl", "--key", daemon.vkey,
                  *source_of(daemon, school))[0] == 0


def destroyed(line, first=None):
    """The entry as it is disclosed when its record is gone; with another commitment, perhaps."""
    entry = json.loads(line)
    for name in ("record", "salt", "subjectSalt", "subject"):
        entry[name] = None
    entry["destroyed"] = True
    check_entry(entry)
    if first is not None:
        swapped = "B" if entry["commitment"][0] == first else first
        entry["commitment"] = swapped + entry["commitment"][1:]
    return json.dumps(entry) + "\n"


def test_it_finds_a_fork(daemon, operator, school, auditor, new_daemon, tmp_path):
    """Two indexes with one key, of one history up to a day: each is sound by itself."""
    school.designate("a")
    grow(school, 300, operator)
    before = checkpoint_of(school)
    operator.backup(tmp_path / "copy")
    fork = new_daemon(keys={"directory": daemon.keys}, store={"path": tmp_path / "copy"}).start()
    school.signal(bsn(0), "a")
    school.get("/v1/signals")
    receipt = receipt_of(school, int(school.get("/v1/signals").headers["log-index"]))
    twin = fork.party(school.name)
    grow(twin, operator.status()["logSize"] + 5, fork.operator)
    mine, theirs = tree_of(school, daemon.vkey), tree_of(twin, daemon.vkey)
    for tiles in (mine, theirs):
        tiles.check_older(Head(before, daemon.vkey))
    with pytest.raises(Wrong, match="rewritten"):
        theirs.check_older(Receipt(receipt, daemon.vkey).head)
    files = {"receipt": receipt, "mine": checkpoint_of(school), "theirs": checkpoint_of(twin)}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        if name != "receipt":
            assert second("checkpoint", tmp_path / name, "--key", daemon.vkey)[0] == 0
    assert open_checkpoint(files["mine"], daemon.vkey)[0] < open_checkpoint(files["theirs"],
                                                                          daemon.vkey)[0]
    assert second("receipt", tmp_path / "receipt", "--key", daemon.vkey)[0] == 0
    status, said = second("receipt", tmp_path / "receipt", "--key", daemon.vkey,
                          *source_of(fork, twin))
    assert status == 1 and "rewritten" in said
    status, said = second("consistency", tmp_path / "mine", tmp_path / "theirs", "--key",
                          daemon.vkey, *source_of(fork, twin))
    assert status == 1 and "rewritten" in said
