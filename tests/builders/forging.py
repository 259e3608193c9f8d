"""Tokens no honest issuer or wallet would make: any header, claim or disclosure, with signatures that hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cbor2

from formats import qr_token
from formats.sd_cwt.model import disclosure_digest
from formats.sd_cwt.unpack import read_kbt
from keys.signing import InProcessSigner
from tests.builders import qr
from tests.fakes.seeded_entropy import SeededEntropy

REMOVED = object()
"""As the value of a change: take the entry away."""


def changed(entries: dict[Any, Any], changes: dict[Any, Any]) -> dict[Any, Any]:
    """Return a map with these changes, its keys sorted by their encoded bytes."""
    merged = {key: value for key, value in {**entries, **changes}.items() if value is not REMOVED}
    return in_order(merged)


def in_order(value: Any) -> Any:
    """Return a value with the keys of all its maps sorted by their encoded bytes."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value, key=cbor2.dumps)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


def sign1(protected: bytes, unprotected: dict[Any, Any], payload: bytes, by: InProcessSigner) -> list[Any]:
    """Return the four elements of a COSE_Sign1 with a signature that holds."""
    return [protected, unprotected, payload, by.sign(cbor2.dumps(["Signature1", protected, b"", payload]))]


def forged_sd_cwt(
    *,
    headers: dict[Any, Any] | None = None,
    claims: dict[Any, Any] | None = None,
    unprotected: dict[Any, Any] | None = None,
    disclosures: Sequence[bytes] | None = None,
    payload: bytes | None = None,
) -> list[Any]:
    """Return the elements of an SD-CWT by the document signer, changed from a good one.

    disclosures: shown, and signed as the first digests; the rest of the ten are decoys.
    """
    good = read_kbt(qr_token.decode(qr.show_one_way(qr.issue()))).sd_cwt
    entropy = SeededEntropy("forged decoys")
    new_claims = dict(claims or {})
    shown = good.disclosures if disclosures is None else tuple(disclosures)
    if disclosures is not None:
        digests = {disclosure_digest(item) for item in shown}
        while len(digests) < 10:
            digests.add(entropy.random_bytes(32))
        new_claims.setdefault(cbor2.CBORSimpleValue(59), sorted(digests))
    body = payload if payload is not None else cbor2.dumps(changed(cbor2.loads(good.sign1.payload), new_claims))
    outside = unprotected if unprotected is not None else ({17: list(shown)} if shown else {})
    protected = cbor2.dumps(changed(good.sign1.protected, headers or {}))
    return sign1(protected, outside, body, qr.signer("document signer"))


def forged_kbt(
    *,
    sd_cwt: list[Any] | None = None,
    headers: dict[Any, Any] | None = None,
    claims: dict[Any, Any] | None = None,
    unprotected: dict[Any, Any] | None = None,
    payload: bytes | None = None,
) -> bytes:
    """Return a key-binding token by the holder, changed from a good one-way showing."""
    good = read_kbt(qr_token.decode(qr.show_one_way(qr.issue())))
    kcwt = cbor2.CBORTag(18, sd_cwt if sd_cwt is not None else forged_sd_cwt())
    protected = cbor2.dumps(changed({**good.sign1.protected, 13: kcwt}, headers or {}))
    body = payload if payload is not None else cbor2.dumps(changed(cbor2.loads(good.sign1.payload), claims or {}))
    return cbor2.dumps(cbor2.CBORTag(18, sign1(protected, unprotected or {}, body, qr.signer("holder"))))
