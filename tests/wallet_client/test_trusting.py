from __future__ import annotations

from typing import Any

import pytest

from core.errors import Refused
from core.reasons import Reason
from formats.bundle.trust_table import KeyRole, KeyState
from keys.algorithms import ES256
from keys.trust import TrustStore
from tests.builders import trust as trust_builder
from tests.builders.people import BUREAU_NAME_EN, BUREAU_NAME_ZH
from tests.builders.qr import DAY, MONDAY, a_trust_table, signer, trusted_key
from wallet_client.trusting import QrIssuer, TrustView

KEY = signer("another document signer")
STORE: TrustStore = trust_builder.bare_trust(trust_builder.national_root())


def view(**changes: Any) -> TrustView:
    role = changes.pop("role", KeyRole.CREDENTIAL)
    return TrustView(STORE, a_trust_table(trusted_key(KEY, role, **changes)))


def test_a_key_of_the_trust_list_signs_qr_copies_from_its_first_to_its_last_day() -> None:
    trust = view(valid_from=MONDAY, retired_at=MONDAY + DAY)
    expected = QrIssuer(KEY.point, ES256, BUREAU_NAME_ZH, BUREAU_NAME_EN)
    assert trust.qr_key(KEY.key_id, issued_at=MONDAY) == expected
    assert trust.qr_key(KEY.key_id, issued_at=MONDAY + DAY) == expected
    for issued_at in (MONDAY - 1, MONDAY + DAY + 1):
        with pytest.raises(Refused) as caught:
            trust.qr_key(KEY.key_id, issued_at=issued_at)
        assert caught.value.reason is Reason.ISSUER_KEY_OUT_OF_PERIOD


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": KeyState.COMPROMISED}, Reason.ISSUER_KEY_WITHDRAWN),
        ({"state": KeyState.PLANNED}, Reason.ISSUER_NOT_AUTHORISED),
        ({"forms": frozenset({"dc+sd-jwt"})}, Reason.ISSUER_NOT_AUTHORISED),
        ({"role": KeyRole.CARD, "forms": frozenset({"eid1"})}, Reason.ISSUER_NOT_AUTHORISED),
        ({"role": KeyRole.POLICY, "forms": frozenset({"eid1"})}, Reason.ISSUER_NOT_AUTHORISED),
    ],
)
def test_refuses_a_key_that_may_not_sign_qr_copies(changes: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(Refused) as caught:
        view(**changes).qr_key(KEY.key_id, issued_at=MONDAY)
    assert caught.value.reason is reason


def test_refuses_a_key_the_trust_list_does_not_name() -> None:
    with pytest.raises(Refused) as caught:
        view().qr_key(bytes(8), issued_at=MONDAY)
    assert caught.value.reason is Reason.ISSUER_UNKNOWN


@pytest.mark.parametrize("state", [KeyState.ACTIVE, KeyState.STATUS_ONLY, KeyState.DESTROYED])
def test_copies_issued_before_a_key_was_retired_still_count(state: KeyState) -> None:
    assert view(state=state, retired_at=MONDAY).qr_key(KEY.key_id, issued_at=MONDAY).point == KEY.point
