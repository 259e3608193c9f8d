"""The forty golden records: one synthetic person for every edge of the record rules."""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta

from issuer.register.age import age_on
from issuer.register.citizen_number import DocumentType, check_character
from issuer.register.dates import add_years, format_date
from issuer.register.findings import FindingCode
from issuer.register.validity import LONG_TERM, expected_valid_until

_DIVISION = "690101"
_PERMIT = "840000"
_HAN = ("01", "汉族")
_ADDRESS = "湖北省武汉市江岸区样例路1号"
_AUTHORITY = "武汉市公安局江岸区分局"
_LATIN_60 = "MUSTERMANN-SPECIMEN ALEXANDRA WILHELMINA GWENDOLYN FRANCISZK"


@dataclass(frozen=True, slots=True)
class GoldenRecord:
    """One named edge.

    row:      the texts of ``COLUMNS``; the portrait is left empty.
    sex, age: for the portrait.
    warnings: exactly what the rules remark under a SPECIMEN root.
    """

    name: str
    row: tuple[str, ...]
    sex: int
    age: int
    warnings: frozenset[FindingCode]


@dataclass(frozen=True, slots=True)
class _Edge:
    """How one golden record differs from a plain man of 36."""

    name: str
    full_name: str = "样例一"
    age: int = 36
    days_older: int = 100
    sex: int = 1
    stated_sex: str = ""
    ethnicity: tuple[str, str] = _HAN
    address: str = _ADDRESS
    authority: str = _AUTHORITY
    document_type: DocumentType = DocumentType.RESIDENT_ID
    name_latin: str = ""
    birth_date: date | None = None
    issued_on_leap_day: bool = False
    issued_days_ago: int = 200
    card_years: int | None = None
    number: str = ""
    warnings: tuple[FindingCode, ...] = ()


_PERMIT_TYPE, _FOREIGNER = DocumentType.HK_MACAU_TAIWAN_PERMIT, DocumentType.FOREIGNER_PERMANENT
_AUTHORITIES = {_PERMIT_TYPE: "深圳市公安局", _FOREIGNER: "中华人民共和国国家移民管理局"}
_ADDRESS_LONG = "新疆维吾尔自治区博尔塔拉蒙古自治州阿拉山口市样例街道示范社区居民委员会样例路一百二十三号示范小区二期十六号楼三单元一千二百零四室"

_EDGES: tuple[_Edge, ...] = (
    _Edge("plain_man", "张伟"),
    _Edge("plain_woman", "李秀英", sex=2),
    _Edge("compound_surname", "欧阳建国"),
    _Edge("name_of_25_characters", "阿不都热合曼·买买提吐尔逊·艾合买提·努尔兰·古丽"),
    _Edge(
        "name_of_50_characters",
        "阿不都热合曼·买买提吐尔逊·艾合买提江·努尔买买提·库尔班江·巴哈尔古丽·阿依努尔·热依汗古丽·木拉",
    ),
    _Edge("name_of_50_rare_characters", "𠅤" * 25 + "𬱖" * 25),
    _Edge("name_with_bullet", "买买提•吐尔逊", ethnicity=("05", "维吾尔族")),
    _Edge("name_with_katakana_dot", "卓玛・次仁", sex=2, ethnicity=("04", "藏族")),
    _Edge("name_with_extension_a", "龙㛃䶮"),
    _Edge("name_with_extension_b", "王𠅤"),
    _Edge("name_with_extension_c", "陈𫖯"),
    _Edge("name_with_extension_e", "周𬱖𬀩"),
    _Edge("name_with_extension_f", "吴\U0002d544\U0002e9b6"),
    _Edge("name_with_compatibility_character", "赵\uf9dc", warnings=(FindingCode.COMPATIBILITY_CHARACTER,)),
    _Edge("name_with_old_private_use_code", "龙\ue863", warnings=(FindingCode.PRIVATE_USE_MAPPED,)),
    _Edge("ethnicity_chuanqing", "穆样例", ethnicity=("97", "穿青人")),
    _Edge("ethnicity_naturalised", "娜塔莎样例", sex=2, ethnicity=("98", "乌克兰（入籍）")),
    _Edge("ethnicity_branch", "杨样例", ethnicity=("27", "纳西族（摩梭人）")),
    _Edge("ethnicity_code_unknown", "廖样例", ethnicity=("58", "革家人")),
    _Edge(
        "permit_hong_kong",
        "陈大文",
        document_type=_PERMIT_TYPE,
        ethnicity=("", ""),
        address="广东省深圳市福田区示范街8号",
    ),
    _Edge(
        "permit_taiwan",
        "林美玲",
        sex=2,
        document_type=_PERMIT_TYPE,
        ethnicity=("", ""),
        address="福建省厦门市思明区样例路9号",
    ),
    _Edge(
        "foreigner_latin_name_of_60",
        "马样例",
        sex=2,
        document_type=_FOREIGNER,
        ethnicity=("", ""),
        address="",
        name_latin=_LATIN_60,
    ),
    _Edge(
        "foreigner_without_chinese_name",
        "",
        document_type=_FOREIGNER,
        ethnicity=("", ""),
        address="",
        name_latin="SPECIMEN JEAN-PIERRE",
    ),
    _Edge(
        "foreigner_card_of_2017",
        "",
        document_type=_FOREIGNER,
        ethnicity=("", ""),
        address="",
        name_latin="MUESTRA ISABELLA",
        number="QZZ110190010101",
    ),
    _Edge("turns_14_tomorrow", "样小童", age=14, days_older=-1),
    _Edge("turned_14_today", "样小明", age=14, days_older=0),
    _Edge("turned_16_today", "样小红", age=16, days_older=0, sex=2),
    _Edge("turned_18_today", "样小军", age=18, days_older=0),
    _Edge("turned_26_today", "样中青", age=26, days_older=0, issued_days_ago=0),
    _Edge("turned_46_today", "样中年", age=46, days_older=0, issued_days_ago=0),
    _Edge("turned_60_today", "样长者", age=60, days_older=0, sex=2),
    _Edge("turned_65_today", "样寿星", age=65, days_older=0),
    _Edge("born_on_29_february", "样闰日", birth_date=date(2000, 2, 29)),
    _Edge("valid_from_29_february", "样闰童", issued_on_leap_day=True),
    _Edge("card_expiring_soon", "样将期", age=30, issued_days_ago=-20, card_years=10),
    _Edge("card_expired", "样过期", age=34, issued_days_ago=40, card_years=10, warnings=(FindingCode.CARD_EXPIRED,)),
    _Edge("number_of_15_digits", "样十五", birth_date=date(1971, 5, 6), warnings=(FindingCode.CONVERTED_FROM_15,)),
    _Edge("sex_differs_from_number", "样性别", stated_sex="2", warnings=(FindingCode.SEX_NUMBER_MISMATCH,)),
    _Edge("address_over_35_characters", "样长址", sex=2, address=_ADDRESS_LONG),
    _Edge(
        "authority_of_18_characters",
        "马样例",
        ethnicity=("26", "东乡族"),
        authority="积石山保安族东乡族撒拉族自治县公安局",
    ),
)

GOLDEN_COUNT = len(_EDGES)


def golden_records(*, today: date) -> tuple[GoldenRecord, ...]:
    """Return the forty golden records; ages and validities are those of ``today``, everything else is fixed."""
    return tuple(_make(edge, place, today) for place, edge in enumerate(_EDGES))


def _make(edge: _Edge, place: int, today: date) -> GoldenRecord:
    birth_date, valid_from = _dates(edge, today)
    valid_until = expected_valid_until(birth_date, valid_from)
    if edge.document_type is not DocumentType.RESIDENT_ID:
        valid_until = add_years(valid_from, 5)
    row = (
        edge.full_name,
        edge.stated_sex or str(edge.sex),
        *edge.ethnicity,
        format_date(birth_date),
        edge.address,
        edge.number or _number(edge, birth_date, sequence=501 + 2 * place + (edge.sex == 2)),
        _AUTHORITIES.get(edge.document_type, edge.authority),
        format_date(valid_from),
        LONG_TERM if valid_until is None else format_date(valid_until),
        "",
        edge.document_type.value,
        edge.name_latin,
    )
    return GoldenRecord(edge.name, row, edge.sex, age_on(birth_date, today), frozenset(edge.warnings))


def _dates(edge: _Edge, today: date) -> tuple[date, date]:
    """Birth, and first day of validity."""
    if edge.issued_on_leap_day:
        leap_day = max(
            date(year, 2, 29)
            for year in range(today.year - 8, today.year + 1)
            if isleap(year) and date(year, 2, 29) <= today
        )
        return add_years(leap_day, -11), leap_day
    birth_date = edge.birth_date or add_years(today, -edge.age) - timedelta(days=edge.days_older)
    # A card seen from its end: days are counted back from the last day of so many years.
    end = today - timedelta(days=edge.issued_days_ago)
    return birth_date, max(birth_date, end if edge.card_years is None else add_years(end, -edge.card_years))


def _number(edge: _Edge, birth_date: date, *, sequence: int) -> str:
    if edge.name == "number_of_15_digits":
        return f"{_DIVISION}{birth_date:%y%m%d}{sequence:03}"
    prefix = {_PERMIT_TYPE: _PERMIT, _FOREIGNER: "969900"}.get(edge.document_type, _DIVISION)
    first17 = f"{prefix}{birth_date:%Y%m%d}{sequence:03}"
    return first17 + check_character(first17)
