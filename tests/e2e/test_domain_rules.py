# SPDX-License-Identifier: EUPL-1.2
"""The fifteen rules that the index must hold (Jeugdwet chapter 7.1), one test for each: a story in
which the rule is lived through, with real parties, the real daemon and its clock moved on. The
README's table of rules names these tests. Details of a rule, and what is easy to get wrong about
it, are in the other files."""
import datetime
import json
import re

import pytest

from actors import (bsn, bsn_with_leading_zero, dutch_day, kind_of, names, run_vix,
                    until, years_later)
from verifier import checkpoint_of, leaf_of, open_checkpoint, open_receipt, root_of

ANNA, BORIS, CARLA, NOBODY = bsn(0), bsn(1), bsn(2), bsn(40)
MOTHER, FATHER, OTHER_PARENT = bsn(10), bsn(11), bsn(12)
CONTACT = {"name", "function", "email", "phone"}


def ids(matches):
    return sorted(match["id"] for match in matches)


def of_log(auditor, number, *events):
    """What the logbook says about a child: (event, party, professional), oldest first."""
    answer = auditor.post("/v1/log-entries/_search",
                          {"bsn": number, "caseReference": "inspectie", "limit": 500})
    assert answer.status == 200, answer
    told = []
    for entry in reversed(answer.json["logEntries"]):
        attributes = entry["record"]["attributes"]
        told.append((entry["record"]["name"], attributes.get("verwijsindex.party"),
                     attributes.get("verwijsindex.professional")))
    return [one for one in told if not events or one[0] in events]


@pytest.fixture
def people(school, care, doctor):
    """Two intern begeleiders, two youth workers and a family doctor."""
    for party, professional in ((school, "ib-1"), (school, "ib-2"), (care, "jw-1"),
                                (care, "jw-2"), (doctor, "arts")):
        party.designate(professional)
    return school, care, doctor


def test_rule_01_who_may_signal(daemon, operator, people, municipality, auditor, registry, admit):
    school, care, doctor = people
    # A designated professional signals, and nobody's consent is asked for.
    school.reports(ANNA, "ib-1")
    assert school.signal(BORIS, "ib-1", consent=True).pointers == ["#/consent"]
    # Whoever is not designated does not, nor under the name of another organisation's.
    for professional in ("conciërge", "ib-3", "jw-1"):
        assert school.signal(BORIS, professional).pointers == ["#/professional"]
    # A party that is not known, not a reporter, or suspended is refused.
    assert daemon.party("stranger").signal(BORIS, "ib-1").problem == "unknown-party"
    for party in (municipality, auditor, registry):
        assert party.signal(BORIS, "ib-1").problem == "role-missing"
    operator.suspend(doctor)
    assert doctor.signal(BORIS, "arts").problem == "party-suspended"
    operator.resume(doctor)
    # So is one without a live agreement, and under one that it has not.
    never = admit("rsa", municipality=None, until=None)
    assert never.put("/v1/professionals/x", {"name": "X"}).problem == "agreement-ended"
    assert doctor.signal(BORIS, "arts", municipality="0362").pointers == ["#/municipality"]
    # An agreement ends on its day, and with it what was signalled under it, and nothing else.
    operator.agree(care, "0362", until=str(daemon.today(10)))
    kept = care.reports(ANNA, "jw-1", municipality="0361")["id"]
    ended = care.reports(BORIS, "jw-1", municipality="0362")["id"]
    match = doctor.reports(BORIS, "arts")["match"]["id"]
    operator.pass_time("10d")
    assert care.status_of(ended) == "active"  # through its last day
    operator.pass_time("2d")
    until(lambda: care.status_of(ended) == "archived")
    assert care.status_of(kept) == "active"
    assert care.signal(CARLA, "jw-1", municipality="0362").pointers == ["#/municipality"]
    assert doctor.get(f"/v1/matches/{match}").json["status"] == "ended"
    # A supplier may act for a school, as long as the mandate lasts.
    admit("supplier", roles=("supplier",), municipality=None, until=None)
    supplier = daemon.party("supplier", on_behalf_of=school.oin)
    assert supplier.signal(CARLA, "ib-1").problem == "mandate-missing"
    operator.mandate(supplier, school, until=str(daemon.today(5)))
    supplier.reports(CARLA, "ib-1")
    operator.pass_time("7d")
    assert supplier.signal(BORIS, "ib-1").problem == "mandate-missing"


# The operations in which a child is named, and who may: to tell of it, or to be answered for it.
NAMING_A_CHILD = {
    ("post", "/signals"), ("post", "/signals/_count-notices"), ("post", "/person-events"),
    ("post", "/access-requests"), ("post", "/erasures"), ("post", "/log-entries/_search"),
}


def test_rule_02_report_before_you_see(daemon, operator, people, auditor):
    school, care, doctor = people
    mine = school.reports(ANNA, "ib-1")["id"]
    match = care.reports(ANNA, "jw-1")["match"]["id"]
    # Whoever has not signalled the child sees nothing of it and has no way to ask for it.
    assert doctor.matches() == doctor.signals() == doctor.told() == []
    for path in (f"/v1/matches/{match}", f"/v1/signals/{mine}"):
        assert doctor.get(path).status == 404
    for path in (f"/v1/signals?bsn={ANNA}", f"/v1/matches?child={ANNA}"):
        assert doctor.get(path).status == 400
    document = daemon.anonymous().get("/v1/openapi.json").json
    naming = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = json.dumps(operation.get("requestBody", {}))
            members = {member for name in re.findall(r"#/components/schemas/(\w+)", body)
                       for member in document["components"]["schemas"][name]["properties"]}
            members |= {parameter.get("name") for parameter in operation["parameters"]}
            if members & {"bsn", "bsns", "element", "elements", "person"}:
                naming.add((method, path))
    assert naming - {("post", "/pseudonyms/_evaluate")} == NAMING_A_CHILD
    # Having signalled, it sees; having left, it does not any more.
    first = doctor.reports(ANNA, "arts")
    assert first["match"]["id"] == match
    operator.pass_time("2h")
    assert doctor.withdraw(first["id"]).status == 204
    assert doctor.get(f"/v1/matches/{match}").status == 404
    assert auditor.told() == []  # it stayed long enough
    # Nor does anybody stand out who withdraws at once, and has seen nothing.
    lonely = doctor.reports(CARLA, "arts")["id"]
    assert doctor.withdraw(lonely, "wrongful").status == 204
    assert auditor.told() == []
    # To signal, look, and withdraw stands out in the log, and is told to auditors.
    peeking = doctor.reports(ANNA, "arts")["id"]
    assert doctor.get(f"/v1/matches/{match}").status == 200
    operator.pass_time("30m")
    assert doctor.withdraw(peeking, "wrongful").status == 204
    (suspicion,) = auditor.is_told("peek-suspected")
    assert suspicion["data"].keys() == {"logIndex", "organisation"}
    assert suspicion["data"]["organisation"] == {"oin": doctor.oin, "name": doctor.organisation}
    entry = auditor.entry(suspicion["data"]["logIndex"])
    assert entry["record"]["name"] == "peek-suspected" and entry["subject"] is not None
    assert entry["record"]["attributes"]["verwijsindex.object"] == f"signal:{peeking}"


def test_rule_03_what_is_kept(daemon, operator, people, municipality):
    school, care, _ = people
    born = years_later(dutch_day(), -9) - datetime.timedelta(3)
    signal = school.reports(ANNA, "ib-1", born, reference="groep6-14")
    assert signal.keys() == {"id", "status", "reportedAt", "removalDate", "professional",
                             "municipality", "reference", "match"}
    kept = school.get(f"/v1/signals/{signal['id']}")
    assert kept.json == {name: value for name, value in signal.items() if name != "match"}
    # From the birth date nothing is kept but when it ends; no reason, name or risk is taken in.
    assert signal["removalDate"] == str(years_later(daemon.today(), 2))
    assert str(born) not in kept.text
    for member in ("familyName", "reason", "risk", "remark", "address"):
        assert school.signal(BORIS, "ib-1", **{member: "x"}).pointers == [f"#/{member}"]
    # The party's own reference is for the party alone.
    care.reports(ANNA, "jw-1", born)
    for party in (care, municipality):
        assert "groep6-14" not in party.get("/v1/matches").text + json.dumps(party.told())
    # The youth, too, is shown nothing else.
    pack = municipality.ask_access(ANNA, born).json
    assert {frozenset(one) for one in pack["signals"]} == {frozenset((
        "status", "reportedAt", "removalDate", "erasureDate", "endedAt", "organisation",
        "professional", "municipality"))}
    # And when the last term is over, nothing at all is left.
    school.withdraw(signal["id"])
    operator.go_to(daemon.today(8 * 366))
    until(lambda: operator.status()["signals"] == 0)
    later = municipality.ask_access(ANNA, born, "youth").json
    assert (later["held"], later["signals"], later["matches"]) == (False, [], [])


def test_rule_04_what_a_notice_carries(operator, people, municipality, registry):
    school, care, doctor = people
    moments = [school.reports(ANNA, "ib-1", reference="van ons")["reportedAt"]]
    operator.pass_time("40d")
    moments.append(care.reports(ANNA, "jw-1")["reportedAt"])
    (told,) = school.told()
    assert told["data"].keys() == {"matchId", "matchKey", "kind", "ownSignal", "involved"}
    assert told["data"]["ownSignal"] == {"id": school.signals()[0]["id"], "reference": "van ons",
                                         "professional": "ib-1"}
    assert told["data"]["involved"] == [{
        "organisation": {"oin": care.oin, "name": care.organisation},
        "professional": {"name": "Naam van jw-1", "function": "intern begeleider",
                         "email": "jw-1@example.nl", "phone": "+31 72 555 0101"}}]
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", told["data"]["matchKey"])
    # Whoever came later sees no moment from before; and nobody any reason or number.
    for party in (care, municipality):
        text = json.dumps(party.told()) + party.get("/v1/matches").text
        assert moments[0][:10] not in text and moments[1][:10] in text
        assert "van ons" not in text and ANNA not in text
    # Of those who were involved before: who, and how to reach them. Not when.
    school.withdraw(school.signals()[0]["id"])
    operator.pass_time("5d")
    doctor.reports(ANNA, "arts")
    (before,) = doctor.told("archived-involvement")
    assert before["data"].keys() == {"ownSignal", "involved"}
    assert names(before["data"]["involved"]) == ["Naam van ib-1"]
    assert before["data"]["involved"][0]["professional"].keys() == CONTACT
    assert moments[0][:10] not in json.dumps(doctor.told())
    # Of a family: that it is about another child, and not who is on which.
    care.reports(BORIS, "jw-1")
    care.reports(BORIS, "jw-2")
    school.reports(CARLA, "ib-2")
    for child in (BORIS, CARLA):
        registry.tells("relations", bsn=child, parents=[MOTHER])
    (family,) = school.told("match-formed")[1:]
    assert family["data"]["kind"] == "family"
    assert family["data"].keys() == {"matchId", "matchKey", "kind", "ownSignal", "involved"}
    assert names(family["data"]["involved"]) == ["Naam van jw-1", "Naam van jw-2"]
    for notice in care.told("match-formed"):
        if notice["data"]["kind"] == "family":
            # The colleague on the same child and the teacher of the other stand side by side.
            mine = notice["data"]["ownSignal"]["professional"]
            other = {"jw-1": "jw-2", "jw-2": "jw-1"}[mine]
            assert names(notice["data"]["involved"]) == ["Naam van ib-2", f"Naam van {other}"]
            assert {frozenset(one) for one in notice["data"]["involved"]} == {
                frozenset(("organisation", "professional"))}


def test_rule_05_the_bsn_never_comes_back(daemon, operator, people, municipality, registry,
                                          auditor, tmp_path):
    """Every route that takes a number takes some, right and wrong; then all that was answered,
    said, logged, exported and kept is searched for them."""
    school, care, doctor = people
    numbers = [bsn_with_leading_zero(), bsn_with_leading_zero(1), bsn(33), bsn(34), "950000013"]
    operator.allow(doctor, "quiet")
    heard = []
    for number in numbers:
        short = number[1:] if number[0] == "0" else number
        heard += [school.signal(number, "ib-1"), care.signal(short, "jw-1"),
                  doctor.signal(number, "arts", quiet=True), school.signal(number, number),
                  school.get(f"/v1/signals?reference={number}"), school.get(f"/v1/{number}"),
                  school.post(f"/v1/signals/{number}/_renew", {"birthDate": number}),
                  doctor.post("/v1/signals/_count-notices", {"bsns": [number] * 100}),
                  doctor.post("/v1/signals/_count-notices",
                              {"bsns": [number] + [bsn(n) for n in range(99)]}),
                  municipality.ask_access(number),
                  municipality.ask_access(number, headers={"Accept": "text/plain"}),
                  municipality.erase(number, "archive"),
                  auditor.post("/v1/log-entries/_search", {"bsn": number, "caseReference": "z"})]
        for event in ({"type": "relations", "parents": [number], "address": number},
                      {"type": "moved", "municipality": "0362"},
                      {"type": "bsn-replaced", "replacedBy": number}, {"type": number}):
            heard.append(registry.post("/v1/person-events", {"bsn": number, **event}))
    heard.append(registry.post("/v1/person-events", {
        "type": "bsn-replaced", "bsn": numbers[0], "replacedBy": numbers[1]}))
    for party in (school, care, doctor, municipality, auditor, registry):
        heard += [party.get(f"/v1/{path}") for path in ("signals", "matches", "notices?limit=500",
                                                       "log-entries?limit=500", "statistics")]
    assert {answer.status for answer in heard} >= {200, 201, 204, 400, 403, 404}
    said = [answer.body + str(answer.header_list).encode() for answer in heard]
    assert auditor.vix("audit", "export", "--out", tmp_path / "export").returncode == 0
    operator.backup(tmp_path / "backup")
    daemon.close_clients()
    daemon.stop()
    said.append(daemon.log.encode())
    for place in (tmp_path, daemon.store):
        said += [path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()]
    for number in numbers:
        for content in said:
            assert number.lstrip("0").encode() not in content


def family_told(start_daemon, policy):
    """Three children in an index of this policy: the first two share a mother, the last two a home;
    which pairs are told of each other."""
    daemon = start_daemon(policy={"family_match": policy})
    operator = daemon.operator
    registry = operator.admit(daemon.pki.named("registry"), roles=("registry",),
                              municipality=None, until=None)
    reporters = [operator.admit(name) for name in ("school", "care", daemon.pki.named("doctor"))]
    for party, child in zip(reporters, (ANNA, BORIS, CARLA)):
        party.reports(child, party.designate("p"))
    registry.tells("relations", bsn=ANNA, parents=[MOTHER, FATHER], address="1811AA 1")
    registry.tells("relations", bsn=BORIS, parents=[MOTHER], address="1811AA 2")
    registry.tells("relations", bsn=CARLA, parents=[OTHER_PARENT], address=" 1811aa  2 ")
    told = set()
    for party in reporters:
        for notice in party.told():
            assert (kind_of(notice), notice["data"]["kind"]) == ("match-formed", "family")
            (other,) = notice["data"]["involved"]
            told.add(frozenset((party.organisation, other["organisation"]["name"])))
    daemon.close_clients()
    daemon.stop()
    first, second, third = (party.organisation for party in reporters)
    return told, frozenset((first, second)), frozenset((second, third))


def test_rule_06_who_is_told(daemon, operator, people, municipality, town, registry, start_daemon):
    school, care, doctor = people
    # Everybody with a live signal is told, the new one included; who has left is not.
    care.withdraw(care.reports(ANNA, "jw-2")["id"])
    operator.pass_time("2h")
    school.reports(ANNA, "ib-1")
    assert school.told("match-formed") == care.told() == municipality.told() == []
    care.reports(ANNA, "jw-1")
    doctor.reports(ANNA, "arts")
    assert school.kinds()[-2:] == ["match-formed", "match-joined"]
    assert [kind_of(n) for n in doctor.told() if "involved" in n["data"]
            and "matchId" in n["data"]] == ["match-formed"]
    # So is the municipality of the signals, once; no other.
    assert municipality.kinds() == ["match-formed"] and town.told() == []
    assert len(municipality.matches()) == 1 and town.matches() == []
    # Once the register has told where the youth lives, that municipality decides.
    registry.tells("moved", bsn=BORIS, municipality="0362")
    school.reports(BORIS, "ib-1")
    care.reports(BORIS, "jw-1")
    assert town.kinds() == ["match-formed"] and municipality.kinds() == ["match-formed"]
    assert ids(town.matches()) != ids(municipality.matches())
    # A family: by what the policy says, each pair apart, never the friend of a friend.
    for policy, by_parent, by_address in (("parent", True, False), ("address", False, True),
                                          ("both", True, True), ("no", False, False)):
        told, siblings, housemates = family_told(start_daemon, policy)
        expected = [siblings] * by_parent + [housemates] * by_address
        assert told == set(expected), policy


def test_rule_07_contact_data_is_resolved_when_read(operator, people, municipality):
    school, care, _ = people
    school.designate("ib-1", phone="+31 72 555 0101")
    for child in (ANNA, BORIS, CARLA):
        school.reports(child, "ib-1")
        care.reports(child, "jw-1")

    def shown():
        """The school's contact in every match and notice of the others, which must be the same."""
        seen = [one for shown in care.matches() + [n["data"] for n in care.told()]
                + municipality.matches() + [n["data"] for n in municipality.told()]
                for one in shown["involved"] if one["organisation"]["oin"] == school.oin]
        assert len(seen) == 12 and all(one == seen[0] for one in seen)
        return seen[0]["organisation"]["name"], *seen[0]["professional"].values()

    assert shown()[1:] == ("Naam van ib-1", "intern begeleider", "ib-1@example.nl",
                           "+31 72 555 0101")
    # A new number, name and address are right everywhere at the next look.
    school.designate("ib-1", "Sanne de Wit", "zorgcoördinator", "wit@linde.nl", "+31 6 1234")
    operator.put(f"/control/parties/{school.oin}", {"name": "De Nieuwe Linde"})
    assert shown() == ("De Nieuwe Linde", "Sanne de Wit", "zorgcoördinator", "wit@linde.nl",
                       "+31 6 1234")
    # She leaves, and a colleague takes over: one operation, and the others see the colleague.
    assert school.transfer("ib-1", "ib-2").json == {"moved": 3, "merged": 0}
    assert shown()[1] == "Naam van ib-2"
    assert {signal["professional"] for signal in school.signals()} == {"ib-2"}
    assert school.delete("/v1/professionals/ib-1").status == 204
    school.designate("ib-2", phone="+31 6 5678")
    assert shown()[-1] == "+31 6 5678"


def test_rule_08_follow_up(daemon, operator, people, municipality, town):
    school, care, doctor = people
    school.reports(ANNA, "ib-1")
    match = care.reports(ANNA, "jw-1")["match"]
    formed = care.told()[0]["time"]
    assert match["status"] == "open"
    assert match["followUpDueDate"] == str(daemon.today(14))
    # The school reads its notice and says so; the care provider does not; nobody calls.
    assert school.acknowledge(1).status == 204
    operator.pass_time("13d")
    assert [one["status"] for one in municipality.matches()] == ["open"]
    operator.pass_time("2d")
    (stalled,) = municipality.is_told("follow-up-stalled")
    assert stalled["data"].keys() == {"matchId", "matchKey", "kind", "involved", "unread"}
    assert stalled["data"]["matchKey"] == match["key"]
    assert names(stalled["data"]["involved"]) == ["Naam van ib-1", "Naam van jw-1"]
    (unread,) = stalled["data"]["unread"]
    assert unread["organisation"]["oin"] == care.oin and unread["since"] == formed
    assert unread["professional"]["name"] == "Naam van jw-1"
    assert [one["status"] for one in municipality.matches()] == ["stalled"]
    assert school.matches()[0]["status"] == "stalled"
    # The municipality has access for that only: no signal, no reference, no child.
    assert "ownSignals" not in municipality.matches()[0]
    for path in ("/v1/signals", "/v1/professionals", "/v1/log-entries"):
        assert municipality.get(path).problem == "role-missing"
    # And another municipality has none.
    assert town.told() == town.matches() == []
    assert town.get(f"/v1/matches/{match['id']}").status == 404
    # They talk. One of them says so: that is enough.
    answer = care.confirm(match["id"], "jw-1")
    assert (answer.status, answer.json["status"]) == (200, "contacted")
    for party in (school, care, municipality):
        assert party.matches()[0]["status"] == "contacted"
    # Whoever joins later must be spoken to as well, within a term of its own.
    doctor.reports(ANNA, "arts")
    assert school.matches()[0]["status"] == "open"
    assert school.matches()[0]["followUpDueDate"] == str(daemon.today(14))
    assert doctor.confirm(match["id"], "arts").status == 200
    operator.pass_time("60d")
    operator.is_idle()
    assert school.matches()[0]["status"] == "contacted"
    assert len(municipality.told("follow-up-stalled")) == 1


def test_rule_09_end_of_a_signal(daemon, operator, people, municipality, registry, auditor):
    school, care, doctor = people
    born = daemon.today()
    # Anna is born today. A signal that was a mistake is erased, and never was in any archive.
    mistake = school.reports(ANNA, "ib-1", born)["id"]
    assert school.withdraw(mistake, "wrongful").status == 204
    assert school.status_of(mistake) is None
    # One that has ended is archived. Whoever signals next hears of it, once; the other does not.
    over = school.reports(ANNA, "ib-1", born)["id"]
    operator.pass_time("60d")
    assert school.withdraw(over, "ended").status == 204
    assert school.status_of(over) == "archived"
    steady = care.reports(ANNA, "jw-1", born)
    assert steady["match"] is None and care.kinds() == ["archived-involvement"]
    assert care.signal(ANNA, "jw-1", born).status == 200  # the same signal: not told again
    assert care.kinds() == ["archived-involvement"] and school.told() == []
    # Two years are the term. Before they are over the owner is asked, and answers, year after
    # year: the signal keeps its id. The doctor does not answer.
    forgotten = doctor.reports(ANNA, "arts", born)["id"]
    for year in range(2, 23, 2):
        steady = care.get("/v1/signals?status=active").json["signals"][0]
        removal = datetime.date.fromisoformat(steady["removalDate"])
        operator.go_to(removal - datetime.timedelta(29))
        (prompt,) = until(lambda: [n for n in care.told("signal-renewal-due")
                                   if n["time"] > str(removal - datetime.timedelta(31))])
        assert prompt["data"].keys() == {"ownSignal", "removalDate"}
        assert prompt["data"]["ownSignal"]["id"] == steady["id"]
        assert prompt["data"]["removalDate"] == str(removal)
        if year == 2:
            operator.go_to(removal + datetime.timedelta(1))
            until(lambda: care.status_of(steady["id"]) == "archived")
            assert care.renew(steady["id"], born).status == 409  # too late
            care.reports(ANNA, "jw-1", born)
            continue
        renewed = care.renew(steady["id"], born)
        assert renewed.status == 200 and renewed.json["id"] == steady["id"]
        assert renewed.json["reportedAt"] > steady["reportedAt"]
        assert renewed.json["removalDate"] == str(min(years_later(daemon.today(), 2),
                                                      years_later(born, 23)))
        if renewed.json["removalDate"] == str(years_later(born, 23)):
            break
    # Archives last five years: of all that, only what is live is left.
    assert school.status_of(over) is None and doctor.status_of(forgotten) is None
    assert [s["status"] for s in care.signals()] == ["active"]
    # A month before her 23rd birthday there is one more in the archive. On the day all of it goes.
    operator.go_to(years_later(born, 23) - datetime.timedelta(20))
    late = doctor.reports(ANNA, "arts", born)["id"]
    assert late and doctor.withdraw(late).status == 204
    operator.go_to(years_later(born, 23) - datetime.timedelta(1))
    assert care.status_of(steady["id"]) == "active" and doctor.status_of(late) == "archived"
    operator.go_to(years_later(born, 23))
    until(lambda: care.signals() == doctor.signals() == [])
    assert operator.status()["signals"] == 0
    assert care.signal(ANNA, "jw-1", born).pointers == ["#/birthDate"]
    # Boris: death, told by the register, and Carla: an upheld objection, erase at once.
    for child in (BORIS, CARLA):
        birth = years_later(daemon.today(), -8)
        care.withdraw(care.reports(child, "jw-1", birth)["id"])
        school.reports(child, "ib-1", birth)
        doctor.reports(child, "arts", birth)
    told = [len(party.told()) for party in (school, care, doctor, municipality)]
    registry.tells("died", bsn=BORIS)
    assert municipality.erase(CARLA).json == {"erasedSignals": 3}
    assert [party.signals() for party in (school, care, doctor)] == [[], [], []]
    assert operator.status()["openMatches"] == 0
    for party, before in zip((school, care, doctor, municipality), told):
        assert len(party.told()) <= before  # nobody is told; what was told is gone as well
    # The logbook keeps that it was so, and how it ended; of the renewals only those of the last five
    # years, as `log_years` has it.
    assert len(of_log(auditor, ANNA, "signal-renewed")) == 2
    assert [event for event, _, _ in of_log(auditor, CARLA, "erasure-made")] == ["erasure-made"]


def test_rule_10_logbook(operator, people, municipality, registry, auditor, daemon, tmp_path):
    school, care, doctor = people
    school.reports(ANNA, "ib-1")
    match = care.reports(ANNA, "jw-1")["match"]["id"]
    school.notices()
    school.acknowledge(1)
    school.transfer("ib-1", "ib-2")
    school.confirm(match, "ib-2")
    registry.tells("moved", bsn=ANNA, municipality="0361")
    municipality.ask_access(ANNA)
    care.withdraw(care.signals()[0]["id"])
    municipality.erase(ANNA, "archive")
    # Who signalled, who was shown what, who received a notice, who removed, and by whose order.
    expected = [
        ("signal-posted", school.oin, "ib-1"), ("signal-posted", care.oin, "jw-1"),
        ("match-read", care.oin, "jw-1"), ("notice-offered", school.oin, "ib-1"),
        ("notice-acknowledged", school.oin, None), ("signal-transferred", school.oin, "ib-2"),
        ("contact-confirmed", school.oin, "ib-2"), ("match-read", school.oin, "ib-2"),
        ("person-moved", registry.oin, None), ("access-requested", municipality.oin, None),
        ("signal-withdrawn", care.oin, None), ("erasure-made", municipality.oin, None)]
    events = {event for event, _, _ in expected}
    assert [one[:2] for one in of_log(auditor, ANNA) if one[0] in events] == [
        one[:2] for one in expected]
    # Another child's book is another's; and for auditors only, whose reading is in it too.
    assert of_log(auditor, BORIS) == []
    assert [event for event, _, _ in of_log(auditor, BORIS)] == ["log-searched"]
    for party in (school, care, doctor, municipality, registry):
        assert party.get("/v1/log-entries").problem == "role-missing"
        assert party.post("/v1/log-entries/_search",
                          {"bsn": ANNA, "caseReference": "x"}).problem == "role-missing"
    # What is not said by anybody is said by the index itself: a day had come.
    operator.pass_time("800d")
    until(lambda: of_log(auditor, ANNA, "signal-archived"))
    assert of_log(auditor, ANNA, "signal-archived") == [("signal-archived", None, None)]
    # Nothing of it can be changed afterwards without being found out.
    assert auditor.vix("audit", "export", "--out", tmp_path / "log").returncode == 0
    checked = run_vix("audit", "verify", tmp_path / "log", "--key", daemon.vkey)
    assert checked.returncode == 0 and "verified" in checked.stdout


def test_rule_11_rights_of_the_youth(daemon, operator, people, municipality, town, registry,
                                     auditor):
    school, care, doctor = people
    operator.agree(doctor, "0362")
    school.withdraw(school.reports(ANNA, "ib-1")["id"])
    care.reports(ANNA, "jw-1")
    doctor.reports(ANNA, "arts", municipality="0362")
    assert len(care.notices()) == 2
    # Everything held under the municipality that is asked, and who was told what; and the proof
    # that it was asked, which verifies without the index.
    pack = municipality.ask_access(ANNA).json
    assert pack["held"] is True and pack["municipality"] == "0361"
    assert sorted((s["organisation"]["name"], s["status"]) for s in pack["signals"]) == sorted([
        (school.organisation, "archived"), (care.organisation, "active")])
    assert [match["kind"] for match in pack["matches"]] == ["child"]
    # A notice that went out, and a match that was read, are disclosures; both are told.
    assert ("notice-offered", care.organisation) in [
        (one["event"], one["organisation"]["name"]) for one in pack["told"] if one["organisation"]]
    assert pack["toldComplete"] is True
    index, record, size, root, _ = open_receipt(pack["receipt"], daemon.vkey)
    assert (index, record["name"]) == (pack["logIndex"], "access-requested")
    assert record["attributes"]["verwijsindex.count"] == 2
    assert open_checkpoint(checkpoint_of(municipality), daemon.vkey)[0] >= size
    leaves = [leaf_of(entry) for entry in auditor.log_entries()]
    assert root_of(leaves[:size]) == root
    # The other municipality answers for what is its own; both can prove that nothing is held.
    assert [s["organisation"]["name"] for s in town.ask_access(ANNA).json["signals"]] == [
        doctor.organisation]
    # Where somebody lives is told where that is, and where there is a signal; nowhere else.
    registry.tells("moved", bsn=BORIS, municipality="0362")
    assert town.ask_access(BORIS).json["registry"]["residence"] == "0362"
    elsewhere = municipality.ask_access(BORIS).json
    assert elsewhere["held"] is False and elsewhere["registry"]["residence"] is None
    nothing = municipality.ask_access(NOBODY).json
    assert nothing["held"] is False and nothing["statement"]
    assert nothing["signals"] == nothing["matches"] == nothing["told"] == []
    _, record, *_ = open_receipt(nothing["receipt"], daemon.vkey)
    assert record["attributes"].get("verwijsindex.count", 0) == 0
    # For people there is plain text.
    text = municipality.ask_access(ANNA, headers={"Accept": "text/plain"})
    assert text.headers["content-type"].startswith("text/plain")
    assert care.organisation in text.text and ANNA not in text.text
    # Under 12 the representative asks, from 12 to 15 both, from 16 the youth.
    for years, who in ((0, "representative"), (11, "representative"), (12, "both"), (15, "both"),
                       (16, "youth"), (22, "youth")):
        for day, by in ((0, who), (1, {12: "representative", 16: "both"}.get(years, who))):
            born = years_later(daemon.today(day), -years)
            if born > daemon.today():
                continue
            for asker in ("representative", "both", "youth"):
                asked = municipality.ask_access(NOBODY, born, asker)
                assert (asked.status == 200) == (asker == by), (born, asker, asked)
                assert asked.status == 200 or asked.pointers == ["#/requestedBy"]
    # An objection is upheld: first for the archive, then for all; of this municipality only.
    assert municipality.erase(ANNA, "archive").json == {"erasedSignals": 1}
    assert school.signals() == [] and len(care.signals()) == 1
    assert municipality.erase(ANNA, "all", "bezwaar gegrond, art. 21").json == {"erasedSignals": 1}
    assert care.signals() == [] and len(doctor.signals()) == 1
    assert municipality.ask_access(ANNA).json["held"] is False
    assert town.ask_access(ANNA).json["held"] is True
    # All of it is in the log, with its ground and case; auditors are told of every request.
    erasures = auditor.log_entries(event="erasure-made")
    assert [e["record"]["attributes"]["verwijsindex.case_reference"] for e in erasures] == [
        "bezwaar-1", "bezwaar-1"]
    assert "bezwaar gegrond, art. 21" in json.dumps(erasures)
    requests = auditor.log_entries(event="access-requested")
    assert [n["data"]["logIndex"] for n in auditor.told("access-requested")] == [
        entry["index"] for entry in requests]


def test_rule_12_a_youth_without_bsn(operator, people, municipality, registry):
    school, care, doctor = people

    def called(name, born="2015-05-01", sex="V"):
        return {"person": {"familyName": name, "birthDate": born, "sex": sex}}

    # Family name, birth date and sex stand in for the number, however they are spelt.
    first = school.post("/v1/signals", {**called("van der Berg-Çelik"), "professional": "ib-1"})
    assert first.status == 201 and first.json["match"] is None
    match = care.signal(called("BERG CELIK, van der", sex="female"), "jw-1").json["match"]
    assert names(match["involved"]) == ["Naam van ib-1"]
    # Another name, date or sex is another youth.
    for other in (called("van der Burg-Çelik"), called("Berg Celik", "2015-05-02"),
                  called("Berg Celik", sex="M"), called("Berg Celik", sex="X")):
        assert doctor.signal(other, "arts", other["person"]["birthDate"]).json["match"] is None
    # Nothing of the name comes back, and the birth date is said in one place.
    for party in (school, care, municipality):
        shown = party.get("/v1/matches").text + json.dumps(party.told())
        assert "elik" not in shown.lower() and "2015-05-01" not in shown
    assert school.signal(called("Berg"), "ib-1", "2015-05-02").status == 400
    # Then a number is assigned. Who signalled the name and who signals the number are told.
    anna = doctor.reports(ANNA, "arts")
    assert anna["match"] is None
    registry.tells("bsn-assigned", bsn=ANNA, **called("Berg-Celik"))
    assert names(doctor.matches()[0]["involved"]) == ["Naam van ib-1", "Naam van jw-1"]
    assert doctor.kinds() == ["match-formed"] and "match-joined" in school.kinds()
    assert school.signal(ANNA, "ib-1").json["id"] == first.json["id"]
    assert care.signal(called("Berg-Celik"), "jw-1").status == 200


def test_rule_13_a_replaced_bsn(operator, people, municipality, registry, auditor):
    school, care, doctor = people
    old, new = ANNA, BORIS
    first = school.reports(old, "ib-1")
    second = care.reports(new, "jw-1")
    assert first["match"] is second["match"] is None
    twice = [doctor.reports(old, "arts"), None]
    operator.pass_time("10d")
    twice[1] = doctor.reports(new, "arts")
    # The register tells that it is one child: those of the one number match with the others.
    registry.tells("bsn-replaced", bsn=old, replacedBy=new)
    (match,) = care.matches()
    assert names(match["involved"]) == ["Naam van arts", "Naam van ib-1"]
    assert names(school.matches()[0]["involved"]) == ["Naam van arts", "Naam van jw-1"]
    assert ids(school.get("/v1/matches?status=open").json["matches"]) == [match["id"]]
    # The doctor had signalled both: one signal is left, the later; the other is no more.
    assert [signal["id"] for signal in doctor.signals()] == [twice[1]["id"]]
    assert doctor.withdraw(twice[0]["id"]).status == 204  # its client may not have heard
    (merged,) = auditor.log_entries(event="signal-merged")
    assert merged["record"]["attributes"]["verwijsindex.object"] == f"signal:{twice[0]['id']}"
    # The old number keeps working, for as long as there is something under it.
    assert school.signal(new, "ib-1").json["id"] == first["id"]
    joined = school.signal(old, "ib-2").json
    assert joined["match"]["id"] == match["id"]
    assert "match-joined" in care.kinds()
    # What is asked, told and erased by either number is about the one child.
    packs = [municipality.ask_access(number).json for number in (old, new)]
    assert [len(pack["signals"]) for pack in packs] == [4, 4]
    assert packs[0]["registry"]["formerNumbers"] == 1
    registry.tells("died", bsn=old)
    assert operator.status()["signals"] == 0 and operator.status()["openMatches"] == 0


def test_rule_14_moves(operator, people, municipality, town, registry):
    school, care, doctor = people
    mine = school.reports(ANNA, "ib-1", reference="groep6-14")
    match = care.reports(ANNA, "jw-1")["match"]["id"]
    school.reports(BORIS, "ib-1")
    assert town.matches() == []
    registry.tells("moved", bsn=ANNA, municipality="0362")
    # The reporters are told where, and about which of their own signals it is.
    (moved,) = school.told("youth-moved")
    assert moved["data"] == {"municipality": "0362", "ownSignal": {
        "id": mine["id"], "reference": "groep6-14", "professional": "ib-1"}}
    assert care.kinds() == ["match-formed", "youth-moved"] and doctor.told() == []
    # The follow-up of the new municipality is told who is involved, and sees the match.
    (notice,) = town.told("youth-moved")
    assert notice["data"].keys() == {"matchId", "matchKey", "kind", "involved"}
    assert names(notice["data"]["involved"]) == ["Naam van ib-1", "Naam van jw-1"]
    assert ids(town.matches()) == [match]
    assert "youth-moved" not in municipality.kinds()
    # From now on it is theirs: a match that stalls is told there.
    operator.pass_time("16d")
    town.is_told("follow-up-stalled")
    assert municipality.told("follow-up-stalled") == []
    # One without a match is nobody's follow-up: its reporter alone is told of the move.
    registry.tells("moved", bsn=BORIS, municipality="0362")
    assert len(school.told("youth-moved")) == 2 and len(town.told("youth-moved")) == 1


def test_rule_15_terms_and_wind_down(start_daemon, tmp_path):
    # Other terms than the law's, in the policy file: a youth is one until 18, a signal lasts a
    # year, an archive one, follow-up three days.
    daemon = start_daemon(policy={"active_years": 1, "archive_years": 1, "age_limit": 18,
                                  "follow_up_days": 3, "renewal_prompt_days": 10})
    operator = daemon.operator
    school, care = (operator.admit(name) for name in ("school", "care"))
    town = operator.admit("municipality", roles=("municipality",))
    auditor = operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
    school.designate("ib-1")
    care.designate("jw-1")
    born = years_later(daemon.today(), -18)
    assert school.signal(ANNA, "ib-1", born).pointers == ["#/birthDate"]
    born = years_later(daemon.today(), -10)
    signal = school.reports(ANNA, "ib-1", born)
    assert signal["removalDate"] == str(years_later(daemon.today(), 1))
    assert care.reports(ANNA, "jw-1", born)["match"]["followUpDueDate"] == str(daemon.today(3))
    operator.pass_time("5d")
    town.is_told("follow-up-stalled")
    operator.pass_time("361d")
    until(lambda: school.status_of(signal["id"]) == "archived")
    assert school.kinds() == ["match-formed", "signal-renewal-due", "signal-removed"]
    operator.pass_time("367d")
    until(lambda: operator.status()["signals"] == 0)
    # The law is withdrawn. What is there is destroyed, and what is left proves it.
    school.reports(BORIS, "ib-1", born)
    head = tmp_path / "head"
    head.write_text(checkpoint_of(auditor))
    receipt = open_receipt(town.ask_access(BORIS, born, "both").json["receipt"], daemon.vkey)
    remains = tmp_path / "remains"
    daemon.close_clients()
    done = operator.vix("wind-down", remains, "--confirm", "verwijsindex.example/log")
    assert done.returncode == 0, done.stderr
    assert daemon.wait_for_exit() == 0
    assert not list(daemon.keys.glob("epoch-*.key"))
    assert not (daemon.store / "data.mdb").exists()
    checked = run_vix("audit", "verify", remains, "--key", daemon.vkey, "--since", head)
    assert checked.returncode == 0, checked.stdout
    leaves = (remains / "leaves").read_bytes()
    assert receipt[2] <= len(leaves) // 32
    assert sorted(path.name for path in remains.iterdir()) == ["final-checkpoint", "leaves",
                                                               "statement"]
