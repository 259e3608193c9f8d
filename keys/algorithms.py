"""The one table of allowed signature algorithms, the suites of a bureau. Portable: standard library only.

ES256 is the baseline. A bureau may sign its online forms in another suite; whatever is not an online form, and every
holder's key, is ES256. What is written beside a key says its algorithm (its certificate, the trust table); a header
only has to name the same one, and never chooses.
"""

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
    key_bytes:       size of a public key as we keep it: a compressed point, or the raw key.
    signature_bytes: size of a signature on the wire: raw r || s, or the raw signature.
    """

    name: str
    jose: str
    cose: int
    cose_other: int | None
    key_bytes: int
    signature_bytes: int

    @property
    def cose_usual(self) -> int:
        """The COSE number that readers of forms of others expect: the older one where there is one."""
        return self.cose if self.cose_other is None else self.cose_other


ES256 = Algorithm(
    name="ES256",
    jose="ES256",
    cose=-9,
    cose_other=-7,
    key_bytes=33,
    signature_bytes=64,
)

# GB/T 32918.2 over SM3, signer id 1234567812345678, raw r || s. It has no registered name in JOSE or COSE: the JOSE name
# is collision-resistant (RFC 7515 4.1.1), below the arc of our own object identifiers; the numbers are of private use
# (below -65536). They stand here and nowhere else, so that a registered name replaces them in one place.
SM2_SM3 = Algorithm(
    name="SM2-SM3",
    jose="urn:oid:2.25.147015322976363180058465652562701240339.2.1",
    cose=-329_182,
    cose_other=None,
    key_bytes=33,
    signature_bytes=64,
)

SM2_COSE_CURVE = -329_181
"""The curve of SM2 in a COSE key: nobody registered one, and without it such a key has no thumbprint."""

# FIPS 204, context string empty: RFC 9964.
ML_DSA_44 = Algorithm(
    name="ML-DSA-44",
    jose="ML-DSA-44",
    cose=-48,
    cose_other=None,
    key_bytes=1_312,
    signature_bytes=2_420,
)

ALGORITHMS = (ES256, SM2_SM3, ML_DSA_44)

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
        raise Refused(Reason.ALGORITHM_NOT_ALLOWED, f"this JOSE algorithm is not accepted; accepted are {_names()}")
    return found


def by_cose(number: object) -> Algorithm:
    """Return the algorithm with this fully specified COSE number (RFC 9864); else Refused(ALGORITHM_NOT_ALLOWED).

    >>> by_cose(-9).name
    'ES256'
    """
    # A bool is an int in Python, and no algorithm is called True.
    found = _BY_COSE.get(number) if type(number) is int else None
    if found is None:
        raise Refused(Reason.ALGORITHM_NOT_ALLOWED, f"this COSE algorithm is not accepted; accepted are {_names()}")
    return found


def by_cose_any(number: object) -> Algorithm:
    """Return the algorithm with this COSE number, old or new: for forms of others, where -7 is still usual.

    >>> by_cose_any(-7) is by_cose_any(-9)
    True
    """
    found = _BY_COSE_OTHER.get(number) if type(number) is int else None
    return found if found is not None else by_cose(number)


def check_named(named: Algorithm, key: Algorithm) -> None:
    """Raise Refused(ALGORITHM_NOT_ALLOWED) unless a header names the one algorithm the key is for.

    Two suites have signatures of one size, and a point of one curve may have an x on the other: so the key decides,
    before any signature is tried. Source: RFC 8725 3.1.

    >>> check_named(by_jose("ES256"), ES256)
    """
    if named is not key:
        raise Refused(Reason.ALGORITHM_NOT_ALLOWED, f"the header names {named.name} where the key is for {key.name}")


def _names() -> str:
    return ", ".join(algorithm.name for algorithm in ALGORITHMS)
