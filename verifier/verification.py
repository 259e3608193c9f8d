"""The judgement of one SD-JWT VC presentation: every check, in the fixed order, from text to verdict."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from core.reasons import Colour, Reason
from formats.dataset import Group
from formats.site_policy import Mode, SitePolicy
from keys.trust import AuthorisedIssuer
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.offline import StatusSource
from verifier.checkpoint.verdict import Check, Verdict
from verifier.checks.case import Case, ExpectedBinding, Stopped
from verifier.checks.disclosed import check_disclosures, check_scope
from verifier.checks.key_binding import check_freshness, check_mode
from verifier.checks.policy import (
    check_age,
    check_assurance,
    check_document,
    check_fields,
    check_form,
    check_key_storage,
)
from verifier.checks.signature import check_holder_signature, check_issuer_signature, check_structure
from verifier.checks.status import check_status, check_status_age, check_trust_age
from verifier.checks.trust import check_issuer, check_specimen
from verifier.checks.validity import check_proof_validity, check_validity
from verifier.trust import IssuerTrust

# GREEN demands that the checks passed are exactly these. They are written out, so that taking one entry away or leaving
# one call out is a difference that the tests see.
SD_JWT_VC_CHECKS: Final[tuple[Check, ...]] = (
    Check.STRUCTURE,
    Check.ISSUER_KNOWN,
    Check.ISSUER_STATE,
    Check.ISSUER_ROLE,
    Check.ISSUER_PERIOD,
    Check.SPECIMEN,
    Check.ISSUER_SIGNATURE,
    Check.HOLDER_SIGNATURE,
    Check.MODE,
    Check.AUDIENCE,
    Check.NONCE,
    Check.TIME,
    Check.VALIDITY,
    Check.PROOF_VALIDITY,
    Check.DISCLOSURES,
    Check.SCOPE,
    Check.STATUS,
    Check.FORM,
    Check.FIELDS,
    Check.AGE,
    Check.KEY_STORAGE,
    Check.ASSURANCE,
    Check.DOCUMENT,
    Check.STATUS_AGE,
    Check.TRUST_AGE,
)


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
    case = Case(text, expected, trust, statuses, policy, clock)
    with suppress(Stopped):
        _run_checks(case)
    return _verdict(case)


def _run_checks(case: Case) -> None:
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


def _verdict(case: Case) -> Verdict:
    colour, now = _colour(case), case.clock.now
    table, status = case.trust.table, case.status
    person = case.person if colour is not Colour.RED and hasattr(case, "person") else None
    bureau, name_zh, name_en = _bureau(case.issuer) if case.signed else (None, None, None)
    return Verdict(
        colour=colour,
        findings=tuple(case.findings),
        mode=Mode.CHALLENGE,
        at=now,
        training=case.trust.anchor.specimen,
        trust_age_seconds=0 if table is None else now - table.issued_at,
        trust_number=0 if table is None else table.number,
        person=person,
        bureau=bureau,
        bureau_name_zh=name_zh,
        bureau_name_en=name_en,
        status_age_seconds=None if status is None else now - status.as_of,
        status_number=None if status is None else status.number,
        held_by_owner=colour is Colour.GREEN and person is not None and Group.PORTRAIT in person.groups,
        bytes=len(case.text),
    )


def _bureau(issuer: AuthorisedIssuer) -> tuple[str, str, str]:
    signer, organization = issuer.signer, issuer.leaf.organization
    if signer is None:
        return issuer.bureau, organization, organization
    return issuer.bureau, signer.name_zh, signer.name_en


def _colour(case: Case) -> Colour:
    colours = {finding.colour for finding in case.findings if not finding.passed}
    if Colour.RED in colours:
        return Colour.RED
    if colours:
        return Colour.AMBER
    if tuple(finding.check for finding in case.findings) != SD_JWT_VC_CHECKS:
        case.doubt(Check.COMPLETE, Reason.COULD_NOT_CHECK, "the checks made are not the checks demanded")
        return Colour.AMBER
    return Colour.GREEN
