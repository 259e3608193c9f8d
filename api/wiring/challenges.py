"""A reader's own challenge: signed by the post key it enrolled with, carrying the licence of its bundle."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.wiring.posts import POST_ID_FILE
from api.wiring.reading import ReaderHome, monotonic_seconds
from core.entropy import Entropy
from core.errors import Misconfigured, NotFound, Refused
from core.reasons import Reason
from formats import challenge, licence
from formats.bundle.envelope import Bundle
from formats.challenge import Challenge
from formats.dataset import Group
from formats.site_policy import SitePolicy
from keys.signing import KeyPurpose, Signer
from keys.storage.files import KeyFiles
from verifier.checkpoint.expected import OpenChallenge
from verifier.reading import policies_of

POST_FOLDER: Final = "post"


@dataclass(frozen=True, slots=True)
class ShownChallenge:
    """A challenge to put on the screen."""

    text: str
    post_id: str
    place: str
    policy: SitePolicy
    groups: frozenset[Group]
    data: bytes


def enrol(home: Path, kit: Path) -> str:
    """Copy a post's kit into a reader's home, whole or not at all, and return the post's id.

    Raises NotFound(KEY_UNKNOWN) for a folder that is no kit, Refused(HOME_EXISTS) where a post is enrolled already,
    Misconfigured where the home cannot be written.
    """
    try:
        post_id = (kit / POST_ID_FILE).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise NotFound(Reason.KEY_UNKNOWN, f"{kit} is not the kit of a post") from err
    folder = home / POST_FOLDER
    if folder.exists():
        raise Refused(Reason.HOME_EXISTS, f"{folder} holds the key of a post already")
    arriving = home / f".{POST_FOLDER}.new"
    try:
        shutil.rmtree(arriving, ignore_errors=True)
        shutil.copytree(kit, arriving)
        arriving.rename(folder)
    except OSError as err:
        raise Misconfigured(Reason.SETTING_INVALID, f"the kit cannot be copied to {home}") from err
    return post_id


def show_challenge(
    home: Path, passphrase: bytes, reader: ReaderHome, *, policy_id: str, ground: str | None, now: int, entropy: Entropy
) -> ShownChallenge:
    """Sign a fresh challenge and remember it as the one now shown.

    Raises Misconfigured: KEY_UNKNOWN without an enrolled post, BUNDLE_MISSING; Refused: LICENCE_INVALID for a licence
    that is missing, another post's or run out, POLICY_UNKNOWN, OVER_ASKING for what the licence does not list.
    """
    bundle = reader.bundle(now=now)
    signer = _open_post(home, passphrase)
    permit, permit_bytes = _licence(bundle, signer, now)
    policy = policies_of(bundle).get(policy_id)
    if policy is None:
        raise NotFound(Reason.POLICY_UNKNOWN, "this reader has no such policy")
    groups = policy.required
    if not groups <= permit.groups:
        raise Refused(Reason.OVER_ASKING, "the policy asks for more than this post's licence lists")
    if (ground or permit.grounds) and ground not in permit.grounds:
        listed = ", ".join(permit.grounds) or "none"
        raise Refused(Reason.OVER_ASKING, f"name a ground of the licence: {listed}")
    asked = Challenge(entropy.random_bytes(challenge.NONCE_BYTES), policy_id, ground, groups, now, permit_bytes)
    draft = challenge.draft(asked, post_kid=signer.key_id)
    data = draft.finish(signer.sign(draft.to_be_signed()))
    text = challenge.encode(data)
    shown = OpenChallenge(challenge.challenge_hash(data), permit.post_id, groups, monotonic_seconds())
    reader.memory.show_challenge(shown, policy_id)
    return ShownChallenge(text, permit.post_id, permit.place, policy, groups, data)


def _open_post(home: Path, passphrase: bytes) -> Signer:
    folder = home / POST_FOLDER
    if not folder.exists():
        raise Misconfigured(Reason.KEY_UNKNOWN, "this reader is no enrolled post; run: eid posts enrol KIT")
    return KeyFiles(folder, passphrase).open(KeyPurpose.POST)


def _licence(bundle: Bundle, signer: Signer, now: int) -> tuple[licence.Licence, bytes]:
    if bundle.licence is None or bundle.licence_bytes is None:
        raise Refused(Reason.LICENCE_INVALID, "the bundle carries no licence; have it made with --post")
    if bundle.licence.post_point33 != signer.point:
        raise Refused(Reason.LICENCE_INVALID, "the bundle's licence is another post's")
    licence.check_in_force(bundle.licence, now=now)
    return bundle.licence, bundle.licence_bytes
