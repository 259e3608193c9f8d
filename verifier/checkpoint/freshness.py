"""Checks of freshness: mode, audience, nonce, time, replay, and the validity of credential and showing."""

from __future__ import annotations

from core.errors import Unavailable
from core.reasons import Colour, Reason
from formats.sd_cwt.key_binding import AUDIENCE_ANY
from formats.sd_cwt.unpack import ONE_WAY_SECONDS
from verifier.checkpoint.case import ListedCase, QrCase
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.expected import CHALLENGE_LIMIT_SECONDS, Answer
from verifier.checkpoint.replay import replay_key
from verifier.checkpoint.verdict import Check


def check_mode(case: QrCase) -> None:
    """Reader and policy choose the mode; a code of the other shape is refused.

    One-way: ``cti``, no ``cnonce``. Answer: ``cnonce``, no ``cti``.
    """
    claims = case.kbt.claims
    if case.mode not in case.policy.modes:
        case.refuse(Check.MODE, Reason.WRONG_MODE, "the site's policy does not allow this mode")
    if isinstance(case.expected, Answer):
        fits = claims.cnonce is not None and claims.cti is None
    else:
        fits = claims.cnonce is None and claims.cti is not None
    if not fits:
        case.refuse(Check.MODE, Reason.WRONG_MODE, "the code was made for the other mode")
    case.passed(Check.MODE)


def check_audience(case: QrCase) -> None:
    """The code was made for this post, or in one-way mode for any."""
    expected = case.expected
    audience = expected.post_id if isinstance(expected, Answer) else AUDIENCE_ANY
    if case.kbt.claims.aud != audience:
        case.refuse(Check.AUDIENCE, Reason.WRONG_AUDIENCE, "the audience is another")
    case.passed(Check.AUDIENCE)


def check_nonce(case: QrCase, expected: Answer) -> None:
    """The answer carries the hash of exactly the challenge shown."""
    if case.kbt.claims.cnonce != expected.challenge_hash:
        case.refuse(Check.NONCE, Reason.NONCE_MISMATCH, "the hash is of another challenge")
    case.passed(Check.NONCE)


def check_challenge(case: QrCase, expected: Answer) -> None:
    """A challenge takes one answer, within its 60 seconds."""
    if expected.answered:
        case.refuse(Check.CHALLENGE, Reason.CHALLENGE_ALREADY_ANSWERED, "an answer was judged before")
    if not 0 <= case.clock.now - expected.shown_at <= CHALLENGE_LIMIT_SECONDS:
        case.refuse(Check.CHALLENGE, Reason.CHALLENGE_EXPIRED, "the answer came after the limit")
    case.passed(Check.CHALLENGE)


def check_time(case: QrCase) -> None:
    """The showing is of now, as far as this reader's clock can tell.

    One-way: iat - 30 <= now <= exp + 30. Answer: made since the challenge was shown, as seen by the holder's clock.
    A reader in doubt about its clock takes no one-way code and gives no GREEN; one whose clock no server confirmed
    blames itself first. Source: qr-trust-bundle 6.
    """
    claims, clock, expected = case.kbt.claims, case.clock, case.expected
    if clock.doubtful:
        if not isinstance(expected, Answer):
            case.refuse(Check.TIME, Reason.ONE_WAY_NEEDS_CLOCK, "this reader's clock is in doubt")
        case.doubt(Check.TIME, Reason.CLOCK_DOUBTFUL, "this reader's clock is in doubt")
        return
    if isinstance(expected, Answer):
        late = claims.iat < expected.shown_at - TOLERANCE_SECONDS
    else:
        late = clock.now > claims.iat + ONE_WAY_SECONDS + TOLERANCE_SECONDS
    early = claims.iat > clock.now + TOLERANCE_SECONDS
    if not late and not early:
        case.passed(Check.TIME)
    elif clock.confirmed:
        reason = Reason.CODE_EXPIRED if late else Reason.CODE_FROM_FUTURE
        case.refuse(Check.TIME, reason, "the code's time is outside the window")
    else:
        case.doubt(Check.TIME, Reason.CHECK_CLOCK_FIRST, "the code's time is outside the window; clock unconfirmed")


def check_replay(case: QrCase) -> None:
    """This one-way code was not shown here before. Stored now, because both signatures hold."""
    claims, now = case.kbt.claims, case.clock.now
    # A code that is late only by an unconfirmed clock may still be shown for a minute.
    until = max(claims.iat, now) + ONE_WAY_SECONDS + TOLERANCE_SECONDS
    try:
        case.seen_at = case.seen.first_seen(replay_key(case.kbt), now, until)
    except Unavailable as err:
        amber = err.reason.colour is Colour.AMBER
        case.doubt(Check.REPLAY, err.reason if amber else Reason.COULD_NOT_CHECK, err.detail)
        return
    if case.seen_at is None:
        case.passed(Check.REPLAY)
    else:
        case.doubt(Check.REPLAY, Reason.SEEN_HERE, "the same code was judged here before")


def check_validity(case: ListedCase) -> None:
    """The credential is within its own validity; a clock in doubt is blamed first."""
    claims, now = case.terms, case.clock.now
    early = now < claims.issued_at - TOLERANCE_SECONDS
    late = now > claims.expires_at + TOLERANCE_SECONDS
    if not early and not late:
        case.passed(Check.VALIDITY)
    elif case.clock.doubtful:
        case.doubt(Check.VALIDITY, Reason.CHECK_CLOCK_FIRST, "outside the validity by a clock in doubt")
    elif late:
        case.refuse(Check.VALIDITY, Reason.CREDENTIAL_EXPIRED, "the credential has expired")
    else:
        case.refuse(Check.VALIDITY, Reason.CREDENTIAL_NOT_YET_VALID, "the credential is not valid yet")


def check_proof_validity(case: QrCase) -> None:
    """The showing lies inside the credential's validity, by the instants that were signed (SD-CWT, time rules)."""
    credential, proof = case.kbt.sd_cwt.claims, case.kbt.claims
    ends_at = proof.iat if proof.exp is None else proof.exp
    if not credential.issued_at <= proof.iat <= ends_at <= credential.expires_at:
        case.refuse(
            Check.PROOF_VALIDITY, Reason.PROOF_OUTSIDE_VALIDITY, "the showing outlives or predates the credential"
        )
    case.passed(Check.PROOF_VALIDITY)
