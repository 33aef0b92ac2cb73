# SPDX-License-Identifier: EUPL-1.2
"""Everything that a benchmark needs beside each other: stores of several sizes, a vixd on each, and
the baselines. Each part is made when something first needs it, once; why one cannot be made is kept,
so that what needs it can be reported as not measured."""
import os
import shutil

import machine
from baselines import Nginx, Postgres, Redis
from index import OVERLAP, Data, Index, make_pki
from processes import Failure
from series import PRELOADED_A_SECOND

BYTES_PER_SIGNAL = 2500  # of a store, with room to work; to see whether the disk has the room


# What each part is made from, beside what it makes itself.
NEEDS = {"data": ("pki",), "main": ("data",), "spare": ("data",), "loop": ("data",),
         "growth": ("data",), "huge": ("growth",), "nginx": ("main",)}


class Scene:
    def __init__(self, keeper, programs, options, progress):
        self.keeper, self.programs, self.progress = keeper, programs, progress
        self.quick = options.quick
        self.rounds, self.seconds = options.rounds, options.seconds
        self.warm_up = 0 if options.quick else 1
        self.short = (options.seconds + 1) // 2
        self.signals = options.signals
        self.small = min(5_000 if options.quick else 100_000, self.signals)
        self.big = max(40_000 if options.quick else 2_000_000, self.signals)
        self.huge = (80_000 if options.quick else 10_000_000) if options.full else 0
        self.memory_connections = (64, 500) if options.quick else (64, 1000, 3000)
        self.fan_out_children = 200 if options.quick else 1000
        self.ramp_from, self.halving = (500, 1) if options.quick else (500, 3)
        self.burst_seconds, self.quiet_seconds = (5, 2) if options.quick else (20, 5)
        self.overlap = OVERLAP
        self.extra = {}
        self.pki = keeper.path("pki")
        self.postgres = self.redis = self.nginx = self.main = None
        self.spare = self.loop = self.data = None
        self.sized = {}
        self.made = {}

    def names(self):
        """Of the sizes, for titles."""
        return {"small": f"{self.small:,}", "big": f"{self.big:,}", "huge": f"{self.huge:,}"}

    # ---- before anything is made

    def parts_of(self, parts):
        """With all that they are made from."""
        found = set(parts)
        for part in parts:
            found |= self.parts_of(NEEDS.get(part, ()))
        return found

    def seconds_to_make(self, part):
        copying = 1 + self.signals / 400_000
        return {
            "data": self.signals / PRELOADED_A_SECOND,
            "growth": copying + max(0, self.big - self.signals) / PRELOADED_A_SECOND,
            "huge": copying + max(0, self.huge - self.signals) / PRELOADED_A_SECOND,
            "main": copying + 2, "spare": copying, "loop": copying, "pki": 1, "nginx": 1,
            "postgres": 5 + self.signals / 50_000, "redis": 2 + self.signals / 50_000,
        }[part]

    def bytes_needed(self):
        each = {"data": self.signals, "main": 2 * self.signals, "spare": 2 * self.signals,
                "loop": self.signals, "growth": self.big + self.small, "huge": self.huge,
                "postgres": self.signals, "redis": self.signals}
        return BYTES_PER_SIGNAL * sum(count for part, count in each.items()
                                      if f"make {part}" in self.progress.estimates)

    def settle(self):
        """What was made is written to the disk before anything is measured."""
        os.sync()

    # ---- the making

    def need(self, *parts):
        """Makes them; Failure says which one could not be made, and why."""
        for part in parts:
            if part not in self.made:
                self.made[part] = None
                try:
                    self.need(*NEEDS.get(part, ()))
                    self.progress.tell(f"making ready: {part}")
                    with self.progress.step(f"make {part}"):
                        getattr(self, "_make_" + part)()
                except Failure as failure:
                    self.made[part] = str(failure)
                    self.progress.drop(f"make {part}")
                    self.progress.tell(f"{part}: NOT MADE: {failure}")
            if self.made[part] is not None:
                raise Failure(f"{part}: {self.made[part]}")

    def servers(self):
        """Whose CPU time is not that of others."""
        return [process for process in self.keeper.running if process.poll() is None]

    def _room(self, signals, stores):
        free = shutil.disk_usage(self.keeper.directory).free
        if free < signals * stores * BYTES_PER_SIGNAL:
            raise Failure(f"{free >> 30} GiB of disk are too few for {stores} stores of {signals} "
                          "signals")

    # ---- parts

    def _make_pki(self):
        make_pki(self.programs, self.pki)

    def _make_data(self):
        """The store that all others are copies of: first the small one."""
        self._room(self.signals, 4)
        self.base = Data(self.programs, self.keeper.path("base"))
        self.base.fill(self.small)
        self.small_data = self.base.copy(self.keeper.path("small"))
        self.base.fill(self.signals)
        self.data = self.base

    def _run(self, name, data):
        index = Index(self.keeper, self.programs, name, data, self.pki)
        index.warm_up = self.warm_up
        index.start()
        index.prepare()
        return index

    def _make_main(self):
        self.main = self._run("main", self.data.copy(self.keeper.path("main")))

    def _make_spare(self):
        self.spare = self.data.copy(self.keeper.path("spare"))

    def _make_loop(self):
        self.loop = self.data.copy(self.keeper.path("loop"))

    def _make_growth(self):
        self._room(self.big, 1)
        self.sized["small"] = self._run("small", self.small_data)
        big = self.data.copy(self.keeper.path("big"))
        big.fill(self.big)
        self.sized["big"] = self._run("big", big)

    def _make_huge(self):
        if not self.huge:
            raise Failure("only with --full")
        self._room(self.huge, 1)
        huge = self.data.copy(self.keeper.path("huge"))
        huge.fill(self.huge)
        self.sized["huge"] = self._run("huge", huge)

    def _make_nginx(self):
        self.nginx = Nginx(self.keeper, self.pki, machine.processors(), self.main.document())

    def _make_postgres(self):
        self.postgres = Postgres(self.keeper, self.signals, int(self.signals / 1.8), self.overlap)

    def _make_redis(self):
        os.environ.setdefault("LC_ALL", "C.UTF-8")
        self.redis = Redis(self.keeper, self.signals, int(self.signals / 1.8), self.overlap)
