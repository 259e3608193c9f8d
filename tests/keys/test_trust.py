from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from core.errors import EidError
from core.reasons import Reason
from keys.certificates import Validity
from keys.lifecycle import KeyState
from keys.signing import InProcessSigner, KeyPurpose
from keys.trust import AuthorisedIssuer, TrustAnchor, TrustedSigner, TrustStore
from tests.builders.trust import (
    BUREAU,
    DAY,
    NOW,
    OTHER_BUREAU,
    bare_trust,
    document_signer,
    national_root,
    other_signer,
)

ROOT = national_root()
SIGNER = document_signer(ROOT)
SECOND = document_signer(ROOT, "second")
FOREIGN = document_signer(ROOT, "foreign", bureau=OTHER_BUREAU)
TYPE = "urn:example:1"


def row(signer: InProcessSigner = SIGNER, **changes: Any) -> TrustedSigner:
    found = TrustedSigner(
        point=signer.point,
        certificate=signer.certificates[0],
        bureau=BUREAU,
        name_zh="示例分局",
        name_en="Example Bureau",
        country="CN",
        scope=("6901",),
        types=frozenset({TYPE}),
        valid_from=NOW - DAY,
        retired_at=None,
        state=KeyState.ACTIVE,
    )
    return replace(found, **changes)


def store(*rows: TrustedSigner) -> TrustStore:
    anchor = TrustAnchor(KeyPurpose.NATIONAL_ROOT, ROOT.certificate)
    return TrustStore(anchor, {entry.point: entry for entry in rows}, 7, NOW - DAY, NOW + DAY)


def authorise(trust: TrustStore, signer: InProcessSigner = SIGNER, **changes: Any) -> AuthorisedIssuer:
    terms: dict[str, Any] = {"credential_type": TYPE, "issued_at": NOW, "now": NOW, **changes}
    return trust.authorise(signer.certificates, **terms)


def reason_of(act: Callable[[], object]) -> Reason:
    with pytest.raises(EidError) as caught:
        act()
    return caught.value.reason


def test_a_listed_active_signer_may_sign() -> None:
    issuer = authorise(store(row()))
    assert (issuer.point, issuer.bureau) == (SIGNER.point, BUREAU)
    assert issuer.signer == row()


def test_a_bare_root_admits_every_document_signer_below_it() -> None:
    issuer = authorise(bare_trust(ROOT), credential_type="any")
    assert (issuer.signer, issuer.bureau) == (None, BUREAU)
    assert bare_trust(ROOT).anchor.specimen


def test_a_retired_key_still_vouches_for_what_it_signed_before() -> None:
    for state in (KeyState.STATUS_ONLY, KeyState.DESTROYED):
        trust = store(row(state=state, retired_at=NOW))
        authorise(trust, issued_at=NOW)
        assert reason_of(partial(authorise, trust, issued_at=NOW + 1)) is Reason.ISSUER_KEY_OUT_OF_PERIOD


@pytest.mark.parametrize("state", [KeyState.STATUS_ONLY, KeyState.DESTROYED])
def test_a_key_that_no_longer_issues_and_does_not_say_since_when_vouches_for_nothing(state: KeyState) -> None:
    assert reason_of(lambda: authorise(store(row(state=state)))) is Reason.ISSUER_KEY_OUT_OF_PERIOD


@pytest.mark.parametrize(
    "changes",
    [{"state": KeyState.PLANNED}, {"state": KeyState.DESTROYED, "retired_at": NOW}, {"valid_from": NOW + 1}],
    ids=str,
)
def test_a_key_that_signs_no_lists_now_speaks_for_no_credential(changes: dict[str, Any]) -> None:
    issuer = authorise(store(row()))
    listed = store(row(**changes))
    with_it = lambda: listed.authorise_status(SIGNER.certificates, issuer=issuer, now=NOW)
    assert reason_of(with_it) is Reason.ISSUER_KEY_OUT_OF_PERIOD
    retired = store(row(state=KeyState.STATUS_ONLY, retired_at=NOW))
    assert retired.authorise_status(SIGNER.certificates, issuer=issuer, now=NOW).point == SIGNER.point


def test_a_key_signs_lists_from_the_first_second_of_its_time() -> None:
    listed = store(row(valid_from=NOW))
    issuer = authorise(listed)
    assert listed.authorise_status(SIGNER.certificates, issuer=issuer, now=NOW).point == SIGNER.point


def test_refuses_what_was_issued_before_the_keys_first_day() -> None:
    trust = store(row())
    authorise(trust, issued_at=NOW - DAY)
    assert reason_of(lambda: authorise(trust, issued_at=NOW - DAY - 1)) is Reason.ISSUER_KEY_OUT_OF_PERIOD


def test_refuses_a_planned_key() -> None:
    assert reason_of(lambda: authorise(store(row(state=KeyState.PLANNED)))) is Reason.ISSUER_KEY_OUT_OF_PERIOD


def test_refuses_a_compromised_key_whatever_the_date() -> None:
    trust = store(row(state=KeyState.COMPROMISED, types=frozenset()))
    for issued_at in (0, NOW, NOW + DAY):
        assert reason_of(partial(authorise, trust, issued_at=issued_at)) is Reason.ISSUER_KEY_WITHDRAWN


def test_refuses_a_type_the_list_does_not_admit() -> None:
    trust = store(row())
    for other in ("urn:example:2", "URN:EXAMPLE:1", ""):
        assert reason_of(partial(authorise, trust, credential_type=other)) is Reason.ISSUER_NOT_AUTHORISED


def test_refuses_a_signer_that_is_not_listed() -> None:
    assert reason_of(lambda: authorise(store())) is Reason.ISSUER_UNKNOWN
    assert reason_of(lambda: authorise(store(row()), SECOND)) is Reason.ISSUER_UNKNOWN


def test_refuses_another_certificate_of_a_listed_key() -> None:
    renewed = document_signer(ROOT, validity=Validity(NOW - 2 * DAY, NOW + 100 * DAY))
    assert renewed.point == SIGNER.point
    assert reason_of(lambda: authorise(store(row()), renewed)) is Reason.ISSUER_UNKNOWN


def test_refuses_a_key_listed_under_another_bureau() -> None:
    assert reason_of(lambda: authorise(store(row(bureau=OTHER_BUREAU)))) is Reason.ISSUER_NOT_AUTHORISED


def test_refuses_certificates_of_other_kinds_and_an_empty_chain() -> None:
    bundle = other_signer(ROOT, KeyPurpose.BUNDLE_SIGNER)
    assert reason_of(lambda: authorise(store(row(bundle)), bundle)) is Reason.CERTIFICATE_INVALID
    assert reason_of(lambda: authorise(store(row()), SIGNER.with_certificates())) is Reason.CERTIFICATE_INVALID


def test_refuses_an_expired_certificate() -> None:
    assert reason_of(lambda: authorise(store(row()), now=NOW + 401 * DAY)) is Reason.CERTIFICATE_EXPIRED


def test_a_status_list_counts_under_the_same_bureau_only() -> None:
    trust = store(row(), row(SECOND), row(FOREIGN, bureau=OTHER_BUREAU))
    issuer = authorise(trust)
    for signer in (SIGNER, SECOND):
        assert trust.authorise_status(signer.certificates, issuer=issuer, now=NOW).point == signer.point
    foreign = lambda: trust.authorise_status(FOREIGN.certificates, issuer=issuer, now=NOW)
    assert reason_of(foreign) is Reason.STATUS_WRONG_BUREAU
    withdrawn = store(row(), row(SECOND, state=KeyState.COMPROMISED))
    second = lambda: withdrawn.authorise_status(SECOND.certificates, issuer=issuer, now=NOW)
    assert reason_of(second) is Reason.ISSUER_KEY_WITHDRAWN
