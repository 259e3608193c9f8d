"""A presentation whose disclosures add, change or hide what the issuer signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.reasons import Colour, Reason
from keys.jwk import public_jwk
from tests.builders.people import a_person
from tests.builders.presentations import HOLDER, INDEX, STATUS_URI, Showing, digest_of, disclosure, judged
from tests.builders.trust import DAY, NOW
from verifier.checkpoint.verdict import Check

pytestmark = pytest.mark.usefixtures("each_suite")

SALT = "c2FsdHNhbHRzYWx0c2FsdA"


def found(showing: Showing | str) -> tuple[Check, Reason]:
    verdict = judged(showing)
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    return verdict.findings[-1].check, verdict.deciding


def adding(*disclosures: str) -> Showing:
    """The wallet adds disclosures the issuer never signed."""
    return Showing(edit_disclosures=lambda shown: [*shown, *disclosures])


def issuing(*disclosures: str, change: Callable[[dict[str, Any]], Any] = lambda claims: None) -> Showing:
    """The issuer's payload really has the digests of these disclosures, and what ``change`` does to it."""

    def payload(claims: dict[str, Any]) -> dict[str, Any]:
        claims["_sd"] = [*claims["_sd"], *(digest_of(text) for text in disclosures)]
        change(claims)
        return claims

    return Showing(edit_payload=payload, edit_disclosures=lambda shown: [*shown, *disclosures])


def test_refuses_a_disclosure_that_the_issuer_did_not_sign() -> None:
    assert found(adding(disclosure(SALT, "full_name", "某某"))) == (Check.DISCLOSURES, Reason.DISCLOSURE_UNREFERENCED)


def test_refuses_a_disclosure_shown_twice() -> None:
    shown = Showing(edit_disclosures=lambda shown: [*shown, shown[0]])
    assert found(shown) == (Check.DISCLOSURES, Reason.DISCLOSURE_DUPLICATE)


def test_refuses_a_digest_that_stands_twice() -> None:
    def twice(claims: dict[str, Any]) -> dict[str, Any]:
        return {**claims, "_sd": [*claims["_sd"], claims["_sd"][0]]}

    assert found(Showing(edit_payload=twice)) == (Check.DISCLOSURES, Reason.DISCLOSURE_DUPLICATE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exp", NOW + 9999 * DAY),
        ("iss", "https://attacker.example.test"),
        ("vct", "urn:example:other"),
        ("cnf", {"jwk": {}}),
        ("status", {}),
        ("iat", NOW),
        ("nbf", 0),
        ("specimen", False),
        ("assurance", "full"),
        ("key_storage", "attested"),
        ("_sd", []),
        ("...", "x"),
        ("_sd_alg", "sha-512"),
    ],
)
def test_refuses_a_disclosure_that_overrides_a_clear_claim(name: str, value: object) -> None:
    assert found(issuing(disclosure(SALT, name, value))) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


def test_refuses_a_second_disclosure_of_one_name() -> None:
    again = issuing(disclosure(SALT, "full_name", "某某"))
    assert found(again) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


@pytest.mark.parametrize(
    "text",
    [
        disclosure(SALT, "extra"),
        disclosure(SALT),
        disclosure(SALT, "extra", 1, 2),
        disclosure(7, "extra", 1),
        disclosure(SALT, 7, 1),
        disclosure(SALT, None, 1),
    ],
)
def test_refuses_a_disclosure_of_another_shape(text: str) -> None:
    assert found(issuing(text)) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


def test_refuses_a_nested_disclosure_that_nothing_references() -> None:
    inner = disclosure(SALT, "formatted", "某处")
    outer = disclosure(SALT, "extra", {"_sd": [digest_of(inner)]})
    assert judged(issuing(outer)).colour is Colour.GREEN
    assert found(adding(inner)) == (Check.DISCLOSURES, Reason.DISCLOSURE_UNREFERENCED)


def test_refuses_a_digest_that_a_nested_disclosure_repeats() -> None:
    inner = disclosure(SALT, "formatted", "某处")
    outer = disclosure(SALT, "extra", {"_sd": [digest_of(inner), digest_of(inner)]})
    assert found(issuing(outer, inner)) == (Check.DISCLOSURES, Reason.DISCLOSURE_DUPLICATE)


def holding(outer: str, *inner: str, **claims: Any) -> Showing:
    """The issuer signed the digest of the outer disclosure, which has those of the inner ones; all are shown."""
    return Showing(
        edit_payload=lambda payload: {**payload, "_sd": [*payload["_sd"], digest_of(outer)], **claims},
        edit_disclosures=lambda shown: [*shown, outer, *inner],
    )


def nesting(*inner: str, **plain: Any) -> str:
    """A disclosure of an object with plain members and these digests."""
    return disclosure(SALT, "extra", {**plain, "_sd": [digest_of(text) for text in inner]})


def test_refuses_a_nested_disclosure_over_a_plain_member_and_under_a_reserved_name() -> None:
    inner = disclosure(SALT, "formatted", "某处")
    assert judged(holding(nesting(inner), inner)).colour is Colour.GREEN
    taken = holding(nesting(inner, formatted="某某处"), inner)
    assert found(taken) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)
    for name in ("_sd", "..."):
        reserved = disclosure(SALT, name, "某处")
        assert found(holding(nesting(reserved), reserved)) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


def test_refuses_two_nested_disclosures_of_one_name() -> None:
    first, second = (disclosure(SALT, "formatted", place) for place in ("某处", "某某处"))
    outer = nesting(first, second)
    assert judged(holding(outer, first)).colour is Colour.GREEN
    assert found(holding(outer, first, second)) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


def test_refuses_one_digest_in_two_places_whatever_their_depth() -> None:
    inner = disclosure(SALT, "formatted", "某处")
    outer = nesting(inner)
    assert judged(holding(outer, inner, more={"_sd": [digest_of("another")]})).colour is Colour.GREEN
    for more in ({"_sd": [digest_of(inner)]}, {"deep": [{"_sd": [digest_of(inner)]}]}):
        twice = holding(outer, inner, more=more)
        assert found(twice) == (Check.DISCLOSURES, Reason.DISCLOSURE_DUPLICATE)
    element = disclosure(SALT, "CN")
    listed = disclosure(SALT, "extra", [{"...": digest_of(element)}])
    assert judged(holding(listed, element)).colour is Colour.GREEN
    again = holding(listed, element, more=[{"...": digest_of(element)}])
    assert found(again) == (Check.DISCLOSURES, Reason.DISCLOSURE_DUPLICATE)
    # As a member of an object and as an element of a list: it cannot be both.
    both = holding(outer, inner, more=[{"...": digest_of(inner)}])
    assert found(both) == (Check.DISCLOSURES, Reason.DISCLOSURE_MALFORMED)


def a_list(*entries: Any, shown: tuple[str, ...] = ()) -> Showing:
    """The issuer signed a list with these entries; the holder shows these disclosures too."""
    return Showing(
        edit_payload=lambda claims: {**claims, "more": list(entries)},
        edit_disclosures=lambda disclosed: [*disclosed, *shown],
    )


def test_refuses_games_with_the_elements_of_a_list() -> None:
    element = disclosure(SALT, "CN")
    place = {"...": digest_of(element)}
    assert judged(a_list(place, shown=(element,))).colour is Colour.GREEN
    assert judged(a_list(place)).colour is Colour.GREEN
    assert found(a_list(place, place, shown=(element,)))[1] is Reason.DISCLOSURE_DUPLICATE
    assert found(a_list(place, place))[1] is Reason.DISCLOSURE_DUPLICATE
    assert found(a_list("CN", shown=(element,)))[1] is Reason.DISCLOSURE_UNREFERENCED
    member = disclosure(SALT, "name", "CN")
    assert found(a_list({"...": digest_of(member)}, shown=(member,)))[1] is Reason.DISCLOSURE_MALFORMED
    for bent in ({**place, "more": 1}, {"...": 7}, {"...": None}, {"...": [digest_of(element)]}):
        assert found(a_list(bent, shown=(element,)))[1] is Reason.DISCLOSURE_MALFORMED


@pytest.mark.parametrize(("name", "reason"), [("cnf", Reason.HOLDER_KEY_INVALID), ("status", Reason.CLAIMS_MALFORMED)])
def test_refuses_a_holder_key_or_a_status_that_the_holder_discloses(name: str, reason: Reason) -> None:
    """Not even by the issuer's leave: whoever may leave it out could leave it out."""
    plain: dict[str, dict[str, Any]] = {
        "cnf": {"jwk": public_jwk(HOLDER.point)},
        "status": {"status_list": {"idx": INDEX, "uri": STATUS_URI}},
    }
    ((member, value),) = plain[name].items()
    hidden = disclosure(SALT, member, value)

    def hiding(claims: dict[str, Any]) -> dict[str, Any]:
        assert claims[name] == plain[name]
        return {**claims, name: {"_sd": [digest_of(hidden)]}}

    shown = Showing(edit_payload=hiding, edit_disclosures=lambda disclosed: [*disclosed, hidden])
    assert found(shown) == (Check.STRUCTURE, reason)


@pytest.mark.parametrize("padding", ["=", "==", "\n", " "])
def test_refuses_padding_and_white_space_in_a_disclosure(padding: str) -> None:
    assert found(issuing(disclosure(SALT, "extra", 1) + padding))[1] in {
        Reason.DISCLOSURE_MALFORMED,
        Reason.TOKEN_MALFORMED,
    }


def test_refuses_the_other_digest_algorithms() -> None:
    for algorithm in ("sha-384", "md5", "SHA-256", None, 1):
        shown = Showing(edit_payload=lambda claims, algorithm=algorithm: {**claims, "_sd_alg": algorithm})  # type: ignore[misc]  # a default argument binds the loop's value
        assert found(shown)[1] is Reason.ALGORITHM_NOT_ALLOWED


# --- values that must not reach a screen -----------------------------------------------------------------------------


def clear(**claims: Any) -> Showing:
    return Showing(shown=(), edit_payload=lambda payload: {**payload, **claims})


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"full_name": "示\u202e例"}, Reason.TEXT_BAD),
        ({"full_name": "a" * 201}, Reason.TEXT_BAD),
        ({"full_name": ""}, Reason.TEXT_BAD),
        ({"full_name": 7}, Reason.DISCLOSURE_MALFORMED),
        ({"full_name": ["示例"]}, Reason.DISCLOSURE_MALFORMED),
        ({"birthdate": "1990-02-30"}, Reason.DISCLOSURE_MALFORMED),
        ({"birthdate": "19900101"}, Reason.DISCLOSURE_MALFORMED),
        ({"birthdate": "1990-W01-1"}, Reason.DISCLOSURE_MALFORMED),
        ({"birthdate": "1990-01-0١"}, Reason.DISCLOSURE_MALFORMED),
        ({"date_of_expiry": "never"}, Reason.DISCLOSURE_MALFORMED),
        ({"sex": True}, Reason.DISCLOSURE_MALFORMED),
        ({"sex": 3}, Reason.DISCLOSURE_MALFORMED),
        ({"nationalities": "CN"}, Reason.DISCLOSURE_MALFORMED),
        ({"nationalities": []}, Reason.DISCLOSURE_MALFORMED),
        ({"nationalities": [1]}, Reason.DISCLOSURE_MALFORMED),
        ({"address": "某处"}, Reason.DISCLOSURE_MALFORMED),
        ({"age_equal_or_over": {"18": "true"}}, Reason.DISCLOSURE_MALFORMED),
        ({"age_equal_or_over": {"18": 1}}, Reason.DISCLOSURE_MALFORMED),
        ({"picture": "data:image/svg+xml;base64,AAAA"}, Reason.PORTRAIT_BAD),
        ({"picture": "https://attacker.example.test/face.webp"}, Reason.PORTRAIT_BAD),
        ({"picture": "data:image/webp;base64,%%%"}, Reason.PORTRAIT_BAD),
        ({"picture": "data:image/webp;base64,AAAA"}, Reason.PORTRAIT_BAD),
        ({"picture": 1}, Reason.PORTRAIT_BAD),
    ],
)
def test_refuses_values_that_may_not_be_shown(claims: dict[str, Any], reason: Reason) -> None:
    assert found(clear(**claims)) == (Check.DISCLOSURES, reason)


def test_refuses_a_picture_with_other_chunks_behind_the_first() -> None:
    portrait = a_person().portrait or b""
    grown = portrait + b"EXIF" + (4).to_bytes(4, "little") + b"abcd"
    grown = grown[:4] + (len(grown) - 8).to_bytes(4, "little") + grown[8:]
    assert found(Showing(person=a_person(portrait=grown)))[1] is Reason.PORTRAIT_BAD


def test_claims_of_others_making_are_left_out() -> None:
    verdict = judged(issuing(disclosure(SALT, "favourite_colour", "green")))
    assert verdict.colour is Colour.GREEN
