# SPDX-License-Identifier: EUPL-1.2
"""Families: matches between children who share a parent or a home address, pair by pair."""
import itertools
import json

import pytest

from actors import bsn, kind_of, names

ANNA, BORIS, CARLA, DAAN = (bsn(n) for n in range(4))
MOTHER, FATHER, UNCLE = bsn(20), bsn(21), bsn(22)


def family_kinds(party):
    return [(kind_of(n), names(n["data"].get("involved", []))) for n in party.told()
            if n["data"].get("kind") == "family"]


def families(party, status=None):
    return [match for match in party.all_of(
        "/v1/matches" + (f"?status={status}" if status else ""), "matches")
        if match["kind"] == "family"]


@pytest.fixture
def people(school, care, doctor):
    for party, professionals in ((school, "ab"), (care, "cd"), (doctor, "e")):
        for professional in professionals:
            party.designate(professional)
    return school, care, doctor


def parent(registry, child, *parents, **more):
    registry.tells("relations", bsn=child, parents=list(parents), **more)


def test_the_order_of_arrival_does_not_matter(people, registry):
    """Two signals and two sets of relations, in each of their orders: one match, of which both are
    told once."""
    school, care, _ = people
    steps = [lambda a, b: school.reports(a, "a"), lambda a, b: care.reports(b, "c"),
             lambda a, b: parent(registry, a, MOTHER), lambda a, b: parent(registry, b, MOTHER)]
    for n, order in enumerate(itertools.permutations(steps)):
        a, b = bsn(100 + 2 * n), bsn(101 + 2 * n)
        for step in order:
            step(a, b)
        for party, other in ((school, "c"), (care, "a")):
            (match,) = families(party, "open")
            assert names(match["involved"]) == [f"Naam van {other}"], n
            assert party.kinds() == ["match-formed"] * (n + 1), n
        # The relations go again, so that the next pair is not of the same mother too.
        parent(registry, a)
        assert families(school, "open") == families(care, "open") == []
        parent(registry, b)
    # What was told of a match that is over says no more who was in it.
    assert family_kinds(school) == family_kinds(care) == [("match-formed", [])] * 24


def test_one_match_for_a_pair_whatever_they_share(start_daemon):
    daemon = start_daemon(policy={"family_match": "both"})
    school, care = (daemon.operator.admit(name) for name in ("school", "care"))
    town = daemon.operator.admit("municipality", roles=("municipality",))
    brp = daemon.operator.admit(daemon.pki.named("registry"), roles=("registry",),
                                municipality=None, until=None)
    for child in (ANNA, BORIS):
        parent(brp, child, MOTHER, FATHER, address="1811AA 1")
    school.reports(ANNA, school.designate("a"))
    care.reports(BORIS, care.designate("c"))
    for party in (school, care, town):
        assert len(families(party)) == 1 and len(party.told("match-formed")) == 1
    # It stays while they share anything, and ends with the last of it.
    parent(brp, ANNA, FATHER, address="1811AA 1")
    parent(brp, ANNA, FATHER)
    assert len(families(school, "open")) == 1
    parent(brp, ANNA, UNCLE, address="1811AA 9")
    assert families(school, "open") == [] and len(families(school, "ended")) == 1
    assert town.kinds() == ["match-formed"] and daemon.operator.status()["openMatches"] == 0


def test_never_the_family_of_a_family(people, registry):
    """Anna and Boris share a mother, Boris and Carla a father."""
    school, care, doctor = people
    parent(registry, ANNA, MOTHER)
    parent(registry, BORIS, MOTHER, FATHER)
    parent(registry, CARLA, FATHER)
    for party, professional, child in ((school, "a", ANNA), (care, "c", BORIS),
                                       (doctor, "e", CARLA)):
        party.reports(child, professional)
    assert family_kinds(school) == [("match-formed", ["Naam van c"])]
    assert sorted(family_kinds(care)) == [("match-formed", ["Naam van a"]),
                                          ("match-formed", ["Naam van e"])]
    assert family_kinds(doctor) == [("match-formed", ["Naam van c"])]
    ids = {match["id"] for party in people for match in families(party)}
    assert len(ids) == 2


def test_who_is_on_which_child_is_not_to_be_seen(people, registry):
    """Two arrangements of the same four people on two children look the same to the school, in
    notices and in matches, but for ids and times."""
    school, care, doctor = people

    def seen(first, second, others):
        for child in (first, second):
            parent(registry, child, MOTHER)
        school.reports(first, "a")
        for party, professional, child in others:
            party.reports(child, professional)
        match = families(school, "open")[-1]
        shown = json.dumps([match["involved"], sorted(
            match.keys()), [m["kind"] for m in families(school, "open")]])
        for child in (first, second):
            parent(registry, child)
        return shown, len(match["involved"])

    one, count = seen(bsn(30), bsn(31), [(care, "c", bsn(31)), (care, "d", bsn(30)),
                                         (doctor, "e", bsn(31))])
    other, _ = seen(bsn(32), bsn(33), [(care, "c", bsn(32)), (care, "d", bsn(33)),
                                       (doctor, "e", bsn(33))])
    assert one == other and count == 3


def test_a_professional_on_both_children_stands_there_once(people, registry):
    school, care, _ = people
    for child in (ANNA, BORIS):
        parent(registry, child, MOTHER)
        school.reports(child, "a", reference=f"ref-{child == ANNA}")
    # One professional alone is no match, however many of the children he knows.
    assert families(school) == [] and school.told() == []
    care.reports(BORIS, "c")
    assert names(families(care)[0]["involved"]) == ["Naam van a"]
    (match,) = families(school)
    assert names(match["involved"]) == ["Naam van c"]
    assert len(match["ownSignals"]) == 2


def test_an_institution_is_no_family(start_daemon):
    daemon = start_daemon(policy={"family_match": "both"})
    operator = daemon.operator
    school, care = (operator.admit(name) for name in ("school", "care"))
    brp = operator.admit(daemon.pki.named("registry"), roles=("registry",), municipality=None,
                         until=None)
    school.reports(ANNA, school.designate("a"))
    care.reports(BORIS, care.designate("c"))
    parent(brp, ANNA, address="1811AA 1", institution=True)
    parent(brp, BORIS, address="1811AA 1", institution=True)
    assert families(school) == []
    # That one of two says it is enough; and it can turn out later, either way.
    parent(brp, ANNA, address="1811AA 1", institution=False)
    parent(brp, BORIS, address="1811AA 1", institution=False)
    assert len(families(school, "open")) == 1
    parent(brp, BORIS, address="1811AA 1", institution=True)
    assert families(school, "open") == []
    # Children of one home who are brother and sister are so there too.
    parent(brp, ANNA, MOTHER, address="1811AA 1", institution=True)
    parent(brp, BORIS, MOTHER, address="1811AA 1", institution=True)
    assert len(families(school, "open")) == 1


def test_an_address_of_many_is_no_family(start_daemon):
    """More children than a family has share it: a flat, a refuge, a mistake."""
    daemon = start_daemon(policy={"family_match": "address"})
    operator = daemon.operator
    school, care = (operator.admit(name) for name in ("school", "care"))
    brp = operator.admit(daemon.pki.named("registry"), roles=("registry",), municipality=None,
                         until=None)
    school.designate("a")
    care.designate("c")
    for n in range(40):
        parent(brp, bsn(100 + n), address="AZC Zuid 1")
        party, professional = ((school, "a"), (care, "c"))[n % 2]
        party.reports(bsn(100 + n), professional)
    assert families(school, "open") == families(care, "open") == []
    assert operator.status()["openMatches"] == 0


def test_the_match_of_a_family_lives_as_any_other(people, registry, operator, municipality):
    school, care, doctor = people
    for child in (ANNA, BORIS):
        parent(registry, child, MOTHER)
    mine = school.reports(ANNA, "a")["id"]
    theirs = care.reports(BORIS, "c")["id"]
    (match,) = families(school)
    assert match["status"] == "open" and match["ownSignals"][0]["id"] == mine
    assert municipality.kinds() == ["match-formed"]
    # A third joins it, on either child: everybody is told, and it is the same match.
    doctor.reports(ANNA, "e")
    assert ("match-joined", ["Naam van c", "Naam van e"]) in family_kinds(school)
    assert ("match-joined", ["Naam van a", "Naam van e"]) in family_kinds(care)
    assert family_kinds(doctor) == [("match-formed", ["Naam van a", "Naam van c"])]
    assert {families(party)[0]["id"] for party in people} == {match["id"]}
    # It is followed up, by whoever is in it.
    operator.pass_time("16d")
    assert [n["data"]["kind"] for n in municipality.is_told("follow-up-stalled", times=2)].count(
        "family") == 1
    assert care.confirm(match["id"], "d").pointers == ["#/professional"]
    assert care.confirm(match["id"], "c").json["status"] == "contacted"
    # A mistake is retracted from those it was told to, in this match as well.
    doctor.withdraw(doctor.signals()[0]["id"], "wrongful")
    assert "match-retracted" in [kind for kind, _ in family_kinds(school)]
    assert "match-retracted" in [kind for kind, _ in family_kinds(care)]
    # It ends when one of the children has nobody left, and can form anew.
    assert care.withdraw(theirs).status == 204
    assert school.get(f"/v1/matches/{match['id']}").json["status"] == "ended"
    care.reports(BORIS, "c")
    (again,) = families(school, "open")
    assert again["id"] != match["id"] and again["key"] != match["key"]


def test_contact_data_and_transfers_reach_families(people, registry):
    school, care, _ = people
    for child in (ANNA, BORIS):
        parent(registry, child, MOTHER)
    school.reports(ANNA, "a")
    care.reports(BORIS, "c")
    school.designate("a", phone="+31 6 99")
    assert families(care)[0]["involved"][0]["professional"]["phone"] == "+31 6 99"
    assert school.transfer("a", "b").json == {"moved": 1, "merged": 0}
    assert names(families(care)[0]["involved"]) == ["Naam van b"]
    assert families(school)[0]["ownSignals"][0]["professional"] == "b"


def test_death_and_erasure_take_a_child_out_of_its_family(people, registry, operator,
                                                          municipality):
    school, care, doctor = people
    for child in (ANNA, BORIS, CARLA):
        parent(registry, child, MOTHER)
    for party, professional, child in ((school, "a", ANNA), (care, "c", BORIS),
                                       (doctor, "e", CARLA)):
        party.reports(child, professional)
    assert operator.status()["openMatches"] == 3
    registry.tells("died", bsn=ANNA)
    assert operator.status()["openMatches"] == 1
    assert municipality.erase(BORIS).json == {"erasedSignals": 1}
    assert operator.status()["openMatches"] == 0
    assert families(doctor, "open") == []
    # Ties go with the last child that they tie: nothing of the mother is left to match by.
    registry.tells("died", bsn=CARLA)
    care.reports(BORIS, "c")
    parent(registry, DAAN, MOTHER)
    school.reports(DAAN, "a")
    assert families(school, "open") == []


def test_a_replaced_number_keeps_its_family(people, registry):
    """One match of a pair, also when both numbers had one with the sister."""
    school, care, doctor = people
    for child in (ANNA, BORIS, CARLA):
        parent(registry, child, MOTHER)
    school.reports(ANNA, "a")
    care.reports(BORIS, "c")
    doctor.reports(CARLA, "e")
    assert len(families(doctor, "open")) == 2
    # Anna and Boris turn out to be one child: a match of its own, and one with Carla.
    registry.tells("bsn-replaced", bsn=ANNA, replacedBy=BORIS)
    assert len(families(doctor, "open")) == 1
    assert names(families(doctor, "open")[0]["involved"]) == ["Naam van a", "Naam van c"]
    kinds = sorted(match["kind"] for match in school.get("/v1/matches?status=open").json["matches"])
    assert kinds == ["child", "family"]
    # And the old number leads there: its relations are those of the one child.
    parent(registry, ANNA, UNCLE)
    assert families(doctor, "open") == []


def test_families_of_youths_without_bsn(people, registry):
    school, care, _ = people
    person = {"familyName": "de Vries", "birthDate": "2014-02-28", "sex": "M"}
    registry.tells("relations", person=person, parents=[MOTHER])
    parent(registry, ANNA, MOTHER)
    assert school.signal({"person": person}, "a", "2014-02-28").status == 201
    care.reports(ANNA, "c")
    assert len(families(school, "open")) == 1
    registry.tells("bsn-assigned", person=person, bsn=BORIS)
    assert len(families(school, "open")) == 1
    # A mother who is a youth herself is another identity than she is as a mother.
    care.reports(MOTHER, "c")
    assert len(families(school, "open")) == 1
    assert {match["kind"] for match in care.matches()} == {"family"}


def test_what_the_register_told_waits_a_month_for_a_signal(people, registry, operator):
    """And not longer: of a child without signals nothing is kept."""
    school, care, _ = people
    parent(registry, ANNA, MOTHER)
    parent(registry, BORIS, MOTHER)
    operator.pass_time("20d")
    school.reports(ANNA, "a")
    operator.pass_time("13d")  # Boris had no signal for a month
    operator.is_idle()
    care.reports(BORIS, "c")
    assert families(school) == []
    # Anna's mother is known all the time, because Anna has a signal.
    parent(registry, BORIS, MOTHER)
    assert len(families(school, "open")) == 1


@pytest.mark.parametrize("number", [3, 12])
def test_all_pairs_of_a_family(daemon, people, registry, operator, number):
    """Everybody of so many children is told of every other child's, each pair once."""
    school, care, _ = people
    party = {0: (school, "a"), 1: (care, "c")}
    for n in range(number):
        parent(registry, bsn(50 + n), FATHER, MOTHER)
        who, professional = party[n % 2]
        who.reports(bsn(50 + n), professional)
    # Two children of the same professional are no match.
    mixed = (number // 2) * (number - number // 2)
    assert operator.status()["openMatches"] == mixed
    assert len(families(school, "open")) == len(families(care, "open")) == mixed
    assert len({m["key"] for m in families(school, "open")}) == mixed
