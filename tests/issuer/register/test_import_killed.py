"""An import whose process is killed leaves all of its rows or none, and the next run finds its way."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from sqlalchemy import func, select

from issuer.register.importing import import_register
from issuer.register.reading import open_register
from issuer.register.samples import write_sample
from issuer.storage.engine import begin
from issuer.storage.tables import BureauTable
from tests.builders.bureau import BUREAU, NOW, REGISTRAR, TODAY, Office, imported, reopened
from tests.fakes.seeded_entropy import SeededEntropy

ROWS = 2_000
COUNTED = ("register_record", "enrolment_case")


def rows(office: Office, table: str) -> int:
    with begin(office.engine, read_only=True) as connection:
        query = select(func.count()).select_from(BureauTable.metadata.tables[table])
        return int(connection.execute(query).scalar_one())


@pytest.mark.slow
@pytest.mark.parametrize("after_seconds", [0.0, 0.05, 0.15])
def test_killed_at_any_moment(office: Office, tmp_path: Path, after_seconds: float) -> None:
    path = tmp_path / "register.csv"
    write_sample(ROWS, path, seed=11, today=TODAY, portraits=False)
    context = multiprocessing.get_context("spawn")
    checked = context.Event()
    runner = context.Process(target=_import, args=(office.url, path, checked))
    runner.start()
    assert checked.wait(timeout=60)
    threading.Event().wait(after_seconds)
    runner.kill()
    runner.join(timeout=60)

    counts = {rows(office, table) for table in COUNTED}
    assert counts in ({0}, {ROWS})
    again = imported(open_register(path), office)
    assert (again.added, again.already_there) == ((ROWS, 0) if counts == {0} else (0, ROWS))
    with office.store.reading() as books:
        assert books.register.count(BUREAU) == ROWS


def _import(url: str, path: Path, checked: Event) -> None:
    def tell(read: int) -> None:
        if read == ROWS:
            checked.set()

    with reopened(url) as office:
        import_register(
            open_register(path),
            officer=REGISTRAR,
            store=office.store,
            entropy=SeededEntropy("killed"),
            now=NOW,
            today=TODAY,
            specimen=True,
            progress=tell,
        )
