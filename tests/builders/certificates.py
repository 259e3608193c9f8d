"""Certificates made by hand, as others make them: every part may be spoiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from keys.certificate_profiles import EKU_DOCUMENT_SIGNER
from keys.certificates import Validity
from tests.builders.trust import BUREAU, LEAF_VALIDITY, ROOT_VALIDITY, seeded_signer

USAGE = {
    "digital_signature": True,
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "key_cert_sign": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}
CA_USAGE = {**USAGE, "digital_signature": False, "key_cert_sign": True, "crl_sign": True}
CA_SUBJECT = (("C", "CN"), ("O", "Foreign"), ("CN", "Foreign Root"))
SUBJECT = (("C", "CN"), ("O", "Foreign"), ("ID", BUREAU), ("CN", "Foreign Signer"))
OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "CN": NameOID.COMMON_NAME,
    "ID": x509.ObjectIdentifier("2.5.4.97"),
}
ISSUER_NAME = x509.IssuerAlternativeName([x509.UniformResourceIdentifier("https://f.test")])
CA_KEY = seeded_signer("foreign root").private_key
LEAF_KEY = seeded_signer("foreign leaf").private_key


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@dataclass
class Recipe:
    """A certificate made by hand, every part of which a test may spoil."""

    subject: tuple[tuple[str, str], ...]
    public_key: Any
    extensions: dict[str, tuple[Any, bool] | None]
    issuer: tuple[tuple[str, str], ...] = CA_SUBJECT
    signing_key: Any = CA_KEY
    hash_algorithm: Any = field(default_factory=hashes.SHA256)
    serial: int = 1 << 100
    validity: Validity = LEAF_VALIDITY

    def make(self) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(OIDS[name], value) for name, value in self.subject]))
            .issuer_name(x509.Name([x509.NameAttribute(OIDS[name], value) for name, value in self.issuer]))
            .public_key(self.public_key)
            .serial_number(self.serial)
            .not_valid_before(moment(self.validity.not_before))
            .not_valid_after(moment(self.validity.not_after))
        )
        for entry in self.extensions.values():
            if entry is not None:
                builder = builder.add_extension(entry[0], critical=entry[1])
        return builder.sign(self.signing_key, self.hash_algorithm).public_bytes(Encoding.DER)


def key_identifier(key: Any = CA_KEY) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def a_root() -> Recipe:
    return Recipe(
        CA_SUBJECT,
        CA_KEY.public_key(),
        {
            "ski": (key_identifier(), False),
            "basic": (x509.BasicConstraints(ca=True, path_length=0), True),
            "usage": (x509.KeyUsage(**CA_USAGE), True),
            "ian": (ISSUER_NAME, False),
        },
        validity=ROOT_VALIDITY,
    )


def a_leaf() -> Recipe:
    return Recipe(
        SUBJECT,
        LEAF_KEY.public_key(),
        {
            "ski": (key_identifier(LEAF_KEY), False),
            "aki": (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_identifier()), False),
            "usage": (x509.KeyUsage(**USAGE), True),
            "eku": (x509.ExtendedKeyUsage([x509.ObjectIdentifier(EKU_DOCUMENT_SIGNER)]), True),
            "ian": (ISSUER_NAME, False),
        },
    )


def oid(text: str) -> x509.ObjectIdentifier:
    return x509.ObjectIdentifier(text)


def extension(name: str, value: Any, *, critical: bool) -> Callable[[Recipe], None]:
    return lambda recipe: recipe.extensions.update({name: (value, critical)})


def without(name: str) -> Callable[[Recipe], None]:
    return lambda recipe: recipe.extensions.update({name: None})


def part(name: str, value: Any) -> Callable[[Recipe], None]:
    return lambda recipe: setattr(recipe, name, value)
