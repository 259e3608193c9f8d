"""Fetching new copies with the rotating refresh token."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from core.clock import Clock
from core.entropy import Entropy
from core.errors import EidError, Refused
from core.reasons import Reason
from wallet_client.acceptance import FIRST_COPIES, fetch_copies, open_session, renewed
from wallet_client.issuer_client import discover
from wallet_client.ports import Transport
from wallet_client.records import Form
from wallet_client.store import HeldIssuance, WalletStore


def refresh(
    held: HeldIssuance,
    forms: Collection[str],
    *,
    store: WalletStore,
    transport: Transport,
    clock: Clock,
    entropy: Entropy,
    wait_seconds: float,
) -> int:
    """Fetch a new set of copies of these forms for one credential; returns how many arrived.

    The try is noted whatever becomes of it. Copies that have run out are forgotten.
    Raises Unavailable(ISSUER_UNREACHABLE); Refused: REFRESH_ENDED, ISSUANCE_DENIED, ISSUER_ANSWER_INVALID,
    WALLET_ROOT_CHANGED; Conflict(WALLET_BUSY).
    """
    with store.issuing(wait_seconds=wait_seconds):
        # Another process may have rotated the token while we waited.
        held = _current(store, held.id)
        before = len(store.copies())
        try:
            endpoints = discover(transport, held.record.credential_issuer)
            session = open_session(held, endpoints, store=store, transport=transport, clock=clock, entropy=entropy)
            held = renewed(session, held)
            for configuration, form_text in held.record.wanted:
                if form_text in forms:
                    form = Form(form_text)
                    held = fetch_copies(session, held, configuration, form, FIRST_COPIES[form])
        except EidError:
            _note(store, held.id, clock.now(), in_vain=True)
            raise
        _note(store, held.id, clock.now(), in_vain=False)
        received = len(store.copies()) - before
        now = clock.now()
        store.drop_copies([copy.id for copy in store.copies() if copy.record.expires_at <= now])
        return received


def _note(store: WalletStore, issuance: bytes, now: int, *, in_vain: bool) -> None:
    held = _current(store, issuance)
    store.save_issuance(HeldIssuance(held.id, replace(held.record, tried_at=now, tried_in_vain=in_vain)))


def _current(store: WalletStore, issuance: bytes) -> HeldIssuance:
    for held in store.issuances():
        if held.id == issuance:
            return held
    raise Refused(Reason.WALLET_EMPTY, "the credential is not in the wallet any more")
