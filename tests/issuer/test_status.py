"""Suspend, resume, revoke: who may, what it reaches, and what readers see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from api.wiring.issuer import IssuerRole, assemble_issuer
from core.errors import Conflict, EidError, Misconfigured, NotFound, Refused, Unavailable
from core.reasons import Reason
from formats.encoding import base64url
from formats.jose import read_compact
from formats.sd_cwt import unpack
from formats.sd_jwt_vc import read_credential
from formats.status_list.model import StatusList
from formats.status_list.token import read_token
from issuer.catalogue import SD_JWT_VC_ID
from issuer.policy import DAY, WEEK
from issuer.ports import ListIssue
from issuer.status import ReasonClass, StatusDesk, Verb
from issuer.storage.status import StatusFiles
from keys.certificates import leaf_key, leaf_point
from tests.builders.bureau import APPROVER, BOTH, BUREAU, OTHER_APPROVER, REGISTRAR
from tests.builders.issuance import OTHER_RECORD, PUBLIC_URL, RECORD, Desk, DirectWallet
from tests.builders.trust import document_signer, national_root, status_signer
from tests.fakes.issuance import DyingStore, PowerCutError, PublishedInMemory


class Issued:
    """One person with copies of both forms in one wallet."""

    def __init__(self, desk: Desk, record: str = RECORD, jkt: str = "wallet-one") -> None:
        self.desk = desk
        self.wallet = DirectWallet(desk.role, desk.clock, jkt=jkt)
        self.offer = desk.offer(record)
        self.tokens = self.wallet.redeem(self.offer)
        self.credential_id = self.offer.credential_id
        qr = self.wallet.fetch(self.tokens.access_token, 3)
        online = self.wallet.fetch(self.tokens.access_token, 2, SD_JWT_VC_ID)
        self.places = [unpack.read_sd_cwt(base64url.decode(text)).claims.status for text in qr]
        self.places += [read_credential(text).terms.status for text in online]

    def published(self) -> list[int]:
        return [read_list(self.desk, place.uri).status_at(place.index) for place in self.places]


def read_list(desk: Desk, uri: str) -> StatusList:
    path = desk.folder / "status" / BUREAU / uri.rsplit("/", 1)[1]
    return read_token(
        path.read_text(),
        uri=uri,
        signer_of=lambda chain: leaf_key(chain[0]),
        now=desk.clock.now(),
        tolerance_seconds=30,
    )


def published_lists(desk: Desk) -> dict[str, bytes]:
    """The lists in force, both forms, by their file's name."""
    folder = desk.folder / "status" / BUREAU
    return {path.name: path.read_bytes() for path in folder.iterdir() if "-" in path.name}


def revoke(desk: Desk, credential_id: str, reason: ReasonClass = ReasonClass.WITHDRAWN) -> None:
    act = desk.role.status.request(Verb.REVOKE, credential_id, by=REGISTRAR, reason=reason)
    desk.role.status.approve(act.act_id, by=APPROVER)


def refused(desk: Desk, issued: Issued) -> Reason:
    with pytest.raises(EidError) as caught:
        issued.wallet.fetch(issued.tokens.access_token)
    return caught.value.reason


def test_one_officer_suspends_every_form_at_once_and_two_resume(any_desk: Desk) -> None:
    desk, issued = any_desk, Issued(any_desk)
    assert issued.published() == [0] * 5
    outcome = desk.role.status.suspend(issued.credential_id, by=REGISTRAR)
    assert issued.published() == [2] * 5
    assert outcome.lists_published == 2
    assert refused(desk, issued) is Reason.CREDENTIAL_STATE
    with pytest.raises(Refused) as caught:
        issued.wallet.refresh(issued.tokens.refresh_token)
    assert caught.value.reason is Reason.WALLET_FROZEN
    act = desk.role.status.request(Verb.RESUME, issued.credential_id, by=REGISTRAR, reason=ReasonClass.SUSPENDED)
    assert issued.published() == [2] * 5
    desk.role.status.approve(act.act_id, by=APPROVER)
    assert issued.published() == [0] * 5
    assert issued.wallet.refresh(issued.tokens.refresh_token).access_token


def test_a_revocation_waits_for_a_second_officer_and_then_kills_everything(any_desk: Desk) -> None:
    desk, issued = any_desk, Issued(any_desk)
    second = desk.offer()
    act = desk.role.status.request(Verb.REVOKE, issued.credential_id, by=REGISTRAR, reason=ReasonClass.WITHDRAWN)
    assert issued.published() == [0] * 5
    assert [waiting.act_id for waiting in desk.role.status.pending()] == [act.act_id]
    outcome = desk.role.status.approve(act.act_id, by=APPROVER)
    assert issued.published() == [1] * 5
    assert set(outcome.credential_ids) == {issued.credential_id, second.credential_id}
    assert refused(desk, issued) is Reason.TOKEN_INVALID
    with pytest.raises(Refused) as caught:
        issued.wallet.refresh(issued.tokens.refresh_token)
    assert caught.value.reason is Reason.TOKEN_INVALID
    with pytest.raises(Refused) as caught:
        issued.wallet.redeem(second)
    assert caught.value.reason is Reason.OFFER_UNKNOWN
    actions = desk.rows("SELECT actor, action FROM audit_event WHERE action LIKE 'status.%' ORDER BY seq")
    assert actions == [("lin", "status.revoke.request"), ("zhao", "status.revoke")]


def test_a_lost_phone_voids_the_e_id_in_that_phone_only(desk: Desk) -> None:
    lost, kept = Issued(desk, jkt="lost"), Issued(desk, jkt="kept")
    revoke(desk, lost.credential_id, ReasonClass.PHONE_LOST)
    assert (lost.published(), kept.published()) == ([1] * 5, [0] * 5)


def test_a_lost_card_voids_whatever_the_person_holds_and_nobody_elses(desk: Desk) -> None:
    one, two, other = Issued(desk, jkt="1"), Issued(desk, jkt="2"), Issued(desk, OTHER_RECORD, jkt="3")
    revoke(desk, one.credential_id, ReasonClass.CARD_LOST)
    assert one.published() == two.published() == [1] * 5
    assert other.published() == [0] * 5


def test_who_asked_may_not_approve(desk: Desk) -> None:
    issued = Issued(desk)
    act = desk.role.status.request(Verb.REVOKE, issued.credential_id, by=BOTH, reason=ReasonClass.FRAUD)
    with pytest.raises(Refused) as caught:
        desk.role.status.approve(act.act_id, by=BOTH)
    assert caught.value.reason is Reason.SAME_OFFICER
    assert issued.published() == [0] * 5


def test_the_table_itself_keeps_the_two_officers_apart(any_desk: Desk) -> None:
    from issuer.ports import ActState

    issued = Issued(any_desk)
    act = any_desk.role.status.request(Verb.REVOKE, issued.credential_id, by=BOTH, reason=ReasonClass.FRAUD)
    with pytest.raises(Exception, match="two_officers"), any_desk.role.context.store.transaction() as tx:
        tx.decide_act(act.act_id, ActState.APPROVED, BOTH.officer_id, any_desk.clock.now())


def test_officers_without_the_role_or_of_another_bureau_may_not(desk: Desk) -> None:
    issued = Issued(desk)
    act = desk.role.status.request(Verb.REVOKE, issued.credential_id, by=APPROVER, reason=ReasonClass.FRAUD)
    attempts: list[Callable[[], object]] = [
        lambda: desk.role.status.approve(act.act_id, by=REGISTRAR),
        lambda: desk.role.status.approve(act.act_id, by=OTHER_APPROVER),
        lambda: desk.role.status.suspend(issued.credential_id, by=OTHER_APPROVER),
        lambda: desk.role.status.suspend(issued.credential_id, by=replace(REGISTRAR, active=False)),
        lambda: desk.role.status.suspend(issued.credential_id, by=replace(REGISTRAR, roles=frozenset())),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as caught:
            attempt()
        assert caught.value.reason is Reason.ROLE_MISSING


def test_an_act_is_decided_once(desk: Desk) -> None:
    issued = Issued(desk)
    act = desk.role.status.request(Verb.REVOKE, issued.credential_id, by=REGISTRAR, reason=ReasonClass.FRAUD)
    desk.role.status.reject(act.act_id, by=REGISTRAR)
    attempts: list[Callable[[], object]] = [
        lambda: desk.role.status.approve(act.act_id, by=APPROVER),
        lambda: desk.role.status.reject(act.act_id, by=APPROVER),
    ]
    for attempt in attempts:
        with pytest.raises(Conflict) as caught:
            attempt()
        assert caught.value.reason is Reason.CREDENTIAL_STATE
    assert issued.published() == [0] * 5


def test_revoked_is_for_good_and_only_the_suspended_are_resumed(desk: Desk) -> None:
    issued = Issued(desk)
    status = desk.role.status

    def fails(verb: Verb, reason: ReasonClass) -> Reason:
        with pytest.raises(EidError) as caught:
            status.request(verb, issued.credential_id, by=REGISTRAR, reason=reason)
        return caught.value.reason

    assert fails(Verb.RESUME, ReasonClass.SUSPENDED) is Reason.CREDENTIAL_STATE
    assert fails(Verb.REVOKE, ReasonClass.SUSPENDED) is Reason.CREDENTIAL_STATE
    assert fails(Verb.RESUME, ReasonClass.FRAUD) is Reason.CREDENTIAL_STATE
    revoke(desk, issued.credential_id)
    assert fails(Verb.REVOKE, ReasonClass.FRAUD) is Reason.CREDENTIAL_STATE
    assert fails(Verb.RESUME, ReasonClass.SUSPENDED) is Reason.CREDENTIAL_STATE
    with pytest.raises(NotFound) as caught:
        status.suspend("0192e4b0-0000-7000-8000-00000000ffff", by=REGISTRAR)
    assert caught.value.reason is Reason.CREDENTIAL_UNKNOWN
    with pytest.raises(NotFound) as caught:
        status.approve("no such act", by=APPROVER)
    assert caught.value.reason is Reason.STATUS_ACT_UNKNOWN


def test_no_new_offer_while_the_person_is_suspended(desk: Desk) -> None:
    issued = Issued(desk)
    desk.role.status.suspend(issued.credential_id, by=REGISTRAR)
    with pytest.raises(Refused) as caught:
        desk.offer()
    assert caught.value.reason is Reason.CREDENTIAL_STATE


def test_the_public_list_gives_no_reason_and_the_snapshot_does(desk: Desk) -> None:
    people = {reason: Issued(desk, jkt=reason.value) for reason in (ReasonClass.FRAUD, ReasonClass.PHONE_LOST)}
    other = Issued(desk, OTHER_RECORD, jkt="other")
    desk.role.status.suspend(other.credential_id, by=REGISTRAR)
    revoke(desk, people[ReasonClass.PHONE_LOST].credential_id, ReasonClass.PHONE_LOST)
    revoke(desk, people[ReasonClass.FRAUD].credential_id, ReasonClass.FRAUD)
    for issued in people.values():
        assert issued.published() == [1] * 5
    snapshot = desk.role.status.snapshot()
    assert snapshot.bureau == BUREAU
    assert snapshot.as_of == desk.clock.now()
    for issued, number in ((people[ReasonClass.FRAUD], 0), (people[ReasonClass.PHONE_LOST], 2), (other, 1)):
        assert [snapshot.lists[place.uri].look_up(place.index) for place in issued.places] == [number] * 5
    assert sum(len(found.entries) for found in snapshot.lists.values()) == 15


def test_a_replaced_document_is_marked_as_such_by_two_officers(desk: Desk) -> None:
    issued = Issued(desk)
    revoke(desk, issued.credential_id, ReasonClass.SUPERSEDED)
    assert issued.published() == [1] * 5
    found = desk.role.status.snapshot()
    assert {found.lists[place.uri].look_up(place.index) for place in issued.places} == {3}


def test_snapshots_are_numbered_without_end(any_desk: Desk) -> None:
    assert [any_desk.role.status.snapshot().number for _ in range(3)] == [1, 2, 3]


def test_a_snapshot_covers_the_lists_of_next_weeks_copies(desk: Desk) -> None:
    snapshot = desk.role.status.snapshot()
    desk.clock.seconds += WEEK
    issued = Issued(desk)
    assert {place.uri for place in issued.places} <= set(snapshot.lists)


def test_a_list_is_published_before_its_first_credential_and_has_one_expiry_week(desk: Desk) -> None:
    desk.role.status.open_lists()
    before = set(published_lists(desk))
    issued = Issued(desk)
    assert {place.uri.rsplit("/", 1)[1] for place in issued.places} <= before
    assert len({place.uri for place in issued.places[:3]} & {place.uri for place in issued.places[3:]}) == 0


def test_lists_are_published_again_at_half_their_life_and_retired_whole(desk: Desk) -> None:
    desk.role.status.publish_due()
    first = published_lists(desk)
    desk.clock.seconds += DAY // 2 - 1
    assert desk.role.status.publish_due() == 0
    desk.clock.seconds += 1
    assert desk.role.status.publish_due() == len(first) // 2
    again = published_lists(desk)
    assert all(again[name] != token for name, token in first.items())
    desk.clock.seconds += 6 * WEEK
    desk.role.status.publish_due()
    assert not set(first) & set(published_lists(desk))
    assert desk.rows("SELECT count(*) FROM status_list WHERE retired") == [(len(first) // 2,)]


def test_an_act_whose_publication_fails_is_published_by_the_next_round(desk: Desk) -> None:
    class FullDisk(PublishedInMemory):
        def publish(self, list_id: str, issue: ListIssue) -> None:
            raise Unavailable(Reason.STATUS_UNPUBLISHED, "full")

    issued = Issued(desk)
    with pytest.raises(Unavailable):
        StatusDesk(desk.role.context, FullDisk()).suspend(issued.credential_id, by=REGISTRAR)
    assert issued.published() == [0] * 5
    assert desk.role.status.publish_due() == 2
    assert issued.published() == [2] * 5


def test_a_power_cut_between_act_and_publication_is_made_good(desk: Desk) -> None:
    issued = Issued(desk)
    role = desk.with_store(DyingStore(desk.role.context.store, dies_in=1, after_commit=True))
    with pytest.raises(PowerCutError):
        role.status.suspend(issued.credential_id, by=REGISTRAR)
    assert desk.role.status.publish_due() == 2
    assert issued.published() == [2] * 5


def test_a_bureau_that_is_not_in_the_database_cannot_act(desk: Desk) -> None:
    from issuer.storage.issuance import SqlIssuanceStore

    stranger = replace(desk.role.context, store=SqlIssuanceStore(desk.engine, "690199000000"))
    bureau = replace(stranger.bureau, bureau="690199000000")
    with pytest.raises((NotFound, Misconfigured)):
        StatusDesk(replace(stranger, bureau=bureau), PublishedInMemory()).snapshot()
    assert desk.rows("SELECT count(*) FROM snapshot_counter") == [(0,)]


# --- more than one document signer


def with_a_newer_signer(desk: Desk, *, earlier: bool = True) -> IssuerRole:
    newer = document_signer(national_root(), "newer", public_url=PUBLIC_URL)
    context = desk.role.context
    return assemble_issuer(
        replace(context, signer=newer, earlier_signers=(context.signer,) if earlier else ()),
        StatusFiles(desk.folder / "status" / BUREAU),
    )


def signer_of_list(desk: Desk, uri: str) -> bytes:
    token = (desk.folder / "status" / BUREAU / uri.rsplit("/", 1)[1]).read_text()
    return leaf_point(read_compact(token, typ="statuslist+jwt", max_bytes=1 << 20).header.chain[0])


def test_each_list_is_signed_by_its_own_key_and_the_newest_signs_new_credentials(desk: Desk) -> None:
    old = Issued(desk)
    earlier = desk.role.context.signer
    desk.role = with_a_newer_signer(desk)
    new = Issued(desk, OTHER_RECORD, jkt="new")
    assert not {place.uri for place in old.places} & {place.uri for place in new.places}
    desk.clock.seconds += DAY // 2
    assert desk.role.status.publish_due() >= 4
    for issued, key in ((old, earlier), (new, desk.role.context.signer)):
        assert {signer_of_list(desk, place.uri) for place in issued.places} == {key.point}
        assert issued.published() == [0] * 5
    snapshot = desk.role.status.snapshot()
    assert {place.uri for place in old.places + new.places} <= set(snapshot.lists)


def test_a_credential_of_an_earlier_signer_is_revoked_in_its_list_and_in_the_snapshot(desk: Desk) -> None:
    old = Issued(desk)
    desk.role = with_a_newer_signer(desk)
    revoke(desk, old.credential_id)
    assert old.published() == [1] * 5
    snapshot = desk.role.status.snapshot()
    assert [snapshot.lists[place.uri].look_up(place.index) for place in old.places] == [0] * 5


def test_lists_of_a_key_that_is_gone_stop_no_round_but_an_act_says_so(desk: Desk) -> None:
    old = Issued(desk)
    desk.role = with_a_newer_signer(desk, earlier=False)
    desk.clock.seconds += DAY // 2
    desk.role.status.publish_due()
    with pytest.raises(Misconfigured) as caught:
        desk.role.status.suspend(old.credential_id, by=REGISTRAR)
    assert caught.value.reason is Reason.KEY_STATE
    # It is in the database and the snapshot all the same.
    snapshot = desk.role.status.snapshot()
    assert [snapshot.lists[place.uri].look_up(place.index) for place in old.places] == [1] * 5


def test_a_separate_signer_signs_every_list_in_both_forms(desk: Desk) -> None:
    separate = status_signer(national_root())
    desk.role = assemble_issuer(
        replace(desk.role.context, status_signer=separate), StatusFiles(desk.folder / "status" / BUREAU)
    )
    issued = Issued(desk)
    assert issued.published() == [0] * len(issued.places)
    assert {signer_of_list(desk, place.uri) for place in issued.places} == {separate.point}
    revoke(desk, issued.credential_id)
    assert issued.published() == [1] * len(issued.places)
