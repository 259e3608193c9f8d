"""Readable defaults for roots, signers and what they sign."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from keys.certificates import (
    Root,
    Subject,
    Validity,
    build_bundle_signer,
    build_card_signer,
    build_document_signer,
    build_list_signer,
    build_national_root,
    build_policy_signer,
    build_reader_root,
    build_status_signer,
    build_vical_signer,
)
from keys.signing import InProcessSigner, KeyPurpose
from keys.trust import TrustAnchor, TrustStore
from tests.fakes.seeded_entropy import SeededEntropy

NOW = 1_790_000_000
DAY = 86_400
BUREAU = "690101000000"
OTHER_BUREAU = "690102000000"
PUBLIC_URL = "https://id.example.test"
ROOT_VALIDITY = Validity(NOW - 30 * DAY, NOW + 9 * 365 * DAY)
LEAF_VALIDITY = Validity(NOW - 2 * DAY, NOW + 400 * DAY)


def seeded_signer(name: str) -> InProcessSigner:
    """The same key for the same name, in every run."""
    return InProcessSigner.from_scalar(sha256(b"test key " + name.encode()).digest())


def national_root(name: str = "national", *, common_name: str = "SPECIMEN National Root", **changes: str) -> Root:
    signer = seeded_signer(name)
    subject = Subject(changes.get("country", "CN"), "Ministry of Specimens", common_name)
    certificate = build_national_root(
        signer, subject, ROOT_VALIDITY, contact="https://root.example.test", entropy=SeededEntropy(name)
    )
    return Root(certificate, signer.with_certificates(certificate))


def reader_root(name: str = "reader") -> Root:
    signer = seeded_signer(name)
    subject = Subject("CN", "Ministry of Specimens", "SPECIMEN Reader Root")
    certificate = build_reader_root(
        signer, subject, ROOT_VALIDITY, contact="readers@example.test", entropy=SeededEntropy(name)
    )
    return Root(certificate, signer.with_certificates(certificate))


def bureau_subject(bureau: str = BUREAU, country: str = "CN") -> Subject:
    return Subject(country, "示例市公安局示例分局", "Specimen Document Signer", bureau)


def document_signer(
    root: Root,
    name: str = "document",
    *,
    bureau: str = BUREAU,
    validity: Validity = LEAF_VALIDITY,
    public_url: str = PUBLIC_URL,
) -> InProcessSigner:
    signer = seeded_signer(name)
    certificate = build_document_signer(
        root,
        signer.point,
        bureau_subject(bureau),
        validity,
        public_url=public_url,
        entropy=SeededEntropy(name),
    )
    return signer.with_certificates(certificate)


def card_signer(root: Root, name: str = "cards", *, validity: Validity = LEAF_VALIDITY) -> InProcessSigner:
    """A bureau's signer of printed cards."""
    signer = seeded_signer(name)
    made = build_card_signer(root, signer.point, bureau_subject(), validity, entropy=SeededEntropy(name))
    return signer.with_certificates(made)


STATUS_EKU = "1.2.3.4.5"


def status_signer(root: Root, *, bureau: str = BUREAU) -> InProcessSigner:
    """A separate signer of a bureau's status lists."""
    signer = seeded_signer(f"status {bureau}")
    made = build_status_signer(
        root, signer.point, bureau_subject(bureau), LEAF_VALIDITY, eku=STATUS_EKU, entropy=SeededEntropy("status")
    )
    return signer.with_certificates(made)


def other_signer(root: Root, purpose: KeyPurpose, *, validity: Validity = LEAF_VALIDITY) -> InProcessSigner:
    """A bundle, list, VICAL or policy signer under a root."""
    signer = seeded_signer(purpose)
    entropy = SeededEntropy(purpose)
    if purpose is KeyPurpose.BUNDLE_SIGNER:
        made = build_bundle_signer(root, signer.point, bureau_subject(), validity, entropy=entropy)
    elif purpose is KeyPurpose.LIST_SIGNER:
        subject = Subject("CN", "Ministry of Specimens", "Specimen List Signer")
        made = build_list_signer(root, signer.point, subject, validity, entropy=entropy)
    elif purpose is KeyPurpose.VICAL_SIGNER:
        subject = Subject("CN", "Ministry of Specimens", "Specimen VICAL Signer")
        made = build_vical_signer(root, signer.point, subject, validity, entropy=entropy)
    else:
        subject = Subject("CN", "Ministry of Specimens", "Specimen Policy Signer")
        made = build_policy_signer(root, signer.point, subject, validity, entropy=entropy)
    return signer.with_certificates(made)


def bare_trust(root: Root) -> TrustStore:
    return TrustStore(TrustAnchor(KeyPurpose.NATIONAL_ROOT, root.certificate), None)


@dataclass(frozen=True, slots=True)
class World:
    """A root, one bureau's signer and a holder."""

    root: Root
    issuer: InProcessSigner
    holder: InProcessSigner


def world() -> World:
    root = national_root()
    return World(root, document_signer(root), seeded_signer("holder"))
