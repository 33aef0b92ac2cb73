# SPDX-License-Identifier: EUPL-1.2
"""The access log: what stands in it, that it holds together, and that every reading of it is an
entry too. The verifier here is written from store/LOG.md, on nothing but Python and openssl."""
import base64
import datetime
import hashlib
import json
import os
import re
import subprocess

import pytest

import ristretto
from actors import LOG_ORIGIN, SOURCE, bsn, dutch_day, until
from ristretto import from_text


# ---- a verifier ----

def canonical(record):
    """RFC 8785, for what stands in a record: ASCII names, integers, texts."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def commitment_of(entry):
    subject = sha256(from_text(entry["subjectSalt"]), bytes.fromhex(entry["subject"] or ""))
    return sha256(from_text(entry["salt"]), sha256(canonical(entry["record"])), subject)


def leaf_of(entry):
    return sha256(b"\0", from_text(entry["commitment"]))


def root_of(leaves):
    """RFC 6962 section 2.1, as it stands there: split at the largest power of two below."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", root_of(leaves[:split]), root_of(leaves[split:]))


def root_by_proof(leaf, index, size, proof):
    """The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2), or None."""
    last, root = size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if index & 1 or index == last:
            root = sha256(b"\1", sibling, root)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            root = sha256(b"\1", root, sibling)
        index, last = index >> 1, last >> 1
    return root if last == 0 else None


def public_key_of(vkey):
    """(key id, Ed25519 key) of a verifier key: name+hex+base64(01 ‖ key)."""
    name, key_id, encoded = vkey.split("+", 2)
    data = base64.b64decode(encoded)
    assert name == LOG_ORIGIN and data[0] == 1 and len(data) == 33
    assert bytes.fromhex(key_id) == sha256(name.encode(), b"\n", data)[:4]
    return bytes.fromhex(key_id), data[1:]


def is_signed(key, text, signature, directory):
    der = bytes.fromhex("302a300506032b6570032100") + key
    files = {"key.der": der, "text": text, "signature": signature}
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
         directory / "key.der", "-rawin", "-in", directory / "text", "-sigfile",
         directory / "signature"], capture_output=True, check=False).returncode == 0


def open_checkpoint(note, vkey, directory):
    """(size, root) of a signed note, whose signature must be right."""
    key_id, key = public_key_of(vkey)
    text, signatures = note.split("\n\n")
    text += "\n"
    origin, size, root = text.splitlines()
    (line,) = signatures.splitlines()
    dash, name, encoded = line.split(" ")
    data = base64.b64decode(encoded)
    assert (dash, name, origin, data[:4]) == ("\u2014", LOG_ORIGIN, LOG_ORIGIN, key_id)
    assert is_signed(key, text.encode(), data[4:], directory)
    assert not is_signed(key, text.replace(size, size + "0").encode(), data[4:], directory)
    assert str(int(size)) == size
    return int(size), base64.b64decode(root)


def checkpoint_of(party):
    answer = party.get("/tlog/checkpoint")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.text


def check_entries(entries):
    """Each against its commitment, and all in order."""
    before = 0
    for i, entry in enumerate(entries):
        record = entry["record"]
        assert entry["index"] == i == record["attributes"]["verwijsindex.index"]
        assert commitment_of(entry) == from_text(entry["commitment"])
        assert record["end_time"] == record["start_time"] >= before
        before = record["end_time"]
    assert len({entry["salt"] for entry in entries}) == len(entries)
    assert len({entry["record"]["span_id"] for entry in entries}) == len(entries)


# ---- what is done, and the entries it makes ----

class Watch:
    """Tells which entries came since it was last asked."""

    def __init__(self, operator, auditor):
        self.operator, self.auditor = operator, auditor
        self.size = operator.status()["logSize"]

    def new(self):
        """Read with the auditor's certificate, which is an entry itself: passed over."""
        entries = self.auditor.log_entries(fromIndex=self.size)
        self.size = self.operator.status()["logSize"]
        return entries

    def names(self):
        return [entry["record"]["name"] for entry in self.new()]


@pytest.fixture
def watch(operator, auditor):
    return Watch(operator, auditor)


def attributes(entry):
    """Those that are the project's own, without the prefix."""
    own = {name.removeprefix("verwijsindex."): value
           for name, value in entry["record"]["attributes"].items()}
    return {name: value for name, value in own.items()
            if not name.startswith("dpl.") and name not in ("index", "certificate")}


def test_every_event_stands_where_it_should(daemon, operator, school, care, municipality, admit,
                                            watch, tmp_path):
    """Each action, and the entries that it makes: event, attributes, whether on a child."""
    supplier = admit("supplier", roles=("supplier",), municipality=None, until=None)
    uid = {"operator_uid": os.getuid()}
    school_is, care_is, town_is = ({"party": one.oin} for one in (school, care, municipality))
    number = {party: f"party:{i}" for i, party in
              enumerate((school, care, municipality, watch.auditor, supplier), 1)}
    watch.new()

    def makes(action, *expected):
        answer = action()
        entries = watch.new()
        told = [(entry["record"]["name"], attributes(entry), entry["subject"] is not None)
                for entry in entries]
        assert told == [(name, {"outcome": "done", **has}, on_child)
                        for name, has, on_child in expected]
        if entries and answer is not None:
            assert answer.headers["log-index"] == str(entries[0]["index"])
        return answer

    path = f"/control/parties/{school.oin}"
    at_school = {**uid, "object": number[school]}
    makes(lambda: operator.put(path, {"name": "De Linde"}), ("party-changed", at_school, False))
    makes(lambda: operator.post(f"{path}/_suspend"), ("party-suspended", at_school, False))
    makes(lambda: operator.post(f"{path}/_resume"), ("party-resumed", at_school, False))
    for what in ("_allow", "_deny", "_allow"):
        makes(lambda: operator.post(f"{path}/{what}", {"permission": "blinded"}),
              ("permission-changed", at_school, False))
    makes(lambda: operator.put(f"{path}/agreements/0362", {"untilDate": "2099-12-31"}),
          ("agreement-added", at_school, False))
    makes(lambda: operator.delete(f"{path}/agreements/0362"), ("agreement-ended", at_school, False))
    makes(lambda: operator.put(f"/control/parties/{supplier.oin}/mandates/{school.oin}",
                               {"untilDate": "2099-12-31"}),
          ("mandate-added", {**uid, "object": number[supplier]}, False))
    makes(lambda: operator.get(path), ("operator-read", at_school, False))
    makes(lambda: operator.get("/control/parties"), ("operator-read", {**uid, "count": 5}, False))
    makes(lambda: operator.post("/control/_backup", {"directory": str(tmp_path / "copy")}),
          ("backup-made", uid, False))
    makes(lambda: operator.post("/control/_reload"), ("certificates-reloaded", uid, False))
    makes(lambda: operator.get("/control/status"))

    for party, professional in ((school, "a"), (care, "c")):
        who = {"party": party.oin, "professional": professional}
        makes(lambda: party.put(f"/v1/professionals/{professional}", {"name": "X"}),
              ("professional-changed", who, False))
    makes(lambda: school.put("/v1/professionals/z", {"name": "Z"}),
          ("professional-changed", {**school_is, "professional": "z"}, False))
    makes(lambda: school.delete("/v1/professionals/z"),
          ("professional-deleted", {**school_is, "professional": "z"}, False))
    for own in ("/v1/professionals", "/v1/professionals/a", "/v1/parties/self", "/v1/notices",
                "/v1/matches", "/v1/pseudonyms/key", "/tlog/checkpoint"):
        makes(lambda: school.get(own))

    mine = school.signal(bsn(0), "a").json["id"]
    signal = {**school_is, "professional": "a", "object": f"signal:{mine}"}
    assert [(e["record"]["name"], attributes(e)) for e in watch.new()] == [
        ("signal-posted", {"outcome": "done", **signal})]
    makes(lambda: school.signal(bsn(0), "a"), ("signal-repeated", signal, True))
    makes(lambda: school.get(f"/v1/signals/{mine}"), ("signal-read", signal, True))
    makes(lambda: school.get("/v1/signals"), ("signals-listed", {**school_is, "count": 1}, False))
    theirs = care.signal(bsn(0), "c").json
    by_care = {**care_is, "professional": "c"}
    match = {"object": f"match:{theirs['match']['id']}"}
    posted, read = watch.new()
    assert (posted["record"]["name"], attributes(posted)) == (
        "signal-posted", {"outcome": "done", **by_care, "object": f"signal:{theirs['id']}"})
    assert (read["record"]["name"], attributes(read)) == (
        "match-read", {"outcome": "done", **by_care, **match})
    for party in (school, municipality):
        who = {"party": party.oin}
        makes(lambda: party.get("/v1/matches"), ("match-read", {**who, **match}, True))
        makes(lambda: party.get(f"/v1/matches/{theirs['match']['id']}"),
              ("match-read", {**who, **match}, True))
    offered = {**school_is, "professional": "a", "object": "notice:1"}
    makes(lambda: school.get("/v1/notices"), ("notice-offered", offered, True))
    makes(lambda: municipality.get("/v1/notices"),
          ("notice-offered", {**town_is, "object": "notice:1"}, True))
    makes(lambda: school.acknowledge(1),
          ("notice-acknowledged", {**school_is, "object": "notice:1"}, True))
    makes(lambda: school.acknowledge(1))
    gone = {"object": f"signal:{theirs['id']}"}
    makes(lambda: care.withdraw(theirs["id"], "ended"),
          ("signal-withdrawn", {**care_is, **gone}, True))
    makes(lambda: school.withdraw(mine, "wrongful"),
          ("signal-retracted", {**school_is, "object": f"signal:{mine}"}, True))
    element = ristretto.to_text(ristretto.BASE.encode())
    makes(lambda: school.post("/v1/pseudonyms/_evaluate", {"elements": [element] * 2}),
          ("pseudonyms-evaluated", {**school_is, "count": 2}, False))
    makes(lambda: care.get("/v1/nothing"), ("request-refused",
                                            {**care_is, "outcome": "not-found"}, False))

    # And what the index does by itself.
    soon = str(dutch_day(-23 * 365 + 30))
    for n, birth in ((1, "2015-05-01"), (2, soon)):
        assert school.signal(bsn(n), "a", birth_date=birth).status == 201
    watch.new()
    makes(lambda: operator.post("/control/clock/_advance", {"seconds": 60}),
          ("clock-advanced", uid, False))
    operator.advance(800 * 86400)
    events = {}

    def both_ended():
        entries = watch.auditor.log_entries(fromIndex=watch.size)
        events.update((entry["record"]["name"], entry) for entry in entries)
        return {"signal-archived", "signal-erased"} <= events.keys()

    until(both_ended)
    for name in ("signal-archived", "signal-erased"):
        assert attributes(events[name]).keys() == {"object", "outcome"}
        assert events[name]["subject"] is not None

    # Nothing that is listed was left out, but for what comes once a minute.
    listed = (SOURCE / "store" / "LOG.md").read_text().split("Events: ")[1].split("\n\n")[0]
    happened = {entry["record"]["name"] for entry in watch.auditor.log_entries()}
    assert set(re.findall(r"`([a-z-]+)`", listed)) - happened <= {
        "refusals-counted", "log-searched", "log-proved"}


def test_who_asked_is_in_the_record(school, watch, daemon):
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    answer = school.get("/v1/signals", headers={"traceparent": f"00-{trace}-{parent}-01"})
    (entry,) = watch.new()
    record = entry["record"]
    assert answer.headers["log-index"] == str(entry["index"])
    der = subprocess.run(["openssl", "x509", "-in", daemon.pki.cert("school"), "-outform", "DER"],
                         capture_output=True, check=True).stdout
    assert record["attributes"] == {
        "dpl.core.processing_activity_id":
            "https://verwijsindex.example/processing-activities/signals-listed",
        "dpl.core.foreign_operation.processor": f"urn:nld:oin:{school.oin}",
        "verwijsindex.certificate": hashlib.sha256(der).hexdigest(),
        "verwijsindex.index": entry["index"],
        "verwijsindex.outcome": "done",
        "verwijsindex.party": school.oin,
    }
    assert record.keys() == {"attributes", "end_time", "name", "parent_span_id", "span_id",
                             "start_time", "status", "trace_id"}
    assert (record["trace_id"], record["parent_span_id"]) == (trace, parent)
    assert (record["name"], record["status"]) == ("signals-listed", "Ok")
    now = datetime.datetime.now(datetime.timezone.utc).timestamp() * 1000
    assert now - 3600000 < record["end_time"] <= now


@pytest.mark.smoke
def test_the_whole_log_verifies(daemon, operator, school, care, municipality, auditor, tmp_path):
    school.designate("a", name='Zo\u00eb "de Wit" \\ & <b>\u20ac</b>')
    care.designate("c")
    heads = [checkpoint_of(school)]
    for n in range(8):
        school.signal(bsn(n), "a", reference='\u00e9"\\/')
        care.signal(bsn(n), "c")
        school.notices()
        heads.append(checkpoint_of((school, care, municipality, auditor)[n % 4]))
    auditor.post("/v1/log-entries/_search", {"bsn": bsn(1), "caseReference": 'a "b" \\ \u00e9 /'})
    entries = auditor.log_entries()
    heads.append(checkpoint_of(auditor))
    entries += auditor.log_entries(fromIndex=len(entries))
    check_entries(entries)
    leaves = [leaf_of(entry) for entry in entries]
    # Every head that was ever given out is that of the first so many of these leaves.
    sizes = []
    for note in heads:
        size, root = open_checkpoint(note, daemon.vkey, tmp_path)
        assert size <= len(leaves) and root_of(leaves[:size]) == root
        sizes.append(size)
    assert sizes == sorted(set(sizes))
    assert operator.status()["logKey"] == daemon.vkey


def test_proofs_of_inclusion(daemon, school, auditor, tmp_path):
    for _ in range(20):
        school.get("/v1/signals")
    entries = auditor.log_entries()
    leaves = [leaf_of(entry) for entry in entries]
    size = len(leaves)
    roots = {n: root_of(leaves[:n]) for n in range(1, size + 1)}

    def proof_of(index, query=""):
        answer = auditor.get(f"/v1/log-entries/{index}/proof{query}")
        assert answer.status == 200, answer
        proof = answer.json
        assert proof.keys() == {"index", "treeSize", "leafHash", "proof", "checkpoint"}
        assert proof["index"] == index
        hashes = [base64.b64decode(text, validate=True) for text in proof["proof"]]
        leaf = base64.b64decode(proof["leafHash"])
        return proof, leaf, root_by_proof(leaf, index, proof["treeSize"], hashes)

    for index in range(size):
        for tree in {index + 1, (index + 1 + size) // 2, size}:
            proof, leaf, root = proof_of(index, f"?treeSize={tree}")
            assert proof["treeSize"] == tree and proof["checkpoint"] is None
            assert leaf == leaves[index] and root == roots[tree]
            assert len(proof["proof"]) <= (tree - 1).bit_length()
    # Without a size: in the present tree, whose signed head comes with it.
    before = auditor.log_entries(fromIndex=size)
    proof, _, root = proof_of(0)
    assert open_checkpoint(proof["checkpoint"], daemon.vkey, tmp_path) == (proof["treeSize"], root)
    assert proof["treeSize"] > size + len(before)
    (entry,) = [e for e in auditor.log_entries(event="log-proved")][-1:]
    assert attributes(entry)["object"] == "entry:0"


# ---- finding ----

def test_filters(school, care, auditor, operator, daemon):
    school.designate("a")
    care.designate("c")
    posted = [school.signal(bsn(n), "a") for n in range(3)]
    care.get("/v1/nothing")
    daemon.party("stranger").get("/v1/signals")
    operator.advance(3600)
    posted.append(care.signal(bsn(0), "c"))
    auditor.log_entries()
    for indexed in (False, True):
        if indexed:
            until(lambda: operator.status()["unindexedEntries"] == 0)
        everything = auditor.log_entries()

        def expected(condition):
            return [e["index"] for e in everything if condition(e, attributes(e))]

        def found(**query):
            size = everything[-1]["index"]
            return [e["index"] for e in auditor.log_entries(**query) if e["index"] <= size]

        assert found(event="signal-posted") == [int(a.headers["log-index"]) for a in posted]
        for oin in (school.oin, care.oin, auditor.oin, daemon.pki.oin("stranger")):
            assert found(party=oin) == expected(lambda e, a: a.get("party") == oin) != []
        for outcome in ("done", "not-found", "unknown-party"):
            wanted = expected(lambda e, a: a["outcome"] == outcome)
            assert found(outcome=outcome) == wanted != []
        assert found(event="signal-posted", party=care.oin) == expected(
            lambda e, a: e["record"]["name"] == "signal-posted" and a["party"] == care.oin) != []
        assert found(party="00000003999999990000") == []
        moment = everything[len(everything) // 2]["record"]["end_time"]
        text = datetime.datetime.fromtimestamp(moment / 1000, datetime.timezone.utc).isoformat()
        assert found(from_=text) == expected(lambda e, a: e["record"]["end_time"] >= moment)
        assert found(to=text) == expected(lambda e, a: e["record"]["end_time"] < moment)
        assert found(from_=text, to=text) == []
        assert found(fromIndex=5) == expected(lambda e, a: e["index"] >= 5)


def test_newest_first_unless_asked_otherwise(school, auditor):
    for _ in range(5):
        school.get("/v1/signals")
    size = auditor.log_entries()[-1]["index"] + 1
    page = auditor.get("/v1/log-entries?limit=4").json
    newest = page["logEntries"][0]["index"]
    assert newest >= size
    assert [e["index"] for e in page["logEntries"]] == [newest - n for n in range(4)]
    page = auditor.get("/v1/log-entries?limit=4&fromIndex=0").json
    assert [e["index"] for e in page["logEntries"]] == [0, 1, 2, 3]


@pytest.mark.parametrize("query", ["limit=3", "limit=3&fromIndex=0", "limit=3&event=signals-listed",
                                   "limit=2&party={school}"])
def test_paging_is_stable_while_entries_are_added(school, auditor, query):
    for _ in range(8):
        school.get("/v1/signals")
    query = query.format(school=school.oin)
    first = auditor.get(f"/v1/log-entries?{query}").json
    bound = int(school.get("/v1/signals").headers["log-index"])
    seen, cursor = first["logEntries"], first["next"]
    while cursor:
        school.get("/v1/signals")  # grows between the pages, as do the readings themselves
        page = auditor.get(f"/v1/log-entries?{query}&cursor={cursor}").json
        seen += page["logEntries"]
        cursor = page["next"]
    indexes = [entry["index"] for entry in seen]
    assert indexes == sorted(set(indexes), reverse="fromIndex" not in query)
    assert max(indexes) < bound
    if "event" in query:
        assert len(indexes) == 8
    elif "party" not in query:
        assert sorted(indexes) == list(range(max(indexes) + 1))


def search(auditor, number, **more):
    answer = auditor.post("/v1/log-entries/_search",
                          {"bsn": number, "caseReference": "zaak-2026-1", **more})
    assert answer.status == 200, answer
    return answer


def test_a_search_finds_exactly_what_is_on_the_child(school, care, auditor, operator):
    school.designate("a")
    care.designate("c")
    for n in range(6):
        school.signal(bsn(n), "a")
    care.signal(bsn(2), "c")
    school.signal(bsn(2), "a")
    school.notices()
    school.acknowledge(1)
    care.withdraw(care.signals()[0]["id"], "wrongful")
    for indexed in (False, True):
        if indexed:
            until(lambda: operator.status()["unindexedEntries"] == 0)
        found = search(auditor, bsn(2)).json["logEntries"]
        names = [entry["record"]["name"] for entry in reversed(found)]
        disclosures = ("match-read", "notice-offered")
        assert [name for name in names if name not in disclosures] == [
            "signal-posted", "signal-posted", "signal-repeated", "notice-acknowledged",
            "signal-retracted"] + ["log-searched"] * indexed
        subjects = {entry["subject"] for entry in found}
        assert len(subjects) == 1
        every = auditor.log_entries()
        assert [e["index"] for e in every if e["subject"] in subjects][:len(found)] == [
            e["index"] for e in reversed(found)]
        assert len(search(auditor, bsn(3)).json["logEntries"]) == 1 + indexed
    # With a leading zero or not is the same child; a child of whom nothing is known gives nothing,
    # until it was asked for.
    assert search(auditor, bsn(50)).json == {"logEntries": [], "next": None}
    again = search(auditor, bsn(50)).json["logEntries"]
    assert [entry["record"]["name"] for entry in again] == ["log-searched"]


def test_a_search_finds_who_was_told(school, care, municipality, auditor):
    school.designate("a")
    care.designate("c")
    mine = school.signal(bsn(0), "a").json["id"]
    care.signal(bsn(0), "c")
    for party in (school, municipality):
        party.notices()
        party.matches()
    school.get(f"/v1/signals/{mine}")
    found = search(auditor, bsn(0)).json["logEntries"]
    told = [(entry["record"]["name"], attributes(entry)["party"]) for entry in reversed(found)]
    assert told == [
        ("signal-posted", school.oin), ("signal-posted", care.oin), ("match-read", care.oin),
        ("notice-offered", school.oin), ("match-read", school.oin),
        ("notice-offered", municipality.oin), ("match-read", municipality.oin),
        ("signal-read", school.oin)]


def test_a_search_is_paged(school, auditor):
    school.designate("a")
    for _ in range(7):
        school.signal(bsn(0), "a")
    page = search(auditor, bsn(0), limit=3).json
    seen = page["logEntries"]
    while page["next"]:
        school.signal(bsn(0), "a")
        page = search(auditor, bsn(0), limit=3, cursor=page["next"]).json
        seen += page["logEntries"]
    names = [entry["record"]["name"] for entry in seen]
    assert names == ["signal-repeated"] * 6 + ["signal-posted"]
    # A cursor of another list is none of this one.
    school_cursor = school.get("/v1/signals?limit=1").json["next"]
    assert school_cursor is None
    for n in range(1, 3):
        school.signal(bsn(n), "a")
    cursor = school.get("/v1/signals?limit=1").json["next"]
    assert auditor.get(f"/v1/log-entries?cursor={cursor}").pointers == ["#/cursor"]


# ---- the log is read under its own eyes ----

def test_reading_the_log_is_in_the_log(auditor, watch):
    listed = auditor.get("/v1/log-entries?limit=1")
    found = search(auditor, bsn(0))
    proved = auditor.get("/v1/log-entries/0/proof")
    entries = watch.new()
    assert [(e["record"]["name"], attributes(e)) for e in entries] == [
        ("log-read", {"party": auditor.oin, "outcome": "done", "count": 1}),
        ("log-searched", {"party": auditor.oin, "outcome": "done",
                          "case_reference": "zaak-2026-1"}),
        ("log-proved", {"party": auditor.oin, "outcome": "done", "object": "entry:0"}),
    ]
    assert [str(entry["index"]) for entry in entries] == [
        answer.headers["log-index"] for answer in (listed, found, proved)]
    assert [entry["subject"] is not None for entry in entries] == [False, True, False]


def test_a_refusal_is_in_the_log_before_it_is_answered(school, auditor, daemon, operator):
    """The number in the answer is that of an entry that is there, in a tree that was signed."""
    for party, request, operation in (
            (school, lambda p: p.get("/v1/nothing"), None),
            (school, lambda p: p.post("/v1/signals", {}), "postSignal"),
            (school, lambda p: p.get("/v1/log-entries"), "listLogEntries"),
            (school, lambda p: p.request("PATCH", "/v1/signals"), None),
            (daemon.party("no-oin"), lambda p: p.get("/v1/signals"), "listSignals")):
        answer = request(party)
        index = int(answer.headers["log-index"])
        assert operator.status()["logSize"] == index + 1
        assert int(checkpoint_of(school).splitlines()[1]) == index + 1
        entry = auditor.entry(index)
        assert entry["record"]["name"] == "request-refused"
        assert attributes(entry)["outcome"] == answer.problem
        assert attributes(entry).get("operation") == operation
