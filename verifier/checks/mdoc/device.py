"""Checks of what was shown and by whom: every item is one of the issuer's, and the holder's device answered this session."""

from __future__ import annotations

from typing import Final

from core.errors import EidError
from core.reasons import Reason
from formats.cose import UnverifiedMac0
from formats.mdoc.device_response import check_device_mac, check_device_signature
from formats.mdoc.issuer_signed import check_digests as judge_digests
from verifier.checkpoint.verdict import Check
from verifier.checks.mdoc.case import MdocCase

# Looked up once: Python 3.11 finds a member of an enumeration by a function, and these are asked for in every verdict.
_DIGESTS: Final = Check.DIGESTS
_HOLDER_SIGNATURE: Final = Check.HOLDER_SIGNATURE


def check_digests(case: MdocCase) -> None:
    """Every item shown is one the issuer signed the digest of, over its bytes as they were received."""
    try:
        judge_digests(case.shown.issued)
    except EidError as err:
        case.refuse_because(Check.DIGESTS, err)
    case.passed(_DIGESTS)


def check_device(case: MdocCase) -> None:
    """The holder of the key in the MSO answered in this very session: by a signature, or by a MAC with this reader.

    Without a key of this reader's in the session nobody could have made a MAC for it: only a signature counts. Elements
    that the device says of its holder by itself are refused where the MSO does not authorise them, and never shown.
    """
    shown, expected = case.shown, case.expected
    holder_point = shown.issued.terms.holder_point
    try:
        if not isinstance(shown.device_auth, UnverifiedMac0):
            check_device_signature(shown, transcript=expected.transcript, holder_point=holder_point)
        elif expected.reader_key is not None:
            check_device_mac(
                shown, transcript=expected.transcript, holder_point=holder_point, reader_key=expected.reader_key
            )
        else:
            case.refuse(Check.HOLDER_SIGNATURE, Reason.HOLDER_PROOF_MISSING, "a MAC, and this reader named no key")
    except EidError as err:
        case.refuse_because(Check.HOLDER_SIGNATURE, err)
    case.passed(_HOLDER_SIGNATURE)
