"""Readers over a real bundle under a real root, at an instant that tests choose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.clock import Clock, FixedClock
from formats.bundle.envelope import Bundle, Floors, draft_bundle
from formats.site_policy import BUILT_IN
from keys.certificates import Subject, build_list_signer
from keys.signing import KeyPurpose
from keys.trust import TrustAnchor
from tests.builders import qr
from tests.builders.trust import LEAF_VALIDITY, national_root
from tests.fakes.seeded_entropy import SeededEntropy
from verifier.checkpoint.expected import OpenChallenge
from verifier.ports import Statuses
from verifier.reading import OfflineStatuses, Reader, load_bundle, open_reader, policies_of
from verifier.storage.reader_store import ReaderStore
from verifier.trust import IssuerTrust

ROOT = national_root()
ANCHOR = TrustAnchor(KeyPurpose.NATIONAL_ROOT, ROOT.certificate)
LIST_SIGNER = qr.signer("list signer")
LIST_CERTIFICATE = build_list_signer(
    ROOT,
    LIST_SIGNER.point,
    Subject("CN", "Ministry of Specimens", "Specimen List Signer"),
    LEAF_VALIDITY,
    entropy=SeededEntropy("list signer"),
)
GATE = "rail-gate"
CHALLENGE_HASH = b"c" * 32
UPTIME = 5_000


def a_bundle_file(*, certificate: bytes = LIST_CERTIFICATE, **changes: Any) -> bytes:
    """Return a packed bundle that carries a list signer's certificate."""
    parts = qr.bundle_parts(**changes)
    draft = draft_bundle(
        number=parts.number,
        issued_at=parts.issued_at,
        expires_at=parts.expires_at,
        trust=parts.trust,
        snapshots=parts.snapshots,
        policies=parts.policies,
        licence=parts.licence,
        certificates=(certificate,),
        signer_kid=parts.packer.key_id,
    )
    return qr.sign(draft, parts.packer)


@dataclass(slots=True)
class Uptime:
    """A monotonic clock that tests turn."""

    seconds: int = UPTIME

    def __call__(self) -> int:
        return self.seconds


def a_bundle(**changes: Any) -> Bundle:
    """Return a verified bundle."""
    return load_bundle(a_bundle_file(**changes), root=ROOT.certificate, floors=Floors(), now=qr.NOW)


def a_reader(
    folder: Path,
    *,
    clock: Clock | None = None,
    statuses: Statuses | None = None,
    uptime: Uptime | None = None,
    server_clock: bool = True,
    bundle: Bundle | None = None,
) -> Reader:
    """Return a reader whose memory lies in a folder; with the same folder, another lane of it."""
    loaded = bundle or a_bundle()
    return open_reader(
        Reader(
            trust=IssuerTrust(ANCHOR, loaded.trust),
            policies=policies_of(loaded),
            statuses=statuses or OfflineStatuses.of(loaded),
            memory=ReaderStore(folder / "reader.sqlite"),
            clock=clock or FixedClock(qr.NOW),
            monotonic=uptime or Uptime(),
            post_id=qr.POST_ID,
            server_clock=server_clock,
        )
    )


def show_challenge(reader: Reader, *, policy_id: str = GATE, ago: int = 5) -> OpenChallenge:
    """Put a challenge on the reader's screen, some seconds ago."""
    groups = BUILT_IN[policy_id].groups
    shown = OpenChallenge(CHALLENGE_HASH, qr.POST_ID, groups, shown_monotonic=reader.monotonic() - ago)
    reader.memory.show_challenge(shown, policy_id)
    return shown
