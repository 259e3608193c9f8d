"""SD-JWT VC presentations of one synthetic resident, with ways to make each part wrong, and what judges them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from formats.bundle.trust_table import KeyRole, KeyState, TrustedKey, TrustTable
from formats.dataset import CredentialDataset, Group, jose_claims
from formats.encoding import base64url
from formats.jose import sign_compact
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from formats.sd_jwt_vc import VCT, CredentialTerms, draft_credential, select
from formats.site_policy import BUILT_IN, Mode, SitePolicy
from formats.status_list.entries import build_entries
from formats.status_list.token import build_token
from formats.trust_list import in_table
from keys.algorithms import ES256
from keys.public_keys import PublicKey
from keys.signing import InProcessSigner, KeyPurpose, LocalSigner, Signer
from keys.trust import TrustAnchor
from tests.builders.people import BUREAU_NAME_EN, BUREAU_NAME_ZH, a_person
from tests.builders.suites import SuiteSigner
from tests.builders.trust import (
    BUREAU,
    DAY,
    NOW,
    OTHER_BUREAU,
    PUBLIC_URL,
    national_root,
    seeded_signer,
)
from tests.fakes.seeded_entropy import SeededEntropy
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.offline import EntryState, StatusAnswer
from verifier.checkpoint.verdict import Verdict
from verifier.checks.case import ExpectedBinding
from verifier.trust import IssuerTrust
from verifier.verification import verify_presentation

Edit = Callable[[Any], Any]

ROOT = national_root()
REAL_ROOT = national_root("real", common_name="National Root")
ISSUER = SuiteSigner(ROOT)
REAL_ISSUER = SuiteSigner(REAL_ROOT, "real document")
OTHER_ISSUER = SuiteSigner(ROOT, "other document", bureau=OTHER_BUREAU)
HOLDER = seeded_signer("holder")
THIEF = seeded_signer("thief")

STATUS_URI = f"{PUBLIC_URL}/status/{BUREAU}/1"
INDEX = 4711
EXPECTED = ExpectedBinding(nonce="n-0S6_WzA2Mj", audience="https://verifier.example.test")
CLOCK = ReaderClock(NOW, doubtful=False, confirmed=True)
SHOWN = (("full_name",), ("picture",), ("document_number",), ("age_equal_or_over", "18"), ("ethnicity",))
# 14, 16, 18, 60, 65: all answered as of the day of issue.
POLICY = SitePolicy(
    policy_id="desk",
    site_kind="parcel-desk",
    name_zh="示例柜台",
    name_en="Sample desk",
    required=frozenset({Group.NAME, Group.PORTRAIT}),
    optional=frozenset({Group.AGE_18, Group.CIVIL, Group.DOCUMENT}),
    ground_required=False,
    modes=frozenset(Mode),
    forms=BUILT_IN["parcel-desk"].forms,
    max_status_age_seconds=6 * 3600,
    max_trust_age_seconds=3 * DAY,
    unmanned=False,
    minimum_assurance=Assurance.BASIC,
    minimum_age=None,
    retention="nothing",
)


def same(value: Any) -> Any:
    """Leave a part as it is."""
    return value


def jws(header: dict[str, Any], payload: Any, signer: Signer) -> str:
    """Return a compact token with exactly this header and payload (a value to encode, or text as it is)."""
    body = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    signing = (
        f"{base64url.encode(json.dumps(header).encode())}.{base64url.encode(body.encode('utf-8', 'surrogatepass'))}"
    )
    return f"{signing}.{base64url.encode(signer.sign(signing.encode()))}"


def header_of(signer: Signer) -> dict[str, Any]:
    """Return the right header of a credential by this signer."""
    token = sign_compact(b"{}", signer, typ="dc+sd-jwt")
    return dict(json.loads(base64url.decode(token.split(".")[0])))


def sd_hash(hashed: str) -> str:
    """Return what a key binding must say of the part before it."""
    return base64url.encode(sha256(hashed.encode("utf-8", "surrogatepass")).digest())


def disclosure(*parts: Any) -> str:
    """Return one disclosure of exactly these parts."""
    return base64url.encode(json.dumps(parts, ensure_ascii=False).encode())


def digest_of(text: str) -> str:
    """Return the digest of a disclosure."""
    return base64url.encode(sha256(text.encode()).digest())


@dataclass(frozen=True)
class Showing:
    """A presentation as the wallet of the resident would make it now; each field can be made wrong.

    The ``edit_`` fields change one part before it is signed again, so that everything else stays right.
    """

    person: CredentialDataset = field(default_factory=a_person)
    shown: tuple[tuple[str, ...], ...] = SHOWN
    issuer: LocalSigner = ISSUER
    holder: InProcessSigner = HOLDER
    shown_by: InProcessSigner | None = None
    vct: str = VCT
    issued_at: int = NOW - DAY
    expires_at: int = NOW + 20 * DAY
    uri: str = STATUS_URI
    index: int = INDEX
    iss: str | None = PUBLIC_URL
    key_storage: KeyStorage | None = KeyStorage.ATTESTED
    assurance: Assurance | None = Assurance.FULL
    specimen: bool = True
    made_at: int = NOW - 5
    nonce: str = EXPECTED.nonce
    audience: str = EXPECTED.audience
    edit_header: Edit = same
    edit_payload: Edit = same
    edit_disclosures: Edit = same
    edit_binding_header: Edit = same
    edit_binding: Edit = same
    edit_hashed: Edit = same

    @property
    def hashed(self) -> str:
        """The issuer's token and the disclosures shown, with the last tilde."""
        terms = CredentialTerms(
            vct=self.vct,
            issued_at=self.issued_at,
            expires_at=self.expires_at,
            holder_point=self.holder.point,
            status=StatusReference(self.uri, self.index),
            issuer=self.iss,
            key_storage=self.key_storage,
            assurance=self.assurance,
            specimen=self.specimen,
        )
        as_of = datetime.fromtimestamp(self.issued_at, UTC).date()
        draft = draft_credential(
            jose_claims(self.person, as_of=as_of), terms, entropy=SeededEntropy("presentation"), signer=self.issuer
        )
        issued = draft.finish(self.issuer.sign(draft.to_be_signed()))
        _, *disclosures, _ = select(issued, self.shown).split("~")
        payload = self.edit_payload(json.loads(draft.payload))
        jwt = jws(self.edit_header(header_of(self.issuer)), payload, self.issuer)
        return str(self.edit_hashed("~".join((jwt, *self.edit_disclosures(disclosures), ""))))

    @property
    def text(self) -> str:
        """The presentation."""
        hashed = self.hashed
        binding = {"iat": self.made_at, "aud": self.audience, "nonce": self.nonce, "sd_hash": sd_hash(hashed)}
        header = self.edit_binding_header({"alg": "ES256", "typ": "kb+jwt"})
        return hashed + jws(header, self.edit_binding(binding), self.shown_by or self.holder)


@dataclass(frozen=True)
class Says:
    """A source of statuses that always says the same, or fails the same way."""

    state: EntryState | None = EntryState.VALID
    as_of: int = NOW - 600
    expires_at: int = NOW + DAY
    failure: Exception | None = None

    def look_up(self, bureau: str, uri: str, index: int) -> StatusAnswer | None:
        if self.failure is not None:
            raise self.failure
        if (bureau, uri, index) != (BUREAU, STATUS_URI, INDEX) or self.state is None:
            return None
        return StatusAnswer(self.state, self.as_of, self.expires_at, 12)


def trusted_key(signer: Signer = ISSUER, **changes: Any) -> TrustedKey:
    """Return the row of a bureau's credential key in the trust table, with these changes."""
    key = TrustedKey(
        kid=signer.key_id,
        point=in_table(PublicKey(signer.point, signer.algorithm)),
        role=KeyRole.CREDENTIAL,
        bureau=BUREAU,
        name_zh=BUREAU_NAME_ZH,
        name_en=BUREAU_NAME_EN,
        country="CN",
        scope=("6901",),
        forms=frozenset({"dc+sd-jwt", "mso_mdoc"} | ({"eid1"} if signer.algorithm is ES256 else set())),
        valid_from=NOW - 30 * DAY,
        retired_at=None,
        state=KeyState.ACTIVE,
    )
    return replace(key, **changes)


def trust_table(*keys: TrustedKey, **changes: Any) -> TrustTable:
    """Return a specimen trust table an hour old, with the bureau's key unless others are given."""
    listed = {key.kid: key for key in keys or (trusted_key(),)}
    return replace(TrustTable(7, NOW - 3600, NOW + 2 * DAY, specimen=True, keys=listed), **changes)


def a_trust(table: TrustTable | None = None, *, root: bytes = ROOT.certificate) -> IssuerTrust:
    """Return the trust of a reader that pinned the specimen root and holds a table."""
    return IssuerTrust(TrustAnchor(KeyPurpose.NATIONAL_ROOT, root), table or trust_table())


def bare_trust() -> IssuerTrust:
    """Return the trust of a reader that knows nothing but the root."""
    return IssuerTrust(TrustAnchor(KeyPurpose.NATIONAL_ROOT, ROOT.certificate), None)


def judged(presentation: Showing | str | None = None, **changes: Any) -> Verdict:
    """Return the verdict on a presentation by a reader where everything is right, with these changes."""
    shown = Showing() if presentation is None else presentation
    judging: dict[str, Any] = {
        "expected": EXPECTED,
        "trust": a_trust(),
        "statuses": Says(),
        "policy": POLICY,
        "clock": CLOCK,
    }
    return verify_presentation(shown if isinstance(shown, str) else shown.text, **{**judging, **changes})


def status_token(
    changes: dict[int, int] | None = None,
    *,
    uri: str = STATUS_URI,
    signer: Signer = ISSUER,
    issued_at: int = NOW - 60,
    expires_at: int = NOW + DAY,
    ttl_seconds: int = 300,
    size: int = 1 << 14,
) -> str:
    """Return a published status list in which only ``changes`` are not valid."""
    return build_token(
        uri,
        build_entries(size, 2, changes or {}),
        bits=2,
        issued_at=issued_at,
        expires_at=expires_at,
        ttl_seconds=ttl_seconds,
        signer=signer,
    )
