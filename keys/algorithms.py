"""The one table of allowed signature algorithms. Portable: standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Refused
from core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One row of the table.

    name:            our own name.
    jose:            the ``alg`` of a JOSE header.
    cose:            the fully specified ``alg`` of a COSE header (RFC 9864), the one we write.
    cose_other:      the older, polymorphic number others write (RFC 9053), or None.
    curve:           the JOSE name of the curve.
    signature_bytes: size of a signature on the wire, raw r || s.
    """

    name: str
    jose: str
    cose: int
    cose_other: int | None
    curve: str
    signature_bytes: int


ES256 = Algorithm(name="ES256", jose="ES256", cose=-9, cose_other=-7, curve="P-256", signature_bytes=64)

ALGORITHMS = (ES256,)

_BY_JOSE = {algorithm.jose: algorithm for algorithm in ALGORITHMS}
_BY_COSE = {algorithm.cose: algorithm for algorithm in ALGORITHMS}
_BY_COSE_OTHER = {algorithm.cose_other: algorithm for algorithm in ALGORITHMS if algorithm.cose_other is not None}


def by_jose(name: object) -> Algorithm:
    """Return the algorithm with this JOSE name; anything else raises Refused(ALGORITHM_NOT_ALLOWED).

    >>> by_jose("ES256").cose
    -9
    """
    found = _BY_JOSE.get(name) if type(name) is str else None
    if found is None:
        raise Refused(Reason.ALGORITHM_NOT_ALLOWED, "this JOSE algorithm is not in the table")
    return found


def by_cose(number: object) -> Algorithm:
    """Return the algorithm with this fully specified COSE number (RFC 9864); else Refused(ALGORITHM_NOT_ALLOWED).

    >>> by_cose(-9).name
    'ES256'
    """
    # A bool is an int in Python, and no algorithm is called True.
    found = _BY_COSE.get(number) if type(number) is int else None
    if found is None:
        raise Refused(Reason.ALGORITHM_NOT_ALLOWED, "this COSE algorithm is not in the table")
    return found


def by_cose_any(number: object) -> Algorithm:
    """Return the algorithm with this COSE number, old or new: for forms of others, where -7 is still usual.

    >>> by_cose_any(-7) is by_cose_any(-9)
    True
    """
    found = _BY_COSE_OTHER.get(number) if type(number) is int else None
    return found if found is not None else by_cose(number)
