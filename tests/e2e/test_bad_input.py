# SPDX-License-Identifier: EUPL-1.2
"""What bad input gets: a problem document that names every fault at once, an entry in the log, and
nothing half done. Table by table for every route that takes a body; then what stands in a query.
And through all of it: no BSN ever comes back, from anywhere."""
import json

import pytest

import actors
import ristretto
from actors import bsn, bsn_with_leading_zero, dutch_day

PROBLEMS = "https://verwijsindex.example/problems/"
FAILING, ZERO = "950000013", "000000000"
NUMBERS = [bsn(0), bsn(1), bsn_with_leading_zero(), FAILING]
CONTROLS = ["a\nb", "a\u0000b", "a\u007fb", "a\u0085b", "a\u202eb"]


def years_ago(years):
    day = dutch_day()
    return str(day.replace(year=day.year - years, day=min(day.day, 28)))


NOT_A_BSN = ["", "9500000", "9500000120", FAILING, "95000001", ZERO, ZERO[1:], "95000001a",
             " 95000000", "95000000 ", "950000000\n", "+95000000", "9.5e+8", "\u0669" * 9,
             "950\u0000" + "000000", 950000000, 950000000.0, -950000000, None, True,
             ["950000000"], {"bsn": "950000000"}]
NOT_TEXT = [1, 1.5, True, None, [], {}, ["x"]]
NOT_A_NUMBER = ["1", 1.0, 1.5, True, None, [], {}]
NOT_A_DATE = ["", "2015-02-30", "2015-13-01", "2015-00-10", "2015-5-1", "15-05-01", "01-05-2015",
              "2015-05-01T00:00:00Z", "2015-05-01 ", "20150501", "-015-05-01", 20150501] + NOT_TEXT
NOT_AN_INSTANT = ["", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"] + NOT_TEXT
NOT_A_TRACE = ["", "1f", "1f" * 17, "zz" * 16] + NOT_TEXT
NOT_AN_ID = ["", "a" * 65, "a b", "a/b", "\u00fc", "a\n"] + NOT_TEXT


def not_short_text(maximum, may_be_empty=False):
    return ["x" * (maximum + 1)] + CONTROLS + NOT_TEXT + ([] if may_be_empty else [""])


class Route:
    """A route, a good body for it, which members it needs, and what is wrong for each member."""

    def __init__(self, method, path, good, required=(), faults=None, large=False, name=None):
        self.method, self.path, self.good = method, path, good
        self.required, self.faults = sorted(required), faults or {}
        self.name = name or f"{method} {path}"
        self.maximum = 64 if good is None else 16384 if large else 4096
        self.is_control = path.startswith("/control")

    def __repr__(self):
        return self.name


CONTACTS = {"contactName": not_short_text(200, True), "contactPhone": not_short_text(32, True),
            "contactEmail": ["x", "@x", "x@", "a b@c", "a@b@c", "a@" + "b" * 253] + NOT_TEXT}
ROLES = [[], ["king"], ["reporter", "king"], [1], [None], "reporter", None, {}, ["reporter"] * 6]
OIN = "00000003999999990000"
NOT_AN_OIN = ["", "1", OIN + "0", OIN[:-1], "0000000a999999990000", "0000000399999999000a",
              " " + OIN[1:], OIN + "\n"] + NOT_TEXT
NOT_A_MUNICIPALITY = ["", "361", "03611", "abcd", " 361", "+361"] + NOT_TEXT
NOT_TRUE_OR_FALSE = ["true", "", 0, 1, None, [], {}]
NO_PERSON = ["", "Smit", 1, None, [], True]
NO_LIST = ["x", {}, None, 1, True]
NO_REQUESTER = ["", "Youth", "nobody", "youth "] + NOT_TEXT
HUNDRED = [bsn(100 + n) for n in range(100)]
TEN = str(dutch_day(-3700))
PERSON = {"familyName": "de Vries", "birthDate": TEN, "sex": "M"}


def event(kind, faults, **good):
    return Route("POST", "/v1/person-events", {"type": kind, **good}, (), faults,
                 name=f"POST /v1/person-events {kind}")


ROUTES = [
    Route("POST", "/v1/signals",
          {"bsn": bsn(0), "professional": "ib-1", "birthDate": "2015-05-01"},
          ["bsn", "professional", "birthDate"],
          {"bsn": NOT_A_BSN, "professional": NOT_AN_ID + ["ib-2"],
           "birthDate": NOT_A_DATE + [str(dutch_day(1)), "9999-12-31", years_ago(23),
                                      years_ago(24), "1899-12-31", "0000-01-01"],
           "municipality": NOT_A_MUNICIPALITY + ["9999"],
           "quiet": NOT_TRUE_OR_FALSE, "reference": not_short_text(64)}),
    Route("POST", "/v1/signals/{signal}/_renew", {"birthDate": "2015-05-01"}, ["birthDate"],
          {"birthDate": NOT_A_DATE + [str(dutch_day(1)), "9999-12-31", years_ago(23),
                                      "1899-12-31"]}),
    Route("POST", "/v1/signals/_count-notices", {"bsns": HUNDRED}, (),
          {"bsns": NO_LIST + [[], HUNDRED[:99], HUNDRED * 3], "municipality": NOT_A_MUNICIPALITY},
          large=True),
    Route("POST", "/v1/professionals/ib-1/_transfer", {"to": "ib-8"}, ["to"],
          {"to": NOT_AN_ID + ["ib-1", "ib-2", "jw-1"]}),
    Route("POST", "/v1/matches/{match}/_confirm-contact", {"professional": "ib-1"},
          ["professional"], {"professional": NOT_AN_ID + ["ib-2", "ib-8", "jw-1"]}),
    event("died", {"bsn": NOT_A_BSN}, bsn=bsn(0)),
    event("moved",
          {"bsn": NOT_A_BSN, "municipality": NOT_A_MUNICIPALITY}, bsn=bsn(0), municipality="0361"),
    event("bsn-replaced", {"bsn": NOT_A_BSN, "replacedBy": NOT_A_BSN + [bsn(0)]},
          bsn=bsn(0), replacedBy=bsn(1)),
    event("relations",
          {"bsn": NOT_A_BSN, "parents": NO_LIST + [[bsn(5), bsn(6), bsn(7), bsn(8), bsn(9)]],
           "address": ["", "   ", "x" * 300] + CONTROLS + NOT_TEXT,
           "institution": NOT_TRUE_OR_FALSE}, bsn=bsn(0)),
    event("bsn-assigned", {"bsn": NOT_A_BSN, "person": NO_PERSON}, bsn=bsn(0),
          person=PERSON),
    Route("POST", "/v1/access-requests",
          {"bsn": bsn(0), "birthDate": TEN, "requestedBy": "representative",
           "caseReference": "z-1"}, (),
          {"bsn": NOT_A_BSN, "birthDate": NOT_A_DATE + [str(dutch_day(1)), "1899-12-31"],
           "requestedBy": NO_REQUESTER + ["youth", "both"],
           "caseReference": not_short_text(64) + [bsn(0)]}),
    Route("POST", "/v1/erasures",
          {"bsn": bsn(0), "scope": "all", "ground": "bezwaar", "caseReference": "z-1"}, (),
          {"bsn": NOT_A_BSN, "scope": ["", "some", "All"] + NOT_TEXT,
           "ground": not_short_text(100), "caseReference": not_short_text(64) + [bsn(0)]}),
    Route("PUT", "/v1/professionals/ib-9", {"name": "Sanne"}, ["name"],
          {"name": not_short_text(200), "function": not_short_text(200, True),
           "phone": not_short_text(32, True), "email": CONTACTS["contactEmail"]}, large=True),
    Route("POST", "/v1/notices/_acknowledge", {"upTo": 1}, ["upTo"],
          {"upTo": NOT_A_NUMBER + [-1, 3, 10**17, 10**18]}),
    Route("POST", "/v1/pseudonyms/_evaluate",
          {"elements": [ristretto.to_text(ristretto.BASE.encode())]}, ["elements"],
          {"elements": ["x", {}, None, 1, [], ["A" * 43] * 65]}),
    Route("POST", "/v1/log-entries/_search", {"bsn": bsn(0), "caseReference": "zaak-1"},
          ["#", "caseReference"],
          {"bsn": NOT_A_BSN, "caseReference": not_short_text(64), "party": NOT_AN_OIN,
           "event": ["", "king", "Signal-posted"] + NOT_TEXT, "traceId": NOT_A_TRACE,
           "from": NOT_AN_INSTANT, "to": NOT_AN_INSTANT,
           "limit": NOT_A_NUMBER + [0, -1, 501],
           "cursor": NOT_TEXT + ["", "x", "A" * 200, "AQQAAAAAAAAAzgAAAAAAAADSAA=", "\u00e9"]}),
    Route("POST", "/v1/processing-activities", {"traceId": "1f" * 16}, ["#"],
          {"traceId": NOT_A_TRACE, "dataSubjectId": NOT_A_TRACE,
           "processingActivityId": not_short_text(256), "startTime": NOT_AN_INSTANT,
           "endTime": NOT_AN_INSTANT, "limit": NOT_A_NUMBER + [0, -1, 501]}),
    Route("POST", "/control/parties",
          {"oin": OIN, "name": "X", "roles": ["reporter"], "municipality": "0361",
           "agreementUntil": "2099-12-31"}, ["name", "oin", "roles"],
          {"oin": NOT_AN_OIN, "name": not_short_text(200), "roles": ROLES,
           "municipality": NOT_A_MUNICIPALITY, "agreementUntil": NOT_A_DATE, **CONTACTS},
          large=True),
    Route("PUT", "/control/parties/{school}", {"name": "Y"}, [],
          {"name": not_short_text(200), "roles": ROLES, **CONTACTS}, large=True),
    Route("POST", "/control/parties/{school}/_allow", {"permission": "quiet"}, ["permission"],
          {"permission": ["", "king", "Blinded", "blinded "] + NOT_TEXT}),
    Route("POST", "/control/parties/{school}/_deny", {"permission": "blinded"}, ["permission"],
          {"permission": ["", "king"] + NOT_TEXT}),
    Route("POST", "/control/parties/{school}/_suspend", None),
    Route("POST", "/control/parties/{school}/_resume", None),
    Route("POST", "/control/_reload", None),
    Route("PUT", "/control/parties/{school}/agreements/0362", {"untilDate": "2099-12-31"},
          ["untilDate"], {"untilDate": NOT_A_DATE}),
    Route("PUT", "/control/parties/{school}/mandates/{care}", {"untilDate": "2099-12-31"},
          ["untilDate"], {"untilDate": NOT_A_DATE}),
    Route("POST", "/control/parties/{school}/_merge", {"into": OIN}, ["into"],
          {"into": NOT_AN_OIN}),
    Route("POST", "/control/_wind-down",
          {"directory": "/nonexistent/vix/remains", "confirm": actors.LOG_ORIGIN},
          ["confirm", "directory"],
          {"directory": ["", "remains", "./remains", "/" + 4000 * "x"] + CONTROLS + NOT_TEXT,
           "confirm": ["", "yes", actors.LOG_ORIGIN + " ", actors.LOG_ORIGIN.upper()] + CONTROLS
                      + NOT_TEXT}, large=True),
    Route("POST", "/control/_turn-epoch", None),
    Route("POST", "/control/_backup", {"directory": "/nonexistent/vix/backup"}, ["directory"],
          {"directory": ["", "backup", "./backup", "/" + 4000 * "x"] + CONTROLS + NOT_TEXT},
          large=True),
    Route("POST", "/control/clock/_advance", {"seconds": 1}, ["seconds"],
          {"seconds": NOT_A_NUMBER + [0, -1, 10**12]}),
]

MALFORMED = {
    "absent": b"",
    "cut off": b'{"bsn":"9500000',
    "only a brace": b"{",
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1",
    "null": b"null",
    "twice": b'{"x":1,"x":2}',
    "twice, once escaped": b'{"x":1,"\\u0078":2}',
    "twice, deeper": b'{"x":{"y":1,"y":2}}',
    "something behind": b"{} x",
    "two texts": b"{}{}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"x":1}'.encode("utf-16"),
    "not UTF-8": b'{"x":"\xff"}',
    "overlong UTF-8": b'{"x":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"x":"\xed\xa0\x80"}',
    "half a surrogate pair": b'{"x":"\\ud800"}',
    "a NUL": b'{"x":"a\\u0000b"}',
    "a NUL in a name": b'{"a\\u0000b":1}',
    "a bare NUL": b'{"x":1}\0',
    "a bare control character": b'{"x":"a\x01b"}',
    "a comma too many": b'{"x":1,}',
    "single quotes": b"{'x':1}",
    "a comment": b'{"x":1 /* one */}',
    "NaN": b'{"x":NaN}',
    "a leading zero": b'{"x":01}',
    "a number without end": b'{"x":' + b"9" * 400 + b"}",
    "an exponent without end": b'{"x":1e999}',
    "a bomb of lists": b"[" * 4000,
    "a bomb of objects": b'{"a":' * 800,
    "a bomb that ends": b'{"x":' + b"[" * 1000 + b"]" * 1000 + b"}",
}
WRONG_MEDIA = [
    {}, {"Content-Type": "text/plain"}, {"Content-Type": "application/xml"},
    {"Content-Type": "application/json; charset=utf-16"}, {"Content-Type": "application/jsonx"},
    {"Content-Type": "application/problem+json"}, {"Content-Type": "application/json, text/plain"},
    {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    {"Content-Type": "application/x-www-form-urlencoded"},
]


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """Every answer of the test; none of them may hold a number that was sent."""
    answers = []

    class RecordedAnswer(actors.Answer):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            answers.append(self)

    monkeypatch.setattr(actors, "Answer", RecordedAnswer)
    yield answers
    for answer in answers:
        for number in NUMBERS:
            assert number.lstrip("0") not in answer.body.decode("utf-8", "replace")
            assert number.lstrip("0") not in str(answer.header_list)


class Index:
    """A running index with something in it, and who may ask it what."""

    def __init__(self, daemon, operator, school, care, municipality, auditor, registry):
        self.daemon, self.operator, self.auditor = daemon, operator, auditor
        self.registry = registry
        self.parties = {"school": school, "care": care, "municipality": municipality}
        self.oins = {name: party.oin for name, party in self.parties.items()}
        self.oins["auditor"] = auditor.oin
        for permission in ("blinded", "quiet"):
            operator.allow(school, permission)
        school.designate("ib-8")
        for party, professional in ((school, "ib-1"), (care, "jw-1")):
            party.designate(professional)
            party.signal(bsn(2), professional, reference="eerder")
        self.things = {"signal": school.signals()[0]["id"], "match": school.matches()[0]["id"]}
        self.refusals = []

    def client(self, route):
        if route.is_control:
            return self.operator
        for word, party in (("log-entries", self.auditor), ("processing-activities", self.auditor),
                            ("person-events", self.registry),
                            ("access-requests", self.parties["municipality"]),
                            ("erasures", self.parties["municipality"]),
                            ("statistics", self.parties["municipality"])):
            if word in route.path:
                return party
        return self.parties["school"]

    def send(self, route, body, headers=None):
        path = route.path.format(**self.oins, **self.things)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if headers is None else headers
        return self.client(route).request(route.method, path, body=data, headers=headers)

    def refused(self, answer, status, slug, pointers=None, what=None):
        """It was refused as it should be; the log is looked at later, all at once."""
        assert (answer.status, answer.problem) == (status, slug), (what, answer)
        problem = answer.json
        assert problem["type"] == PROBLEMS + slug and problem["status"] == status, what
        assert problem["title"] and problem["detail"], what
        if pointers is not None:
            assert answer.pointers == pointers, (what, answer)
        assert all(error["detail"] for error in problem.get("errors", []))
        self.refusals.append((int(answer.headers["log-index"]), slug))

    def everything(self):
        """All there is to see of what is kept."""
        seen = {name: [party.get(f"/v1/{what}").json for what in ("matches", "notices?after=0")]
                for name, party in self.parties.items()}
        for name in ("school", "care"):
            seen[name] += [self.parties[name].signals(),
                           self.parties[name].all_of("/v1/professionals", "professionals")]
        seen["parties"] = self.operator.get("/control/parties").json
        status = self.operator.status()
        seen["counts"] = status["signals"], status["openMatches"], status["abortedBatches"]
        return seen

    def check_log(self, party):
        """Each refusal stands in the log under its number, with the slug it was answered with."""
        assert self.refusals
        first = min(index for index, _ in self.refusals)
        entries = {entry["index"]: entry for entry in self.auditor.log_entries(fromIndex=first)}
        for index, slug in self.refusals:
            record, subject = entries[index]["record"], entries[index]["subject"]
            attributes = record["attributes"]
            assert record["name"] == "request-refused" and subject is None
            assert attributes["verwijsindex.outcome"] == slug
            if party is None:
                assert "verwijsindex.operator_uid" in attributes
            else:
                assert attributes["verwijsindex.party"] == party


@pytest.fixture
def index(daemon, operator, school, care, municipality, auditor, registry):
    return Index(daemon, operator, school, care, municipality, auditor, registry)


@pytest.mark.parametrize("route", ROUTES, ids=repr)
def test_bad_bodies(index, route):
    before = index.everything()
    for name, body in MALFORMED.items():
        if len(body) > route.maximum:
            index.refused(index.send(route, body), 413, "payload-too-large", what=name)
        elif body or route.good is not None:
            index.refused(index.send(route, body), 400, "invalid-request", ["#"], name)
    good = route.good or {}
    for unknown, pointer in (("unknown", "#/unknown"), ("a/b~c", "#/a~1b~0c"), (bsn(0), "#"),
                             ("x" * 65, "#"), ("na\u00efef", "#/na%C3%AFef")):
        if len(unknown) + 10 > route.maximum:
            continue
        index.refused(index.send(route, {**good, unknown: 1}), 400, "invalid-request", [pointer],
                      unknown)
    for headers in WRONG_MEDIA:
        index.refused(index.send(route, good, headers), 415, "unsupported-media-type", what=headers)
    much = json.dumps(good).encode()[:-1] + b" " * route.maximum + b"}"
    index.refused(index.send(route, much), 413, "payload-too-large")
    if route.required:
        index.refused(index.send(route, {}), 400, "invalid-request",
                      [name if name == "#" else f"#/{name}" for name in route.required])
    index.check_log(None if route.is_control else index.client(route).oin)
    assert index.everything() == before


@pytest.mark.parametrize("route", [route for route in ROUTES if route.faults], ids=repr)
def test_bad_members(index, route):
    before = index.everything()
    for name, values in route.faults.items():
        for value in values:
            answer = index.send(route, {**route.good, name: value})
            # What is NUL in a text is refused before it is taken for a member.
            pointers = ["#"] if isinstance(value, str) and "\0" in value else [f"#/{name}"]
            if name == "elements" and isinstance(value, list) and value[:1] == [1]:
                pointers = ["#/elements/0"]
            if name == "bsns" and value == HUNDRED * 3:
                pointers = ["#/bsns"]
            if name == "roles" and isinstance(value, list) and value and len(value) < 6:
                pointers = [f"#/roles/{len(value) - 1}"]
            index.refused(answer, 400, "invalid-request", pointers, (name, value))
    # And one fault of each at once: all of them are told.
    worst = {name: next(v for v in values if v is None or isinstance(v, (list, dict)))
             for name, values in route.faults.items()}
    kind = {name: value for name, value in route.good.items() if name == "type"}
    index.refused(index.send(route, {**kind, **worst, "unknown": 1}), 400, "invalid-request",
                  sorted([f"#/{name}" for name in worst if worst[name] != ["king"]]
                         + ["#/unknown"]))
    index.check_log(None if route.is_control else index.client(route).oin)
    assert index.everything() == before


def test_a_signal_with_everything_wrong_is_told_everything(index):
    answer = index.parties["school"].post("/v1/signals", {
        "bsn": FAILING, "element": "A" * 43, "keyId": 7, "professional": "", "birthDate": "morgen",
        "municipality": "Alkmaar", "reference": "x" * 65, "reason": "zorgen", "risk": 5})
    assert answer.pointers == ["#/birthDate", "#/bsn", "#/element", "#/element", "#/keyId",
                               "#/municipality", "#/professional", "#/reason", "#/reference",
                               "#/risk"]


WRONG_OF_A_PERSON = {
    "familyName": ["", "x" * 300, "-", "'", "1234", "a\nb", "a\u202eb", "\ufeff"] + NOT_TEXT,
    "birthDate": NOT_A_DATE,
    "sex": ["", "W", "MV", "m ", "mannelijk"] + NOT_TEXT,
}


@pytest.mark.parametrize("route", ["POST /v1/signals", "POST /v1/person-events died",
                                   "POST /v1/person-events bsn-assigned",
                                   "POST /v1/access-requests", "POST /v1/erasures"])
def test_a_person_with_faults(route, index):
    """Each is told by its place, all of them at once."""
    route = next(one for one in ROUTES if repr(one) == route)
    good = {name: value for name, value in route.good.items() if name not in ("bsn", "birthDate")}
    if "assigned" in repr(route):
        good["bsn"] = bsn(0)
    before = index.everything()
    for name, values in WRONG_OF_A_PERSON.items():
        for value in values:
            answer = index.send(route, {**good, "person": {**PERSON, name: value}})
            index.refused(answer, 400, "invalid-request", [f"#/person/{name}"], (name, value))
    for person, pointers in (
            ({}, ["#/person/birthDate", "#/person/familyName", "#/person/sex"]),
            ({"familyName": "", "birthDate": "x", "sex": 1, "bsn": bsn(0)},
             ["#/person/birthDate", "#/person/bsn", "#/person/familyName", "#/person/sex"]),
            ({**PERSON, "voornaam": "Jan"}, ["#/person/voornaam"])):
        index.refused(index.send(route, {**good, "person": person}), 400, "invalid-request",
                      pointers, person)
    index.check_log(index.client(route).oin)
    assert index.everything() == before


TWICE_NAMED = [
    ("POST /v1/signals", {"bsn": bsn(0), "person": PERSON}),
    ("POST /v1/signals", {"element": "A" * 43, "person": PERSON}),
    ("POST /v1/access-requests", {"bsn": bsn(0), "person": PERSON}),
    ("POST /v1/erasures", {"bsn": bsn(0), "person": PERSON}),
    ("POST /v1/person-events died", {"bsn": bsn(0), "person": PERSON}),
    ("POST /v1/person-events moved", {"bsn": bsn(0), "person": PERSON}),
]


def test_a_child_is_named_once(index):
    """By one number, or one name; nobody's and two are no child."""
    before = index.everything()
    for name, child in TWICE_NAMED:
        route = next(one for one in ROUTES if repr(one) == name)
        rest = {k: v for k, v in route.good.items() if k not in ("bsn", "birthDate")}
        rest |= {"birthDate": PERSON["birthDate"]} if "birthDate" in route.good else {}
        for body in ({**rest, **child}, rest):
            answer = index.send(route, body)
            index.refused(answer, 400, "invalid-request", what=(name, body))
            assert {p.split("/")[1] for p in answer.pointers} <= {"bsn", "person", "element",
                                                                  "keyId"}, answer
    index.refusals = []
    assert index.everything() == before


FOREIGN = [  # members of another kind of event
    ({"type": "died", "bsn": bsn(0), "municipality": "0361", "parents": []},
     ["#/municipality", "#/parents"]),
    ({"type": "moved", "bsn": bsn(0)}, ["#/municipality"]),
    ({"type": "moved", "bsn": bsn(0), "municipality": "0361", "replacedBy": bsn(1)},
     ["#/replacedBy"]),
    ({"type": "bsn-replaced", "person": PERSON, "replacedBy": bsn(1)}, ["#/bsn", "#/person"]),
    ({"type": "bsn-replaced", "bsn": bsn(0)}, ["#/replacedBy"]),
    ({"type": "bsn-assigned", "bsn": bsn(0)}, ["#/person"]),
    ({"type": "bsn-assigned", "person": PERSON}, ["#/bsn"]),
    ({"type": "relations", "bsn": bsn(0), "municipality": "0361"}, ["#/municipality"]),
    ({"type": "relations", "bsn": bsn(0), "parents": [bsn(5), FAILING, bsn(6), ZERO]},
     ["#/parents/1", "#/parents/3"]),
    ({"type": "relations", "bsn": bsn(0), "parents": [bsn(5), bsn(5)]}, ["#/parents/1"]),
    ({"type": "relations", "bsn": bsn(0), "parents": [bsn(0)]}, ["#/parents/0"]),
    ({"type": "born", "bsn": bsn(0)}, ["#/type"]),
    ({"type": None, "bsn": FAILING, "parents": 1}, ["#/bsn", "#/parents", "#/type"]),
]


def test_members_of_another_event(index):
    route = next(one for one in ROUTES if repr(one).startswith("POST /v1/person-events"))
    before = index.everything()
    for body, pointers in FOREIGN:
        index.refused(index.send(route, body), 400, "invalid-request", pointers, body)
    index.check_log(index.registry.oin)
    assert index.everything() == before


def test_what_is_not_there_to_be_changed(index):
    """Or not any more; nothing is half done."""
    school, care = index.parties["school"], index.parties["care"]
    other = care.signals()[0]["id"]
    nothing = "0190c5a2-0000-7000-8000-000000000000"
    before = index.everything()
    for signal in (other, nothing, "x", "%00"):
        index.refused(school.renew(signal), 404, "not-found", what=signal)
    for match in (nothing, "x", bsn(0)):
        index.refused(school.confirm(match, "ib-1"), 404, "not-found", what=match)
    for leaver in ("ib-2", "jw-1", "x" * 65, "%zz"):
        index.refused(school.transfer(leaver, "ib-8"), 404, "not-found", what=leaver)
    for oin in (OIN, "nobody"):
        index.refused(index.operator.post(f"/control/parties/{oin}/_merge",
                                          {"into": school.oin}), 404, "not-found", what=oin)
    assert index.everything() == before
    index.refusals = []
    # What is archived is not renewed, and a match that is over needs no contact.
    match = index.things["match"]
    assert school.withdraw(index.things["signal"]).status == 204
    index.refused(school.renew(index.things["signal"]), 409, "conflict")
    index.refused(care.confirm(match, "jw-1"), 409, "conflict")


def test_what_is_just_good_enough(index):
    school = index.parties["school"]
    emoji = "\U0001f9d2" * 64
    for n, more in enumerate([{"reference": emoji}, {"birth_date": str(dutch_day())},
                              {"birth_date": years_ago(22)}, {"municipality": "0361"}]):
        answer = school.signal(bsn(10 + n), "ib-1", **more)
        assert answer.status == 201, more
        if "reference" in more:
            assert answer.json["reference"] == emoji
    name = "\u00e9" * 200
    assert school.put("/v1/professionals/" + "a" * 64, {"name": name}).json["name"] == name
    body = json.dumps({"upTo": 0}).ljust(4096).encode()
    for kind in ("application/json", "Application/JSON", 'application/json; charset="UTF-8"'):
        assert school.post("/v1/notices/_acknowledge", body=body,
                           headers={"Content-Type": kind}).status == 204
    # Escapes are what they stand for.
    escaped = bsn(20).replace("9", "\\u0039", 1)
    text = f'{{"bsn":"{escaped}","professional":"ib-1","birthDate":"2015-05-01"}}'
    first = school.post("/v1/signals", body=text, headers={"Content-Type": "application/json"})
    assert first.status == 201
    assert school.signal(bsn(20), "ib-1").json["id"] == first.json["id"]


BAD_NAMES = [
    ("/v1/professionals/" + "a" * 65, ["#/id"]),
    ("/v1/professionals/a%20b", ["#/id"]),
    ("/v1/professionals/a%2Fb", ["#/id"]),
    ("/v1/professionals/%zz", ["#/id"]),
    ("/v1/professionals/a%00", ["#/id"]),
    ("/v1/professionals/ib-1?x=1", ["#/x"]),
    ("/control/parties/{school}/agreements/abcd", ["#/municipality"]),
    ("/control/parties/1/agreements/0361", ["#/oin"]),
    ("/control/parties/{school}/mandates/1", ["#/represented"]),
    ("/control/parties/nobody", ["#/oin"]),
]


def test_bad_names_of_what_is_to_be_put(index):
    before = index.everything()
    for path, pointers in BAD_NAMES:
        good = {"untilDate": "2099-12-31"} if path.count("/") > 3 else {"name": "X"}
        answer = index.send(Route("PUT", path, good), good)
        index.refused(answer, 400, "invalid-request", pointers, path)
    assert index.everything() == before


LISTS = ["/v1/signals", "/v1/professionals", "/v1/matches", "/v1/log-entries", "/control/parties"]
BAD_QUERIES = [
    ("limit=0", ["#/limit"]), ("limit=501", ["#/limit"]), ("limit=-1", ["#/limit"]),
    ("limit=", ["#/limit"]), ("limit=1.5", ["#/limit"]), ("limit=%31x", ["#/limit"]),
    ("limit=99999999999999999999", ["#/limit"]), ("limit=1&limit=2", ["#/limit"]),
    ("cursor=", ["#/cursor"]), ("cursor=x", ["#/cursor"]), ("cursor=%00", ["#/cursor"]),
    ("cursor=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ["#/cursor"]),
    ("unknown=1", ["#/unknown"]), ("unknown", ["#/unknown"]), ("=1", ["#/"]),
    (f"{FAILING}=1", ["#"]), ("%zz=1", ["#"]), ("limit=%zz", ["#/limit"]),
    ("limit=0&cursor=%2e&a=1&b=2", ["#/a", "#/b", "#/cursor", "#/limit"]),
]
BAD_IN_ONE = {
    "/v1/signals": [("status=open", ["#/status"]), ("status=Active", ["#/status"]),
                    ("reference=", ["#/reference"]), ("reference=" + "x" * 65, ["#/reference"]),
                    ("reference=a%0Ab", ["#/reference"]), ("reference=%ff", ["#/reference"]),
                    ("status=x&reference=&limit=0", ["#/limit", "#/reference", "#/status"])],
    "/v1/matches": [("status=closed", ["#/status"]), ("status=", ["#/status"])],
    "/v1/log-entries": [
        ("from=yesterday", ["#/from"]), ("to=2026-01-01", ["#/to"]), ("party=1", ["#/party"]),
        ("from=2026-01-01T00:00:00", ["#/from"]), ("event=signal-eaten", ["#/event"]),
        ("outcome=good", ["#/outcome"]), ("fromIndex=-1", ["#/fromIndex"]),
        ("from=x&to=x&party=x&event=x&outcome=x&fromIndex=x",
         ["#/event", "#/from", "#/fromIndex", "#/outcome", "#/party", "#/to"])],
}


def test_bad_queries_of_lists(index):
    for path in LISTS:
        index.refusals = []
        for query, pointers in BAD_QUERIES + BAD_IN_ONE.get(path, []):
            route = Route("GET", f"{path}?{query}", None)
            answer = index.send(route, None, {})
            index.refused(answer, 400, "invalid-request", pointers, (path, query))
        index.check_log(None if route.is_control else index.client(route).oin)


OTHER_QUERIES = [
    ("/v1/notices?wait=61", ["#/wait"]), ("/v1/notices?wait=-1", ["#/wait"]),
    ("/v1/notices?after=x", ["#/after"]), ("/v1/notices?limit=0&wait=x&after=-1",
                                           ["#/after", "#/limit", "#/wait"]),
    ("/v1/parties/self?x=1", ["#/x"]), ("/v1/pseudonyms/key?keyId=1", ["#/keyId"]),
    ("/v1/statistics?year=2026&month=1", ["#/month"]), ("/v1/statistics", ["#/year"]),
    ("/v1/statistics?year=x&x=1", ["#/x", "#/year"]),
    ("/tlog/checkpoint?size=1", ["#/size"]), ("/v1/openapi.json?x=1", ["#/x"]),
    ("/v1/log-entries/0/proof?treeSize=0", ["#/treeSize"]),
    ("/v1/log-entries/0/proof?treeSize=999999", ["#/treeSize"]),
    ("/v1/log-entries/5/proof?treeSize=5", ["#/treeSize"]),
]


@pytest.mark.smoke
def test_other_bad_queries(index):
    for path, pointers in OTHER_QUERIES:
        answer = index.send(Route("GET", path, None), None, {})
        index.refused(answer, 400, "invalid-request", pointers, path)


def test_malformed_ids_are_ids_of_nothing(index):
    for path in ("/v1/signals/x", "/v1/signals/" + bsn(0), "/v1/signals/%00", "/v1/signals/%zz",
                 "/v1/matches/" + "0" * 36, "/v1/professionals/a%20b", "/v1/signals/.."):
        index.refused(index.parties["school"].get(path), 404, "not-found", what=path)
    for path in ("/v1/log-entries/x/proof", "/v1/log-entries/01/proof", "/v1/log-entries/-1/proof",
                 "/v1/log-entries/999999/proof", "/v1/log-entries/" + "9" * 30 + "/proof"):
        index.refused(index.auditor.get(path), 404, "not-found", what=path)
    index.refused(index.operator.get("/control/parties/1"), 404, "not-found")
    index.refused(index.operator.post(f"/control/parties/{OIN}/_suspend"), 404, "not-found")


def test_headers_that_are_refused(index):
    school = index.parties["school"]
    for accept in ("text/html", "application/xml", "application/json;q=0", "text/*",
                   "application/json;q=0, */*", "image/*, text/plain"):
        index.refused(school.get("/v1/signals", headers={"Accept": accept}), 406, "not-acceptable",
                      what=accept)
    for accept in ("*/*", "application/*", "text/html, application/json;q=0.1", "application/JSON",
                   "text/html;q=0, */*;q=0.1"):
        assert school.get("/v1/signals", headers={"Accept": accept}).status == 200, accept
    for oin in ("", "1", OIN.lower() + "x", f"{OIN}, {OIN}"):
        answer = school.get("/v1/signals", headers={"On-Behalf-Of": oin})
        index.refused(answer, 400, "invalid-request", ["#/On-Behalf-Of"], oin)
    # A trace context that is malformed is passed over: it is not what was asked.
    for trace in ("x", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", "00-" + "A" * 32 + "-x-01"):
        answer = school.get("/v1/signals", headers={"traceparent": trace})
        record = index.auditor.entry(answer.headers["log-index"])["record"]
        assert "parent_span_id" not in record and len(record["trace_id"]) == 32


def test_what_the_operator_is_refused(index):
    """Not for its form, but for what there is."""
    school = index.oins["school"]
    before = index.everything()

    def post(path, body=None):
        return index.operator.post(path, body)

    party = {"oin": school, "name": "Again", "roles": ["auditor"]}
    index.refused(post("/control/parties", party), 409, "conflict")
    party = {"oin": OIN, "name": "Tweede", "roles": ["municipality"], "municipality": "0361"}
    index.refused(post("/control/parties", party), 409, "conflict")
    for wrong in ({"roles": ["municipality"]}, {"agreementUntil": "2099-12-31"}):
        party = {"oin": OIN, "name": "X", "roles": ["auditor"], **wrong}
        index.refused(post("/control/parties", party), 400, "invalid-request", ["#/municipality"])
    index.refused(index.operator.put(f"/control/parties/{OIN}", {"name": "X"}), 404, "not-found")
    path = f"/control/parties/{school}/agreements/0399"
    index.refused(index.operator.delete(path), 404, "not-found")
    path = f"/control/parties/{school}/mandates/{OIN}"
    answer = index.operator.put(path, {"untilDate": "2099-12-31"})
    index.refused(answer, 404, "not-found")
    index.refused(post("/control/_backup", {"directory": str(index.daemon.store)}), 409,
                  "conflict")
    index.check_log(None)
    assert index.everything() == before


# ---- the number is nowhere ----

def test_no_number_and_no_element_is_found_anywhere(index, heard, tmp_path):
    """In what was answered, said by the daemon, kept in the store, in a backup, or exported; nor
    the element, which is as good as the number to whoever has the key."""
    school, care = index.parties["school"], index.parties["care"]
    numbers = [bsn(30), bsn(31), bsn_with_leading_zero(3)]
    key = (index.daemon.keys / "evaluation-1.key").read_text().split()[3]
    scalar = int.from_bytes(ristretto.from_text(key), "little")
    elements = [ristretto.evaluate(scalar, number) for number in numbers]
    for number, element in zip(numbers, elements):
        assert school.signal(number, "ib-1").status == 201
        assert care.signal(number[1:] if number[0] == "0" else number, "jw-1").status == 201
        blinded = {"element": ristretto.to_text(element), "keyId": 1, "professional": "ib-1",
                   "birthDate": "2015-05-01"}
        assert school.post("/v1/signals", blinded).status == 200  # the element is the right one
        index.auditor.post("/v1/log-entries/_search", {"bsn": number, "caseReference": "z"})
        school.post("/v1/signals", body=f'{{"bsn":"{number}","bsn":"{number}"}}',
                    headers={"Content-Type": "application/json"})
        school.post("/v1/signals", body=f"bsn={number}", headers={"Content-Type": "text/plain"})
        school.signal(number, number)
        school.get(f"/v1/signals?bsn={number}")
        school.get(f"/v1/signals/{number}")
        school.get("/v1/signals", headers={"On-Behalf-Of": number})
        school.request("GET", f"/{number}")
    for party in index.parties.values():
        party.notices()
    export, backup = tmp_path / "export", tmp_path / "backup"
    assert index.auditor.vix("audit", "export", "--out", export).returncode == 0
    assert index.operator.post("/control/_backup", {"directory": str(backup)}).status == 200
    answers = [answer.body + str(answer.header_list).encode() for answer in heard]
    index.daemon.close_clients()
    index.daemon.stop()
    files = [path for place in (index.daemon.store, export, backup)
             for path in sorted(place.rglob("*")) if path.is_file()]
    assert {path.name for path in files} >= {"data.mdb", "entries.jsonl", "checkpoint"}
    contents = answers + [index.daemon.log.encode()] + [path.read_bytes() for path in files]
    for number, element in zip(numbers, elements):
        text = ristretto.to_text(element).encode()
        needles = [number.lstrip("0").encode(), number.encode("utf-16-le"), element,
                   element.hex().encode(), text, text.replace(b"-", b"+").replace(b"_", b"/")]
        for needle in needles:
            for i, content in enumerate(contents):
                assert needle not in content, (needle, i)
