"""PyPI ``pymdoccbor`` and npm ``@owf/mdoc`` as independent judges of our mdocs, each shown a corrupted copy first.

``pymdoccbor`` asks the system's clock, so what is judged here is made today. It does not look at what the device signs;
``pycose`` does that beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import cbor2
import pytest
from cbor2 import CBORTag

from core.clock import SystemClock
from core.reasons import Reason
from formats.dataset import mdoc_elements
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.mdoc.device_response import (
    check_device_mac,
    check_device_signature,
    present,
    present_with_mac,
    read_device_response,
)
from formats.mdoc.issuer_signed import (
    check_digests,
    check_issuer_signature,
    check_signed_within,
    check_validity,
    draft_issuer_signed,
    read_issuer_signed,
    select,
)
from formats.mdoc.model import DOCTYPE, MdocTerms, UnverifiedIssuerSigned
from formats.mdoc.session_transcript import browser_transcript, redirect_transcript
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from keys.certificates import Root, Validity
from keys.signing import InProcessSigner
from tests.builders.people import a_person
from tests.builders.refusals import refused
from tests.builders.trust import BUREAU, DAY, PUBLIC_URL, bare_trust, document_signer, national_root, seeded_signer
from tests.fakes.seeded_entropy import SeededEntropy
from tests.judges.child import Judge, JudgeRefused
from tests.judges.keys import flipped, private, public

SHOWN: Final = ("full_name", "portrait", "birth_date", "age_over_18", "sex")
STATUS: Final = {"idx": 4711, "uri": f"{PUBLIC_URL}/status/{BUREAU}/1"}
HOLDER: Final = seeded_signer("holder")
READER: Final = seeded_signer("reader's ephemeral")
REDIRECT: Final = {
    "client_id": "x509_hash:UQ5sW3j5",
    "nonce": "n-0S6_WzA2Mj",
    "response_uri": "https://v.example.test/r",
}
TRANSCRIPT: Final = redirect_transcript(**REDIRECT, jwk_thumbprint=None)
OTHER_TRANSCRIPT: Final = redirect_transcript(**{**REDIRECT, "nonce": "another"}, jwk_thumbprint=None)


@dataclass(frozen=True, slots=True)
class Today:
    """A root, a signer and one copy, all valid at this moment."""

    now: int
    root: Root
    signer: InProcessSigner
    elements: dict[str, ForeignValue]
    issued: bytes


@cache
def today() -> Today:
    now = SystemClock().now()
    root = national_root()
    signer = document_signer(root, validity=Validity(now - 2 * DAY, now + 400 * DAY))
    elements = mdoc_elements(a_person(), as_of=datetime.fromtimestamp(now, UTC).date())
    terms = MdocTerms(
        DOCTYPE,
        now - DAY,
        now + 20 * DAY,
        HOLDER.point,
        StatusReference(str(STATUS["uri"]), 4711),
        KeyStorage.SOFTWARE,
        Assurance.FULL,
        specimen=True,
    )
    draft = draft_issuer_signed(elements, terms, entropy=SeededEntropy("mdoc"), signer=signer)
    return Today(now, root, signer, elements, draft.finish(signer.sign(draft.to_be_signed())))


def spelled(value: Any) -> Any:
    """A value of ours as the judges spell it."""
    if isinstance(value, CBORTag):
        return value.value
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def expected(names: tuple[str, ...] | None = None) -> dict[str, Any]:
    found = {name: spelled(value) for name, value in today().elements.items()}
    return found if names is None else {name: found[name] for name in names}


def read_by_pymdoccbor(judge: Judge, issued: bytes) -> Any:
    root = today().root.certificate.hex()
    found = judge.ask("pymdoccbor_verify", issuer_signed=issued.hex(), doctype=DOCTYPE, root=root)
    return dict(found[DOCTYPE])


def read_by_owf(judge: Judge, issued: bytes, **changes: Any) -> Any:
    asked = {"root": today().root.certificate.hex(), "now": today().now}
    found = judge.ask("mdoc_verify_issuer_signed", issuerSigned=issued.hex(), **{**asked, **changes})
    return found["elements"][DOCTYPE]


def another_value(data: bytes) -> bytes:
    """One character of the name replaced: the issuer's signature still holds, the digest no longer does."""
    name = "样小明".encode()
    assert data.count(name) == 1
    return data.replace(name, "样大明".encode())


BENT: Final[dict[str, Callable[[bytes], bytes]]] = {
    "a bit of the signature": lambda issued: flipped(issued, -20),
    "a bit of the MSO": lambda issued: flipped(issued, issued.index(b"SHA-256") + 300),
    "another value": another_value,
}


@pytest.mark.parametrize("names", [None, SHOWN, ("full_name",)])
def test_pymdoccbor_verifies_what_we_issue(judge_in_python: Judge, names: tuple[str, ...] | None) -> None:
    issued = today().issued if names is None else select(today().issued, names)
    for bend in BENT.values():
        with pytest.raises(JudgeRefused):
            read_by_pymdoccbor(judge_in_python, bend(issued))
    assert read_by_pymdoccbor(judge_in_python, issued) == expected(names)


@pytest.mark.parametrize("names", [None, SHOWN, ("full_name",)])
def test_owf_mdoc_verifies_what_we_issue(judge_in_node: Judge, names: tuple[str, ...] | None) -> None:
    issued = today().issued if names is None else select(today().issued, names)
    for bend in BENT.values():
        with pytest.raises(JudgeRefused):
            read_by_owf(judge_in_node, bend(issued))
    assert read_by_owf(judge_in_node, issued) == expected(names)


def test_both_libraries_refuse_another_root(judge_in_python: Judge, judge_in_node: Judge) -> None:
    other = national_root("other").certificate.hex()
    with pytest.raises(JudgeRefused):
        judge_in_python.ask("pymdoccbor_verify", issuer_signed=today().issued.hex(), doctype=DOCTYPE, root=other)
    with pytest.raises(JudgeRefused):
        read_by_owf(judge_in_node, today().issued, root=other)


def test_owf_mdoc_refuses_our_copy_before_and_after_its_time(judge_in_node: Judge) -> None:
    for instant in (today().now - 2 * DAY, today().now + 21 * DAY):
        with pytest.raises(JudgeRefused):
            read_by_owf(judge_in_node, today().issued, now=instant)
    assert read_by_owf(judge_in_node, today().issued, now=today().now + 19 * DAY)


@pytest.mark.parametrize("thumbprint", [None, b"\x69" * 32])
def test_owf_mdoc_makes_the_same_session_transcripts(judge_in_node: Judge, thumbprint: bytes | None) -> None:
    encrypted = thumbprint.hex() if thumbprint else None
    redirect = judge_in_node.ask(
        "mdoc_transcript",
        clientId=REDIRECT["client_id"],
        nonce=REDIRECT["nonce"],
        responseUri=REDIRECT["response_uri"],
        thumbprint=encrypted,
    )
    assert redirect == redirect_transcript(**REDIRECT, jwk_thumbprint=thumbprint).hex()
    browser = judge_in_node.ask("mdoc_transcript", origin="https://v.example.test", nonce="n", thumbprint=encrypted)
    ours = browser_transcript(origin="https://v.example.test", nonce="n", jwk_thumbprint=thumbprint)
    assert browser == ours.hex() != redirect


@pytest.mark.parametrize(
    "transcript",
    [
        TRANSCRIPT,
        redirect_transcript(**REDIRECT, jwk_thumbprint=b"\x69" * 32),
        browser_transcript(origin="https://v.example.test", nonce="n", jwk_thumbprint=None),
    ],
    ids=["redirect", "encrypted", "browser"],
)
def test_owf_mdoc_verifies_what_we_present(judge_in_node: Judge, transcript: bytes) -> None:
    response = present(today().issued, SHOWN, transcript=transcript, signer=HOLDER)
    by_another = present(today().issued, SHOWN, transcript=transcript, signer=READER)

    def read(data: bytes, session: bytes) -> Any:
        asked = {"root": today().root.certificate.hex(), "now": today().now}
        return judge_in_node.ask("mdoc_verify_response", response=data.hex(), transcript=session.hex(), **asked)

    # The device's signature ends before the status, which closes the response.
    for data, session in (
        (flipped(response, -20), transcript),
        (another_value(response), transcript),
        (by_another, transcript),
        (response, OTHER_TRANSCRIPT),
    ):
        with pytest.raises(JudgeRefused):
            read(data, session)
    (shown,) = read(response, transcript)["elements"]
    assert shown == {DOCTYPE: expected(SHOWN)}


def test_pymdoccbor_verifies_the_issued_part_of_what_we_present(judge_in_python: Judge) -> None:
    response = present(today().issued, SHOWN, transcript=TRANSCRIPT, signer=HOLDER)
    asked = {"root": today().root.certificate.hex()}
    with pytest.raises(JudgeRefused):
        judge_in_python.ask("pymdoccbor_verify_response", response=another_value(response).hex(), **asked)
    found = judge_in_python.ask("pymdoccbor_verify_response", response=response.hex(), **asked)
    assert dict(found[DOCTYPE]) == expected(SHOWN)


def device_authentication(transcript: bytes) -> bytes:
    """What the device signs, put together by the foreign encoder."""
    nothing = CBORTag(24, cbor2.dumps({}))
    return b"\x84" + cbor2.dumps("DeviceAuthentication") + transcript + cbor2.dumps(DOCTYPE) + cbor2.dumps(nothing)


def device_auth_of(response: bytes, kind: str) -> bytes:
    document = cbor2.loads(response)["documents"][0]
    return cbor2.dumps(document["deviceSigned"]["deviceAuth"][kind])


def test_pycose_verifies_our_device_signature(judge_in_python: Judge) -> None:
    response = present(today().issued, SHOWN, transcript=TRANSCRIPT, signer=HOLDER)

    def read(token: bytes, transcript: bytes) -> Any:
        covered = cbor2.dumps(CBORTag(24, device_authentication(transcript)))
        return judge_in_python.ask(
            "pycose_sign1_read", token=token.hex(), jwk=public(HOLDER), tagged=False, detached=covered.hex()
        )

    signature = device_auth_of(response, "deviceSignature")
    for token, transcript in ((flipped(signature, -20), TRANSCRIPT), (signature, OTHER_TRANSCRIPT)):
        with pytest.raises(JudgeRefused):
            read(token, transcript)
    assert read(signature, TRANSCRIPT) is None


def mac_of(transcript: bytes = TRANSCRIPT) -> bytes:
    return present_with_mac(
        today().issued,
        SHOWN,
        transcript=transcript,
        holder_private=HOLDER.private_key,
        reader_point=READER.point,
    )


def test_pycose_verifies_our_device_mac(judge_in_python: Judge) -> None:
    mac0 = device_auth_of(mac_of(), "deviceMac")

    def read(token: bytes, transcript: bytes, reader: InProcessSigner = READER) -> Any:
        return judge_in_python.ask(
            "pycose_device_mac",
            mac0=token.hex(),
            device_authentication=device_authentication(transcript).hex(),
            transcript=transcript.hex(),
            jwk=public(HOLDER),
            reader=private(reader),
        )

    for token, transcript, reader in (
        (flipped(mac0, -5), TRANSCRIPT, READER),
        (mac0, OTHER_TRANSCRIPT, READER),
        (mac0, TRANSCRIPT, seeded_signer("another reader")),
    ):
        with pytest.raises(JudgeRefused):
            read(token, transcript, reader)
    assert read(mac0, TRANSCRIPT) is True


def test_owf_mdoc_verifies_our_device_mac(judge_in_node: Judge) -> None:
    def read(data: bytes, transcript: bytes, reader: InProcessSigner = READER) -> Any:
        return judge_in_node.ask(
            "mdoc_verify_device_mac", response=data.hex(), transcript=transcript.hex(), reader=private(reader)
        )

    for data, transcript, reader in (
        (flipped(mac_of(), -12), TRANSCRIPT, READER),
        (mac_of(), OTHER_TRANSCRIPT, READER),
        (mac_of(), TRANSCRIPT, seeded_signer("another reader")),
    ):
        with pytest.raises(JudgeRefused):
            read(data, transcript, reader)
    assert read(mac_of(), TRANSCRIPT) is True


# --- what they issue -------------------------------------------------------------------------------------------------


def asked_of_both() -> dict[str, Any]:
    elements: dict[int | str, ForeignValue] = dict(today().elements.items())
    return {
        "elements": cbor.encode_foreign(elements).hex(),
        "doctype": DOCTYPE,
        "signer": private(today().signer),
        "chain": [certificate.hex() for certificate in today().signer.certificates],
        "device": public(HOLDER),
        "status": STATUS,
    }


def issued_by_pymdoccbor(judge: Judge) -> bytes:
    until = datetime.fromtimestamp(today().now + 20 * DAY, UTC).date().isoformat()
    return bytes.fromhex(judge.ask("pymdoccbor_issue", valid_until=until, **asked_of_both()))


def issued_by_owf(judge: Judge) -> bytes:
    times = {"signed": today().now - DAY, "validUntil": today().now + 20 * DAY}
    return bytes.fromhex(judge.ask("mdoc_issue", **times, **asked_of_both()))


def verify(issued: UnverifiedIssuerSigned) -> None:
    """Every check of an issued mdoc but its status, under our root."""
    now = SystemClock().now()
    issuer = bare_trust(today().root).authorise(
        issued.chain, credential_type=DOCTYPE, issued_at=issued.terms.issued_at, now=now
    )
    check_signed_within(issued, issuer.leaf)
    check_issuer_signature(issued, issuer)
    check_digests(issued)
    check_validity(issued, now=now, tolerance_seconds=30)


def verify_foreign(data: bytes) -> None:
    with refused(Reason.ISSUER_SIGNATURE_INVALID):
        verify(read_issuer_signed(flipped(data, -20)))
    with refused(Reason.DISCLOSURE_UNREFERENCED):
        verify(read_issuer_signed(another_value(data)))
    issued = read_issuer_signed(data)
    verify(issued)
    assert issued.terms.holder_point == HOLDER.point
    assert (issued.terms.status.uri, issued.terms.status.index) == (STATUS["uri"], STATUS["idx"])
    found = {item.element: spelled(item.value) for item in issued.namespaces[DOCTYPE]}
    assert found == expected()


def test_we_verify_what_pymdoccbor_issues(judge_in_python: Judge) -> None:
    verify_foreign(issued_by_pymdoccbor(judge_in_python))


def test_we_verify_what_owf_mdoc_issues(judge_in_node: Judge) -> None:
    verify_foreign(issued_by_owf(judge_in_node))


def test_we_verify_what_owf_mdoc_presents(judge_in_node: Judge) -> None:
    for issued in (today().issued, issued_by_owf(judge_in_node)):
        answer = judge_in_node.ask("mdoc_present", **presenting(issued))
        shown = read_device_response(bytes.fromhex(answer))
        verify(shown.issued)
        for session, point in ((OTHER_TRANSCRIPT, HOLDER.point), (TRANSCRIPT, READER.point)):
            with refused(Reason.HOLDER_SIGNATURE_INVALID):
                check_device_signature(shown, transcript=session, holder_point=point)
        check_device_signature(shown, transcript=TRANSCRIPT, holder_point=shown.issued.terms.holder_point)
        found = {item.element: spelled(item.value) for item in shown.issued.namespaces[DOCTYPE]}
        assert found == expected(SHOWN)


def test_we_verify_the_device_mac_of_owf_mdoc(judge_in_node: Judge) -> None:
    answer = judge_in_node.ask("mdoc_present_with_mac", reader=public(READER), **presenting(today().issued))
    shown = read_device_response(bytes.fromhex(answer))
    verify(shown.issued)
    for session, key in ((OTHER_TRANSCRIPT, READER), (TRANSCRIPT, seeded_signer("another reader"))):
        with refused(Reason.HOLDER_SIGNATURE_INVALID):
            check_device_mac(shown, transcript=session, holder_point=HOLDER.point, reader_key=key.private_key)
    check_device_mac(shown, transcript=TRANSCRIPT, holder_point=HOLDER.point, reader_key=READER.private_key)


def presenting(issued: bytes) -> dict[str, Any]:
    return {
        "issuerSigned": issued.hex(),
        "doctype": DOCTYPE,
        "elements": list(SHOWN),
        "transcript": TRANSCRIPT.hex(),
        "holder": private(HOLDER),
    }
