"""Whom a reader trusts: one pinned root, and what the table below it says of each certificate."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.reasons import Reason
from formats.bundle.trust_table import KeyRole
from keys.trust import TrustStore
from tests.builders.presentations import ISSUER, OTHER_ISSUER, ROOT, a_trust, bare_trust, trust_table, trusted_key
from tests.builders.refusals import refused
from tests.builders.trust import BUREAU, NOW
from verifier.trust import IssuerTrust, pin


def pem(*certificates: bytes) -> bytes:
    return b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in certificates)


def test_pins_exactly_one_root() -> None:
    assert pin(pem(ROOT.certificate)).certificate == ROOT.certificate


@pytest.mark.parametrize(
    "found", [b"", b"no PEM", pem(ROOT.certificate, ROOT.certificate), pem(ISSUER.certificates[0])]
)
def test_pins_nothing_else(found: bytes) -> None:
    with refused(Reason.CERTIFICATE_INVALID):
        pin(found)


def test_a_bare_root_admits_every_signer_below_it() -> None:
    assert bare_trust().store_for(ISSUER.certificates).signers is None


def test_a_table_admits_the_key_that_the_chain_names_and_no_other() -> None:
    trust = a_trust()
    for _ in range(2):
        signers = trust.store_for(ISSUER.certificates).signers
        assert signers is not None
        assert [signer.certificate for signer in signers.values()] == [ISSUER.certificates[0]]
        assert trust.store_for(OTHER_ISSUER.certificates).signers == {}
        assert trust.store_for(()).signers == {}


def test_strangers_certificates_of_a_listed_key_do_not_keep_the_bureaus_own_out_of_memory() -> None:
    """Anyone can put a public key into a certificate of his own making."""
    trust, genuine = a_trust(), ISSUER.certificates[0]
    for number in range(1_030):
        assert trust.store_for((genuine[:-2] + number.to_bytes(2, "big"),)).signers
    assert trust.store_for((genuine,)) is trust.store_for((genuine,))


def test_a_store_made_from_the_table_is_as_old_as_the_table() -> None:
    table = trust_table()
    for chain in ((), ISSUER.certificates):
        store = a_trust(table).store_for(chain)
        assert (store.number, store.issued_at, store.next_update) == (table.number, table.issued_at, table.next_update)


def test_the_published_list_judges_where_it_is_at_hand() -> None:
    table = trust_table()
    listed = TrustStore(a_trust().anchor, {}, table.number, table.issued_at, table.next_update)
    assert IssuerTrust(listed.anchor, table, listed).store_for(ISSUER.certificates) is listed


def test_a_status_list_is_signed_by_a_credential_key() -> None:
    assert a_trust().list_signer(ISSUER.certificates, now=NOW).bureau == BUREAU
    assert bare_trust().list_signer(ISSUER.certificates, now=NOW).bureau == BUREAU


@pytest.mark.parametrize("role", [role for role in KeyRole if role is not KeyRole.CREDENTIAL])
def test_a_key_of_another_role_signs_no_status_list(role: KeyRole) -> None:
    with refused(Reason.ISSUER_NOT_AUTHORISED):
        a_trust(trust_table(trusted_key(role=role))).list_signer(ISSUER.certificates, now=NOW)


def test_a_key_outside_the_table_signs_no_status_list() -> None:
    with refused(Reason.ISSUER_UNKNOWN):
        a_trust().list_signer(OTHER_ISSUER.certificates, now=NOW)
