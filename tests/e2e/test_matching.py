# SPDX-License-Identifier: EUPL-1.2
"""Signals, matches and notices: the rules that are easy to get wrong, and many at once."""
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

@pytest.mark.smoke
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


def test_what_was_ended_can_still_be_wrongful(pair, municipality):
    """It retracts what was told while it was there, although the match is over."""
    school, care = pair
    wrong = school.signal(bsn(0), "a").json["id"]
    match = care.signal(bsn(0), "c").json["match"]["id"]
    assert school.withdraw(wrong, "ended").status == 204
    assert school.withdraw(wrong, "wrongful").status == 204
    assert school.get(f"/v1/signals/{wrong}").status == 404
    for party in (care, municipality):
        assert kinds(party) == ["match-formed", "match-retracted"]
        assert {n["data"]["matchId"] for n in party.notices()} == {match}
    # Whoever came when it was over was told nothing, and has nothing to hear of it.
    care.signal(bsn(1), "c")
    gone = school.signal(bsn(1), "a").json["id"]
    school.withdraw(gone, "ended")
    care.signal(bsn(1), "d")
    newcomer = [s["id"] for s in care.signals() if s["professional"] == "d"]
    assert [kind(n) for n in care.notices() if own(n) in newcomer] == ["match-formed",
                                                                       "archived-involvement"]
    before = kinds(care).count("match-retracted")
    assert school.withdraw(gone, "wrongful").status == 204
    assert kinds(care).count("match-retracted") == before + 1
    assert [kind(n) for n in care.notices() if own(n) in newcomer] == ["match-formed"]


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


def test_the_end_of_an_agreement_archives(pair, operator, auditor):
    school, care = pair
    operator.agree(school, "0362")
    ids = [school.signal(bsn(n), "a", municipality="0361").json["id"] for n in range(3)]
    ids.append(school.signal(bsn(3), "a", municipality="0362").json["id"])
    match = care.signal(bsn(0), "c").json["match"]["id"]
    # One of two: what was signalled under it ends, and nothing new is taken.
    assert operator.delete(f"/control/parties/{school.oin}/agreements/0362").status == 200
    until(lambda: [s["status"] for s in school.signals()] == ["active"] * 3 + ["archived"])
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


@pytest.mark.smoke
def test_the_same_signal_twice_at_once_is_one_signal(pair, operator):
    school, _ = pair
    second = school.again()
    for n in range(12):
        answers = in_parallel([lambda: school.signal(bsn(n), "a"),
                               lambda: second.signal(bsn(n), "a")])
        assert sorted(answer.status for answer in answers) == [200, 201]
        assert len({answer.json["id"] for answer in answers}) == 1
    assert operator.status()["signals"] == 12 and school.notices() == []


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


@pytest.mark.smoke
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


@pytest.mark.smoke
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
    assert (status["openMatches"], status["signals"]) == (1, 200)
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


@pytest.mark.smoke
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
