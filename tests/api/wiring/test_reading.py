from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from api.wiring.reading import ReaderHome, Readers, home_alone
from core.clock import FixedClock
from core.reasons import Reason
from keys.certificates import certificates_to_pem
from tests.builders import qr
from tests.builders.reading import ANCHOR, a_bundle_file
from tests.builders.refusals import refused

ROOT_PEM = certificates_to_pem([ANCHOR.certificate])


@dataclass(slots=True)
class MovedClock:
    """A clock that tests set."""

    instant: int = qr.NOW

    def now(self) -> int:
        return self.instant


def a_home(folder: Path) -> ReaderHome:
    home = ReaderHome(folder)
    home.pin_root(ROOT_PEM)
    return home


def test_evidence_leaves_no_trace_and_a_judgement_of_now_does(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    readers = Readers(home, clock=FixedClock(qr.NOW), bundle=a_bundle_file())
    readers.at(qr.NOW)
    assert home.memory.floors().bundle_number == 0
    readers.at(None)
    assert home.memory.floors().bundle_number == 21


def test_a_reader_is_opened_once_for_the_judgements_of_one_instant(tmp_path: Path) -> None:
    readers = Readers(a_home(tmp_path), clock=FixedClock(qr.NOW), bundle=a_bundle_file())
    assert readers.at(None) is readers.at(None)
    assert readers.at(qr.NOW) is readers.at(qr.NOW)


def test_a_bundle_that_expires_during_a_long_run_closes_the_reader(tmp_path: Path) -> None:
    clock = MovedClock()
    readers = Readers(a_home(tmp_path), clock=clock, bundle=a_bundle_file())
    readers.at(None)
    clock.instant += 900 * qr.DAY
    with refused(Reason.CERTIFICATE_EXPIRED):
        readers.at(None)


def test_a_home_of_its_own_is_gone_afterwards() -> None:
    with home_alone(ROOT_PEM) as home:
        place = home.root_path
        assert place.exists()
        # A root alone has no table, and the reader remembers nothing.
        reader = Readers(home, clock=FixedClock(qr.NOW), alone=True).at(None)
        assert reader.trust.table is None
    assert not place.parent.exists()
