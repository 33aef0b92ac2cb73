# SPDX-License-Identifier: EUPL-1.2
"""How long it has taken, and how long it will: each step has a kind, and once one of its kind has
been taken, the others are expected to take as long; until then as long as was estimated."""
import time


def minutes(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


class Progress:
    def __init__(self, out, clock=time.monotonic):
        self.out, self.clock = out, clock
        self.began = clock()
        self.rest = {}      # kind -> how many of it are to come
        self.estimates = {}  # kind -> seconds
        self.taken = {}     # kind -> seconds of those that were taken
        self.planned = False

    def expect(self, kind, seconds, count=1):
        self.rest[kind] = self.rest.get(kind, 0) + count
        self.estimates[kind] = seconds

    def begin(self):
        self.planned = True

    def step(self, kind):
        """For `with`: one step of the kind."""
        return _Step(self, kind)

    def drop(self, kind):
        """None of the kind will come any more."""
        self.rest[kind] = 0

    def each(self, kind):
        taken = self.taken.get(kind)
        return sum(taken) / len(taken) if taken else self.estimates.get(kind, 0.0)

    def left(self):
        return sum(count * self.each(kind) for kind, count in self.rest.items())

    def elapsed(self):
        return self.clock() - self.began

    def tell(self, what):
        left = f", {minutes(self.left())} left" if self.planned and self.left() > 0 else ""
        print(f"[{self.elapsed():5.0f} s{left}] {what}", file=self.out, flush=True)


class _Step:
    def __init__(self, progress, kind):
        self.progress, self.kind = progress, kind

    def __enter__(self):
        self.began = self.progress.clock()

    def __exit__(self, *_):
        progress, kind = self.progress, self.kind
        progress.taken.setdefault(kind, []).append(progress.clock() - self.began)
        progress.rest[kind] = max(0, progress.rest.get(kind, 0) - 1)
        return False
