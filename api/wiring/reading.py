"""A post's reader: its home (pinned root, bundle, memory), what its commands take in, and the reader over them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from core.clock import Clock
from core.errors import MalformedInput, Misconfigured, NotFound
from core.reasons import Reason
from formats.bundle import reading as bundle_reading
from formats.bundle.envelope import Bundle, Floors
from keys.certificates import certificates_to_pem
from keys.trust import TrustAnchor
from verifier.checkpoint.offline import BundleStatus
from verifier.gateways.qr_reader import read_qr_picture
from verifier.ports import Statuses
from verifier.reading import OfflineStatuses, Reader, accept_bundle, load_bundle, open_reader, policies_of
from verifier.storage.reader_store import ReaderStore
from verifier.trust import IssuerTrust, pin

READER_FOLDER: Final = "reader"
ROOT_MAX_BYTES: Final = 64 * 1024
BUNDLE_MAX_BYTES: Final = bundle_reading.MAX_BYTES


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
        if self.root_path.exists() and pin(read_file(self.root_path, ROOT_MAX_BYTES)) != anchor:
            for stale in (self.bundle_path, *self._folder.glob("reader.sqlite*")):
                stale.unlink(missing_ok=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(self.root_path, certificates_to_pem([anchor.certificate]))
        return anchor

    def anchor(self) -> TrustAnchor:
        """Return the pinned root; Misconfigured(PIN_MISSING)."""
        try:
            return pin(read_file(self.root_path, ROOT_MAX_BYTES))
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
    return read_file(path, BUNDLE_MAX_BYTES)


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
        # Offline, which is the rule, a reader does not wait for an HTTP library to load.
        from verifier.gateways.status_lists import HttpTokens, OnlineStatuses  # noqa: PLC0415

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


def read_picture(path: Path) -> str:
    """Return the text of the one QR code in a picture; see ``verifier.gateways.qr_reader``."""
    return read_qr_picture(path)


def read_root_file(path: Path) -> bytes:
    """Return the bytes of a PEM file; MalformedInput(FILE_UNREADABLE) for one that is missing or far too large."""
    try:
        with path.open("rb") as file:
            data = file.read(ROOT_MAX_BYTES + 1)
    except OSError as err:
        raise MalformedInput(Reason.FILE_UNREADABLE, f"{path.name}: {err.strerror}") from err
    if len(data) > ROOT_MAX_BYTES:
        raise MalformedInput(Reason.FILE_UNREADABLE, f"{path.name} is too large for a root certificate")
    return data


def held_bundle_as_of(home: ReaderHome, *, now: int) -> Bundle:
    """Return the bundle a reader holds, verified as of an instant, leaving no trace; Misconfigured(BUNDLE_MISSING)."""
    try:
        data = read_bundle_file(home.bundle_path)
    except NotFound as err:
        raise Misconfigured(Reason.BUNDLE_MISSING, "no bundle was loaded here; run: eid bundle update FILE") from err
    return load_evidence_bundle(data, anchor=home.anchor(), now=now)


def read_file(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a file a reader keeps; NotFound(BUNDLE_MISSING), Misconfigured(FILE_UNREADABLE, TOO_LARGE)."""
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
