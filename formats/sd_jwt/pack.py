"""Pack an SD-JWT: the issuer's side."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Final

from core.entropy import Entropy
from formats.encoding import json
from formats.encoding.json import JsonValue
from formats.jose import draft_compact
from formats.sd_jwt.model import DIGEST_BYTES, ELLIPSIS, HASH_NAME, SALT_BYTES, SD, SD_ALG, SdJwtDraft
from keys.signing import Signer

_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


def pack(
    clear: Mapping[str, JsonValue],
    disclosable: Mapping[str, JsonValue],
    *,
    structured: Mapping[str, int],
    digests: int,
    typ: str,
    entropy: Entropy,
    signer: Signer,
) -> SdJwtDraft:
    """Return the unsigned SD-JWT of a dataset.

    clear:       claims everyone sees.
    disclosable: claims the holder may reveal, one disclosure each.
    structured:  names among them whose value is an object with one disclosure per member (RFC 9901 6.2), and the
                 least number of digests in it.
    digests:     the least number of digests at the top: decoys fill up, so that no count tells anything about a person.
    A claim name that is clear and disclosable, empty or reserved is a mistake of ours: ValueError.
    Salts are 16 bytes each, all from one call; digests are sorted, which hides the order.
    Source: RFC 9901 4.1, 4.2.
    """
    flat = [(name, value) for name, value in disclosable.items() if name not in structured]
    nested = [(name, _members(disclosable[name])) for name in structured if name in disclosable]
    _refuse_clashes(clear, disclosable)
    wanted = [(digests, flat), *((structured[name], members) for name, members in nested)]
    count = sum(len(claims) for _, claims in wanted)
    decoys = sum(max(0, least - len(claims)) for least, claims in wanted)
    random = entropy.random_bytes(SALT_BYTES * count + DIGEST_BYTES * decoys)
    salts = _texts(random[: SALT_BYTES * count], SALT_BYTES)
    # A digest of random input looks like random bytes, so random bytes are the decoy.
    fillers = _texts(random[SALT_BYTES * count :], DIGEST_BYTES)
    disclosures: list[str] = []
    lists = [_redact(claims, least, salts, fillers, disclosures) for least, claims in wanted]
    body = json.encode(dict(clear))[1:-1].decode()
    parts = [body] if body else []
    parts += [
        f'{encode_basestring(name)}:{{"{SD}":{inner}}}' for (name, _), inner in zip(nested, lists[1:], strict=True)
    ]
    if lists[0] != "[]":
        parts.append(f'"{SD}":{lists[0]}')
    if count + decoys:
        parts.append(f'"{SD_ALG}":"{HASH_NAME}"')
    payload = f"{{{','.join(parts)}}}".encode()
    return SdJwtDraft(draft_compact(payload, signer, typ=typ), payload, tuple(disclosures))


def _texts(random: bytes, size: int) -> list[str]:
    return [_base64url(random[at : at + size]) for at in range(0, len(random), size)]


def _redact(
    claims: list[tuple[str, JsonValue]], least: int, salts: list[str], fillers: list[str], disclosures: list[str]
) -> str:
    """Return the JSON of one ``_sd`` array and add its disclosures."""
    digests = [_disclose(salts.pop(), name, value, disclosures) for name, value in claims]
    digests += [fillers.pop() for _ in range(least - len(claims))]
    digests.sort()
    return '["' + '","'.join(digests) + '"]' if digests else "[]"


def _disclose(salt: str, name: str, value: JsonValue, disclosures: list[str]) -> str:
    if type(value) is str:
        written = encode_basestring(value)
    elif type(value) is bool:
        written = "true" if value else "false"
    else:
        written = json.encode(value).decode()
    text = b2a_base64(f'["{salt}",{encode_basestring(name)},{written}]'.encode(), newline=False)
    text = text.rstrip(b"=").translate(_TO_URL)
    disclosures.append(text.decode("ascii"))
    return _base64url(sha256(text).digest())


def _base64url(octets: bytes) -> str:
    return b2a_base64(octets, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


def _members(value: JsonValue) -> list[tuple[str, JsonValue]]:
    if not isinstance(value, dict):
        raise TypeError("a structured claim is an object")
    if not {SD, ELLIPSIS, ""}.isdisjoint(value):
        raise ValueError("a claim name is reserved")
    return list(value.items())


def _refuse_clashes(clear: Mapping[str, JsonValue], disclosable: Mapping[str, JsonValue]) -> None:
    if not clear.keys().isdisjoint(disclosable):
        raise ValueError("a claim is clear and disclosable at once")
    for names in (clear.keys(), disclosable.keys()):
        if not {SD, SD_ALG, ELLIPSIS, ""}.isdisjoint(names):
            raise ValueError("a claim name is reserved")
