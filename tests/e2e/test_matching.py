# SPDX-License-Identifier: EUPL-1.2
"""Signals, matches and notices: the rules that are easy to get wrong, many at once, and who may
ask for what."""
import json
import threading
import uuid

import pytest

from actors import bsn, bsn_with_leading_zero, dutch_day, in_parallel, until


def kind(notice):
    return notice["type"].removeprefix("nl.verwijsindex.").removesuffix(".v1")


def kinds(party):
    return [kind(notice) for notice in party.notices(after=0)]


def own(notice):
    return notice["data"]["ownSignal"]["id"]


@pytest.fixture
def pair(school, care):
    """A school with professionals a and b, and a provider with c and d."""
    for party, professionals in ((school, "ab"), (care, "cd")):
        for professional in professionals:
            party.designate(professional)
    return school, care


# ---- who matches ----

@pytest.mark.smoke
def test_two_parties_are_told_of_each_other(school, care, municipality):
    """One with eight digits and curl, one with nine and this client."""
    number = bsn_with_leading_zero()
    school.designate("ib-1", name="Sanne")
    answer = care.curl("PUT", "/v1/professionals/jw-1", {"name": "Yusuf", "phone": "2"})
    assert answer.status == 201 and answer.headers["location"] == "/v1/professionals/jw-1"
    first = school.signal(number, "ib-1", reference="groep 6")
    assert first.status == 201 and first.json["match"] is None
    assert first.headers["location"] == f"/v1/signals/{first.json['id']}"
    second = care.curl("POST", "/v1/signals", {
        "bsn": number[1:], "professional": "jw-1", "birthDate": "2015-05-01", "reference": "T-1"})
    match = second.json["match"]
    assert second.status == 201 and match["kind"] == "child" and match["status"] == "open"
    assert [one["professional"]["name"] for one in match["involved"]] == ["Sanne"]
    for party, other, reference, client in ((school, "Yusuf", "groep 6", school.get),
                                            (care, "Sanne", "T-1",
                                             lambda path: care.curl("GET", path))):
        (notice,) = client("/v1/notices").json["notices"]
        assert kind(notice) == "match-formed" and notice["data"]["matchId"] == match["id"]
        assert notice["data"]["ownSignal"]["reference"] == reference
        assert [one["professional"]["name"] for one in notice["data"]["involved"]] == [other]
        assert client(f"/v1/matches/{match['id']}").json["involved"] == notice["data"]["involved"]
    assert kinds(municipality) == ["match-formed"]


def test_two_professionals_of_one_party_match(pair, municipality):
    school, _ = pair
    first = school.signal(bsn(0), "a").json["id"]
    second = school.signal(bsn(0), "b").json
    assert sorted(one["professional"]["name"] for one in second["match"]["involved"]) == [
        "Naam van a", "Naam van b"]
    assert [o["id"] for o in second["match"]["ownSignals"]] == [first, second["id"]]
    notices = school.notices()
    assert [kind(n) for n in notices] == ["match-formed", "match-formed"]
    assert {own(n) for n in notices} == {first, second["id"]}
    for notice in notices:
        (other,) = notice["data"]["involved"]
        mine = notice["data"]["ownSignal"]["professional"]
        assert other["professional"]["name"] == f"Naam van {'b' if mine == 'a' else 'a'}"
    assert len(school.matches()) == 1 and kinds(municipality) == ["match-formed"]


def test_the_same_professional_twice_is_the_existing_signal(pair):
    school, care = pair
    first = school.signal(bsn(0), "a", reference="eerste")
    again = school.signal(bsn(0), "a", reference="tweede", birth_date="2014-01-01")
    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json  # nothing of the second is taken over
    assert "location" not in again.headers
    assert again.json["match"] is None and school.notices() == []
    care.signal(bsn(0), "c")
    again = school.signal(bsn(0), "a")
    assert again.status == 200 and again.json["match"] is not None
    assert kinds(school) == kinds(care) == ["match-formed"]
    assert len(school.signals()) == 1


def test_a_third_joins(pair):
    school, care = pair
    school.signal(bsn(0), "a")
    match = care.signal(bsn(0), "c").json["match"]["id"]
    newcomer = care.signal(bsn(0), "d").json
    assert newcomer["match"]["id"] == match
    formed, joined = school.notices()
    assert (kind(formed), kind(joined)) == ("match-formed", "match-joined")
    everyone = {"Naam van a", "Naam van c", "Naam van d"}
    assert {one["professional"]["name"] for one in joined["data"]["involved"]} == everyone - {
        "Naam van a"}
    told = {own(n) + kind(n): n for n in care.notices()}
    assert len(told) == 3
    notice = told[newcomer["id"] + "match-formed"]
    assert {one["professional"]["name"] for one in notice["data"]["involved"]} == everyone - {
        "Naam van d"}
    assert sorted(kinds(care)) == ["match-formed", "match-formed", "match-joined"]


def test_only_own_references_ever_leave(pair, municipality):
    school, care = pair
    references = {school: ["ref-school-a", "ref-school-b"], care: ["ref-care-c", "ref-care-d"]}
    professionals = {school: "ab", care: "cd"}
    for party, texts in references.items():
        for professional, text in zip(professionals[party], texts):
            party.signal(bsn(0), professional, reference=text)
    for party in (school, care, municipality):
        shown = party.get("/v1/matches").text + party.get("/v1/notices").text
        for texts in references.values():
            for text in texts:
                assert (text in shown) == (text in references.get(party, []))
    for notice in school.notices():
        mine = notice["data"]["ownSignal"]
        assert mine["reference"] == f"ref-school-{mine['professional']}"


def test_a_municipality_is_told_once(pair, municipality):
    school, care = pair
    for party, professional in ((school, "a"), (care, "c"), (care, "d"), (school, "b")):
        party.signal(bsn(0), professional)
    assert kinds(municipality) == ["match-formed"]
    (notice,) = municipality.notices()
    assert len(notice["data"]["involved"]) == 4
    (match,) = municipality.matches()
    assert match["id"] == notice["data"]["matchId"] and "ownSignals" not in match


def test_a_municipality_that_reports_itself_has_both_views(admit, pair):
    school, _ = pair
    both = admit("municipality", roles=("municipality", "reporter"))
    both.designate("m")
    mine = both.signal(bsn(0), "m", reference="eigen").json["id"]
    school.signal(bsn(0), "a")
    notices = both.notices()
    assert [kind(n) for n in notices] == ["match-formed", "match-formed"]
    assert [n["data"].get("ownSignal", {}).get("id") for n in notices] == [mine, None]
    (match,) = both.matches()
    assert [o["reference"] for o in match["ownSignals"]] == ["eigen"]


# ---- withdrawing ----

def test_a_wrongful_withdrawal_retracts(pair, municipality):
    school, care = pair
    school.signal(bsn(0), "a")
    care.signal(bsn(0), "c")
    wrong = care.signal(bsn(0), "d").json["id"]
    assert care.withdraw(wrong, "wrongful").status == 204
    assert kinds(school) == ["match-formed", "match-joined", "match-retracted"]
    # The two that remain still match.
    (match,) = school.matches()
    assert match["status"] == "open" and len(match["involved"]) == 1
    retracted = school.notices()[-1]
    assert retracted["data"].keys() == {"matchId", "matchKey", "kind", "ownSignal"}
    assert kinds(municipality) == ["match-formed", "match-retracted"]
    assert kinds(care) == ["match-formed", "match-joined", "match-retracted"]
    assert all(own(n) != wrong for n in care.notices())


def test_a_departure_is_told_to_nobody(pair, municipality):
    school, care = pair
    school.signal(bsn(0), "a")
    gone = care.signal(bsn(0), "c").json["id"]
    care.signal(bsn(0), "d")
    before = kinds(school)
    assert care.withdraw(gone, "ended").status == 204
    assert kinds(school) == before and kinds(municipality) == ["match-formed"]
    (match,) = school.matches()
    assert [one["professional"]["name"] for one in match["involved"]] == ["Naam van d"]


def test_withdrawals_that_are_refused(pair):
    school, care = pair
    mine = school.signal(bsn(0), "a").json["id"]
    for query in ("", "?reason=", "?reason=bored", "?reason=ended&reason=wrongful"):
        answer = school.delete(f"/v1/signals/{mine}{query}")
        assert (answer.status, answer.pointers) == (400, ["#/reason"]), query
    assert care.withdraw(mine).status == 404
    assert school.get(f"/v1/signals/{mine}").json["status"] == "active"


def test_a_professional_with_signals_cannot_be_deleted(pair):
    school, _ = pair
    mine = school.signal(bsn(0), "a").json["id"]
    for reason in (None, "ended"):
        if reason:
            school.withdraw(mine, reason)
        answer = school.delete("/v1/professionals/a")
        assert (answer.status, answer.problem) == (409, "conflict")
        assert school.get("/v1/professionals/a").status == 200
    assert school.withdraw(mine, "wrongful").status == 204
    assert school.delete("/v1/professionals/a").status == 204
    for answer in (school.get("/v1/professionals/a"), school.delete("/v1/professionals/a")):
        assert answer.status == 404
    assert school.signal(bsn(0), "a").pointers == ["#/professional"]
    # The same id is a new professional afterwards.
    assert school.put("/v1/professionals/a", {"name": "Iemand anders"}).status == 201
    assert school.signal(bsn(0), "a").status == 201


# ---- parties that are not, or no longer, live ----

def test_suspension_keeps_the_signals_and_denies_access(pair, operator, auditor):
    school, care = pair
    school.signal(bsn(0), "a")
    care.signal(bsn(0), "c")
    operator.suspend(school)
    for request in (lambda: school.get("/v1/signals"), lambda: school.signal(bsn(1), "a"),
                    lambda: school.get("/v1/notices"), lambda: school.get("/tlog/checkpoint"),
                    lambda: school.get("/v1/parties/self")):
        answer = request()
        assert (answer.status, answer.problem) == (403, "party-suspended")
        entry = auditor.entry(answer.headers["log-index"])["record"]["attributes"]
        assert entry["verwijsindex.outcome"] == "party-suspended"
        assert entry["verwijsindex.party"] == school.oin
    # The others still see it, and new matches form with it.
    assert care.matches()[0]["involved"][0]["organisation"]["oin"] == school.oin
    assert len(care.signal(bsn(0), "d").json["match"]["involved"]) == 3
    operator.resume(school)
    assert len(school.signals()) == 1 and school.signals()[0]["status"] == "active"
    assert kinds(school) == ["match-formed", "match-joined"]


def test_the_end_of_the_last_agreement_archives(pair, operator, auditor):
    school, care = pair
    operator.agree(school, "0362")
    ids = [school.signal(bsn(n), "a", municipality="0361").json["id"] for n in range(3)]
    ids.append(school.signal(bsn(3), "a", municipality="0362").json["id"])
    match = care.signal(bsn(0), "c").json["match"]["id"]
    # One of two: what is there stays, and nothing new is taken under it.
    assert operator.delete(f"/control/parties/{school.oin}/agreements/0362").status == 200
    assert {s["status"] for s in school.signals()} == {"active"}
    assert operator.delete(f"/control/parties/{school.oin}/agreements/0361").status == 200
    assert school.signal(bsn(0), "a").problem == "agreement-ended"
    until(lambda: care.get(f"/v1/matches/{match}").json["status"] == "ended")
    until(lambda: len(auditor.log_entries(event="signal-archived")) == 4)
    operator.agree(school, "0361")
    assert {s["id"]: s["status"] for s in school.signals()} == dict.fromkeys(ids, "archived")


def test_an_agreement_ends_by_itself_on_its_date(pair, operator, daemon):
    school, care = pair
    school.signal(bsn(0), "a")
    match = care.signal(bsn(0), "c").json["match"]["id"]
    operator.agree(school, "0361", until=str(dutch_day()))
    assert school.get("/v1/signals").status == 200  # through its last day
    operator.advance(2 * 86400)
    assert school.get("/v1/signals").problem == "agreement-ended"
    until(lambda: care.get(f"/v1/matches/{match}").json["status"] == "ended")


@pytest.mark.parametrize("name", ["stranger", "no-oin", "bad-oin"])
def test_an_unknown_party_is_refused_and_logged(daemon, auditor, name):
    answer = daemon.party(name).signal(bsn(0), "a")
    assert (answer.status, answer.problem) == (403, "unknown-party")
    attributes = auditor.entry(answer.headers["log-index"])["record"]["attributes"]
    assert attributes["verwijsindex.outcome"] == "unknown-party"
    assert len(attributes["verwijsindex.certificate"]) == 64
    assert attributes.get("verwijsindex.party") == (
        daemon.pki.oin("stranger") if name == "stranger" else None)


def plain(answer):
    """An answer without what differs from one request to the next."""
    return (answer.status, answer.body,
            [(name, value) for name, value in answer.header_list
             if name not in ("date", "log-index", "ratelimit")])


def test_a_signal_of_another_is_as_one_that_does_not_exist(pair, auditor):
    school, care = pair
    other = care.signal(bsn(0), "c").json["id"]
    school.signal(bsn(1), "a")
    for attempt in (lambda i: school.get(f"/v1/signals/{i}"),
                    lambda i: school.head(f"/v1/signals/{i}"),
                    lambda i: school.withdraw(i, "ended"),
                    lambda i: school.withdraw(i, "wrongful")):
        asked, random = attempt(other), attempt(uuid.uuid4())
        assert plain(asked) == plain(random) and asked.status == 404
        entries = [auditor.entry(a.headers["log-index"]) for a in (asked, random)]
        for entry in entries:
            for changing in ("span_id", "trace_id", "start_time", "end_time"):
                del entry["record"][changing]
            del entry["record"]["attributes"]["verwijsindex.index"]
        assert entries[0]["record"] == entries[1]["record"]
        assert entries[0]["subject"] is entries[1]["subject"] is None
        assert entries[0]["record"]["name"] == "request-refused"
    care.signal(bsn(0), "d")
    match = care.matches()[0]["id"]
    asked, random = (school.get(f"/v1/matches/{i}") for i in (match, uuid.uuid4()))
    assert plain(asked) == plain(random) and asked.status == 404
    assert care.get(f"/v1/signals/{other}").json["status"] == "active"


# ---- at the same time ----

@pytest.mark.smoke
def test_two_first_signals_at_once_are_one_match(pair, municipality):
    school, care = pair
    for n in range(12):
        answers = in_parallel([lambda: school.signal(bsn(n), "a"),
                               lambda: care.signal(bsn(n), "c")])
        assert [answer.status for answer in answers] == [201, 201]
        matches = {a.json["match"]["id"] for a in answers if a.json["match"]}
        assert len(matches) == 1
    for party in (school, care, municipality):
        assert kinds(party) == ["match-formed"] * 12
        assert len({n["data"]["matchId"] for n in party.notices()}) == 12
        assert len(party.matches()) == 12


def test_the_same_signal_twice_at_once_is_one_signal(pair, operator):
    school, _ = pair
    second = school.again()
    for n in range(12):
        answers = in_parallel([lambda: school.signal(bsn(n), "a"),
                               lambda: second.signal(bsn(n), "a")])
        assert sorted(answer.status for answer in answers) == [200, 201]
        assert len({answer.json["id"] for answer in answers}) == 1
    assert operator.status()["liveSignals"] == 12 and school.notices() == []


def signal_all_at_once(number, parties, professionals, connections):
    """Every professional of every party signals one child, over so many connections a party; the
    answers by (party, professional)."""
    answers, jobs = {}, []
    for party in parties:
        for i in range(connections):
            def work(party=party, client=party.again(), own=professionals[i::connections]):
                for professional in own:
                    answers[party, professional] = client.signal(number, professional)
            jobs.append(work)
    in_parallel(jobs)
    return answers


@pytest.fixture
def parties(operator, daemon):
    """Five organisations."""
    names = ["school", "care"] + [daemon.pki.new_client() for _ in range(3)]
    return [operator.admit(name) for name in names]


def test_many_at_once_are_one_match_and_everyone_is_told(parties, municipality, operator):
    professionals = [f"p{n}" for n in range(6)]
    for party in parties:
        for professional in professionals:
            party.designate(professional)
    answers = signal_all_at_once(bsn(0), parties, professionals, 2)
    assert {answer.status for answer in answers.values()} == {201}
    assert operator.status()["openMatches"] == 1
    assert kinds(municipality) == ["match-formed"]
    # In the order in which they stand in the log: who was there hears of each that came later.
    order = sorted(answers.values(), key=lambda answer: int(answer.headers["log-index"]))
    place = {answer.json["id"]: i for i, answer in enumerate(order)}
    total = len(place)
    for party in parties:
        heard = {}
        for notice in party.all_notices():
            heard.setdefault(own(notice), []).append(kind(notice))
        mine = {answers[party, professional].json["id"] for professional in professionals}
        assert heard.keys() == mine
        for signal, told in heard.items():
            assert told == ["match-formed"] + ["match-joined"] * (total - max(place[signal], 1) - 1)
        (match,) = party.matches()
        assert len(match["involved"]) == total and len(match["ownSignals"]) == 6


@pytest.mark.slow
def test_hundreds_at_once_up_to_the_limit_of_one_child(parties, operator):
    professionals = [f"p{n}" for n in range(45)]
    for party in parties:
        in_parallel([lambda client=party.again(), own=professionals[i::3]: [
            client.designate(professional) for professional in own] for i in range(3)])
    answers = signal_all_at_once(bsn(0), parties, professionals, 3)
    statuses = [answer.status for answer in answers.values()]
    assert (statuses.count(201), statuses.count(409)) == (200, 25)
    status = operator.status()
    assert (status["openMatches"], status["liveSignals"]) == (1, 200)
    assert sum(len(party.signals()) for party in parties) == 200
    matches = [match for party in parties for match in party.matches()]
    assert len(matches) == 5 and len({match["id"] for match in matches}) == 1
    for party, match in zip(parties, matches):
        ids = {signal["id"] for signal in party.signals()}
        assert {mine["id"] for mine in match["ownSignals"]} == ids
        assert len(match["involved"]) == 200
    # The 201st is refused until somebody leaves.
    full = [key for key, answer in answers.items() if answer.status == 409][0]
    answer = full[0].signal(bsn(0), full[1])
    assert (answer.status, answer.problem) == (409, "conflict")
    assert parties[0].withdraw(parties[0].signals()[0]["id"], "ended").status == 204
    assert full[0].signal(bsn(0), full[1]).status == 201


# ---- on behalf of ----

def test_on_behalf_of_a_school(daemon, admit, operator, pair, auditor):
    school, care = pair
    supplier = admit("supplier", roles=("supplier",), municipality=None, until=None)
    acting = daemon.party("supplier", on_behalf_of=school.oin)
    assert acting.get("/v1/signals").problem == "mandate-missing"
    operator.mandate(supplier, school)
    mine = acting.signal(bsn(0), "a", reference="via leverancier")
    assert mine.status == 201
    # All of it is the school's: signals, professionals, inbox, self.
    assert school.get(mine.headers["location"]).json["reference"] == "via leverancier"
    assert acting.put("/v1/professionals/z", {"name": "Z"}).status == 201
    assert school.get("/v1/professionals/z").status == 200
    assert acting.get("/v1/parties/self").json["oin"] == school.oin
    care.signal(bsn(0), "c")
    assert [own(n) for n in acting.notices()] == [mine.json["id"]]
    assert acting.acknowledge(1).status == 204
    assert school.notices() == []
    # As itself it has no role here; and both stand in the log.
    assert supplier.get("/v1/signals").problem == "role-missing"
    attributes = auditor.entry(mine.headers["log-index"])["record"]["attributes"]
    assert attributes["verwijsindex.party"] == supplier.oin
    assert attributes["verwijsindex.on_behalf_of"] == school.oin
    for oin in (supplier.oin, school.oin):
        found = auditor.log_entries(party=oin, event="signal-posted")
        assert str(mine.headers["log-index"]) in [str(entry["index"]) for entry in found]


def test_on_behalf_of_without_a_live_mandate(daemon, admit, operator, pair, auditor):
    school, care = pair
    supplier = admit("supplier", roles=("supplier",), municipality=None, until=None)
    operator.mandate(supplier, school)

    def as_party(oin, name="supplier"):
        return daemon.party(name, on_behalf_of=oin).get("/v1/signals")

    def refused(answer, slug="mandate-missing"):
        assert (answer.status, answer.problem) == (403, slug), answer

    assert as_party(school.oin).status == 200
    refused(as_party(care.oin))                          # no mandate of this one
    refused(as_party("00000003999999990000"))            # there is no such party
    refused(as_party(care.oin, "school"))                # no supplier, no mandate
    refused(as_party(school.oin, "stranger"), "unknown-party")
    wrong = as_party("123")
    assert (wrong.status, wrong.pointers) == (400, ["#/On-Behalf-Of"])
    assert as_party(school.oin, "school").status == 200  # oneself
    operator.suspend(school)
    refused(as_party(school.oin))
    operator.resume(school)
    operator.suspend(supplier)
    refused(as_party(school.oin), "party-suspended")
    operator.resume(supplier)
    operator.put(f"/control/parties/{supplier.oin}", {"roles": ["auditor"]})
    refused(as_party(school.oin))
    operator.put(f"/control/parties/{supplier.oin}", {"roles": ["supplier"]})
    operator.mandate(supplier, school, until=str(dutch_day()))
    assert as_party(school.oin).status == 200            # through its last day
    operator.advance(2 * 86400)
    last = as_party(school.oin)
    refused(last)
    attributes = auditor.entry(last.headers["log-index"])["record"]["attributes"]
    assert attributes["verwijsindex.outcome"] == "mandate-missing"
    assert attributes["verwijsindex.on_behalf_of"] == school.oin


def test_permissions_are_those_of_the_represented(daemon, admit, operator, school):
    supplier = admit("supplier", roles=("supplier", "reporter"))
    operator.mandate(supplier, school)
    operator.allow(supplier, "blinded")
    acting = daemon.party("supplier", on_behalf_of=school.oin)
    assert supplier.get("/v1/pseudonyms/key").status == 200
    assert acting.get("/v1/pseudonyms/key").problem == "not-permitted"


# ---- roles ----

UUID = "0190c5a2-0000-7000-8000-000000000000"
REPORTERS, TOLD, AUDITORS = {"reporter"}, {"reporter", "municipality"}, {"auditor"}
FOR_WHOM = [
    ("POST", "/v1/signals", REPORTERS), ("GET", "/v1/signals", REPORTERS),
    ("GET", f"/v1/signals/{UUID}", REPORTERS), ("DELETE", f"/v1/signals/{UUID}", REPORTERS),
    ("GET", "/v1/professionals", REPORTERS), ("PUT", "/v1/professionals/a", REPORTERS),
    ("GET", "/v1/professionals/a", REPORTERS), ("DELETE", "/v1/professionals/a", REPORTERS),
    ("GET", "/v1/matches", TOLD), ("GET", f"/v1/matches/{UUID}", TOLD),
    ("GET", "/v1/notices", TOLD), ("POST", "/v1/notices/_acknowledge", TOLD),
    ("GET", "/v1/pseudonyms/key", REPORTERS), ("POST", "/v1/pseudonyms/_evaluate", REPORTERS),
    ("GET", "/v1/log-entries", AUDITORS), ("POST", "/v1/log-entries/_search", AUDITORS),
    ("GET", "/v1/log-entries/0/proof", AUDITORS),
]


@pytest.mark.parametrize("role", ["reporter", "municipality", "registry", "auditor", "supplier"])
def test_what_a_role_may_ask(admit, role):
    party = admit("school", roles=(role,))
    for method, path, roles in FOR_WHOM:
        answer = party.request(method, path, json={} if method in ("POST", "PUT") else None)
        if role not in roles:
            assert (answer.status, answer.problem) == (403, "role-missing"), (method, path)
            assert "log-index" in answer.headers
        else:
            assert answer.problem != "role-missing", (method, path)
    for path in ("/v1/parties/self", "/tlog/checkpoint", "/v1/openapi.json"):
        assert party.get(path).status == 200
    assert party.get("/v1/parties/self").json["roles"] == [role]


def test_nobody_asks_without_a_certificate(daemon):
    client = daemon.anonymous()
    for method, path, _ in FOR_WHOM + [("GET", "/tlog/checkpoint", 0), ("GET", "/v1/nothing", 0)]:
        answer = client.request(method, path, json={} if method in ("POST", "PUT") else None)
        assert (answer.status, answer.problem) == (401, "certificate-required"), (method, path)
        assert "log-index" not in answer.headers
    assert client.get("/v1/openapi.json").status == 200


# ---- the inbox ----

def test_the_inbox_from_offer_to_acknowledgement(pair):
    school, care = pair
    for n in range(5):
        school.signal(bsn(n), "a")
        care.signal(bsn(n), "c")
    page = school.get("/v1/notices?limit=2").json
    assert [n["sequence"] for n in page["notices"]] == ["1", "2"] and page["next"] == 2
    page = school.get("/v1/notices?after=2&limit=500").json
    assert [n["sequence"] for n in page["notices"]] == ["3", "4", "5"] and page["next"] == 5
    assert school.get("/v1/notices?after=5").json == {"notices": [], "next": 5}
    assert school.get("/v1/notices?after=99").json == {"notices": [], "next": 99}
    assert school.acknowledge(3).status == 204
    assert [n["sequence"] for n in school.notices()] == ["4", "5"]
    assert school.acknowledge(1).status == 204  # lower than before changes nothing
    assert [n["sequence"] for n in school.notices()] == ["4", "5"]
    answer = school.acknowledge(6)
    assert (answer.status, answer.pointers) == (400, ["#/upTo"])
    assert [n["sequence"] for n in school.notices(after=0)] == ["1", "2", "3", "4", "5"]
    assert school.notices(after=0) == school.notices(after=0)  # ids stay the same
    assert school.acknowledge(5).status == 204
    assert school.get("/v1/notices").json == {"notices": [], "next": 5}
    assert len(care.notices()) == 5  # each party has its own


@pytest.mark.smoke
def test_a_waiting_inbox_answers_as_soon_as_there_is_something(pair):
    school, care = pair
    waiting = school.again()
    for n in range(10):
        school.signal(bsn(n), "a")
        heard = []
        thread = threading.Thread(
            target=lambda: heard.extend(waiting.notices(after=n, wait=60)))  # noqa: B023
        thread.start()
        assert school.get("/v1/parties/self").status == 200
        care.signal(bsn(n), "c")
        thread.join()
        assert [notice["sequence"] for notice in heard] == [str(n + 1)]


def test_a_waiting_inbox_answers_when_its_time_is_over(school):
    answer = school.get("/v1/notices?wait=1")
    assert answer.json == {"notices": [], "next": 0}
    assert "log-index" not in answer.headers  # nothing was disclosed


def test_suspension_ends_the_waiting(pair, operator, auditor):
    """At once: the deadline of this client is that of the wait."""
    school, _ = pair
    for _ in range(5):
        answers = []
        waiting = school.again()
        thread = threading.Thread(
            target=lambda: answers.append(waiting.get("/v1/notices?wait=60")))  # noqa: B023
        thread.start()
        assert school.get("/v1/parties/self").status == 200
        operator.suspend(school)
        thread.join()
        (answer,) = answers
        assert (answer.status, answer.problem) == (403, "party-suspended")
        operator.resume(school)


# ---- lists ----

def test_lists_do_not_grow_while_they_are_paged(pair):
    school, care = pair
    for n in range(10):
        school.signal(bsn(n), "a")
        care.signal(bsn(n), "c")
    for path, name, grow in (("/v1/signals", "signals", lambda n: school.signal(bsn(n), "a")),
                             ("/v1/professionals", "professionals",
                              lambda n: school.designate(f"b{n}"))):
        whole = [one["id"] for one in school.all_of(path, name)]
        seen, cursor, n = [], "", 10
        while cursor is not None:
            answer = school.get(f"{path}?limit=3" + (f"&cursor={cursor}" if cursor else ""))
            seen += [one["id"] for one in answer.json[name]]
            assert len(answer.json[name]) <= 3
            cursor, n = answer.json["next"], n + 1
            grow(n)
        assert seen == whole


def test_filters_of_lists(pair):
    school, care = pair
    ids = [school.signal(bsn(n), "a", reference=f"r{n % 2}").json["id"] for n in range(4)]
    care.signal(bsn(0), "c")
    care.signal(bsn(1), "c")
    school.withdraw(ids[1], "ended")

    def listed(query):
        return [one["id"] for one in school.all_of(f"/v1/signals?{query}", "signals")]

    assert listed("status=active") == [ids[0], ids[2], ids[3]]
    assert listed("status=archived") == [ids[1]]
    assert listed("reference=r1") == [ids[1], ids[3]]
    assert listed("reference=r1&status=active") == [ids[3]]
    assert listed("reference=none") == []
    assert len(care.all_of("/v1/matches?status=open", "matches")) == 1
    assert len(care.all_of("/v1/matches?status=ended", "matches")) == 1
    assert care.all_of("/v1/matches?status=stalled", "matches") == []


# ---- limits ----

def test_the_limit_of_requests(start_daemon):
    daemon = start_daemon(limits={"requests_per_minute": 8})
    school, care = daemon.operator.admit("school"), daemon.operator.admit("care")
    answers = [school.get("/v1/parties/self")]
    while answers[-1].status == 200:  # a minute may end among them, but not twice
        answers.append(school.get("/v1/parties/self"))
        assert len(answers) <= 17
    assert answers[-1].problem == "rate-limited" and len(answers) in range(9, 18)
    for answer in answers:
        assert answer.headers["ratelimit-policy"] == '"requests";q=8;w=60'
    left = [int(answer.headers["ratelimit"].split("r=")[1].split(";")[0]) for answer in answers]
    assert left[0] == 7 and left[-2:] == [0, 0]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    # It is the party's own limit, and counts what is refused as well.
    assert care.get("/v1/nothing").headers["ratelimit"].startswith('"requests";r=7;')
    # Counted, and written to the log as one entry: at the latest when it stops.
    refused = 1
    for _ in range(5):
        refused += school.get("/v1/parties/self").status == 429
    daemon.write_config()
    daemon.close_clients()
    daemon.restart()
    auditor = daemon.operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
    entries = auditor.log_entries(event="refusals-counted")
    counted = [e["record"]["attributes"] for e in entries]
    assert {a["verwijsindex.outcome"] for a in counted} == {"rate-limited"}
    assert {a["verwijsindex.party"] for a in counted} == {school.oin}
    assert sum(a["verwijsindex.count"] for a in counted) == refused
    assert len(counted) <= 2
    assert json.dumps(auditor.log_entries(event="request-refused")).count("rate-limited") == 0
