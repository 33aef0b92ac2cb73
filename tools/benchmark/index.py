# SPDX-License-Identifier: EUPL-1.2
"""vixd as it is measured: its store, its keys, its certificates, its life; and its load generator."""
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time

import machine
from processes import PATIENCE, Failure, free_port, last_lines, run, tie

CONNECTIONS = 64
PARTIES = 64
OVERLAP = 0.45  # of the posts are on a child that is known: 1.8 signals a child, as in the country
FIRST_BSN = 100_000_000  # of the children that are known
NEW_BSN = 400_000_000    # of those that are not
BEYOND_BSN = 999_000_000
AUDITOR = "00000004000000042000"
ORIGIN = "verwijsindex.example/log"
MUNICIPALITY = "0361"


class Programs:
    """What was built."""

    def __init__(self, top, build):
        self.top = top
        self.vixd = build / "daemon/vixd"
        self.vix = build / "tools/vix"
        self.bench = build / "tools/vix-bench"
        self.store = build / "tests/bench/bench_store"
        self.build = build
        self.patience = 300  # seconds, of bench_store, beside what it is given to do
        self.subcommands = set()

    def make(self, tell):
        """A release build, of its own unless one was named."""
        if not (self.build / "build.ninja").exists():
            tell(f"building in {self.build}")
            run(["meson", "setup", self.build, "--buildtype=release", "-Dbenchmarks=true"],
                cwd=self.top)
        run(["ninja", "-C", self.build, "daemon/vixd", "tools/vix", "tools/vix-bench",
             "tests/bench/bench_store"])
        options = {one["name"]: one["value"] for one in
                   json.loads(run(["meson", "introspect", "--buildoptions", self.build]))}
        if options.get("buildtype") != "release" or options.get("b_sanitize") != "none":
            raise Failure(f"{self.build} is no release build")
        help_text = run([self.store, "--help"])
        self.subcommands = {line.strip() for line in help_text.splitlines()
                            if re.fullmatch(r"[a-z-]+", line.strip())}

    def bench_store(self, command, *words, patience=0):
        if command not in self.subcommands:
            raise Failure(f"bench_store has no {command}")
        return json.loads(run([self.store, command, *words, "--json"],
                              patience=self.patience + patience))


def make_pki(programs, directory):
    run([programs.top / "tools/devpki", directory])
    (directory / "audit").mkdir(mode=0o700, exist_ok=True)
    for ending in (".pem", ".key"):
        shutil.copy(directory / ("auditor" + ending), directory / "audit")


def copy_file(source, copy):
    """Writes it as vixd does, 4 KiB at a time. What cp had written, Linux would keep in memory in
    larger pieces, and pay for the whole of one with each page that is written in it later."""
    with open(source, "rb", buffering=0) as old, \
            open(copy, "xb", buffering=0, opener=lambda *how: os.open(*how, 0o600)) as new:
        while part := old.read(1 << 20):
            for at in range(0, len(part), 4096):
                new.write(part[at:at + 4096])
        os.fsync(new.fileno())
    shutil.copystat(source, copy)


class Data:
    """A store with its keys, filled in process; it is not in use while it is filled or copied."""

    def __init__(self, programs, home):
        self.programs = programs
        self.home = home
        self.children = 0
        self.signals = 0
        self.next_bsn = FIRST_BSN
        self.told = {}
        home.mkdir(mode=0o700)

    def words(self):
        return ["--store", self.home / "store", "--keys", self.home / "keys", "--origin", ORIGIN,
                "--parties", PARTIES, "--municipality", int(MUNICIPALITY)]

    def fill(self, signals):
        if signals <= self.signals:
            return
        more = signals - self.signals
        told = self.programs.bench_store("preload", *self.words(), "--signals", more,
                                         "--bsn-from", self.next_bsn, patience=more / 200)
        self.told = told
        self.signals = int(told["signals"])
        self.children += int(told["nextChild"]) - int(told["firstChild"])
        self.next_bsn = int(told["nextBsn"])

    def copy(self, home):
        shutil.copytree(self.home, home, copy_function=copy_file)
        other = Data.__new__(Data)
        other.__dict__.update(self.__dict__, home=home)
        return other


class Index:
    """One vixd on one Data. Its ports stay the same over restarts."""

    def __init__(self, keeper, programs, name, data, pki):
        self.keeper, self.programs, self.name, self.data, self.pki = keeper, programs, name, data, pki
        self.port, self.management = free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        self.new_from = NEW_BSN
        self.element_rate = 0.0
        self.process = None
        self.warm_up = 1  # seconds
        self.settings = data.home / "vixd.ini"
        self.control = data.home / "control.sock"
        self.settings.write_text(f"""[server]
listen=127.0.0.1:{self.port}
certificate={pki}/server.pem
private_key={pki}/server.key
client_ca={pki}/ca.pem
client_crl={pki}/crl.pem
workers=0
[management]
listen=127.0.0.1:{self.management}
[control]
socket=control.sock
[store]
path=store
[keys]
directory=keys
[operator]
oin=00000001001234567000
name=Regio Noord
log_origin={ORIGIN}
[limits]
requests_per_minute=60000000
evaluations_per_minute=60000000
connections=10000
""", encoding="utf8")

    def start(self):
        """How many seconds from the start of the program to its being ready."""
        reader, writer = os.pipe()
        began = time.monotonic()
        process = subprocess.Popen(
            [self.programs.vixd, "--config", self.settings], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=writer, start_new_session=True,
            preexec_fn=lambda: tie(signal.SIGTERM))
        os.close(writer)
        process.name, process.stop = self.name, signal.SIGTERM
        process.log = self.data.home / "vixd.log"
        self.keeper.running.append(process)
        self.process = process
        told = b""
        while b"ready version" not in told:
            left = began + PATIENCE - time.monotonic()
            if left <= 0 or not select.select([reader], [], [], left)[0]:
                raise Failure(f"vixd ({self.name}) was not ready in {PATIENCE} s")
            some = os.read(reader, 65536)
            told += some
            process.log.write_bytes(told)
            if not some:
                process.wait()
                raise Failure(f"vixd ended with {process.returncode}: {last_lines(process.log)}")
        took = time.monotonic() - began
        # What it tells later goes to the same file, by a process that ends with it.
        with open(process.log, "ab") as out:
            subprocess.Popen(["cat"], stdin=reader, stdout=out, start_new_session=True)
        os.close(reader)
        return took

    def end(self, number=signal.SIGTERM):
        took = self.keeper.end(self.process, number)
        status = self.process.returncode
        self.process = None
        if number == signal.SIGTERM and status != 0:
            raise Failure(f"vixd ended with {status}")
        return took

    def prepare(self):
        run([self.programs.bench, "prepare", "--url", self.url, "--control", self.control, "--pki",
             self.pki, "--parties", PARTIES, "--municipality", MUNICIPALITY, "--blinded"])
        run([self.programs.vix, "--control", self.control, "party", "add", "--oin", AUDITOR,
             "--name", "Toezicht Jeugd", "--role", "auditor"], accept=(0, 1))

    def document(self):
        return run(["curl", "--silent", "--fail", "--cacert", self.pki / "ca.pem",
                    self.url + "/v1/openapi.json"]).encode()

    # ---- loads

    def load_words(self, scenario, connections, seconds, warm_up):
        return [self.programs.bench, *scenario, "--url", self.url, "--ca", self.pki / "ca.pem",
                "--connections", connections, "--seconds", seconds, "--warm-up", warm_up, "--pid",
                self.process.pid, "--json"]

    def load(self, *scenario, connections=CONNECTIONS, seconds=5, warm_up=None,
             identities="bench"):
        words = self.load_words(scenario, connections, seconds,
                            self.warm_up if warm_up is None else warm_up)
        words += ["--identities", self.pki / identities]
        return read_load(words)

    def posting(self):
        """Options of a load that makes signals: which children."""
        return ["--bsn-from", FIRST_BSN, "--children", self.data.children, "--new-from",
                self.new_from, "--overlap", OVERLAP, "--verify-seconds", 3600]

    def post(self, scenario="post", words=(), **settings):
        found = self.load(scenario, *self.posting(), *words, **settings)
        self.new_from = max(self.new_from, int(found["raw"]["load"]["bsnNext"]))
        if self.new_from > BEYOND_BSN:
            raise Failure("all made-up numbers are used")
        return found

    def element(self, seconds=5, **settings):
        """Elements are made beforehand: enough for twice the rate so far."""
        count = int(max(self.element_rate * 1.6, 12000) * (seconds + self.warm_up)) + 2000
        found = self.post("element", ["--elements", count, "--evaluation-key",
                                      self.data.home / "keys"],
                          seconds=seconds, **settings)
        self.element_rate = max(self.element_rate, found["rate"])
        return found

    def ramp(self, of, seconds, words=()):
        told = json.loads(run(self.load_words(("ramp",), CONNECTIONS, seconds, 0)
                              + ["--identities", self.pki / "bench", "--of", of, *self.posting(),
                                 *words]))
        self.new_from = max(self.new_from, told["bsnNext"])
        return told

    def anonymous(self):
        return machine.rss_anonymous(self.process.pid)


def read_load(words, accept=(0,)):
    told = json.loads(run(words, accept=accept))
    requests = told["requests"]
    found = {
        "rate": requests["perSecond"], "count": requests["answered"],
        "latency": {name: told["latencyMilliseconds"][name]
                    for name in ("p50", "p90", "p99", "p99.9", "max")},
        "distribution": told["latencyDistribution"],
        "refused": requests["answered"] - requests["successful"],
        "failed": requests["timedOut"] + requests["lost"] + requests["malformed"]
                  + requests["unsent"],
        "generator": 1e6 * told["machine"]["generatorCpuSeconds"] / max(1, requests["answered"]),
        "parts": told.get("parts"),
        "raw": told,
    }
    amiss = found["refused"] + found["failed"]
    if 100 * amiss > found["count"] + found["failed"]:
        raise Failure(f"{amiss} of {found['count'] + found['failed']} requests were refused, failed "
                      f"or never sent: {requests['outcomes']}")
    if "server" in told:
        found["cpu"] = told["server"]["cpuMicrosecondsPerRequest"]
        found["anonymous"] = told["server"]["anonymousBytes"]
        found["others"] = told["machine"]["othersShare"]
    return {**found, **comparison(told)} if "verified" in told else found


def comparison(told):
    """Of what was acknowledged with what the index lists at the end of a load."""
    verified = told["verified"]
    return {
        "checked": bool(verified["complete"] and verified["missing"] == 0
                        and verified["doubled"] == 0 and verified["undead"] == 0),
        "acknowledged": verified["acknowledged"],
        "check": f"{verified['acknowledged']} acknowledged, {verified['found']} found, "
                 f"{verified['missing']} missing, {verified['doubled']} twice",
    }


def get(programs, pki, url, path, seconds, warm_up=1, connections=CONNECTIONS):
    """A plain GET, of a server that is not vixd."""
    return read_load([programs.bench, "get", path, "--url", url, "--ca", pki / "ca.pem",
                      "--identities", pki / "bench", "--connections", connections, "--seconds",
                      seconds, "--warm-up", warm_up, "--json"])
