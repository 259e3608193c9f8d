"""From what is asked to a code on the screen: consent first, then one copy is spent and its key signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.entropy import Entropy
from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats import qr_token
from formats.challenge import VerifiedChallenge, read_challenge
from formats.dataset import GROUPS, Group, group_by_word
from formats.sd_cwt.key_binding import draft_answer, draft_one_way
from formats.sd_cwt.select import groups_of, select
from formats.sd_cwt.unpack import CTI_BYTES, ONE_WAY_SECONDS
from formats.signature_checks import run
from formats.site_policy import KeyLookup
from keys.signing import InProcessSigner
from wallet_client.records import Form, Showing, TrustRecord
from wallet_client.store import HeldCopy, HeldShowing, WalletStore

ONE_WAY: Final = "one-way"
CHALLENGE: Final = "challenge"

REDRAW_SECONDS: Final = 300
"""How long one showing may be redrawn with its copy."""

NEVER_ONE_WAY: Final = frozenset({Group.CITIZEN_NUMBER, Group.ADDRESS})
DEFAULT_ONE_WAY: Final = frozenset({Group.NAME, Group.NUMBER_TAIL, Group.PORTRAIT})
"""What a one-way code shows when nothing else is chosen: enough to compare a face and a ticket."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is about to be shown, for the person to agree to. Everything about the site comes from its verified licence.

    groups: those that will be shown, in the order of the profile.
    asked:  the groups the challenge asks for; in one-way mode the same as ``groups``.
    ground: the legal ground or purpose the site states; empty where none is demanded.
    licence_number: for a complaint. Everything about a site is empty in one-way mode.
    """

    mode: str
    groups: tuple[Group, ...]
    asked: tuple[Group, ...]
    place: str
    site_kind: str
    post_id: str
    ground: str
    licence_number: str
    challenge_hash: bytes


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code ready to be drawn.

    text:       ``EID1:`` and base45.
    showing:    its number in the history; a redraw within five minutes needs it.
    expires_at: of a one-way code; None for an answer, which its challenge limits.
    reused:     no unshown copy was left, so that two showings can be linked: the wallet says so.
    copies_left: unshown copies of the credential that are still valid.
    """

    text: str
    showing: int
    mode: str
    groups: tuple[Group, ...]
    signed_at: int
    expires_at: int | None
    reused: bool
    copies_left: int


def groups_from_words(words: Sequence[str]) -> tuple[Group, ...]:
    """Return groups by their names, in the order of the profile; Refused(GROUP_UNKNOWN)."""
    groups = [group_by_word(word.strip()) for word in words]
    if not groups or None in groups:
        raise Refused(Reason.GROUP_UNKNOWN, f"groups are: {', '.join(group.word for group in GROUPS)}")
    return tuple(group for group in GROUPS if group in groups)


def held_groups(store: WalletStore, now: int) -> frozenset[Group]:
    """Return the groups that the next copy to be shown can show; errors as ``choose_copy``."""
    copies = [held for held in store.copies() if held.record.form == Form.QR]
    return frozenset(groups_of(choose_copy(copies, now).record.token))


def choose_one_way(groups: Sequence[Group] | None, *, held: frozenset[Group]) -> Choice:
    """Return the choice of a one-way code.

    groups: those to show; None for name, number tail and portrait, as far as the credential holds them.
    Raises Refused: GROUP_TOO_SENSITIVE for the full number or the address, GROUP_UNKNOWN.
    """
    shown = chosen_groups(groups, DEFAULT_ONE_WAY, held)
    if NEVER_ONE_WAY.intersection(shown):
        raise Refused(Reason.GROUP_TOO_SENSITIVE, "the full number and the address are shown to a challenge only")
    return Choice(ONE_WAY, shown, shown, "", "", "", "", "", b"")


def choose_answer(
    text: str, groups: Sequence[Group] | None, *, held: frozenset[Group], trust: TrustRecord | None, now: int
) -> Choice:
    """Return the choice that answers a challenge.

    groups: those the person agrees to show; None for all that are asked, as far as the credential holds them.
    Raises Refused: OVER_ASKING when the site asks for what its licence does not list, GROUP_NOT_ASKED for a chosen group
    that nobody asked for, CHALLENGE_EXPIRED, CHALLENGE_INVALID, LICENCE_INVALID; and LICENCE_INVALID too when the wallet
    has never learnt which licences are genuine.
    """
    if trust is None:
        raise Refused(Reason.LICENCE_INVALID, "this wallet has no trust list yet; refresh it online")
    verified: VerifiedChallenge = run(read_challenge(text, licence_keys=_licence_keys(trust, now), now=now))
    challenge, licence = verified.challenge, verified.licence
    if licence.specimen != trust.specimen:
        raise Refused(Reason.LICENCE_INVALID, "specimen and real data do not meet")
    if groups is not None and not set(groups) <= challenge.groups:
        raise Refused(Reason.GROUP_NOT_ASKED, "a chosen field was not asked for")
    return Choice(
        mode=CHALLENGE,
        groups=chosen_groups(groups, challenge.groups, held),
        asked=_ordered(challenge.groups),
        place=licence.place,
        site_kind=licence.site_kind,
        post_id=licence.post_id,
        ground=challenge.ground or "",
        licence_number=str(licence.number),
        challenge_hash=verified.challenge_hash,
    )


def show(store: WalletStore, choice: Choice, *, clock: Clock, entropy: Entropy) -> ShownCode:
    """Spend a copy, write the history, sign, and return the code.

    A challenge that was answered within the last five minutes is answered again with the same copy: it is a redraw.
    Raises Refused: WALLET_EMPTY without any copy, CREDENTIAL_EXPIRED when all have run out, GROUP_UNKNOWN when the
    credential does not hold a chosen group.
    """
    now = clock.now()
    earlier = _same_answer(store, choice, now)
    if earlier is not None:
        return _signed(store, store.copy_of(earlier.record.copy_id), earlier, clock=clock, entropy=entropy)
    showing = Showing(
        shown_at=now,
        mode=choice.mode,
        place=choice.place,
        site_kind=choice.site_kind,
        post_id=choice.post_id,
        ground=choice.ground,
        groups=tuple(group.word for group in choice.groups),
        copy_id=b"",
        challenge_hash=choice.challenge_hash,
        reused=False,
    )

    def pick(copies: Sequence[HeldCopy]) -> HeldCopy:
        held = choose_copy(copies, now)
        if not set(choice.groups) <= set(groups_of(held.record.token)):
            raise Refused(Reason.GROUP_UNKNOWN, "the credential does not hold one of the chosen fields")
        return held

    held, shown = store.show(Form.QR, pick, showing)
    return _signed(store, held, shown, clock=clock, entropy=entropy)


def redraw(store: WalletStore, showing: int, *, clock: Clock, entropy: Entropy) -> ShownCode:
    """Return a fresh code for a showing of the last five minutes: same copy, same groups, no new row in the history.

    Raises NotFound(SHOWING_UNKNOWN) for another number, Refused(SHOWING_UNKNOWN) once the five minutes are over.
    """
    held = store.showing(showing)
    if held.record.mode not in {ONE_WAY, CHALLENGE}:
        raise Refused(Reason.SHOWING_UNKNOWN, "what was shown online was no code")
    if not 0 <= clock.now() - held.record.shown_at <= REDRAW_SECONDS:
        raise Refused(Reason.SHOWING_UNKNOWN, "this showing is over; start a new one")
    return _signed(store, store.copy_of(held.record.copy_id), held, clock=clock, entropy=entropy)


def choose_copy(copies: Sequence[HeldCopy], now: int) -> HeldCopy:
    """Return the copy to show: an unshown one of the newest credential, the freshest first; else a shown one again.

    copies: the newest credential's first.
    Raises Refused: WALLET_EMPTY, CREDENTIAL_EXPIRED.
    """
    if not copies:
        raise Refused(Reason.WALLET_EMPTY, "the wallet holds no copy to show")
    live = [held for held in copies if showable(held, now)]
    if not live:
        raise Refused(Reason.CREDENTIAL_EXPIRED, "every copy in the wallet has run out; refresh online")
    newest = [held for held in live if held.issuance == live[0].issuance]
    # What was received last is what the bureau says now: corrected facts, newer age answers. Within a batch the names the
    # copies are stored under are random, so their order tells nothing.
    return min(newest, key=lambda held: (held.spent, -held.record.received_at))


def showable(held: HeldCopy, now: int) -> bool:
    """Say whether a copy is valid now and for as long as a code signed now lives."""
    return held.record.issued_at <= now and now + ONE_WAY_SECONDS < held.record.expires_at


def _same_answer(store: WalletStore, choice: Choice, now: int) -> HeldShowing | None:
    if not choice.challenge_hash:
        return None
    words = tuple(group.word for group in choice.groups)
    for held in store.showings():
        record = held.record
        if not 0 <= now - record.shown_at <= REDRAW_SECONDS:
            continue
        if record.challenge_hash == choice.challenge_hash and record.groups == words:
            return held
    return None


def _signed(store: WalletStore, held: HeldCopy, shown: HeldShowing, *, clock: Clock, entropy: Entropy) -> ShownCode:
    """Sign with the copy's key: the only thing a holder key signs after its issuance proof.

    Every signed byte is put together here, from the stored copy and the stored row of the history.
    """
    record, now = shown.record, clock.now()
    groups = groups_from_words(record.groups)
    selected = select(held.record.token, groups)
    if record.mode == ONE_WAY:
        draft = draft_one_way(selected, now=now, cti=entropy.random_bytes(CTI_BYTES))
    else:
        draft = draft_answer(selected, now=now, audience=record.post_id, cnonce=record.challenge_hash)
    signature = InProcessSigner.from_scalar(held.record.scalar).sign(draft.to_be_signed())
    try:
        text = qr_token.encode(draft.finish(signature))
    except MalformedInput as err:
        raise Refused(Reason.QR_TOO_LONG, "the chosen fields do not fit one code") from err
    copies = [one for one in store.copies() if one.record.form == Form.QR and one.issuance == held.issuance]
    return ShownCode(
        text=text,
        showing=shown.id,
        mode=record.mode,
        groups=groups,
        signed_at=now,
        expires_at=now + ONE_WAY_SECONDS if record.mode == ONE_WAY else None,
        reused=record.reused,
        copies_left=sum(not one.spent and showable(one, now) for one in copies),
    )


def _licence_keys(trust: TrustRecord, now: int) -> KeyLookup:
    points = {
        signer.kid: signer.point
        for signer in trust.licence_signers
        if signer.valid_from <= now and not 0 < signer.retired_at < now
    }
    return points.get


def chosen_groups(
    groups: Sequence[Group] | None, offered: frozenset[Group], held: frozenset[Group]
) -> tuple[Group, ...]:
    """Return the groups to show, in the order of the profile: the chosen ones, else those offered that are held.

    Raises Refused(GROUP_UNKNOWN) for nothing, or for one that the credential does not hold.
    """
    shown = offered & held if groups is None else frozenset(groups)
    if not shown or not shown <= held:
        raise Refused(Reason.GROUP_UNKNOWN, "nothing was chosen, or something that the credential does not hold")
    return _ordered(shown)


def _ordered(groups: frozenset[Group]) -> tuple[Group, ...]:
    return tuple(group for group in GROUPS if group in groups)
