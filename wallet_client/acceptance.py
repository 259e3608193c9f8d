"""From an offer to stored copies, in steps that a lost network or a crash interrupts without harm.

What the next request needs is stored before it is sent: the DPoP key before the code is redeemed, the tokens before they
are used, the holder keys before the issuer hears of them, the proofs before they are sent. Accepting the same offer once
more goes on where the last try ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from core.clock import Clock
from core.entropy import Entropy
from core.errors import MalformedInput, Refused
from core.reasons import Reason
from keys.signing import InProcessSigner
from protocols.openid4vci.offer import MAX_BYTES, CredentialOffer, PreAuthorizedGrant, read_offer, read_offer_link
from wallet_client.issuer_client import Endpoints, IssuerClient, Tokens, discover, fetch_offer
from wallet_client.ports import Transport
from wallet_client.proving import fresh_scalars, points_of, sign_issuance_proofs
from wallet_client.receiving import check_copies
from wallet_client.records import FORMATS, Batch, Form, Issuance
from wallet_client.store import HeldBatch, HeldIssuance, WalletStore
from wallet_client.trusting import TrustView, fetch_trust

FIRST_COPIES: Final[Mapping[Form, int]] = MappingProxyType({Form.QR: 10, Form.SD_JWT_VC: 3, Form.MDOC: 3})
"""How many copies of each form are fetched at a time."""

BATCH_MAX: Final = 10
_TRIES: Final = 2
_TOKEN_MARGIN_SECONDS: Final = 10
_STALE_PROOF: Final = frozenset({Reason.PROOF_NONCE_INVALID, Reason.PROOF_INVALID, Reason.KEY_SEEN_BEFORE})


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation with one issuer: the tools, where it is, and what it is trusted for."""

    store: WalletStore
    client: IssuerClient
    endpoints: Endpoints
    trust: TrustView
    clock: Clock


def read_offer_text(text: str, transport: Transport) -> CredentialOffer:
    """Return the offer in a link, in JSON text, in a file of either, or at an address.

    Raises MalformedInput(OFFER_MALFORMED) and what fetching raises.
    """
    text = text.strip()
    if not text.startswith("{") and "://" not in text:
        text = _file_text(text)
    if text.startswith("{"):
        return read_offer(text)
    if text.startswith(("https://", "http://")) and "credential_offer" not in text:
        return fetch_offer(transport, text)
    found = read_offer_link(text)
    return found if isinstance(found, CredentialOffer) else fetch_offer(transport, found)


def accept(
    text: str, tx_code: str | None, *, store: WalletStore, transport: Transport, clock: Clock, entropy: Entropy
) -> HeldIssuance:
    """Return the accepted credential, every first copy of it checked and stored.

    Raises Unavailable(ISSUER_UNREACHABLE) when the network breaks: the same call later goes on from there.
    Refused: OFFER_..., TX_CODE_..., CONFIGURATION_UNKNOWN, ISSUER_ANSWER_INVALID, ISSUANCE_DENIED, WALLET_ROOT_CHANGED.
    """
    offer = read_offer_text(text, transport)
    grant = _grant(offer)
    name = f"{offer.credential_issuer}\n{grant.pre_authorized_code}".encode()
    with store.issuing():
        held = store.issuance_of(name)
        if held is not None and held.record.complete:
            raise Refused(Reason.OFFER_USED, "this wallet has accepted the offer before")
        endpoints = discover(transport, offer.credential_issuer)
        if held is None:
            _check_tx_code(grant, tx_code)
            held = store.add_issuance(name, _planned(offer, grant, endpoints, clock.now()))
        elif held.record.code:
            _check_tx_code(grant, tx_code)
        session = open_session(held, endpoints, store=store, transport=transport, clock=clock, entropy=entropy)
        held = _with_token(session, held, tx_code)
        for configuration, form_text in held.record.wanted:
            form = Form(form_text)
            held = fetch_copies(session, held, configuration, form, _missing(store, held, form))
        held = replace(held, record=replace(held.record, complete=True))
        store.save_issuance(held)
        return held


def open_session(
    held: HeldIssuance,
    endpoints: Endpoints,
    *,
    store: WalletStore,
    transport: Transport,
    clock: Clock,
    entropy: Entropy,
) -> Session:
    """Return a session under the issuance's own DPoP key, with the trust list brought up to date."""
    trust = fetch_trust(store, transport, endpoints.credential_issuer, now=clock.now())
    dpop_key = InProcessSigner.from_scalar(held.record.dpop_scalar)
    client = IssuerClient(transport, endpoints, dpop_key, clock, entropy)
    return Session(store, client, endpoints, trust, clock)


def fetch_copies(session: Session, held: HeldIssuance, configuration: str, form: Form, count: int) -> HeldIssuance:
    """Fetch ``count`` new copies of one form, first those of requests that were planned and never answered."""
    for batch in session.store.batches(held.id):
        if batch.record.configuration == configuration:
            held, received = _fetch_batch(session, held, batch)
            count -= received
    while count > 0:
        batch = _plan(session, held, configuration, form, min(count, _batch_size(session)))
        held, received = _fetch_batch(session, held, batch)
        count -= received
    return held


def store_tokens(session: Session, held: HeldIssuance, tokens: Tokens) -> HeldIssuance:
    """Store an answer of the token endpoint before any of it is used; the code it was given for is forgotten."""
    record = replace(
        held.record,
        code="",
        access_token=tokens.access_token,
        access_expires_at=tokens.access_expires_at,
        refresh_token=tokens.refresh_token or held.record.refresh_token,
    )
    held = HeldIssuance(held.id, record)
    session.store.save_issuance(held)
    return held


def renewed(session: Session, held: HeldIssuance) -> HeldIssuance:
    """Exchange the refresh token for new tokens and store them.

    The old token is sent again only while no answer to it was stored: an issuer that sees a used one twice must think
    the wallet was copied.
    """
    if not held.record.refresh_token:
        raise Refused(Reason.REFRESH_ENDED, "the issuer gave no right to refresh")
    return store_tokens(session, held, session.client.renew(held.record.refresh_token))


def _with_token(session: Session, held: HeldIssuance, tx_code: str | None) -> HeldIssuance:
    if held.record.code:
        return store_tokens(session, held, session.client.redeem(held.record.code, tx_code))
    return _fresh_enough(session, held)


def _fresh_enough(session: Session, held: HeldIssuance) -> HeldIssuance:
    if held.record.access_expires_at > session.clock.now() + _TOKEN_MARGIN_SECONDS:
        return held
    return renewed(session, held)


def _fetch_batch(session: Session, held: HeldIssuance, batch: HeldBatch) -> tuple[HeldIssuance, int]:
    """Get one planned request answered and its copies stored; returns how many there are.

    A request whose proofs are no longer taken is planned again with fresh keys: a key signs one issuance proof.
    """
    for left in reversed(range(_TRIES)):
        held = _fresh_enough(session, held)
        batch = _proven(session, batch)
        record = batch.record
        try:
            credentials = session.client.credentials(held.record.access_token, record.configuration, record.proofs)
        except Refused as err:
            if left and err.reason is Reason.TOKEN_INVALID and held.record.refresh_token:
                held = renewed(session, held)
                continue
            if left and err.reason in _STALE_PROOF:
                session.store.drop_batch(batch.id)
                batch = _plan(session, held, record.configuration, Form(record.form), len(record.scalars))
                continue
            if err.reason in _STALE_PROOF:
                session.store.drop_batch(batch.id)
            raise
        return _keep(session, held, batch, credentials), len(credentials)
    raise ValueError("the last try either answers or raises")


def _keep(session: Session, held: HeldIssuance, batch: HeldBatch, credentials: tuple[str, ...]) -> HeldIssuance:
    record = batch.record
    points = points_of(record.scalars)
    try:
        received = check_copies(
            credentials,
            form=Form(record.form),
            scalars=record.scalars,
            points=points,
            trust=session.trust,
            now=session.clock.now(),
        )
    except Refused:
        # What came for these keys is no good and will not come again: the next try uses other keys.
        session.store.drop_batch(batch.id)
        raise
    named = replace(held.record, bureau_zh=received[0].bureau_zh, bureau_en=received[0].bureau_en)
    held = HeldIssuance(held.id, named)
    session.store.receive(held, batch.id, [(point, one.copy) for point, one in zip(points, received, strict=True)])
    return held


def _plan(session: Session, held: HeldIssuance, configuration: str, form: Form, count: int) -> HeldBatch:
    return session.store.plan(held.id, Batch(configuration, form.value, fresh_scalars(count), ()))


def _proven(session: Session, batch: HeldBatch) -> HeldBatch:
    if batch.record.proofs:
        return batch
    nonce = session.client.nonce()
    proofs = sign_issuance_proofs(
        batch.record.scalars,
        credential_issuer=session.endpoints.credential_issuer,
        nonce=nonce,
        now=session.clock.now(),
    )
    batch = HeldBatch(batch.id, replace(batch.record, proofs=proofs))
    session.store.save_batch(batch)
    return batch


def _batch_size(session: Session) -> int:
    return min(BATCH_MAX, session.endpoints.batch_size)


def _missing(store: WalletStore, held: HeldIssuance, form: Form) -> int:
    have = sum(copy.issuance == held.id and copy.record.form == form for copy in store.copies())
    return FIRST_COPIES[form] - have


def _planned(offer: CredentialOffer, grant: PreAuthorizedGrant, endpoints: Endpoints, now: int) -> Issuance:
    wanted = tuple(
        (name, FORMATS[endpoints.formats[name]].value)
        for name in dict.fromkeys(offer.credential_configuration_ids)
        if endpoints.formats.get(name) in FORMATS
    )
    if not wanted:
        raise Refused(Reason.CONFIGURATION_UNKNOWN, "the offer holds no credential of a form this wallet knows")
    return Issuance(
        credential_issuer=offer.credential_issuer,
        code=grant.pre_authorized_code,
        wanted=wanted,
        dpop_scalar=InProcessSigner.generate().scalar(),
        access_token="",
        access_expires_at=0,
        refresh_token="",
        accepted_at=now,
        complete=False,
        tried_at=0,
        tried_in_vain=False,
        bureau_zh="",
        bureau_en="",
    )


def _grant(offer: CredentialOffer) -> PreAuthorizedGrant:
    grant = None if offer.grants is None else offer.grants.pre_authorized_code
    if grant is None:
        raise Refused(Reason.GRANT_UNSUPPORTED, "the offer carries no pre-authorized code")
    if grant.authorization_server is not None and grant.authorization_server != offer.credential_issuer:
        raise Refused(Reason.OFFER_MALFORMED, "the offer names another authorization server")
    return grant


def _check_tx_code(grant: PreAuthorizedGrant, tx_code: str | None) -> None:
    if grant.tx_code is not None and not tx_code:
        raise Refused(Reason.TX_CODE_MISSING, "this offer needs the transaction code")
    if grant.tx_code is None and tx_code:
        raise Refused(Reason.TX_CODE_UNEXPECTED, "this offer needs no transaction code")


def _file_text(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(4 * MAX_BYTES)
        return content.decode("utf-8").strip()
    except (OSError, ValueError) as err:
        raise MalformedInput(Reason.OFFER_MALFORMED, "the text is neither an offer nor a file that holds one") from err
