# SPDX-License-Identifier: EUPL-1.2
"""The daemon is told to stop in the middle of long work: it does not wait for the end of that, and
brings it to its end when it is started again."""
import signal
import threading

import pytest

from actors import bsn, in_parallel, until

SIGNALS = 1200


@pytest.fixture
def full(school, care):
    """A school with very many signals."""
    school.designate("a")
    school.designate("b")
    care.designate("c")
    clients = [school.again() for _ in range(4)]
    in_parallel([lambda one=one, n=n: [one.reports(bsn(4 * k + n), "a")
                                       for k in range(SIGNALS // 4)]
                 for n, one in enumerate(clients)])
    return school


def stop_during(daemon, work, has_begun):
    """Asks for the work, and stops the daemon when it has begun. The status of the answer, None when
    the connection ended without one."""
    answers = []

    def ask():
        try:
            answers.append(work().status)
        except (OSError, EOFError):
            answers.append(None)

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: answers or has_begun())
    daemon.process.send_signal(signal.SIGTERM)
    asking.join()
    daemon.close_clients()
    assert daemon.wait_for_exit() == 0, daemon.log
    assert "drained=no" not in daemon.log, daemon.log
    daemon.check_log()
    return answers[0]


def test_a_merge_of_parties(daemon, full, care, operator):
    """Whoever asked is told to come again; nothing is lost, nothing is double."""
    status = stop_during(daemon, lambda: operator.merge(full, care),
                         lambda: full.get("/v1/signals").problem == "party-suspended")
    assert status in (200, 503)
    daemon.start()
    assert until(lambda: len(care.signals()) == SIGNALS)
    until(lambda: full.get("/v1/signals").problem == "unknown-party")
    assert operator.status()["signals"] == SIGNALS


def test_a_transfer(daemon, full, auditor):
    def first():
        return full.get("/v1/signals?limit=1").json["signals"][0]["professional"]

    status = stop_during(daemon, lambda: full.again().transfer("a", "b"), lambda: first() == "b")
    assert status in (200, 503)
    daemon.start()
    until(lambda: {one["professional"] for one in full.signals()} == {"b"})
    assert len(full.signals()) == SIGNALS
    moved = [entry["record"]["attributes"]["verwijsindex.object"]
             for entry in auditor.log_entries(event="signal-transferred")]
    assert len(moved) == len(set(moved)) == SIGNALS
