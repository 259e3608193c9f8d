"""The words of SD-JWT as values (RFC 9901)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from formats.encoding.json import JsonValue
from formats.jose import JwsDraft, UnverifiedJws

SD: Final = "_sd"
SD_ALG: Final = "_sd_alg"
ELLIPSIS: Final = "..."
HASH_NAME: Final = "sha-256"
SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 32
MAX_DISCLOSURES: Final = 128
MAX_DEPTH: Final = 16

ClaimPath: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A salted claim the holder may reveal.

    text:   exactly as on the wire; its digest is over these characters.
    digest: base64url of SHA-256 over the ASCII bytes of ``text``.
    name:   None for an element of an array.
    """

    text: str
    digest: str
    name: str | None
    value: JsonValue


class UnverifiedSdJwt(NamedTuple):
    """A presentation or an issued token taken apart, before any signature is checked.

    hashed_part: everything up to and including the last tilde: what ``sd_hash`` covers.
    key_binding: the compact KB-JWT; None where the token ends with a tilde.
    """

    jws: UnverifiedJws
    disclosures: tuple[str, ...]
    hashed_part: str
    key_binding: str | None


@dataclass(frozen=True, slots=True)
class SdJwtDraft:
    """An SD-JWT before it is signed.

    payload: the JSON that will be signed; its hash can be recorded before the key is used.
    """

    jws: JwsDraft
    payload: bytes
    disclosures: tuple[str, ...]

    def to_be_signed(self) -> bytes:
        """Return the bytes the issuer's key signs."""
        return self.jws.signing_input

    def finish(self, signature: bytes) -> str:
        """Return the issued token with all its disclosures and the final tilde."""
        return "~".join((self.jws.finish(signature), *self.disclosures, ""))
