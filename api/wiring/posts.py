"""The kits of posts: the private key a post signs its challenges with, in a folder that is carried to the post."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.settings import Settings
from core.entropy import Entropy
from core.errors import Misconfigured
from core.reasons import Reason
from issuer.posts import check_post_id
from keys.signing import KeyPurpose
from keys.storage.files import KeyFiles

POST_ID_FILE: Final = "post-id"


class PostKits:
    """Where a home keeps the kits of the posts it made: one folder each, encrypted under the home's passphrase."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.home / "posts"

    def folder(self, post_id: str) -> Path:
        """Return the folder of one kit; MalformedInput for an id that cannot be one."""
        return self._folder / check_post_id(post_id)

    @contextmanager
    def making(self, post_id: str, passphrase: bytes, *, now: int, entropy: Entropy) -> Iterator[bytes]:
        """Make a post's kit, which stays if the block ends well; gives the public point of its key, 33 bytes.

        The block registers the post: a refusal there leaves no kit, and the kit of a post registered before as it was.
        Raises MalformedInput for an id that cannot be one, Misconfigured where the kit cannot be written.
        """
        folder = self.folder(post_id)
        building = folder.with_name(f".{post_id}.{entropy.random_bytes(4).hex()}")
        try:
            signer = KeyFiles(building, passphrase, entropy=entropy).create(KeyPurpose.POST, created_at=now)
            (building / POST_ID_FILE).write_text(f"{post_id}\n", encoding="ascii")
            yield signer.point
            # A kit of a post that was never registered is what a broken run left.
            shutil.rmtree(folder, ignore_errors=True)
            building.rename(folder)
        except OSError as err:
            raise Misconfigured(Reason.SETTING_INVALID, f"{folder} cannot be made: {err.strerror}") from err
        finally:
            shutil.rmtree(building, ignore_errors=True)
