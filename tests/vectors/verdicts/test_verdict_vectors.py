"""The frozen verdict vectors: every one is judged as it must be, and every reason has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.reasons import Colour, Reason
from formats import signature_checks
from tests.vectors.verdicts import make, run
from tests.vectors.verdicts.run import Vector

VECTORS = run.load()

# Coloured reasons that judging a QR code offline or by its status source cannot give, and who gives them.
OF_OTHER_FORMS = {
    Reason.JSON_MALFORMED,  # SD-JWT VC
    Reason.BASE64URL_MALFORMED,  # SD-JWT VC, mdoc
    Reason.TOKEN_MALFORMED,  # SD-JWT VC
    Reason.SUITE_UNAVAILABLE,  # online forms: EID1 has one suite, and a driver without it says could_not_check
    Reason.SD_HASH_MISMATCH,  # SD-JWT VC: in EID1 the holder signs the disclosures themselves
    Reason.CERTIFICATE_INVALID,  # online forms carry certificates; the trust table holds raw keys
    Reason.CERTIFICATE_EXPIRED,
    Reason.FORM_UNKNOWN,  # the door that tells the forms apart
    Reason.CHALLENGE_UNKNOWN,  # the post's store of challenges
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_gets_the_verdict_it_must(vector: Vector) -> None:
    verdict = vector.verdict(signature_checks.run)
    assert (verdict.colour.value, [reason.code for reason in verdict.reasons]) == vector.expected


def test_the_recorded_answers_give_the_same_verdicts() -> None:
    assert list(run.differences(run.recorded())) == []


def test_the_files_are_what_the_builder_makes() -> None:
    frozen = {path.stem: path.read_bytes() for path in run.FOLDER.glob("*.json")}
    assert make.made() == frozen


def test_every_reason_a_code_can_get_decides_a_vector() -> None:
    deciding = {vector.expected[1][0] if vector.expected[1] else "all_checks_passed" for vector in VECTORS}
    coloured = {reason for reason in Reason if reason.colour is not None}
    assert {reason.code for reason in coloured - OF_OTHER_FORMS} - deciding == set()


def test_no_reason_is_called_unreachable_that_a_vector_reaches() -> None:
    reached = {code for vector in VECTORS for code in vector.expected[1]}
    assert {reason.code for reason in OF_OTHER_FORMS} & reached == set()


def test_the_colour_of_a_vector_is_that_of_its_first_reason() -> None:
    by_code = {reason.code: reason.colour for reason in Reason}
    for vector in VECTORS:
        colour, codes = vector.expected
        assert colour == (by_code[codes[0]] or Colour.RED if codes else Colour.GREEN), vector.id


def test_refuses_a_file_that_is_not_the_frozen_one(tmp_path: Path) -> None:
    for name in ("hashes", "good"):
        (tmp_path / f"{name}.json").write_bytes((run.FOLDER / f"{name}.json").read_bytes())
    assert run.read("good", tmp_path)
    (tmp_path / "good.json").write_bytes((run.FOLDER / "good.json").read_bytes() + b" ")
    with pytest.raises(run.VectorsUnusable):
        run.read("good", tmp_path)
