"""The judgement of one mdoc DeviceResponse: every check, in the fixed order, from bytes to verdict."""

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
from verifier.checks.key_binding import check_mode
from verifier.checks.mdoc.case import MDOC_CHECKS, ExpectedSession, MdocCase
from verifier.checks.mdoc.device import check_device, check_digests
from verifier.checks.mdoc.elements import check_elements
from verifier.checks.mdoc.issuer import check_doctype, check_issuer, check_issuer_signature, check_structure
from verifier.checks.mdoc.policy import check_form
from verifier.checks.mdoc.validity import check_validity
from verifier.checks.scope import check_scope
from verifier.checks.trust import check_specimen
from verifier.trust import IssuerTrust


def verify_device_response(
    data: bytes,
    *,
    expected: ExpectedSession,
    trust: IssuerTrust,
    statuses: StatusSource,
    policy: SitePolicy,
    clock: ReaderClock,
) -> Verdict:
    """Judge an mdoc shown in one session and return the verdict.

    data:     the DeviceResponse, exactly as received.
    expected: the session of the verifier's request. Device authentication is always demanded: nothing in the bytes
              waives it.
    trust:    the pinned root and the trust table; whether specimens are judged or refused follows from the root.
    statuses: where the status is looked up, by the bureau of the verified issuer; asked last of all but the policy.
    policy:   the site's rules, in the same words as for QR codes.
    clock:    the time, and how far the reader may trust it.

    After the first RED finding nothing further runs; AMBER goes on; the colour is the worst found. All bytes give a
    verdict.
    Source: ISO/IEC 18013-5 9.1.2.4, 9.1.3, 9.3.1; Token Status List 8.3; qr-trust-bundle 3, 6, 10.
    """
    # A session answers a request, always.
    mode = Mode.CHALLENGE
    case = MdocCase(statuses, policy, clock, mode, MDOC_CHECKS, trust.specimen, trust.table, trust, data, expected)
    case.size_bytes = len(data)
    try:
        _run_checks(case)
    except Stopped:
        return case.verdict()
    return case.verdict()


def _run_checks(case: MdocCase) -> None:
    # One call, one line: the order is the rule, and taking any line away must turn a test red.
    check_structure(case)
    check_doctype(case)
    check_issuer(case)
    check_specimen(case)
    check_issuer_signature(case)
    check_digests(case)
    check_device(case)
    check_mode(case)
    check_validity(case)
    check_elements(case)
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
