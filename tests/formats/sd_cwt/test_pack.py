from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.reasons import Reason
from formats import qr_token
from formats.dataset import GROUPS, Group
from formats.sd_cwt.model import DIGESTS, SdCwtClaims, StatusReference, disclosure_digest, read_claims, write_claims
from formats.sd_cwt.pack import pack
from formats.sd_cwt.select import groups_of, open_issued, select
from formats.sd_cwt.unpack import read_sd_cwt
from keys.algorithms import ES256
from tests.builders import qr
from tests.builders.people import a_person, tiny_portrait
from tests.builders.refusals import refused
from tests.fakes.seeded_entropy import SeededEntropy

HOLDER = qr.signer("holder")
SALTS = [SeededEntropy("pack").random_bytes(16 * 10)[16 * n : 16 * n + 16] for n in range(10)]


def packed(salts: list[bytes], **changes: Any) -> bytes:
    draft = pack(
        a_person(),
        qr.clear_claims(HOLDER, **changes),
        as_of=date(2026, 11, 30),
        salts=salts,
        signer_kid=bytes(8),
        algorithm=ES256,
    )
    return draft.finish(bytes(64))


def test_always_ten_digests_whatever_the_person_has() -> None:
    poor = a_person(qr_portrait=None, address="", name_latin=None)
    for person in (a_person(), poor):
        read = read_sd_cwt(qr.issue(person=person).sd_cwt)
        assert len(read.digests) == len(read.disclosures) == DIGESTS
        assert list(read.digests) == sorted(disclosure_digest(item) for item in read.disclosures)


def test_an_empty_group_is_a_decoy_of_a_salt_alone() -> None:
    copy = qr.issue(person=a_person(qr_portrait=None))
    decoys = [item for item in read_sd_cwt(copy.sd_cwt).disclosures if item[:2] == b"\x81\x50"]
    assert len(decoys) == 1
    assert groups_of(copy.sd_cwt) == tuple(group for group in GROUPS if group is not Group.PORTRAIT)


def test_the_wallet_sees_that_nothing_is_hidden() -> None:
    copy = qr.issue(person=a_person(qr_portrait=None))
    assert set(open_issued(read_sd_cwt(copy.sd_cwt))) == set(Group) - {Group.PORTRAIT}
    with refused(Reason.DISCLOSURE_MALFORMED):
        open_issued(read_sd_cwt(select(copy.sd_cwt, (Group.NAME,))))


def test_a_decoy_told_twice_does_not_cover_up_a_hidden_digest() -> None:
    issued = read_sd_cwt(qr.issue(person=a_person(qr_portrait=None)).sd_cwt)
    decoy = next(item for item in issued.disclosures if item[:2] == b"\x81\x50")
    with refused(Reason.DISCLOSURE_DUPLICATE):
        open_issued(replace(issued, disclosures=(*issued.disclosures[:-1], decoy)))


def test_specimens_say_so_and_real_ones_carry_no_such_claim() -> None:
    assert read_sd_cwt(qr.issue(specimen=True).sd_cwt).claims.specimen
    real = read_sd_cwt(qr.issue(specimen=False).sd_cwt)
    assert not real.claims.specimen
    assert len(real.sign1.payload) < len(read_sd_cwt(qr.issue().sd_cwt).sign1.payload)


@pytest.mark.parametrize(
    "salts", [SALTS[:9], [*SALTS, bytes(16)], [*SALTS[:9], SALTS[0]], [*SALTS[:9], bytes(15)], [*SALTS[:9], bytes(17)]]
)
def test_does_not_pack_with_other_salts(salts: list[bytes]) -> None:
    with pytest.raises(ValueError):
        packed(salts)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "short"},
        {"issued_at": qr.MONDAY + 1},
        {"expires_at": qr.MONDAY + 1},
        {"expires_at": qr.MONDAY},
        {"status": StatusReference("http://a b", 1)},
        {"status": StatusReference(qr.STATUS_URI, -1)},
        {"status": StatusReference(qr.STATUS_URI, 1 << 32)},
        {"holder_point33": b"\x04" + bytes(32)},
        {"holder_point33": b"\x02" + bytes(31)},
        {"key_storage": 3},
        {"assurance": 0},
    ],
)
def test_does_not_pack_claims_no_reader_accepts(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        packed(SALTS, **changes)


def test_claims_survive_their_encoding() -> None:
    claims: SdCwtClaims = replace(qr.clear_claims(HOLDER), specimen=False)
    digests = [bytes((n,)) * 32 for n in range(10)]
    assert read_claims(write_claims(claims, digests)) == (claims, tuple(digests))


def test_selecting_leaves_what_the_issuer_signed_untouched() -> None:
    copy = qr.issue()
    whole, part = read_sd_cwt(copy.sd_cwt), read_sd_cwt(select(copy.sd_cwt, (Group.NAME, Group.PORTRAIT)))
    assert part.sign1.to_be_signed() == whole.sign1.to_be_signed()
    assert part.sign1.signature == whole.sign1.signature
    assert len(part.disclosures) == 2
    assert set(part.disclosures) < set(whole.disclosures)
    assert groups_of(select(copy.sd_cwt, (Group.PORTRAIT, Group.NAME))) == (Group.NAME, Group.PORTRAIT)


def test_refuses_to_select_a_group_the_token_cannot_show() -> None:
    copy = qr.issue(person=a_person(qr_portrait=None))
    with refused(Reason.GROUP_UNKNOWN):
        select(copy.sd_cwt, (Group.NAME, Group.PORTRAIT))


def test_two_copies_of_one_person_share_no_disclosure() -> None:
    first, second = (read_sd_cwt(qr.issue(seed=seed).sd_cwt) for seed in ("one", "two"))
    assert not set(first.digests) & set(second.digests)


def test_the_budget_holds_for_ordinary_people() -> None:
    # In alphanumeric mode version 20-L holds 829 bytes of a token and 27-L 1,418.
    copy = qr.issue(person=a_person(name_latin=None))
    text_only = qr.show_one_way(copy, groups=(Group.NAME, Group.NUMBER_TAIL))
    assert len(qr_token.decode(text_only)) <= 829
    without_picture = len(qr_token.decode(qr.show_one_way(copy, groups=qr.SHOWN))) - len(tiny_portrait())
    assert without_picture + 560 <= 1418
