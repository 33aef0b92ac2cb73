# SPDX-License-Identifier: EUPL-1.2
"""Killed, as by a power cut, in the middle of what takes many commits: a transfer, a merge of
parties, erasures, what the register tells; while others go on signalling. Afterwards it is as if
it had not begun, or it goes on by itself to its end; and nothing acknowledged is lost."""
import json
import random
import threading

import pytest

from actors import DEADLINE, Party, bsn, run_vix, until
from test_crash import GONE, Failing

ATTEMPTS = 6
MANY = 160  # signals on one child or of one professional: more than one batch works off


class Load:
    """Somebody who signals child after child until the daemon is gone."""

    def __init__(self, party, professional, first):
        self.party, self.professional, self.child = party, professional, first
        self.acknowledged = {}  # child -> signal
        self.answers = threading.Condition()

    def run(self):
        client = self.party.again()
        try:
            while True:
                answer = client.signal(bsn(self.child), self.professional)
                if answer.status == 503:
                    continue
                assert answer.status in (200, 201), answer
                with self.answers:
                    self.acknowledged[self.child] = answer.json["id"]
                    self.answers.notify_all()
                self.child += 1
        except GONE:
            client.close()

    def wait_for(self, count):
        with self.answers:
            assert self.answers.wait_for(lambda: len(self.acknowledged) >= count, DEADLINE)

    def check(self):
        held = {s["id"] for s in self.party.signals()}
        assert set(self.acknowledged.values()) <= held


class Killing:
    def __init__(self, daemon, load, seed):
        self.daemon, self.load, self.random = daemon, load, random.Random(seed)

    def during(self, request):
        """Kills the daemon while it does `request` and others signal; what was answered, if
        anything was, after it has been started again."""
        answers = []

        def work():
            try:
                answers.append(request())
            except GONE:
                pass

        before = len(self.load.acknowledged)
        threads = [Failing(target=self.load.run), Failing(target=work)]
        threads[0].start()
        self.load.wait_for(before + 1)
        threads[1].start()
        self.load.wait_for(before + 1 + self.random.choice([0, 1, 1, 2, 3, 4, 6]))
        self.daemon.kill()
        for thread in threads:
            thread.join(DEADLINE)
        self.daemon.close_clients()
        self.daemon.start()
        self.load.check()
        assert not answers or answers[0].status in (200, 204, 503), answers
        return answers[0] if answers and answers[0].status != 503 else None


@pytest.fixture
def killing(request, daemon, care):
    return Killing(daemon, Load(care, care.designate("load"), 1000), request.node.name)


def check_log(daemon, auditor, tmp_path):
    """It is whole, and its times and tree are right."""
    out = tmp_path / "log"
    assert auditor.vix("audit", "export", "--out", out).returncode == 0
    done = run_vix("audit", "verify", out, "--key", daemon.vkey)
    assert done.returncode == 0, done.stdout
    counts = {}
    for line in (out / "entries.jsonl").open():
        record = json.loads(line)["record"]
        place = record["name"], record["attributes"].get("verwijsindex.object")
        counts[place] = counts.get(place, 0) + 1
    assert set(n for (name, _), n in counts.items() if name == "signal-posted") == {1}
    return counts


def check_counts(daemon, parties):
    """The index counts what its parties see."""
    assert daemon.operator.status()["signals"] == sum(len(party.signals()) for party in parties)
    assert daemon.operator.status()["abortedBatches"] == 0


@pytest.mark.slow
def test_killed_while_signals_go_to_a_colleague(daemon, killing, school, care, auditor, tmp_path):
    both = ["a", "b"]
    for professional in both:
        school.designate(professional)
    twice = school.reports(bsn(0), "b")["id"]  # by both of them: the later is left
    daemon.operator.pass_time("5d")
    ids = {school.reports(bsn(n), "a")["id"] for n in range(MANY)}
    for _ in range(ATTEMPTS):
        leaver, colleague = both
        answer = killing.during(
            lambda leaver=leaver, colleague=colleague: school.again().transfer(leaver, colleague))

        def holders():
            return {s["professional"] for s in school.signals()}

        if answer is not None:
            assert holders() == {colleague}
        # Begun, it goes on by itself; else it has not begun.
        until(lambda: len(holders()) == 1 or twice in {s["id"] for s in school.signals()})
        assert school.transfer(leaver, colleague).status == 200
        assert holders() == {colleague}
        assert {s["id"] for s in school.signals()} == ids
        both.reverse()
    check_counts(daemon, (school, care))
    check_log(daemon, auditor, tmp_path)


@pytest.mark.slow
def test_killed_while_one_party_goes_into_another(daemon, killing, operator, school, care, doctor,
                                                 auditor, tmp_path):
    """School after school: those that have begun to go, go."""
    doctor.designate("e")
    expected = set()
    for attempt in range(4):
        name = daemon.pki.new_client()
        leaving = daemon.operator.admit(name)
        leaving.designate("x")
        first = 2000 + 200 * attempt
        ids = {leaving.reports(bsn(first + n), "x")["id"] for n in range(100)}
        for n in range(0, 100, 10):
            doctor.reports(bsn(first + n), "e")
        answer = killing.during(
            lambda leaving=leaving: daemon.operator.merge(leaving, school))
        gone = until(lambda leaving=leaving: leaving.get("/v1/signals").status != 200
                     or "still there")
        if answer is None and gone == "still there":
            assert {s["id"] for s in leaving.signals()} == ids
            assert daemon.operator.merge(leaving, school).status == 200
        until(lambda leaving=leaving: leaving.get("/v1/signals").problem == "unknown-party")
        expected |= ids
        assert {s["id"] for s in school.signals()} == expected
        matches = school.all_of("/v1/matches?status=open&limit=500", "matches")
        assert len(matches) == 10 * (attempt + 1)
        told = school.told("match-formed")
        assert {n["data"]["ownSignal"]["id"] for n in told} <= expected
        assert len(told) == 10 * (attempt + 1)
    check_counts(daemon, (school, care, doctor))
    check_log(daemon, auditor, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["an upheld objection", "a death"])
def test_killed_while_a_child_is_erased(how, daemon, killing, school, doctor, care, municipality,
                                        registry, auditor, tmp_path):
    """All of it, or nothing."""
    for party in (school, doctor):
        for n in range(MANY // 2):
            party.designate(f"p{n}")
    for attempt in range(ATTEMPTS):
        child = bsn(attempt)
        for party in (school, doctor):
            for n in range(MANY // 2):
                signal = party.reports(child, f"p{n}")["id"]
                if n % 4 == 0:
                    party.withdraw(signal)
        if how == "a death":
            def request(child=child):
                return registry.again().post("/v1/person-events", {"type": "died", "bsn": child})
        else:
            def request(child=child):
                return municipality.again().erase(child)
        answer = killing.during(request)

        def left():
            return len(school.signals()) + len(doctor.signals())

        if answer is not None:
            assert left() == 0
        # What has begun ends; else all is there.
        until(lambda: left() in (0, MANY))
        assert request().status in (200, 204)
        assert school.signals() == doctor.signals() == []
        assert school.told() == doctor.told() == []
    assert daemon.operator.status()["openMatches"] == 0
    check_counts(daemon, (school, care, doctor))
    counts = check_log(daemon, auditor, tmp_path)
    assert {n for (name, _), n in counts.items() if name == "signal-erased"} == {1}


@pytest.mark.slow
def test_killed_while_numbers_are_replaced_and_families_made(daemon, killing, school, care, doctor,
                                                             registry, auditor, tmp_path):
    """Each event is done whole or not at all: told again, it comes to the same."""
    for professional in "ab":
        school.designate(professional)
    doctor.designate("e")
    for attempt in range(ATTEMPTS):
        old, new, sister = (bsn(10 * attempt + n) for n in range(3))
        school.reports(old, "a")
        school.reports(new, "a")
        doctor.reports(new, "e")
        school.reports(sister, "b")
        events = [{"type": "relations", "bsn": old, "parents": [bsn(900 + attempt)]},
                  {"type": "relations", "bsn": sister, "parents": [bsn(900 + attempt)]},
                  {"type": "bsn-replaced", "bsn": old, "replacedBy": new},
                  {"type": "moved", "bsn": old, "municipality": "0361"}]

        def tell(events=events):
            client = Party(daemon, registry.name)
            for event in events:
                answer = client.post("/v1/person-events", event)
            return answer

        killing.during(tell)
        assert tell().status == 204
        first = school.signal(old, "a")
        assert first.status == 200 and school.signal(new, "a").json["id"] == first.json["id"]
        assert doctor.signal(old, "e").json["match"]["id"] == first.json["match"]["id"]
        kinds = sorted(m["kind"] for m in
                       school.all_of("/v1/matches?status=open&limit=500", "matches"))
        assert kinds == ["child"] * (attempt + 1) + ["family"] * (attempt + 1)
        assert len(doctor.told("youth-moved")) == attempt + 1
    assert daemon.operator.status()["openMatches"] == 2 * ATTEMPTS
    check_counts(daemon, (school, care, doctor))
    check_log(daemon, auditor, tmp_path)


@pytest.mark.slow
def test_killed_while_terms_end(daemon, killing, school, care, doctor, operator, auditor,
                                tmp_path):
    """Hundreds of prompts and removals at once: each is done once, whatever happens between."""
    school.designate("a")
    doctor.designate("e")
    for n in range(150):
        school.reports(bsn(n), "a")
        if n % 3 == 0:
            doctor.reports(bsn(n), "e")
    for step in ("705d", "740d"):
        daemon.operator.pass_time(step)  # a start sets the clock back
        killing.during(lambda: daemon.operator.get("/control/status"))
    daemon.operator.pass_time("740d")
    daemon.operator.is_idle()
    until(lambda: {s["status"] for s in school.signals() + doctor.signals()} == {"archived"})
    for party, count in ((school, 150), (doctor, 50)):
        for kind in ("signal-renewal-due", "signal-removed"):
            told = [n["data"]["ownSignal"]["id"] for n in party.told(kind)]
            assert len(told) == len(set(told)) == count, (party.name, kind)
    counts = check_log(daemon, auditor, tmp_path)
    archived = [n for (name, _), n in counts.items() if name == "signal-archived"]
    assert set(archived) == {1} and len(archived) >= 200
