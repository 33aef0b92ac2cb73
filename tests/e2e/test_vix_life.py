# SPDX-License-Identifier: EUPL-1.2
"""The commands of `vix` for the life of a signal, against the real daemon."""
import pytest

from actors import bsn, bsn_with_leading_zero, until, years_later
from test_vix import (BIRTH, DONE, REFUSED, USAGE, as_json, done, fields, post, put, refused)

ANNA, BORIS = bsn(0), bsn(1)


@pytest.fixture
def people(school, care):
    put(school, "ib-1")
    put(school, "ib-2", name="Tom Visser")
    put(care, "jw-1", name="Yusuf El Idrissi")
    return school, care


def event(registry, kind, *arguments, number=None):
    result = registry.vix("person-event", kind, *(["--bsn-file", "-"] if number else []),
                          *arguments, input=number or "")
    assert (result.returncode, result.stdout) == (DONE, ""), result.stderr


def test_a_person_is_signalled_and_gets_a_number(people, registry):
    school, care = people
    who = ["--person", "van der Berg", "--sex", "v", "--birth-date", BIRTH]
    signal = as_json(school.vix("signal", "post", *who, "--professional", "ib-1", "--json"))
    shown = fields(done(care.vix("signal", "post", "--person", "-", "--sex", "female",
                                 "--birth-date", BIRTH, "--professional", "jw-1",
                                 input="BERG\n")))
    assert "Sanne Bakker" in shown["involved"]
    event(registry, "assigned", *who, number=ANNA)
    again = as_json(post(school, ANNA, "ib-1", "--json"))
    assert again["id"] == signal["id"]
    for wrong, said in ((["--person", "Berg", "--birth-date", BIRTH], "--sex"),
                        (["--birth-date", BIRTH], "bsn-file")):
        result = school.vix("signal", "post", *wrong, "--professional", "ib-1")
        assert result.returncode == USAGE and said in result.stderr
    result = school.vix("signal", "post", *who, "--bsn-file", "-", "--professional", "ib-1",
                        input=ANNA)
    assert result.returncode == USAGE


def test_renewing(people, operator):
    school, _ = people
    signal = as_json(post(school, ANNA, "ib-1", "--json"))
    operator.pass_time("100d")
    shown = fields(done(school.vix("signal", "renew", signal["id"], "--birth-date", BIRTH)))
    assert shown["removal"] > signal["removalDate"]
    refused(school.vix("signal", "renew", signal["id"], "--birth-date", "1990-01-01"),
            "400 invalid-request")
    school.withdraw(signal["id"])
    refused(school.vix("signal", "renew", signal["id"], "--birth-date", BIRTH), "409 conflict")


def test_quiet_loading(people, operator, tmp_path):
    school, care = people
    refused(post(school, ANNA, "ib-1", "--quiet"), "403 not-permitted")
    file = tmp_path / "children"
    file.write_text("".join(f"{bsn(n)}\n" for n in range(100)))
    refused(school.vix("signal", "count-notices", "--file", file), "403 not-permitted")
    operator.allow(school, "quiet")
    post(care, ANNA, "jw-1")
    counted = as_json(school.vix("--json", "signal", "count-notices", "--file", file))
    assert counted == {"signals": 100, "notices": 0}
    assert as_json(post(school, ANNA, "ib-1", "--quiet", "--json"))["match"] is not None
    assert care.told() == school.told() == []
    few = tmp_path / "few"
    few.write_text(f"{ANNA}\n")
    assert school.vix("signal", "count-notices", "--file", few).returncode in (REFUSED, USAGE)


def test_quiet_loading_in_blinded_mode(people, operator, tmp_path):
    """The file's numbers do not leave the machine."""
    school, care = people
    for permission in ("quiet", "blinded"):
        operator.allow(school, permission)
    zero = bsn_with_leading_zero()
    for n in range(12):
        post(care, bsn(n), "jw-1")
    post(care, zero, "jw-1")
    file = tmp_path / "children"
    file.write_text("".join(f"{number}\n" for number in [zero[1:]] + [bsn(n) for n in range(99)]))
    direct, blinded = (as_json(school.vix("--json", "signal", "count-notices", "--file", file,
                                          *more)) for more in ((), ("--blinded",)))
    assert direct == blinded and direct["signals"] == 100
    assert abs(direct["notices"] - 2 * 13) <= 9 and direct["notices"] % 10 == 0


def test_handing_over_and_contact(people, municipality):
    school, care = people
    post(school, ANNA, "ib-1")
    match = as_json(post(care, ANNA, "jw-1", "--json"))["match"]
    shown = fields(done(school.vix("professional", "transfer", "ib-1", "--to", "ib-2")))
    assert (shown["signals moved"], shown["signals merged"]) == ("1", "0")
    refused(school.vix("professional", "transfer", "ib-1", "--to", "nobody"),
            "400 invalid-request")
    confirmed = fields(done(care.vix("match", "confirm", match["id"], "--professional", "jw-1")))
    assert confirmed["status"] == "contacted" and "Tom Visser" in confirmed["involved"]
    assert as_json(municipality.vix("--json", "match", "list", "--status", "contacted"))["matches"]
    assert care.vix("match", "confirm", match["id"]).returncode == USAGE


def test_what_the_register_tells(people, registry, municipality, tmp_path):
    school, care = people
    post(school, ANNA, "ib-1")
    post(care, BORIS, "jw-1")
    parents, address = tmp_path / "parents", tmp_path / "address"
    parents.write_text(f"{bsn(20)}\n{bsn(21)}\n")
    address.write_text("1811AA 1\n")
    for number in (ANNA, BORIS):
        event(registry, "relations", "--parents-file", parents, "--address-file", address,
              number=number)
    assert [m["kind"] for m in school.matches()] == ["family"]
    event(registry, "relations", number=ANNA)
    assert [m["status"] for m in school.matches()] == ["ended"]
    event(registry, "moved", "--municipality", "0362", number=ANNA)
    new = tmp_path / "new"
    new.write_text(BORIS)
    event(registry, "replaced", "--new-bsn-file", new, number=ANNA)
    (match,) = as_json(school.vix("--json", "match", "list", "--status", "open"))["matches"]
    assert match["kind"] == "child"
    event(registry, "died", number=ANNA)
    assert school.signals() == care.signals() == []
    refused(school.vix("person-event", "died", "--bsn-file", "-", input=ANNA), "403 role-missing")
    refused(registry.vix("person-event", "moved", "--bsn-file", "-", "--municipality", "x",
                         input=ANNA), "400 invalid-request")
    result = registry.vix("person-event", "died", "--bsn-file", "-", input="950000013")
    assert result.returncode in (REFUSED, USAGE) and "950000013" not in result.stderr


def test_rights_and_counts(people, municipality, daemon, operator):
    school, care = people
    post(school, ANNA, "ib-1")
    post(care, ANNA, "jw-1")
    birth = str(years_later(daemon.today(), -10))
    asked = ["access-request", "--bsn-file", "-", "--birth-date", birth, "--requested-by",
             "representative", "--case-reference", "inzage-1"]
    text = done(municipality.vix(*asked, input=ANNA))
    assert fields(text)["held"] == "yes" and "Yusuf El Idrissi" in text and ANNA not in text
    pack = as_json(municipality.vix("--json", *asked, input=ANNA))
    assert len(pack["signals"]) == 2
    assert "Yusuf El Idrissi" in done(municipality.vix(*asked, "--text", input=ANNA))
    wrong = municipality.vix(*asked[:-4], "--requested-by", "youth", "--case-reference", "x",
                             input=ANNA)
    assert "#/requestedBy" in refused(wrong, "400 invalid-request")
    assert fields(done(municipality.vix("statistics", "--year", str(daemon.today().year))))
    erased = municipality.vix("erase", "--bsn-file", "-", "--scope", "all", "--ground",
                              "bezwaar gegrond", "--case-reference", "bezwaar-1", input=ANNA)
    assert fields(done(erased))["signals erased"] == "2"
    assert school.signals() == [] and operator.status()["openMatches"] == 0


def test_notices_of_every_kind_are_told(people, registry, municipality, town, operator, auditor):
    """Each with what it means."""
    school, care = people
    school.withdraw(as_json(post(school, ANNA, "ib-2", "--json"))["id"])
    post(school, ANNA, "ib-1", "--reference", "groep6-14")
    post(care, ANNA, "jw-1")
    registry.tells("moved", bsn=ANNA, municipality="0362")
    operator.pass_time("16d")
    town.is_told("follow-up-stalled")
    operator.pass_time("690d")
    school.is_told("signal-renewal-due")
    operator.pass_time("30d")
    school.is_told("signal-removed")
    municipality.ask_access(ANNA)
    for party, kinds in ((school, {"match-formed", "youth-moved", "signal-renewal-due",
                                   "signal-removed"}),
                         (care, {"match-formed", "archived-involvement", "youth-moved",
                                 "signal-renewal-due", "signal-removed"}),
                         (town, {"youth-moved", "follow-up-stalled"}),
                         (auditor, {"access-requested"})):
        told = done(party.vix("notices"))
        for kind in kinds:
            assert f"notice:         {kind}" in told, (party.name, kind, told)
        blocks = told.count("notice:  ")
        assert told.count("  meaning:") == blocks
    assert "groep6-14" in done(school.vix("notices"))


def test_the_operators_new_commands(people, operator, daemon):
    school, care = people
    post(school, ANNA, "ib-1")
    turned = fields(done(operator.vix("turn-epoch")))
    assert turned["epoch"] == "2" and int(turned["rows sealed"]) > 0
    assert fields(done(operator.vix("status")))["epoch"] == "2"
    merged = fields(done(operator.vix("party", "merge", "--oin", school.oin, "--into", care.oin)))
    assert merged["oin"] == care.oin
    until(lambda: len(care.signals()) == 1)
    refused(operator.vix("party", "merge", "--oin", school.oin, "--into", care.oin),
            "404 not-found")
    assert operator.vix("party", "merge", "--oin", care.oin).returncode == USAGE
    assert operator.vix("wind-down", "/nonexistent/x").returncode == USAGE
    refused(operator.vix("wind-down", "/nonexistent/x", "--confirm", "another"),
            "400 invalid-request")
    assert daemon.operator.status()["ready"] is True
