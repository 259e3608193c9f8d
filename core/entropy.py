"""Randomness as a port."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Protocol


class Entropy(Protocol):
    """Gives unpredictable bytes."""

    def random_bytes(self, size_bytes: int) -> bytes:
        """Return ``size_bytes`` fresh random bytes."""
        ...


@dataclass(frozen=True, slots=True)
class SystemEntropy:
    """The operating system's generator."""

    def random_bytes(self, size_bytes: int) -> bytes:
        return secrets.token_bytes(size_bytes)
