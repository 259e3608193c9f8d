"""The offline bundle over HTTP: handed out with its deltas, and to nobody's cache but the reader's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import assemble
from api.routes import bundles
from api.wiring.bundle_shelf import KEPT_MOST, KEPT_SECONDS, BundleShelf, published_folder
from core.reasons import Reason
from formats.bundle.envelope import read_envelope
from tests.builders import qr
from tests.builders.issuance import AsgiClient
from tests.builders.people import BUREAU
from tests.builders.refusals import refused

FULL, DELTA = b"the full bundle", b"the delta from 21"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[AsgiClient]:
    BundleShelf(tmp_path, BUREAU).publish(FULL, {21: DELTA})
    app = assemble([bundles.router_for(published_folder(tmp_path))], publish=None)
    with AsgiClient(app, "http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "content"), [("current", FULL), ("delta?since=21", DELTA), ("delta?since=021", DELTA)]
)
def test_hands_out_the_bundle_and_its_deltas_once(client: AsgiClient, path: str, content: bytes) -> None:
    answer = client.get(f"/bundles/{path}")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == bundles.MEDIA_TYPE
    assert answer.headers["cache-control"] == "private, max-age=0"
    assert "access-control-allow-origin" not in answer.headers
    again = client.get(f"/bundles/{path}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_etag_changes_with_the_bundle(client: AsgiClient, tmp_path: Path) -> None:
    before = client.get("/bundles/current").headers["etag"]
    BundleShelf(tmp_path, BUREAU).publish(b"a newer bundle", {22: DELTA})
    answer = client.get("/bundles/current", headers={"If-None-Match": before})
    assert (answer.status_code, answer.content) == (200, b"a newer bundle")
    # What starts from an older one is no longer handed out: it would not lead to the current one.
    assert client.get("/bundles/delta?since=21").status_code == 404


def test_a_delta_that_is_not_there_is_named_so_that_the_reader_takes_the_full_one(client: AsgiClient) -> None:
    for number in ("20", "22", "0"):
        answer = client.get(f"/bundles/delta?since={number}")
        assert (answer.status_code, answer.json()["code"]) == (404, "bundle_missing")


@pytest.mark.parametrize(
    "query", ["", "?since=", "?since=-1", "?since=x", "?since=2%31x", "?since=..", "?since=²", "?since=12345678901", "?since=21&since=21"]
)  # fmt: skip
def test_since_is_one_number(client: AsgiClient, query: str) -> None:
    answer = client.get(f"/bundles/delta{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "request_malformed")


def test_nothing_is_handed_out_before_it_is_published(tmp_path: Path) -> None:
    app = assemble([bundles.router_for(published_folder(tmp_path))], publish=None)
    with AsgiClient(app, "http://test") as client:
        answer = client.get("/bundles/current")
    assert (answer.status_code, answer.json()["code"]) == (404, "bundle_missing")


def a_bundle(number: int, *, issued_at: int = qr.NOW) -> bytes:
    return qr.bundle_parts(number=number, issued_at=issued_at, licence=None).packed()


def test_the_shelf_drops_what_is_too_old_to_start_from(tmp_path: Path) -> None:
    shelf = BundleShelf(tmp_path, BUREAU)
    assert shelf.newest() is None
    for number, age in ((1, KEPT_SECONDS + 1), (2, KEPT_SECONDS), (10, 0)):
        shelf.keep(number, a_bundle(number, issued_at=qr.NOW - age), now=qr.NOW - age)
    shelf.keep(9, b"what cannot be read", now=qr.NOW)
    shelf.keep(11, a_bundle(11), now=qr.NOW)
    assert [number for number, _ in shelf.open_to_all()] == [2, 10, 11]
    assert shelf.newest() == read_envelope(shelf.read(11))
    for number in (1, 9, 12):
        with refused(Reason.BUNDLE_MISSING):
            shelf.read(number)


def test_the_shelf_keeps_no_more_than_so_many(tmp_path: Path) -> None:
    shelf = BundleShelf(tmp_path, BUREAU)
    data = a_bundle(1)
    for number in range(1, KEPT_MOST + 4):
        shelf.keep(number, data, now=qr.NOW)
    assert [number for number, _ in shelf.open_to_all()] == list(range(4, KEPT_MOST + 4))
