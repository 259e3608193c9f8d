"""A readable mdoc and its presentation, and ways to make each part wrong before it is signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cbor2
from cbor2 import CBORTag

from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.mdoc.device_response import (
    UnverifiedDeviceResponse,
    check_device_mac,
    check_device_signature,
    present,
    read_device_response,
)
from formats.mdoc.issuer_signed import (
    check_digests,
    check_issuer_signature,
    check_signed_within,
    check_validity,
    draft_issuer_signed,
)
from formats.mdoc.model import DOCTYPE, MdocTerms, UnverifiedIssuerSigned
from formats.mdoc.session_transcript import redirect_transcript
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from keys.signing import InProcessSigner
from tests.builders.trust import BUREAU, DAY, NOW, PUBLIC_URL, bare_trust, world
from tests.fakes.seeded_entropy import SeededEntropy
from tests.support.vectors import load_json

DEFINITIONS = {
    "cose/mac0/serialized", "cose/sign1/serialized", "cose_key/ec_p256", "device_response", "issuer_signed",
    "issuer_signed_dehydrated", "namespaced_data", "session/e_device_key", "session/reader_session_key",
    "session/session_establishment", "session/session_transcript", "session/shared_secret",
}  # fmt: skip
WORLD = world()
TRUST = bare_trust(WORLD.root)
READER = InProcessSigner.from_scalar(bytes(31) + b"\x69")
TRANSCRIPT = redirect_transcript(
    client_id="x509_san_dns:verifier.example.test",
    nonce="bm9uY2Utb2YtdGhpcy1yZXF1ZXN0",
    response_uri="https://verifier.example.test/response",
    jwk_thumbprint=None,
)

ELEMENTS: dict[str, ForeignValue] = {
    "full_name": "样例・测试",
    "birth_date": CBORTag(1004, "1990-01-01"),
    "personal_administrative_number": "690101199001010018",
    "sex": 1,
    "nationality": "CN",
    "age_over_18": True,
    "portrait": b"RIFF....WEBP",
}
SHOWN = ("full_name", "birth_date", "age_over_18")


def the_terms(**changes: Any) -> MdocTerms:
    terms = MdocTerms(
        doctype=DOCTYPE,
        issued_at=NOW - DAY,
        expires_at=NOW + 20 * DAY,
        holder_point=WORLD.holder.point,
        status=StatusReference(f"{PUBLIC_URL}/status/{BUREAU}/1", 4711),
        key_storage=KeyStorage.SOFTWARE,
        assurance=Assurance.FULL,
        specimen=True,
    )
    return terms._replace(**changes)


def an_mdoc(
    elements: Mapping[str, ForeignValue] | None = None,
    *,
    seed: str = "mdoc",
    signer: InProcessSigner = WORLD.issuer,
    digests: int = 28,
    **terms: Any,
) -> bytes:
    draft = draft_issuer_signed(
        ELEMENTS if elements is None else elements,
        the_terms(**terms),
        entropy=SeededEntropy(seed),
        signer=signer,
        digests=digests,
    )
    return draft.finish(signer.sign(draft.to_be_signed()))


def a_response(*elements: str, holder: InProcessSigner = WORLD.holder, **terms: Any) -> bytes:
    return present(an_mdoc(**terms), elements or SHOWN, transcript=TRANSCRIPT, signer=holder)


def loosely(data: bytes) -> Any:
    """What the library makes of CBOR, dates left as tags."""
    keep = {tag: lambda value, _, tag=tag: CBORTag(tag, value) for tag in (0, 1004)}
    return cbor2.loads(data, semantic_decoders=keep)


Change = Callable[[Any], object]


@dataclass(frozen=True)
class Forge:
    """An mdoc taken apart, changed and signed again by the right issuer; the holder signs last.

    ``mso`` and ``item`` change what is signed; ``sign1`` what stands around it, after the signature.
    """

    mso: Change | None = None
    item: Change | None = None
    sign1: Change | None = None
    issued: Change | None = None
    protected: bytes = b"\xa1\x01\x26"
    spell_mso: Callable[[Any], bytes] = cbor2.dumps

    def issuer_signed(self, elements: Mapping[str, ForeignValue] | None = None) -> bytes:
        value = loosely(an_mdoc(elements, digests=0))
        [namespace] = value["nameSpaces"]
        auth = value["issuerAuth"]
        mso = loosely(cbor.unwrap(auth[2]))
        if self.item is not None:
            first = loosely(value["nameSpaces"][namespace][0].value)
            number = first["digestID"]
            first = self.item(first) or first
            inner = first if isinstance(first, bytes) else cbor2.dumps(first)
            value["nameSpaces"][namespace][0] = CBORTag(24, inner)
            mso["valueDigests"][namespace][number] = _digest(cbor.wrapped(inner))
        if self.mso is not None:
            mso = self.mso(mso) or mso
        payload = cbor.wrapped(self.spell_mso(mso))
        message = cbor2.dumps(["Signature1", self.protected, b"", payload])
        auth = [self.protected, auth[1], payload, WORLD.issuer.sign(message)]
        if self.sign1 is not None:
            auth = self.sign1(auth) or auth
        value["issuerAuth"] = auth
        if self.issued is not None:
            value = self.issued(value) or value
        return cbor2.dumps(value)


def _digest(octets: bytes) -> bytes:
    from hashlib import sha256

    return sha256(octets).digest()


def check_issued(issued: UnverifiedIssuerSigned, *, now: int = NOW) -> None:
    """Every check of the issued part, in the order a verifier runs them."""
    terms = issued.terms
    issuer = TRUST.authorise(issued.chain, credential_type=terms.doctype, issued_at=terms.issued_at, now=now)
    check_issuer_signature(issued, issuer)
    check_signed_within(issued, issuer.leaf)
    check_validity(issued, now=now, tolerance_seconds=30)
    check_digests(issued)


def verified(
    data: bytes, *, transcript: bytes = TRANSCRIPT, now: int = NOW, reader: InProcessSigner | None = None
) -> UnverifiedDeviceResponse:
    """Every check of a presentation, in the order a verifier runs them."""
    shown = read_device_response(data)
    check_issued(shown.issued, now=now)
    point = shown.issued.terms.holder_point
    if reader is None:
        check_device_signature(shown, transcript=transcript, holder_point=point)
    else:
        check_device_mac(shown, transcript=transcript, holder_point=point, reader_key=reader.private_key)
    return shown


def values(issued: UnverifiedIssuerSigned) -> dict[str, ForeignValue]:
    """What is shown in our namespace."""
    return {item.element: item.value for item in issued.namespaces[DOCTYPE]}


def definition(name: str) -> bytes:
    """Return one of the structures that others publish as examples of the standard's definitions."""
    fields = {f"test/definitions/{known}.cbor" for known in DEFINITIONS}
    content = load_json("mdoc-18013-5", "isomdl_definitions.json", fields=fields)
    # Written as hexadecimal text, and that again as hexadecimal.
    return bytes.fromhex(bytes.fromhex(content[f"test/definitions/{name}.cbor"]).decode())
