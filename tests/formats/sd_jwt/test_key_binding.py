from __future__ import annotations

import pytest

from core.reasons import Reason
from formats.sd_jwt.key_binding import UnverifiedKeyBinding, check_freshness, read_key_binding
from formats.sd_jwt.unpack import split
from formats.sd_jwt_vc import MAX_BYTES, TYP
from tests.builders.credentials import AUDIENCE, NONCE, a_presentation
from tests.builders.refusals import outcome
from tests.builders.trust import NOW

BINDING = read_key_binding(split(a_presentation(), typ=TYP, max_bytes=MAX_BYTES))


def judged(binding: UnverifiedKeyBinding, *, nonce: str = NONCE, audience: str = AUDIENCE) -> object:
    def check() -> None:
        check_freshness(binding, nonce=nonce, audience=audience, now=NOW, max_age_seconds=300, tolerance_seconds=30)

    return outcome(check)


def test_a_key_binding_made_now_for_this_request_is_fresh() -> None:
    assert judged(BINDING) is None


@pytest.mark.parametrize(
    ("issued_at", "found"),
    [
        (NOW + 30, None),
        (NOW + 31, Reason.CODE_FROM_FUTURE),
        (NOW - 330, None),
        (NOW - 331, Reason.CODE_EXPIRED),
    ],
)
def test_a_key_binding_is_as_old_as_allowed(issued_at: int, found: Reason | None) -> None:
    assert judged(BINDING._replace(issued_at=issued_at)) is found


@pytest.mark.parametrize(("expires_at", "found"), [(None, None), (NOW - 30, None), (NOW - 31, Reason.CODE_EXPIRED)])
def test_a_key_binding_counts_until_it_expires(expires_at: int | None, found: Reason | None) -> None:
    assert judged(BINDING._replace(expires_at=expires_at)) is found


def test_a_key_binding_answers_one_request_to_one_verifier() -> None:
    assert judged(BINDING, nonce=NONCE + "x") is Reason.NONCE_MISMATCH
    assert judged(BINDING, audience=AUDIENCE + "/") is Reason.WRONG_AUDIENCE
