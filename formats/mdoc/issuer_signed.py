"""IssuerSigned: the issued mdoc, drafted by the issuer, kept and cut down by the holder, taken apart by the verifier.

Reading is in stages, so that a judge keeps its fixed order of checks; each stage is one function that raises with its
reason. Source: ISO/IEC 18013-5, 9.1.2 and 9.3.1 (inspection procedure).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import new, sha256
from typing import Final, cast

from core.entropy import Entropy
from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats.cose import ForeignSign1Draft, cut_foreign_sign1, read_foreign_sign1
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.mdoc.items import cut_items, is_name, random_bytes_for, read_items, write_items, write_namespace
from formats.mdoc.model import MAX_BYTES, NAMESPACE, TAG_CBOR, MdocTerms, UnverifiedIssuerSigned, UnverifiedItem
from formats.mdoc.mso import read_mso, write_mso
from keys.algorithms import ES256, check_named
from keys.certificates import CheckedLeaf
from keys.signing import Signer, verify_signature
from keys.trust import AuthorisedIssuer

# One for each element of the table of attributes, so that no number of digests tells who has a second-script name.
_DIGESTS: Final = 28
_MEMBERS: Final = frozenset({"nameSpaces", "issuerAuth"})
_HEAD: Final = b"\xa2\x6anameSpaces"
_AUTH: Final = b"\x6aissuerAuth"
_AUTH_FOUR: Final = _AUTH + b"\x84"
_SIGNATURE_HEAD: Final = cbor.bstr_head(ES256.signature_bytes)
_MSO: Final = b"\xa7\x67version"
_BEFORE_MSO: Final = len(cbor.TAG_24_HEAD) + 3


# --- issuer ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IssuerSignedDraft:
    """An mdoc before its signature."""

    sign1: ForeignSign1Draft
    items: tuple[bytes, ...]

    @property
    def payload(self) -> bytes:
        """The MSO bytes that will be signed; their hash can be recorded before the key is used."""
        return self.sign1.payload

    def to_be_signed(self) -> bytes:
        """Return the bytes the document signer signs."""
        return self.sign1.to_be_signed()

    def finish(self, signature: bytes) -> bytes:
        """Return the issued mdoc with all its elements."""
        return _spell(write_namespace(NAMESPACE, self.items), self.sign1.finish(signature))


def draft_issuer_signed(
    elements: Mapping[str, ForeignValue],
    terms: MdocTerms,
    *,
    entropy: Entropy,
    signer: Signer,
    digests: int = _DIGESTS,
) -> IssuerSignedDraft:
    """Return the unsigned mdoc of one copy, all its elements in our namespace.

    elements: what ``formats.dataset.mdoc_elements`` returns.
    signer:   has certificates: an mdoc names its signer by them alone; else ValueError.
    digests:  the least number of digests; what is missing is filled with decoys.
    """
    if not elements or not signer.certificates:
        raise ValueError("an mdoc has elements, and a signer with certificates")
    number = max(digests, len(elements))
    random = entropy.random_bytes(random_bytes_for(len(elements), number))
    items, found = write_items(elements, digests=number, random=random)
    payload = write_mso(NAMESPACE, found, terms)
    return IssuerSignedDraft(ForeignSign1Draft(signer.algorithm, signer.certificates, payload), items)


# --- holder ----------------------------------------------------------------------------------------------------------


def element_names(issuer_signed: bytes) -> tuple[str, ...]:
    """Return the elements of our namespace that an issued mdoc lets its holder show, in their order."""
    return tuple(item.element for item in _ours(read_issuer_signed(issuer_signed)))


def select(issuer_signed: bytes, elements: Collection[str]) -> bytes:
    """Return the mdoc with these elements only, in the order issued; what is kept is kept byte for byte.

    Raises Refused(GROUP_UNKNOWN) for an element the mdoc does not have, and for no elements at all.
    """
    return select_for(issuer_signed, elements)[0]


def select_for(issuer_signed: bytes, elements: Collection[str]) -> tuple[bytes, MdocTerms]:
    """Return what ``select`` returns, and the terms of the copy."""
    value = _decode(issuer_signed)
    issued = issuer_signed_of(value)
    parts = cast("dict[str, ForeignValue]", value)
    items = {item.element: item.tagged for item in _ours(issued)}
    if not elements or not set(elements) <= items.keys():
        raise Refused(Reason.GROUP_UNKNOWN, "the credential has no such element to show")
    kept = [tagged for element, tagged in items.items() if element in elements]
    # What was read strictly prints back as it came.
    return _spell(write_namespace(NAMESPACE, kept), cbor.encode_foreign(parts["issuerAuth"])), issued.terms


def _ours(issued: UnverifiedIssuerSigned) -> tuple[UnverifiedItem, ...]:
    return issued.namespaces.get(NAMESPACE, ())


def _spell(namespaces: bytes, issuer_auth: bytes) -> bytes:
    return b"".join((_HEAD, namespaces, _AUTH, issuer_auth))


# --- verifier --------------------------------------------------------------------------------------------------------


def read_issuer_signed(data: bytes) -> UnverifiedIssuerSigned:
    """Return an issued mdoc's parts: structure only.

    Raises MalformedInput and Refused with the reasons of ``formats.cose.read_foreign_sign1``, ``read_mso`` and
    ``read_items``; TOO_LARGE beyond 65,536 bytes; CLAIMS_MALFORMED for other members or no namespace.
    """
    return issuer_signed_of(_decode(data))


def issuer_signed_of(value: ForeignValue) -> UnverifiedIssuerSigned:
    """Return the parts of the IssuerSigned that a decoded value holds; errors as ``read_issuer_signed``."""
    if type(value) is not dict or value.keys() != _MEMBERS:
        raise _malformed("an mdoc's issued part is nameSpaces and issuerAuth")
    issuer_auth = read_foreign_sign1(value["issuerAuth"])
    namespaces = value["nameSpaces"]
    if type(namespaces) is not dict or not namespaces:
        raise _malformed("the mdoc shows no namespace")
    shown: dict[str, tuple[UnverifiedItem, ...]] = {}
    for namespace, listed in namespaces.items():
        if type(namespace) is not str or not is_name(namespace):
            raise _malformed("a namespace has no name")
        shown[namespace] = read_items(listed)
    return UnverifiedIssuerSigned(shown, read_mso(issuer_auth.payload), issuer_auth)


def cut_issuer_signed(
    data: bytes, namespace: str, count: int, *, first: int, end: int
) -> UnverifiedIssuerSigned | None:
    """Return what ``issuer_signed_of`` does, of an IssuerSigned in our layout; None for any other.

    namespace, count: what its head, which the caller has read, says; its items begin at ``first``.
    end:              where its bytes end.
    Errors as ``read_issuer_signed``, if not always the first of them.
    """
    found = cut_items(data, first, count)
    if found is None:
        return None
    items, at = found
    # The payload is tag 24, a head of three bytes, and the MSO, which begins with its version.
    payload_at = data.find(_MSO, at, end) - _BEFORE_MSO
    signature_at = end - ES256.signature_bytes
    payload = data[payload_at : signature_at - len(_SIGNATURE_HEAD)]
    payload_head = cbor.bstr_head(len(payload))
    headers_at, headers_end = at + len(_AUTH_FOUR), payload_at - len(payload_head)
    if not (
        at < headers_end
        and data.startswith(_AUTH_FOUR, at)
        and data.startswith(payload_head, headers_end)
        and data.startswith(_SIGNATURE_HEAD, payload_at + len(payload))
    ):
        return None
    sign1 = cut_foreign_sign1(data[headers_at:headers_end], payload, data[signature_at:end])
    return UnverifiedIssuerSigned({namespace: items}, read_mso(payload), sign1)


def check_issuer_signature(issued: UnverifiedIssuerSigned, issuer: AuthorisedIssuer) -> None:
    """Raise Refused unless the issuer's key signed the MSO: ALGORITHM_NOT_ALLOWED, ISSUER_SIGNATURE_INVALID."""
    sign1, algorithm = issued.issuer_auth, issuer.algorithm
    check_named(sign1.algorithm, algorithm)
    if not verify_signature(issuer.point, algorithm, sign1.to_be_signed(), sign1.signature):
        raise Refused(Reason.ISSUER_SIGNATURE_INVALID, "the mdoc is not signed by its issuer's key")


def check_signed_within(issued: UnverifiedIssuerSigned, leaf: CheckedLeaf) -> None:
    """Raise Refused(ISSUER_KEY_OUT_OF_PERIOD) unless ``signed`` lies within the signer certificate's validity."""
    if not leaf.not_before <= issued.terms.issued_at <= leaf.not_after:
        raise Refused(Reason.ISSUER_KEY_OUT_OF_PERIOD, "the MSO was signed outside its certificate's validity")


def check_digests(issued: UnverifiedIssuerSigned) -> None:
    """Raise Refused(DISCLOSURE_UNREFERENCED) unless each item shown, as received, is what the issuer hashed."""
    mso = issued.mso
    digest = sha256 if mso.hash_name == "sha256" else lambda octets: new(mso.hash_name, octets)
    for namespace, items in issued.namespaces.items():
        digests = mso.digests.get(namespace, {})
        for item in items:
            if digests.get(item.digest_id) != digest(item.tagged).digest():
                raise Refused(Reason.DISCLOSURE_UNREFERENCED, "an element is not what the issuer signed")


def check_validity(issued: UnverifiedIssuerSigned, *, now: int, tolerance_seconds: int) -> None:
    """Raise Refused unless the credential is valid now: CREDENTIAL_NOT_YET_VALID, CREDENTIAL_EXPIRED."""
    if issued.mso.valid_from > now + tolerance_seconds:
        raise Refused(Reason.CREDENTIAL_NOT_YET_VALID, "the credential is not valid yet")
    if now >= issued.terms.expires_at + tolerance_seconds:
        raise Refused(Reason.CREDENTIAL_EXPIRED, "the credential has expired")


def _decode(data: bytes) -> ForeignValue:
    return cbor.decode_foreign(data, max_bytes=MAX_BYTES, tags=(TAG_CBOR,))


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)
