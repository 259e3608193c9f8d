"""Checks on what an issuer delivered: a copy is kept only if a reader would accept it and it hides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core.errors import EidError, Refused
from core.reasons import Reason
from formats import sd_jwt_vc
from formats.cose import check_signature
from formats.dataset import AGES, Group
from formats.encoding import base64url
from formats.mdoc import issuer_signed
from formats.mdoc.model import DOCTYPE, NAMESPACE
from formats.sd_cwt.model import StatusReference
from formats.sd_cwt.select import open_issued
from formats.sd_cwt.unpack import read_sd_cwt
from formats.signature_checks import run
from wallet_client.records import Copy, Form
from wallet_client.trusting import TrustView

TOLERANCE_SECONDS: Final = 30
"""How far the wallet's clock may be behind the issuer's."""

# What every person has; address and portrait are missing for some.
_GROUPS_OF_ALL: Final = frozenset(Group) - {Group.ADDRESS, Group.PORTRAIT}
_CLAIMS_OF_ALL: Final = frozenset({"full_name", "birthdate", "personal_administrative_number", "sex", "document_type"})
_ELEMENTS_OF_ALL: Final = frozenset(
    {"full_name", "birth_date", "personal_administrative_number", "sex", "document_type"}
    | {f"age_over_{age}" for age in AGES}
)
_AGES_CLAIM: Final = "age_equal_or_over"


@dataclass(frozen=True, slots=True)
class Received:
    """A checked copy and the bureau that signed it, as the trust list names it."""

    copy: Copy
    bureau_zh: str
    bureau_en: str
    subject: str
    status: StatusReference


def check_copies(
    credentials: Sequence[str],
    *,
    form: Form,
    scalars: Sequence[bytes],
    points: Sequence[bytes],
    trust: TrustView,
    now: int,
) -> tuple[Received, ...]:
    """Return the copies of one answer, each checked against the key it was asked for.

    scalars, points: the keys in the order of their proofs, which is the order of the credentials.
    Raises Refused(ISSUER_ANSWER_INVALID) for the whole answer when any copy is malformed, signed by a key the trust list
    does not admit, bound to another key, of the other kind (specimen or real), out of date, or incomplete; and when two
    copies could be linked by their status index or subject.
    """
    check = _CHECKS[form]
    received: list[Received] = []
    for credential, scalar, point in zip(credentials, scalars, points, strict=True):
        try:
            received.append(check(credential, scalar, point, trust, now))
        except EidError as err:
            raise Refused(Reason.ISSUER_ANSWER_INVALID, f"a credential was refused: {err}") from err
    if len({one.status for one in received}) != len(received) or len({one.subject for one in received}) != len(
        received
    ):
        raise _refused("two copies can be linked to each other")
    return tuple(received)


def _check_qr(credential: str, scalar: bytes, point: bytes, trust: TrustView, now: int) -> Received:
    token = base64url.decode(credential)
    sd_cwt = read_sd_cwt(token)
    claims = sd_cwt.claims
    key = trust.qr_key(sd_cwt.kid, issued_at=claims.issued_at)
    if not run(check_signature(sd_cwt.sign1, key.point, key.algorithm)):
        raise _refused("the issuer's signature is wrong")
    _check_clear(claims.holder_point33, point, specimen=claims.specimen, trust=trust)
    _check_times(claims.issued_at, claims.expires_at, now)
    if not open_issued(sd_cwt).keys() >= _GROUPS_OF_ALL:
        raise _refused("a group of fields that everybody has is missing")
    copy = Copy(Form.QR.value, scalar, token, claims.issued_at, claims.expires_at, now)
    return Received(copy, key.name_zh, key.name_en, claims.subject, claims.status)


def _check_sd_jwt_vc(credential: str, scalar: bytes, point: bytes, trust: TrustView, now: int) -> Received:
    unverified = sd_jwt_vc.read_credential(credential)
    if unverified.sd_jwt.key_binding is not None:
        raise _refused("the credential comes with a key binding")
    terms = unverified.terms
    if terms.vct != sd_jwt_vc.VCT:
        raise _refused("the credential is of another type")
    issuer = sd_jwt_vc.check_issuer(unverified, trust.store, now=now)
    sd_jwt_vc.check_issuer_signature(unverified, issuer)
    _check_clear(terms.holder_point, point, specimen=terms.specimen, trust=trust)
    _check_times(terms.issued_at, terms.expires_at, now)
    claims = sd_jwt_vc.open_disclosures(unverified)
    if not claims.keys() >= _CLAIMS_OF_ALL or not isinstance(claims.get(_AGES_CLAIM), dict):
        raise _refused("a claim that everybody has is missing")
    copy = Copy(Form.SD_JWT_VC.value, scalar, credential.encode("ascii"), terms.issued_at, terms.expires_at, now)
    name_zh, name_en = ("", "") if issuer.signer is None else (issuer.signer.name_zh, issuer.signer.name_en)
    # This form has no subject of its own: the holder key is what names a copy.
    return Received(copy, name_zh, name_en, point.hex(), terms.status)


def _check_mdoc(credential: str, scalar: bytes, point: bytes, trust: TrustView, now: int) -> Received:
    token = base64url.decode(credential)
    issued = issuer_signed.read_issuer_signed(token)
    terms = issued.terms
    if terms.doctype != DOCTYPE:
        raise _refused("the mdoc is of another type")
    issuer = trust.store.authorise(issued.chain, credential_type=terms.doctype, issued_at=terms.issued_at, now=now)
    issuer_signed.check_issuer_signature(issued, issuer)
    _check_clear(terms.holder_point, point, specimen=terms.specimen, trust=trust)
    _check_times(issued.mso.valid_from, terms.expires_at, now)
    issuer_signed.check_digests(issued)
    if not {item.element for item in issued.namespaces.get(NAMESPACE, ())} >= _ELEMENTS_OF_ALL:
        raise _refused("an element that everybody has is missing")
    copy = Copy(Form.MDOC.value, scalar, token, terms.issued_at, terms.expires_at, now)
    name_zh, name_en = ("", "") if issuer.signer is None else (issuer.signer.name_zh, issuer.signer.name_en)
    # As in SD-JWT VC, the holder key is what names a copy.
    return Received(copy, name_zh, name_en, point.hex(), terms.status)


_Check = Callable[[str, bytes, bytes, TrustView, int], Received]
_CHECKS: Final[Mapping[Form, _Check]] = MappingProxyType(
    {Form.QR: _check_qr, Form.SD_JWT_VC: _check_sd_jwt_vc, Form.MDOC: _check_mdoc}
)


def _check_clear(bound_to: bytes, point: bytes, *, specimen: bool, trust: TrustView) -> None:
    if bound_to != point:
        raise _refused("a credential is bound to another key than the one it was asked for")
    if specimen != trust.specimen:
        raise _refused("a specimen under a real root, or a real credential under a specimen root")


def _check_times(issued_at: int, expires_at: int, now: int) -> None:
    if issued_at > now + TOLERANCE_SECONDS or expires_at <= now:
        raise _refused("a credential is not valid now: check this device's clock")


def _refused(detail: str) -> Refused:
    return Refused(Reason.ISSUER_ANSWER_INVALID, detail)
