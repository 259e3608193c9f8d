"""The kits of posts: the private key a post signs its challenges with, in a folder that is carried to the post."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from api.settings import Settings
from core.entropy import Entropy
from issuer.posts import check_post_id
from keys.signing import InProcessSigner, KeyPurpose
from keys.storage.files import KeyFiles

POST_ID_FILE: Final = "post-id"


class PostKits:
    """Where a home keeps the kits of the posts it made: one folder each, encrypted under the home's passphrase."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.home / "posts"

    def folder(self, post_id: str) -> Path:
        """Return the folder of one kit; MalformedInput for an id that cannot be one."""
        return self._folder / check_post_id(post_id)

    def make(self, post_id: str, passphrase: bytes, *, now: int, entropy: Entropy) -> bytes:
        """Make a post's key and return its public point, 33 bytes."""
        keys = KeyFiles(self.folder(post_id), passphrase, entropy=entropy)
        signer = keys.create(KeyPurpose.POST, created_at=now)
        (self.folder(post_id) / POST_ID_FILE).write_text(f"{post_id}\n", encoding="ascii")
        return signer.point


def open_post_key(folder: Path, passphrase: bytes) -> InProcessSigner:
    """Return the signer of an enrolled post. Raises NotFound(KEY_UNKNOWN), Misconfigured(PASSPHRASE_WRONG)."""
    return KeyFiles(folder, passphrase).open(KeyPurpose.POST)
