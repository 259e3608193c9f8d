"""A post's reader: its home (pinned root, bundle, memory), what its commands take in, and the readers over them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from core.clock import Clock
from core.errors import EidError, Misconfigured, NotFound
from core.reasons import Reason
from formats.bundle import reading as bundle_reading
from formats.bundle.bundle_delta import Updated
from formats.bundle.envelope import Bundle, Floors
from formats.site_policy import BUILT_IN
from keys.certificates import certificates_to_pem
from keys.trust import TrustAnchor
from verifier.checkpoint.offline import BundleStatus, StatusSource
from verifier.gateways.qr_reader import read_qr_picture
from verifier.ports import Statuses
from verifier.reading import (
    NothingKnown,
    OfflineStatuses,
    Reader,
    accept_bundle,
    accept_update,
    load_bundle,
    load_update,
    open_reader,
    policies_of,
)
from verifier.storage.reader_store import ReaderStore
from verifier.trust import IssuerTrust, pin

READER_FOLDER: Final = "reader"
ROOT_MAX_BYTES: Final = 64 * 1024
BUNDLE_MAX_BYTES: Final = bundle_reading.MAX_BYTES

Online: TypeAlias = Callable[[IssuerTrust, StatusSource | None], Statuses]
"""Makes the statuses of published lists, whose signers this trust admits; see ``api.wiring.online``."""


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

    def update(self, data: bytes, *, now: int) -> Updated:
        """Accept a bundle, or a delta to the one held here; keep it, whole, and remember its numbers.

        Raises what ``accept_update`` raises.
        """
        return accept_update(
            data,
            held=self.held(),
            anchor=self.anchor(),
            memory=self.memory,
            keep=lambda full: _write(self.bundle_path, full),
            now=now,
        )

    def held(self) -> bytes | None:
        """Return the bytes of the bundle kept here, in force or not; None where there is none."""
        try:
            return read_bundle_file(self.bundle_path)
        except NotFound:
            return None

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


def look_into(data: bytes, home: ReaderHome, *, now: int) -> Updated:
    """Return what a bundle, or a delta to the one held in a home, brings; no floor is asked, nothing is remembered."""
    return load_update(data, held=home.held(), root=home.anchor().certificate, floors=Floors(), now=now)


def post_reader(
    bundle: Bundle,
    *,
    anchor: TrustAnchor,
    memory: ReaderStore,
    clock: Clock,
    online: Online | None = None,
    server_clock: bool = False,
) -> Reader:
    """Return the reader of a post over a verified bundle.

    online: asks the published status lists first, and the bundle's snapshot where they cannot be had; None: it alone.
    Raises Misconfigured(READER_CLOSED).
    """
    trust = IssuerTrust(anchor, bundle.trust)
    held = BundleStatus(bundle)
    return open_reader(
        Reader(
            trust=trust,
            policies=policies_of(bundle),
            statuses=OfflineStatuses(held) if online is None else online(trust, held),
            memory=memory,
            clock=clock,
            monotonic=monotonic_seconds,
            post_id="" if bundle.licence is None else bundle.licence.post_id,
            server_clock=server_clock,
        )
    )


def bare_reader(anchor: TrustAnchor, *, memory: ReaderStore, clock: Clock, online: Online | None) -> Reader:
    """Return a reader that knows a root and nothing else: every document signer below it counts, for every type.

    Forms whose keys only a trust table names cannot be judged by it. Raises Misconfigured(READER_CLOSED).
    """
    trust = IssuerTrust(anchor, None)
    return open_reader(
        Reader(
            trust=trust,
            policies=BUILT_IN,
            statuses=OfflineStatuses(NothingKnown()) if online is None else online(trust, None),
            memory=memory,
            clock=clock,
            monotonic=monotonic_seconds,
            server_clock=True,
        )
    )


class Readers:
    """Gives each judgement of a command its reader, opened once for the instants that follow one another.

    home:   the reader's home.
    bundle: the bytes to judge by instead of the bundle that the home holds.
    online: see ``post_reader``.
    alone:  the home lasts as long as the command and pins the root that the command names: without a bundle the root is
            all there is, and whoever runs it answers for the clock.
    """

    def __init__(
        self,
        home: ReaderHome,
        *,
        clock: Clock,
        bundle: bytes | None = None,
        online: Online | None = None,
        alone: bool = False,
    ) -> None:
        self._home = home
        self._clock = clock
        self._bundle = bundle
        self._online = online
        self._alone = alone
        self._bare: Reader | None = None
        self._opened: tuple[int | None, int, Reader] | None = None

    def at(self, as_of: int | None) -> Reader:
        """Return the reader that judges as of an instant, or now.

        Raises Misconfigured: PIN_MISSING, BUNDLE_MISSING, READER_CLOSED; and what the bundle is refused for.
        """
        if self._alone and self._bundle is None:
            self._bare = self._bare or bare_reader(
                self._home.anchor(), memory=self._home.memory, clock=self._clock, online=self._online
            )
            return self._bare
        now = self._clock.now() if as_of is None else as_of
        if self._opened is None or self._opened[0] != as_of or now >= self._opened[1]:
            bundle = self._load(as_of, now)
            reader = post_reader(
                bundle,
                anchor=self._home.anchor(),
                memory=self._home.memory,
                clock=self._clock,
                online=self._online,
                server_clock=self._alone,
            )
            self._opened = as_of, bundle.expires_at, reader
        return self._opened[2]

    def _load(self, as_of: int | None, now: int) -> Bundle:
        """Return the bundle as of an instant, leaving no trace; or as of now, accepted like any other."""
        anchor = self._home.anchor()
        if self._bundle is None:
            return self._home.bundle(now=now) if as_of is None else held_bundle_as_of(self._home, now=now)
        if as_of is not None:
            return load_evidence_bundle(self._bundle, anchor=anchor, now=now)
        return accept_bundle(self._bundle, anchor=anchor, memory=self._home.memory, now=now)


@contextmanager
def home_alone(root_pem: bytes) -> Iterator[ReaderHome]:
    """Give a reader's home that pins this root and is gone afterwards. Raises Refused(CERTIFICATE_INVALID)."""
    with TemporaryDirectory(prefix="eid-reader-") as folder:
        home = ReaderHome(Path(folder))
        home.pin_root(root_pem)
        yield home


def read_picture(path: Path) -> str:
    """Return the text of the one QR code in a picture; see ``verifier.gateways.qr_reader``."""
    return read_qr_picture(path)


def read_root_file(path: Path) -> bytes:
    """Return the bytes of a root's PEM file; Misconfigured(FILE_UNREADABLE) for one that is missing or no root.

    The file is the operator's own, so what is wrong with it is no refusal of a card.
    """
    try:
        with path.open("rb") as file:
            data = file.read(ROOT_MAX_BYTES + 1)
    except OSError as err:
        raise Misconfigured(Reason.FILE_UNREADABLE, f"{path.name}: {err.strerror}") from err
    if len(data) > ROOT_MAX_BYTES:
        raise Misconfigured(Reason.FILE_UNREADABLE, f"{path.name} is too large for a root certificate")
    try:
        pin(data)
    except EidError as err:
        said = f"{path.name} is no national root ({err.detail}); give the root.pem that the issuer publishes"
        raise Misconfigured(Reason.FILE_UNREADABLE, said) from err
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
