"""The certificate profiles: one row per kind, read by the builder and by the judge alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from keys.algorithms import ALGORITHMS, ES256, Algorithm
from keys.signing import KeyPurpose

# Object identifiers of our own hang below a UUID (ITU-T X.667): nobody had to give them to us.
EID_ARC: Final = "2.25.147015322976363180058465652562701240339"

EKU_DOCUMENT_SIGNER: Final = "1.0.18013.5.1.2"
EKU_DOCUMENT_SIGNER_OTHER: Final = "1.0.23220.4.1.2"
EKU_VICAL_SIGNER: Final = "1.0.18013.5.1.8"
EKU_LIST_SIGNER: Final = f"{EID_ARC}.1.1"
EKU_BUNDLE_SIGNER: Final = f"{EID_ARC}.1.2"
EKU_POLICY_SIGNER: Final = f"{EID_ARC}.1.3"
EKU_CARD_SIGNER: Final = f"{EID_ARC}.1.4"

ORGANIZATION_IDENTIFIER: Final = "2.5.4.97"
SPECIMEN_PREFIX: Final = "SPECIMEN "

ROOT_MAX_DAYS: Final = 20 * 366


@dataclass(frozen=True, slots=True)
class LeafProfile:
    """What a certificate of one kind must look like.

    purpose:      the key purpose it is for.
    root:         the purpose of the root that signs it.
    ekus:         the extended key usages we write; the first is the one a judge asks for, and no other profile has it.
    max_days:     the longest validity.
    names_bureau: whether the subject must carry a 12-digit bureau id as organizationIdentifier.
    algorithms:   the suites its key may be of.
    """

    purpose: KeyPurpose
    root: KeyPurpose
    ekus: tuple[str, ...]
    max_days: int
    names_bureau: bool
    algorithms: tuple[Algorithm, ...] = (ES256,)

    @property
    def eku(self) -> str:
        """The usage that tells this kind from all others."""
        return self.ekus[0]


# A document signer signs every form of credential and their status lists: an mdoc reader looks for the first usage,
# a reader of other 23220 documents for the second, and SD-JWT VC has none of its own.
DOCUMENT_SIGNER: Final = LeafProfile(
    KeyPurpose.DOCUMENT_SIGNER,
    KeyPurpose.NATIONAL_ROOT,
    (EKU_DOCUMENT_SIGNER, EKU_DOCUMENT_SIGNER_OTHER),
    max_days=457,
    names_bureau=True,
    algorithms=ALGORITHMS,
)
# Printed cards are bound to no holder key: what signs them signs nothing else, and nothing else signs them.
CARD_SIGNER: Final = LeafProfile(
    KeyPurpose.CARD_SIGNER, KeyPurpose.NATIONAL_ROOT, (EKU_CARD_SIGNER,), max_days=457, names_bureau=True
)
BUNDLE_SIGNER: Final = LeafProfile(
    KeyPurpose.BUNDLE_SIGNER, KeyPurpose.NATIONAL_ROOT, (EKU_BUNDLE_SIGNER,), max_days=457, names_bureau=True
)
LIST_SIGNER: Final = LeafProfile(
    KeyPurpose.LIST_SIGNER, KeyPurpose.NATIONAL_ROOT, (EKU_LIST_SIGNER,), max_days=1187, names_bureau=False
)
VICAL_SIGNER: Final = LeafProfile(
    KeyPurpose.VICAL_SIGNER, KeyPurpose.NATIONAL_ROOT, (EKU_VICAL_SIGNER,), max_days=1187, names_bureau=False
)
POLICY_SIGNER: Final = LeafProfile(
    KeyPurpose.POLICY_SIGNER, KeyPurpose.READER_ROOT, (EKU_POLICY_SIGNER,), max_days=1187, names_bureau=False
)

LEAF_PROFILES: Final = (DOCUMENT_SIGNER, CARD_SIGNER, BUNDLE_SIGNER, LIST_SIGNER, VICAL_SIGNER, POLICY_SIGNER)


def is_known_usage(eku: str) -> bool:
    """Say whether a profile of the table has this usage."""
    return any(eku in profile.ekus for profile in LEAF_PROFILES)


def status_signer_profile(eku: str) -> LeafProfile:
    """Return the profile of a separate signer of status lists: its usage is a setting, for the draft's has no number yet.

    ValueError for a usage that another profile has: such a certificate would stand in two slots.
    Source: Token Status List, 10.1; ISO/IEC 18013-5 Annex B for the days.
    """
    if is_known_usage(eku):
        raise ValueError("another kind of certificate has this usage")
    return LeafProfile(KeyPurpose.STATUS_SIGNER, KeyPurpose.NATIONAL_ROOT, (eku,), max_days=1187, names_bureau=True)


def profile_for(eku: str) -> LeafProfile:
    """Return the profile whose own usage this is; ValueError for any other, because callers name a constant."""
    for profile in LEAF_PROFILES:
        if profile.eku == eku:
            return profile
    raise ValueError("no certificate profile has this usage")
