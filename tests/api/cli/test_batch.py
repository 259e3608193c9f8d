from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.clock import rfc3339
from core.reasons import Reason
from formats.encoding import base64url
from keys.certificates import certificates_to_pem
from keys.signing import InProcessSigner
from tests.api.cli.command import (
    PROCESS_SECONDS,
    ROOT,
    Ran,
    assert_one_sentence,
    eid,
    environment,
    json_of,
    on_a_terminal,
)
from tests.api.cli.world import Issued, Reader
from tests.builders import mdoc, qr
from tests.builders.certificates import a_leaf, a_root, key_identifier
from tests.builders.presentations import EXPECTED, INDEX, REAL_ISSUER, STATUS_URI, Showing, status_token
from tests.builders.presentations import ROOT as NATIONAL_ROOT
from tests.builders.reading import GATE, a_bundle_file
from tests.builders.trust import NOW, seeded_signer
from verifier.lines import LINE_MAX_BYTES

GREEN: tuple[str | None, list[str]] = ("GREEN", [])
SD_JWT: dict[str, Any] = {
    "id": "sd-jwt",
    "presentation": Showing().text,
    "format": "dc+sd-jwt",
    "nonce": EXPECTED.nonce,
    "audience": EXPECTED.audience,
    "now": NOW,
}
MDOC: dict[str, Any] = {
    "id": "mdoc",
    "presentation": base64url.encode(mdoc.Answer().data),
    "format": "mso_mdoc",
    "session_transcript": base64url.encode(mdoc.TRANSCRIPT),
    "now": NOW,
}
EID1: dict[str, Any] = {
    "id": "qr",
    "presentation": qr.show_one_way(qr.issue()),
    "format": "eid1",
    "now": qr.NOW,
    "policy": GATE,
}


@pytest.fixture
def anchor(tmp_path: Path) -> tuple[str, Path]:
    path = tmp_path / "root.pem"
    path.write_bytes(certificates_to_pem([NATIONAL_ROOT.certificate]))
    return "--trust-anchor", path


@pytest.fixture
def statuses(tmp_path: Path) -> tuple[str, Path]:
    path = tmp_path / "statuses.json"
    path.write_text(json.dumps({STATUS_URI: status_token()}))
    return "--status-map", path


def spelled(*lines: dict[str, Any] | str) -> bytes:
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines).encode()


def batch(*arguments: str | Path, given: bytes, policy: str = "parcel-desk") -> Ran:
    """A batch by somebody who has no home and no passphrase."""
    return eid("verify", "--batch", *arguments, "--policy", policy, given=given, EID_PASSPHRASE=None, EID_HOME=None)


def answers(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def said(ran: Ran) -> list[tuple[str | None, list[str]]]:
    return [(answer["verdict"], answer["reasons"]) for answer in answers(ran)]


# --- with a root and nothing else ------------------------------------------------------------------------------------


def test_each_line_is_answered_in_its_order(anchor: tuple[str, Path], statuses: tuple[str, Path]) -> None:
    forged = {**SD_JWT, "id": 7, "nonce": "another"}
    ran = batch(*anchor, *statuses, given=spelled(SD_JWT, MDOC, forged))
    assert (ran.code, ran.err) == (0, "")
    assert answers(ran) == [
        {"id": "sd-jwt", "verdict": "GREEN", "reasons": [], "fetched": [STATUS_URI]},
        {"id": "mdoc", "verdict": "GREEN", "reasons": [], "fetched": [STATUS_URI]},
        {"id": 7, "verdict": "RED", "reasons": ["nonce_mismatch"], "fetched": []},
    ]


def test_lines_come_from_a_file_too(anchor: tuple[str, Path], statuses: tuple[str, Path], tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_bytes(spelled(SD_JWT).rstrip())
    assert said(batch(tmp_path / "lines.jsonl", *anchor, *statuses, given=b"")) == [GREEN]
    ran = batch(tmp_path / "none.jsonl", *anchor, *statuses, given=b"")
    assert_one_sentence(ran, Reason.FILE_UNREADABLE, 1)


def test_nothing_is_judged_and_nothing_is_wrong_in_an_empty_batch(anchor: tuple[str, Path]) -> None:
    for given in (b"", b"\n", b" \r\n\n"):
        assert batch(*anchor, given=given) == Ran(0, "", "")


def test_a_line_that_cannot_be_judged_does_not_stop_the_rest(
    anchor: tuple[str, Path], statuses: tuple[str, Path]
) -> None:
    bad = ("{", "[]", '"\\ud800"', {**SD_JWT, "format": "jwt_vc"}, {**SD_JWT, "nonce": None}, EID1, "\0")
    ran = batch(*anchor, *statuses, given=spelled(*bad, SD_JWT))
    assert ran.code == 1
    reasons = [
        "json_malformed",
        "request_malformed",
        "json_malformed",
        "form_unknown",
        "request_malformed",
        "bundle_missing",
        "json_malformed",
    ]
    assert said(ran) == [*[(None, [reason]) for reason in reasons], GREEN]
    assert "7 of 8" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("size", [LINE_MAX_BYTES + 1, LINE_MAX_BYTES + 2, LINE_MAX_BYTES + 3, 5 * LINE_MAX_BYTES])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_that_is_too_large_is_passed_over(
    anchor: tuple[str, Path], statuses: tuple[str, Path], size: int, end: bytes
) -> None:
    ran = batch(*anchor, *statuses, given=b"A" * size + end + (spelled(SD_JWT) if end else b""))
    assert said(ran) == [(None, ["too_large"]), *([GREEN] if end else [])]


def test_the_largest_line_is_judged(anchor: tuple[str, Path], statuses: tuple[str, Path]) -> None:
    line = json.dumps({**SD_JWT, "presentation": ""})
    filled = line.replace('""', '"' + "A" * (LINE_MAX_BYTES - len(line)) + '"')
    for end in (b"", b"\n", b"\r\n"):
        assert said(batch(*anchor, *statuses, given=filled.encode() + end))[0][0] == "RED"


def test_a_status_is_what_the_map_says_and_else_unknown(anchor: tuple[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    given = spelled(SD_JWT)
    path.write_text(json.dumps({STATUS_URI: status_token({INDEX: 1})}))
    assert said(batch(*anchor, "--status-map", path, given=given)) == [("RED", ["status_revoked"])]
    path.write_text("{}")
    (answer,) = answers(batch(*anchor, "--status-map", path, given=given))
    assert (answer["verdict"], answer["reasons"], answer["fetched"]) == ("AMBER", ["status_unknown"], [STATUS_URI])
    (answer,) = answers(batch(*anchor, given=given))
    assert (answer["verdict"], answer["reasons"], answer["fetched"]) == ("AMBER", ["status_unknown"], [])


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"a":1}', '{"a":{}}'])
def test_a_status_map_that_is_none_is_for_the_operator_to_put_right(
    anchor: tuple[str, Path], tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_text(content)
    ran = batch(*anchor, "--status-map", path, given=b"")
    assert_one_sentence(ran, Reason.FILE_UNREADABLE, 64)
    assert "bad.json" in ran.err


@pytest.mark.parametrize("content", [None, b"", b"PEM"])
def test_a_root_that_is_none_is_for_the_operator_to_put_right(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.pem"
    if content is not None:
        path.write_bytes(content)
    ran = batch("--trust-anchor", path, given=spelled(SD_JWT))
    assert_one_sentence(ran, Reason.FILE_UNREADABLE, 64)
    assert "bad.pem" in ran.err


def test_refuses_what_another_root_signed(anchor: tuple[str, Path]) -> None:
    line = {**SD_JWT, "presentation": Showing(issuer=REAL_ISSUER).text}
    assert said(batch(*anchor, given=spelled(line))) == [("RED", ["issuer_unknown"])]


def test_nothing_is_left_behind_by_a_run_without_a_home(
    anchor: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    batch(*anchor, given=spelled(SD_JWT))
    assert list((tmp_path / "here").iterdir()) == []


def test_a_root_and_a_bundle_judge_every_form(anchor: tuple[str, Path], tmp_path: Path) -> None:
    bundle = tmp_path / "post.eid"
    bundle.write_bytes(a_bundle_file())
    ran = batch(*anchor, "--bundle", bundle, given=spelled(EID1, {**EID1, "now": qr.NOW + 120}, EID1))
    assert (ran.code, said(ran)) == (0, [GREEN, ("RED", ["code_expired"]), GREEN])
    late = {**EID1, "now": qr.NOW + 900 * qr.DAY}
    ran = batch(*anchor, "--bundle", bundle, given=spelled(late, EID1))
    assert (ran.code, said(ran)[1]) == (1, GREEN)
    assert said(ran)[0][0] is None


def test_one_presentation_is_judged_without_a_home_too(anchor: tuple[str, Path], statuses: tuple[str, Path]) -> None:
    told = ("--nonce", EXPECTED.nonce, "--audience", EXPECTED.audience)
    common = (*anchor, *statuses, "--policy", "parcel-desk", "--now", rfc3339(NOW), "--evidence")
    ran = json_of("verify", SD_JWT["presentation"], *told, *common)
    assert (ran.code, ran.facts["verdict"]) == (0, "GREEN")
    session = ("--session-transcript", MDOC["session_transcript"])
    ran = json_of("verify", "-", *session, *common, given=MDOC["presentation"].encode() + b"\n")
    assert (ran.code, ran.facts["verdict"]) == (0, "GREEN")


@pytest.mark.parametrize(
    ("presentation", "named"), [(SD_JWT["presentation"], "nonce"), (MDOC["presentation"], "session transcript")]
)
def test_what_answers_a_request_is_not_judged_without_it(
    anchor: tuple[str, Path], presentation: str, named: str
) -> None:
    ran = eid("verify", "-", *anchor, given=presentation.encode())
    assert_one_sentence(ran, Reason.REQUEST_MALFORMED, 1)
    assert named in ran.err


def test_half_of_a_request_is_wrong_use(anchor: tuple[str, Path]) -> None:
    for half in (("--nonce", "n"), ("--audience", "a")):
        assert eid("verify", SD_JWT["presentation"], *anchor, *half).code == 64
    bad = ("--session-transcript", "AA=")
    assert_one_sentence(eid("verify", MDOC["presentation"], *anchor, *bad), Reason.BASE64URL_MALFORMED, 1)


# --- credentials of others -------------------------------------------------------------------------------------------


def foreign_signer(name: str = "foreign leaf", *, organization: tuple[tuple[str, str], ...] = ()) -> InProcessSigner:
    """A document signer that another country's root vouches for, with or without an organizationIdentifier."""
    signer, recipe = seeded_signer(name), a_leaf()
    recipe.subject = (("C", "CN"), ("O", "Foreign"), *organization, ("CN", name))
    recipe.public_key = signer.private_key.public_key()
    recipe.extensions["ski"] = (key_identifier(signer.private_key), False)
    return signer.with_certificates(recipe.make())


def foreign_run(tmp_path: Path, credential: InProcessSigner, statuses: InProcessSigner) -> tuple[str | None, list[str]]:
    (tmp_path / "root.pem").write_bytes(certificates_to_pem([a_root().make()]))
    (tmp_path / "map.json").write_text(json.dumps({STATUS_URI: status_token(signer=statuses)}))
    shown = Showing(issuer=credential, specimen=False, iss=None)
    common = ("--trust-anchor", tmp_path / "root.pem", "--status-map", tmp_path / "map.json")
    (found,) = said(batch(*common, given=spelled({**SD_JWT, "presentation": shown.text})))
    return found


def test_a_signer_that_names_no_organization_speaks_for_its_own_certificate_alone(tmp_path: Path) -> None:
    signer, other = foreign_signer(), foreign_signer("foreign other")
    assert foreign_run(tmp_path, signer, signer) == GREEN
    assert foreign_run(tmp_path, signer, other) == ("RED", ["status_wrong_bureau"])


def test_two_signers_of_one_organization_speak_for_each_other(tmp_path: Path) -> None:
    named, also = (foreign_signer(name, organization=(("ID", "NTRDE-1"),)) for name in ("foreign leaf", "foreign two"))
    assert foreign_run(tmp_path, named, also) == GREEN
    other = foreign_signer("foreign other", organization=(("ID", "NTRDE-2"),))
    assert foreign_run(tmp_path, named, other) == ("RED", ["status_wrong_bureau"])
    assert foreign_run(tmp_path, named, foreign_signer()) == ("RED", ["status_wrong_bureau"])


def test_a_credential_of_another_type_may_be_genuine_and_is_never_green(
    anchor: tuple[str, Path], statuses: tuple[str, Path]
) -> None:
    other = {**SD_JWT, "presentation": Showing(vct="urn:example:other:1").text}
    assert said(batch(*anchor, *statuses, given=spelled(other))) == [("AMBER", ["field_missing"])]


# --- at a post -------------------------------------------------------------------------------------------------------


def test_a_post_judges_a_batch_by_its_bundle_and_remembers(issued: Issued, reader: Reader) -> None:
    code = {"presentation": issued.show(), "format": "eid1"}
    ran = eid("--home", reader.home, "verify", "--batch", "--policy", GATE, given=spelled(code, code))
    assert (ran.code, said(ran)) == (0, [GREEN, ("AMBER", ["seen_here"])])


def test_a_post_without_a_root_judges_nothing(tmp_path: Path) -> None:
    assert_one_sentence(eid("--home", tmp_path, "verify", "--batch", given=spelled(EID1)), Reason.PIN_MISSING, 64)


def test_what_does_not_go_with_a_batch_is_wrong_use(anchor: tuple[str, Path], statuses: tuple[str, Path]) -> None:
    for wrong in (("--nonce", "n"), ("--audience", "a"), ("--mode", "one-way"), ("--session-transcript", "AA")):
        assert batch(*anchor, *wrong, given=b"").code == 64
    assert batch(*anchor, *statuses, "--online", given=b"").code == 64


def test_a_terminal_sees_how_far_it_is(anchor: tuple[str, Path], tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_bytes(spelled(*[SD_JWT] * 3))
    code, shown = on_a_terminal("verify", "--batch", lines, *anchor)
    assert code == 0
    assert "verify" in shown


# --- one at a time ---------------------------------------------------------------------------------------------------


def test_each_answer_is_there_before_the_next_line_is_asked_for(anchor: tuple[str, Path]) -> None:
    command = [sys.executable, "-m", "api.cli.main", "verify", "--batch", *map(str, anchor)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), cwd=ROOT
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for name in ("first", "second"):
            running.stdin.write(spelled({**SD_JWT, "id": name}))
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["id"] == name
        running.stdin.close()
        assert running.wait(PROCESS_SECONDS) == 0
