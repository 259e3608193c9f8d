"""Opens the key store of a home."""

from __future__ import annotations

from typing import TypeAlias

from api.settings import Settings
from keys.storage.files import KeyFiles, StoredKey

HomeKeys: TypeAlias = KeyFiles
"""The key store of a home, for those who only hand it on."""


def open_keys(settings: Settings) -> HomeKeys:
    """Return the key store under the passphrase of the settings; Misconfigured(PASSPHRASE_MISSING)."""
    return KeyFiles(settings.keys_folder, settings.passphrase_bytes())


def list_keys(settings: Settings) -> tuple[StoredKey, ...]:
    """Return what keys a home holds; needs no passphrase."""
    return KeyFiles(settings.keys_folder, b"").listing()
