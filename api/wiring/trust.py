"""The published trust data of a home: roots, the signed trust list, and the same as a table for bundles."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from api.settings import Settings
from core.clock import Clock
from core.errors import Misconfigured
from core.reasons import Reason
from formats.trust_list import TrustListContent, read_trust_list
from formats.vical import sign_vical
from issuer.founding import PublishedTrust, next_issue, publish
from keys.certificates import certificates_from_pem, certificates_to_pem
from keys.signing import KeyPurpose
from keys.storage.files import KeyFiles

TOLERANCE_SECONDS: Final = 30
REISSUE_AFTER_SECONDS: Final = 12 * 3600
"""A bundle never starts its life with trust data older than this."""

Announce: TypeAlias = Callable[[str, str, str], None]
"""Writes an action, what it acts on and a note into the audit log of the home's bureau."""


class TrustFolder:
    """The folder ``public/trust`` of a home."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.public_folder / "trust"

    @property
    def root_path(self) -> Path:
        """The national root, PEM: what readers pin."""
        return self._folder / "root.pem"

    @property
    def national_root(self) -> bytes:
        """The national root, DER."""
        return certificates_from_pem(_read(self.root_path))[0]

    @property
    def reader_root(self) -> bytes:
        """The reader root, DER."""
        return certificates_from_pem(_read(self._folder / "reader-root.pem"))[0]

    @property
    def table(self) -> bytes:
        """The signed trust table of the current issue."""
        return _read(self._folder / "table.cose")

    def keep_roots(self, national_root: bytes, reader_root: bytes) -> None:
        """Write the two roots as PEM files."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(self.root_path, certificates_to_pem([national_root]))
        _write(self._folder / "reader-root.pem", certificates_to_pem([reader_root]))

    def current(self, *, now: int) -> TrustListContent:
        """Return the list published last, read as any reader reads it."""
        token = _read(self._folder / "list").decode("ascii", errors="replace")
        return read_trust_list(
            token, root=self.national_root, highest_seen=0, now=now, tolerance_seconds=TOLERANCE_SECONDS
        )

    def publish(self, content: TrustListContent, keys: KeyFiles, *, announce: Announce) -> PublishedTrust:
        """Sign one issue and put its forms in place; the list last, so that no list is ahead of its table.

        announce: writes the signatures into the audit log before they are made; if it fails, nothing is signed.
        """
        signer = keys.open(KeyPurpose.LIST_SIGNER)
        vical = any(key.purpose is KeyPurpose.VICAL_SIGNER for key in keys.listing())
        announce("trust.publish", str(content.number), "list-signer x2" + (", vical-signer x1" if vical else ""))
        issue = publish(content, signer, national_root=self.national_root, reader_root=self.reader_root)
        _write(self._folder / "table.cose", issue.table)
        if vical:
            # Homes founded before there was such a signer publish no list for readers of mdoc.
            vical_signer = keys.open(KeyPurpose.VICAL_SIGNER)
            _write(self._folder / "vical", sign_vical(content, vical_signer, national_root=self.national_root))
        _write(self._folder / "list", issue.trust_list.encode("ascii"))
        return issue

    def publish_next(self, keys: KeyFiles, clock: Clock, *, announce: Announce) -> PublishedTrust:
        """Issue the current list again under the next number."""
        now = clock.now()
        return self.publish(next_issue(self.current(now=now), now=now), keys, announce=announce)

    def publish_if_old(self, keys: KeyFiles, clock: Clock, *, announce: Announce) -> None:
        """Issue the list again when its present issue is older than half a day."""
        if clock.now() - self.current(now=clock.now()).issued_at >= REISSUE_AFTER_SECONDS:
            self.publish_next(keys, clock, announce=announce)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise Misconfigured(Reason.HOME_MISSING, f"{path.name} is missing among the published trust data") from err


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
