"""One synthetic resident, one bureau, one post: QR codes with readable defaults, and ways to make each part wrong.

Everything is seeded, and signatures are deterministic (RFC 6979): the same code is the same bytes in every run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

from cbor2 import CBORTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from formats import cose, qr_token
from formats.cose import Sign1Draft
from formats.dataset import GROUPS, CredentialDataset, Group
from formats.encoding import cbor
from formats.sd_cwt import model
from formats.sd_cwt.key_binding import AUDIENCE_ANY
from formats.sd_cwt.model import Assurance, KeyStorage, SdCwtClaims, StatusReference
from formats.sd_cwt.pack import pack
from keys.algorithms import ES256
from keys.signing import InProcessSigner

Edit = Callable[[Any], Any]

NOW: Final = int(datetime(2026, 11, 20, 8, 0, tzinfo=UTC).timestamp())
ISSUED: Final = int(datetime(2026, 11, 16, tzinfo=UTC).timestamp())
EXPIRES: Final = int(datetime(2026, 11, 30, tzinfo=UTC).timestamp())
DAY: Final = 86_400

BUREAU: Final = "690101000000"
BUREAU_ZH: Final = "样例市公安局示范分局"
BUREAU_EN: Final = "Sample City Public Security Bureau, Model Branch"
OTHER_BUREAU: Final = "690201000000"
STATUS_URI: Final = f"https://eid.example/status/{BUREAU}/a1"
POST: Final = "post-0017"
CHALLENGE_HASH: Final = hashlib.sha256(b"a challenge shown by the post").digest()
CURVE_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def seeded(name: str, size_bytes: int) -> bytes:
    """Return bytes that only the name decides."""
    return hashlib.shake_256(name.encode()).digest(size_bytes)


@cache
def signer(name: str) -> InProcessSigner:
    """Return the seeded key of this name."""
    return InProcessSigner.from_scalar(hashlib.sha256(b"verdict vectors: " + name.encode()).digest())


def sign(name: str, message: bytes) -> bytes:
    """Return the deterministic signature of the seeded key of this name, raw r || s."""
    der = signer(name).private_key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def other_form(signature: bytes) -> bytes:
    """Return (r, n - s) for (r, s): the same signature in other bytes."""
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + (CURVE_ORDER - s).to_bytes(32, "big")


def portrait(size_bytes: int = 600, *, width: int = 64, height: int = 80, chunk: bytes = b"VP8L") -> bytes:
    """Return a WebP file with the header of a plain picture and seeded bytes for its content."""
    dimensions = ((width - 1) | (height - 1) << 14).to_bytes(4, "little")
    content = b"\x2f" + dimensions + seeded("portrait", size_bytes - 25)
    body = b"WEBP" + chunk + len(content).to_bytes(4, "little") + content
    return b"RIFF" + len(body).to_bytes(4, "little") + body


PERSON: Final = CredentialDataset(
    full_name="示例甲",
    name_latin="SHILI JIA",
    family_name=None,
    given_name=None,
    name_local_script=None,
    glyphs=(),
    birth_date=date(1990, 1, 1),
    citizen_number="690101199001010018",
    sex=1,
    nationality="CN",
    ethnicity="汉",
    ethnicity_code="HA",
    address="样例省样例市示范区测试路 1 号",
    division_code="690101",
    document_type="居民身份证",
    document_number="690101199001010018",
    date_of_issuance=date(2020, 5, 1),
    date_of_expiry=date(2040, 5, 1),
    issuing_authority=BUREAU_ZH,
    issuing_country="CN",
    issuing_division="690101",
    card_authority="样例市公安局示范分局",
    qr_portrait=portrait(),
    portrait=None,
)

GATE_GROUPS: Final = (Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT, Group.AGE_18)
DESK_GROUPS: Final = (Group.NAME, Group.CITIZEN_NUMBER, Group.DOCUMENT, Group.PORTRAIT)


def same(value: Any) -> Any:
    """Leave a part as it is."""
    return value


@dataclass(frozen=True)
class Code:
    """A QR code as the wallet of PERSON would show it now; each field can be made wrong.

    cti: one-way; ``cnonce``: the answer to a challenge. The ``edit_`` fields change a decoded part before it is
    encoded and signed again, so that everything else about the code stays right.
    """

    person: CredentialDataset = PERSON
    groups: tuple[Group, ...] = GATE_GROUPS
    as_of: date = date(2026, 11, 16)
    issuer: str = "issuer"
    names_issuer: str | None = None
    holder: str = "holder"
    shown_by: str | None = None
    issued_at: int = ISSUED
    expires_at: int = EXPIRES
    index: int = 7
    uri: str = STATUS_URI
    key_storage: KeyStorage = KeyStorage.ATTESTED
    assurance: Assurance = Assurance.FULL
    specimen: bool = False
    salt: str = "salt"
    made_at: int = NOW - 5
    audience: str | None = None
    cti: bytes = seeded("cti", 16)
    cnonce: bytes | None = None
    edit_claims: Edit = same
    edit_payload: Edit = same
    edit_headers: Edit = same
    edit_unprotected: Edit = same
    edit_disclosures: Edit = same
    edit_issuer_signature: Edit = same
    edit_proof: Edit = same
    edit_proof_headers: Edit = same
    edit_proof_unprotected: Edit = same
    edit_proof_signature: Edit = same

    @property
    def text(self) -> str:
        """What the QR picture holds."""
        return qr_token.encode(self.token)

    @property
    def token(self) -> bytes:
        """The key-binding token."""
        kcwt = cbor.decode(self.sd_cwt, max_bytes=100_000, sign1=True)
        headers = self.edit_proof_headers({cose.ALG: ES256.cose, cose.KCWT: kcwt, cose.TYP: model.TYP_KBT})
        draft = Sign1Draft(headers, cbor.encode(self.edit_proof(self._proof())))
        signature = self.edit_proof_signature(sign(self.shown_by or self.holder, draft.to_be_signed()))
        return _sign1(draft, signature, self.edit_proof_unprotected({}))

    @property
    def sd_cwt(self) -> bytes:
        """The SD-CWT with the disclosures shown."""
        draft = pack(
            self.person,
            self._claims(),
            as_of=self.as_of,
            salts=[seeded(f"{self.salt}-{group.word}", 16) for group in GROUPS],
            signer_kid=signer(self.names_issuer or self.issuer).key_id,
            algorithm=ES256,
        )
        claims = self.edit_claims(cbor.decode_map(draft.sign1.payload, max_bytes=3072))
        signed = Sign1Draft(self.edit_headers(draft.sign1.protected), self.edit_payload(cbor.encode(claims)))
        shown = [d for group, d in zip(GROUPS, draft.disclosures, strict=True) if group in self.groups]
        shown = self.edit_disclosures(shown)
        unprotected = self.edit_unprotected({cose.SD_CLAIMS: shown} if shown else {})
        return _sign1(signed, self.edit_issuer_signature(sign(self.issuer, signed.to_be_signed())), unprotected)

    def _claims(self) -> SdCwtClaims:
        return SdCwtClaims(
            subject="AAECAwQFBgc",
            issued_at=self.issued_at,
            expires_at=self.expires_at,
            status=StatusReference(self.uri, self.index),
            holder_point33=signer(self.holder).point,
            key_storage=self.key_storage,
            assurance=self.assurance,
            specimen=self.specimen,
        )

    def _proof(self) -> dict[Any, Any]:
        if self.cnonce is not None:
            return {model.AUD: self.audience or POST, model.IAT: self.made_at, model.CNONCE: self.cnonce}
        return {
            model.AUD: self.audience or AUDIENCE_ANY,
            model.EXP: self.made_at + 60,
            model.IAT: self.made_at,
            model.CTI: self.cti,
        }


def _sign1(draft: Sign1Draft, signature: bytes, unprotected: dict[Any, Any]) -> bytes:
    return cbor.encode(CBORTag(cbor.SIGN1_TAG, [draft.protected_bytes, unprotected, draft.payload, signature]))


def answer(**changes: Any) -> Code:
    """Return the right answer to the challenge of the post, with changes."""
    return Code(**{"groups": DESK_GROUPS, "cnonce": CHALLENGE_HASH, **changes})
