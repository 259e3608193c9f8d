"""Chains of the public web, good and bad by RFC 5280: none fits a profile of ours, and each is refused by a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import Refused
from core.reasons import Reason
from keys.certificate_profiles import LEAF_PROFILES
from keys.certificates import certificates_from_pem, check_chain, check_root
from tests.support import vectors

FIELDS = {
    "conflicts_with",
    "crls",
    "description",
    "expected_peer_name",
    "expected_peer_names",
    "expected_result",
    "extended_key_usage",
    "features",
    "id",
    "importance",
    "key_usage",
    "max_chain_depth",
    "peer_certificate",
    "peer_certificate_key",
    "signature_algorithms",
    "trusted_certs",
    "untrusted_intermediates",
    "validation_kind",
    "validation_time",
}
# The library only warns of a serial number below one; our judge refuses it.
pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")
FILES = ("name_constraints_a.json", "rfc5280_and_pathlen.json")
REASONS = {Reason.ISSUER_UNKNOWN, Reason.CERTIFICATE_INVALID, Reason.CERTIFICATE_EXPIRED}
MID_2026 = 1_780_000_000


def der(pem: str) -> bytes:
    """Read by the library alone where it can, so that what reaches our judge is the certificate as it stands."""
    try:
        return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    except ValueError:
        return b"".join(certificates_from_pem(pem.encode()))


def reason_for(case: dict[str, Any], eku: str) -> Reason | None:
    when = case["validation_time"]
    now = MID_2026 if when is None else int(datetime.fromisoformat(when).timestamp())
    try:
        chain = [der(pem) for pem in [case["peer_certificate"], *case["untrusted_intermediates"]]]
        check_chain(chain, root=der(case["trusted_certs"][0]), eku=eku, now=now)
    except Refused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("profile", LEAF_PROFILES, ids=lambda profile: profile.purpose.value)
def test_refuses_every_chain_of_the_public_web(name: str, profile: Any) -> None:
    cases = vectors.load_json("x509", name, fields=FIELDS)
    found = {case["id"]: reason_for(case, profile.eku) for case in cases}
    assert {key: reason for key, reason in found.items() if reason not in REASONS} == {}
    assert {case["expected_result"] for case in cases} == {"SUCCESS", "FAILURE"}


@pytest.mark.parametrize("name", FILES)
def test_pins_no_root_of_the_public_web(name: str) -> None:
    for case in vectors.load_json("x509", name, fields=FIELDS):
        for pem in case["trusted_certs"]:
            with pytest.raises(Refused) as refused:
                check_root(der(pem))
            assert refused.value.reason is Reason.CERTIFICATE_INVALID, case["id"]
