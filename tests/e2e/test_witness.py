# SPDX-License-Identifier: EUPL-1.2
"""Witnesses: heads of the log that others have seen. The daemon against real witnesses, against
such as are down, slow or lie, and a witness against a log that was rolled back."""
import base64
import http.client
import json
import os
import re
import shutil
import socket
import subprocess

import pytest

from actors import DEADLINE, VIXD, run_vix, until
from verifier import Head, Tiles, node, sha256
from witnesses import Liar, Silent, Witness


@pytest.fixture
def watched(new_daemon):
    """A daemon that is not started yet, and whatever is to be its witnesses."""
    made = []

    class Watched:
        def __init__(self):
            self.daemon = new_daemon()

        def witness(self, name, start=True, **more):
            made.append(Witness(name, self.daemon.vkey, **more))
            return made[-1].start() if start else made[-1]

        def liar(self, name, tell):
            made.append(Liar(name, self.daemon.vkey, tell))
            return made[-1]

        def silent(self, name):
            key = Witness(name, self.daemon.vkey)
            made.append(key)
            made.append(Silent(key.vkey))
            return made[-1]

        def start(self, *witnesses, **more):
            return self.configure(*witnesses, **more).start()

        def configure(self, *witnesses, **more):
            self.daemon.write_config(log={
                "witness_interval": 1,
                "witness": "\nwitness=".join(one.setting for one in witnesses), **more})
            return self.daemon

    yield Watched()
    for one in made:
        one.remove()


def status_of(daemon, name):
    (found,) = [one for one in daemon.operator.status()["witnesses"] if one["name"] == name]
    return found


def metric(daemon, kind, name):
    text = daemon.management("/metrics").text
    (value,) = re.findall(rf'^verwijsindex_witness_{kind}{{witness="{name}"}} (\d+)$', text,
                          re.MULTILINE)
    return int(value)


def note_of(party, path="/tlog/witnessed-checkpoint"):
    answer = party.get(path)
    assert answer.status in (200, 404), answer
    return answer.text if answer.status == 200 else None


def cosigned(daemon, party, *witnesses):
    """The newest witnessed head, once all of these have cosigned all that is in the log now. Waits
    on the metrics, as asking for what is not there is an entry itself."""
    size = daemon.operator.status()["logSize"]
    until(lambda: all(metric(daemon, "cosigned_size", one.name) >= size for one in witnesses))
    return Head(note_of(party), daemon.vkey, [one.vkey for one in witnesses])


def fails(daemon, name, failure):
    return until(lambda: status_of(daemon, name)["failure"] == failure)


def tiles_of(party, head):
    def fetch(path):
        answer = party.get(f"/tlog/{path}")
        assert answer.status == 200, answer
        return answer.body
    return Tiles(fetch, head)


def largest_power(size):
    return 1 << (size - 1).bit_length() - 1


def subtree(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = largest_power(len(leaves))
    return node(subtree(leaves[:split]), subtree(leaves[split:]))


def subproof(old, leaves, whole):
    """RFC 6962 section 2.1.2, as it stands there."""
    if old == len(leaves):
        return [] if whole else [subtree(leaves)]
    split = largest_power(len(leaves))
    if old <= split:
        return subproof(old, leaves[:split], whole) + [subtree(leaves[split:])]
    return subproof(old - split, leaves[split:], False) + [subtree(leaves[:split])]


def submission(old, proof, note):
    lines = "".join(base64.b64encode(one).decode() + "\n" for one in proof)
    return f"old {old}\n{lines}\n{note}"


class Log:
    """The heads of a daemon's log, and the proofs between them."""

    def __init__(self, daemon, party):
        self.daemon, self.party = daemon, party

    def head(self):
        note = note_of(self.party, "/tlog/checkpoint")
        return Head(note, self.daemon.vkey), note

    def proof(self, old, head):
        tiles = tiles_of(self.party, head)
        leaves = [tiles.leaf(i) for i in range(head.size)]
        return subproof(old, leaves, True) if 0 < old < head.size else []


def backed_up(watched):
    """A log with a witness, and a copy of its store that holds less than will be cosigned."""
    witness = watched.witness("w.example/w")
    daemon = watched.start(witness)
    school = daemon.operator.admit("school")
    cosigned(daemon, school, witness)
    copy = daemon.directory / "copy"
    daemon.operator.backup(copy)
    return witness, daemon, school, copy


def put_back(daemon, copy):
    """Starts it again on an older copy of its store."""
    daemon.close_clients()
    daemon.stop()
    shutil.copy(copy / "data.mdb", daemon.store / "data.mdb")
    daemon.start()


def kept_file(witness, line):
    """The file in a witness's folder that its line names, and the two signed heads in it."""
    path = witness.folder / re.search(r" kept=(\S+)$", line)[1]
    earlier, request = path.read_text().split("\n\nold ")
    return path, f"{earlier}\n", request.split("\n\n", 1)[1]


def hold(witness, path, *more):
    return run_vix("witness", "check", path, "--log", witness.log_key, *more)


@pytest.fixture
def log(daemon, school):
    return Log(daemon, school)


@pytest.fixture
def lone(daemon):
    """A witness of the log of a daemon that does not know of it."""
    witness = Witness("lone.example/w", daemon.vkey).start()
    yield witness
    witness.remove()


# ---- all is well ----

@pytest.mark.smoke
def test_heads_are_cosigned_and_served(watched):
    one, two = watched.witness("one.example/w"), watched.witness("two.example/w")
    daemon = watched.start(one, two)
    school = daemon.operator.admit("school")
    first = cosigned(daemon, school, one, two)
    assert first.cosigned.keys() == {one.name, two.name}
    school.designate("a")
    second = cosigned(daemon, school, one, two)
    assert second.size > first.size
    assert all(second.cosigned[name] >= first.cosigned[name] for name in first.cosigned)
    tiles_of(school, second).check_older(first)

    # The same head is shown with the same lines; a newer one, of which nobody knows yet, without.
    head = note_of(school, "/tlog/checkpoint")
    assert head == note_of(school)
    for witness in (one, two):
        told = status_of(daemon, witness.name)
        assert told["size"] == second.size and told["failure"] is None
        assert told["lastSuccessAt"].endswith("Z")
        assert metric(daemon, "cosigned_size", witness.name) == second.size
        assert metric(daemon, "failures_total", witness.name) == 0
        assert metric(daemon, "fork", witness.name) == 0
        assert metric(daemon, "last_success_timestamp_seconds", witness.name) > 0
        shown = witness.show()
        assert witness.vkey in shown and daemon.vkey.split("+")[0] in shown
        assert re.search(rf"^size: +{second.size}$", shown, re.MULTILINE)
    shown = daemon.operator.vix("status").stdout
    assert re.search(r"^witness: +one\.example/w$", shown, re.MULTILINE)
    assert re.search(rf"^  cosigned: +{second.size}$", shown, re.MULTILINE)
    assert "failure" not in shown


def test_nobody_has_seen_it(daemon, school):
    answer = school.get("/tlog/witnessed-checkpoint")
    assert (answer.status, answer.problem) == (404, "not-found")
    assert daemon.operator.status()["witnesses"] == []
    assert "verwijsindex_witness_" not in daemon.management("/metrics").text


def test_what_was_cosigned_survives_a_restart(watched):
    witness = watched.witness("w.example/w")
    daemon = watched.start(witness)
    school = daemon.operator.admit("school")
    kept = cosigned(daemon, school, witness)
    witness.stop()
    daemon.restart()
    assert note_of(school) is not None
    assert Head(note_of(school), daemon.vkey, [witness.vkey]).cosigned == kept.cosigned
    fails(daemon, witness.name, "unreachable")
    told = status_of(daemon, witness.name)
    assert told["size"] == metric(daemon, "cosigned_size", witness.name) == kept.size
    assert metric(daemon, "last_success_timestamp_seconds", witness.name) == \
        kept.cosigned[witness.name]
    shown = daemon.operator.vix("status").stdout
    assert re.search(rf"^  cosigned: +{kept.size}$", shown, re.MULTILINE)
    assert re.search(rf"^  at: +{re.escape(told['lastSuccessAt'])}$", shown, re.MULTILINE), shown
    # It must not be asked to begin anew: it tells where it is, and goes on from there.
    witness.start()
    school.designate("a")
    cosigned(daemon, school, witness)
    assert "cosigned" in witness.wait_for_line("cosigned")


def test_over_tls(watched, pki):
    good = watched.witness("good.example/w", tls=pki)
    daemon = watched.start(good, witness_ca=pki.ca)
    school = daemon.operator.admit("school")
    cosigned(daemon, school, good)
    assert "without TLS" not in daemon.log


def test_a_certificate_of_another_authority(watched, pki):
    witness = watched.witness("w.example/w", tls=pki)
    daemon = watched.start(witness)  # trusts those of the system only
    school = daemon.operator.admit("school")
    fails(daemon, witness.name, "tls")
    assert "issuer" in daemon.wait_for_line("witness", "failure=tls")  # the CAs were read
    assert note_of(school) is None


# ---- witnesses that fail ----

def test_down_at_the_start(watched):
    one, other = watched.witness("one.example/w"), watched.witness("other.example/w")
    other.stop()
    daemon = watched.start(one, other)
    school = daemon.operator.admit("school")
    cosigned(daemon, school, one)
    fails(daemon, other.name, "unreachable")
    until(lambda: metric(daemon, "failures_total", other.name) >= 2)
    assert daemon.log.count("failure=unreachable") == 1  # told once, not each time
    other.start()
    cosigned(daemon, school, one, other)
    daemon.wait_for_line("witness", f"name={other.name}", "state=cosigning")
    assert status_of(daemon, other.name)["failure"] is None


def test_one_that_never_answers_keeps_nobody_waiting(watched):
    good, silent = watched.witness("good.example/w"), watched.silent("silent.example/w")
    daemon = watched.start(silent, good)
    school = daemon.operator.admit("school")
    cosigned(daemon, school, good)
    school.designate("a")
    cosigned(daemon, school, good)
    fails(daemon, "silent.example/w", "timeout")
    assert metric(daemon, "cosigned_size", "silent.example/w") == 0
    school.designate("b")
    cosigned(daemon, school, good)


def test_a_daemon_stops_while_a_witness_is_silent(watched):
    silent = watched.silent("silent.example/w")
    daemon = watched.start(silent)
    daemon.operator.admit("school")
    connection, _ = silent.socket.accept()
    connection.settimeout(DEADLINE)
    assert connection.recv(5) == b"POST "
    daemon.close_clients()
    daemon.stop()
    connection.close()


def spoil(line):
    """The same line with another signature."""
    dash, name, encoded = line.decode().rstrip("\n").split(" ")
    data = bytearray(base64.b64decode(encoded))
    data[-1] ^= 1
    return f"{dash} {name} {base64.b64encode(bytes(data)).decode()}\n".encode()


def of_another_head(liar, body):
    """Always the first cosignature that the real witness made."""
    answer = liar.truth(body)
    if answer[0] == 200:
        liar.first = getattr(liar, "first", None) or answer
        return liar.first
    return answer


def flawed(liar, body):
    status, headers, content = liar.truth(body)
    return status, headers, spoil(content) if status == 200 else content


LINES = {"Content-Type": "text/plain"}
SIZE = {"Content-Type": "text/x.tlog.size"}
LIES = {
    "flawed.example/w": (flawed, "bad-signature"),
    "garbage.example/w": (lambda *_: (200, LINES, b"\xff\x00 no line\n"), "malformed-answer"),
    "empty.example/w": (lambda *_: (200, LINES, b""), "malformed-answer"),
    "huge.example/w": (lambda *_: (200, LINES, b"x" * (10 << 20)), "answer-too-large"),
    "moved.example/w": (lambda *_: (301, {"Location": "http://127.0.0.1:1/"}, b""), "redirected"),
    "size.example/w": (lambda *_: (409, SIZE, b"-5\n"), "malformed-answer"),
    "larger.example/w": (lambda *_: (409, SIZE, b"999999999\n"), "log-rolled-back"),
    "ill.example/w": (lambda *_: (503, LINES, b"not now\n"), "server-error"),
}
MORE_LIES = {
    "bytes.example/w": (lambda *_: b"SSH-2.0-none\r\n\r\n", "malformed-answer"),
    "head.example/w": (lambda *_: b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"y" * 1000 + b"\r\n"
                       + b"".join(b"X-%d: %s\r\n" % (i, b"z" * 1000) for i in range(10000)),
                       "answer-too-large"),
    "hangs.example/w": (lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx",
                        "connection-lost"),
    "nobody.example/w": (lambda liar, body: (200, LINES, liar.truth(body)[2].replace(
        b"nobody", b"anyone")), "not-signed"),
    "no.example/w": (lambda *_: (403, LINES, b"no\n"), "log-key-not-trusted"),
    "who.example/w": (lambda *_: (404, LINES, b"who?\n"), "log-not-followed"),
    "odd.example/w": (lambda *_: (299, LINES, b""), "unexpected-status"),
    "text.example/w": (lambda *_: (409, LINES, b"5\n"), "malformed-answer"),
}


@pytest.mark.parametrize("lies", (LIES, MORE_LIES), ids=("answers", "more"))
def test_lies(watched, lies):
    liars = [watched.liar(name, tell) for name, (tell, _) in lies.items()]
    daemon = watched.start(*liars)
    school = daemon.operator.admit("school")
    for name, (_, failure) in lies.items():
        fails(daemon, name, failure)
        daemon.wait_for_line("<3>" if failure == "log-rolled-back" else "<4>", "witness",
                             f"name={name}", f"failure={failure}")
        assert metric(daemon, "fork", name) == (failure == "log-rolled-back")
    assert note_of(school) is None
    assert note_of(school, "/tlog/checkpoint").count("\u2014") == 1


def test_a_cosignature_of_another_head(watched):
    liar = watched.liar("w.example/w", of_another_head)
    daemon = watched.start(liar)
    school = daemon.operator.admit("school")
    first = until(lambda: note_of(school))
    school.designate("a")
    fails(daemon, "w.example/w", "bad-signature")
    assert note_of(school) == first


def test_it_tells_the_truth_in_the_end(watched):
    liar = watched.liar("w.example/w", flawed)
    daemon = watched.start(liar)
    school = daemon.operator.admit("school")
    fails(daemon, "w.example/w", "bad-signature")
    liar.tell = Liar.truth
    until(lambda: note_of(school))
    assert until(lambda: status_of(daemon, "w.example/w")["failure"] is None)
    Head(note_of(school), daemon.vkey, [liar.real.vkey])


# ---- a witness that was killed; a log that was rolled back ----

def test_a_witness_that_was_killed_has_not_forgotten(watched):
    witness = watched.witness("w.example/w")
    daemon = watched.start(witness)
    school = daemon.operator.admit("school")
    early = note_of(school, "/tlog/checkpoint")
    cosigned(daemon, school, witness)
    school.designate("a")
    head = cosigned(daemon, school, witness)
    note = note_of(school)
    witness.kill()
    witness.start()
    answer = witness.post(f"old 0\n\n{note}")
    assert (answer.status, answer.body) == (409, f"{head.size}\n".encode())
    assert witness.post(f"old {head.size}\n\n{early}").status == 400
    assert re.search(rf"size: +{head.size}$", witness.show(), re.MULTILINE)
    school.designate("b")
    cosigned(daemon, school, witness)


def test_a_log_that_was_rolled_back(watched):
    witness, daemon, school, copy = backed_up(watched)
    for professional in "abcdef":
        school.designate(professional)
    seen = cosigned(daemon, school, witness)
    put_back(daemon, copy)

    fails(daemon, witness.name, "log-rolled-back")
    daemon.wait_for_line("<3>witness", f"name={witness.name}", "failure=log-rolled-back",
                         str(seen.size))
    assert metric(daemon, "fork", witness.name) == 1
    assert re.search(r"^  failure: +log-rolled-back$", daemon.operator.vix("status").stdout,
                     re.MULTILINE)
    rolled_back = note_of(school)
    assert Head(rolled_back, daemon.vkey).size < seen.size

    # Once it is as long again, it is another log, and stays one.
    while daemon.operator.status()["logSize"] <= seen.size:
        school.designate("z")
    fails(daemon, witness.name, "log-forked")
    daemon.wait_for_line("<3>witness", "failure=log-forked")
    line = witness.wait_for_line("refused status=422")
    # That is proved by the log's own proof, but for trees of which a proof leaves out the root.
    proved = largest_power(seen.size + 1) != seen.size
    path, earlier, later = kept_file(witness, line)
    assert ("FORK" in line, path.name.startswith("fork-")) == (proved, proved)
    assert Head(earlier, daemon.vkey, [witness.vkey]).root == seen.root
    assert Head(later, daemon.vkey).size > seen.size
    done = hold(witness, path, "--witness", witness.vkey)
    assert (done.returncode, "FORK" in done.stdout) == (0 if proved else 1, proved), done.stderr
    assert metric(daemon, "fork", witness.name) == 1
    assert note_of(school) == rolled_back
    assert re.search(rf"^size: +{seen.size}$", witness.show(), re.MULTILINE)


def test_another_root_of_the_same_size(watched):
    witness, daemon, school, copy = backed_up(watched)
    school.designate("a")
    seen = cosigned(daemon, school, witness)
    witness.stop()
    put_back(daemon, copy)
    while daemon.operator.status()["logSize"] < seen.size:
        school.designate("another")
    assert daemon.operator.status()["logSize"] == seen.size
    witness.start()
    fails(daemon, witness.name, "log-forked")
    line = witness.wait_for_line("refused status=409", "FORK", f"size={seen.size}")
    assert line.startswith("<3>")

    # Both heads are there for whoever is to be shown them, also after a power cut, and once only.
    path, earlier, later = kept_file(witness, line)
    assert Head(earlier, daemon.vkey, [witness.vkey]).root == seen.root
    other = Head(later, daemon.vkey)
    assert other.size == seen.size and other.root != seen.root
    witness.kill()
    witness.start()
    assert witness.post(f"old {seen.size}\n\n{later}").status == 409
    assert kept_file(witness, witness.wait_for_line("FORK"))[0] == path
    shown = witness.show()
    assert re.search(rf"^kept as: +{path.name}$", shown, re.MULTILINE)
    told = json.loads(run_vix("witness", "show", witness.folder, "--json").stdout)
    b64 = [base64.b64encode(head.root).decode() for head in (seen, other)]
    assert [(one["size"], one["root"]) for one in told["logs"]] == [(seen.size, b64[0])]
    assert told["refused"] == [{
        "log": daemon.vkey.split("+")[0], "file": path.name, "finding": "fork",
        "refusedSize": other.size, "refusedRoot": b64[1],
        "cosignedSize": seen.size, "cosignedRoot": b64[0]}]

    # Anybody can hold them against each other, with nothing but the keys.
    done = hold(witness, path)
    assert done.returncode == 0 and "FORK" in done.stdout, done.stderr
    done = hold(witness, path, "--witness", witness.vkey, "--json")
    assert json.loads(done.stdout)["finding"] == "fork-of-size"
    stranger = watched.witness("v.example/w", start=False)
    for options, status, said in (
            (["--log", witness.vkey], 2, "--log must be"), (["--log", "x"], 2, "--log must be"),
            (["--witness", daemon.vkey], 2, "--witness that of one"),
            (["--witness", stranger.vkey], 1, "not cosigned by --witness")):
        done = hold(witness, path, *options)
        assert done.returncode == status and said in done.stderr, (options, done.stderr)
    swapped = path.with_name("swapped")
    swapped.write_text(path.read_text().replace(later, earlier))
    done = hold(witness, swapped)
    assert done.returncode == 1 and "do not contradict" in done.stdout, done.stderr
    swapped.write_text(path.read_text().replace(b64[1], b64[0]))
    done = hold(witness, swapped)
    assert done.returncode == 1 and "not both of the heads" in done.stderr, done.stderr
    swapped.write_text(earlier)
    done = hold(witness, swapped)
    assert done.returncode == 1 and "not a file of what" in done.stderr, done.stderr


# ---- the witness by itself ----

def test_what_a_witness_refuses(log, lone, school):
    head, note = log.head()
    assert lone.post(submission(0, [], note), "/somewhere").status == 404
    answer = lone.request("GET", "/add-checkpoint")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    for body in ("", "old", "old 0\n", "old 0\n\n", f"old 00\n\n{note}", f"old -1\n\n{note}",
                 f"old 0\nnot base64\n\n{note}", f"old  0\n\n{note}", f"new 0\n\n{note}",
                 f"old 0\r\n\n{note}", f"old 0\n\n{note[:-1]}", f"old 99999999999999999999\n\n{note}",
                 "old 0\n" + "A" * 43 + "=\n" * 64 + f"\n{note}"):
        assert lone.post(body).status == 400, body
    assert lone.post(submission(head.size + 1, [], note)).status == 400
    assert lone.post("x" * 20000).status == 413
    other = note.replace(log.daemon.vkey.split("+")[0], "other.example/log")
    assert lone.post(submission(0, [], other)).status == 404
    dash, name, encoded = note.rstrip("\n").rpartition("\n")[2].split(" ")
    forged = note.replace(encoded, encoded[:20] + ("A" if encoded[20] != "A" else "B") + encoded[21:])
    assert (dash, name) == ("\u2014", log.daemon.vkey.split("+")[0])
    assert lone.post(submission(0, [], forged)).status == 403
    assert lone.post(submission(0, [], note.replace("\n\n", "\nmore\n\n"))).status == 403
    # The proof of the first head is that there is none.
    assert lone.post(submission(0, [bytes(32)], note)).status == 422
    assert "size" not in lone.show()  # nothing of all that has left a trace

    answer = lone.post(submission(0, [], note))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    first = Head(note + answer.text, log.daemon.vkey, [lone.vkey])

    school.designate("a")
    school.designate("b")
    head2, note2 = log.head()
    proof = log.proof(head.size, head2)
    assert proof
    answer = lone.post(submission(0, [], note2))
    assert (answer.status, answer.body) == (409, b"%d\n" % head.size)
    assert answer.headers["content-type"] == "text/x.tlog.size"
    for wrong in (proof[:-1], proof + [bytes(32)], proof[::-1] if len(proof) > 1 else [],
                  [bytes(32)] * len(proof)):
        assert lone.post(submission(head.size, wrong, note2)).status == 422
    # What may be the log's doing, and may be somebody's, is kept: these two heads once.
    path, earlier, later = kept_file(lone, lone.wait_for_line(" kept="))
    assert [path] == list(lone.folder.glob("unproved-*"))
    assert not list(lone.folder.glob("fork-*"))
    assert (Head(earlier, log.daemon.vkey, [lone.vkey]).root, later) == (head.root, note2)
    assert re.search(r"^it is: +unproved$", lone.show(), re.MULTILINE)
    done = hold(lone, path)
    assert done.returncode == 1 and "not proved" in done.stdout, done.stderr
    answer = lone.post(submission(head.size, proof, note2))
    assert answer.status == 200
    second = Head(note2 + answer.text, log.daemon.vkey, [lone.vkey])
    assert second.cosigned[lone.name] >= first.cosigned[lone.name]

    # The same once more: a fresh time, the same head. An older one: no more.
    answer = lone.post(submission(head2.size, [], note2))
    assert answer.status == 200
    assert lone.post(submission(head2.size, [bytes(32)], note2)).status == 422
    assert lone.post(submission(head.size, [], note)).status == 409
    assert lone.post(submission(0, [], note)).status == 409
    refusals = [line for line in lone.lines if "refused" in line]
    assert len(refusals) >= 24 and all("reason=" in line for line in refusals)
    assert not any("\n" in line or "\r" in line for line in refusals)


def test_a_connection_is_kept_and_garbage_ends_it(log, lone):
    _, note = log.head()
    connection = http.client.HTTPConnection("127.0.0.1", lone.port, timeout=DEADLINE)
    for _ in range(3):
        connection.request("POST", "/w/add-checkpoint", body=submission(0, [], "no\n").encode())
        assert connection.getresponse().read() == b"not a request to add a checkpoint\n"
        held = connection.sock
    assert connection.sock is held
    connection.request("POST", "/w/add-checkpoint", body=submission(0, [], note).encode(),
                       headers={"Expect": "100-continue"})
    assert connection.getresponse().status == 200
    connection.close()
    with socket.create_connection(("127.0.0.1", lone.port), DEADLINE) as raw:
        raw.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = b""
        while part := raw.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_many_connections_shut_nobody_out(log, lone):
    _, note = log.head()
    held = [socket.create_connection(("127.0.0.1", lone.port), DEADLINE) for _ in range(80)]
    for one in held[:40]:
        one.sendall(b"POST /add-checkpoint HTTP/1.1\r\n")
    assert lone.post(submission(0, [], note)).status == 200
    for one in held:
        one.close()


def test_one_witness_for_each_folder(log, lone):
    second = run_vix(*lone.command()[1:])
    assert second.returncode == 1 and "another witness runs on it" in second.stderr
    again = run_vix("witness", "init", lone.folder, "--name", "x")
    assert again.returncode == 1 and "already" in again.stderr
    for name in ("bad name", "bad+name", ""):
        never = run_vix("witness", "init", lone.directory / "never", "--name", name)
        assert never.returncode == 2 and "not a name" in never.stderr, never.stderr
        assert not (lone.directory / "never").exists()
    assert (lone.folder / "witness.key").stat().st_mode & 0o777 == 0o600
    assert lone.folder.stat().st_mode & 0o777 == 0o700
    _, note = log.head()
    assert lone.post(submission(0, [], note)).status == 200
    lone.stop()

    # What it has cosigned cannot be read: it does not begin anew.
    (kept,) = lone.folder.glob("head-*")
    good = kept.read_bytes()
    for spoilt in (b"", good[:-20], good.replace(b"\n\n", b"\nmore\n\n")):
        kept.write_bytes(spoilt)
        done = run_vix(*lone.command()[1:])
        assert done.returncode == 1 and "not a head that this witness has cosigned" in done.stderr
        assert run_vix("witness", "show", lone.folder).returncode == 1
    kept.write_bytes(good)
    os.chmod(lone.folder / "witness.key", 0o640)
    done = run_vix(*lone.command()[1:])
    assert done.returncode == 1 and "closed to others" in done.stderr
    os.chmod(lone.folder / "witness.key", 0o600)
    lone.start()


def test_what_cannot_be_kept_is_not_cosigned(log, lone):
    """Nothing is answered then, and nothing any more: what is on the disk is not known."""
    head, note = log.head()
    block = lone.folder / f"head-{sha256(bytes(1), head.origin.encode()).hex()[:32]}.new"
    block.mkdir()
    with pytest.raises((http.client.HTTPException, OSError)):
        lone.post(submission(0, [], note))
    assert lone.process.wait(DEADLINE) == 1
    lone.wait_for_line("could not be kept")
    lone.kill()
    block.rmdir()
    lone.start()
    assert "size" not in lone.show()
    assert lone.post(submission(0, [], note)).status == 200


@pytest.mark.parametrize("arguments, said", [
    (["--listen", "localhost:1"], "not an address and a port"),
    (["--listen", "127.0.0.1:70000"], "not an address and a port"),
    (["--listen", "127.0.0.1:"], "not an address and a port"),
    (["--listen", "192.0.2.1:1"], "Cannot assign"),
    (["--listen", "127.0.0.1:0", "--cert", "/none", "--key", "/none"], "not a usable certificate"),
    (["--listen", "127.0.0.1:0", "--cert", "/none"], "belong together"),
    (["--listen", "127.0.0.1:0", "--log", "x"], "--log must be the verifier key"),
])
def test_how_it_is_not_run(lone, arguments, said):
    lone.stop()
    done = run_vix("witness", "run", lone.folder, "--log", lone.log_key, *arguments)
    assert done.returncode in (1, 2) and said in done.stderr, done.stderr
    lone.start()


# ---- the daemon's configuration ----

def test_check(watched):
    witness = watched.witness("w.example/w", start=False)
    daemon = watched.daemon

    def check(setting, **more):
        daemon.write_config(log={"witness": setting, **more})
        return subprocess.run([VIXD, "--config", daemon.config, "--check"], capture_output=True,
                              text=True, timeout=DEADLINE, check=False)

    far = check(f"{witness.vkey} http://witness.example:8080/w1/")
    assert far.returncode == 0 and "without TLS" in far.stderr, far.stderr
    near = check(f"{witness.vkey} http://[::1]:8080")
    assert near.returncode == 0 and "without TLS" not in near.stderr, near.stderr
    for wrong in (witness.vkey, f"{daemon.vkey} https://w.example", f"{witness.vkey} ftp://w.example",
                  f"{witness.vkey} https://user@w.example", f"{witness.vkey} https://w.example?x",
                  f"{witness.vkey} https://w.example:0", f"{witness.vkey} https://:443",
                  f"{witness.vkey} https://[::1", f"{witness.vkey} https://w.example/a b"):
        done = check(wrong)
        assert done.returncode == 2 and "[log] witness must be" in done.stderr, (wrong, done.stderr)
    twice = check(f"{witness.vkey} https://a.example\nwitness={witness.vkey} https://b.example")
    assert twice.returncode == 2 and "given before" in twice.stderr
    bad = check(f"{witness.vkey} https://a.example", witness_ca=daemon.config)
    assert bad.returncode == 2 and "witness_ca" in bad.stderr
    none = check(f"{witness.vkey} https://a.example", witness_ca="/none.pem")
    assert none.returncode == 2 and "cannot be read" in none.stderr
    often = check(f"{witness.vkey} https://a.example", witness_interval=0)
    assert often.returncode == 2 and "1 to 3600" in often.stderr
