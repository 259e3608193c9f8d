"""The one table of what reads bytes from outside: every public parser, and well-formed input for each to start from.

The tests on hostile input, the measurement of the slowest input (``tests.support.hostile``) and the fuzz targets go
through this table; a parser that is not in it is not guarded by them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from core.errors import EidError
from formats import challenge, claim_169, cose, licence, qr_token, sd_jwt_vc, site_policy
from formats.bundle import bundle_delta, envelope, status_snapshot, trust_table
from formats.encoding import base45, base64url, cbor, json
from formats.jose import claims_of, read_compact
from formats.mdoc.device_response import read_device_response
from formats.mdoc.issuer_signed import check_digests, read_issuer_signed
from formats.mdoc.mso import read_mso
from formats.mdoc.session_transcript import read_transcript
from formats.sd_cwt.display import check_portrait, check_text
from formats.sd_cwt.unpack import open_disclosures, read_disclosure, read_kbt, read_sd_cwt
from formats.sd_jwt.key_binding import read_key_binding
from formats.sd_jwt.unpack import open_claims, split
from formats.sd_jwt.unpack import read_disclosure as read_jwt_disclosure
from formats.status_list.cwt_token import read_cwt
from formats.status_list.reference import read_status_claim
from formats.status_list.token import read_token
from formats.trust_list import read_trust_list
from formats.vical import read_vical
from keys.algorithms import ES256
from keys.certificate_profiles import EKU_DOCUMENT_SIGNER
from keys.certificates import certificates_from_pem, check_chain, check_root, leaf_point
from keys.jwk import point_from_jwk
from keys.public_keys import PublicKey, from_spki
from protocols.dpop import check_dpop
from protocols.oauth import AuthorizationServerMetadata, OAuthError, TokenResponse, read_token_request
from protocols.openid4vci.credential import CredentialRequest, CredentialResponse
from protocols.openid4vci.metadata import CredentialIssuerMetadata
from protocols.openid4vci.nonce import NonceResponse
from protocols.openid4vci.offer import read_offer, read_offer_link
from protocols.openid4vci.proof import check_key_proof
from protocols.wire import WireModel
from tests.builders import deltas, mdoc, paper, paper_readers, presentations, qr, readers
from tests.builders.mdoc import TRANSCRIPT, Answer
from tests.builders.people import tiny_portrait
from tests.builders.presentations import ISSUER, ROOT, STATUS_URI, Showing, status_token
from tests.builders.reading import LIST_SIGNER, a_bundle_file
from tests.builders.trust import NOW, PUBLIC_URL
from verifier.checks.disclosed import read_person
from verifier.lines import read_line

Read = Callable[[bytes], object]

MEBIBYTE: Final = 1 << 20
TOLERANCE: Final = 30


@dataclass(frozen=True)
class Parser:
    """One parser.

    read:  hands the bytes over, as text where the parser takes text (bytes that are no UTF-8 become lone surrogates).
    seeds: well-formed inputs, for a fuzzer to bend.
    """

    name: str
    read: Read
    seeds: Callable[[], list[bytes]] = field(default=lambda: [b""])


def text_of(data: bytes) -> str:
    """Return the bytes as text that any parser could be handed: what is no UTF-8 stays as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def refused_or_read(read: Read, data: bytes) -> object:
    """Return what is read, None where it is refused with one of our errors; any other error passes through."""
    try:
        return read(data)
    except EidError:
        return None


def every_signature_holds(checks: Generator[Any, bool, Any]) -> object:
    """Return what a reading gives when each signature is said to hold, so that what follows is reached."""
    try:
        next(checks)
        while True:
            checks.send(True)
    except StopIteration as done:
        return done.value


def reading_text(read: Callable[[str], object]) -> Read:
    """Return a parser of text as one of bytes."""
    return lambda data: read(text_of(data))


def _jws(header: bytes, payload: bytes) -> str:
    return f"{base64url.encode(header)}.{base64url.encode(payload)}.{base64url.encode(bytes(64))}"


def _sd_jwt_payload(data: bytes) -> object:
    return sd_jwt_vc.read_credential(_jws(b'{"alg":"ES256","typ":"dc+sd-jwt"}', data) + "~")


def _disclosures(data: bytes) -> object:
    """Open disclosures that a credential signed: one for each line of the input."""
    texts = [base64url.encode(line) for line in data.split(b"\n")]
    digests: list[json.JsonValue] = [read_jwt_disclosure(text, max_bytes=MEBIBYTE).digest for text in texts]
    return open_claims({"_sd": digests}, texts, never=(), max_bytes=MEBIBYTE)


def _claims(data: bytes) -> dict[str, json.JsonValue]:
    return claims_of(data, max_bytes=MEBIBYTE)


def _key_binding(data: bytes) -> object:
    token = _jws(b'{"alg":"ES256","typ":"dc+sd-jwt"}', b"{}") + "~" + text_of(data)
    return read_key_binding(split(token, typ="dc+sd-jwt", max_bytes=MEBIBYTE))


def _sd_cwt(data: bytes) -> object:
    return open_disclosures(read_sd_cwt(data))


def _kbt(data: bytes) -> object:
    return open_disclosures(read_kbt(data).sd_cwt)


def _card(data: bytes) -> object:
    return claim_169.open_content(claim_169.read_card(data).content)


def _printed(data: bytes) -> object:
    return _card(claim_169.decode(text_of(data)))


def _any_key(kid: bytes) -> bytes:
    del kid
    return LIST_SIGNER.point


def _any_signer(chain: tuple[bytes, ...]) -> PublicKey:
    del chain
    return PublicKey(ISSUER.point, ES256)


def _bundle(data: bytes) -> object:
    envelope.certificates(data)
    return every_signature_holds(
        envelope.open_bundle(
            data, list_signer_point=LIST_SIGNER.point, specimen=True, floors=envelope.Floors(), now=qr.NOW
        )
    )


_BASE: Final = a_bundle_file()


def _bundle_delta(data: bytes) -> object:
    return every_signature_holds(
        bundle_delta.open_delta(
            data,
            base=_BASE,
            list_signer_point=LIST_SIGNER.point,
            specimen=True,
            floors=envelope.Floors(),
            now=qr.NOW,
        )
    )


def _challenge(data: bytes) -> object:
    return every_signature_holds(challenge.read_challenge(text_of(data), licence_keys=_any_key, now=qr.NOW))


def _trust_list(data: bytes) -> object:
    return read_trust_list(text_of(data), root=ROOT.certificate, highest_seen=0, now=NOW, tolerance_seconds=TOLERANCE)


def _status_jwt(data: bytes) -> object:
    return read_token(text_of(data), uri=STATUS_URI, signer_of=_any_signer, now=NOW, tolerance_seconds=TOLERANCE)


def _status_cwt(data: bytes) -> object:
    return read_cwt(data, uri=STATUS_URI, signer_of=_any_signer, now=NOW, tolerance_seconds=TOLERANCE)


def _chain(data: bytes) -> object:
    return check_chain((data,), root=ROOT.certificate, eku=EKU_DOCUMENT_SIGNER, now=NOW)


def _certificate(data: bytes) -> None:
    refused_or_read(leaf_point, data)
    check_root(data)


def _vical(data: bytes) -> object:
    return read_vical(data, root=ROOT.certificate, highest_seen=0, now=NOW, tolerance_seconds=TOLERANCE)


def _form(data: bytes) -> object:
    return read_token_request(parse_qsl(text_of(data), keep_blank_values=True, max_num_fields=None))


def _message(kind: type[WireModel], seed: dict[str, json.JsonValue]) -> Parser:
    return Parser(kind.__name__, lambda data: kind.read_json(data, max_bytes=MEBIBYTE), lambda: [json.encode(seed)])


# --- well-formed input -----------------------------------------------------------------------------------------------


def _presentation() -> list[bytes]:
    return [Showing().text.encode()]


def _credential() -> list[bytes]:
    return [Showing().hashed.encode()]


def _jwt() -> list[bytes]:
    return [_credential()[0].partition(b"~")[0]]


def _payload() -> list[bytes]:
    return [base64url.decode(Showing().hashed.split(".")[1])]


def _one_way() -> bytes:
    return qr_token.decode(qr.show_one_way(qr.issue()))


def _line() -> list[bytes]:
    lines: list[json.JsonValue] = [
        {"id": 1, "presentation": "x~", "format": "dc+sd-jwt", "nonce": "n", "audience": "a"},
        {"id": "2", "presentation": "EID1:AB", "format": "eid1", "now": "2026-11-20T08:00:00Z", "policy": "hotel"},
        {"presentation": "oA", "format": "mso_mdoc", "session_transcript": "g_b29g", "now": 1},
        {"presentation": "6BF", "format": "claim-169"},
    ]
    return [json.encode(line) for line in lines]


def _offer() -> bytes:
    grants: json.JsonValue = {
        "urn:ietf:params:oauth:grant-type:pre-authorized_code": {"pre-authorized_code": "c", "tx_code": {}}
    }
    return json.encode({"credential_issuer": PUBLIC_URL, "credential_configuration_ids": ["id"], "grants": grants})


def _status_cwt_seed() -> list[bytes]:
    from formats.status_list.cwt_token import build_cwt

    return [
        build_cwt(STATUS_URI, bytes(64), bits=1, issued_at=NOW - 60, expires_at=NOW + 600, ttl_seconds=5, signer=ISSUER)
    ]


def _always(*seeds: bytes) -> Callable[[], list[bytes]]:
    return lambda: list(seeds)


# --- the table, by family --------------------------------------------------------------------------------------------

ENCODINGS: Final = (
    Parser("base45", reading_text(base45.decode), _always(b"QED8WEX0")),
    Parser("base64url", reading_text(base64url.decode), _always(b"-_8")),
    Parser("json", lambda data: json.decode(data, max_bytes=MEBIBYTE), _always(b'{"a":[1,-2.5e3,null,"\\u00e9"]}')),
    Parser("cbor", lambda data: cbor.decode(data, max_bytes=MEBIBYTE, sign1=True), lambda: [_one_way()]),
    Parser(
        "cbor of others",
        lambda data: cbor.decode_foreign(data, max_bytes=MEBIBYTE, tags=(18, 24, 1004)),
        _always(bytes.fromhex("a2616201613182f6d81841a0")),
    ),
)

JOSE: Final = (
    Parser("compact jws", reading_text(lambda text: read_compact(text, typ="dc+sd-jwt", max_bytes=MEBIBYTE)), _jwt),
    Parser("jws header", lambda data: read_compact(_jws(data, b"{}"), typ="dc+sd-jwt", max_bytes=MEBIBYTE)),
    Parser("jws claims", _claims, _payload),
    Parser("jwk", lambda data: point_from_jwk(json.decode(data, max_bytes=MEBIBYTE))),
    Parser("key proof", reading_text(lambda text: check_key_proof(text, audience=PUBLIC_URL, now=NOW))),
    Parser("dpop", reading_text(lambda text: check_dpop(text, method="POST", url=PUBLIC_URL, now=NOW))),
)

SD_JWT: Final = (
    Parser("sd-jwt split", reading_text(lambda text: split(text, typ="dc+sd-jwt", max_bytes=MEBIBYTE)), _presentation),
    Parser("sd-jwt disclosures", _disclosures, _always(b'["c2FsdA","address",{"locality":"x","_sd":[]}]')),
    Parser("sd-jwt vc payload", _sd_jwt_payload, _payload),
    Parser("sd-jwt vc", reading_text(sd_jwt_vc.read_credential), _credential),
    Parser("sd-jwt vc presentation", reading_text(sd_jwt_vc.read_presentation), _presentation),
    Parser("key binding", _key_binding, lambda: [_presentation()[0].rpartition(b"~")[2]]),
    Parser("shown claims", lambda data: read_person(_claims(data)), _payload),
    Parser("status reference", lambda data: read_status_claim(_claims(data)), _payload),
)

QR_CODES: Final = (
    Parser("qr text", reading_text(qr_token.decode), lambda: [qr.show_one_way(qr.issue()).encode()]),
    Parser("cose sign1", lambda data: cose.decode_sign1(data, max_bytes=MEBIBYTE), lambda: [_one_way()]),
    Parser("key-binding token", _kbt, lambda: [_one_way()]),
    Parser("sd-cwt", _sd_cwt, lambda: [qr.issue().sd_cwt]),
    Parser("sd-cwt disclosure", read_disclosure),
    Parser("printed card", _printed, lambda: [paper.Card().text.encode()]),
    Parser("card", _card, lambda: [paper.Card().token]),
    Parser("shown text", reading_text(lambda text: check_text(text, longest=MEBIBYTE))),
    Parser("portrait", check_portrait, lambda: [tiny_portrait()]),
)

MDOC: Final = (
    Parser("device response", lambda data: check_digests(read_device_response(data).issued), lambda: [Answer().data]),
    Parser("issuer signed", lambda data: check_digests(read_issuer_signed(data))),
    Parser("mso", read_mso),
    Parser("session transcript", read_transcript, lambda: [TRANSCRIPT]),
)

VERDICTS: Final = (
    Parser("verdict on a qr code", reading_text(readers.judged), lambda: [qr.show_one_way(qr.issue()).encode()]),
    Parser("verdict on an sd-jwt vc", reading_text(presentations.judged), _presentation),
    Parser("verdict on an mdoc", mdoc.judged, lambda: [Answer().data]),
    Parser("verdict on a printed card", reading_text(paper_readers.judged), lambda: [paper.Card().text.encode()]),
)

POSTS: Final = (
    Parser("challenge", _challenge, lambda: [challenge.encode(qr.a_challenge()).encode()]),
    Parser(
        "licence",
        lambda data: every_signature_holds(licence.read(data, keys=_any_key, now=qr.NOW)),
        lambda: [qr.a_signed_licence()],
    ),
    Parser(
        "site policy",
        lambda data: every_signature_holds(site_policy.read(data, keys=_any_key)),
        lambda: [qr.signed_policy(site_policy.strictest())],
    ),
    Parser("bundle", _bundle, lambda: [a_bundle_file()]),
    Parser("delta of bundles", _bundle_delta, lambda: [deltas.a_delta(_BASE, a_bundle_file(number=22))]),
    Parser(
        "trust table",
        lambda data: every_signature_holds(trust_table.read(data, list_signer_point=LIST_SIGNER.point)),
        lambda: [qr.signed_table()],
    ),
    Parser(
        "status snapshot",
        lambda data: every_signature_holds(status_snapshot.read(data, trust=qr.a_trust_table())),
        lambda: [qr.signed_snapshot()],
    ),
)

TRUST: Final = (
    Parser("trust list", _trust_list),
    Parser("certificate chain", _chain, lambda: [ISSUER.certificates[0]]),
    Parser("certificate", _certificate, lambda: [ROOT.certificate]),
    Parser("pem", certificates_from_pem),
    Parser("status list jwt", _status_jwt, lambda: [status_token().encode()]),
    Parser("status list cwt", _status_cwt, _status_cwt_seed),
    Parser("vical", _vical),
    Parser("spki", from_spki),
)

MESSAGES: Final = (
    Parser("offer", read_offer, lambda: [_offer()]),
    Parser("offer link", reading_text(read_offer_link), lambda: [read_offer(_offer()).link().encode()]),
    Parser("token request", _form, _always(b"grant_type=refresh_token&refresh_token=r")),
    _message(AuthorizationServerMetadata, {"issuer": PUBLIC_URL, "token_endpoint": PUBLIC_URL}),
    _message(
        CredentialIssuerMetadata,
        {
            "credential_issuer": PUBLIC_URL,
            "credential_endpoint": PUBLIC_URL,
            "credential_configurations_supported": {"id": {"format": "dc+sd-jwt", "scope": "id"}},
        },
    ),
    _message(CredentialRequest, {"credential_configuration_id": "id", "proofs": {"jwt": ["a.b.c"]}}),
    _message(CredentialResponse, {"credentials": [{"credential": "a.b.c~"}]}),
    _message(NonceResponse, {"c_nonce": "n"}),
    _message(OAuthError, {"error": "invalid_request"}),
    _message(TokenResponse, {"access_token": "a", "token_type": "DPoP", "expires_in": 300}),
    Parser("line", read_line, _line),
)

FAMILIES: Final = {
    "encodings": ENCODINGS,
    "jose": JOSE,
    "sd_jwt": SD_JWT,
    "qr_codes": QR_CODES,
    "mdoc": MDOC,
    "posts": POSTS,
    "trust": TRUST,
    "messages": MESSAGES,
    "verdicts": VERDICTS,
}
PARSERS: Final = tuple(parser for family in FAMILIES.values() for parser in family)
