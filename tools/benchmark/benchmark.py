# SPDX-License-Identifier: EUPL-1.2
"""One benchmark: the rounds, what is measured again because others disturbed it, and the verdicts."""
import statistics

import machine
import report
import rows
from processes import Failure

REPEATS_OF_ONE = 2  # of one load in one round


class Benchmark:
    def __init__(self, options, scene, progress):
        self.options, self.scene, self.progress = options, scene, progress
        self.bound = options.others / 100
        self.results = {}    # series -> samples, one a round
        self.set_aside = {}  # series -> samples that were taken again
        self.faults = {}     # of a series, or of single rows: why it is not measured
        self.verdicts = []
        self.compared = [0, 0]  # loads whose ids were compared with the store, and ids
        self.wanted = [ratio for ratio in rows.RATIOS if ratio.name in options.wanted]
        self.singles = [single for single in rows.SINGLES if set(single.names) & options.wanted]
        names = {name for ratio in self.wanted for name in (*ratio.series, *ratio.beside)}
        self.series = [one for one in rows.SERIES if one.name in names]
        samples = len(self.series) * options.rounds
        self.repeats = options.repeats
        if self.repeats is None:
            self.repeats = 2 if options.quick else samples // 4
        self._expect()

    def _expect(self):
        parts = set()
        for of in [*self.series, *self.singles]:
            parts |= self.scene.parts_of(of.parts)
        for part in parts:
            self.progress.expect(f"make {part}", self.scene.seconds_to_make(part))
        for one in self.series:
            self.progress.expect(one.name, one.seconds(self.scene),
                                 1 if one.once else self.options.rounds)
        for single in self.singles:
            self.progress.expect(", ".join(single.names), single.seconds(self.scene))

    def run(self):
        for one in self.series:
            try:
                self.scene.need(*one.parts)
            except Failure:
                pass  # asked again for each series, which then says why
        self.scene.settle()
        for number in range(1, self.options.rounds + 1):
            for one in self.series:
                if one.name not in self.faults and not (one.once and number > 1):
                    self._take(one, number)
        for ratio in self.wanted:
            self._judge(ratio)
        for single in self.singles:
            self._single(single)

    # ---- series

    def _take(self, one, number):
        """A round's sample of one series: the least disturbed, when it had to be taken again."""
        title = f"round {number}/{self.options.rounds}: {one.title}"
        try:
            self.scene.need(*one.parts)
            with self.progress.step(one.name):
                best = self._sample(one)
                for _ in range(REPEATS_OF_ONE):
                    if best["others"] <= self.bound or self.repeats == 0 or one.once:
                        break
                    self.repeats -= 1
                    self.progress.tell(f"{title}: again, as others took "
                                       f"{100 * best['others']:.0f} %")
                    again = self._sample(one)
                    best, worse = sorted((best, again), key=lambda sample: sample["others"])
                    self.set_aside.setdefault(one.name, []).append(worse)
        except Failure as failure:
            self.faults[one.name] = str(failure)
            self.results.pop(one.name, None)
            self.progress.drop(one.name)
            self.progress.tell(f"{title}: NOT MEASURED: {failure}")
            return
        self.results.setdefault(one.name, []).append(best)
        if "rate" in best:
            cpu = f", {best['cpu']:.0f} us CPU" if best.get("cpu") else ""
            self.progress.tell(f"{title}: {best['rate']:,.0f}/s, p50 {best['latency']['p50']:.2f} ms"
                               f"{cpu}, others {100 * best['others']:.0f} %")

    def _sample(self, one):
        window = machine.Window(self.scene.servers())
        sample = one.take(self.scene)
        others, _ = window.close()
        sample.setdefault("others", others)  # what was told is of the measured time alone
        self.count_compared(sample)
        return sample

    def count_compared(self, sample):
        if "checked" not in sample:
            return
        if not sample["checked"]:
            raise Failure(f"what was acknowledged is not what is there: {sample['check']}")
        self.compared[0] += 1
        self.compared[1] += sample["acknowledged"]

    def disturbances(self):
        samples = [sample for taken in self.results.values() for sample in taken]
        return {"othersPercent": self.options.others, "samples": len(samples),
                "takenAgain": sum(map(len, self.set_aside.values())),
                "stillDisturbed": sum(sample["others"] > self.bound for sample in samples)}

    # ---- rows

    def _judge(self, ratio):
        missing = [self.faults[name] for name in ratio.series if name in self.faults]
        verdict = {"name": ratio.name, "title": ratio.title.format(**self.scene.names()),
                   "sense": ratio.sense, "bound": ratio.bound, "unit": ratio.unit}
        try:
            if missing:
                raise Failure(missing[0])
            values = ratio.compute(self.results)
        except (Failure, ZeroDivisionError) as failure:
            self.verdicts.append(report.Verdict(**verdict, why=str(failure)))
            return
        others = statistics.median(sample["others"] for name in ratio.series
                                   for sample in self.results[name])
        verdict = report.Verdict(**verdict, values=values, others=others)
        if all(name in self.results for name in ratio.beside):
            verdict.note = ratio.note(self.results) if ratio.note else ""
            if verdict.met is False and ratio.bounded_by:
                verdict.reason = ratio.bounded_by(self.results)
        self.verdicts.append(verdict)

    def _single(self, single):
        title = ", ".join(single.names)
        self.progress.tell(title)
        try:
            self.scene.need(*single.parts)
            with self.progress.step(title):
                window = machine.Window(self.scene.servers())
                found = list(single.take(self.scene, self.count_compared))
                others, _ = window.close()
        except Failure as failure:
            self.faults[title] = str(failure)
            self.progress.drop(title)
            self.progress.tell(f"{title}: NOT MEASURED: {failure}")
            self.verdicts += [report.Verdict(name, "", why=str(failure)) for name in single.names
                              if name in self.options.wanted]
            return
        for name, title, sense, bound, values, unit, note in found:
            if name in self.options.wanted:
                verdict = report.Verdict(name, title, sense, bound, values, unit, note,
                                         others=others)
                self.verdicts.append(verdict)
                self.progress.tell(f"{name}: {verdict.measured()}")

    # ---- the end

    def status(self):
        return 1 if self.faults or any(verdict.why for verdict in self.verdicts) else 0
