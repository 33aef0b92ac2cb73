# SPDX-License-Identifier: EUPL-1.2
"""Many clients at once on a few children of one family: report, renew, withdraw, transfer, replace
numbers, tell relations, erase, merge parties. Whatever the order was, what must hold afterwards
does; and the daemon never answered that it had gone wrong."""
import collections
import itertools
import random
import threading

import pytest

from actors import Party, bsn, in_parallel, until

CHILDREN = 6
STEPS = 120
PROFESSIONALS = ("p", "q", "r")
MOTHER, FATHER = bsn(30), bsn(31)
FINE = {200, 201, 204, 404, 409}


class Patient(Party):
    """A client that tries again when it is told to: what it read kept changing."""

    def request(self, *arguments, **more):
        while True:
            answer = super().request(*arguments, **more)
            if answer.status != 503:
                return answer
            assert answer.problem == "overloaded" and int(answer.headers["retry-after"]) >= 1


def patient(party):
    return Patient(party.daemon, party.name)


class Storm:
    """What everybody does, at random but from a seed, and what came of it."""

    def __init__(self, reporters, municipality, registry):
        self.reporters, self.municipality, self.registry = reporters, municipality, registry
        self.posted = collections.defaultdict(dict)  # party -> {signal: what is known of it}
        self.lock = threading.Lock()
        self.answers = collections.Counter()

    def heard(self, what, answer):
        assert answer.status in FINE, (what, answer)
        with self.lock:
            self.answers[what, answer.status] += 1
        return answer

    def report(self, client, party, draw):
        answer = self.heard("report", client.signal(bsn(draw.randrange(CHILDREN)),
                                                    draw.choice(PROFESSIONALS)))
        if answer.status == 201:
            with self.lock:
                self.posted[party.name][answer.json["id"]] = True

    def mine(self, party, draw):
        with self.lock:
            known = list(self.posted[party.name])
        return draw.choice(known) if known else None

    def reporter(self, party, seed):
        client, draw = patient(party), random.Random(seed)
        for _ in range(STEPS):
            signal, chance = self.mine(party, draw), draw.random()
            if chance < 0.5 or signal is None:
                self.report(client, party, draw)
            elif chance < 0.62:
                self.heard("end", client.withdraw(signal, "ended"))
            elif chance < 0.74:
                self.heard("retract", client.withdraw(signal, "wrongful"))
            elif chance < 0.84:
                self.heard("renew", client.renew(signal))
            elif chance < 0.90:
                leaver, colleague = draw.sample(PROFESSIONALS, 2)
                self.heard("transfer", client.transfer(leaver, colleague))
            elif chance < 0.96:
                for match in client.matches():
                    assert match["status"] in ("open", "contacted", "stalled", "ended")
            else:
                client.all_notices()

    def register(self, seed):
        client, draw = patient(self.registry), random.Random(seed)
        for _ in range(STEPS // 3):
            child = bsn(draw.randrange(CHILDREN))
            chance = draw.random()
            if chance < 0.6:
                parents = draw.choice([[], [MOTHER], [FATHER], [MOTHER, FATHER]])
                client.tells("relations", bsn=child, parents=parents)
            elif chance < 0.8:
                client.tells("moved", bsn=child, municipality=draw.choice(["0361", "0362"]))
            elif chance < 0.9:
                client.tells("died", bsn=child)
            else:
                # Two numbers of the last two children become one, in either direction.
                old, new = draw.sample([bsn(CHILDREN - 1), bsn(CHILDREN - 2)], 2)
                client.tells("bsn-replaced", bsn=old, replacedBy=new)

    def town_hall(self, seed):
        client, draw = patient(self.municipality), random.Random(seed)
        for _ in range(STEPS // 4):
            child = bsn(draw.randrange(CHILDREN))
            if draw.random() < 0.5:
                self.heard("erase", client.erase(child, draw.choice(["archive", "all"])))
            else:
                client.matches()
                client.all_notices()


def check(daemon, reporters, municipality, registry):
    """What must hold of any store, seen from outside."""
    operator = daemon.operator
    signals = {party: party.signals() for party in reporters}
    matches = {party: party.all_of("/v1/matches?limit=500", "matches") for party in reporters}
    # Each live signal once; no professional twice on a child; all that is counted is there.
    everyone = list(itertools.chain(*signals.values()))
    assert len({s["id"] for s in everyone}) == len(everyone)
    assert operator.status()["signals"] == len(everyone)
    live = {s["id"]: (party, s["professional"]) for party in reporters for s in signals[party]
            if s["status"] == "active"}
    # To post again says which child a signal is on, and changes nothing.
    by_child = collections.defaultdict(dict)
    for party in reporters:
        for professional in PROFESSIONALS:
            wanted = {s["id"] for s in signals[party]
                      if s["status"] == "active" and s["professional"] == professional}
            for n in range(CHILDREN):
                answer = party.signal(bsn(n), professional)
                assert answer.status in (200, 201), answer
                if answer.status == 201:  # was not there: as if it had never been
                    assert party.withdraw(answer.json["id"], "wrongful").status == 204
                else:
                    assert answer.json["id"] in wanted
                    by_child[n][answer.json["id"]] = (party, professional)
            found = {signal for n in range(CHILDREN) for signal, who in by_child[n].items()
                     if who == (party, professional)}
            assert found == wanted, (party.name, professional)
    children = {frozenset(by_child[n].items()) for n in range(CHILDREN) if by_child[n]}
    assert sum(len(child) for child in children) == len(live)
    # A child match for each child with two live signals, with all of them and nobody else in it.
    open_child, open_family = {}, set()
    for party in reporters:
        for match in matches[party]:
            own = {one["id"] for one in match["ownSignals"]}
            if match["status"] == "ended":
                continue
            assert own <= live.keys(), "a match that is not over has live signals"
            if match["kind"] == "family":
                open_family.add(match["id"])
                continue
            for signal in own:
                assert open_child.setdefault(signal, match["id"]) == match["id"]
    for child in children:
        ids = {open_child.get(signal) for signal, _ in child}
        assert len(ids) == 1 and (None in ids) == (len(child) < 2), child
    assert operator.status()["openMatches"] == len(set(open_child.values())) + len(open_family)
    # Sequences only grow; what is told of is one's own and there.
    for party in reporters:
        notices = party.all_notices()
        sequences = [int(n["sequence"]) for n in notices]
        assert sequences == sorted(set(sequences))
        own = {s["id"] for s in signals[party]}
        assert {n["data"]["ownSignal"]["id"] for n in notices} <= own
    # The death of all ends all.
    for n in range(CHILDREN):
        registry.tells("died", bsn=bsn(n))
    assert all(party.signals() == [] for party in reporters)
    assert municipality.get("/v1/matches?status=open").json["matches"] == []
    assert operator.status()["signals"] == operator.status()["openMatches"] == 0
    assert operator.status()["abortedBatches"] == 0


@pytest.fixture
def reporters(operator, daemon):
    made = [operator.admit(name) for name in ("school", "care", daemon.pki.named("doctor"))]
    for party in made:
        for professional in PROFESSIONALS:
            party.designate(professional)
    return made


@pytest.mark.parametrize("seed", [pytest.param(1, marks=pytest.mark.smoke), 2, 3])
def test_everybody_at_once_on_one_family(seed, daemon, reporters, municipality, registry, town,
                                         auditor):
    storm = Storm(reporters, municipality, registry)
    in_parallel([lambda party=party, n=n: storm.reporter(party, f"{seed}-{party.name}-{n}")
                 for party in reporters for n in range(2)]
                + [lambda: storm.register(f"{seed}-register"),
                   lambda: storm.town_hall(f"{seed}-town")])
    for what in ("report", "end", "retract", "renew", "erase"):
        assert sum(n for (kind, status), n in storm.answers.items()
                   if kind == what and status < 300), what
    assert "internal-error" not in daemon.log
    check(daemon, reporters, municipality, registry)


def test_everybody_at_once_while_parties_merge(daemon, operator, reporters, municipality, registry):
    """One of the reporters goes up in another in the middle of it: it is refused from then on, and
    nothing of it is lost or double."""
    school, care, doctor = reporters
    for n in range(60):
        school.reports(bsn(100 + n), PROFESSIONALS[n % 3])
        doctor.reports(bsn(100 + n), "p")
    refused = []

    def post(party, first):
        client = patient(party)
        for n in range(first, first + 60):
            answer = client.signal(bsn(100 + n % 80), "q")
            if answer.status == 403:
                refused.append(answer.problem)
                return
            assert answer.status in (200, 201), answer

    in_parallel([lambda: post(school, 0), lambda: post(care, 0), lambda: post(doctor, 20),
                 lambda: operator.merge(school, care)])
    assert set(refused) <= {"unknown-party", "party-suspended"}
    until(lambda: school.get("/v1/signals").problem == "unknown-party")
    held = [s["id"] for s in care.signals()]
    assert len(held) == len(set(held)) >= 60
    assert operator.status()["signals"] == len(held) + len(doctor.signals())
    for n in range(60):
        answer = doctor.signal(bsn(100 + n), "p")
        assert answer.status == 200 and answer.json["match"]["involved"], n
    assert operator.status()["abortedBatches"] == 0
