"""Posts: the places where codes are checked, and what the licence of each may say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Protocol

from core.audit import AuditEvent, AuditLog
from core.errors import MalformedInput
from core.reasons import Reason
from formats.dataset import Group
from formats.licence import GROUNDS, LONGEST_SECONDS, Licence
from formats.site_policy import BUILT_IN
from issuer.officers import Officer, Role

_POST_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")
_LONGEST_PLACE: Final = 40


@dataclass(frozen=True, slots=True)
class Post:
    """One post. place: the name a wallet shows. point: the public key of its challenges, 33 bytes."""

    bureau: str
    post_id: str
    place: str
    site_kind: str
    point: bytes


class PostBook(Protocol):
    """Where posts are kept, inside one open transaction."""

    def add(self, post: Post, *, by: str, now: int) -> None:
        """Store a new post. Raises Conflict when the id is taken."""
        ...

    def get(self, bureau: str, post_id: str) -> Post:
        """Return one post. Raises NotFound(POST_UNKNOWN)."""
        ...

    def listing(self, bureau: str) -> tuple[Post, ...]:
        """Return all posts of a bureau by id."""
        ...


def add_post(post: Post, *, by: Officer, book: PostBook, audit: AuditLog, now: int) -> None:
    """Store a new post for a bureau admin, in the open transaction.

    Raises Refused(ROLE_MISSING); MalformedInput(REQUEST_MALFORMED) for an id, place or site kind that cannot be.
    """
    by.require_of(post.bureau, Role.BUREAU_ADMIN)
    check_post_id(post.post_id)
    if not post.place.strip() or len(post.place) > _LONGEST_PLACE or not post.place.isprintable():
        raise MalformedInput(Reason.REQUEST_MALFORMED, "a place has 1 to 40 printable characters")
    if post.site_kind not in BUILT_IN:
        raise MalformedInput(Reason.REQUEST_MALFORMED, f"a site kind is one of {', '.join(BUILT_IN)}")
    book.add(post, by=by.officer_id, now=now)
    audit.record(AuditEvent(post.bureau, now, by.officer_id, "post.add", post.post_id, post.site_kind))


def check_post_id(post_id: str) -> str:
    """Return the id of a post if it can be one: it names folders and stands in every challenge."""
    if not _POST_ID.fullmatch(post_id):
        raise MalformedInput(Reason.REQUEST_MALFORMED, "a post's id is 1 to 16 of a-z 0-9 -")
    return post_id


def licence_of(post: Post, *, now: int, specimen: bool) -> Licence:
    """Return the licence a post gets with its next bundle: 72 hours, for what its site kind may ask and no more."""
    policy = BUILT_IN[post.site_kind]
    groups: frozenset[Group] = policy.required | policy.optional
    return Licence(
        # Renewed with each bundle: the instant is a number that only grows.
        number=now & 0xFFFFFFFF,
        post_id=post.post_id,
        place=post.place,
        site_kind=post.site_kind,
        groups=groups,
        grounds=tuple(GROUNDS) if policy.ground_required else (),
        post_point33=post.point,
        expires_at=now + LONGEST_SECONDS,
        specimen=specimen,
    )
