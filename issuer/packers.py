"""From one person's facts to the unsigned copy of each form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core.entropy import Entropy
from formats.dataset import GROUPS, jose_claims, mdoc_elements
from formats.encoding import base64url
from formats.mdoc.issuer_signed import IssuerSignedDraft, draft_issuer_signed
from formats.mdoc.model import DOCTYPE, MdocTerms
from formats.sd_cwt import model
from formats.sd_cwt.model import KeyStorage, SdCwtClaims
from formats.sd_cwt.pack import SdCwtDraft, pack
from formats.sd_jwt.model import SdJwtDraft
from formats.sd_jwt_vc import VCT, CredentialTerms, draft_credential
from issuer.issuance import CopyFacts, Packer
from issuer.policy import Form, day_of
from keys.signing import Signer

# Nobody attests to keys yet, so every key counts as one in software.
_KEY_STORAGE: Final = KeyStorage.SOFTWARE


class SdJwtVcPacker:
    """SD-JWT VC: every claim of the dataset behind a disclosure of its own."""

    def pack(self, facts: CopyFacts, signer: Signer, entropy: Entropy) -> SdJwtDraft:
        terms = CredentialTerms(
            vct=VCT,
            issued_at=facts.validity.issued_at,
            expires_at=facts.validity.expires_at,
            holder_point=facts.holder.point,
            status=facts.status,
            issuer=facts.issuer,
            key_storage=_KEY_STORAGE,
            assurance=facts.assurance,
            specimen=facts.specimen,
        )
        claims = jose_claims(facts.dataset, as_of=day_of(facts.validity.issued_at))
        return draft_credential(claims, terms, entropy=entropy, signer=signer)


@dataclass(frozen=True, slots=True)
class _BinaryDraft:
    draft: SdCwtDraft | IssuerSignedDraft

    def to_be_signed(self) -> bytes:
        return self.draft.to_be_signed()

    def finish(self, signature: bytes) -> str:
        # On the wire of OpenID4VCI a binary credential is base64url text (1.0, A.2.4).
        return base64url.encode(self.draft.finish(signature))


class MdocPacker:
    """ISO mdoc: every element of the dataset an item of its own."""

    def pack(self, facts: CopyFacts, signer: Signer, entropy: Entropy) -> _BinaryDraft:
        terms = MdocTerms(
            doctype=DOCTYPE,
            issued_at=facts.validity.issued_at,
            expires_at=facts.validity.expires_at,
            holder_point=facts.holder.point,
            status=facts.status,
            key_storage=_KEY_STORAGE,
            assurance=facts.assurance,
            specimen=facts.specimen,
        )
        elements = mdoc_elements(facts.dataset, as_of=day_of(facts.validity.issued_at))
        return _BinaryDraft(draft_issuer_signed(elements, terms, entropy=entropy, signer=signer))


class QrPacker:
    """The SD-CWT behind the QR token."""

    def pack(self, facts: CopyFacts, signer: Signer, entropy: Entropy) -> _BinaryDraft:
        drawn = entropy.random_bytes(model.SUBJECT_BYTES + model.SALT_BYTES * len(GROUPS))
        starts = range(model.SUBJECT_BYTES, len(drawn), model.SALT_BYTES)
        claims = SdCwtClaims(
            subject=base64url.encode(drawn[: model.SUBJECT_BYTES]),
            issued_at=facts.validity.issued_at,
            expires_at=facts.validity.expires_at,
            status=facts.status,
            holder_point33=facts.holder.point,
            key_storage=_KEY_STORAGE,
            assurance=facts.assurance,
            specimen=facts.specimen,
        )
        draft = pack(
            facts.dataset,
            claims,
            as_of=day_of(facts.validity.issued_at),
            salts=[drawn[at : at + model.SALT_BYTES] for at in starts],
            signer_kid=signer.key_id,
            algorithm=signer.algorithm,
        )
        return _BinaryDraft(draft)


PACKERS: Final[Mapping[Form, Packer]] = MappingProxyType(
    {Form.SD_JWT_VC: SdJwtVcPacker(), Form.MDOC: MdocPacker(), Form.QR: QrPacker()}
)
