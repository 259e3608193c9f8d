from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.entropy import SystemEntropy
from core.errors import EidError, Unavailable
from core.reasons import Reason
from formats.dataset import Group
from formats.encoding import base64url, json
from formats.mdoc.issuer_signed import select as select_elements
from formats.mdoc.model import DOCTYPE
from formats.sd_cwt.select import select
from keys.signing import InProcessSigner
from protocols.openid4vci.credential import CredentialRequest
from protocols.openid4vci.proof import check_key_proof
from tests.builders import trust as trust_builder
from tests.builders.people import BUREAU_NAME_EN, BUREAU_NAME_ZH, a_person
from tests.builders.qr import DAY, MONDAY
from tests.wallet_client.fake_issuer import CODE, ISSUER, PLACE, TX_CODE, FakeIssuer, answer, refusal
from tests.wallet_client.homes import open_store
from wallet_client.ports import HttpAnswer
from wallet_client.wallet import Wallet

ALL = {"qr": 10, "sd-jwt-vc": 3, "mdoc": 3}
TOKEN, NONCE, CREDENTIAL = "/issuer/token", "/issuer/nonce", "/issuer/credential"
ISSUER_METADATA = "/.well-known/openid-credential-issuer/issuer"
SERVER_METADATA = "/.well-known/oauth-authorization-server/issuer"


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer()


def a_wallet(home: Path, issuer: FakeIssuer) -> Wallet:
    store = open_store(home, clock=issuer.watch)
    return Wallet(store, clock=issuer.watch, entropy=SystemEntropy(), connect=issuer.connect)


def reason_of(action: Callable[[], object]) -> Reason:
    with pytest.raises(EidError) as caught:
        action()
    return caught.value.reason


def copies(wallet: Wallet) -> dict[str, int]:
    return {one.form: one.unshown for one in wallet.list()[0].copies}


def proofs_sent(issuer: FakeIssuer) -> list[str]:
    bodies = [request.body for request in issuer.requests if request.url.endswith("/credential")]
    asked = [CredentialRequest.read_json(body, max_bytes=1 << 20) for body in bodies]
    return [proof for message in asked for proof in message.proof_texts()]


def test_an_offer_becomes_ten_qr_copies_and_three_of_each_online_form(tmp_path: Path, issuer: FakeIssuer) -> None:
    wallet = a_wallet(tmp_path, issuer)
    accepted = wallet.accept(issuer.offer(), TX_CODE)
    assert copies(wallet) == ALL
    assert (accepted.credential.bureau_zh, accepted.credential.bureau_en) == (BUREAU_NAME_ZH, BUREAU_NAME_EN)
    assert accepted.credential.complete
    assert accepted.root_is_new
    assert accepted.specimen
    assert len(accepted.root_fingerprint) == 64


def test_every_copy_has_a_key_of_its_own_and_each_key_signs_one_proof(tmp_path: Path, issuer: FakeIssuer) -> None:
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    points = [check_key_proof(proof, audience=ISSUER, now=issuer.watch.now()).point for proof in proofs_sent(issuer)]
    assert len(points) == len(set(points)) == 16
    held = wallet._store.copies()
    assert {InProcessSigner.from_scalar(copy.record.scalar).point for copy in held} == set(points)


def test_an_offer_comes_by_reference_as_json_in_a_file_or_at_an_address(tmp_path: Path) -> None:
    offer = FakeIssuer().offer()
    as_json = json.encode(FakeIssuer()._offer().to_wire()).decode()
    (tmp_path / "link").write_text(offer + "\n")
    (tmp_path / "json").write_text(as_json)
    for number, text in enumerate([
        FakeIssuer().offer_by_reference(), as_json, f"{ISSUER}/offers/one", str(tmp_path / "link"), str(tmp_path / "json"),
    ]):  # fmt: skip
        wallet = a_wallet(tmp_path / f"home{number}", FakeIssuer())
        wallet.accept(text, TX_CODE)
        assert copies(wallet) == ALL


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "{}", "{", "openid-credential-offer://?x=1", "openid-credential-offer://?credential_offer={}"],
)
def test_refuses_what_is_no_offer(tmp_path: Path, issuer: FakeIssuer, text: str) -> None:
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(text)) in {
        Reason.OFFER_MALFORMED,
        Reason.ADDRESS_NOT_ALLOWED,
    }


def test_refuses_an_offer_that_names_an_issuer_elsewhere(tmp_path: Path, issuer: FakeIssuer) -> None:
    wire = issuer._offer().to_wire() | {"credential_issuer": "https://other.example/issuer"}
    issuer.replies["/issuer/offers/one"] = answer(200, wire)
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer_by_reference())) is Reason.OFFER_MALFORMED


def test_refuses_an_offer_that_is_not_json_by_its_content_type(tmp_path: Path, issuer: FakeIssuer) -> None:
    body = json.encode(issuer._offer().to_wire())
    issuer.replies["/issuer/offers/one"] = HttpAnswer(200, "text/plain", body)
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer_by_reference())) is Reason.OFFER_MALFORMED


def test_an_offer_that_is_gone_is_unknown(tmp_path: Path, issuer: FakeIssuer) -> None:
    issuer.replies["/issuer/offers/one"] = answer(404, {})
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer_by_reference())) is Reason.OFFER_UNKNOWN


def test_one_form_alone_is_accepted(tmp_path: Path) -> None:
    issuer = FakeIssuer(configurations=("resident_id_qr", "something_else"))
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    assert copies(wallet) == {"qr": 10}


def test_refuses_an_offer_of_unknown_forms_only(tmp_path: Path) -> None:
    issuer = FakeIssuer(configurations=("something_else", "not announced"))
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.CONFIGURATION_UNKNOWN
    assert issuer.codes_tried == 0


def test_a_small_batch_size_takes_more_requests(tmp_path: Path) -> None:
    issuer = FakeIssuer(batch_size=4)
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    assert copies(wallet) == ALL
    assert issuer.asked(CREDENTIAL) == 5


# --- the transaction code


def test_a_missing_or_unexpected_code_is_noticed_before_a_try_is_used_up(tmp_path: Path, issuer: FakeIssuer) -> None:
    assert reason_of(lambda: a_wallet(tmp_path / "a", issuer).accept(issuer.offer())) is Reason.TX_CODE_MISSING
    without = FakeIssuer(tx_code=None)
    assert (
        reason_of(lambda: a_wallet(tmp_path / "b", without).accept(without.offer(), "1")) is Reason.TX_CODE_UNEXPECTED
    )
    assert issuer.codes_tried == without.codes_tried == 0


def test_after_a_wrong_code_the_right_one_goes_on(tmp_path: Path, issuer: FakeIssuer) -> None:
    wallet = a_wallet(tmp_path, issuer)
    assert reason_of(lambda: wallet.accept(issuer.offer(), "000000")) is Reason.TX_CODE_WRONG
    wallet.accept(issuer.offer(), TX_CODE)
    assert copies(wallet) == ALL
    assert len(wallet.list()) == 1


def test_an_issuer_that_gives_only_the_code_leaves_the_likeliest_reason(tmp_path: Path, issuer: FakeIssuer) -> None:
    issuer.replies[TOKEN] = answer(400, {"error": "invalid_grant"})
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.TX_CODE_WRONG
    issuer.replies[TOKEN] = refusal(Reason.OFFER_DEAD, "invalid_grant")
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.OFFER_DEAD
    # A sentence of another row does not make it that row: the wire code bounds what it can be.
    issuer.replies[TOKEN] = refusal(Reason.PIN_MISSING, "invalid_grant")
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.TX_CODE_WRONG


def test_the_same_offer_is_accepted_once(tmp_path: Path, issuer: FakeIssuer) -> None:
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    assert reason_of(lambda: wallet.accept(issuer.offer(), TX_CODE)) is Reason.OFFER_USED
    other = a_wallet(tmp_path / "other", issuer)
    assert reason_of(lambda: other.accept(issuer.offer(), TX_CODE)) is Reason.OFFER_USED


# --- DPoP


def test_a_server_may_want_its_own_nonce_in_the_proofs(tmp_path: Path) -> None:
    issuer = FakeIssuer(wants_dpop_nonce=True)
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    assert copies(wallet) == ALL
    assert issuer.asked(TOKEN) == 2
    assert issuer.asked(CREDENTIAL) == 4


def test_a_server_that_is_never_content_with_its_nonce_is_left(tmp_path: Path, issuer: FakeIssuer) -> None:
    issuer.replies[TOKEN] = answer(400, {"error": "use_dpop_nonce"}, dpop_nonce="again")
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID
    assert issuer.asked(TOKEN) == 2


def test_refuses_a_token_that_is_not_bound_to_the_wallets_key(tmp_path: Path, issuer: FakeIssuer) -> None:
    issuer.replies[TOKEN] = answer(200, {"access_token": "a", "token_type": "Bearer", "expires_in": 300})
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID


# --- metadata


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (ISSUER_METADATA, {"credential_issuer": ISSUER + "/"}),
        (ISSUER_METADATA, {"credential_endpoint": "https://other.example/credential"}),
        (ISSUER_METADATA, {"nonce_endpoint": "http://eid.example/issuer/nonce"}),
        (ISSUER_METADATA, {"nonce_endpoint": None}),
        (ISSUER_METADATA, {"authorization_servers": ["https://other.example"]}),
        (SERVER_METADATA, {"issuer": "https://other.example"}),
        (SERVER_METADATA, {"token_endpoint": "https://eid.example:8443/token"}),
        (SERVER_METADATA, {"dpop_signing_alg_values_supported": ["RS256"]}),
    ],
)
def test_refuses_metadata_that_leads_elsewhere_or_drops_protection(
    tmp_path: Path, issuer: FakeIssuer, path: str, change: dict[str, Any]
) -> None:
    good = json.decode(issuer._handle(path, None).body, max_bytes=1 << 20)  # type: ignore[arg-type]  # the fake needs no more
    assert isinstance(good, dict)
    issuer.replies[path] = answer(200, good | change)
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID
    assert issuer.asked(TOKEN) == issuer.asked(NONCE) == 0


@pytest.mark.parametrize("path", [ISSUER_METADATA, SERVER_METADATA, TOKEN, NONCE, CREDENTIAL])
@pytest.mark.parametrize(
    "reply",
    [
        HttpAnswer(200, "text/html", b"<html>"),
        HttpAnswer(200, "application/json", b"{"),
        HttpAnswer(200, "application/json", b"[]"),
        HttpAnswer(200, "application/json", b'{"a":1,"a":2}'),
        HttpAnswer(302, "application/json", b"{}"),
        HttpAnswer(404, "application/json", b"{}"),
        HttpAnswer(400, "text/html", b"<html>"),
        HttpAnswer(202, "application/json", b'{"transaction_id":"1","interval":5}'),
    ],
)
def test_refuses_answers_of_another_shape(tmp_path: Path, issuer: FakeIssuer, path: str, reply: HttpAnswer) -> None:
    issuer.replies[path] = reply
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID


@pytest.mark.parametrize(
    "path", [ISSUER_METADATA, SERVER_METADATA, TOKEN, NONCE, CREDENTIAL, "/trust/list", "/trust/root.pem"]
)
def test_a_server_in_trouble_is_unreachable_not_wrong(tmp_path: Path, issuer: FakeIssuer, path: str) -> None:
    issuer.replies[path] = HttpAnswer(503, "text/html", b"busy")
    with pytest.raises(Unavailable):
        a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)


# --- broken off and taken up again

STEPS = [ISSUER_METADATA, SERVER_METADATA, "/trust/root.pem", "/trust/list", TOKEN, NONCE, CREDENTIAL]


@pytest.mark.parametrize("path", STEPS)
def test_a_request_that_was_lost_is_made_again_by_the_next_accept(
    tmp_path: Path, issuer: FakeIssuer, path: str
) -> None:
    issuer.lose = [path]
    wallet = a_wallet(tmp_path, issuer)
    with pytest.raises(Unavailable):
        wallet.accept(issuer.offer(), TX_CODE)
    # Another process, after a crash: nothing but the file is left.
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    assert copies(wallet) == ALL
    assert issuer.codes_tried == 1
    assert len(wallet.list()) == 1


@pytest.mark.parametrize(
    "path", [ISSUER_METADATA, SERVER_METADATA, "/trust/root.pem", "/trust/list", NONCE, CREDENTIAL]
)
def test_an_answer_that_was_lost_costs_keys_but_no_copy_twice(tmp_path: Path, issuer: FakeIssuer, path: str) -> None:
    issuer.forget = [path]
    wallet = a_wallet(tmp_path, issuer)
    with pytest.raises(Unavailable):
        wallet.accept(issuer.offer(), TX_CODE)
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    assert copies(wallet) == ALL
    proofs = proofs_sent(issuer)
    points = {check_key_proof(proof, audience=ISSUER, now=issuer.watch.now()).point for proof in proofs}
    assert len(points) == len(set(proofs)), "a key signed two different proofs"


def test_a_lost_token_answer_is_told_as_what_the_issuer_says(tmp_path: Path, issuer: FakeIssuer) -> None:
    issuer.forget = [TOKEN]
    wallet = a_wallet(tmp_path, issuer)
    with pytest.raises(Unavailable):
        wallet.accept(issuer.offer(), TX_CODE)
    assert reason_of(lambda: wallet.accept(issuer.offer(), TX_CODE)) is Reason.OFFER_USED
    proofs = [request.headers["DPoP"] for request in issuer.requests if request.url.endswith("/token")]
    assert len({base64url.decode(proof.split(".")[0]) for proof in proofs}) == 1, "the key was stored before its use"


def test_a_token_that_ran_out_meanwhile_is_renewed(tmp_path: Path, issuer: FakeIssuer) -> None:
    issuer.lose = [NONCE]
    wallet = a_wallet(tmp_path, issuer)
    with pytest.raises(Unavailable):
        wallet.accept(issuer.offer(), TX_CODE)
    issuer.watch.seconds += 3600
    wallet.accept(issuer.offer())
    assert copies(wallet) == ALL
    assert issuer.asked(TOKEN) == 2


def test_a_token_the_issuer_no_longer_takes_is_renewed(tmp_path: Path, issuer: FakeIssuer) -> None:
    issuer.lose = [NONCE]
    wallet = a_wallet(tmp_path, issuer)
    with pytest.raises(Unavailable):
        wallet.accept(issuer.offer(), TX_CODE)
    issuer.access.clear()
    wallet.accept(issuer.offer())
    assert copies(wallet) == ALL


def test_an_accept_that_broke_off_is_listed_as_incomplete(tmp_path: Path, issuer: FakeIssuer) -> None:
    issuer.lose = [CREDENTIAL]
    wallet = a_wallet(tmp_path, issuer)
    with pytest.raises(Unavailable):
        wallet.accept(issuer.offer(), TX_CODE)
    assert [held.complete for held in wallet.list()] == [False]
    assert reason_of(wallet.refresh) is Reason.WALLET_EMPTY


def test_the_code_is_forgotten_once_it_was_redeemed(tmp_path: Path, issuer: FakeIssuer) -> None:
    issuer.lose = [NONCE]
    wallet = a_wallet(tmp_path, issuer)
    with pytest.raises(Unavailable):
        wallet.accept(issuer.offer(), TX_CODE)
    record = wallet._store.issuances()[0].record
    assert record.code == ""
    assert CODE not in repr(record)


# --- what is delivered

Tamper = Callable[[FakeIssuer, bytes], str]


def stranger() -> InProcessSigner:
    return trust_builder.document_signer(trust_builder.national_root("stranger"), "stranger")


def flipped(text: str) -> str:
    octets = bytearray(base64url.decode(text))
    octets[-1] ^= 1
    return base64url.encode(bytes(octets))


QR_FAULTS: dict[str, Tamper] = {
    "not base64url": lambda issuer, point: "!",
    "not CBOR": lambda issuer, point: "AAAA",
    "trailing bytes": lambda issuer, point: base64url.encode(base64url.decode(issuer.qr_copy(point)) + b"\0"),
    "a flipped bit": lambda issuer, point: flipped(issuer.qr_copy(point)),
    "another's key": lambda issuer, point: issuer.qr_copy(InProcessSigner.generate().point),
    "a signer nobody knows": lambda issuer, point: issuer.qr_copy(point, signer=stranger()),
    "the policy signer": lambda issuer, point: issuer.qr_copy(point, signer=issuer.policy_signer),
    "not a specimen": lambda issuer, point: issuer.qr_copy(point, specimen=False),
    "expired": lambda issuer, point: issuer.qr_copy(point, issued_at=MONDAY - 14 * DAY, expires_at=MONDAY),
    "from the future": lambda issuer, point: issuer.qr_copy(point, issued_at=MONDAY + 7 * DAY),
    "before its key": lambda issuer, point: issuer.qr_copy(point, issued_at=trust_builder.NOW // DAY * DAY - DAY),
    "the other form": lambda issuer, point: issuer.online_copy(point),
    "a disclosure kept back": lambda issuer, point: base64url.encode(
        select(base64url.decode(issuer.qr_copy(point)), [Group.NAME])
    ),
    "no name": lambda issuer, point: issuer.qr_copy_without(point, Group.NAME),
    "no age answer": lambda issuer, point: issuer.qr_copy_without(point, Group.AGE_18),
}
ONLINE_FAULTS: dict[str, Tamper] = {
    "not a token": lambda issuer, point: "a.b.c~",
    "a flipped bit": lambda issuer, point: issuer.online_copy(point).replace("~", "A~", 1),
    "another's key": lambda issuer, point: issuer.online_copy(InProcessSigner.generate().point),
    "a signer nobody knows": lambda issuer, point: issuer.online_copy(point, signer=stranger()),
    "not a specimen": lambda issuer, point: issuer.online_copy(point, specimen=False),
    "another type": lambda issuer, point: issuer.online_copy(point, vct="urn:eid:cn:other:1"),
    "expired": lambda issuer, point: issuer.online_copy(point, issued_at=MONDAY - 28 * DAY, expires_at=MONDAY),
    "from the future": lambda issuer, point: issuer.online_copy(point, issued_at=MONDAY + 7 * DAY),
    "a key binding": lambda issuer, point: issuer.online_copy(point) + "a.b.c",
    "a claim kept back": lambda issuer, point: without_disclosure(issuer.online_copy(point), "full_name"),
    "the other form": lambda issuer, point: issuer.qr_copy(point),
}
MDOC_FAULTS: dict[str, Tamper] = {
    "not base64url": lambda issuer, point: "!",
    "not CBOR": lambda issuer, point: "AAAA",
    "trailing bytes": lambda issuer, point: base64url.encode(base64url.decode(issuer.mdoc_copy(point)) + b"\0"),
    "a flipped bit": lambda issuer, point: flipped(issuer.mdoc_copy(point)),
    "another name": lambda issuer, point: base64url.encode(
        base64url.decode(issuer.mdoc_copy(point)).replace("样小明".encode(), "样小暗".encode())
    ),
    "another's key": lambda issuer, point: issuer.mdoc_copy(InProcessSigner.generate().point),
    "a signer nobody knows": lambda issuer, point: issuer.mdoc_copy(point, signer=stranger()),
    "not a specimen": lambda issuer, point: issuer.mdoc_copy(point, specimen=False),
    "another type": lambda issuer, point: issuer.mdoc_copy(point, doctype="cn.eid.other.1"),
    "expired": lambda issuer, point: issuer.mdoc_copy(point, issued_at=MONDAY - 28 * DAY, expires_at=MONDAY),
    "from the future": lambda issuer, point: issuer.mdoc_copy(point, issued_at=MONDAY + 7 * DAY),
    "before its key": lambda issuer, point: issuer.mdoc_copy(point, issued_at=trust_builder.NOW // DAY * DAY - DAY),
    "an element kept back": lambda issuer, point: base64url.encode(
        select_elements(base64url.decode(issuer.mdoc_copy(point)), ["full_name"])
    ),
    "no age answer": lambda issuer, point: issuer.mdoc_copy(point, without="age_over_18"),
    "no sex": lambda issuer, point: issuer.mdoc_copy(point, without="sex"),
    "the other form": lambda issuer, point: issuer.qr_copy(point),
}
FAULTS = {"resident_id_qr": QR_FAULTS, "resident_id_sd_jwt_vc": ONLINE_FAULTS, "resident_id_mdoc": MDOC_FAULTS}


def without_disclosure(token: str, name: str) -> str:
    jwt, *disclosures, last = token.split("~")
    kept = [text for text in disclosures if f'"{name}"'.encode() not in base64url.decode(text)]
    assert len(kept) == len(disclosures) - 1
    return "~".join([jwt, *kept, last])


@pytest.mark.parametrize(
    ("configuration", "fault"),
    [(configuration, name) for configuration, faults in FAULTS.items() for name in faults],
)
def test_refuses_a_faulty_copy_and_keeps_none_of_its_batch(tmp_path: Path, configuration: str, fault: str) -> None:
    issuer = FakeIssuer(configurations=(configuration,))
    make, good = FAULTS[configuration][fault], issuer.makes(configuration)
    calls: list[bytes] = []

    def last_is_faulty(point: bytes) -> str:
        calls.append(point)
        return make(issuer, point) if len(calls) == 3 else good(point)

    issuer.tamper = lambda credentials: [last_is_faulty(point) for point in points_asked(issuer)]
    wallet = a_wallet(tmp_path, issuer)
    assert reason_of(lambda: wallet.accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID
    assert wallet._store.copies() == ()
    # An honest answer to the next try is taken.
    issuer.tamper = lambda credentials: credentials
    wallet.accept(issuer.offer())
    assert wallet.list()[0].complete


def test_refuses_a_real_mdoc_of_another_type_under_a_real_root(tmp_path: Path) -> None:
    root = trust_builder.national_root("real", common_name="National Root")
    issuer = FakeIssuer(configurations=("resident_id_mdoc",), root=root, specimen=False)
    issuer.tamper = lambda credentials: [issuer.mdoc_copy(point, doctype=doctype) for point in points_asked(issuer)]
    doctype = "cn.eid.other.1"
    wallet = a_wallet(tmp_path, issuer)
    assert reason_of(lambda: wallet.accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID
    doctype = DOCTYPE
    wallet.accept(issuer.offer())
    assert copies(wallet) == {"mdoc": 3}


def points_asked(issuer: FakeIssuer) -> list[bytes]:
    message = CredentialRequest.read_json(issuer.requests[-1].body, max_bytes=1 << 20)
    return [check_key_proof(proof, audience=ISSUER, now=issuer.watch.now()).point for proof in message.proof_texts()]


@pytest.mark.parametrize(
    "tamper",
    [
        lambda credentials: credentials[:-1],
        lambda credentials: [*credentials, credentials[0]],
        lambda credentials: credentials[::-1],
        lambda credentials: [credentials[0]] * len(credentials),
    ],
)
def test_refuses_another_number_or_order_of_copies(
    tmp_path: Path, issuer: FakeIssuer, tamper: Callable[[list[str]], list[str]]
) -> None:
    issuer.tamper = tamper
    wallet = a_wallet(tmp_path, issuer)
    assert reason_of(lambda: wallet.accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID
    assert wallet._store.copies() == ()


@pytest.mark.parametrize("shared", ["status", "subject"])
def test_refuses_copies_that_can_be_linked(tmp_path: Path, shared: str) -> None:
    issuer = FakeIssuer(configurations=("resident_id_qr",))
    value = getattr(issuer.claims(InProcessSigner.generate().point, days=14), shared)
    issuer.tamper = lambda credentials: [issuer.qr_copy(point, **{shared: value}) for point in points_asked(issuer)]
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID


def test_a_person_without_address_and_portrait_is_complete(tmp_path: Path) -> None:
    issuer = FakeIssuer(person=a_person(address="", division_code=None, qr_portrait=None, portrait=None))
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    assert copies(wallet) == ALL


# --- trust


def test_the_root_is_pinned_once_and_never_fetched_again(tmp_path: Path, issuer: FakeIssuer) -> None:
    wallet = a_wallet(tmp_path, issuer)
    first = wallet.accept(issuer.offer(), TX_CODE)
    wallet.refresh()
    assert issuer.asked("/trust/root.pem") == 1
    assert issuer.asked("/trust/list") == 2
    assert first.root_fingerprint == wallet._store.trust().fingerprint  # type: ignore[union-attr]  # accepted: there is one


def test_refuses_a_trust_list_under_another_root_than_the_pinned_one(tmp_path: Path, issuer: FakeIssuer) -> None:
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    pinned = wallet._store.trust()
    other = FakeIssuer(root=trust_builder.national_root("other"), watch=issuer.watch)
    issuer.replies["/trust/list"] = other._handle("/trust/list", None)  # type: ignore[arg-type]  # the fake needs no more
    assert reason_of(wallet.refresh) is Reason.WALLET_ROOT_CHANGED
    assert wallet._store.trust() == pinned


def test_refuses_an_older_trust_list(tmp_path: Path, issuer: FakeIssuer) -> None:
    wallet = a_wallet(tmp_path, issuer)
    wallet.accept(issuer.offer(), TX_CODE)
    issuer.list_number -= 1
    assert reason_of(wallet.refresh) is Reason.TRUST_LIST_OLDER
    issuer.list_number += 2
    wallet.refresh()
    assert wallet._store.trust().number == 8  # type: ignore[union-attr]  # accepted: there is one


def test_an_offer_that_led_nowhere_pins_no_root_for_ever(tmp_path: Path, issuer: FakeIssuer) -> None:
    false = FakeIssuer(root=trust_builder.national_root("false"), watch=issuer.watch)
    false.tamper = lambda credentials: ["x"] * len(credentials)
    reason_of(lambda: a_wallet(tmp_path, false).accept(false.offer(), TX_CODE))
    wallet = a_wallet(tmp_path, issuer)
    other_offer = json.encode(issuer._offer().to_wire()).decode().replace(CODE, "another-code")
    issuer.code = "another-code"
    accepted = wallet.accept(other_offer, TX_CODE)
    assert accepted.root_is_new
    assert wallet._store.trust().root == issuer.root.certificate  # type: ignore[union-attr]  # accepted: there is one


@pytest.mark.parametrize("body", [b"", b"\xff", b"-----BEGIN CERTIFICATE-----\n", b"two"])
def test_refuses_a_root_that_is_none(tmp_path: Path, issuer: FakeIssuer, body: bytes) -> None:
    good = issuer._handle("/trust/root.pem", None).body  # type: ignore[arg-type]  # the fake needs no more
    issuer.replies["/trust/root.pem"] = HttpAnswer(200, "text/plain", good + good if body == b"two" else body)
    wallet = a_wallet(tmp_path, issuer)
    assert reason_of(lambda: wallet.accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID
    assert wallet._store.trust() is None


def test_refuses_a_leaf_as_root(tmp_path: Path, issuer: FakeIssuer) -> None:
    from keys.certificates import certificates_to_pem

    pem = certificates_to_pem(issuer.signer.certificates)
    issuer.replies["/trust/root.pem"] = HttpAnswer(200, "text/plain", pem)
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID


def test_refuses_an_offer_into_a_private_network(tmp_path: Path, issuer: FakeIssuer) -> None:
    text = issuer.offer().replace("eid.example", "192.168.1.1")
    assert reason_of(lambda: a_wallet(tmp_path, issuer).accept(text, TX_CODE)) is Reason.ADDRESS_NOT_ALLOWED
    assert issuer.requests == []


def test_an_offer_without_a_code_or_for_another_server_is_refused(tmp_path: Path, issuer: FakeIssuer) -> None:
    wire = issuer._offer().to_wire()
    grants = wire.pop("grants")
    wallet = a_wallet(tmp_path, issuer)
    assert reason_of(lambda: wallet.accept(json.encode(wire).decode())) is Reason.GRANT_UNSUPPORTED
    next(iter(grants.values()))["authorization_server"] = PLACE
    assert reason_of(lambda: wallet.accept(json.encode(wire | {"grants": grants}).decode())) is Reason.OFFER_MALFORMED


def test_tampering_is_seen_even_when_the_wallet_stored_half(tmp_path: Path, issuer: FakeIssuer) -> None:
    """The QR copies arrive, the online ones are no good: what is stored stays, and the next try fetches the rest only."""
    issuer.tamper = lambda credentials: credentials if len(credentials) == 10 else ["x"] * len(credentials)
    wallet = a_wallet(tmp_path, issuer)
    assert reason_of(lambda: wallet.accept(issuer.offer(), TX_CODE)) is Reason.ISSUER_ANSWER_INVALID
    assert copies(wallet) == {"qr": 10, "sd-jwt-vc": 0, "mdoc": 0}
    issuer.tamper = lambda credentials: credentials
    wallet.accept(issuer.offer())
    assert copies(wallet) == ALL
    assert replace(wallet.list()[0], copies=()).complete
