from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from core.errors import EidError
from core.reasons import Reason
from keys.certificate_profiles import (
    BUNDLE_SIGNER,
    DOCUMENT_SIGNER,
    EKU_BUNDLE_SIGNER,
    EKU_CARD_SIGNER,
    EKU_DOCUMENT_SIGNER,
    EKU_LIST_SIGNER,
    EKU_POLICY_SIGNER,
    EKU_VICAL_SIGNER,
    LEAF_PROFILES,
    LIST_SIGNER,
    POLICY_SIGNER,
    LeafProfile,
    profile_for,
    status_signer_profile,
)
from keys.certificates import (
    Root,
    Subject,
    Validity,
    build_document_signer,
    build_national_root,
    certificates_from_pem,
    certificates_to_pem,
    check_chain,
    check_root,
    check_status_chain,
    is_specimen,
    leaf_point,
    validity_of,
)
from keys.der import elements, inside, tlv
from keys.signing import KeyPurpose
from tests.builders.certificates import (
    CA_KEY,
    CA_SUBJECT,
    CA_USAGE,
    LEAF_KEY,
    SUBJECT,
    USAGE,
    Recipe,
    a_leaf,
    a_root,
    extension,
    oid,
    part,
    without,
)
from tests.builders.refusals import refused
from tests.builders.trust import (
    BUREAU,
    DAY,
    LEAF_VALIDITY,
    NOW,
    PUBLIC_URL,
    ROOT_VALIDITY,
    bureau_subject,
    card_signer,
    document_signer,
    national_root,
    other_signer,
    reader_root,
    seeded_signer,
    status_signer,
)
from tests.fakes.seeded_entropy import SeededEntropy

ROOT = national_root()
READER = reader_root()
LEAF = document_signer(ROOT).certificates[0]


def reason_of(
    chain: Sequence[bytes], *, root: bytes = ROOT.certificate, eku: str = EKU_DOCUMENT_SIGNER, now: int = NOW
) -> Reason:
    with pytest.raises(EidError) as caught:
        check_chain(chain, root=root, eku=eku, now=now)
    return caught.value.reason


# --- what we build ---------------------------------------------------------------------------------------------------


def test_the_root_has_the_iaca_profile() -> None:
    root = x509.load_der_x509_certificate(ROOT.certificate)
    assert root.version is x509.Version.v3
    assert root.subject == root.issuer
    assert root.serial_number.bit_length() == 127
    assert {extension.oid: extension.critical for extension in root.extensions} == {
        x509.BasicConstraints.oid: True,
        x509.KeyUsage.oid: True,
        x509.SubjectKeyIdentifier.oid: False,
        x509.IssuerAlternativeName.oid: False,
    }
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    country = root.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)[0]
    assert country.value == "CN"
    root.verify_directly_issued_by(root)


def test_the_document_signer_has_the_annex_b_profile() -> None:
    leaf = x509.load_der_x509_certificate(LEAF)
    assert {extension.oid: extension.critical for extension in leaf.extensions} == {
        x509.SubjectKeyIdentifier.oid: False,
        x509.AuthorityKeyIdentifier.oid: False,
        x509.KeyUsage.oid: True,
        x509.ExtendedKeyUsage.oid: True,
        x509.IssuerAlternativeName.oid: False,
        x509.SubjectAlternativeName.oid: False,
    }
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [usage.dotted_string for usage in usages] == ["1.0.18013.5.1.2", "1.0.23220.4.1.2"]


def test_a_checked_leaf_says_who_it_is() -> None:
    leaf = check_chain([LEAF], root=ROOT.certificate, eku=EKU_DOCUMENT_SIGNER, now=NOW)
    assert leaf.point == seeded_signer("document").point == leaf_point(LEAF)
    assert (leaf.bureau, leaf.country) == (BUREAU, "CN")
    assert leaf.dns_names == ("id.example.test",)
    assert leaf.uris == (PUBLIC_URL,)
    assert Validity(leaf.not_before, leaf.not_after) == LEAF_VALIDITY == validity_of(LEAF)
    assert leaf.specimen


def test_a_loopback_issuer_has_no_subject_alternative_name() -> None:
    signer = document_signer(ROOT, public_url="http://127.0.0.1:8000")
    leaf = check_chain(signer.certificates, root=ROOT.certificate, eku=EKU_DOCUMENT_SIGNER, now=NOW)
    assert leaf.dns_names == leaf.uris == ()


def test_a_crl_address_is_written_only_when_there_is_one() -> None:
    made = build_document_signer(
        ROOT,
        seeded_signer("crl").point,
        bureau_subject(),
        LEAF_VALIDITY,
        public_url=PUBLIC_URL,
        crl_url="https://root.example.test/crl",
        entropy=SeededEntropy("crl"),
    )
    points = x509.load_der_x509_certificate(made).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert len(points) == 1
    check_chain([made], root=ROOT.certificate, eku=EKU_DOCUMENT_SIGNER, now=NOW)


def test_serial_numbers_come_from_the_entropy_port() -> None:
    serials = {
        x509.load_der_x509_certificate(document_signer(ROOT, name).certificates[0]).serial_number for name in "abcd"
    }
    assert len(serials) == 4


def test_the_specimen_mark_follows_the_roots_name() -> None:
    real = national_root("real", common_name="National Root")
    assert is_specimen(ROOT.certificate)
    assert not is_specimen(real.certificate)
    leaf = check_chain(document_signer(real).certificates, root=real.certificate, eku=EKU_DOCUMENT_SIGNER, now=NOW)
    assert not leaf.specimen


@pytest.mark.parametrize(
    ("subject", "validity"),
    [
        (bureau_subject(), Validity(NOW, NOW + 458 * DAY)),
        (bureau_subject(), Validity(NOW, NOW)),
        (bureau_subject(), Validity(ROOT_VALIDITY.not_before - DAY, NOW + DAY)),
        (bureau_subject(country="DE"), LEAF_VALIDITY),
        (bureau_subject(bureau="123"), LEAF_VALIDITY),
        (bureau_subject(bureau="69010100000A"), LEAF_VALIDITY),
        (replace(bureau_subject(), bureau=None), LEAF_VALIDITY),
    ],
)
def test_does_not_issue_what_it_would_refuse(subject: Subject, validity: Validity) -> None:
    with pytest.raises((EidError, ValueError)):
        build_document_signer(
            ROOT, seeded_signer("x").point, subject, validity, public_url=PUBLIC_URL, entropy=SeededEntropy("x")
        )


def test_does_not_make_a_root_for_a_lower_case_country_or_for_too_long() -> None:
    for subject, validity in (
        (Subject("cn", "O", "R"), ROOT_VALIDITY),
        (Subject("CN", "O", "R"), Validity(NOW, NOW + 21 * 366 * DAY)),
    ):
        with pytest.raises((EidError, ValueError)):
            build_national_root(
                seeded_signer("r"), subject, validity, contact="https://x.test", entropy=SeededEntropy("r")
            )


def test_pem_and_back() -> None:
    assert certificates_from_pem(certificates_to_pem([LEAF, ROOT.certificate])) == (LEAF, ROOT.certificate)
    with pytest.raises(EidError) as caught:
        certificates_from_pem(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert caught.value.reason is Reason.CERTIFICATE_INVALID


# --- one kind never stands in for another ----------------------------------------------------------------------------

KINDS: dict[str, tuple[Root, bytes]] = {
    EKU_DOCUMENT_SIGNER: (ROOT, LEAF),
    EKU_BUNDLE_SIGNER: (ROOT, other_signer(ROOT, KeyPurpose.BUNDLE_SIGNER).certificates[0]),
    EKU_CARD_SIGNER: (ROOT, card_signer(ROOT).certificates[0]),
    EKU_LIST_SIGNER: (ROOT, other_signer(ROOT, KeyPurpose.LIST_SIGNER).certificates[0]),
    EKU_VICAL_SIGNER: (ROOT, other_signer(ROOT, KeyPurpose.VICAL_SIGNER).certificates[0]),
    EKU_POLICY_SIGNER: (READER, other_signer(READER, KeyPurpose.POLICY_SIGNER).certificates[0]),
}


def test_every_kind_holds_in_its_own_slot() -> None:
    assert set(KINDS) == {profile.eku for profile in LEAF_PROFILES}
    for eku, (root, certificate) in KINDS.items():
        leaf = check_chain([certificate], root=root.certificate, eku=eku, now=NOW)
        assert (leaf.bureau is not None) is profile_for(eku).names_bureau


@pytest.mark.parametrize("slot", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_refused_in_every_other_slot(slot: str, kind: str) -> None:
    if slot == kind:
        return
    root, certificate = KINDS[kind]
    assert reason_of([certificate], root=root.certificate, eku=slot) is Reason.CERTIFICATE_INVALID


def test_the_reader_root_vouches_for_no_issuer() -> None:
    assert reason_of([LEAF], root=READER.certificate) is Reason.ISSUER_UNKNOWN


def test_a_usage_without_a_profile_is_our_mistake() -> None:
    with pytest.raises(ValueError):
        check_chain([LEAF], root=ROOT.certificate, eku="1.3.6.1.5.5.7.3.1", now=NOW)


def test_no_two_profiles_share_a_usage() -> None:
    usages = [
        usage for profile in (DOCUMENT_SIGNER, BUNDLE_SIGNER, LIST_SIGNER, POLICY_SIGNER) for usage in profile.ekus
    ]
    assert len(usages) == len(set(usages))


# --- the chain -------------------------------------------------------------------------------------------------------


def test_refuses_an_empty_chain() -> None:
    assert reason_of([]) is Reason.CERTIFICATE_INVALID


def test_refuses_the_root_inside_the_chain() -> None:
    assert reason_of([LEAF, ROOT.certificate]) is Reason.CERTIFICATE_INVALID


def test_refuses_the_root_as_leaf() -> None:
    assert reason_of([ROOT.certificate]) is Reason.CERTIFICATE_INVALID


def test_refuses_a_second_certificate() -> None:
    assert reason_of([LEAF, document_signer(ROOT, "second").certificates[0]]) is Reason.CERTIFICATE_INVALID


def test_refuses_a_leaf_of_another_root() -> None:
    other = national_root("other", common_name="SPECIMEN Other Root")
    assert reason_of(document_signer(other).certificates) is Reason.ISSUER_UNKNOWN


def test_refuses_a_leaf_of_another_root_of_the_same_name() -> None:
    twin = national_root("twin")
    assert reason_of(document_signer(twin).certificates) is Reason.ISSUER_UNKNOWN


@pytest.mark.parametrize("now", [LEAF_VALIDITY.not_before - 1, LEAF_VALIDITY.not_after + 1, 0])
def test_refuses_a_leaf_before_and_after_its_validity(now: int) -> None:
    check_chain([LEAF], root=ROOT.certificate, eku=EKU_DOCUMENT_SIGNER, now=NOW)
    assert reason_of([LEAF], now=now) is Reason.CERTIFICATE_EXPIRED


@pytest.mark.parametrize("now", [LEAF_VALIDITY.not_before, LEAF_VALIDITY.not_after])
def test_both_ends_of_the_validity_are_inside(now: int) -> None:
    check_chain([LEAF], root=ROOT.certificate, eku=EKU_DOCUMENT_SIGNER, now=now)


@pytest.mark.parametrize("octets", [b"", b"\x30\x00", LEAF[:-1], LEAF + b"\0", b"\xff" * 5000, LEAF * 9])
def test_refuses_what_is_no_certificate(octets: bytes) -> None:
    assert reason_of([octets]) is Reason.CERTIFICATE_INVALID


@pytest.mark.parametrize("place", [0, 1])
def test_refuses_a_name_that_is_found_to_be_none_only_when_it_is_read(place: int) -> None:
    written = LEAF.split(b"\x13\x02CN")
    named = b"\x13\x02CN".join(written[: place + 1]) + b"\x13\x02C\xff" + b"\x13\x02CN".join(written[place + 1 :])
    assert reason_of([named]) is Reason.CERTIFICATE_INVALID
    with refused(Reason.CERTIFICATE_INVALID):
        leaf_point(named)


def test_refuses_a_version_that_there_is_not() -> None:
    assert reason_of([LEAF.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)]) is Reason.CERTIFICATE_INVALID


def test_refuses_a_flipped_bit_in_the_signature() -> None:
    damaged = bytearray(LEAF)
    damaged[-1] ^= 1
    assert reason_of([bytes(damaged)]) is Reason.CERTIFICATE_INVALID


def test_a_root_is_judged_before_it_is_pinned() -> None:
    check_root(ROOT.certificate)
    for certificate in (LEAF, b"", ROOT.certificate[:-1] + bytes([ROOT.certificate[-1] ^ 1])):
        with pytest.raises(EidError) as caught:
            check_root(certificate)
        assert caught.value.reason is Reason.CERTIFICATE_INVALID


# --- certificates that others make -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "bureau"),
    [
        ((SUBJECT[0], SUBJECT[1], SUBJECT[3]), None),
        ((SUBJECT[0], SUBJECT[1], ("ID", "NTRDE-690101"), SUBJECT[3]), "NTRDE-690101"),
    ],
)
def test_a_foreign_signer_names_its_organization_as_it_likes(subject: tuple[Any, ...], bureau: str | None) -> None:
    recipe = a_leaf()
    part("subject", subject)(recipe)
    leaf = check_chain([recipe.make()], root=a_root().make(), eku=EKU_DOCUMENT_SIGNER, now=NOW)
    assert (leaf.bureau, leaf.authority) == (bureau, bureau or leaf.fingerprint.hex())


def test_a_foreign_signer_of_the_same_profile_is_accepted() -> None:
    leaf = check_chain([a_leaf().make()], root=a_root().make(), eku=EKU_DOCUMENT_SIGNER, now=NOW)
    assert (leaf.bureau, leaf.common_name, leaf.specimen) == (BUREAU, "Foreign Signer", False)


SPOILED_LEAVES: dict[str, Callable[[Recipe], None]] = {
    "no subject key identifier": without("ski"),
    "no authority key identifier": without("aki"),
    "no key usage": without("usage"),
    "key usage not critical": extension("usage", x509.KeyUsage(**USAGE), critical=False),
    "key usage with agreement too": extension(
        "usage", x509.KeyUsage(**{**USAGE, "key_agreement": True}), critical=True
    ),
    "key usage of a CA": extension("usage", x509.KeyUsage(**{**USAGE, "key_cert_sign": True}), critical=True),
    "no extended key usage": without("eku"),
    "extended key usage not critical": extension(
        "eku", x509.ExtendedKeyUsage([oid(EKU_DOCUMENT_SIGNER)]), critical=False
    ),
    "wrong extended key usage": extension("eku", x509.ExtendedKeyUsage([oid(EKU_LIST_SIGNER)]), critical=True),
    "the second usage alone": extension("eku", x509.ExtendedKeyUsage([oid("1.0.23220.4.1.2")]), critical=True),
    "more bytes than any of ours": extension(
        "x", x509.UnrecognizedExtension(oid("1.2.3.4"), bytes(5_000)), critical=False
    ),
    "any extended key usage": extension(
        "eku", x509.ExtendedKeyUsage([oid("2.5.29.37.0"), oid(EKU_DOCUMENT_SIGNER)]), critical=True
    ),
    "two kinds at once": extension(
        "eku", x509.ExtendedKeyUsage([oid(EKU_DOCUMENT_SIGNER), oid(EKU_BUNDLE_SIGNER)]), critical=True
    ),
    "no issuer alternative name": without("ian"),
    "a CA": extension("basic", x509.BasicConstraints(ca=True, path_length=None), critical=True),
    "unknown critical extension": extension(
        "x", x509.UnrecognizedExtension(oid("1.2.3.4"), b"\x05\x00"), critical=True
    ),
    "name constraints": extension(
        "x", x509.NameConstraints(permitted_subtrees=[x509.DNSName("f.test")], excluded_subtrees=None), critical=False
    ),
    "another country": part("subject", (("C", "DE"), *SUBJECT[1:])),
    "no country": part("subject", SUBJECT[1:]),
    "two countries": part("subject", (("C", "CN"), *SUBJECT)),
    "two bureaus": part("subject", (*SUBJECT, SUBJECT[2])),
    "validity beyond 457 days": part("validity", Validity(NOW - DAY, NOW + 457 * DAY)),
    "validity beyond the root's": part("validity", Validity(ROOT_VALIDITY.not_before - DAY, NOW + DAY)),
    "a P-384 key": part("public_key", ec.generate_private_key(ec.SECP384R1()).public_key()),
    "an Ed25519 key": part("public_key", ed25519.Ed25519PrivateKey.generate().public_key()),
    "signed with SHA-384": part("hash_algorithm", hashes.SHA384()),
    "signed by itself under the root's name": part("signing_key", LEAF_KEY),
}


@pytest.mark.parametrize("name", SPOILED_LEAVES)
def test_refuses_a_leaf_with(name: str) -> None:
    recipe = a_leaf()
    SPOILED_LEAVES[name](recipe)
    assert reason_of([recipe.make()], root=a_root().make()) is Reason.CERTIFICATE_INVALID


SPOILED_ROOTS: dict[str, Callable[[Recipe], None]] = {
    "no basic constraints": without("basic"),
    "no CA": extension("basic", x509.BasicConstraints(ca=False, path_length=None), critical=True),
    "no path length": extension("basic", x509.BasicConstraints(ca=True, path_length=None), critical=True),
    "path length 1": extension("basic", x509.BasicConstraints(ca=True, path_length=1), critical=True),
    "basic constraints not critical": extension("basic", x509.BasicConstraints(ca=True, path_length=0), critical=False),
    "no key usage": without("usage"),
    "key usage with digital signature": extension(
        "usage", x509.KeyUsage(**{**CA_USAGE, "digital_signature": True}), critical=True
    ),
    "no subject key identifier": without("ski"),
    "no issuer alternative name": without("ian"),
    "another issuer": part("issuer", SUBJECT),
    "a lower-case country": part("subject", (("C", "cn"), *CA_SUBJECT[1:])),
    "21 years": part("validity", Validity(NOW - DAY, NOW + 21 * 366 * DAY)),
    "unknown critical extension": extension(
        "x", x509.UnrecognizedExtension(oid("1.2.3.4"), b"\x05\x00"), critical=True
    ),
    "inhibit any policy": extension("x", x509.InhibitAnyPolicy(0), critical=False),
    "another's signature": part("signing_key", LEAF_KEY),
}


@pytest.mark.parametrize("name", SPOILED_ROOTS)
def test_refuses_a_root_with(name: str) -> None:
    recipe = a_root()
    SPOILED_ROOTS[name](recipe)
    root = recipe.make()
    assert reason_of([a_leaf().make()], root=root) is Reason.CERTIFICATE_INVALID
    with pytest.raises(EidError) as caught:
        check_root(root)
    assert caught.value.reason is Reason.CERTIFICATE_INVALID


def test_a_leaf_that_names_another_root_is_of_an_unknown_issuer() -> None:
    recipe = a_leaf()
    recipe.issuer = (*CA_SUBJECT[:2], ("CN", "Other Root"))
    assert reason_of([recipe.make()], root=a_root().make()) is Reason.ISSUER_UNKNOWN


def test_refuses_a_leaf_that_outlives_the_root() -> None:
    recipe = a_root()
    recipe.validity = Validity(NOW - 30 * DAY, LEAF_VALIDITY.not_after - 1)
    assert reason_of([a_leaf().make()], root=recipe.make()) is Reason.CERTIFICATE_INVALID


def test_does_not_certify_a_point_off_the_curve() -> None:
    with pytest.raises(ValueError):
        build_document_signer(
            ROOT,
            b"\x02" + b"\xff" * 32,
            bureau_subject(),
            LEAF_VALIDITY,
            public_url=PUBLIC_URL,
            entropy=SeededEntropy("x"),
        )


def test_an_expired_root_takes_its_leaves_along() -> None:
    recipe = a_root()
    recipe.validity = Validity(NOW - 30 * DAY, NOW + DAY)
    leaf = a_leaf()
    leaf.validity = Validity(NOW - DAY, NOW + DAY)
    root, certificate = recipe.make(), leaf.make()
    check_chain([certificate], root=root, eku=EKU_DOCUMENT_SIGNER, now=NOW)
    assert reason_of([certificate], root=root, now=NOW + DAY + 1) is Reason.CERTIFICATE_EXPIRED


def signed_again(body: bytes) -> bytes:
    """The certificate of a body that the library would not write, signed by the root's key."""
    signature = CA_KEY.sign(body, ec.ECDSA(hashes.SHA256()))
    return tlv(0x30, body + bytes.fromhex("300a06082a8648ce3d040302") + tlv(0x03, b"\0" + signature))


@pytest.mark.parametrize(("octets", "holds"), [(20, True), (21, False)])
def test_a_serial_number_has_at_most_twenty_octets(octets: int, holds: bool) -> None:
    recipe = a_leaf()
    recipe.serial = 1 << 126
    parts = [part for _, part in elements(inside(x509.load_der_x509_certificate(recipe.make()).tbs_certificate_bytes))]
    parts[1] = tlv(0x02, b"\x40" + bytes(octets - 1))
    certificate = signed_again(tlv(0x30, b"".join(parts)))
    if holds:
        check_chain([certificate], root=a_root().make(), eku=EKU_DOCUMENT_SIGNER, now=NOW)
    else:
        assert reason_of([certificate], root=a_root().make()) is Reason.CERTIFICATE_INVALID


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize(("serial", "holds"), [(0, False), (1, True), ((1 << 159) - 1, True), (1 << 159, False)])
def test_a_serial_number_is_positive_and_below_its_sign(serial: int, holds: bool) -> None:
    recipe = a_leaf()
    recipe.serial = 1 << 126
    parts = [part for _, part in elements(inside(x509.load_der_x509_certificate(recipe.make()).tbs_certificate_bytes))]
    parts[1] = tlv(0x02, serial.to_bytes(serial.bit_length() // 8 + 1, "big"))
    certificate = signed_again(tlv(0x30, b"".join(parts)))
    if holds:
        check_chain([certificate], root=a_root().make(), eku=EKU_DOCUMENT_SIGNER, now=NOW)
    else:
        assert reason_of([certificate], root=a_root().make()) is Reason.CERTIFICATE_INVALID


def test_the_validity_is_written_in_utc() -> None:
    written = x509.load_der_x509_certificate(document_signer(ROOT).certificates[0])
    assert written.not_valid_before_utc.timestamp() == LEAF_VALIDITY.not_before
    assert written.not_valid_after_utc.timestamp() == LEAF_VALIDITY.not_after


def test_a_leaf_may_be_as_old_as_the_root() -> None:
    recipe = a_root()
    recipe.validity = Validity(LEAF_VALIDITY.not_before, LEAF_VALIDITY.not_after)
    check_chain([a_leaf().make()], root=recipe.make(), eku=EKU_DOCUMENT_SIGNER, now=NOW)


def test_a_certificate_may_be_valid_for_a_second_and_no_less() -> None:
    leaf = a_leaf()
    leaf.validity = Validity(NOW, NOW + 1)
    check_chain([leaf.make()], root=a_root().make(), eku=EKU_DOCUMENT_SIGNER, now=NOW)
    leaf.validity = Validity(NOW, NOW)
    assert reason_of([leaf.make()], root=a_root().make()) is Reason.CERTIFICATE_INVALID


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_refuses_a_negative_serial_number() -> None:
    recipe = a_leaf()
    recipe.serial = 1 << 126
    body = x509.load_der_x509_certificate(recipe.make()).tbs_certificate_bytes
    assert body.count(b"\x02\x10\x40" + bytes(15)) == 1
    body = body.replace(b"\x02\x10\x40" + bytes(15), b"\x02\x10\xc0" + bytes(15))
    signature = CA_KEY.sign(body, ec.ECDSA(hashes.SHA256()))
    content = (
        body + bytes.fromhex("300a06082a8648ce3d040302") + b"\x03" + bytes([len(signature) + 1]) + b"\0" + signature
    )
    certificate = b"\x30\x82" + len(content).to_bytes(2, "big") + content
    assert reason_of([certificate], root=a_root().make()) is Reason.CERTIFICATE_INVALID


# --- separate signers of status lists --------------------------------------------------------------------------------


def test_a_separate_signer_of_lists_has_one_usage_of_its_own() -> None:
    signer = status_signer(ROOT)
    leaf = check_status_chain(signer.certificates, root=ROOT.certificate, now=NOW)
    assert (leaf.point, leaf.bureau) == (signer.point, BUREAU)
    with refused(Reason.CERTIFICATE_EXPIRED):
        check_status_chain(signer.certificates, root=ROOT.certificate, now=NOW + 401 * DAY)
    with refused(Reason.ISSUER_UNKNOWN):
        check_status_chain(signer.certificates, root=national_root("stranger").certificate, now=NOW)
    for eku in KINDS:
        with refused(Reason.CERTIFICATE_INVALID):
            check_chain(signer.certificates, root=ROOT.certificate, eku=eku, now=NOW)


def test_no_other_kind_stands_in_for_a_separate_signer_of_lists() -> None:
    for root, certificate in KINDS.values():
        with refused(Reason.CERTIFICATE_INVALID):
            check_status_chain([certificate], root=root.certificate, now=NOW)
    with refused(Reason.CERTIFICATE_INVALID):
        check_status_chain([], root=ROOT.certificate, now=NOW)
    with refused(Reason.CERTIFICATE_INVALID):
        check_status_chain([*status_signer(ROOT).certificates, ROOT.certificate], root=ROOT.certificate, now=NOW)


@pytest.mark.parametrize("profile", LEAF_PROFILES)
def test_a_separate_signer_of_lists_never_gets_the_usage_of_another_kind(profile: LeafProfile) -> None:
    for eku in profile.ekus:
        with pytest.raises(ValueError):
            status_signer_profile(eku)
