# SPDX-License-Identifier: EUPL-1.2
"""Every command of `vix`, against the real daemon."""
import http.server
import json
import shutil
import ssl
import stat
import subprocess
import threading

import pytest

from actors import (
    DEADLINE, SOURCE, VIX, Party, bsn, bsn_with_leading_zero, kept_port, run_vix,
)

DONE, REFUSED, USAGE, NOT_CONNECTED = 0, 1, 2, 3
BIRTH = "2015-05-01"
COMMANDS = [
    "party add", "party list", "party show", "party change", "party suspend", "party resume",
    "party agreement add", "party agreement end", "party allow", "party deny", "party mandate",
    "status", "reload", "backup", "signal post", "signal list", "signal show", "signal withdraw",
    "professional put", "professional list", "professional show", "professional delete", "self",
    "match list", "match show", "notices", "audit search", "audit export", "audit verify",
    "audit verify-receipt", "receipt",
    "keygen", "help", "party merge", "turn-epoch", "wind-down", "signal renew",
    "signal count-notices", "professional transfer", "match confirm", "access-request", "erase",
    "statistics", "person-event died", "person-event moved", "person-event replaced",
    "person-event relations", "person-event assigned",
]


def done(result):
    assert result.returncode == DONE, result.stderr
    return result.stdout


def as_json(result):
    return json.loads(done(result))


def refused(result, slug):
    assert result.returncode == REFUSED, (result.stdout, result.stderr)
    assert slug in result.stderr
    return result.stderr


def fields(text):
    """`label: value` lines, of labels that come more than once the last."""
    return {key.strip(): value.strip()
            for key, _, value in (line.partition(":") for line in text.splitlines() if line)}


def put(party, professional, name="Sanne Bakker"):
    return done(party.vix("professional", "put", professional, "--name", name, "--function",
                          "intern begeleider", "--email", "s@example.nl", "--phone",
                          "+31 72 555 0101"))


def post(party, number, professional, *more, **options):
    return party.vix("signal", "post", "--bsn-file", "-", "--birth-date", BIRTH,
                     "--professional", professional, *more, input=number, **options)


# ---- help and wrong usage: without a server ----

def test_help_tells_of_every_command():
    overview = done(run_vix("help"))
    for command in COMMANDS:
        assert f"  {command} " in overview
        told = done(run_vix("help", *command.split()))
        assert told.startswith(f"vix {command}")
        assert done(run_vix(*command.split(), "--help")) == told
    assert done(run_vix("--help")) == overview
    assert "party agreement end" in done(run_vix("help", "party"))
    assert done(run_vix("--version")).startswith("vix ")


@pytest.mark.parametrize("arguments, said", [
    ([], "vix help COMMAND"),
    (["sing"], "no such command"),
    (["party"], "party add"),
    (["help", "nothing"], "no such command"),
    (["signal", "post", "--nothing"], "--nothing is no option here"),
    (["signal", "post"], "--bsn-file is missing"),
    (["signal", "show"], "ID is missing"),
    (["signal", "list", "x"], "1 word too many"),
    (["self"], "--url is missing (or set VIX_URL)"),
    (["--url", "http://localhost", "self"], "--url must be https://"),
    (["--url", "https://localhost/v1", "self"], "--url must be https://"),
    (["--url", "https://localhost", "--key", "/dev/null", "self"], "--key without --cert"),
    (["--url", "https://localhost", "--ca", "/nonexistent", "self"], "No such file"),
    (["--url", "https://localhost", "--on-behalf-of", "1", "self"], "must be an OIN"),
    (["status"], "--control is missing (or set VIX_CONTROL)"),
    (["notices", "--after", "x"], "--after must be a sequence number"),
    (["party", "show"], "name the party"),
    (["party", "change", "--oin", "1"], "nothing to change"),
    (["audit", "verify", "/nonexistent", "--key", "x"], "not the verifier key"),
    (["keygen"], "DIR is missing"),
    (["keygen", "/nonexistent/keys", "--origin", "two words"], "--origin must be"),
])
def test_wrong_usage_is_told(arguments, said):
    result = run_vix(*arguments)
    assert result.returncode == USAGE
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [["--bsn", "950000012"], ["--bsn=950000012"], ["950000012"],
                                       ["--bns=950000012"]])
def test_a_bsn_is_no_argument_and_is_not_repeated(arguments):
    result = run_vix("signal", "post", "--bsn-file", "-", "--birth-date", BIRTH,
                     "--professional", "x", *arguments)
    assert result.returncode == USAGE
    assert "950000012" not in result.stderr


def test_no_connection(tmp_path, pki):
    result = run_vix("--control", tmp_path / "nothing", "status")
    assert result.returncode == NOT_CONNECTED
    assert str(tmp_path / "nothing") in result.stderr
    assert run_vix("--url", "https://localhost:1", "self").returncode == NOT_CONNECTED
    follow = run_vix("--url", "https://localhost:1", "notices", "--follow")
    assert follow.returncode == NOT_CONNECTED


def test_keygen(tmp_path):
    directory = tmp_path / "keys"
    vkey = done(run_vix("keygen", directory)).strip()
    assert vkey.startswith("verwijsindex.example/log+")
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    keys = sorted(directory.iterdir())
    assert [key.name for key in keys] == [f"{purpose}-1.key" for purpose in
                                          ("epoch", "evaluation", "index", "log", "record")]
    assert all(stat.S_IMODE(key.stat().st_mode) & 0o077 == 0 for key in keys)
    before = [key.read_text() for key in keys]
    assert run_vix("keygen", directory).returncode == REFUSED
    assert [key.read_text() for key in keys] == before
    other = as_json(run_vix("--json", "keygen", tmp_path / "other", "--origin", "regio.example"))
    assert other["logKey"].startswith("regio.example+")


# ---- the operator ----

def test_a_party_from_admission_to_suspension(daemon, operator):
    party = Party(daemon, "school")
    vix = operator.vix
    shown = fields(done(vix(
        "party", "add", "--oin", party.oin, "--name", "OBS De Linde", "--role",
        "reporter,supplier", "--municipality", "0361", "--agreement-until", "2090-01-31",
        "--contact-name", "Balie", "--contact-email", "balie@linde.example",
        "--contact-phone", "+31 72 555 0100")))
    assert shown["oin"] == party.oin
    assert shown["roles"] == "reporter, supplier"
    assert shown["agreement"] == "0361, until 2090-01-31"
    assert shown["e-mail"] == "balie@linde.example"
    assert party.get("/v1/parties/self").status == 200

    refused(vix("party", "add", "--oin", party.oin, "--name", "Again", "--role", "reporter"),
            "409 conflict")
    wrong = vix("party", "add", "--oin", "123", "--name", "X", "--role", "chief")
    assert "#/oin" in refused(wrong, "400 invalid-request")
    assert "#/roles" in wrong.stderr

    assert "OBS De Linde" in done(vix("party", "list"))
    assert [p["oin"] for p in as_json(vix("--json", "party", "list"))["parties"]] == [party.oin]
    assert fields(done(vix("party", "show", party.oin))) == shown
    assert fields(done(vix("party", "show", "--oin", party.oin))) == shown
    refused(vix("party", "show", "00000003999999990000"), "404 not-found")

    changed = as_json(vix("--json", "party", "change", "--oin", party.oin, "--name", "De Linde",
                          "--contact-phone", "+31 72 555 0199"))
    assert changed["name"] == "De Linde"
    assert changed["contact"] == {"name": "Balie", "email": "balie@linde.example",
                                  "phone": "+31 72 555 0199"}

    assert fields(done(vix("party", "suspend", party.oin)))["suspended"] == "yes"
    assert party.get("/v1/parties/self").problem == "party-suspended"
    assert fields(done(vix("party", "resume", "--oin", party.oin)))["suspended"] == "no"
    assert party.get("/v1/parties/self").status == 200


def test_agreements_permissions_and_mandates(daemon, operator, admit):
    school = admit("school")
    supplier = admit("supplier", roles=("supplier",), municipality=None, until=None)
    vix = operator.vix
    added = as_json(vix("--json", "party", "agreement", "add", "--oin", school.oin,
                        "--municipality", "0363", "--until", "2095-06-30"))
    assert {a["municipality"]: a["untilDate"] for a in added["agreements"]} == {
        "0361": "2099-12-31", "0363": "2095-06-30"}
    shorter = as_json(vix("--json", "party", "agreement", "end", "--oin", school.oin,
                          "--municipality", "0363", "--until", "2094-01-01"))
    assert "2094-01-01" in [a["untilDate"] for a in shorter["agreements"]]
    done(vix("party", "agreement", "end", "--oin", school.oin, "--municipality", "0361"))
    live = as_json(vix("--json", "party", "show", school.oin))["agreements"]
    assert [a["municipality"] for a in live if a["live"]] == ["0363"]

    allowed = fields(done(vix("party", "allow", "--oin", school.oin, "blinded")))
    assert allowed["permissions"] == "blinded"
    assert fields(done(vix("party", "deny", "--oin", school.oin, "blinded")))["permissions"] == "-"
    refused(vix("party", "allow", "--oin", school.oin, "everything"), "400 invalid-request")

    behalf = daemon.party("supplier", on_behalf_of=school.oin)
    refused(behalf.vix("self"), "403 mandate-missing")
    given = fields(done(vix("party", "mandate", "--oin", supplier.oin, "--for", school.oin,
                            "--until", "2090-01-01")))
    assert given["acts for"] == f"{school.oin} {school.organisation}, until 2090-01-01"
    assert fields(done(behalf.vix("self")))["oin"] == school.oin
    assert fields(done(supplier.vix("self")))["oin"] == supplier.oin


def test_status(daemon, operator):
    shown = fields(done(operator.vix("status")))
    assert shown["ready"] == "yes"
    assert shown["log key"] == daemon.vkey
    assert int(shown["log size"]) >= 0
    assert as_json(operator.vix("--json", "status"))["logKey"] == daemon.vkey


def test_reload(start_daemon, own_pki):
    daemon = start_daemon(pki=own_pki)
    school = daemon.operator.admit("school")
    good = own_pki.crl.read_bytes()
    own_pki.crl.write_text("this is no CRL")
    refused(daemon.operator.vix("reload"), "409 conflict")
    assert school.get("/v1/parties/self").status == 200
    own_pki.crl.write_bytes(good)
    own_pki.revoke("school")
    done(daemon.operator.vix("reload"))
    assert school.vix("self").returncode == NOT_CONNECTED


def test_clock_advances_only_in_test_builds(operator, school):
    if "clock advance" not in done(run_vix("help")):
        assert run_vix("clock", "advance", "1d").returncode == USAGE
        assert operator.post("/control/clock/_advance", {"seconds": 1}).status == 404
        return
    school.designate("ib")
    first = school.signal(bsn(0), "ib").json["reportedAt"]
    assert "now" in fields(done(operator.vix("clock", "advance", "400d")))
    second = school.signal(bsn(1), "ib").json["reportedAt"]
    assert int(second[:4]) - int(first[:4]) >= 1
    assert operator.vix("clock", "advance", "1y").returncode == USAGE


def test_backup_is_one_that_can_be_restored(daemon, operator, school, new_daemon, tmp_path):
    school.designate("ib")
    signal = school.signal(bsn(0), "ib").json
    where = tmp_path / "copy"
    made = as_json(operator.vix("--json", "backup", "copy", cwd=tmp_path))
    assert made["directory"] == str(where)
    assert made["logSize"] >= 1
    assert stat.S_IMODE(where.stat().st_mode) & 0o077 == 0
    refused(operator.vix("backup", where), "409")
    school.signal(bsn(1), "ib")  # after the backup
    daemon.stop()

    restored = new_daemon()
    shutil.rmtree(restored.keys)
    shutil.copytree(daemon.keys, restored.keys)
    shutil.copytree(where, restored.store)
    restored.store.chmod(0o700)
    restored.start()
    found = restored.party("school").get("/v1/signals").json["signals"]
    assert [one["id"] for one in found] == [signal["id"]]
    assert restored.operator.status()["logKey"] == daemon.vkey


# ---- parties ----

def test_environment_gives_the_connection(daemon, school):
    environment = {"VIX_URL": daemon.url, "VIX_CA": str(daemon.pki.ca),
                   "VIX_CERT": str(daemon.pki.cert("school")),
                   "VIX_KEY": str(daemon.pki.key("school")), "VIX_CONTROL": str(daemon.control)}
    assert fields(done(run_vix("self", environment=environment)))["oin"] == school.oin
    assert fields(done(run_vix("status", environment=environment)))["ready"] == "yes"


def test_self(school, daemon):
    shown = fields(done(school.vix("self")))
    assert shown["name"] == school.organisation
    assert shown["agreement"] == "0361, until 2099-12-31"
    assert as_json(school.vix("--json", "self")) == school.get("/v1/parties/self").json
    anonymous = run_vix("--url", daemon.url, "--ca", daemon.pki.ca, "self")
    refused(anonymous, "401 certificate-required")
    refused(daemon.party("stranger").vix("self"), "403 unknown-party")
    assert daemon.party("revoked").vix("self").returncode == NOT_CONNECTED
    assert daemon.party("other-ca").vix("self").returncode == NOT_CONNECTED


def test_the_server_must_be_certified(daemon, pki, school):
    result = run_vix("--url", daemon.url, "--ca", pki.directory / "other-authority.pem", "self")
    assert result.returncode == NOT_CONNECTED


def test_professionals(school):
    assert fields(put(school, "ib-1"))["professional"] == "ib-1"
    assert fields(put(school, "ib-1", name="Sanne de Wit"))["name"] == "Sanne de Wit"
    put(school, "ib-2")
    assert fields(done(school.vix("professional", "show", "ib-1")))["telephone"] == (
        "+31 72 555 0101")
    table = done(school.vix("professional", "list")).splitlines()
    assert [line.split()[0] for line in table] == ["PROFESSIONAL", "ib-1", "ib-2"]
    listed = as_json(school.vix("professional", "list", "--json"))["professionals"]
    assert [one["name"] for one in listed] == ["Sanne de Wit", "Sanne Bakker"]
    assert done(school.vix("professional", "delete", "ib-2")) == ""
    refused(school.vix("professional", "show", "ib-2"), "404 not-found")
    done(post(school, bsn(0), "ib-1"))
    refused(school.vix("professional", "delete", "ib-1"), "409 conflict")
    refused(school.vix("professional", "show", "../parties/self"), "40")


def test_lists_longer_than_a_page(school):
    for n in range(503):
        school.designate(f"p{n:03d}")
    listed = as_json(school.vix("professional", "list", "--json"))["professionals"]
    assert [one["id"] for one in listed] == [f"p{n:03d}" for n in range(503)]


def test_signals(school, tmp_path):
    put(school, "ib-1")
    signal = as_json(post(school, bsn(0), "ib-1", "--reference", "dossier-17", "--json"))
    assert signal["reference"] == "dossier-17" and signal["match"] is None
    file = tmp_path / "bsn"
    file.write_text(bsn(1) + "\n")
    shown = fields(done(school.vix("signal", "post", "--bsn-file", file, "--birth-date", BIRTH,
                                   "--professional", "ib-1", "--municipality", "0361")))
    assert shown["match"] == "none yet" and shown["municipality"] == "0361"
    again = as_json(post(school, bsn(0), "ib-1", "--json"))
    assert again["id"] == signal["id"] and again["reference"] == "dossier-17"

    table = done(school.vix("signal", "list")).splitlines()
    assert len(table) == 3 and table[0].startswith("SIGNAL ")
    only = as_json(school.vix("--json", "signal", "list", "--reference", "dossier-17",
                              "--status", "active"))["signals"]
    assert [one["id"] for one in only] == [signal["id"]]
    assert fields(done(school.vix("signal", "show", signal["id"])))["reference"] == "dossier-17"

    withdraw = ["signal", "withdraw", signal["id"]]
    assert school.vix(*withdraw).returncode == USAGE
    refused(school.vix(*withdraw, "--reason", "bored"), "400 invalid-request")
    assert done(school.vix(*withdraw, "--reason", "wrongful")) == ""
    assert done(school.vix(*withdraw, "--reason", "wrongful")) == ""
    refused(school.vix("signal", "show", signal["id"]), "404 not-found")


def test_a_refused_signal_tells_every_fault(school):
    result = post(school, "950000013", "nobody", "--municipality", "9", "--reference", "x" * 65)
    said = refused(result, "400 invalid-request")
    for pointer in ("#/bsn", "#/municipality", "#/reference"):
        assert pointer in said
    assert "950000013" not in said
    in_json = post(school, "950000013", "ib-1", "--json")
    assert json.loads(in_json.stdout)["errors"][0]["pointer"] == "#/bsn"


@pytest.mark.parametrize("content", ["", "\n", "9" * 65])
def test_a_file_that_is_no_bsn(school, content):
    assert post(school, content, "ib-1").returncode == USAGE


def test_blinded_and_direct_are_one_child(operator, school, care):
    number = bsn_with_leading_zero()
    put(school, "ib-1")
    put(care, "jw-1", name="Yusuf El Idrissi")
    refused(post(school, number, "ib-1", "--blinded"), "403 not-permitted")
    operator.allow(school, "blinded")
    assert as_json(post(school, number, "ib-1", "--blinded", "--json"))["match"] is None
    shown = fields(done(post(care, number[1:], "jw-1")))
    assert shown["involved"] == f"Sanne Bakker, intern begeleider, {school.organisation}"
    # Eight digits, blinded, by another professional: still the same child.
    put(school, "ib-2", name="Tom Visser")
    third = as_json(post(school, number[1:], "ib-2", "--blinded", "--json"))
    assert third["match"]["key"] == shown["key"]
    assert as_json(post(school, bsn(3), "ib-2", "--blinded", "--json"))["match"] is None


def test_blinded_mode_checks_the_number_itself(operator, school):
    operator.allow(school, "blinded")
    put(school, "ib-1")
    before = operator.status()["logSize"]
    for wrong in ("950000013", "000000000", "9500000", "95000001x"):
        result = post(school, wrong, "ib-1", "--blinded")
        assert result.returncode == USAGE
        assert wrong not in result.stderr or wrong == "000000000"  # it is named, being nobody's
    assert operator.status()["logSize"] == before


class LyingIndex:
    """Passes requests on to the index, and spoils what comes back from one of its routes."""

    def __init__(self, party, path, spoil):
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(this):
                size = int(this.headers.get("Content-Length") or 0)
                body = this.rfile.read(size) if size else None
                self.seen.append(f"{this.command} {this.path}")
                headers = {"Content-Type": "application/json"} if body else {}
                answer = party.request(this.command, this.path, body=body, headers=headers)
                content = answer.body
                if this.path == path:
                    content = json.dumps(spoil(answer.json)).encode()
                this.send_response(answer.status)
                this.send_header("Content-Type", answer.headers["content-type"])
                this.send_header("Content-Length", str(len(content)))
                this.end_headers()
                this.wfile.write(content)

            do_GET = do_POST = handle_any

            def log_message(this, *arguments):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pki = party.daemon.pki
        context.load_cert_chain(pki.cert("server"), pki.key("server"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def spoiled(name, change):
    def spoil(document):
        document[name] = change(document[name])
        return document
    return spoil


def swap_first(text):
    return ("B" if text[0] == "A" else "A") + text[1:]


# The generator of the group: a valid element, and not the key of this index.
GENERATOR = "4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY"

LIES = {
    "another key": ("/v1/pseudonyms/key", spoiled("publicKey", lambda _: GENERATOR)),
    "no key": ("/v1/pseudonyms/key", spoiled("publicKey", lambda _: "A" * 43)),
    "another mode": ("/v1/pseudonyms/key", spoiled("mode", lambda _: 0)),
    "another prefix": ("/v1/pseudonyms/key", spoiled("inputPrefix", lambda _: "NL:bsn:")),
    "another key id": ("/v1/pseudonyms/_evaluate", spoiled("keyId", lambda key: key + 1)),
    "a wrong proof": ("/v1/pseudonyms/_evaluate", spoiled("proof", swap_first)),
    "another element": ("/v1/pseudonyms/_evaluate", spoiled("elements", lambda _: [GENERATOR])),
    "the identity": ("/v1/pseudonyms/_evaluate", spoiled("elements", lambda _: ["A" * 43])),
    "two elements": ("/v1/pseudonyms/_evaluate", spoiled("elements", lambda both: both * 2)),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_index_that_lies_gets_no_element(operator, school, lie):
    operator.allow(school, "blinded")
    put(school, "ib-1")
    with LyingIndex(school, *LIES[lie]) as liar:
        result = run_vix("--url", liar.url, "--ca", school.daemon.pki.ca, "signal", "post",
                         "--bsn-file", "-", "--birth-date", BIRTH, "--professional", "ib-1",
                         "--blinded", input=bsn(0))
    assert result.returncode == REFUSED
    assert "cannot be trusted" in result.stderr
    assert "POST /v1/signals" not in liar.seen
    assert "GET /v1/pseudonyms/key" in liar.seen


@pytest.fixture
def matched(school, care, municipality):
    """A school and a provider with a match, and the municipality that was told."""
    put(school, "ib-1")
    put(care, "jw-1", name="Yusuf El Idrissi")
    done(post(school, bsn(0), "ib-1", "--reference", "groep6-14"))
    done(post(care, bsn(0), "jw-1", "--reference", "T-2041"))
    return school, care, municipality


def test_matches(matched):
    school, care, municipality = matched
    table = done(school.vix("match", "list")).splitlines()
    assert len(table) == 2 and table[0].startswith("KEY ")
    match = as_json(school.vix("--json", "match", "list", "--status", "open"))["matches"][0]
    shown = done(school.vix("match", "show", match["id"]))
    assert fields(shown)["key"] == match["key"]
    assert "own reference:  groep6-14" in shown
    assert "Yusuf El Idrissi, intern begeleider, Stichting Jeugdhulp De Wending" in shown
    assert "T-2041" not in shown
    theirs = as_json(municipality.vix("--json", "match", "list"))["matches"][0]
    shown = done(municipality.vix("match", "show", theirs["id"]))
    assert "own reference" not in shown and "groep6-14" not in shown


def test_notices(matched):
    school, care, municipality = matched
    text = done(school.vix("notices"))
    assert "notice:         match-formed" in text
    assert "own reference:  groep6-14" in text
    assert "+31 72 555 0101, s@example.nl" in text
    assert done(school.vix("notices")) == text  # not acknowledged
    assert done(school.vix("notices", "--ack")) == text
    assert done(school.vix("notices")) == ""
    assert done(school.vix("notices", "--after", "0")) == text
    event = json.loads(done(care.vix("notices", "--json")))
    assert event["type"] == "nl.verwijsindex.match-formed.v1"
    assert event["data"]["ownSignal"]["reference"] == "T-2041"
    assert done(care.vix("notices", "--after", "99")) == ""
    told = done(municipality.vix("notices"))
    assert "match-formed" in told and "own reference" not in told


class Follower:
    """`vix notices --follow`, read line by line."""

    def __init__(self, party, *more):
        pki = party.daemon.pki
        self.process = subprocess.Popen(
            [VIX, "--url", party.daemon.url, "--ca", pki.ca, "--cert", pki.cert(party.name),
             "--key", pki.key(party.name), "--json", "notices", "--follow", *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.timer = threading.Timer(DEADLINE, self.process.kill)
        self.timer.start()

    def next(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def complaint(self):
        return self.process.stderr.readline()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.timer.cancel()
        self.process.terminate()
        self.process.communicate(timeout=DEADLINE)


def test_following_notices_through_a_restart(daemon, operator, school, care):
    for professional in ("a", "b", "c"):
        school.designate(professional)
    care.designate("jw-1")
    # The same port again, so that it finds the index where it was.
    daemon.write_config(server={"listen": f"127.0.0.1:{kept_port()}"})
    daemon.stop()
    daemon.start()
    school.close()
    care.close()
    with Follower(school, "--ack") as follower:
        for n in range(2):
            school.signal(bsn(n), "a")
            care.signal(bsn(n), "jw-1")
            assert follower.next()["sequence"] == str(n + 1)
        daemon.stop()
        assert follower.complaint() != ""
        daemon.start()
        school.close()
        care.close()
        school.signal(bsn(2), "a")
        care.signal(bsn(2), "jw-1")
        assert follower.next()["sequence"] == "3"


def test_following_stops_when_refused(daemon, operator, school):
    operator.suspend(school)
    refused(school.vix("notices", "--follow"), "403 party-suspended")


# ---- auditors ----

def verify(daemon, directory, *more):
    return run_vix("audit", "verify", directory, "--key", daemon.vkey, *more)


@pytest.fixture
def exported(matched, auditor, tmp_path):
    done(auditor.vix("audit", "export", "--out", tmp_path / "log"))
    return tmp_path / "log"


def test_search(matched, auditor):
    school, care, _ = matched
    search = ["audit", "search", "--bsn-file", "-", "--case-reference", "zaak-9"]
    table = done(auditor.vix(*search, input=bsn(0)))
    assert table.count("signal-posted") == 2
    assert school.oin in table and care.oin in table
    found = as_json(auditor.vix("--json", *search, input=bsn(0)))["logEntries"]
    names = [entry["record"]["name"] for entry in found]
    assert names.count("signal-posted") == 2
    assert "log-searched" in names  # the search before this one
    assert len({entry["subject"] for entry in found if entry["subject"]}) == 1
    none = as_json(auditor.vix("--json", *search, input=bsn(5)))["logEntries"]
    assert [e for e in none if e["record"]["name"] == "signal-posted"] == []
    refused(auditor.vix(*search, input="950000013"), "400 invalid-request")
    refused(school.vix(*search, input=bsn(0)), "403 role-missing")


def test_export_and_verify(daemon, exported):
    assert stat.S_IMODE(exported.stat().st_mode) == 0o700
    assert sorted(file.name for file in exported.iterdir()) == ["checkpoint", "entries.jsonl"]
    for file in exported.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    entries = [json.loads(line) for line in (exported / "entries.jsonl").read_text().splitlines()]
    assert [entry["index"] for entry in entries] == list(range(len(entries)))
    assert int((exported / "checkpoint").read_text().splitlines()[1]) == len(entries)
    said = done(verify(daemon, exported))
    root = (exported / "checkpoint").read_text().splitlines()[2]
    assert f"\nverified: {len(entries)} entries, root {root}, " in said
    assert "signed by verwijsindex.example/log" in said
    told = as_json(verify(daemon, exported, "--json"))
    assert told["verified"] is True and told["entries"] == told["treeSize"] == len(entries)
    assert bsn(0) not in (exported / "entries.jsonl").read_text()


def test_export_is_for_auditors(matched, tmp_path):
    refused(matched[0].vix("audit", "export", "--out", tmp_path / "log"), "403 role-missing")


def change_line(directory, number, change):
    file = directory / "entries.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    lines[number] = change(lines[number])
    file.write_text("".join(lines))


def edit(directory, number, **members):
    def change(line):
        entry = json.loads(line)
        entry.update(members)
        return json.dumps(entry) + "\n"
    change_line(directory, number, change)


def edit_record(directory, number, **members):
    def change(line):
        entry = json.loads(line)
        entry["record"].update(members)
        return json.dumps(entry) + "\n"
    change_line(directory, number, change)


def append_last_again(directory):
    file = directory / "entries.jsonl"
    file.write_text(file.read_text() + file.read_text().splitlines(keepends=True)[-1])


def swap_signature(directory):
    file = directory / "checkpoint"
    text = file.read_text()
    place = text.rindex(" ") + 20
    file.write_text(text[:place] + swap_first(text[place:]))


TAMPERINGS = {
    "record": (lambda d: edit_record(d, 4, name="signal-erased"), "entry 4: "),
    "time": (lambda d: edit_record(d, 4, end_time=1), "entry 4: "),
    "subject": (lambda d: edit(d, 4, subject="0" * 32), "entry 4: "),
    "salt": (lambda d: edit(d, 4, salt="A" * 43), "entry 4: "),
    "subject salt": (lambda d: edit(d, 4, subjectSalt="A" * 43), "entry 4: "),
    "commitment": (lambda d: edit(d, 4, commitment="A" * 43), "entry 4: "),
    "index": (lambda d: edit(d, 4, index=5), "line 5 is not an entry: "),
    "more": (lambda d: edit(d, 4, remark="all is well"), "line 5 is not an entry: "),
    "not JSON": (lambda d: change_line(d, 4, lambda line: "x\n"), "line 5 is not an entry: "),
    "missing": (lambda d: change_line(d, 4, lambda line: ""), "entry 4 is missing"),
    "double": (lambda d: change_line(d, 4, lambda line: line * 2), "entry 4 again"),
    "cut off": (lambda d: change_line(d, -1, lambda line: line[:-9]), "cut off"),
    "ends early": (lambda d: change_line(d, -1, lambda line: ""), "the export ends before"),
    "goes on": (append_last_again, "out of order"),
    "signature": (swap_signature, "the signature is wrong"),
    "no checkpoint": (lambda d: (d / "checkpoint").unlink(), "no file checkpoint"),
    "no entries": (lambda d: (d / "entries.jsonl").unlink(), "no file entries.jsonl"),
}


def test_every_tampering_is_found(daemon, exported, tmp_path):
    for name, (tamper, said) in TAMPERINGS.items():
        forged = tmp_path / name
        shutil.copytree(exported, forged)
        tamper(forged)
        result = verify(daemon, forged)
        assert result.returncode == REFUSED, name
        assert said in result.stdout, (name, result.stdout)
        assert "NOT verified" in result.stdout
        told = json.loads(verify(daemon, forged, "--json").stdout)
        assert told["verified"] is False and told["findings"], name
    done(verify(daemon, exported))


def test_another_key_does_not_verify(daemon, exported, tmp_path):
    other = done(run_vix("keygen", tmp_path / "keys")).strip()
    result = run_vix("audit", "verify", exported, "--key", other)
    assert result.returncode == REFUSED
    assert "not signed with this key" in result.stdout


def test_what_came_since(daemon, matched, auditor, exported, tmp_path):
    school = matched[0]
    for n in range(1, 8):
        school.signal(bsn(n), "ib-1")
    since = exported / "checkpoint"
    later = tmp_path / "later"
    told = as_json(auditor.vix("--json", "audit", "export", "--out", later, "--since", since))
    old = int(since.read_text().splitlines()[1])
    assert told["firstIndex"] == old
    assert told["entries"] == told["treeSize"] - old >= 7
    assert (later / "since-proof.json").exists()
    said = done(verify(daemon, later, "--since", since))
    assert f"consistent with the checkpoint of {old}" in said
    assert verify(daemon, later).returncode == USAGE
    # A whole export is consistent with the earlier checkpoint too, and with itself.
    whole = tmp_path / "whole"
    done(auditor.vix("audit", "export", "--out", whole))
    done(verify(daemon, whole, "--since", since))
    done(verify(daemon, whole, "--since", later / "checkpoint"))
    done(verify(daemon, whole, "--since", whole / "checkpoint"))
    # And not the other way round.
    shrunk = verify(daemon, exported, "--since", whole / "checkpoint")
    assert shrunk.returncode == REFUSED and "has shrunk" in shrunk.stdout
    # The proof of another tree does not do.
    proof = json.loads((later / "since-proof.json").read_text())
    proof["proof"][0] = proof["leafHash"]
    (later / "since-proof.json").write_text(json.dumps(proof))
    forged = verify(daemon, later, "--since", since)
    assert forged.returncode == REFUSED and "is not in the tree" in forged.stdout


def test_an_export_of_another_log_is_not_consistent(daemon, exported, start_daemon, tmp_path):
    other = start_daemon()
    auditor = other.operator.admit("auditor", roles=("auditor",), municipality=None, until=None)
    done(auditor.vix("audit", "export", "--out", tmp_path / "other"))
    result = verify(daemon, exported, "--since", tmp_path / "other" / "checkpoint")
    assert result.returncode == REFUSED
    assert "earlier checkpoint" in result.stdout


def test_an_export_that_broke_off_is_taken_up(daemon, auditor, exported):
    file = exported / "entries.jsonl"
    whole, checkpoint = file.read_bytes(), (exported / "checkpoint").read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        done(auditor.vix("audit", "export", "--out", exported))
        assert file.read_bytes() == whole
        assert (exported / "checkpoint").read_bytes() == checkpoint
    assert "complete already" in done(auditor.vix("audit", "export", "--out", exported))
    done(verify(daemon, exported))
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[1:]))
    wrong = auditor.vix("audit", "export", "--out", exported)
    assert wrong.returncode == REFUSED and "not of this export" in wrong.stderr


def test_an_export_goes_into_no_open_directory(auditor, tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    result = auditor.vix("audit", "export", "--out", tmp_path / "open")
    assert result.returncode == REFUSED and "chmod 700" in result.stderr
    assert list((tmp_path / "open").iterdir()) == []


def test_a_full_disk_is_no_success(school):
    with open("/dev/full", "w", encoding="ascii") as full:
        pki = school.daemon.pki
        result = subprocess.run(
            [VIX, "--url", school.daemon.url, "--ca", pki.ca, "--cert", pki.cert("school"),
             "--key", pki.key("school"), "self"], stdout=full, stderr=subprocess.PIPE,
            timeout=DEADLINE, check=False)
    assert result.returncode == REFUSED
    assert b"standard output" in result.stderr


def test_the_manual_tells_of_every_command():
    text = (SOURCE / "tools" / "vix.1").read_text()
    for command in COMMANDS:
        assert f"Cm {command}" in text, command
