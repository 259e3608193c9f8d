"""Founds a home: everything is made in a folder beside it and takes its place in one step, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.settings import Settings
from api.wiring.bureau import create_store
from api.wiring.posts import PostKits
from api.wiring.trust import TrustFolder
from core.audit import AuditEvent
from core.clock import Clock
from core.entropy import Entropy
from core.errors import Conflict, Misconfigured
from core.reasons import Reason
from issuer.founding import FoundingPlan, found
from issuer.officers import Officer, add_first_officer
from issuer.posts import Post, add_post
from issuer.register.ports import Bureau
from keys.signing import KeyPurpose
from keys.storage.files import KeyFiles


@dataclass(frozen=True, slots=True)
class FirstPost:
    """The post a home starts with; its key is made with it."""

    post_id: str
    place: str
    site_kind: str


@dataclass(frozen=True, slots=True)
class FoundedHome:
    """What is there now."""

    trust_list_number: int
    root: Path
    post_kit: Path


def found_home(
    settings: Settings,
    plan: FoundingPlan,
    *,
    officers: Sequence[Officer],
    post: FirstPost,
    clock: Clock,
    entropy: Entropy,
    progress: Callable[[int], None],
) -> FoundedHome:
    """Make the keys, the trust list, the database, the first officers and the first post of a home.

    Raises Conflict(HOME_EXISTS) when the home holds anything, Misconfigured for a missing passphrase, a folder that
    cannot be written or a database that does not answer.
    """
    home = settings.home.resolve()
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise Conflict(Reason.HOME_EXISTS, f"{settings.home} is not empty")
    if home in (Path.cwd(), *Path.cwd().parents):
        # It is replaced as a whole, and whoever stands in it would be left in a folder that is gone.
        raise Misconfigured(Reason.SETTING_INVALID, "a home is a folder of its own: name one with --home")
    passphrase = settings.passphrase_bytes()
    building = home.with_name(f".{home.name}.{entropy.random_bytes(4).hex()}")
    try:
        building.mkdir(parents=True, mode=0o700)
        inside = settings.model_copy(update={"home": building})
        number = _fill(
            inside,
            passphrase,
            plan,
            officers=officers,
            post=post,
            now=clock.now(),
            entropy=entropy,
            progress=progress,
        )
        if home.exists():
            home.rmdir()
        building.rename(home)
    except OSError as err:
        raise Misconfigured(Reason.SETTING_INVALID, f"{settings.home} cannot be made: {err.strerror}") from err
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return FoundedHome(number, TrustFolder(settings).root_path, PostKits(settings).folder(post.post_id))


def _fill(
    settings: Settings,
    passphrase: bytes,
    plan: FoundingPlan,
    *,
    officers: Sequence[Officer],
    post: FirstPost,
    now: int,
    entropy: Entropy,
    progress: Callable[[int], None],
) -> int:
    keys = KeyFiles(settings.keys_folder, passphrase, entropy=entropy)
    progress(1)
    founded = found(plan, keys=keys, now=now, entropy=entropy)
    progress(2)
    store = create_store(settings, keys, entropy)
    progress(3)
    with (
        store.transaction() as books,
        PostKits(settings).making(post.post_id, passphrase, now=now, entropy=entropy) as point,
    ):
        books.register.add_bureau(Bureau(plan.bureau, plan.name_zh, plan.name_en, plan.division), now=now)
        books.audit.record(AuditEvent(plan.bureau, now, "system", "home.found", plan.bureau, _certificates(keys)))
        for officer in officers:
            add_first_officer(officer, book=books.officers, audit=books.audit, now=now)
        first = Post(plan.bureau, post.post_id, post.place, post.site_kind, point)
        add_post(first, by=officers[-1], book=books.posts, audit=books.audit, now=now)

    def announce(action: str, subject: str, note: str) -> None:
        with store.transaction() as books:
            books.audit.record(AuditEvent(plan.bureau, now, "system", action, subject, note))

    progress(4)
    folder = TrustFolder(settings)
    folder.keep_roots(founded.national_root, founded.reader_root)
    number = folder.publish(founded.trust_list, keys, announce=announce).number
    store.close()
    progress(5)
    return number


def _certificates(keys: KeyFiles) -> str:
    """Return what the two roots signed, in the words of an audit note: their own certificates and the signers'."""
    made = [key.purpose for key in keys.listing() if key.purpose is not KeyPurpose.AUDIT_SIGNER]
    readers = sum(purpose in (KeyPurpose.READER_ROOT, KeyPurpose.POLICY_SIGNER) for purpose in made)
    return f"national-root x{len(made) - readers}, reader-root x{readers}"
