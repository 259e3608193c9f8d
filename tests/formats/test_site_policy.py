from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.reasons import Reason
from formats import cose, site_policy
from formats.dataset import Group
from formats.encoding import cbor
from formats.signature_checks import run
from formats.site_policy import BUILT_IN, PAPER, POLICE, SITE_KINDS, Mode, SitePolicy, strictest
from tests.builders import qr
from tests.builders.refusals import refused

SIGNER = qr.signer("policy signer")
RAIL = BUILT_IN["rail-gate"]


def read(data: bytes) -> SitePolicy:
    return run(site_policy.read(data, keys=qr.licence_keys))


@pytest.mark.parametrize("policy", BUILT_IN.values(), ids=BUILT_IN)
def test_every_built_in_policy_survives_signing_and_reading(policy: SitePolicy) -> None:
    assert read(qr.signed_policy(policy)) == policy


def test_one_policy_for_each_built_in_site_kind() -> None:
    assert tuple(BUILT_IN) == SITE_KINDS


def test_no_built_in_policy_accepts_paper() -> None:
    assert all(PAPER not in policy.forms for policy in BUILT_IN.values())


def test_one_way_is_for_the_fast_lanes_only() -> None:
    fast = {name for name, policy in BUILT_IN.items() if Mode.ONE_WAY in policy.modes}
    assert fast == {"rail-gate", "parcel-desk", "age-limited-shop"}


def test_the_strictest_policy_is_the_polices() -> None:
    assert strictest().policy_id == POLICE
    assert strictest().ground_required
    assert strictest().modes == {Mode.CHALLENGE}


@pytest.mark.parametrize(
    "changes",
    [
        {"required": frozenset()},
        {"optional": frozenset({Group.NAME})},
        {"modes": frozenset()},
        {"forms": frozenset()},
        {"forms": frozenset({"pdf"})},
        {"site_kind": POLICE},
        {"ground_required": True},
        {"required": RAIL.required | {Group.ADDRESS}},
        {"optional": frozenset({Group.ADDRESS})},
        {"required": frozenset({Group.NAME, Group.CITIZEN_NUMBER})},
        {"modes": frozenset({Mode.CHALLENGE}), "optional": frozenset({Group.CITIZEN_NUMBER})},
        {"minimum_age": 18},
        {"minimum_age": 17},
        {"minimum_age": 18, "required": frozenset({Group.AGE_18}), "optional": frozenset({Group.BIRTH_DATE})},
        {"minimum_age": 16, "required": frozenset({Group.AGE_18})},
        {"unmanned": True, "forms": frozenset({"eid1", PAPER})},
        {"max_status_age_seconds": 0},
        {"max_trust_age_seconds": 0},
        {"number": 0},
    ],
)
def test_a_policy_outside_the_rules_cannot_exist(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(RAIL, **changes)


def test_the_police_name_their_ground_even_in_challenge_mode() -> None:
    with pytest.raises(ValueError):
        replace(BUILT_IN[POLICE], ground_required=False)


def test_refuses_a_policy_signed_by_another_key() -> None:
    for other in ("bundle signer", "document signer", "list signer"):
        with refused(Reason.BUNDLE_INVALID):
            read(qr.signed_policy(RAIL, by=qr.signer(other)))


def test_refuses_a_policy_with_a_broken_signature() -> None:
    data = qr.signed_policy(RAIL)
    with refused(Reason.BUNDLE_INVALID):
        read(data[:-1] + bytes((data[-1] ^ 1,)))


def payload(**changes: Any) -> cbor.CborMap:
    draft = site_policy.draft(RAIL, signer_kid=SIGNER.key_id)
    fields = cbor.decode_map(draft.payload, max_bytes=4096)
    return {**fields, **{int(key[1:]): value for key, value in changes.items()}}


@pytest.mark.parametrize(
    "changes",
    [
        {"_17": 1},
        {"_1": 5},
        {"_1": "with space"},
        {"_3": ""},
        {"_5": 1 << 10},
        {"_5": 0},
        {"_7": 0},
        {"_8": ["telepathy"]},
        {"_8": ["one_way", "challenge"]},
        {"_8": "challenge"},
        {"_9": ["eid1", "eid1"]},
        {"_10": -1},
        {"_12": 1},
        {"_13": 9},
        {"_14": 17},
        {"_15": 5},
    ],
)
def test_refuses_signed_policies_that_break_the_rules(changes: dict[str, Any]) -> None:
    draft = cose.own_draft(site_policy.TYP, SIGNER.key_id, cbor.encode(payload(**changes)))
    with refused(Reason.BUNDLE_INVALID):
        read(qr.sign(draft, SIGNER))


def test_refuses_a_document_of_another_type() -> None:
    draft = cose.own_draft("eid-licence+cose", SIGNER.key_id, cbor.encode(payload()))
    with refused(Reason.BUNDLE_INVALID):
        read(qr.sign(draft, SIGNER))


def test_built_in_kinds_are_numbers_on_the_wire_and_others_words() -> None:
    assert [site_policy.write_kind(kind) for kind in SITE_KINDS] == [1, 2, 3, 4, 5, 6, 7]
    assert site_policy.read_kind(2) == "rail-gate"
    assert site_policy.read_kind("airport") == "airport"
    for value in (0, 8, -1, True, "", "rail-gate", "x y", "样"):
        with refused(Reason.CLAIMS_MALFORMED):
            site_policy.read_kind(value)


@pytest.mark.parametrize("value", [-1, 1 << 10, True, "x", []])
def test_refuses_other_sets_of_groups(value: Any) -> None:
    with refused(Reason.CLAIMS_MALFORMED):
        site_policy.read_groups(value)


def test_sets_of_groups_survive_their_bits() -> None:
    for groups in (frozenset[Group](), frozenset(Group), frozenset({Group.NAME, Group.AGE_18})):
        assert site_policy.read_groups(site_policy.write_groups(groups)) == groups
