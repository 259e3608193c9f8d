"""One line of a batch: a presentation and what it must answer in, its verdict out. The verification API's body is one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from core.errors import EidError, MalformedInput
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from formats.mdoc.session_transcript import read_transcript
from formats.site_policy import PAPER, Mode
from verifier.checkpoint.report import to_json
from verifier.checks.case import ExpectedBinding
from verifier.checks.mdoc.case import ExpectedSession
from verifier.reading import (
    EID1,
    Reader,
    Reading,
    StatedChallenge,
    Terms,
    read_card,
    read_device_response,
    read_presentation,
    read_qr,
)
from verifier.trust import MDOC, SD_JWT_VC

LINE_MAX_BYTES: Final = 128 * 1024
FORMATS: Final = (SD_JWT_VC, MDOC, EID1, PAPER)
_FIELDS: Final = frozenset({"id", "presentation", "format", "nonce", "audience", "now", "session_transcript", "policy"})
_TEXT_MAX: Final = 512
_TRANSCRIPT_MAX: Final = 8 * 1024
_LATEST: Final = 1 << 33
_HASH_BYTES: Final = 32
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)

ReaderAt: TypeAlias = Callable[[int | None], Reader]
"""Gives the reader that judges as of an instant (seconds since 1970), or now."""


@dataclass(frozen=True, slots=True)
class Line:
    """One presentation to judge. What its form does not need may stand in it, and is not looked at.

    id:              the caller's own name for it, given back; None where it has none.
    presentation:    text; mso_mdoc: the DeviceResponse in base64url.
    format:          ``dc+sd-jwt``, ``mso_mdoc``, ``eid1`` or ``claim-169``.
    nonce, audience: of the request. dc+sd-jwt: both demanded. eid1: both for the answer to a challenge (the nonce is
                     base64url of SHA-256 of the challenge, the audience the post's id), neither for a one-way code.
    now:             seconds since 1970; given, the line is evidence, judged as of then.
    transcript:      mso_mdoc: demanded; the session transcript, CBOR. It holds what the device signature answers.
    policy:          the site policy's id; None for the strictest.
    """

    id: str | int | None
    presentation: str
    format: str
    nonce: str | None
    audience: str | None
    now: int | None
    transcript: bytes | None
    policy: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a batch says of one line.

    members: ``{id, verdict, reasons, fetched}``; a line that was not judged has the verdict null, the one reason why,
             and a ``detail``.
    judged:  whether it got a verdict.
    """

    members: dict[str, JsonValue]
    judged: bool


def read_line(data: bytes | str) -> Line:
    """Return one line of strict JSON; unknown, missing and doubled fields are refused, null is as if left out.

    ``now`` is a whole number of seconds or RFC 3339 text (``2026-11-20T08:00:00Z``).
    Raises MalformedInput: TOO_LARGE, JSON_MALFORMED, FORM_UNKNOWN, REQUEST_MALFORMED, and what the transcript is refused
    for.
    """
    return _line(_members(data))


def judge_line(line: Line, reader: Reader) -> dict[str, JsonValue]:
    """Return ``{id, verdict, reasons, fetched, …}``: the verdict's stable JSON with the line's id.

    Every presentation gets a verdict. Raises NotFound(POLICY_UNKNOWN), MalformedInput for a nonce that cannot be a
    challenge's, Misconfigured(BUNDLE_MISSING) for a form that only a trust table can judge.
    """
    reading = _read(line, reader)
    return {"id": line.id, **to_json(reading.verdict), "fetched": list[JsonValue](reading.fetched)}


def answer_line(data: bytes, reader_at: ReaderAt, *, policy: str | None = None, now: int | None = None) -> Answer:
    """Return what a batch says of one line: its verdict, or why it was not judged. Nothing of ours is raised.

    policy, now: for a line that names none.
    """
    name: str | int | None = None
    try:
        members = _members(data)
        name = _id(members.get("id"))
        line = _line(members)
        line = replace(line, policy=line.policy or policy, now=now if line.now is None else line.now)
        reading = _read(line, reader_at(line.now))
    except EidError as err:
        return not_judged(err, name)
    verdict = reading.verdict
    answer: dict[str, JsonValue] = {
        "id": name,
        "verdict": verdict.colour.value,
        "reasons": [reason.code for reason in verdict.reasons],
        "fetched": list[JsonValue](reading.fetched),
    }
    return Answer(answer, judged=True)


def not_judged(error: EidError, name: str | int | None = None) -> Answer:
    """Return the answer to a line that could not be judged."""
    members: dict[str, JsonValue] = {
        "id": name,
        "verdict": None,
        "reasons": [error.reason.code],
        "fetched": [],
        "detail": error.detail,
    }
    return Answer(members, judged=False)


def _read(line: Line, reader: Reader) -> Reading:
    terms = Terms(policy_id=line.policy, as_of=line.now)
    if line.format == PAPER:
        return read_card(line.presentation, reader, terms)
    if line.transcript is not None:
        return read_device_response(line.presentation, reader, terms, ExpectedSession(line.transcript))
    if line.nonce is None or line.audience is None:
        return read_qr(line.presentation, reader, replace(terms, mode=Mode.ONE_WAY))
    if line.format == SD_JWT_VC:
        return read_presentation(line.presentation, reader, terms, ExpectedBinding(line.nonce, line.audience))
    challenge_hash = base64url.decode(line.nonce)
    if len(challenge_hash) != _HASH_BYTES:
        raise _malformed("the nonce of an eid1 answer is the SHA-256 of its challenge")
    challenge = StatedChallenge(challenge_hash, line.audience)
    return read_qr(line.presentation, reader, replace(terms, mode=Mode.CHALLENGE, challenge=challenge))


def _members(data: bytes | str) -> dict[str, JsonValue]:
    members = json.decode(data, max_bytes=LINE_MAX_BYTES, max_depth=4)
    if not isinstance(members, dict):
        raise _malformed("a line is a JSON object")
    return {name: value for name, value in members.items() if value is not None}


def _line(members: dict[str, JsonValue]) -> Line:
    if not members.keys() <= _FIELDS:
        raise _malformed("a line carries a field that is not known")
    form = _form(members.get("format"))
    nonce, audience = _optional_text(members, "nonce"), _optional_text(members, "audience")
    if form == SD_JWT_VC and (nonce is None or audience is None):
        raise _malformed("dc+sd-jwt needs the nonce and the audience of the request")
    if form == EID1 and (nonce is None) is not (audience is None):
        raise _malformed("nonce and audience of a challenge come together")
    return Line(
        id=_id(members.get("id")),
        presentation=_presentation(members.get("presentation")),
        format=form,
        nonce=nonce,
        audience=audience,
        now=_instant(members["now"]) if "now" in members else None,
        transcript=_transcript(members.get("session_transcript")) if form == MDOC else None,
        policy=_optional_text(members, "policy"),
    )


def _form(value: JsonValue) -> str:
    if type(value) is str and value in FORMATS:
        return value
    named = f"the format {value!r:.40}" if type(value) is str and value.isascii() else "a format that is no word"
    raise MalformedInput(Reason.FORM_UNKNOWN, f"{named} is not known; accepted: {', '.join(FORMATS)}")


def _id(value: JsonValue) -> str | int | None:
    if value is None or type(value) is int or (type(value) is str and len(value) <= _TEXT_MAX):
        return value
    raise _malformed("id is a short text or a whole number")


def _presentation(value: JsonValue) -> str:
    if type(value) is not str or not value:
        raise _malformed("presentation is a text")
    return value


def _transcript(value: JsonValue) -> bytes:
    if type(value) is not str or not 0 < len(value) <= _TRANSCRIPT_MAX:
        raise _malformed("mso_mdoc needs the session_transcript, base64url")
    return read_transcript(base64url.decode(value))


def _optional_text(members: dict[str, JsonValue], name: str) -> str | None:
    value = members.get(name)
    if value is None or (type(value) is str and 0 < len(value) <= _TEXT_MAX):
        return value
    raise _malformed(f"{name} is a short text, or is left out")


def _instant(value: JsonValue) -> int:
    if type(value) is int and 0 <= value < _LATEST:
        return value
    if type(value) is str and _RFC_3339.fullmatch(value):
        try:
            instant = datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError):
            instant = -1
        if 0 <= instant < _LATEST:
            return int(instant)
    raise _malformed("now is a whole number of seconds, or RFC 3339 text")


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.REQUEST_MALFORMED, detail)
