"""Makes the offline bundle of a post, and deltas between bundles, from what a home publishes and from its database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from api.settings import Settings
from api.wiring.audit import Announcing
from api.wiring.bundle_shelf import BundleShelf
from api.wiring.issuer import IssuerRole
from api.wiring.trust import TrustFolder
from core.clock import Clock
from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats import licence, site_policy
from formats.bundle import envelope, status_snapshot
from formats.bundle.bundle_delta import draft_delta
from formats.bundle.envelope import UnverifiedEnvelope, read_envelope
from formats.bundle.reading import decode_part
from formats.cose import Sign1Draft
from formats.site_policy import BUILT_IN
from issuer.posts import Post, licence_of
from keys.signing import KeyPurpose, Signer
from keys.storage.files import KeyFiles

LIFETIME_SECONDS: Final = 72 * 3600


@dataclass(frozen=True, slots=True)
class MadeBundle:
    """A bundle and what is in it. delta: what makes it from the base that was named, None without one."""

    data: bytes
    number: int
    trust_number: int
    as_of: int
    expires_at: int
    lists: int
    not_valid: int
    delta: bytes | None
    base_number: int | None


def make_bundle(
    settings: Settings,
    role: IssuerRole,
    keys: KeyFiles,
    clock: Clock,
    *,
    post: Post | None,
    base: bytes | None = None,
    published: bool = False,
) -> MadeBundle:
    """Return a full bundle: trust table, this bureau's snapshot, the built-in policies, and the licence of one post.

    post: None makes a bundle without a licence, for readers that never challenge.
    base: an earlier bundle, to make the delta from it as well.
    published: put it, and the deltas from those made before, where readers get them over HTTP; a post's licence has no
        place there (MalformedInput(REQUEST_MALFORMED)).
    The snapshot's number is the bundle's: both grow with each bundle made. Raises Refused(BUNDLE_OLDER) for a base that
    is not older, and BUNDLE_INVALID for one that is no bundle.
    """
    if published and post is not None:
        raise MalformedInput(Reason.REQUEST_MALFORMED, "a bundle for all readers carries no post's licence")
    base_number = None if base is None else read_envelope(base).number
    folder = TrustFolder(settings)
    announce = Announcing(role.context)
    folder.publish_if_old(keys, clock, announce=announce)
    now = clock.now()
    policies = _Counted(keys.open(KeyPurpose.POLICY_SIGNER))
    packer = _Counted(keys.open(KeyPurpose.BUNDLE_SIGNER))
    shelf = BundleShelf(settings.home, role.context.bureau.bureau)
    snapshot = role.status.snapshot()
    if base_number is not None and base_number >= snapshot.number:
        raise Refused(Reason.BUNDLE_OLDER, "the base is not older than what this bureau makes")
    allowed = None if post is None else licence_of(post, now=now, specimen=role.context.bureau.specimen)
    draft = envelope.draft_bundle(
        number=snapshot.number,
        issued_at=now,
        expires_at=now + LIFETIME_SECONDS,
        trust=folder.table,
        snapshots=[
            _signed(status_snapshot.draft(snapshot, signer_kid=role.context.signer.key_id), role.context.signer)
        ],
        policies=list(_policies(policies, shelf.newest())),
        licence=None if allowed is None else _signed(licence.draft(allowed, signer_kid=policies.key_id), policies),
        certificates=keys.open(KeyPurpose.LIST_SIGNER).certificates,
        signer_kid=packer.key_id,
    )
    data = _signed(draft, packer)
    earlier = [(number, kept) for number, kept in shelf.open_to_all() if number < snapshot.number] if published else []
    deltas = {number: _signed(draft_delta(kept, data), packer) for number, kept in earlier}
    delta = None if base is None else _signed(draft_delta(base, data), packer)
    # Nothing of it leaves before the audit log says what was signed.
    announce(
        "bundle.make",
        role.context.bureau.bureau if post is None else post.post_id,
        f"number {snapshot.number}: document-signer x1, policy-signer x{policies.count}, bundle-signer x{packer.count}",
    )
    shelf.keep(snapshot.number, data, now=now)
    if published:
        shelf.publish(data, deltas)
    return MadeBundle(
        data=data,
        number=snapshot.number,
        trust_number=folder.current(now=now).number,
        as_of=snapshot.as_of,
        expires_at=now + LIFETIME_SECONDS,
        lists=len(snapshot.lists),
        not_valid=sum(len(entries.entries) for entries in snapshot.lists.values()),
        delta=delta,
        base_number=base_number,
    )


class _Counted:
    """A key and how often it has signed."""

    def __init__(self, signer: Signer) -> None:
        self.key_id = signer.key_id
        self.count = 0
        self._signer = signer

    def sign(self, message: bytes) -> bytes:
        self.count += 1
        return self._signer.sign(message)


class _Signs(Protocol):
    @property
    def key_id(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


def _policies(signer: _Signs, before: UnverifiedEnvelope | None) -> Iterable[bytes]:
    # One that has not changed keeps its signature: a delta then names it and does not carry it.
    signed = {_said(data): data for data in (() if before is None else before.policies)}
    for policy in BUILT_IN.values():
        draft = site_policy.draft(policy, signer_kid=signer.key_id)
        yield signed.get((signer.key_id, draft.payload)) or _signed(draft, signer)


def _said(policy: bytes) -> tuple[bytes, bytes]:
    part, kid = decode_part(policy, typ=site_policy.TYP)
    return kid, part.payload


def _signed(draft: Sign1Draft, signer: _Signs) -> bytes:
    return draft.finish(signer.sign(draft.to_be_signed()))
