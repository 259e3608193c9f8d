from __future__ import annotations

from base64 import b64encode

import pytest

from core.reasons import Reason
from formats.dataset import Group
from formats.encoding.json import JsonValue
from tests.builders.people import tiny_portrait
from tests.builders.refusals import refused
from verifier.checks.disclosed import read_person

PICTURE = "data:image/webp;base64," + b64encode(tiny_portrait()).decode()


def nationality_of(value: JsonValue) -> object:
    found = read_person({"nationalities": value})
    return next(iter(next(iter(found.values())).values()))


def test_one_to_eight_nationalities_are_shown_in_one_text() -> None:
    assert nationality_of(["CN"]) == "CN"
    assert nationality_of(["CN"] * 8) == ", ".join(["CN"] * 8)


@pytest.mark.parametrize("value", [[], ["CN"] * 9, "CN", {}, [1], None])
def test_refuses_other_nationalities(value: JsonValue) -> None:
    with refused(Reason.DISCLOSURE_MALFORMED):
        read_person({"nationalities": value})


def test_a_picture_is_the_file_in_its_address() -> None:
    assert read_person({"picture": PICTURE}) == {Group.PORTRAIT: {1: tiny_portrait()}}


@pytest.mark.parametrize(
    "value",
    [
        PICTURE[:30] + "\n" + PICTURE[30:],
        PICTURE[:30] + "!" + PICTURE[30:],
        PICTURE[:-1],
        PICTURE.replace("webp", "svg+xml"),
        "data:image/webp;base64,",
        7,
        None,
    ],
)
def test_refuses_another_picture(value: JsonValue) -> None:
    with refused(Reason.PORTRAIT_BAD):
        read_person({"picture": value})


def test_refuses_a_claim_with_parts_that_is_no_object() -> None:
    with refused(Reason.DISCLOSURE_MALFORMED):
        read_person({"age_equal_or_over": True})


def test_leaves_out_what_others_claim() -> None:
    assert read_person({"shoe_size": 43, "age_equal_or_over": {"99": True}}) == {}
