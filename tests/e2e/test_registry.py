# SPDX-License-Identifier: EUPL-1.2
"""What the population register tells: death, moves, numbers that are replaced or assigned. Of
families it tells in test_family.py."""
import json

import pytest

import ristretto
from actors import bsn, dutch_day, in_parallel, kind_of, names, until
from ristretto import to_text
from test_blinded import elements_of

ANNA, BORIS, CARLA = (bsn(n) for n in range(3))
MOTHER = bsn(20)
PERSON = {"familyName": "van den Heuvel", "birthDate": "2013-04-05", "sex": "V"}


@pytest.fixture
def people(school, care, doctor):
    for party, professionals in ((school, "ab"), (care, "cd"), (doctor, "e")):
        for professional in professionals:
            party.designate(professional)
    return school, care, doctor


def involved(party):
    """Of its one open match."""
    (match,) = party.get("/v1/matches?status=open").json["matches"]
    return names(match["involved"])


# ---- the register never learns whether a child is known ----

EVENTS = {
    "died": {}, "moved": {"municipality": "0362"}, "bsn-replaced": {"replacedBy": bsn(60)},
    "relations": {"parents": [bsn(61)], "address": "1811AA 1", "institution": False},
    "bsn-assigned": {"person": PERSON},
}


def test_known_or_not_it_is_told_the_same(people, registry):
    school, care, _ = people
    for event, body in EVENTS.items():
        school.signal(ANNA, "a")
        care.signal(ANNA, "c")
        answers = [registry.tells(event, bsn=number, **body) for number in (BORIS, ANNA)]
        names_of = [{name for name, _ in answer.header_list} for answer in answers]
        assert names_of[0] == names_of[1], event
    # It has no inbox, no matches, and may ask nothing.
    for path in ("/v1/notices", "/v1/matches", "/v1/signals", "/v1/log-entries"):
        assert registry.get(path).problem == "role-missing"
    assert registry.ask_access(ANNA).problem == "role-missing"


def behind(party, answer):
    """The entries that this answer's request left behind its own."""
    size = int(party.get("/tlog/checkpoint").text.splitlines()[1])
    return range(int(answer.headers["log-index"]) + 1, size)


def test_receipts_do_not_tell_it_either(people, registry):
    """What followed bears the register's name in the log, and is not for it to see."""
    school, care, _ = people
    followed = 0
    for event, body in EVENTS.items():
        school.signal(ANNA, "a")
        care.signal(ANNA, "c")
        answer = registry.tells(event, bsn=ANNA, **body)
        entries = behind(registry, answer)
        followed += len(entries)
        own = registry.get(f"/v1/receipts/{answer.headers['log-index']}")
        assert own.status == 200, own
        for index in entries:
            assert registry.get(f"/v1/receipts/{index}").status == 404, (event, index)
    assert followed > 0


def test_whoever_is_seen_to_peek_has_no_receipt_of_it(people, auditor):
    school, care, _ = people
    care.reports(ANNA, "c")
    peeking = school.reports(ANNA, "a")["id"]
    assert school.matches()
    answer = school.withdraw(peeking)
    auditor.is_told("peek-suspected")
    entries = behind(school, answer)
    assert len(entries) > 0
    for index in entries:
        assert school.get(f"/v1/receipts/{index}").status == 404, index


def test_only_the_register_tells(people, municipality, auditor):
    for party in (*people, municipality, auditor):
        answer = party.post("/v1/person-events", {"type": "died", "bsn": ANNA})
        assert (answer.status, answer.problem) == (403, "role-missing")


def test_events_can_be_told_again(people, registry, operator):
    """As a queue that is not sure of its answer does."""
    school, care, doctor = people
    school.reports(ANNA, "a")
    care.reports(BORIS, "c")
    doctor.reports(CARLA, "e")
    for _ in range(3):
        registry.tells("bsn-replaced", bsn=ANNA, replacedBy=BORIS)
        registry.tells("moved", bsn=ANNA, municipality="0361")
        registry.tells("relations", bsn=BORIS, parents=[MOTHER])
        registry.tells("relations", bsn=CARLA, parents=[MOTHER])
    assert school.kinds().count("youth-moved") == care.kinds().count("youth-moved") == 1
    assert school.kinds().count("match-formed") == care.kinds().count("match-formed") == 2
    assert doctor.kinds() == ["match-formed"]
    assert operator.status()["openMatches"] == 2
    for _ in range(2):
        registry.tells("died", bsn=ANNA)
    assert operator.status()["signals"] == 1


# ---- death ----

def test_death_erases_all_there_is_and_tells_nobody(people, registry, municipality, operator,
                                                    auditor):
    school, care, doctor = people
    kept = school.reports(BORIS, "a")["id"]
    archived = school.reports(ANNA, "a")["id"]
    school.withdraw(archived)
    care.reports(ANNA, "c")
    doctor.reports(ANNA, "e")
    care.notices()
    care.acknowledge(1)
    before = [party.kinds() for party in people]
    registry.tells("died", bsn=ANNA)
    assert [s["id"] for s in school.signals()] == [kept] and care.signals() == []
    assert care.matches() == doctor.matches() == municipality.matches() == []
    # The notices about it are gone from every inbox; none has come.
    for party, kinds in zip(people, before):
        assert len(party.kinds()) <= len(kinds)
    assert municipality.told() == [] and care.told() == []
    assert school.withdraw(archived).status == 204
    operator.pass_time("31d")
    until(lambda: school.withdraw(archived).status == 404)
    # It is in the log, with each signal that went.
    (death,) = auditor.log_entries(event="person-died")
    assert death["record"]["attributes"]["verwijsindex.party"] == registry.oin
    assert death["subject"] is not None
    erased = auditor.log_entries(event="signal-erased")
    assert len(erased) == 3 and {e["subject"] for e in erased} == {death["subject"]}


def test_nothing_is_kept_of_the_dead(people, registry, operator):
    """A signal that comes later is the first."""
    school, care, _ = people
    school.reports(ANNA, "a")
    registry.tells("relations", bsn=ANNA, parents=[MOTHER])
    registry.tells("died", bsn=ANNA)
    care.reports(BORIS, "c")
    registry.tells("relations", bsn=BORIS, parents=[MOTHER])
    answer = school.reports(ANNA, "a")
    assert answer["match"] is None and school.told() == [] == care.told()


# ---- moves ----

def test_a_move_to_where_nobody_has_joined(people, registry, municipality, operator):
    """The reporters are told; the follow-up stays with the municipality of the signals."""
    school, care, _ = people
    school.reports(ANNA, "a")
    care.reports(ANNA, "c")
    registry.tells("moved", bsn=ANNA, municipality="0999")
    assert [n["data"]["municipality"] for n in school.told("youth-moved")] == ["0999"]
    operator.pass_time("16d")
    municipality.is_told("follow-up-stalled")


def test_a_move_before_there_is_a_match(people, registry, municipality, town):
    school, care, _ = people
    school.reports(ANNA, "a")
    registry.tells("moved", bsn=ANNA, municipality="0362")
    assert town.told() == []
    care.reports(ANNA, "c")
    assert town.kinds() == ["match-formed"] and municipality.told() == []
    assert municipality.matches() == [] and len(town.matches()) == 1


def test_who_has_left_is_not_told_of_a_move(people, registry):
    school, care, _ = people
    school.withdraw(school.reports(ANNA, "a")["id"])
    care.reports(ANNA, "c")
    registry.tells("moved", bsn=ANNA, municipality="0362")
    assert school.told() == [] and care.kinds() == ["archived-involvement", "youth-moved"]


# ---- a number is replaced ----

def test_it_matches_whatever_was_there_first(people, registry, municipality):
    school, care, doctor = people
    for order in range(2):
        old, new = bsn(30 + 2 * order), bsn(31 + 2 * order)
        if order:
            registry.tells("bsn-replaced", bsn=old, replacedBy=new)
        school.reports(old, "a")
        care.reports(new, "c")
        if not order:
            registry.tells("bsn-replaced", bsn=old, replacedBy=new)
        for party in (school, care):
            assert len(party.told("match-formed")) == order + 1
        assert municipality.kinds() == ["match-formed"] * (order + 1)
        assert doctor.reports(old, "e")["match"]["id"] == care.matches()[-1]["id"]


def test_two_matches_become_one(people, registry, operator):
    school, care, doctor = people
    school.reports(ANNA, "a")
    care.reports(ANNA, "c")
    school.reports(BORIS, "b")
    doctor.reports(BORIS, "e")
    registry.tells("bsn-replaced", bsn=ANNA, replacedBy=BORIS)
    assert operator.status()["openMatches"] == 1
    assert involved(care) == ["Naam van a", "Naam van b", "Naam van e"]
    assert involved(doctor) == ["Naam van a", "Naam van b", "Naam van c"]
    # Everyone has been told of everyone, of each once.
    for party, others in ((care, "abe"), (doctor, "abc")):
        heard = {name for notice in party.told()
                 for name in names(notice["data"].get("involved", []))}
        assert heard == {f"Naam van {one}" for one in others}


def test_a_number_replaced_again_and_again(people, registry, operator):
    """All numbers lead to the one child, in any order of use."""
    school, care, doctor = people
    numbers = [bsn(70 + n) for n in range(5)]
    first = school.reports(numbers[0], "a")["id"]
    for old, new in zip(numbers, numbers[1:]):
        registry.tells("bsn-replaced", bsn=old, replacedBy=new)
    match = care.reports(numbers[2], "c")["match"]["id"]
    for number in numbers:
        assert school.signal(number, "a").json["id"] == first
        assert doctor.signal(number, "e").json["match"]["id"] == match
    # Turned round, as registers do when they correct themselves: still one child.
    registry.tells("bsn-replaced", bsn=numbers[4], replacedBy=numbers[0])
    for number in numbers:
        assert doctor.signal(number, "e").json["match"]["id"] == match
    assert operator.status()["signals"] == 3 and operator.status()["openMatches"] == 1


def test_of_two_signals_of_one_professional_the_later_stays(people, registry, operator, auditor,
                                                            daemon):
    school, care, _ = people
    old = school.reports(ANNA, "a", reference="oud")
    operator.pass_time("100d")
    new = school.reports(BORIS, "a", reference="nieuw")
    # An archived one beside a live one stays what it is.
    gone = school.reports(ANNA, "b")["id"]
    school.withdraw(gone)
    school.reports(BORIS, "b")
    care.reports(ANNA, "c")
    registry.tells("bsn-replaced", bsn=BORIS, replacedBy=ANNA)
    assert school.get(f"/v1/signals/{old['id']}").status == 404
    assert school.withdraw(old["id"], "wrongful").status == 204
    assert school.get(f"/v1/signals/{new['id']}").json["removalDate"] == new["removalDate"]
    assert school.get("/v1/signals?reference=nieuw").json["signals"][0]["id"] == new["id"]
    assert school.status_of(gone) == "archived"
    assert involved(care) == ["Naam van a", "Naam van b"]
    (merged,) = auditor.log_entries(event="signal-merged")
    assert merged["record"]["attributes"]["verwijsindex.object"] == f"signal:{old['id']}"


def test_the_log_knows_both_numbers_as_one_child(people, registry, auditor):
    school, care, _ = people
    school.reports(ANNA, "a")
    care.reports(BORIS, "c")
    registry.tells("bsn-replaced", bsn=ANNA, replacedBy=BORIS)
    school.signal(ANNA, "b")
    found = []
    for number in (ANNA, BORIS):
        answer = auditor.post("/v1/log-entries/_search", {"bsn": number, "caseReference": "z"})
        found.append({entry["index"] for entry in answer.json["logEntries"]
                      if entry["record"]["name"] == "signal-posted"})
    assert found[0] == found[1] and len(found[0]) == 3


def test_blinded_mode_follows_a_replaced_number(people, registry, operator):
    """In the space of elements too: old and new element are one child, from before and after."""
    school, care, doctor = people
    operator.allow(school, "blinded")
    key, (old, new) = elements_of(school, [ANNA, BORIS])
    first = school.signal({"element": to_text(old), "keyId": key}, "a")
    assert first.status == 201
    care.reports(BORIS, "c")
    registry.tells("bsn-replaced", bsn=ANNA, replacedBy=BORIS)
    assert involved(care) == ["Naam van a"]
    # After it, both elements find the signal that is there, and a newcomer the match.
    for element in (old, new):
        again = school.signal({"element": to_text(element), "keyId": key}, "a")
        assert (again.status, again.json["id"]) == (200, first.json["id"])
    joined = school.signal({"element": to_text(old), "keyId": key}, "b").json
    assert joined["match"]["id"] == care.matches()[0]["id"]
    assert ristretto.Point.decode(old) != ristretto.Point.decode(new)


def test_what_comes_at_the_same_moment_as_a_replacement(people, registry, operator):
    """Signals by either number while the register replaces it: one child, one match, whatever came
    first."""
    school, care, doctor = people
    clients = [school.again(), care.again(), registry.again()]
    for n in range(15):
        old, new = bsn(100 + 2 * n), bsn(101 + 2 * n)
        doctor.reports(old, "e")
        in_parallel([
            lambda: clients[0].reports(old, "a"), lambda: clients[1].reports(new, "c"),
            lambda: clients[2].tells("bsn-replaced", bsn=old, replacedBy=new)])
        assert operator.status()["openMatches"] == n + 1
        for number in (old, new):
            assert len(doctor.signal(number, "e").json["match"]["involved"]) == 2
    for party in people:
        assert len(party.get("/v1/matches?status=open").json["matches"]) == 15


# ---- a youth without BSN ----

SPELLINGS = ["van den Heuvel", "VAN DEN HEUVEL", "Heuvel", "heuvel, van den", "v.d. Heuvel",
             "He\u0301\u00fcvel", " van  den Heuvel ", "Heuvel-"]


def test_spellings_of_one_name(people):
    school, care, _ = people
    first = school.signal({"person": PERSON}, "a", PERSON["birthDate"]).json["id"]
    for name in SPELLINGS:
        answer = school.signal({"person": {**PERSON, "familyName": name}}, "a",
                               PERSON["birthDate"])
        assert (answer.status, answer.json["id"]) == (200, first), name


def test_spellings_of_other_names(people):
    school, care, _ = people
    for one, other in (("Ünal", "u\u0308nal"), ("Søren", "Soren"), ("d'Hondt", "D\u2019HONDT"),
                       ("'t Hooft", "hooft"), ("de la Cruz-García", "Cruz Garcia"),
                       ("IJsbrand", "\u0133sbrand"), ("El-Idrissi", "el Idrissi"),
                       ("Weiß", "WEISS"), ("Çelik", "celik")):
        mine = {"person": {**PERSON, "familyName": one}}
        theirs = {"person": {**PERSON, "familyName": other, "sex": "female"}}
        assert school.signal(mine, "a", PERSON["birthDate"]).json["match"] is None, one
        assert care.signal(theirs, "c", PERSON["birthDate"]).json["match"] is not None, other
    assert len(school.signals()) == len(care.signals()) == 9


def test_words_for_the_sexes(people):
    school, _, _ = people
    for sexes in (("M", "male", "man", "m", "MAN"), ("V", "F", "vrouw", "Female"),
                  ("O", "X", "unknown", "Onbekend")):
        answers = [school.signal({"person": {**PERSON, "sex": sex}}, "a", PERSON["birthDate"])
                   for sex in sexes]
        assert [answer.status for answer in answers] == [201] + [200] * (len(sexes) - 1)
    assert len(school.signals()) == 3


def test_the_birth_date_of_a_person_is_said_once(people):
    """Outside it may be left out, or is the same."""
    school, _, _ = people
    body = {"person": PERSON, "professional": "a"}
    first = school.post("/v1/signals", body)
    assert first.status == 201
    again = school.post("/v1/signals", {**body, "birthDate": PERSON["birthDate"]})
    assert (again.status, again.json["id"]) == (200, first.json["id"])
    assert school.post("/v1/signals", {**body, "birthDate": "2013-04-06"}).pointers == [
        "#/birthDate"]


def test_a_person_is_told_of_as_a_number_is(people, registry, municipality, town):
    school, care, _ = people
    for party, professional in ((school, "a"), (care, "c")):
        assert party.signal({"person": PERSON}, professional, PERSON["birthDate"]).status == 201
    registry.tells("moved", person=PERSON, municipality="0362")
    assert school.kinds() == ["match-formed", "youth-moved"]
    registry.tells("died", person={**PERSON, "familyName": "HEUVEL"})
    assert school.signals() == care.signals() == []


def test_a_number_is_assigned_to_who_has_signals_under_both(people, registry, operator, auditor):
    school, care, doctor = people
    by_name = school.signal({"person": PERSON}, "a", PERSON["birthDate"]).json["id"]
    operator.pass_time("3d")
    by_number = school.reports(ANNA, "a")["id"]
    care.reports(ANNA, "c")
    assert doctor.signal({"person": PERSON}, "e", PERSON["birthDate"]).json["match"] is not None
    registry.tells("bsn-assigned", person=PERSON, bsn=ANNA)
    assert [s["id"] for s in school.signals()] == [by_number]
    assert school.withdraw(by_name).status == 204
    assert involved(care) == ["Naam van a", "Naam van e"]
    assert operator.status()["openMatches"] == 1
    (assigned,) = auditor.log_entries(event="bsn-assigned")
    assert assigned["subject"] is not None


# ---- what waits for a signal ----

def test_a_replacement_waits_for_the_signal_that_is_to_come(people, registry, operator):
    """Longer than relations do: until the age limit."""
    school, care, _ = people
    registry.tells("bsn-replaced", bsn=ANNA, replacedBy=BORIS)
    operator.pass_time("400d")
    school.reports(ANNA, "a")
    assert care.reports(BORIS, "c")["match"] is not None


def test_a_residence_waits_a_month(people, registry, operator, municipality, town):
    school, care, _ = people
    for n, (days, told) in enumerate((("30d", town), ("33d", municipality))):
        child = bsn(40 + n)
        registry.tells("moved", bsn=child, municipality="0362")
        operator.pass_time(days)
        operator.is_idle()
        before = told.kinds()
        school.reports(child, "a")
        care.reports(child, "c")
        assert told.kinds() == before + ["match-formed"]


def test_what_waited_in_vain_is_erased_and_logged(people, registry, operator, auditor):
    registry.tells("relations", bsn=ANNA, parents=[MOTHER])
    registry.tells("moved", bsn=BORIS, municipality="0362")
    operator.pass_time("40d")
    erased = until(lambda: [e for e in auditor.log_entries(event="registry-data-erased")]
                   if len(auditor.log_entries(event="registry-data-erased")) >= 2 else None)
    assert len(erased) == 2 and all(entry["subject"] for entry in erased)


def test_no_waiting_at_all(start_daemon):
    daemon = start_daemon(policy={"registry_wait_days": 0})
    operator = daemon.operator
    school, care = (operator.admit(name) for name in ("school", "care"))
    brp = operator.admit(daemon.pki.named("registry"), roles=("registry",), municipality=None,
                         until=None)
    for child in (ANNA, BORIS):
        brp.tells("relations", bsn=child, parents=[MOTHER])
    school.reports(ANNA, school.designate("a"))
    care.reports(BORIS, care.designate("c"))
    assert school.matches() == []
    for child in (ANNA, BORIS):
        brp.tells("relations", bsn=child, parents=[MOTHER])
    assert len(school.matches()) == 1


# ---- what the register said is nobody's to see ----

def test_parents_and_addresses_come_back_nowhere(daemon, people, registry, operator, municipality,
                                                 auditor):
    school, care, _ = people
    address = "Nassauplein 8 1815GM"
    for child in (ANNA, BORIS):
        registry.tells("relations", bsn=child, parents=[MOTHER], address=address)
    school.reports(ANNA, "a")
    care.reports(BORIS, "c")
    seen = json.dumps([party.told() + party.matches() for party in (school, care, municipality)])
    seen += municipality.ask_access(ANNA).text + json.dumps(auditor.log_entries())
    assert MOTHER not in seen and "Nassau" not in seen
    daemon.close_clients()
    daemon.stop()
    kept = (daemon.store / "data.mdb").read_bytes()
    for needle in (MOTHER, "Nassau", "NASSAU", "nassau"):
        assert needle.encode() not in kept and needle not in daemon.log


def test_an_aged_youth_is_told_of_no_more(people, registry, operator, daemon):
    """Whoever has had a 23rd birthday is out, whatever the register tells."""
    school, care, _ = people
    birth = dutch_day(-22 * 365)
    school.reports(ANNA, "a", birth)
    operator.pass_time("400d")
    until(lambda: school.signals() == [])
    registry.tells("moved", bsn=ANNA, municipality="0362")
    registry.tells("died", bsn=ANNA)
    assert [kind_of(n) for n in school.told()] == []
