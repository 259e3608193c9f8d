"""DeviceResponses of one synthetic resident, put together with a foreign library, with ways to make each part wrong.

``Answer`` uses nothing of ``formats.mdoc``: what that accepts is compared with ISO/IEC 18013-5 as read here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest as hmac
from typing import Any

import cbor2
from cbor2 import CBORTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from formats.dataset import CredentialDataset, mdoc_elements
from formats.mdoc.device_response import present, present_with_mac
from formats.mdoc.issuer_signed import draft_issuer_signed
from formats.mdoc.model import MdocTerms
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from keys.points import load_point
from keys.signing import InProcessSigner
from tests.builders.people import a_person
from tests.builders.presentations import CLOCK, HOLDER, INDEX, ISSUER, POLICY, STATUS_URI, Says, a_trust, same
from tests.builders.trust import DAY, NOW, seeded_signer
from tests.fakes.seeded_entropy import SeededEntropy
from verifier.checkpoint.verdict import Verdict
from verifier.checks.mdoc.case import ExpectedSession
from verifier.mdoc_verification import verify_device_response

Edit = Callable[[Any], Any]

DOCTYPE = NAMESPACE = "cn.eid.resident_id.1"
SHOWN = ("full_name", "portrait", "document_number", "age_over_18", "ethnicity")
CARD = (
    "full_name",
    "portrait",
    "document_type",
    "document_number",
    "issue_date",
    "expiry_date",
    "issuing_authority",
    "issuing_country",
    "issuing_division",
)
READER = seeded_signer("reader's ephemeral")
ALG, X5CHAIN, ES256, HMAC_256 = 1, 33, -7, 5


def handover(name: str, *parts: Any) -> bytes:
    """Return an encoded session transcript: no engagement, no reader key, and what ties it to one request."""
    return cbor2.dumps([None, None, [name, sha256(cbor2.dumps(list(parts))).digest()]])


TRANSCRIPT = handover(
    "OpenID4VPHandover", "x509_san_dns:v.example.test", "n-0S6_WzA2Mj", None, "https://v.example.test/r"
)
OTHER_TRANSCRIPT = handover(
    "OpenID4VPHandover", "x509_san_dns:v.example.test", "another", None, "https://v.example.test/r"
)
EXPECTED = ExpectedSession(TRANSCRIPT)
WITH_READER_KEY = ExpectedSession(TRANSCRIPT, READER.private_key)


def tagged(content: bytes) -> bytes:
    """Return the bytes of tag 24 around encoded CBOR."""
    return cbor2.dumps(CBORTag(24, content))


def tdate(instant: int) -> CBORTag:
    """Return an instant as tdate: RFC 3339, Z, no fraction."""
    return CBORTag(0, datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def item(digest_id: int, element: str, value: Any, **changes: Any) -> dict[str, Any]:
    """Return an IssuerSignedItem before it is encoded."""
    random = sha256(f"{digest_id} {element}".encode()).digest()
    plain = {"digestID": digest_id, "random": random, "elementIdentifier": element, "elementValue": value}
    return {**plain, **changes}


def cose_key(signer: InProcessSigner) -> dict[int, Any]:
    """Return the public key of a signer as COSE_Key."""
    numbers = signer.private_key.public_key().public_numbers()
    return {1: 2, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}


def signature_structure(protected: bytes, payload: bytes, context: str = "Signature1") -> bytes:
    """Return what COSE signs or authenticates; external_aad is empty."""
    return cbor2.dumps([context, protected, b"", payload])


def device_authentication(transcript: bytes, doctype: str, namespaces: bytes) -> bytes:
    """Return DeviceAuthenticationBytes, which device signature and MAC cover as their detached payload."""
    return tagged(b"\x84" + cbor2.dumps("DeviceAuthentication") + transcript + cbor2.dumps(doctype) + namespaces)


def mac_key(holder: InProcessSigner, reader_point: bytes, transcript: bytes) -> bytes:
    """Return EMacKey."""
    reader = load_point(reader_point)
    assert reader is not None
    shared = holder.private_key.exchange(ec.ECDH(), reader)
    salt = sha256(tagged(transcript)).digest()
    return HKDF(hashes.SHA256(), 32, salt, b"EMacKey").derive(shared)


@dataclass(frozen=True)
class Answer:
    """A DeviceResponse as the wallet of the resident would make it now; each field can be made wrong.

    The ``edit_`` fields change one part before it is signed again, so that everything else stays right.

    edit_items:  the issuer's items, before their digests are taken.
    edit_shown:  the encoded items that the holder sends.
    edit_mso:    the MSO as a map; edit_payload: the bytes that the issuer signs.
    edit_auth:   the four elements of the issuer's COSE_Sign1, after it was signed.
    mac_with:    the reader's public point: a MAC in place of the signature.
    signs_...:   what the device authenticates, where it is not what it sends.
    """

    person: CredentialDataset = field(default_factory=a_person)
    shown: Sequence[str] = SHOWN
    issuer: InProcessSigner = ISSUER
    holder: InProcessSigner = HOLDER
    shown_by: InProcessSigner | None = None
    doctype: str = DOCTYPE
    mso_doctype: str | None = None
    issued_at: int = NOW - DAY
    valid_from: int | None = None
    expires_at: int = NOW + 20 * DAY
    uri: str = STATUS_URI
    index: int = INDEX
    key_storage: KeyStorage | None = KeyStorage.ATTESTED
    assurance: Assurance | None = Assurance.FULL
    specimen: bool = True
    transcript: bytes = TRANSCRIPT
    device_elements: dict[str, Any] = field(default_factory=dict)
    mac_with: bytes | None = None
    signs_doctype: str | None = None
    signs_elements: dict[str, Any] | None = None
    edit_items: Edit = same
    edit_shown: Edit = same
    edit_mso: Edit = same
    edit_payload: Edit = same
    edit_protected: Edit = same
    edit_unprotected: Edit = same
    edit_auth: Edit = same
    edit_device_protected: Edit = same
    edit_device_auth: Edit = same
    edit_document: Edit = same
    edit_response: Edit = same

    @property
    def items(self) -> list[dict[str, Any]]:
        """The issuer's items, one for each element of the resident."""
        as_of = datetime.fromtimestamp(self.issued_at, UTC).date()
        elements = mdoc_elements(self.person, as_of=as_of)
        plain = [item(number, element, value) for number, (element, value) in enumerate(elements.items())]
        return list(self.edit_items(plain))

    @property
    def mso(self) -> dict[str, Any]:
        """What the issuer signs."""
        digests = {entry["digestID"]: sha256(tagged(cbor2.dumps(entry))).digest() for entry in self.items}
        about_key = {
            -1: None if self.key_storage is None else int(self.key_storage),
            -2: None if self.assurance is None else int(self.assurance),
            -3: True if self.specimen else None,
        }
        plain = {
            "version": "1.0",
            "digestAlgorithm": "SHA-256",
            "valueDigests": {NAMESPACE: digests},
            "deviceKeyInfo": {
                "deviceKey": cose_key(self.holder),
                "keyInfo": {label: value for label, value in about_key.items() if value is not None},
            },
            "docType": self.mso_doctype or self.doctype,
            "validityInfo": {
                "signed": tdate(self.issued_at),
                "validFrom": tdate(self.issued_at if self.valid_from is None else self.valid_from),
                "validUntil": tdate(self.expires_at),
            },
            "status": {"status_list": {"idx": self.index, "uri": self.uri}},
        }
        return dict(self.edit_mso(plain))

    @property
    def issuer_auth(self) -> list[Any]:
        """The issuer's COSE_Sign1."""
        payload = self.edit_payload(tagged(cbor2.dumps(self.mso)))
        protected = cbor2.dumps(self.edit_protected({ALG: self.issuer.algorithm.cose_usual}))
        chain = self.issuer.certificates
        unprotected = self.edit_unprotected({X5CHAIN: chain[0] if len(chain) == 1 else list(chain)})
        signature = self.issuer.sign(signature_structure(protected, payload))
        return list(self.edit_auth([protected, unprotected, payload, signature]))

    @property
    def namespaces(self) -> dict[str, list[Any]]:
        """The items the holder chose to show."""
        chosen = [CBORTag(24, cbor2.dumps(entry)) for entry in self.items if entry["elementIdentifier"] in self.shown]
        shown = self.edit_shown(chosen)
        return shown if isinstance(shown, dict) else {NAMESPACE: shown}

    @property
    def device_auth(self) -> dict[str, Any]:
        """The device's signature, or its MAC where a reader's point is given."""
        elements = self.device_elements if self.signs_elements is None else self.signs_elements
        covered = device_authentication(
            self.transcript, self.signs_doctype or self.doctype, tagged(cbor2.dumps(elements))
        )
        device = self.shown_by or self.holder
        if self.mac_with is not None:
            protected = cbor2.dumps(self.edit_device_protected({ALG: HMAC_256}))
            key = mac_key(device, self.mac_with, self.transcript)
            mac = hmac(key, signature_structure(protected, covered, "MAC0"), "sha256")
            return dict(self.edit_device_auth({"deviceMac": [protected, {}, None, mac]}))
        protected = cbor2.dumps(self.edit_device_protected({ALG: ES256}))
        signature = device.sign(signature_structure(protected, covered))
        return dict(self.edit_device_auth({"deviceSignature": [protected, {}, None, signature]}))

    @property
    def data(self) -> bytes:
        """The DeviceResponse."""
        document = {
            "docType": self.doctype,
            "issuerSigned": {"nameSpaces": self.namespaces, "issuerAuth": self.issuer_auth},
            "deviceSigned": {
                "nameSpaces": CBORTag(24, cbor2.dumps(self.device_elements)),
                "deviceAuth": self.device_auth,
            },
        }
        response = {"version": "1.0", "documents": [self.edit_document(document)], "status": 0}
        return cbor2.dumps(self.edit_response(response))


def changing(**members: Any) -> Edit:
    """Return an edit that sets these members of a map."""
    return lambda plain: {**plain, **members}


def leaving_out(*members: Any) -> Edit:
    """Return an edit that takes these members of a map away."""
    return lambda plain: {name: value for name, value in plain.items() if name not in members}


def in_validity(**members: Any) -> Edit:
    """Return an edit of the MSO that sets members of its validity; None takes one away."""

    def edit(mso: dict[str, Any]) -> dict[str, Any]:
        validity = {**mso["validityInfo"], **members}
        return {**mso, "validityInfo": {name: value for name, value in validity.items() if value is not None}}

    return edit


def presented(shown: Sequence[str] = SHOWN, *, mac: bool = False, transcript: bytes = TRANSCRIPT) -> bytes:
    """Return what our own issuer and wallet make of the same resident: nothing here is put together by hand."""
    terms = MdocTerms(
        doctype=DOCTYPE,
        issued_at=NOW - DAY,
        expires_at=NOW + 20 * DAY,
        holder_point=HOLDER.point,
        status=StatusReference(STATUS_URI, INDEX),
        key_storage=KeyStorage.ATTESTED,
        assurance=Assurance.FULL,
        specimen=True,
    )
    elements = mdoc_elements(a_person(), as_of=datetime.fromtimestamp(NOW - DAY, UTC).date())
    draft = draft_issuer_signed(elements, terms, entropy=SeededEntropy("mdoc"), signer=ISSUER)
    issued = draft.finish(ISSUER.sign(draft.to_be_signed()))
    if not mac:
        return present(issued, shown, transcript=transcript, signer=HOLDER)
    return present_with_mac(
        issued, shown, transcript=transcript, holder_private=HOLDER.private_key, reader_point=READER.point
    )


def judged(answer: Answer | bytes | None = None, **changes: Any) -> Verdict:
    """Return the verdict on a DeviceResponse by a reader where everything is right, with these changes."""
    shown = Answer() if answer is None else answer
    judging: dict[str, Any] = {
        "expected": EXPECTED,
        "trust": a_trust(),
        "statuses": Says(),
        "policy": POLICY,
        "clock": CLOCK,
    }
    return verify_device_response(shown if isinstance(shown, bytes) else shown.data, **{**judging, **changes})
