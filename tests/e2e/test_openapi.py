# SPDX-License-Identifier: EUPL-1.2
"""The OpenAPI document: open to everybody, written to the NLGov REST API Design Rules, and equal to
what the routes answer: each answer here is held against it."""
import datetime
import json
import re

import pytest

import ristretto
from actors import bsn, kind_of, years_later

DOCUMENT = "/v1/openapi.json"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
UUID = "0190c5a2-0000-7000-8000-000000000000"
FORMATS = {
    "uuid": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    "email": re.compile(r"[^@ ]+@[^@ ]+"),
    "uri": re.compile(r"https://\S+"),
}


# ---- a validator of what this document uses of OpenAPI 3.0 ----

def resolve(document, node):
    while "$ref" in node:
        assert node.keys() == {"$ref"}  # beside a reference OpenAPI 3.0 allows nothing
        pointer = node["$ref"]
        assert pointer.startswith("#/")
        node = document
        for name in pointer[2:].split("/"):
            node = node[name]
    return node


def faults_of_text(schema, value, where):
    if not isinstance(value, str):
        return [f"{where}: no text"]
    named = FORMATS.get(schema.get("format"))
    wrong = []
    if "format" in schema and (named is None or not named.fullmatch(value)):
        wrong.append(f"{where}: no {schema['format']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        wrong.append(f"{where}: not of its pattern")
    if "enum" in schema and value not in schema["enum"]:
        wrong.append(f"{where}: {value} is not one of the values")
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        wrong.append(f"{where}: length")
    return wrong


def faults_of_object(document, schema, value, where):
    if not isinstance(value, dict):
        return [f"{where}: no object"]
    properties = schema.get("properties", {})
    wrong = [f"{where}: {name} is missing" for name in schema.get("required", [])
             if name not in value]
    if properties and schema.get("additionalProperties") is not True:
        wrong += [f"{where}: {name} is not described" for name in value if name not in properties]
    for name, one in value.items():
        if name in properties:
            wrong += faults(document, properties[name], one, f"{where}.{name}")
    return wrong


def faults(document, schema, value, where="$"):
    """What is wrong with a value, held against its schema."""
    schema = resolve(document, schema)
    if value is None:
        return [] if schema.get("nullable") else [f"{where}: null"]
    if "allOf" in schema:
        merged = {"type": "object", "properties": {}, "required": []}
        for part in (resolve(document, part) for part in schema["allOf"]):
            merged["properties"] |= part.get("properties", {})
            merged["required"] += part.get("required", [])
        return faults_of_object(document, merged, value, where)
    kind = schema["type"]
    if kind == "string":
        return faults_of_text(schema, value, where)
    if kind == "object":
        return faults_of_object(document, schema, value, where)
    if kind == "array":
        wrong = [] if len(value) <= schema.get("maxItems", len(value)) else [f"{where}: too many"]
        return wrong + [fault for i, one in enumerate(value)
                        for fault in faults(document, schema["items"], one, f"{where}[{i}]")]
    if kind == "integer":
        good = isinstance(value, int) and not isinstance(value, bool)
    else:
        good = kind == "boolean" and isinstance(value, bool)
    return [] if good else [f"{where}: no {kind}"]


@pytest.fixture
def document(daemon):
    return daemon.anonymous().get(DOCUMENT).json


def operations(document):
    """(path, method, operation) of all."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def parameters(document, operation):
    return [resolve(document, one) for one in operation.get("parameters", [])]


# ---- the document itself ----

def test_it_is_open_to_everybody(daemon, school):
    for client in (daemon.anonymous(), school, daemon.party("stranger"), daemon.party("no-oin")):
        answer = client.get(DOCUMENT)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.json["info"]["version"] == answer.headers["api-version"]
        assert "log-index" not in answer.headers
    daemon.operator.suspend(school)
    assert school.get(DOCUMENT).status == 200
    assert "access-control-allow-origin" not in daemon.anonymous().get("/v1/signals").headers


def test_it_is_sound(document):
    """References lead somewhere, everything described is used, templates and parameters agree."""
    text = json.dumps(document)
    used = set(re.findall(r'"#/components/(\w+/[\w-]+)"', text))
    there = {f"{kind}/{name}" for kind, named in document["components"].items()
             for name in named if kind != "securitySchemes"}
    assert used == there
    schemes = document["components"]["securitySchemes"]
    assert document["security"] == [{name: [] for name in schemes}]
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    tags = {tag["name"] for tag in document["tags"]}
    for path, _, operation in operations(document):
        assert set(operation["tags"]) <= tags and operation["summary"] and operation["description"]
        described = parameters(document, operation)
        names = [(one["in"], one["name"]) for one in described]
        assert len(names) == len(set(names))
        in_path = {one["name"] for one in described if one["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(one["required"] for one in described if one["in"] == "path")
        assert all(response.isdigit() for response in operation["responses"])
    for schema in document["components"]["schemas"].values():
        for name in schema.get("required", []):
            assert name in schema["properties"]
        for one in schema.get("properties", {}).values():
            re.compile(one.get("pattern", ""))


def test_every_documented_operation_is_there_and_no_other(document, operator, school, municipality,
                                                          registry, auditor):
    """Anything but 404 and 405 for one who may; 405 with Allow for every other method."""
    operator.allow(school, "quiet")
    who = {"log-entries": auditor, "processing-activities": auditor, "person-events": registry,
           "access-requests": municipality, "erasures": municipality, "statistics": municipality}
    school.designate("ib-1")
    signal = school.signal(bsn(0), "ib-1")
    mine, own = signal.json["id"], signal.headers["log-index"]
    school.signal(bsn(0), school.designate("ib-2"))
    match = school.matches()[0]["id"]
    for path, methods in document["paths"].items():
        kind = path.split("/")[1]
        client = who.get(kind, school)
        target = "/v1" + path.format(id={"signals": mine, "matches": match}.get(kind, "ib-1"),
                                     index=0, logIndex=own)
        allowed = {method.upper() for method in methods}
        if "GET" in allowed:
            allowed.add("HEAD")
        for method in METHODS + ("HEAD",):
            answer = client.request(method, target)
            if method not in allowed:
                assert answer.status == 405, (method, target, answer)
                assert method == "HEAD" or answer.problem == "method-not-allowed"
                assert set(answer.headers["allow"].split(", ")) == allowed
            else:
                assert answer.status not in (404, 405, 500, 501), (method, target, answer)
                assert answer.headers.get("allow") is None
        for method in METHODS + ("HEAD",):
            answer = client.request(method, target + "/")
            assert answer.status == 404 and "location" not in answer.headers, (method, target)


def test_head_wherever_there_is_get(document, daemon, school, auditor, municipality):
    school.designate("ib-1")
    own = school.get("/v1/signals").headers["log-index"]
    for path, methods in document["paths"].items():
        if "get" not in methods or "{id}" in path and "professionals" not in path:
            continue
        kind = path.split("/")[1]
        client = {"log-entries": auditor, "statistics": municipality}.get(kind, school)
        target = "/v1" + path.format(id="ib-1", index=0, logIndex=own)
        target += {"/log-entries": "?fromIndex=0&limit=1", "/statistics": "?year=2026",
                   "/log-entries/{index}/proof": "?treeSize=1"}.get(path, "")
        got, head = client.get(target), client.head(target)
        assert (head.status, head.body) == (got.status, b""), target
        changing = ["date", "log-index", "ratelimit"]
        if kind == "receipts":
            changing.append("content-length")  # the log has grown, and so may have the proof
        assert [h for h in head.header_list if h[0] not in changing] == [
            h for h in got.header_list if h[0] not in changing]
        assert ("log-index" in head.headers) == ("log-index" in got.headers)
    assert school.head("/v1/nothing").status == 404
    assert daemon.anonymous().head("/v1/signals").status == 401


# ---- what the routes answer, against the document ----

class Checked:
    """A party's client that holds each answer against the document, and keeps which it saw."""

    def __init__(self, document, party, seen):
        self.document, self.party, self.seen = document, party, seen

    def find(self, method, path):
        plain = path.split("?")[0].removeprefix("/v1")
        for template, methods in self.document["paths"].items():
            pattern = re.sub(r"{\w+}", "[^/]+", template)
            # A name that is spelt out comes before a template: /parties/self.
            if re.fullmatch(pattern, plain) and method.lower() in methods:
                return template, methods[method.lower()]
        raise AssertionError(f"{method} {path} is not described")

    def ask(self, method, path, body=None, headers=None):
        answer = self.party.request(method, path, json=body, headers=headers)
        template, operation = self.find(method, path)
        told = resolve(self.document, operation["responses"][str(answer.status)])
        self.seen.add((method, template, answer.status))
        described = set(told["headers"])
        # What an answer has of what is told of headers, it says; and the version always.
        assert "API-Version" in described and "api-version" in answer.headers
        own = {"log-index", "location", "ratelimit", "ratelimit-policy"} & answer.headers.keys()
        if answer.status < 400:
            assert own <= {name.lower() for name in described}, (method, path)
        media = answer.headers.get("content-type")
        assert media in told.get("content", [None])
        if media is not None:
            value = answer.json if "json" in media else answer.text
            wrong = faults(self.document, told["content"][media]["schema"], value)
            assert wrong == [], (method, path, wrong)
        if body is not None and answer.status < 300:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert faults(self.document, schema, body) == []
        return answer


@pytest.mark.smoke
def test_answers_are_as_described(document, daemon, operator, school, care, municipality, auditor,
                                  registry):
    for permission in ("blinded", "quiet"):
        operator.allow(school, permission)
    seen, kinds = set(), set()
    by_school, by_care, by_town, by_auditor, by_register = (
        Checked(document, party, seen)
        for party in (school, care, municipality, auditor, registry))

    def signal(client, number, professional, **more):
        return client.ask("POST", "/v1/signals", {"bsn": number, "professional": professional,
                                                  "birthDate": "2015-05-01", **more})

    for client, professional in ((by_school, "a"), (by_care, "c")):
        path = f"/v1/professionals/{professional}"
        assert client.ask("PUT", path, {"name": "X"}).status == 201
        full = {"name": "X", "function": "f", "email": "x@y.nl", "phone": "1"}
        assert client.ask("PUT", path, full).status == 200
        client.ask("GET", path)
    mine = signal(by_school, bsn(0), "a", reference="r", municipality="0361").json["id"]
    match = signal(by_care, bsn(0), "c").json["match"]["id"]
    assert signal(by_care, bsn(0), "c").status == 200
    element = ristretto.to_text(ristretto.BASE.encode())
    by_school.ask("POST", "/v1/signals", {"element": element, "keyId": 1, "professional": "a",
                                          "birthDate": "2015-05-01"})
    for client in (by_school, by_care, by_town):
        for path in ("/v1/matches", f"/v1/matches/{match}", "/v1/notices?limit=5&wait=0"):
            assert client.ask("GET", path).status == 200
        client.ask("GET", "/v1/parties/self")
        client.ask("POST", "/v1/notices/_acknowledge", {"upTo": 1})
    for path in ("/v1/signals", f"/v1/signals/{mine}", "/v1/signals?limit=1", "/v1/professionals",
                 "/v1/pseudonyms/key"):
        assert by_school.ask("GET", path).status == 200
    by_school.ask("POST", "/v1/pseudonyms/_evaluate", {"elements": [element, element]})
    by_school.ask("DELETE", "/v1/professionals/a")
    by_care.ask("PUT", "/v1/professionals/z", {"name": "Z"})
    by_care.ask("DELETE", "/v1/professionals/z")
    person = {"familyName": "Smit", "birthDate": "2014-02-03", "sex": "M"}
    assert by_school.ask("POST", "/v1/signals", {
        "person": person, "professional": "a", "quiet": True}).status == 201
    by_school.ask("POST", f"/v1/signals/{mine}/_renew", {"birthDate": "2015-05-01"})
    by_school.ask("POST", f"/v1/matches/{match}/_confirm-contact", {"professional": "a"})
    by_school.ask("POST", "/v1/signals/_count-notices", {"bsns": [bsn(n) for n in range(100)]})
    by_school.ask("PUT", "/v1/professionals/b", {"name": "B"})
    by_school.ask("POST", "/v1/professionals/b/_transfer", {"to": "a"})
    for event in ({"type": "moved", "bsn": bsn(0), "municipality": "0362"},
                  {"type": "relations", "bsn": bsn(0), "parents": [bsn(9)], "address": "1 A",
                   "institution": False}, {"type": "bsn-assigned", "person": person, "bsn": bsn(1)},
                  {"type": "bsn-replaced", "bsn": bsn(1), "replacedBy": bsn(2)},
                  {"type": "died", "person": {**person, "familyName": "Niemand"}}):
        assert by_register.ask("POST", "/v1/person-events", event).status == 204
    born = str(years_later(daemon.today(), -13))
    for number in (bsn(0), bsn(2), bsn(44)):
        by_town.ask("POST", "/v1/access-requests", {
            "bsn": number, "birthDate": born, "requestedBy": "both", "caseReference": "z"})
    in_text = by_town.ask("POST", "/v1/access-requests", {
        "bsn": bsn(0), "birthDate": born, "requestedBy": "both", "caseReference": "z"},
        headers={"Accept": "text/plain"})
    assert in_text.headers["content-type"].startswith("text/plain")
    by_town.ask("GET", f"/v1/statistics?year={daemon.today().year}")
    by_town.ask("POST", "/v1/erasures", {"bsn": bsn(2), "scope": "archive", "ground": "x",
                                         "caseReference": "z"})
    by_school.ask("DELETE", f"/v1/signals/{mine}?reason=wrongful")
    for client in (by_school, by_care, by_town, by_auditor):
        client.ask("GET", "/v1/notices?after=0&limit=500")
    # In time: prompts, removals, what stalls.
    for number in (bsn(3), bsn(4)):
        signal(by_school, number, "a")
        signal(by_care, number, "c")
    operator.pass_time("720d")
    school.is_told("signal-renewal-due", times=4)
    operator.pass_time("30d")
    school.is_told("signal-removed", times=4)
    for client in (by_school, by_care, by_town):
        client.ask("GET", "/v1/notices?after=0&limit=500")
    for notices in (school.told(), care.told(), municipality.told(), auditor.told()):
        kinds.update(kind_of(notice) for notice in notices)
    assert kinds >= {"match-formed", "signal-renewal-due", "signal-removed", "follow-up-stalled",
                     "youth-moved", "access-requested", "notices-counted"}
    assert by_auditor.ask("GET", "/v1/log-entries?limit=500").status == 200
    by_auditor.ask("GET", "/v1/log-entries?limit=1")
    by_auditor.ask("POST", "/v1/log-entries/_search",
                   {"bsn": bsn(0), "caseReference": "z", "limit": 2})
    by_auditor.ask("POST", "/v1/processing-activities", {
        "processingActivityId":
            "https://verwijsindex.example/processing-activities/signal-posted"})
    by_auditor.ask("GET", "/v1/log-entries/0/proof")
    by_auditor.ask("GET", "/v1/log-entries/0/proof?treeSize=5")
    listed = by_school.ask("GET", "/v1/signals")
    assert by_school.ask("GET", f"/v1/receipts/{listed.headers['log-index']}").status == 200
    Checked(document, daemon.anonymous(), seen).ask("GET", DOCUMENT)
    # Every way to succeed was seen.
    told = {(method.upper(), path, int(status)) for path, method, operation in operations(document)
            for status in operation["responses"] if status < "300"}
    assert {one for one in seen if one[2] < 300} == told

    # And the refusals.
    anonymous = Checked(document, daemon.anonymous(), seen)
    for method, path in (("GET", "/v1/signals"), ("GET", "/v1/matches"), ("POST", "/v1/signals")):
        assert anonymous.ask(method, path, {} if method == "POST" else None).status == 401
    for client, method, path, body, status in (
            (by_school, "POST", "/v1/signals", {}, 400),
            (by_school, "GET", "/v1/matches?x=1", None, 400),
            (by_auditor, "POST", "/v1/signals", {}, 403),
            (by_school, "GET", "/v1/log-entries", None, 403),
            (by_school, "GET", f"/v1/signals/{UUID}", None, 404),
            (by_school, "DELETE", f"/v1/signals/{UUID}?reason=ended", None, 404),
            (by_auditor, "GET", "/v1/log-entries/99999/proof", None, 404),
            (by_auditor, "GET", f"/v1/receipts/{listed.headers['log-index']}", None, 404),
            (by_care, "DELETE", "/v1/professionals/c", None, 409)):
        assert client.ask(method, path, body).status == status, (method, path)
    answer = by_school.ask("GET", "/v1/signals", headers={"Accept": "text/html"})
    assert answer.status == 406
    answer = by_school.ask("POST", "/v1/signals", {}, headers={"Content-Type": "text/plain"})
    assert answer.status == 415
    answer = by_school.ask("POST", "/v1/signals", {"reference": "x" * 5000})
    assert answer.status == 413


ALWAYS = {
    "cache-control": "no-store", "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff", "x-frame-options": "DENY",
}


def test_headers_of_every_kind_of_answer(document, daemon, school, care, operator):
    school.designate("a")
    version = document["info"]["version"]
    answers = {
        200: school.get("/v1/signals"), 201: school.signal(bsn(0), "a"),
        204: school.acknowledge(0), 400: school.post("/v1/signals", {}),
        401: daemon.anonymous().get("/v1/signals"), 403: school.get("/v1/log-entries"),
        404: school.get("/v1/nothing"), 405: school.request("PATCH", "/v1/signals"),
        406: school.get("/v1/signals", headers={"Accept": "text/html"}),
        409: school.delete("/v1/professionals/a"),
        413: school.post("/v1/signals", body=b"{" + b" " * 5000 + b"}",
                         headers={"Content-Type": "application/json"}),
        415: school.post("/v1/signals", body=b"x", headers={"Content-Type": "text/plain"}),
    }
    for status, answer in answers.items():
        assert answer.status == status, answer
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, status
        assert re.match(r"max-age=\d{8}", answer.headers["strict-transport-security"])
        assert answer.headers["api-version"] == version and "date" in answer.headers
        assert len({name for name, _ in answer.header_list}) == len(answer.header_list)
        assert answer.headers.get("content-length", "0") == str(len(answer.body))
        assert ("ratelimit" in answer.headers) == (status != 401)
        assert "server" not in answer.headers
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert {"status", "title", "detail", "type"} <= answer.json.keys()
            assert answer.json["status"] == status
        elif status != 204:
            assert answer.headers["content-type"] == "application/json"
    assert "content-type" not in answers[204].headers and answers[204].body == b""
    assert answers[201].headers["location"] == f"/v1/signals/{answers[201].json['id']}"
    assert set(answers[405].headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


def moments(node, found):
    """All members that tell a moment or a date, by name."""
    for name, value in (node.items() if isinstance(node, dict) else enumerate(node)):
        if isinstance(value, (dict, list)):
            moments(value, found)
        elif isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
            found.setdefault(name, set()).add(value)
    return found


def test_times_are_told_in_utc(school, care, municipality, auditor):
    school.designate("a")
    care.designate("c")
    school.signal(bsn(0), "a")
    found = moments(care.signal(bsn(0), "c").json, {})
    for party in (school, care, municipality):
        for path in ("/v1/matches", "/v1/notices", "/v1/parties/self"):
            moments(party.get(path).json, found)
    moments(school.get("/v1/signals").json, found)
    assert found.keys() == {"reportedAt", "notifiedAt", "time", "removalDate", "followUpDueDate",
                            "untilDate"}
    for name, values in found.items():
        wanted = FORMATS["date" if name.endswith("Date") else "date-time"]
        assert all(wanted.fullmatch(value) for value in values), (name, values)
    # Any offset is taken.
    instant = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    size = None
    for hours in (-11, 0, 2):
        local = instant.astimezone(datetime.timezone(datetime.timedelta(hours=hours)))
        text = local.isoformat(timespec="seconds").replace("+", "%2B")
        answer = auditor.get(f"/v1/log-entries?from={text}&event=signal-posted")
        assert answer.status == 200, text
        assert size in (None, len(answer.json["logEntries"]))
        size = len(answer.json["logEntries"])
    assert size == 2


# ---- the NLGov REST API Design Rules ----

LOWER_CAMEL = re.compile(r"[a-z]+([A-Z][a-z0-9]*)*")

# Names that are not ours but those of Logboek Dataverwerkingen and its reading extension.
LDV_NAMES = {"dpl.core.processing_activity_id", "dpl.core.data_subject_id"}
LDV_TIMES = {"startTime", "endTime"}


def test_nlgov_paths(document):
    assert re.fullmatch(r"3\.\d+\.\d+", document["openapi"])
    assert all(server["url"].startswith("https://") and server["url"].endswith("/v1")
               for server in document["servers"])
    collections = {"signals", "professionals", "matches", "notices", "pseudonyms", "log-entries",
                   "parties", "person-events", "access-requests", "erasures", "statistics",
                   "receipts", "processing-activities"}
    for path in document["paths"]:
        assert not path.endswith("/") and "//" not in path
        segments = path.split("/")[1:]
        if path == "/openapi.json":
            continue
        assert segments[0] in collections and segments[0].endswith("s")
        for segment in segments:
            last = segment is segments[-1]
            assert re.fullmatch(r"[a-z][a-z0-9-]*|{[a-zA-Z]+}" + (r"|_[a-z-]+" if last else ""),
                                segment), path
    for path, method, operation in operations(document):
        assert method in ("get", "post", "put", "delete")
        if "/_" in path:
            assert method == "post"


def test_nlgov_names(document):
    """Query keys and members lowerCamelCase; dates and moments told apart by their names."""
    for _, _, operation in operations(document):
        for one in parameters(document, operation):
            if one["in"] != "header":
                assert LOWER_CAMEL.fullmatch(one["name"]), one
            assert one["name"] not in ("bsn", "element", "person")  # nothing sensitive in a URI
    for name, schema in document["components"]["schemas"].items():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name)
        for member, one in schema.get("properties", {}).items():
            foreign = name.startswith("ProcessingActivity")
            assert LOWER_CAMEL.fullmatch(member) or (foreign and member in LDV_NAMES), (name, member)
            assert (one.get("format") == "date") == member.endswith("Date"), (name, member)
            assert (one.get("format") == "date-time") == (
                member.endswith("At") or member in ("time", "at", "since") or
                (name == "LogSearch" and member in ("from", "to")) or
                (foreign and member in LDV_TIMES)), (name, member)


def test_nlgov_answers(document):
    contact = document["info"]["contact"]
    assert contact["name"] and contact["url"].startswith("https://") and "@" in contact["email"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["info"]["version"])
    for path, method, operation in operations(document):
        responses = {int(status): resolve(document, one)
                     for status, one in operation["responses"].items()}
        if method in ("post", "put", "patch") or any(
                one["in"] != "header" for one in parameters(document, operation)):
            assert 400 in responses, (method, path)
        if path != "/openapi.json":
            assert {401, 403} <= responses.keys()
        assert any(status < 300 for status in responses)
        assert not any(300 <= status < 400 or status == 422 for status in responses)
        for status, response in responses.items():
            assert "API-Version" in response["headers"], (method, path, status)
            if status < 400:
                continue
            (media,) = response["content"]
            schema = resolve(document, response["content"][media]["schema"])
            assert media == "application/problem+json"
            parts = [resolve(document, part) for part in schema.get("allOf", [schema])]
            assert {"status", "title", "detail"} <= set(parts[0]["required"])
            if status == 400:
                errors = parts[1]["properties"]["errors"]["items"]
                assert set(resolve(document, errors)["required"]) == {"detail", "pointer"}
    # A body is what the schema says and nothing else.
    for name, schema in document["components"]["schemas"].items():
        if name.endswith(("Request", "Acknowledgement", "LogSearch")) and "allOf" not in schema:
            assert schema["additionalProperties"] is False, name
    assert document["components"]["headers"].keys() >= {"RateLimit", "RateLimit-Policy",
                                                        "Retry-After", "Log-Index", "Location"}


def test_what_is_outside_the_interface(document, daemon, school):
    """Metrics and health are on their own listener, the log's head outside /v1."""
    for path in ("/metrics", "/health", "/v1/metrics", "/v1/health", "/tlog", "/control/status"):
        assert school.get(path).status == 404
    assert school.get("/tlog/checkpoint").status == 200
    assert not any("tlog" in path or "control" in path for path in document["paths"])
    for path in ("/v1/receipts/0", "/v1/webhook", "/v1/notices/_stream"):
        assert school.get(path).status == 404  # not built, so not there
    assert daemon.management("/v1/openapi.json").status == 404
