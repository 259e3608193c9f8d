"""The wallet: accept, list, choose, present; and what keeps it alive: refresh, history.

The steps that talk to an issuer, and those that show online, are imported when they are taken: showing a code must not
wait for their machinery, and never needs a network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.clock import Clock
from core.entropy import Entropy
from core.errors import EidError, NotFound, Refused
from core.reasons import Reason
from formats.dataset import Group
from formats.encoding.cbor import CborMap
from formats.sd_cwt.select import open_issued
from formats.sd_cwt.unpack import read_sd_cwt
from wallet_client import presenting
from wallet_client.freshness import forms_due, may_try
from wallet_client.ports import Transport
from wallet_client.presenting import Choice, ShownCode
from wallet_client.records import Form
from wallet_client.store import HeldCopy, HeldIssuance, HeldShowing, WalletStore

if TYPE_CHECKING:
    from wallet_client.online import OnlineChoice, OnlineRequest, ShownOnline

Connect = Callable[[], AbstractContextManager[Transport]]


@dataclass(frozen=True, slots=True)
class CopiesLeft:
    """The copies of one form: unshown and still valid, shown before and still valid, and when the last one runs out."""

    form: str
    unshown: int
    shown: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class HeldCredential:
    """One credential in the wallet.

    name:     what commands call it.
    complete: False while the offer has not been fetched to its end; accepting it again goes on.
    bureau_zh, bureau_en: from the trust list, for the key that signed.
    """

    name: str
    credential_issuer: str
    bureau_zh: str
    bureau_en: str
    accepted_at: int
    complete: bool
    copies: tuple[CopiesLeft, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A fetched credential, with the fingerprint of the national root it hangs under.

    root_is_new: the root was pinned now, on first use: the person compares the fingerprint with the printed one.
    """

    credential: HeldCredential
    root_fingerprint: str
    root_is_new: bool
    specimen: bool


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did.

    received: new copies. problem: why an automatic one failed; the copies in the wallet stay good.
    """

    received: int
    problem: EidError | None


class Wallet:
    """Everything a person does with the wallet.

    connect: opens a transport; called only when the network is needed.
    """

    def __init__(self, store: WalletStore, *, clock: Clock, entropy: Entropy, connect: Connect) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._connect = connect

    # --- the four verbs

    def accept(self, offer: str, tx_code: str | None = None) -> Accepted:
        """Fetch the credential of an offer; the same call goes on where a broken one ended.

        offer: a link (``openid-credential-offer://?...``), an address, JSON text, or the path of a file with one of these.
        Raises what ``wallet_client.acceptance.accept`` raises.
        """
        from wallet_client.acceptance import accept  # noqa: PLC0415  # see the module's first lines

        before = self._store.trust()
        with self._connect() as transport:
            held = accept(
                offer, tx_code, store=self._store, transport=transport, clock=self._clock, entropy=self._entropy
            )
        trust = self._store.trust()
        if trust is None:
            raise ValueError("an accepted offer leaves a trust list behind")
        root_is_new = before is None or before.root != trust.root
        return Accepted(self._summary(held), trust.fingerprint, root_is_new, trust.specimen)

    def list(self) -> tuple[HeldCredential, ...]:
        """Return what the wallet holds, the newest first."""
        return tuple(map(self._summary, self._store.issuances()))

    def choose(self, groups: Sequence[Group] | None = None, *, challenge: str | None = None) -> Choice:
        """Return what would be shown and to whom, for the person to agree to; nothing is signed or spent.

        groups:    those to show; None for the usual ones, or for all that the challenge asks for.
        challenge: the text of the post's code; None for a one-way code.
        Raises what ``wallet_client.presenting.choose_one_way`` and ``choose_answer`` raise.
        """
        now = self._clock.now()
        held = presenting.held_groups(self._store, now)
        if challenge is None:
            return presenting.choose_one_way(groups, held=held)
        return presenting.choose_answer(challenge, groups, held=held, trust=self._store.trust(), now=now)

    def present(self, choice: Choice) -> ShownCode:
        """Show what was agreed to: spends a copy, writes the history, signs now.

        Works without a network. Call ``refresh_if_due`` afterwards, when the code is on the screen.
        """
        return presenting.show(self._store, choice, clock=self._clock, entropy=self._entropy)

    def redraw(self, showing: int) -> ShownCode:
        """Return a fresh code for a showing of the last five minutes, with the same copy."""
        return presenting.redraw(self._store, showing, clock=self._clock, entropy=self._entropy)

    def choose_online(self, request: OnlineRequest, form: Form, groups: Sequence[Group] | None = None) -> OnlineChoice:
        """Return what would be shown to an online verifier, for the person to agree to; nothing is signed or spent.

        form: SD_JWT_VC or MDOC. Raises what ``wallet_client.online.choose_online`` raises.
        """
        from wallet_client.online import choose_online  # noqa: PLC0415  # see the module's first lines

        return choose_online(self._store, request, form, groups, now=self._clock.now())

    def present_online(self, choice: OnlineChoice) -> ShownOnline:
        """Show online what was agreed to: spends a copy, writes the history, signs now. Sends nothing anywhere."""
        from wallet_client.online import show_online  # noqa: PLC0415  # see the module's first lines

        return show_online(self._store, choice, clock=self._clock)

    # --- staying fresh

    def refresh(self) -> Refreshed:
        """Fetch a new set of copies of every form for the newest credential.

        Raises what ``wallet_client.renewal.refresh`` raises.
        """
        held = self._newest()
        if held is None:
            raise Refused(Reason.WALLET_EMPTY, "no accepted credential to refresh")
        forms = tuple(form for _, form in held.record.wanted)
        return Refreshed(self._refresh(held, forms, wait_seconds=20.0), None)

    def refresh_if_due(self) -> Refreshed | None:
        """Fetch new copies where half of their life is over or fewer than three unshown ones are left.

        Returns None when nothing was due. A failure is reported in the result and harms nothing: it is tried again later.
        """
        held, now = self._newest(), self._clock.now()
        if held is None or not held.record.refresh_token or not may_try(held.record, now):
            return None
        forms = forms_due(held.record, self._copies_of(held), now)
        if not forms:
            return None
        try:
            return Refreshed(self._refresh(held, forms, wait_seconds=0.0), None)
        except EidError as problem:
            return Refreshed(0, problem)

    def _refresh(self, held: HeldIssuance, forms: tuple[str, ...], *, wait_seconds: float) -> int:
        from wallet_client.renewal import refresh  # noqa: PLC0415  # see the module's first lines

        with self._connect() as transport:
            return refresh(
                held,
                forms,
                store=self._store,
                transport=transport,
                clock=self._clock,
                entropy=self._entropy,
                wait_seconds=wait_seconds,
            )

    # --- looking

    def facts(self, name: str | None = None) -> dict[Group, CborMap]:
        """Return all that a credential says about its holder, by group.

        name: as ``list`` gives it; None for the newest. Raises NotFound(CREDENTIAL_UNKNOWN), Refused(WALLET_EMPTY).
        """
        copies = [held for held in self._store.copies() if held.record.form == Form.QR]
        if not copies:
            raise Refused(Reason.WALLET_EMPTY, "the wallet holds no credential")
        wanted = copies[0].issuance.hex() if name is None else name
        for held in copies:
            if held.issuance.hex() == wanted:
                return open_issued(read_sd_cwt(held.record.token))
        raise NotFound(Reason.CREDENTIAL_UNKNOWN, "the wallet holds no credential of that name")

    def history(self) -> tuple[HeldShowing, ...]:
        """Return every showing, the latest first. It exists on this device only."""
        return self._store.showings()

    def forget(self, showing: int | None) -> int:
        """Delete one row of the history, or all of it (None); returns how many rows are gone."""
        return self._store.forget_showing(showing)

    def _newest(self) -> HeldIssuance | None:
        return next((held for held in self._store.issuances() if held.record.complete), None)

    def _copies_of(self, held: HeldIssuance) -> tuple[HeldCopy, ...]:
        return tuple(copy for copy in self._store.copies() if copy.issuance == held.id)

    def _summary(self, held: HeldIssuance) -> HeldCredential:
        record, now = held.record, self._clock.now()
        live = [copy for copy in self._copies_of(held) if copy.record.expires_at > now]
        copies = []
        for _, form in record.wanted:
            of_form = [copy for copy in live if copy.record.form == form]
            shown = sum(copy.spent for copy in of_form)
            last = max((copy.record.expires_at for copy in of_form), default=0)
            copies.append(CopiesLeft(form, len(of_form) - shown, shown, last))
        return HeldCredential(
            name=held.id.hex(),
            credential_issuer=record.credential_issuer,
            bureau_zh=record.bureau_zh,
            bureau_en=record.bureau_en,
            accepted_at=record.accepted_at,
            complete=record.complete,
            copies=tuple(copies),
        )
