# SPDX-License-Identifier: EUPL-1.2
"""Who acts in the end-to-end tests: the daemon, the operator, and parties with certificates.

Only Debian's Python and pytest; the client here is written on http.client, independently of
`vix`. Nothing waits for a time: every wait is for an event, with a deadline after which the test
fails.
"""
import datetime
import functools
import http.client
import json as jsonlib
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
import zoneinfo
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("VIX_BUILD", SOURCE / "build")).resolve()
VIXD = BUILD / "daemon" / "vixd"
VIX = BUILD / "tools" / "vix"

# Generous, because sanitizer builds share their machine with others; reached only by a failure.
DEADLINE = 180

LOG_ORIGIN = "verwijsindex.example/log"
OPERATOR_OIN = "00000001001234567000"
MUNICIPALITY = "0361"
FAR_DATE = "2099-12-31"
# Beside those of tools/devpki.
ORGANISATIONS = {
    "registry": ("00000001812345670000", "Basisregistratie Personen"),
    "doctor": ("00000003274512340000", "Huisartsenpraktijk Zuid"),
    "town": ("00000001002222220000", "Gemeente Dijk en Waard"),
    "village": ("00000001003333330000", "Gemeente Bergen"),
}

SANITIZER_REPORTS = (
    "ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer",
    "runtime error:", "WARNING: MemorySanitizer", "UndefinedBehaviorSanitizer",
)


def eleven_proof(digits):
    """The elfproef: 9A+8B+7C+6D+5E+4F+3G+2H-I divisible by 11, and not 000000000."""
    if len(digits) != 9 or not digits.isdigit() or digits == "000000000":
        return False
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(d) for w, d in zip(weights, digits)) % 11 == 0


AMSTERDAM = zoneinfo.ZoneInfo("Europe/Amsterdam")


def dutch_day(days=0):
    """The date in the Netherlands so many days from now, on a clock that nobody moved."""
    return datetime.datetime.now(AMSTERDAM).date() + datetime.timedelta(days)


def years_later(day, years):
    """The same date so many years later, or earlier; 29 February counts as 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return datetime.date(day.year + years, 3, 1)


def kind_of(notice):
    return notice["type"].removeprefix("nl.verwijsindex.").removesuffix(".v1")


def names(involved):
    return sorted(one["professional"]["name"] for one in involved)


def bsn(n):
    """The n-th (from 0) valid test number from 950000000 up; the first 90 or so lie in the
    range 950000000-950001000 that is set aside for tests."""
    while len(bsn.known) <= n:
        number = bsn.next
        bsn.next += 1
        if eleven_proof(f"{number:09d}"):
            bsn.known.append(f"{number:09d}")
    return bsn.known[n]


bsn.known = []
bsn.next = 950000000


def bsn_with_leading_zero(n=0):
    """A valid number that begins with 0, and so is often written with eight digits."""
    found = (f"{number:09d}" for number in range(12345678, 99999999)
             if eleven_proof(f"{number:09d}"))
    for _ in range(n):
        next(found)
    return next(found)


class Answer:
    """Status, headers (names in lower case), body, and the body read as JSON when it is JSON."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.header_list = [(name.lower(), value) for name, value in headers]
        self.body = body
        kind = self.headers.get("content-type", "")
        self.json = jsonlib.loads(body) if body and "json" in kind else None

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def problem(self):
        """The slug of a problem document, or None."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return None
        return self.json["type"].rsplit("/", 1)[-1]

    @property
    def pointers(self):
        """The pointers of a problem's errors, sorted."""
        return sorted(error["pointer"] for error in self.json.get("errors", []))

    def __repr__(self):
        return f"<Answer {self.status} {self.body[:2000]!r}>"


class HttpClient:
    """Keep-alive client; one connection, made anew when the server has closed it."""

    def __init__(self):
        self.connection = None

    def connect(self):
        raise NotImplementedError

    def request(self, method, path, json=None, body=None, headers=None):
        headers = dict(headers or {})
        if json is not None:
            body = jsonlib.dumps(json).encode()
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        reused = self.connection is not None
        try:
            return self._exchange(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError,
                ssl.SSLEOFError, ssl.SSLZeroReturnError):
            self.close()
            # A kept connection may have been closed while idle; a fresh one has no excuse.
            if not reused or method not in ("GET", "HEAD", "PUT", "DELETE"):
                raise
            return self._exchange(method, path, body, headers)
        except Exception:
            self.close()
            raise

    def _exchange(self, method, path, body, headers):
        if self.connection is None:
            self.connection = self.connect()
        self.connection.request(method, path, body=body, headers=headers)
        response = self.connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        if response.will_close:
            self.close()
        return answer

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def head(self, path, **more):
        return self.request("HEAD", path, **more)

    def post(self, path, json=None, **more):
        return self.request("POST", path, json=json, **more)

    def put(self, path, json=None, **more):
        return self.request("PUT", path, json=json, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def all_of(self, path, name):
        """Every item of a paged list."""
        items, cursor = [], None
        while True:
            glue = "&" if "?" in path else "?"
            answer = self.get(path + (f"{glue}cursor={cursor}" if cursor else ""))
            assert answer.status == 200, answer
            items += answer.json[name]
            cursor = answer.json["next"]
            if cursor is None:
                return items

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


@functools.cache
def subject_of(certificate, _changed):
    """The attributes of a certificate's subject. Thousands of questions, about a dozen files."""
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-subject", "-nameopt", "multiline,utf8,-esc_msb",
         "-in", certificate], check=True, capture_output=True, text=True).stdout
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


class Pki:
    """A directory that tools/devpki made; see the names of its certificates there."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.serial = 0
        self.run()

    def run(self, *arguments):
        subprocess.run([SOURCE / "tools" / "devpki", self.directory, *arguments], check=True,
                       timeout=DEADLINE)

    def copy(self, directory):
        """The same authority elsewhere, for a test that revokes or spoils the CRL."""
        shutil.copytree(self.directory, directory)
        settings = Path(directory) / "openssl.cnf"
        settings.write_text(settings.read_text().replace(str(self.directory), str(directory)))
        copied = Pki.__new__(Pki)
        copied.directory, copied.serial = Path(directory), self.serial
        return copied

    @property
    def ca(self):
        return self.directory / "ca.pem"

    @property
    def crl(self):
        return self.directory / "crl.pem"

    def cert(self, name):
        return self.directory / f"{name}.pem"

    def key(self, name):
        return self.directory / f"{name}.key"

    def client(self, name, oin, organisation):
        self.run("--client", name, oin, organisation)

    def named(self, name):
        """The certificate of one of those in ORGANISATIONS, made when it is first asked for."""
        self.client(name, *ORGANISATIONS[name])
        return name

    def new_client(self, organisation=None):
        """A certificate with an OIN that no other test has; returns its name."""
        self.serial += 1
        name = f"client-{self.serial}"
        self.client(name, f"000000030000{self.serial:04d}0000",
                    organisation or f"Organisatie {self.serial}")
        return name

    def revoke(self, name):
        self.run("--revoke", name)

    def _subject(self, name):
        return subject_of(self.cert(name), self.cert(name).stat().st_mtime_ns)

    def oin(self, name):
        return self._subject(name).get("serialNumber")

    def organisation(self, name):
        return self._subject(name).get("organizationName")


class TlsClient(HttpClient):
    """Speaks to the public listener; `name` None sends no certificate."""

    def __init__(self, daemon, name=None, on_behalf_of=None, weak=False):
        super().__init__()
        daemon.clients.append(self)
        self.daemon, self.name, self.on_behalf_of = daemon, name, on_behalf_of
        self.context = ssl.create_default_context(cafile=daemon.pki.ca)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        if weak:
            self.context.set_ciphers("DEFAULT:@SECLEVEL=0")
        if name is not None:
            self.context.load_cert_chain(daemon.pki.cert(name), daemon.pki.key(name))

    def connect(self):
        return http.client.HTTPSConnection("localhost", self.daemon.port, context=self.context,
                                           timeout=DEADLINE)

    def request(self, method, path, json=None, body=None, headers=None):
        headers = dict(headers or {})
        if self.on_behalf_of:
            headers.setdefault("On-Behalf-Of", self.on_behalf_of)
        return super().request(method, path, json=json, body=body, headers=headers)


class Party(TlsClient):
    """A party of the index, with its certificate."""

    @functools.cached_property
    def oin(self):
        return self.daemon.pki.oin(self.name)

    @property
    def organisation(self):
        return self.daemon.pki.organisation(self.name)

    def designate(self, professional, name=None, function="intern begeleider", email=None,
                  phone="+31 72 555 0101"):
        """Puts a professional who may signal; returns the id."""
        answer = self.put(f"/v1/professionals/{professional}", {
            "name": name or f"Naam van {professional}", "function": function,
            "email": email or f"{professional}@example.nl", "phone": phone})
        assert answer.status in (200, 201), answer
        return professional

    def signal(self, number, professional, birth_date="2015-05-01", **more):
        """Posts a signal, and returns the whole answer. `number`: a BSN, or the member that stands
        in its place."""
        child = number if isinstance(number, dict) else {"bsn": number}
        return self.post("/v1/signals", {**child, "professional": professional,
                                         "birthDate": str(birth_date), **more})

    def reports(self, number, professional, birth_date="2015-05-01", **more):
        """The same where it must succeed: the new signal."""
        answer = self.signal(number, professional, birth_date, **more)
        assert answer.status == 201, answer
        return answer.json

    def notices(self, after=None, wait=None, limit=None):
        """The list of CloudEvents, and nothing acknowledged."""
        query = {"after": after, "wait": wait, "limit": limit}
        text = "&".join(f"{k}={v}" for k, v in query.items() if v is not None)
        answer = self.get("/v1/notices" + ("?" + text if text else ""))
        assert answer.status == 200, answer
        return answer.json["notices"]

    def all_notices(self, after=0):
        """All after a sequence, acknowledged or not, page by page."""
        notices = []
        while True:
            page = self.notices(after=after, limit=500)
            if not page:
                return notices
            notices += page
            after = page[-1]["sequence"]

    def told(self, *kinds):
        """The notices it has had, or those of these kinds, oldest first."""
        return [notice for notice in self.all_notices()
                if not kinds or kind_of(notice) in kinds]

    def kinds(self):
        return [kind_of(notice) for notice in self.all_notices()]

    def is_told(self, *kinds, times=1):
        """Waits until it has had so many notices of these kinds, and returns them."""
        found = until(lambda: self.told(*kinds) if len(self.told(*kinds)) >= times else None)
        assert len(found) == times, found
        return found

    def withdraw(self, signal_id, reason="ended"):
        return self.delete(f"/v1/signals/{signal_id}?reason={reason}")

    def renew(self, signal_id, birth_date="2015-05-01"):
        return self.post(f"/v1/signals/{signal_id}/_renew", {"birthDate": str(birth_date)})

    def status_of(self, signal_id):
        """active, archived, or None when there is no such signal."""
        answer = self.get(f"/v1/signals/{signal_id}")
        assert answer.status in (200, 404), answer
        return answer.json["status"] if answer.status == 200 else None

    def transfer(self, leaver, colleague):
        return self.post(f"/v1/professionals/{leaver}/_transfer", {"to": colleague})

    def confirm(self, match, professional):
        return self.post(f"/v1/matches/{match}/_confirm-contact", {"professional": professional})

    def tells(self, event, **body):
        """The population register does, and never learns more than that it was understood."""
        answer = self.post("/v1/person-events", {"type": event, **body})
        assert (answer.status, answer.body) == (204, b""), answer
        return answer

    def ask_access(self, number, birth_date=None, requested_by="representative",
                   case_reference="inzage-1", **more):
        """A municipality asks what is held on a youth; one of ten, if nothing else is said."""
        child = number if isinstance(number, dict) else {"bsn": number}
        birth_date = birth_date or years_later(self.daemon.today(), -10)
        return self.post("/v1/access-requests", {
            **child, "birthDate": str(birth_date), "requestedBy": requested_by,
            "caseReference": case_reference}, **more)

    def erase(self, number, scope="all", ground="bezwaar gegrond", case_reference="bezwaar-1"):
        child = number if isinstance(number, dict) else {"bsn": number}
        return self.post("/v1/erasures", {**child, "scope": scope, "ground": ground,
                                          "caseReference": case_reference})

    def statistics(self, year):
        answer = self.get(f"/v1/statistics?year={year}")
        assert answer.status == 200, answer
        return answer.json

    def acknowledge(self, up_to):
        return self.post("/v1/notices/_acknowledge", {"upTo": up_to})

    def matches(self):
        return self.all_of("/v1/matches", "matches")

    def signals(self):
        return self.all_of("/v1/signals", "signals")

    def log_entries(self, **query):
        """Of an auditor: what these filters find, oldest first; `from_` stands for `from`."""
        query.setdefault("fromIndex", 0)
        text = urllib.parse.urlencode({k.rstrip("_"): v for k, v in query.items()})
        return self.all_of(f"/v1/log-entries?limit=500&{text}", "logEntries")

    def entry(self, index):
        """Of an auditor: one entry of the log."""
        answer = self.get(f"/v1/log-entries?fromIndex={index}&limit=1")
        assert answer.status == 200, answer
        return answer.json["logEntries"][0]

    def again(self):
        """The same party on a connection of its own, for another thread."""
        return Party(self.daemon, self.name, on_behalf_of=self.on_behalf_of)

    def curl(self, method, path, json=None):
        """The same party with curl as its client, which was written by others than us."""
        pki = self.daemon.pki
        command = ["curl", "--silent", "--show-error", "--include", "--http1.1", "--max-time",
                   str(DEADLINE), "--request", method, "--cacert", pki.ca, "--cert",
                   pki.cert(self.name), "--key", pki.key(self.name), self.daemon.url + path]
        if json is not None:
            command += ["--header", "Content-Type: application/json", "--data-binary", "@-"]
        done = subprocess.run(command, input=jsonlib.dumps(json).encode(), capture_output=True,
                              timeout=DEADLINE)
        assert done.returncode == 0, done.stderr
        head, body = done.stdout.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("ascii").split("\r\n")
        return Answer(int(first.split()[1]), [line.split(": ", 1) for line in lines], body)

    def vix(self, *arguments, **more):
        """Runs `vix` with this party's certificate."""
        behalf = ["--on-behalf-of", self.on_behalf_of] if self.on_behalf_of else []
        return run_vix("--url", self.daemon.url, "--ca", self.daemon.pki.ca,
                       "--cert", self.daemon.pki.cert(self.name),
                       "--key", self.daemon.pki.key(self.name), *behalf, *arguments, **more)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Operator(HttpClient):
    """The operator, on the control socket."""

    def __init__(self, daemon):
        super().__init__()
        daemon.clients.append(self)
        self.daemon = daemon

    def connect(self):
        return UnixConnection(self.daemon.control)

    def admit(self, name, roles=("reporter",), municipality=MUNICIPALITY, until=FAR_DATE,
              organisation=None):
        """Makes the owner of a certificate a party with an agreement, and returns it."""
        party = Party(self.daemon, name)
        body = {"oin": party.oin, "name": organisation or party.organisation,
                "roles": list(roles), "municipality": municipality, "agreementUntil": until}
        answer = self.post("/control/parties", {k: v for k, v in body.items() if v is not None})
        assert answer.status == 201, answer
        return party

    def party(self, party):
        answer = self.get(f"/control/parties/{party.oin}")
        assert answer.status == 200, answer
        return answer.json

    def allow(self, party, permission):
        answer = self.post(f"/control/parties/{party.oin}/_allow", {"permission": permission})
        assert answer.status == 200, answer

    def suspend(self, party):
        answer = self.post(f"/control/parties/{party.oin}/_suspend")
        assert answer.status == 200, answer

    def resume(self, party):
        answer = self.post(f"/control/parties/{party.oin}/_resume")
        assert answer.status == 200, answer

    def agree(self, party, municipality, until=FAR_DATE):
        answer = self.put(f"/control/parties/{party.oin}/agreements/{municipality}",
                          {"untilDate": until})
        assert answer.status == 200, answer

    def mandate(self, supplier, school, until=FAR_DATE):
        answer = self.put(f"/control/parties/{supplier.oin}/mandates/{school.oin}",
                          {"untilDate": until})
        assert answer.status == 200, answer

    def status(self):
        answer = self.get("/control/status")
        assert answer.status == 200, answer
        return answer.json

    def advance(self, seconds):
        """Moves the daemon's clock; only in builds with -Dtest_clock=true."""
        answer = self.post("/control/clock/_advance", {"seconds": int(seconds)})
        assert answer.status == 200, answer
        self.daemon.advanced += int(seconds)

    def pass_time(self, duration):
        """As people type it: `vix clock advance 30d`."""
        done = self.vix("clock", "advance", duration)
        assert done.returncode == 0, done.stderr
        units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
        self.daemon.advanced += int(duration[:-1]) * units[duration[-1]]

    def go_to(self, moment):
        """Moves the clock on to an instant, or to noon of a Dutch date."""
        if not isinstance(moment, datetime.datetime):
            moment = datetime.datetime.combine(moment, datetime.time(12), AMSTERDAM)
        self.advance((moment - self.daemon.now()).total_seconds())

    def merge(self, party, into):
        return self.post(f"/control/parties/{party.oin}/_merge", {"into": into.oin})

    def turn_epoch(self):
        answer = self.post("/control/_turn-epoch")
        assert answer.status == 200, answer
        return answer.json

    def backup(self, directory):
        answer = self.post("/control/_backup", {"directory": str(directory)})
        assert answer.status == 200, answer

    def is_idle(self):
        """Waits until all is done whose time has come."""
        until(lambda: self.status()["dueLagSeconds"] == 0)

    def vix(self, *arguments, **more):
        return run_vix("--control", self.daemon.control, *arguments, **more)


class Daemon:
    """A real vixd with a directory of its own, that can be stopped, killed and started again."""

    def __init__(self, pki, directory, **settings):
        self.pki, self.directory = pki, Path(directory)
        self.control = self.directory / "control.sock"
        self.keys = self.directory / "keys"
        self.store = self.directory / "store"
        self.config = self.directory / "vixd.ini"
        self.process = self.port = self.management_port = None
        self.advanced = 0  # seconds by which its clock was moved
        self.clients = []
        self.lines, self.changed = [], threading.Condition()
        made = run_vix("keygen", self.keys, "--origin", LOG_ORIGIN)
        assert made.returncode == 0, made.stderr
        self.vkey = made.stdout.strip()
        self.write_config(**settings)

    def write_config(self, **settings):
        """`settings`: section={"key": value}; None leaves a key out."""
        sections = {
            "server": {"listen": "127.0.0.1:0", "certificate": self.pki.cert("server"),
                       "private_key": self.pki.key("server"), "client_ca": self.pki.ca,
                       "client_crl": self.pki.crl, "workers": 2},
            "management": {"listen": "127.0.0.1:0"},
            "control": {"socket": self.control},
            "store": {"path": self.store, "map_size": "1G"},
            "keys": {"directory": self.keys},
            "operator": {"oin": OPERATOR_OIN, "name": "Regio Noord", "log_origin": LOG_ORIGIN},
            # Far above what a test does, so that a limit is met only where it is the subject.
            "limits": {"requests_per_minute": 1000000, "evaluations_per_minute": 1000000},
        }
        for section, values in settings.items():
            sections.setdefault(section, {}).update(values)
        text = ""
        for section, values in sections.items():
            text += f"[{section}]\n"
            text += "".join(f"{k}={v}\n" for k, v in values.items() if v is not None)
        self.config.write_text(text)

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    @property
    def operator(self):
        return Operator(self)

    def party(self, name, **more):
        """A certificate's owner, whether or not it was admitted."""
        return Party(self, name, **more)

    def anonymous(self):
        return TlsClient(self)

    def management(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.management_port,
                                                timeout=DEADLINE)
        connection.request("GET", path)
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        connection.close()
        return answer

    def now(self):
        """What its clock says."""
        return (datetime.datetime.now(datetime.timezone.utc)
                + datetime.timedelta(seconds=self.advanced))

    def today(self, days=0):
        """The Dutch date by its clock, or so many days later."""
        return self.now().astimezone(AMSTERDAM).date() + datetime.timedelta(days)

    def start(self):
        assert self.process is None
        self.advanced = 0  # a restart sets the clock back
        self.store.mkdir(mode=0o700, exist_ok=True)
        self.lines = []
        self.process = subprocess.Popen([VIXD, "--config", self.config], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        line = self.wait_for_line("ready")
        self.port = self._port(line, "listening=")
        self.management_port = self._port(line, "management=")
        return self

    @staticmethod
    def _port(line, word):
        return int(line.split(word, 1)[1].split()[0].rsplit(":", 1)[1])

    def _read(self, stream):
        for raw in stream:
            with self.changed:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def wait_for_line(self, *words, after=0):
        """The first line of the daemon's log, from number `after` on, with all these words."""
        def found():
            for line in self.lines[after:]:
                if line is None or all(word in line for word in words):
                    return True
            return False
        with self.changed:
            assert self.changed.wait_for(found, DEADLINE), f"no {words} in:\n{self.log}"
            for line in self.lines[after:]:
                if line is not None and all(word in line for word in words):
                    return line
        raise AssertionError(f"vixd ended without {words}:\n{self.log}")

    @property
    def log(self):
        return "\n".join(line for line in self.lines if line is not None)

    def check_log(self):
        for report in SANITIZER_REPORTS:
            assert report not in self.log, self.log

    def wait_for_exit(self):
        """Waits until it has ended by itself; the exit status."""
        status = self.process.wait(DEADLINE)
        self.reader.join(DEADLINE)
        self.process.stderr.close()
        self.process = None
        return status

    def close_clients(self):
        """A daemon that stops gives its peers a moment to hang up; ours do so at once."""
        for client in self.clients:
            client.close()

    def stop(self):
        """SIGTERM; it must drain and end well."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.wait_for_exit()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"vixd did not stop:\n{self.log}") from None
        self.check_log()
        assert status == 0, f"exit status {status}:\n{self.log}"

    def kill(self):
        """SIGKILL, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.wait_for_exit()
        self.check_log()

    def restart(self):
        self.close_clients()
        self.stop()
        return self.start()

    def reload(self):
        """SIGHUP; returns the line that says how it went."""
        seen = len(self.lines)
        self.process.send_signal(signal.SIGHUP)
        return self.wait_for_line("reload", after=seen)


def run_vix(*arguments, **more):
    """Runs `vix` to its end: returncode, stdout, stderr (text)."""
    more.setdefault("timeout", DEADLINE)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VIX_")}
    environment.update(more.pop("environment", {}))
    done = subprocess.run([str(VIX), *map(str, arguments)], capture_output=True, text=True,
                          env=environment, **more)
    for report in SANITIZER_REPORTS:
        assert report not in done.stderr, done.stderr
    return done


def kept_port():
    """A free port that nobody gets by chance: below those that the kernel hands out by itself, so
    that it is still free when who listened on it is started again beside other tests."""
    for port in random.sample(range(10000, 30000), 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise OSError("no free port")


def until(condition):
    """Asks until it is so, and returns what it then was: for what the daemon does by itself, after
    an answer. Reaching the deadline is a failure."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
    raise AssertionError("it never became so")


def in_parallel(jobs):
    """Runs the functions at the same time, each on a thread of its own, all released at once; the
    list of what they returned. What one raises is raised here."""
    gate = threading.Barrier(len(jobs))
    results = [None] * len(jobs)
    failures = []

    def work(i, job):
        try:
            gate.wait(DEADLINE)
            results[i] = job()
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def new_directory():
    """Short, because the name of a Unix socket holds at most 107 bytes."""
    return Path(tempfile.mkdtemp(prefix="vix-e2e-"))
