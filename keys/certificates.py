"""Certificates of roots and signers: built to one profile, judged by the same profile.

Source: ISO/IEC 18013-5 Annex B (IACA root and document signer); RFC 5280. A path is always root and leaf: the roots
carry path length 0, so there is nothing in between. Revocation is the trust list's business: a CRL distribution
point is written only when the operator publishes a list, and never fetched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final, TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from core.entropy import Entropy
from core.errors import MalformedInput, Refused
from core.reasons import Reason
from keys.algorithms import ES256, Algorithm
from keys.certificate_profiles import (
    BUNDLE_SIGNER,
    CARD_SIGNER,
    DOCUMENT_SIGNER,
    LIST_SIGNER,
    ORGANIZATION_IDENTIFIER,
    POLICY_SIGNER,
    ROOT_MAX_DAYS,
    SPECIMEN_PREFIX,
    VICAL_SIGNER,
    LeafProfile,
    is_known_usage,
    profile_for,
    status_signer_profile,
)
from keys.der import elements, inside, signature_to_der, tlv
from keys.public_keys import PublicKey, from_spki, subject_key_identifier, to_spki
from keys.signing import KeyPurpose, Signer

_ORGANIZATION_IDENTIFIER: Final = x509.ObjectIdentifier(ORGANIZATION_IDENTIFIER)
_BUREAU_ID: Final = re.compile(r"[0-9]{12}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)
_DAY: Final = 86_400
_SERIAL_BYTES: Final = 16
_CERTIFICATE_MAX_BYTES: Final = 4_096
# Before it: version, serial number, signature, issuer, validity, subject (RFC 5280 4.1; the version is always written).
_SPKI_PLACE: Final = 6
# Annex B.1.1: these shall not be used in its profiles.
_FORBIDDEN: Final = (
    x509.NameConstraints.oid,
    x509.ObjectIdentifier("2.5.29.33"),  # policy mappings
    x509.PolicyConstraints.oid,
    x509.InhibitAnyPolicy.oid,
    x509.FreshestCRL.oid,
)
_KNOWN_CRITICAL: Final = frozenset({x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid})


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a certificate is about.

    country: two upper-case letters. bureau: the 12-digit organ code, for bureaus only.
    """

    country: str
    organization: str
    common_name: str
    bureau: str | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a certificate counts, both ends included. Start at least 24 h before first use."""

    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class Root:
    """A root able to issue: its self-signed certificate and its key."""

    certificate: bytes
    signer: Signer


@dataclass(frozen=True, slots=True)
class CheckedLeaf:
    """A leaf whose path to the root holds.

    point:       the leaf's public key: 33 bytes; the raw key for ML-DSA-44.
    algorithm:   the one the key is for.
    bureau:      the organizationIdentifier: of ours the 12-digit organ code. None where there is none.
    fingerprint: SHA-256 of the certificate.
    specimen:    whether the root above it is a specimen root.
    """

    point: bytes
    algorithm: Algorithm
    bureau: str | None
    country: str
    organization: str
    common_name: str
    serial: int
    not_before: int
    not_after: int
    dns_names: tuple[str, ...]
    uris: tuple[str, ...]
    fingerprint: bytes
    specimen: bool

    @property
    def public_key(self) -> PublicKey:
        """The leaf's public key with its algorithm."""
        return PublicKey(self.point, self.algorithm)

    @property
    def authority(self) -> str:
        """Whose word this key's is: the organizationIdentifier's, else this very certificate's."""
        return self.bureau or self.fingerprint.hex()


# --- build -----------------------------------------------------------------------------------------------------------


def build_national_root(
    signer: Signer, subject: Subject, validity: Validity, *, contact: str, entropy: Entropy
) -> bytes:
    """Return the self-signed certificate (DER) of an IACA root: Annex B.1.2.

    contact: an https URI or an e-mail address, written as issuerAltName.
    """
    return _build_root(signer, subject, validity, contact=contact, entropy=entropy)


def build_reader_root(signer: Signer, subject: Subject, validity: Validity, *, contact: str, entropy: Entropy) -> bytes:
    """Return the self-signed certificate (DER) of the root above readers' policies and licences."""
    return _build_root(signer, subject, validity, contact=contact, entropy=entropy)


def build_document_signer(
    root: Root,
    point: bytes,
    subject: Subject,
    validity: Validity,
    *,
    public_url: str,
    entropy: Entropy,
    crl_url: str | None = None,
    algorithm: Algorithm = ES256,
) -> bytes:
    """Return the certificate (DER) of a bureau's document signer: Annex B.1.4.

    point:      the bureau's public key, 33 bytes; the raw key for ML-DSA-44.
    public_url: where the issuer is reached; an https one becomes the subjectAltName (DNS and URI) that ``iss`` must match.
    crl_url:    where the root's CRL is published, if it is.
    algorithm:  the suite of the key; the certificate itself is signed by the root, in the root's.
    """
    key = PublicKey(point, algorithm)
    return _build_leaf(
        DOCUMENT_SIGNER, root, key, subject, validity, entropy=entropy, public_url=public_url, crl_url=crl_url
    )


def build_card_signer(root: Root, point: bytes, subject: Subject, validity: Validity, *, entropy: Entropy) -> bytes:
    """Return the certificate (DER) of the key that signs a bureau's printed cards."""
    return _build_leaf(CARD_SIGNER, root, PublicKey(point, ES256), subject, validity, entropy=entropy)


def build_bundle_signer(root: Root, point: bytes, subject: Subject, validity: Validity, *, entropy: Entropy) -> bytes:
    """Return the certificate (DER) of the key that signs a bureau's bundle envelopes."""
    return _build_leaf(BUNDLE_SIGNER, root, PublicKey(point, ES256), subject, validity, entropy=entropy)


def build_list_signer(root: Root, point: bytes, subject: Subject, validity: Validity, *, entropy: Entropy) -> bytes:
    """Return the certificate (DER) of the national list signer."""
    return _build_leaf(LIST_SIGNER, root, PublicKey(point, ES256), subject, validity, entropy=entropy)


def build_status_signer(
    root: Root, point: bytes, subject: Subject, validity: Validity, *, eku: str, entropy: Entropy
) -> bytes:
    """Return the certificate (DER) of a bureau's separate signer of status lists; eku: the usage it gets."""
    return _build_leaf(status_signer_profile(eku), root, PublicKey(point, ES256), subject, validity, entropy=entropy)


def build_vical_signer(root: Root, point: bytes, subject: Subject, validity: Validity, *, entropy: Entropy) -> bytes:
    """Return the certificate (DER) of the key that signs the list of issuers for readers of mdoc: Annex B, C.1.7."""
    return _build_leaf(VICAL_SIGNER, root, PublicKey(point, ES256), subject, validity, entropy=entropy)


def build_policy_signer(root: Root, point: bytes, subject: Subject, validity: Validity, *, entropy: Entropy) -> bytes:
    """Return the certificate (DER) of the key that signs site policies and licences, under the reader root."""
    return _build_leaf(POLICY_SIGNER, root, PublicKey(point, ES256), subject, validity, entropy=entropy)


def _build_root(signer: Signer, subject: Subject, validity: Validity, *, contact: str, entropy: Entropy) -> bytes:
    name = _name(subject)
    builder = (
        _common(name, name, PublicKey(signer.point, signer.algorithm), validity, entropy)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.IssuerAlternativeName([_contact(contact)]), critical=False)
    )
    certificate = _sign(builder, signer, PublicKey(signer.point, signer.algorithm))
    _judge_root(_load(certificate))
    return certificate


def _build_leaf(
    profile: LeafProfile,
    root: Root,
    key: PublicKey,
    subject: Subject,
    validity: Validity,
    *,
    entropy: Entropy,
    public_url: str = "",
    crl_url: str | None = None,
) -> bytes:
    if profile.names_bureau:
        _check_bureau(subject.bureau)
    above = _load(root.certificate)
    root_key_id = above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    contact = above.extensions.get_extension_for_class(x509.IssuerAlternativeName).value
    builder = (
        _common(above.subject, _name(subject), key, validity, entropy)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_key_id), critical=False)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(eku) for eku in profile.ekus]), critical=True)
        .add_extension(contact, critical=False)
    )
    parts = urlsplit(public_url)
    if parts.scheme == "https" and parts.hostname:
        names = [x509.DNSName(parts.hostname), x509.UniformResourceIdentifier(public_url)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if crl_url is not None:
        place = x509.DistributionPoint([x509.UniformResourceIdentifier(crl_url)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
    certificate = _sign(builder, root.signer, key)
    # What we would refuse is not issued.
    of_lists = profile.purpose is KeyPurpose.STATUS_SIGNER
    _check_path((certificate,), root.certificate, profile.eku, of_lists=of_lists)
    return certificate


def _common(
    issuer: x509.Name, subject: x509.Name, key: PublicKey, validity: Validity, entropy: Entropy
) -> x509.CertificateBuilder:
    # 127 random bits below a fixed top bit: positive, of one length, far above the 64 bits demanded.
    serial = int.from_bytes(entropy.random_bytes(_SERIAL_BYTES), "big") >> 1 | 1 << 126
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .serial_number(serial)
        .not_valid_before(datetime.fromtimestamp(validity.not_before, UTC))
        .not_valid_after(datetime.fromtimestamp(validity.not_after, UTC))
        .add_extension(x509.SubjectKeyIdentifier(subject_key_identifier(key)), critical=False)
    )


def _sign(builder: x509.CertificateBuilder, signer: Signer, key: PublicKey) -> bytes:
    # The library signs with key objects only and writes no SM2 key, and our keys are behind a port: let a throw-away key
    # make the structure and stand in it, then put the real key into its place and the real signature over the bytes.
    stand_in = ec.generate_private_key(ec.SECP256R1())
    draft = builder.public_key(stand_in.public_key()).sign(stand_in, hashes.SHA256())
    body = _with_key(draft.tbs_certificate_bytes, to_spki(key))
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    return tlv(0x30, body + algorithm + tlv(0x03, b"\0" + signature_to_der(signer.sign(body))))


def _with_key(tbs: bytes, spki: bytes) -> bytes:
    parts = [part for _, part in elements(inside(tbs))]
    return tlv(0x30, b"".join((*parts[:_SPKI_PLACE], spki, *parts[_SPKI_PLACE + 1 :])))


def _name(subject: Subject) -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, subject.country),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.organization),
    ]
    if subject.bureau is not None:
        parts.append(x509.NameAttribute(_ORGANIZATION_IDENTIFIER, subject.bureau))
    parts.append(x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name))
    return x509.Name(parts)


def _contact(contact: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(contact) if "://" in contact else x509.RFC822Name(contact)


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


# --- judge -----------------------------------------------------------------------------------------------------------


def check_chain(chain: Sequence[bytes], *, root: bytes, eku: str, now: int) -> CheckedLeaf:
    """Return the leaf of a chain that leads to the pinned root, fits its profile, and is valid at ``now``.

    chain: DER, leaf first, without the root: exactly one certificate, as the profiles have no intermediate.
    root:  the pinned root certificate, DER.
    eku:   the usage demanded: one of the ``EKU_...`` constants of ``keys.certificate_profiles``.
    Raises Refused with ISSUER_UNKNOWN (another root), CERTIFICATE_INVALID (signature or profile, the root itself in the
    chain, another kind of certificate), CERTIFICATE_EXPIRED (before or after its validity).
    The path is checked once and remembered; the validity each time.
    """
    return _check_within(_check_path(tuple(chain), root, eku), now)


def check_status_chain(chain: Sequence[bytes], *, root: bytes, now: int) -> CheckedLeaf:
    """Return the leaf of a separate signer of status lists; chain, root and errors as for ``check_chain``.

    Its usage is a setting of each deployment: what counts is that it has one, and that no other profile has it. Whether
    the key may sign lists, and whose, is for the trust list to say.
    """
    usages = _optional(_load(chain[0]), x509.ExtendedKeyUsage) if chain else None
    named = [usage.dotted_string for usage in usages or ()]
    if len(named) != 1 or is_known_usage(named[0]):
        raise _invalid("the certificate is not one of a separate signer of status lists")
    return _check_within(_check_path(tuple(chain), root, named[0], of_lists=True), now)


def _check_within(leaf: CheckedLeaf, now: int) -> CheckedLeaf:
    # The path check holds the leaf's validity within the root's.
    if not leaf.not_before <= now <= leaf.not_after:
        raise Refused(Reason.CERTIFICATE_EXPIRED, "the certificate is not within its validity")
    return leaf


def check_root(root: bytes) -> None:
    """Raise Refused(CERTIFICATE_INVALID) unless this is a self-signed root of the profile: asked before pinning it."""
    _judge_root(_load(root))


@lru_cache(maxsize=64)
def is_specimen(root: bytes) -> bool:
    """Say whether a root is a specimen root: its common name begins with ``SPECIMEN``. Asked for every presentation."""
    return _text(_load(root).subject, NameOID.COMMON_NAME).startswith(SPECIMEN_PREFIX)


def leaf_key(certificate: bytes) -> PublicKey:
    """Return the public key of a certificate, unverified: for looking it up, never for trusting it."""
    return _public_key(_load(certificate))


def leaf_point(certificate: bytes) -> bytes:
    """Return the public key of a certificate without its algorithm, unverified: for comparing it only."""
    return leaf_key(certificate).point


def validity_of(certificate: bytes) -> Validity:
    """Return from when to when a certificate counts."""
    return _validity(_load(certificate))


def identifiers_of(certificate: bytes) -> tuple[int, bytes]:
    """Return serial number and subject key identifier of a certificate; Refused(CERTIFICATE_INVALID) without one."""
    loaded = _load(certificate)
    return loaded.serial_number, _extension(loaded, x509.SubjectKeyIdentifier, critical=False).digest


def certificates_to_pem(certificates: Sequence[bytes]) -> bytes:
    """Return DER certificates as one PEM text, in the same order."""
    return b"".join(_load(certificate).public_bytes(Encoding.PEM) for certificate in certificates)


def certificates_from_pem(pem: bytes) -> tuple[bytes, ...]:
    """Return the certificates of a PEM text as DER; Refused(CERTIFICATE_INVALID) when it is none."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as err:
        raise _invalid("the text is not a PEM certificate") from err
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)


@lru_cache(maxsize=1_024)
def _check_path(chain: tuple[bytes, ...], root: bytes, eku: str, *, of_lists: bool = False) -> CheckedLeaf:
    profile = status_signer_profile(eku) if of_lists else profile_for(eku)
    if len(chain) != 1:
        raise _invalid("the path must be the leaf alone, without the root")
    above = _judged_root(root)
    leaf = _load(chain[0])
    _judge_signature(leaf, above)
    checked = _judge_leaf(leaf, above, profile)
    bounds = _validity(above)
    if checked.not_before < bounds.not_before or bounds.not_after < checked.not_after:
        raise _invalid("the leaf's validity is not within the root's")
    return checked


def _judge_signature(leaf: x509.Certificate, root: x509.Certificate) -> None:
    if leaf.issuer.public_bytes() != root.subject.public_bytes():
        raise Refused(Reason.ISSUER_UNKNOWN, "the certificate names another root")
    authority = _extension(leaf, x509.AuthorityKeyIdentifier, critical=False).key_identifier
    if authority != _extension(root, x509.SubjectKeyIdentifier, critical=False).digest:
        raise Refused(Reason.ISSUER_UNKNOWN, "the certificate is under another key of that name")
    _judge_signed_by(leaf, root)


def _judge_signed_by(certificate: x509.Certificate, above: x509.Certificate) -> None:
    if certificate.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        raise _invalid("the certificate is not signed with ECDSA and SHA-256")
    try:
        certificate.verify_directly_issued_by(above)
    except (InvalidSignature, ValueError, TypeError) as err:
        raise _invalid("the certificate's signature is wrong") from err


@lru_cache(maxsize=16)
def _judged_root(root: bytes) -> x509.Certificate:
    # One pinned root stands above all leaves: it is judged for the first of them.
    found = _load(root)
    _judge_root(found)
    return found


def _judge_root(root: x509.Certificate) -> None:
    _judge_common(root, (ES256,))
    # Names and signature: the root is its own issuer.
    _judge_signed_by(root, root)
    constraints = _extension(root, x509.BasicConstraints, critical=True)
    # A path length stands in the certificate of a CA only, so this asks for both.
    if constraints.path_length != 0:
        raise _invalid("the root must be a CA of path length 0")
    if _extension(root, x509.KeyUsage, critical=True) != _key_usage(key_cert_sign=True, crl_sign=True):
        raise _invalid("the root's key usage is not exactly certificate and CRL signing")
    _judge_days(root, ROOT_MAX_DAYS)
    _extension(root, x509.IssuerAlternativeName, critical=False)


def _judge_leaf(leaf: x509.Certificate, root: x509.Certificate, profile: LeafProfile) -> CheckedLeaf:
    _judge_common(leaf, profile.algorithms)
    constraints = _optional(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise _invalid("the leaf is a CA")
    if _extension(leaf, x509.KeyUsage, critical=True) != _key_usage(digital_signature=True):
        raise _invalid("the leaf's key usage is not exactly digital signature")
    usages = {usage.dotted_string for usage in _extension(leaf, x509.ExtendedKeyUsage, critical=True)}
    if profile.eku not in usages or not usages <= set(profile.ekus):
        raise _invalid("the certificate is for another use")
    _judge_days(leaf, profile.max_days)
    _extension(leaf, x509.IssuerAlternativeName, critical=False)
    country = _text(leaf.subject, NameOID.COUNTRY_NAME)
    if country != _text(root.subject, NameOID.COUNTRY_NAME):
        raise _invalid("the leaf's country is not the root's")
    return _checked_leaf(leaf, root, country, profile)


def _checked_leaf(leaf: x509.Certificate, root: x509.Certificate, country: str, profile: LeafProfile) -> CheckedLeaf:
    names = _optional(leaf, x509.SubjectAlternativeName)
    validity, key = _validity(leaf), _public_key(leaf)
    return CheckedLeaf(
        point=key.point,
        algorithm=key.algorithm,
        bureau=_bureau(leaf.subject, profile),
        country=country,
        organization=_text(leaf.subject, NameOID.ORGANIZATION_NAME),
        common_name=_text(leaf.subject, NameOID.COMMON_NAME),
        serial=leaf.serial_number,
        not_before=validity.not_before,
        not_after=validity.not_after,
        dns_names=tuple(names.get_values_for_type(x509.DNSName)) if names is not None else (),
        uris=tuple(names.get_values_for_type(x509.UniformResourceIdentifier)) if names is not None else (),
        fingerprint=sha256(leaf.public_bytes(Encoding.DER)).digest(),
        specimen=_text(root.subject, NameOID.COMMON_NAME).startswith(SPECIMEN_PREFIX),
    )


def _bureau(subject: x509.Name, profile: LeafProfile) -> str | None:
    if not profile.names_bureau:
        return None
    if profile is DOCUMENT_SIGNER:
        # Others name their organizations in their own way or, as Annex B allows, not at all. What is in a trust list or
        # table is compared with the twelve digits there; with a bare root this is only a name.
        named = subject.get_attributes_for_oid(_ORGANIZATION_IDENTIFIER)
        return _text(subject, _ORGANIZATION_IDENTIFIER) or None if named else None
    bureau = _text(subject, _ORGANIZATION_IDENTIFIER)
    _check_bureau(bureau)
    return bureau


def _check_bureau(bureau: str | None) -> None:
    if bureau is None or not _BUREAU_ID.fullmatch(bureau):
        raise _invalid("the bureau id is not twelve digits")


def _judge_common(certificate: x509.Certificate, algorithms: Sequence[Algorithm]) -> None:
    if not 0 < certificate.serial_number < 1 << 159:
        raise _invalid("the serial number is not a positive number of at most 20 octets")
    for extension in _extensions(certificate):
        if extension.oid in _FORBIDDEN:
            raise _invalid("the certificate carries an extension the profile forbids")
        if extension.critical and extension.oid not in _KNOWN_CRITICAL:
            raise _invalid("the certificate carries an unknown critical extension")
    _extension(certificate, x509.SubjectKeyIdentifier, critical=False)
    if not _COUNTRY.fullmatch(_text(certificate.subject, NameOID.COUNTRY_NAME)):
        raise _invalid("the country is not two upper-case letters")
    if _public_key(certificate).algorithm not in algorithms:
        raise _invalid("a certificate of this kind has no key of this suite")


def _judge_days(certificate: x509.Certificate, max_days: int) -> None:
    validity = _validity(certificate)
    if not 0 < validity.not_after - validity.not_before <= max_days * _DAY:
        raise _invalid("the validity is longer than the profile allows")


# A leaf is asked for its key, its usages and its path, one after the other.
@lru_cache(maxsize=64)
def _load(certificate: bytes) -> x509.Certificate:
    if len(certificate) > _CERTIFICATE_MAX_BYTES:
        raise MalformedInput(Reason.CERTIFICATE_INVALID, "the certificate is larger than any of ours")
    try:
        found = x509.load_der_x509_certificate(certificate)
        # The library reads a name when it is asked for, and only then finds that it is none: TypeError for some.
        found.issuer.public_bytes()
        found.subject.public_bytes()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as err:
        raise MalformedInput(Reason.CERTIFICATE_INVALID, "the bytes are not a certificate") from err
    return found


def _extensions(certificate: x509.Certificate) -> x509.Extensions:
    try:
        return certificate.extensions
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as err:
        raise _invalid("the certificate's extensions are malformed") from err


def _optional(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return _extensions(certificate).get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _extension(certificate: x509.Certificate, kind: type[_Kind], *, critical: bool) -> _Kind:
    try:
        found = _extensions(certificate).get_extension_for_class(kind)
    except x509.ExtensionNotFound as err:
        raise _invalid(f"the certificate lacks {kind.__name__}") from err
    if found.critical is not critical:
        raise _invalid(f"{kind.__name__} has the wrong criticality")
    return found.value


def _text(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    value = found[0].value if len(found) == 1 else None
    if not isinstance(value, str):
        raise _invalid("a name must have exactly one value of each kind")
    return value


def _public_key(certificate: x509.Certificate) -> PublicKey:
    try:
        return from_spki(certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    except UnsupportedAlgorithm:
        # The library reads a certificate with an SM2 key, but not the key: for this one kind its bytes are compared here.
        return from_spki(_written_key(certificate))
    except ValueError as err:
        raise _invalid("the certificate's key cannot be read") from err


def _written_key(certificate: x509.Certificate) -> bytes:
    parts = elements(inside(certificate.tbs_certificate_bytes))
    return parts[_SPKI_PLACE][1] if len(parts) > _SPKI_PLACE else b""


def _validity(certificate: x509.Certificate) -> Validity:
    return Validity(int(certificate.not_valid_before_utc.timestamp()), int(certificate.not_valid_after_utc.timestamp()))


def _invalid(detail: str) -> Refused:
    return Refused(Reason.CERTIFICATE_INVALID, detail)
