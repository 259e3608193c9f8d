"""QR tokens with keys in memory: a bureau, a wallet copy, and what it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from core.errors import Refused
from core.reasons import Reason
from formats import challenge, licence, qr_token, site_policy
from formats.bundle import status_snapshot, trust_table
from formats.bundle.envelope import draft_bundle
from formats.bundle.status_snapshot import SnapshotList, StatusSnapshot
from formats.bundle.trust_table import KeyRole, KeyState, TrustedKey, TrustTable
from formats.cose import Checks, Sign1Draft, check_signature
from formats.dataset import CredentialDataset, Group
from formats.encoding import base64url
from formats.encoding.cbor import CborMap
from formats.licence import Licence
from formats.sd_cwt.key_binding import draft_answer, draft_one_way
from formats.sd_cwt.model import Assurance, KeyStorage, SdCwtClaims, StatusReference
from formats.sd_cwt.pack import pack
from formats.sd_cwt.select import select
from formats.sd_cwt.unpack import open_disclosures, read_kbt
from formats.site_policy import BUILT_IN, POLICE, SitePolicy
from keys.algorithms import ES256
from keys.signing import InProcessSigner
from tests.builders.people import BUREAU, BUREAU_NAME_EN, BUREAU_NAME_ZH, a_person
from tests.fakes.seeded_entropy import SeededEntropy

DAY = 86_400
MONDAY = 1_795_996_800  # 2026-11-30T00:00:00Z
NOW = MONDAY + 2 * DAY + 12 * 3600
STATUS_URI = f"http://127.0.0.1:8000/status/{BUREAU}/1"
POST_ID = "post-0001"
SHOWN = (Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT)


class SteadySigner(InProcessSigner):
    """A signer whose signatures are the same in every run (RFC 6979), as frozen vectors need them."""

    def sign(self, message: bytes) -> bytes:
        der = self.private_key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = utils.decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signer(name: str) -> InProcessSigner:
    """Return the key of this name, the same in every run."""
    return SteadySigner.from_scalar(hashlib.sha256(f"test key {name}".encode()).digest())


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy in a wallet: the issued SD-CWT and its holder key."""

    sd_cwt: bytes
    holder: InProcessSigner
    claims: SdCwtClaims


def clear_claims(holder: InProcessSigner, **changes: Any) -> SdCwtClaims:
    """Return the clear claims of a specimen copy made on MONDAY for fourteen days, with these changes."""
    claims = SdCwtClaims(
        subject=base64url.encode(SeededEntropy("subject").random_bytes(8)),
        issued_at=MONDAY,
        expires_at=MONDAY + 14 * DAY,
        status=StatusReference(STATUS_URI, 123_456),
        holder_point33=holder.point,
        key_storage=KeyStorage.SOFTWARE,
        assurance=Assurance.FULL,
        specimen=True,
    )
    return replace(claims, **changes)


def issue(
    *,
    person: CredentialDataset | None = None,
    issuer: InProcessSigner | None = None,
    holder: InProcessSigner | None = None,
    seed: str = "salts",
    **claims: Any,
) -> Copy:
    """Return one issued copy; keyword arguments beyond the named ones change its clear claims."""
    issuer, holder = issuer or signer("document signer"), holder or signer("holder")
    entropy = SeededEntropy(seed)
    clear = clear_claims(holder, **claims)
    draft = pack(
        person or a_person(),
        clear,
        as_of=datetime.fromtimestamp(clear.issued_at, UTC).date(),
        salts=[entropy.random_bytes(16) for _ in range(10)],
        signer_kid=issuer.key_id,
        algorithm=ES256,
    )
    return Copy(draft.finish(issuer.sign(draft.to_be_signed())), holder, clear)


def show_one_way(copy: Copy, *, groups: Collection[Group] = SHOWN, now: int = NOW, seed: str = "cti") -> str:
    """Return the text of a one-way code signed now."""
    draft = draft_one_way(select(copy.sd_cwt, groups), now=now, cti=SeededEntropy(seed).random_bytes(16))
    return qr_token.encode(draft.finish(copy.holder.sign(draft.to_be_signed())))


def show_answer(
    copy: Copy,
    *,
    challenge_hash: bytes,
    groups: Collection[Group] = SHOWN,
    now: int = NOW,
    audience: str = POST_ID,
) -> str:
    """Return the text of a code that answers a challenge."""
    draft = draft_answer(select(copy.sd_cwt, groups), now=now, audience=audience, cnonce=challenge_hash)
    return qr_token.encode(draft.finish(copy.holder.sign(draft.to_be_signed())))


def sign(draft: Sign1Draft, by: InProcessSigner) -> bytes:
    """Return the signed document."""
    return draft.finish(by.sign(draft.to_be_signed()))


def trusted_key(key: InProcessSigner, role: KeyRole, **changes: Any) -> TrustedKey:
    """Return one row of the trust table for a key of the model bureau, with these changes."""
    row = TrustedKey(
        kid=key.key_id,
        point=key.point,
        role=role,
        bureau=BUREAU,
        name_zh=BUREAU_NAME_ZH,
        name_en=BUREAU_NAME_EN,
        country="CN",
        scope=("6901",),
        forms=frozenset({"dc+sd-jwt", "eid1"}) if role is KeyRole.CREDENTIAL else frozenset(),
        valid_from=MONDAY - 30 * DAY,
        retired_at=None,
        state=KeyState.ACTIVE,
    )
    return replace(row, **changes)


def a_trust_table(*more: TrustedKey, **changes: Any) -> TrustTable:
    """Return a specimen table of one bureau: document signer, bundle signer, policy signer, and what is added."""
    keys = (
        trusted_key(signer("document signer"), KeyRole.CREDENTIAL),
        trusted_key(signer("bundle signer"), KeyRole.BUNDLE),
        trusted_key(signer("policy signer"), KeyRole.POLICY),
        *more,
    )
    table = TrustTable(7, NOW - 3600, NOW + 30 * DAY, specimen=True, keys={key.kid: key for key in keys})
    return replace(table, **changes)


def a_snapshot(entries: Mapping[int, int] | None = None, **changes: Any) -> StatusSnapshot:
    """Return a status snapshot of the model bureau made an hour before NOW; entries: index to class."""
    lists = {STATUS_URI: SnapshotList(1 << 20, entries or {})}
    return replace(StatusSnapshot(BUREAU, 11, NOW - 3600, NOW + 7 * DAY, lists), **changes)


def a_licence(**changes: Any) -> Licence:
    """Return the licence of a police post, with these changes."""
    permit = Licence(
        number=3,
        post_id=POST_ID,
        place="样例火车站东广场",
        site_kind=POLICE,
        groups=frozenset({Group.NAME, Group.CITIZEN_NUMBER, Group.PORTRAIT}),
        grounds=("15-1", "15-4"),
        post_point33=signer("post").point,
        expires_at=NOW + 48 * 3600,
        specimen=True,
    )
    return replace(permit, **changes)


def a_signed_licence(**changes: Any) -> bytes:
    """Return the licence signed by the policy signer."""
    key = signer("policy signer")
    return sign(licence.draft(a_licence(**changes), signer_kid=key.key_id), key)


def a_challenge(*, permit: bytes | None = None, by: InProcessSigner | None = None, **changes: Any) -> bytes:
    """Return challenge bytes signed by the post, with these changes."""
    post = by or signer("post")
    asked = challenge.Challenge(
        nonce=SeededEntropy("nonce").random_bytes(16),
        policy_id=POLICE,
        ground="15-1",
        groups=frozenset({Group.NAME, Group.CITIZEN_NUMBER, Group.PORTRAIT}),
        issued_at=NOW,
        licence=permit if permit is not None else a_signed_licence(),
    )
    return sign(challenge.draft(replace(asked, **changes), post_kid=post.key_id), post)


def licence_keys(kid: bytes) -> bytes | None:
    """Know the policy signer, as a wallet that pinned the reader root does."""
    key = signer("policy signer")
    return key.point if kid == key.key_id else None


@dataclass(frozen=True, slots=True)
class BundleParts:
    """The signed parts of a bundle, and who packs it."""

    trust: bytes
    snapshots: tuple[bytes, ...]
    policies: tuple[bytes, ...]
    licence: bytes | None
    number: int = 21
    issued_at: int = NOW - 1800
    expires_at: int = NOW + 7 * DAY
    packer: InProcessSigner = field(default_factory=lambda: signer("bundle signer"))

    def packed(self) -> bytes:
        """Return the signed envelope."""
        draft = draft_bundle(
            number=self.number,
            issued_at=self.issued_at,
            expires_at=self.expires_at,
            trust=self.trust,
            snapshots=self.snapshots,
            policies=self.policies,
            licence=self.licence,
            certificates=(b"list signer certificate",),
            signer_kid=self.packer.key_id,
        )
        return sign(draft, self.packer)


def signed_table(table: TrustTable | None = None, *, by: InProcessSigner | None = None) -> bytes:
    """Return a trust table signed by the list signer, unless by another."""
    key = by or signer("list signer")
    return sign(trust_table.draft(table or a_trust_table(), signer_kid=key.key_id), key)


def signed_snapshot(snapshot: StatusSnapshot | None = None, *, by: InProcessSigner | None = None) -> bytes:
    """Return a status snapshot signed by the bureau's document signer, unless by another."""
    key = by or signer("document signer")
    return sign(status_snapshot.draft(snapshot or a_snapshot(), signer_kid=key.key_id), key)


def signed_policy(policy: SitePolicy, *, by: InProcessSigner | None = None) -> bytes:
    """Return a site policy signed by the policy signer, unless by another."""
    key = by or signer("policy signer")
    return sign(site_policy.draft(policy, signer_kid=key.key_id), key)


def bundle_parts(**changes: Any) -> BundleParts:
    """Return good parts for one bureau, one policy and one licence, with these changes."""
    parts = BundleParts(
        trust=signed_table(),
        snapshots=(signed_snapshot(),),
        policies=(signed_policy(BUILT_IN["rail-gate"]),),
        licence=a_signed_licence(),
    )
    return replace(parts, **changes)


def bare_path(text: str) -> Checks[dict[Group, CborMap]]:
    """Read a token of the model bureau: structure, both signatures, disclosures; no time, trust, status or policy."""
    read = read_kbt(qr_token.decode(text))
    if not (yield from check_signature(read.sd_cwt.sign1, signer("document signer").point, ES256)):
        raise Refused(Reason.ISSUER_SIGNATURE_INVALID, "the issuer's signature does not hold")
    if not (yield from check_signature(read.sign1, read.sd_cwt.claims.holder_point33, ES256)):
        raise Refused(Reason.HOLDER_SIGNATURE_INVALID, "the holder's signature does not hold")
    return open_disclosures(read.sd_cwt)
