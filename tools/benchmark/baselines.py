# SPDX-License-Identifier: EUPL-1.2
"""What vixd is measured against: PostgreSQL, Redis and nginx, each thrown away afterwards."""
import csv
import io
import os
import pathlib
import shutil
import signal
import socket

import machine
from processes import Failure, find_program, free_port, run, wait_for

HERE = pathlib.Path(__file__).parent
CLIENTS = 64
GIBIBYTE = 1 << 30
KEYS = 2_000_000_000  # redis-benchmark draws from so many, and takes no more


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


class Postgres:
    """A cluster of its own, on a Unix socket, durable, with a quarter of the memory to 2 GiB."""

    def __init__(self, keeper, signals, children, overlap):
        self.keeper = keeper
        self.overlap = overlap
        self.children = children
        self.user = "postgres" if os.geteuid() == 0 else None
        self.home = keeper.path("postgres")
        self.home.mkdir(mode=0o700)
        if self.user:
            try:
                shutil.chown(self.home, self.user, self.user)
            except LookupError:
                raise Failure("there is no user postgres (tools/install-packages --bench)") from None
        self.pgbench = find_program("/usr/lib/postgresql/*/bin/pgbench", "pgbench")
        self._create()
        self._start()
        self._fill(signals)

    def _create(self):
        initdb = find_program("/usr/lib/postgresql/*/bin/initdb")
        self.server = find_program("/usr/lib/postgresql/*/bin/postgres")
        run([initdb, "-D", self.home / "data", "-U", "bench", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8"], user=self.user, cwd=self.home)
        memory = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        settings = {
            "listen_addresses": "", "unix_socket_directories": self.home,
            "shared_buffers": f"{min(2 * GIBIBYTE, memory // 4) >> 20}MB",
            "max_connections": 200, "fsync": "on", "synchronous_commit": "on",
            "full_page_writes": "on", "max_wal_size": "4GB", "checkpoint_timeout": "15min",
            "jit": "off",
        }
        with open(self.home / "data/postgresql.conf", "a", encoding="utf8") as out:
            for name, value in settings.items():
                out.write(f"{name} = '{value}'\n")
        self.settings = {name: str(value) for name, value in settings.items()
                         if name != "unix_socket_directories"}

    def _start(self):
        self.process = self.keeper.start("postgres", [self.server, "-D", self.home / "data"],
                                         stop=signal.SIGINT, user=self.user, cwd=self.home)
        wait_for(self.process, self._answers, "postgres")

    def _answers(self):
        try:
            return self.query("SELECT 1") == "1"
        except Failure:
            return False

    def _psql(self, *words):
        return run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.home, "-U",
                    "bench", "-d", "postgres", *words], cwd="/").strip()

    def query(self, sql):
        return self._psql("-c", sql)

    def _fill(self, signals):
        self._psql("-v", f"signals={signals}", "-v", f"children={self.children}", "-f",
                   HERE / "postgres.sql")
        self.script = self.home / "post.pgbench"
        self.script.write_text(
            "\\set share random(1, 100)\n"
            f"\\set known random(1, {self.children})\n"
            "\\set new random(1000000000000, 9000000000000000)\n"
            "\\set party random(1, 64)\n"
            f"\\if :share <= {round(100 * self.overlap)}\n\\set child :known\n"
            "\\else\n\\set child :new\n\\endif\n"
            "SELECT post(sha256(int8send(:child)), :party::integer, 'bench');\n", encoding="utf8")
        self.query("CHECKPOINT")

    def post(self, seconds):
        before = int(self.query("SELECT position FROM log_end"))
        logs = self.home / "times"
        logs.mkdir(exist_ok=True)
        for old in logs.iterdir():
            old.unlink()
        said = run([self.pgbench, "-n", "-h", self.home, "-U", "bench", "-c", CLIENTS, "-j", 2,
                    "-T", seconds, "-M", "prepared", "-f", self.script, "-l", "--log-prefix",
                    logs / "t", "postgres"], cwd="/")
        found = {line.split("=")[0].strip(): line.split("=")[1].split()[0]
                 for line in said.splitlines() if "=" in line}
        if "tps" not in found:
            raise Failure("pgbench did not tell a rate: " + said[-200:])
        times = sorted(int(line.split()[2]) / 1000 for one in logs.iterdir()
                       for line in one.read_text().splitlines())
        after = int(self.query("SELECT position FROM log_end"))
        return {
            "rate": float(found["tps"]), "count": len(times),
            "latency": {"p50": percentile(times, 0.5), "p90": percentile(times, 0.9),
                        "p99": percentile(times, 0.99), "max": times[-1] if times else 0.0},
            "checked": after - before == len(times), "acknowledged": len(times),
            "check": f"{len(times)} acknowledged, {after - before} in the log",
        }

    def bytes_each(self):
        return int(self.query("SELECT pg_database_size('postgres')")) / max(
            1, int(self.query("SELECT count(*) FROM signal")))


class Redis:
    """All in memory, and each commit on the disk before it is answered."""

    def __init__(self, keeper, signals, children, overlap):
        self.keeper = keeper
        self.children = children
        self.overlap = overlap
        self.home = keeper.path("redis")
        self.home.mkdir(mode=0o700)
        self.socket = self.home / "redis.sock"
        self.benchmark = find_program("redis-benchmark")
        self.command = find_program("redis-cli")
        server = find_program("redis-server")
        self.process = keeper.start("redis", [
            server, "--port", 0, "--unixsocket", self.socket, "--dir", self.home, "--save", "",
            "--appendonly", "yes", "--appendfsync", "no", "--daemonize", "no",
            "--auto-aof-rewrite-percentage", 0])
        wait_for(self.process, self._answers, "redis-server")
        self.script = self.call("SCRIPT", "LOAD", (HERE / "redis.lua").read_text())
        self._fill(signals)
        self.call("CONFIG", "SET", "appendfsync", "always")
        self.expected_rate = float(self._parse(self._load(5000, round(100 * overlap)))["rps"])

    def call(self, *words):
        said = run([self.command, "-s", self.socket, *words]).strip()
        if said.startswith(("ERR", "NOSCRIPT", "WRONGTYPE")):
            raise Failure(f"redis: {said[:200]}")
        return said

    def _answers(self):
        try:
            return self.call("PING") == "PONG"
        except Failure:
            return False

    def _load(self, count, share, pipelined=1):
        return run([self.benchmark, "-s", self.socket, "-c", CLIENTS, "-n", count, "-P", pipelined,
                    "-r", KEYS, "--csv", "--precision", 3, "EVALSHA", self.script, 0,
                    "__rand_int__", self.children, share])

    def _fill(self, signals):
        self._load(signals, 100, pipelined=16)

    def post(self, seconds):
        share = round(100 * self.overlap)
        before = int(self.call("LLEN", "log"))
        count = max(1000, int(self.expected_rate * seconds))
        found = self._parse(self._load(count, share))
        self.expected_rate = float(found["rps"])
        after = int(self.call("LLEN", "log"))
        return {
            "rate": float(found["rps"]), "count": count,
            "latency": {"p50": float(found["p50_latency_ms"]),
                        "p99": float(found["p99_latency_ms"]),
                        "max": float(found["max_latency_ms"])},
            "checked": after - before == count, "acknowledged": count,
            "check": f"{count} acknowledged, {after - before} in the log",
        }

    @staticmethod
    def _parse(said):
        rows = [row for row in csv.DictReader(io.StringIO(said)) if row.get("rps")]
        if not rows:
            raise Failure("redis-benchmark did not tell a rate: " + said[-200:])
        return rows[-1]


class Nginx:
    """Mutual TLS 1.3 and a small fixed body on connections that are kept: the ceiling."""

    def __init__(self, keeper, pki, workers, document):
        """`document`: bytes that it serves as a file, /v1/openapi.json."""
        self.home = keeper.path("nginx")
        (self.home / "v1").mkdir(mode=0o755, parents=True)
        (self.home / "v1/openapi.json").write_bytes(document)
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        body = '{"notices":[],"next":0}'
        user = "user www-data;\n" if os.geteuid() == 0 else ""
        (self.home / "nginx.conf").write_text(f"""{user}daemon off;
worker_processes {workers};
pid {self.home}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    default_type application/json;
    client_body_temp_path {self.home}/body;
    proxy_temp_path {self.home}/proxy;
    fastcgi_temp_path {self.home}/fastcgi;
    uwsgi_temp_path {self.home}/uwsgi;
    scgi_temp_path {self.home}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 3600;
    server {{
        listen 127.0.0.1:{self.port} ssl;
        server_name localhost;
        ssl_certificate {pki}/server.pem;
        ssl_certificate_key {pki}/server.key;
        ssl_client_certificate {pki}/ca.pem;
        ssl_verify_client on;
        ssl_protocols TLSv1.3;
        ssl_session_tickets off;
        ssl_session_cache off;
        open_file_cache max=10;
        location / {{ return 200 '{body}'; }}
        location = /v1/openapi.json {{ root {self.home}; }}
    }}
}}
""", encoding="utf8")
        server = find_program("nginx")
        run([server, "-t", "-q", "-e", "stderr", "-p", self.home, "-c", self.home / "nginx.conf"])
        self.process = keeper.start("nginx", [server, "-e", "stderr", "-p", self.home, "-c",
                                              self.home / "nginx.conf"], stop=signal.SIGTERM)
        wait_for(self.process, lambda: machine.read_stat(self.process.pid) is not None
                 and listens(self.port), "nginx")


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
