"""The frozen vectors of bundle deltas: they have not moved, and the reader gives what they say."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from core.reasons import Reason
from formats.bundle.bundle_delta import Updated, open_delta
from formats.bundle.envelope import Floors
from formats.signature_checks import run
from tests.builders.refusals import outcome
from tests.support.vectors import ROOT
from tests.vectors.make_delta import HASH, VECTORS, spelled

FROZEN: dict[str, Any] = json.loads(VECTORS.read_bytes())


def opened(delta: str) -> Updated:
    checks = open_delta(
        bytes.fromhex(delta),
        base=bytes.fromhex(FROZEN["base"]),
        list_signer_point=bytes.fromhex(FROZEN["list_signer_point"]),
        specimen=True,
        floors=Floors(),
        now=FROZEN["now"],
    )
    return run(checks)


def test_the_file_is_the_one_that_was_frozen() -> None:
    digest, name = HASH.read_text(encoding="ascii").split()
    assert name == VECTORS.name
    assert hashlib.sha256(VECTORS.read_bytes()).hexdigest() == digest


def test_the_generator_still_makes_the_same_bytes() -> None:
    assert spelled() == VECTORS.read_bytes()


def test_the_delta_gives_the_newer_bundle_byte_for_byte() -> None:
    assert opened(FROZEN["delta"]).data.hex() == FROZEN["result"]


@pytest.mark.parametrize("row", FROZEN["invalid"], ids=lambda row: row["id"])
def test_invalid_deltas_are_refused_for_the_stated_reason(row: dict[str, str]) -> None:
    found = outcome(lambda: opened(row["delta"]))
    assert isinstance(found, Reason)
    assert found.code == row["reason"]


def test_the_document_quotes_the_frozen_vectors() -> None:
    text = (ROOT / "docs" / "qr-profile.md").read_text(encoding="utf-8")
    assert HASH.read_text(encoding="ascii").split()[0] in text
    for row in FROZEN["invalid"]:
        assert f"`{row['id']}`" in text
