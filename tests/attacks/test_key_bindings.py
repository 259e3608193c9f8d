"""The holder's proof, in every form that has one: missing, of another kind, over other bytes, for another, of another time.

The table names each game for each form, so that a form which leaves one out is seen. Bindings that bring their own key or
name another algorithm are told in ``test_sd_jwt_headers.py``, ``test_mdoc_device_authentication.py`` and
``test_algorithm_confusion.py``; a printed card with a key in ``test_paper_cards.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest

from core.reasons import Colour, Reason
from formats import cose, qr_token
from formats.sd_cwt.key_binding import AUDIENCE_ANY
from tests.builders import mdoc, readers
from tests.builders.mdoc import (
    DOCTYPE,
    NAMESPACE,
    READER,
    TRANSCRIPT,
    WITH_READER_KEY,
    Answer,
    handover,
    leaving_out,
    signature_structure,
    tagged,
)
from tests.builders.presentations import EXPECTED, HOLDER, THIEF, Edit, Showing, judged, jws, sd_hash
from tests.builders.trust import DAY, NOW
from tests.builders.verdicts import EXPIRES, ISSUED, POST, Code, answer, seeded
from tests.builders.verdicts import NOW as READ_AT
from verifier.checkpoint.clock import ReaderClock
from verifier.checkpoint.verdict import Verdict

Game = tuple[Callable[[], Verdict], Reason]


def changed(**members: Any) -> Edit:
    return lambda plain: {**plain, **members}


# --- SD-JWT VC -------------------------------------------------------------------------------------------------------


def binding_of(showing: Showing) -> str:
    return showing.text.rsplit("~", 1)[1]


def sd_jwt(**changes: Any) -> Callable[[], Verdict]:
    return lambda: judged(Showing(**changes))


def text(make: Callable[[], str]) -> Callable[[], Verdict]:
    return lambda: judged(make())


def under_sha_384() -> str:
    """A key binding whose hash is of another algorithm than ``_sd_alg``, and of another size."""
    hashed = Showing().hashed
    longer = sd_hash(hashed) + sd_hash(hashed)[:21]
    return Showing(edit_binding=changed(sd_hash=longer)).text


FEWER = Showing(shown=(("full_name",),))
SD_JWT_VC: dict[str, Game] = {
    "missing": (text(lambda: Showing().hashed), Reason.HOLDER_PROOF_MISSING),
    "missing, and bound to nobody": (
        text(lambda: Showing(edit_payload=leaving_out("cnf")).hashed),
        Reason.HOLDER_PROOF_MISSING,
    ),
    "of another kind: a key proof": (
        sd_jwt(edit_binding_header=changed(typ="openid4vci-proof+jwt")),
        Reason.HEADER_UNEXPECTED,
    ),
    "of another kind: a DPoP proof": (sd_jwt(edit_binding_header=changed(typ="dpop+jwt")), Reason.HEADER_UNEXPECTED),
    "of another kind: no kind": (sd_jwt(edit_binding_header=leaving_out("typ")), Reason.HEADER_UNEXPECTED),
    "of another kind: the CWT's": (sd_jwt(edit_binding_header=changed(typ="kb+cwt")), Reason.HEADER_UNEXPECTED),
    "over fewer disclosures": (text(lambda: Showing().hashed + binding_of(FEWER)), Reason.SD_HASH_MISMATCH),
    "over more disclosures": (text(lambda: FEWER.hashed + binding_of(Showing())), Reason.SD_HASH_MISMATCH),
    "over the disclosures in another order": (
        text(lambda: Showing(edit_disclosures=lambda listed: listed[::-1]).hashed + binding_of(Showing())),
        Reason.SD_HASH_MISMATCH,
    ),
    "over another copy": (
        text(lambda: Showing().hashed + binding_of(Showing(index=4712))),
        Reason.SD_HASH_MISMATCH,
    ),
    "over a hash of another size": (text(under_sha_384), Reason.SD_HASH_MISMATCH),
    "over a padded hash": (
        sd_jwt(edit_binding=lambda claims: {**claims, "sd_hash": claims["sd_hash"] + "="}),
        Reason.SD_HASH_MISMATCH,
    ),
    "for another audience": (sd_jwt(audience="https://other.example.test"), Reason.WRONG_AUDIENCE),
    "for an audience in other letters": (sd_jwt(audience=EXPECTED.audience.upper()), Reason.WRONG_AUDIENCE),
    "for an audience with a slash": (sd_jwt(audience=EXPECTED.audience + "/"), Reason.WRONG_AUDIENCE),
    "for an audience that begins alike": (sd_jwt(audience=EXPECTED.audience + ".cn"), Reason.WRONG_AUDIENCE),
    "for several audiences": (
        sd_jwt(edit_binding=changed(aud=[EXPECTED.audience, "https://other.example.test"])),
        Reason.CLAIMS_MALFORMED,
    ),
    "for a list of one audience": (sd_jwt(edit_binding=changed(aud=[EXPECTED.audience])), Reason.CLAIMS_MALFORMED),
    "with another nonce": (sd_jwt(nonce="another-nonce-of-ours"), Reason.NONCE_MISMATCH),
    "with the nonce in other letters": (sd_jwt(nonce=EXPECTED.nonce.lower()), Reason.NONCE_MISMATCH),
    "with a space behind the nonce": (sd_jwt(nonce=EXPECTED.nonce + " "), Reason.NONCE_MISMATCH),
    "with the beginning of the nonce": (sd_jwt(nonce=EXPECTED.nonce[:-1]), Reason.NONCE_MISMATCH),
    "with an empty nonce": (sd_jwt(nonce=""), Reason.CLAIMS_MALFORMED),
    "with no nonce": (sd_jwt(edit_binding=leaving_out("nonce")), Reason.CLAIMS_MALFORMED),
    "too late": (sd_jwt(made_at=NOW - 331), Reason.CODE_EXPIRED),
    "from the future": (sd_jwt(made_at=NOW + 31), Reason.CODE_FROM_FUTURE),
    "ended": (sd_jwt(edit_binding=changed(exp=NOW - 31)), Reason.CODE_EXPIRED),
    "that outlives the credential": (
        sd_jwt(issued_at=NOW - DAY, expires_at=NOW - 20, made_at=NOW + 20),
        Reason.PROOF_OUTSIDE_VALIDITY,
    ),
    "made before the credential": (sd_jwt(issued_at=NOW - 60, made_at=NOW - 120), Reason.PROOF_OUTSIDE_VALIDITY),
    "by another key": (sd_jwt(shown_by=THIEF), Reason.HOLDER_SIGNATURE_INVALID),
    "by the key of another credential": (
        text(lambda: Showing().hashed + binding_of(Showing(holder=THIEF))),
        Reason.HOLDER_SIGNATURE_INVALID,
    ),
    "by another key over the right bytes": (
        text(
            lambda: (
                Showing().hashed
                + jws(
                    {"alg": "ES256", "typ": "kb+jwt"},
                    {
                        "iat": NOW - 5,
                        "aud": EXPECTED.audience,
                        "nonce": EXPECTED.nonce,
                        "sd_hash": sd_hash(Showing().hashed),
                    },
                    THIEF,
                )
            )
        ),
        Reason.HOLDER_SIGNATURE_INVALID,
    ),
}


# --- mdoc ------------------------------------------------------------------------------------------------------------


def transcript(client: str, nonce: str, place: str = "https://v.example.test/r") -> bytes:
    return handover("OpenID4VPHandover", client, nonce, None, place)


CLIENT, NONCE = "x509_san_dns:v.example.test", "n-0S6_WzA2Mj"


def in_context(word: str) -> Edit:
    """The device really signed, under another word than DeviceAuthentication."""
    covered = tagged(b"\x84" + cbor2.dumps(word) + TRANSCRIPT + cbor2.dumps(DOCTYPE) + tagged(b"\xa0"))
    protected = cbor2.dumps({1: -7})

    def edit(_: dict[str, Any]) -> dict[str, Any]:
        signature = HOLDER.sign(signature_structure(protected, covered))
        return {"deviceSignature": [protected, {}, None, signature]}

    return edit


def in_structure(context: str) -> Edit:
    """The device signed the right content in another structure of COSE."""
    covered = mdoc.device_authentication(TRANSCRIPT, DOCTYPE, tagged(b"\xa0"))
    protected = cbor2.dumps({1: -7})

    def edit(_: dict[str, Any]) -> dict[str, Any]:
        signature = HOLDER.sign(signature_structure(protected, covered, context))
        return {"deviceSignature": [protected, {}, None, signature]}

    return edit


def mdoc_games(**by: Any) -> dict[str, Game]:
    """The games that a device signature and a device MAC share."""

    def shown(**changes: Any) -> Callable[[], Verdict]:
        return lambda: mdoc.judged(Answer(**{**by, **changes}), expected=WITH_READER_KEY)

    forged = Reason.HOLDER_SIGNATURE_INVALID
    return {
        "missing": (shown(edit_document=leaving_out("deviceSigned")), Reason.HOLDER_PROOF_MISSING),
        "missing, and bound to nobody": (
            shown(edit_document=leaving_out("deviceSigned"), edit_mso=leaving_out("deviceKeyInfo")),
            Reason.HOLDER_PROOF_MISSING,
        ),
        "over a document of another type": (shown(signs_doctype="org.iso.18013.5.1.mDL"), forged),
        "over other device elements": (shown(signs_elements={NAMESPACE: {"full_name": "某某"}}), forged),
        "for another audience": (shown(transcript=transcript("x509_san_dns:w.example.test", NONCE)), forged),
        "for an audience in other letters": (shown(transcript=transcript(CLIENT.upper(), NONCE)), forged),
        "for another place of answer": (
            shown(transcript=transcript(CLIENT, NONCE, "https://w.example.test/r")),
            forged,
        ),
        "for the browser's way of asking": (
            shown(transcript=handover("OpenID4VPDCAPIHandover", "https://v.example.test", NONCE, None)),
            forged,
        ),
        "with another nonce": (shown(transcript=transcript(CLIENT, "another-nonce-of-ours")), forged),
        "with the nonce in other letters": (shown(transcript=transcript(CLIENT, NONCE.lower())), forged),
        "by another key": (shown(shown_by=THIEF), forged),
        "by the key of another credential": (
            lambda: mdoc.judged(
                Answer(**by, edit_device_auth=lambda _: Answer(holder=THIEF, **by).device_auth),
                expected=WITH_READER_KEY,
            ),
            forged,
        ),
    }


MDOC_SIGNATURE: dict[str, Game] = mdoc_games() | {
    "of another kind: a reader's": (
        lambda: mdoc.judged(Answer(edit_device_auth=in_context("ReaderAuthentication"))),
        Reason.HOLDER_SIGNATURE_INVALID,
    ),
    "of another kind: a counter-signature": (
        lambda: mdoc.judged(Answer(edit_device_auth=in_structure("CounterSignature"))),
        Reason.HOLDER_SIGNATURE_INVALID,
    ),
    "of another kind: a MAC's structure": (
        lambda: mdoc.judged(Answer(edit_device_auth=in_structure("MAC0"))),
        Reason.HOLDER_SIGNATURE_INVALID,
    ),
}
MDOC_MAC: dict[str, Game] = mdoc_games(mac_with=READER.point) | {
    "of another kind: in the signature's place": (
        lambda: mdoc.judged(
            Answer(mac_with=READER.point, edit_device_auth=lambda auth: {"deviceSignature": auth["deviceMac"]}),
            expected=WITH_READER_KEY,
        ),
        Reason.ALGORITHM_NOT_ALLOWED,
    ),
}


# --- the QR code -----------------------------------------------------------------------------------------------------


def proof_from(other: Code) -> Edit:
    """The holder's signature of another showing."""
    return lambda _: other.token[-64:]


def at(instant: int) -> ReaderClock:
    return ReaderClock(instant, doubtful=False, confirmed=True)


def code_games(make: Callable[..., Code], **context: Any) -> dict[str, Game]:
    """The games that a one-way code and an answer share."""

    def shown(code: Callable[[], Code | str]) -> Callable[[], Verdict]:
        return lambda: readers.judged(code(), **context)

    forged = Reason.HOLDER_SIGNATURE_INVALID
    typ = Reason.HEADER_UNEXPECTED
    return {
        "missing": (shown(lambda: qr_token.encode(make().sd_cwt)), Reason.HOLDER_PROOF_MISSING),
        "missing, and bound to nobody": (
            shown(lambda: make(edit_claims=leaving_out(8))),
            Reason.HOLDER_PROOF_MISSING,
        ),
        "of another kind: the JWT's": (shown(lambda: make(edit_proof_headers=put(cose.TYP, "kb+jwt"))), typ),
        "of another kind: its media type": (
            shown(lambda: make(edit_proof_headers=put(cose.TYP, "application/kb+cwt"))),
            typ,
        ),
        "of another kind: a challenge": (
            shown(lambda: make(edit_proof_headers=put(cose.TYP, "eid-challenge+cose"))),
            typ,
        ),
        "of another kind: true": (shown(lambda: make(edit_proof_headers=put(cose.TYP, value=True))), typ),
        "of another kind: no kind": (shown(lambda: make(edit_proof_headers=leaving_out(cose.TYP))), typ),
        "over fewer disclosures": (
            shown(lambda: make(edit_proof_signature=proof_from(make(groups=make().groups[:1])))),
            forged,
        ),
        "over more disclosures": (
            shown(lambda: replace(make(edit_proof_signature=proof_from(make())), groups=make().groups[:1])),
            forged,
        ),
        "over the disclosures in another order": (
            shown(lambda: make(edit_proof_signature=proof_from(make(edit_disclosures=lambda found: found[::-1])))),
            forged,
        ),
        "over another copy": (shown(lambda: make(edit_proof_signature=proof_from(make(index=8)))), forged),
        "for another audience": (shown(lambda: make(audience="post-0018")), Reason.WRONG_AUDIENCE),
        "for an audience in other letters": (
            shown(lambda: make(audience=(POST if context else AUDIENCE_ANY).upper())),
            Reason.WRONG_AUDIENCE,
        ),
        "for an audience that begins alike": (
            shown(lambda: make(audience=(POST if context else AUDIENCE_ANY) + "0")),
            Reason.WRONG_AUDIENCE,
        ),
        "for several audiences": (
            shown(lambda: make(edit_proof=put(3, [POST, AUDIENCE_ANY]))),
            Reason.CLAIMS_MALFORMED,
        ),
        "from the future": (shown(lambda: make(made_at=READ_AT + 31)), Reason.CODE_FROM_FUTURE),
        "by another key": (shown(lambda: make(shown_by="thief")), forged),
        "by the key of another credential": (
            shown(lambda: make(edit_proof_signature=proof_from(make(holder="thief")))),
            forged,
        ),
        "by the issuer": (shown(lambda: make(shown_by="issuer")), forged),
    }


def put(label: int, value: object) -> Edit:
    return lambda plain: {**plain, label: value}


AT_DESK = readers.challenge()
ONE_WAY: dict[str, Game] = code_games(Code) | {
    "for one post": (lambda: readers.judged(Code(audience=POST)), Reason.WRONG_AUDIENCE),
    "with a nonce of another mode": (
        lambda: readers.judged(Code(edit_proof=put(39, seeded("a nonce", 32)))),
        Reason.CLAIMS_MALFORMED,
    ),
    "with no nonce": (lambda: readers.judged(Code(edit_proof=leaving_out(7))), Reason.CLAIMS_MALFORMED),
    "too late": (lambda: readers.judged(Code(made_at=READ_AT - 91)), Reason.CODE_EXPIRED),
    "with a longer life": (
        lambda: readers.judged(Code(made_at=READ_AT - 91, edit_proof=put(4, READ_AT + 60))),
        Reason.CLAIMS_MALFORMED,
    ),
    "that outlives the credential": (
        lambda: readers.judged(Code(made_at=EXPIRES - 30), clock=at(EXPIRES - 20)),
        Reason.PROOF_OUTSIDE_VALIDITY,
    ),
    "made before the credential": (
        lambda: readers.judged(Code(made_at=ISSUED - 5), clock=at(ISSUED)),
        Reason.PROOF_OUTSIDE_VALIDITY,
    ),
}
ANSWERED: dict[str, Game] = code_games(answer, expected=AT_DESK) | {
    "for any post": (lambda: readers.judged(answer(audience=AUDIENCE_ANY), expected=AT_DESK), Reason.WRONG_AUDIENCE),
    "with another nonce": (
        lambda: readers.judged(answer(cnonce=seeded("another challenge", 32)), expected=AT_DESK),
        Reason.NONCE_MISMATCH,
    ),
    "with the beginning of the nonce": (
        lambda: readers.judged(answer(cnonce=(answer().cnonce or b"")[:-1]), expected=AT_DESK),
        Reason.CLAIMS_MALFORMED,
    ),
    "with the nonce as text": (
        lambda: readers.judged(answer(edit_proof=put(39, (answer().cnonce or b"").hex())), expected=AT_DESK),
        Reason.CLAIMS_MALFORMED,
    ),
    "with no nonce": (
        lambda: readers.judged(answer(edit_proof=leaving_out(39)), expected=AT_DESK),
        Reason.CLAIMS_MALFORMED,
    ),
    "too late": (
        lambda: readers.judged(answer(), expected=readers.challenge(shown_at=READ_AT - 61)),
        Reason.CHALLENGE_EXPIRED,
    ),
    "made before it was asked for": (
        lambda: readers.judged(answer(made_at=READ_AT - 41), expected=AT_DESK),
        Reason.CODE_EXPIRED,
    ),
}

FORMS: dict[str, tuple[Callable[[], Verdict], dict[str, Game]]] = {
    "SD-JWT VC": (judged, SD_JWT_VC),
    "mdoc, signature": (mdoc.judged, MDOC_SIGNATURE),
    "mdoc, MAC": (lambda: mdoc.judged(Answer(mac_with=READER.point), expected=WITH_READER_KEY), MDOC_MAC),
    "one-way code": (lambda: readers.judged(Code()), ONE_WAY),
    "answer": (lambda: readers.judged(answer(), expected=AT_DESK), ANSWERED),
}
# An mdoc names no time of its showing: the nonce in its transcript says when. A one-way code has no nonce of a reader's.
TIMELESS = {"mdoc, signature", "mdoc, MAC"}
KINDS = ("missing", "of another kind", "over", "for", "with", "too late", "from the future", "by another key")


@pytest.mark.parametrize("form", FORMS)
def test_the_right_proof_of_each_form_is_green(form: str) -> None:
    right, _ = FORMS[form]
    assert right().colour is Colour.GREEN


@pytest.mark.parametrize("form", FORMS)
def test_every_game_is_played_with_every_form(form: str) -> None:
    _, games = FORMS[form]
    played = {kind for kind in KINDS if any(name.startswith(kind) for name in games)}
    assert set(KINDS) - played == ({"too late", "from the future"} if form in TIMELESS else set())


@pytest.mark.parametrize(("form", "game"), [(form, game) for form, (_, games) in FORMS.items() for game in games])
def test_refuses_a_proof(form: str, game: str) -> None:
    play, reason = FORMS[form][1][game]
    verdict = play()
    assert (verdict.colour, verdict.deciding, verdict.person) == (Colour.RED, reason, None)


def test_a_transcript_made_again_is_the_transcript() -> None:
    """So that what differs in the games above is what they name."""
    assert transcript(CLIENT, NONCE) == TRANSCRIPT
