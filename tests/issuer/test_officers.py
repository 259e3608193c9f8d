from __future__ import annotations

import pytest
from sqlalchemy import select

from core.errors import Conflict, MalformedInput, NotFound, Refused
from core.reasons import Reason
from issuer.officers import Officer, Role, acting_officer, add_first_officer, add_officer, make_officer
from issuer.storage.engine import begin
from issuer.storage.tables import BureauTable
from tests.builders.bureau import APPROVER, BOTH, BUREAU, NOW, OTHER_BUREAU, REGISTRAR, Office
from tests.issuer.storage.conftest import office

__all__ = ["office"]

ADMIN = BOTH
NEWCOMER = make_officer(BUREAU, "sun", "孙样例", [Role.REGISTRAR])


def add(office: Office, officer: Officer, by: Officer) -> None:
    with office.store.transaction() as books:
        add_officer(officer, by=by, book=books.officers, audit=books.audit, now=NOW)


def get(office: Office, officer_id: str) -> Officer:
    with office.store.reading() as books:
        return acting_officer(BUREAU, officer_id, book=books.officers)


def test_an_admin_adds_an_officer_and_the_log_says_so(office: Office) -> None:
    add(office, NEWCOMER, ADMIN)
    assert get(office, "sun") == NEWCOMER
    event = BureauTable.metadata.tables["audit_event"]
    query = select(event.c.actor, event.c.action, event.c.subject, event.c.note).order_by(event.c.seq.desc()).limit(1)
    with begin(office.engine, read_only=True) as connection:
        assert tuple(connection.execute(query).one()) == ("qian", "officer.add", "sun", "registrar")


@pytest.mark.parametrize("by", [REGISTRAR, APPROVER], ids=["registrar", "approver"])
def test_refuses_an_officer_added_by_somebody_who_is_no_admin(office: Office, by: Officer) -> None:
    with pytest.raises(Refused) as refused:
        add(office, NEWCOMER, by)
    assert refused.value.reason is Reason.ROLE_MISSING
    with pytest.raises(NotFound):
        get(office, "sun")


def test_refuses_an_officer_added_by_the_admin_of_another_bureau(office: Office) -> None:
    stranger = make_officer(OTHER_BUREAU, "li", "李样例", [Role.BUREAU_ADMIN])
    with pytest.raises(Refused) as refused:
        add(office, NEWCOMER, stranger)
    assert refused.value.reason is Reason.ROLE_MISSING


def test_only_a_national_admin_makes_a_national_admin(office: Office) -> None:
    national = make_officer(BUREAU, "sun", "孙样例", [Role.NATIONAL_ADMIN])
    with pytest.raises(Refused):
        add(office, national, ADMIN)
    add(office, national, make_officer(BUREAU, "wu", "吴样例", [Role.BUREAU_ADMIN, Role.NATIONAL_ADMIN]))


def test_refuses_an_id_that_is_taken(office: Office) -> None:
    with pytest.raises(Conflict):
        add(office, make_officer(BUREAU, "lin", "林二", [Role.AUDITOR]), ADMIN)
    assert get(office, "lin") == REGISTRAR


def test_once_there_is_an_admin_no_officer_comes_from_nowhere(office: Office) -> None:
    with pytest.raises(Refused) as refused, office.store.transaction() as books:
        add_first_officer(NEWCOMER, book=books.officers, audit=books.audit, now=NOW)
    assert refused.value.reason is Reason.ROLE_MISSING


def test_a_retired_officer_is_as_unknown_as_nobody(office: Office) -> None:
    with office.store.transaction() as books:
        books.officers.add(Officer(BUREAU, "old", "旧样例", frozenset({Role.APPROVER}), active=False), now=NOW)
    for officer_id in ("old", "nobody"):
        with pytest.raises(NotFound) as refused:
            get(office, officer_id)
        assert refused.value.reason is Reason.OFFICER_UNKNOWN


def test_a_retired_officer_holds_no_role() -> None:
    retired = Officer(BUREAU, "old", "旧样例", frozenset({Role.APPROVER}), active=False)
    with pytest.raises(Refused):
        retired.require(Role.APPROVER)


@pytest.mark.parametrize("officer_id", ["", "Lin", "林", "a b", "-a", "a|b", "x" * 65, "system", "wallet"])
def test_refuses_the_id(officer_id: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        make_officer(BUREAU, officer_id, "林样例", [Role.AUDITOR])
    assert refused.value.reason is Reason.TEXT_NOT_ALLOWED


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb", "a\u202eb"])
def test_refuses_the_name(name: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        make_officer(BUREAU, "lin", name, [Role.AUDITOR])
    assert refused.value.reason is Reason.TEXT_NOT_ALLOWED


def test_refuses_an_officer_without_a_role() -> None:
    with pytest.raises(MalformedInput):
        make_officer(BUREAU, "lin", "林样例", [])
