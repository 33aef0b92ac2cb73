#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""What tools/bench concludes: which sample counts, what is met and decided, what fails; and how much
time is left. With series and servers that are none."""
import contextlib
import io
import pathlib
import sys
import tempfile
import types
import unittest
import xml.dom.minidom

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools/benchmark"))

import benchmark  # noqa: E402
import index  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402
import svg  # noqa: E402
from processes import Failure, Keeper  # noqa: E402
from progress import Progress, minutes  # noqa: E402
from series import SERIES, Series, take_from  # noqa: E402


class FakeScene:
    quick, short, seconds, warm_up, rounds = False, 1, 1, 0, 3
    small, big, huge = 10, 20, 0
    extra = {}

    def __init__(self):
        self.settled = 0

    def parts_of(self, parts):
        return set(parts)

    def seconds_to_make(self, _):
        return 1

    def names(self):
        return {"small": "10", "big": "20", "huge": "0"}

    def need(self, *parts):
        if "absent" in parts:
            raise Failure("absent: it is not there")

    def servers(self):
        return []

    def settle(self):
        self.settled += 1


def sample(rate, others=0.0, **more):
    return {"rate": rate, "cpu": 10.0, "others": others, "latency": {"p50": 1.0, "p99": 2.0}, **more}


def compared(rate, good=True):
    return sample(rate, checked=good, acknowledged=7, check="7 acknowledged, 6 found")


def make(series, ratios, options=None, singles=()):
    """A benchmark of these series and rows, run to its end."""
    given = types.SimpleNamespace(others=15, repeats=4, rounds=3, quick=False,
                                  wanted={ratio.name for ratio in ratios})
    given.__dict__.update(options or {})
    progress = Progress(io.StringIO())
    old = rows.SERIES, rows.RATIOS, rows.SINGLES
    rows.SERIES, rows.RATIOS, rows.SINGLES = series, ratios, list(singles)
    try:
        made = benchmark.Benchmark(given, FakeScene(), progress)
        made.run()
    finally:
        rows.SERIES, rows.RATIOS, rows.SINGLES = old
    return made


def taken(name, samples, parts=()):
    """A series that takes these one after another."""
    rest = iter(samples)
    return Series(name, name, parts, lambda scene: dict(next(rest)))


def ratio(sense=rows.AT_LEAST, bound=2, **more):
    return rows.Ratio("row", "a over b", ("a", "b"), rows.rate_ratio("a", "b"), sense, bound, **more)


class Rounds(unittest.TestCase):
    def test_the_median_of_the_rounds_counts(self):
        made = make([taken("a", [sample(90), sample(40), sample(60)]),
                     taken("b", [sample(30), sample(10), sample(30)])], [ratio()])
        verdict, = made.verdicts
        self.assertEqual(verdict.values, [3, 4, 2])
        self.assertTrue(verdict.met and verdict.is_decided())
        self.assertEqual(made.status(), 0)
        self.assertEqual(made.scene.settled, 1)

    def test_not_met_is_not_a_failure_and_is_explained(self):
        made = make([taken("a", [sample(10), sample(25), sample(10)]),
                     taken("b", [sample(10)] * 3)],
                    [ratio(bounded_by=lambda r: f"{len(r['a'])} rounds stand in the way")])
        verdict, = made.verdicts
        self.assertFalse(verdict.met)
        self.assertEqual(verdict.outcome(), "NOT MET ?")  # one of the rounds met it
        self.assertEqual(verdict.reason, "3 rounds stand in the way")
        self.assertEqual(made.status(), 0)

    def test_a_reason_whose_figures_are_missing_is_left_out(self):
        made = make([taken("a", [sample(10)] * 3), taken("b", [sample(10)] * 3),
                     taken("c", [], ("absent",))],
                    [ratio(bounded_by=lambda r: r["c"], note=lambda r: r["c"], beside=("c",))])
        verdict, = made.verdicts
        self.assertEqual((verdict.why, verdict.met, verdict.note, verdict.reason),
                         (None, False, "", ""))
        self.assertEqual(made.status(), 1)

    def test_at_most(self):
        made = make([taken("a", [sample(10)] * 3), taken("b", [sample(10)] * 3)],
                    [ratio(rows.AT_MOST, 1)])
        self.assertEqual(made.verdicts[0].outcome(), "met")

    def test_the_least_disturbed_counts_whatever_it_measured(self):
        made = make([taken("a", [sample(100, 0.5), sample(10, 0.3), sample(50, 0.1),
                                 sample(60), sample(70)]),
                     taken("b", [sample(10)] * 3)], [ratio()])
        self.assertEqual([one["rate"] for one in made.results["a"]], [50, 60, 70])
        self.assertEqual([one["rate"] for one in made.set_aside["a"]], [100, 10])
        self.assertEqual(made.disturbances(), {"othersPercent": 15, "samples": 6, "takenAgain": 2,
                                               "stillDisturbed": 0})

    def test_repeats_are_bounded(self):
        noisy = [sample(10, 0.9)] * 100
        made = make([taken("a", noisy), taken("b", noisy)], [ratio()], {"repeats": 5})
        # Twice each, as long as there are any.
        self.assertEqual([len(made.set_aside[name]) for name in "ab"], [3, 2])
        self.assertEqual(made.disturbances()["stillDisturbed"], 6)
        self.assertEqual(make([taken("a", noisy), taken("b", noisy)], [ratio()],
                              {"repeats": None}).disturbances()["takenAgain"], 1)

    def test_an_acknowledged_id_that_is_missing_fails(self):
        made = make([taken("a", [compared(10), compared(10, False), compared(10)]),
                     taken("b", [compared(10)] * 3)], [ratio()])
        self.assertEqual(made.status(), 1)
        self.assertIn("6 found", made.verdicts[0].why)
        self.assertEqual(made.compared, [4, 28])
        self.assertNotIn("a", made.results)
        self.assertIn("FAILED: not measured: row", "\n".join(report.summary_lines(made)))

    def test_what_cannot_be_made_is_told_and_the_rest_goes_on(self):
        other = rows.Ratio("other", "b over b", ("b",), rows.rate_ratio("b", "b"))
        made = make([taken("a", [], ("absent",)), taken("b", [sample(10)] * 3)], [ratio(), other])
        self.assertEqual(made.status(), 1)
        self.assertEqual([bool(one.why) for one in made.verdicts], [True, False])

    def test_singles(self):
        def take(_scene, count):
            count(compared(10))
            yield ("one", "one", rows.AT_MOST, 5, [4], "s", "")
            yield ("unasked", "unasked", rows.AT_MOST, 5, [4], "s", "")

        def fail(_scene, count):
            count(compared(10, False))
            yield ("two", "two", rows.AT_MOST, 5, [4], "s", "")
        single = types.SimpleNamespace
        made = make([], [], {"wanted": {"one", "two"}}, [
            single(names=("one", "unasked"), parts=(), take=take, seconds=lambda scene: 1),
            single(names=("two",), parts=(), take=fail, seconds=lambda scene: 1)])
        self.assertEqual([(one.name, bool(one.why)) for one in made.verdicts],
                         [("one", False), ("two", True)])
        self.assertEqual(made.status(), 1)


class Told(unittest.TestCase):
    def told(self, **changes):
        requests = {"answered": 1000, "successful": 1000, "perSecond": 500.0, "timedOut": 0,
                    "lost": 0, "malformed": 0, "unsent": 0, "outcomes": []}
        requests.update(changes)
        latency = {name: 1.0 for name in ("p50", "p90", "p99", "p99.9", "max")}
        return {"requests": requests, "latencyMilliseconds": latency, "latencyDistribution": [],
                "machine": {"generatorCpuSeconds": 0.5, "othersShare": 0.1}}

    def read(self, told):
        old, index.run = index.run, lambda *_words, **_settings: index.json.dumps(told)
        try:
            return index.read_load([])
        finally:
            index.run = old

    def test_a_load_of_which_too_many_failed_does_not_count(self):
        self.assertEqual(self.read(self.told(successful=991))["refused"], 9)
        for bad in ({"successful": 900}, {"unsent": 50}, {"timedOut": 20}, {"lost": 20}):
            with self.assertRaises(Failure):
                self.read(self.told(**bad))

    def test_the_generator_and_the_comparison(self):
        verified = {"acknowledged": 5, "found": 5, "missing": 0, "doubled": 0, "undead": 0,
                    "complete": True}
        found = self.read({**self.told(), "verified": verified})
        self.assertAlmostEqual(found["generator"], 500)
        self.assertTrue(found["checked"])
        self.assertNotIn("others", found)  # of a server whose CPU it did not see
        for amiss in ({"missing": 1}, {"doubled": 1}, {"undead": 1}, {"complete": False}):
            self.assertFalse(index.comparison({"verified": {**verified, **amiss}})["checked"])

    def test_what_bench_store_did_not_tell(self):
        self.assertEqual(take_from({"a": {"b": 1}}, "a", "b"), 1)
        for told in ({}, {"a": 1}, {"a": {}}):
            with self.assertRaises(Failure):
                take_from(told, "a", "b")


class Time(unittest.TestCase):
    def test_what_is_left_learns_from_what_was_taken(self):
        now = [0.0]
        progress = Progress(io.StringIO(), lambda: now[0])
        progress.expect("a", 10, 3)
        progress.expect("b", 5)
        self.assertEqual(progress.left(), 35)
        with progress.step("a"):
            now[0] += 20
        self.assertEqual(progress.left(), 45)
        progress.drop("a")
        self.assertEqual(progress.left(), 5)
        with self.assertRaises(ValueError), progress.step("b"):
            raise ValueError
        self.assertEqual(progress.left(), 0)

    def test_words(self):
        self.assertEqual([minutes(45), minutes(600), minutes(7200)], ["45 s", "10 minutes",
                                                                      "2.0 hours"])


class Machine(unittest.TestCase):
    def test_times_of_the_machine(self):
        busy, idle = machine.machine_times("cpu  100 0 200 1000 50 0 0 25 0 0\n")
        self.assertAlmostEqual(busy * machine.TICK, 325)
        self.assertAlmostEqual(idle * machine.TICK, 1050)

    def test_own_work_is_not_that_of_others(self):
        window = machine.Window([])
        total = 0
        while machine.machine_times()[0] - window.before[0][0] < 0.2:
            total += 1
        others, served = window.close()
        self.assertTrue(0 <= others <= 1 and served == 0 and total > 0)

    def test_a_keeper_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as place:
            keeper = Keeper(directory=place)
            keeper.path("file").write_text("x")
            process = keeper.start("sleeper", ["sleep", "600"])
            keeper.close()
            self.assertIsNotNone(process.poll())
            self.assertEqual(list(pathlib.Path(place).iterdir()), [])


class Report(unittest.TestCase):
    def test_files(self):
        made = make([taken("a", [compared(90), compared(40), compared(60)]),
                     taken("b", [sample(30), sample(10), sample(30)])],
                    [ratio(bound=3.5, bounded_by=lambda r: "it is bounded by <this> & that")])
        facts = {"revision": "0" * 40, "changed": False, "processors": 2, "processor": "P",
                 "memoryBytes": 1, "system": "S", "kernel": "K", "fileSystem": "F", "load": 0.0,
                 "packages": ["gcc 1"]}
        told = {"began": "now", "postgres": {"fsync": "on"}, "minutes": 1, "machine": facts, "disturbed": made.disturbances(),
                "options": {"quick": True, "rounds": 3, "seconds": 1, "signals": 10}}
        made.scene.extra = {"memory": [(64, 10 << 20), (1000, 50 << 20)], "ramps": {"post": {
            "steps": [{"rate": 100, "p50": 1.0, "p99": 2.0}, {"rate": 200, "p50": 1.5, "p99": 9.0}]}}}
        with tempfile.TemporaryDirectory() as place:
            text = report.write(pathlib.Path(place), told, made, made.scene)
            self.assertIn("A QUICK RUN", text)
            self.assertIn("row: it is bounded by <this> & that", text)
            self.assertIn("0 of 1 measured targets met; NOT MET: row", text)
            self.assertIn("3 loads ended with all of 21 acknowledged ids found", text)
            names = {path.name for path in pathlib.Path(place).iterdir()}
            self.assertEqual(names, {"report.txt", "report.json", "targets.svg", "throughput.svg",
                                     "knee.svg", "headroom.svg", "memory.svg"})
            for path in pathlib.Path(place).glob("*.svg"):
                xml.dom.minidom.parse(str(path))

    def test_numbers(self):
        self.assertEqual([svg.number(value) for value in (0, 0.0123, 1.5, 12.34, 1234.5)],
                         ["0", "0.0123", "1.5", "12.3", "1,234"])

    def test_every_row_has_its_series(self):
        names = [one.name for one in SERIES]
        self.assertEqual(len(names), len(set(names)))
        for one in rows.RATIOS:
            self.assertLessEqual({*one.series, *one.beside}, set(names))
        self.assertEqual(len(rows.all_names()), len(set(rows.all_names())))


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        unittest.main()
