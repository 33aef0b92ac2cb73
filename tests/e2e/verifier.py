# SPDX-License-Identifier: EUPL-1.2
"""A second verifier of the access log, written from store/LOG.md on nothing but Python and openssl:
commitments, the tree, signed heads, receipts."""
import base64
import hashlib
import json
import subprocess

from actors import LOG_ORIGIN
from ristretto import from_text


def canonical(record):
    """RFC 8785, for what stands in a record: ASCII names, integers, texts."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def commitment_of(entry):
    subject = sha256(from_text(entry["subjectSalt"]), bytes.fromhex(entry["subject"] or ""))
    return sha256(from_text(entry["salt"]), sha256(canonical(entry["record"])), subject)


def leaf_of(entry):
    return sha256(b"\0", from_text(entry["commitment"]))


def root_of(leaves):
    """RFC 6962 section 2.1, as it stands there: split at the largest power of two below."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", root_of(leaves[:split]), root_of(leaves[split:]))


def root_by_proof(leaf, index, size, proof):
    """The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2), or None."""
    last, root = size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if index & 1 or index == last:
            root = sha256(b"\1", sibling, root)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            root = sha256(b"\1", root, sibling)
        index, last = index >> 1, last >> 1
    return root if last == 0 else None


def public_key_of(vkey):
    """(key id, Ed25519 key) of a verifier key: name+hex+base64(01 ‖ key)."""
    name, key_id, encoded = vkey.split("+", 2)
    data = base64.b64decode(encoded)
    assert name == LOG_ORIGIN and data[0] == 1 and len(data) == 33
    assert bytes.fromhex(key_id) == sha256(name.encode(), b"\n", data)[:4]
    return bytes.fromhex(key_id), data[1:]


def is_signed(key, text, signature, directory):
    der = bytes.fromhex("302a300506032b6570032100") + key
    files = {"key.der": der, "text": text, "signature": signature}
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
         directory / "key.der", "-rawin", "-in", directory / "text", "-sigfile",
         directory / "signature"], capture_output=True, check=False).returncode == 0


def open_checkpoint(note, vkey, directory, more=()):
    """(size, root) of a signed note, whose signature must be right; `more` are the lines that its
    text has after these."""
    key_id, key = public_key_of(vkey)
    text, signatures = note.split("\n\n")
    text += "\n"
    origin, size, root, *lines = text.splitlines()
    assert lines == list(more)
    (line,) = signatures.splitlines()
    dash, name, encoded = line.split(" ")
    data = base64.b64decode(encoded)
    assert (dash, name, origin, data[:4]) == ("\u2014", LOG_ORIGIN, LOG_ORIGIN, key_id)
    assert is_signed(key, text.encode(), data[4:], directory)
    assert not is_signed(key, text.replace(size, size + "0").encode(), data[4:], directory)
    assert str(int(size)) == size
    return int(size), base64.b64decode(root)


def checkpoint_of(party):
    answer = party.get("/tlog/checkpoint")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.text


def open_receipt(text, vkey, directory):
    """(index, record, tree size, root, leaf) of a c2sp.org/tlog-proof@v1: the record with what it
    takes to recompute its leaf, the way up, and the signed head that it leads to."""
    proof, note = text.split("\n\n", 1)
    first, extra, index, *hashes = proof.split("\n")
    assert first == "c2sp.org/tlog-proof@v1"
    assert extra.startswith("extra ") and index.startswith("index ")
    opened = base64.b64decode(extra.removeprefix("extra "), validate=True)
    disclosed = json.loads(opened)
    assert disclosed.keys() == {"record", "salt", "subjectHash"}
    assert canonical(disclosed) == opened
    commitment = sha256(from_text(disclosed["salt"]), sha256(canonical(disclosed["record"])),
                        from_text(disclosed["subjectHash"]))
    size, root = open_checkpoint(note, vkey, directory)
    place = int(index.removeprefix("index "))
    leaf = sha256(b"\0", commitment)
    assert root_by_proof(leaf, place, size, [base64.b64decode(h, validate=True)
                                             for h in hashes]) == root
    assert disclosed["record"]["attributes"]["verwijsindex.index"] == place
    return place, disclosed["record"], size, root, leaf


def check_entries(entries):
    """Each against its commitment, and all in order."""
    before = 0
    for i, entry in enumerate(entries):
        record = entry["record"]
        assert entry["index"] == i == record["attributes"]["verwijsindex.index"]
        assert commitment_of(entry) == from_text(entry["commitment"])
        assert record["end_time"] == record["start_time"] >= before
        before = record["end_time"]
    assert len({entry["salt"] for entry in entries}) == len(entries)
    assert len({entry["record"]["span_id"] for entry in entries}) == len(entries)
