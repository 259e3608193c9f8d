"""The holder's choice: the same SD-CWT, its signature untouched, with the disclosures of some groups only."""

from __future__ import annotations

from collections.abc import Collection

from cbor2 import CBORTag

from core.errors import MalformedInput, Refused
from core.reasons import Reason
from formats import cose
from formats.dataset import Group
from formats.encoding import cbor
from formats.encoding.cbor import CborMap, CborValue
from formats.sd_cwt import model
from formats.sd_cwt.unpack import UnverifiedSdCwt, check_referenced, open_disclosures, read_disclosure, read_sd_cwt


def groups_of(sd_cwt: bytes) -> tuple[Group, ...]:
    """Return the groups this SD-CWT can show, in the table's order."""
    return tuple(sorted(_by_group(read_sd_cwt(sd_cwt)), reverse=True))


def select(sd_cwt: bytes, groups: Collection[Group]) -> bytes:
    """Return the SD-CWT that discloses exactly these groups, each group's disclosure as it was issued.

    Raises Refused(GROUP_UNKNOWN) for a group the token cannot show.
    """
    unverified = read_sd_cwt(sd_cwt)
    available = _by_group(unverified)
    if not set(groups) <= available.keys():
        raise Refused(Reason.GROUP_UNKNOWN, "the credential has no such group")
    shown: list[CborValue] = [disclosure for group, disclosure in available.items() if group in groups]
    sign1 = unverified.sign1
    unprotected: CborMap = {cose.SD_CLAIMS: shown} if shown else {}
    elements: CborValue = [sign1.protected_bytes, unprotected, sign1.payload, sign1.signature]
    return cbor.encode(CBORTag(cbor.SIGN1_TAG, elements))


def open_issued(sd_cwt: UnverifiedSdCwt) -> dict[Group, CborMap]:
    """Return everything an issued token says, and prove that it hides nothing from its holder.

    Raises MalformedInput: as ``open_disclosures``; DISCLOSURE_MALFORMED when a digest has no disclosure with it.
    """
    disclosures = check_referenced(sd_cwt)
    if len(disclosures) != model.DIGESTS:
        raise MalformedInput(Reason.DISCLOSURE_MALFORMED, "the issued token keeps a disclosure back")
    told = tuple(disclosure for disclosure in disclosures if not _is_decoy(disclosure))
    return open_disclosures(UnverifiedSdCwt(sd_cwt.sign1, sd_cwt.kid, sd_cwt.claims, sd_cwt.digests, told))


def _by_group(unverified: UnverifiedSdCwt) -> dict[Group, bytes]:
    told = [disclosure for disclosure in check_referenced(unverified) if not _is_decoy(disclosure)]
    return {read_disclosure(disclosure)[1]: disclosure for disclosure in told}


def _is_decoy(disclosure: bytes) -> bool:
    return len(disclosure) == model.SALT_BYTES + 2 and disclosure[:2] == b"\x81\x50"
