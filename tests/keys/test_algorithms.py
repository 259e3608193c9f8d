from __future__ import annotations

import pytest

from core.errors import Refused
from core.reasons import Reason
from keys.algorithms import ALGORITHMS, ES256, by_cose, by_cose_any, by_jose


def test_finds_every_row_by_each_of_its_names() -> None:
    for row in ALGORITHMS:
        assert by_jose(row.jose) is row
        assert by_cose(row.cose) is row
        assert by_cose_any(row.cose) is row
        assert by_cose_any(row.cose_other) is row


@pytest.mark.parametrize("name", ["none", "None", "HS256", "ES384", "es256", "ES256 ", "", None, 7, True, ["ES256"]])
def test_refuses_any_other_jose_name(name: object) -> None:
    with pytest.raises(Refused) as caught:
        by_jose(name)
    assert caught.value.reason is Reason.ALGORITHM_NOT_ALLOWED


@pytest.mark.parametrize("number", [-7, -8, -35, 0, 1, True, False, -9.0, "-9", None, b""])
def test_refuses_any_other_cose_number_and_the_polymorphic_one(number: object) -> None:
    with pytest.raises(Refused) as caught:
        by_cose(number)
    assert caught.value.reason is Reason.ALGORITHM_NOT_ALLOWED


@pytest.mark.parametrize("number", [-8, -35, -7.0, "-7", None, True])
def test_refuses_unknown_cose_numbers_where_the_older_one_is_allowed(number: object) -> None:
    with pytest.raises(Refused) as caught:
        by_cose_any(number)
    assert caught.value.reason is Reason.ALGORITHM_NOT_ALLOWED


def test_the_signature_size_is_the_wire_size() -> None:
    assert ES256.signature_bytes == 64
