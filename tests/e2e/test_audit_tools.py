# SPDX-License-Identifier: EUPL-1.2
"""What an auditor, a school and a stranger do with `vix`: receipts that stand on their own, exports
in every form, and searches."""
import base64
import csv
import datetime
import fcntl
import http.server
import io
import json
import os
import pty
import re
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time

import pytest

from actors import DEADLINE, SOURCE, VIX, bsn, run_vix, until
from verifier import open_receipt, sha256

DONE, REFUSED, USAGE, NOT_CONNECTED = 0, 1, 2, 3
TRACE = "0af7651916cd43dd8448eb211c80319c"


def done(result):
    assert result.returncode == DONE, result.stdout + result.stderr
    return result.stdout


def as_json(result):
    return json.loads(done(result))


def verify(receipt, vkey, *more):
    return run_vix("audit", "verify-receipt", receipt, "--key", vkey, *more)


def checks(result):
    """The table of checks: name to result."""
    return {one["check"]: one["result"] for one in json.loads(result.stdout)["checks"]}


@pytest.fixture
def kinds(school, care, municipality, operator, tmp_path):
    """A receipt of each kind of thing that parties want to prove: event to (party, file)."""
    school.designate("a")
    care.designate("c")
    mine = school.reports(bsn(0), "a")["id"]
    care.reports(bsn(0), "c")
    told = school.get("/v1/notices")
    answers = {
        "signal-repeated": (school, school.signal(bsn(0), "a")),
        "notice-offered": (school, told),
        "notice-acknowledged": (school, school.acknowledge(1)),
        "signal-withdrawn": (school, school.withdraw(mine, "ended")),
        "access-requested": (municipality, municipality.ask_access(bsn(0))),
        "erasure-made": (municipality, municipality.erase(bsn(0))),
        "request-refused": (care, care.get("/v1/log-entries")),
    }
    files = {}
    for event, (party, answer) in answers.items():
        file = tmp_path / f"{event}.tlog-proof"
        index = answer.headers["log-index"]
        assert done(party.vix("receipt", index, "--out", file)) == ""
        files[event] = (party, index, file)
    return files


# ---- receipts ----

def test_receipts_stand_on_their_own(daemon, kinds):
    daemon.stop()
    for event, (party, index, file) in kinds.items():
        assert oct(file.stat().st_mode)[-3:] == "600"
        told = done(verify(file, daemon.vkey))
        assert f"It is proven that entry {index} of the log verwijsindex.example/log says:" in told
        assert re.search(rf"^event: +{event}$", told, re.M)
        assert re.search(rf"^party: +{party.oin}$", told, re.M)
        assert told.endswith("\nverified\n") and "On whom it is, does not follow" in told
        answer = as_json(run_vix("--json", "audit", "verify-receipt", file, "--key", daemon.vkey))
        # A second verifier, in another language, sees the same.
        place, record, size, _, _ = open_receipt(file.read_text(), daemon.vkey)
        assert (answer["index"], answer["record"], answer["treeSize"]) == (place, record, size)
        assert answer["verified"] and str(place) == index and record["name"] == event
        assert bsn(0) not in told
    logged = re.search(r"^logged at: +(\S+)$", told, re.M)[1]
    assert datetime.datetime.fromisoformat(logged.replace("Z", "+00:00")).timestamp() == (
        pytest.approx(record["end_time"] / 1000))


def test_no_part_of_a_receipt_can_be_changed(daemon, kinds, tmp_path):
    daemon.stop()
    good = kinds["access-requested"][2].read_bytes()
    changed = tmp_path / "changed"
    said = set()
    for i in range(0, len(good), 5):
        changed.write_bytes(good[:i] + bytes([good[i] ^ 1 << i % 8]) + good[i + 1:])
        result = verify(changed, daemon.vkey)
        assert result.returncode == REFUSED, (i, result.stdout)
        assert "It is proven" not in result.stdout
        assert result.stdout.splitlines()[-1].startswith("NOT verified: ")
        said.update(line.split()[1] for line in result.stdout.splitlines()
                    if line.startswith("BAD "))
    # Each check was the one that failed, at some place.
    assert said == {"receipt", "signature", "inclusion"}
    for length in (0, 1, 23, len(good) // 2, len(good) - 1):
        changed.write_bytes(good[:length])
        assert verify(changed, daemon.vkey).returncode == REFUSED
    changed.write_bytes(good + b"\n")
    assert verify(changed, daemon.vkey).returncode == REFUSED
    changed.write_bytes(b"x" * 70000)
    assert verify(changed, daemon.vkey).returncode == USAGE
    assert verify(tmp_path / "nothing", daemon.vkey).returncode == USAGE


def test_another_key_proves_nothing(daemon, kinds, tmp_path):
    file = kinds["signal-withdrawn"][2]
    same_name = done(run_vix("keygen", tmp_path / "other")).strip()
    other_name = done(run_vix("keygen", tmp_path / "third", "--origin", "other.example")).strip()
    for vkey in (same_name, other_name):
        result = verify(file, vkey)
        assert result.returncode == REFUSED
        assert "NOT verified: the receipt's checkpoint is not signed with this key" in result.stdout
        answer = run_vix("--json", "audit", "verify-receipt", file, "--key", vkey)
        assert answer.returncode == REFUSED and json.loads(answer.stdout)["verified"] is False
        assert "record" not in json.loads(answer.stdout)
        assert checks(answer)["signature"] == "bad"
    assert verify(file, "nonsense").returncode == USAGE
    assert verify(file, daemon.vkey, "--witness", daemon.vkey).returncode == USAGE


def test_a_receipt_is_for_its_own_party(daemon, kinds, school, care, auditor, admit, operator):
    school_s = kinds["signal-withdrawn"][1]
    for party in (care, auditor):
        result = party.vix("receipt", school_s)
        assert result.returncode == REFUSED and "404" in result.stderr
    assert care.vix("receipt", "999999").returncode == REFUSED
    assert school.vix("receipt", "-1").returncode == USAGE
    # A supplier has those of what it did for a school, and the school has them too.
    supplier = admit("supplier", roles=("supplier",), municipality=None, until=None)
    operator.mandate(supplier, school)
    behalf = daemon.party("supplier", on_behalf_of=school.oin)
    index = behalf.get("/v1/signals").headers["log-index"]
    texts = [done(party.vix("receipt", index)) for party in (behalf, school)]
    assert all(text.startswith("c2sp.org/tlog-proof@v1\nextra ") for text in texts)
    answer = as_json(school.vix("--json", "receipt", index))
    assert answer.keys() == {"index", "receipt"} and answer["index"] == int(index)


def test_a_file_that_is_there_is_never_overwritten(school, tmp_path):
    file = tmp_path / "mine"
    file.write_text("mine")
    index = school.get("/v1/signals").headers["log-index"]
    assert school.vix("receipt", index, "--out", file).returncode == USAGE
    assert file.read_text() == "mine"
    assert school.vix("receipt", "999999", "--out", tmp_path / "new").returncode == REFUSED
    assert not (tmp_path / "new").exists()


def ed25519(directory, name):
    """A witness's key pair by openssl: (its file, the verifier key)."""
    file = directory / f"{name}.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", file], check=True)
    der = subprocess.run(["openssl", "pkey", "-in", file, "-pubout", "-outform", "DER"],
                         check=True, capture_output=True).stdout
    data = b"\x04" + der[-32:]
    key_id = sha256(name.encode(), b"\n", data)[:4]
    return file, key_id, f"{name}+{key_id.hex()}+{base64.b64encode(data).decode()}"


def cosign(file, key_id, name, note, when, directory):
    """The note with one more line."""
    text = note.split("\n\n")[0] + "\n"
    (directory / "signed").write_bytes(f"cosignature/v1\ntime {when}\n{text}".encode())
    signature = subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", file, "-in", directory / "signed"],
        check=True, capture_output=True).stdout
    line = base64.b64encode(key_id + when.to_bytes(8, "big") + signature).decode()
    return f"{note}\u2014 {name} {line}\n"


def test_witnesses_of_a_receipt(daemon, kinds, tmp_path):
    keys = {name: ed25519(tmp_path, name) for name in ("een.example", "twee.example")}
    receipt = kinds["erasure-made"][2].read_text()
    proof, note = receipt.split("\n\n", 1)
    (file, key_id, een), (_, _, twee) = keys.values()
    when = int(datetime.datetime(2026, 11, 22, 10, tzinfo=datetime.timezone.utc).timestamp())
    cosigned = tmp_path / "cosigned"
    cosigned.write_text(proof + "\n\n" + cosign(file, key_id, "een.example", note, when, tmp_path))
    told = done(verify(cosigned, daemon.vkey, "--witness", een))
    assert "een.example has cosigned that tree, at 2026-11-22T10:00:00Z" in told
    answer = as_json(run_vix("--json", "audit", "verify-receipt", cosigned, "--key", daemon.vkey,
                             "--witness", een))
    assert answer["witnesses"] == [{"name": "een.example", "treeSize": answer["treeSize"],
                                    "time": "2026-11-22T10:00:00Z"}]
    # Without asking for it nothing is said of it; and what is asked for must be there.
    assert "een.example" not in done(verify(cosigned, daemon.vkey))
    both = verify(cosigned, daemon.vkey, "--witness", een, "--witness", twee)
    assert both.returncode == REFUSED
    assert "NOT verified: there is no cosignature of twee.example" in both.stdout
    cosigned.write_text(cosigned.read_text()[:-8] + "AAAAA==\n")
    spoilt = verify(cosigned, daemon.vkey, "--witness", een)
    assert spoilt.returncode == REFUSED
    assert "the cosignature of een.example is wrong" in spoilt.stdout
    assert verify(cosigned, daemon.vkey, "--witness", een, "--witness", een).returncode == USAGE


def connection(daemon, name):
    pki = daemon.pki
    return ("--url", daemon.url, "--cert", pki.cert(name), "--client-key", pki.key(name), "--ca",
            pki.ca)


def test_a_receipt_is_held_against_the_log_of_today(daemon, kinds, school):
    file = kinds["signal-withdrawn"][2]
    for _ in range(3):
        told = done(verify(file, daemon.vkey, *connection(daemon, "school")))
        assert "the log still holds this" in told
        for _ in range(150):  # across a tile
            school.get("/v1/signals")
    # With the common options and the environment, too.
    environment = {"VIX_CERT": str(daemon.pki.cert("care")), "VIX_KEY": str(daemon.pki.key("care")),
                   "VIX_CA": str(daemon.pki.ca), "VIX_URL": daemon.url}
    arguments = ("audit", "verify-receipt", file, "--key", daemon.vkey)
    told = done(run_vix("--url", daemon.url, *arguments, environment=environment))
    assert "the log still holds this" in told
    # An address in the environment alone is not asked: this is an offline tool.
    told = done(run_vix(*arguments, environment=environment))
    assert "not checked  today" in told
    where = connection(daemon, "school")
    daemon.stop()
    assert_not_held_against_today(file, daemon.vkey, *where)


def assert_not_held_against_today(file, vkey, *where):
    """It is sound all the same, and that is not all that was asked."""
    result = verify(file, vkey, *where)
    assert result.returncode == NOT_CONNECTED
    assert "It is proven" in result.stdout and "not checked  today" in result.stdout
    assert result.stdout.splitlines()[-1] == "verified, but NOT held against the log of today"
    answer = run_vix("--json", "audit", "verify-receipt", file, "--key", vkey, *where)
    assert answer.returncode == NOT_CONNECTED and checks(answer)["today"] == "not-checked"
    return result.stderr


class Busy:
    """Stands before an index, and says to the first request that it is busy; to all of them when
    they are to wait for longer than anybody would."""

    def __init__(self, party, status, retry_after, change=lambda path, body: body):
        pki, asked = party.daemon.pki, []
        party = party.again()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                is_busy = retry_after > 60 or (retry_after > 0 and not asked)
                asked.append(self.path)
                answer = None if is_busy else party.get(self.path)
                body = b"{}" if is_busy else change(self.path, answer.body)
                self.send_response(status if is_busy else answer.status)
                if is_busy:
                    self.send_header("Retry-After", str(retry_after))
                self.send_header("Content-Type", "application/problem+json" if is_busy
                                 else answer.headers["content-type"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki.cert("server"), pki.key("server"))
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.options = ("--url", f"https://localhost:{self.server.server_address[1]}", "--ca",
                        pki.ca)

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self.options

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def test_a_receipt_that_the_index_will_not_compare(daemon, kinds, school):
    """Whatever keeps it from being held against today's log, the receipt is no worse for it."""
    file = kinds["signal-withdrawn"][2]
    told = assert_not_held_against_today(file, daemon.vkey, "--url", daemon.url, "--ca",
                                         daemon.pki.ca)
    assert "refused: 401" in told
    with Busy(school, 503, 301) as where:
        told = assert_not_held_against_today(file, daemon.vkey, *where)
    assert "refused: 503" in told and "may be given again in 301 seconds" in told
    with Busy(school, 503, 1) as where:
        result = verify(file, daemon.vkey, *where)
        assert "the log still holds this" in done(result)
        assert "the index is busy (503): waiting 1 second, as it asks" in result.stderr


class Elsewhere(Busy):
    """Stands before an index, which is never busy, and gives other bytes than it does: `change` of a
    path and the body."""

    def __init__(self, party, change):
        super().__init__(party, 0, 0, change)


def test_what_answers_is_not_the_index(daemon, kinds, school, tmp_path):
    """200, and no head of the log, or no tile of that head: not the receipt's fault, and no fork."""
    file = kinds["signal-withdrawn"][2]
    stranger = done(run_vix("keygen", tmp_path / "keys", "--origin",
                            daemon.vkey.split("+")[0])).split("+")

    def in_head(change):
        return lambda path, body: change(body) if path == "/tlog/checkpoint" else body

    def in_tile(change):
        return lambda path, body: change(body) if path.startswith("/tlog/tile/0/") else body

    def resigned(note):
        """A signature of a key of which nobody has heard, under the log's own name."""
        text, line = note.decode().split("\n\n")
        encoded = base64.b64decode(line.split(" ")[2])
        line = base64.b64encode(bytes.fromhex(stranger[1]) + encoded[4:]).decode()
        return f"{text}\n\n\u2014 {stranger[0]} {line}\n".encode()

    for change, said in ((in_head(lambda _: b"hello\n"), "is not a signed checkpoint"),
                         (in_head(lambda _: b""), "is not a signed checkpoint"),
                         (in_head(lambda note: note.replace(b"\n", b"\n\n", 1)),
                          "is not a signed checkpoint"),
                         (in_head(resigned), "is not signed with this key"),
                         (in_head(lambda note: altered_root(note)), "the signature is wrong"),
                         (in_tile(lambda tile: tile[:-1]), "its tiles did not come"),
                         (in_tile(lambda tile: bytes([tile[0] ^ 1]) + tile[1:]),
                          "the tiles that came are not those of the head of today")):
        with Elsewhere(school, change) as where:
            assert_not_held_against_today(file, daemon.vkey, *where)
            assert said in verify(file, daemon.vkey, *where).stdout
    with Elsewhere(school, lambda path, body: body) as where:
        assert "the log still holds this" in done(verify(file, daemon.vkey, *where))


def altered_root(note):
    lines = note.split(b"\n")
    lines[2] = (b"B" if lines[2][:1] == b"A" else b"A") + lines[2][1:]
    return b"\n".join(lines)


def test_an_export_waits_for_a_busy_index(school, auditor, daemon, tmp_path):
    school.get("/v1/signals")
    out = tmp_path / "x"
    with Busy(auditor, 429, 1) as where:
        result = run_vix(*where, "audit", "export", "--out", out)
    assert "The signature was not checked; run: vix audit verify\n" in done(result)
    assert result.stderr.count("the index is busy (429): waiting 1 second, as it asks\n") == 1
    done(run_vix("audit", "verify", out, "--key", daemon.vkey))
    with Busy(auditor, 429, 301) as where:
        result = run_vix(*where, "audit", "export", "--out", tmp_path / "y")
    assert result.returncode == REFUSED and "in 301 seconds" in result.stderr


def test_a_fork_is_told(new_daemon, tmp_path):
    """The store is put back to an older copy, and goes on from there: nobody whose receipt is older
    sees it, and everybody whose receipt is of what is gone."""
    daemon = new_daemon().start()
    school = daemon.operator.admit("school")
    receipts = {}

    def keep(name):
        index = school.get("/v1/signals").headers["log-index"]
        receipts[name] = tmp_path / name
        done(school.vix("receipt", index, "--out", receipts[name]))

    keep("before")
    school.get("/v1/signals")
    daemon.close_clients()
    daemon.stop()
    shutil.copytree(daemon.store, tmp_path / "copy")
    daemon.start()
    for _ in range(3):
        school.get("/v1/signals")
    keep("after")
    daemon.close_clients()
    daemon.stop()

    forked = new_daemon()
    for name in ("keys", "store"):
        shutil.rmtree(getattr(forked, name), ignore_errors=True)
    shutil.copytree(daemon.keys, forked.keys)
    shutil.copytree(tmp_path / "copy", forked.store)
    forked.store.chmod(0o700)
    forked.start()
    where = connection(forked, "school")
    shrunk = verify(receipts["after"], daemon.vkey, *where)
    assert shrunk.returncode == REFUSED
    assert "NOT verified: FORK: " in shrunk.stdout and "fewer than when" in shrunk.stdout
    for _ in range(300):
        forked.party("school").get("/v1/signals")
    fork = verify(receipts["after"], daemon.vkey, *where)
    assert fork.returncode == REFUSED
    assert "NOT verified: FORK: " in fork.stdout and "are not those of the receipt" in fork.stdout
    # The evidence stands beside it: what the same key has signed.
    assert "\nverwijsindex.example/log\n" in fork.stdout
    answer = run_vix("--json", "audit", "verify-receipt", receipts["after"], "--key", daemon.vkey,
                     *where)
    assert checks(answer) == {"receipt": "good", "signature": "good", "inclusion": "good",
                              "witness": "not-checked", "today": "bad"}
    assert "the log still holds this" in done(verify(receipts["before"], daemon.vkey, *where))


# ---- exports ----

def fill(school, care, number=40):
    """Entries of many kinds, with texts that are hard to write."""
    school.designate("a")
    care.designate("-c")
    for n in range(number // 4):
        school.signal(bsn(n % 20), "a", reference='\u00e9"\\/')
        care.signal(bsn(n % 20), "-c")
        care.get("/v1/log-entries")
        school.get("/v1/signals", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})


def exported(auditor, out, *more):
    return as_json(auditor.vix("--json", "audit", "export", "--out", out, *more))


def entries_of(auditor, result):
    """The same entries as the interface gives them."""
    entries = auditor.log_entries(fromIndex=result["firstIndex"])
    return [entry for entry in entries if entry["index"] < result["treeSize"]]


def lines_of(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def attribute(value):
    """Of OTLP's JSON."""
    (kind, inner), = value["value"].items()
    return int(inner) if kind == "intValue" else inner


def test_every_form_says_what_the_log_says(school, care, auditor, operator, daemon, tmp_path):
    fill(school, care, 480)  # more than a line of spans
    auditor.post("/v1/log-entries/_search", {
        "bsn": bsn(1), "caseReference": '=HYPERLINK("x"), "a" \u00e9'})
    out = tmp_path / "export"
    result = exported(auditor, out)
    assert result["entries"] == result["treeSize"] == result["fetched"] > 400
    entries = entries_of(auditor, result)
    assert lines_of(out / "entries.jsonl") == entries
    done(run_vix("audit", "verify", out, "--key", daemon.vkey))
    size = operator.status()["logSize"]
    for form, file in (("ldv", "records.jsonl"), ("otlp", "traces.jsonl"), ("csv", "records.csv")):
        made = exported(auditor, out, "--format", form)
        assert (made["fetched"], made["file"]) == (0, file)  # made of what is there
    assert operator.status()["logSize"] == size  # not one entry was read again

    for entry, record in zip(entries, lines_of(out / "records.jsonl"), strict=True):
        attributes = record["attributes"]
        assert attributes.pop("dpl.core.data_subject_id", None) == entry["subject"]
        assert (attributes.pop("dpl.core.data_subject_id_type", None) is None) == (
            entry["subject"] is None)
        assert record == entry["record"]

    bodies = lines_of(out / "traces.jsonl")
    spans = []
    for body in bodies:
        assert body.keys() == {"resourceSpans"}
        (resource,) = body["resourceSpans"]
        assert {a["key"]: attribute(a) for a in resource["resource"]["attributes"]} == {
            "service.name": "verwijsindex", "verwijsindex.log": "verwijsindex.example/log"}
        (scope,) = resource["scopeSpans"]
        assert scope["scope"]["name"] == "verwijsindex.access-log"
        assert 1 <= len(scope["spans"]) <= 100
        spans += scope["spans"]
    assert len(bodies) == (len(entries) + 99) // 100
    for entry, span in zip(entries, spans, strict=True):
        record = entry["record"]
        assert (span["traceId"], span["spanId"], span.get("parentSpanId"), span["name"]) == (
            record["trace_id"], record["span_id"], record.get("parent_span_id"), record["name"])
        assert span["startTimeUnixNano"] == str(record["start_time"] * 1000000)
        assert span["endTimeUnixNano"] == str(record["end_time"] * 1000000)
        assert span["status"] == {"code": 1} and span["kind"] in (1, 2)
        attributes = {a["key"]: attribute(a) for a in span["attributes"]}
        assert attributes.pop("dpl.core.data_subject_id", None) == entry["subject"]
        attributes.pop("dpl.core.data_subject_id_type", None)
        assert attributes == record["attributes"]

    text = (out / "records.csv").read_bytes().decode()
    assert text.count("\r\n") == text.count("\n") == len(entries) + 1
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    risky = 0
    for entry, row in zip(entries, rows, strict=True):
        record, own = entry["record"], entry["record"]["attributes"]
        risky += any(cell.startswith("'") for cell in row.values())
        assert not any(cell and cell[0] in "=+-@\t\r" for cell in row.values())
        row = {name: cell.removeprefix("'") for name, cell in row.items()}
        assert row["index"] == str(entry["index"]) and row["event"] == record["name"]
        at = datetime.datetime.fromisoformat(row["time"].replace("Z", "+00:00"))
        assert round(at.timestamp() * 1000) == record["end_time"]
        for column in ("party", "on_behalf_of", "professional", "operator_uid", "object", "count",
                       "case_reference", "ground", "operation", "outcome", "certificate"):
            assert row[column] == str(own.get(f"verwijsindex.{column}", "")), column
        for column in ("trace_id", "span_id", "parent_span_id", "status"):
            assert row[column] == record.get(column, "")
        assert row["subject"] == (entry["subject"] or "")
        assert (row["commitment"], row["destroyed"]) == (entry["commitment"], "")
    assert risky >= 100


def test_a_part_in_every_form(school, care, auditor, daemon, tmp_path):
    fill(school, care)
    first = tmp_path / "first"
    since = exported(auditor, first)["treeSize"]
    fill(school, care)
    out = tmp_path / "second"
    for form in ("native", "ldv", "otlp", "csv"):
        result = exported(auditor, out, "--since", first / "checkpoint", "--format", form)
        assert result["firstIndex"] == since
        assert result["entries"] == result["treeSize"] - since > 0
    told = done(run_vix("audit", "verify", out, "--key", daemon.vkey, "--since",
                        first / "checkpoint"))
    assert "good         since" in told
    records = lines_of(out / "records.jsonl")
    assert [r["attributes"]["verwijsindex.index"] for r in records] == list(
        range(since, result["treeSize"]))
    with open(out / "records.csv", newline="", encoding="utf-8") as file:
        assert [int(row["index"]) for row in csv.DictReader(file)] == list(
            range(since, result["treeSize"]))
    assert auditor.vix("audit", "export", "--out", out, "--format", "xml").returncode == USAGE


def test_an_export_is_held_against_its_checkpoint(school, care, auditor, tmp_path):
    fill(school, care)
    out = tmp_path / "export"
    exported(auditor, out)
    file = out / "entries.jsonl"
    good = file.read_text()
    file.write_text(good.replace('"signal-posted"', '"signal-erased"', 1))
    result = auditor.vix("audit", "export", "--out", out, "--format", "csv")
    assert result.returncode == REFUSED and "its record" in result.stderr
    assert not (out / "records.csv").exists()
    file.write_text(good)
    done(auditor.vix("audit", "export", "--out", out, "--format", "csv"))
    assert (out / "records.csv").exists()


def begin_export(auditor, out, *more):
    pki = auditor.daemon.pki
    return subprocess.Popen(
        [VIX, "--url", auditor.daemon.url, "--ca", pki.ca, "--cert", pki.cert("auditor"), "--key",
         pki.key("auditor"), "audit", "export", "--out", out, *more],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def kill_half_way(auditor, directory):
    """An export that was killed with some of its entries written, and not all."""
    for n in range(50):
        out = directory / f"export-{n}"
        entries = out / "entries.jsonl"
        with begin_export(auditor, out) as process:
            while process.poll() is None and not (entries.exists() and entries.stat().st_size):
                time.sleep(0.0002)
            process.send_signal(signal.SIGKILL)
        size = int((out / "checkpoint").read_text().splitlines()[1])
        if 0 < entries.read_bytes().count(b"\n") < size:
            return out
    raise AssertionError("each was done before it could be killed")


def test_an_export_that_was_killed_goes_on(school, care, auditor, daemon, tmp_path):
    fill(school, care, 200)
    for _ in range(2500):  # several pages
        school.get("/v1/signals")
    out = kill_half_way(auditor, tmp_path)
    note = (out / "checkpoint").read_text()
    there = (out / "entries.jsonl").read_text().count("\n")
    # The last line is torn, as a disk that was full would leave it.
    with open(out / "entries.jsonl", "a", encoding="utf-8") as file:
        file.write('{"index":' if not (out / "entries.jsonl").read_text().endswith("\n") else "{")
    result = exported(auditor, out, "--format", "csv")
    assert (out / "checkpoint").read_text() == note
    assert 0 < result["fetched"] <= result["entries"] - there + 1
    assert lines_of(out / "entries.jsonl") == entries_of(auditor, result)
    done(run_vix("audit", "verify", out, "--key", daemon.vkey))
    # The same as without interruption.
    whole = tmp_path / "whole"
    whole.mkdir(mode=0o700)
    for name in ("checkpoint", "witnessed"):
        if (out / name).exists():
            shutil.copy(out / name, whole / name)
    again = exported(auditor, whole, "--format", "csv")
    assert again["fetched"] == again["entries"] == result["entries"]
    for name in ("entries.jsonl", "records.csv"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()


def test_an_export_while_signals_keep_coming(school, care, auditor, daemon, tmp_path):
    fill(school, care)
    for _ in range(1200):
        school.get("/v1/signals")
    stop = threading.Event()

    def keep_signalling(party, professional):
        party = party.again()
        for n in range(100000):
            if stop.is_set():
                return
            assert party.signal(bsn(n % 60), professional).status in (200, 201)

    threads = [threading.Thread(target=keep_signalling, args=pair)
               for pair in ((school, "a"), (care, "-c"))]
    for thread in threads:
        thread.start()
    try:
        first = exported(auditor, tmp_path / "first", "--format", "ldv")
        second = exported(auditor, tmp_path / "second", "--since", tmp_path / "first/checkpoint")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert second["firstIndex"] == first["treeSize"] and second["entries"] > 0
    done(run_vix("audit", "verify", tmp_path / "first", "--key", daemon.vkey))
    done(run_vix("audit", "verify", tmp_path / "second", "--key", daemon.vkey, "--since",
                 tmp_path / "first/checkpoint"))
    assert lines_of(tmp_path / "first/entries.jsonl") == entries_of(auditor, first)


def test_a_complete_copy_needs_no_index(school, care, auditor, tmp_path):
    fill(school, care)
    out = tmp_path / "x"
    size = exported(auditor, out)["treeSize"]
    for form in ("csv", "ldv", "otlp"):
        answer = as_json(run_vix("--json", "audit", "export", "--out", out, "--format", form))
        assert (answer["entries"], answer["fetched"]) == (size, 0)
    # For what is not there it is needed, and nothing is made before that is told.
    fresh = run_vix("audit", "export", "--out", tmp_path / "y", "--format", "csv")
    assert fresh.returncode == USAGE and "--url is missing" in fresh.stderr
    assert not (tmp_path / "y").exists()
    lines = (out / "entries.jsonl").read_text().splitlines(keepends=True)
    (out / "entries.jsonl").write_text("".join(lines[:-1]))
    part = run_vix("audit", "export", "--out", out, "--format", "csv")
    assert part.returncode == USAGE and "--url is missing" in part.stderr
    assert exported(auditor, out, "--format", "csv")["fetched"] == 1


def test_progress_on_a_terminal(school, care, auditor, tmp_path):
    fill(school, care)
    ours, theirs = pty.openpty()
    pki = auditor.daemon.pki
    with subprocess.Popen(
            [VIX, "--url", auditor.daemon.url, "--ca", pki.ca, "--cert", pki.cert("auditor"),
             "--key", pki.key("auditor"), "audit", "export", "--out", tmp_path / "x", "--format",
             "otlp"], stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        told = process.stdout.read().decode()
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            shown += part
        os.close(ours)
        assert process.wait(DEADLINE) == 0
    total = re.search(r"exported: (\d+) entries", told)[1]
    assert f"exporting entries: {total} of {total}" in shown.decode()
    assert f"writing entries: {total} of {total}" in shown.decode()
    # A script that reads gets nothing of it.
    assert "exporting entries" not in told and "\r" not in told


def test_two_exports_into_one_directory(school, care, auditor, tmp_path):
    """The second is told; nothing is mixed up."""
    out = tmp_path / "x"
    exported(auditor, out)
    descriptor = os.open(out, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    result = auditor.vix("audit", "export", "--out", out)
    assert result.returncode == REFUSED and "another export" in result.stderr
    os.close(descriptor)
    done(auditor.vix("audit", "export", "--out", out))


def test_what_was_destroyed_is_exported_as_such(school, care, auditor, operator, daemon, tmp_path):
    fill(school, care)
    index = school.get("/v1/signals").headers["log-index"]
    exported(auditor, tmp_path / "before")
    operator.pass_time("2000d")
    school.get("/v1/signals")
    operator.pass_time("200d")
    (first, *_) = until(lambda: auditor.log_entries(event="records-destroyed"))
    operator.is_idle()
    attributes = first["record"]["attributes"]
    gone = range(attributes["verwijsindex.count"])
    assert attributes["verwijsindex.object"] == "entry:0" and int(index) in gone

    out = tmp_path / "after"
    for form in ("ldv", "otlp", "csv"):
        result = exported(auditor, out, "--format", form)
        assert result["destroyed"] >= len(gone)
    assert lines_of(out / "entries.jsonl") == entries_of(auditor, result)
    told = done(run_vix("audit", "verify", out, "--key", daemon.vkey))
    total, kept = result["entries"], result["entries"] - result["destroyed"]
    assert f"{total} entries, {total - kept} of them said to be destroyed after" in told
    for part in ("records  ", "times  "):
        assert re.search(rf"^good +{part}.*: {kept} of {total}, the others are said to be destroyed$",
                         told, re.M)
    assert "no entry records-destroyed" not in told
    other = done(second("export", out, daemon))
    assert f"not checked: {total - kept} of {total} records" in other
    assert "no announcement names 0 of them" in other
    answer = as_json(run_vix("--json", "audit", "verify", out, "--key", daemon.vkey))
    assert (answer["destroyed"], answer["destroyedUnsaid"], answer["destroyedLater"]) == (
        result["destroyed"], 0, 0)
    # Its tree is still that of which an auditor kept the records.
    done(run_vix("audit", "verify", out, "--key", daemon.vkey, "--since",
                 tmp_path / "before" / "checkpoint"))

    entries = lines_of(out / "entries.jsonl")
    before = lines_of(tmp_path / "before" / "entries.jsonl")
    assert [e["commitment"] for e in before] == [e["commitment"] for e in entries[:len(before)]]
    records = lines_of(out / "records.jsonl")
    spans = [span for body in lines_of(out / "traces.jsonl")
             for span in body["resourceSpans"][0]["scopeSpans"][0]["spans"]]
    with open(out / "records.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(records) == len(spans) == len(rows) == result["entries"]
    for i in gone:
        commitment = entries[i]["commitment"]
        assert records[i] == {"attributes": {"verwijsindex.index": i}, "commitment": commitment,
                              "destroyed": True}
        assert {a["key"]: attribute(a) for a in spans[i]["attributes"]} == {
            "verwijsindex.index": i, "verwijsindex.commitment": commitment, "destroyed": True}
        assert int(spans[i]["traceId"], 16) == int(spans[i]["spanId"], 16) == i + 1
        assert rows[i]["commitment"].removeprefix("'") == commitment
        assert {k for k, v in rows[i].items() if v} == {"index", "commitment", "destroyed"}
    assert len({span["spanId"] for span in spans}) == len(spans)
    refused = school.vix("receipt", index)
    assert refused.returncode == REFUSED and "destroyed" in refused.stderr


def second(command, path, daemon, *more):
    return subprocess.run([sys.executable, SOURCE / "tests" / "e2e" / "second_verifier.py", command,
                           path, "--key", daemon.vkey, *more], capture_output=True, text=True,
                          check=False)


def test_what_is_only_said_to_be_destroyed(school, auditor, daemon, tmp_path):
    """By whoever has an export in his hands, long before anything has come to its term."""
    for _ in range(9):
        school.get("/v1/signals")
    out = tmp_path / "x"
    total = exported(auditor, out)["entries"]
    good = lines_of(out / "entries.jsonl")

    def claim(which):
        gone = {"record": None, "salt": None, "subject": None, "subjectSalt": None,
                "destroyed": True}
        (out / "entries.jsonl").write_text("".join(
            json.dumps({**entry, **gone} if entry["index"] in which else entry) + "\n"
            for entry in good))
        return run_vix("--json", "audit", "verify", out, "--key", daemon.vkey)

    answer = claim(range(total))
    assert answer.returncode == DONE
    assert {name: checks(answer)[name] for name in ("records", "times", "tree")} == {
        "records": "not-checked", "times": "not-checked", "tree": "good"}
    assert json.loads(answer.stdout)["destroyedUnsaid"] == total
    other = done(second("export", out, daemon))
    assert "records are what" not in other
    assert f"no announcement names {total} of them" in other
    # One behind a record that is there.
    answer = claim([5])
    assert answer.returncode == REFUSED and checks(answer)["records"] == "bad"
    assert [one["index"] for one in json.loads(answer.stdout)["findings"]] == [5]
    other = second("export", out, daemon)
    assert other.returncode == REFUSED and "entry 5: it is said to be destroyed" in other.stderr


# ---- verification ----

def test_verification_tells_what_it_checked(school, care, auditor, daemon, tmp_path):
    fill(school, care)
    earlier = auditor.get("/tlog/checkpoint").text
    school.get("/v1/signals")
    out = tmp_path / "x"
    size = exported(auditor, out)["treeSize"]
    result = run_vix("audit", "verify", out, "--key", daemon.vkey)
    told = done(result).splitlines()
    assert "not checked  witnesses   no --witness was given" in told
    assert [line[:24].split()[-1] for line in told[:7]] == [
        "signature", "entries", "records", "times", "tree", "since", "witnesses"]
    assert [line.startswith("good ") for line in told[:7]] == [True] * 5 + [False] * 2
    assert told[7].startswith(f"verified: {size} entries")
    answer = as_json(run_vix("--json", "audit", "verify", out, "--key", daemon.vkey))
    assert answer["destroyed"] == 0 and answer["witnesses"] == []

    # A witness's word on an earlier head of it.
    file, key_id, witness = ed25519(tmp_path, "een.example")
    note = auditor.get("/tlog/checkpoint").text
    cosigned = tmp_path / "y"
    (out / "witnessed").write_text(cosign(file, key_id, "een.example",
                                          (out / "checkpoint").read_text(), 1700000000, tmp_path))
    told = done(run_vix("audit", "verify", out, "--key", daemon.vkey, "--witness", witness))
    assert f"een.example has cosigned the tree of {size} entries, at 2023-11-14T22:13:20Z" in told
    assert "seen by no given witness" not in told
    # On an earlier one: what came since, it has not seen; and nobody has who is not asked.
    (out / "witnessed").write_text(cosign(file, key_id, "een.example", earlier, 1700000000,
                                          tmp_path))
    unseen = size - int(earlier.splitlines()[1])
    told = done(run_vix("audit", "verify", out, "--key", daemon.vkey, "--witness", witness))
    assert re.search(rf"^not checked +unseen +{unseen} entr(y|ies), since 2023-11-14T22:13:20Z, "
                     "(was|were) seen by no given witness$", told, re.M)
    answer = run_vix("--json", "audit", "verify", out, "--key", daemon.vkey, "--witness", witness)
    assert (checks(answer)["witnesses"], checks(answer)["unseen"]) == ("good", "not-checked")
    assert json.loads(answer.stdout)["unseen"] == unseen > 0
    assert json.loads(answer.stdout)["unseenSince"] == "2023-11-14T22:13:20Z"
    answer = run_vix("--json", "audit", "verify", out, "--key", daemon.vkey)
    assert answer.returncode == DONE and checks(answer)["witnesses"] == "not-checked"
    assert "unseen" not in json.loads(answer.stdout)
    (out / "witnessed").write_text(cosign(file, key_id, "een.example",
                                          (out / "checkpoint").read_text(), 1700000000, tmp_path))
    _, _, stranger = ed25519(tmp_path, "twee.example")
    result = run_vix("audit", "verify", out, "--key", daemon.vkey, "--witness", witness,
                     "--witness", stranger)
    assert result.returncode == REFUSED
    assert "there is no cosignature of twee.example" in result.stdout
    # On one that lies before what this export has: it cannot be held against it here, and is no fault.
    later = tmp_path / "later"
    exported(auditor, later, "--since", out / "checkpoint")
    (later / "witnessed").write_text(cosign(file, key_id, "een.example", earlier, 1700000000,
                                            tmp_path))
    result = run_vix("audit", "verify", later, "--key", daemon.vkey, "--since", out / "checkpoint",
                     "--witness", witness)
    told = done(result)
    assert re.search(r"^not checked +witnesses +what a witness has seen ends before this begins$",
                     told, re.M)
    assert re.search(r"^not checked +witness +een.example has cosigned the tree of ", told, re.M)
    assert re.search(r"^not checked +unseen ", told, re.M)
    other = second("export", later, daemon, "--since", out / "checkpoint", "--witness", witness)
    assert "not checked: that head of " in done(other)
    assert re.search(r"^not checked: \d+ entries were seen by no given witness, since 2023-11-14",
                     other.stdout, re.M)
    # Of a later head than the export's: witnesses have seen more than is there.
    (out / "witnessed").write_text(cosign(file, key_id, "een.example", note, 1700000000, tmp_path))
    result = run_vix("--json", "audit", "verify", out, "--key", daemon.vkey, "--witness", witness)
    assert result.returncode == REFUSED
    assert checks(result)["witnesses"] == "bad" and checks(result)["tree"] == "good"
    assert not cosigned.exists()


def test_nothing_is_waited_for_in_a_directory(school, auditor, daemon, tmp_path):
    """Files that are none, as whoever hands over an export could put them there."""
    out = tmp_path / "x"
    exported(auditor, out)
    for name in ("checkpoint", "entries.jsonl", "witnessed"):
        file = out / name
        if file.exists():
            file.rename(tmp_path / name)
        os.mkfifo(file, 0o600)
        result = run_vix("audit", "verify", out, "--key", daemon.vkey)
        assert result.returncode == USAGE
        assert f"{file}: it is not a regular file" in result.stderr
        if name != "witnessed":
            again = auditor.vix("audit", "export", "--out", out)
            assert again.returncode == REFUSED
            assert f"{file}: it is not a regular file" in again.stderr
        file.unlink()
        if (tmp_path / name).exists():
            (tmp_path / name).rename(file)
    for name in ("leaves", "statement"):  # of what is left of an index
        remains = tmp_path / f"no-{name}"
        remains.mkdir()
        (remains / "statement").write_text("x")
        (remains / name).unlink(missing_ok=True)
        os.mkfifo(remains / name)
        result = run_vix("audit", "verify", remains, "--key", daemon.vkey)
        assert result.returncode == USAGE
        assert f"{remains / name}: it is not a regular file" in result.stderr
    # What the user names by itself may well be a pipe.
    earlier = run_vix("audit", "verify", out, "--key", daemon.vkey, "--since", "/dev/stdin",
                      input=(out / "checkpoint").read_text())
    assert earlier.returncode == 0, earlier.stderr


def test_names_of_files_do_nothing_to_a_terminal(daemon, tmp_path):
    for command in ("verify", "verify-receipt"):
        result = run_vix("audit", command, tmp_path / "no\x1b]0;x\x07\u009b2Jwhere", "--key",
                         daemon.vkey)
        assert result.returncode == USAGE
        assert "no?]0;x???2Jwhere: No such file" in result.stderr
        assert_harmless(result)


def assert_harmless(result):
    for text in (result.stdout, result.stderr):
        assert "\x1b" not in text and "\u009b" not in text and "\x07" not in text


def test_names_of_what_is_written_do_nothing_to_a_terminal(school, auditor, daemon, tmp_path):
    index = school.get("/v1/signals").headers["log-index"]
    evil, shown = "no\x1b]0;x\x07\u009b2Jwhere", "no?]0;x???2Jwhere"
    out = tmp_path / evil
    for form, said in (("csv", f"written: {tmp_path}/{shown}/records.csv\n"),
                       ("native", f"--since {tmp_path}/{shown}/checkpoint\n")):
        result = auditor.vix("audit", "export", "--out", out, "--format", form)
        assert said in done(result)
        assert_harmless(result)
    note = (out / "checkpoint").read_text()
    entries = (out / "entries.jsonl").read_text()
    lock = os.open(out, os.O_RDONLY)

    def spoil(how):
        how()
        result = auditor.vix("audit", "export", "--out", out)
        assert result.returncode == REFUSED
        assert_harmless(result)
        return result.stderr

    assert f"/{shown}/checkpoint is no checkpoint\n" in spoil(
        lambda: (out / "checkpoint").write_text("x"))
    (out / "checkpoint").write_text(note)
    assert f"/{shown}/entries.jsonl is not of this export: entry 0 is expected\n" in spoil(
        lambda: (out / "entries.jsonl").write_text(entries.split("\n", 1)[1]))
    assert f"/{shown}: entry 0: " in spoil(
        lambda: (out / "entries.jsonl").write_text(entries.replace('"Ok"', '"OK"', 1)))
    assert f"/{shown}: another export is being made there\n" in spoil(
        lambda: fcntl.flock(lock, fcntl.LOCK_EX))
    os.close(lock)
    assert f"/{shown} must be your own and closed to others" in spoil(lambda: out.chmod(0o755))

    # A file that could be made, and not written: no byte may be.
    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    result = school.vix("receipt", index, "--out", tmp_path / f"{evil}.tlog-proof",
                        preexec_fn=no_room, restore_signals=False)
    assert result.returncode == REFUSED
    assert f"/{shown}.tlog-proof: File too large\n" in result.stderr
    assert_harmless(result)


# ---- searches ----

def test_searching(school, care, auditor, tmp_path):
    fill(school, care)
    until(lambda: auditor.log_entries(event="signal-posted"))

    def search(*more):
        return as_json(auditor.vix("--json", "audit", "search", "--case-reference", "zaak-1",
                                   *more))

    found = search("--event", "signal-posted", "--party", school.oin)
    assert not found["more"]
    indexes = [entry["index"] for entry in found["logEntries"]]
    assert indexes == sorted(indexes, reverse=True) and len(indexes) == 10
    first = search("--event", "signal-posted", "--party", school.oin, "--limit", "3")
    assert first["more"] and [e["index"] for e in first["logEntries"]] == indexes[:3]
    file = tmp_path / "bsn"
    file.write_text(bsn(3))
    by_child = search("--bsn-file", file, "--all")
    assert {e["record"]["name"] for e in by_child["logEntries"]} >= {"signal-posted", "match-read"}
    assert [e["record"]["attributes"]["verwijsindex.professional"] for e in search(
        "--bsn-file", file, "--party", care.oin, "--professional", "-c",
        "--event", "signal-posted")["logEntries"]] == ["-c"]
    traced = search("--trace-id", TRACE)["logEntries"]
    assert {e["record"]["trace_id"] for e in traced} == {TRACE} and len(traced) == 10
    assert search("--trace-id", TRACE, "--outcome", "not-found")["logEntries"] == []
    assert search("--event", "signal-posted", "--to", "2001-01-01T00:00:00Z")["logEntries"] == []
    table = done(auditor.vix("audit", "search", "--case-reference", "z", "--trace-id", TRACE))
    assert table.splitlines()[0].split()[0] == "ENTRY" and len(table.splitlines()) == 11
    refused = auditor.vix("audit", "search", "--case-reference", "z", "--event", "nothing")
    assert refused.returncode == REFUSED and "#/event" in refused.stderr
    assert auditor.vix("audit", "search", "--party", school.oin).returncode == USAGE
    assert auditor.vix("audit", "search", "--case-reference", "z").returncode == USAGE


# ---- the reading extension of Logboek Dataverwerkingen ----

def test_the_reading_extension(school, care, auditor, operator):
    fill(school, care)
    path = "/v1/processing-activities"

    def read(**body):
        answer = auditor.post(path, body)
        assert answer.status == 200, answer
        assert answer.json["metadata"] == {"logbookId": "verwijsindex.example/log",
                                           "organizationName": "Regio Noord"}
        return answer.json["processingActivities"]

    entries = auditor.log_entries()
    by_trace = read(traceId=TRACE)
    expected = [e["record"] for e in reversed(entries) if e["record"]["trace_id"] == TRACE]
    assert [(one["spanId"], one["name"], one["status"]) for one in by_trace] == [
        (record["span_id"], record["name"], record["status"]) for record in expected] != []
    assert [one["attributes"] for one in by_trace] == [r["attributes"] for r in expected]
    activity = "https://verwijsindex.example/processing-activities/signal-posted"
    posted = read(processingActivityId=activity, limit=500)
    assert len(posted) == len([e for e in entries if e["record"]["name"] == "signal-posted"])
    subject = posted[0]["attributes"]["dpl.core.data_subject_id"]
    on_child = read(dataSubjectId=subject, caseReference="zaak-7")
    assert [one["attributes"]["verwijsindex.index"] for one in on_child] == [
        e["index"] for e in reversed(entries) if e["subject"] == subject]
    (last,) = [e for e in auditor.log_entries(event="log-searched")][-1:]
    assert last["subject"] == subject
    assert last["record"]["attributes"]["verwijsindex.case_reference"] == "zaak-7"
    refused = auditor.post(path, {"caseReference": "zaak-8"})
    assert (refused.status, refused.pointers) == (400, ["#"])
    assert school.post(path, {"traceId": TRACE}).problem == "role-missing"
