# SPDX-License-Identifier: EUPL-1.2
"""A second verifier of the access log, written from store/LOG.md on nothing but Python's own
library: signatures, signed heads, tiles, commitments, receipts, exports. It shares nothing with the
index; second_verifier.py makes a command of it. Whatever does not hold is raised as Wrong."""
import base64
import binascii
import hashlib
import json
from pathlib import Path


class Wrong(ValueError):
    """What was found, as a sentence."""


def require(condition, finding):
    if not condition:
        raise Wrong(finding)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def from_base64(text):
    """The ordinary alphabet, padded, in its one spelling (RFC 4648 section 4)."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong(f"{text[:60]!r} is not base64") from None
    require(base64.b64encode(data).decode() == text, f"{text[:60]!r} is not base64 as it is spelt")
    return data


def from_base64url(text):
    """The other alphabet, without padding."""
    require(isinstance(text, str) and not set("+/=") & set(text), "this is not base64url")
    return from_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


# ---- Ed25519 (RFC 8032 section 5.1), verification alone ----

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point_from(data):
    """Extended coordinates of an encoded point, or None."""
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or v * x * x % P != u or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def point_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * D * p[3] * q[3] % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_times(scalar, p):
    result = (0, 1, 1, 0)
    for bit in bin(scalar)[2:]:
        result = point_add(result, result)
        result = point_add(result, p) if bit == "1" else result
    return result


BASE = point_from((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(key, message, signature):
    """Whether S·B = R + k·A."""
    a, r = point_from(key), point_from(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or a is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = point_times(s, BASE), point_add(r, point_times(k, a))
    return ((left[0] * right[2] - right[0] * left[2]) % P == 0
            and (left[1] * right[2] - right[1] * left[2]) % P == 0)


# ---- keys and signed heads ----

LOG_KEY, WITNESS_KEY = 1, 4


class Key:
    """A verifier key: name+hex+base64(type ‖ Ed25519 key)."""

    def __init__(self, text):
        parts = text.split("+", 2)
        require(len(parts) == 3, f"{text!r} is not a verifier key")
        self.name, data = parts[0], from_base64(parts[2])
        require(len(data) == 33 and data[0] in (LOG_KEY, WITNESS_KEY),
                f"{text!r} is not an Ed25519 key of a log or a witness")
        self.type, self.public = data[0], data[1:]
        self.id = sha256(self.name.encode(), b"\n", data)[:4]
        require(parts[1] == self.id.hex(), f"the key id in {text!r} is not its own")


class Head:
    """A checkpoint that the log has signed, and when each of these witnesses cosigned it."""

    def __init__(self, note, vkey, witnesses=()):
        key = Key(vkey)
        require(key.type == LOG_KEY, "the log's verifier key is that of a witness")
        text, empty, lines = note.rpartition("\n\n")
        require(empty and lines.endswith("\n"), "this is not a signed note")
        self.text = text + "\n"
        self.signatures = [self._line(line) for line in lines[:-1].split("\n")]
        require(text.count("\n") >= 2, "the note is not that of a checkpoint")
        self.origin, size, root, *self.more = text.split("\n")
        require(size.isdecimal() and size.isascii() and str(int(size)) == size,
                "the note is not that of a checkpoint")
        self.size, self.root = int(size), from_base64(root)
        require(len(self.root) == 32 and "" not in self.more, "the note is not that of a checkpoint")
        require(self.origin == key.name, f"this is a head of {self.origin!r}, not of {key.name!r}")
        self._check(key, lambda payload: is_signed(key.public, self.text.encode(), payload))
        self.cosigned = {}
        for witness in map(Key, witnesses):
            require(witness.type == WITNESS_KEY, f"{witness.name!r} is not a witness's key")
            self._check(witness, lambda payload: self._is_cosigned(witness, payload))

    @staticmethod
    def _line(line):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        require(dash == "\u2014" and name, "the note has a line that is no signature")
        data = from_base64(encoded)
        require(len(data) > 4, "the note has a line that is no signature")
        return name, data[:4], data[4:]

    def _check(self, key, holds):
        own = [data for name, key_id, data in self.signatures
               if (name, key_id) == (key.name, key.id)]
        require(own, f"there is no signature of {key.name!r}")
        require(all(holds(data) for data in own), f"the signature of {key.name!r} is wrong")

    def _is_cosigned(self, witness, payload):
        if len(payload) != 8 + 64:
            return False
        time = int.from_bytes(payload[:8], "big")
        self.cosigned[witness.name] = time
        message = f"cosignature/v1\ntime {time}\n{self.text}".encode()
        return is_signed(witness.public, message, payload[8:])


def open_checkpoint(note, vkey, more=()):
    """(size, root) of a signed head; `more` are the lines that its text has after these."""
    head = Head(note, vkey)
    require(head.more == list(more), "the head has other lines after the root")
    return head.size, head.root


def checkpoint_of(party):
    answer = party.get("/tlog/checkpoint")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.text


# ---- the tree ----

def node(left, right):
    return sha256(b"\1", left, right)


def root_of(leaves):
    """RFC 6962 section 2.1, as it stands there: split at the largest power of two below."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root_of(leaves[:split]), root_of(leaves[split:]))


def combine(known, start, count):
    """The same of the leaves [start, start + count), where known(start, count) gives the root of
    some of the subtrees, or None."""
    found = known(start, count)
    if found is not None:
        return found
    require(count > 1, f"what it takes of entry {start} is not there")
    split = 1 << (count - 1).bit_length() - 1
    return node(combine(known, start, split), combine(known, start + split, count - split))


def walk_proof(leaf, index, size, proof):
    """(the root that an inclusion proof leads to (RFC 9162 section 2.1.3.2) or None, its left
    neighbours from the leaf up)."""
    last, root, left = size - 1, leaf, []
    for sibling in proof:
        if last == 0:
            return None, left
        if index & 1 or index == last:
            root = node(sibling, root)
            left.append(sibling)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            root = node(root, sibling)
        index, last = index >> 1, last >> 1
    return (root if last == 0 else None), left


def root_by_proof(leaf, index, size, proof):
    return walk_proof(leaf, index, size, proof)[0]


def tile_path(level, number, width):
    """Of a level, or of "entries"."""
    groups = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03d}")
    return f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < 256 else "")


class Tiles:
    """The tree of a head, from nothing but tiles: fetch(path) gives the bytes of one. What it gives
    out has been proved to be of that tree."""

    def __init__(self, fetch, head):
        self.fetch, self.size, self.tiles = fetch, head.size, {}
        root = self.first(head.size) if head.size else sha256()
        require(root == head.root, "the tiles lead to another root than the head signs")

    def _tile(self, level, number):
        if (level, number) not in self.tiles:
            width = min(256, (self.size >> 8 * level) - 256 * number)
            path = tile_path(level, number, width)
            data = self.fetch(path)
            require(len(data) == 32 * width, f"{path} has {len(data)} bytes, not {32 * width}")
            hashes = [data[i:i + 32] for i in range(0, len(data), 32)]
            # A partial one is at the right edge, of which the root is made.
            require(width < 256 or root_of(hashes) == self.hash(level + 1, number),
                    f"{path} is not a tile of this tree")
            self.tiles[level, number] = hashes
        return self.tiles[level, number]

    def hash(self, level, index):
        """Of the 256^level leaves from index · 256^level on."""
        return self._tile(level, index >> 8)[index & 255]

    def leaf(self, index):
        require(0 <= index < self.size, f"entry {index} is beyond the head")
        return self.hash(0, index)

    def _known(self, start, count):
        level, rest = divmod(count.bit_length() - 1, 8)
        if rest or count & count - 1 or start % count:
            return None
        return self.hash(level, start // count)

    def first(self, count):
        """The root of the first so many leaves."""
        require(0 < count <= self.size, f"there are no first {count} entries")
        return combine(self._known, 0, count)

    def check_older(self, head):
        """That a head is of the same log, and not later."""
        require(head.size <= self.size, "the older head is of a larger tree")
        root = self.first(head.size) if head.size else sha256()
        require(root == head.root, f"the log was rewritten: the first {head.size} entries of it "
                                   "are not those of the older head")


# ---- entries ----

def no_doubles(pairs):
    require(len({name for name, _ in pairs}) == len(pairs), "a member stands twice")
    return dict(pairs)


def no_number(text):
    raise Wrong(f"{text} is not an integer")


def loads(text):
    """JSON without what could be read in two ways."""
    try:
        return json.loads(text, object_pairs_hook=no_doubles, parse_float=no_number,
                          parse_constant=no_number)
    except (json.JSONDecodeError, UnicodeDecodeError) as fault:
        raise Wrong(f"this is not JSON: {fault}") from None


def check_members(values):
    for name, value in values.items():
        require(name.isascii() and value != "", f"the record has a member {name!r} that is none")
        require(isinstance(value, str) or (type(value) is int and 0 <= value < 2**53),
                f"{name!r} is neither a text nor an integer")


def canonical(record):
    """The bytes of a record (RFC 8785)."""
    require(isinstance(record, dict) and isinstance(record.get("attributes"), dict),
            "the record is not a record")
    check_members({name: value for name, value in record.items() if name != "attributes"})
    check_members(record["attributes"])
    data = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    require(len(data) <= 2048, "the record is longer than one can be")
    return data


def commit(salt, record, subject_hash):
    require(len(salt) == len(subject_hash) == 32, "a salt or a hash is not 32 bytes")
    return sha256(salt, sha256(canonical(record)), subject_hash)


def commitment_of(entry):
    salt, subject = from_base64url(entry["subjectSalt"]), bytes.fromhex(entry["subject"] or "")
    require(len(salt) == 32 and len(subject) in (0, 16), "its subject or salt is not one")
    return commit(from_base64url(entry["salt"]), entry["record"], sha256(salt, subject))


def leaf_of(entry):
    """The leaf that its commitment makes; see check_entry() for what the commitment is made of."""
    return sha256(b"\0", from_base64url(entry["commitment"]))


DISCLOSED = {"index", "record", "salt", "subjectSalt", "subject", "commitment"}


def is_destroyed(entry):
    return "destroyed" in entry


def check_entry(entry):
    """An entry as it is disclosed, held to its own commitment."""
    destroyed = is_destroyed(entry)
    require(entry.keys() == (DISCLOSED | {"destroyed"} if destroyed else DISCLOSED),
            "its members are not those of an entry")
    require(len(from_base64url(entry["commitment"])) == 32, "its commitment is not 32 bytes")
    if destroyed:
        require(entry["destroyed"] is True and all(
            entry[name] is None for name in DISCLOSED - {"index", "commitment"}),
            "it is destroyed, and not destroyed")
        return
    require(commitment_of(entry) == from_base64url(entry["commitment"]),
            "its record, subject or salts are not what its commitment was made of")
    record = entry["record"]
    require(record["attributes"].get("verwijsindex.index") == entry["index"],
            "its record is that of another index")


def check_entries(entries, first=0):
    """Each against its commitment, and all in order, beginning with an index. Records are destroyed
    in the order of the log: those that are gone come first."""
    before, kept = 0, None
    alive = [entry for entry in entries if not is_destroyed(entry)]
    for i, entry in enumerate(entries, first):
        require(entry["index"] == i, f"where entry {i} should be is entry {entry['index']}")
        try:
            check_entry(entry)
        except Wrong as finding:
            raise Wrong(f"entry {i}: {finding}") from None
        if is_destroyed(entry):
            require(kept is None, f"entry {i}: it is said to be destroyed, and the record of entry "
                                  f"{kept} before it is there")
        else:
            kept, record = i, entry["record"]
            require(record["end_time"] == record["start_time"] >= before,
                    f"entry {i}: its time is before that of the entry before it")
            before = record["end_time"]
    for name, values in (("salt", [entry["salt"] for entry in alive]),
                         ("span_id", [entry["record"]["span_id"] for entry in alive])):
        require(len(set(values)) == len(values), f"two entries have one {name}")


# ---- receipts and exports ----

class Receipt:
    """A c2sp.org/tlog-proof@v1, checked with nothing but keys."""

    def __init__(self, text, vkey, witnesses=()):
        proof, empty, note = text.partition("\n\n")
        require(empty and proof.count("\n") >= 2, "this is not a receipt")
        first, extra, index, *hashes = proof.split("\n")
        require(first == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ")
                and index.startswith("index "), "this is not a receipt")
        number = index.removeprefix("index ")
        require(number.isdecimal() and str(int(number)) == number, "the index is not a number")
        opened = from_base64(extra.removeprefix("extra "))
        disclosed = loads(opened)
        require(isinstance(disclosed, dict)
                and disclosed.keys() == {"record", "salt", "subjectHash"},
                "the extra line is not that of an entry")
        self.index, self.record = int(number), disclosed["record"]
        spelt = b'{"record":' + canonical(self.record) + "".join(
            f',"{name}":"{disclosed[name]}"' for name in ("salt", "subjectHash")).encode() + b"}"
        require(spelt == opened, "the extra line is not in canonical form")
        require(self.record["attributes"].get("verwijsindex.index") == self.index,
                "the record is that of another index")
        self.leaf = sha256(b"\0", commit(from_base64url(disclosed["salt"]), self.record,
                                         from_base64url(disclosed["subjectHash"])))
        self.head = Head(note, vkey, witnesses)
        require(self.index < self.head.size, "the entry is beyond the head")
        root = root_by_proof(self.leaf, self.index, self.head.size, list(map(from_base64, hashes)))
        require(root == self.head.root, "the entry is not in the tree that the head signs")


def open_receipt(text, vkey):
    """(index, record, tree size, root, leaf)."""
    receipt = Receipt(text, vkey)
    return receipt.index, receipt.record, receipt.head.size, receipt.head.root, receipt.leaf


def old_subtrees(directory, first, head, leaf):
    """The complete subtrees of the tree of the first entries, by (start, count): they are the left
    neighbours of what comes next."""
    proof = loads((directory / "since-proof.json").read_bytes())
    require((proof["index"], proof["treeSize"]) == (first, head.size),
            "since-proof.json is not the proof of the first entry in this tree")
    root, left = walk_proof(leaf, first, head.size, list(map(from_base64, proof["proof"])))
    require(root == head.root, "the first entry is not in the tree that the checkpoint signs")
    known, at = {}, 0
    for bit in reversed(range(first.bit_length())):
        if first >> bit & 1:
            known[at, 1 << bit] = left.pop()
            at += 1 << bit
    return known


RECORDS_DESTROYED = "records-destroyed"


def count_unsaid(entries):
    """How many of the destroyed no announcement that is there names."""
    said = []
    for entry in entries:
        if not is_destroyed(entry) and entry["record"]["name"] == RECORDS_DESTROYED:
            attributes = entry["record"]["attributes"]
            kind, _, first = attributes["verwijsindex.object"].partition(":")
            require(kind == "entry" and first.isdecimal() and first.isascii(),
                    f"entry {entry['index']}: it does not say what was destroyed")
            said.append((int(first), int(first) + attributes["verwijsindex.count"]))
    return sum(is_destroyed(entry) and not any(first <= entry["index"] < end for first, end in said)
               for entry in entries)


def check_export(directory, vkey, since=None, witnesses=()):
    """A directory that `vix audit export` wrote; `since` is an earlier signed head. Returns the
    head, the entries, and the head that witnesses have seen: `witnessed` or else the same."""
    directory = Path(directory)
    seen = None
    if (directory / "witnessed").exists():
        seen = Head((directory / "witnessed").read_text(), vkey, witnesses)
    head = Head((directory / "checkpoint").read_text(), vkey, () if seen else witnesses)
    old = Head(since, vkey) if since is not None else None
    with open(directory / "entries.jsonl", "rb") as lines:
        entries = [loads(line) for line in lines]
    first = entries[0]["index"] if entries else old.size if old else 0
    require(first == 0 or (old is not None and old.size == first),
            f"the export begins with entry {first}")
    check_entries(entries, first)
    require(first + len(entries) == head.size,
            f"the export ends before entry {first + len(entries)}, the head signs {head.size}")
    known = {}
    if first > 0 and entries:
        known = old_subtrees(directory, first, head, leaf_of(entries[0]))
    elif first > 0:
        known = {(0, first): old.root}
    known.update(((i, 1), leaf_of(entry)) for i, entry in enumerate(entries, first))
    for other, finding in ((head, "the entries have another root than the checkpoint signs"),
                           (old, "the log was rewritten since the earlier checkpoint"),
                           (seen, "the log was rewritten since witnesses saw it")):
        if other is not None and other.size > 0 and other.size >= first:
            root = combine(lambda *of: known.get(of), 0, other.size)
            require(root == other.root, finding)
    return head, entries, seen or head
