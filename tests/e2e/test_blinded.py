# SPDX-License-Identifier: EUPL-1.2
"""Blinded mode, with a client of our own: the index never sees the number, proves that it used its
published key, and still recognises the child of those who send the number."""
import json

import pytest

import ristretto
from actors import SOURCE, bsn, bsn_with_leading_zero
from ristretto import from_text, to_text

EVALUATE = "/v1/pseudonyms/_evaluate"
VECTORS_FILE = SOURCE / "tests" / "vectors" / "rfc9497-ristretto255-sha512.json"


def vectors():
    suites = json.loads(VECTORS_FILE.read_text())["suites"]
    return next(suite for suite in suites if suite["mode"] == 1)


def hexes(text):
    return [bytes.fromhex(part) for part in text.split(",")]


def test_this_client_reproduces_the_published_vectors():
    suite = vectors()
    key = int.from_bytes(bytes.fromhex(suite["skSm"]), "little")
    public_key = bytes.fromhex(suite["pkSm"])
    assert (key * ristretto.BASE).encode() == public_key
    for vector in suite["vectors"]:
        blinded, evaluated = hexes(vector["BlindedElement"]), hexes(vector["EvaluationElement"])
        for i, (text, blind) in enumerate(zip(hexes(vector["Input"]), hexes(vector["Blind"]))):
            scalar = int.from_bytes(blind, "little")
            assert (scalar * ristretto.hash_to_group(text)).encode() == blinded[i]
            assert (key * ristretto.Point.decode(blinded[i])).encode() == evaluated[i]
        proof = bytes.fromhex(vector["Proof"]["proof"])
        assert ristretto.verify_proof(public_key, blinded, evaluated, proof)
        assert not ristretto.verify_proof(public_key, blinded, blinded, proof)
        assert not ristretto.verify_proof(public_key, evaluated, blinded, proof)
    assert ristretto.evaluate(key, "950000012").hex() == (
        "3406828d9c885cbc9cf4d750ff8689db735c3192853d35a7acc5c0735b989951")


@pytest.fixture
def blinded(operator, school):
    """A school that may use blinded mode."""
    operator.allow(school, "blinded")
    school.designate("ib-1")
    return school


def published_key(party):
    answer = party.get("/v1/pseudonyms/key")
    assert answer.status == 200, answer
    return answer.json


def elements_of(party, numbers):
    """What the index makes of nine-digit numbers without learning them, proof checked; the key id
    with them."""
    key = published_key(party)
    pairs = [ristretto.blind(number) for number in numbers]
    answer = party.post(EVALUATE, {"elements": [to_text(element) for _, element in pairs]})
    assert answer.status == 200, answer
    assert answer.json.keys() == {"keyId", "elements", "proof"}
    assert answer.json["keyId"] == key["keyId"]
    evaluated = [from_text(text) for text in answer.json["elements"]]
    assert ristretto.verify_proof(from_text(key["publicKey"]), [element for _, element in pairs],
                                  evaluated, from_text(answer.json["proof"]))
    return key["keyId"], [ristretto.unblind(scalar, one)
                          for (scalar, _), one in zip(pairs, evaluated)]


def signal_blinded(party, number, professional, **more):
    key_id, (element,) = elements_of(party, [number])
    return party.post("/v1/signals", {"element": to_text(element), "keyId": key_id,
                                      "professional": professional, "birthDate": "2015-05-01",
                                      **more})


def test_key_is_as_the_contract_says(blinded):
    key = published_key(blinded)
    public_key = from_text(key.pop("publicKey"))
    assert key == {"keyId": 1, "suite": "ristretto255-SHA512", "mode": 1, "inputPrefix": "NL:BSN:"}
    assert ristretto.Point.decode(public_key) != ristretto.IDENTITY


@pytest.mark.smoke
def test_blinded_and_direct_are_one_child(blinded, care):
    care.designate("jw-1")
    number = bsn_with_leading_zero(2)
    first = signal_blinded(blinded, number, "ib-1", reference="groep 6")
    assert first.status == 201 and first.json["match"] is None
    second = care.signal(number[1:], "jw-1")
    assert [one["professional"]["name"] for one in second.json["match"]["involved"]] == [
        "Naam van ib-1"]
    (notice,) = blinded.notices()
    assert notice["data"]["ownSignal"]["reference"] == "groep 6"
    assert notice["data"]["matchId"] == second.json["match"]["id"]
    # The same professional again is the same signal, in either mode.
    again = signal_blinded(blinded, number, "ib-1")
    assert (again.status, again.json["id"]) == (200, first.json["id"])
    direct = blinded.signal(number, "ib-1")
    assert (direct.status, direct.json["id"]) == (200, first.json["id"])
    # And another child is another child.
    assert signal_blinded(blinded, bsn(3), "ib-1").json["match"] is None


def test_every_blinding_of_a_number_gives_the_same_element(blinded):
    number = bsn(0)
    key_id, found = elements_of(blinded, [number] * 3 + [bsn(1)])
    assert key_id == 1
    assert found[0] == found[1] == found[2] != found[3]


def test_a_whole_batch_under_one_proof(blinded):
    numbers = [bsn(n) for n in range(64)]
    _, found = elements_of(blinded, numbers)
    assert len(set(found)) == 64
    assert elements_of(blinded, numbers[63:])[1] == found[63:]


def test_evaluations_are_in_the_log_without_the_elements(blinded, auditor):
    scalar, element = ristretto.blind(bsn(0))
    answer = blinded.post(EVALUATE, {"elements": [to_text(element)] * 3})
    entry = auditor.entry(answer.headers["log-index"])
    assert entry["record"]["name"] == "pseudonyms-evaluated"
    assert entry["record"]["attributes"]["verwijsindex.count"] == 3
    assert entry["record"]["attributes"]["verwijsindex.party"] == blinded.oin
    assert entry["subject"] is None
    log = auditor.get("/v1/log-entries").text
    for secret in (element, ristretto.unblind(scalar, from_text(answer.json["elements"][0]))):
        assert to_text(secret) not in log and secret.hex() not in log


def test_without_the_permission_none_of_it(school, operator):
    school.designate("ib-1")
    _, element = ristretto.blind(bsn(0))
    requests = [
        lambda: school.get("/v1/pseudonyms/key"),
        lambda: school.post(EVALUATE, {"elements": [to_text(element)]}),
        lambda: school.post("/v1/signals", {"element": to_text(element), "keyId": 1,
                                            "professional": "ib-1", "birthDate": "2015-05-01"}),
    ]
    for request in requests:
        answer = request()
        assert (answer.status, answer.problem) == (403, "not-permitted")
    operator.allow(school, "quiet")
    assert requests[0]().problem == "not-permitted"
    operator.allow(school, "blinded")
    assert [request().status for request in requests] == [200, 200, 201]
    assert operator.post(f"/control/parties/{school.oin}/_deny",
                         {"permission": "blinded"}).status == 200
    assert [request().problem for request in requests] == ["not-permitted"] * 3
    assert operator.status()["signals"] == 1


GOOD = to_text(ristretto.BASE.encode())
WRONG_ELEMENTS = {
    "the identity": to_text(bytes(32)),
    "not canonical: the field's order": to_text(ristretto.P.to_bytes(32, "little")),
    "not canonical: the order and a little": to_text((ristretto.P + 2).to_bytes(32, "little")),
    "negative": to_text((ristretto.P - 2).to_bytes(32, "little")),
    "the highest bit": to_text(bytes(31) + b"\x80"),
    "no element": to_text(b"\x02" + bytes(31)),
    "all ones": to_text(b"\xff" * 32),
    "31 bytes": to_text(ristretto.BASE.encode()[:31]),
    "33 bytes": to_text(ristretto.BASE.encode() + b"\0"),
    "padded": GOOD + "=",
    "the other alphabet": GOOD[:-2] + "+/",
    "bits beyond the end": GOOD[:-1] + chr(ord(GOOD[-1]) + 1),
    "empty": "",
    "a BSN": "950000012",
    "a number": 950000012,
    "null": None,
}


@pytest.mark.parametrize("name", WRONG_ELEMENTS)
def test_a_wrong_element_is_refused_by_its_place(blinded, operator, name):
    wrong = WRONG_ELEMENTS[name]
    answer = blinded.post(EVALUATE, {"elements": [GOOD, wrong, GOOD, wrong]})
    assert (answer.status, answer.problem) == (400, "invalid-request")
    assert answer.pointers == ["#/elements/1", "#/elements/3"]
    answer = blinded.post("/v1/signals", {"element": wrong, "keyId": 1, "professional": "ib-1",
                                          "birthDate": "2015-05-01"})
    assert (answer.status, answer.pointers) == (400, ["#/element"])
    assert operator.status()["signals"] == 0


def test_wrong_elements_are_no_elements_here_either():
    for name in ("the identity", "not canonical: the field's order", "negative", "no element",
                 "not canonical: the order and a little", "the highest bit", "all ones"):
        data = from_text(WRONG_ELEMENTS[name])
        try:
            assert ristretto.Point.decode(data) == ristretto.IDENTITY, name
        except ValueError:
            continue


def test_how_many_elements(blinded):
    for elements in ([GOOD] * 65, []):
        answer = blinded.post(EVALUATE, {"elements": elements})
        assert (answer.status, answer.pointers) == (400, ["#/elements"])
    assert len(blinded.post(EVALUATE, {"elements": [GOOD] * 64}).json["elements"]) == 64


def test_element_and_key_go_together(blinded, operator):
    base = {"professional": "ib-1", "birthDate": "2015-05-01"}
    for identity, pointers in [
        ({"element": GOOD}, ["#/keyId"]),
        ({"element": GOOD, "keyId": 2}, ["#/keyId"]),
        ({"element": GOOD, "keyId": 0}, ["#/keyId"]),
        ({"element": GOOD, "keyId": 2**32}, ["#/keyId"]),
        ({"element": GOOD, "keyId": "1"}, ["#/keyId"]),
        ({"element": GOOD, "keyId": 1.0}, ["#/keyId"]),
        ({"element": GOOD, "keyId": 1, "bsn": bsn(0)}, ["#/element"]),
        ({"bsn": bsn(0), "keyId": 1}, ["#/keyId"]),
        ({"keyId": 1}, ["#/bsn", "#/keyId"]),
        ({}, ["#/bsn"]),
    ]:
        answer = blinded.post("/v1/signals", {**base, **identity})
        assert (answer.status, answer.problem) == (400, "invalid-request"), identity
        assert answer.pointers == pointers, identity
    assert operator.status()["signals"] == 0


def remaining(answer):
    """What is left, by kind of limit: from `"requests";r=3;t=9, "evaluations";r=1;t=9`."""
    parts = (part.split(";") for part in answer.headers["ratelimit"].split(", "))
    return {name.strip('"'): int(left.removeprefix("r=")) for name, left, _ in parts}


def test_the_limit_counts_elements(start_daemon):
    daemon = start_daemon(limits={"requests_per_minute": 100000, "evaluations_per_minute": 100})
    party = daemon.operator.admit("school")
    daemon.operator.allow(party, "blinded")
    # The window is a minute of the clock: a new one may begin at any request, but not at each.
    for _ in range(3):
        answers = [party.post(EVALUATE, {"elements": [GOOD] * 40}) for _ in range(3)]
        left = [remaining(answer)["evaluations"] for answer in answers]
        if left == [60, 20, 20]:
            break
        daemon.operator.advance(60)
    assert left == [60, 20, 20]
    assert [answer.status for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert refused.problem == "rate-limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert '"evaluations";q=100;w=60' in refused.headers["ratelimit-policy"]
    assert "elements" not in refused.json
    # What is too much for one request leaves the rest of the minute as it was.
    assert party.post(EVALUATE, {"elements": [GOOD] * 20}).status in (200, 429)
    daemon.operator.advance(61)
    assert party.post(EVALUATE, {"elements": [GOOD] * 64}).status == 200
    # Requests that evaluate nothing are not counted among them.
    assert "evaluations" not in remaining(party.get("/v1/parties/self"))
