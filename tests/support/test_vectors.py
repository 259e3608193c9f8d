"""The loader of vectors refuses what would let a test pass without testing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import vectors
from tests.support.vectors import VectorsUnusable


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "cases.json").write_text(json.dumps([{"input": 1}, {"input": 2, "note": "x"}]), "utf-8")
    (tmp_path / "base" / "none.json").write_text("[]", "utf-8")
    (tmp_path / "hollow").mkdir()
    monkeypatch.setenv("EID_VECTORS", str(tmp_path))
    return tmp_path


def test_reads_the_cases_of_a_known_shape(root: Path) -> None:
    assert len(vectors.load_json("base", "cases.json", fields={"input", "note"})) == 2
    assert vectors.files("base", "cas*.json") == [root / "base" / "cases.json"]


def test_reads_any_shape_when_asked_to(root: Path) -> None:
    assert vectors.load_json("base", "cases.json", fields=None)[0] == {"input": 1}


def test_refuses_a_field_the_test_does_not_know(root: Path) -> None:
    with pytest.raises(VectorsUnusable):
        vectors.load_json("base", "cases.json", fields={"input"})


@pytest.mark.parametrize(("folder", "name"), [("hollow", "x.json"), ("gone", "x.json"), ("base", "x.json")])
def test_refuses_an_empty_or_missing_folder_or_file(root: Path, folder: str, name: str) -> None:
    with pytest.raises(VectorsUnusable):
        vectors.load_json(folder, name, fields=None)


def test_refuses_a_file_without_cases(root: Path) -> None:
    with pytest.raises(VectorsUnusable):
        vectors.load_json("base", "none.json", fields=None)


def test_refuses_a_pattern_without_files(root: Path) -> None:
    with pytest.raises(VectorsUnusable):
        vectors.files("base", "*.cbor")


def test_refuses_an_empty_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EID_VECTORS", str(tmp_path))
    with pytest.raises(VectorsUnusable):
        vectors.vectors_root()
