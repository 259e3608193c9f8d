"""What we issued, kept and shown by other people's libraries: our verifier says GREEN, and RED once it is tampered with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from core.reasons import Colour, Reason
from formats.dataset import mdoc_elements
from formats.encoding import base64url
from formats.mdoc.issuer_signed import draft_issuer_signed
from formats.mdoc.model import DOCTYPE, MdocTerms
from formats.sd_cwt.model import Assurance, KeyStorage, StatusReference
from tests.builders import mdoc, presentations
from tests.builders.people import a_person
from tests.builders.presentations import EXPECTED, HOLDER, INDEX, ISSUER, STATUS_URI, Showing
from tests.builders.trust import DAY, NOW
from tests.fakes.seeded_entropy import SeededEntropy
from tests.judges.child import Judge
from tests.judges.keys import flipped, private
from verifier.checkpoint.verdict import Verdict

SHOWN: Final = {"full_name": True, "picture": True, "document_number": True, "age_equal_or_over": {"18": True}}


KEPT: Final = (*presentations.SHOWN, ("sex",), ("birthdate",), ("age_equal_or_over", "16"))


def found(verdict: Verdict) -> tuple[Colour, tuple[Reason, ...]]:
    return verdict.colour, verdict.reasons


def shown_by_the_npm_wallet(judge: Judge, **changes: Any) -> str:
    credential = Showing(shown=KEPT).hashed
    asked = {"nonce": EXPECTED.nonce, "audience": EXPECTED.audience, "now": NOW}
    return str(
        judge.ask("sd_jwt_vc_present", token=credential, shown=SHOWN, holder=private(HOLDER), **{**asked, **changes})
    )


def test_our_verifier_takes_our_sd_jwt_vc_from_another_wallet(judge_in_node: Judge) -> None:
    text = shown_by_the_npm_wallet(judge_in_node)
    head, _, signature = text.rpartition(".")
    bent = f"{head}.{base64url.encode(flipped(base64url.decode(signature), 40))}"
    assert found(presentations.judged(bent)) == (Colour.RED, (Reason.HOLDER_SIGNATURE_INVALID,))
    elsewhere = shown_by_the_npm_wallet(judge_in_node, audience="https://other.example.test")
    assert presentations.judged(elsewhere).colour is Colour.RED
    assert found(presentations.judged(text)) == (Colour.GREEN, ())


def our_mdoc() -> bytes:
    terms = MdocTerms(
        DOCTYPE,
        NOW - DAY,
        NOW + 20 * DAY,
        HOLDER.point,
        StatusReference(STATUS_URI, INDEX),
        KeyStorage.ATTESTED,
        Assurance.FULL,
        specimen=True,
    )
    elements = mdoc_elements(a_person(), as_of=datetime.fromtimestamp(NOW - DAY, UTC).date())
    draft = draft_issuer_signed(elements, terms, entropy=SeededEntropy("mdoc"), signer=ISSUER)
    return draft.finish(ISSUER.sign(draft.to_be_signed()))


def test_our_verifier_takes_our_mdoc_from_another_wallet(judge_in_node: Judge) -> None:
    asked = {
        "issuerSigned": our_mdoc().hex(),
        "doctype": DOCTYPE,
        "elements": list(mdoc.SHOWN),
        "transcript": mdoc.TRANSCRIPT.hex(),
        "holder": private(HOLDER),
    }
    response = bytes.fromhex(judge_in_node.ask("mdoc_present", **asked))
    elsewhere = bytes.fromhex(judge_in_node.ask("mdoc_present", **{**asked, "transcript": mdoc.OTHER_TRANSCRIPT.hex()}))
    assert found(mdoc.judged(elsewhere)) == (Colour.RED, (Reason.HOLDER_SIGNATURE_INVALID,))
    assert found(mdoc.judged(response)) == (Colour.GREEN, ())
