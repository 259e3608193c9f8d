"""SD-JWT VC: what makes an SD-JWT a credential. Editor copy -19 of the draft, its rules as we hold them.

Reading is in stages, so that a judge keeps its fixed order of checks: structure, issuer, issuer's signature, holder's
signature, freshness, validity, disclosures, status. Each stage is one function that raises with its reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from core.entropy import Entropy
from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.encoding.json import JsonValue
from formats.jose import claims_of, optional_time, required_text, required_time
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from formats.sd_jwt import select as holder
from formats.sd_jwt.key_binding import UnverifiedKeyBinding, read_key_binding
from formats.sd_jwt.model import ClaimPath, SdJwtDraft, UnverifiedSdJwt
from formats.sd_jwt.pack import pack
from formats.sd_jwt.unpack import open_claims, split
from formats.status_list.reference import read_status_claim, status_claim
from keys.certificates import CheckedLeaf
from keys.jwk import point_from_jwk, public_jwk
from keys.signing import Signer
from keys.trust import AuthorisedIssuer, TrustStore

TYP: Final = "dc+sd-jwt"
VCT: Final = "urn:eid:cn:resident-id:1"
MAX_BYTES: Final = 65_536

_Word = TypeVar("_Word")

# Draft 2.2.2, "sub-claims included"; iat, nbf and the facts about keys are ours to keep clear.
NEVER_DISCLOSED: Final = frozenset(
    {
        "iss", "nbf", "exp", "iat", "cnf", "vct", "vct#integrity", "aka_vcts", "status",
        "key_storage", "assurance", "specimen", "_sd_alg",
    }
)  # fmt: skip

# Fixed counts, so that no number of digests tells who has a second-script name or no ethnic group.
_DIGESTS: Final = 24
_STRUCTURED: Final = {"address": 2, "age_equal_or_over": 5}
_KEY_STORAGE: Final = {KeyStorage.SOFTWARE: "software", KeyStorage.ATTESTED: "attested"}
_ASSURANCE: Final = {Assurance.BASIC: "basic", Assurance.FULL: "full"}
_KEY_STORAGE_BY_TEXT: Final = {text: value for value, text in _KEY_STORAGE.items()}
_ASSURANCE_BY_TEXT: Final = {text: value for value, text in _ASSURANCE.items()}


class CredentialTerms(NamedTuple):
    """The clear claims of one copy.

    issued_at, expires_at: rounded by the caller, the same for every copy a bureau makes in a week.
    holder_point: the holder's key, 33 bytes.
    issuer:       ``iss``: an https URL named by the signer's certificate, or None.
    key_storage, assurance: None only in credentials of others.
    """

    vct: str
    issued_at: int
    expires_at: int
    holder_point: bytes
    status: StatusReference
    issuer: str | None
    key_storage: KeyStorage | None
    assurance: Assurance | None
    specimen: bool


class UnverifiedCredential(NamedTuple):
    """A credential taken apart, before any signature is checked.

    claims: the raw payload; its claims about the person are behind ``open_disclosures``.
    """

    sd_jwt: UnverifiedSdJwt
    claims: dict[str, JsonValue]
    terms: CredentialTerms
    not_before: int | None


class UnverifiedPresentation(NamedTuple):
    """A credential shown by its holder, taken apart, before any signature is checked."""

    credential: UnverifiedCredential
    binding: UnverifiedKeyBinding


# --- issuer ----------------------------------------------------------------------------------------------------------


def draft_credential(
    dataset_claims: Mapping[str, JsonValue],
    terms: CredentialTerms,
    *,
    entropy: Entropy,
    signer: Signer,
    digests: int = _DIGESTS,
) -> SdJwtDraft:
    """Return the unsigned credential of one copy; its ``payload`` can be recorded before the key is used.

    dataset_claims: what ``formats.dataset.jose_claims`` returns; each becomes a disclosure, address and ages one each
                    per member.
    digests:        the least number of digests; what is missing is filled with decoys.
    """
    return pack(
        _clear_claims(terms),
        dataset_claims,
        structured=_STRUCTURED,
        digests=digests,
        typ=TYP,
        entropy=entropy,
        signer=signer,
    )


def pack_credential(
    dataset_claims: Mapping[str, JsonValue],
    terms: CredentialTerms,
    *,
    entropy: Entropy,
    signer: Signer,
    digests: int = _DIGESTS,
) -> str:
    """Return one signed copy with all its disclosures."""
    draft = draft_credential(dataset_claims, terms, entropy=entropy, signer=signer, digests=digests)
    return draft.finish(signer.sign(draft.to_be_signed()))


def _clear_claims(terms: CredentialTerms) -> dict[str, JsonValue]:
    claims: dict[str, JsonValue] = {"vct": terms.vct, "iat": terms.issued_at, "exp": terms.expires_at}
    if terms.issuer is not None:
        claims["iss"] = terms.issuer
    claims["cnf"] = {"jwk": dict[str, JsonValue](public_jwk(terms.holder_point))}
    claims["status"] = status_claim(terms.status)
    if terms.key_storage is not None:
        claims["key_storage"] = _KEY_STORAGE[terms.key_storage]
    if terms.assurance is not None:
        claims["assurance"] = _ASSURANCE[terms.assurance]
    if terms.specimen:
        claims["specimen"] = True
    return claims


# --- holder ----------------------------------------------------------------------------------------------------------


def claim_paths(issued: str) -> tuple[ClaimPath, ...]:
    """Return the paths of the claims an issued credential lets its holder show."""
    return holder.claim_paths(issued, typ=TYP, max_bytes=MAX_BYTES)


def select(issued: str, paths: Collection[ClaimPath]) -> str:
    """Return the credential with these claims only, ready to be bound (``formats.sd_jwt.key_binding.bind``)."""
    return holder.select(issued, paths, typ=TYP, max_bytes=MAX_BYTES)


# --- verifier --------------------------------------------------------------------------------------------------------


def read_credential(token: str) -> UnverifiedCredential:
    """Return an issued credential's parts: structure only.

    Raises MalformedInput and Refused with the reasons of ``formats.jose.read_compact``, CLAIMS_MALFORMED,
    HOLDER_PROOF_MISSING without ``cnf``, HOLDER_KEY_INVALID.
    """
    return _read(split(token, typ=TYP, max_bytes=MAX_BYTES))


def read_presentation(token: str) -> UnverifiedPresentation:
    """Return a presentation's parts: structure only; Refused(HOLDER_PROOF_MISSING) without key binding."""
    sd_jwt = split(token, typ=TYP, max_bytes=MAX_BYTES)
    credential = _read(sd_jwt)
    return UnverifiedPresentation(credential, read_key_binding(sd_jwt))


def check_issuer(credential: UnverifiedCredential, trust: TrustStore, *, now: int) -> AuthorisedIssuer:
    """Return the issuer that may sign this credential.

    Only ``x5c`` names it: with ``iss`` alone there would be a second way, and the sender would choose (draft 6.2).
    Raises what ``TrustStore.authorise`` raises; ISSUER_NOT_AUTHORISED for an ``iss`` the certificate does not name.
    """
    chain = credential.sd_jwt.jws.header.chain
    if not chain:
        raise Refused(Reason.ISSUER_UNKNOWN, "the credential names no certificate")
    terms = credential.terms
    issuer = trust.authorise(chain, credential_type=terms.vct, issued_at=terms.issued_at, now=now)
    if terms.issuer is not None and not _names(issuer.leaf, terms.issuer):
        raise Refused(Reason.ISSUER_NOT_AUTHORISED, "the certificate does not name this iss")
    return issuer


def check_issuer_signature(credential: UnverifiedCredential, issuer: AuthorisedIssuer) -> None:
    """Raise Refused unless the issuer's key signed the credential, in the algorithm that key is for.

    Reasons: ALGORITHM_NOT_ALLOWED for a header that names another one; ISSUER_SIGNATURE_INVALID.
    """
    if not credential.sd_jwt.jws.signed_by(issuer.point, issuer.algorithm):
        raise Refused(Reason.ISSUER_SIGNATURE_INVALID, "the credential is not signed by its issuer's key")


def check_validity(credential: UnverifiedCredential, *, now: int, tolerance_seconds: int) -> None:
    """Raise Refused unless the credential is valid now: CREDENTIAL_NOT_YET_VALID, CREDENTIAL_EXPIRED."""
    terms = credential.terms
    if max(terms.issued_at, credential.not_before or 0) > now + tolerance_seconds:
        raise Refused(Reason.CREDENTIAL_NOT_YET_VALID, "the credential is not valid yet")
    if now >= terms.expires_at + tolerance_seconds:
        raise Refused(Reason.CREDENTIAL_EXPIRED, "the credential has expired")


def check_shown_within_validity(presentation: UnverifiedPresentation, *, tolerance_seconds: int) -> None:
    """Raise Refused(PROOF_OUTSIDE_VALIDITY) when the holder signed before or after the credential's life."""
    terms = presentation.credential.terms
    shown_at = presentation.binding.issued_at
    if not terms.issued_at - tolerance_seconds <= shown_at <= terms.expires_at + tolerance_seconds:
        raise Refused(Reason.PROOF_OUTSIDE_VALIDITY, "the key binding lies outside the credential's validity")


def open_disclosures(credential: UnverifiedCredential) -> dict[str, JsonValue]:
    """Return the processed claims: clear and disclosed. To be called after the signatures hold.

    Raises Refused with the DISCLOSURE_... reasons of ``formats.sd_jwt.unpack.open_claims``.
    """
    return open_claims(credential.claims, credential.sd_jwt.disclosures, never=NEVER_DISCLOSED, max_bytes=MAX_BYTES)


def _read(sd_jwt: UnverifiedSdJwt) -> UnverifiedCredential:
    claims = claims_of(sd_jwt.jws.payload, max_bytes=MAX_BYTES)
    terms = CredentialTerms(
        vct=required_text(claims, "vct"),
        issued_at=required_time(claims, "iat"),
        expires_at=required_time(claims, "exp"),
        holder_point=_read_holder(claims),
        status=read_status_claim(claims),
        issuer=_read_iss(claims),
        key_storage=_read_word(claims, "key_storage", _KEY_STORAGE_BY_TEXT),
        assurance=_read_word(claims, "assurance", _ASSURANCE_BY_TEXT),
        specimen=_read_specimen(claims),
    )
    if terms.issued_at >= terms.expires_at:
        raise MalformedInput(Reason.CLAIMS_MALFORMED, "the credential expires before it is issued")
    return UnverifiedCredential(sd_jwt, claims, terms, optional_time(claims, "nbf"))


def _read_holder(claims: dict[str, JsonValue]) -> bytes:
    confirmation = claims.get("cnf")
    if confirmation is None:
        raise Refused(Reason.HOLDER_PROOF_MISSING, "the credential is bound to no holder key")
    if not isinstance(confirmation, dict) or confirmation.keys() != {"jwk"}:
        raise Refused(Reason.HOLDER_KEY_INVALID, "cnf must hold one JWK and nothing else")
    return point_from_jwk(confirmation["jwk"])


def _read_iss(claims: dict[str, JsonValue]) -> str | None:
    if "iss" not in claims:
        return None
    issuer = required_text(claims, "iss")
    if not issuer.startswith("https://") or not _host(issuer):
        raise MalformedInput(Reason.CLAIMS_MALFORMED, "iss is not an https URL")
    return issuer


def _names(leaf: CheckedLeaf, issuer: str) -> bool:
    return issuer in leaf.uris or _host(issuer) in leaf.dns_names


@lru_cache(maxsize=64)
def _host(url: str) -> str | None:
    """Return the host of a URL, or None without one. Remembered: all credentials of an issuer carry the same URL."""
    try:
        return urlsplit(url).hostname
    except ValueError:  # brackets that hold no address
        return None


def _read_specimen(claims: dict[str, JsonValue]) -> bool:
    if "specimen" not in claims:
        return False
    if claims["specimen"] is not True:
        raise MalformedInput(Reason.CLAIMS_MALFORMED, "specimen is true or absent")
    return True


def _read_word(claims: dict[str, JsonValue], name: str, words: Mapping[str, _Word]) -> _Word | None:
    if name not in claims:
        return None
    text = claims[name]
    value = words.get(text) if isinstance(text, str) else None
    if value is None:
        raise MalformedInput(Reason.CLAIMS_MALFORMED, f"{name} is not one of its words")
    return value
