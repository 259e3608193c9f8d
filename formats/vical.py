"""The VICAL: the trust list for readers of mdoc, as ISO/IEC 18013-5 Annex C has it.

It names the root certificates below which document signers stand, and the document types of each. Which signer below a
root may sign which type is said in an extension that our readers enforce and others may ignore, so that a withdrawn or
narrowed key is known from here too. Source: ISO/IEC 18013-5 C.1.7: an untagged COSE_Sign1, ``x5chain`` unprotected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cbor2 import CBORTag

from core.clock import rfc3339
from core.errors import EidError, MalformedInput, Refused
from core.reasons import Reason
from formats.bundle.trust_table import KeyRole
from formats.cose import ForeignSign1Draft, read_foreign_sign1
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.mdoc import model as mdoc
from formats.trust_list import Service, TrustListContent
from keys.algorithms import check_named
from keys.certificate_profiles import EKU_DOCUMENT_SIGNER, EKU_VICAL_SIGNER
from keys.certificates import CheckedLeaf, check_chain, check_root, identifiers_of, is_specimen, validity_of
from keys.lifecycle import KeyState
from keys.signing import Signer, verify_signature

MEDIA_TYPE: Final = "application/cbor"
VERSION: Final = "1.0"
MAX_BYTES: Final = 1 << 20
SIGNERS: Final = "urn:eid:vical:signers"
"""Our extension of an entry: the document signers that count below its certificate."""

_TAG_TDATE: Final = 0
_TAG_BIGUINT: Final = 2
_TAGS: Final = (_TAG_TDATE, _TAG_BIGUINT)
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_DOCTYPES: Final = frozenset({mdoc.DOCTYPE})


@dataclass(frozen=True, slots=True)
class VicalSigner:
    """One document signer below a root.

    doctypes: what it may sign. valid_from, retired_at: mdocs signed between them count; None while the key is in use.
    """

    doctypes: frozenset[str]
    valid_from: int
    retired_at: int | None


@dataclass(frozen=True, slots=True)
class VicalEntry:
    """One root certificate (DER) with the document types issued below it.

    signers: by subject key identifier; None where the list does not name them, and each below the root counts.
    """

    certificate: bytes
    doctypes: frozenset[str]
    signers: Mapping[bytes, VicalSigner] | None


@dataclass(frozen=True, slots=True)
class Vical:
    """A VICAL whose signature was verified. number: rises with every issue; next_update: after it the list is stale."""

    provider: str
    number: int
    issued_at: int
    next_update: int
    entries: tuple[VicalEntry, ...]

    def authorise(self, chain: Sequence[bytes], *, doctype: str, issued_at: int, now: int) -> CheckedLeaf:
        """Return the document signer of an mdoc, given the certificates in its header (DER, leaf first).

        issued_at: ``signed`` of its MSO.
        Raises Refused, in this order: ISSUER_UNKNOWN for a chain below none of the roots, the certificate's own reasons
        (``keys.certificates.check_chain``), ISSUER_NOT_AUTHORISED for a document type not listed for the root or the
        signer, ISSUER_KEY_WITHDRAWN for a signer the list leaves out, ISSUER_KEY_OUT_OF_PERIOD.
        """
        entry, leaf = self._find(chain, now)
        if doctype not in entry.doctypes:
            raise Refused(Reason.ISSUER_NOT_AUTHORISED, "the list does not name this document type for this root")
        if entry.signers is None:
            return leaf
        signer = entry.signers.get(identifiers_of(chain[0])[1])
        if signer is None:
            raise Refused(Reason.ISSUER_KEY_WITHDRAWN, "the list names no such signer below this root")
        if doctype not in signer.doctypes:
            raise Refused(Reason.ISSUER_NOT_AUTHORISED, "the list does not admit this signer for this document type")
        if issued_at < signer.valid_from or (signer.retired_at is not None and issued_at > signer.retired_at):
            raise Refused(Reason.ISSUER_KEY_OUT_OF_PERIOD, "it was signed outside the signer's period")
        return leaf

    def _find(self, chain: Sequence[bytes], now: int) -> tuple[VicalEntry, CheckedLeaf]:
        for entry in self.entries:
            try:
                return entry, check_chain(chain, root=entry.certificate, eku=EKU_DOCUMENT_SIGNER, now=now)
            except Refused as err:
                if err.reason is not Reason.ISSUER_UNKNOWN:
                    raise
        raise Refused(Reason.ISSUER_UNKNOWN, "the certificate is below none of the listed roots")


def sign_vical(content: TrustListContent, signer: Signer, *, national_root: bytes) -> bytes:
    """Return the trust list's document signers as a signed VICAL, under the list's number and instants.

    signer: with its certificate; its role is judged by whoever reads. national_root: DER, the one certificate listed.
    Keys of other roles, compromised keys and types that are no document types are left out.
    A list for the wrong kind of root is our mistake: ValueError.
    """
    if content.specimen is not is_specimen(national_root):
        raise ValueError("the trust list and the root are not of one kind")
    signers = [
        (service, doctypes)
        for bureau in content.bureaus
        for service in bureau.services
        if service.role is KeyRole.CREDENTIAL and service.state is not KeyState.COMPROMISED
        if (doctypes := service.vcts & _DOCTYPES)
    ]
    value: dict[int | str, ForeignValue] = {
        "version": VERSION,
        "vicalProvider": content.operator_en,
        "date": _tdate(content.issued_at),
        "vicalIssueID": content.number,
        "nextUpdate": _tdate(content.next_update),
        "certificateInfos": [_info(national_root, signers, country=content.territory)] if signers else [],
    }
    draft = ForeignSign1Draft(signer.algorithm, signer.certificates, cbor.encode_foreign(value))
    return draft.finish(signer.sign(draft.to_be_signed()))


def read_vical(data: bytes, *, root: bytes, highest_seen: int, now: int, tolerance_seconds: int) -> Vical:
    """Return the list if a VICAL signer under the pinned root signed it.

    root:         the pinned national root, DER. highest_seen: the highest number this reader ever accepted, 0 for none.
    Raises MalformedInput: TOO_LARGE, CBOR_MALFORMED, TRUST_LIST_INVALID for another shape; Refused: the certificate's
    reasons, ALGORITHM_NOT_ALLOWED, TRUST_LIST_INVALID (signature, an instant in the future), TRUST_LIST_OLDER.
    Members that are not known are passed over: the standard leaves them room. A list past its next update is returned:
    stale is for the site's policy to judge.
    """
    sign1 = read_foreign_sign1(cbor.decode_foreign(data, max_bytes=MAX_BYTES))
    signer = check_chain(sign1.chain, root=root, eku=EKU_VICAL_SIGNER, now=now)
    check_named(sign1.algorithm, signer.algorithm)
    if not verify_signature(signer.point, signer.algorithm, sign1.to_be_signed(), sign1.signature):
        raise Refused(Reason.TRUST_LIST_INVALID, "the VICAL's signature is wrong")
    found = _read(sign1.payload)
    if found.number < highest_seen:
        raise Refused(Reason.TRUST_LIST_OLDER, "a list with a higher number was seen before")
    if found.issued_at > now + tolerance_seconds:
        raise Refused(Reason.TRUST_LIST_INVALID, "the list was issued in the future")
    return found


def _info(
    certificate: bytes, signers: Sequence[tuple[Service, frozenset[str]]], *, country: str
) -> dict[int | str, ForeignValue]:
    serial, ski = identifiers_of(certificate)
    validity = validity_of(certificate)
    doctypes = frozenset[str]().union(*(doctypes for _, doctypes in signers))
    return {
        "certificate": certificate,
        "serialNumber": CBORTag(_TAG_BIGUINT, serial.to_bytes((serial.bit_length() + 7) // 8, "big")),
        "ski": ski,
        "docType": list[ForeignValue](sorted(doctypes)),
        "issuingCountry": country,
        "notBefore": _tdate(validity.not_before),
        "notAfter": _tdate(validity.not_after),
        "extensions": {SIGNERS: [_signer(service, doctypes) for service, doctypes in signers]},
    }


def _signer(service: Service, doctypes: frozenset[str]) -> dict[int | str, ForeignValue]:
    return {
        "ski": identifiers_of(service.certificate)[1],
        "docType": list[ForeignValue](sorted(doctypes)),
        "from": _tdate(service.valid_from),
        "until": None if service.retired_at is None else _tdate(service.retired_at),
    }


def _read(payload: bytes) -> Vical:
    value = cbor.decode_foreign(payload, max_bytes=MAX_BYTES, tags=_TAGS)
    try:
        return _read_members(_map(value))
    except (ValueError, KeyError, TypeError, OverflowError, EidError) as err:
        raise MalformedInput(Reason.TRUST_LIST_INVALID, "the VICAL is not of the expected shape") from err


def _read_members(members: Mapping[int | str, ForeignValue]) -> Vical:
    if members["version"] != VERSION:
        raise ValueError("another version")
    return Vical(
        provider=_text(members["vicalProvider"]),
        number=_number(members["vicalIssueID"]),
        issued_at=_instant(members["date"]),
        next_update=_instant(members["nextUpdate"]),
        entries=tuple(_read_info(info) for info in _array(members["certificateInfos"])),
    )


def _read_info(value: ForeignValue) -> VicalEntry:
    info = _map(value)
    certificate = _octets(info["certificate"])
    check_root(certificate)
    # What is said about a certificate is only an index to it: said wrongly, it would be found under another's name.
    if (_biguint(info["serialNumber"]), _octets(info["ski"])) != identifiers_of(certificate):
        raise ValueError("serial number or key identifier are another certificate's")
    named = _map(info.get("extensions", {})).get(SIGNERS)
    signers = None if named is None else dict(_read_signer(entry) for entry in _array(named))
    return VicalEntry(certificate, _doctypes(info["docType"]), signers)


def _read_signer(value: ForeignValue) -> tuple[bytes, VicalSigner]:
    signer = _map(value)
    until = signer["until"]
    return _octets(signer["ski"]), VicalSigner(
        _doctypes(signer["docType"]), _instant(signer["from"]), None if until is None else _instant(until)
    )


def _doctypes(value: ForeignValue) -> frozenset[str]:
    found = frozenset(_text(entry) for entry in _array(value))
    if not found:
        raise ValueError("no document type")
    return found


def _tdate(instant: int) -> CBORTag:
    return CBORTag(_TAG_TDATE, rfc3339(instant))


def _instant(value: ForeignValue) -> int:
    if not isinstance(value, CBORTag) or value.tag != _TAG_TDATE:
        raise TypeError("a date is expected")
    text = _text(value.value)
    instant = int(datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp())
    if rfc3339(instant) != text:
        raise ValueError("not the one spelling of an instant")
    return instant


def _biguint(value: ForeignValue) -> int:
    if isinstance(value, CBORTag) and value.tag == _TAG_BIGUINT:
        return int.from_bytes(_octets(value.value), "big")
    return _number(value)


def _number(value: ForeignValue) -> int:
    if type(value) is not int or value <= 0:
        raise TypeError("a positive number is expected")
    return value


def _map(value: ForeignValue) -> Mapping[int | str, ForeignValue]:
    if not isinstance(value, dict):
        raise TypeError("a map is expected")
    return value


def _array(value: ForeignValue) -> list[ForeignValue]:
    if not isinstance(value, list):
        raise TypeError("an array is expected")
    return value


def _octets(value: ForeignValue) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a byte string is expected")
    return value


def _text(value: ForeignValue) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value
