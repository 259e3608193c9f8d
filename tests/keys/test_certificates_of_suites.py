"""Document signers of each suite: the key in the certificate is of the suite, the certificate itself signed by P-256."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.reasons import Reason
from keys.algorithms import ALGORITHMS, ES256, ML_DSA_44, SM2_SM3, Algorithm
from keys.certificate_profiles import EKU_BUNDLE_SIGNER, EKU_DOCUMENT_SIGNER, LEAF_PROFILES
from keys.certificates import (
    CheckedLeaf,
    build_document_signer,
    certificates_from_pem,
    certificates_to_pem,
    check_chain,
    check_root,
    leaf_key,
    leaf_point,
)
from keys.der import elements, inside, signature_to_der, tlv
from keys.public_keys import PublicKey, subject_key_identifier, to_spki
from keys.signing import KeyPurpose, Signer
from tests.builders.refusals import refused
from tests.builders.suites import document_signer_of, signers_of_each_suite, suite_signer
from tests.builders.trust import BUREAU, LEAF_VALIDITY, NOW, PUBLIC_URL, bureau_subject, national_root, other_signer
from tests.fakes.seeded_entropy import SeededEntropy

ROOT = national_root()
SIGNERS = signers_of_each_suite(ROOT)
OTHERS = [SM2_SM3, ML_DSA_44]
SM2 = SIGNERS["SM2-SM3"]
SM2_SPKI = to_spki(PublicKey(SM2.point, SM2_SM3))
SPKI_PLACE = 6


def judged(certificate: bytes, *, root: bytes = ROOT.certificate, now: int = NOW) -> CheckedLeaf:
    return check_chain([certificate], root=root, eku=EKU_DOCUMENT_SIGNER, now=now)


def again(certificate: bytes, change: Callable[[list[bytes]], None], signer: Signer = ROOT.signer) -> bytes:
    """A certificate with something changed in what is signed, signed anew."""
    body, algorithm, _ = (part for _, part in elements(inside(certificate)))
    parts = [part for _, part in elements(inside(body))]
    change(parts)
    body = tlv(0x30, b"".join(parts))
    return tlv(0x30, body + algorithm + tlv(0x03, b"\0" + signature_to_der(signer.sign(body))))


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)
def test_a_document_signer_of_each_suite_is_built_and_judged(signer: Signer) -> None:
    leaf = judged(signer.certificates[0])
    assert (leaf.point, leaf.algorithm) == (signer.point, signer.algorithm)
    assert leaf.public_key == PublicKey(signer.point, signer.algorithm) == leaf_key(signer.certificates[0])
    assert leaf_point(signer.certificates[0]) == signer.point
    assert (leaf.bureau, leaf.uris, leaf.specimen) == (BUREAU, (PUBLIC_URL,), True)


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)
def test_a_library_reads_the_certificate_and_its_key_identifier(signer: Signer) -> None:
    found = x509.load_der_x509_certificate(signer.certificates[0])
    identifier = found.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert identifier.digest == subject_key_identifier(PublicKey(signer.point, signer.algorithm))
    found.verify_directly_issued_by(x509.load_der_x509_certificate(ROOT.certificate))


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)
def test_a_certificate_of_each_suite_survives_its_pem(signer: Signer) -> None:
    assert certificates_from_pem(certificates_to_pem(signer.certificates)) == signer.certificates


def test_the_library_really_does_not_read_the_sm2_key_itself() -> None:
    # Once it does, the reading of the bytes in keys.certificates can go.
    found = x509.load_der_x509_certificate(SIGNERS["SM2-SM3"].certificates[0])
    with pytest.raises(UnsupportedAlgorithm):
        found.public_key()


@pytest.mark.parametrize("algorithm", OTHERS, ids=lambda row: row.name)
def test_the_subjects_key_stands_where_the_stand_in_stood_and_nowhere_else(algorithm: Algorithm) -> None:
    signer = document_signer_of(algorithm, ROOT)
    body = elements(inside(signer.certificates[0]))[0][1]
    assert elements(inside(body))[SPKI_PLACE][1] == to_spki(PublicKey(signer.point, algorithm))
    assert bytes.fromhex("2a8648ce3d030107") not in body


@pytest.mark.parametrize("algorithm", OTHERS, ids=lambda row: row.name)
@pytest.mark.parametrize("now", [NOW - 3 * 86_400, NOW + 401 * 86_400])
def test_refuses_one_outside_its_validity(algorithm: Algorithm, now: int) -> None:
    with refused(Reason.CERTIFICATE_EXPIRED):
        judged(document_signer_of(algorithm, ROOT).certificates[0], now=now)


@pytest.mark.parametrize("algorithm", OTHERS, ids=lambda row: row.name)
def test_refuses_one_that_another_key_of_the_roots_name_signed(algorithm: Algorithm) -> None:
    stranger = national_root("stranger")
    with refused(Reason.ISSUER_UNKNOWN):
        judged(document_signer_of(algorithm, stranger).certificates[0])
    forged = again(document_signer_of(algorithm, ROOT).certificates[0], lambda _parts: None, stranger.signer)
    with refused(Reason.CERTIFICATE_INVALID):
        judged(forged)


def test_refuses_one_that_its_own_key_signed() -> None:
    with refused(Reason.CERTIFICATE_INVALID):
        judged(again(SM2.certificates[0], lambda _parts: None, SM2))


def with_spki(spki: bytes) -> Callable[[list[bytes]], None]:
    def change(parts: list[bytes]) -> None:
        parts[SPKI_PLACE] = spki

    return change


def bent(signer: Signer) -> bytes:
    written = bytearray(to_spki(PublicKey(signer.point, signer.algorithm)))
    written[-1] ^= 1
    return bytes(written)


@pytest.mark.parametrize(
    "spki",
    [
        bent(SM2),
        # the point in its short form
        tlv(0x30, SM2_SPKI[2:-68] + tlv(0x03, b"\0" + SM2.point)),
        # a bit string with unused bits
        SM2_SPKI[:-66] + b"\1" + SM2_SPKI[-65:],
        # the identifier of the curve with one more element behind it
        tlv(0x30, tlv(0x30, SM2_SPKI[4:23] + b"\5\0") + SM2_SPKI[23:]),
        # a neighbour of the curve's identifier
        SM2_SPKI.replace(bytes.fromhex("2a811ccf5501822d"), bytes.fromhex("2a811ccf5501822e")),
        # a P-256 point under the name of the SM2 curve
        SM2_SPKI[:-65] + to_spki(PublicKey(SIGNERS["ES256"].point, ES256))[-65:],
    ],
    ids=["off the curve", "compressed", "unused bits", "parameters", "other curve", "point of P-256"],
)
def test_refuses_an_sm2_key_that_is_not_written_exactly_so(spki: bytes) -> None:
    with refused(Reason.CERTIFICATE_INVALID):
        judged(again(SM2.certificates[0], with_spki(spki)))


def test_the_same_change_with_the_right_key_passes() -> None:
    other = suite_signer(SM2_SM3, "another")
    leaf = judged(again(SM2.certificates[0], with_spki(to_spki(PublicKey(other.point, SM2_SM3)))))
    assert leaf.public_key == PublicKey(other.point, SM2_SM3)


def test_refuses_a_certificate_of_version_1_with_an_sm2_key() -> None:
    def version_1(parts: list[bytes]) -> None:
        # Without the version in front the key is the sixth part and no longer the seventh; extensions came later.
        del parts[7:]
        del parts[0]

    made = again(SM2.certificates[0], version_1)
    for read in (judged, leaf_key):
        with refused(Reason.CERTIFICATE_INVALID):
            read(made)


@pytest.mark.parametrize("algorithm", OTHERS, ids=lambda row: row.name)
def test_no_root_has_a_key_of_another_suite(algorithm: Algorithm) -> None:
    check_root(again(ROOT.certificate, lambda _parts: None))
    with refused(Reason.CERTIFICATE_INVALID):
        check_root(again(ROOT.certificate, with_spki(to_spki(PublicKey(suite_signer(algorithm).point, algorithm)))))


def test_no_root_signs_itself_with_sm2() -> None:
    with refused(Reason.CERTIFICATE_INVALID):
        check_root(again(ROOT.certificate, with_spki(SM2_SPKI), SM2))


def test_no_other_kind_of_signer_has_a_key_of_another_suite() -> None:
    for profile in LEAF_PROFILES:
        expected = ALGORITHMS if profile.eku == EKU_DOCUMENT_SIGNER else (ES256,)
        assert profile.algorithms == expected


@pytest.mark.parametrize("algorithm", OTHERS, ids=lambda row: row.name)
def test_refuses_a_bundle_signer_of_another_suite(algorithm: Algorithm) -> None:
    bundle = other_signer(ROOT, KeyPurpose.BUNDLE_SIGNER).certificates[0]
    check_chain([bundle], root=ROOT.certificate, eku=EKU_BUNDLE_SIGNER, now=NOW)
    spki = to_spki(PublicKey(suite_signer(algorithm).point, algorithm))
    with refused(Reason.CERTIFICATE_INVALID):
        check_chain([again(bundle, with_spki(spki))], root=ROOT.certificate, eku=EKU_BUNDLE_SIGNER, now=NOW)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda row: row.name)
def test_certifies_no_key_that_is_none(algorithm: Algorithm) -> None:
    with pytest.raises(ValueError):
        build_document_signer(
            ROOT,
            b"\x02" + b"\xff" * 32,
            bureau_subject(),
            LEAF_VALIDITY,
            public_url=PUBLIC_URL,
            entropy=SeededEntropy("x"),
            algorithm=algorithm,
        )


def test_refuses_keys_of_kinds_that_are_in_no_suite() -> None:
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key()
    spki = p384.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with refused(Reason.CERTIFICATE_INVALID):
        judged(again(SM2.certificates[0], with_spki(spki)))
