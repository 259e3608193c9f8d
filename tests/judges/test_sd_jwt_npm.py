"""The npm library ``@sd-jwt/sd-jwt-vc`` as an independent judge, shown a corrupted copy first that it must refuse."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from formats.encoding import base64url
from formats.sd_jwt.key_binding import bind, check_freshness, check_holder_signature, read_key_binding
from formats.sd_jwt.unpack import open_claims, split
from formats.sd_jwt_vc import TYP, VCT, claim_paths, open_disclosures, read_credential, select
from formats.status_list.entries import INVALID, SUSPENDED, VALID, build_entries
from formats.status_list.token import build_token
from formats.type_metadata import resident_id_metadata
from keys.jwk import point_from_jwk
from tests.builders.credentials import AUDIENCE, CLAIMS, NONCE, WORLD, a_credential, a_presentation
from tests.builders.trust import BUREAU, DAY, NOW, PUBLIC_URL
from tests.judges.child import Judge, JudgeRefused
from tests.judges.keys import flipped, private, public

MAX_BYTES: Final = 65_536
STATUS_URI: Final = f"{PUBLIC_URL}/status/{BUREAU}/1"
INDEX: Final = 4711


def a_list(status: int = VALID, *, bits: int = 2) -> str:
    return build_token(
        STATUS_URI,
        build_entries(1 << 16, bits, {INDEX: status}),
        bits=bits,
        issued_at=NOW - 3600,
        expires_at=NOW + DAY,
        ttl_seconds=300,
        signer=WORLD.issuer,
    )


def verified(judge: Judge, token: str, **changes: Any) -> Any:
    expected = {"issuer": public(WORLD.issuer), "nonce": None, "now": NOW, "statusList": a_list()}
    return judge.ask("sd_jwt_vc_verify", token=token, **{**expected, **changes})


def with_a_flipped_bit(token: str, part: int) -> str:
    """A bit flipped in the signature that ends a JWS: 2 is the issuer's, 4 the holder's."""
    parts = token.split(".")
    signature, tilde, rest = parts[part].partition("~")
    parts[part] = base64url.encode(flipped(base64url.decode(signature), 40)) + tilde + rest
    return ".".join(parts)


def test_the_library_verifies_what_we_issue(judge_in_node: Judge) -> None:
    issued = a_credential()
    with pytest.raises(JudgeRefused, match="Signature"):
        verified(judge_in_node, with_a_flipped_bit(issued, 2))
    answer = verified(judge_in_node, issued)
    assert answer["payload"] == open_disclosures(read_credential(issued))
    assert {name: answer["payload"][name] for name in CLAIMS} == CLAIMS
    assert answer["header"]["typ"] == TYP


@pytest.mark.parametrize(
    "paths",
    [
        (),
        (("full_name",),),
        (("age_equal_or_over", "18"),),
        (("address",), ("sex",)),
        claim_paths(a_credential()),
    ],
)
def test_the_library_verifies_what_we_present(judge_in_node: Judge, paths: tuple[tuple[str, ...], ...]) -> None:
    selected = select(a_credential(), paths)
    token = bind(selected, nonce=NONCE, audience=AUDIENCE, now=NOW, signer=WORLD.holder)
    for place in (2, 4):
        with pytest.raises(JudgeRefused):
            verified(judge_in_node, with_a_flipped_bit(token, place), nonce=NONCE)
    answer = verified(judge_in_node, token, nonce=NONCE)
    assert answer["payload"] == open_disclosures(read_credential(selected))
    assert (answer["binding"]["aud"], answer["binding"]["nonce"]) == (AUDIENCE, NONCE)


def test_the_library_refuses_another_nonce_key_time_and_set_of_disclosures(judge_in_node: Judge) -> None:
    token = a_presentation()
    swapped = a_presentation(("sex",)).rsplit("~", 1)[0] + "~" + token.rsplit("~", 1)[1]
    for presentation, changes in (
        (token, {"nonce": NONCE + "x"}),
        (token, {"nonce": NONCE, "issuer": public(WORLD.holder)}),
        (token, {"nonce": NONCE, "now": NOW + 21 * DAY}),
        (token, {"nonce": NONCE, "required": ["sex"]}),
        (swapped, {"nonce": NONCE}),
    ):
        with pytest.raises(JudgeRefused):
            verified(judge_in_node, presentation, **changes)
    assert verified(judge_in_node, token, nonce=NONCE, required=["full_name"])


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_library_reads_our_status_list_of_every_width(judge_in_node: Judge, bits: int) -> None:
    token, good = a_credential(), a_list(bits=bits)
    with pytest.raises(JudgeRefused, match="Status List JWT verification failed"):
        verified(judge_in_node, token, statusList=with_a_flipped_bit(good, 2))
    for status in (INVALID, SUSPENDED)[: 1 if bits == 1 else 2]:
        with pytest.raises(JudgeRefused, match="Status is not valid"):
            verified(judge_in_node, token, statusList=a_list(status, bits=bits))
    assert verified(judge_in_node, token, statusList=good)


FOREIGN: Final[dict[str, Any]] = {
    "vct": "urn:example:1",
    "iat": NOW - DAY,
    "name": "样例",
    "address": {"street": "一号", "town": "示例市"},
    "nationalities": ["CN", "XX"],
}


def issued_by_the_library(judge: Judge) -> str:
    return str(
        judge.ask(
            "sd_jwt_vc_issue",
            claims={**FOREIGN, "cnf": {"jwk": public(WORLD.holder)}},
            hidden={"_sd": ["name", "address"], "address": {"_sd": ["town"]}, "nationalities": {"_sd": [0]}},
            decoys=3,
            issuer=private(WORLD.issuer),
        )
    )


def test_we_verify_what_the_library_issues(judge_in_node: Judge) -> None:
    parts = split(issued_by_the_library(judge_in_node), typ=TYP, max_bytes=MAX_BYTES)
    assert not parts.jws.signed_by(WORLD.holder.point)
    assert parts.jws.signed_by(WORLD.issuer.point)
    claims = open_claims(json.loads(parts.jws.payload), parts.disclosures, never=(), max_bytes=MAX_BYTES)
    assert {name: claims[name] for name in FOREIGN} == FOREIGN


def test_we_verify_what_the_library_presents(judge_in_node: Judge) -> None:
    presented = judge_in_node.ask(
        "sd_jwt_vc_present",
        token=issued_by_the_library(judge_in_node),
        shown={"name": True, "address": {"town": True}},
        holder=private(WORLD.holder),
        nonce=NONCE,
        audience=AUDIENCE,
        now=NOW,
    )
    parts = split(presented, typ=TYP, max_bytes=MAX_BYTES)
    payload = json.loads(parts.jws.payload)
    binding = read_key_binding(parts)
    check_holder_signature(parts, binding, point_from_jwk(payload["cnf"]["jwk"]))
    check_freshness(binding, nonce=NONCE, audience=AUDIENCE, now=NOW, max_age_seconds=60, tolerance_seconds=30)
    claims = open_claims(payload, parts.disclosures, never=(), max_bytes=MAX_BYTES)
    assert (claims["name"], claims["address"]) == ("样例", FOREIGN["address"])
    assert claims["nationalities"] == ["XX"]


def test_the_library_shows_what_we_issued_and_we_verify_it(judge_in_node: Judge) -> None:
    presented = judge_in_node.ask(
        "sd_jwt_vc_present",
        token=a_credential(),
        shown={"full_name": True, "age_equal_or_over": {"18": True}},
        holder=private(WORLD.holder),
        nonce=NONCE,
        audience=AUDIENCE,
        now=NOW,
    )
    parts = split(presented, typ=TYP, max_bytes=MAX_BYTES)
    check_holder_signature(parts, read_key_binding(parts), WORLD.holder.point)
    opened = open_disclosures(read_credential(presented.rsplit("~", 1)[0] + "~"))
    assert opened["full_name"] == CLAIMS["full_name"]
    assert opened["age_equal_or_over"] == {"18": True}
    assert "sex" not in opened


def test_the_library_reads_our_type_metadata(judge_in_node: Judge) -> None:
    document = resident_id_metadata()
    good = json.loads(document)
    for spoilt in (
        {**good, "vct": 7},
        {**good, "claims": [{**good["claims"][0], "path": "full_name"}, *good["claims"][1:]]},
        {**good, "claims": [{**good["claims"][0], "sd": "sometimes"}, *good["claims"][1:]]},
    ):
        with pytest.raises(JudgeRefused):
            judge_in_node.ask("sd_jwt_vc_type_metadata", document=json.dumps(spoilt))
    read = judge_in_node.ask("sd_jwt_vc_type_metadata", document=document.decode())
    assert (read["vct"], len(read["claims"])) == (VCT, len(good["claims"]))
    named = [{label["locale"] for label in claim["display"]} for claim in read["claims"]]
    assert all({"zh-CN", "en"} <= locales for locales in named), named
