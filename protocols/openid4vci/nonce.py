"""The answer of the nonce endpoint (OpenID4VCI 1.0, 7.2)."""

from __future__ import annotations

from pydantic import Field

from protocols.wire import WireModel


class NonceResponse(WireModel):
    """A fresh ``c_nonce`` for the key proofs of one credential request."""

    c_nonce: str = Field(min_length=1, max_length=1024)
