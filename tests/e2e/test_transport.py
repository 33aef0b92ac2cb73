# SPDX-License-Identifier: EUPL-1.2
"""How vixd meets the network: TLS, HTTP/1.1 as bytes, deadlines, limits, reload, drain, exits."""
import json
import os
import re
import resource
import select
import signal
import socket
import ssl
import subprocess

import pytest

from actors import DEADLINE, VIXD, Daemon, UnixConnection, bsn


def tls_context(pki, name=None, version=None):
    context = ssl.create_default_context(cafile=pki.ca)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if name is not None:
        context.load_cert_chain(pki.cert(name), pki.key(name))
    return context


class Wire:
    """A socket to a daemon on which bytes are sent as they are, and answers read one by one."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(DEADLINE)
        self.received = b""

    @classmethod
    def plain(cls, port):
        return cls(socket.create_connection(("127.0.0.1", port), DEADLINE))

    @classmethod
    def secured(cls, daemon, name=None, version=None, **more):
        raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)
        context = tls_context(daemon.pki, name, version)
        return cls(context.wrap_socket(raw, server_hostname="localhost", **more))

    @classmethod
    def control(cls, daemon):
        connection = UnixConnection(daemon.control)
        connection.connect()
        return cls(connection.sock)

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def send_slowly(self, data):
        """A byte at a time; the server may answer, and close, before the last."""
        for i in range(len(data)):
            try:
                self.sock.sendall(data[i:i + 1])
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                return

    def fill(self):
        more = self.sock.recv(65536)
        self.received += more
        return bool(more)

    def take_head(self):
        """Status and headers of the next answer."""
        while b"\r\n\r\n" not in self.received:
            if not self.fill():
                raise EOFError(self.received)
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("ascii").split("\r\n")
        assert first.startswith("HTTP/1.1 ")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(first.split()[1]), headers

    def answer(self, head_only=False):
        status, headers = self.take_head()
        size = 0 if head_only else int(headers.get("content-length", 0))
        while len(self.received) < size:
            if not self.fill():
                raise EOFError(self.received)
        body, self.received = self.received[:size], self.received[size:]
        return status, headers, body

    def get(self, path, **headers):
        lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        self.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n")
        return self.answer()

    def ends(self):
        """True when the other side has closed in an orderly way, and nothing else came."""
        while self.fill():
            pass
        return self.received == b""

    def close(self):
        self.sock.close()


def metrics(daemon, connection=None):
    """All values by name and labels."""
    if connection is None:
        text = daemon.management("/metrics").text
    else:
        text = connection.get("/metrics")[2].decode()
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name.removeprefix("verwijsindex_"): float(value) for name, value in lines}


def failures(daemon, reason):
    return metrics(daemon)[f'tls_failures_total{{reason="{reason}"}}']


def open_connections(daemon):
    return metrics(daemon)["open_connections"]


def until(condition):
    """Asks again until it is so; the daemon's own event, seen from outside. Bounded by asking."""
    for _ in range(20000):
        if condition():
            return
    raise AssertionError(f"it never became so: {condition()}")


def run_vixd(*arguments, **more):
    return subprocess.run([VIXD, *map(str, arguments)], capture_output=True, text=True,
                          timeout=DEADLINE, **more)


@pytest.fixture
def hasty(monkeypatch, start_daemon):
    """A daemon whose deadlines are short: hasty(head=300)."""
    def start(settings=None, **deadlines):
        text = ",".join(f"{name}={value}" for name, value in deadlines.items())
        monkeypatch.setenv("VIX_DEADLINES", text)
        return start_daemon(**(settings or {}))
    return start


# ---- starting, checking, exit statuses ----

def test_ready_line_names_the_bound_addresses(daemon):
    line = daemon.wait_for_line("ready")
    assert re.search(rf"<5>ready version=\S+ listening=127\.0\.0\.1:{daemon.port} "
                     rf"management=127\.0\.0\.1:{daemon.management_port} "
                     rf"control={daemon.control}", line)
    assert daemon.port > 0 and daemon.management_port > 0
    assert oct(os.stat(daemon.control).st_mode)[-3:] == "600"


def test_version_and_usage():
    assert re.fullmatch(r"vixd \d+\.\d+\.\d+\n", run_vixd("--version").stdout)
    assert run_vixd("--help").returncode == 0
    for wrong in ((), ("--chekc",), ("--config",), ("--config", "a", "b"), ("--check",)):
        done = run_vixd(*wrong)
        assert done.returncode == 2 and "usage: vixd" in done.stderr


def check(daemon):
    done = run_vixd("--config", daemon.config, "--check")
    assert done.returncode in (0, 2), done.stderr
    return done.returncode, done.stderr


def test_check_accepts_what_is_in_order(new_daemon):
    daemon = new_daemon()
    assert check(daemon)[0] == 0
    assert not daemon.control.exists() and not daemon.store.exists()


def test_check_can_run_beside_the_daemon(daemon):
    assert check(daemon)[0] == 0
    assert daemon.operator.status()["ready"]


@pytest.mark.parametrize("section, key, value, words", [
    ("server", "client_ca", "absent.pem", "absent.pem"),
    ("server", "certificate", "absent.pem", "not a usable certificate"),
    ("server", "private_key", "absent.pem", "private key"),
    ("server", "client_crl", "absent.pem", "missing: every client is refused"),
    ("server", "workers", "many", "[server] workers must be a number"),
    ("server", "port", "8443", "unknown option port"),
    ("log", "witness", "https://w.example", "[log] witness must be a witness's verifier key"),
    ("lot", "witness", "https://w.example", "unknown section [lot]"),
    ("store", "path", "/proc/none/store", "[store] path"),
    ("control", "socket", "/" + 110 * "x", "longer than 107"),
    ("control", "socket", "/proc/none/c.sock", "[control] socket"),
    ("keys", "directory", "absent", "absent"),
    ("operator", "oin", "1", "OIN"),
])
def test_check_finds(new_daemon, section, key, value, words):
    status, said = check(new_daemon(**{section: {key: value}}))
    assert status == 2
    assert words in said


def test_check_names_file_and_line_and_lists_all_faults(new_daemon):
    daemon = new_daemon(server={"workers": "x", "port": "1"}, limits={"connections": "0"})
    numbers = {line.split("=")[0]: n for n, line in
               enumerate(daemon.config.read_text().splitlines(), 1)}
    status, said = check(daemon)
    assert status == 2
    for key in ("workers", "port", "connections"):
        assert f"{daemon.config}:{numbers[key]}: " in said


def test_check_reads_keys_certificates_and_crl(new_daemon, own_pki):
    daemon = new_daemon(own_pki)
    own_pki.crl.write_text(own_pki.ca.read_text())
    assert "not a certificate revocation list" in check(daemon)[1]
    own_pki.run("--crl-expired")
    assert "client_crl: expired" in check(daemon)[1]
    own_pki.run("--crl")
    assert check(daemon)[0] == 0

    own_pki.key("server").write_text(own_pki.key("school").read_text())
    assert check(daemon)[0] == 2

    daemon = new_daemon()
    os.chmod(daemon.keys, 0o755)
    assert "must be closed to group and others" in check(daemon)[1]
    os.chmod(daemon.keys, 0o700)
    (daemon.keys / "record-1.key").unlink()
    assert "no key record" in check(daemon)[1]
    daemon = new_daemon()
    daemon.store.mkdir()
    os.chmod(daemon.store, 0o777)
    assert "others than its owner can write" in check(daemon)[1]


def test_wrong_configuration_ends_with_2(new_daemon):
    daemon = new_daemon(server={"port": "1"})
    assert run_vixd("--config", daemon.config).returncode == 2
    assert run_vixd("--config", daemon.directory / "absent").returncode == 2
    daemon = new_daemon(keys={"directory": daemon.directory})
    assert run_vixd("--config", daemon.config).returncode == 2


def test_addresses_in_use_end_with_1(daemon, new_daemon):
    for settings in ({"server": {"listen": f"127.0.0.1:{daemon.port}"}},
                     {"management": {"listen": f"127.0.0.1:{daemon.management_port}"}},
                     {"control": {"socket": daemon.control}}):
        done = run_vixd("--config", new_daemon(**settings).config)
        assert done.returncode == 1 and "in use" in done.stderr
    assert daemon.operator.status()["ready"]


def test_a_socket_left_behind_is_replaced(start_daemon):
    daemon = start_daemon()
    daemon.kill()
    assert daemon.control.exists()
    daemon.start()
    assert daemon.operator.status()["ready"]
    daemon.stop()
    assert not daemon.control.exists()


def test_what_the_daemon_gives_up(daemon, own_pki):
    if "reason=sanitizers" in daemon.log:
        pytest.skip("sanitizers need what is given up")
    process = f"/proc/{daemon.process.pid}"
    with open(f"{process}/status") as status:
        assert "NoNewPrivs:\t1" in status.read()
    with open(f"{process}/limits") as limits:
        assert re.search(r"Max core file size +0 +0 ", limits.read())
    if os.geteuid() != 0:
        with pytest.raises(PermissionError):  # as it is not dumpable
            os.listdir(f"{process}/fd")
    assert "confine result=" in daemon.log


def test_certificates_that_are_links_can_be_reloaded(start_daemon, own_pki):
    elsewhere = own_pki.directory / "archive"
    elsewhere.mkdir()
    for path in (own_pki.cert("server"), own_pki.crl):
        path.rename(elsewhere / path.name)
        path.symlink_to(elsewhere / path.name)
    daemon = start_daemon(pki=own_pki)
    assert "result=done" in daemon.reload()


def test_a_failed_commit_ends_with_74(daemon):
    operator = daemon.operator
    operator.admit("school")
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    with pytest.raises((OSError, EOFError)):
        wire = Wire.control(daemon)
        body = json.dumps({"oin": "00000003999999990000", "name": "X", "roles": ["auditor"]})
        wire.send(f"POST /control/parties HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                  f"application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        wire.answer()
    assert daemon.wait_for_exit() == 74
    assert "outcome=unknown" in daemon.log


# ---- TLS ----

def test_certificates_that_are_not_accepted(daemon):
    for name, reason in (("expired", "expired"), ("revoked", "revoked"),
                         ("other-ca", "unknown-ca"), ("weak", "weak-key")):
        if name == "weak" and not daemon.pki.cert("weak").exists():
            continue
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            before = failures(daemon, reason)
            with pytest.raises(ssl.SSLError) as refused:
                Wire.secured(daemon, name, version).get("/v1/openapi.json")
            assert "ALERT" in str(refused.value).upper().replace(" ", "_"), name
            until(lambda: failures(daemon, reason) == before + 1)


def test_without_certificate(daemon):
    # A stranger's connection ends with its answer: none is kept from those who have a certificate.
    wire = Wire.secured(daemon)
    status, headers, _ = wire.get("/v1/openapi.json")
    assert status == 200 and headers["connection"] == "close" and wire.ends()
    wire = Wire.secured(daemon)
    status, headers, body = wire.get("/v1/parties/self")
    assert (status, json.loads(body)["type"].rsplit("/")[-1]) == (401, "certificate-required")
    assert headers["connection"] == "close" and wire.ends()
    # A stranger's body is not read: answered at once, and closed.
    wire = Wire.secured(daemon)
    wire.send("POST /v1/signals HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
              "Content-Length: 100\r\n\r\n")
    status, headers, _ = wire.answer()
    assert status == 401 and headers["connection"] == "close" and wire.ends()


def test_a_valid_certificate_without_a_party(daemon):
    for name in ("no-oin", "bad-oin", "stranger", "rsa"):
        status, _, body = Wire.secured(daemon, name).get("/v1/parties/self")
        assert (status, json.loads(body)["type"].rsplit("/")[-1]) == (403, "unknown-party"), name


def test_a_connection_is_never_resumed(daemon):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = tls_context(daemon.pki, "school", version)

        def connect(session=None):
            raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)
            return Wire(context.wrap_socket(raw, server_hostname="localhost", session=session))

        first = connect()
        assert first.get("/v1/openapi.json")[0] == 200
        session = first.sock.session
        assert session is None or not session.has_ticket
        second = connect(session)
        assert second.get("/v1/openapi.json")[0] == 200
        assert not second.sock.session_reused


def test_protocols(daemon):
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            Wire.secured(daemon, "school", version)
    for offered, agreed in ((["h2", "http/1.1"], "http/1.1"), (["h2"], None)):
        context = tls_context(daemon.pki, "school")
        context.set_alpn_protocols(offered)
        raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)
        if agreed is None:
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(raw, server_hostname="localhost")
        else:
            secured = context.wrap_socket(raw, server_hostname="localhost")
            assert secured.selected_alpn_protocol() == agreed
    weak = tls_context(daemon.pki, "school", ssl.TLSVersion.TLSv1_2)
    weak.set_ciphers("AES256-SHA:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        weak.wrap_socket(socket.create_connection(("127.0.0.1", daemon.port), DEADLINE),
                         server_hostname="localhost")
    plain = Wire.plain(daemon.port)
    plain.send("GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with pytest.raises((EOFError, OSError, AssertionError)):
        plain.answer()
    until(lambda: failures(daemon, "protocol") >= 4)


def test_without_a_crl_every_certificate_is_refused(start_daemon, own_pki):
    own_pki.crl.unlink()
    daemon = start_daemon(pki=own_pki)
    assert "every client certificate is refused" in daemon.log
    with pytest.raises(ssl.SSLError):
        Wire.secured(daemon, "school").get("/v1/openapi.json")
    until(lambda: failures(daemon, "crl") == 1)
    assert Wire.secured(daemon).get("/v1/openapi.json")[0] == 200


def test_crl_not_configured_is_said(start_daemon):
    daemon = start_daemon(server={"client_crl": None})
    assert "revoked certificates are accepted" in daemon.log
    assert Wire.secured(daemon, "revoked").get("/v1/parties/self")[0] == 403


# ---- reload ----

def test_reload_closes_the_revoked_and_keeps_the_healthy(start_daemon, own_pki):
    daemon = start_daemon(pki=own_pki)
    leaver = own_pki.new_client()
    operator = daemon.operator
    operator.admit("school")
    operator.admit(leaver, municipality="0362")
    healthy, idle = Wire.secured(daemon, "school"), Wire.secured(daemon, leaver)
    polling, nobody = Wire.secured(daemon, leaver), Wire.secured(daemon)
    assert healthy.get("/v1/parties/self")[0] == idle.get("/v1/parties/self")[0] == 200
    polling.send("GET /v1/notices?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n")

    own_pki.revoke(leaver)
    assert idle.get("/v1/parties/self")[0] == 200  # nothing was reloaded yet
    assert "result=done" in daemon.reload()
    assert idle.ends() and polling.ends()
    assert healthy.get("/v1/parties/self")[0] == 200
    assert nobody.get("/v1/openapi.json")[0] == 200
    with pytest.raises(ssl.SSLError):
        Wire.secured(daemon, leaver).get("/v1/parties/self")
    assert metrics(daemon)["tls_invalidated_total"] == 2


def test_reload_with_another_authority(start_daemon, own_pki):
    daemon = start_daemon(pki=own_pki, server={"client_crl": None})
    school = Wire.secured(daemon, "school")
    assert school.get("/v1/parties/self")[0] == 403
    trusted = own_pki.ca.read_text()
    own_pki.ca.write_text((own_pki.directory / "other-authority.pem").read_text())
    assert "result=done" in daemon.reload()
    assert school.ends()
    own_pki.ca.write_text(trusted)  # for the client, whom to trust


def test_reload_with_an_expired_crl_refuses_everyone(start_daemon, own_pki):
    daemon = start_daemon(pki=own_pki)
    school = Wire.secured(daemon, "school")
    assert school.get("/v1/parties/self")[0] == 403
    own_pki.run("--crl-expired")
    assert "result=done" in daemon.reload()
    assert school.ends()
    with pytest.raises(ssl.SSLError):
        Wire.secured(daemon, "school").get("/v1/parties/self")
    own_pki.run("--crl")
    daemon.reload()
    assert Wire.secured(daemon, "school").get("/v1/parties/self")[0] == 403


def test_a_reload_that_is_refused_changes_nothing(start_daemon, own_pki):
    daemon = start_daemon(pki=own_pki)
    school = Wire.secured(daemon, "school")
    assert school.get("/v1/parties/self")[0] == 403
    kept = own_pki.cert("server").read_text()
    own_pki.cert("server").write_text("not a certificate\n")
    assert "result=refused" in daemon.reload()
    answer = daemon.operator.post("/control/_reload")
    assert answer.status == 409 and "server.pem" in answer.json["detail"]
    assert school.get("/v1/parties/self")[0] == 403
    assert Wire.secured(daemon, "care").get("/v1/parties/self")[0] == 403
    own_pki.cert("server").write_text(kept)
    assert daemon.operator.post("/control/_reload").status == 204


def test_a_new_server_certificate_is_used_at_once(start_daemon, own_pki):
    daemon = start_daemon(pki=own_pki)
    before = Wire.secured(daemon).sock.getpeercert(binary_form=True)
    own_pki.run("--renew-server")
    assert "result=done" in daemon.reload()
    assert Wire.secured(daemon).sock.getpeercert(binary_form=True) != before


# ---- deadlines ----

def test_a_handshake_that_does_not_come(hasty):
    daemon = hasty(handshake=200)
    for beginning in (b"\x16", b"\x16\x03\x01"):  # of a ClientHello, and never its end
        babbler = Wire.plain(daemon.port)
        babbler.send(beginning)
        with pytest.raises((EOFError, ConnectionResetError)):
            babbler.answer()
    assert failures(daemon, "timeout") == 2
    silent = Wire.plain(daemon.port)  # the kernel keeps it for some seconds
    assert silent.ends()
    assert failures(daemon, "timeout") == 3


def trickle(wire, data):
    """Sends a byte whenever the peer has said nothing for a moment; until it says something."""
    for i in range(len(data)):
        if select.select([wire.sock], [], [], 0.02)[0]:
            return
        wire.send_slowly(data[i:i + 1])


def test_one_byte_at_a_time_prolongs_nothing(hasty):
    daemon = hasty(head=400, body=400)
    wire = Wire.secured(daemon, "school")
    trickle(wire, b"GET /" + 100000 * b"a")
    status, headers, body = wire.answer()
    assert (status, json.loads(body)["type"].rsplit("/")[-1]) == (408, "request-timeout")
    assert headers["connection"] == "close" and wire.ends()

    wire = Wire.secured(daemon, "school")
    wire.send("POST /v1/signals HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n")
    trickle(wire, 4000 * b" ")
    assert wire.answer()[0] == 408 and wire.ends()
    values = metrics(daemon)
    assert values['deadlines_missed_total{phase="head"}'] == 1
    assert values['deadlines_missed_total{phase="body"}'] == 1


def test_idle_connections_end_in_an_orderly_way(hasty):
    daemon = hasty(idle=200, head=300)
    used = Wire.secured(daemon, "school")
    assert used.get("/v1/openapi.json")[0] == 200
    assert used.ends()  # with close_notify: recv() would raise otherwise
    unused = Wire.secured(daemon, "school")
    assert unused.ends()


def test_a_client_that_never_reads(hasty):
    daemon = hasty(write=300)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", daemon.port))
    wire = Wire(tls_context(daemon.pki, "school").wrap_socket(raw, server_hostname="localhost"))
    request = b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    wire.send(100 * request)  # far more answers than the buffers between us hold
    poll = select.poll()
    poll.register(wire.sock, select.POLLRDHUP)
    assert poll.poll(DEADLINE * 1000)
    values = metrics(daemon)
    assert values['deadlines_missed_total{phase="write"}'] == 1
    assert values['requests_total{route="/v1/openapi.json",status="2xx"}'] < 100


def test_clients_that_close_midway(daemon):
    daemon.operator.admit("school")
    before = open_connections(daemon)
    for sent in (b"", b"GET /v1/par", b"GET /v1/parties/self HTTP/1.1\r\nHost: a\r\n",
                 b"POST /v1/signals HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{\"bsn",
                 b"GET /v1/notices?wait=60 HTTP/1.1\r\nHost: a\r\n\r\n",
                 b"GET /v1/parties/self HTTP/1.1\r\nHost: a\r\n\r\n"):
        for orderly in (True, False):
            wire = Wire.secured(daemon, "school")
            wire.send(sent)
            if not orderly:
                wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wire.close()
    until(lambda: open_connections(daemon) == before)
    assert Wire.secured(daemon, "school").get("/v1/parties/self")[0] == 200


# ---- limits ----

def test_the_connection_limit(start_daemon):
    daemon = start_daemon(limits={"connections": 4})
    wires = [Wire.secured(daemon, "school") for _ in range(4)]
    for wire in wires:
        assert wire.get("/v1/openapi.json")[0] == 200
    with pytest.raises((ssl.SSLError, OSError)):
        Wire.secured(daemon, "school")
    assert metrics(daemon)["connections_refused_total"] == 1
    assert daemon.operator.status()["ready"]  # the operator is let in
    before = open_connections(daemon)
    wires.pop().close()
    until(lambda: open_connections(daemon) < before)
    assert wires[0].get("/v1/openapi.json")[0] == 200
    assert Wire.secured(daemon, "school").get("/v1/openapi.json")[0] == 200


def test_no_descriptors_left(daemon):
    watcher = Wire.plain(daemon.management_port)
    assert watcher.get("/health")[0] == 200
    used = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (used + 5, used + 5))
    crowd = [socket.create_connection(("127.0.0.1", daemon.port), DEADLINE) for _ in range(20)]
    for one in crowd:
        one.sendall(b"\x16")  # until something comes the kernel keeps it
    name = 'accept_pauses_total{reason="descriptors"}'
    until(lambda: metrics(daemon, watcher)[name] >= 1)
    for one in crowd:
        one.close()
    assert Wire.secured(daemon, "school").get("/v1/openapi.json")[0] == 200


class SlowHandshake:
    """Has sent its ClientHello, and goes on when it is told to."""

    def __init__(self, daemon, context):
        self.raw = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.input, self.output, server_hostname="localhost")
        assert not self.step(self.tls.do_handshake)

    def step(self, action, *arguments):
        """Whether it was done; if not, it waits for the other side."""
        done = False
        try:
            done = action(*arguments) or True
        except ssl.SSLWantReadError:
            pass
        self.raw.sendall(self.output.read())
        return done

    def finish(self, action, *arguments):
        while not (result := self.step(action, *arguments)):
            received = self.raw.recv(65536)
            assert received
            self.input.write(received)
        return result


def test_many_handshakes_at_once_all_succeed(hasty):
    """More than are let in at a time: the others wait in the kernel's queue."""
    daemon = hasty(handshake=1000 * DEADLINE)
    context = tls_context(daemon.pki, "school")
    slow = [SlowHandshake(daemon, context) for _ in range(300)]
    until(lambda: metrics(daemon)['accept_pauses_total{reason="handshakes"}'] >= 1)
    for one in slow:
        one.finish(one.tls.do_handshake)
        one.finish(one.tls.write, b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert one.finish(one.tls.read, 12) == b"HTTP/1.1 200"
        one.raw.close()
    assert failures(daemon, "evicted") == 0


def test_half_a_hello_keeps_nobody_out(hasty):
    """Who takes the place of a handshake, and says nothing that begins one, makes room for others:
    the oldest first."""
    daemon = hasty(handshake=1000 * DEADLINE)
    babblers = [Wire.plain(daemon.port) for _ in range(300)]
    for babbler in babblers:
        babbler.send(b"\x16\x03\x01")
    until(lambda: failures(daemon, "evicted") >= 44)
    assert Wire.secured(daemon, "school").get("/v1/openapi.json")[0] == 200
    with pytest.raises((EOFError, ConnectionResetError)):
        babblers[0].answer()
    assert metrics(daemon)["pending_handshakes"] <= 256


def test_silent_sockets_take_no_place(daemon):
    """The kernel keeps them until something comes."""
    silent = [Wire.plain(daemon.port) for _ in range(300)]
    assert Wire.secured(daemon, "school").get("/v1/openapi.json")[0] == 200
    values = metrics(daemon)
    assert values["connections_accepted_total"] < len(silent)
    assert values['accept_pauses_total{reason="handshakes"}'] == 0
    for one in silent:
        one.close()


# ---- HTTP as bytes ----

GET = b"GET /v1/parties/self HTTP/1.1\r\n"
POST = b"POST /v1/signals HTTP/1.1\r\nHost: localhost\r\n"
REFUSED = [
    (400, GET + b"\r\n"),
    (400, GET + b"Host: a\r\nHost: b\r\n\r\n"),
    (400, GET + b"Host: a\r\nAccept: b\r\n c\r\n\r\n"),
    (400, GET + b"Host: a\r\n: b\r\n\r\n"),
    (400, GET + b"Host : a\r\n\r\n"),
    (400, GET + b"Host: a\n\r\n"),
    (400, GET + b"Host: a\0b\r\n\r\n"),
    (400, GET + b"Host: a\r\nX: \x07\r\n\r\n"),
    (400, GET + b"Host: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
    (400, GET + b"Host: a\r\nContent-Length: 5\r\n\r\nhello"),
    (400, b"GET https://localhost/v1/parties/self HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (400, b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (501, b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    (505, b"GET /v1/parties/self HTTP/1.0\r\nHost: localhost\r\n\r\n"),
    (501, POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (501, POST + b"Transfer-Encoding: xyz\r\n\r\n"),
    (400, POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
    (400, POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
    (400, POST + b"Content-Length: +2\r\n\r\n{}"),
    (400, POST + b"Content-Length: 2, 2\r\n\r\n{}"),
    (411, POST + b"\r\n"),
    (413, POST + b"Content-Length: 1000000000\r\n\r\n"),
    (417, POST + b"Content-Length: 2\r\nExpect: a-miracle\r\n\r\n"),
    (431, GET + b"Host: a\r\nX: " + 17000 * b"a" + b"\r\n\r\n"),
    (431, GET + b"Host: a\r\n" + 64 * b"X: a\r\n" + b"\r\n"),
]


@pytest.mark.parametrize("slowly", [False, True], ids=["whole", "bytewise"])
def test_refused_requests(daemon, slowly):
    daemon.operator.admit("school")
    for status, request in REFUSED:
        wire = Wire.secured(daemon, "school")
        if slowly:
            wire.send_slowly(request)
        else:
            wire.send(request + GET + b"Host: localhost\r\n\r\n")  # never read as a next request
        got, headers, body = wire.answer()
        assert got == status, (request[:200], body)
        assert headers["content-type"] == "application/problem+json"
        assert headers["connection"] == "close"
        assert json.loads(body)["status"] == status
        assert wire.ends()
    # All of them are in the log: the party is known.
    assert daemon.operator.status()["logSize"] > len(REFUSED)


def test_requests_in_one_write_are_answered_in_order(daemon):
    daemon.operator.admit("school")
    wire = Wire.secured(daemon, "school")
    paths = ["/v1/parties/self", "/v1/nothing", "/v1/signals", "/v1/openapi.json"] * 20
    wire.send("".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths))
    expected = [200, 404, 200, 200] * 20
    assert [wire.answer()[0] for _ in paths] == expected
    wire.send("HEAD /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
    status, headers, _ = wire.answer(head_only=True)
    assert status == 200 and int(headers["content-length"]) > 1000
    assert wire.get("/v1/parties/self", Connection="close")[1]["connection"] == "close"
    assert wire.ends()


def test_expect_continue(daemon):
    school = daemon.operator.admit("school")
    school.designate("ib-1")
    body = json.dumps({"bsn": bsn(0), "professional": "ib-1", "birthDate": "2015-05-01"})
    head = (f"POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Expect: 100-continue\r\nContent-Length: {{}}\r\n\r\n")
    wire = Wire.secured(daemon, "school")
    wire.send(head.format(len(body)))
    assert wire.take_head() == (100, {})
    wire.send(body)
    assert wire.answer()[0] == 201
    wire.send(head.format(len(body)) + body)  # the body is there: nothing to wait for
    assert wire.answer()[0] == 200
    wire.send(head.format(100000000))
    assert wire.answer()[0] == 413 and wire.ends()


def test_an_answer_to_a_body_that_is_still_coming_is_read(daemon):
    """413 goes out before the body is read; what still comes must not reset the connection."""
    wire = Wire.secured(daemon, "school")
    wire.send(POST + b"Content-Length: 500000\r\n\r\n")
    wire.send(500000 * b"x")
    assert wire.answer()[0] == 413 and wire.ends()


def test_control_socket_speaks_http_as_strictly(daemon):
    for status, request in ((400, b"GET /control/status HTTP/1.1\r\n\r\n"),
                            (501, b"POST /control/_reload HTTP/1.1\r\nHost: a\r\n"
                                  b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                            (404, b"GET /v1/parties/self HTTP/1.1\r\nHost: a\r\n\r\n")):
        wire = Wire.control(daemon)
        wire.send(request)
        assert wire.answer()[0] == status
    assert Wire.control(daemon).get("/control/status")[0] == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_control_socket_admits_root_and_its_own_user_only(daemon):
    os.chmod(daemon.directory, 0o755)
    os.chmod(daemon.control, 0o666)  # so that it is the daemon that refuses
    program = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
               "s.sendall(b'GET /control/status HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n');"
               "print(len(s.recv(100)))")
    done = subprocess.run(["/usr/bin/python3", "-c", program, str(daemon.control)],
                          capture_output=True, text=True, timeout=DEADLINE, user=65534, group=65534)
    assert done.stdout == "0\n" or "BrokenPipe" in done.stderr or "ConnectionReset" in done.stderr
    assert metrics(daemon)["connections_refused_total"] == 1
    assert daemon.operator.status()["ready"]


# ---- the management listener ----

def test_health_and_metrics(daemon):
    answer = daemon.management("/health")
    assert answer.status == 200 and answer.json["status"] == "ready"
    assert answer.json["store"] == "open"
    answer = daemon.management("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    names = set()
    for line in answer.text.splitlines():
        kind = re.fullmatch(r"# (HELP|TYPE) (verwijsindex_[a-z_]+) .+", line)
        value = re.fullmatch(r'(verwijsindex_[a-z_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? '
                             r"[0-9.]+", line)
        assert kind or value, line
        names.add((kind or value).group(2 if kind else 1))
    assert len(names) > 20
    assert daemon.management("/nothing").status == 404
    wire = Wire.plain(daemon.management_port)
    wire.send("POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    status, headers, _ = wire.answer()
    assert status == 405 and headers["allow"] == "get, head"
    wire.send("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
    assert wire.answer(head_only=True)[0] == 200
    wire.send("GET /metrics HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")
    assert wire.answer()[0] == 400 and wire.ends()


def test_requests_are_counted_by_route(daemon):
    school = daemon.operator.admit("school")
    for path in ("/v1/signals/0190c5a2-0000-7000-8000-000000000000", "/v1/signals/unknown"):
        assert school.get(path).status in (400, 404)
    values = metrics(daemon)
    assert values['requests_total{route="/v1/signals/{id}",status="4xx"}'] == 2
    assert values["tls_handshakes_total"] == 1


# ---- stopping ----

def test_stopping_answers_what_is_under_way(start_daemon):
    daemon = start_daemon()
    school = daemon.operator.admit("school")
    school.designate("ib-1")
    idle, polling, posting = (Wire.secured(daemon, "school") for _ in range(3))
    watcher = Wire.plain(daemon.management_port)
    assert idle.get("/v1/parties/self")[0] == 200
    polling.send("GET /v1/notices?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    body = json.dumps({"bsn": bsn(0), "professional": "ib-1", "birthDate": "2015-05-01"})
    posting.send(f"POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                 f"\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n")
    assert posting.take_head()[0] == 100  # its head has been read
    assert watcher.get("/health")[0] == 200

    daemon.process.send_signal(signal.SIGTERM)
    assert idle.ends() and watcher.ends()
    status, headers, answer = polling.answer()
    assert status == 200 and json.loads(answer)["notices"] == []
    assert headers["connection"] == "close" and polling.ends()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)
    posting.send(body)
    status, headers, _ = posting.answer()
    assert status == 201 and headers["connection"] == "close" and posting.ends()
    for wire in (idle, polling, posting):
        wire.close()
    school.close()
    assert daemon.wait_for_exit() == 0
    assert "drained=no" not in daemon.log
    daemon.start()
    assert len(daemon.party("school").all_of("/v1/signals", "signals")) == 1


def test_part_of_a_record_holds_up_no_stop(start_daemon):
    """It is no request yet, though TLS has taken it in."""
    daemon = start_daemon()
    half = SlowHandshake(daemon, tls_context(daemon.pki, "school"))
    half.finish(half.tls.do_handshake)
    half.finish(half.tls.write, b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
    text = b""
    while b"\r\n\r\n" not in text:
        text += half.finish(half.tls.read, 4096)
    head, _, body = text.partition(b"\r\n\r\n")
    left = int(re.search(rb"content-length: (\d+)", head.lower()).group(1)) - len(body)
    while left > 0:
        left -= len(half.finish(half.tls.read, 4096))
    half.tls.write(b"GET /v1/openapi.json HTTP/1.1\r\n")
    half.raw.sendall(half.output.read()[:20])
    for _ in range(20):  # on every worker, after what was sent before
        assert Wire.secured(daemon, "school").get("/v1/openapi.json")[0] == 200
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.wait_for_exit() == 0
    assert "drained=no" not in daemon.log


def test_stopping_is_bounded(hasty):
    daemon = hasty(drain=300)
    daemon.operator.admit("school")
    stuck = Wire.secured(daemon, "school")
    stuck.send("POST /v1/signals HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n"
               "Expect: 100-continue\r\n\r\n")
    assert stuck.take_head()[0] == 100
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.wait_for_exit() == 0
    assert "drained=no" in daemon.log


def test_being_told_to_stop_again_and_again(daemon):
    while daemon.process.poll() is None:
        daemon.process.send_signal(signal.SIGTERM)
    assert daemon.wait_for_exit() == 0
    assert "stopped status=0" in daemon.log


def test_stopping_under_load_loses_nothing_that_was_answered(start_daemon):
    daemon = start_daemon()
    school = daemon.operator.admit("school")
    school.designate("ib-1")
    wires = [Wire.secured(daemon, "school") for _ in range(16)]
    for n, wire in enumerate(wires):
        body = json.dumps({"bsn": bsn(n), "professional": "ib-1", "birthDate": "2015-05-01"})
        wire.send(f"POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                  f"application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")
    daemon.process.send_signal(signal.SIGTERM)
    acknowledged = set()
    for wire in wires:
        try:
            status, _, body = wire.answer()
        except (EOFError, OSError):
            continue
        assert status in (201, 503)
        if status == 201:
            acknowledged.add(json.loads(body)["id"])
    assert daemon.wait_for_exit() == 0
    daemon.start()
    kept = {s["id"] for s in daemon.party("school").all_of("/v1/signals", "signals")}
    assert acknowledged <= kept


def test_service_manager_is_told(new_daemon, monkeypatch):
    daemon = new_daemon()
    path = daemon.directory / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(path))
        told.settimeout(DEADLINE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        monkeypatch.setenv("WATCHDOG_USEC", "300000")
        daemon.start()
        assert told.recv(4096) == b"READY=1"
        assert told.recv(4096) == b"WATCHDOG=1"
        daemon.process.send_signal(signal.SIGHUP)
        seen = []
        while b"READY=1" not in seen:
            seen.append(told.recv(4096))
        assert any(state.startswith(b"RELOADING=1\nMONOTONIC_USEC=") for state in seen)
        daemon.process.send_signal(signal.SIGTERM)
        while told.recv(4096) != b"STOPPING=1":
            pass
        daemon.stop()
