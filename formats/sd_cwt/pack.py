"""Issuing: one person's facts and the clear claims of one copy become an SD-CWT to be signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from formats import cose
from formats.cose import Sign1Draft
from formats.dataset import GROUPS, CredentialDataset, group_values
from formats.encoding import cbor
from formats.encoding.cbor import CborValue
from formats.sd_cwt import model
from formats.sd_cwt.model import SdCwtClaims
from keys.algorithms import Algorithm

# A disclosure is [salt, values, group], a decoy [salt]: the heads of the array and of a salt of 16 bytes.
_SALTED: Final = b"\x83\x50"
_DECOY: Final = b"\x81\x50"


@dataclass(frozen=True, slots=True)
class SdCwtDraft:
    """An SD-CWT before its signature, with all its disclosures, decoys included."""

    sign1: Sign1Draft
    disclosures: tuple[bytes, ...]

    def to_be_signed(self) -> bytes:
        """Return the bytes the document signer signs."""
        return self.sign1.to_be_signed()

    def finish(self, signature: bytes) -> bytes:
        """Return the issued token. It carries the decoys' disclosures too, so that a wallet sees nothing is hidden."""
        return self.sign1.finish(signature, {cose.SD_CLAIMS: list[CborValue](self.disclosures)})


def pack(
    dataset: CredentialDataset,
    claims: SdCwtClaims,
    *,
    as_of: date,
    salts: Sequence[bytes],
    signer_kid: bytes,
    algorithm: Algorithm,
) -> SdCwtDraft:
    """Return the draft of one copy.

    as_of: the day the age answers are true for, the day of ``iat``.
    salts: ten of 16 bytes, distinct, from the system's generator; one for each group in the table's order.
    Always ten digests, sorted: a group without content gives a decoy.
    Raises MalformedInput for a fact no reader would accept; ValueError for salts or claims outside the profile.
    """
    if (
        len(set(salts)) != len(GROUPS)
        or len(salts) != len(GROUPS)
        or {len(salt) for salt in salts} != {model.SALT_BYTES}
    ):
        raise ValueError("ten distinct salts of 16 bytes are needed")
    disclosures = tuple(
        _SALTED + salt + shown if shown else _DECOY + salt
        for salt, shown in zip(salts, _encoded_groups(dataset, as_of), strict=True)
    )
    payload = model.write_claims(claims, [model.disclosure_digest(disclosure) for disclosure in disclosures])
    headers: cbor.CborMap = {
        cose.ALG: algorithm.cose,
        cose.KID: signer_kid,
        cose.TYP: model.TYP_SD_CWT,
        cose.SD_ALG: model.SHA_256,
    }
    return SdCwtDraft(Sign1Draft(headers, payload), disclosures)


@lru_cache(maxsize=1)
def _encoded_groups(dataset: CredentialDataset, as_of: date) -> tuple[bytes, ...]:
    """Return values and label of each group in the table's order, as they stand behind the salt; empty for a decoy.

    Remembered for the one person in hand: the copies of a batch differ in nothing but their salts.
    """
    values = group_values(dataset, as_of=as_of)
    return tuple(cbor.encode(values[group]) + cbor.encode(int(group)) if group in values else b"" for group in GROUPS)
