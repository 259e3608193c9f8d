"""What the wallet's commands say, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from core.reasons import Reason
from formats.dataset import ATTRIBUTES, Attribute, Group, value_words
from formats.encoding.cbor import CborMap, CborValue
from formats.licence import GROUNDS

_TEXTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "accepted": ("已领取：{bureau}", "Accepted from {bureau}"),
    "root": ("信任根指纹（请与信函或窗口公布的核对）", "Fingerprint of the trust root (compare it with the printed one)"),
    "specimen": ("样证，仅供演练，不是真实证件", "SPECIMEN: for training only, not a real card"),
    "credential": ("证件 {name}", "Credential {name}"),
    "bureau": ("签发机关：{bureau}", "Issued by: {bureau}"),
    "incomplete": ("尚未领取完毕：请再次执行领取", "Not fetched to the end: accept the same offer again"),
    "copies": (
        "{form}：未出示 {unshown} 份，已出示 {shown} 份，有效期至 {until}",
        "{form}: {unshown} copies not shown yet, {shown} shown, valid until {until}",
    ),
    "no_copies": ("{form}：没有有效副本", "{form}: no valid copy"),
    "who": ("请求方：{place}（{kind}）", "Who asks: {place} ({kind})"),
    "post": ("岗位 {post}，许可证 {licence}", "Post {post}, licence {licence}"),
    "online": (
        "在线出示给：{client}（按您给出的地址，钱包未核实对方身份）",
        "Shown online to: {client} (as you named it; the wallet has not checked who that is)",
    ),
    "session": ("会话记录（核验 mdoc 时需要）：{transcript}", "Session transcript (needed to judge an mdoc): {transcript}"),
    "why": ("依据或用途：{ground}", "Ground or purpose: {ground}"),
    "fields": ("将出示：{groups}", "Will be shown: {groups}"),
    "held_back": ("不出示：{groups}", "Asked for and not shown: {groups}"),
    "one_way": (
        "单向码：一分钟内任何人拍下都可能冒用，对方须比对人脸",
        "One-way code: for a minute a photograph of it could be used elsewhere, so the face must be compared",
    ),
    "agree": ("同意出示？", "Show this?"),
    "declined": ("已拒绝，未出示任何内容", "Declined; nothing was shown"),
    "valid_until": ("有效至 {until}", "Valid until {until}"),
    "left": ("剩余未出示副本 {count} 份", "{count} copies not shown yet"),
    "reused": (
        "没有未出示的副本，本次重复使用了一份：两次出示可能被关联，请联网更新",
        "No unshown copy was left, so one was used again: two showings can be linked. Refresh online",
    ),
    "written": ("二维码图片：{path}", "Picture of the code: {path}"),
    "redraw": ("回车重绘，q 结束", "Enter draws it again, q ends"),
    "refreshed": ("已更新，收到 {count} 份新副本", "Refreshed: {count} new copies"),
    "refresh_failed": ("自动更新未成功，现有副本不受影响：{why}", "The automatic refresh failed, the copies here stay good: {why}"),
    "no_history": ("没有出示记录", "Nothing has been shown"),
    "exported": ("已导出 {count} 条记录到 {path}", "{count} rows exported to {path}"),
    "deleted": ("已删除 {count} 条记录", "{count} rows deleted"),
    "pin": ("PIN", "PIN"),
    "new_pin": ("设定 PIN（6 至 12 位数字）", "Choose a PIN (6 to 12 digits)"),
    "pins_differ": ("两次输入的 PIN 不一致", "The two PINs differ"),
    "anyone": ("单向码", "one-way"),
    "empty": ("钱包中没有证件", "The wallet holds no credential"),
})  # fmt: skip

_FORMS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "qr": ("二维码证件", "QR code"),
    "sd-jwt-vc": ("在线证件", "Online credential"),
    "mdoc": ("在线证件（mdoc）", "Online credential (mdoc)"),
})  # fmt: skip

_SITE_KINDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "police-spot-check": ("警察核查", "police check"),
    "rail-gate": ("铁路闸口", "rail gate"),
    "hotel": ("旅馆", "hotel"),
    "net-cafe": ("网吧", "net cafe"),
    "government-counter": ("政务窗口", "government counter"),
    "parcel-desk": ("寄递网点", "parcel desk"),
    "age-limited-shop": ("限龄商店", "age-limited shop"),
})  # fmt: skip


NO_GROUND: Final = ("未说明", "none stated")

Said: TypeAlias = "str | int | tuple[str, str]"
"""A value inside a sentence; a pair is Chinese and English."""


def group_names(groups: Iterable[Group]) -> tuple[str, str]:
    """Return the names of groups in a row, in Chinese and English."""
    named = tuple(groups)
    return "、".join(group.zh for group in named), ", ".join(group.en for group in named)


def ground_name(code: str | None) -> tuple[str, str]:
    """Return the words for a ground of a licence, in Chinese and English; a code we do not know stands for itself."""
    return NO_GROUND if not code else GROUNDS.get(code, (code, code))


def form_name(form: str) -> tuple[str, str]:
    """Return the name of a form, in Chinese and English."""
    return _FORMS.get(form, (form, form))


def site_kind_name(kind: str) -> tuple[str, str]:
    """Return the name of a kind of site, in Chinese and English; one we do not know is named as the licence names it."""
    return _SITE_KINDS.get(kind, (kind, kind))


@dataclass(frozen=True, slots=True)
class Wording:
    """Speaks one language, or both.

    language: "zh", "en", or "both".
    """

    language: str

    @classmethod
    def chosen(cls, wanted: str | None, locale: str) -> Wording:
        """Return the wording a person wants: what was named, else by the locale's first letters, else both."""
        if wanted in {"zh", "en"}:
            return cls(wanted)
        return cls(next((language for language in ("zh", "en") if locale.lower().startswith(language)), "both"))

    def say(self, key: str, **values: Said) -> str:
        """Return one sentence; a value that is a pair is given in the sentence's own language."""
        zh, en = _TEXTS[key]
        return self.pick(
            zh.format(**{name: _side(value, 0) for name, value in values.items()}),
            en.format(**{name: _side(value, 1) for name, value in values.items()}),
        )

    def pick(self, zh: str, en: str) -> str:
        """Return one of two texts, or both."""
        if self.language == "both" and zh != en:
            return f"{zh} / {en}"
        return en if self.language == "en" else zh

    def reason(self, reason: Reason) -> str:
        """Return what happened and what to do next, from the table of reasons."""
        row = reason.value
        return self.pick(row.zh + row.next_zh, f"{row.en} {row.next_en}")

    def values(self, group: Group, values: CborMap) -> str:
        """Return the values of one group in a row, in the words people use; pictures by their size."""
        rows = {attribute.key: attribute for attribute in ATTRIBUTES if attribute.group is group}
        return "; ".join(
            self._value(rows.get(key if type(key) is int else None), value) for key, value in values.items()
        )

    def _value(self, attribute: Attribute | None, value: CborValue) -> str:
        if attribute is None:
            return str(value)
        return f"{self.pick(attribute.zh, attribute.en)}: {self.pick(*value_words(attribute.name, value))}"


def instant(seconds: int) -> str:
    """Return an instant as it is shown to people: local date would need a zone, so UTC, and it says so."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _side(value: Said, side: int) -> str | int:
    return value[side] if isinstance(value, tuple) else value
