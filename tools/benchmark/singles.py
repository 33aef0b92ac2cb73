# SPDX-License-Identifier: EUPL-1.2
"""Rows that are measured for themselves, not round by round beside something else. Each yields
(name, title, sense, bound, values, unit, note), gives each load to compared(), and may leave what is
to be plotted in scene.extra."""
import json
import signal
import subprocess
import time

from index import CONNECTIONS, comparison
from processes import Failure, tie
from series import VERIFIED_A_SECOND

MIB = 1 << 20
AT_LEAST, AT_MOST, REPORTED = "at least", "at most", "reported"

# The country: its signals a year, what comes at once at night, and who asks by day.
COUNTRY_SIGNALS_A_YEAR = 240_000
COUNTRY_BURST = 300
COUNTRY_PARTIES = 3000


# ---- the knee

def knee(scene, compared):
    words = ["--rate", scene.ramp_from, "--p99", 100, "--halving", scene.halving]
    posts = scene.main.ramp("post", scene.short, words)
    mixed = scene.main.ramp("mixed", scene.short, words)
    for ramp in (posts, mixed):
        compared(comparison(ramp))
    scene.extra["ramps"] = {"post": posts, "mixed": mixed}
    polls = COUNTRY_PARTIES / 60
    kept = posts["kneePerSecond"]
    year = f"; a year's {COUNTRY_SIGNALS_A_YEAR:,} signals in " \
           f"{COUNTRY_SIGNALS_A_YEAR / kept / 60:.1f} minutes" if kept else ""
    yield ("knee-post", "posts a second with p99 within 100 ms", REPORTED, None, [kept], "/s",
           f"a night's burst of {COUNTRY_BURST}/s fits {kept / COUNTRY_BURST:.1f} times{year}")
    yield ("knee-day", "requests a second of a mixed day with p99 within 100 ms", REPORTED, None,
           [mixed["kneePerSecond"]], "/s",
           f"{COUNTRY_PARTIES:,} parties that ask once a minute are {polls:.0f}/s: fits "
           f"{mixed['kneePerSecond'] / polls:.0f} times")


def knee_seconds(scene):
    return 2 * (14 * (scene.short + 1) + scene.signals / VERIFIED_A_SECOND)


# ---- a day, a night

def day(scene, compared):
    found = scene.main.post("mixed", seconds=scene.seconds)
    compared(found)
    note = "; ".join(f"{name} p50 {part['latencyMilliseconds']['p50']:.1f} ms"
                     for name, part in found["parts"].items() if part["asked"])
    yield ("day", "requests a second of a mixed day, closed loop", REPORTED, None, [found["rate"]],
           "/s", note)


def day_seconds(scene):
    return scene.seconds + 3 + scene.signals / VERIFIED_A_SECOND


def burst(scene, compared):
    found = scene.main.post("burst", ["--rate", COUNTRY_BURST, "--quiet-seconds",
                                      scene.quiet_seconds],
                            seconds=scene.burst_seconds, warm_up=0)
    compared(found)
    scene.extra["burst"] = found["parts"]
    parts = {name: part["latencyMilliseconds"] for name, part in found["parts"].items()}
    note = "; ".join(f"{name}: p50 {one['p50']:.1f}, p99 {one['p99']:.1f}, max {one['max']:.1f} ms"
                     for name, one in parts.items())
    yield ("burst", f"p99 in ms during a night's burst of {COUNTRY_BURST}/s", REPORTED, None,
           [parts["burst"]["p99"]], "ms", note)


def burst_seconds(scene):
    return (scene.burst_seconds + 2 * scene.quiet_seconds + 2
            + scene.signals / VERIFIED_A_SECOND)


# ---- memory, and the end of vixd

def memory(scene, compared):
    """After a new start, under polls and posts on so many connections; and, beside the target, when
    all of them are sent the longest answer there is at the same moment."""
    most, points, long = [], [], []
    for count in scene.memory_connections:
        index = scene.main
        index.end()
        index.start()
        polled = index.load("poll", "--empty", connections=count, seconds=scene.short)
        posted = index.post(connections=count, seconds=scene.short)
        compared(posted)
        anonymous = max(polled["anonymous"], posted["anonymous"])
        points.append((count, anonymous))
        most.append(anonymous / (64 * MIB + 30 * 1024 * count))
        found = index.load("get", "/v1/openapi.json", connections=count, seconds=scene.short)
        long.append(found["anonymous"])
    note = "; ".join(f"{count:,} connections: {size / MIB:.1f} MiB, and {longest / MIB:.1f} when all "
                     "were sent openapi.json at once"
                     for (count, size), longest in zip(points, long))
    scene.extra["memory"] = points
    yield ("memory", "anonymous memory over 64 MiB + 30 KiB a connection, worst", AT_MOST, 1,
           [max(most)], "x", note)


def memory_seconds(scene):
    return sum(3 * (scene.short + count / 400) + 4 + scene.signals / VERIFIED_A_SECOND
               for count in scene.memory_connections)


def end_under_load(scene, index):
    """While posts come in vixd is killed and started again, and then drained and started again.
    (seconds until it was ready, seconds until it had ended, what was compared at the end)"""
    words = [str(word) for word in index.load_words(("post",), CONNECTIONS, scene.short + 5, 0)
             + ["--identities", scene.pki / "bench", *index.posting()]]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=lambda: tie(signal.SIGTERM)) as load:
        try:
            time.sleep(scene.short)
            index.end(signal.SIGKILL)
            ready = index.start()
            time.sleep(2)  # so that the load is under way again
            drained = index.end()
            index.start()
            told, said = load.communicate()
        except BaseException:
            load.kill()
            raise
    if not told:
        raise Failure(f"the load ended with {load.returncode}: {said.strip()[-300:]}")
    found = json.loads(told)
    index.new_from = max(index.new_from, found["load"]["bsnNext"])
    return ready, drained, comparison(found)


def restart(scene, compared):
    index = scene.sized["big"]
    ready, drained, checked = [], [], 0
    for _ in range(1 if scene.quick else scene.rounds):
        readied, ended, found = end_under_load(scene, index)
        compared(found)
        ready.append(readied)
        drained.append(ended)
        checked += found["acknowledged"]
    note = f"{checked:,} acknowledged signals, all found after kill -9 and drain"
    yield ("restart", f"s until ready after kill -9, {index.data.signals:,} signals", AT_MOST, 2,
           ready, "s", note)
    yield ("drain", "s until vixd has ended, under full load", AT_MOST, 5, drained, "s", note)


def restart_seconds(scene):
    times = 1 if scene.quick else scene.rounds
    return times * (scene.short + 8 + scene.big / VERIFIED_A_SECOND)


# ---- size

def size(scene, _):
    told = scene.sized["big"].data.told if "big" in scene.sized else scene.data.told
    note = (f"{told['diskBytes'] / MIB:,.0f} MiB of disk for {told['signals']:,.0f} signals, part of "
            "it allocated ahead")
    if scene.postgres is not None:
        note += f"; PostgreSQL, without sealing, tree or prefilled notices: " \
                f"{scene.postgres.bytes_each():.0f}"
    yield ("size", "bytes in use for each signal, with notices, indexes and log", AT_MOST, 2048,
           [told["usedBytesPerSignal"]], "B", note)


class Single:
    """`take(scene, compared)` yields its rows; `seconds(scene)`: how long that will take."""

    def __init__(self, names, parts, take, seconds):
        self.names, self.parts, self.take, self.seconds = names, parts, take, seconds


SINGLES = [
    Single(("knee-post", "knee-day"), ("main",), knee, knee_seconds),
    Single(("day",), ("main",), day, day_seconds),
    Single(("burst",), ("main",), burst, burst_seconds),
    Single(("memory",), ("main",), memory, memory_seconds),
    Single(("restart", "drain"), ("growth",), restart, restart_seconds),
    Single(("size",), ("data",), size, lambda scene: 1),
]
