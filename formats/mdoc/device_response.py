"""DeviceResponse: an mdoc shown by its holder, made and taken apart (ISO/IEC 18013-5, 8.3.2.1.2 and 9.1.3)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from cbor2 import CBORTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import EidError, MalformedInput, Refused
from core.reasons import Reason
from formats import cose
from formats.cose import (
    ForeignSign1Draft,
    UnverifiedForeignSign1,
    UnverifiedMac0,
    cut_foreign_sign1,
    read_foreign_sign1,
    read_mac0,
)
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.mdoc.issuer_signed import cut_issuer_signed, issuer_signed_of, select_for
from formats.mdoc.items import is_name, read_name
from formats.mdoc.model import MAX_BYTES, TAG_CBOR, VALUE_TAGS, VERSION, UnverifiedIssuerSigned
from keys.algorithms import ES256, check_named
from keys.points import load_point
from keys.signing import Signer, verify_signature

_RESPONSE: Final = frozenset({"version", "documents", "status"})
_DOCUMENT: Final = frozenset({"docType", "issuerSigned", "deviceSigned"})
_ISSUED_ONLY: Final = frozenset({"nameSpaces", "issuerAuth"})
_DEVICE_SIGNED: Final = frozenset({"nameSpaces", "deviceAuth"})
_SIGNATURE: Final = "deviceSignature"
_MAC: Final = "deviceMac"
_MAC_KEY_BYTES: Final = 32
_EMPTY_MAP: Final = b"\xa0"
_NO_ELEMENTS: Final = cbor.wrapped(_EMPTY_MAP)
_NOTHING_SAID: Final[frozenset[tuple[str, str]]] = frozenset()
_TAGS: Final = (TAG_CBOR,)

# Our layout, which both wallet and issuer follow: what stands around what differs.
_TO_DOCTYPE: Final = b"\xa3\x67version\x631.0\x69documents\x81\xa3\x67docType"
_TO_ISSUED: Final = b"\x6cissuerSigned"
_TO_DEVICE_NAMESPACES: Final = b"\x6cdeviceSigned\xa2\x6anameSpaces"
_TO_DEVICE_AUTH: Final = b"\x6adeviceAuth\xa1"
_CLOSING: Final = b"\x66status\x00"
_OPENING: Final = re.compile(
    re.escape(_TO_DOCTYPE)
    + rb"(.{2,202}?)"
    + re.escape(_TO_ISSUED)
    + rb"\xa2\x6anameSpaces\xa1(.{2,202}?)([\x81-\x97]|\x98[\x18-\xff])",
    re.DOTALL,
)
_OPENING_MAX_BYTES: Final = 512
_DEVICE_HEADERS: Final = b"\x43\xa1\x01\x26\xa0"
_DEVICE_HEAD: Final = b"".join(
    (
        _TO_DEVICE_NAMESPACES,
        _NO_ELEMENTS,
        _TO_DEVICE_AUTH,
        cbor.encode_foreign(_SIGNATURE),
        b"\x84",
        _DEVICE_HEADERS,
        b"\xf6",
        cbor.bstr_head(ES256.signature_bytes),
    )
)
_DEVICE_BYTES: Final = len(_DEVICE_HEAD) + ES256.signature_bytes + len(_CLOSING)


class UnverifiedDeviceResponse(NamedTuple):
    """The one document of a DeviceResponse taken apart, before anything in it is checked.

    device_auth:             the holder's signature or MAC, its payload detached.
    device_namespaces_bytes: DeviceNameSpacesBytes exactly as received, tag 24 included.
    device_elements:         namespace and name of what the holder says by itself. Its values are not kept: they are
                             nobody's word but the holder's, and never shown.
    """

    doctype: str
    issued: UnverifiedIssuerSigned
    device_auth: UnverifiedForeignSign1 | UnverifiedMac0
    device_namespaces_bytes: bytes
    device_elements: frozenset[tuple[str, str]]


# --- holder ----------------------------------------------------------------------------------------------------------


def present(issuer_signed: bytes, elements: Collection[str], *, transcript: bytes, signer: Signer) -> bytes:
    """Return the DeviceResponse that shows these elements, signed by the device key over this session.

    Raises what ``select`` raises.
    """
    selected, terms = select_for(issuer_signed, elements)
    message = _device_authentication(transcript, terms.doctype, _NO_ELEMENTS)
    draft = ForeignSign1Draft(signer.algorithm, (), message, detached=True)
    signed = draft.finish(signer.sign(draft.to_be_signed()))
    return _join(terms.doctype, selected, _NO_ELEMENTS, _SIGNATURE, signed)


def present_with_mac(
    issuer_signed: bytes,
    elements: Collection[str],
    *,
    transcript: bytes,
    holder_private: ec.EllipticCurvePrivateKey,
    reader_point: bytes,
) -> bytes:
    """Return the DeviceResponse that shows these elements, with a MAC that only this reader can check.

    reader_point: the reader's ephemeral key, 33 or 65 bytes; Refused(REQUEST_MALFORMED) when it is off the curve.
    Raises what ``select`` raises.
    """
    reader_key = load_point(reader_point)
    if reader_key is None:
        raise Refused(Reason.REQUEST_MALFORMED, "the reader's key is no point of P-256")
    selected, terms = select_for(issuer_signed, elements)
    message = _device_authentication(transcript, terms.doctype, _NO_ELEMENTS)
    tag = _mac(holder_private, reader_key, transcript, cose.mac0_to_be_authenticated(message))
    return _join(terms.doctype, selected, _NO_ELEMENTS, _MAC, cose.finish_mac0(tag))


def _join(doctype: str, issuer_signed: bytes, device_namespaces: bytes, kind: str, device_auth: bytes) -> bytes:
    return b"".join(
        (
            _TO_DOCTYPE,
            cbor.encode_foreign(doctype),
            _TO_ISSUED,
            issuer_signed,
            _TO_DEVICE_NAMESPACES,
            device_namespaces,
            _TO_DEVICE_AUTH,
            cbor.encode_foreign(kind),
            device_auth,
            _CLOSING,
        )
    )


# --- verifier --------------------------------------------------------------------------------------------------------


def read_device_response(data: bytes) -> UnverifiedDeviceResponse:
    """Return the parts of a DeviceResponse of exactly one document: structure only.

    Raises MalformedInput and Refused with the reasons of ``read_issuer_signed``; FORM_UNKNOWN for another version;
    HOLDER_PROOF_MISSING for a bare IssuerSigned, or a document without device signature or MAC; CLAIMS_MALFORMED for
    another status than 0, document errors, no document or several, another docType than the MSO's, both a signature and a
    MAC, and anything else of another shape.
    """
    return cut_device_response(data) or read_any_layout(data)


def read_any_layout(data: bytes) -> UnverifiedDeviceResponse:
    """Return the parts of a DeviceResponse, whoever spelled it; errors as ``read_device_response``."""
    response = cbor.load_foreign(data, max_bytes=MAX_BYTES, tags=_TAGS)
    document = _one_document(response)
    doctype, device_signed = document["docType"], document["deviceSigned"]
    if type(device_signed) is not dict or device_signed.keys() != _DEVICE_SIGNED:
        raise _malformed("deviceSigned is nameSpaces and deviceAuth")
    wrapped = device_signed["nameSpaces"]
    inner = wrapped.value if isinstance(wrapped, CBORTag) else None
    if type(inner) is not bytes:
        raise _malformed("the device's namespaces are not wrapped in tag 24")
    device_auth = _read_device_auth(device_signed["deviceAuth"])
    issued = issuer_signed_of(document["issuerSigned"])
    if type(doctype) is not str or doctype != issued.terms.doctype:
        raise _malformed("the document's docType is not the MSO's")
    cbor.check_spelling(response, data, tags=_TAGS)
    said = _read_device_elements(inner) if inner != _EMPTY_MAP else _NOTHING_SAID
    return UnverifiedDeviceResponse(doctype, issued, device_auth, cbor.wrapped(inner), said)


def cut_device_response(data: bytes) -> UnverifiedDeviceResponse | None:
    """Return what ``read_any_layout`` does, of a response in our layout with a device signature; None for any other.

    From the front up to the items, from the back the signatures, in between the issuer's headers and its MSO: each part
    is held byte for byte against what we write, or read strictly and remembered. Whatever is refused here is for
    ``read_any_layout`` to refuse, in its own order.
    """
    device_at = len(data) - _DEVICE_BYTES
    if not 0 < device_at <= MAX_BYTES - _DEVICE_BYTES or not data.startswith(_DEVICE_HEAD, device_at):
        return None
    first = data.find(cbor.TAG_24_HEAD)
    opening = _read_opening(data[:first]) if 0 < first <= _OPENING_MAX_BYTES and data.endswith(_CLOSING) else None
    if opening is None:
        return None
    doctype, namespace, count = opening
    try:
        issued = cut_issuer_signed(data, namespace, count, first=first, end=device_at)
        device_auth = cut_foreign_sign1(_DEVICE_HEADERS, b"", data[device_at + len(_DEVICE_HEAD) : -len(_CLOSING)])
    except EidError:
        return None
    if issued is None or doctype != issued.mso.terms.doctype:
        return None
    return UnverifiedDeviceResponse(doctype, issued, device_auth, _NO_ELEMENTS, _NOTHING_SAID)


@lru_cache(maxsize=64)
def _read_opening(opening: bytes) -> tuple[str, str, int] | None:
    """Return document type, namespace and number of items of a response in our layout that begins so; None for others."""
    found = _OPENING.fullmatch(opening)
    if found is None:
        return None
    doctype, namespace, listed = read_name(found[1]), read_name(found[2]), found[3]
    if doctype is None or namespace is None:
        return None
    return doctype, namespace, listed[-1] & 0x1F if len(listed) == 1 else listed[-1]


def check_device_signature(shown: UnverifiedDeviceResponse, *, transcript: bytes, holder_point: bytes) -> None:
    """Raise Refused unless the device key (from the MSO, nowhere else) signed this session's DeviceAuthentication.

    Reasons: HOLDER_PROOF_MISSING for a MAC in its place, ALGORITHM_NOT_ALLOWED, HOLDER_SIGNATURE_INVALID;
    DISCLOSURE_UNREFERENCED for elements the key may not sign. To be called after the issuer's signature holds.
    """
    signed = shown.device_auth
    if not isinstance(signed, UnverifiedForeignSign1):
        raise Refused(Reason.HOLDER_PROOF_MISSING, "there is no device signature")
    check_named(signed.algorithm, ES256)
    message = _device_authentication(transcript, shown.doctype, shown.device_namespaces_bytes)
    if not verify_signature(holder_point, ES256, signed.with_payload(message), signed.signature):
        raise Refused(Reason.HOLDER_SIGNATURE_INVALID, "the session is not signed by the device key")
    _check_authorised(shown)


def check_device_mac(
    shown: UnverifiedDeviceResponse,
    *,
    transcript: bytes,
    holder_point: bytes,
    reader_key: ec.EllipticCurvePrivateKey,
) -> None:
    """Raise Refused unless the MAC is by the device key and this reader's ephemeral key, over this session.

    reader_key: the private key whose public one the session announced.
    Reasons: HOLDER_PROOF_MISSING for a signature in its place, HOLDER_KEY_INVALID, HOLDER_SIGNATURE_INVALID;
    DISCLOSURE_UNREFERENCED for elements the key may not sign. To be called after the issuer's signature holds.
    """
    mac0, device_key = shown.device_auth, load_point(holder_point)
    if not isinstance(mac0, UnverifiedMac0):
        raise Refused(Reason.HOLDER_PROOF_MISSING, "there is no device MAC")
    if device_key is None:
        raise Refused(Reason.HOLDER_KEY_INVALID, "the device key is not on the curve")
    message = _device_authentication(transcript, shown.doctype, shown.device_namespaces_bytes)
    if not hmac.compare_digest(_mac(reader_key, device_key, transcript, mac0.with_payload(message)), mac0.tag):
        raise Refused(Reason.HOLDER_SIGNATURE_INVALID, "the MAC is not by the device key over this session")
    _check_authorised(shown)


def _check_authorised(shown: UnverifiedDeviceResponse) -> None:
    authorised = shown.issued.mso.authorised
    for namespace, element in shown.device_elements:
        if namespace not in authorised.namespaces and (namespace, element) not in authorised.elements:
            raise Refused(Reason.DISCLOSURE_UNREFERENCED, "the device key may not sign an element it signed")


def _one_document(response: ForeignValue) -> dict[int | str, ForeignValue]:
    if type(response) is not dict:
        raise _malformed("a DeviceResponse is a map")
    if response.keys() == _ISSUED_ONLY:
        raise MalformedInput(Reason.HOLDER_PROOF_MISSING, "a bare IssuerSigned: nobody has shown it")
    if response.get("version", VERSION) != VERSION:
        raise MalformedInput(Reason.FORM_UNKNOWN, "a DeviceResponse of another version than 1.0")
    if response.keys() != _RESPONSE:
        raise _malformed("a DeviceResponse is version, documents and status")
    documents, status = response["documents"], response["status"]
    if type(status) is not int or status != 0:
        raise _malformed("the wallet reports an error")
    if type(documents) is not list or len(documents) != 1:
        raise _malformed("a DeviceResponse shows exactly one document")
    document = documents[0]
    if type(document) is dict and document.keys() == _DOCUMENT - {"deviceSigned"}:
        raise MalformedInput(Reason.HOLDER_PROOF_MISSING, "the document is not signed by the device")
    if type(document) is not dict or document.keys() != _DOCUMENT:
        raise _malformed("a document is docType, issuerSigned and deviceSigned")
    return document


def _read_device_auth(value: ForeignValue) -> UnverifiedForeignSign1 | UnverifiedMac0:
    if type(value) is not dict or not value:
        raise MalformedInput(Reason.HOLDER_PROOF_MISSING, "there is neither device signature nor device MAC")
    if value.keys() == {_SIGNATURE}:
        return read_foreign_sign1(value[_SIGNATURE], detached=True)
    if value.keys() == {_MAC}:
        return read_mac0(value[_MAC])
    raise _malformed("deviceAuth is one signature or one MAC")


def _read_device_elements(inner: bytes) -> frozenset[tuple[str, str]]:
    namespaces = cbor.decode_foreign(inner, max_bytes=MAX_BYTES, tags=VALUE_TAGS)
    if type(namespaces) is not dict:
        raise _malformed("the device's namespaces are no map")
    found: set[tuple[str, str]] = set()
    for namespace, elements in namespaces.items():
        if type(namespace) is not str or not is_name(namespace) or type(elements) is not dict or not elements:
            raise _malformed("a namespace of the device has no elements")
        for element in elements:
            if type(element) is not str or not is_name(element):
                raise _malformed("an element of the device has no name")
            found.add((namespace, element))
    return frozenset(found)


def _device_authentication(transcript: bytes, doctype: str, device_namespaces_bytes: bytes) -> bytes:
    """Return DeviceAuthenticationBytes: the detached payload, from the exact bytes of its parts."""
    head = b"\x84\x74DeviceAuthentication"
    return cbor.wrapped(b"".join((head, transcript, cbor.encode_foreign(doctype), device_namespaces_bytes)))


def _mac(
    private_key: ec.EllipticCurvePrivateKey, public_key: ec.EllipticCurvePublicKey, transcript: bytes, message: bytes
) -> bytes:
    """Return the tag by EMacKey: HKDF over the shared secret, salted with the hash of SessionTranscriptBytes."""
    salt = sha256(cbor.wrapped(transcript)).digest()
    derivation = HKDF(algorithm=hashes.SHA256(), length=_MAC_KEY_BYTES, salt=salt, info=b"EMacKey")
    return hmac.digest(derivation.derive(private_key.exchange(ec.ECDH(), public_key)), message, "sha256")


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.CLAIMS_MALFORMED, detail)
