"""Making, serving and withdrawing offers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import Conflict, EidError, NotFound, Refused
from core.reasons import Reason
from formats.encoding import base64url
from tests.builders.bureau import APPROVER, OTHER_APPROVER, REGISTRAR
from tests.builders.issuance import ISSUER, POLICY, RECORD, Desk, DirectWallet, code_of


def reason(act: Callable[[], object], family: type[EidError]) -> Reason:
    with pytest.raises(family) as caught:
        act()
    return caught.value.reason


def test_an_offer_names_issuer_configurations_and_the_code_people_must_type(desk: Desk) -> None:
    created = desk.offer()
    wire = created.offer.to_wire()
    assert wire["credential_issuer"] == ISSUER
    assert wire["credential_configuration_ids"] == ["resident_id_sd_jwt_vc", "resident_id_mdoc", "resident_id_qr"]
    grant = wire["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"]
    assert grant["tx_code"]["length"] == len(created.tx_code or "") == 6
    assert grant["tx_code"]["input_mode"] == "numeric"
    assert (created.tx_code or "").isdigit()


def test_the_database_holds_neither_code_nor_transaction_code_nor_reference(desk: Desk) -> None:
    created = desk.offer()
    stored = repr(desk.rows("SELECT * FROM credential_offer"))
    reference = created.reference_link.rsplit("%2F", 1)[1]
    for secret in (code_of(created), created.tx_code or "", reference, repr(base64url.decode(reference))[2:-1]):
        assert secret not in stored
    assert code_of(created) not in repr(created)


def test_only_an_approved_record_is_offered_for(desk: Desk) -> None:
    desk.people.waiting.add(RECORD)
    assert reason(desk.offer, Refused) is Reason.NOT_APPROVED
    assert reason(lambda: desk.offer("unknown"), NotFound) is Reason.RECORD_UNKNOWN
    assert desk.rows("SELECT count(*) FROM credential_offer") == [(0,)]


def test_only_a_registrar_of_this_bureau_makes_offers(desk: Desk) -> None:
    for officer in (APPROVER, OTHER_APPROVER):
        assert reason(lambda who=officer: desk.role.offers.create(RECORD, by=who), Refused) is Reason.ROLE_MISSING  # type: ignore[misc]  # a default binds the loop's value


def test_an_offer_is_served_by_reference_until_it_is_used_or_over(desk: Desk) -> None:
    created = desk.offer()
    reference = created.reference_link.rsplit("%2F", 1)[1]
    assert desk.role.offers.fetch(reference) == created.offer
    desk.clock.seconds += POLICY.offer_lifetime
    assert reason(lambda: desk.role.offers.fetch(reference), NotFound) is Reason.OFFER_UNKNOWN
    desk.clock.seconds -= 1
    assert desk.role.offers.fetch(reference) == created.offer
    DirectWallet(desk.role, desk.clock).redeem(created)
    assert reason(lambda: desk.role.offers.fetch(reference), NotFound) is Reason.OFFER_UNKNOWN


def test_a_withdrawn_offer_is_gone_and_a_used_one_cannot_be_withdrawn(desk: Desk) -> None:
    first, second = desk.offer(), desk.offer()
    desk.role.offers.withdraw(first.offer_id, by=REGISTRAR)
    wallet = DirectWallet(desk.role, desk.clock)
    assert reason(lambda: wallet.redeem(first), Refused) is Reason.OFFER_UNKNOWN
    wallet.redeem(second)
    assert reason(lambda: desk.role.offers.withdraw(second.offer_id, by=REGISTRAR), Conflict) is Reason.OFFER_USED
    assert reason(lambda: desk.role.offers.withdraw("unknown", by=REGISTRAR), NotFound) is Reason.OFFER_UNKNOWN
    actions = desk.rows("SELECT action FROM audit_event WHERE action LIKE 'offer.%' ORDER BY seq")
    assert [row[0] for row in actions] == ["offer.create", "offer.create", "offer.withdraw", "offer.redeem"]


@pytest.mark.parametrize("reference", ["", "!", "AAAA", "A" * 22, "..", "é"])
def test_strange_references_lead_nowhere(desk: Desk, reference: str) -> None:
    assert reason(lambda: desk.role.offers.fetch(reference), NotFound) is Reason.OFFER_UNKNOWN
