# SPDX-License-Identifier: EUPL-1.2
"""The rights of the youth, through the municipality: the access pack and its proof, erasures; and
what a municipality may count."""
import json

import pytest

from actors import bsn, dutch_day, in_parallel, run_vix, until, years_later
from verifier import checkpoint_of, open_checkpoint, open_receipt

ANNA, BORIS, CARLA, NOBODY = bsn(0), bsn(1), bsn(2), bsn(44)
PACK = {"logIndex", "receipt", "requestedAt", "municipality", "held", "statement", "signals",
        "matches", "registry", "told", "toldComplete"}
NO_REGISTRY = {"residence": None, "parents": 0, "address": False, "institution": False,
               "formerNumbers": 0}


@pytest.fixture
def people(school, care, doctor):
    for party, professionals in ((school, "ab"), (care, "cd"), (doctor, "e")):
        for professional in professionals:
            party.designate(professional)
    return school, care, doctor


def pack_of(municipality, number, *rest, **more):
    answer = municipality.ask_access(number, *rest, **more)
    assert answer.status == 200, answer
    assert answer.json.keys() == PACK
    assert str(answer.json["logIndex"]) == answer.headers["log-index"]
    return answer.json


# ---- the pack ----

def test_the_pack_is_complete(people, municipality, registry, operator, daemon):
    school, care, doctor = people
    school.reports(ANNA, "a", reference="eigen")
    operator.pass_time("3d")
    ended = school.signals()[0]["id"]
    school.withdraw(ended)
    operator.pass_time("1d")
    care.reports(ANNA, "c")
    doctor.reports(ANNA, "e")
    registry.tells("relations", bsn=ANNA, parents=[bsn(20), bsn(21)], address="1811AA 1",
                   institution=True)
    registry.tells("moved", bsn=ANNA, municipality="0361")
    registry.tells("bsn-replaced", bsn=BORIS, replacedBy=ANNA)
    pack = pack_of(municipality, ANNA)
    assert pack["registry"] == {"residence": "0361", "parents": 2, "address": True,
                                "institution": True, "formerNumbers": 1}
    by_status = {s["status"]: [] for s in pack["signals"]}
    for signal in pack["signals"]:
        by_status[signal["status"]].append(signal)
        assert signal["municipality"] == "0361"
        assert signal["professional"].keys() == {"name", "function", "email", "phone"}
        assert signal["removalDate"] < signal["erasureDate"]
    (archived,) = by_status["archived"]
    assert archived["organisation"] == {"oin": school.oin, "name": school.organisation}
    assert archived["reportedAt"] < archived["endedAt"]
    assert archived["erasureDate"] == str(years_later(daemon.today(-1), 5))
    assert sorted(s["professional"]["name"] for s in by_status["active"]) == [
        "Naam van c", "Naam van e"]
    assert all(signal["endedAt"] is None for signal in by_status["active"])
    (match,) = pack["matches"]
    assert match.keys() == {"kind", "status", "formedAt", "endedAt"} and match["endedAt"] is None
    # The organisation's own reference is not the municipality's to see.
    assert "eigen" not in json.dumps(pack)
    assert pack["requestedAt"][:10] in (str(daemon.now().date()), str(daemon.today()))


def test_who_was_told_what_and_when(people, municipality):
    school, care, _ = people
    school.reports(ANNA, "a")
    care.reports(ANNA, "c")
    school.notices()
    school.acknowledge(1)
    care.matches()
    told = pack_of(municipality, ANNA)["told"]
    events = [(one["event"], one["organisation"]["name"] if one["organisation"] else None)
              for one in sorted(told, key=lambda one: one["at"])]
    for event in (("match-read", care.organisation), ("notice-offered", school.organisation),
                  ("notice-acknowledged", school.organisation)):
        assert event in events, events
    for one in told:
        assert one.keys() == {"at", "event", "organisation", "object"}
    # What is about another child is not in it.
    care.reports(BORIS, "c")
    assert len(pack_of(municipality, ANNA)["told"]) >= len(told)
    assert [one for one in pack_of(municipality, BORIS)["told"]
            if one["event"].startswith(("match", "notice"))] == []


def test_nothing_is_held_and_that_can_be_proven(people, municipality, daemon, auditor):
    for number in (NOBODY, {"person": {"familyName": "Niemand", "birthDate": str(
            years_later(daemon.today(), -10)), "sex": "X"}}):
        pack = pack_of(municipality, number)
        assert (pack["held"], pack["signals"], pack["matches"], pack["told"]) == (
            False, [], [], [])
        assert pack["registry"] == NO_REGISTRY and pack["toldComplete"] is True
        index, record, size, root, leaf = open_receipt(pack["receipt"], daemon.vkey)
        attributes = record["attributes"]
        assert (index, record["name"]) == (pack["logIndex"], "access-requested")
        assert attributes.get("verwijsindex.count", 0) == 0
        assert attributes["verwijsindex.case_reference"] == "inzage-1"
        assert attributes["verwijsindex.party"] == municipality.oin
        # It is the entry that the auditor sees.
        assert auditor.entry(index)["record"] == record
        assert open_checkpoint(checkpoint_of(municipality), daemon.vkey)[0] >= size


def test_a_receipt_of_something_else_is_found_out(people, municipality, daemon):
    """So that the verifier here can be seen to fail."""
    receipt = pack_of(municipality, NOBODY)["receipt"]
    open_receipt(receipt, daemon.vkey)
    lines = receipt.split("\n")
    other = pack_of(municipality, NOBODY)["receipt"].split("\n")
    for i, line in enumerate(lines):
        if line not in ("", other[i]) and i < len(other):
            forged = "\n".join(lines[:i] + [other[i]] + lines[i + 1:])
            with pytest.raises((AssertionError, ValueError)):
                open_receipt(forged, daemon.vkey)


def count_of(auditor, pack):
    """What the entry of the request says is held."""
    attributes = auditor.entry(pack["logIndex"])["record"]["attributes"]
    return attributes.get("verwijsindex.count", 0)


def assert_holds_nothing(pack, auditor):
    assert (pack["held"], pack["signals"], pack["matches"], pack["told"]) == (False, [], [], [])
    assert pack["registry"] == NO_REGISTRY and count_of(auditor, pack) == 0
    assert "nothing" in pack["statement"] and pack["municipality"] in pack["statement"]


def test_registry_data_alone_is_held_where_the_youth_lives(people, municipality, town, registry,
                                                           auditor):
    school, _, _ = people
    registry.tells("relations", bsn=ANNA, parents=[bsn(20)])
    registry.tells("moved", bsn=ANNA, municipality="0361")
    pack = pack_of(municipality, ANNA)
    assert pack["held"] is True and pack["signals"] == [] and count_of(auditor, pack) == 1
    assert pack["registry"] == {**NO_REGISTRY, "residence": "0361", "parents": 1}
    assert school.told() == []
    # Any other could ask of any number where somebody lives.
    assert_holds_nothing(pack_of(town, ANNA), auditor)


def test_registry_data_is_shown_where_there_is_a_signal(people, municipality, town, registry,
                                                        auditor):
    """Live or in the archive, wherever the youth lives."""
    school, _, _ = people
    registry.tells("moved", bsn=ANNA, municipality="0999")
    registry.tells("relations", bsn=ANNA, parents=[bsn(20), bsn(21)], address="1811AA 1")
    registry.tells("bsn-replaced", bsn=BORIS, replacedBy=ANNA)
    for number in (ANNA, BORIS):
        for party in (municipality, town):
            assert_holds_nothing(pack_of(party, number), auditor)
    signal = school.reports(ANNA, "a")["id"]
    for _ in range(2):
        for number in (ANNA, BORIS):
            pack = pack_of(municipality, number)
            assert pack["registry"] == {"residence": "0999", "parents": 2, "address": True,
                                        "institution": False, "formerNumbers": 1}
            assert count_of(auditor, pack) == 2
            assert_holds_nothing(pack_of(town, number), auditor)
        school.withdraw(signal)


def test_registry_data_of_whom_nobody_knows_where(people, municipality, town, registry, auditor):
    """Relations, and neither a residence nor a signal: nobody's municipality is known."""
    registry.tells("relations", bsn=ANNA, parents=[bsn(20)])
    for party in (municipality, town):
        assert_holds_nothing(pack_of(party, ANNA), auditor)
        text = party.ask_access(ANNA, headers={"Accept": "text/plain"}).text
        assert "Onder deze gemeente wordt niets" in text and "bevolkingsadministratie" not in text


def test_each_municipality_shows_its_own(people, municipality, town, operator):
    school, care, _ = people
    operator.agree(care, "0362")
    school.reports(ANNA, "a")
    care.reports(ANNA, "c", municipality="0362")
    for party, code, organisation in ((municipality, "0361", school), (town, "0362", care)):
        pack = pack_of(party, ANNA)
        assert [s["organisation"]["name"] for s in pack["signals"]] == [organisation.organisation]
        assert pack["municipality"] == code
        other = care if organisation is school else school
        assert other.organisation not in json.dumps(pack["signals"])


def test_plain_text_for_people(people, municipality):
    school, care, _ = people
    school.designate("a", name="Zoë de Wit", phone="072 555 01 01")
    school.reports(ANNA, "a")
    care.reports(ANNA, "c")
    answer = municipality.ask_access(ANNA, headers={"Accept": "text/plain"})
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    for fact in ("Zoë de Wit", "072 555 01 01", school.organisation, care.organisation):
        assert fact in answer.text
    nothing = municipality.ask_access(NOBODY, headers={"Accept": "text/plain"})
    assert "niets" in nothing.text or "geen" in nothing.text
    # It is asked as much as the other is: logged, told, counted; refusals stay problems.
    assert int(nothing.headers["log-index"]) > int(answer.headers["log-index"])
    refused = municipality.ask_access(ANNA, requested_by="youth", headers={"Accept": "text/plain"})
    assert refused.problem == "invalid-request"


def test_auditors_are_told_of_each_request(people, municipality, auditor):
    for n in range(3):
        pack_of(municipality, bsn(30 + n))
    told = auditor.told()
    assert [notice["type"] for notice in told] == ["nl.verwijsindex.access-requested.v1"] * 3
    for notice in told:
        assert notice["data"].keys() == {"logIndex", "organisation"}
        assert notice["data"]["organisation"]["oin"] == municipality.oin
        assert auditor.entry(notice["data"]["logIndex"])["record"]["name"] == "access-requested"
    assert auditor.acknowledge(2).status == 204
    assert [notice["sequence"] for notice in auditor.notices()] == ["3"]


def test_a_daily_maximum(start_daemon):
    daemon = start_daemon(limits={"access_requests_per_day": 3})
    operator = daemon.operator
    first = operator.admit("municipality", roles=("municipality",))
    second = operator.admit(daemon.pki.named("town"), roles=("municipality",), municipality="0362")
    for _ in range(3):
        pack_of(first, NOBODY)
    refused = first.ask_access(NOBODY)
    assert (refused.status, refused.problem) == (429, "rate-limited")
    pack_of(second, NOBODY)  # each municipality has its own
    # A refusal for its form does not count; a new day does, also at midnight in summer time.
    operator.go_to(daemon.today(1))
    for _ in range(2):
        assert first.ask_access(NOBODY, requested_by="youth").status == 400
        pack_of(first, NOBODY)
    pack_of(first, NOBODY)
    assert first.ask_access(NOBODY).status == 429
    # Asking at the same moment does not get more.
    operator.go_to(daemon.today(1))
    clients = [first.again() for _ in range(6)]
    statuses = in_parallel([lambda one=one: one.ask_access(NOBODY).status for one in clients])
    assert sorted(statuses) == [200, 200, 200, 429, 429, 429]


def test_only_a_municipality_asks_and_erases(people, auditor, registry):
    for party in (*people, auditor, registry):
        for answer in (party.ask_access(ANNA), party.erase(ANNA),
                       party.get("/v1/statistics?year=2026")):
            assert (answer.status, answer.problem) == (403, "role-missing")


# ---- erasure ----

def test_an_erasure_is_of_this_municipality(people, municipality, town, operator, registry):
    school, care, doctor = people
    operator.agree(doctor, "0362")
    registry.tells("moved", bsn=ANNA, municipality="0362")  # where he lives is not what counts
    school.withdraw(school.reports(ANNA, "a")["id"])
    school.reports(ANNA, "b")
    care.reports(ANNA, "c")
    kept = doctor.reports(ANNA, "e", municipality="0362")["id"]
    assert municipality.erase(ANNA, "archive").json == {"erasedSignals": 1}
    assert municipality.erase(ANNA, "archive").json == {"erasedSignals": 0}
    assert municipality.erase(ANNA, "all").json == {"erasedSignals": 2}
    assert doctor.status_of(kept) == "active" and school.signals() == care.signals() == []
    assert doctor.get("/v1/matches?status=open").json["matches"] == []
    assert municipality.erase(NOBODY).json == {"erasedSignals": 0}


def test_an_erasure_tells_nobody(people, municipality):
    school, care, _ = people
    school.reports(ANNA, "a")
    care.reports(ANNA, "c")
    school.reports(BORIS, "a")
    care.reports(BORIS, "c")
    assert municipality.erase(ANNA).json == {"erasedSignals": 2}
    # What had been told of it is gone, what is of the other child is there; nothing has come.
    for party in (school, care):
        assert party.kinds() == ["match-formed"]
        assert [m["status"] for m in party.matches()] == ["open"]
    assert [n["sequence"] for n in school.told()] == ["2"]  # a gap
    assert school.acknowledge(2).status == 204


def test_the_ground_stands_in_the_log(people, municipality, auditor):
    school, _, _ = people
    school.reports(ANNA, "a")
    ground = "Bezwaar gegrond: \u00a77.1.5 \"recht\" op vergetelheid"
    municipality.erase(ANNA, "all", ground, "zaak/2026-9")
    (entry,) = auditor.log_entries(event="erasure-made")
    assert ground in entry["record"]["attributes"].values()
    assert entry["record"]["attributes"]["verwijsindex.case_reference"] == "zaak/2026-9"
    assert entry["record"]["attributes"]["verwijsindex.count"] == 1
    erased = auditor.log_entries(event="signal-erased")
    assert [e["subject"] for e in erased] == [entry["subject"]]


def test_an_erasure_of_very_many(people, municipality, operator, daemon):
    """More signals than one batch works off: it answers when all have gone."""
    school, care, _ = people
    for n in range(150):
        party = (school, care)[n % 2]
        signal = party.reports(ANNA, party.designate(f"p{n}"))
        if n % 3 == 0:
            party.withdraw(signal["id"])
    assert municipality.erase(ANNA, "archive").json == {"erasedSignals": 50}
    assert municipality.erase(ANNA, "all").json == {"erasedSignals": 100}
    assert school.signals() == care.signals() == school.told() == []
    assert operator.status()["signals"] == operator.status()["openMatches"] == 0
    assert pack_of(municipality, ANNA)["held"] is False


def test_after_an_erasure_the_same_child_begins_anew(people, municipality):
    school, care, _ = people
    first = school.reports(ANNA, "a")["id"]
    municipality.erase(ANNA)
    again = school.reports(ANNA, "a")
    assert again["id"] != first and again["match"] is None
    assert care.reports(ANNA, "c")["match"] is not None
    assert school.withdraw(first).status == 204  # the tombstone of the first


# ---- statistics ----

GROUPS = {"signals": {"made", "renewed"},
          "ended": {"withdrawn", "retracted", "expired", "erased", "total"},
          "matches": {"child", "family", "total"}, "followUp": {"contacted", "stalled"}}


def check_suppression(counts, minimum):
    """No small number, and none that a total would give away."""
    for group, members in GROUPS.items():
        cells = counts[group]
        assert cells.keys() == members
        assert all(value is None or value >= minimum for value in cells.values()), counts
        if "total" in cells and cells["total"] is not None:
            hidden = [name for name in members if cells[name] is None]
            assert len(hidden) != 1, counts
            told = sum(value for name, value in cells.items() if name != "total" and value)
            assert not hidden or cells["total"] - told >= minimum, counts
    return counts


def test_statistics_of_a_year(people, municipality, town, operator, daemon, auditor):
    school, care, _ = people
    operator.go_to(dutch_day().replace(year=dutch_day().year + 1, month=2, day=1))
    year = daemon.today().year
    for n in range(14):
        mine = school.reports(bsn(n), "a")["id"]
        theirs = care.reports(bsn(n), "c")
        if n < 6:
            care.renew(theirs["id"])
            school.confirm(theirs["match"]["id"], "a")
        if n < 7:
            school.withdraw(mine, "ended")
        elif n < 13:
            school.withdraw(mine, "wrongful")
    counts = check_suppression(municipality.statistics(year), 5)
    assert (counts["year"], counts["municipality"], counts["suppressedBelow"]) == (year, "0361", 5)
    assert counts["signals"] == {"made": 28, "renewed": 6}
    # Six were retracted; that would tell that none has expired or was erased.
    assert counts["ended"] == {"withdrawn": 7, "retracted": None, "expired": None, "erased": None,
                               "total": 13}
    assert counts["matches"]["total"] == 14
    assert counts["followUp"]["contacted"] == 6
    # Another municipality has its own, and so has another year.
    for other in (town.statistics(year), municipality.statistics(year + 1)):
        check_suppression(other, 5)
        assert 28 not in other["signals"].values()
    entries = auditor.log_entries(event="statistics-read")
    assert [e["record"]["attributes"]["verwijsindex.party"] for e in entries] == [
        municipality.oin, town.oin, municipality.oin]
    assert all(entry["subject"] is None for entry in entries)


def test_small_numbers_are_withheld_and_so_is_what_gives_them_away(start_daemon):
    daemon = start_daemon(policy={"statistics_minimum": 4})
    operator = daemon.operator
    school = operator.admit("school")
    town = operator.admit("municipality", roles=("municipality",))
    school.designate("a")
    year = daemon.today().year
    for n in range(9):
        signal = school.reports(bsn(n), "a")["id"]
        if n < 6:
            school.withdraw(signal, "ended")
        elif n < 8:
            school.withdraw(signal, "wrongful")  # two: to be withheld
    counts = check_suppression(town.statistics(year), 4)
    assert counts["suppressedBelow"] == 4 and counts["signals"]["made"] == 9
    assert counts["ended"]["retracted"] is None
    # 8 in total and 6 withdrawn would tell: one of them is withheld as well.
    assert None in (counts["ended"]["withdrawn"], counts["ended"]["total"]) or (
        counts["ended"]["expired"] is None or counts["ended"]["erased"] is None)
    shown = [value for value in counts["ended"].values() if value is not None]
    assert 2 not in shown


def test_a_signal_ends_once(start_daemon):
    """Also when it goes from the archive later, and when its agreement ends."""
    daemon = start_daemon(policy={"statistics_minimum": 1})
    operator = daemon.operator
    school, care = (operator.admit(name) for name in ("school", "care"))
    town = operator.admit("municipality", roles=("municipality",))
    operator.go_to(dutch_day().replace(year=dutch_day().year + 1, month=2, day=1))
    year = daemon.today().year
    school.designate("a")
    care.designate("c")
    for n in range(6):
        school.withdraw(school.reports(bsn(n), "a")["id"])
        care.reports(bsn(n), "c")
    # Three were withdrawn, and three besides were live.
    for n in range(3):
        assert town.erase(bsn(n)).json == {"erasedSignals": 2}
    ended = town.statistics(year)["ended"]
    assert (ended["withdrawn"], ended["total"]) == (6, 9)
    assert operator.delete(f"/control/parties/{care.oin}/agreements/0361").status == 200
    until(lambda: town.statistics(year)["ended"]["total"] == 12)
    assert town.statistics(year)["ended"]["withdrawn"] == 6


def test_a_year_is_a_year(municipality):
    for query in ("", "?year=", "?year=x", "?year=26", "?year=2026&year=2027", "?year=99999",
                  "?year=-1"):
        answer = municipality.get("/v1/statistics" + query)
        assert (answer.status, answer.pointers) == (400, ["#/year"]), query


# ---- vix ----

def test_vix_writes_a_receipt_that_verifies(people, municipality, daemon, tmp_path):
    birth = str(years_later(daemon.today(), -10))
    options = ["--bsn-file", "-", "--birth-date", birth, "--requested-by", "representative",
               "--case-reference", "inzage-7"]
    file = tmp_path / "receipt"
    done = municipality.vix("access-request", *options, "--receipt", file, input=NOBODY)
    assert done.returncode == 0, done.stderr
    index, record, *_ = open_receipt(file.read_text(), daemon.vkey)
    assert record["attributes"]["verwijsindex.case_reference"] == "inzage-7"
    text = municipality.vix("access-request", *options, "--text", input=NOBODY)
    assert text.returncode == 0 and text.stdout
    assert run_vix("audit", "verify", file, "--key", daemon.vkey).returncode != 0  # is no export
    until(lambda: daemon.operator.status()["logSize"] > index)
