"""Synthetic people: a seeded register of persons who cannot exist, with portraits drawn by code."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from core.errors import Misconfigured
from core.reasons import Reason
from issuer.register.age import age_on
from issuer.register.citizen_number import (
    SPECIMEN_FOREIGNER_PREFIX,
    SPECIMEN_PERMIT_PREFIX,
    DocumentType,
    check_character,
    convert_15,
)
from issuer.register.dates import add_years, format_date
from issuer.register.divisions import county_divisions, division_name, division_path, specimen_divisions
from issuer.register.ethnicity import ethnicity_name
from issuer.register.findings import FindingCode
from issuer.register.golden import GOLDEN_COUNT, golden_records
from issuer.register.portrait_drawing import draw_portrait
from issuer.register.record import COLUMNS
from issuer.register.sample_names import han_name, latin_name, rare_name, separated_name
from issuer.register.validity import LONG_TERM, expected_valid_until

_AGES: tuple[tuple[float, int, int], ...] = (
    (0.12, 0, 14),
    (0.13, 14, 26),
    (0.33, 26, 46),
    (0.28, 46, 65),
    (0.14, 65, 95),
)
"""A simple pyramid: share, from age, below age."""

_SEPARATED_ETHNICITIES = ("02", "04", "05", "17")
_OTHER_TEXTS = (("97", "穿青人"), ("97", "革家人"), ("97", "僜人"), ("98", "乌克兰（入籍）"), ("98", "越南（入籍）"))
_ROADS = ("样例路", "示范街", "样本大道", "示例巷")


@dataclass(frozen=True, slots=True)
class WrittenSample:
    """What was written.

    bad_rows: (line in the file, an error that the rules must find there) of each planted bad row.
    """

    row_count: int
    bad_rows: tuple[tuple[int, FindingCode], ...]


@dataclass(frozen=True, slots=True)
class _Person:
    row: tuple[str, ...]
    sex: int
    age: int


@dataclass(frozen=True, slots=True)
class _Card:
    """Birth and validity of one person's card."""

    birth_date: date
    valid_from: date
    valid_until: date | None


def write_sample(
    count: int,
    path: Path,
    *,
    seed: int,
    today: date,
    bad_share: float = 0.0,
    portraits: bool,
    progress: Callable[[int], None] | None = None,
) -> WrittenSample:
    """Write a register file of synthetic people, and their portraits in a folder beside it.

    count:     rows; from 40 on the golden records come first.
    seed:      the same seed, day and count give the same bytes.
    bad_share: this share of the rows, at least one if above zero, is spoiled in turn in each of the known ways; golden records never.
    portraits: draw them into ``<name of the file>-portraits/``; without, the column stays empty.
    progress:  told the number of rows written so far, after each.
    Raises Misconfigured when the files cannot be written.
    """
    if count < 1 or not 0.0 <= bad_share <= 1.0:
        raise ValueError("a sample has at least one row and a share between 0 and 1")
    rng = random.Random(f"register:{seed}")
    folder = f"{path.stem}-portraits" if portraits else None
    bad: list[tuple[int, FindingCode]] = []
    spoiled = _choose_spoiled(seed, count, bad_share, portraits=portraits)
    try:
        if folder:
            (path.parent / folder).mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for place, person in enumerate(_people(rng, count, today)):
                row = list(person.row)
                if folder:
                    row[COLUMNS.index("portrait")] = f"{folder}/{place + 1:06}.jpg"
                    drawn = draw_portrait(seed * 1_000_003 + place, sex=person.sex, age=person.age)
                    (path.parent / row[COLUMNS.index("portrait")]).write_bytes(drawn)
                if place in spoiled:
                    bad.append((place + 2, _spoil(row, spoiled[place], today)))
                writer.writerow(row)
                if progress:
                    progress(place + 1)
    except OSError as err:
        raise Misconfigured(Reason.FILE_UNWRITABLE, "the sample cannot be written; choose another path") from err
    return WrittenSample(count, tuple(bad))


def sample_rows(count: int, *, seed: int, today: date) -> Iterator[tuple[str, ...]]:
    """Yield the rows of ``write_sample`` without portraits and bad rows."""
    return (person.row for person in _people(random.Random(f"register:{seed}"), count, today))


def _people(rng: random.Random, count: int, today: date) -> Iterator[_Person]:
    golden = golden_records(today=today) if count >= GOLDEN_COUNT else ()
    taken = {record.row[COLUMNS.index("citizen_number")] for record in golden}
    for record in golden:
        yield _Person(record.row, record.sex, record.age)
    for _ in range(count - len(golden)):
        yield _invent(rng, today, taken)


def _invent(rng: random.Random, today: date, taken: set[str]) -> _Person:
    kind = rng.random()
    if kind < 0.03:
        return _permit_holder(rng, today, taken)
    if kind < 0.05:
        return _foreigner(rng, today, taken)
    return _resident(rng, today, taken)


def _resident(rng: random.Random, today: date, taken: set[str]) -> _Person:
    expired = rng.random() < 0.01
    card = _expired_card(rng, today) if expired else _card(rng, today, _birth_date(rng, today))
    sex = rng.choice((1, 2))
    stated = 3 - sex if rng.random() < 0.01 else sex
    division = rng.choice([place.code for place in specimen_divisions() if not place.code.endswith("00")])
    number = _fresh_number(rng, division, card.birth_date, sex, taken)
    if rng.random() < 0.005 and 1930 <= card.birth_date.year < 2000:
        number = number[:6] + number[8:17]
    name, ethnicity = _resident_name(rng, sex, card.birth_date.year)
    kind = DocumentType.RESIDENT_ID
    return _person(today, name, stated, card, number, kind=kind, ethnicity=ethnicity, home=_home(rng))


def _resident_name(rng: random.Random, sex: int, birth_year: int) -> tuple[str, tuple[str, str]]:
    kind = rng.random()
    if kind < 0.08:
        code = rng.choice(_SEPARATED_ETHNICITIES)
        return separated_name(rng), (code, ethnicity_name(code) or "")
    if kind < 0.10:
        return rare_name(rng, sex=sex, birth_year=birth_year), ("01", "汉族")
    name = han_name(rng, sex=sex, birth_year=birth_year)
    if kind < 0.11:
        return name, rng.choice(_OTHER_TEXTS)
    code = f"{rng.randrange(2, 57):02}" if rng.random() < 0.05 else "01"
    return name, (code, ethnicity_name(code) or "")


def _permit_holder(rng: random.Random, today: date, taken: set[str]) -> _Person:
    card = _five_year_card(rng, today)
    sex = rng.choice((1, 2))
    number = _fresh_number(rng, SPECIMEN_PERMIT_PREFIX, card.birth_date, sex, taken)
    name = han_name(rng, sex=sex, birth_year=card.birth_date.year)
    return _person(today, name, sex, card, number, kind=DocumentType.HK_MACAU_TAIWAN_PERMIT, home=_home(rng))


def _foreigner(rng: random.Random, today: date, taken: set[str]) -> _Person:
    card = _five_year_card(rng, today)
    sex = rng.choice((1, 2))
    # 9, region 69, then a country code that ISO 3166-1 leaves to users.
    number = _fresh_number(rng, f"{SPECIMEN_FOREIGNER_PREFIX}{rng.randrange(900, 1000)}", card.birth_date, sex, taken)
    name = han_name(rng, sex=sex, birth_year=card.birth_date.year) if rng.random() < 0.5 else ""
    home = ("", "中华人民共和国国家移民管理局")
    kind = DocumentType.FOREIGNER_PERMANENT
    return _person(today, name, sex, card, number, kind=kind, home=home, name_latin=latin_name(rng))


def _person(
    today: date,
    name: str,
    sex: int,
    card: _Card,
    number: str,
    *,
    kind: DocumentType,
    ethnicity: tuple[str, str] = ("", ""),
    home: tuple[str, str],
    name_latin: str = "",
) -> _Person:
    address, authority = home
    start, born = format_date(card.valid_from), format_date(card.birth_date)
    end = LONG_TERM if card.valid_until is None else format_date(card.valid_until)
    row = (name, str(sex), *ethnicity, born, address, number, authority, start, end, "", kind.value, name_latin)
    return _Person(row, sex, age_on(card.birth_date, today))


def _birth_date(rng: random.Random, today: date) -> date:
    _, youngest, below = rng.choices(_AGES, [share for share, _, _ in _AGES])[0]
    newest, oldest = add_years(today, -youngest), add_years(today, -below) + timedelta(days=1)
    return oldest + timedelta(days=rng.randrange((newest - oldest).days + 1))


def _card(rng: random.Random, today: date, birth_date: date) -> _Card:
    # No card is older than its term: five years for children, ten at least for those who got it at 16.
    window = 3650 if age_on(birth_date, today) >= 26 else 1825
    valid_from = max(birth_date, today - timedelta(days=rng.randrange(window)))
    return _Card(birth_date, valid_from, expected_valid_until(birth_date, valid_from))


def _expired_card(rng: random.Random, today: date) -> _Card:
    birth_date = add_years(today, -rng.randrange(29, 35)) - timedelta(days=rng.randrange(300))
    valid_from = add_years(today, -10) - timedelta(days=rng.randrange(1, 300))
    return _Card(birth_date, valid_from, expected_valid_until(birth_date, valid_from))


def _five_year_card(rng: random.Random, today: date) -> _Card:
    birth_date = _birth_date(rng, today)
    valid_from = max(birth_date, today - timedelta(days=rng.randrange(1800)))
    return _Card(birth_date, valid_from, add_years(valid_from, 5))


def _fresh_number(rng: random.Random, prefix: str, birth_date: date, sex: int, taken: set[str]) -> str:
    while True:
        sequence = 2 * rng.randrange(1, 497) + (sex == 1)
        first17 = f"{prefix}{format_date(birth_date)}{sequence:03}"
        number = first17 + check_character(first17)
        if number not in taken:
            taken.add(number)
            return number


def _home(rng: random.Random) -> tuple[str, str]:
    """A real district with an invented road, and the authority of that district."""
    code = rng.choice(_county_codes())
    address = f"{division_path(code)}{rng.choice(_ROADS)}{rng.randrange(1, 999)}号"
    if rng.random() < 0.2:
        address += f"示范花园小区样例社区居民委员会第{rng.randrange(1, 20)}栋{rng.randrange(1, 5)}单元{rng.randrange(101, 3399)}室"
    elif rng.random() < 0.6:
        address += f"{rng.randrange(1, 40)}栋{rng.randrange(101, 3399)}室"
    name = division_name(code, specimen=False) or ""
    city = division_path(code).removesuffix(name)
    if name.endswith("区"):
        return address, f"{city.rsplit('省', 1)[-1].rsplit('自治区', 1)[-1]}公安局{name}分局"
    return address, f"{name}公安局"


@cache
def _county_codes() -> tuple[str, ...]:
    return tuple(place.code for place in county_divisions() if place.code < "700000")


def _choose_spoiled(seed: int, count: int, share: float, *, portraits: bool) -> dict[int, int]:
    # From a stream of its own, so that the good rows are those of the sample without bad ones.
    rng = random.Random(f"bad:{seed}")
    first = GOLDEN_COUNT if count >= GOLDEN_COUNT else 0
    wanted = min(max(1, round(count * share)) if share else 0, count - first)
    ways = len(_WAYS) if portraits else len(_WAYS) - 1
    return {place: turn % ways for turn, place in enumerate(sorted(rng.sample(range(first, count), wanted)))}


def _spoil(row: list[str], way: int, today: date) -> FindingCode:
    if _WAYS[way][0] is FindingCode.NAME_MISSING and row[COLUMNS.index("name_latin")]:
        way = 0  # a foreigner needs no Chinese name
    code, column, spoil = _WAYS[way]
    place = COLUMNS.index(column)
    row[place] = spoil(row[place], today)
    return code


def _wrong_check(number: str, _today: date) -> str:
    full = convert_15(number) if len(number) == 15 else number
    return full[:-1] + ("1" if full[-1] == "0" else "0")


_WAYS: tuple[tuple[FindingCode, str, Callable[[str, date], str]], ...] = (
    (FindingCode.NUMBER_CHECKSUM, "citizen_number", _wrong_check),
    (FindingCode.BIRTH_DATE_INVALID, "birth_date", lambda text, _: text[:4] + "0230"),
    (FindingCode.BIRTH_DATE_IN_FUTURE, "birth_date", lambda _, today: format_date(add_years(today, 1))),
    (FindingCode.NAME_MISSING, "name", lambda *_: ""),
    (FindingCode.SEX_INVALID, "sex", lambda *_: "M"),
    (FindingCode.PRIVATE_USE_UNMAPPED, "name", lambda text, _: text + "\ue5e5"),
    (FindingCode.VALID_UNTIL_NOT_AFTER_FROM, "valid_until", lambda *_: "19000101"),
    (FindingCode.CONTROL_CHARACTER, "address", lambda text, _: text + "\u202e"),
    (FindingCode.AUTHORITY_MISSING, "issuing_authority", lambda *_: ""),
    (FindingCode.DOCUMENT_TYPE_UNKNOWN, "document_type", lambda *_: "passport"),
    (FindingCode.PORTRAIT_MISSING, "portrait", lambda *_: "nowhere.jpg"),
)
"""How a row is spoiled: the error it gets, the column, the change. The last one needs portraits."""
