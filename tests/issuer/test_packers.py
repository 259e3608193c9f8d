"""Facts in, unsigned copies out: every form says the same."""

from __future__ import annotations

from datetime import date

import pytest

from formats.dataset import GROUPS, Group, mdoc_elements, read_group
from formats.encoding import base64url
from formats.mdoc.issuer_signed import check_digests, read_issuer_signed
from formats.mdoc.model import DOCTYPE, NAMESPACE
from formats.sd_cwt import unpack
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from formats.sd_jwt_vc import open_disclosures, read_credential
from issuer.issuance import CopyFacts
from issuer.packers import PACKERS
from issuer.policy import COPY_FORMS, Form, Validity, day_of
from issuer.proofs import HolderKey
from keys.algorithms import ES256
from keys.cose_key import thumbprint
from keys.signing import InProcessSigner, verify_signature
from tests.builders.people import a_person
from tests.builders.trust import document_signer, national_root
from tests.fakes.seeded_entropy import SeededEntropy

PERIOD = Validity(1_794_787_200, 1_795_996_800)
SIGNER = document_signer(national_root())
HOLDER = InProcessSigner.generate()


def facts(*, specimen: bool = True, issuer: str | None = None, birth: date = date(1990, 1, 1)) -> CopyFacts:
    return CopyFacts(
        dataset=a_person(birth_date=birth),
        validity=PERIOD,
        holder=HolderKey(HOLDER.point, thumbprint(HOLDER.point)),
        status=StatusReference("https://id.example.test/status/690101000000/a-b", 7),
        assurance=Assurance.FULL,
        specimen=specimen,
        issuer=issuer,
    )


def issue(form: Form, given: CopyFacts, seed: str = "s") -> str:
    draft = PACKERS[form].pack(given, SIGNER, SeededEntropy(seed))
    return draft.finish(SIGNER.sign(draft.to_be_signed()))


@pytest.mark.parametrize("specimen", [True, False])
def test_every_form_carries_the_same_clear_claims(specimen: bool) -> None:
    given = facts(specimen=specimen)
    qr = unpack.read_sd_cwt(base64url.decode(issue(Form.QR, given))).claims
    online = read_credential(issue(Form.SD_JWT_VC, given)).terms
    mdoc = read_issuer_signed(base64url.decode(issue(Form.MDOC, given))).terms
    for copy, holder in ((qr, qr.holder_point33), (online, online.holder_point), (mdoc, mdoc.holder_point)):
        assert (copy.issued_at, copy.expires_at) == (PERIOD.issued_at, PERIOD.expires_at)
        assert copy.status == given.status
        assert (copy.key_storage, copy.assurance) == (KeyStorage.SOFTWARE, Assurance.FULL)
        assert copy.specimen is specimen
        assert holder == HOLDER.point


def test_the_signature_is_over_what_was_planned() -> None:
    for form in COPY_FORMS:
        draft = PACKERS[form].pack(facts(), SIGNER, SeededEntropy("s"))
        signature = SIGNER.sign(draft.to_be_signed())
        assert verify_signature(SIGNER.point, ES256, draft.to_be_signed(), signature)
        text = draft.finish(signature)
        if form is Form.SD_JWT_VC:
            assert read_credential(text).sd_jwt.jws.signing_input == draft.to_be_signed()
        elif form is Form.MDOC:
            issued = read_issuer_signed(base64url.decode(text))
            assert issued.issuer_auth.to_be_signed() == draft.to_be_signed()
        else:
            assert unpack.read_sd_cwt(base64url.decode(text)).sign1.to_be_signed() == draft.to_be_signed()


def test_an_mdoc_holds_the_elements_of_the_person_and_names_its_signer() -> None:
    issued = read_issuer_signed(base64url.decode(issue(Form.MDOC, facts())))
    check_digests(issued)
    shown = {item.element: item.value for item in issued.namespaces[NAMESPACE]}
    assert shown == mdoc_elements(a_person(), as_of=day_of(PERIOD.issued_at))
    assert (issued.terms.doctype, issued.mso.valid_from) == (DOCTYPE, PERIOD.issued_at)
    assert issued.chain == SIGNER.certificates


def test_two_mdocs_of_one_person_share_no_random_and_no_digest() -> None:
    one, other = (read_issuer_signed(base64url.decode(issue(Form.MDOC, facts(), seed))) for seed in "ab")
    digests = [set(issued.mso.digests[NAMESPACE].values()) for issued in (one, other)]
    assert not digests[0] & digests[1]


def test_both_forms_disclose_the_same_person() -> None:
    qr = unpack.open_disclosures(unpack.read_sd_cwt(base64url.decode(issue(Form.QR, facts()))))
    online = open_disclosures(read_credential(issue(Form.SD_JWT_VC, facts())))
    assert set(qr) == set(GROUPS)
    assert read_group(Group.NAME, dict(qr[Group.NAME]))[1] == online["full_name"] == "样小明"
    assert qr[Group.CITIZEN_NUMBER][1] == online["personal_administrative_number"]


def test_age_answers_are_as_of_the_monday_the_copy_is_dated_to() -> None:
    # Eighteen on the Tuesday of that week: not yet on its Monday.
    given = facts(birth=date(2008, 11, 17))
    assert PERIOD.issued_at == 1_794_787_200
    qr = unpack.open_disclosures(unpack.read_sd_cwt(base64url.decode(issue(Form.QR, given))))
    online = open_disclosures(read_credential(issue(Form.SD_JWT_VC, given)))
    assert qr[Group.AGE_18] == {18: False}
    ages = online["age_equal_or_over"]
    assert isinstance(ages, dict)
    assert ages["18"] is False


def test_iss_is_there_only_when_given() -> None:
    assert read_credential(issue(Form.SD_JWT_VC, facts())).terms.issuer is None
    named = read_credential(issue(Form.SD_JWT_VC, facts(issuer="https://id.example.test/issuer")))
    assert named.terms.issuer == "https://id.example.test/issuer"


def test_subject_and_salts_are_fresh_for_each_copy() -> None:
    texts = {unpack.read_sd_cwt(base64url.decode(issue(Form.QR, facts(), seed))).claims.subject for seed in "abc"}
    assert len(texts) == 3
