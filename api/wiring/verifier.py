"""Builds the reading side: a reader at a post over its pinned root and bundle, and the reader of a server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from api.settings import Settings
from core.clock import Clock, SystemClock
from core.errors import Misconfigured, NotFound
from core.reasons import Reason
from formats.bundle.envelope import Bundle, Floors
from formats.bundle.reading import MAX_BYTES as BUNDLE_MAX_BYTES
from formats.site_policy import BUILT_IN
from formats.trust_list import read_trust_list, to_trust_store, to_trust_table
from keys.certificates import certificates_to_pem
from keys.trust import TrustAnchor
from verifier.checkpoint.clock import TOLERANCE_SECONDS
from verifier.checkpoint.offline import BundleStatus, StatusSource
from verifier.gateways.status_lists import HttpTokens, OnlineStatuses, PublishedFolder, PublishedTokens
from verifier.ports import Statuses
from verifier.reading import OfflineStatuses, Reader, accept_bundle, load_bundle, open_reader, policies_of
from verifier.storage.reader_store import ReaderStore
from verifier.trust import IssuerTrust, pin

READER_FOLDER: Final = "reader"
_ROOT_MAX_BYTES: Final = 64 * 1024
_TRUST_LIST: Final = "trust/list"
_ROOT: Final = "trust/root.pem"


def monotonic_seconds() -> int:
    """Return the machine's monotonic clock: the same for all its processes, from its start on."""
    return int(time.monotonic())


class ReaderHome:
    """What a reader keeps in its home: the pinned root, the bundle accepted last, and its memory.

    folder: for example ``{home}/reader``; made when something is kept in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.memory = ReaderStore(folder / "reader.sqlite")

    @property
    def root_path(self) -> Path:
        """The pinned national root, PEM."""
        return self._folder / "root.pem"

    @property
    def bundle_path(self) -> Path:
        """The bundle accepted last."""
        return self._folder / "bundle.eid"

    def pin_root(self, root_pem: bytes) -> TrustAnchor:
        """Pin a root and return it. Another root than before is a new enrolment: bundle and memory start anew.

        Raises Refused(CERTIFICATE_INVALID).
        """
        anchor = pin(root_pem)
        if self.root_path.exists() and pin(_read(self.root_path, _ROOT_MAX_BYTES)) != anchor:
            for stale in (self.bundle_path, *self._folder.glob("reader.sqlite*")):
                stale.unlink(missing_ok=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(self.root_path, certificates_to_pem([anchor.certificate]))
        return anchor

    def anchor(self) -> TrustAnchor:
        """Return the pinned root; Misconfigured(PIN_MISSING)."""
        try:
            return pin(_read(self.root_path, _ROOT_MAX_BYTES))
        except NotFound as err:
            raise Misconfigured(Reason.PIN_MISSING, "no national root is pinned here") from err

    def update(self, data: bytes, *, now: int) -> Bundle:
        """Accept a bundle, remember its numbers, and keep it. Raises what ``accept_bundle`` raises."""
        bundle = accept_bundle(data, anchor=self.anchor(), memory=self.memory, now=now)
        _write(self.bundle_path, data)
        return bundle

    def bundle(self, *, now: int) -> Bundle:
        """Return the bundle kept here, verified again; Misconfigured(BUNDLE_MISSING)."""
        try:
            data = read_bundle_file(self.bundle_path)
        except NotFound as err:
            raise Misconfigured(Reason.BUNDLE_MISSING, "no bundle was loaded here") from err
        return accept_bundle(data, anchor=self.anchor(), memory=self.memory, now=now)


def read_bundle_file(path: Path) -> bytes:
    """Return the bytes of a bundle file; NotFound(BUNDLE_MISSING), Misconfigured(FILE_UNREADABLE), too large refused."""
    return _read(path, BUNDLE_MAX_BYTES)


def load_evidence_bundle(data: bytes, *, anchor: TrustAnchor, now: int) -> Bundle:
    """Return a verified bundle for re-checking evidence as of ``now``: no floor is asked and nothing is remembered."""
    return load_bundle(data, root=anchor.certificate, floors=Floors(), now=now)


def post_reader(
    bundle: Bundle, *, anchor: TrustAnchor, memory: ReaderStore, clock: Clock, online: bool = False
) -> Reader:
    """Return the reader of a post over a verified bundle.

    online: ask the published status lists first, and the bundle's snapshot where they cannot be had.
    Raises Misconfigured(READER_CLOSED).
    """
    trust = IssuerTrust(anchor, bundle.trust)
    statuses: Statuses = OfflineStatuses.of(bundle)
    if online:
        statuses = OnlineStatuses(HttpTokens(), trust, BundleStatus(bundle))
    return open_reader(
        Reader(
            trust=trust,
            policies=policies_of(bundle),
            statuses=statuses,
            memory=memory,
            clock=clock,
            monotonic=monotonic_seconds,
            post_id="" if bundle.licence is None else bundle.licence.post_id,
        )
    )


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
        anchor = pin(_read(self._public / _ROOT, _ROOT_MAX_BYTES))
        memory, now = self._reader_home.memory, self._clock.now()
        content = read_trust_list(
            _read(path, BUNDLE_MAX_BYTES).decode("ascii", errors="replace"),
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


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as err:
        raise NotFound(Reason.BUNDLE_MISSING, f"{path.name} is not there") from err
    except OSError as err:
        raise Misconfigured(Reason.FILE_UNREADABLE, f"{path.name}: {err.strerror}") from err
    if len(data) > max_bytes:
        raise Misconfigured(Reason.TOO_LARGE, f"{path.name} is larger than it may be")
    return data


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
