# SPDX-License-Identifier: EUPL-1.2
"""The end of the index: everything is destroyed, and what is left proves it, and what was ever
proven before."""
import base64
import hashlib
import json
import shutil
import signal
import stat
import subprocess

import pytest

import rawstore
from actors import DEADLINE, LOG_ORIGIN, VIXD, bsn, run_vix, until
from verifier import checkpoint_of, leaf_of, open_checkpoint, open_receipt, root_of

ANNA, BORIS, NOBODY = bsn(0), bsn(1), bsn(40)
DESTROYED = "destroyed all epoch keys and all rows of this index"


@pytest.fixture
def people(school, care):
    for party, professional in ((school, "a"), (care, "c")):
        party.designate(professional)
    return school, care


def wind_down(daemon, directory):
    """As the operator does; the daemon must end well, by itself."""
    daemon.close_clients()
    done = daemon.operator.vix("wind-down", directory, "--confirm", LOG_ORIGIN)
    assert done.returncode == 0, done.stderr
    assert daemon.wait_for_exit() == 0
    daemon.check_log()
    return done


def leaves_of(remains):
    """The leaf hashes of the tree that is left."""
    commitments = (remains / "leaves").read_bytes()
    assert len(commitments) % 32 == 0
    return [hashlib.sha256(b"\0" + commitments[i:i + 32]).digest()
            for i in range(0, len(commitments), 32)]


def open_statement(remains, vkey):
    """(size, root, when) of the signed statement."""
    note = (remains / "statement").read_text()
    lines = note.split("\n\n")[0].split("\n")
    assert lines[3].startswith("wound-down ") and lines[4] == DESTROYED
    size, root = open_checkpoint(note, vkey, more=lines[3:])
    return size, root, lines[3].removeprefix("wound-down ")


@pytest.fixture
def ended(daemon, people, operator, municipality, auditor, registry, tmp_path):
    """An index that has lived, what was kept of it, and what is left."""
    school, care = people
    for n in range(20):
        school.reports(bsn(n), "a", reference=f"ref-{n}")
    care.reports(ANNA, "c")
    registry.tells("relations", bsn=ANNA, parents=[bsn(30)])
    school.withdraw(school.signals()[4]["id"])
    heads = [checkpoint_of(auditor)]
    (tmp_path / "head").write_text(heads[0])
    receipts = [municipality.ask_access(number).json["receipt"] for number in (ANNA, NOBODY)]
    assert auditor.vix("audit", "export", "--out", tmp_path / "export").returncode == 0
    entries = auditor.log_entries()
    shutil.copytree(daemon.keys, tmp_path / "keys-of-then")
    raw = (daemon.store / "data.mdb").read_bytes()
    assert operator.status()["signals"] == 21
    wind_down(daemon, tmp_path / "remains")
    return {"remains": tmp_path / "remains", "receipts": receipts, "entries": entries,
            "heads": heads, "raw": raw, "export": tmp_path / "export"}


def test_keys_and_rows_are_gone(daemon, ended, tmp_path):
    # Without the epoch keys nothing can be opened; the others are the operator's to destroy.
    assert list(daemon.keys.rglob("epoch-*")) == []
    left = [path for path in daemon.store.rglob("*") if path.is_file()]
    secrets = [line.split()[3] for path in (tmp_path / "keys-of-then").glob("*.key")
               for line in path.read_text().splitlines()]
    assert len(secrets) == 5
    for path in left + list(ended["remains"].iterdir()):
        content = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in content
            assert base64.urlsafe_b64decode(secret + "=") not in content
    assert not (daemon.store / "data.mdb").exists()
    # A copy of the file as it was opens with no key that is left.
    keys = rawstore.keys_of(daemon.keys)
    assert "epoch" not in keys
    opened, there = rawstore.files_of_child(ended["raw"], {**keys, "epoch": {}}, ANNA)
    assert opened == [] and there > 0
    assert rawstore.files_of_child(ended["raw"], rawstore.keys_of(tmp_path / "keys-of-then"),
                                   ANNA)[0]
    # The daemon has nothing to begin with again.
    with pytest.raises(AssertionError, match="vixd ended without"):
        daemon.start()
    assert daemon.wait_for_exit() != 0


def test_what_is_left_says_nothing_of_anybody(ended):
    remains = ended["remains"]
    assert sorted(path.name for path in remains.iterdir()) == ["final-checkpoint", "leaves",
                                                               "statement"]
    assert stat.S_IMODE(remains.stat().st_mode) & 0o077 == 0
    statement = (remains / "statement").read_text() + (remains / "final-checkpoint").read_text()
    for word in ("ref-", ANNA, "Linde", "0361"):
        assert word not in statement


def test_the_statement_is_signed_and_its_tree_is_that_of_the_log(daemon, ended):
    size, root, when = open_statement(ended["remains"], daemon.vkey)
    leaves = leaves_of(ended["remains"])
    assert len(leaves) == size and root_of(leaves) == root
    final = (ended["remains"] / "final-checkpoint").read_text()
    assert open_checkpoint(final, daemon.vkey) == (size, root)
    assert when.startswith("20") and when.endswith("Z")
    # Every entry that was ever seen is among them, in its place; the end itself comes last.
    for entry in ended["entries"]:
        assert leaves[entry["index"]] == leaf_of(entry)
    assert size > len(ended["entries"])
    # So every head and receipt that was given out can still be checked, without any index.
    for note in ended["heads"]:
        old_size, old_root = open_checkpoint(note, daemon.vkey)
        assert root_of(leaves[:old_size]) == old_root
    for receipt in ended["receipts"]:
        index, record, old_size, old_root, leaf = open_receipt(receipt, daemon.vkey)
        assert leaves[index] == leaf and root_of(leaves[:old_size]) == old_root
        assert record["name"] == "access-requested"


def test_vix_verifies_what_is_left(daemon, ended, tmp_path):
    remains = ended["remains"]
    checked = run_vix("audit", "verify", remains, "--key", daemon.vkey, "--since",
                      tmp_path / "head")
    assert checked.returncode == 0, checked.stdout
    assert "wound down" in checked.stdout
    told = json.loads(run_vix("--json", "audit", "verify", remains, "--key", daemon.vkey).stdout)
    assert told["verified"] is True
    # The export of before is still what it was.
    assert run_vix("audit", "verify", ended["export"], "--key", daemon.vkey).returncode == 0


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))


FORGERIES = {
    "a leaf changed": lambda d: flip(d / "leaves", 40),
    "a leaf less": lambda d: (d / "leaves").write_bytes((d / "leaves").read_bytes()[:-32]),
    "a leaf more": lambda d: (d / "leaves").write_bytes((d / "leaves").read_bytes() + bytes(32)),
    "half a leaf": lambda d: (d / "leaves").write_bytes((d / "leaves").read_bytes()[:-1]),
    "no leaves": lambda d: (d / "leaves").unlink(),
    "another root": lambda d: flip(d / "statement", len(LOG_ORIGIN) + 10),
    "another signature": lambda d: flip(d / "statement", -10),
    "another word": lambda d: (d / "statement").write_text(
        (d / "statement").read_text().replace("destroyed all", "destroyed some")),
    "no statement": lambda d: (d / "statement").unlink(),
}


def test_every_forgery_is_found(daemon, ended, tmp_path):
    for n, (name, forge) in enumerate(FORGERIES.items()):
        forged = tmp_path / f"forged-{n}"
        shutil.copytree(ended["remains"], forged)
        forge(forged)
        checked = run_vix("audit", "verify", forged, "--key", daemon.vkey)
        assert checked.returncode == 1, (name, checked.stdout, checked.stderr)
        assert "NOT verified" in checked.stdout, name
    other = run_vix("keygen", tmp_path / "other").stdout.strip()
    assert run_vix("audit", "verify", ended["remains"], "--key", other).returncode == 1


def test_an_ordinary_head_is_no_statement(daemon, school, operator, auditor, tmp_path):
    """However well it is signed."""
    directory = tmp_path / "forged"
    directory.mkdir(mode=0o700)
    entries = auditor.log_entries()
    head = checkpoint_of(auditor)
    size = int(head.splitlines()[1])
    entries += auditor.log_entries(fromIndex=len(entries))
    (directory / "statement").write_text(head)
    (directory / "leaves").write_bytes(b"".join(
        base64.urlsafe_b64decode(entry["commitment"] + "=") for entry in entries[:size]))
    checked = run_vix("audit", "verify", directory, "--key", daemon.vkey)
    assert checked.returncode == 1 and "does not say" in checked.stdout


def test_it_is_not_done_by_mistake(daemon, people, operator, tmp_path):
    school, _ = people
    school.reports(ANNA, "a")
    (tmp_path / "there").mkdir()
    for body, status, pointers in (
            ({"directory": str(tmp_path / "r"), "confirm": "yes"}, 400, ["#/confirm"]),
            ({"directory": str(tmp_path / "r")}, 400, ["#/confirm"]),
            ({"directory": "relative", "confirm": LOG_ORIGIN}, 400, ["#/directory"]),
            ({"confirm": 1, "directory": 1, "force": True}, 400,
             ["#/confirm", "#/directory", "#/force"]),
            ({"directory": str(tmp_path / "there"), "confirm": LOG_ORIGIN}, 409, []),
            ({"directory": "/nonexistent/x/y", "confirm": LOG_ORIGIN}, 409, [])):
        answer = operator.post("/control/_wind-down", body)
        assert (answer.status, answer.pointers) == (status, pointers), body
    assert operator.vix("wind-down", tmp_path / "r").returncode == 2
    assert not (tmp_path / "r").exists()
    # All is as it was.
    assert school.reports(BORIS, "a") and len(school.signals()) == 2
    daemon.restart()
    assert len(school.signals()) == 2
    for party in people:
        assert party.post("/control/_wind-down", {}).status == 404


# ---- killed ----

def epoch_keys(daemon):
    return list(daemon.keys.glob("epoch-*"))


def ask_for_the_end(daemon, remains):
    """Without waiting for the answer."""
    connection = daemon.operator.connect()
    connection.request("POST", "/control/_wind-down", headers={
        "Content-Type": "application/json"}, body=json.dumps(
            {"directory": str(remains), "confirm": LOG_ORIGIN}))
    return connection


def start_again(daemon):
    """None when it serves; else the status with which it ended."""
    try:
        daemon.start()
    except AssertionError as refused:
        assert "vixd ended without" in str(refused)
        return daemon.wait_for_exit()
    return None


def check_what_became(daemon, school, remains, signals):
    """Starts it once more. It is an index that lives, without a statement, or a statement without
    an index. Returns whether it lives."""
    was_left = (daemon.store / "data.mdb").exists()
    if was_left and (remains / "statement").exists():
        checked = subprocess.run([VIXD, "--config", daemon.config, "--check"], text=True,
                                 capture_output=True, timeout=DEADLINE, check=True)
        assert "wound down" in checked.stdout
    status = start_again(daemon)
    if status is None:
        assert not (remains / "statement").exists() and epoch_keys(daemon)
        assert len(school.signals()) == signals
        return True
    assert status == (3 if was_left else 2), daemon.log
    assert "ready" not in daemon.log and "listening" not in daemon.log
    if was_left:
        assert "interrupted=yes" in daemon.log and "destroyed=epoch-keys,store" in daemon.log
    assert not (daemon.store / "data.mdb").exists() and not epoch_keys(daemon)
    checked = run_vix("audit", "verify", remains, "--key", daemon.vkey)
    assert checked.returncode == 0, checked.stdout
    assert sorted(path.name for path in remains.iterdir()) == ["final-checkpoint", "leaves",
                                                               "statement"]
    assert start_again(daemon) == 2  # for want of keys; there is no way back
    return False


MOMENTS = {
    "the directory is there": lambda daemon, remains: remains.exists(),
    "leaves are being written": lambda daemon, remains: (remains / ".leaves").exists(),
    "the statement has no name yet": lambda daemon, remains: (remains / ".statement").exists(),
    "the first file has its name": lambda daemon, remains: (remains / "leaves").exists(),
    "the statement stands": lambda daemon, remains: (remains / "statement").exists(),
    "it stops": lambda daemon, remains: "stopping" in daemon.log,
    "keys are gone": lambda daemon, remains: not epoch_keys(daemon),
    "the store is gone": lambda daemon, remains: not (daemon.store / "data.mdb").exists(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_when(daemon, people, tmp_path, moment):
    school, _ = people
    for n in range(20):
        school.reports(bsn(n), "a")
    remains = tmp_path / "remains"
    connection = ask_for_the_end(daemon, remains)
    until(lambda: MOMENTS[moment](daemon, remains) or daemon.process.poll() is not None)
    daemon.kill()
    daemon.close_clients()
    connection.close()
    ends = "statement" in moment or "gone" in moment or moment == "it stops"
    if check_what_became(daemon, school, remains, 20):
        assert not ends or moment == "the statement has no name yet"
        assert run_vix("audit", "verify", remains, "--key", daemon.vkey).returncode != 0
        wind_down(daemon, tmp_path / "the-end")


@pytest.mark.parametrize("times", [1, 2])
def test_told_to_stop_meanwhile(daemon, people, tmp_path, times):
    """It is finished before the daemon ends, however much of a hurry there is."""
    school, _ = people
    for n in range(20):
        school.reports(bsn(n), "a")
    remains = tmp_path / "remains"
    connection = ask_for_the_end(daemon, remains)
    until(remains.exists)
    for _ in range(times):
        if daemon.process.poll() is None:
            daemon.process.send_signal(signal.SIGTERM)
    assert daemon.wait_for_exit() == 0, daemon.log
    daemon.close_clients()
    connection.close()
    daemon.check_log()
    assert "destroyed=epoch-keys,store" in daemon.log
    assert not check_what_became(daemon, school, remains, 20)


@pytest.mark.slow
def test_killed_at_any_time(daemon, people, tmp_path):
    """Again and again, a little later each time."""
    school, _ = people
    for n in range(50):
        school.reports(bsn(n), "a")
    for attempt in range(20):
        remains = tmp_path / f"remains-{attempt}"
        connection = ask_for_the_end(daemon, remains)
        for _ in range(attempt):
            if daemon.process.poll() is None and "stopping" not in daemon.log:
                daemon.operator.connect().close()
        daemon.kill()
        daemon.close_clients()
        connection.close()
        if not check_what_became(daemon, school, remains, 50):
            return
    wind_down(daemon, tmp_path / "the-end")
