# SPDX-License-Identifier: EUPL-1.2
"""What a dishonest operator can do to the log with all of its keys while the index is stopped, and
who notices: the table of store/LOG.md, row by row. tests/tamper/forge.c makes the forgeries; the
finders are the programs that an auditor, a school and a witness have."""
import shutil
import subprocess

import pytest

from actors import BUILD, LOG_ORIGIN, bsn, run_vix, until
from witnesses import Witness

FORGE = BUILD / "tests" / "tamper" / "forge"
INNER = 40  # an entry in the first 256, whose tree is stored whole
LAST = -3   # one near the end, whose neighbours are hashed at every start


class Case:
    """An index with some 300 entries, and what others kept of it before anything was forged."""

    def __init__(self, daemon, witness, place):
        self.daemon, self.witness, self.place = daemon, witness, place
        self.school = school = daemon.operator.admit("school")
        self.auditor = auditor = daemon.operator.admit("auditor", roles=("auditor",),
                                                       municipality=None, until=None)
        school.designate("ib-1")
        self.signal = school.signal(bsn(0), "ib-1")
        assert self.signal.status == 201
        while self.size() < 300:
            school.get("/v1/signals")
            school.get(self.signal.headers["location"])
        self.receipt = place / "kept.tlog-proof"
        done = school.vix("receipt", self.signal.headers["log-index"], "--out", self.receipt)
        assert done.returncode == 0, done.stderr
        assert self.export("before").returncode == 0
        self.copy = place / "copy"
        self.is_witnessed()

    def size(self):
        return int(self.auditor.get("/tlog/checkpoint").text.splitlines()[1])

    def export(self, name):
        return self.auditor.vix("audit", "export", "--out", self.place / name)

    def verify(self, name, *more):
        return self.auditor.vix("audit", "verify", self.place / name, "--key", self.daemon.vkey,
                                *more)

    def stop(self):
        self.daemon.close_clients()
        self.daemon.stop()

    def forge(self, edit, index, how):
        """Offline; `index` may count from the end."""
        size = int((self.place / "before" / "checkpoint").read_text().splitlines()[1])
        done = subprocess.run([FORGE, self.daemon.store, self.daemon.keys, LOG_ORIGIN, edit,
                               str(index % size), how], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    # ---- the finders: each says whether it noticed ----

    def start_notices(self):
        """The daemon itself, at its start."""
        try:
            self.daemon.start()
        except AssertionError:
            assert self.daemon.wait_for_exit() == 2
            assert "the root that was signed" in self.daemon.log, self.daemon.log
            return True
        return False

    def export_notices(self):
        """An auditor without anything from before, who reads all of it."""
        exported = self.export("after")
        if exported.returncode == 0:
            exported = self.verify("after")
        assert exported.returncode in (0, 1), exported.stderr
        return exported.returncode == 1

    def earlier_checkpoint_notices(self):
        """An auditor who kept a checkpoint, and compares."""
        old = self.place / "before" / "checkpoint"
        done = self.verify("after", "--since", old)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 1

    def receipt_notices(self):
        """A school that kept a receipt, and holds it against today's log."""
        done = self.school.vix("audit", "verify-receipt", self.receipt, "--key", self.daemon.vkey,
                               "--url", self.daemon.url)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 1

    def watched(self):
        """The witness, as the daemon's status shows it."""
        (one,) = self.daemon.operator.status()["witnesses"]
        return one

    def is_witnessed(self):
        """Once the witness has cosigned all that is in the log."""
        size = self.daemon.operator.status()["logSize"]
        until(lambda: self.watched()["size"] >= size and self.watched()["failure"] is None)
        return True

    def witness_notices(self):
        """A witness, who has seen a head before and is shown the next one."""
        return until(lambda: self.watched()["failure"] in ("log-forked", "log-rolled-back"))

    def receipt_alone_holds(self):
        """Whatever was done to the index: the file still proves what was."""
        done = run_vix("audit", "verify-receipt", self.receipt, "--key", self.daemon.vkey)
        return done.returncode == 0


@pytest.fixture
def case(new_daemon, tmp_path):
    daemon = new_daemon()
    witness = Witness("board.example/w", daemon.vkey).start()
    daemon.write_config(log={"witness_interval": 1, "witness": witness.setting})
    yield Case(daemon.start(), witness, tmp_path)
    witness.remove()


def test_without_a_forgery_nobody_cries_out(case):
    case.stop()
    assert not case.start_notices()
    assert not case.export_notices()
    assert not case.earlier_checkpoint_notices()
    assert not case.receipt_notices()
    assert case.is_witnessed()
    assert case.receipt_alone_holds()


@pytest.mark.parametrize("edit", ["change", "swap"])
def test_records_altered_under_commitments_that_stay(case, edit):
    """The tree is whole, and what is shown does not belong to it."""
    case.stop()
    case.forge(edit, INNER, "--keep")
    assert not case.start_notices()
    assert case.export_notices()


@pytest.mark.parametrize("edit", ["change", "swap", "drop", "insert"])
def test_commitments_altered_under_a_head_that_stays(case, edit):
    """Among entries whose subtree is stored, an export finds it; near the end, or when the number
    of entries changes, the index itself does at its start."""
    case.stop()
    case.forge(edit, INNER, "--commit")
    if edit in ("drop", "insert"):
        assert case.start_notices()
    else:
        assert not case.start_notices()
        assert case.export_notices()


@pytest.mark.parametrize("edit", ["change", "swap", "drop", "insert", "cut"])
def test_entries_altered_near_the_end(case, edit):
    case.stop()
    case.forge(edit, LAST, "--commit")
    assert case.start_notices()


@pytest.mark.parametrize("edit", ["change", "drop", "swap", "insert", "cut"])
def test_the_whole_tree_made_anew_and_signed(case, edit):
    """All is in order for whoever has kept nothing; a checkpoint or a receipt from before gives it
    away."""
    case.stop()
    case.forge(edit, INNER if edit != "cut" else 30, "--sign")
    assert not case.start_notices()
    assert not case.export_notices()
    assert case.earlier_checkpoint_notices()
    assert case.receipt_notices()
    assert case.witness_notices()
    assert case.receipt_alone_holds()


def test_rolled_back_to_an_older_copy(case):
    school = case.school
    case.stop()
    shutil.copytree(case.daemon.store, case.copy)
    case.daemon.start()
    made = school.signal(bsn(1), "ib-1")
    assert made.status == 201
    newer = case.place / "newer.tlog-proof"
    assert school.vix("receipt", made.headers["log-index"], "--out", newer).returncode == 0
    assert case.is_witnessed()
    case.stop()
    shutil.rmtree(case.daemon.store)
    shutil.copytree(case.copy, case.daemon.store)
    assert not case.start_notices()
    assert not case.export_notices()
    # What was kept before the copy was made is in it; what came after is not.
    assert not case.receipt_notices()
    case.receipt = newer
    assert case.receipt_notices()
    assert case.witness_notices()


def test_a_fork(case):
    """Two histories from one copy, each without a fault."""
    school = case.school
    case.stop()
    shutil.copytree(case.daemon.store, case.copy)
    case.daemon.start()
    made = school.signal(bsn(1), "ib-1")
    receipt = case.place / "one.tlog-proof"
    assert school.vix("receipt", made.headers["log-index"], "--out", receipt).returncode == 0
    assert case.is_witnessed()
    case.stop()
    shutil.rmtree(case.daemon.store)
    shutil.copytree(case.copy, case.daemon.store)
    case.daemon.start()
    for n in range(2, 6):
        assert school.signal(bsn(n), "ib-1").status == 201
    assert not case.export_notices()
    assert not case.receipt_notices()  # from before the fork
    case.receipt = receipt
    assert case.receipt_notices()
    assert case.witness_notices()
    assert case.receipt_alone_holds()
