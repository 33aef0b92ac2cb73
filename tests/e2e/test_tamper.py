# SPDX-License-Identifier: EUPL-1.2
"""What a dishonest operator can do to the log with all of its keys while the index is stopped, and
who notices: the table of store/LOG.md, row by row. tests/tamper/forge.c makes the forgeries; the
finders are the programs that an auditor, a school and a witness have."""
import copy
import shutil
import subprocess

import pytest

from actors import BUILD, LOG_ORIGIN, Daemon, bsn, new_directory, run_vix, until
from witnesses import Witness

FORGE = BUILD / "tests" / "tamper" / "forge"
INNER = 40  # an entry in the first 256, whose tree is stored whole
LAST = -3   # one near the end, whose neighbours are hashed at every start


def put(source, folder):
    shutil.rmtree(folder)
    shutil.copytree(source, folder)


def bad_parts(done):
    """What `vix audit` says that is BAD; it must be what its exit status says."""
    found = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("BAD ")}
    assert done.returncode == (1 if found else 0), done.stdout + done.stderr
    assert ("NOT verified" in done.stdout) == bool(found), done.stdout
    return found


class Case:
    """An index with some 300 entries, and what others kept of it before anything was forged. Making
    it takes longer than a test does: it is made once, and put back for each."""

    def __init__(self, daemon, witness, place):
        self.daemon, self.witness, self.place = daemon, witness, place
        self.kept = place / "kept"
        self.school = school = daemon.operator.admit("school")
        self.auditor = auditor = daemon.operator.admit("auditor", roles=("auditor",),
                                                       municipality=None, until=None)
        school.designate("ib-1")
        self.signal = school.signal(bsn(0), "ib-1")
        assert self.signal.status == 201
        while self.size() < 300:
            school.get("/v1/signals")
            school.get(self.signal.headers["location"])
        self.is_witnessed()  # a receipt has the head that was witnessed last
        self.receipt = self.keep_receipt(self.signal, "kept")
        assert self.export("before").returncode == 0
        self.copy = place / "copy"
        self.is_witnessed()
        self.stop()
        self.witness.stop()
        for folder in (daemon.store, witness.folder):
            shutil.copytree(folder, self.kept / folder.name)

    def put_back(self, place):
        """As it was before the last test, with the daemon stopped; `place` is for what the test
        makes itself."""
        self.stop()
        self.witness.stop()
        for folder in (self.daemon.store, self.witness.folder):
            put(self.kept / folder.name, folder)
        shutil.copytree(self.place / "before", place / "before")
        case = copy.copy(self)
        case.place, case.copy = place, place / "copy"
        self.witness.start()
        return case

    def keep_receipt(self, answer, name):
        file = self.place / f"{name}.tlog-proof"
        done = self.school.vix("receipt", answer.headers["log-index"], "--out", file)
        assert done.returncode == 0, done.stderr
        return file

    def signals(self, n):
        answer = self.school.signal(bsn(n), "ib-1")
        assert answer.status == 201
        return answer

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

    def export_finds(self):
        """An auditor without anything from before, who reads all of it: which checks say BAD."""
        exported = self.export("after")
        found = bad_parts(self.verify("after"))
        assert exported.returncode == (1 if found else 0), exported.stderr
        return found

    def earlier_checkpoint_finds(self):
        """The same of one who kept a checkpoint, and compares."""
        return bad_parts(self.verify("after", "--since", self.place / "before" / "checkpoint"))

    def receipt_finds(self, receipt=None):
        """A school that kept a receipt, and holds it against today's log: whether that is a fork."""
        done = self.school.vix("audit", "verify-receipt", receipt or self.receipt, "--key",
                               self.daemon.vkey, "--url", self.daemon.url)
        found = bad_parts(done)
        assert ("NOT verified: FORK: " in done.stdout) == (found == {"today"}), done.stdout
        assert found or "the log still holds this" in done.stdout, done.stdout
        return found

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
        return not bad_parts(done)


@pytest.fixture(scope="module")
def made(pki, tmp_path_factory):
    daemon = Daemon(pki, new_directory())
    witness = Witness("board.example/w", daemon.vkey).start()
    daemon.write_config(log={"witness_interval": 1, "witness": witness.setting})
    yield Case(daemon.start(), witness, tmp_path_factory.mktemp("made"))
    witness.remove()
    shutil.rmtree(daemon.directory)


@pytest.fixture
def case(made, tmp_path):
    yield made.put_back(tmp_path)
    made.stop()


def test_without_a_forgery_nobody_cries_out(case):
    assert not case.start_notices()
    assert not case.export_finds()
    assert not case.earlier_checkpoint_finds()
    assert not case.receipt_finds()
    assert case.is_witnessed()
    assert case.receipt_alone_holds()


@pytest.mark.parametrize("edit", ["change", "swap"])
def test_records_altered_under_commitments_that_stay(case, edit):
    """The tree is whole, and what is shown does not belong to it."""
    case.forge(edit, INNER, "--keep")
    assert not case.start_notices()
    assert "records" in case.export_finds()


@pytest.mark.parametrize("edit", ["change", "swap", "drop", "insert"])
def test_commitments_altered_under_a_head_that_stays(case, edit):
    """Among entries whose subtree is stored, an export finds it; near the end, or when the number
    of entries changes, the index itself does at its start."""
    case.forge(edit, INNER, "--commit")
    if edit in ("drop", "insert"):
        assert case.start_notices()
    else:
        assert not case.start_notices()
        assert "tree" in case.export_finds()


@pytest.mark.parametrize("edit", ["change", "swap", "drop", "insert", "cut"])
def test_entries_altered_near_the_end(case, edit):
    case.forge(edit, LAST, "--commit")
    assert case.start_notices()


@pytest.mark.parametrize("edit", ["change", "drop", "swap", "insert", "cut"])
def test_the_whole_tree_made_anew_and_signed(case, edit):
    """All is in order for whoever has kept nothing; a checkpoint or a receipt from before gives it
    away."""
    case.forge(edit, INNER if edit != "cut" else 30, "--sign")
    assert not case.start_notices()
    assert not case.export_finds()
    assert case.earlier_checkpoint_finds() == {"since"}
    assert case.receipt_finds() == {"today"}
    assert case.witness_notices()
    assert case.receipt_alone_holds()


def test_rolled_back_to_an_older_copy(case):
    shutil.copytree(case.daemon.store, case.copy)
    case.daemon.start()
    newer = case.keep_receipt(case.signals(1), "newer")
    assert case.is_witnessed()
    case.stop()
    put(case.copy, case.daemon.store)
    assert not case.start_notices()
    assert not case.export_finds()
    # What was kept before the copy was made is in it; what came after is not.
    assert not case.receipt_finds()
    assert case.receipt_finds(newer) == {"today"}
    assert case.witness_notices()


def test_a_fork(case):
    """Two histories from one copy, each without a fault."""
    shutil.copytree(case.daemon.store, case.copy)
    case.daemon.start()
    other = case.keep_receipt(case.signals(1), "other")
    assert case.is_witnessed()
    case.stop()
    put(case.copy, case.daemon.store)
    case.daemon.start()
    for n in range(2, 6):
        case.signals(n)
    assert not case.export_finds()
    assert not case.receipt_finds()  # from before the fork
    assert case.receipt_finds(other) == {"today"}
    assert case.witness_notices()
    assert case.receipt_alone_holds()
