# SPDX-License-Identifier: EUPL-1.2
"""The access log: what stands in it, that it holds together, and that every reading of it is an
entry too."""
import base64
import datetime
import hashlib
import os
import random
import re
import subprocess

import pytest

import ristretto
from actors import SOURCE, bsn, dutch_day, until
from verifier import (check_entries, checkpoint_of, leaf_of, open_checkpoint, root_by_proof,
                      root_of)


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

    def makes(self, action, *expected):
        """Does it, and holds the entries that come of it against these: event, attributes, whether
        on a child."""
        answer = action()
        entries = self.new()
        told = [(entry["record"]["name"], attributes(entry), entry["subject"] is not None)
                for entry in entries]
        assert told == [(name, {"outcome": "done", **has}, on_child)
                        for name, has, on_child in expected]
        if entries and answer is not None:
            assert answer.headers["log-index"] == str(entries[0]["index"])
        return answer


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
    makes = watch.makes
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
    operator.advance(2 * 3600)
    watch.new()
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
    happened = {entry["record"]["name"] for entry in watch.auditor.log_entries()}
    assert listed_events() - happened <= LIFE_EVENTS | {
        "refusals-counted", "log-searched", "log-proved", "wound-down", "records-destroyed"}


# Those of the test below; `wound-down` is the last of all, and nobody is there to read it any more.
LIFE_EVENTS = {
    "signal-renewed", "signal-transferred", "signal-merged", "signals-transferred",
    "contact-confirmed", "match-stalled", "person-died", "person-moved", "bsn-replaced",
    "bsn-assigned", "relations-changed", "registry-data-erased", "access-requested",
    "erasure-made", "statistics-read", "peek-suspected", "notices-counted", "notices-removed",
    "party-merged", "epoch-turned"}


def listed_events():
    listed = (SOURCE / "store" / "LOG.md").read_text().split("Events: ")[1].split("\n\n")[0]
    return set(re.findall(r"`([a-z-]+)`", listed))


def test_every_event_of_a_long_life(operator, school, care, doctor, municipality, registry, town,
                                    watch):
    """As above, of what comes after the report."""
    uid = {"operator_uid": os.getuid()}
    makes, auditor = watch.makes, watch.auditor
    school_is, care_is, town_is, register_is = (
        {"party": one.oin} for one in (school, care, municipality, registry))
    for party, professionals in ((school, "ab"), (care, "c"), (doctor, "e")):
        for professional in professionals:
            party.designate(professional)
    mine = school.reports(bsn(0), "a")["id"]
    second = school.reports(bsn(0), "b")["id"]
    match = care.reports(bsn(0), "c")["match"]["id"]
    watch.new()

    # Between report and end.
    on_mine = {**school_is, "object": f"signal:{mine}"}
    read = ("match-read", {**school_is, "object": f"match:{match}"}, True)
    makes(lambda: school.renew(mine), ("signal-renewed", {**on_mine, "professional": "a"}, True))
    entries = [(e["record"]["name"], attributes(e), e["subject"] is not None)
               for e in (school.transfer("a", "b"), watch.new())[1]]
    assert sorted(name for name, _, _ in entries) == [
        "signal-merged", "signal-transferred", "signals-transferred"]
    assert [(has["object"], on_child) for name, has, on_child in entries
            if name == "signal-merged"] == [(f"signal:{second}", True)]
    makes(lambda: school.confirm(match, "b"),
          ("contact-confirmed", {**school_is, "professional": "b", "object": f"match:{match}"},
           True), read)
    other = school.reports(bsn(1), "b")["id"]
    watch.new()
    entries = (school.transfer("b", "a"), watch.new())[1]
    moved = [attributes(e) for e in entries if e["record"]["name"] == "signal-transferred"]
    assert {one["object"] for one in moved} == {f"signal:{mine}", f"signal:{other}"}
    assert [attributes(e)["count"] for e in entries
            if e["record"]["name"] == "signals-transferred"] == [2]

    # The register.
    makes(lambda: registry.tells("moved", bsn=bsn(0), municipality="0361"),
          ("person-moved", register_is, True))
    makes(lambda: registry.tells("relations", bsn=bsn(0), parents=[bsn(30)]),
          ("relations-changed", register_is, True))
    makes(lambda: registry.tells("bsn-replaced", bsn=bsn(5), replacedBy=bsn(0)),
          ("bsn-replaced", register_is, True))
    person = {"familyName": "Smit", "birthDate": "2014-02-03", "sex": "M"}
    makes(lambda: registry.tells("bsn-assigned", person=person, bsn=bsn(1)),
          ("bsn-assigned", register_is, True))
    makes(lambda: registry.tells("moved", bsn=bsn(6), municipality="0361"),
          ("person-moved", register_is, True))

    # The municipality.
    case = {"case_reference": "inzage-1"}
    makes(lambda: municipality.ask_access(bsn(0)),
          ("access-requested", {**town_is, **case, "count": 3}, True))
    makes(lambda: municipality.ask_access(bsn(44)), ("access-requested", {**town_is, **case}, True))
    makes(lambda: municipality.get("/v1/statistics?year=2030"), ("statistics-read", town_is, False))
    erasing = {**town_is, "case_reference": "bezwaar-1", "ground": "bezwaar gegrond"}
    erased = (municipality.erase(bsn(1)), watch.new())[1]
    assert {(e["record"]["name"], attributes(e).get("object")) for e in erased} == {
        ("erasure-made", None), ("signal-erased", f"signal:{other}")}
    (made,) = [attributes(e) for e in erased if e["record"]["name"] == "erasure-made"]
    assert made == {"outcome": "done", **erasing, "count": 1}

    # What stands out.
    peeking = doctor.reports(bsn(0), "e")["id"]
    watch.new()
    on_it = {"party": doctor.oin, "object": f"signal:{peeking}"}
    makes(lambda: doctor.withdraw(peeking, "wrongful"), ("signal-retracted", on_it, True),
          ("peek-suspected", on_it, True))
    operator.allow(care, "quiet")
    watch.new()
    counted = (care.post("/v1/signals/_count-notices", {"bsns": [bsn(n) for n in range(100)]}),
               watch.new())[1]
    assert {e["record"]["name"] for e in counted} == {"notices-counted"}
    assert len([e for e in counted if e["subject"]]) == 100

    # By itself, or by the operator.
    stalled = care.reports(bsn(2), "c")
    assert stalled["match"] is None
    match = doctor.reports(bsn(2), "e")["match"]["id"]
    care.notices()
    care.acknowledge(1)
    watch.new()
    operator.pass_time("20d")
    by_itself = {"outcome": "done", "object": f"match:{match}"}
    (entry,) = until(lambda: [e for e in auditor.log_entries(event="match-stalled")
                              if attributes(e) == by_itself])
    assert entry["subject"] is not None
    operator.pass_time("80d")
    for event in ("notices-removed", "registry-data-erased"):
        until(lambda event=event: auditor.log_entries(event=event))
        for entry in auditor.log_entries(event=event):
            assert "party" not in attributes(entry) or event == "notices-removed"
            assert (entry["subject"] is not None) == (event == "registry-data-erased")
    operator.is_idle()
    until(lambda: not operator.status()["epoch"]["turning"])
    watch.new()
    turned = (operator.turn_epoch(), watch.new())[1]
    assert [(e["record"]["name"], attributes(e)["operator_uid"]) for e in turned] == [
        ("epoch-turned", os.getuid())]
    merged = (operator.merge(school, care), watch.new())[1]
    assert merged[0]["record"]["name"] == merged[-1]["record"]["name"] == "party-merged"
    assert attributes(merged[0])["operator_uid"] == uid["operator_uid"]
    died = (registry.tells("died", bsn=bsn(0)), watch.new())[1]
    assert [e["record"]["name"] for e in died].count("person-died") == 1
    happened = {entry["record"]["name"] for entry in auditor.log_entries()}
    assert LIFE_EVENTS <= happened and happened <= listed_events()


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
def test_the_whole_log_verifies(daemon, operator, school, care, municipality, auditor):
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
        size, root = open_checkpoint(note, daemon.vkey)
        assert size <= len(leaves) and root_of(leaves[:size]) == root
        sizes.append(size)
    assert sizes == sorted(set(sizes))
    assert operator.status()["logKey"] == daemon.vkey


def test_proofs_of_inclusion(daemon, school, auditor):
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
    assert open_checkpoint(proof["checkpoint"], daemon.vkey) == (proof["treeSize"], root)
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
    operator.advance(2 * 3600)
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


def pages_of_search(auditor, between, **filters):
    """Every entry that a search finds, in small pages; between them the log grows."""
    found, cursor = [], None
    while True:
        page = auditor.post("/v1/log-entries/_search", {
            "caseReference": "zaak-2026-2", "limit": 7, **filters,
            **({"cursor": cursor} if cursor else {})})
        assert page.status == 200, page
        found += page.json["logEntries"]
        cursor = page.json["next"]
        if cursor is None:
            return found
        between()


def test_every_combination_finds_what_a_plain_filter_finds(school, care, auditor, operator):
    """Held to all entries, looked at one by one."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    for party, professionals in ((school, "ab"), (care, "ac")):
        for professional in professionals:
            party.designate(professional)
            for n in range(3):
                party.signal(bsn(n), professional)
        party.get("/v1/signals", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
        party.get("/v1/log-entries")
        party.get("/v1/nothing")
        party.notices()
    subjects = {n: search(auditor, bsn(n), limit=1).json["logEntries"][0]["subject"]
                for n in range(3)}
    entries = auditor.log_entries()
    own = next(e for e in entries if e["record"]["name"] == "signal-posted")["record"]["trace_id"]
    middle = entries[len(entries) // 2]["record"]["start_time"]
    instant = datetime.datetime.fromtimestamp(middle / 1000, datetime.timezone.utc).isoformat()
    tests = {  # a filter as it is sent, and what it means
        "bsn": [(bsn(n), lambda e, n=n: e["subject"] == subjects[n]) for n in range(3)],
        "party": [(party.oin, lambda e, oin=party.oin: attributes(e).get("party") == oin)
                  for party in (school, care)],
        "professional": [(one, lambda e, one=one: attributes(e).get("professional") == one)
                         for one in "abc"],
        "event": [(name, lambda e, name=name: e["record"]["name"] == name)
                  for name in ("signal-posted", "match-read", "request-refused")],
        "outcome": [(name, lambda e, name=name: attributes(e)["outcome"] == name)
                    for name in ("done", "role-missing", "not-found")],
        "from": [(instant, lambda e: e["record"]["start_time"] >= middle)],
        "to": [(instant, lambda e: e["record"]["start_time"] < middle)],
        "traceId": [(one, lambda e, one=one: e["record"]["trace_id"] == one)
                    for one in (trace, own)],
    }
    chance = random.Random(20261122)
    some = 0
    for indexed in (False, True):
        if indexed:
            until(lambda: operator.status()["unindexedEntries"] == 0)
        for _ in range(120):
            names = chance.sample(sorted(tests), chance.choice((1, 2, 2, 3, 4)))
            if "professional" in names and "party" not in names:
                names.append("party")
            chosen = {name: chance.choice(tests[name]) for name in names}
            found = pages_of_search(auditor, lambda: school.get("/v1/signals"),
                                    **{name: value for name, (value, _) in chosen.items()})
            wanted = [e for e in reversed(entries)
                      if all(agrees(e) for _, agrees in chosen.values())]
            # What came after, the searches themselves among it, may be found besides.
            before = [e for e in found if e["index"] < len(entries)]
            assert before == wanted, {name: value for name, (value, _) in chosen.items()}
            assert [e["index"] for e in found] == sorted({e["index"] for e in found}, reverse=True)
            some += len(wanted) > 0
    assert some > 60


def test_what_a_search_is_told_to_look_for(auditor, school):
    """Each search is an entry, on the child when there is one, with how many were shown."""
    school.designate("a")
    for n in range(2):
        school.signal(bsn(n), "a")
    whole = {"caseReference": "zaak-2026-3"}
    for filters, on_child, count in (({"bsn": bsn(0)}, True, 1),
                                     ({"event": "signal-posted"}, False, 2),
                                     ({"event": "signal-posted", "limit": 1}, False, 1)):
        answer = auditor.post("/v1/log-entries/_search", {**whole, **filters})
        assert len(answer.json["logEntries"]) == count
        entry = auditor.entry(answer.headers["log-index"])
        assert entry["record"]["name"] == "log-searched"
        assert attributes(entry) == {"party": auditor.oin, "outcome": "done", "count": count,
                                     "case_reference": "zaak-2026-3"}
        assert (entry["subject"] is not None) == on_child
    assert auditor.post("/v1/log-entries/_search", whole).pointers == ["#"]
    wrong = auditor.post("/v1/log-entries/_search", {
        "bsn": "950000013", "professional": "a", "event": "no-such", "traceId": "x", "keyId": 1})
    assert sorted(wrong.pointers) == ["#/bsn", "#/caseReference", "#/event", "#/keyId",
                                      "#/professional", "#/traceId"]
    assert auditor.get("/v1/log-entries?traceId=x").pointers == ["#/traceId"]


def test_records_are_destroyed_when_their_term_has_ended(daemon, operator, school, auditor):
    """After log_years a record is gone, and shown as gone; its place in the tree stands."""
    school.designate("a")
    school.signal(bsn(0), "a")
    old = auditor.log_entries()
    note = checkpoint_of(school)
    operator.advance((5 * 366 + 40) * 86400)
    until(lambda: "destroyed" in auditor.log_entries()[len(old) - 1])
    until(lambda: operator.status()["dueLagSeconds"] == 0)
    daemon.restart()
    entries = auditor.log_entries()
    check_entries(entries)
    leaves = [leaf_of(entry) for entry in entries]
    for before, entry in zip(old, entries):
        assert entry == {"index": before["index"], "commitment": before["commitment"],
                         "destroyed": True, "record": None, "salt": None, "subject": None,
                         "subjectSalt": None}
    size, root = open_checkpoint(note, daemon.vkey)
    assert root_of(leaves[:size]) == root
    proof = auditor.get(f"/v1/log-entries/{old[-1]['index']}/proof").json
    _, root = open_checkpoint(proof["checkpoint"], daemon.vkey)
    hashes = [base64.b64decode(text) for text in proof["proof"]]
    assert root_by_proof(leaves[old[-1]["index"]], old[-1]["index"], proof["treeSize"],
                         hashes) == root
    ended = auditor.log_entries(event="records-destroyed")
    assert attributes(ended[0]) == {"outcome": "done", "object": "entry:0",
                                    "count": attributes(ended[0])["count"]}
    assert attributes(ended[0])["count"] >= len(old)
    assert search(auditor, bsn(0), to=datetime.datetime.now(datetime.timezone.utc).isoformat()
                  ).json["logEntries"] == []


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
