# SPDX-License-Identifier: EUPL-1.2
"""Organisations change: a leaver's signals go to a colleague, a party goes into another, many
signals are loaded quietly; and those who look in to leave again are seen."""
import itertools
import os

import pytest

from actors import bsn, in_parallel, kind_of, names, until, years_later

ANNA, BORIS, CARLA = (bsn(n) for n in range(3))
MOTHER = bsn(20)


@pytest.fixture
def people(school, care, doctor):
    for party, professionals in ((school, "ab"), (care, "cd"), (doctor, "e")):
        for professional in professionals:
            party.designate(professional)
    return school, care, doctor


def record(entry):
    """Event, and its own attributes."""
    return entry["record"]["name"], {
        name.removeprefix("verwijsindex."): value
        for name, value in entry["record"]["attributes"].items()}


# ---- a leaver's signals ----

def test_a_leavers_signals_go_to_a_colleague(people, auditor, municipality):
    school, care, _ = people
    mine = [school.reports(bsn(n), "a", reference=f"r{n}") for n in range(5)]
    care.reports(ANNA, "c")
    before = school.signals()
    told = [len(party.told()) for party in (school, care, municipality)]
    answer = school.transfer("a", "b")
    assert answer.json == {"moved": 5, "merged": 0}
    # All is as it was, but for who it is: ids, dates, references.
    for old, new in zip(before, school.signals()):
        assert new == {**old, "professional": "b"}
    assert names(care.matches()[0]["involved"]) == ["Naam van b"]
    assert [len(party.told()) for party in (school, care, municipality)] == told
    # One entry for each signal, and one for the operation.
    moved = [record(entry) for entry in auditor.log_entries(event="signal-transferred")]
    assert sorted(one["object"] for _, one in moved) == sorted(f"signal:{s['id']}" for s in mine)
    (whole,) = auditor.log_entries(event="signals-transferred")
    assert record(whole)[1]["count"] == 5
    assert str(whole["index"]) == answer.headers["log-index"] or answer.headers["log-index"]
    # It can be repeated, and undone.
    assert school.transfer("a", "b").json == {"moved": 0, "merged": 0}
    assert school.transfer("b", "a").json == {"moved": 5, "merged": 0}


def test_archived_signals_stay_with_who_made_them(people):
    school, _, _ = people
    gone = school.reports(ANNA, "a")["id"]
    school.withdraw(gone)
    school.reports(BORIS, "a")
    assert school.transfer("a", "b").json == {"moved": 1, "merged": 0}
    assert school.get(f"/v1/signals/{gone}").json["professional"] == "a"
    assert school.delete("/v1/professionals/a").problem == "conflict"


def test_two_signals_of_one_professional_on_one_child_become_one(people, operator, auditor):
    """That which would be removed later stays; a match of the two alone is over."""
    school, care, _ = people
    first = school.reports(ANNA, "a", reference="eerst")["id"]
    third = school.reports(BORIS, "b", reference="jong")["id"]
    operator.pass_time("50d")
    second = school.reports(ANNA, "b", reference="later")
    fourth = school.reports(BORIS, "a", reference="jonger")
    care.reports(BORIS, "c")
    assert len(school.matches()) == 2
    assert school.transfer("a", "b").json == {"moved": 2, "merged": 2}
    assert {(s["id"], s["professional"]) for s in school.signals()} == {
        (second["id"], "b"), (fourth["id"], "b")}
    for gone in (first, third):
        assert school.status_of(gone) is None and school.withdraw(gone).status == 204
    assert operator.status()["openMatches"] == 1
    assert names(care.matches()[0]["involved"]) == ["Naam van b"]
    merged = {record(entry)[1]["object"] for entry in auditor.log_entries(event="signal-merged")}
    assert merged == {f"signal:{first}", f"signal:{third}"}


def test_very_many_signals_at_once(people, operator):
    """More than one batch works off; it answers when all have gone."""
    school, care, _ = people
    clients = [school.again() for _ in range(4)]
    in_parallel([lambda one=one, n=n: [one.reports(bsn(100 + 4 * k + n), "a") for k in range(100)]
                 for n, one in enumerate(clients)])
    care.reports(bsn(100), "c")
    assert school.transfer("a", "b").json == {"moved": 400, "merged": 0}
    assert {s["professional"] for s in school.signals()} == {"b"}
    assert school.delete("/v1/professionals/a").status == 204
    assert operator.status()["signals"] == 401


def test_transfers_that_are_refused(people):
    school, care, _ = people
    school.reports(ANNA, "a")
    for leaver, to, status, pointers in (
            ("a", "z", 400, ["#/to"]), ("a", "a", 400, ["#/to"]), ("a", "c", 400, ["#/to"]),
            ("a", "", 400, ["#/to"]), ("a", "x y", 400, ["#/to"])):
        answer = school.transfer(leaver, to)
        assert (answer.status, answer.pointers) == (status, pointers), (leaver, to)
    for leaver in ("z", "c", "a%20b"):
        assert school.transfer(leaver, "b").problem == "not-found", leaver
    assert care.transfer("a", "c").problem == "not-found"
    assert {s["professional"] for s in school.signals()} == {"a"}


def test_reporting_goes_on_while_signals_go_to_a_colleague(people):
    """Whoever signals at that moment is one of the two; nothing is lost, nothing double."""
    school, _, _ = people
    for n in range(150):
        school.reports(bsn(100 + n), "a")
    clients = [school.again() for _ in range(3)]
    results = in_parallel([
        lambda: clients[0].transfer("a", "b").json,
        lambda: [clients[1].signal(bsn(300 + n), "a").status for n in range(30)],
        lambda: [clients[2].signal(bsn(100 + n), "b").status for n in range(0, 150, 5)]])
    assert results[0]["moved"] >= 150 and set(results[1]) == {201}
    until(lambda: school.transfer("a", "b").status == 200)
    held = [(s["professional"]) for s in school.signals()]
    assert held == ["b"] * 180


# ---- a party goes into another ----

def test_a_school_goes_into_another(people, operator, auditor, municipality, daemon):
    school, care, doctor = people
    operator.agree(school, "0362")
    mine = school.reports(ANNA, "a", reference="groep6", municipality="0361")["id"]
    match = doctor.reports(ANNA, "e")["match"]
    archived = school.reports(BORIS, "b", municipality="0362")["id"]
    school.withdraw(archived)
    care.reports(BORIS, "c")
    unread = school.told()
    answer = operator.merge(school, care)
    assert answer.status == 200 and answer.json["oin"] == care.oin
    assert {a["municipality"] for a in answer.json["agreements"]} == {"0361", "0362"}
    # The first is no more; the second has its signals, notices, professionals and matches.
    assert school.get("/v1/signals").problem == "unknown-party"
    assert [p["oin"] for p in operator.get("/control/parties").json["parties"]
            if p["oin"] == school.oin] == []
    there = {s["id"]: s for s in care.signals()}
    assert there[mine]["reference"] == "groep6" and there[mine]["status"] == "active"
    assert there[archived]["status"] == "archived" and there[mine]["municipality"] == "0361"
    (seen,) = [m for m in care.matches() if m["id"] == match["id"]]
    assert seen["ownSignals"][0]["id"] == mine and seen["key"] == match["key"]
    moved = [n for n in care.told("match-formed")
             if n["data"].get("ownSignal", {}).get("id") == mine]
    assert len(moved) == len([n for n in unread if kind_of(n) == "match-formed"]) == 1
    sequences = [int(n["sequence"]) for n in care.told()]
    assert sequences == sorted(set(sequences))
    # The others see the organisation as it is now, in matches and notices that they had.
    for shown in (doctor.matches()[0], doctor.told("match-formed")[0]["data"]):
        assert shown["involved"][0]["organisation"] == {"oin": care.oin, "name": care.organisation}
        assert names(shown["involved"]) == ["Naam van a"]
    # What went along can be used.
    professional = there[mine]["professional"]
    assert care.renew(mine).status == 200
    assert care.confirm(match["id"], professional).json["status"] == "contacted"
    assert care.withdraw(mine).status == 204
    # Its beginning and its end are logged, with the OIN of the party that is no more.
    first, last = (record(e)[1] for e in auditor.log_entries(event="party-merged"))
    assert first["operator_uid"] == last["operator_uid"] == os.getuid()
    assert first["on_behalf_of"] == last["on_behalf_of"] == school.oin and last["count"] == 2
    # In the log it stays what it was.
    posted = auditor.log_entries(event="signal-posted", party=school.oin)
    assert len(posted) == 2
    # And its certificate can be admitted again, as another party.
    again = operator.admit("school")
    assert again.signals() == again.told() == []


def test_professionals_of_the_same_name_stay_two(people, operator):
    school, care, doctor = people
    school.designate("zelfde", name="Sanne")
    care.designate("zelfde", name="Yusuf")
    school.reports(ANNA, "zelfde")
    care.reports(ANNA, "zelfde")
    doctor.reports(ANNA, "e")
    assert operator.merge(school, care).status == 200
    assert names(doctor.matches()[0]["involved"]) == ["Sanne", "Yusuf"]
    assert len([s for s in care.signals() if s["status"] == "active"]) == 2
    listed = care.all_of("/v1/professionals", "professionals")
    assert len({one["id"] for one in listed}) == len(listed)
    assert {"Sanne", "Yusuf"} <= {one["name"] for one in listed}


def test_a_municipality_goes_into_another(people, operator, municipality, town, registry):
    """Its code too: agreements, signals, residences and follow-up are the other's."""
    school, care, _ = people
    operator.agree(school, "0362")
    school.reports(ANNA, "a", municipality="0362")
    care.reports(ANNA, "c", municipality="0361")
    registry.tells("moved", bsn=ANNA, municipality="0362")
    (match,) = town.matches()
    assert operator.merge(town, municipality).status == 200
    assert town.get("/v1/matches").problem == "unknown-party"
    assert match["id"] in [m["id"] for m in municipality.matches()]
    assert {a["municipality"] for a in operator.party(school)["agreements"] if a["live"]} == {
        "0361"}
    # Posting under the old code is posting under one that there is no agreement with.
    assert school.signal(BORIS, "a", municipality="0362").pointers == ["#/municipality"]
    operator.pass_time("16d")
    stalled = municipality.is_told("follow-up-stalled")
    assert stalled[0]["data"]["matchId"] == match["id"]
    pack = municipality.ask_access(ANNA).json
    assert len(pack["signals"]) == 2
    assert municipality.erase(ANNA).json == {"erasedSignals": 2}


def test_merging_with_very_many_signals_and_mandates(people, operator, admit, daemon):
    school, care, doctor = people
    supplier = admit("supplier", roles=("supplier",), municipality=None, until=None)
    operator.mandate(supplier, school)
    for n in range(120):
        school.reports(bsn(100 + n), "a")
        if n % 2:
            doctor.reports(bsn(100 + n), "e")
    for n in range(10):
        care.reports(bsn(100 + n), "c")
    open_before = operator.status()["openMatches"]
    assert operator.merge(school, care).status == 200
    assert len(care.signals()) == 130
    assert operator.status()["openMatches"] == open_before
    represented = daemon.party("supplier", on_behalf_of=care.oin)
    assert len(represented.signals()) == 130
    assert len(care.told("match-formed")) >= 60


def test_merges_that_are_refused(people, operator, daemon):
    school, care, _ = people
    stranger = daemon.party("stranger")
    assert operator.merge(school, school).status in (400, 409)
    assert operator.merge(school, stranger).status in (400, 404)
    assert operator.merge(stranger, school).status == 404
    for body in ({}, {"into": "x"}, {"into": care.oin, "more": 1}):
        answer = operator.post(f"/control/parties/{school.oin}/_merge", body)
        assert answer.problem == "invalid-request"
    assert school.get("/v1/parties/self").status == 200


# ---- quiet loading ----

def children(first, count=100):
    return [bsn(first + n) for n in range(count)]


def test_quiet_loading(people, operator, municipality, auditor):
    school, care, _ = people
    assert school.signal(ANNA, "a", quiet=True).problem == "not-permitted"
    assert school.post("/v1/signals/_count-notices", {"bsns": children(100)}).problem == (
        "not-permitted")
    operator.allow(school, "quiet")
    for number in children(100, 30):
        care.reports(number, "c")
    # The dry run says how many notices it would send: two, and one of the municipality, each.
    answer = school.post("/v1/signals/_count-notices", {"bsns": children(100)})
    assert answer.json == {"signals": 100, "notices": 90}
    assert operator.status()["signals"] == 30
    # Then it is done: matches, and no notice.
    for number in children(100):
        signal = school.reports(number, "a", quiet=True)
        assert (signal["match"] is not None) == (number in children(100, 30))
    assert operator.status()["openMatches"] == 30
    assert school.told() == care.told() == municipality.told() == []
    assert len(school.matches()) == len(care.matches()) == 30
    # All of it, the counting too, is in the log; of the counting auditors are told.
    counted = auditor.log_entries(event="notices-counted")
    assert len([entry for entry in counted if entry["subject"]]) == 100
    assert "notices-counted" in auditor.kinds()
    # Whoever comes later, not quietly, is heard by everyone.
    care.reports(children(100)[0], "d")
    assert "match-joined" in school.kinds() and care.kinds()


def test_a_dry_run_tells_nothing_of_one_child(people, operator):
    """It wants a hundred, all different, and answers in tens."""
    school, care, _ = people
    operator.allow(school, "quiet")
    for known in range(16):
        counted = school.post("/v1/signals/_count-notices", {"bsns": children(100)}).json
        assert counted["signals"] == 100 and counted["notices"] % 10 == 0
        # Of so few nothing; then more or less, where the tens begin is not told.
        assert known >= 10 or counted["notices"] == 0
        assert known < 10 or abs(counted["notices"] - 2 * known) <= 9
        care.reports(children(100)[known], "c")
    turned = school.post("/v1/signals/_count-notices", {"bsns": children(100)[::-1]}).json
    again = school.post("/v1/signals/_count-notices", {"bsns": children(100)}).json
    assert turned == again


def test_a_dry_run_that_is_refused(people, operator):
    school, _, _ = people
    operator.allow(school, "quiet")
    size = operator.status()["logSize"]
    for body, pointers in (
            ({"bsns": children(100, 99)}, ["#/bsns"]), ({"bsns": children(100, 257)}, ["#/bsns"]),
            ({"bsns": children(100) + [bsn(100)]}, ["#/bsns/100"]), ({"bsns": "x"}, ["#/bsns"]),
            ({"bsns": children(100)[:-1] + ["950000013"]}, ["#/bsns/99"]),
            ({"elements": ["A" * 43] * 100}, None), ({}, None),
            ({"bsns": children(100), "elements": ["A" * 43] * 100, "keyId": 1}, None)):
        answer = school.post("/v1/signals/_count-notices", body)
        assert answer.problem == "invalid-request", answer
        assert pointers is None or answer.pointers == pointers, (answer, pointers)
    # Refused, nothing is counted: each is one entry.
    assert operator.status()["logSize"] == size + 8


# ---- who looks in ----

def signals_briefly(party, number, professional, look, reason, operator, minutes=10):
    signal = party.reports(number, professional)
    look(party, signal)
    operator.pass_time(f"{minutes}m")
    assert party.withdraw(signal["id"], reason).status == 204
    return signal["id"]


LOOKS = {
    "nothing but the answer": lambda party, signal: None,
    "the match": lambda party, signal: party.get(f"/v1/matches/{signal['match']['id']}"),
    "the inbox": lambda party, signal: party.notices(),
}


def test_a_peek_is_told_to_auditors(people, operator, auditor):
    school, care, _ = people
    school.reports(ANNA, "a")
    for n, (look, reason) in enumerate(itertools.product(LOOKS, ("ended", "wrongful"))):
        signal = signals_briefly(care, ANNA, "c", LOOKS[look], reason, operator)
        told = auditor.told("peek-suspected")
        assert len(told) == n + 1, (look, reason)
        name, attributes = record(auditor.entry(told[-1]["data"]["logIndex"]))
        assert name == "peek-suspected" and attributes["object"] == f"signal:{signal}"
        assert told[-1]["data"]["organisation"]["oin"] == care.oin
        # The child is nowhere in what auditors are told.
        assert told[-1]["data"].keys() == {"logIndex", "organisation"}
    # Nor are the others told anything of it.
    assert {kind for kind in school.kinds() if not kind.startswith("match")} == set()


def test_what_is_no_peek(people, operator, auditor):
    school, care, doctor = people
    signals_briefly(care, BORIS, "c", lambda *_: care.notices(), "wrongful", operator)  # alone
    school.reports(ANNA, "a")
    signals_briefly(care, ANNA, "c", lambda *_: None, "ended", operator, minutes=61)
    kept = doctor.reports(CARLA, "e")
    doctor.get("/v1/signals")
    doctor.withdraw(kept["id"])
    assert auditor.told() == []


def test_the_minutes_are_of_the_policy(start_daemon):
    daemon = start_daemon(policy={"peek_minutes": 2})
    operator = daemon.operator
    school, care = (operator.admit(name) for name in ("school", "care"))
    auditor = operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
    school.reports(ANNA, school.designate("a"))
    care.designate("c")
    signals_briefly(care, ANNA, "c", lambda *_: None, "ended", operator, minutes=3)
    assert auditor.told() == []
    signals_briefly(care, ANNA, "c", lambda *_: None, "ended", operator, minutes=1)
    assert auditor.kinds() == ["peek-suspected"]


# ---- the inboxes of those who follow ----

def test_auditors_and_municipalities_read_their_inbox_as_others_do(people, operator, municipality,
                                                                   auditor):
    school, care, _ = people
    for number in (ANNA, BORIS):
        school.reports(number, "a")
        care.reports(number, "c")
    born = years_later(operator.daemon.today(), -10)
    for _ in range(3):
        municipality.ask_access(ANNA, born)
    for party, count in ((municipality, 2), (auditor, 3)):
        notices = party.notices()
        assert [int(n["sequence"]) for n in notices] == list(range(1, count + 1))
        assert party.acknowledge(1).status == 204
        assert len(party.notices()) == count - 1
        assert party.acknowledge(count + 1).pointers == ["#/upTo"]
    # What is acknowledged can be read again for ninety days.
    for party in (municipality, auditor, school):
        party.acknowledge(2)
    operator.pass_time("80d")
    assert len(municipality.all_notices()) >= 2 and len(school.told("match-formed")) == 2
    operator.pass_time("12d")
    until(lambda: not school.told("match-formed"))
    until(lambda: [int(n["sequence"]) for n in auditor.all_notices()] == [3])
    until(lambda: not municipality.told("match-formed"))


def test_departures_are_told_where_the_policy_says_so(start_daemon):
    """And a retraction says it already."""
    daemon = start_daemon(policy={"notify_departure": "yes"})
    operator = daemon.operator
    school, care = (operator.admit(name) for name in ("school", "care"))
    town = operator.admit("municipality", roles=("municipality",))
    school.designate("a")
    care.designate("c")
    for n, reason in enumerate(("ended", "wrongful")):
        signal = school.reports(bsn(n), "a")["id"]
        match = care.reports(bsn(n), "c")["match"]
        school.withdraw(signal, reason)
        told = [kind_of(notice) for notice in care.told()
                if notice["data"]["matchId"] == match["id"]]
        assert told == ["match-formed", {"ended": "match-ended",
                                         "wrongful": "match-retracted"}[reason]]
    (ended,) = care.told("match-ended")
    assert ended["data"].keys() == {"matchId", "matchKey", "kind", "ownSignal"}
    assert set(town.kinds()) <= {"match-formed", "match-ended", "match-retracted"}


def test_a_match_that_forms_again_is_another(people, municipality):
    """With a key of its own, short, to be said on the telephone, and never that of another."""
    school, care, _ = people
    care.reports(ANNA, "c")
    keys, found = set(), set()
    for _ in range(12):
        signal = school.reports(ANNA, "a")
        keys.add(signal["match"]["key"])
        found.add(signal["match"]["id"])
        school.withdraw(signal["id"])
    assert len(keys) == len(found) == 12
    assert not set("".join(keys)) & set("ILOU")  # letters that are mistaken for others
    assert len(municipality.told("match-formed")) == 12
    # Of each archived signal of another the newcomer is told once; never of one's own.
    assert school.told("archived-involvement") == []
    care.withdraw(care.signals()[0]["id"])
    care.reports(ANNA, "d")
    told = care.told("archived-involvement")
    assert len(told) == 13
    assert len(list(itertools.chain(*(n["data"]["involved"] for n in told)))) == 13
