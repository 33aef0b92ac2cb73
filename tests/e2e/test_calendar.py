# SPDX-License-Identifier: EUPL-1.2
"""Terms are Dutch calendar dates: birthdays on 29 February, nights of summer time, evenings on
which it is tomorrow already; and clocks that jump."""
import datetime

import pytest

from actors import AMSTERDAM, bsn, dutch_day, until, years_later

ANNA, BORIS, CARLA = (bsn(n) for n in range(3))
UTC = datetime.timezone.utc
DAY = datetime.timedelta(1)


@pytest.fixture
def people(school, care):
    for party, professional in ((school, "a"), (care, "c")):
        party.designate(professional)
    return school, care


def moment(day, clock, zone=AMSTERDAM):
    return datetime.datetime.combine(day, datetime.time.fromisoformat(clock), zone)


def next_leap_birth(daemon):
    """The next 23rd birthday of somebody who was born on 29 February, and the year of birth."""
    year = next(y for y in range(daemon.today().year - 23, daemon.today().year)
                if y % 4 == 0 and datetime.date(y + 23, 3, 1) > daemon.today(5))
    return year, datetime.date(year + 23, 3, 1)


def test_born_on_29_february(daemon, people, operator):
    """The birthday is on 1 March; not on 28 February, and not a day later."""
    school, _ = people
    year, birthday = next_leap_birth(daemon)
    operator.go_to(birthday - 40 * DAY)
    signal = school.reports(ANNA, "a", f"{year}-02-29")
    assert signal["removalDate"] == str(birthday)
    assert school.renew(signal["id"], f"{year}-02-29").json["removalDate"] == str(birthday)
    operator.go_to(moment(birthday - DAY, "23:30:00"))
    operator.is_idle()
    assert school.status_of(signal["id"]) == "active"
    assert school.signal(BORIS, "a", f"{year}-02-29").status == 201
    operator.go_to(moment(birthday, "00:05:00"))
    until(lambda: school.signals() == [])
    assert school.signal(BORIS, "a", f"{year}-02-29").pointers == ["#/birthDate"]


def test_signalled_on_29_february(daemon, people, operator):
    """Two years later there is none: it ends on 1 March."""
    school, _ = people
    leap = next(y for y in range(daemon.today().year + 1, daemon.today().year + 6) if y % 4 == 0)
    operator.go_to(datetime.date(leap, 2, 29))
    signal = school.reports(ANNA, "a", years_later(daemon.today(), -5))
    assert signal["reportedAt"].startswith(f"{leap}-02-29")
    assert signal["removalDate"] == f"{leap + 2}-03-01"
    operator.go_to(moment(datetime.date(leap + 2, 2, 28), "23:00:00"))
    operator.is_idle()
    assert school.status_of(signal["id"]) == "active"
    operator.go_to(datetime.date(leap + 2, 3, 1))
    until(lambda: school.status_of(signal["id"]) == "archived")


EVENINGS = [  # by the clock of UTC, and whether it is tomorrow in the Netherlands
    (1, "22:30:00", False), (1, "23:30:00", True), (7, "21:30:00", False), (7, "22:30:00", True),
    (7, "23:30:00", True)]


def test_late_in_the_evening_it_is_tomorrow_here(daemon, people, operator):
    """Half past eleven in UTC is half past twelve in a winter night here, half past one in summer;
    what counts is the date on the wall in the Netherlands."""
    school, _ = people
    for n, (month, clock, is_tomorrow) in enumerate(EVENINGS):
        day = datetime.date(dutch_day().year + 1, month, 10)
        operator.go_to(moment(day, clock, UTC))
        dutch = day + DAY if is_tomorrow else day
        signal = school.reports(bsn(10 + n), "a", years_later(dutch, -10))
        assert signal["reportedAt"].startswith(str(day))
        assert signal["removalDate"] == str(years_later(dutch, 2))
        # Whoever has the birthday today is too old, whoever has it tomorrow is not.
        assert school.signal(BORIS, "a", years_later(dutch, -23)).pointers == ["#/birthDate"]
        assert school.signal(bsn(20 + n), "a", years_later(dutch + DAY, -23)).status == 201
        # Born today is born; born tomorrow is not.
        assert school.signal(bsn(30 + n), "a", dutch).status == 201
        assert school.signal(CARLA, "a", dutch + DAY).pointers == ["#/birthDate"]


@pytest.mark.parametrize("month", [3, 10])
def test_the_nights_of_summer_time(month, daemon, people, operator, municipality):
    """Of 23 and 25 hours: a term ends at the Dutch midnight after it, whatever the hours."""
    school, care = people
    last = datetime.date(daemon.today().year + 1, month, 31)
    sunday = last - datetime.timedelta((last.weekday() + 1) % 7)
    birth = years_later(sunday + DAY, -23)  # the birthday is the Monday after that night
    operator.go_to(sunday - 14 * DAY)
    signal = school.reports(ANNA, "a", birth)
    assert care.reports(BORIS, "c")["match"] is None
    match = school.reports(BORIS, "a")["match"]
    assert match["followUpDueDate"] == str(sunday)
    operator.go_to(moment(sunday - DAY, "23:50:00"))
    operator.is_idle()
    assert municipality.told("follow-up-stalled") == []
    operator.go_to(moment(sunday + DAY, "00:05:00"))
    municipality.is_told("follow-up-stalled")
    until(lambda: school.status_of(signal["id"]) is None)


def test_a_night_of_summer_time_has_no_gap(daemon, people, operator):
    """At ten to twelve before it, at the hour that is not there or twice, and after it."""
    school, _ = people
    day = datetime.date(daemon.today().year + 1, 3, 31)
    sunday = day - datetime.timedelta((day.weekday() + 1) % 7)
    for clock, dutch in (("22:50:00", sunday - DAY), ("23:30:00", sunday), ("23:59:59", sunday)):
        operator.go_to(moment(sunday - DAY, clock, UTC))
        answer = school.signal(ANNA, "a", years_later(dutch, -23) + DAY)
        assert answer.status in (200, 201), clock
        assert school.signal(BORIS, "a", years_later(dutch, -23)).status == 400, clock
    for clock in ("00:59:59", "01:00:01", "21:55:00"):
        operator.go_to(moment(sunday, clock, UTC))
        assert school.signal(BORIS, "a", years_later(sunday, -23)).status == 400, clock
        assert school.signal(ANNA, "a", years_later(sunday, -23) + DAY).status == 200, clock


def test_the_clock_is_put_back(daemon, people, operator, auditor, municipality):
    """By a hundred days, as a restart does to the clock of a test: what was done stays done, and
    for the index time stands still until the clock is where it was."""
    school, care = people
    operator.pass_time("100d")
    signal = school.reports(ANNA, "a")
    match = care.reports(ANNA, "c")["match"]["id"]
    daemon.restart()
    assert daemon.today() == dutch_day()
    # A renewal, a withdrawal, a match, a notice at the earlier time.
    for later in (school.renew(signal["id"]), care.signal(BORIS, "c")):
        assert later.json["removalDate"] == str(years_later(dutch_day(100), 2))
        assert later.json["reportedAt"] >= signal["reportedAt"]
    assert school.signal(BORIS, "a").json["match"] is not None
    times = [entry["record"]["end_time"] for entry in auditor.log_entries()]
    assert times == sorted(times)
    sequences = [int(notice["sequence"]) for notice in school.told()]
    assert sequences == [1, 2]
    ids = [one["id"] for one in school.signals()]
    assert ids == sorted(ids)
    # What was due at the later time is due then, once.
    daemon.operator.pass_time("120d")
    daemon.operator.is_idle()
    until(lambda: len(municipality.told("follow-up-stalled")) == 2)
    assert care.confirm(match, "c").json["status"] == "contacted"


def test_the_clock_steps_back_over_a_birthday(daemon, people, operator):
    """What was erased on it does not come back, and can be signalled again."""
    school, _ = people
    birth = years_later(daemon.today(20), -23)
    signal = school.reports(ANNA, "a", birth)["id"]
    operator.pass_time("25d")
    until(lambda: school.status_of(signal) is None)
    daemon.restart()
    assert school.status_of(signal) is None
    again = school.reports(ANNA, "a", birth)["id"]
    daemon.operator.pass_time("25d")
    until(lambda: school.status_of(again) is None)


def test_down_for_months_it_catches_up(daemon, people, operator, municipality, auditor):
    """Hundreds of terms at once, in slices: what is asked meanwhile is answered."""
    school, care = people
    for n in range(200):
        school.reports(bsn(n), "a")
        if n < 50:
            care.reports(bsn(n), "c")
    size = operator.status()["logSize"]
    before = operator.status()["dueRows"]
    operator.pass_time("740d")
    # Somebody who signals meanwhile does not wait for all of it.
    newcomer = school.reports(bsn(300), "a", years_later(daemon.today(), -4))["id"]
    until(lambda: [s["id"] for s in school.get("/v1/signals?status=active").json["signals"]] == [
        newcomer])
    operator.is_idle()
    status = operator.status()
    assert status["dueRows"] - before >= 200 + 250 + 50 and status["dueLagSeconds"] == 0
    assert status["openMatches"] == 0 and status["logSize"] > size
    assert len(auditor.log_entries(event="signal-archived")) == 250
    assert len(school.told("signal-removed")) == 200
    assert len(municipality.told("follow-up-stalled")) == 50


def test_a_prompt_only_where_two_years_come_before_the_birthday(daemon, people, operator):
    school, _ = people
    young = school.reports(ANNA, "a", years_later(daemon.today(), -10))["id"]
    old = school.reports(BORIS, "a", years_later(daemon.today(40), -22))["id"]
    operator.pass_time("410d")
    until(lambda: school.status_of(old) is None)
    assert school.told() == []
    operator.pass_time("295d")
    (prompt,) = school.is_told("signal-renewal-due")
    assert prompt["data"]["ownSignal"]["id"] == young
