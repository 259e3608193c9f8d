from __future__ import annotations

import pytest

from core.errors import EidError
from core.reasons import Reason
from formats.jose import sign_compact
from formats.sd_jwt_vc import claim_paths, open_disclosures, read_credential, select
from tests.builders.credentials import CLAIMS, WORLD, a_credential, a_presentation
from tests.formats.sd_jwt.test_unpack import NAME, digest, disclosure

ISSUED = a_credential()


def reason_of(token: str, *paths: tuple[str, ...]) -> Reason:
    with pytest.raises(EidError) as caught:
        select(token, paths)
    return caught.value.reason


def disclosed(*paths: tuple[str, ...]) -> dict[str, object]:
    claims = open_disclosures(read_credential(select(ISSUED, paths)))
    return {name: value for name, value in claims.items() if name in CLAIMS and value != {}}


def test_lists_what_can_be_shown() -> None:
    paths = set(claim_paths(ISSUED))
    assert ("full_name",) in paths
    assert ("address", "formatted") in paths
    assert ("age_equal_or_over", "18") in paths
    assert len(paths) == 6 + 2 + 5


def test_shows_what_was_chosen_and_nothing_else() -> None:
    assert disclosed(("full_name",), ("age_equal_or_over", "18")) == {
        "full_name": CLAIMS["full_name"],
        "age_equal_or_over": {"18": True},
    }
    assert disclosed() == {}


def test_a_parent_brings_its_members() -> None:
    assert disclosed(("address",)) == {"address": CLAIMS["address"]}


def test_the_issuers_part_passes_byte_for_byte_in_the_issued_order() -> None:
    everything = select(ISSUED, claim_paths(ISSUED)[::-1])
    assert everything == ISSUED
    assert select(ISSUED, [("sex",)]).split("~")[0] == ISSUED.split("~")[0]


def test_a_child_brings_its_hidden_parent() -> None:
    parent = disclosure("c2FsdA", "place", {"_sd": [digest(NAME)], "clear": 1})
    other = disclosure("c2FsdA", "other", 1)
    payload = f'{{"_sd":["{digest(parent)}","{digest(other)}"]}}'.encode()
    token = "~".join((sign_compact(payload, WORLD.issuer, typ="dc+sd-jwt"), other, NAME, parent, ""))
    assert claim_paths(token) == (("place",), ("place", "name"), ("other",))
    assert select(token, [("place", "name")]).split("~")[1:] == [NAME, parent, ""]


def test_elements_of_an_array_go_with_their_array() -> None:
    element = disclosure("c2FsdA", "CN")
    payload = b'{"list":[{"...":"' + digest(element).encode() + b'"}]}'
    token = "~".join((sign_compact(payload, WORLD.issuer, typ="dc+sd-jwt"), element, ""))
    assert claim_paths(token) == (("list",),)
    assert select(token, [("list",)]) == token


@pytest.mark.parametrize("path", [("none",), ("full_name", "x"), ("vct",), (), ("address", "formatted", "x")])
def test_refuses_a_claim_the_credential_does_not_offer(path: tuple[str, ...]) -> None:
    assert reason_of(ISSUED, path) is Reason.GROUP_UNKNOWN


def test_refuses_an_issued_token_with_a_key_binding() -> None:
    assert reason_of(a_presentation(), ("full_name",)) is Reason.TOKEN_MALFORMED


def test_refuses_a_disclosure_without_a_place_or_sent_twice() -> None:
    first = ISSUED.split("~")[1]
    assert reason_of(f"{ISSUED}{NAME}~") is Reason.TOKEN_MALFORMED
    assert reason_of(f"{ISSUED}{first}~") is Reason.TOKEN_MALFORMED


def test_refuses_a_tower_of_disclosures() -> None:
    texts = [disclosure("c2FsdA", "x", 1)]
    for _ in range(60):
        texts.append(disclosure("c2FsdA", "x", {"_sd": [digest(texts[-1])]}))
    jwt = sign_compact(f'{{"_sd":["{digest(texts[-1])}"]}}'.encode(), WORLD.issuer, typ="dc+sd-jwt")
    assert reason_of("~".join((jwt, *texts, ""))) is Reason.TOKEN_MALFORMED
