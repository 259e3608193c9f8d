from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.reasons import Reason
from formats import cose
from formats.bundle import trust_table
from formats.bundle.trust_table import KeyRole, KeyState, TrustTable
from formats.encoding import cbor
from formats.encoding.cbor import CborMap
from formats.signature_checks import run
from keys.algorithms import SM2_SM3
from keys.cose_key import thumbprint
from tests.builders import qr
from tests.builders.people import BUREAU
from tests.builders.refusals import refused
from tests.builders.suites import suite_signer

LIST_SIGNER = qr.signer("list signer")
ISSUER = qr.signer("document signer")
OTHER = qr.trusted_key(
    qr.signer("other bureau"), KeyRole.CREDENTIAL, bureau="690102000000", name_zh="另一分局", retired_at=qr.NOW
)


def read(data: bytes) -> TrustTable:
    return run(trust_table.read(data, list_signer_point=LIST_SIGNER.point))


def test_a_table_survives_signing_and_reading() -> None:
    table = qr.a_trust_table(OTHER, specimen=False)
    assert read(qr.signed_table(table)) == table


def test_a_key_is_usable_from_its_first_second() -> None:
    key = qr.trusted_key(ISSUER, KeyRole.CREDENTIAL)
    assert qr.a_trust_table().usable(key.kid, KeyRole.CREDENTIAL, at=key.valid_from) == key


def test_a_scope_may_be_a_whole_division_code() -> None:
    table = qr.a_trust_table(replace(OTHER, scope=("690102",)))
    assert read(qr.signed_table(table)) == table


@pytest.mark.parametrize("point", [b"\x02" + bytes(31), b"\x02" + bytes(33), b"\x02"])
def test_does_not_write_a_point_of_another_size(point: bytes) -> None:
    with pytest.raises(ValueError):
        qr.signed_table(qr.a_trust_table(replace(OTHER, point=point)))


def test_a_bureau_is_written_once_however_many_keys_it_has() -> None:
    payload = trust_table.draft(qr.a_trust_table(), signer_kid=bytes(8)).payload
    assert payload.count(BUREAU.encode()) == 1


def test_refuses_a_table_of_another_signer_or_with_a_broken_signature() -> None:
    for other in ("bundle signer", "policy signer", "document signer"):
        with refused(Reason.BUNDLE_INVALID):
            read(qr.signed_table(by=qr.signer(other)))
    data = qr.signed_table()
    with refused(Reason.BUNDLE_INVALID):
        read(data[:-1] + bytes((data[-1] ^ 1,)))


@pytest.mark.parametrize(
    ("changes", "usable"),
    [
        ({}, True),
        ({"state": KeyState.STATUS_ONLY}, True),
        ({"state": KeyState.COMPROMISED}, False),
        ({"role": KeyRole.CARD}, False),
        ({"valid_from": qr.NOW + 1}, False),
    ],
)
def test_a_key_is_usable_in_its_role_and_time_only(changes: dict[str, Any], usable: bool) -> None:
    table = qr.a_trust_table(qr.trusted_key(ISSUER, **{"role": KeyRole.CREDENTIAL, **changes}))
    assert (table.usable(ISSUER.key_id, KeyRole.CREDENTIAL, at=qr.NOW) is not None) is usable
    assert table.usable(bytes(8), KeyRole.CREDENTIAL, at=qr.NOW) is None


BUREAU_ROW: list[Any] = [BUREAU, "样例分局", "Sample Bureau", "CN", ["6901"]]
KEY_ROW: list[Any] = [bytes(8), b"\x02" + bytes(32), 1, 0, ["eid1"], 2, qr.MONDAY]

ONLINE_ROW: list[Any] = [bytes(8), bytes(32), 1, 0, ["dc+sd-jwt", "mso_mdoc"], 2, qr.MONDAY]


def payload(bureaus: Any = None, keys: Any = None, **changes: Any) -> CborMap:
    fields: CborMap = {1: 7, 2: qr.NOW, 3: qr.NOW + 1, 4: True, 5: [BUREAU_ROW], 6: [KEY_ROW]}
    if bureaus is not None:
        fields[5] = bureaus
    if keys is not None:
        fields[6] = keys
    return {**fields, **{int(name[1:]): value for name, value in changes.items()}}


def signed(fields: CborMap) -> bytes:
    return qr.sign(cose.own_draft(trust_table.TYP, LIST_SIGNER.key_id, cbor.encode(fields)), LIST_SIGNER)


def row(good: list[Any], place: int, value: Any) -> list[Any]:
    return [*good[:place], value, *good[place + 1 :]]


def test_the_payload_below_is_good_when_nothing_is_changed() -> None:
    assert read(signed(payload())).keys[bytes(8)].name_en == "Sample Bureau"


@pytest.mark.parametrize(
    "fields",
    [
        payload(_7=1),
        payload(_1=-1),
        payload(_1=True),
        payload(_2="now"),
        payload(_4=1),
        payload(keys={}),
        payload(keys=[KEY_ROW, KEY_ROW]),
        payload(keys=[row(KEY_ROW, 0, b"\x01" * 8), KEY_ROW]),
        payload(keys=[KEY_ROW[:6]]),
        payload(keys=[[*KEY_ROW, 1, 1]]),
        payload(keys=[row(KEY_ROW, 0, bytes(7))]),
        payload(keys=[row(KEY_ROW, 1, bytes(33))]),
        payload(keys=[row(KEY_ROW, 1, b"\x04" + bytes(64))]),
        payload(keys=[row(KEY_ROW, 2, 6)]),
        payload(keys=[row(KEY_ROW, 2, 0)]),
        payload(keys=[row(KEY_ROW, 3, 1)]),
        payload(keys=[row(KEY_ROW, 4, ["eid1", "dc+sd-jwt"])]),
        payload(keys=[row(KEY_ROW, 4, ["eid1", "eid1"])]),
        payload(keys=[row(KEY_ROW, 5, 6)]),
        payload(keys=[row(KEY_ROW, 6, -1)]),
        payload(keys=[[*KEY_ROW, "never"]]),
        # a thumbprint stands for an online credential key of that id, and for nothing else
        payload(keys=[row(ONLINE_ROW, 4, ["eid1"])]),
        payload(keys=[row(ONLINE_ROW, 4, ["dc+sd-jwt", "eid1"])]),
        payload(keys=[row(ONLINE_ROW, 0, b"\x01" * 8)]),
        payload(keys=[row(ONLINE_ROW, 2, int(KeyRole.POLICY))]),
        payload(keys=[row(ONLINE_ROW, 2, int(KeyRole.CARD))]),
        payload(keys=[row(ONLINE_ROW, 1, bytes(31))]),
        payload(keys=[row(ONLINE_ROW, 1, "x" * 32)]),
        payload(bureaus=[BUREAU_ROW, BUREAU_ROW]),
        payload(bureaus=[BUREAU_ROW[:4]]),
        payload(bureaus=[row(BUREAU_ROW, 0, "1234")]),
        payload(bureaus=[row(BUREAU_ROW, 1, "")]),
        payload(bureaus=[row(BUREAU_ROW, 1, "样\u202e")]),
        payload(bureaus=[row(BUREAU_ROW, 3, "CHN")]),
        payload(bureaus=[row(BUREAU_ROW, 3, "C")]),
        payload(bureaus=[row(BUREAU_ROW, 4, ["6901x"])]),
        payload(bureaus=[row(BUREAU_ROW, 4, ["6901010"])]),
        payload(bureaus=[row(BUREAU_ROW, 4, "6901")]),
    ],
)
def test_refuses_signed_tables_of_another_shape(fields: CborMap) -> None:
    with refused(Reason.BUNDLE_INVALID):
        read(signed(fields))


def test_a_key_of_another_suite_stands_there_by_its_thumbprint() -> None:
    signer = suite_signer(SM2_SM3)
    name = thumbprint(signer.point, SM2_SM3)
    online = replace(
        qr.trusted_key(ISSUER, KeyRole.CREDENTIAL), kid=name[:8], point=name, forms=frozenset({"dc+sd-jwt"})
    )
    table = qr.a_trust_table(online)
    assert read(qr.signed_table(table)) == table
    with pytest.raises(ValueError):
        trust_table.draft(qr.a_trust_table(replace(online, forms=frozenset({"eid1"}))), signer_kid=bytes(8))


def test_does_not_draft_a_table_no_reader_accepts() -> None:
    misfiled = qr.a_trust_table(keys={bytes(8): qr.trusted_key(ISSUER, KeyRole.CREDENTIAL)})
    no_bureau = qr.a_trust_table(qr.trusted_key(ISSUER, KeyRole.CREDENTIAL, bureau="1"))
    for bad in (qr.a_trust_table(number=-1), no_bureau, misfiled):
        with pytest.raises(ValueError):
            trust_table.draft(bad, signer_kid=bytes(8))
