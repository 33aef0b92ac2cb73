# SPDX-License-Identifier: EUPL-1.2
"""The rows of the report: ratios of series, round by round, each with its target; and what is not a
matter of rounds, from singles.py."""
import statistics

import machine
from series import SERIES, take_from
from singles import AT_LEAST, AT_MOST, REPORTED, SINGLES

__all__ = ["AT_LEAST", "AT_MOST", "REPORTED", "RATIOS", "SERIES", "SINGLES", "all_names", "is_met",
           "median_and_spread"]

PAGE = 20  # notices of poll-20


def middle(samples, name):
    return statistics.median(sample[name] for sample in samples)


# ---- ratios

def rate_ratio(left, right):
    return lambda r: [a["rate"] / b["rate"] for a, b in zip(r[left], r[right])]


def cpu_ratio(left, right):
    return lambda r: [a["cpu"] / b["cpu"] for a, b in zip(r[left], r[right])]


def evaluation(r):
    """Of a BSN, in us: the hash to the group, and the multiplication by the key."""
    told = r["floor"][0]["told"]
    return sum(take_from(told, "cpuMicroseconds", name) for name in ("oprfEvaluation", "hashToGroup"))


def cpu_over_parts(r):
    return [post["cpu"] / (evaluation(r) + nginx["cpu"] + store["cpu"])
            for post, nginx, store in zip(r["post"], r["nginx"], r["store-64"])]


def latency_over_bound(r):
    return [a["latency"]["p50"] / (2.5 * b["latency"]["p50"] + 1)
            for a, b in zip(r["open"], r["loop"])]


# ---- what stands in the way, for rows that do not meet their target: one sentence, of this run

def bounded_by_processors(name, beside=""):
    def tell(r):
        served, asked = middle(r[name], "cpu"), middle(r[name], "generator")
        count = machine.processors()
        most = 1e6 * count / (served + asked)
        return (f"a request takes {served:.0f} us of CPU in vixd and {asked:.0f} in the load "
                f"generator, so that {count} processors can do at most {most:,.0f}/s, of which "
                f"{100 * middle(r[name], 'rate') / most:.0f} % was reached{beside}")
    return tell


ALONE = "; the committer alone shares them with neither TLS nor a load generator"


def bounded_by_parts(r):
    post, nginx, store = (middle(r[name], "cpu") for name in ("post", "nginx", "store-64"))
    rest = post - evaluation(r) - nginx - store
    return (f"of {post:.0f} us an evaluation is {evaluation(r):.0f}, TLS and HTTP {nginx:.0f}, the "
            f"store {store:.0f}; the other {rest:.0f} are JSON, authentication and two hand-overs, "
            "and the processors being shared with the load generator")


def bounded_by_entries(page):
    def tell(r):
        name = f"poll-{page}"
        cpu, nginx = middle(r[name], "cpu"), middle(r["nginx"], "cpu")
        each = (f", {cpu / page:.0f} us of CPU for each" if page > 1 else "")
        return (f"each notice that is handed out is an entry of the log, committed before the "
                f"answer{each}: {cpu:.0f} us of CPU in vixd for the answer against {nginx:.0f} in "
                "nginx, which stores nothing")
    return tell


def entries_told(r):
    rate = PAGE * middle(r["poll-20"], "rate")
    return (f"each notice is its own durable entry of the log: {rate:,.0f} entries a second, "
            f"{rate / middle(r['nginx'], 'rate'):.2f} for each request of nginx")


def body_bytes(samples):
    return statistics.median(sample["raw"]["requests"]["bodyBytes"]
                             / sample["raw"]["requests"]["answered"] for sample in samples)


def bounded_by_bytes(r):
    small, large = body_bytes(r["nginx"]), body_bytes(r["openapi"])
    own = middle(r["nginx-openapi"], "rate") / middle(r["nginx"], "rate")
    return (f"the answer is {large:,.0f} bytes and nginx's {small:.0f}, so that it is encrypting and "
            f"copying bytes that is compared: nginx itself, serving the same {large:,.0f}, does "
            f"{own:.2f} x of its rate with the small body")


def same_bytes(_):
    return ("the comparison that says something of the server: the same bytes by the same TLS, so "
            "that only the work around them differs")


def bounded_by_fan_out(r):
    few, many = middle(r["fan-2"], "cpu"), middle(r["fan-50"], "cpu")
    return (f"the fiftieth tells 50 where the second tells 2, each a row in another party's part of "
            f"the store, at {(many - few) / 48:.1f} us of CPU for each one more")


class Ratio:
    """`beside`: series that its note or its reason needs too."""

    def __init__(self, name, title, series, compute, sense=REPORTED, bound=None, unit="x", note=None,
                 bounded_by=None, beside=()):
        self.name, self.title, self.series, self.compute = name, title, series, compute
        self.sense, self.bound, self.unit = sense, bound, unit
        self.note, self.bounded_by, self.beside = note, bounded_by, beside


RATIOS = [
    Ratio("post-postgres", "post by BSN over PostgreSQL", ("post", "postgres"),
          rate_ratio("post", "postgres"), AT_LEAST, 5, bounded_by=bounded_by_processors("post")),
    Ratio("post-cpu", "CPU of a post over evaluation + TLS request (nginx) + store alone",
          ("floor", "post", "store-64", "nginx"), cpu_over_parts, AT_MOST, 1.6,
          bounded_by=bounded_by_parts),
    Ratio("post-redis", "post by BSN over Redis", ("post", "redis"), rate_ratio("post", "redis")),
    Ratio("element-redis", "post by element (256 connections) over Redis", ("element-256", "redis"),
          rate_ratio("element-256", "redis")),
    Ratio("element-64", "post by element over the store alone, 64 connections",
          ("store-64", "element-64"), rate_ratio("element-64", "store-64"), AT_LEAST, 0.7,
          bounded_by=bounded_by_processors("element-64", ALONE)),
    Ratio("element-256", "post by element over the store alone, 256 connections",
          ("store-256", "element-256"), rate_ratio("element-256", "store-256"), AT_LEAST, 0.7,
          bounded_by=bounded_by_processors("element-256", ALONE)),
    Ratio("element-postgres", "post by element over PostgreSQL", ("postgres", "element-64"),
          rate_ratio("element-64", "postgres"), AT_LEAST, 6,
          bounded_by=bounded_by_processors("element-64")),
    Ratio("poll-1", "poll with one notice over nginx", ("nginx", "poll-1"),
          rate_ratio("poll-1", "nginx"), AT_LEAST, 0.25, bounded_by=bounded_by_entries(1)),
    Ratio("poll-20", "poll with 20 notices over nginx", ("nginx", "poll-20"),
          rate_ratio("poll-20", "nginx"), AT_LEAST, 0.25, note=entries_told,
          bounded_by=bounded_by_entries(PAGE)),
    Ratio("poll-empty", "empty poll over nginx", ("nginx", "poll-empty"),
          rate_ratio("poll-empty", "nginx"), AT_LEAST, 0.7,
          bounded_by=bounded_by_processors("poll-empty")),
    Ratio("openapi", "openapi.json over nginx with a small body", ("nginx", "openapi"),
          rate_ratio("openapi", "nginx"), AT_LEAST, 0.8, bounded_by=bounded_by_bytes,
          beside=("nginx-openapi",)),
    Ratio("openapi-same", "openapi.json over nginx with the same bytes",
          ("nginx-openapi", "openapi"), rate_ratio("openapi", "nginx-openapi"), AT_LEAST, 0.8,
          note=same_bytes, bounded_by=bounded_by_processors("openapi")),
    Ratio("latency", "open loop: p50 over 2.5 x LMDB's p50 + 1 ms", ("open", "loop"),
          latency_over_bound, AT_MOST, 1),
    Ratio("growth-post", "CPU of a post, {big} signals over {small}", ("small-post", "big-post"),
          cpu_ratio("big-post", "small-post"), AT_MOST, 1.3),
    Ratio("growth-match", "CPU of a match read, {big} signals over {small}",
          ("small-match", "big-match"), cpu_ratio("big-match", "small-match"), AT_MOST, 1.3),
    Ratio("growth-log", "CPU of a first log page, {big} signals over {small}",
          ("small-log", "big-log"), cpu_ratio("big-log", "small-log"), AT_MOST, 1.3),
    Ratio("growth-time", "time of a post at full load, {big} signals over {small}",
          ("small-post", "big-post"), rate_ratio("small-post", "big-post"), AT_MOST, 1.3),
    Ratio("growth-10m", "CPU of a post, {huge} signals over {small}", ("small-post", "huge-post"),
          cpu_ratio("huge-post", "small-post"),
          beside=("small-match", "small-log", "huge-match", "huge-log")),
    Ratio("fan-out", "CPU of a post, fiftieth professional over second", ("fan-2", "fan-50"),
          cpu_ratio("fan-50", "fan-2"), AT_MOST, 3, bounded_by=bounded_by_fan_out),
    Ratio("fan-out-time", "time of a post, fiftieth professional over second", ("fan-2", "fan-50"),
          rate_ratio("fan-2", "fan-50"), AT_MOST, 3, bounded_by=bounded_by_fan_out),
]


def all_names():
    return [ratio.name for ratio in RATIOS] + [name for single in SINGLES for name in single.names]


def median_and_spread(values):
    return statistics.median(values), min(values), max(values)


def is_met(sense, bound, values):
    if sense == REPORTED:
        return None
    middle_one = statistics.median(values)
    return middle_one >= bound if sense == AT_LEAST else middle_one <= bound
