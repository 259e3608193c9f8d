from __future__ import annotations

import pytest

from core.errors import Refused
from core.reasons import Reason
from keys.algorithms import (
    ALGORITHMS,
    ES256,
    ML_DSA_44,
    SM2_COSE_CURVE,
    SM2_SM3,
    Algorithm,
    by_cose,
    by_cose_any,
    by_jose,
    check_named,
)
from tests.builders.refusals import refused

# Below it, COSE leaves the numbers to whoever wants them: RFC 9053, sections 8 and 11.
PRIVATE_USE = -65536


def test_finds_every_row_by_each_of_its_names() -> None:
    for row in ALGORITHMS:
        assert by_jose(row.jose) is row
        assert by_cose(row.cose) is row
        assert by_cose_any(row.cose) is row
        assert by_cose_any(row.cose_usual) is row


def test_every_row_has_names_of_its_own() -> None:
    for names in (
        [row.name for row in ALGORITHMS],
        [row.jose for row in ALGORITHMS],
        [number for row in ALGORITHMS for number in {row.cose, row.cose_usual}],
    ):
        assert len(set(names)) == len(names)


def test_the_names_are_those_of_the_registries() -> None:
    assert (ES256.jose, ES256.cose, ES256.cose_usual) == ("ES256", -9, -7)
    assert (ML_DSA_44.jose, ML_DSA_44.cose, ML_DSA_44.cose_usual) == ("ML-DSA-44", -48, -48)


def test_what_nobody_registered_has_private_names_that_say_so() -> None:
    assert SM2_SM3.jose.startswith("urn:oid:2.25.")
    assert "ES256" not in SM2_SM3.jose
    assert SM2_SM3.cose < PRIVATE_USE
    assert SM2_COSE_CURVE < PRIVATE_USE


@pytest.mark.parametrize(
    "name", ["none", "None", "HS256", "ES384", "es256", "ES256 ", "SM2", "SM2-SM3", "ml-dsa-44", "ML-DSA-65", "",
             None, 7, True, ["ES256"]]
)  # fmt: skip
def test_refuses_any_other_jose_name(name: object) -> None:
    with pytest.raises(Refused) as caught:
        by_jose(name)
    assert caught.value.reason is Reason.ALGORITHM_NOT_ALLOWED


@pytest.mark.parametrize("number", [-7, -8, -35, -49, 0, 1, True, False, -9.0, "-9", None, b""])
def test_refuses_any_other_cose_number_and_the_polymorphic_one(number: object) -> None:
    with pytest.raises(Refused) as caught:
        by_cose(number)
    assert caught.value.reason is Reason.ALGORITHM_NOT_ALLOWED


@pytest.mark.parametrize("number", [-8, -35, -7.0, "-7", None, True])
def test_refuses_unknown_cose_numbers_where_the_older_one_is_allowed(number: object) -> None:
    with pytest.raises(Refused) as caught:
        by_cose_any(number)
    assert caught.value.reason is Reason.ALGORITHM_NOT_ALLOWED


def test_an_unknown_algorithm_is_told_what_is_accepted() -> None:
    with pytest.raises(Refused) as caught:
        by_jose("RS256")
    assert all(row.name in caught.value.detail for row in ALGORITHMS)


@pytest.mark.parametrize("named", ALGORITHMS, ids=lambda row: row.name)
@pytest.mark.parametrize("key", ALGORITHMS, ids=lambda row: row.name)
def test_a_header_names_the_algorithm_of_the_key_and_no_other(named: Algorithm, key: Algorithm) -> None:
    if named is key:
        check_named(named, key)
    else:
        with refused(Reason.ALGORITHM_NOT_ALLOWED):
            check_named(named, key)


def test_the_signature_size_is_the_wire_size() -> None:
    assert [row.signature_bytes for row in ALGORITHMS] == [64, 64, 2_420]
