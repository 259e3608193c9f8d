"""Random bytes that are the same in every run."""

from __future__ import annotations

import hashlib


class SeededEntropy:
    """An ``Entropy`` that counts: SHA-256 over the seed and a counter. For tests and frozen vectors only."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._blocks = 0

    def random_bytes(self, size_bytes: int) -> bytes:
        """Return the next bytes of the stream; two calls never give the same block."""
        out = b""
        while len(out) < size_bytes:
            out += hashlib.sha256(f"{self._seed}/{self._blocks}".encode()).digest()
            self._blocks += 1
        return out[:size_bytes]
