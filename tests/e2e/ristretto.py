# SPDX-License-Identifier: EUPL-1.2
"""ristretto255 (RFC 9496) and the client side of the VOPRF (RFC 9497, mode 1) in plain Python
integers: written from the texts, so that nothing is shared with the daemon's library. For tests
only: nothing here takes constant time."""
import base64
import hashlib
import secrets

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
CONTEXT = b"OPRFV1-\x01-ristretto255-SHA512"
INPUT_PREFIX = b"NL:BSN:"


def is_negative(e):
    return e % P & 1 == 1


def absolute(e):
    return -e % P if is_negative(e) else e % P


def sqrt_ratio(u, v):
    """(whether u/v is a square, the root of u/v or of i·u/v that is not negative)."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    flipped = check == -u % P
    if flipped or check == -u * SQRT_M1 % P:
        r = r * SQRT_M1 % P
    return check == u % P or flipped, absolute(r)


SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
INVSQRT_A_MINUS_D = sqrt_ratio(1, -1 - D)[1]
ONE_MINUS_D_SQUARE = (1 - D * D) % P
D_MINUS_ONE_SQUARE = (D - 1) ** 2 % P
assert SQRT_AD_MINUS_ONE**2 % P == (-D - 1) % P


class Point:
    """In extended coordinates x = X/Z, y = Y/Z, xy = T/Z on -x² + y² = 1 + d·x²·y²."""

    def __init__(self, x, y, z, t):
        self.x, self.y, self.z, self.t = x % P, y % P, z % P, t % P

    def __add__(self, other):
        a = (self.y - self.x) * (other.y - other.x)
        b = (self.y + self.x) * (other.y + other.x)
        c = 2 * D * self.t * other.t
        d = 2 * self.z * other.z
        e, f, g, h = b - a, d - c, d + c, b + a
        return Point(e * f, g * h, f * g, e * h)

    def __rmul__(self, scalar):
        result, power = IDENTITY, self
        for bit in bin(scalar % ORDER)[:1:-1]:
            if bit == "1":
                result = result + power
            power = power + power
        return result

    def __eq__(self, other):
        return ((self.x * other.y - self.y * other.x) % P == 0
                or (self.y * other.y - self.x * other.x) % P == 0)

    @classmethod
    def decode(cls, encoded):
        """Raises ValueError for what is not canonical, or no element."""
        s = int.from_bytes(encoded, "little")
        if len(encoded) != 32 or s >= P or is_negative(s):
            raise ValueError("not a canonical encoding")
        u1, u2 = (1 - s * s) % P, (1 + s * s) % P
        v = (-(D * u1 * u1) - u2 * u2) % P
        square, root = sqrt_ratio(1, v * u2 * u2 % P)
        den_x = root * u2 % P
        x = absolute(2 * s * den_x)
        y = u1 * root * den_x * v % P
        if not square or is_negative(x * y) or y == 0:
            raise ValueError("not an element")
        return cls(x, y, 1, x * y)

    def encode(self):
        u1, u2 = (self.z + self.y) * (self.z - self.y) % P, self.x * self.y % P
        root = sqrt_ratio(1, u1 * u2 * u2 % P)[1]
        den1, den2 = root * u1 % P, root * u2 % P
        z_inverse = den1 * den2 * self.t % P
        x, y, den = self.x, self.y, den2
        if is_negative(self.t * z_inverse):
            x, y = self.y * SQRT_M1 % P, self.x * SQRT_M1 % P
            den = den1 * INVSQRT_A_MINUS_D % P
        if is_negative(x * z_inverse):
            y = -y
        return absolute(den * (self.z - y)).to_bytes(32, "little")

    @classmethod
    def elligator(cls, half):
        t = int.from_bytes(half, "little") % 2**255 % P
        r = SQRT_M1 * t * t % P
        u, v = (r + 1) * ONE_MINUS_D_SQUARE % P, (-1 - r * D) * (r + D) % P
        square, s = sqrt_ratio(u, v)
        c = -1 if square else r
        s = s if square else -absolute(s * t)
        n = c * (r - 1) * D_MINUS_ONE_SQUARE - v
        w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
        return cls(w0 * w3, w2 * w1, w1 * w3, w0 * w2)

    @classmethod
    def from_uniform(cls, data):
        return cls.elligator(data[:32]) + cls.elligator(data[32:])


IDENTITY = Point(0, 1, 1, 0)
BASE_Y = 4 * pow(5, -1, P) % P
BASE_X = sqrt_ratio(BASE_Y * BASE_Y - 1, D * BASE_Y * BASE_Y + 1)[1]
BASE = Point(BASE_X, BASE_Y, 1, BASE_X * BASE_Y)


def expand_message(message, domain, size=64):
    """expand_message_xmd with SHA-512 (RFC 9380 section 5.3.1), for at most one block."""
    domain += bytes([len(domain)])
    first = hashlib.sha512(bytes(128) + message + size.to_bytes(2, "big") + b"\0" + domain).digest()
    return hashlib.sha512(first + b"\1" + domain).digest()[:size]


def hash_to_group(message):
    return Point.from_uniform(expand_message(message, b"HashToGroup-" + CONTEXT))


def hash_to_scalar(message):
    return int.from_bytes(expand_message(message, b"HashToScalar-" + CONTEXT), "little") % ORDER


def prefixed(data):
    return len(data).to_bytes(2, "big") + data


def composites(public_key, blinded, evaluated):
    seed = hashlib.sha512(prefixed(public_key) + prefixed(b"Seed-" + CONTEXT)).digest()
    m = z = IDENTITY
    for i, (c, d) in enumerate(zip(blinded, evaluated)):
        weight = hash_to_scalar(prefixed(seed) + i.to_bytes(2, "big") + prefixed(c) + prefixed(d)
                                + b"Composite")
        m, z = m + weight * Point.decode(c), z + weight * Point.decode(d)
    return m, z


def verify_proof(public_key, blinded, evaluated, proof):
    """Whether the same key that makes `public_key` of the base makes each of `evaluated` of the
    element beside it (RFC 9497 section 2.2.2). All are bytes."""
    c, s = (int.from_bytes(half, "little") for half in (proof[:32], proof[32:]))
    if len(proof) != 64 or c >= ORDER or s >= ORDER:
        return False
    m, z = composites(public_key, blinded, evaluated)
    t2 = s * BASE + c * Point.decode(public_key)
    t3 = s * m + c * z
    transcript = prefixed(public_key) + b"".join(prefixed(p.encode()) for p in (m, z, t2, t3))
    return c == hash_to_scalar(transcript + b"Challenge")


def blind(digits, scalar=None):
    """(blind, blinded element) of nine digits."""
    scalar = scalar or secrets.randbelow(ORDER - 1) + 1
    return scalar, (scalar * hash_to_group(INPUT_PREFIX + digits.encode())).encode()


def unblind(scalar, evaluated):
    return (pow(scalar, -1, ORDER) * Point.decode(evaluated)).encode()


def evaluate(key, digits):
    """What the index makes of nine digits with its key: for a test that has read the key."""
    return (key * hash_to_group(INPUT_PREFIX + digits.encode())).encode()


def to_text(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_text(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
