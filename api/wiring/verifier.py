"""Builds the verifier role: the reader of a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from api.settings import Settings
from api.wiring.reading import BUNDLE_MAX_BYTES, READER_FOLDER, ROOT_MAX_BYTES, ReaderHome, monotonic_seconds, read_file
from core.clock import Clock, SystemClock
from core.errors import Misconfigured
from core.reasons import Reason
from formats.bundle.envelope import Bundle, Floors
from formats.site_policy import BUILT_IN
from formats.trust_list import read_trust_list, to_trust_store, to_trust_table
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.offline import BundleStatus, StatusSource
from verifier.gateways.status_lists import HttpTokens, OnlineStatuses, PublishedFolder, PublishedTokens
from verifier.reading import Reader, open_reader, policies_of
from verifier.trust import IssuerTrust, pin

_TRUST_LIST: Final = "trust/list"
_ROOT: Final = "trust/root.pem"


@dataclass(frozen=True, slots=True)
class _Loaded:
    stamp: tuple[int, int, int]
    reader: Reader


class ServerReader:
    """The reader of a server: trust from the list its home publishes, else from the bundle its reader's home holds.

    public_url, public_folder: what this server publishes itself; its own status lists are read from its own files.
    A file that was replaced is read anew before the next judgement; a list with a lower number is refused, and the
    reader stays closed until the operator acts.
    """

    def __init__(self, *, home: Path, public_url: str, public_folder: Path, clock: Clock) -> None:
        self._reader_home = ReaderHome(home / READER_FOLDER)
        self._public = public_folder
        self._clock = clock
        self._tokens: PublishedTokens = PublishedFolder(public_url, public_folder / "status", HttpTokens())
        self._lock = Lock()
        self._loaded: _Loaded | None = None

    def current(self) -> Reader:
        """Return the reader with the trust data of now.

        Raises Misconfigured: PIN_MISSING, BUNDLE_MISSING, READER_CLOSED; and what list or bundle are refused for.
        """
        own = self._public / _TRUST_LIST
        source = own if own.exists() else self._reader_home.bundle_path
        stamp = _stamp(source)
        with self._lock:
            if self._loaded is None or self._loaded.stamp != stamp:
                self._loaded = _Loaded(stamp, self._open_own(own) if source is own else self._open_bundle())
            return self._loaded.reader

    def _open_own(self, path: Path) -> Reader:
        anchor = pin(read_file(self._public / _ROOT, ROOT_MAX_BYTES))
        memory, now = self._reader_home.memory, self._clock.now()
        content = read_trust_list(
            read_file(path, BUNDLE_MAX_BYTES).decode("ascii", errors="replace"),
            root=anchor.certificate,
            highest_seen=memory.floors().trust_number,
            now=now,
            tolerance_seconds=TOLERANCE_SECONDS,
        )
        memory.raise_floors(Floors(trust_number=content.number))
        listed = to_trust_store(content, root=anchor.certificate)
        return self._reader(IssuerTrust(anchor, to_trust_table(content), listed), None)

    def _open_bundle(self) -> Reader:
        bundle = self._reader_home.bundle(now=self._clock.now())
        return self._reader(IssuerTrust(self._reader_home.anchor(), bundle.trust), bundle)

    def _reader(self, trust: IssuerTrust, bundle: Bundle | None) -> Reader:
        fallback: StatusSource | None = None if bundle is None else BundleStatus(bundle)
        return open_reader(
            Reader(
                trust=trust,
                policies=BUILT_IN if bundle is None else policies_of(bundle),
                statuses=OnlineStatuses(self._tokens, trust, fallback),
                memory=self._reader_home.memory,
                clock=self._clock,
                monotonic=monotonic_seconds,
                server_clock=True,
            )
        )


def build_verifier(settings: Settings, clock: Clock | None = None) -> Callable[[], Reader]:
    """Return what gives a server's reader with the trust data of now; see ``ServerReader``."""
    reader = ServerReader(
        home=settings.home,
        public_url=settings.url,
        public_folder=settings.public_folder,
        clock=clock or SystemClock(),
    )
    return reader.current


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as err:
        raise Misconfigured(Reason.BUNDLE_MISSING, "this server has neither a trust list nor a bundle") from err
    return found.st_ino, found.st_size, found.st_mtime_ns
