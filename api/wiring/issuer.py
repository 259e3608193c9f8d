"""Builds the issuer role: adapters for its ports, and the use cases over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from api.settings import Settings
from api.wiring.glyphs import open_glyph_font
from core.clock import Clock, SystemClock
from core.entropy import Entropy, SystemEntropy
from core.errors import EidError, Misconfigured
from core.reasons import Reason
from formats.dataset import CredentialDataset
from formats.sd_cwt.model import Assurance
from issuer.audit_checkpoints import CheckpointDesk
from issuer.authorization import TokenDesk
from issuer.cases.deciding import approved_record, expire_cases
from issuer.cases.model import CaseState
from issuer.catalogue import addresses, issuer_metadata, server_metadata
from issuer.context import IssuingContext
from issuer.issuance import IssuanceDesk
from issuer.offers import OfferDesk
from issuer.packers import PACKERS
from issuer.policy import Form, IssuancePolicy
from issuer.ports import ApprovedPerson, BureauContext, StatusTarget
from issuer.register.citizen_number import DocumentType
from issuer.register.glyphs import GlyphFont, draw_glyphs
from issuer.register.ports import ApprovedRecord, Bureau, BureauStore
from issuer.secrets import IssuanceSecret
from issuer.status import StatusDesk
from issuer.storage.audit_trail import SqlAuditTrail
from issuer.storage.encryption import KEY_SIZE, KeyWrap
from issuer.storage.engine import open_current
from issuer.storage.issuance import SqlIssuanceStore
from issuer.storage.status import StatusFiles
from issuer.storage.store import SqlBureauStore
from keys.certificates import certificates_from_pem, is_specimen, validity_of
from keys.signing import KeyPurpose, LocalSigner
from keys.storage.files import KeyFiles
from protocols.oauth import AuthorizationServerMetadata
from protocols.openid4vci.metadata import CredentialIssuerMetadata

COUNTRY: Final = "CN"
FIELD_SECRET: Final = "field-encryption"
ISSUANCE_SECRET: Final = "issuance"
ISSUANCE_SECRET_BYTES: Final = 32

# Residents, and the permits of residents of Hong Kong, Macau and Taiwan, are nationals; for permanent residents the
# register does not say, so nothing is said.
_NATIONALITY: Final = {
    DocumentType.RESIDENT_ID: COUNTRY,
    DocumentType.HK_MACAU_TAIWAN_PERMIT: COUNTRY,
    DocumentType.FOREIGNER_PERMANENT: None,
}


class RegistryOverCases:
    """The person registry over the bureau's own register: a record counts when its newest case is approved."""

    def __init__(
        self, store: BureauStore, bureau: BureauContext, clock: Clock, glyph_font: GlyphFont | None = None
    ) -> None:
        self._store = store
        self._bureau = bureau
        self._clock = clock
        self._glyph_font = glyph_font

    def approved(self, record_id: str) -> ApprovedPerson:
        approved = approved_record(self._bureau.bureau, record_id, store=self._store)
        return ApprovedPerson(
            record_id=record_id,
            dataset=dataset_of(approved, self._bureau, self._glyph_font),
            # The bureau's officers saw person and card, and two of them agreed.
            assurance=Assurance.FULL,
            unissued_case=None if approved.case.state is CaseState.ISSUED else approved.case.case_id,
        )

    def expire_waiting(self) -> int:
        return expire_cases(self._bureau.bureau, store=self._store, now=self._clock.now())


def dataset_of(
    approved: ApprovedRecord, bureau: BureauContext, glyph_font: GlyphFont | None = None
) -> CredentialDataset:
    """Return the facts that go into a credential, from an approved record and the bureau that signs.

    glyph_font: draws the rare characters of the name; None where the deployment has none.
    """
    record, portraits = approved.record, approved.portraits
    return CredentialDataset(
        full_name=record.full_name,
        name_latin=record.name_latin or None,
        family_name=None,
        given_name=None,
        name_local_script=None,
        glyphs=draw_glyphs(record.full_name, glyph_font),
        birth_date=record.birth_date,
        citizen_number=record.citizen_number,
        sex=record.sex,
        nationality=_NATIONALITY[record.document_type],
        ethnicity=record.ethnicity or None,
        ethnicity_code=record.ethnicity_code or None,
        address=record.address,
        # The register's address is text; the division in the number is the one at numbering, not of this address.
        division_code=None,
        document_type=record.document_type.value,
        document_number=approved.document_number,
        date_of_issuance=record.valid_from,
        date_of_expiry=record.valid_until,
        issuing_authority=bureau.name_zh,
        issuing_country=bureau.country,
        issuing_division=bureau.division,
        card_authority=record.issuing_authority,
        qr_portrait=None if portraits is None else portraits.qr,
        portrait=None if portraits is None else portraits.online,
    )


def _has_nothing_open() -> None:
    """A role over a store that somebody else closes."""


@dataclass(frozen=True, slots=True)
class IssuerRole:
    """The issuing side of one bureau, ready to be used by routes and commands. ``close`` ends its connections."""

    context: IssuingContext
    offers: OfferDesk
    tokens: TokenDesk
    issuance: IssuanceDesk
    status: StatusDesk
    issuer_metadata: CredentialIssuerMetadata
    server_metadata: AuthorizationServerMetadata
    close: Callable[[], None] = _has_nothing_open
    checkpoints: CheckpointDesk | None = None

    def keep_up(self) -> None:
        """Do what is due by the clock alone: publish status lists, expire cases nobody decided, sign the audit chain.

        Called at start and every minute by whoever serves this role; harmless when several do.
        """
        self.status.publish_due()
        self.context.registry.expire_waiting()
        if self.checkpoints is not None:
            self.checkpoints.make_if_due(now=self.context.clock.now())

    def is_ready(self) -> bool:
        """Say whether the database answers."""
        try:
            with self.context.store.reading() as tx:
                tx.pending_acts()
        except EidError:
            return False
        return True


def assemble_issuer(context: IssuingContext, target: StatusTarget) -> IssuerRole:
    """Return the use cases of one bureau over its context; target: where status lists are published."""
    status = StatusDesk(context, target)
    return IssuerRole(
        context=context,
        offers=OfferDesk(context),
        tokens=TokenDesk(context),
        issuance=IssuanceDesk(context, lists=status, packers=PACKERS),
        status=status,
        issuer_metadata=issuer_metadata(
            context.where, context.bureau, context.policy, suite=context.signer_for(Form.SD_JWT_VC).algorithm
        ),
        server_metadata=server_metadata(context.where, context.bureau),
    )


def open_issuer(settings: Settings) -> IssuerRole:
    """Return the issuer role of a deployment's settings; raises as ``build_issuer`` does."""
    return build_issuer(
        database=settings.database,
        public_url=settings.url,
        public_folder=settings.public_folder,
        keys=KeyFiles(settings.keys_folder, settings.passphrase_bytes()),
        bureau=settings.bureau,
        glyph_font=open_glyph_font(settings),
    )


def build_issuer(
    *,
    database: str,
    public_url: str,
    public_folder: Path,
    keys: KeyFiles,
    bureau: str | None,
    glyph_font: GlyphFont | None = None,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    policy: IssuancePolicy | None = None,
) -> IssuerRole:
    """Return the issuer role over a real database, key store and folder.

    bureau: the 12-digit code; None where the database has exactly one bureau.
    The root certificate is read from ``{public_folder}/trust/root.pem``: whether it is a specimen root decides whether
    credentials are specimens.
    Raises Misconfigured for a database of another version, a wrong passphrase, a missing root or an unclear bureau.
    """
    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    engine = open_current(database)
    bureaus = SqlBureauStore(engine, KeyWrap(keys.secret(FIELD_SECRET, KEY_SIZE), entropy))
    chosen = _choose(bureaus, bureau)
    *earlier, signer = _signers(keys, KeyPurpose.DOCUMENT_SIGNER) or [keys.open(KeyPurpose.DOCUMENT_SIGNER)]
    earlier_online = _signers(keys, KeyPurpose.ONLINE_SIGNER)
    online = earlier_online.pop() if earlier_online else None
    newest = [signer] if online is None else [signer, online]
    if not all(one.certificates for one in newest):
        raise Misconfigured(Reason.KEY_STATE, "a document signer has no certificate; run eid init")
    about = BureauContext(
        bureau=chosen.bureau,
        name_zh=chosen.name_zh,
        name_en=chosen.name_en,
        division=chosen.division,
        country=COUNTRY,
        specimen=is_specimen(_read_root(public_folder / "trust" / "root.pem")),
    )
    context = IssuingContext(
        bureau=about,
        where=addresses(public_url),
        policy=policy or IssuancePolicy(),
        store=SqlIssuanceStore(engine, chosen.bureau),
        registry=RegistryOverCases(bureaus, about, clock, glyph_font),
        signer=signer,
        signer_valid_from=max(validity_of(one.certificates[0]).not_before for one in newest),
        earlier_signers=(*earlier, *earlier_online),
        online_signer=online,
        status_signer=next(iter(reversed(_signers(keys, KeyPurpose.STATUS_SIGNER))), None),
        secret=IssuanceSecret(keys.secret(ISSUANCE_SECRET, ISSUANCE_SECRET_BYTES)),
        clock=clock,
        entropy=entropy,
    )
    role = assemble_issuer(context, StatusFiles(public_folder / "status" / chosen.bureau))
    audit_signer = next(iter(reversed(_signers(keys, KeyPurpose.AUDIT_SIGNER))), None)
    checkpoints = (
        None
        if audit_signer is None
        else CheckpointDesk(chosen.bureau, SqlAuditTrail(engine, chosen.bureau), audit_signer)
    )
    return replace(role, close=engine.dispose, checkpoints=checkpoints)


def _signers(keys: KeyFiles, purpose: KeyPurpose) -> list[LocalSigner]:
    """Return every key the store has for a purpose, the newest last."""
    return [keys.open(purpose, key.key_id) for key in keys.listing() if key.purpose is purpose]


def _choose(bureaus: SqlBureauStore, wanted: str | None) -> Bureau:
    with bureaus.reading() as books:
        if wanted is not None:
            return books.register.bureau(wanted)
        found = books.register.bureaus()
    if len(found) != 1:
        raise Misconfigured(
            Reason.SETTING_INVALID if found else Reason.HOME_MISSING,
            "say which bureau issues here with EID_BUREAU" if found else "there is no bureau yet; run eid init",
        )
    return found[0]


def _read_root(path: Path) -> bytes:
    try:
        return certificates_from_pem(path.read_bytes())[0]
    except OSError as err:
        raise Misconfigured(Reason.HOME_MISSING, "trust/root.pem is missing among the published files") from err
