"""Findings of the record rules: the one table of codes, with severity, field, text and next step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """ERROR keeps a row out; WARNING lets it in and asks an officer to look."""

    ERROR = "error"
    WARNING = "warning"


class FindingCode(StrEnum):
    """Stable codes, shown to officers and kept in reports; never renamed, never used twice."""

    ROW_TOO_LONG = "row_too_long"
    ROW_UNDECODABLE = "row_undecodable"
    ROW_NUL_BYTE = "row_nul_byte"
    ROW_QUOTING = "row_quoting"
    ROW_RAGGED = "row_ragged"
    FIELD_TOO_LONG = "field_too_long"
    CONTROL_CHARACTER = "control_character"
    CHARACTER_LOST = "character_lost"
    PRIVATE_USE_UNMAPPED = "private_use_unmapped"
    PRIVATE_USE_MAPPED = "private_use_mapped"
    COMPATIBILITY_CHARACTER = "compatibility_character"
    TOO_MANY_MARKS = "too_many_marks"
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    NAME_SPACED = "name_spaced"
    GLYPH_MISSING = "glyph_missing"
    LATIN_NAME_MISSING = "latin_name_missing"
    LATIN_NAME_TOO_LONG = "latin_name_too_long"
    LATIN_NAME_INVALID = "latin_name_invalid"
    SEX_INVALID = "sex_invalid"
    SEX_NUMBER_MISMATCH = "sex_number_mismatch"
    ETHNICITY_MISSING = "ethnicity_missing"
    ETHNICITY_TEXT_DIFFERS = "ethnicity_text_differs"
    ETHNICITY_TOO_LONG = "ethnicity_too_long"
    BIRTH_DATE_INVALID = "birth_date_invalid"
    BIRTH_DATE_IN_FUTURE = "birth_date_in_future"
    BIRTH_DATE_NUMBER_MISMATCH = "birth_date_number_mismatch"
    AGE_IMPLAUSIBLE = "age_implausible"
    ADDRESS_MISSING = "address_missing"
    ADDRESS_TOO_LONG = "address_too_long"
    NUMBER_MISSING = "number_missing"
    NUMBER_FORMAT = "number_format"
    NUMBER_DOCUMENT_MISMATCH = "number_document_mismatch"
    NUMBER_DATE_INVALID = "number_date_invalid"
    NUMBER_CHECKSUM = "number_checksum"
    SYNTHETIC_NUMBER = "synthetic_number"
    CONVERTED_FROM_15 = "converted_from_15"
    DIVISION_UNKNOWN = "division_unknown"
    DIVISION_PERIOD = "division_period"
    AUTHORITY_MISSING = "authority_missing"
    AUTHORITY_TOO_LONG = "authority_too_long"
    VALID_FROM_INVALID = "valid_from_invalid"
    VALID_FROM_BEFORE_BIRTH = "valid_from_before_birth"
    VALID_FROM_IN_FUTURE = "valid_from_in_future"
    VALID_UNTIL_INVALID = "valid_until_invalid"
    VALID_UNTIL_NOT_AFTER_FROM = "valid_until_not_after_from"
    VALIDITY_NOT_BY_AGE = "validity_not_by_age"
    CARD_EXPIRED = "card_expired"
    DOCUMENT_TYPE_UNKNOWN = "document_type_unknown"
    DUPLICATE_NUMBER = "duplicate_number"
    RECORD_DIFFERS = "record_differs"
    PORTRAIT_PATH_REFUSED = "portrait_path_refused"
    PORTRAIT_MISSING = "portrait_missing"
    PORTRAIT_TOO_LARGE = "portrait_too_large"
    PORTRAIT_FORMAT = "portrait_format"
    PORTRAIT_ANIMATED = "portrait_animated"
    PORTRAIT_DIMENSIONS = "portrait_dimensions"
    PORTRAIT_UNREADABLE = "portrait_unreadable"
    PORTRAIT_TOO_DETAILED = "portrait_too_detailed"


@dataclass(frozen=True, slots=True)
class FindingRule:
    """What one code means: how grave it is, where it is usually found, and what to tell the officer.

    overridable: an error that two officers may let through with a reason, because the register itself can hold it
                 (a wrong but official number). Every warning is let through by one officer with a reason.
    """

    severity: Severity
    overridable: bool
    field: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about one field of one row.

    field:  the column of the register file, or "row" for the line as a whole.
    detail: more, in English and without any value of the row: findings are printed and logged.
    """

    code: FindingCode
    field: str
    detail: str = ""

    @property
    def rule(self) -> FindingRule:
        """The entry of the table for this code."""
        return FINDINGS[self.code]

    @property
    def severity(self) -> Severity:
        """ERROR or WARNING."""
        return FINDINGS[self.code].severity

    @property
    def overridable(self) -> bool:
        """True where officers may let it through with a reason."""
        return FINDINGS[self.code].overridable


def found(code: FindingCode, field: str = "", detail: str = "") -> Finding:
    """Make a finding for the usual field of its code, or for the field given."""
    return Finding(code, field or FINDINGS[code].field, detail)


def has_errors(findings: tuple[Finding, ...]) -> bool:
    """True when at least one of the findings keeps the row out."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def _error(field: str, zh: str, en: str) -> FindingRule:
    return FindingRule(Severity.ERROR, False, field, zh, en)


def _two_officers(field: str, zh: str, en: str) -> FindingRule:
    return FindingRule(Severity.ERROR, True, field, zh, en)


def _warning(field: str, zh: str, en: str) -> FindingRule:
    return FindingRule(Severity.WARNING, True, field, zh, en)


_C = FindingCode

FINDINGS: Final[dict[FindingCode, FindingRule]] = {
    _C.ROW_TOO_LONG: _error(
        "row",
        "该行过长。请检查是否缺少换行，更正后重新导入。",
        "The row is too long. Look for a lost line break, correct it and import again.",
    ),
    _C.ROW_UNDECODABLE: _error(
        "row",
        "该行含有无法按文件编码读取的字节。请从户籍系统重新导出该行。",
        "The row has bytes that the file's encoding does not know. Export the row again from the register.",
    ),
    _C.ROW_NUL_BYTE: _error("row", "该行含有空字节。请重新导出该行。", "The row has a NUL byte. Export the row again."),
    _C.ROW_QUOTING: _error(
        "row",
        "该行的引号不成对或位置不对。请更正引号；字段内不允许换行。",
        "The quotation marks of the row do not match. Correct them; a field holds no line break.",
    ),
    _C.ROW_RAGGED: _error(
        "row",
        "该行的字段数与表头不符。请补齐或删除多余的逗号。",
        "The row has not as many fields as the header. Add or remove commas.",
    ),
    _C.FIELD_TOO_LONG: _error(
        "row", "字段过长。请更正后重新导入。", "A field is too long. Correct it and import again."
    ),
    _C.CONTROL_CHARACTER: _error(
        "name",
        "字段含有控制、格式或方向字符。请删除不可见字符后重新导入。",
        "The field has a control, format or direction character. Remove the invisible characters and import again.",
    ),
    _C.CHARACTER_LOST: _error(
        "name",
        "字段中有字符已丢失（显示为？或□）。请从户籍系统重新导出，或申请补字。",
        "A character was lost on the way (it became ? or a box). Export the row again or ask for the glyph.",
    ),
    _C.PRIVATE_USE_UNMAPPED: _error(
        "name",
        "字段含有没有标准编码的造字（私用区字符）。请查明该字并用国家标准编码重新录入，或申请补字。",
        "The field has a private-use character without a standard code. Find the character and enter its standard code, "
        "or ask for the glyph.",
    ),
    _C.PRIVATE_USE_MAPPED: _warning(
        "name",
        "旧系统的私用区字符已换成国家标准编码。请对照证件核对该字。",
        "A private-use character of an older system was replaced by its standard code. Compare it with the card.",
    ),
    _C.COMPATIBILITY_CHARACTER: _warning(
        "name",
        "字段含有兼容汉字，按原样保存。请对照证件核对该字。",
        "The field has a compatibility ideograph; it is kept as received. Compare it with the card.",
    ),
    _C.TOO_MANY_MARKS: _error(
        "name",
        "一个字符上叠加了过多的附加符号。请更正后重新导入。",
        "More than four combining marks follow one another. Correct the field and import again.",
    ),
    _C.NAME_MISSING: _error("name", "缺少姓名。请补录姓名。", "The name is missing. Enter the name."),
    _C.NAME_TOO_LONG: _error(
        "name", "姓名超过50个字符。请核对姓名。", "The name is longer than 50 characters. Check the name."
    ),
    _C.NAME_SPACED: _warning(
        "name",
        "汉字姓名中有空格，按原样保存。请核对姓名。",
        "The Han name has a space inside; it is kept as received. Check the name.",
    ),
    _C.GLYPH_MISSING: _warning(
        "name",
        "姓名中有生僻字没有可随证签发的字形，缺字库的核验端只能显示其代码。请由管理员设置 EID_GLYPH_FONT，或说明理由。",
        "A rare character of the name gets no signed picture, so a reader without its font shows the code point. Let the operator set EID_GLYPH_FONT, or give the reason.",
    ),
    _C.LATIN_NAME_MISSING: _error(
        "name_latin",
        "外国人永久居留证缺少英文姓名。请补录英文姓名。",
        "A foreigner's document needs the name in Latin letters. Enter it.",
    ),
    _C.LATIN_NAME_TOO_LONG: _error(
        "name_latin", "英文姓名超过60个字符。请核对。", "The Latin name is longer than 60 characters. Check it."
    ),
    _C.LATIN_NAME_INVALID: _error(
        "name_latin",
        "英文姓名含有拉丁字母以外的字符。请按证件更正。",
        "The Latin name has characters that are not Latin letters. Correct it from the document.",
    ),
    _C.SEX_INVALID: _error(
        "sex",
        "性别代码应为0、1、2或9（GB/T 2261.1）。请更正。",
        "The sex code is not 0, 1, 2 or 9 (GB/T 2261.1). Correct it.",
    ),
    _C.SEX_NUMBER_MISMATCH: _warning(
        "sex",
        "性别与公民身份号码不一致。请核对；如登记确实如此，请说明理由。",
        "The sex differs from the citizen number. Check both; if the register says so, give the reason.",
    ),
    _C.ETHNICITY_MISSING: _warning(
        "ethnicity",
        "缺少民族。请核对；如登记中没有，请说明理由。",
        "The ethnicity is missing. Check it; if the register has none, give the reason.",
    ),
    _C.ETHNICITY_TEXT_DIFFERS: _warning(
        "ethnicity",
        "民族文字与代码不一致，按登记文字保存。请核对。",
        "The ethnicity text differs from its code; the text is kept as registered. Check both.",
    ),
    _C.ETHNICITY_TOO_LONG: _error(
        "ethnicity", "民族文字或代码过长。请更正。", "The ethnicity text or code is too long. Correct it."
    ),
    _C.BIRTH_DATE_INVALID: _error(
        "birth_date",
        "出生日期不是有效日期（应为年月日八位数字）。请更正。",
        "The birth date is not an existing day written YYYYMMDD. Correct it.",
    ),
    _C.BIRTH_DATE_IN_FUTURE: _error(
        "birth_date", "出生日期在今天之后。请更正。", "The birth date lies in the future. Correct it."
    ),
    _C.BIRTH_DATE_NUMBER_MISMATCH: _two_officers(
        "birth_date",
        "出生日期与证件号码不一致。请更正；如登记确实如此，须两名民警说明理由后放行。",
        "The birth date differs from the number. Correct it; if the register says so, two officers may let it through.",
    ),
    _C.AGE_IMPLAUSIBLE: _warning(
        "birth_date",
        "年龄超过130岁。请核实此人是否健在。",
        "The age is above 130 years. Find out whether the person is alive.",
    ),
    _C.ADDRESS_MISSING: _error("address", "缺少住址。请补录住址。", "The address is missing. Enter the address."),
    _C.ADDRESS_TOO_LONG: _error(
        "address", "住址超过200个字符。请核对住址。", "The address is longer than 200 characters. Check the address."
    ),
    _C.NUMBER_MISSING: _error("citizen_number", "缺少证件号码。请补录。", "The document number is missing. Enter it."),
    _C.NUMBER_FORMAT: _error(
        "citizen_number",
        "证件号码的位数或字符不对。请对照证件更正。",
        "The number has not the length or the characters of its kind. Correct it from the document.",
    ),
    _C.NUMBER_DOCUMENT_MISMATCH: _error(
        "citizen_number",
        "证件号码属于另一种证件。请核对证件类型和号码。",
        "The number belongs to another kind of document. Check document type and number.",
    ),
    _C.NUMBER_DATE_INVALID: _error(
        "citizen_number",
        "证件号码中的出生日期不存在。请对照证件更正。",
        "The birth date inside the number does not exist. Correct the number from the document.",
    ),
    _C.NUMBER_CHECKSUM: _two_officers(
        "citizen_number",
        "证件号码的校验码不对。请对照证件更正；如登记确实如此，须两名民警说明理由后放行。",
        "The check character of the number is wrong. Correct it; if the register says so, two officers may let it through.",
    ),
    _C.SYNTHETIC_NUMBER: _error(
        "citizen_number",
        "该号码属于为样例人员保留的号段，只能用于样例环境。请核对号码。",
        "The number lies in a range reserved for synthetic people and is accepted under a SPECIMEN root only. Check it.",
    ),
    _C.CONVERTED_FROM_15: _warning(
        "citizen_number",
        "15位号码已换算成18位，15位号码本身已不是有效证件。请核对现行证件。",
        "A 15-digit number was converted to 18; it is no valid document by itself. Check the present card.",
    ),
    _C.DIVISION_UNKNOWN: _warning(
        "citizen_number",
        "号码前六位不在已知的行政区划代码中。请核对号码；新设区划可直接说明。",
        "The first six digits are no division code known here. Check the number; a new division is a good reason.",
    ),
    _C.DIVISION_PERIOD: _warning(
        "citizen_number",
        "号码前六位的行政区划代码与出生年份的使用时期不符。请核对。",
        "The division code of the number was not in force in the birth year. Check the number.",
    ),
    _C.AUTHORITY_MISSING: _error(
        "issuing_authority", "缺少签发机关。请补录。", "The issuing authority is missing. Enter it."
    ),
    _C.AUTHORITY_TOO_LONG: _error(
        "issuing_authority",
        "签发机关超过60个字符。请核对。",
        "The issuing authority is longer than 60 characters. Check it.",
    ),
    _C.VALID_FROM_INVALID: _error(
        "valid_from",
        "有效期起始日不是有效日期（应为年月日八位数字）。请更正。",
        "The first day of validity is not an existing day written YYYYMMDD. Correct it.",
    ),
    _C.VALID_FROM_BEFORE_BIRTH: _error(
        "valid_from", "有效期起始日早于出生日期。请更正。", "The validity starts before the birth date. Correct it."
    ),
    _C.VALID_FROM_IN_FUTURE: _warning(
        "valid_from", "有效期尚未开始。请核对日期。", "The validity has not started yet. Check the date."
    ),
    _C.VALID_UNTIL_INVALID: _error(
        "valid_until",
        "有效期截止日不是有效日期，也不是“长期”。请更正。",
        "The last day of validity is neither an existing day written YYYYMMDD nor 长期. Correct it.",
    ),
    _C.VALID_UNTIL_NOT_AFTER_FROM: _error(
        "valid_until", "有效期截止日不晚于起始日。请更正。", "The validity does not end after it starts. Correct it."
    ),
    _C.VALIDITY_NOT_BY_AGE: _warning(
        "valid_until",
        "有效期与签发时年龄应有的期限（5年、10年、20年、长期）不符。请对照证件核对。",
        "The validity is not the one for the age at issue (5, 10, 20 years, long term). Compare it with the card.",
    ),
    _C.CARD_EXPIRED: _warning(
        "valid_until",
        "证件已过期，不能签发电子证件。请先换领证件。",
        "The card has expired; no electronic one can be issued. Renew the card first.",
    ),
    _C.DOCUMENT_TYPE_UNKNOWN: _error(
        "document_type",
        "证件类型代码未知。请使用 resident_id、hk_macau_taiwan_permit 或 foreigner_permanent。",
        "The document type is unknown. Use resident_id, hk_macau_taiwan_permit or foreigner_permanent.",
    ),
    _C.DUPLICATE_NUMBER: _error(
        "citizen_number",
        "文件中另有一行使用同一号码而内容不同。请核对后只保留一行。",
        "Another row of the file has this number with other content. Check both and keep one.",
    ),
    _C.RECORD_DIFFERS: _error(
        "row",
        "该号码已登记，且内容与本行不同；未作改动。请通过更正流程办理。",
        "This number is registered with other contents; nothing was changed. Use a correction instead.",
    ),
    _C.PORTRAIT_PATH_REFUSED: _error(
        "portrait",
        "照片路径不在登记文件所在的文件夹内。请使用相对路径。",
        "The portrait path leaves the folder of the register file. Use a relative path inside it.",
    ),
    _C.PORTRAIT_MISSING: _error(
        "portrait",
        "找不到照片文件。请补齐照片后重新导入。",
        "The portrait file was not found. Add it and import again.",
    ),
    _C.PORTRAIT_TOO_LARGE: _error(
        "portrait",
        "照片文件超过2 MB。请压缩后重新导入。",
        "The portrait file is larger than 2 MB. Make it smaller and import again.",
    ),
    _C.PORTRAIT_FORMAT: _error(
        "portrait", "照片不是JPEG、PNG或WebP格式。请转换格式。", "The portrait is not JPEG, PNG or WebP. Convert it."
    ),
    _C.PORTRAIT_ANIMATED: _error(
        "portrait", "照片包含多帧图像。请使用单张照片。", "The portrait has more than one frame. Use one still picture."
    ),
    _C.PORTRAIT_DIMENSIONS: _error(
        "portrait",
        "照片尺寸不合要求（宽和高须为102至2048像素）。请更换照片。",
        "The portrait has unusable dimensions (102 to 2048 pixels each way). Use another picture.",
    ),
    _C.PORTRAIT_UNREADABLE: _error(
        "portrait", "照片文件已损坏。请更换照片文件。", "The portrait file is damaged. Replace the file."
    ),
    _C.PORTRAIT_TOO_DETAILED: _error(
        "portrait",
        "照片噪点或背景过于复杂，无法压缩到二维码容量。请更换白底照片。",
        "The portrait is too noisy to fit into the QR code. Use a picture with a plain background.",
    ),
}
