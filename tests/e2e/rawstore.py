# SPDX-License-Identifier: EUPL-1.2
"""The file of the store as a thief sees it, free pages included, and XChaCha20-Poly1305 in plain
Python (RFC 8439, draft-irtf-cfrg-xchacha-03): to show what can be opened with which keys, without
the daemon. For tests only."""
import hashlib
import re
import struct
from pathlib import Path

import ristretto

PAGE = 4096
PAGE_HEAD = 16
TABLE_OF_CHILDREN = 2
KIND_OF_FILE = 2
OVERFLOW = 1  # of a node's flags: its data is on pages of their own


# ---- XChaCha20-Poly1305 ----

def quarter(s, a, b, c, d):
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = s[x] + s[y] & 0xffffffff
        t = s[z] ^ s[x]
        s[z] = (t << turn | t >> 32 - turn) & 0xffffffff


def rounds(words):
    s = list(words)
    for _ in range(10):
        for one in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(s, *one)
    return s


def first_words(key):
    return list(struct.unpack("<12I", b"expand 32-byte k" + key))


def block(key, counter, nonce):
    words = first_words(key) + [counter] + list(struct.unpack("<3I", nonce))
    return struct.pack("<16I", *(a + b & 0xffffffff for a, b in zip(words, rounds(words))))


def subkey(key, nonce):
    s = rounds(first_words(key) + list(struct.unpack("<4I", nonce)))
    return struct.pack("<8I", *(s[:4] + s[12:]))


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    for i in range(0, len(data), 16):
        total = (total + int.from_bytes(data[i:i + 16] + b"\1", "little")) * r % ((1 << 130) - 5)
    return (total + int.from_bytes(key[16:], "little") & (1 << 128) - 1).to_bytes(16, "little")


def padded(data):
    return data + bytes(-len(data) % 16)


def unseal(key, nonce, sealed, associated):
    """The plain bytes, or None when it is not under this key."""
    inner, short = subkey(key, nonce[:16]), bytes(4) + nonce[16:]
    text, tag = sealed[:-16], sealed[-16:]
    lengths = struct.pack("<QQ", len(associated), len(text))
    if poly1305(block(inner, 0, short)[:32], padded(associated) + padded(text) + lengths) != tag:
        return None
    stream = b"".join(block(inner, 1 + i, short) for i in range(len(text) // 64 + 1))
    return bytes(a ^ b for a, b in zip(text, stream))


# ---- keys and rows ----

def keys_of(directory):
    """{purpose: {id: bytes}} of a directory of keys."""
    keys = {}
    for path in sorted(Path(directory).glob("*.key")):
        _, purpose, number, text = path.read_text().split()
        keys.setdefault(purpose, {})[int(number)] = ristretto.from_text(text)
    return keys


def child_key(keys, digits):
    scalar = int.from_bytes(keys["evaluation"][1], "little")
    return hashlib.blake2b(ristretto.evaluate(scalar, digits), key=keys["index"][1],
                           digest_size=32).digest()


def values_of(raw, key):
    """The value in every node of this key, wherever in the file: live, in an earlier version of
    the tree, or in a page that is free again."""
    for found in re.finditer(re.escape(key), raw):
        start = found.start() - 8
        low, high, flags, size = struct.unpack_from("<4H", raw, start)
        if size != len(key):
            continue  # not the head of a node
        length, data = low | high << 16, found.end()
        if flags & OVERFLOW:
            data = struct.unpack_from("<Q", raw, data)[0] * PAGE + PAGE_HEAD
        yield raw[data:data + length]


def files_of_child(raw, keys, digits):
    """Every version of the child's row that can be opened with one of these epoch keys, under
    whatever number; and how many there are in all."""
    row = child_key(keys, digits) + bytes([KIND_OF_FILE])
    opened, there = [], 0
    for value in values_of(raw, row):
        sealed = value[8 + 4:]  # revision, generation
        if len(sealed) < 4 + 24 + 16:
            continue
        there += 1
        associated = sealed[:4] + bytes([TABLE_OF_CHILDREN]) + row
        for key in keys["epoch"].values():
            plain = unseal(key, sealed[4:28], sealed[28:], associated)
            if plain is not None:
                opened.append(plain)
    return opened, there
