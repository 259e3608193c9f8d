"""Reading a showing in two stages: the structure first, the disclosures only after both signatures hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import MalformedInput
from core.reasons import Reason
from formats import cose
from formats.cose import UnverifiedSign1
from formats.dataset import Group, group_by_label, read_group
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from formats.sd_cwt import model
from formats.sd_cwt.model import SdCwtClaims
from keys.algorithms import ES256, by_cose, check_named

_KBT_HEADERS = frozenset({cose.ALG, cose.KCWT, cose.TYP})
_SD_CWT_HEADERS = frozenset({cose.ALG, cose.KID, cose.TYP, cose.SD_ALG})
_ONE_WAY = frozenset({model.AUD, model.EXP, model.IAT, model.CTI})
_ANSWER = frozenset({model.AUD, model.IAT, model.CNONCE})

ONE_WAY_SECONDS = 60
CTI_BYTES = 16
CNONCE_BYTES = 32
MAX_AUDIENCE_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class UnverifiedSdCwt:
    """The issuer's part of a showing.

    digests:     all ten, sorted.
    disclosures: the encoded disclosures shown, as they stand inside their byte strings.
    """

    sign1: UnverifiedSign1
    kid: bytes
    claims: SdCwtClaims
    digests: tuple[bytes, ...]
    disclosures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class KbtClaims:
    """The holder's claims. One-way: exp and cti, exp = iat + 60. Answer to a challenge: cnonce. Never a mixture."""

    aud: str
    iat: int
    exp: int | None
    cti: bytes | None
    cnonce: bytes | None


@dataclass(frozen=True, slots=True)
class UnverifiedKbt:
    """The key-binding token as read; nothing in it is trusted yet."""

    sign1: UnverifiedSign1
    claims: KbtClaims
    sd_cwt: UnverifiedSdCwt


def read_kbt(data: bytes) -> UnverifiedKbt:
    """Return a key-binding token and the SD-CWT inside it, both strictly typed, neither signature checked.

    Raises MalformedInput: TOO_LARGE beyond 3,072 bytes; CBOR_MALFORMED; HOLDER_PROOF_MISSING for a bare SD-CWT or one
    without ``cnf``; HEADER_UNEXPECTED for any other set or value of headers; CLAIMS_MALFORMED for claims that are missing,
    unknown, of another type, or of neither of the two shapes; and Refused(ALGORITHM_NOT_ALLOWED) for any but -9.
    Which of the two shapes is right is decided by the judge.
    """
    sign1 = cose.decode_sign1(data, max_bytes=model.MAX_TOKEN_BYTES)
    headers = sign1.protected
    if headers.get(cose.TYP) == model.TYP_SD_CWT:
        raise MalformedInput(Reason.HOLDER_PROOF_MISSING, "a bare SD-CWT: nobody has shown it")
    _check_headers(sign1, _KBT_HEADERS, model.TYP_KBT)
    if sign1.unprotected:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "the key-binding token has unprotected headers")
    return UnverifiedKbt(sign1, _read_claims(sign1.payload), _read_sd_cwt(cose.read_sign1(headers[cose.KCWT])))


def read_sd_cwt(data: bytes) -> UnverifiedSdCwt:
    """Return an SD-CWT as issued or selected, its signature not checked; errors as ``read_kbt``."""
    return _read_sd_cwt(cose.decode_sign1(data, max_bytes=model.MAX_TOKEN_BYTES))


def open_disclosures(sd_cwt: UnverifiedSdCwt) -> dict[Group, CborMap]:
    """Return what was disclosed, by group, each value checked for type and for what may be displayed.

    Call it after both signatures hold.
    Raises MalformedInput: DISCLOSURE_UNREFERENCED for one whose digest is not signed, DISCLOSURE_DUPLICATE for one shown
    twice, DISCLOSURE_MALFORMED for another structure (a decoy too), TEXT_BAD, PORTRAIT_BAD, GLYPH_BAD.
    """
    opened: dict[Group, CborMap] = {}
    salts: set[bytes] = set()
    for disclosure in check_referenced(sd_cwt):
        salt, group, values = read_disclosure(disclosure)
        if group in opened or salt in salts:
            raise MalformedInput(Reason.DISCLOSURE_DUPLICATE, "a group or a salt appears twice")
        salts.add(salt)
        opened[group] = read_group(group, values)
    return opened


def check_referenced(sd_cwt: UnverifiedSdCwt) -> Sequence[bytes]:
    """Return the disclosures, each signed exactly once; else DISCLOSURE_DUPLICATE or DISCLOSURE_UNREFERENCED."""
    digests = [model.disclosure_digest(disclosure) for disclosure in sd_cwt.disclosures]
    if len(set(digests)) != len(digests):
        raise MalformedInput(Reason.DISCLOSURE_DUPLICATE, "a disclosure is shown twice")
    if not set(digests).issubset(sd_cwt.digests):
        raise MalformedInput(Reason.DISCLOSURE_UNREFERENCED, "a disclosure is not part of what the issuer signed")
    return sd_cwt.disclosures


def read_disclosure(disclosure: bytes) -> tuple[bytes, Group, CborValue]:
    """Return salt, group and value of [salt, value, key]; DISCLOSURE_MALFORMED for anything else, a decoy too."""
    try:
        parts = cbor.decode(disclosure, max_bytes=model.MAX_TOKEN_BYTES)
    except MalformedInput as err:
        raise MalformedInput(Reason.DISCLOSURE_MALFORMED, "a disclosure is not deterministic CBOR") from err
    if type(parts) is not list or len(parts) != 3:
        raise MalformedInput(Reason.DISCLOSURE_MALFORMED, "a disclosure is not salt, value and key")
    salt, value, key = parts
    group = group_by_label(key)
    if type(salt) is not bytes or len(salt) != model.SALT_BYTES or group is None:
        raise MalformedInput(Reason.DISCLOSURE_MALFORMED, "a disclosure's salt or key is not of the profile")
    return salt, group, value


def _check_headers(sign1: UnverifiedSign1, labels: frozenset[int], typ: int) -> None:
    headers = sign1.protected
    if headers.keys() != labels or type(headers[cose.TYP]) is not int or headers[cose.TYP] != typ:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "a protected header is missing, unknown or of another value")
    # EID1 is ES256, whatever suite a bureau uses online.
    check_named(by_cose(headers[cose.ALG]), ES256)


def _read_sd_cwt(sign1: UnverifiedSign1) -> UnverifiedSdCwt:
    _check_headers(sign1, _SD_CWT_HEADERS, model.TYP_SD_CWT)
    if type(sign1.protected[cose.SD_ALG]) is not int or sign1.protected[cose.SD_ALG] != model.SHA_256:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "sd_alg is not SHA-256")
    kid = cose.read_kid(sign1.protected[cose.KID])
    disclosures = _read_sd_claims(sign1.unprotected)
    claims, digests = model.read_claims(sign1.payload)
    return UnverifiedSdCwt(sign1, kid, claims, digests, disclosures)


def _read_sd_claims(unprotected: CborMap) -> tuple[bytes, ...]:
    if not unprotected:
        return ()
    if unprotected.keys() != {cose.SD_CLAIMS}:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "an unprotected header other than sd_claims")
    listed = unprotected[cose.SD_CLAIMS]
    if type(listed) is not list or not 0 < len(listed) <= model.DIGESTS:
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "sd_claims is no list of one to ten disclosures")
    disclosures = tuple(item for item in listed if type(item) is bytes)
    if len(disclosures) != len(listed):
        raise MalformedInput(Reason.HEADER_UNEXPECTED, "a disclosure is no byte string")
    return disclosures


def _read_claims(payload: bytes) -> KbtClaims:
    claims = cbor.decode(payload, max_bytes=model.MAX_TOKEN_BYTES)
    if type(claims) is not dict or claims.keys() not in (_ONE_WAY, _ANSWER):
        raise MalformedInput(Reason.CLAIMS_MALFORMED, "the holder's claims have neither of the two shapes")
    audience = claims[model.AUD]
    if type(audience) is not str or not 0 < len(audience) <= MAX_AUDIENCE_CHARACTERS:
        raise MalformedInput(Reason.CLAIMS_MALFORMED, "aud is not a short text")
    issued_at = model.read_time(claims[model.IAT])
    if model.CNONCE in claims:
        cnonce = model.read_bytes(claims[model.CNONCE], CNONCE_BYTES)
        return KbtClaims(audience, issued_at, None, None, cnonce)
    expires_at = model.read_time(claims[model.EXP])
    if expires_at != issued_at + ONE_WAY_SECONDS:
        raise MalformedInput(Reason.CLAIMS_MALFORMED, "a one-way code does not live sixty seconds")
    return KbtClaims(audience, issued_at, expires_at, model.read_bytes(claims[model.CTI], CTI_BYTES), None)
