"""The one place where the portable core asks its driver whether a signature holds."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from formats.cose import Checks, SignatureCheck

# P-256: y^2 = x^3 - 3x + b modulo p (SEC 2, section 2.4.2). p = 3 modulo 4, so a root is one power.
FIELD_PRIME: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_ROOT_POWER: Final = (FIELD_PRIME + 1) // 4
COMPRESSED_BYTES: Final = 33


class DriverFault(Exception):
    """The driver could not say whether a signature holds; what it threw in is the cause."""


def ask(question: SignatureCheck) -> Checks[bool]:
    """Yield one question to the driver and return its answer.

    Raises TypeError unless the answer is True or False itself: None, 1 or a promise that nobody awaited is a mistake in
    the driver, and a truthy one would otherwise pass for a valid signature. Raises DriverFault for whatever the driver
    throws in. Source: qr-trust-bundle 7.
    """
    try:
        answer: object = yield question
    except Exception as fault:  # any fault of any library may come in here, and each means "could not check"
        raise DriverFault("the driver failed") from fault
    if type(answer) is not bool:
        raise TypeError("a driver answers a signature check with True or False")
    return answer


@lru_cache(maxsize=256)
def uncompressed_point(point: bytes) -> bytes | None:
    """Return the 65-byte form of a P-256 point, or None where the 33 bytes are not a point of the curve.

    For drivers whose library reads only the long form (WebCrypto), and to tell a bad key from a bad signature. Costs
    about as much as two signature checks, so the judging path never calls it for a code that is right.
    Source: SEC 1, section 2.3.4; qr-trust-bundle 7.
    """
    if not is_compressed_point(point):
        return None
    x = int.from_bytes(point[1:], "big")
    square = (x * x * x - 3 * x + _B) % FIELD_PRIME
    y = pow(square, _ROOT_POWER, FIELD_PRIME)
    if y * y % FIELD_PRIME != square:
        return None
    if y & 1 != point[0] & 1:
        y = FIELD_PRIME - y
    return b"\x04" + point[1:] + y.to_bytes(32, "big")


def is_compressed_point(point: bytes) -> bool:
    """Say whether 33 bytes have the form of a compressed point: a sign and an x inside the field."""
    return len(point) == COMPRESSED_BYTES and point[0] in {2, 3} and int.from_bytes(point[1:], "big") < FIELD_PRIME
