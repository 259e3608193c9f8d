"""The one table of attributes, and one person's facts in every form's own words.

An attribute has a name here, a path in SD-JWT VC, an element in mdoc, and a group with a small integer in the QR token.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from cbor2 import CBORTag

from core.errors import MalformedInput
from core.reasons import Reason
from formats.encoding.cbor import CborMap, CborValue, ForeignValue
from formats.encoding.json import JsonValue
from formats.sd_cwt.display import check_glyphs, check_online_portrait, check_portrait, check_text

AGES = (14, 16, 18, 60, 65)
_OTHER_AGES = (14, 16, 60, 65)
_TAIL_SHOWN = 4

FULL_DATE_TAG = 1004
"""A calendar date as text, YYYY-MM-DD (RFC 8943)."""
_DATES = frozenset({"birth_date", "date_of_issuance", "date_of_expiry"})


class Group(IntEnum):
    """The ten redaction groups of the QR token; the value is the group's CWT label."""

    # Equal like numbers, so hashed like numbers: the hash of Enum is a call of Python's, for every look-up.
    __hash__ = int.__hash__

    NAME = -65537
    BIRTH_DATE = -65538
    CITIZEN_NUMBER = -65539
    NUMBER_TAIL = -65540
    CIVIL = -65541
    ADDRESS = -65542
    DOCUMENT = -65543
    PORTRAIT = -65544
    AGE_18 = -65545
    OTHER_AGES = -65546

    @property
    def word(self) -> str:
        """The group's name on commands and in JSON, for example ``birth_date``."""
        return self.name.lower()

    @property
    def zh(self) -> str:
        """What people call the group, in Chinese."""
        return _GROUP_NAMES[self][0]

    @property
    def en(self) -> str:
        """What people call the group, in English."""
        return _GROUP_NAMES[self][1]


_GROUP_NAMES = {
    Group.NAME: ("姓名", "name"),
    Group.BIRTH_DATE: ("出生日期", "date of birth"),
    Group.CITIZEN_NUMBER: ("公民身份号码", "citizen number"),
    Group.NUMBER_TAIL: ("号码尾号", "end of the citizen number"),
    Group.CIVIL: ("性别、国籍、民族", "sex, nationality, ethnic group"),
    Group.ADDRESS: ("住址", "registered address"),
    Group.DOCUMENT: ("证件与签发信息", "document and issuance"),
    Group.PORTRAIT: ("照片", "portrait"),
    Group.AGE_18: ("是否已满18周岁", "over 18: yes or no"),
    Group.OTHER_AGES: ("其他年龄段", "other age limits"),
}


GROUPS = tuple(Group)
_BY_LABEL = {int(group): group for group in Group}
_BY_WORD = {group.word: group for group in Group}


def group_by_label(label: object) -> Group | None:
    """Return the group with this CWT label, or None."""
    return _BY_LABEL.get(label) if type(label) is int else None


def group_by_word(word: str) -> Group | None:
    """Return the group of this name, or None.

    >>> group_by_word("age_18")
    <Group.AGE_18: -65545>
    """
    return _BY_WORD.get(word)


@dataclass(frozen=True, slots=True)
class Glyph:
    """A one-bit picture of a rare character, 24 x 24 or 32 x 32, rows from the top, first pixel in the highest bit."""

    code_point: int
    bitmap: bytes


@dataclass(frozen=True, slots=True)
class CredentialDataset:
    """One person's facts, of no format; None or () where absent.

    full_name is the name as registered; family_name and given_name only where the register splits them.
    sex is 0, 1, 2 or 9 (GB/T 2261.1); nationality and issuing_country are ISO 3166-1 alpha-2.
    issuing_authority is the bureau's name in the trust list; card_authority the text on the plastic card.
    qr_portrait is WebP 64 x 80 of at most 600 bytes, portrait WebP 240 x 296.
    date_of_expiry None means long term.
    """

    full_name: str
    name_latin: str | None
    family_name: str | None
    given_name: str | None
    name_local_script: str | None
    glyphs: tuple[Glyph, ...]
    birth_date: date
    citizen_number: str
    sex: int
    nationality: str | None
    ethnicity: str | None
    ethnicity_code: str | None
    address: str
    division_code: str | None
    document_type: str
    document_number: str
    date_of_issuance: date
    date_of_expiry: date | None
    issuing_authority: str
    issuing_country: str
    issuing_division: str
    card_authority: str
    qr_portrait: bytes | None
    portrait: bytes | None

    @property
    def number_tail(self) -> str:
        """The citizen number masked but for its end, for matching a ticket."""
        return mask_number(self.citizen_number)


def mask_number(number: str) -> str:
    """Return a number with all but its last four characters masked.

    >>> mask_number("690101199001010018")
    '**************0018'
    """
    return "*" * (len(number) - _TAIL_SHOWN) + number[-_TAIL_SHOWN:]


def age_on(birth_date: date, day: date) -> int:
    """Return the full years of age; who was born on 29 February turns older on 1 March in common years.

    >>> age_on(date(2008, 2, 29), date(2026, 2, 28)), age_on(date(2008, 2, 29), date(2026, 3, 1))
    (17, 18)
    """
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def ages_reached(birth_date: date, day: date) -> dict[int, bool]:
    """Return for each age of the table whether it is reached on that day."""
    age = age_on(birth_date, day)
    return {limit: age >= limit for limit in AGES}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One row of the table.

    name: the word of ``CredentialDataset``.
    jose: path of the claim in SD-JWT VC, None where the form does not carry it.
    mdoc: element identifier in the namespace cn.eid.resident_id.1, None likewise.
    group, key: the group of the QR token and the integer inside it; None where the QR token does not carry it.
    zh, en: what people call it.
    """

    name: str
    jose: tuple[str, ...] | None
    mdoc: str | None
    group: Group | None
    key: int | None
    zh: str
    en: str


ATTRIBUTES = (
    Attribute("full_name", ("full_name",), "full_name", Group.NAME, 1, "姓名", "name as registered"),
    Attribute("name_latin", ("name_latin",), "name_latin", Group.NAME, 2, "拉丁字母姓名", "name in Latin letters"),
    Attribute("glyphs", None, None, Group.NAME, 3, "生僻字字形", "glyphs of rare characters"),
    Attribute("family_name", ("family_name",), "family_name", Group.NAME, 4, "姓", "family name"),
    Attribute("given_name", ("given_name",), "given_name", Group.NAME, 5, "名", "given name"),
    Attribute(
        "name_local_script",
        ("name_local_script",),
        "name_local_script",
        Group.NAME,
        6,
        "本民族文字姓名",
        "name in local script",
    ),
    Attribute("birth_date", ("birthdate",), "birth_date", Group.BIRTH_DATE, 1, "出生日期", "date of birth"),
    Attribute(
        "citizen_number",
        ("personal_administrative_number",),
        "personal_administrative_number",
        Group.CITIZEN_NUMBER,
        1,
        "公民身份号码",
        "citizen number",
    ),
    Attribute(
        "number_tail", ("number_tail",), "number_tail", Group.NUMBER_TAIL, 1, "号码尾号", "end of the citizen number"
    ),
    Attribute("sex", ("sex",), "sex", Group.CIVIL, 1, "性别", "sex"),
    Attribute("nationality", ("nationalities",), "nationality", Group.CIVIL, 2, "国籍", "nationality"),
    Attribute("ethnicity", ("ethnicity",), "ethnicity", Group.CIVIL, 3, "民族", "ethnic group"),
    Attribute(
        "ethnicity_code", ("ethnicity_code",), "ethnicity_code", Group.CIVIL, 4, "民族代码", "code of the ethnic group"
    ),
    Attribute("address", ("address", "formatted"), "resident_address", Group.ADDRESS, 1, "住址", "registered address"),
    Attribute(
        "division_code",
        ("address", "division_code"),
        "resident_division",
        Group.ADDRESS,
        2,
        "住址区划代码",
        "division of the address",
    ),
    Attribute("document_type", ("document_type",), "document_type", Group.DOCUMENT, 1, "证件类型", "type of document"),
    Attribute(
        "document_number",
        ("document_number",),
        "document_number",
        Group.DOCUMENT,
        2,
        "电子证件号",
        "number of the e-ID",
    ),
    Attribute(
        "date_of_issuance", ("date_of_issuance",), "issue_date", Group.DOCUMENT, 3, "实体证签发日期", "card issued on"
    ),
    Attribute(
        "date_of_expiry", ("date_of_expiry",), "expiry_date", Group.DOCUMENT, 4, "实体证有效期至", "card valid until"
    ),
    Attribute(
        "issuing_authority",
        ("issuing_authority",),
        "issuing_authority",
        Group.DOCUMENT,
        5,
        "签发机关",
        "issuing authority",
    ),
    Attribute(
        "issuing_country", ("issuing_country",), "issuing_country", Group.DOCUMENT, 6, "签发国家", "issuing country"
    ),
    Attribute(
        "issuing_division",
        ("issuing_division",),
        "issuing_division",
        Group.DOCUMENT,
        7,
        "签发机关区划",
        "division of the issuing authority",
    ),
    Attribute(
        "card_authority",
        ("card_authority",),
        "card_authority",
        Group.DOCUMENT,
        8,
        "实体证签发机关",
        "authority printed on the card",
    ),
    Attribute("qr_portrait", None, None, Group.PORTRAIT, 1, "照片", "portrait"),
    Attribute("portrait", ("picture",), "portrait", None, None, "照片", "portrait"),
    Attribute(
        "age_equal_or_over_18",
        ("age_equal_or_over", "18"),
        "age_over_18",
        Group.AGE_18,
        18,
        "已满18周岁",
        "18 or older",
    ),
    Attribute(
        "age_equal_or_over_14",
        ("age_equal_or_over", "14"),
        "age_over_14",
        Group.OTHER_AGES,
        14,
        "已满14周岁",
        "14 or older",
    ),
    Attribute(
        "age_equal_or_over_16",
        ("age_equal_or_over", "16"),
        "age_over_16",
        Group.OTHER_AGES,
        16,
        "已满16周岁",
        "16 or older",
    ),
    Attribute(
        "age_equal_or_over_60",
        ("age_equal_or_over", "60"),
        "age_over_60",
        Group.OTHER_AGES,
        60,
        "已满60周岁",
        "60 or older",
    ),
    Attribute(
        "age_equal_or_over_65",
        ("age_equal_or_over", "65"),
        "age_over_65",
        Group.OTHER_AGES,
        65,
        "已满65周岁",
        "65 or older",
    ),
)

_SEXES = {0: ("未知", "unknown"), 1: ("男", "male"), 2: ("女", "female"), 9: ("未说明", "not stated")}
_DOCUMENT_TYPES = {
    "resident_id": ("居民身份证", "resident ID card"),
    "hk_macau_taiwan_permit": ("港澳台居民居住证", "residence permit for Hong Kong, Macau and Taiwan residents"),
    "foreigner_permanent": ("外国人永久居留身份证", "foreign permanent resident ID card"),
}


def value_words(name: str, value: CborValue) -> tuple[str, str]:
    """Return a disclosed value as people read it, in Chinese and English; pictures by their size, glyphs by code point.

    name: of the attribute. Codes of GB/T 2261.1 and document types become words, answers yes or no.

    >>> value_words("sex", 1), value_words("age_equal_or_over_18", True)
    (('男', 'male'), ('是', 'yes'))
    """
    if isinstance(value, bool):
        return ("是", "yes") if value else ("否", "no")
    if isinstance(value, bytes):
        return f"{len(value)} 字节", f"{len(value)} bytes"
    if isinstance(value, list):
        shown = [f"U+{code_point:04X}" for code_point, _ in glyphs_in(value)]
        return "、".join(shown), ", ".join(shown)
    if name == "sex" and isinstance(value, int):
        return _SEXES.get(value, (str(value), str(value)))
    if name == "document_type" and isinstance(value, str):
        return _DOCUMENT_TYPES.get(value, (value, value))
    return str(value), str(value)


def glyphs_in(value: CborValue) -> tuple[tuple[int, bytes], ...]:
    """Return the code points and bitmaps of a disclosed list of glyphs that ``read_group`` has checked."""
    pairs = []
    for item in value if isinstance(value, list) else []:
        match item:
            case [int(code_point), bytes(bitmap)]:
                pairs.append((code_point, bitmap))
            case _:
                raise TypeError("a glyph that was never read")
    return tuple(pairs)


def _facts(dataset: CredentialDataset, as_of: date) -> dict[str, CborValue | None]:
    """Return the value of every attribute by its name, dates as text, as the QR token and SD-JWT VC spell them."""
    facts: dict[str, CborValue | None] = {
        "full_name": dataset.full_name,
        "name_latin": dataset.name_latin,
        "glyphs": [[glyph.code_point, glyph.bitmap] for glyph in dataset.glyphs] or None,
        "family_name": dataset.family_name,
        "given_name": dataset.given_name,
        "name_local_script": dataset.name_local_script,
        "birth_date": dataset.birth_date.isoformat(),
        "citizen_number": dataset.citizen_number,
        "number_tail": dataset.number_tail,
        "sex": dataset.sex,
        "nationality": dataset.nationality,
        "ethnicity": dataset.ethnicity,
        "ethnicity_code": dataset.ethnicity_code,
        "address": dataset.address or None,
        "division_code": dataset.division_code if dataset.address else None,
        "document_type": dataset.document_type,
        "document_number": dataset.document_number,
        "date_of_issuance": dataset.date_of_issuance.isoformat(),
        "date_of_expiry": None if dataset.date_of_expiry is None else dataset.date_of_expiry.isoformat(),
        "issuing_authority": dataset.issuing_authority,
        "issuing_country": dataset.issuing_country,
        "issuing_division": dataset.issuing_division,
        "card_authority": dataset.card_authority,
        "qr_portrait": dataset.qr_portrait,
        "portrait": dataset.portrait,
    }
    for age, reached in ages_reached(dataset.birth_date, as_of).items():
        facts[f"age_equal_or_over_{age}"] = reached
    return facts


def group_values(dataset: CredentialDataset, *, as_of: date) -> dict[Group, CborMap]:
    """Return what each group of the QR token holds; a group with nothing in it is left out.

    as_of: the day the age answers are true for.
    Raises MalformedInput, as ``read_group`` does, for a fact that no reader would accept.
    """
    facts = _facts(dataset, as_of)
    groups: dict[Group, CborMap] = {}
    for attribute in ATTRIBUTES:
        value = facts[attribute.name]
        if attribute.group is not None and attribute.key is not None and value is not None:
            groups.setdefault(attribute.group, {})[attribute.key] = value
    return {group: read_group(group, values) for group, values in groups.items()}


def jose_claims(dataset: CredentialDataset, *, as_of: date) -> dict[str, JsonValue]:
    """Return the claims of SD-JWT VC; what is absent is left out.

    Nationality is an array, the portrait a ``data:`` URI of image/webp, the ages an object with text keys.
    """
    facts = _facts(dataset, as_of)
    claims: dict[str, JsonValue] = {}
    for attribute in ATTRIBUTES:
        value = _jose_value(attribute.name, facts[attribute.name])
        if attribute.jose is None or value is None:
            continue
        if len(attribute.jose) == 1:
            claims[attribute.jose[0]] = value
        else:
            parent = claims.setdefault(attribute.jose[0], {})
            if isinstance(parent, dict):
                parent[attribute.jose[1]] = value
    return claims


def _jose_value(name: str, value: CborValue | None) -> JsonValue:
    if name == "nationality" and isinstance(value, str):
        return [value]
    if name == "portrait" and isinstance(value, bytes):
        return "data:image/webp;base64," + base64.b64encode(value).decode("ascii")
    return value if isinstance(value, str | int) else None


def mdoc_elements(dataset: CredentialDataset, *, as_of: date) -> dict[str, ForeignValue]:
    """Return the elements of mdoc by their identifiers; what is absent is left out.

    Dates are full-date (tag 1004), the portrait is the bytes of a WebP picture, sex a number, the ages booleans. A text
    is never longer than 120 characters, where mdoc takes 150 (ISO/IEC 18013-5, 7.2.1).
    as_of: the day the age answers are true for.
    Raises MalformedInput, as ``read_group`` does, for a fact that no reader would accept.
    """
    facts = _facts(dataset, as_of)
    elements: dict[str, ForeignValue] = {}
    for attribute, rule in _MDOC_ROWS:
        value = facts[attribute.name]
        if attribute.mdoc is None or value is None:
            continue
        rule(value)
        elements[attribute.mdoc] = _mdoc_value(attribute.name, value)
    return elements


def _mdoc_value(name: str, value: CborValue) -> ForeignValue:
    if name in _DATES:
        return CBORTag(FULL_DATE_TAG, value)
    if isinstance(value, str | int | bytes):
        return value
    raise TypeError("an element of mdoc is one text, number, picture or answer")


def inside_full_date(value: ForeignValue) -> ForeignValue:
    """Return what a full-date (tag 1004) holds, not looked at; None for any other value of an element."""
    return value.value if isinstance(value, CBORTag) and value.tag == FULL_DATE_TAG else None


Rule = Callable[[CborValue], None]


def read_group(group: Group, values: CborValue) -> CborMap:
    """Return the values of one disclosed group, every one checked for type, size and what may be shown.

    Raises MalformedInput: DISCLOSURE_MALFORMED for another shape, an unknown or a missing key; TEXT_BAD, PORTRAIT_BAD,
    GLYPH_BAD for content that may not be displayed.
    """
    if type(values) is not dict:
        raise _malformed("a group is no map")
    required, rules = _RULES[group]
    for key, value in values.items():
        # Maps read by the strict codec have no bool keys, so that True never stands for 1 here.
        rule = rules.get(key) if type(key) is int else None
        if rule is None:
            raise _malformed("an unknown key in a group")
        rule(value)
    if not required <= values.keys():
        raise _malformed("a required value of a group is missing")
    if group is Group.NAME and 3 in values:
        _check_glyphs_fit(values)
    return values


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(Reason.DISCLOSURE_MALFORMED, detail)


def _text(longest: int, *, marks_in_a_row: bool = False) -> Rule:
    def rule(value: CborValue) -> None:
        if type(value) is not str:
            raise _malformed("a text is of another type")
        check_text(value, longest=longest, marks_in_a_row=marks_in_a_row)

    return rule


def _pattern(expression: str) -> Rule:
    compiled = re.compile(expression, re.ASCII)

    def rule(value: CborValue) -> None:
        if type(value) is not str or compiled.fullmatch(value) is None:
            raise _malformed("a coded text is of another shape")

    return rule


def _date(value: CborValue) -> None:
    try:
        good = type(value) is str and date.fromisoformat(value).isoformat() == value
    except ValueError:
        good = False
    if not good:
        raise _malformed("a date is not YYYY-MM-DD")


def _bool(value: CborValue) -> None:
    if type(value) is not bool:
        raise _malformed("an age answer is not true or false")


def _sex(value: CborValue) -> None:
    if type(value) is not int or value not in {0, 1, 2, 9}:
        raise _malformed("sex is not a code of GB/T 2261.1")


def _glyphs(value: CborValue) -> None:
    pairs: list[tuple[int, bytes]] = []
    for item in value if type(value) is list else [None]:
        if type(item) is not list or len(item) != 2 or type(item[0]) is not int or type(item[1]) is not bytes:
            raise _malformed("the glyphs are not a list of code points and bitmaps")
        pairs.append((item[0], item[1]))
    check_glyphs(pairs)


def _check_glyphs_fit(values: CborMap) -> None:
    name, glyphs = values[1], values[3]
    shown = {ord(character) for character in name} if type(name) is str else set()
    if type(glyphs) is list and any(type(glyph) is list and glyph[0] not in shown for glyph in glyphs):
        raise MalformedInput(Reason.GLYPH_BAD, "a glyph for a character that is not in the name")


def _portrait(value: CborValue) -> None:
    if type(value) is not bytes:
        raise _malformed("the portrait is no byte string")
    check_portrait(value)


def _online_portrait(value: CborValue) -> None:
    if type(value) is not bytes:
        raise _malformed("the portrait is no byte string")
    check_online_portrait(value)


_NAME = _text(50)
_COUNTRY = _pattern("[A-Z]{2}")
_DIVISION = _pattern("[0-9]{6}")

# Required keys, then the rule of every key. Numbers are shown as signed: a reader never judges a checksum again.
_RULES: Mapping[Group, tuple[frozenset[int], Mapping[int, Rule]]] = {
    Group.NAME: (
        frozenset({1}),
        {1: _NAME, 2: _text(60), 3: _glyphs, 4: _NAME, 5: _NAME, 6: _text(100, marks_in_a_row=True)},
    ),
    Group.BIRTH_DATE: (frozenset({1}), {1: _date}),
    Group.CITIZEN_NUMBER: (frozenset({1}), {1: _pattern("[0-9A-Z]{5,18}")}),
    Group.NUMBER_TAIL: (frozenset({1}), {1: _pattern("[*]{1,14}[0-9A-Z]{4}")}),
    Group.CIVIL: (frozenset({1}), {1: _sex, 2: _COUNTRY, 3: _text(30), 4: _pattern("[0-9A-Z]{1,4}")}),
    Group.ADDRESS: (frozenset({1}), {1: _text(120), 2: _DIVISION}),
    Group.DOCUMENT: (
        frozenset({1, 2, 3, 5, 6, 7}),
        {
            1: _text(40),
            2: _pattern("[0-9A-Z]{1,30}"),
            3: _date,
            4: _date,
            5: _text(60),
            6: _COUNTRY,
            7: _DIVISION,
            8: _text(60),
        },
    ),
    Group.PORTRAIT: (frozenset({1}), {1: _portrait}),
    Group.AGE_18: (frozenset({18}), {18: _bool}),
    Group.OTHER_AGES: (frozenset(_OTHER_AGES), dict.fromkeys(_OTHER_AGES, _bool)),
}

# A fact obeys the same rule in every form; what is of no group is the larger portrait.
_MDOC_ROWS = tuple(
    (
        attribute,
        _online_portrait
        if attribute.group is None or attribute.key is None
        else _RULES[attribute.group][1][attribute.key],
    )
    for attribute in ATTRIBUTES
    if attribute.mdoc is not None
)
