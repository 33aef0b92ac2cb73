# SPDX-License-Identifier: EUPL-1.2
"""The report: text for people, JSON for machines, plots."""
import json
import statistics
import textwrap

import svg
from rows import AT_LEAST, REPORTED, SERIES, is_met, median_and_spread
from series import LATENCY_RATE
from singles import COUNTRY_BURST, COUNTRY_PARTIES

NOT_TO_BE_QUOTED = ("A QUICK RUN: it shows that everything works. Its stores are small and its "
                    "rounds few and short: nothing in it is to be quoted.")


class Verdict:
    """One row: what was measured, or why it was not."""

    def __init__(self, name, title, sense=REPORTED, bound=None, values=(), unit="x", note="",
                 why=None, others=None):
        self.name, self.title, self.sense, self.bound = name, title, sense, bound
        self.values, self.unit, self.note, self.why = list(values), unit, note, why
        self.others = others
        self.reason = ""  # what stands in the way of the target, when it is not met
        self.met = None if why else is_met(sense, bound, self.values)

    def target(self):
        return "" if self.bound is None else f"{self.sense} {svg.number(self.bound)} {self.unit}"

    def measured(self):
        if self.why:
            return f"not measured: {self.why}"
        middle, least, most = median_and_spread(self.values)
        spread = f" ({svg.number(least)}-{svg.number(most)})" if len(self.values) > 1 else ""
        return f"{svg.number(middle)} {self.unit}{spread}"

    def outcome(self):
        if self.why or self.met is None:
            return "-"
        return ("met" if self.met else "NOT MET") + ("" if self.is_decided() else " ?")

    def is_decided(self):
        """Whether all rounds agree on whether the target is met."""
        return self.met is None or len({is_met(self.sense, self.bound, [value])
                                        for value in self.values}) == 1

    def json(self):
        told = {"name": self.name, "title": self.title, "unit": self.unit, "note": self.note}
        if self.bound is not None:
            told["target"] = {"sense": self.sense, "bound": self.bound}
        if self.why:
            return {**told, "notMeasured": self.why}
        middle, least, most = median_and_spread(self.values)
        if self.reason:
            told["reason"] = self.reason
        return {**told, "median": middle, "least": least, "most": most, "rounds": self.values,
                "met": self.met, "decided": self.is_decided(),
                "othersShare": self.others}


def summary(samples):
    """Of one series: the median, least and most of what its rounds have."""
    told = {"rounds": len(samples)}
    for name, of in (("perSecond", lambda s: s.get("rate")),
                     ("cpuMicroseconds", lambda s: s.get("cpu")),
                     ("p50Milliseconds", lambda s: s.get("latency", {}).get("p50")),
                     ("p99Milliseconds", lambda s: s.get("latency", {}).get("p99")),
                     ("othersShare", lambda s: s.get("others"))):
        values = [of(sample) for sample in samples if of(sample) is not None]
        if values:
            told[name] = dict(zip(("median", "least", "most"), median_and_spread(values)))
    return told


def cell(told, name, form, spread=True):
    if name not in told:
        return ""
    one = told[name]
    middle = form(one["median"])
    return f"{middle} ({form(one['least'])}-{form(one['most'])})" if spread else middle


def whole(value):
    return f"{value:,.0f}"


def short(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def percent(value):
    return f"{100 * value:.0f}"


def table(head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    yield "  ".join(str(one).ljust(width) for one, width in zip(head, widths)).rstrip()
    yield "  ".join("-" * width for width in widths)
    for row in rows:
        yield "  ".join(str(one).ljust(width) for one, width in zip(row, widths)).rstrip()


def wrapped(what):
    return textwrap.wrap(what, 100, subsequent_indent="    ", break_long_words=False,
                         break_on_hyphens=False)


def floor_report(told):
    """What bench_store told of the raw costs, in lines."""
    sync = told.get("fdatasyncOf4KiB", {})
    if sync:
        yield (f"fdatasync of 4 KiB: p50 {sync['p50']:.0f}, p90 {sync['p90']:.0f}, "
               f"p99 {sync['p99']:.0f} us")
    for one in told.get("lmdbSameRows", []):
        yield (f"LMDB, the same rows, {one['postsPerCommit']} posts a commit: "
               f"{one['postsPerSecond']:,.0f} posts/s, {one['cpuPerPost']:.0f} us of CPU a post")
    if "pagesPerPost" in told:
        yield f"pages written for a post, at 64 a commit or more: {told['pagesPerPost']:.1f}"
    for name, value in told.get("cpuMicroseconds", {}).items():
        yield f"CPU, {name}: {value:.1f} us"


def disturbance_report(told):
    yield (f"A load is disturbed when others took more than {told['othersPercent']} %, and was then "
           "repeated, at most twice; the least disturbed is what counts, whatever it measured.")
    yield (f"Loads that count: {told['samples']}; set aside: {told['takenAgain']}; disturbed, and "
           f"count all the same: {told['stillDisturbed']}.")


def summary_lines(benchmark):
    """The last lines: what came of it."""
    verdicts = benchmark.verdicts
    aimed = [v for v in verdicts if v.bound is not None and not v.why]
    missed = [v.name for v in aimed if not v.met]
    failed = {v.name: v.why for v in verdicts if v.why}
    failed.update((name, why) for name, why in benchmark.faults.items()
                  if why not in failed.values())
    loads, ids = benchmark.compared
    yield (f"{len(aimed) - len(missed)} of {len(aimed)} measured targets met"
           + (f"; NOT MET: {', '.join(missed)}" if missed else ""))
    yield f"{loads} loads ended with all of {ids:,} acknowledged ids found in the store"
    if failed:
        yield f"FAILED: not measured: {', '.join(failed)}"
        for name, why in failed.items():
            yield from wrapped(f"    {name}: {why}")


def text_report(told, benchmark):
    verdicts, results = benchmark.verdicts, benchmark.results
    facts = told["machine"]
    yield "Verwijsindex: a benchmark, and what it was held against"
    yield ""
    if told["options"]["quick"]:
        yield NOT_TO_BE_QUOTED
        yield ""
    yield (f"{told['began']}, {told['minutes']:.0f} minutes; revision {facts['revision'][:12]}"
           f"{' with changes' if facts['changed'] else ''}")
    yield (f"{facts['processors']} x {facts['processor']}, {facts['memoryBytes'] / 2**30:.0f} GiB, "
           f"{facts['system']}, kernel {facts['kernel']}")
    yield f"files on {facts['fileSystem']}; load before: {facts['load']:.2f}"
    yield from wrapped("packages: " + ", ".join(facts["packages"]))
    if told["postgres"]:
        yield from wrapped("PostgreSQL: " + ", ".join(
            f"{name}={value}" for name, value in told["postgres"].items() if value))
    yield (f"{told['options']['signals']:,} signals preloaded, {told['options']['rounds']} rounds of "
           f"{told['options']['seconds']} s (of what only reads, half); load generator and servers "
           "share the processors")
    yield ""
    yield "Medians over the rounds, with the least and the most. `Others` is the share of all"
    yield "processors that neither the measured servers nor the load generators used meanwhile:"
    yield "where it is large, so is the doubt about all figures but ratios."
    for line in disturbance_report(told["disturbed"]):
        yield from textwrap.wrap(line, 94)
    yield ""
    rows = [(v.name, v.title, v.target(), "not measured" if v.why else v.measured(), v.outcome(),
             percent(v.others) + " %" if v.others is not None else "") for v in verdicts]
    yield from table(("row", "what", "target", "measured", "", "others"), rows)
    if any(not verdict.is_decided() for verdict in verdicts):
        yield "?: the rounds do not agree on it: not decided."
    yield ""
    for verdict in verdicts:
        if verdict.note and not verdict.why:
            yield from wrapped(f"{verdict.name}: {verdict.note}")
    yield ""
    if any(verdict.reason for verdict in verdicts):
        yield "What stands in the way of what is not met"
        yield ""
        for verdict in verdicts:
            if verdict.reason:
                yield from wrapped(f"{verdict.name}: {verdict.reason}")
        yield ""
    if results:
        yield from series_report(results)
    yield ""
    yield from summary_lines(benchmark)


def series_report(results):
    yield "What they were made of"
    yield ""
    rows = []
    for series in SERIES:
        samples, title = results.get(series.name), series.title
        if not samples or series.name == "floor":
            continue
        one = summary(samples)
        checks = [sample["checked"] for sample in samples if "checked" in sample]
        rows.append((title, cell(one, "perSecond", whole), cell(one, "cpuMicroseconds", short),
                     cell(one, "p50Milliseconds", short, False),
                     cell(one, "p99Milliseconds", short, False),
                     cell(one, "othersShare", percent),
                     ("all found" if all(checks) else "NOT ALL FOUND") if checks else ""))
    yield from table(("series", "per second", "server CPU us each", "p50 ms", "p99 ms", "others %",
                      "acknowledged"), rows)
    yield ""
    yield "p50 and p99 are service times of a closed loop, but those of the open loops count from"
    yield "when a request was meant to start. CPU of baselines is of all their processes."
    for sample in results.get("floor", []):
        yield ""
        yield "The raw costs, medians of rounds of their own"
        yield ""
        yield from floor_report(sample["told"])


# ---- plots

def distribution_plot(results):
    def curve(name):
        samples = results.get(name) or []
        shares = {}
        for sample in samples:
            for share, value in sample.get("distribution", []):
                if 10000 <= share < 100000:
                    shares.setdefault(share, []).append(value)
        return [(100000 / (100000 - share), statistics.median(values))
                for share, values in sorted(shares.items())]
    ticks = [(100000 / (100000 - share), name) for share, name in
             ((50000, "50 %"), (90000, "90 %"), (99000, "99 %"), (99900, "99.9 %"),
              (99990, "99.99 %"))]
    return svg.lines(f"Latency of a post, open loop at {LATENCY_RATE}/s, in ms", [
        ("vixd, whole request", curve("open")), ("LMDB, the same rows", curve("loop"))],
        "share of the requests that took at most so long", "ms", log_x=True, log_y=True,
        x_ticks=ticks, note="Counted from when a request was meant to start; median of the rounds.")


def growth_plot(results, sizes):
    series = []
    for kind, name in (("post", "post by BSN"), ("match", "match read"), ("log", "first log page")):
        points = [(sizes[size], statistics.median(s["cpu"] for s in results[f"{size}-{kind}"]))
                  for size in ("small", "big", "huge") if results.get(f"{size}-{kind}")]
        series.append((name, points))
    return svg.lines("CPU of vixd for a request, in us, as the store grows", series,
                     "signals in the store", "us", log_x=True,
                     x_ticks=[(count, f"{count:,}") for count in sizes.values() if count])


def throughput_plot(results):
    rows = []
    for series in SERIES:
        name, title = series.name, series.title
        rates = [sample["rate"] for sample in results.get(name, []) if sample.get("rate")]
        if rates and name not in ("open", "loop") and not name.startswith(("small", "big", "huge")):
            middle, least, most = median_and_spread(rates)
            rows.append({"name": title, "value": middle, "low": least, "high": most,
                         "told": f"{middle:,.0f}/s"})
    return svg.bars("Requests a second", rows,
                    "Thin lines: least and most of the rounds. Logarithmic.",
                    logarithmic=True)


def target_plot(verdicts):
    rows = []
    for verdict in verdicts:
        if verdict.why or verdict.bound is None or min(verdict.values) <= 0:
            continue
        shares = [value / verdict.bound if verdict.sense == AT_LEAST else verdict.bound / value
                  for value in verdict.values]
        middle, least, most = median_and_spread(shares)
        rows.append({"name": verdict.title, "value": middle, "low": least, "high": most, "bound": 1,
                     "met": verdict.met, "told": f"{verdict.measured().split(' (')[0]} "
                                                 f"({verdict.target()})"})
    return svg.bars("Targets: how many times better than the target (1: just met)", rows,
                    "Blue: met; orange: not met. Thick marks: the targets. Thin lines: least and "
                    "most of the rounds. Logarithmic.", logarithmic=True)


def ramp_plot(ramps):
    series = []
    for name, ramp in ramps.items():
        for share in ("p99", "p50"):  # of a rate that was tried twice, the second time
            points = {step["rate"]: step[share] for step in ramp["steps"]}
            series.append((f"{name}: {share}", list(points.items())))
    return svg.lines("Latency up to the knee, in ms", series, "requests a second, open loop", "ms",
                     log_x=True, log_y=True)


def headroom_plot(verdicts):
    found = {v.name: statistics.median(v.values) for v in verdicts if not v.why and v.values}
    rows = []
    for name, value in (("the country, a night's burst of posts", COUNTRY_BURST),
                        ("measured knee, posts", found.get("knee-post", 0)),
                        ("the country, 3,000 parties that poll", COUNTRY_PARTIES / 60),
                        ("measured knee, a mixed day", found.get("knee-day", 0))):
        if value:
            rows.append({"name": name, "value": value, "low": value, "high": value,
                         "told": f"{value:,.0f}/s", "faint": name.startswith("the country")})
    return svg.bars("Head-room, in requests a second", rows,
                    "Blue: what was measured, with p99 within 100 ms. Grey: what the country asks. "
                    "Logarithmic.", logarithmic=True)


def without_raw(sample):
    return {key: value for key, value in sample.items() if key != "raw"}


def write(directory, told, benchmark, scene):
    """Everything into the directory; returns the text."""
    verdicts, results, extra = benchmark.verdicts, benchmark.results, scene.extra
    sizes = {"small": scene.small, "big": scene.big, "huge": scene.huge}
    directory.mkdir(parents=True, exist_ok=True)
    text = "\n".join(text_report(told, benchmark)) + "\n"
    (directory / "report.txt").write_text(text, encoding="utf8")
    samples = {name: [without_raw(sample) for sample in taken] for name, taken in results.items()}
    full = {**told, "rows": [verdict.json() for verdict in verdicts],
            "series": {name: {"summary": summary(taken), "samples": samples[name]}
                       for name, taken in results.items()},
            "setAside": {name: [without_raw(sample) for sample in taken]
                         for name, taken in benchmark.set_aside.items()},
            "compared": {"loads": benchmark.compared[0], "ids": benchmark.compared[1]},
            "failed": benchmark.faults, "extra": extra}
    (directory / "report.json").write_text(json.dumps(full, indent=1) + "\n", encoding="utf8")
    plots = {"targets": target_plot(verdicts)}
    if results:
        plots["throughput"] = throughput_plot(results)
    if results.get("open") or results.get("loop"):
        plots["latency"] = distribution_plot(results)
    if any(results.get(f"{size}-post") for size in ("small", "big")):
        plots["growth"] = growth_plot(results, sizes)
    if extra.get("ramps"):
        plots["knee"] = ramp_plot(extra["ramps"])
        plots["headroom"] = headroom_plot(verdicts)
    if extra.get("memory"):
        plots["memory"] = svg.lines(
            "Anonymous memory of vixd, in MiB", [
                ("measured", [(count, size / 2**20) for count, size in extra["memory"]]),
                ("target", [(count, 64 + 30 * count / 1024) for count, _ in extra["memory"]])],
            "connections", "MiB",
            x_ticks=[(count, f"{count:,}") for count, _ in extra["memory"]])
    for name, plot in plots.items():
        (directory / (name + ".svg")).write_text(plot, encoding="utf8")
    return text
