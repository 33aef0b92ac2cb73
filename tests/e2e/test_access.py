# SPDX-License-Identifier: EUPL-1.2
"""Who may ask for what, on whose behalf, how much of it, and how lists are read."""
import json

import pytest

from actors import bsn, dutch_day

UNKNOWN_OIN = "00000003999999990000"


@pytest.fixture
def pair(school, care):
    """A school with a professional a, and a provider with a professional c."""
    school.designate("a")
    care.designate("c")
    return school, care


# ---- unknown parties ----

@pytest.mark.parametrize("name", ["stranger", "no-oin", "bad-oin"])
def test_an_unknown_party_is_refused_and_logged(daemon, auditor, name):
    answer = daemon.party(name).signal(bsn(0), "a")
    assert (answer.status, answer.problem) == (403, "unknown-party")
    attributes = auditor.entry(answer.headers["log-index"])["record"]["attributes"]
    assert attributes["verwijsindex.outcome"] == "unknown-party"
    assert len(attributes["verwijsindex.certificate"]) == 64
    assert attributes.get("verwijsindex.party") == (
        daemon.pki.oin("stranger") if name == "stranger" else None)


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
    assert [n["data"]["ownSignal"]["id"] for n in acting.notices()] == [mine.json["id"]]
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
    refused(as_party(UNKNOWN_OIN))            # there is no such party
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
INBOXES, TOWNS, REGISTERS = TOLD | AUDITORS, {"municipality"}, {"registry"}
FOR_WHOM = [
    ("POST", "/v1/signals", REPORTERS), ("GET", "/v1/signals", REPORTERS),
    ("GET", f"/v1/signals/{UUID}", REPORTERS), ("DELETE", f"/v1/signals/{UUID}", REPORTERS),
    ("GET", "/v1/professionals", REPORTERS), ("PUT", "/v1/professionals/a", REPORTERS),
    ("GET", "/v1/professionals/a", REPORTERS), ("DELETE", "/v1/professionals/a", REPORTERS),
    ("GET", "/v1/matches", TOLD), ("GET", f"/v1/matches/{UUID}", TOLD),
    ("GET", "/v1/notices", INBOXES), ("POST", "/v1/notices/_acknowledge", INBOXES),
    ("POST", f"/v1/signals/{UUID}/_renew", REPORTERS),
    ("POST", "/v1/signals/_count-notices", REPORTERS),
    ("POST", "/v1/professionals/a/_transfer", REPORTERS),
    ("POST", f"/v1/matches/{UUID}/_confirm-contact", REPORTERS),
    ("POST", "/v1/person-events", REGISTERS), ("POST", "/v1/access-requests", TOWNS),
    ("POST", "/v1/erasures", TOWNS), ("GET", "/v1/statistics?year=2026", TOWNS),
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

@pytest.mark.smoke
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


def test_a_full_store_takes_nothing_new_and_lets_the_rest_go_on(start_daemon):
    daemon = start_daemon(store={"map_size": "1M"})
    school = daemon.operator.admit("school")
    school.designate("a")
    answers = [school.signal(bsn(0), "a")]
    while answers[-1].status == 201:
        answers.append(school.signal(bsn(len(answers)), "a"))
        assert len(answers) < 5000
    assert (answers[-1].status, answers[-1].problem) == (507, "storage-full")
    assert school.put("/v1/professionals/b", {"name": "X"}).status in (201, 507)
    # Reading goes on, and so does what makes room; nothing that was taken in is lost.
    assert len(school.signals()) == len(answers) - 1
    assert school.get("/v1/nothing").status == 404
    for answer in answers[:5]:
        assert school.withdraw(answer.json["id"], "wrongful").status == 204
    assert len(school.signals()) == len(answers) - 6
    status = daemon.operator.status()
    assert status["ready"] and status["abortedBatches"] == 0
    daemon.write_config()
    daemon.close_clients()
    daemon.restart()
    auditor = daemon.operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
    counted = [e["record"]["attributes"] for e in auditor.log_entries(event="refusals-counted")]
    assert {a["verwijsindex.outcome"] for a in counted} == {"storage-full"}
    assert school.signal(bsn(len(answers)), "a").status == 201
