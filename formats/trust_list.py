"""The published trust list: one signed, numbered, expiring document in the LoTE shape.

Every bureau, its certificates, what each may sign, and since when a key is withdrawn. The readers' compact trust table
and the online verifier's trust store are both made from it, under the same number.
Source: ETSI TS 119 602 (shape), signed as compact JWS by the national list signer.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from core.clock import rfc3339
from core.errors import EidError, MalformedInput, Refused
from core.reasons import Reason
from formats.bundle import trust_table
from formats.bundle.trust_table import KeyRole, TrustedKey, TrustTable
from formats.encoding import json
from formats.encoding.json import JsonValue
from formats.jose import claims_of, read_compact, sign_compact
from keys.algorithms import ES256
from keys.certificate_profiles import (
    EKU_BUNDLE_SIGNER,
    EKU_CARD_SIGNER,
    EKU_DOCUMENT_SIGNER,
    EKU_LIST_SIGNER,
    EKU_POLICY_SIGNER,
)
from keys.certificates import check_chain, check_status_chain, leaf_key
from keys.cose_key import key_id, thumbprint
from keys.lifecycle import KeyState
from keys.public_keys import PublicKey
from keys.signing import KeyPurpose, Signer
from keys.trust import TrustAnchor, TrustedSigner, TrustStore

TYP: Final = "trustlist+jwt"
MEDIA_TYPE: Final = "application/trustlist+jwt"
MAX_BYTES: Final = 16 << 20
_LOTE_TYPE: Final = "urn:eid:trust-list:1"
_SERVICE: Final = "urn:eid:service:"
_STATUS: Final = "urn:eid:key-state:"
_BUREAU_ID: Final = re.compile(r"[0-9]{12}")
# Which certificate each role needs; a policy signer's hangs below the reader root, all others below the national one.
_EKU: Final = {
    KeyRole.CREDENTIAL: EKU_DOCUMENT_SIGNER,
    KeyRole.CARD: EKU_CARD_SIGNER,
    KeyRole.BUNDLE: EKU_BUNDLE_SIGNER,
    KeyRole.POLICY: EKU_POLICY_SIGNER,
}
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Service:
    """One key of one bureau.

    certificate: DER. forms: the credential forms of the QR path it signs. vcts: the credential types online, ``vct`` or doctype.
    valid_from, retired_at: credentials issued between them count; None while the key is in use.
    """

    role: KeyRole
    certificate: bytes
    forms: frozenset[str]
    vcts: frozenset[str]
    valid_from: int
    retired_at: int | None
    state: KeyState

    @property
    def key(self) -> PublicKey:
        """The public key with its algorithm."""
        return leaf_key(self.certificate)

    @property
    def point(self) -> bytes:
        """The public key alone."""
        return self.key.point

    @property
    def kid(self) -> bytes:
        """The first 8 bytes of the key's COSE thumbprint."""
        return key_id(*self.key)


@dataclass(frozen=True, slots=True)
class BureauEntry:
    """One bureau, or the operator of the scheme for its policy signers.

    bureau_id: 12-digit organ code. scope: division prefixes its powers reach.
    """

    bureau_id: str
    name_zh: str
    name_en: str
    country: str
    scope: tuple[str, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class TrustListContent:
    """What a trust list says.

    number: rises with every issue; a lower one than seen before is refused. next_update: after it the list is stale.
    """

    number: int
    issued_at: int
    next_update: int
    specimen: bool
    territory: str
    operator_zh: str
    operator_en: str
    bureaus: tuple[BureauEntry, ...]


def sign_trust_list(content: TrustListContent, signer: Signer, *, national_root: bytes, reader_root: bytes) -> str:
    """Return the signed list (compact JWS, ``x5c`` of the list signer without the root).

    Every certificate in it is judged first, as of the day its key starts; readers of the compact table rely on it.
    Raises Refused with the certificate's reason; ISSUER_OUT_OF_SCOPE when it names another bureau or country.
    A list that no reader would accept is our mistake: ValueError.
    """
    _refuse_repeats(content)
    if not content.number > 0 or not content.issued_at < content.next_update:
        raise ValueError("a trust list is numbered from 1 and ends after it begins")
    for bureau in content.bureaus:
        for service in bureau.services:
            _judge(bureau, service, reader_root if service.role is KeyRole.POLICY else national_root)
    return sign_compact(_encode(content), signer, typ=TYP)


def read_trust_list(
    token: str, *, root: bytes, highest_seen: int, now: int, tolerance_seconds: int
) -> TrustListContent:
    """Return the list if a list signer under the pinned root signed it.

    root:         the pinned national root, DER; whether specimens or real cards are judged follows from it.
    highest_seen: the highest number this reader ever accepted, 0 for none.
    Raises MalformedInput for its structure; Refused: the certificate's reasons, TRUST_LIST_INVALID (signature, an
    instant in the future, repeated keys), TRUST_LIST_OLDER, SPECIMEN_IN_REAL_MODE, REAL_IN_SPECIMEN_MODE.
    A list past its next update is returned: stale is for the site's policy to judge.
    """
    jws = read_compact(token, typ=TYP, max_bytes=MAX_BYTES)
    signer = check_chain(jws.header.chain, root=root, eku=EKU_LIST_SIGNER, now=now)
    if not jws.signed_by(signer.point):
        raise Refused(Reason.TRUST_LIST_INVALID, "the trust list's signature is wrong")
    content = _decode(jws.payload)
    if content.specimen != signer.specimen:
        reason = Reason.SPECIMEN_IN_REAL_MODE if content.specimen else Reason.REAL_IN_SPECIMEN_MODE
        raise Refused(reason, "the trust list and the pinned root are not of one kind")
    if content.number < highest_seen:
        raise Refused(Reason.TRUST_LIST_OLDER, "a trust list with a higher number was seen before")
    if content.issued_at > now + tolerance_seconds:
        raise Refused(Reason.TRUST_LIST_INVALID, "the trust list was issued in the future")
    return content


def to_trust_table(content: TrustListContent) -> TrustTable:
    """Return the compact form that offline readers carry: same number, same instants, raw keys."""
    keys = {
        service.kid: TrustedKey(
            kid=service.kid,
            point=in_table(service.key),
            role=service.role,
            bureau=bureau.bureau_id,
            name_zh=bureau.name_zh,
            name_en=bureau.name_en,
            country=bureau.country,
            scope=bureau.scope,
            forms=service.forms,
            valid_from=service.valid_from,
            retired_at=service.retired_at,
            state=trust_table.KeyState[service.state.name],
        )
        for bureau in content.bureaus
        for service in bureau.services
    }
    return TrustTable(content.number, content.issued_at, content.next_update, content.specimen, keys)


def in_table(key: PublicKey) -> bytes:
    """Return what the compact table says in the place of a key's point: it has points of P-256, and names other keys."""
    return key.point if key.algorithm is ES256 else thumbprint(*key)


def to_trust_store(content: TrustListContent, *, root: bytes) -> TrustStore:
    """Return who may sign which credentials, for judging online; only keys of the credential role are in it."""
    signers = {
        service.point: TrustedSigner(
            point=service.point,
            certificate=service.certificate,
            bureau=bureau.bureau_id,
            name_zh=bureau.name_zh,
            name_en=bureau.name_en,
            country=bureau.country,
            scope=bureau.scope,
            types=service.vcts,
            valid_from=service.valid_from,
            retired_at=service.retired_at,
            state=service.state,
        )
        for bureau in content.bureaus
        for service in bureau.services
        if service.role is KeyRole.CREDENTIAL
    }
    anchor = TrustAnchor(KeyPurpose.NATIONAL_ROOT, root)
    return TrustStore(anchor, signers, content.number, content.issued_at, content.next_update)


def _judge(bureau: BureauEntry, service: Service, root: bytes) -> None:
    chain, now = [service.certificate], service.valid_from
    if service.role is KeyRole.STATUS:
        leaf = check_status_chain(chain, root=root, now=now)
    else:
        leaf = check_chain(chain, root=root, eku=_EKU[service.role], now=now)
    if leaf.country != bureau.country or leaf.bureau not in {None, bureau.bureau_id}:
        raise Refused(Reason.ISSUER_OUT_OF_SCOPE, "a certificate names another bureau or country than its entry")


def _refuse_repeats(content: TrustListContent) -> None:
    bureaus = [bureau.bureau_id for bureau in content.bureaus]
    kids = [service.kid for bureau in content.bureaus for service in bureau.services]
    if len(set(bureaus)) != len(bureaus) or len(set(kids)) != len(kids):
        raise ValueError("a trust list names each bureau and each key once")
    if not all(_BUREAU_ID.fullmatch(bureau) for bureau in bureaus):
        raise ValueError("a bureau id has twelve digits")


# --- the LoTE shape --------------------------------------------------------------------------------------------------


def _encode(content: TrustListContent) -> bytes:
    scheme: dict[str, JsonValue] = {
        "LoTEVersionIdentifier": 1,
        "LoTESequenceNumber": content.number,
        "LoTEType": _LOTE_TYPE,
        "SchemeOperatorName": _names(content.operator_zh, content.operator_en),
        "SchemeTerritory": content.territory,
        "ListIssueDateTime": rfc3339(content.issued_at),
        "NextUpdate": rfc3339(content.next_update),
        "SchemeExtensions": {"specimen": content.specimen},
    }
    entities: list[JsonValue] = [_encode_bureau(bureau) for bureau in content.bureaus]
    return json.encode({"LoTE": {"ListAndSchemeInformation": scheme, "TrustedEntitiesList": entities}})


def _encode_bureau(bureau: BureauEntry) -> dict[str, JsonValue]:
    return {
        "TrustedEntityInformation": {
            "TEIdentifier": bureau.bureau_id,
            "TEName": _names(bureau.name_zh, bureau.name_en),
            "TECountry": bureau.country,
            "TEScope": list[JsonValue](bureau.scope),
        },
        "TrustedEntityServices": [{"ServiceInformation": _encode_service(service)} for service in bureau.services],
    }


def _encode_service(service: Service) -> dict[str, JsonValue]:
    return {
        "ServiceTypeIdentifier": _SERVICE + service.role.name.lower(),
        "ServiceDigitalIdentity": {"X509Certificates": [{"val": b64encode(service.certificate).decode("ascii")}]},
        "ServiceStatus": _STATUS + service.state.value,
        "StatusStartingTime": rfc3339(service.valid_from),
        "ServiceExtensions": {
            "kid": service.kid.hex(),
            "forms": list[JsonValue](sorted(service.forms)),
            "types": list[JsonValue](sorted(service.vcts)),
            "retired": None if service.retired_at is None else rfc3339(service.retired_at),
        },
    }


def _names(zh: str, en: str) -> list[JsonValue]:
    return [{"lang": "zh", "value": zh}, {"lang": "en", "value": en}]


def _decode(payload: bytes) -> TrustListContent:
    claims = claims_of(payload, max_bytes=MAX_BYTES)
    try:
        content = _read_content(_member(claims, "LoTE"))
        _refuse_repeats(content)
        same = _encode(content) == payload
    except (ValueError, KeyError, TypeError, OverflowError, Base64Error, EidError) as err:
        raise MalformedInput(Reason.TRUST_LIST_INVALID, "the trust list is not of the expected shape") from err
    # One content has one spelling, so that two readers cannot read two things.
    if not same:
        raise MalformedInput(Reason.TRUST_LIST_INVALID, "the trust list carries something this reader does not know")
    return content


def _read_content(lote: Mapping[str, JsonValue]) -> TrustListContent:
    scheme = _member(lote, "ListAndSchemeInformation")
    operator_zh, operator_en = _read_names(scheme["SchemeOperatorName"])
    number, specimen = scheme["LoTESequenceNumber"], _member(scheme, "SchemeExtensions")["specimen"]
    if type(number) is not int or number <= 0 or type(specimen) is not bool:
        raise ValueError("a number or a mark is missing")
    return TrustListContent(
        number=number,
        issued_at=_instant(scheme["ListIssueDateTime"]),
        next_update=_instant(scheme["NextUpdate"]),
        specimen=specimen,
        territory=_text(scheme["SchemeTerritory"]),
        operator_zh=operator_zh,
        operator_en=operator_en,
        bureaus=tuple(_read_bureau(_object(entry)) for entry in _array(lote["TrustedEntitiesList"])),
    )


def _read_bureau(entry: Mapping[str, JsonValue]) -> BureauEntry:
    information = _member(entry, "TrustedEntityInformation")
    name_zh, name_en = _read_names(information["TEName"])
    services = _array(entry["TrustedEntityServices"])
    return BureauEntry(
        bureau_id=_text(information["TEIdentifier"]),
        name_zh=name_zh,
        name_en=name_en,
        country=_text(information["TECountry"]),
        scope=tuple(_text(prefix) for prefix in _array(information["TEScope"])),
        services=tuple(_read_service(_member(_object(service), "ServiceInformation")) for service in services),
    )


def _read_service(information: Mapping[str, JsonValue]) -> Service:
    (certificate,) = _array(_member(information, "ServiceDigitalIdentity")["X509Certificates"])
    extensions = _member(information, "ServiceExtensions")
    retired = extensions["retired"]
    return Service(
        role=KeyRole[_text(information["ServiceTypeIdentifier"]).removeprefix(_SERVICE).upper()],
        certificate=b64decode(_text(_object(certificate)["val"]), validate=True),
        forms=frozenset(_text(form) for form in _array(extensions["forms"])),
        vcts=frozenset(_text(vct) for vct in _array(extensions["types"])),
        valid_from=_instant(information["StatusStartingTime"]),
        retired_at=None if retired is None else _instant(retired),
        state=KeyState(_text(information["ServiceStatus"]).removeprefix(_STATUS)),
    )


def _read_names(value: JsonValue) -> tuple[str, str]:
    zh, en = _array(value)
    return _text(_object(zh)["value"]), _text(_object(en)["value"])


def _instant(value: JsonValue) -> int:
    return int(datetime.strptime(_text(value), _TIME).replace(tzinfo=UTC).timestamp())


def _member(members: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    return _object(members[name])


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        raise TypeError("an object is expected")
    return value


def _array(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise TypeError("an array is expected")
    return value


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value
