from __future__ import annotations

import re

import pytest

from issuer.register.findings import FINDINGS, FindingCode, Severity, found, has_errors
from issuer.register.record import COLUMNS


def test_every_code_has_its_row_and_no_row_is_without_a_code() -> None:
    assert set(FINDINGS) == set(FindingCode)


@pytest.mark.parametrize("code", FindingCode)
def test_every_code_says_what_and_what_next_in_both_languages(code: FindingCode) -> None:
    rule = FINDINGS[code]
    assert rule.field in (*COLUMNS, "row")
    assert re.search("[\u4e00-\u9fff]", rule.zh)
    assert rule.zh.count("。") == 2
    assert len(re.findall(r"[.;](?: |\Z)", rule.en)) >= 2
    assert re.fullmatch("[a-z0-9_]+", code.value)


def test_only_wrong_but_official_numbers_are_errors_that_officers_may_override() -> None:
    overridable = {code for code, rule in FINDINGS.items() if rule.overridable and rule.severity is Severity.ERROR}
    assert overridable == {FindingCode.NUMBER_CHECKSUM, FindingCode.BIRTH_DATE_NUMBER_MISMATCH}


def test_every_warning_is_overridable() -> None:
    assert all(rule.overridable for rule in FINDINGS.values() if rule.severity is Severity.WARNING)


def test_a_finding_knows_its_rule() -> None:
    finding = found(FindingCode.CONTROL_CHARACTER, "address")
    assert (finding.field, finding.severity, finding.overridable) == ("address", Severity.ERROR, False)
    assert finding.rule is FINDINGS[FindingCode.CONTROL_CHARACTER]
    assert found(FindingCode.SEX_INVALID).field == "sex"


def test_warnings_alone_are_no_errors() -> None:
    warning = found(FindingCode.CARD_EXPIRED)
    assert not has_errors((warning,))
    assert has_errors((warning, found(FindingCode.NAME_MISSING)))
    assert not has_errors(())
