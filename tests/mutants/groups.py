"""The verification code in groups, each with the tests that must notice a change in it: quick ones, and near it."""

from __future__ import annotations

from dataclasses import dataclass

_ONE_SUITE = "not SM2-SM3 and not ML-DSA-44"


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the verification code.

    name:    for the report and for ``--only``.
    modules: files, or folders with every Python file below.
    tests:   what pytest is given; mutmut runs of it, for each mutant, what reaches the function.
    keyword: leaves out some of them, as pytest's ``-k`` does. That every suite is judged alike is not asked here.
    """

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    keyword: str = _ONE_SUITE


GROUPS = (
    Group("codecs", ("formats/encoding",), ("tests/formats/encoding", "formats/encoding")),
    Group(
        "sd_jwt",
        (
            "formats/jose.py",
            "formats/sd_jwt/unpack.py",
            "formats/sd_jwt/key_binding.py",
            "formats/sd_jwt_vc.py",
        ),
        (
            "tests/formats/sd_jwt",
            "tests/formats/test_jose.py",
            "tests/formats/test_sd_jwt_vc.py",
            "tests/attacks/test_algorithm_confusion.py",
            "tests/attacks/test_sd_jwt_disclosures.py",
            "tests/attacks/test_sd_jwt_form.py",
            "tests/attacks/test_sd_jwt_headers.py",
        ),
    ),
    Group(
        "sd_cwt",
        (
            "formats/cose.py",
            "formats/signature_checks.py",
            "formats/sd_cwt/unpack.py",
            "formats/sd_cwt/model.py",
            "formats/sd_cwt/display.py",
            "formats/qr_token.py",
            "formats/claim_169.py",
        ),
        (
            "tests/formats/sd_cwt",
            "tests/formats/test_cose.py",
            "tests/formats/test_qr_token.py",
            "tests/formats/test_claim_169.py",
            "tests/attacks/test_paper_cards.py",
            "tests/vectors/test_printed_card.py",
            "tests/vectors/test_qr_profile.py",
        ),
    ),
    Group(
        "mdoc",
        (
            "formats/mdoc/items.py",
            "formats/mdoc/mso.py",
            "formats/mdoc/issuer_signed.py",
            "formats/mdoc/device_response.py",
            "formats/mdoc/session_transcript.py",
        ),
        (
            "tests/formats/mdoc",
            "tests/attacks/test_mdoc_device_authentication.py",
            "tests/attacks/test_mdoc_doctypes.py",
            "tests/attacks/test_mdoc_form.py",
            "tests/attacks/test_mdoc_issuer_auth.py",
            "tests/attacks/test_mdoc_items.py",
            "tests/attacks/test_mdoc_specimens.py",
            "tests/attacks/test_mdoc_status.py",
            "tests/attacks/test_mdoc_times.py",
            "tests/attacks/test_mdoc_values.py",
        ),
    ),
    Group(
        "lists",
        (
            "formats/status_list",
            "formats/challenge.py",
            "formats/licence.py",
            "formats/bundle",
        ),
        (
            "tests/formats/status_list",
            "tests/formats/bundle",
            "tests/formats/test_challenge.py",
            "tests/attacks/test_status_lists.py",
            "tests/verifier/checkpoint/test_expected.py",
        ),
    ),
    Group(
        "keys",
        ("keys/certificates.py", "keys/trust.py", "keys/jwk.py", "keys/points.py"),
        (
            "tests/keys/test_certificates.py",
            "tests/keys/test_certificates_of_suites.py",
            "tests/keys/test_x509_vectors.py",
            "tests/keys/test_jwk.py",
            "tests/keys/test_points.py",
            "tests/keys/test_trust.py",
            "tests/attacks/test_certificate_chains.py",
        ),
        keyword="",
    ),
    Group(
        "online",
        ("verifier/verification.py", "verifier/mdoc_verification.py", "verifier/trust.py", "verifier/checks"),
        (
            "tests/verifier/test_verification.py",
            "tests/verifier/test_mdoc_verification.py",
            "tests/verifier/test_trust.py",
            "tests/verifier/checks",
            "tests/attacks/test_mdoc_doctypes.py",
            "tests/attacks/test_keys_in_other_roles.py",
            "tests/attacks/test_empty_rules.py",
        ),
    ),
    Group(
        "checkpoint",
        ("verifier/checkpoint",),
        (
            "tests/verifier/checkpoint",
            "tests/vectors/verdicts",
            "tests/attacks/test_empty_rules.py",
            "tests/attacks/test_stolen_codes.py",
        ),
    ),
)
