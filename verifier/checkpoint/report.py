"""A verdict in words: the stable JSON form, and plain lines in Chinese and English for a terminal."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from core.reasons import Colour, Reason
from formats.dataset import ATTRIBUTES, Group, glyphs_in, value_words
from formats.encoding.cbor import CborValue
from formats.encoding.json import JsonValue
from formats.sd_cwt.display import glyph_lines
from formats.site_policy import Mode
from verifier.checkpoint.verdict import Finding, ShownPerson, Verdict

_COLOUR_WORDS: Final = {Colour.GREEN: "通过 accepted", Colour.AMBER: "待定 decide", Colour.RED: "拒绝 refused"}
_ONE_WAY_NOTE: Final = "单向码：其他岗位无法得知它是否已被使用，请比对人脸。 One-way code: other posts cannot know of it; compare the face."
_HELD: Final = "由本人持有：请与照片比对。 Held by its owner: compare the face with the portrait."
_NO_FACE: Final = "未出示照片，不能据此认定由本人持有。 No portrait was shown: nothing here says who holds it."
_TRAINING: Final = "训练模式：样证。 Training mode: a specimen."
_SHOWN: Final = tuple(
    (attribute, attribute.group, attribute.key)
    for attribute in ATTRIBUTES
    if attribute.group is not None and attribute.key is not None
)


def to_json(verdict: Verdict) -> dict[str, JsonValue]:
    """Return the stable wire form of a verdict.

    ``verdict`` is GREEN, AMBER or RED; ``reasons`` the codes of all findings not passed, the deciding one first;
    ``findings`` every check made, in order, with its words; ``person`` the disclosed fields by name, null in RED;
    the portrait is a ``data:`` URI, a glyph its code point and base64 bitmap.
    """
    return {
        "verdict": verdict.colour.value,
        "reasons": [reason.code for reason in verdict.reasons],
        **_words(verdict.deciding),
        "mode": None if verdict.mode is None else verdict.mode.value,
        "at": datetime.fromtimestamp(verdict.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "training": verdict.training,
        "held_by_owner": verdict.held_by_owner,
        "seen_seconds_ago": verdict.seen_seconds_ago,
        "bureau": _bureau(verdict),
        "status_list": _list_age(verdict.status_age_seconds, verdict.status_number),
        "trust_list": _list_age(verdict.trust_age_seconds, verdict.trust_number),
        "person": None if verdict.person is None else dict(_json_fields(verdict.person)),
        "findings": [_finding(finding) for finding in verdict.findings],
        "bytes": verdict.bytes,
    }


def to_lines(verdict: Verdict) -> list[str]:
    """Return the verdict as plain lines, Chinese and English: colour, reason and next step first, then the rest."""
    deciding = verdict.deciding.value
    lines = [
        f"{verdict.colour.value} {_COLOUR_WORDS[verdict.colour]}: {deciding.zh} {deciding.en}",
        f"  -> {deciding.next_zh} {deciding.next_en}",
    ]
    for reason in verdict.reasons[1:]:
        row = reason.value
        lines.append(f"  + {row.zh} {row.en} -> {row.next_zh} {row.next_en}")
    if verdict.seen_seconds_ago is not None:
        lines.append(f"  {verdict.seen_seconds_ago} 秒前曾在此使用。 Used here {verdict.seen_seconds_ago} seconds ago.")
    if verdict.training:
        lines.append(_TRAINING)
    lines.extend(_person_lines(verdict))
    if verdict.bureau is not None:
        lines.append(f"签发机关 Bureau: {verdict.bureau_name_zh} {verdict.bureau_name_en} ({verdict.bureau})")
    if verdict.status_age_seconds is not None:
        lines.append(f"状态列表 Status list: {_age(verdict.status_age_seconds, verdict.status_number)}")
    if verdict.trust_age_seconds is None:
        lines.append("信任列表 Trust list: 无，仅凭根证书 none, the root certificate alone")
    else:
        lines.append(f"信任列表 Trust list: {_age(verdict.trust_age_seconds, verdict.trust_number)}")
    return lines


def _person_lines(verdict: Verdict) -> Iterator[str]:
    if verdict.person is None:
        return
    for attribute, group, key in _SHOWN:
        value = verdict.person.value(group, key)
        if value is not None:
            yield f"{attribute.zh} {attribute.en}: {_plain(attribute.name, value)}"
        if attribute.name == "glyphs" and value is not None:
            yield from (line for _, bitmap in glyphs_in(value) for line in glyph_lines(bitmap))
    if verdict.held_by_owner:
        yield _HELD
    elif Group.PORTRAIT not in verdict.person.groups:
        yield _NO_FACE
    if verdict.mode is Mode.ONE_WAY:
        yield _ONE_WAY_NOTE


def _plain(name: str, value: CborValue) -> str:
    if isinstance(value, bytes):
        return "✓"
    zh, en = value_words(name, value)
    return zh if zh == en else f"{zh} {en}"


def _json_fields(person: ShownPerson) -> Iterator[tuple[str, JsonValue]]:
    for attribute, group, key in _SHOWN:
        value = person.value(group, key)
        if value is not None:
            # The QR token's small portrait goes by the plain name here: whoever reads a verdict knows only one.
            name = "portrait" if group is Group.PORTRAIT else attribute.name
            yield name, _json_value(name, value)


def _json_value(name: str, value: CborValue) -> JsonValue:
    if name == "portrait" and isinstance(value, bytes):
        return "data:image/webp;base64," + b64encode(value).decode("ascii")
    if name == "glyphs":
        return [
            {"code_point": f"U+{code_point:04X}", "bitmap": b64encode(bitmap).decode("ascii")}
            for code_point, bitmap in glyphs_in(value)
        ]
    return value if isinstance(value, str | int) else None


def _words(reason: Reason) -> dict[str, JsonValue]:
    row = reason.value
    return {"zh": row.zh, "en": row.en, "next_zh": row.next_zh, "next_en": row.next_en}


def _finding(finding: Finding) -> JsonValue:
    if finding.reason is None:
        return {"check": finding.check.value, "outcome": finding.colour.value, "reason": None}
    return {
        "check": finding.check.value,
        "outcome": finding.colour.value,
        "reason": finding.reason.code,
        "detail": finding.detail,
        **_words(finding.reason),
    }


def _bureau(verdict: Verdict) -> JsonValue:
    if verdict.bureau is None:
        return None
    return {"id": verdict.bureau, "zh": verdict.bureau_name_zh, "en": verdict.bureau_name_en}


def _list_age(age_seconds: int | None, number: int | None) -> JsonValue:
    return None if age_seconds is None else {"age_seconds": age_seconds, "number": number}


def _age(seconds: int, number: int | None) -> str:
    minutes = max(0, seconds) // 60
    hours, minutes = divmod(minutes, 60)
    which = "" if number is None else f"第 {number} 号 no. {number}, "
    return f"{which}{hours} 小时 {minutes} 分钟前 {hours} h {minutes} min old"
