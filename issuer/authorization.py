"""From pre-authorized code to tokens, and from refresh token to the next pair.

Code and refresh token work once. The answer may get lost on the way, so the same DPoP key may send the same one again as
long as nothing that came with its answer was used: then that answer is void and a new one is given
(docs/decisions/0008-lost-answers.md). Whoever holds a copy of the wallet gains nothing by this: as soon as both branches
are used, one of them meets a token that is spent or void, and the wallet is frozen. An honest wallet stores an answer
before using any part of it.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from core.audit import AuditEvent
from core.errors import EidError, NotFound, Refused
from core.reasons import Reason
from issuer.catalogue import FORMS
from issuer.context import IssuingContext
from issuer.ports import (
    AccessToken,
    Credential,
    CredentialState,
    IssuanceTransaction,
    Offer,
    OfferState,
    RefreshToken,
    TokenState,
)
from issuer.secrets import new_token, stored_hash
from protocols.dpop import DpopProof
from protocols.oauth import PreAuthorizedTokenRequest, RefreshTokenRequest, TokenRequest, TokenResponse

SCOPE = " ".join(FORMS)
DPOP = "dpop"


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """The access token of one request, with what was checked of it on the way in.

    proof: the checked DPoP proof over this very token; None when it came as a Bearer token.
    """

    token_hash: bytes
    proof: DpopProof | None


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """What a valid access token allows: new copies for one credential."""

    credential: Credential
    jkt: str | None
    refreshing: bool
    refresh_hash: bytes | None


class TokenDesk:
    """The token endpoint's rules."""

    def __init__(self, context: IssuingContext) -> None:
        self._at = context

    def answer(self, request: TokenRequest, proof: DpopProof | None) -> TokenResponse:
        """Return fresh tokens for a code or a refresh token.

        proof: the checked DPoP proof of the request; with one, the tokens are bound to its key and a refresh token is
               given, without one the token is a Bearer token of five minutes and there is no refresh token.
        Raises Refused: OFFER_UNKNOWN, OFFER_EXPIRED, OFFER_USED, OFFER_DEAD, TX_CODE_MISSING, TX_CODE_UNEXPECTED,
        TX_CODE_WRONG, TOKEN_INVALID, DPOP_INVALID, REFRESH_REUSED, WALLET_FROZEN, REQUEST_MALFORMED.
        """
        if request.resource is not None and request.resource != self._at.where.identifier:
            raise Refused(Reason.REQUEST_MALFORMED, "the resource is not this issuer")
        refusal: EidError | None = None
        response: TokenResponse | None = None
        # A refusal is raised after the commit: the try it used up, or the freeze it caused, must be kept.
        with self._at.store.transaction() as tx:
            try:
                response = self._decide(tx, request, proof)
            except EidError as err:
                refusal = err
        if response is None:
            raise refusal if refusal is not None else AssertionError("neither tokens nor a refusal")
        return response

    def _decide(self, tx: IssuanceTransaction, request: TokenRequest, proof: DpopProof | None) -> TokenResponse:
        if proof is not None and not tx.first_use(DPOP, proof.proof_id, proof.remember_until):
            raise Refused(Reason.DPOP_INVALID, "the DPoP proof was used before")
        if isinstance(request, PreAuthorizedTokenRequest):
            return self._redeem(tx, request, proof)
        return self._refresh(tx, request, proof)

    # --- the pre-authorized code

    def _redeem(
        self, tx: IssuanceTransaction, request: PreAuthorizedTokenRequest, proof: DpopProof | None
    ) -> TokenResponse:
        now = self._at.clock.now()
        code_hash = stored_hash(request.pre_authorized_code)
        found = tx.offer_by_code(code_hash)
        if found is None:
            raise Refused(Reason.OFFER_UNKNOWN, "no such code")
        # Under the person's lock, guesses made at the same moment cannot share one try.
        tx.lock_person(found.record_id)
        offer = tx.offer_by_code(code_hash) or found
        lost = self._lost_answer(tx, offer, code_hash, proof, now)
        _check_tx_code_presence(offer, request.tx_code)
        if not self._tx_code_fits(offer, request.tx_code):
            raise self._count_wrong_try(tx, offer, now)
        jkt = None if proof is None else proof.jkt
        if lost is None:
            tx.set_offer_state(offer.offer_id, OfferState.REDEEMED)
            tx.bind_wallet(offer.credential_id, jkt, now)
            self._record(tx, now, "offer.redeem", offer.credential_id, "bound" if jkt else "bearer")
        else:
            _void(tx, lost)
            self._record(tx, now, "offer.redeem", offer.credential_id, "again, the answer was lost")
        return self._tokens(tx, offer.credential_id, jkt, now, parent=code_hash, refreshing=False)

    def _lost_answer(
        self, tx: IssuanceTransaction, offer: Offer, code_hash: bytes, proof: DpopProof | None, now: int
    ) -> Sequence[RefreshToken] | None:
        """Return the unused answers this code was given before, None for an open offer; refuse every other one."""
        if offer.state in (OfferState.DEAD, OfferState.WITHDRAWN):
            dead = offer.state is OfferState.DEAD
            raise Refused(Reason.OFFER_DEAD if dead else Reason.OFFER_UNKNOWN, f"the offer is {offer.state.value}")
        given: Sequence[RefreshToken] | None = None
        if offer.state is OfferState.REDEEMED:
            given = tx.successors(code_hash)
            credential = tx.credential(offer.credential_id)
            mine = proof is not None and credential is not None and credential.jkt == proof.jkt
            if not mine or not given or any(token.used for token in given):
                raise Refused(Reason.OFFER_USED, "the code was used before")
            _check_may_issue(credential, at_token_endpoint=True)
        if offer.expires_at <= now:
            raise Refused(Reason.OFFER_EXPIRED, "the code has expired")
        return given

    def _tx_code_fits(self, offer: Offer, tx_code: str | None) -> bool:
        if offer.tx_code_hash is None or tx_code is None:
            return offer.tx_code_hash is None and tx_code is None
        return hmac.compare_digest(offer.tx_code_hash, self._at.secret.tx_code_hash(offer.offer_id, tx_code))

    def _count_wrong_try(self, tx: IssuanceTransaction, offer: Offer, now: int) -> Refused:
        tx.take_try(offer.offer_id)
        if offer.tries_left > 1:
            return Refused(Reason.TX_CODE_WRONG, "the transaction code is wrong")
        tx.set_offer_state(offer.offer_id, OfferState.DEAD)
        self._record(tx, now, "offer.dead", offer.credential_id, "too many wrong transaction codes")
        return Refused(Reason.OFFER_DEAD, "that was the last try")

    # --- the refresh token

    def _refresh(self, tx: IssuanceTransaction, request: RefreshTokenRequest, proof: DpopProof | None) -> TokenResponse:
        now = self._at.clock.now()
        token_hash = stored_hash(request.refresh_token)
        found = tx.refresh_token(token_hash)
        if found is None or found.expires_at <= now:
            raise Refused(Reason.TOKEN_INVALID, "no such refresh token")
        if proof is None or proof.jkt != found.jkt:
            raise Refused(Reason.DPOP_INVALID, "the refresh token is bound to another key")
        _lock_holder(tx, found.credential_id)
        token = tx.refresh_token(token_hash)
        if token is None:
            raise Refused(Reason.TOKEN_INVALID, "the refresh token was taken back just now")
        _check_may_issue(tx.credential(token.credential_id), at_token_endpoint=True)
        if token.state is not TokenState.CURRENT:
            self._take_back_unused_answer(tx, token, now)
        else:
            tx.spend(token.token_hash)
        self._record(tx, now, "wallet.refresh", token.credential_id, "")
        return self._tokens(tx, token.credential_id, token.jkt, now, parent=token_hash, refreshing=True)

    def _take_back_unused_answer(self, tx: IssuanceTransaction, token: RefreshToken, now: int) -> None:
        """Void the unused answer a spent token was exchanged for; freeze the wallet when it was used."""
        following = tx.successors(token.token_hash)
        if token.state is TokenState.SPENT and not any(successor.used for successor in following):
            _void(tx, following)
            return
        tx.freeze(token.credential_id, now)
        self._record(tx, now, "wallet.freeze", token.credential_id, "an old refresh token was used again")
        raise Refused(Reason.REFRESH_REUSED, "an old refresh token was used again")

    # --- both

    def _tokens(
        self,
        tx: IssuanceTransaction,
        credential_id: str,
        jkt: str | None,
        now: int,
        *,
        parent: bytes,
        refreshing: bool,
    ) -> TokenResponse:
        access = new_token(self._at.entropy)
        refresh = None if jkt is None else new_token(self._at.entropy)
        refresh_hash = None if refresh is None else stored_hash(refresh)
        if jkt is not None and refresh_hash is not None:
            until = now + self._at.policy.refresh_token_lifetime
            tx.add_refresh_token(
                RefreshToken(refresh_hash, parent, credential_id, jkt, TokenState.CURRENT, False, until)
            )
        expires_in = self._at.policy.access_token_lifetime
        tx.add_access_token(
            AccessToken(
                token_hash=stored_hash(access),
                credential_id=credential_id,
                jkt=jkt,
                refreshing=refreshing,
                refresh_hash=refresh_hash,
                void=False,
                expires_at=now + expires_in,
            )
        )
        return TokenResponse(
            access_token=access,
            token_type="Bearer" if jkt is None else "DPoP",
            expires_in=expires_in,
            refresh_token=refresh,
            scope=SCOPE,
        )

    def _record(self, tx: IssuanceTransaction, now: int, action: str, subject: str, note: str) -> None:
        tx.record(AuditEvent(self._at.bureau.bureau, now, "wallet", action, subject, note))


def check_access(tx: IssuanceTransaction, presented: PresentedToken, now: int) -> AccessGrant:
    """Return what the token allows.

    Raises Refused: TOKEN_INVALID (unknown, expired, void, bound and sent as Bearer, or unbound and sent with a proof),
    DPOP_INVALID for a proof by another key, WALLET_FROZEN and CREDENTIAL_STATE for a wallet that gets nothing more.
    """
    found = tx.access_token(presented.token_hash)
    if found is None or found[0].expires_at <= now:
        raise Refused(Reason.TOKEN_INVALID, "unknown or expired")
    token, holder = found
    if (token.jkt is None) != (presented.proof is None):
        raise Refused(Reason.TOKEN_INVALID, "the token was sent in another way than it was given")
    if presented.proof is not None and presented.proof.jkt != token.jkt:
        raise Refused(Reason.DPOP_INVALID, "the token is bound to another key")
    if token.void:
        raise Refused(Reason.TOKEN_INVALID, "the token was replaced before it was used")
    credential = _check_may_issue(holder, at_token_endpoint=False)
    return AccessGrant(credential, token.jkt, token.refreshing, token.refresh_hash)


def _check_may_issue(credential: Credential | None, *, at_token_endpoint: bool) -> Credential:
    if credential is None:
        raise NotFound(Reason.CREDENTIAL_UNKNOWN, "there is no such credential")
    if credential.frozen or (at_token_endpoint and credential.state is CredentialState.SUSPENDED):
        raise Refused(Reason.WALLET_FROZEN, "nothing is issued to this wallet now")
    if credential.state is not CredentialState.ACTIVE:
        raise Refused(Reason.CREDENTIAL_STATE, f"the credential is {credential.state.value}")
    return credential


def _check_tx_code_presence(offer: Offer, tx_code: str | None) -> None:
    if offer.tx_code_hash is not None and tx_code is None:
        raise Refused(Reason.TX_CODE_MISSING, "the offer demands a transaction code")
    if offer.tx_code_hash is None and tx_code is not None:
        raise Refused(Reason.TX_CODE_UNEXPECTED, "the offer demands no transaction code")


def _lock_holder(tx: IssuanceTransaction, credential_id: str) -> None:
    credential = tx.credential(credential_id)
    if credential is None:
        raise NotFound(Reason.CREDENTIAL_UNKNOWN, "there is no such credential")
    tx.lock_person(credential.record_id)


def _void(tx: IssuanceTransaction, answers: Sequence[RefreshToken]) -> None:
    for answer in answers:
        tx.void(answer.token_hash)
