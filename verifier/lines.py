"""One line of a batch: a presentation and what it must answer in, its verdict out. The verification API's body is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding import base64url, json
from formats.encoding.json import JsonValue
from formats.site_policy import Mode
from verifier.checkpoint.report import to_json
from verifier.checks.case import ExpectedBinding
from verifier.reading import EID1, Reader, Reading, StatedChallenge, Terms, read_presentation, read_qr
from verifier.trust import SD_JWT_VC

LINE_MAX_BYTES: Final = 128 * 1024
FORMATS: Final = (SD_JWT_VC, EID1)
_FIELDS: Final = frozenset({"id", "presentation", "format", "nonce", "audience", "now", "policy"})
_TEXT_MAX: Final = 512
_LATEST: Final = 1 << 33
_HASH_BYTES: Final = 32
_TIME_TEXT: Final = len("2026-11-20T08:00:00Z")


@dataclass(frozen=True, slots=True)
class Line:
    """One presentation to judge.

    id:              the caller's own name for it, given back; None where it has none.
    format:          ``dc+sd-jwt`` or ``eid1``.
    nonce, audience: of the request. dc+sd-jwt: both demanded. eid1: both for the answer to a challenge (the nonce is
                     base64url of SHA-256 of the challenge, the audience the post's id), neither for a one-way code.
    now:             seconds since 1970; given, the line is evidence, judged as of then.
    policy:          the site policy's id; None for the strictest.
    """

    id: str | int | None
    presentation: str
    format: str
    nonce: str | None
    audience: str | None
    now: int | None
    policy: str | None


def read_line(data: bytes | str) -> Line:
    """Return one line of strict JSON; unknown, missing and doubled fields are refused.

    ``now`` is a whole number of seconds or RFC 3339 text in UTC (``2026-11-20T08:00:00Z``).
    Raises MalformedInput: TOO_LARGE, JSON_MALFORMED, FORM_UNKNOWN, REQUEST_MALFORMED.
    """
    members = json.decode(data, max_bytes=LINE_MAX_BYTES, max_depth=4)
    if not isinstance(members, dict):
        raise _malformed("a line is a JSON object")
    if not members.keys() <= _FIELDS:
        raise _malformed("a line carries a field that is not known")
    form = members.get("format")
    if form not in FORMATS:
        raise MalformedInput(Reason.FORM_UNKNOWN, f"format is one of {', '.join(FORMATS)}")
    nonce, audience = _optional_text(members, "nonce"), _optional_text(members, "audience")
    if (nonce is None) is not (audience is None) or (form == SD_JWT_VC and nonce is None):
        raise _malformed("nonce and audience of the request come together, and dc+sd-jwt needs them")
    return Line(
        id=_id(members.get("id")),
        presentation=_presentation(members.get("presentation")),
        format=str(form),
        nonce=nonce,
        audience=audience,
        now=_instant(members["now"]) if "now" in members else None,
        policy=_optional_text(members, "policy"),
    )


def judge_line(line: Line, reader: Reader) -> dict[str, JsonValue]:
    """Return ``{id, verdict, reasons, fetched, …}``: the verdict's stable JSON with the line's id.

    Every presentation gets a verdict. Raises NotFound(POLICY_UNKNOWN), MalformedInput for a nonce that cannot be a
    challenge's, Misconfigured(BUNDLE_MISSING).
    """
    reading = _read(line, reader)
    return {"id": line.id, **to_json(reading.verdict), "fetched": list[JsonValue](reading.fetched)}


def _read(line: Line, reader: Reader) -> Reading:
    if line.format == SD_JWT_VC and line.nonce is not None and line.audience is not None:
        terms = Terms(policy_id=line.policy, as_of=line.now)
        return read_presentation(line.presentation, reader, terms, ExpectedBinding(line.nonce, line.audience))
    if line.nonce is None or line.audience is None:
        return read_qr(line.presentation, reader, Terms(line.policy, Mode.ONE_WAY, line.now))
    challenge_hash = base64url.decode(line.nonce)
    if len(challenge_hash) != _HASH_BYTES:
        raise _malformed("the nonce of an eid1 answer is the SHA-256 of its challenge")
    challenge = StatedChallenge(challenge_hash, line.audience)
    return read_qr(line.presentation, reader, Terms(line.policy, Mode.CHALLENGE, line.now, challenge))


def _id(value: JsonValue) -> str | int | None:
    if value is None or type(value) is int or (type(value) is str and len(value) <= _TEXT_MAX):
        return value
    raise _malformed("id is a short text or a whole number")


def _presentation(value: JsonValue) -> str:
    if type(value) is not str or not value:
        raise _malformed("presentation is a text")
    return value


def _optional_text(members: dict[str, JsonValue], name: str) -> str | None:
    if name not in members:
        return None
    value = members[name]
    if type(value) is not str or not 0 < len(value) <= _TEXT_MAX:
        raise _malformed(f"{name} is a short text, or is left out")
    return value


def _instant(value: JsonValue) -> int:
    if type(value) is int and 0 <= value < _LATEST:
        return value
    if type(value) is str and len(value) == _TIME_TEXT:
        try:
            return int(datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
        except ValueError:
            pass
    raise _malformed("now is a whole number of seconds, or RFC 3339 text in UTC")


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.REQUEST_MALFORMED, detail)
