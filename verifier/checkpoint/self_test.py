"""Planted questions that every driver must answer right before a reader judges anybody."""

from __future__ import annotations

from typing import Final

from core.errors import Misconfigured
from core.reasons import Reason
from formats.cose import Checks, SignatureCheck
from keys.algorithms import ES256
from verifier.checkpoint.signatures import DriverFault, ask

# Keys made from known seeds for this purpose alone; they are in no trust table.
_KEY: Final = bytes.fromhex("026d4d93a9c7fae648e3d0b2d2b87aaed2638854c0bd91842d93862d94f77762bd")
_OTHER_KEY: Final = bytes.fromhex("0377e065e4b2c938e64d1da908ade93153b744fbfb9b055568f0bb70f7f1b6ff71")
_MESSAGE: Final = b"eid reader self-test"
_SIGNATURE: Final = bytes.fromhex(
    "9cb89e30c381874b75031b6c536b5e99988d1fa841677bb367c6effc26b76bf5"
    "82c795b09597ed9f30ff265215c7fd10ebb98fd44978db2324267ea6c8c2e64e"
)


def _flipped(data: bytes) -> bytes:
    return bytes((data[0] ^ 1,)) + data[1:]


PLANTED: Final = (
    (SignatureCheck(_KEY, ES256, _MESSAGE, _SIGNATURE), True),
    (SignatureCheck(_KEY, ES256, _flipped(_MESSAGE), _SIGNATURE), False),
    (SignatureCheck(_KEY, ES256, _MESSAGE, _flipped(_SIGNATURE)), False),
    (SignatureCheck(_OTHER_KEY, ES256, _MESSAGE, _SIGNATURE), False),
)
"""A good signature, a flipped message, a flipped signature, another key: each with its right answer."""


def self_test() -> Checks[None]:
    """Put the planted questions to the driver; run it at start and after each new bundle.

    Raises Misconfigured(READER_CLOSED) when one answer is wrong or the driver fails: the reader then judges nothing.
    Raises TypeError for an answer that is not True or False. Source: qr-trust-bundle 7.
    """
    for question, right_answer in PLANTED:
        try:
            answer = yield from ask(question)
        except DriverFault as fault:
            raise Misconfigured(Reason.READER_CLOSED, "the signature driver failed its self-test") from fault
        if answer is not right_answer:
            raise Misconfigured(Reason.READER_CLOSED, "the signature driver answered a planted check wrongly")
