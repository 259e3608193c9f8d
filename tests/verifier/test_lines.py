from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.clock import FixedClock
from core.errors import EidError
from core.reasons import Reason
from formats.encoding import base64url
from formats.encoding.json import JsonValue
from tests.builders import mdoc, qr
from tests.builders.presentations import EXPECTED, STATUS_URI, Showing, a_trust, bare_trust, status_token
from tests.builders.reading import CHALLENGE_HASH, GATE, a_reader
from tests.builders.trust import NOW
from verifier.gateways.status_lists import OnlineStatuses, StatedTokens
from verifier.lines import FORMATS, LINE_MAX_BYTES, answer_line, judge_line, read_line
from verifier.reading import Reader

COPY = qr.issue()
SD_JWT: dict[str, Any] = {
    "id": "1",
    "presentation": Showing().text,
    "format": "dc+sd-jwt",
    "nonce": EXPECTED.nonce,
    "audience": EXPECTED.audience,
    "policy": "parcel-desk",
}
MDOC: dict[str, Any] = {
    "id": "3",
    "presentation": base64url.encode(mdoc.Answer().data),
    "format": "mso_mdoc",
    "session_transcript": base64url.encode(mdoc.TRANSCRIPT),
    "policy": "parcel-desk",
}
EID1: dict[str, Any] = {"id": "2", "presentation": qr.show_one_way(COPY), "format": "eid1", "policy": GATE}


def desk(folder: Path) -> Reader:
    trust = a_trust()
    statuses = OnlineStatuses(StatedTokens({STATUS_URI: status_token()}), trust)
    return replace(a_reader(folder, clock=FixedClock(NOW), statuses=statuses), trust=trust)


def said(line: dict[str, Any], reader: Reader) -> tuple[JsonValue, JsonValue]:
    verdict = judge_line(read_line(json.dumps(line)), reader)
    return verdict["verdict"], verdict["reasons"]


def refused(data: bytes | str) -> Reason:
    with pytest.raises(EidError) as caught:
        read_line(data)
    return caught.value.reason


def test_a_line_of_each_form_gets_its_verdict(tmp_path: Path) -> None:
    verdict = judge_line(read_line(json.dumps(SD_JWT)), desk(tmp_path / "desk"))
    assert {name: verdict[name] for name in ("id", "verdict", "reasons", "fetched")} == {
        "id": "1",
        "verdict": "GREEN",
        "reasons": [],
        "fetched": [STATUS_URI],
    }
    assert said(EID1, a_reader(tmp_path / "gate")) == ("GREEN", [])
    assert said(EID1, a_reader(tmp_path / "gate")) == ("AMBER", ["seen_here"])


def test_nonce_and_audience_make_a_line_of_a_qr_code_the_answer_to_a_challenge(tmp_path: Path) -> None:
    answer = qr.show_answer(COPY, challenge_hash=CHALLENGE_HASH)
    asked = {"nonce": base64url.encode(CHALLENGE_HASH), "audience": qr.POST_ID}
    reader = a_reader(tmp_path)
    assert said({**EID1, **asked, "presentation": answer}, reader) == ("GREEN", [])
    assert said({**EID1, **asked}, reader) == ("RED", ["wrong_mode"])
    assert said({**EID1, "presentation": answer}, reader) == ("RED", ["wrong_mode"])
    assert said({**EID1, **asked, "presentation": answer, "audience": "post-0002"}, reader)[1] == ["wrong_audience"]


def test_a_line_with_a_time_is_evidence(tmp_path: Path) -> None:
    reader = a_reader(tmp_path, clock=FixedClock(qr.NOW + 99 * qr.DAY))
    for now in (qr.NOW, "2026-12-02T12:00:00Z", "2026-12-02T20:00:00+08:00", "2026-12-02T12:00:00.5Z"):
        for _ in range(2):
            assert said({**EID1, "now": now}, reader) == ("GREEN", [])
    assert said({**EID1, "now": qr.NOW + 120}, reader) == ("RED", ["code_expired"])


def test_an_mdoc_is_judged_in_the_session_of_its_line(tmp_path: Path) -> None:
    verdict = judge_line(read_line(json.dumps(MDOC)), desk(tmp_path))
    assert (verdict["verdict"], verdict["reasons"], verdict["fetched"]) == ("GREEN", [], [STATUS_URI])
    other = {**MDOC, "session_transcript": base64url.encode(mdoc.OTHER_TRANSCRIPT)}
    assert said(other, desk(tmp_path)) == ("RED", ["holder_signature_invalid"])


def test_an_mdoc_that_is_no_base64url_is_refused_like_any_malformed_presentation(tmp_path: Path) -> None:
    for text in ("o2d2\u0000", MDOC["presentation"] + "=", "o"):
        assert said({**MDOC, "presentation": text}, desk(tmp_path)) == ("RED", ["base64url_malformed"])


@pytest.mark.parametrize(
    ("transcript", "reason"),
    [
        (None, Reason.REQUEST_MALFORMED),
        ("", Reason.REQUEST_MALFORMED),
        (7, Reason.REQUEST_MALFORMED),
        ("A" * 9000, Reason.REQUEST_MALFORMED),
        ("g_b2=", Reason.BASE64URL_MALFORMED),
        (base64url.encode(b"\x82\xf6\xf6"), Reason.CBOR_MALFORMED),
    ],
)
def test_refuses_an_mdoc_without_its_session(transcript: object, reason: Reason) -> None:
    assert refused(json.dumps({**MDOC, "session_transcript": transcript})) is reason


def test_a_printed_card_answers_nothing(tmp_path: Path) -> None:
    card = {"presentation": "6BF", "format": "claim-169", "policy": GATE}
    assert said(card, a_reader(tmp_path))[0] == "RED"
    assert said({**card, "nonce": "n"}, a_reader(tmp_path)) == said(card, a_reader(tmp_path))


def test_half_of_a_challenge_is_none() -> None:
    for half in ({"nonce": "AAAA"}, {"audience": "post-1"}):
        assert refused(json.dumps({**EID1, **half})) is Reason.REQUEST_MALFORMED


def test_null_is_as_if_left_out(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("id", "nonce", "audience", "now", "session_transcript"))
    assert said({**EID1, **nothing}, a_reader(tmp_path)) == ("GREEN", [])


# --- the answers of a batch ------------------------------------------------------------------------------------------


def answered(line: dict[str, Any] | bytes, reader: Reader, **defaults: Any) -> tuple[dict[str, JsonValue], bool]:
    data = line if isinstance(line, bytes) else json.dumps(line).encode()
    answer = answer_line(data, lambda _: reader, **defaults)
    return answer.members, answer.judged


def test_a_batch_answers_with_the_verdict_of_the_same_line(tmp_path: Path) -> None:
    for line in (SD_JWT, MDOC, {**SD_JWT, "nonce": "another"}):
        full = judge_line(read_line(json.dumps(line)), desk(tmp_path))
        members, judged = answered(line, desk(tmp_path))
        assert judged
        assert members == {name: full[name] for name in ("id", "verdict", "reasons", "fetched")}


def test_a_line_that_was_not_judged_says_why_by_its_name(tmp_path: Path) -> None:
    for line, reason in (
        ({**EID1, "policy": "no-such-site"}, "policy_unknown"),
        ({**EID1, "more": 1}, "request_malformed"),
        ({**EID1, "nonce": "AAAA", "audience": "a"}, "request_malformed"),
    ):
        members, judged = answered(line, a_reader(tmp_path))
        assert not judged
        assert (members["id"], members["verdict"], members["reasons"], members["fetched"]) == ("2", None, [reason], [])
    assert answered(b"{", a_reader(tmp_path))[0]["id"] is None


def test_a_form_that_is_not_known_is_named_with_those_that_are(tmp_path: Path) -> None:
    members, _ = answered({**EID1, "format": "jwt_vc"}, a_reader(tmp_path))
    assert members["reasons"] == ["form_unknown"]
    assert all(form in str(members["detail"]) for form in ("jwt_vc", *FORMATS))


def test_a_bare_root_judges_no_form_whose_keys_only_a_table_names(tmp_path: Path) -> None:
    reader = replace(a_reader(tmp_path), trust=bare_trust())
    for line in (EID1, {"presentation": "6BF", "format": "claim-169"}):
        members, judged = answered({**line, "now": NOW}, reader)
        assert (judged, members["reasons"]) == (False, ["bundle_missing"])


def test_what_a_batch_says_for_all_lines_holds_where_a_line_says_nothing(tmp_path: Path) -> None:
    reader = a_reader(tmp_path, clock=FixedClock(qr.NOW + 99 * qr.DAY))
    line = {name: value for name, value in EID1.items() if name != "policy"}
    assert answered(line, reader, policy=GATE, now=qr.NOW)[0]["verdict"] == "GREEN"
    assert answered({**line, "now": qr.NOW + 120}, reader, policy=GATE, now=qr.NOW)[0]["reasons"] == ["code_expired"]
    assert answered({**line, "policy": "no-such-site"}, reader, policy=GATE)[0]["reasons"] == ["policy_unknown"]


def test_without_a_policy_the_strictest_holds(tmp_path: Path) -> None:
    line = {name: value for name, value in EID1.items() if name != "policy"}
    assert said(line, a_reader(tmp_path)) == ("RED", ["wrong_mode"])


def test_the_id_is_given_back_as_it_came(tmp_path: Path) -> None:
    for name in ("a", 7, None):
        line = read_line(json.dumps({**EID1, "id": name, "presentation": "x"}))
        assert judge_line(line, a_reader(tmp_path))["id"] == name
    assert read_line(json.dumps({name: value for name, value in EID1.items() if name != "id"})).id is None


def test_a_policy_that_does_not_exist_is_not_a_verdict(tmp_path: Path) -> None:
    with pytest.raises(EidError) as caught:
        said({**EID1, "policy": "no-such-site"}, a_reader(tmp_path))
    assert caught.value.reason is Reason.POLICY_UNKNOWN


@pytest.mark.parametrize("nonce", ["AAAA", "not base64url!", "A" * 44])
def test_refuses_a_nonce_that_cannot_be_a_challenges(tmp_path: Path, nonce: str) -> None:
    with pytest.raises(EidError) as caught:
        said({**EID1, "nonce": nonce, "audience": qr.POST_ID}, a_reader(tmp_path))
    assert caught.value.reason in {Reason.REQUEST_MALFORMED, Reason.BASE64URL_MALFORMED}


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": None},
        {"audience": None},
        {"nonce": ""},
        {"nonce": 7},
        {"audience": ["a"]},
        {"policy": 1},
        {"policy": "x" * 600},
        {"now": "yesterday"},
        {"now": -1},
        {"now": True},
        {"now": 1.5},
        {"now": "2026-13-01T00:00:00Z"},
        {"now": "2026-11-20 08:00:00Z"},
        {"now": "2026-11-20T08:00:00"},
        {"now": "1969-12-31T23:59:59Z"},
        {"now": "9999-12-31T23:59:59-23:59"},
        {"id": {}},
        {"id": True},
        {"id": "x" * 600},
        {"presentation": None},
        {"presentation": ""},
        {"presentation": {}},
        {"unknown": 1},
    ],
)
def test_refuses_a_line_with_a_field_of_another_kind(changes: dict[str, Any]) -> None:
    assert refused(json.dumps({**SD_JWT, **changes})) is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize("left_out", ["nonce", "audience", "presentation"])
def test_refuses_a_line_that_leaves_out_what_its_form_needs(left_out: str) -> None:
    line = {name: value for name, value in SD_JWT.items() if name != left_out}
    assert refused(json.dumps(line)) is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize("form", [None, "jwt_vc", "EID1", 1, "vc+sd-jwt", "claim169", ["eid1"]])
def test_refuses_a_form_that_is_not_known(form: object) -> None:
    assert refused(json.dumps({**SD_JWT, "format": form})) is Reason.FORM_UNKNOWN


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "[]x",
        '{"id":1,"id":2}',
        '{"now":NaN}',
        b"\xff\xfe{}",
        '{"a":' + "[" * 99_000,
        '{"now":' + "9" * 5000 + "}",
    ],
)
def test_refuses_what_is_not_strict_json(data: bytes | str) -> None:
    assert refused(data) is Reason.JSON_MALFORMED


@pytest.mark.parametrize("data", ["[]", "null", "1", '"line"'])
def test_refuses_what_is_no_object(data: str) -> None:
    assert refused(data) is Reason.REQUEST_MALFORMED


def test_refuses_a_line_that_is_too_large() -> None:
    assert refused(json.dumps({**SD_JWT, "presentation": "A" * LINE_MAX_BYTES})) is Reason.TOO_LARGE
