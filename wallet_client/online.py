"""Showing an online credential: the same consent, copy and history as a code, bound to one verifier's request."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats import sd_jwt_vc
from formats.dataset import ATTRIBUTES, Attribute, Group
from formats.encoding import base64url
from formats.mdoc.device_response import present
from formats.mdoc.issuer_signed import element_names
from formats.mdoc.session_transcript import redirect_transcript
from formats.sd_jwt.key_binding import bind
from keys.signing import InProcessSigner
from wallet_client.presenting import DEFAULT_ONE_WAY, choose_copy, chosen_groups, groups_from_words, showable
from wallet_client.records import Copy, Form, Showing
from wallet_client.store import HeldCopy, WalletStore

ONLINE: Final = "online"
_TEXT_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class OnlineRequest:
    """What a verifier's request says that the answer must be bound to.

    client_id:    who asks, with its prefix, as the request writes it. nonce: fresh, from the request.
    response_uri: where the answer goes; part of an mdoc's session, and None for SD-JWT VC alone.
    Source: OpenID4VP 1.0, 5.2 and B.2.6.1.
    """

    client_id: str
    nonce: str
    response_uri: str | None

    def check(self, form: Form) -> None:
        """Raise MalformedInput(REQUEST_MALFORMED) unless everything this form binds to is a plain short text."""
        texts = (self.client_id, self.nonce, *(() if form is Form.SD_JWT_VC else (self.response_uri,)))
        if not all(text and len(text) <= _TEXT_MAX and text.isascii() and text.isprintable() for text in texts):
            raise MalformedInput(Reason.REQUEST_MALFORMED, "client id, nonce and response URI are short plain texts")


@dataclass(frozen=True, slots=True)
class OnlineChoice:
    """What is about to be shown online, for the person to agree to. Who asks is as the person was told: unverified."""

    form: Form
    groups: tuple[Group, ...]
    request: OnlineRequest


@dataclass(frozen=True, slots=True)
class ShownOnline:
    """A presentation, ready to be handed to the verifier.

    text:       SD-JWT VC with its key binding, or the DeviceResponse of an mdoc in base64url.
    transcript: the session transcript an mdoc's device signature is over; None for SD-JWT VC.
    reused:     no unshown copy was left, so that two showings can be linked: the wallet says so.
    """

    text: str
    transcript: bytes | None
    showing: int
    signed_at: int
    reused: bool
    copies_left: int


def choose_online(
    store: WalletStore, request: OnlineRequest, form: Form, groups: Sequence[Group] | None, *, now: int
) -> OnlineChoice:
    """Return the choice of an online showing; nothing is signed or spent.

    groups: those to show; None for name, number tail and portrait, as far as the credential holds them.
    Raises MalformedInput(REQUEST_MALFORMED); Refused: WALLET_EMPTY, CREDENTIAL_EXPIRED, GROUP_UNKNOWN.
    """
    request.check(form)
    copies = [held for held in store.copies() if held.record.form == form]
    held = _groups_of(choose_copy(copies, now).record)
    return OnlineChoice(form, chosen_groups(groups, DEFAULT_ONE_WAY, held), request)


def show_online(store: WalletStore, choice: OnlineChoice, *, clock: Clock) -> ShownOnline:
    """Spend a copy, write the history, sign, and return the presentation.

    Raises Refused as ``choose_online`` does: what was chosen from may be gone by now.
    """
    now, request = clock.now(), choice.request
    showing = Showing(
        shown_at=now,
        mode=ONLINE,
        place=request.client_id,
        site_kind="",
        post_id="",
        ground="",
        groups=tuple(group.word for group in choice.groups),
        copy_id=b"",
        challenge_hash=b"",
        reused=False,
    )

    def pick(copies: Sequence[HeldCopy]) -> HeldCopy:
        held = choose_copy(copies, now)
        if not set(choice.groups) <= _groups_of(held.record):
            raise Refused(Reason.GROUP_UNKNOWN, "the credential does not hold one of the chosen fields")
        return held

    held, shown = store.show(choice.form, pick, showing)
    groups = groups_from_words(shown.record.groups)
    if choice.form is Form.MDOC:
        text, transcript = _present_mdoc(held.record, groups, request)
    else:
        text, transcript = _present_sd_jwt_vc(held.record, groups, request, now), None
    copies = [one for one in store.copies() if one.record.form == choice.form and one.issuance == held.issuance]
    return ShownOnline(
        text=text,
        transcript=transcript,
        showing=shown.id,
        signed_at=now,
        reused=shown.record.reused,
        copies_left=sum(not one.spent and showable(one, now) for one in copies),
    )


def _present_sd_jwt_vc(copy: Copy, groups: Collection[Group], request: OnlineRequest, now: int) -> str:
    issued = copy.token.decode("ascii")
    offered = set(sd_jwt_vc.claim_paths(issued))
    paths = [row.jose for row in ATTRIBUTES if _group_of(row) in groups and row.jose is not None]
    selected = sd_jwt_vc.select(issued, [path for path in paths if path in offered])
    signer = InProcessSigner.from_scalar(copy.scalar)
    return bind(selected, nonce=request.nonce, audience=request.client_id, now=now, signer=signer)


def _present_mdoc(copy: Copy, groups: Collection[Group], request: OnlineRequest) -> tuple[str, bytes]:
    transcript = redirect_transcript(
        client_id=request.client_id, nonce=request.nonce, response_uri=request.response_uri or "", jwk_thumbprint=None
    )
    offered = set(element_names(copy.token))
    elements = [row.mdoc for row in ATTRIBUTES if _group_of(row) in groups and row.mdoc in offered]
    signer = InProcessSigner.from_scalar(copy.scalar)
    response = present(copy.token, elements, transcript=transcript, signer=signer)
    return base64url.encode(response), transcript


def _groups_of(copy: Copy) -> frozenset[Group]:
    """Return the groups of which a copy holds something."""
    if copy.form == Form.MDOC:
        names = set(element_names(copy.token))
        return frozenset(_group_of(row) for row in ATTRIBUTES if row.mdoc in names)
    paths = set(sd_jwt_vc.claim_paths(copy.token.decode("ascii")))
    return frozenset(_group_of(row) for row in ATTRIBUTES if row.jose in paths)


def _group_of(attribute: Attribute) -> Group:
    # The one attribute of no group is the larger portrait, which stands for the small one online.
    return attribute.group or Group.PORTRAIT
