"""The frozen vectors of the QR profile: they have not moved, and the readers give what they say."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from formats import challenge, licence, qr_token, site_policy
from formats.bundle import status_snapshot, trust_table
from formats.bundle.envelope import Floors, open_bundle
from formats.dataset import Group
from formats.sd_cwt.select import open_issued
from formats.sd_cwt.unpack import read_kbt, read_sd_cwt
from formats.signature_checks import run
from keys.cose_key import key_id
from tests.builders import qr
from tests.builders.refusals import outcome
from tests.support.vectors import ROOT
from tests.vectors.make import HASH, VECTORS, spelled

FROZEN: dict[str, Any] = json.loads(VECTORS.read_bytes())
DISCLOSED = {
    "one_way_name_and_age": {Group.NAME, Group.AGE_18},
    "one_way_rail_gate": set(qr.SHOWN),
    "one_way_nothing_disclosed": set(),
    "answer_all_groups": set(Group),
}


def test_the_file_is_the_one_that_was_frozen() -> None:
    digest, name = HASH.read_text(encoding="ascii").split()
    assert name == VECTORS.name
    assert hashlib.sha256(VECTORS.read_bytes()).hexdigest() == digest


def test_the_generator_still_makes_the_same_bytes() -> None:
    assert spelled() == VECTORS.read_bytes()


def test_key_ids_are_those_of_the_points() -> None:
    assert len(FROZEN["keys"]) == 6
    for key in FROZEN["keys"].values():
        assert key_id(bytes.fromhex(key["point"])).hex() == key["kid"]


def test_the_issued_token_hides_nothing_from_its_holder() -> None:
    assert set(open_issued(read_sd_cwt(bytes.fromhex(FROZEN["sd_cwt_issued"])))) == set(Group)


@pytest.mark.parametrize("row", FROZEN["valid"], ids=lambda row: row["id"])
def test_valid_tokens_open(row: dict[str, str]) -> None:
    assert qr_token.decode(row["text"]).hex() == row["cbor"]
    assert set(run(qr.bare_path(row["text"]))) == DISCLOSED[row["id"]]


def test_the_answer_answers_the_challenge() -> None:
    answer = next(row for row in FROZEN["valid"] if row["id"] == "answer_all_groups")
    assert read_kbt(qr_token.decode(answer["text"])).claims.cnonce == bytes.fromhex(FROZEN["challenge"]["sha256"])


@pytest.mark.parametrize("row", FROZEN["invalid"], ids=lambda row: row["id"])
def test_invalid_tokens_are_refused_for_the_stated_reason(row: dict[str, str]) -> None:
    found = outcome(lambda: run(qr.bare_path(row["text"])))
    assert getattr(found, "code", found) == row["reason"]


def test_the_challenge_and_its_licence_read() -> None:
    checks = challenge.read_challenge(FROZEN["challenge"]["text"], licence_keys=qr.licence_keys, now=FROZEN["now"])
    assert run(checks).challenge_hash.hex() == FROZEN["challenge"]["sha256"]
    permit = bytes.fromhex(FROZEN["challenge"]["licence"])
    assert run(licence.read(permit, keys=qr.licence_keys, now=FROZEN["now"])) == qr.a_licence()


def test_the_parts_of_the_bundle_read() -> None:
    parts = {name: bytes.fromhex(value) for name, value in FROZEN["bundle"].items()}
    point = bytes.fromhex(FROZEN["keys"]["list signer"]["point"])
    trust = run(trust_table.read(parts["trust_table"], list_signer_point=point))
    snapshot = run(status_snapshot.read(parts["snapshot"], trust=trust))
    assert dict(snapshot.lists[qr.STATUS_URI].entries) == {0: 0, 5: 1, 123: 2, 1_048_575: 3}
    assert run(site_policy.read(parts["policy"], keys=qr.licence_keys)).policy_id == "rail-gate"
    checks = open_bundle(parts["envelope"], list_signer_point=point, specimen=True, floors=Floors(), now=FROZEN["now"])
    assert run(checks).number == 21


def test_the_document_quotes_the_frozen_vectors() -> None:
    text = (ROOT / "docs" / "qr-profile.md").read_text(encoding="utf-8")
    first = next(row for row in FROZEN["valid"] if row["id"] == "one_way_name_and_age")
    assert first["text"] in text
    assert HASH.read_text(encoding="ascii").split()[0] in text
    for row in FROZEN["invalid"]:
        assert f"`{row['id']}`" in text
