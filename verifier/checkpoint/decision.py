"""The judgement of one QR code: every check, in the fixed order, from text to verdict. Sans-IO and portable.

The generator yields a ``SignatureCheck`` for each signature and is sent True or False; it returns the verdict. It reads
no file, no clock and no network, and holds no cryptography: a driver answers.
"""

from __future__ import annotations

from contextlib import suppress

from core.errors import EidError
from formats.bundle.trust_table import TrustTable
from formats.cose import Checks
from formats.qr_token import decode
from formats.sd_cwt.unpack import read_kbt
from formats.site_policy import Mode, SitePolicy
from verifier.checkpoint.case import QrCase, Stopped
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.disclosed import check_disclosures, check_groups, check_scope
from verifier.checkpoint.expected import Answer, Expected, OneWay
from verifier.checkpoint.freshness import (
    check_audience,
    check_challenge,
    check_mode,
    check_nonce,
    check_proof_validity,
    check_replay,
    check_time,
    check_validity,
)
from verifier.checkpoint.issuing import (
    check_holder_key,
    check_holder_signature,
    check_issuer_known,
    check_issuer_period,
    check_issuer_role,
    check_issuer_signature,
    check_issuer_state,
    check_specimen,
)
from verifier.checkpoint.offline import EntryState, StatusAnswer, StatusSource
from verifier.checkpoint.policy import (
    check_age,
    check_assurance,
    check_document,
    check_fields,
    check_form,
    check_key_storage,
    check_status,
    check_status_age,
    check_trust_age,
)
from verifier.checkpoint.replay import Seen
from verifier.checkpoint.signatures import DriverFault
from verifier.checkpoint.verdict import CHALLENGE_CHECKS, ONE_WAY_CHECKS, Check, Finding, ShownPerson, Verdict

__all__ = [
    "CHALLENGE_CHECKS",
    "ONE_WAY_CHECKS",
    "Answer",
    "Check",
    "EntryState",
    "Expected",
    "Finding",
    "OneWay",
    "ReaderClock",
    "Seen",
    "ShownPerson",
    "StatusAnswer",
    "StatusSource",
    "Verdict",
    "judge",
]


def judge(
    text: str,
    *,
    trust: TrustTable,
    statuses: StatusSource,
    policy: SitePolicy,
    expected: Expected,
    clock: ReaderClock,
    seen: Seen,
    training: bool,
) -> Checks[Verdict]:
    """Judge what a QR code says and return the verdict.

    text:     exactly what the picture holds; nothing is trimmed.
    trust:    the verified trust table; exactly one of its keys is tried.
    statuses: where the status of one copy is looked up, by the bureau of the verified issuer key.
    policy:   the verified policy of the site; one that demands nothing refuses.
    expected: what the post waits for. Reader and policy choose the mode, never the code.
    seen:     the replay memory, asked for one-way codes whose two signatures hold.
    training: whether this reader's pinned root is a specimen root.

    After the first RED finding nothing further runs; AMBER goes on; the colour is the worst found. GREEN demands that
    the checks passed are exactly the fixed tuple of the mode. A fault thrown in by the driver gives AMBER
    ``could_not_check``. Every text gives a verdict.
    Raises TypeError when the driver answers anything but True or False. Closing the generator early gives no verdict.
    Source: qr-trust-bundle 1-7, product 5-6.
    """
    mode = Mode.CHALLENGE if isinstance(expected, Answer) else Mode.ONE_WAY
    demanded = CHALLENGE_CHECKS if mode is Mode.CHALLENGE else ONE_WAY_CHECKS
    case = QrCase(statuses, policy, clock, mode, demanded, training, trust, text, trust, expected, seen)
    # After a fault of the driver the verdict says by itself that not every check was made.
    with suppress(Stopped, DriverFault):
        yield from _run_checks(case)
    return case.verdict()


def _run_checks(case: QrCase) -> Checks[None]:
    # One call, one line: the order is the rule, and taking any line away must turn a test red.
    check_text(case)
    check_structure(case)
    check_specimen(case)
    check_issuer_known(case)
    check_issuer_role(case)
    check_issuer_state(case)
    check_issuer_period(case)
    yield from check_issuer_signature(case)
    check_holder_key(case)
    yield from check_holder_signature(case)
    check_mode(case)
    check_audience(case)
    if isinstance(case.expected, Answer):
        check_nonce(case, case.expected)
        check_challenge(case, case.expected)
    check_time(case)
    if isinstance(case.expected, OneWay):
        check_replay(case)
    check_validity(case)
    check_proof_validity(case)
    check_disclosures(case)
    check_groups(case)
    check_scope(case)
    check_status(case)
    check_form(case)
    check_fields(case)
    check_age(case)
    check_key_storage(case)
    check_assurance(case)
    check_document(case)
    check_status_age(case)
    check_trust_age(case)


def check_text(case: QrCase) -> None:
    """The text has the prefix, is strict base45, and is not larger than a token may be."""
    try:
        case.token = decode(case.text)
    except EidError as err:
        case.refuse_because(Check.TEXT, err)
    case.size_bytes = len(case.token)
    case.passed(Check.TEXT)


def check_structure(case: QrCase) -> None:
    """The bytes are a key-binding token around an SD-CWT: strict CBOR, the exact headers, the clear claims."""
    try:
        case.kbt = read_kbt(case.token)
    except EidError as err:
        case.refuse_because(Check.STRUCTURE, err)
    sd_cwt = case.kbt.sd_cwt
    case.terms, case.signed, case.kid = sd_cwt.claims, sd_cwt.sign1, sd_cwt.kid
    case.passed(Check.STRUCTURE)
