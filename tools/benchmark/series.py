# SPDX-License-Identifier: EUPL-1.2
"""The series: each is one measurement, taken once in every round, in the order of the table at the
end: so both sides of every ratio lie next to each other in time."""
import machine
from index import get
from processes import Failure

LATENCY_RATE = 500  # posts a second of the open loop
# To foresee how long it takes.
VERIFIED_A_SECOND = 150_000  # signals that an index lists, to be compared
PRELOADED_A_SECOND = 10_000


class Series:
    """`take` answers a sample for a scene whose `parts` were made; `beside`: how many seconds that
    takes beside the measured ones; `once`: in the first round only."""

    def __init__(self, name, title, parts, take, beside=lambda scene: 1.5, once=False, short=False):
        self.name, self.title, self.parts, self.take = name, title, parts, take
        self.beside, self.once, self.short = beside, once, short

    def seconds(self, scene):
        measured = scene.short if self.short else scene.seconds
        return scene.warm_up + measured + self.beside(scene)


def take_from(told, *path):
    """Out of what bench_store told."""
    for name in path:
        if not isinstance(told, dict) or name not in told:
            raise Failure(f"bench_store told no {'.'.join(path)}")
        told = told[name]
    return told


# ---- how each is taken

def store_sample(told):
    if take_from(told, "notFound") or take_from(told, "notAcknowledged"):
        raise Failure("bench_store: what was acknowledged is not what is there")
    count = int(take_from(told, "acknowledged"))
    return {"rate": take_from(told, "postsPerSecond", "median"),
            "cpu": take_from(told, "processCpuPerPost", "median"),
            "latency": {"p50": take_from(told, "latencyP50", "median") / 1000,
                        "p99": take_from(told, "latencyP99", "median") / 1000},
            "others": take_from(told, "others"), "checked": True, "acknowledged": count,
            "check": f"{count} acknowledged, all found"}


def store_rate(connections):
    return lambda scene: store_sample(scene.programs.bench_store(
        "rate", *scene.spare.words(), "--outstanding", connections, "--rounds", 1, "--seconds",
        scene.short, "--overlap", scene.overlap))


def fan_out(others):
    """A scale of its own: every measured post is the so-manieth signal on its child."""
    def take(scene):
        return store_sample(scene.programs.bench_store(
            "rate", *scene.spare.words(), "--fan-out", others, "--signals",
            scene.fan_out_children * others, "--rounds", 1, "--seconds", 10 * scene.seconds))
    return take


def post(scene):
    return scene.main.post(seconds=scene.seconds)


def open_loop(scene):
    return scene.main.post(words=["--rate", LATENCY_RATE], seconds=scene.seconds)


def element(connections):
    return lambda scene: scene.main.element(connections=connections, seconds=scene.seconds)


def reading(*scenario, empty=None):
    def take(scene):
        found = scene.main.load(*scenario, seconds=scene.short)
        count = found["raw"]["requests"]["empty"]
        if empty is not None and count != (found["count"] if empty else 0):
            raise Failure(f"{count} of {found['count']} polls found nothing")
        return found
    return take


def nginx_get(path):
    def take(scene):
        before = machine.tree_seconds([scene.nginx.process.pid])
        found = get(scene.programs, scene.pki, scene.nginx.url, path, scene.short,
                    scene.warm_up)
        served = machine.tree_seconds([scene.nginx.process.pid]) - before
        found["cpu"] = 1e6 * served / (found["count"] + found["raw"]["requests"]["warmUp"])
        return found
    return take


def baseline(name):
    def take(scene):
        server = getattr(scene, name)
        before = machine.tree_seconds([server.process.pid])
        found = server.post(scene.seconds)
        found["cpu"] = 1e6 * (machine.tree_seconds([server.process.pid]) - before) / max(
            1, found["count"])
        return found
    return take


LATENCY_NAMES = {"p999": "p99.9", "most": "max"}  # as vix-bench has them
LATENCY_SHARES = {"p50": 50000, "p90": 90000, "p99": 99000, "p99.9": 99900, "max": 100000}


def lmdb_loop(scene):
    told = scene.programs.bench_store("loop", "--store", scene.loop.home / "store", "--spoil",
                                      "--rate", LATENCY_RATE, "--seconds", scene.seconds)
    latency = {LATENCY_NAMES.get(name, name): value / 1000
               for name, value in take_from(told, "latency").items()}
    return {"rate": take_from(told, "postsPerSecond"), "latency": latency,
            "others": take_from(told, "others"),
            "distribution": [[share, latency[name]] for name, share in LATENCY_SHARES.items()]}


def sized(size, kind):
    def take(scene):
        index = scene.sized[size]
        if kind == "post":
            return index.post(seconds=scene.short)
        if kind == "match":
            return index.load("match", seconds=scene.short)
        return index.load("get", "/v1/log-entries?limit=100", identities="audit",
                          seconds=scene.short)
    return take


def floor(scene):
    """The costs of the parts, in rounds of its own, in which all of them are taken in turn."""
    told = scene.programs.bench_store(
        "floor", "--store", scene.loop.home / "store", "--spoil", "--seconds", scene.seconds,
        "--rounds", scene.rounds)
    return {"told": told, "others": take_from(told, "others")}


# ---- what beside the measured time takes time

def comparing(scene):
    """That an index lists all its signals."""
    return 2 + scene.signals / VERIFIED_A_SECOND


def comparing_elements(scene):
    return comparing(scene) + scene.seconds  # elements are made beforehand


def making(scene):
    return 1 + 1.6 * scene.short


def filling(others):
    return lambda scene: 1 + scene.fan_out_children * others / PRELOADED_A_SECOND - scene.seconds


def comparing_sized(size):
    return lambda scene: 2 + getattr(scene, size) / VERIFIED_A_SECOND


SERIES = [
    Series("floor", "the raw costs", ("loop",), floor, lambda scene: 10, once=True),
    Series("post", "vixd: post by BSN", ("main",), post, comparing),
    Series("postgres", "PostgreSQL: post, hash-chained log", ("postgres",), baseline("postgres")),
    Series("redis", "Redis: post in one script, SHA-1 chain", ("redis",), baseline("redis")),
    Series("store-64", "committer alone, 64 at a time", ("spare",), store_rate(64), making,
           short=True),
    Series("element-64", "vixd: post by element, 64 connections", ("main",), element(64),
           comparing_elements),
    Series("store-256", "committer alone, 256 at a time", ("spare",), store_rate(256), making,
           short=True),
    Series("element-256", "vixd: post by element, 256 connections", ("main",), element(256),
           comparing_elements),
    Series("nginx", "nginx: small fixed body, mutual TLS", ("nginx",), nginx_get("/v1/notices"),
           short=True),
    Series("nginx-openapi", "nginx: the same openapi.json, a file", ("nginx",),
           nginx_get("/v1/openapi.json"), short=True),
    Series("openapi", "vixd: openapi.json", ("main",), reading("get", "/v1/openapi.json"),
           short=True),
    Series("poll-empty", "vixd: poll of an empty inbox", ("main",),
           reading("poll", "--empty", empty=True), short=True),
    Series("poll-1", "vixd: poll, one notice", ("main",),
           reading("poll", "--limit", 1, empty=False), short=True),
    Series("poll-20", "vixd: poll, a page of 20 notices", ("main",),
           reading("poll", "--limit", 20, empty=False), short=True),
    Series("open", f"vixd: post by BSN, open loop at {LATENCY_RATE}/s", ("main",), open_loop,
           comparing),
    Series("loop", f"LMDB: the same rows, {LATENCY_RATE}/s", ("loop",), lmdb_loop),
    Series("small-post", "vixd, small store: post by BSN", ("growth",), sized("small", "post"),
           comparing_sized("small"), short=True),
    Series("big-post", "vixd, big store: post by BSN", ("growth",), sized("big", "post"),
           comparing_sized("big"), short=True),
    Series("small-match", "vixd, small store: match read", ("growth",), sized("small", "match"),
           short=True),
    Series("big-match", "vixd, big store: match read", ("growth",), sized("big", "match"),
           short=True),
    Series("small-log", "vixd, small store: first log page", ("growth",), sized("small", "log"),
           short=True),
    Series("big-log", "vixd, big store: first log page", ("growth",), sized("big", "log"),
           short=True),
    Series("fan-2", "committer: second professional of a child", ("spare",), fan_out(2),
           filling(2)),
    Series("fan-50", "committer: fiftieth professional of a child", ("spare",), fan_out(50),
           filling(50)),
    Series("huge-post", "vixd, huge store: post by BSN", ("huge",), sized("huge", "post"),
           comparing_sized("huge"), short=True),
    Series("huge-match", "vixd, huge store: match read", ("huge",), sized("huge", "match"),
           short=True),
    Series("huge-log", "vixd, huge store: first log page", ("huge",), sized("huge", "log"),
           short=True),
]
