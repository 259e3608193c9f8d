from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from core.reasons import Reason
from formats import challenge, cose, licence
from formats.challenge import VerifiedChallenge
from formats.dataset import Group
from formats.encoding import cbor
from formats.licence import Licence
from formats.signature_checks import run
from formats.site_policy import POLICE
from tests.builders import qr
from tests.builders.refusals import outcome, refused

POST = qr.signer("post")
POLICY = qr.signer("policy signer")


def read(data: bytes, *, now: int = qr.NOW) -> VerifiedChallenge:
    return run(challenge.read_challenge(challenge.encode(data), licence_keys=qr.licence_keys, now=now))


def read_licence(data: bytes, *, now: int = qr.NOW) -> Licence:
    return run(licence.read(data, keys=qr.licence_keys, now=now))


def test_a_wallet_reads_who_asks_for_what_and_why() -> None:
    data = qr.a_challenge()
    read_back = read(data)
    assert read_back.challenge_hash == hashlib.sha256(data).digest() == challenge.challenge_hash(data)
    assert read_back.licence == qr.a_licence()
    assert (read_back.challenge.policy_id, read_back.challenge.ground) == (POLICE, "15-1")


def test_a_realistic_challenge_fits_four_hundred_bytes() -> None:
    permit = qr.a_signed_licence(
        number=70_000,
        place="样例市公安局示范区分局样例路派出所",
        grounds=("15-1", "15-2", "15-3", "15-4", "15-5"),
        groups=frozenset(Group),
    )
    data = qr.a_challenge(permit=permit, groups=frozenset(Group))
    assert len(data) <= 400
    assert read(data).licence.place == "样例市公安局示范区分局样例路派出所"


def test_exactly_four_hundred_bytes_are_shown_and_read() -> None:
    assert challenge.decode(challenge.encode(bytes(400))) == bytes(400)
    with refused(Reason.TOO_LARGE):
        challenge.encode(bytes(401))
    with refused(Reason.TOO_LARGE):
        challenge.decode(challenge.PREFIX + "0" * 602)


@pytest.mark.parametrize("number", [1, (1 << 32) - 1])
def test_the_first_and_the_last_number_of_a_licence_are_read(number: int) -> None:
    assert read_licence(qr.a_signed_licence(number=number)).number == number


@pytest.mark.parametrize("number", [0, -1, 1 << 32])
def test_a_licence_of_another_number_is_not_written(number: int) -> None:
    with pytest.raises(ValueError):
        qr.a_signed_licence(number=number)


def test_a_challenge_that_is_too_long_is_not_shown() -> None:
    permit = qr.a_signed_licence(place="样" * 25, grounds=("15-1", "15-2", "15-3", "15-4", "15-5"))
    post = qr.signer("post")
    asked = challenge.Challenge(bytes(16), "a-site-kind-of-our-own", "15-1", frozenset({Group.NAME}), qr.NOW, permit)
    with pytest.raises(ValueError):
        challenge.draft(replace(asked, licence=permit + bytes(200)), post_kid=post.key_id)
    with refused(Reason.TOO_LARGE):
        challenge.encode(qr.sign(challenge.draft(asked, post_kid=post.key_id), post))


def test_no_ground_is_needed_where_the_licence_lists_none() -> None:
    permit = qr.a_signed_licence(site_kind="hotel", grounds=())
    assert read(qr.a_challenge(permit=permit, ground=None)).challenge.ground is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("EID1:00", Reason.PREFIX_UNKNOWN),
        ("eidc1:00", Reason.PREFIX_UNKNOWN),
        ("EIDC1:bb8", Reason.BASE45_MALFORMED),
        ("EIDC1:" + "0" * 603, Reason.TOO_LARGE),
        ("EIDC1:", Reason.CHALLENGE_INVALID),
        ("EIDC1:BB8", Reason.CHALLENGE_INVALID),
    ],
)
def test_refuses_other_texts(text: str, reason: Reason) -> None:
    with refused(reason):
        run(challenge.read_challenge(text, licence_keys=qr.licence_keys, now=qr.NOW))


def test_refuses_a_challenge_of_another_key_than_the_licence_names() -> None:
    with refused(Reason.CHALLENGE_INVALID):
        read(qr.a_challenge(by=qr.signer("another post")))


def test_refuses_a_licence_of_another_signer() -> None:
    key = qr.signer("bundle signer")
    permit = qr.sign(licence.draft(qr.a_licence(), signer_kid=key.key_id), key)
    with refused(Reason.LICENCE_INVALID):
        read(qr.a_challenge(permit=permit))
    impostor = qr.sign(licence.draft(qr.a_licence(), signer_kid=POLICY.key_id), key)
    with refused(Reason.LICENCE_INVALID):
        read(qr.a_challenge(permit=impostor))


@pytest.mark.parametrize(
    ("seconds", "good"), [(-31, False), (-30, True), (0, True), (60, True), (90, True), (91, False), (86_400, False)]
)
def test_a_challenge_lives_sixty_seconds(seconds: int, good: bool) -> None:
    found = outcome(lambda: read(qr.a_challenge(), now=qr.NOW + seconds))
    assert isinstance(found, VerifiedChallenge) if good else found is Reason.CHALLENGE_EXPIRED


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": frozenset({Group.NAME, Group.ADDRESS})},
        {"groups": frozenset(Group)},
        {"ground": "15-2"},
        {"ground": None},
    ],
)
def test_refuses_to_be_asked_more_than_the_licence_allows(changes: dict[str, Any]) -> None:
    with refused(Reason.OVER_ASKING):
        read(qr.a_challenge(**changes))


def test_refuses_a_ground_where_the_licence_lists_none() -> None:
    with refused(Reason.OVER_ASKING):
        read(qr.a_challenge(permit=qr.a_signed_licence(grounds=()), ground="15-1"))


def test_one_flipped_bit_anywhere_is_refused() -> None:
    data = qr.a_challenge()
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        assert isinstance(outcome(read, bytes(flipped)), Reason), at


GOOD: list[Any] = [bytes(16), 1, 1, qr.NOW, "15-1", qr.a_signed_licence()]


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, bytes(15)), (0, "x"), (1, 99), (1, True), (2, 1 << 10), (3, -1), (3, 1 << 33), (4, 5), (4, "x y"), (5, "x")],
)
def test_refuses_fields_of_another_shape(place: int, value: Any) -> None:
    fields = [*GOOD[:place], value, *GOOD[place + 1 :]]
    draft = cose.own_draft(challenge.TYP, POST.key_id, cbor.encode(fields))
    with refused(Reason.CHALLENGE_INVALID):
        read(qr.sign(draft, POST))


@pytest.mark.parametrize("fields", [[], GOOD[:5], [*GOOD, 1], {}])
def test_refuses_another_number_of_fields(fields: Any) -> None:
    with refused(Reason.CHALLENGE_INVALID):
        read(qr.sign(cose.own_draft(challenge.TYP, POST.key_id, cbor.encode(fields)), POST))


def test_refuses_another_type_of_document() -> None:
    with refused(Reason.CHALLENGE_INVALID):
        read(qr.sign(cose.own_draft("eid-licence+cose", POST.key_id, cbor.encode([*GOOD])), POST))


@pytest.mark.parametrize(
    ("seconds", "good"), [(-31, False), (-30, True), (0, True), (72 * 3600 + 30, True), (72 * 3600 + 31, False)]
)
def test_a_licence_runs_seventy_two_hours_at_most(seconds: int, good: bool) -> None:
    data = qr.a_signed_licence(expires_at=qr.NOW + seconds)
    found = outcome(lambda: read_licence(data))
    assert isinstance(found, Licence) if good else found is Reason.LICENCE_INVALID


def test_an_expired_licence_is_still_read_as_signed() -> None:
    data = qr.a_signed_licence(expires_at=qr.NOW - 86_400)
    assert run(licence.read_signed(data, keys=qr.licence_keys)).post_id == qr.POST_ID


FIELDS: list[Any] = [3, "post-1", "样例", 1, 3, ["15-1"], POST.point, qr.NOW + 60, True]


def test_the_licence_builder_below_is_good_when_nothing_is_changed() -> None:
    draft = cose.own_draft(licence.TYP, POLICY.key_id, cbor.encode(list(FIELDS)))
    assert read_licence(qr.sign(draft, POLICY)).post_id == "post-1"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 0),
        (0, True),
        (1, ""),
        (1, "样"),
        (2, "样\u202e"),
        (2, "样" * 41),
        (2, 5),
        (3, 0),
        (4, -1),
        (5, "15-1"),
        (5, ["15-1", "15-1"]),
        (5, [15]),
        (6, POST.point[:32]),
        (6, b"\x04" + POST.point[1:]),
        (7, -1),
        (8, 1),
    ],
)
def test_refuses_licence_fields_of_another_shape(place: int, value: Any) -> None:
    fields = [*FIELDS[:place], value, *FIELDS[place + 1 :]]
    draft = cose.own_draft(licence.TYP, POLICY.key_id, cbor.encode(fields))
    with refused(Reason.LICENCE_INVALID):
        read_licence(qr.sign(draft, POLICY))


@pytest.mark.parametrize(
    "changes",
    [{"place": "样\u202e"}, {"number": 0}, {"post_point33": bytes(33)}, {"post_id": ""}, {"grounds": ["15-1"]}],
)
def test_does_not_draft_a_licence_no_wallet_accepts(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        qr.a_signed_licence(**changes)


@pytest.mark.parametrize("fields", [FIELDS[:8], [*FIELDS, 1], {}])
def test_refuses_another_number_of_licence_fields(fields: Any) -> None:
    draft = cose.own_draft(licence.TYP, POLICY.key_id, cbor.encode(fields))
    with refused(Reason.LICENCE_INVALID):
        read_licence(qr.sign(draft, POLICY))


def test_does_not_draft_a_challenge_that_reads_differently() -> None:
    with pytest.raises(ValueError):
        qr.a_challenge(ground="")
