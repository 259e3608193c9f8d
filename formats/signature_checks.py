"""The driver over ``cryptography``: answers the questions of a judging generator. Not part of the portable core."""

from __future__ import annotations

from typing import TypeVar

from core.errors import EidError
from formats.cose import Checks
from keys.signing import verify_signature

T = TypeVar("T")

# Whatever failed while answering, it is the judge who decides what that means for the verdict.
_FAULTS = (EidError, ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)


def run(checks: Checks[T]) -> T:
    """Return what the generator returns, each of its signature checks answered by ``cryptography``.

    Errors of the generator pass through. A fault while answering enters the generator at the open question, so that the
    judge can say ``could_not_check``; what it does not handle passes through as well.
    """
    try:
        question = next(checks)
        while True:
            try:
                answer = verify_signature(question.key, question.algorithm, question.message, question.signature)
            except _FAULTS as fault:
                question = checks.throw(fault)
            else:
                question = checks.send(answer)
    except StopIteration as done:
        result: T = done.value
        return result
