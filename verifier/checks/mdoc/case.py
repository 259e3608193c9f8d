"""One mdoc DeviceResponse on its way to a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from formats.mdoc.device_response import UnverifiedDeviceResponse
from verifier.checkpoint.verdict import Check
from verifier.checks.case import OnlineCase

# GREEN demands that the checks passed are exactly these. They are written out, so that taking one entry away or leaving
# one call out is a difference that the tests see.
MDOC_CHECKS: Final[tuple[Check, ...]] = (
    Check.STRUCTURE,
    Check.DOCTYPE,
    Check.ISSUER_KNOWN,
    Check.ISSUER_STATE,
    Check.ISSUER_ROLE,
    Check.ISSUER_PERIOD,
    Check.SPECIMEN,
    Check.ISSUER_SIGNATURE,
    Check.DIGESTS,
    Check.HOLDER_SIGNATURE,
    Check.MODE,
    Check.VALIDITY,
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


@dataclass(frozen=True, slots=True)
class ExpectedSession:
    """The session that the device must have answered in.

    transcript: the encoded SessionTranscript of this verifier's request, of ``formats.mdoc.session_transcript``: nonce,
                verifier and way back are all inside, and compared as one.
    reader_key: the verifier's ephemeral key of the session; without one only a device signature counts, never a MAC.
    """

    transcript: bytes
    reader_key: ec.EllipticCurvePrivateKey | None = None

    def __post_init__(self) -> None:
        if not self.transcript:
            raise ValueError("a DeviceResponse is judged against a session transcript")


@dataclass(slots=True)
class MdocCase(OnlineCase):
    """The judgement of one DeviceResponse."""

    response: bytes
    expected: ExpectedSession
    shown: UnverifiedDeviceResponse = field(init=False)
