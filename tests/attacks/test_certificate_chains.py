"""A chain of certificates that leads nowhere, too far, or to a key for something else: the online forms judge it alike.

Every key here stands in the trust table as a credential key, so that nothing but its certificate is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509

from core.reasons import Colour, Reason
from keys.certificate_profiles import EKU_BUNDLE_SIGNER, EKU_DOCUMENT_SIGNER, EKU_LIST_SIGNER, EKU_POLICY_SIGNER
from keys.certificates import Root, Validity
from keys.signing import InProcessSigner, KeyPurpose
from tests.builders import mdoc, presentations
from tests.builders.certificates import LEAF_KEY, SUBJECT, Recipe, a_leaf, extension, part
from tests.builders.presentations import ISSUER, ROOT, a_trust, trust_table, trusted_key
from tests.builders.trust import (
    BUREAU,
    DAY,
    NOW,
    OTHER_BUREAU,
    document_signer,
    national_root,
    other_signer,
    reader_root,
    seeded_signer,
)
from verifier.checkpoint.verdict import Check, Verdict
from verifier.trust import IssuerTrust

Judge = Callable[[InProcessSigner, IssuerTrust], Verdict]


def sd_jwt_vc(issuer: InProcessSigner, trust: IssuerTrust) -> Verdict:
    # Without ``iss``: a certificate that names no address is not refused for that.
    return presentations.judged(presentations.Showing(issuer=issuer, iss=None), trust=trust)


def mso_mdoc(issuer: InProcessSigner, trust: IssuerTrust) -> Verdict:
    return mdoc.judged(mdoc.Answer(issuer=issuer), trust=trust)


pytestmark = pytest.mark.parametrize("judge", [sd_jwt_vc, mso_mdoc])
LEAF = InProcessSigner.from_private_key(LEAF_KEY)


def refusal(judge: Judge, issuer: InProcessSigner, trust: IssuerTrust | None = None) -> tuple[Check, Reason]:
    verdict = judge(issuer, trust or a_trust(trust_table(trusted_key(issuer))))
    assert verdict.colour is Colour.RED
    assert verdict.person is None
    assert verdict.bureau is None
    return verdict.findings[-1].check, verdict.deciding


def under_our_root(*spoil: Callable[[Recipe], None]) -> Recipe:
    """A hand-made document signer below the pinned root, with these parts spoiled."""
    recipe = a_leaf()
    above = x509.load_der_x509_certificate(ROOT.certificate)
    identifier = above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    recipe.issuer = (("C", "CN"), ("O", "Ministry of Specimens"), ("CN", "SPECIMEN National Root"))
    recipe.signing_key = seeded_signer("national").private_key
    recipe.extensions["aki"] = (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False)
    for change in spoil:
        change(recipe)
    return recipe


def with_chain(*certificates: bytes) -> InProcessSigner:
    return LEAF.with_certificates(*certificates)


def usages(*oids: str) -> Callable[[Recipe], None]:
    return extension("eku", x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in oids]), critical=True)


# --- what is right ---------------------------------------------------------------------------------------------------


def test_a_hand_made_document_signer_of_the_profile_is_accepted(judge: Judge) -> None:
    issuer = with_chain(under_our_root().make())
    assert judge(issuer, a_trust(trust_table(trusted_key(issuer)))).colour is Colour.GREEN
    longest = with_chain(under_our_root(part("validity", Validity(NOW - 2 * DAY, NOW + 455 * DAY))).make())
    assert judge(longest, a_trust(trust_table(trusted_key(longest)))).colour is Colour.GREEN


# --- the path --------------------------------------------------------------------------------------------------------


def test_refuses_a_leaf_that_signed_itself(judge: Judge) -> None:
    itself = under_our_root(part("signing_key", LEAF_KEY), part("issuer", SUBJECT))
    assert refusal(judge, with_chain(itself.make())) == (Check.ISSUER_KNOWN, Reason.ISSUER_UNKNOWN)
    as_the_root = under_our_root(part("signing_key", LEAF_KEY))
    assert refusal(judge, with_chain(as_the_root.make())) == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_INVALID)


def test_refuses_the_leaf_of_a_root_of_ones_own_with_that_root_behind_it(judge: Judge) -> None:
    own = national_root("attacker")
    leaf = document_signer(own, "attacker's")
    assert refusal(judge, leaf) == (Check.ISSUER_KNOWN, Reason.ISSUER_UNKNOWN)
    chain = leaf.with_certificates(*leaf.certificates, own.certificate)
    assert refusal(judge, chain) == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_INVALID)


def test_refuses_the_root_in_the_chain_before_and_behind_the_leaf(judge: Judge) -> None:
    good = under_our_root().make()
    for chain in ((good, ROOT.certificate), (ROOT.certificate, good), (ROOT.certificate,)):
        assert refusal(judge, with_chain(*chain))[1] is Reason.CERTIFICATE_INVALID


def test_refuses_an_order_with_another_leaf_first(judge: Judge) -> None:
    good = under_our_root().make()
    for chain in ((ISSUER.certificates[0], good), (good, ISSUER.certificates[0]), (good, good)):
        assert refusal(judge, with_chain(*chain))[1] in {Reason.CERTIFICATE_INVALID, Reason.ISSUER_UNKNOWN}


def test_refuses_an_authority_in_between_whatever_path_length_it_claims(judge: Judge) -> None:
    for length in (None, 0, 1):
        middle_key = seeded_signer("middle").private_key
        middle = under_our_root(
            part("public_key", middle_key.public_key()),
            extension("basic", x509.BasicConstraints(ca=True, path_length=length), critical=True),
        ).make()
        leaf = under_our_root(part("signing_key", middle_key), part("issuer", SUBJECT)).make()
        assert refusal(judge, with_chain(leaf, middle))[1] is Reason.CERTIFICATE_INVALID
        assert refusal(judge, with_chain(leaf))[1] is Reason.ISSUER_UNKNOWN


def test_refuses_to_pin_a_root_that_lets_authorities_in_between(judge: Judge) -> None:
    for length in (None, 1):
        recipe = under_our_root(
            part("subject", (("C", "CN"), ("O", "Ministry of Specimens"), ("CN", "SPECIMEN National Root"))),
            part("public_key", seeded_signer("national").private_key.public_key()),
            extension("basic", x509.BasicConstraints(ca=True, path_length=length), critical=True),
        )
        issuer = with_chain(under_our_root().make())
        trust = a_trust(trust_table(trusted_key(issuer)), root=recipe.make())
        assert refusal(judge, issuer, trust)[1] is Reason.CERTIFICATE_INVALID


# --- the leaf's profile ----------------------------------------------------------------------------------------------


def test_refuses_a_leaf_that_is_an_authority(judge: Judge) -> None:
    leaf = under_our_root(extension("basic", x509.BasicConstraints(ca=True, path_length=0), critical=True))
    assert refusal(judge, with_chain(leaf.make())) == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_INVALID)


@pytest.mark.parametrize(
    "eku",
    [
        (EKU_LIST_SIGNER,),
        (EKU_BUNDLE_SIGNER,),
        (EKU_POLICY_SIGNER,),
        ("1.0.18013.5.1.6",),
        ("1.0.18013.5.1.8",),
        ("1.3.6.1.5.5.7.3.1",),
        ("2.5.29.37.0",),
        (EKU_DOCUMENT_SIGNER, "1.0.18013.5.1.6"),
    ],
)
def test_refuses_a_leaf_for_another_use(judge: Judge, eku: tuple[str, ...]) -> None:
    leaf = under_our_root(usages(*eku)).make()
    assert refusal(judge, with_chain(leaf)) == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_INVALID)


@pytest.mark.parametrize(
    ("root", "purpose", "reason"),
    [
        (ROOT, KeyPurpose.BUNDLE_SIGNER, Reason.CERTIFICATE_INVALID),
        (ROOT, KeyPurpose.LIST_SIGNER, Reason.CERTIFICATE_INVALID),
        (reader_root(), KeyPurpose.POLICY_SIGNER, Reason.ISSUER_UNKNOWN),
    ],
)
def test_refuses_the_real_signers_of_other_documents(
    judge: Judge, root: Root, purpose: KeyPurpose, reason: Reason
) -> None:
    assert refusal(judge, other_signer(root, purpose)) == (Check.ISSUER_KNOWN, reason)


def test_refuses_a_policy_signer_even_where_the_reader_root_is_pinned_for_issuers(judge: Judge) -> None:
    root = reader_root()
    signer = other_signer(root, KeyPurpose.POLICY_SIGNER)
    trust = a_trust(trust_table(trusted_key(signer)), root=root.certificate)
    assert refusal(judge, signer, trust)[1] is Reason.CERTIFICATE_INVALID


@pytest.mark.parametrize("country", ["DE", "cn", "US"])
def test_refuses_a_leaf_of_another_country(judge: Judge, country: str) -> None:
    leaf = under_our_root(part("subject", (("C", country), *SUBJECT[1:])))
    assert refusal(judge, with_chain(leaf.make())) == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_INVALID)


@pytest.mark.parametrize("critical", [True, False])
def test_refuses_name_constraints_even_where_they_allow_everything(judge: Judge, critical: bool) -> None:
    allowed = x509.NameConstraints([x509.DNSName("test")], None)
    leaf = under_our_root(extension("x", allowed, critical=critical))
    assert refusal(judge, with_chain(leaf.make()))[1] is Reason.CERTIFICATE_INVALID


def test_refuses_an_unknown_critical_extension_and_passes_over_one_that_is_not(judge: Judge) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    critical = with_chain(under_our_root(extension("x", unknown, critical=True)).make())
    assert refusal(judge, critical)[1] is Reason.CERTIFICATE_INVALID
    harmless = with_chain(under_our_root(extension("x", unknown, critical=False)).make())
    assert judge(harmless, a_trust(trust_table(trusted_key(harmless)))).colour is Colour.GREEN


# --- its time --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("validity", [Validity(NOW - 20 * DAY, NOW - 1), Validity(NOW + 1, NOW + 20 * DAY)])
def test_refuses_a_leaf_before_and_after_its_validity(judge: Judge, validity: Validity) -> None:
    leaf = under_our_root(part("validity", validity)).make()
    assert refusal(judge, with_chain(leaf)) == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_EXPIRED)


def test_refuses_a_leaf_of_458_days(judge: Judge) -> None:
    leaf = under_our_root(part("validity", Validity(NOW - 2 * DAY, NOW + 456 * DAY))).make()
    assert refusal(judge, with_chain(leaf)) == (Check.ISSUER_KNOWN, Reason.CERTIFICATE_INVALID)


# --- a good certificate in the wrong place ---------------------------------------------------------------------------


def test_refuses_a_signer_that_is_not_allowed_for_the_type(judge: Judge) -> None:
    issuer = with_chain(under_our_root().make())
    for forms in (frozenset({"eid1"}), frozenset({"claim-169"}), frozenset[str]()):
        trust = a_trust(trust_table(trusted_key(issuer, forms=forms)))
        assert refusal(judge, issuer, trust) == (Check.ISSUER_ROLE, Reason.ISSUER_NOT_AUTHORISED)


def test_refuses_a_signer_that_is_allowed_for_the_other_online_form_alone(judge: Judge) -> None:
    issuer = with_chain(under_our_root().make())
    other = "mso_mdoc" if judge is sd_jwt_vc else "dc+sd-jwt"
    trust = a_trust(trust_table(trusted_key(issuer, forms=frozenset({other}))))
    assert refusal(judge, issuer, trust) == (Check.ISSUER_ROLE, Reason.ISSUER_NOT_AUTHORISED)


def test_refuses_a_certificate_that_names_another_bureau_than_the_table(judge: Judge) -> None:
    subject = tuple((name, OTHER_BUREAU if value == BUREAU else value) for name, value in SUBJECT)
    leaf = under_our_root(part("subject", subject)).make()
    assert refusal(judge, with_chain(leaf)) == (Check.ISSUER_ROLE, Reason.ISSUER_NOT_AUTHORISED)


def test_refuses_a_good_certificate_over_another_key(judge: Judge) -> None:
    thief = InProcessSigner.from_private_key(seeded_signer("thief").private_key, (under_our_root().make(),))
    verdict = judge(thief, a_trust(trust_table(trusted_key(LEAF))))
    assert (verdict.colour, verdict.deciding) == (Colour.RED, Reason.ISSUER_SIGNATURE_INVALID)
