# SPDX-License-Identifier: EUPL-1.2
"""Details of the rules that the index must hold (Jeugdwet chapter 7.1), each by its number; the
whole of each is lived through in test_domain_rules.py."""
import calendar
import datetime
import json
import re
import zoneinfo

import pytest

from actors import bsn, bsn_with_leading_zero, dutch_day, kind_of, until, years_later

SIGNAL_MEMBERS = {"id", "status", "reportedAt", "removalDate", "professional", "municipality",
                  "reference"}
EVENT_MEMBERS = {"specversion", "id", "source", "type", "time", "sequence", "sequencetype",
                 "datacontenttype", "data"}
MATCH_MEMBERS = {"id", "key", "kind", "status", "notifiedAt", "followUpDueDate", "involved",
                 "ownSignals"}
CONTACT_MEMBERS = {"name", "function", "email", "phone"}


def kinds(notices):
    return [kind_of(notice) for notice in notices]


def dutch_date(signal):
    """On which a signal was reported."""
    instant = datetime.datetime.fromisoformat(signal.json["reportedAt"].replace("Z", "+00:00"))
    return instant.astimezone(zoneinfo.ZoneInfo("Europe/Amsterdam")).date()


# ---- 1: who may signal ----

def test_rule_01_a_designated_professional_signals_without_consent(school, operator):
    school.designate("ib-1")
    assert school.signal(bsn(0), "ib-1").status == 201
    for undesignated in ("ib-2", "IB-1", "ib-1."):
        answer = school.signal(bsn(1), undesignated)
        assert (answer.status, answer.problem) == (400, "invalid-request")
        assert answer.pointers == ["#/professional"]
    # Nobody is asked, and nothing may say that somebody was.
    answer = school.signal(bsn(1), "ib-1", consent=True)
    assert (answer.status, answer.pointers) == (400, ["#/consent"])
    assert operator.status()["signals"] == 1


def test_rule_01_a_professional_of_another_party_is_nobody_here(school, care):
    care.designate("jw-1")
    answer = school.signal(bsn(0), "jw-1")
    assert (answer.status, answer.pointers) == (400, ["#/professional"])
    assert school.get("/v1/professionals/jw-1").status == 404


def test_rule_01_only_under_a_live_agreement(admit, operator, daemon):
    never = admit("school", municipality=None, until=None)
    for answer in (never.put("/v1/professionals/ib-1", {"name": "X"}), never.signal(bsn(0), "ib-1"),
                   never.get("/v1/matches"), never.get("/v1/notices")):
        assert (answer.status, answer.problem) == (403, "agreement-ended")
    past = admit("care", until=str(dutch_day(-2)))
    assert past.signal(bsn(0), "jw-1").problem == "agreement-ended"
    operator.agree(past, "0361")
    past.designate("jw-1")
    assert past.signal(bsn(0), "jw-1").status == 201
    assert daemon.party("stranger").signal(bsn(0), "x").problem == "unknown-party"
    assert operator.status()["signals"] == 1


def test_rule_01_only_under_an_agreement_with_that_municipality(school, operator):
    school.designate("ib-1")
    answer = school.signal(bsn(0), "ib-1", municipality="0362")
    assert (answer.status, answer.pointers) == (400, ["#/municipality"])
    operator.agree(school, "0362")
    # With two, it must be said which.
    answer = school.signal(bsn(0), "ib-1")
    assert (answer.status, answer.pointers) == (400, ["#/municipality"])
    answer = school.signal(bsn(0), "ib-1", municipality="0362")
    assert (answer.status, answer.json["municipality"]) == (201, "0362")
    operator.agree(school, "0362", until="2020-01-01")
    assert school.signal(bsn(1), "ib-1").json["municipality"] == "0361"
    answer = school.signal(bsn(2), "ib-1", municipality="0362")
    assert (answer.status, answer.pointers) == (400, ["#/municipality"])


# ---- 2: report before you see ----

def test_rule_02_report_before_you_see(admit, school, care):
    outsider = admit("rsa")
    for party in (school, care, outsider):
        party.designate("p")
    mine = school.signal(bsn(0), "p").json["id"]
    match = care.signal(bsn(0), "p").json["match"]["id"]
    assert outsider.signal(bsn(1), "p").json["match"] is None
    # Whoever has not signalled the child sees nothing of it ...
    assert outsider.matches() == [] and outsider.notices() == []
    assert [s["id"] for s in outsider.signals()] != [mine]
    assert outsider.get(f"/v1/matches/{match}").status == 404
    assert outsider.get(f"/v1/signals/{mine}").status == 404
    # ... has no way to ask for it ...
    for path in (f"/v1/signals?bsn={bsn(0)}", f"/v1/matches?bsn={bsn(0)}",
                 f"/v1/matches?child={bsn(0)}"):
        assert outsider.get(path).status == 400
    for path in ("/v1/children", "/v1/persons", "/v1/signals/_search", "/v1/matches/_search"):
        assert outsider.post(path, {"bsn": bsn(0)}).status in (404, 405)
    # ... and sees it by signalling.
    answer = outsider.signal(bsn(0), "p")
    assert answer.json["match"]["id"] == match
    assert outsider.get(f"/v1/matches/{match}").status == 200
    # Whoever leaves sees it no longer.
    assert outsider.withdraw(answer.json["id"]).status == 204
    assert outsider.get(f"/v1/matches/{match}").status == 404
    assert outsider.matches() == []


# ---- 3: what is kept ----

def test_rule_03_what_is_kept_of_a_signal_and_nothing_else(school, care):
    school.designate("ib-1")
    care.designate("jw-1")
    posted = school.signal(bsn(0), "ib-1", birth_date="2014-06-07", reference="dossier-17")
    assert posted.json.keys() == SIGNAL_MEMBERS | {"match"}
    kept = school.get(posted.headers["location"])
    assert kept.json.keys() == SIGNAL_MEMBERS
    assert school.signals() == [kept.json]
    assert "2014-06-07" not in kept.text + posted.text
    # Nothing more is taken in.
    for member in ("familyName", "reason", "risk", "remark", "address"):
        answer = school.signal(bsn(1), "ib-1", **{member: "x"})
        assert (answer.status, answer.pointers) == (400, [f"#/{member}"])
    # The reference is shown to this party alone.
    match = care.signal(bsn(0), "jw-1").json["match"]
    assert "dossier-17" not in json.dumps(match)
    assert "dossier-17" not in json.dumps(care.notices())
    assert school.notices()[0]["data"]["ownSignal"]["reference"] == "dossier-17"


@pytest.mark.parametrize("age_in_days", [0, 3000, 21 * 365 - 30])
def test_rule_03_removed_after_two_years(school, age_in_days):
    school.designate("ib-1")
    answer = school.signal(bsn(0), "ib-1", birth_date=str(dutch_day(-age_in_days)))
    assert answer.json["removalDate"] == str(years_later(dutch_date(answer), 2))


@pytest.mark.parametrize("age_in_days", [21 * 365 + 30, 22 * 365, 23 * 365 - 5])
def test_rule_03_removed_on_the_23rd_birthday_when_that_comes_first(school, age_in_days):
    school.designate("ib-1")
    birth = dutch_day(-age_in_days)
    answer = school.signal(bsn(0), "ib-1", birth_date=str(birth))
    assert answer.json["removalDate"] == str(years_later(birth, 23))


def test_rule_03_a_birthday_on_29_february_counts_as_1_march(school, operator):
    """Goes to shortly before the next 23rd birthday of somebody who was born on one."""
    school.designate("ib-1")
    year = next(y for y in range(dutch_day().year - 23, dutch_day().year) if calendar.isleap(y)
                and datetime.date(y + 23, 3, 1) > dutch_day(2))
    birthday = datetime.date(year + 23, 3, 1)
    if birthday > dutch_day(101):
        operator.advance(((birthday - dutch_day()).days - 100) * 86400)
    answer = school.signal(bsn(0), "ib-1", birth_date=f"{year}-02-29")
    assert answer.json["removalDate"] == str(birthday)


# ---- 4: what a notice carries ----

def test_rule_04_a_notice_carries_who_else_and_how_to_reach_them(school, care):
    school.designate("ib-1", name="Sanne", function="ib'er", email="s@x.nl", phone="1")
    care.designate("jw-1", name="Yusuf", function="jeugdarts", email="y@x.nl", phone="2")
    school.signal(bsn(0), "ib-1")
    match = care.signal(bsn(0), "jw-1").json["match"]
    (notice,) = school.notices()
    assert notice.keys() == EVENT_MEMBERS
    data = notice["data"]
    assert data.keys() == {"matchId", "matchKey", "kind", "ownSignal", "involved"}
    assert data["ownSignal"].keys() == {"id", "reference", "professional"}
    assert data["involved"] == [{
        "organisation": {"oin": care.oin, "name": care.organisation},
        "professional": {"name": "Yusuf", "function": "jeugdarts", "email": "y@x.nl",
                         "phone": "2"}}]
    assert (data["matchId"], data["matchKey"], data["kind"]) == (match["id"], match["key"], "child")
    assert match.keys() == MATCH_MEMBERS
    assert match["involved"][0]["professional"].keys() == CONTACT_MEMBERS
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", match["key"])


def test_rule_04_no_date_of_anothers_signal(school, care, municipality, operator, admit):
    """Whoever comes later sees no moment from before it came, in notice, match or list."""
    latest = admit("rsa")
    for party in (school, care, latest):
        party.designate("p")
    moments = []
    for party in (school, care, latest):
        moments.append(party.signal(bsn(0), "p").json["reportedAt"])
        operator.advance(40 * 86400)
    for party, since in ((care, moments[1]), (latest, moments[2]), (municipality, moments[1])):
        for text in (party.get("/v1/matches").text, party.get("/v1/notices").text):
            seen = re.findall(r'"(\d{4}-\d\d-\d\d)', text)
            assert min(seen) == since[:10]
    for party, since in ((school, moments[1]), (care, moments[1]), (latest, moments[2]),
                         (municipality, moments[1])):
        (match,) = party.matches()
        assert match["notifiedAt"] == since
        due = datetime.date.fromisoformat(match["followUpDueDate"])
        assert (due - datetime.date.fromisoformat(since[:10])).days in (14, 15)  # UTC, Dutch date


# ---- 5: the BSN never comes back ----

def test_rule_05_the_bsn_never_comes_back(daemon, school, care, municipality, auditor):
    numbers = [bsn_with_leading_zero(), bsn(0), "950000013"]
    heard = []
    for party, professional in ((school, "ib-1"), (care, "jw-1")):
        party.designate(professional)
        for number in numbers:
            heard.append(party.signal(number, professional))
            heard.append(party.signal(number[1:], professional))
            heard.append(party.get(f"/v1/signals?reference={number}"))
            heard.append(party.get(f"/v1/signals/{number}"))
            heard.append(party.get(f"/v1/{number}"))
        heard += [party.get(path) for path in ("/v1/signals", "/v1/matches", "/v1/notices")]
    heard += [municipality.get("/v1/matches"), municipality.get("/v1/notices")]
    for number in numbers:
        heard.append(auditor.post("/v1/log-entries/_search",
                                  {"bsn": number, "caseReference": "zaak-1"}))
    heard.append(auditor.get("/v1/log-entries?limit=500"))
    assert {answer.status for answer in heard} >= {200, 201, 400, 404}
    daemon.stop()
    for number in numbers:
        digits = number.lstrip("0")
        for answer in heard:
            assert digits not in answer.text and digits not in str(answer.header_list)
        assert digits not in daemon.log
        assert digits.encode() not in (daemon.store / "data.mdb").read_bytes()


# ---- 6: who is told ----

def test_rule_06_everyone_with_a_live_signal_is_told_the_new_one_included(school, care, admit):
    third = admit("rsa")
    for party in (school, care, third):
        party.designate("p")
    gone = care.signal(bsn(0), "p").json["id"]
    care.withdraw(gone)
    school.signal(bsn(0), "p")
    assert kinds(school.notices()) == ["archived-involvement"] and care.notices() == []
    third.signal(bsn(0), "p")
    assert kinds(school.notices())[1:] == ["match-formed"]
    assert sorted(kinds(third.notices())) == ["archived-involvement", "match-formed"]
    assert care.notices() == []  # no live signal any more


def test_rule_06_the_municipalities_of_the_signals_are_told(admit, operator, school, care):
    """Each that is a party, once for a match, whoever joins later; and no other."""
    alkmaar = admit("municipality", roles=("municipality",), municipality="0361")
    elsewhere = admit("rsa", roles=("municipality",), municipality="0362")
    nowhere = admit("supplier", roles=("municipality",), municipality="0363")
    operator.agree(care, "0362")
    school.designate("p")
    care.designate("p")
    care.designate("q")
    school.signal(bsn(0), "p")
    assert alkmaar.notices() == []  # one signal is nobody's business yet
    care.signal(bsn(0), "p", municipality="0361")
    assert kinds(alkmaar.notices()) == ["match-formed"] and elsewhere.notices() == []
    care.signal(bsn(0), "q", municipality="0362")
    assert kinds(alkmaar.notices()) == kinds(elsewhere.notices()) == ["match-formed"]
    assert nowhere.notices() == [] and nowhere.matches() == []
    (notice,) = elsewhere.notices()
    assert notice["data"].keys() == {"matchId", "matchKey", "kind", "involved"}
    assert len(notice["data"]["involved"]) == 3
    for party in (alkmaar, elsewhere):
        (match,) = party.matches()
        assert match.keys() == MATCH_MEMBERS - {"ownSignals"}
        assert party.get(f"/v1/matches/{match['id']}").json == match
    assert nowhere.get(f"/v1/matches/{match['id']}").status == 404


# ---- 7: contact data ----

def test_rule_07_contact_data_is_right_in_every_open_match_at_once(school, care, municipality,
                                                                   operator):
    school.designate("ib-1", phone="+31 72 555 0101")
    care.designate("jw-1")
    for n in range(3):
        school.signal(bsn(n), "ib-1")
        care.signal(bsn(n), "jw-1")
    school.designate("ib-1", name="Sanne de Wit", phone="+31 72 555 0199", email="wit@linde.nl")
    operator.put(f"/control/parties/{school.oin}", {"name": "De Nieuwe Linde"})
    expected = {"organisation": {"oin": school.oin, "name": "De Nieuwe Linde"},
                "professional": {"name": "Sanne de Wit", "function": "intern begeleider",
                                 "email": "wit@linde.nl", "phone": "+31 72 555 0199"}}
    matches, notices = care.matches(), care.notices()
    assert len(matches) == len(notices) == 3
    for shown in matches + [notice["data"] for notice in notices]:
        assert shown["involved"] == [expected]
    for shown in municipality.matches() + [notice["data"] for notice in municipality.notices()]:
        assert expected in shown["involved"]
    assert care.signal(bsn(0), "jw-1").json["match"]["involved"] == [expected]


# ---- 9: the end of a signal ----

def test_rule_09_withdrawn_as_ended_is_archived(school, care, municipality):
    school.designate("p")
    care.designate("p")
    mine = school.signal(bsn(0), "p").json["id"]
    match = care.signal(bsn(0), "p").json["match"]["id"]
    before = [len(party.notices()) for party in (school, care, municipality)]
    assert school.withdraw(mine, "ended").status == 204
    assert school.get(f"/v1/signals/{mine}").json["status"] == "archived"
    assert school.withdraw(mine, "ended").status == 204  # repeated
    assert school.get("/v1/signals?status=active").json["signals"] == []
    assert [s["id"] for s in school.get("/v1/signals?status=archived").json["signals"]] == [mine]
    # Nobody is told of the departure, and with one signal left there is no match any more.
    assert [len(party.notices()) for party in (school, care, municipality)] == before
    assert care.get(f"/v1/matches/{match}").json["status"] == "ended"
    assert care.get("/v1/matches?status=open").json["matches"] == []
    # A new signal of the same professional is a new one.
    again = school.signal(bsn(0), "p")
    assert again.status == 201 and again.json["id"] != mine
    assert again.json["match"]["id"] != match


def test_rule_09_withdrawn_as_wrongful_is_erased_and_retracted(school, care, municipality,
                                                               operator, auditor):
    school.designate("p")
    care.designate("p")
    wrong = school.signal(bsn(0), "p", reference="vergissing").json["id"]
    match = care.signal(bsn(0), "p").json["match"]["id"]
    school.notices()
    assert school.withdraw(wrong, "wrongful").status == 204
    assert school.get(f"/v1/signals/{wrong}").status == 404
    assert school.signals() == []
    assert school.withdraw(wrong, "wrongful").status == 204  # a tombstone answers
    # What it was told is erased with it; the others are told what they knew, and no more.
    assert school.notices() == []
    for party in (care, municipality):
        formed, retracted = party.notices()
        assert kinds([formed, retracted]) == ["match-formed", "match-retracted"]
        assert retracted["data"]["matchId"] == match
        assert "involved" not in retracted["data"]
    assert care.notices()[1]["data"]["ownSignal"]["professional"] == "p"
    assert "vergissing" not in json.dumps(care.notices())
    assert care.get(f"/v1/matches/{match}").json["status"] == "ended"
    assert operator.status()["signals"] == 1
    # After thirty days the tombstone is gone as well.
    operator.advance(31 * 86400)
    until(lambda: school.withdraw(wrong, "wrongful").status == 404)


def test_rule_09_after_two_years_a_signal_is_archived(school, care, operator, auditor):
    school.designate("p")
    care.designate("p")
    mine = school.signal(bsn(0), "p").json["id"]
    operator.advance(400 * 86400)
    match = care.signal(bsn(0), "p").json["match"]["id"]
    operator.advance(332 * 86400)
    until(lambda: school.get(f"/v1/signals/{mine}").json["status"] == "archived")
    until(lambda: care.get(f"/v1/matches/{match}").json["status"] == "ended")
    (entry,) = auditor.log_entries(event="signal-archived")
    assert entry["record"]["attributes"]["verwijsindex.object"] == f"signal:{mine}"
    assert "verwijsindex.party" not in entry["record"]["attributes"]


def test_rule_09_on_the_23rd_birthday_it_is_erased(school, operator):
    school.designate("p")
    birth = dutch_day(-22 * 365)
    mine = school.signal(bsn(0), "p", birth_date=str(birth)).json["id"]
    operator.advance(400 * 86400)
    until(lambda: school.get(f"/v1/signals/{mine}").status == 404)
    assert school.signal(bsn(0), "p", birth_date=str(birth)).pointers == ["#/birthDate"]


# ---- 10: the logbook ----

def test_rule_10_who_signalled_who_removed_who_received_and_when(school, care, auditor):
    school.designate("ib-1")
    care.designate("jw-1")
    mine = school.signal(bsn(0), "ib-1").json["id"]
    care.signal(bsn(0), "jw-1")
    school.notices()
    school.acknowledge(1)
    care.withdraw(care.signals()[0]["id"], "ended")
    found = auditor.post("/v1/log-entries/_search", {"bsn": bsn(0), "caseReference": "inspectie"})
    told = {}
    for entry in found.json["logEntries"]:
        attributes = entry["record"]["attributes"]
        told.setdefault(entry["record"]["name"], []).append(
            (attributes.get("verwijsindex.party"), attributes.get("verwijsindex.professional")))
        assert entry["record"]["end_time"] > 0
    assert told["signal-posted"] == [(care.oin, "jw-1"), (school.oin, "ib-1")]
    assert told["signal-withdrawn"] == [(care.oin, None)]
    assert told["notice-acknowledged"] == [(school.oin, None)]
    assert mine in found.text
    # For auditors, and for nobody else.
    for party in (school, care):
        assert party.get("/v1/log-entries").problem == "role-missing"
        assert party.post("/v1/log-entries/_search",
                          {"bsn": bsn(0), "caseReference": "x"}).problem == "role-missing"
