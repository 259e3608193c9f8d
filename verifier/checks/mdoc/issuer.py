"""Checks of what was received and who issued it: one document of our type, under a signer the trust list admits for it."""

from __future__ import annotations

from typing import Final

from core.errors import EidError
from core.reasons import Reason
from formats.mdoc.device_response import read_device_response
from formats.mdoc.issuer_signed import check_issuer_signature as issuer_signed
from formats.mdoc.issuer_signed import check_signed_within
from formats.mdoc.model import DOCTYPE
from verifier.checkpoint.verdict import Check
from verifier.checks.mdoc.case import MdocCase
from verifier.checks.trust import ISSUER, TOLD_BY

_BEFORE_PERIOD: Final = ISSUER[: ISSUER.index(Check.ISSUER_PERIOD)]

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_STRUCTURE: Final = Check.STRUCTURE
_DOCTYPE: Final = Check.DOCTYPE
_ISSUER_SIGNATURE: Final = Check.ISSUER_SIGNATURE


def check_structure(case: MdocCase) -> None:
    """The bytes are a DeviceResponse of one document: strict CBOR, the exact types, all that the MSO must say."""
    try:
        case.shown = read_device_response(case.response)
    except EidError as err:
        case.refuse_because(Check.STRUCTURE, err)
    case.terms = case.shown.issued.terms
    case.passed(_STRUCTURE)


def check_doctype(case: MdocCase) -> None:
    """The document is of the one type that is read here; that its MSO is of the same belongs to its structure.

    A bare root has no limits of type: with it a document of another type is genuine or not, and shows nothing.
    """
    if case.shown.doctype != DOCTYPE and case.trust.table is not None:
        case.refuse(Check.DOCTYPE, Reason.FORM_NOT_ACCEPTED, "a document of another type")
    case.passed(_DOCTYPE)


def check_issuer(case: MdocCase) -> None:
    """``x5chain`` leads to the pinned root, the trust list admits its key for this type and time, ``signed`` lies within."""
    issued = case.shown.issued
    terms = issued.terms
    try:
        store = case.trust.store_for(issued.chain)
        case.issuer = store.authorise(
            issued.chain, credential_type=terms.doctype, issued_at=terms.issued_at, now=case.clock.now
        )
    except EidError as err:
        case.refuse_because(case.passed_before(err, ISSUER, TOLD_BY), err)
    try:
        check_signed_within(issued, case.issuer.leaf)
    except EidError as err:
        case.all_passed(_BEFORE_PERIOD)
        case.refuse_because(Check.ISSUER_PERIOD, err)
    case.bureau = case.issuer.bureau
    case.all_passed(ISSUER)


def check_issuer_signature(case: MdocCase) -> None:
    """The issuer's signature over the MSO holds under the key of the certificate that was judged."""
    try:
        issuer_signed(case.shown.issued, case.issuer)
    except EidError as err:
        case.refuse_because(Check.ISSUER_SIGNATURE, err)
    case.signed_by = case.issuer_names()
    case.passed(_ISSUER_SIGNATURE)
