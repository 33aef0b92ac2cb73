# SPDX-License-Identifier: EUPL-1.2
"""Killed at random under load, twenty times on one store: what was acknowledged is there, exactly
once, after every restart; what was not is there whole or not at all; and the log holds."""
import collections
import http.client
import json
import random
import ssl
import threading

import pytest

from actors import DEADLINE, bsn, run_vix

KILLS = 20
PROFESSIONALS = ("p", "q")
# What a client meets when its server is gone.
GONE = (OSError, ssl.SSLError, http.client.HTTPException)


class Model:
    """What was acknowledged, and what is in doubt: the request that was under way at a kill."""

    def __init__(self):
        self.lock = threading.Condition()
        self.ids = {}        # (party, professional, child) -> signal
        self.states = {}     # the same -> active, archived or erased
        self.acknowledged = collections.Counter()  # by party: up to which sequence
        self.answers = 0

    def answered(self):
        with self.lock:
            self.answers += 1
            self.lock.notify_all()

    def wait_for(self, answers):
        with self.lock:
            assert self.lock.wait_for(lambda: self.answers >= answers, DEADLINE)

    def of_party(self, party):
        return [key for key in self.ids if key[0] is party]


class Worker:
    """One professional of one party, who signals child after child, and takes some of it back."""

    def __init__(self, model, party, professional, seed):
        self.model, self.party, self.professional = model, party, professional
        self.client = party.again()
        self.random = random.Random(seed)
        self.child = -1
        self.doubt = None    # (what, key, more): sent, and never answered

    @staticmethod
    def patiently(request):
        """As a client that is told to try again does."""
        answer = request()
        while answer.status == 503:
            assert answer.problem == "overloaded" and int(answer.headers["retry-after"]) >= 1
            answer = request()
        return answer

    def key(self, child):
        return self.party, self.professional, child

    def post(self, key):
        self.doubt = ("post", key, None)
        answer = self.patiently(lambda: self.client.signal(bsn(key[2]), self.professional,
                                                           reference=f"{key[2]}"))
        # A repeated request finds what the lost answer told of, if it came to be.
        assert answer.status in (200, 201), answer
        self.model.ids[key] = answer.json["id"]
        self.model.states[key] = "active"

    def withdraw(self, key, reason):
        self.doubt = ("withdraw", key, reason)
        answer = self.patiently(lambda: self.client.withdraw(self.model.ids[key], reason))
        assert answer.status == 204, answer
        self.model.states[key] = "archived" if reason == "ended" else "erased"

    def acknowledge(self):
        answer = self.patiently(lambda: self.client.get("/v1/notices?limit=50"))
        if answer.json["notices"]:
            last = answer.json["next"]
            self.doubt = ("acknowledge", None, last)
            assert self.patiently(lambda: self.client.acknowledge(last)).status == 204
            with self.model.lock:
                mine = self.model.acknowledged
                mine[self.party.name] = max(mine[self.party.name], last)

    def step(self):
        chance = self.random.random()
        mine = [key for key in list(self.model.ids) if key[:2] == (self.party, self.professional)
                and self.model.states[key] == "active"]
        if chance < 0.10 and mine:
            self.withdraw(self.random.choice(mine), self.random.choice(["ended", "wrongful"]))
        elif chance < 0.16:
            self.acknowledge()
        else:
            self.child += self.random.choice([1, 1, 1, 2])
            self.post(self.key(self.child))

    def run(self):
        """Until the daemon is gone."""
        try:
            if self.doubt is not None:
                what, key, more = self.doubt
                if what == "post":
                    self.post(key)
                elif what == "withdraw":
                    self.withdraw(key, more)
                self.doubt = None
            while True:
                self.step()
                self.doubt = None
                self.model.answered()
        except GONE:
            self.client.close()


class Failing(threading.Thread):
    """A thread whose failure is that of the test."""

    failure = None

    def run(self):
        try:
            super().run()
        except BaseException as failure:  # pylint: disable=broad-except
            self.failure = failure

    def join(self, timeout=None):
        super().join(timeout)
        if self.failure is not None:
            raise self.failure


class Crash:
    """An index under load that is killed, and what is held against the model after each restart."""

    def __init__(self, daemon, reporters, municipality, auditor, directory):
        self.daemon, self.reporters, self.municipality = daemon, reporters, municipality
        self.auditor, self.directory = auditor, directory
        self.model = Model()
        self.random = random.Random(20261122)
        self.workers = [Worker(self.model, party, professional, f"{party.name}{professional}")
                        for party in reporters for professional in PROFESSIONALS]
        self.seen = {}       # by party: notices by sequence
        self.erased = set()  # signals whose notices are gaps
        self.heads = [self.take_head("head-0")]
        self.log = {}        # events on signals, by signal

    def take_head(self, name):
        note = self.daemon.party("auditor").get("/tlog/checkpoint")
        assert note.status == 200
        path = self.directory / name
        path.write_bytes(note.body)
        return path

    def kill_under_load(self, n):
        self.model.answers = 0
        threads = [Failing(target=worker.run) for worker in self.workers]
        for thread in threads:
            thread.start()
        moment = self.random.choice([0, 1, self.random.randrange(2, 60),
                                     self.random.randrange(60, 400)])
        self.model.wait_for(moment // 2)
        head = self.take_head(f"before-kill-{n}")
        self.model.wait_for(moment)
        self.daemon.kill()
        for thread in threads:
            thread.join(DEADLINE)
        self.daemon.close_clients()
        self.daemon.start()
        return head

    # -- after the restart

    def check_signals(self):
        """Every acknowledged one once, in its state; of what is in doubt, one or none."""
        doubts = {worker.doubt[1]: worker.doubt for worker in self.workers if worker.doubt}
        for party in self.reporters:
            listed = party.signals()
            assert len({signal["id"] for signal in listed}) == len(listed)
            there = {(party, s["professional"], int(s["reference"])): s for s in listed}
            assert len(there) == len(listed)  # no child twice by one professional
            for key in self.model.of_party(party):
                found = there.pop(key, None)
                state = found["status"] if found else "erased"
                if key in doubts and doubts[key][0] == "withdraw":
                    wanted = "archived" if doubts[key][2] == "ended" else "erased"
                    assert state in ("active", wanted)
                    self.model.states[key] = state
                assert state == self.model.states[key], (key, found)
                assert found is None or found["id"] == self.model.ids[key]
            for key, signal in there.items():  # in doubt, and it came to be
                assert doubts[key][0] == "post" and signal["status"] == "active"
                self.model.ids[key], self.model.states[key] = signal["id"], "active"
        self.erased |= {self.model.ids[key] for key, state in self.model.states.items()
                        if state == "erased"}

    def live(self):
        """The live signals by child: {child: {signal: (party, professional)}}."""
        children = collections.defaultdict(dict)
        for key, signal in self.model.ids.items():
            if self.model.states[key] == "active":
                children[key[2]][signal] = key[:2]
        return children

    def check_matches(self):
        """One open match for each child with two live signals or more, with just those in it."""
        matches = {}         # live signal -> match, as the signal's own party is shown it
        for party in self.reporters:
            for match in party.all_of("/v1/matches?status=open&limit=500", "matches"):
                for own in match["ownSignals"]:
                    assert own["id"] not in matches
                    matches[own["id"]] = match
        opened = {}
        for child, signals in self.live().items():
            found = {matches.pop(signal)["id"] for signal in signals if signal in matches}
            assert len(found) == (1 if len(signals) >= 2 else 0), child
            opened |= {signal: match for match in found for signal in signals}
        assert matches == {}
        told = {match["id"] for match in
                self.municipality.all_of("/v1/matches?status=open&limit=500", "matches")}
        assert told == set(opened.values())
        assert self.daemon.operator.status()["openMatches"] == len(told)
        return opened

    def check_involved(self):
        """Who is involved, in every open match of one party, is who has a live signal."""
        party = self.random.choice(self.reporters)
        by_signal = {signal: signals for signals in self.live().values() for signal in signals}
        for match in party.all_of("/v1/matches?status=open&limit=500", "matches"):
            own = [one["id"] for one in match["ownSignals"]]
            wanted = dict(by_signal[own[0]])
            if len(own) == 1:
                del wanted[own[0]]
            assert sorted(one["professional"]["name"] for one in match["involved"]) == sorted(
                f"{who.name} {professional}" for who, professional in wanted.values())

    def read_notices(self, whole):
        """What came since the last time; or all, which must be what was seen before."""
        for party in self.reporters + [self.municipality]:
            seen = self.seen.setdefault(party.name, {})
            after = 0 if whole else max(seen, default=0)
            notices = {int(n["sequence"]): n for n in party.all_notices(after)}
            assert all(sequence > after for sequence in notices)
            for sequence, notice in notices.items():
                known = seen.setdefault(sequence, notice)
                assert (known["id"], known["type"]) == (notice["id"], notice["type"])
            if whole and party is not self.municipality:
                assert notices.keys() == {sequence for sequence, n in seen.items()
                                          if n["data"]["ownSignal"]["id"] not in self.erased}
            pending = party.get("/v1/notices?limit=1").json["notices"]
            mark = self.model.acknowledged[party.name]
            assert not pending or int(pending[0]["sequence"]) > mark

    def check_notices(self, opened):
        """Each live signal in a match was told once that it was formed, and once of each that
        joined it; a municipality once of each match."""
        told = collections.Counter()
        for party in self.reporters:
            for notice in self.seen[party.name].values():
                data = notice["data"]  # of an earlier involvement there is no match
                told[notice["type"].split(".")[2], data["ownSignal"]["id"],
                     data.get("matchId")] += 1
        formed = {(signal, match): n for (kind, signal, match), n in told.items()
                  if kind == "match-formed"}
        assert set(formed.values()) <= {1}
        for signal, match in opened.items():
            assert formed[signal, match] == 1
        town = collections.Counter(n["data"]["matchId"] for n in
                                   self.seen[self.municipality.name].values()
                                   if n["type"].split(".")[2] == "match-formed")
        assert set(town.values()) <= {1} and set(opened.values()) <= town.keys()
        # Where nobody left, ids tell the order, and so how many joined after whom.
        left = {key[2] for key, state in self.model.states.items() if state != "active"}
        for child, signals in self.live().items():
            for rank, signal in enumerate(sorted(signals)) if child not in left else ():
                joined = told["match-joined", signal, opened.get(signal)]
                assert joined == max(len(signals) - 1 - max(rank, 1), 0), (child, rank)

    def check_log(self, n, head):
        """The log is one with what was known of it before, and says of each signal what became of
        it: no signal without its entry, no entry without its signal."""
        for name, since in (("all", self.heads[-1]), ("kill", head)):
            out = self.directory / f"export-{n}-{name}"
            done = self.auditor.vix("audit", "export", "--out", out, "--since", since)
            assert done.returncode == 0, done.stderr
            done = run_vix("audit", "verify", out, "--key", self.daemon.vkey, "--since", since)
            assert done.returncode == 0, done.stdout
        self.heads.append(self.directory / f"export-{n}-all" / "checkpoint")
        for line in (self.directory / f"export-{n}-all" / "entries.jsonl").open():
            record = json.loads(line)["record"]
            kind, _, signal = record["attributes"].get("verwijsindex.object", "").partition(":")
            if kind == "signal" and record["attributes"]["verwijsindex.outcome"] == "done":
                self.log.setdefault(signal, collections.Counter())[record["name"]] += 1
        assert self.log.keys() == set(self.model.ids.values())
        for key, signal in self.model.ids.items():
            state, events = self.model.states[key], self.log[signal]
            assert events["signal-posted"] == 1
            assert (events["signal-withdrawn"] > 0) == (state == "archived")
            assert (events["signal-retracted"] > 0) == (state == "erased")

    def check_whole_log(self):
        """At the end, the whole log against every head that was ever seen."""
        out = self.directory / "whole"
        assert self.auditor.vix("audit", "export", "--out", out).returncode == 0
        for head in sorted(self.directory.glob("before-kill-*")):
            done = run_vix("audit", "verify", out, "--key", self.daemon.vkey, "--since", head)
            assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_killed_twenty_times_under_load(daemon, operator, school, care, municipality, auditor,
                                        tmp_path):
    reporters = [school, care, operator.admit(daemon.pki.new_client())]
    for party in reporters:
        for professional in PROFESSIONALS:
            party.designate(professional, name=f"{party.name} {professional}")
    crash = Crash(daemon, reporters, municipality, auditor, tmp_path)
    for n in range(KILLS):
        head = crash.kill_under_load(n)
        crash.check_signals()
        opened = crash.check_matches()
        crash.check_involved()
        crash.read_notices(whole=n == KILLS - 1)
        crash.check_notices(opened)
        crash.check_log(n, head)
    crash.check_whole_log()
    assert len(crash.model.ids) > 20 * KILLS  # it was under load
