"""The judgement of one SD-JWT VC presentation: every check, in the fixed order, from text to verdict."""

from __future__ import annotations

from formats.site_policy import Mode, SitePolicy
from verifier.checkpoint.case import Stopped
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.offline import StatusSource
from verifier.checkpoint.policy import (
    check_age,
    check_assurance,
    check_document,
    check_fields,
    check_key_storage,
    check_status,
    check_status_age,
    check_trust_age,
)
from verifier.checkpoint.verdict import Verdict
from verifier.checks.case import SD_JWT_VC_CHECKS, ExpectedBinding, SdJwtCase
from verifier.checks.disclosed import check_disclosures
from verifier.checks.key_binding import check_freshness, check_mode
from verifier.checks.policy import check_form
from verifier.checks.scope import check_scope
from verifier.checks.signature import check_holder_signature, check_issuer_signature, check_structure
from verifier.checks.trust import check_issuer, check_specimen
from verifier.checks.validity import check_proof_validity, check_validity
from verifier.trust import IssuerTrust


def verify_presentation(
    text: str,
    *,
    expected: ExpectedBinding,
    trust: IssuerTrust,
    statuses: StatusSource,
    policy: SitePolicy,
    clock: ReaderClock,
) -> Verdict:
    """Judge an SD-JWT VC with key binding and return the verdict.

    text:     the compact presentation, exactly as received; nothing is trimmed.
    expected: nonce and audience of the verifier's request. Key binding is always demanded: nothing in the text waives it.
    trust:    the pinned root and the trust table; whether specimens are judged or refused follows from the root.
    statuses: where the status is looked up, by the bureau of the verified issuer; asked last of all but the policy.
    policy:   the site's rules, in the same words as for QR codes.
    clock:    the time, and how far the reader may trust it.

    After the first RED finding nothing further runs; AMBER goes on; the colour is the worst found. Every text gives a
    verdict.
    Source: RFC 9901 7.3; SD-JWT VC 2; Token Status List 8.3; qr-trust-bundle 3, 6, 10.
    """
    # A presentation answers a request, always.
    mode = Mode.CHALLENGE
    case = SdJwtCase(
        statuses, policy, clock, mode, SD_JWT_VC_CHECKS, trust.specimen, trust.table, trust, text, expected
    )
    case.size_bytes = len(text)
    try:
        _run_checks(case)
    except Stopped:
        return case.verdict()
    return case.verdict()


def _run_checks(case: SdJwtCase) -> None:
    # One call, one line: the order is the rule, and taking any line away must turn a test red.
    check_structure(case)
    check_issuer(case)
    check_specimen(case)
    check_issuer_signature(case)
    check_holder_signature(case)
    check_mode(case)
    check_freshness(case)
    check_validity(case)
    check_proof_validity(case)
    check_disclosures(case)
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
