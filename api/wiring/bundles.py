"""Makes the offline bundle of a post from what a home publishes and from its database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from api.settings import Settings
from api.wiring.issuer import IssuerRole
from api.wiring.trust import TrustFolder
from core.clock import Clock
from formats import licence, site_policy
from formats.bundle import envelope, status_snapshot
from formats.cose import Sign1Draft
from formats.site_policy import BUILT_IN
from issuer.posts import Post, licence_of
from keys.signing import KeyPurpose, Signer
from keys.storage.files import KeyFiles

LIFETIME_SECONDS: Final = 72 * 3600


@dataclass(frozen=True, slots=True)
class MadeBundle:
    """A bundle and what is in it."""

    data: bytes
    number: int
    trust_number: int
    as_of: int
    expires_at: int
    lists: int
    not_valid: int


def make_bundle(settings: Settings, role: IssuerRole, keys: KeyFiles, clock: Clock, *, post: Post | None) -> MadeBundle:
    """Return a full bundle: trust table, this bureau's snapshot, the built-in policies, and the licence of one post.

    post: None makes a bundle without a licence, for readers that never challenge.
    The snapshot's number is the bundle's: both grow with each bundle made.
    """
    folder = TrustFolder(settings)
    folder.publish_if_old(keys, clock)
    now = clock.now()
    policies = keys.open(KeyPurpose.POLICY_SIGNER)
    packer = keys.open(KeyPurpose.BUNDLE_SIGNER)
    snapshot = role.status.snapshot()
    allowed = None if post is None else licence_of(post, now=now, specimen=role.context.bureau.specimen)
    draft = envelope.draft_bundle(
        number=snapshot.number,
        issued_at=now,
        expires_at=now + LIFETIME_SECONDS,
        trust=folder.table,
        snapshots=[
            _signed(status_snapshot.draft(snapshot, signer_kid=role.context.signer.key_id), role.context.signer)
        ],
        policies=list(_policies(policies)),
        licence=None if allowed is None else _signed(licence.draft(allowed, signer_kid=policies.key_id), policies),
        certificates=keys.open(KeyPurpose.LIST_SIGNER).certificates,
        signer_kid=packer.key_id,
    )
    return MadeBundle(
        data=_signed(draft, packer),
        number=snapshot.number,
        trust_number=folder.current(now=now).number,
        as_of=snapshot.as_of,
        expires_at=now + LIFETIME_SECONDS,
        lists=len(snapshot.lists),
        not_valid=sum(len(entries.entries) for entries in snapshot.lists.values()),
    )


def _policies(signer: Signer) -> Iterable[bytes]:
    for policy in BUILT_IN.values():
        yield _signed(site_policy.draft(policy, signer_kid=signer.key_id), signer)


def _signed(draft: Sign1Draft, signer: Signer) -> bytes:
    return draft.finish(signer.sign(draft.to_be_signed()))
