# SPDX-License-Identifier: EUPL-1.2
"""What is erased becomes unreadable: the epoch key turns, and with the old one goes what was only
sealed under it, from the disk, its free pages and every old backup. Shown on the raw file, with a
reader of our own, which opens all of it again as long as it has the old keys."""
import shutil
import threading
import uuid

import pytest

import rawstore
from actors import bsn, until
from test_crash import GONE, Failing

ANNA, BORIS, CARLA = (bsn(n) for n in range(3))


def key_files(daemon):
    return sorted(path.name for path in daemon.keys.glob("epoch-*.key"))


def raw_file(place):
    return (place / "data.mdb").read_bytes()


@pytest.fixture
def people(school, care):
    for party, professionals in ((school, "ab"), (care, "cd")):
        for professional in professionals:
            party.designate(professional)
    return school, care


def test_the_cipher_here_is_the_published_one():
    """The vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1."""
    key = bytes(range(0x80, 0xa0))
    nonce = bytes(range(0x40, 0x58))
    sealed = bytes.fromhex(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa644"
        "0bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e"
        "3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7"
        "987947deafd8780acf49")
    plain = rawstore.unseal(key, nonce, sealed, bytes.fromhex("50515253c0c1c2c3c4c5c6c7"))
    assert plain.startswith(b"Ladies and Gentlemen of the class of '99")
    assert rawstore.unseal(key[::-1], nonce, sealed, bytes.fromhex("50515253c0c1c2c3c4c5c6c7")) is (
        None)


def test_what_was_erased_cannot_be_read_after_the_turn(daemon, people, operator, municipality,
                                                       tmp_path):
    school, care = people
    gone = school.reports(ANNA, "a")["id"]
    left = care.reports(BORIS, "c")["id"]
    stays = school.reports(BORIS, "a")["id"]
    shutil.copytree(daemon.keys, tmp_path / "old-keys")
    operator.backup(tmp_path / "backup")
    # Anna is erased whole; of Boris one signal of two is.
    assert municipality.erase(ANNA).json == {"erasedSignals": 1}
    assert care.withdraw(left, "wrongful").status == 204
    old_keys = rawstore.keys_of(tmp_path / "old-keys")
    opened, _ = rawstore.files_of_child(raw_file(tmp_path / "backup"), old_keys, ANNA)
    assert opened and any(uuid.UUID(gone).bytes in plain for plain in opened)
    # Until the turn a thief of keys and disk reads it all: erasing alone is not enough.
    assert rawstore.files_of_child(raw_file(tmp_path / "backup"),
                                   rawstore.keys_of(daemon.keys), ANNA)[0]

    done = operator.vix("--json", "turn-epoch")
    assert done.returncode == 0, done.stderr
    assert operator.status()["epoch"]["id"] == 2 and key_files(daemon) == ["epoch-2.key"]
    assert school.status_of(stays) == "active" and school.status_of(gone) is None
    daemon.close_clients()
    daemon.stop()
    new_keys = rawstore.keys_of(daemon.keys)
    assert set(new_keys["epoch"]) == {2} and set(old_keys["epoch"]) == {1}
    for place in (tmp_path / "backup", daemon.store):
        raw = raw_file(place)
        # Anna's row is there, in the backup for certain, and no key of today opens any of it.
        opened, there = rawstore.files_of_child(raw, new_keys, ANNA)
        assert opened == [] and (there > 0 or place == daemon.store)
        # Of Boris only what is left of him: not the signal that was erased.
        opened, there = rawstore.files_of_child(raw, new_keys, BORIS)
        assert there > 0 and bool(opened) == (place == daemon.store)
        for plain in opened:
            assert uuid.UUID(stays).bytes in plain and uuid.UUID(left).bytes not in plain
        # The old keys would still open it: that is why they are destroyed.
        opened, _ = rawstore.files_of_child(raw, old_keys, BORIS)
        if place != daemon.store:
            assert any(uuid.UUID(left).bytes in plain for plain in opened)


def test_an_old_backup_opens_with_the_keys_of_its_day_only(daemon, people, operator, new_daemon,
                                                          tmp_path):
    school, care = people
    signal = school.reports(ANNA, "a", reference="toen")["id"]
    care.reports(ANNA, "c")
    shutil.copytree(daemon.keys, tmp_path / "old-keys")
    operator.backup(tmp_path / "backup")
    school.withdraw(signal, "wrongful")
    operator.turn_epoch()

    def restored(keys):
        other = new_daemon()
        shutil.rmtree(other.keys)
        shutil.copytree(keys, other.keys)
        shutil.copytree(tmp_path / "backup", other.store)
        other.store.chmod(0o700)
        return other

    # With the keys of its day it is what it was.
    then = restored(tmp_path / "old-keys").start()
    assert then.party("school").signals()[0]["reference"] == "toen"
    then.close_clients()
    # With today's the daemon will not even begin.
    now = restored(daemon.keys)
    with pytest.raises(AssertionError, match="vixd ended without"):
        now.start()
    assert "epoch" in now.log
    assert now.wait_for_exit() != 0
    # Nor when somebody passes today's key for that of then.
    forged = restored(daemon.keys)
    text = (forged.keys / "epoch-2.key").read_text().replace(" 2 ", " 1 ")
    (forged.keys / "epoch-2.key").unlink()
    (forged.keys / "epoch-1.key").write_text(text)
    (forged.keys / "epoch-1.key").chmod(0o600)
    with pytest.raises(AssertionError, match="vixd ended without"):
        forged.start()
    assert forged.wait_for_exit() != 0


def test_it_turns_by_itself_every_month(daemon, people, operator, auditor):
    school, care = people
    school.reports(ANNA, "a")
    care.reports(ANNA, "c")
    for n in range(2, 5):
        operator.pass_time("32d")
        until(lambda n=n: operator.status()["epoch"]["id"] == n)
        until(lambda: not operator.status()["epoch"]["turning"])
        until(lambda n=n: key_files(daemon) == [f"epoch-{n}.key"])
    assert len(auditor.log_entries(event="epoch-turned")) == 3
    assert operator.status()["epoch"]["turnedAt"] is not None
    assert len(school.matches()) == len(care.matches()) == 1
    # And not again in the same month.
    operator.pass_time("1h")
    operator.is_idle()
    school.reports(BORIS, "a")
    assert operator.status()["epoch"]["id"] == 4


def everything(parties, municipality, auditor):
    """All that parties see of what is kept."""
    seen = [[party.signals(), party.matches(), party.all_notices()] for party in parties]
    return seen + [municipality.matches(), municipality.all_notices()]


def test_a_turn_changes_nothing_that_is_seen(daemon, people, operator, municipality, registry,
                                             auditor):
    school, care = people
    for n in range(60):
        school.reports(bsn(n), "a", reference=f"r{n}")
        if n % 2:
            care.reports(bsn(n), "c")
        if n % 3 == 0:
            registry.tells("relations", bsn=bsn(n), parents=[bsn(200)], address="1811AA 1")
    registry.tells("bsn-replaced", bsn=bsn(0), replacedBy=bsn(90))
    school.withdraw(school.signals()[5]["id"])
    person = {"familyName": "Smit", "birthDate": "2014-02-03", "sex": "M"}
    assert school.signal({"person": person}, "a", "2014-02-03").status == 201
    before = everything((school, care), municipality, auditor)
    turned = operator.turn_epoch()
    assert turned["epoch"] == 2 and turned["rows"] > 100
    assert everything((school, care), municipality, auditor) == before
    daemon.restart()
    assert everything((school, care), municipality, auditor) == before
    # All of it works as before: repeating, withdrawing, matching, searching, dates.
    assert school.signal(bsn(0), "a").status == 200 == school.signal(bsn(90), "a").status
    assert care.signal(bsn(2), "c").json["match"] is not None
    assert len(auditor.post("/v1/log-entries/_search", {
        "bsn": bsn(1), "caseReference": "z"}).json["logEntries"]) >= 2
    assert municipality.erase(bsn(3)).json == {"erasedSignals": 2}
    registry.tells("died", bsn=bsn(0))
    daemon.operator.pass_time("800d")
    until(lambda: {s["status"] for s in school.signals()} == {"archived"})


def test_a_directory_that_cannot_be_written(start_daemon, people):
    """The turn is refused; the index goes on with the key that it has."""
    daemon = start_daemon()
    school = daemon.operator.admit("school")
    mine = school.reports(ANNA, school.designate("a"))["id"]
    (daemon.keys / "epoch-2.key").write_text("somebody put this here")
    refused = daemon.operator.post("/control/_turn-epoch")
    assert (refused.status, refused.problem) == (409, "conflict")
    assert school.status_of(mine) == "active" and daemon.operator.status()["epoch"]["id"] == 1
    (daemon.keys / "epoch-2.key").unlink()
    assert daemon.operator.turn_epoch()["epoch"] == 2


def test_epoch_keys_in_a_directory_apart(new_daemon, tmp_path):
    daemon = new_daemon()
    apart = daemon.directory / "epochs"
    apart.mkdir(mode=0o700)
    shutil.move(daemon.keys / "epoch-1.key", apart / "epoch-1.key")
    daemon.write_config(keys={"epoch_directory": apart})
    daemon.start()
    school = daemon.operator.admit("school")
    school.reports(ANNA, school.designate("a"))
    assert daemon.operator.turn_epoch()["epoch"] == 2
    assert [path.name for path in apart.iterdir()] == ["epoch-2.key"]
    assert key_files(daemon) == []
    daemon.restart()
    assert len(school.signals()) == 1


def test_signalling_goes_on_while_the_key_turns(daemon, people, operator, municipality):
    school, care = people
    for n in range(150):
        school.reports(bsn(n), "a")
    stop = threading.Event()
    posted = []

    def work():
        client, n = care.again(), 0
        while not stop.is_set():
            posted.append(client.reports(bsn(n), "c")["match"])
            n += 1

    thread = Failing(target=work)
    thread.start()
    for n in range(2, 6):
        assert operator.turn_epoch()["epoch"] == n
    stop.set()
    thread.join()
    assert all(match is not None for match in posted)
    assert len(care.signals()) == len(care.matches()) == len(posted)
    assert key_files(daemon) == ["epoch-5.key"]


@pytest.mark.slow
def test_killed_in_the_middle_of_a_turn(daemon, people, operator, municipality, auditor):
    """At a moment of its own each time: afterwards there is one key, everything is there, and what
    was erased before stays erased."""
    school, care = people
    for n in range(400):
        school.reports(bsn(n), "a")
    for n in range(0, 400, 4):
        care.reports(bsn(n), "c")
    before = everything((school, care), municipality, auditor)

    def turn():
        try:
            daemon.operator.post("/control/_turn-epoch")
        except GONE:
            pass

    for attempt in range(8):
        thread = Failing(target=turn)
        thread.start()
        client = daemon.operator
        for _ in range(attempt):
            client.status()
        daemon.kill()
        thread.join()
        daemon.close_clients()
        daemon.start()
        assert everything((school, care), municipality, auditor) == before
    until(lambda: not daemon.operator.status()["epoch"]["turning"])
    epoch = daemon.operator.status()["epoch"]["id"]
    until(lambda: key_files(daemon) == [f"epoch-{epoch}.key"])
    assert daemon.operator.turn_epoch()["epoch"] == epoch + 1
    assert everything((school, care), municipality, auditor) == before
    assert key_files(daemon) == [f"epoch-{epoch + 1}.key"]
