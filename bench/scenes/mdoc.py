"""ISO mdoc: twelve elements, five shown in a DeviceResponse with a device signature; issued, and verified online."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Final

from bench import peers
from bench.measuring import Figure, Sampler, Target, block, ratio, repeated
from bench.proving import flipped, prove, prove_green, prove_red
from bench.raw import one_signature, two_verifications
from bench.scenes.sd_jwt_vc import Desk, a_desk, the_holder, the_issuer, the_root
from core.entropy import SystemEntropy
from core.reasons import Reason
from formats.dataset import mdoc_elements
from formats.encoding.cbor import ForeignValue
from formats.mdoc.device_response import present
from formats.mdoc.issuer_signed import (
    check_digests,
    check_issuer_signature,
    draft_issuer_signed,
    element_names,
    read_issuer_signed,
)
from formats.mdoc.model import DOCTYPE, NAMESPACE, MdocTerms
from formats.mdoc.session_transcript import redirect_transcript
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from keys.signing import InProcessSigner
from tests.builders.people import a_person
from tests.builders.trust import BUREAU, DAY, NOW, PUBLIC_URL, bare_trust
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.verdict import Verdict
from verifier.checks.mdoc.case import ExpectedSession
from verifier.mdoc_verification import verify_device_response

_BLOCK: Final = 25
_STATUS: Final = StatusReference(f"{PUBLIC_URL}/status/{BUREAU}/1", 4711)
_CLOCK: Final = ReaderClock(NOW, doubtful=False, confirmed=True)
_NAME: Final = "样小明"
_OTHER_NAME: Final = "样大明"

_NAMES: Final = (
    "full_name",
    "birth_date",
    "personal_administrative_number",
    "number_tail",
    "sex",
    "nationality",
    "ethnicity",
    "ethnicity_code",
    "document_type",
    "document_number",
    "expiry_date",
    "issuing_authority",
)
FIVE: Final = ("full_name", "birth_date", "number_tail", "sex", "ethnicity")


@cache
def the_twelve() -> dict[str, ForeignValue]:
    """The elements of one person."""
    elements = mdoc_elements(a_person(full_name=_NAME), as_of=datetime.fromtimestamp(NOW, UTC).date())
    return {name: elements[name] for name in _NAMES}


@cache
def the_transcript() -> bytes:
    """The session of one request."""
    return _session("n-0S6_WzA2Mj")


def another_session() -> bytes:
    """The session of a request with another nonce."""
    return _session("another")


def _session(nonce: str) -> bytes:
    return redirect_transcript(
        client_id="x509_san_dns:v.example.test",
        nonce=nonce,
        response_uri="https://v.example.test/r",
        jwk_thumbprint=None,
    )


def judged(response: bytes, desk: Desk, transcript: bytes) -> Verdict:
    """Return the verdict on a DeviceResponse. This is the call that is timed."""
    return verify_device_response(
        response,
        expected=ExpectedSession(transcript),
        trust=desk.trust,
        statuses=desk.statuses,
        policy=desk.policy,
        clock=_CLOCK,
    )


def issued(issuer: InProcessSigner, holder: InProcessSigner, **digests: int) -> bytes:
    """Return one signed copy. This is the call that is timed; its decoys are those the product always makes."""
    terms = MdocTerms(
        DOCTYPE,
        NOW - DAY,
        NOW + 20 * DAY,
        holder.point,
        _STATUS,
        KeyStorage.SOFTWARE,
        Assurance.FULL,
        specimen=True,
    )
    draft = draft_issuer_signed(the_twelve(), terms, entropy=SystemEntropy(), signer=issuer, **digests)
    return draft.finish(issuer.sign(draft.to_be_signed()))


def shown(issuer: InProcessSigner) -> bytes:
    """Return five elements as a holder never seen before shows them."""
    holder = InProcessSigner.generate()
    return present(issued(issuer, holder), FIVE, transcript=the_transcript(), signer=holder)


def prove_mdoc(judge: Callable[[bytes, bytes], Verdict], response: bytes) -> None:
    """Demand GREEN, and RED with its reason for a bent signature of either, another value and another session.

    judge: given a response and the transcript of the session.
    """
    prove_green(judge(response, the_transcript()))
    # The issuer's signature ends where deviceSigned begins, the device's before the closing status.
    in_issuer_signature = response.index(b"\x6cdeviceSigned") - 20
    bent = (
        (flipped(response, in_issuer_signature), Reason.ISSUER_SIGNATURE_INVALID),
        (flipped(response, -20), Reason.HOLDER_SIGNATURE_INVALID),
        (response.replace(_NAME.encode(), _OTHER_NAME.encode()), Reason.DISCLOSURE_UNREFERENCED),
    )
    for tampered, reason in bent:
        prove_red(judge(tampered, the_transcript()), reason)
    prove_red(judge(response, another_session()), Reason.HOLDER_SIGNATURE_INVALID)


def verifying() -> list[Figure]:
    """Give the figure of verifying, proven first."""
    desk, response = a_desk(the_issuer()), shown(the_issuer())
    prove_mdoc(lambda data, transcript: judged(data, desk, transcript), response)

    def prepare() -> Callable[[], None]:
        responses = [shown(the_issuer()) for _ in range(_BLOCK)]

        def run() -> None:
            for data in responses:
                judged(data, desk, the_transcript())

        return run

    return [
        Figure(
            name="mdoc-verify",
            measures="mdoc_verification.verify_device_response, 12 elements, 5 shown, device signature, status, policy;"
            " chain known, new holders",
            sample=block(_BLOCK, prepare),
            score=ratio,
            target=Target("x", goal=1.8, floor=3),
            base=two_verifications(),
            others=_peer_verifiers(response),
        )
    ]


def _peer_verifiers(response: bytes) -> dict[str, Sampler]:
    others: dict[str, Sampler] = {}
    root = the_root().certificate
    in_node = peers.npm_mdoc_verifier(response, transcript=the_transcript(), root=root, now=NOW)
    if in_node is not None:
        answer, others["npm @owf/mdoc"] = in_node
        prove(answer["elements"][0][NAMESPACE]["full_name"] == _NAME, "@owf/mdoc reads something else")
    in_python = peers.pymdoccbor_verifier(response, root=root)
    if in_python is not None:
        answer, others["PyPI pymdoccbor, issuer's part"] = in_python
        prove(dict(answer[NAMESPACE])["full_name"] == _NAME, "pymdoccbor reads something else")
    return others


def issuing() -> list[Figure]:
    """Give the figure of issuing, its result verified first."""
    issuer, holder = the_issuer(), the_holder()
    prove_issued(issued(issuer, holder))
    others = {
        "without decoys": repeated(_BLOCK, lambda: issued(issuer, holder, digests=len(_NAMES))),
        **_peer_issuers(issuer, holder),
    }
    return [
        Figure(
            name="mdoc-issue",
            measures="issuer_signed.draft_issuer_signed + sign + finish, 12 elements, 28 digests (16 decoys), x5chain, status",
            sample=repeated(_BLOCK, lambda: issued(issuer, holder)),
            score=ratio,
            target=Target("x", goal=6, floor=10),
            base=one_signature(),
            others=others,
        )
    ]


def _peer_issuers(issuer: InProcessSigner, holder: InProcessSigner) -> dict[str, Sampler]:
    others: dict[str, Sampler] = {}
    in_node = peers.npm_mdoc_issuer(the_twelve(), doctype=DOCTYPE, issuer=issuer, holder=holder, now=NOW)
    if in_node is not None:
        answer, others["npm @owf/mdoc"] = in_node
        prove(_NAME.encode() in bytes.fromhex(answer), "@owf/mdoc issues something else")
    in_python = peers.pymdoccbor_issuer(the_twelve(), doctype=DOCTYPE, issuer=issuer, holder=holder)
    if in_python is not None:
        answer, others["PyPI pymdoccbor"] = in_python
        prove(_NAME.encode() in bytes.fromhex(answer), "pymdoccbor issues something else")
    return others


def prove_issued(data: bytes) -> None:
    """Demand that what is issued verifies under the root and carries the twelve elements."""
    read = read_issuer_signed(data)
    store = bare_trust(the_root())
    check_issuer_signature(
        read, store.authorise(read.chain, credential_type=DOCTYPE, issued_at=read.terms.issued_at, now=NOW)
    )
    check_digests(read)
    prove(element_names(data) == _NAMES, "the mdoc carries other elements")
    prove(
        {item.element: item.value for item in read.namespaces[NAMESPACE]} == the_twelve(),
        "the elements have other values",
    )
    prove(issued(the_issuer(), the_holder()) != data, "two copies are the same")
