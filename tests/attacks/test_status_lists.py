"""Status lists made to say that a credential counts which does not: each form, through the whole judgement."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from core.reasons import Colour, Reason
from formats.cose import Sign1Draft
from formats.encoding import base64url, cbor
from formats.jose import sign_compact
from formats.status_list import cwt_token, token
from formats.status_list.cwt_token import build_cwt, read_cwt
from formats.status_list.entries import build_entries
from formats.status_list.token import build_token, read_token
from keys.certificates import Validity, leaf_key
from keys.signing import InProcessSigner
from tests.builders.presentations import (
    INDEX,
    ISSUER,
    OTHER_ISSUER,
    ROOT,
    STATUS_URI,
    THIEF,
    Showing,
    a_trust,
    judged,
    trust_table,
    trusted_key,
)
from tests.builders.published import Serves
from tests.builders.refusals import outcome
from tests.builders.trust import BUREAU, DAY, NOW, OTHER_BUREAU, document_signer, national_root
from verifier.gateways.status_lists import OnlineStatuses, SignedToken, StatedTokens

FORMS = ("jwt", "cwt")
SIZE = 1 << 14
# A credential that was revoked: a list that is taken at its word says so, and any attack wants it not to.
REVOKED = build_entries(SIZE, 2, {INDEX: 1})
CLEAN = build_entries(SIZE, 2, {})


def terms(**changes: Any) -> dict[str, Any]:
    right = {"bits": 2, "issued_at": NOW - 60, "expires_at": NOW + DAY, "ttl_seconds": 300, "signer": ISSUER}
    return {**right, **changes}


def published(form: str, entries: bytes = CLEAN, *, uri: str = STATUS_URI, **changes: Any) -> SignedToken:
    build = build_token if form == "jwt" else build_cwt
    return build(uri, entries, **terms(**changes))


def listed(form: str, stream: bytes, *, bits: Any = 2, signer: InProcessSigner = ISSUER) -> SignedToken:
    """A list signed by its bureau whose entries are exactly this stream."""
    if form == "jwt":
        status_list = {"bits": bits, "lst": base64url.encode(stream)}
        claims = {"sub": STATUS_URI, "iat": NOW - 60, "exp": NOW + DAY, "ttl": 300, "status_list": status_list}
        return sign_compact(json.dumps(claims).encode(), signer, typ=token.TYP)
    payload = cbor.encode({2: STATUS_URI, 4: NOW + DAY, 6: NOW - 60, 65533: {"bits": bits, "lst": stream}, 65534: 300})
    draft = Sign1Draft({1: -7, 16: cwt_token.MEDIA_TYPE, 33: signer.certificates[0]}, payload)
    return draft.finish(signer.sign(draft.to_be_signed()))


def verdict(signed: SignedToken, *, showing: Showing | None = None, trust: Any = None) -> tuple[Colour, Reason]:
    found = judged(showing or Showing(), statuses=OnlineStatuses(Serves(signed), trust or a_trust()).at(NOW))
    return found.colour, found.deciding


def reason(signed: SignedToken, *, uri: str = STATUS_URI, now: int = NOW) -> Reason:
    """Why the list alone is refused."""
    expected: dict[str, Any] = {
        "uri": uri, "signer_of": lambda chain: leaf_key(chain[0]), "now": now, "tolerance_seconds": 30
    }  # fmt: skip
    found = (
        outcome(read_token, signed, **expected) if isinstance(signed, str) else outcome(read_cwt, signed, **expected)
    )
    assert isinstance(found, Reason)
    return found


BOMB = zlib.compress(bytes(64 << 20))
UNKNOWN = (Colour.AMBER, Reason.STATUS_UNKNOWN)


@pytest.mark.parametrize("form", FORMS)
def test_the_right_lists_are_taken_at_their_word(form: str) -> None:
    assert verdict(published(form)) == (Colour.GREEN, Reason.ALL_CHECKS_PASSED)
    assert verdict(published(form, REVOKED)) == (Colour.RED, Reason.STATUS_REVOKED)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("index", [SIZE, SIZE + 1, (1 << 32) - 1])
def test_an_index_beyond_the_list_is_refused(form: str, index: int) -> None:
    assert verdict(published(form), showing=Showing(index=index)) == (Colour.RED, Reason.STATUS_INDEX_OUT_OF_RANGE)


@pytest.mark.parametrize("index", [-1, -SIZE, 1 << 32, 1.0, "4711", True, None])
def test_an_index_that_is_none_is_refused_before_any_list_is_asked(index: Any) -> None:
    def edit(claims: dict[str, Any]) -> dict[str, Any]:
        return {**claims, "status": {"status_list": {"idx": index, "uri": STATUS_URI}}}

    assert verdict(published("jwt"), showing=Showing(edit_payload=edit)) == (Colour.RED, Reason.CLAIMS_MALFORMED)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("index", [-1, -SIZE, SIZE])
def test_a_list_has_no_entries_before_its_first_and_after_its_last(form: str, index: int) -> None:
    found = OnlineStatuses(Serves(published(form, REVOKED)), a_trust()).at(NOW)
    assert outcome(found.look_up, BUREAU, STATUS_URI, index) is Reason.STATUS_INDEX_OUT_OF_RANGE


@pytest.mark.parametrize("form", FORMS)
def test_another_bureaus_list_never_speaks_for_this_bureaus_credential(form: str) -> None:
    both = a_trust(trust_table(trusted_key(), trusted_key(OTHER_ISSUER, bureau=OTHER_BUREAU)))
    assert verdict(published(form, signer=OTHER_ISSUER), trust=both) == (Colour.RED, Reason.STATUS_WRONG_BUREAU)
    # Signed by a key the trust list does not know, with a certificate of the very same bureau.
    unlisted = document_signer(ROOT, "unlisted")
    assert verdict(published(form, signer=unlisted)) == UNKNOWN


@pytest.mark.parametrize("form", FORMS)
def test_a_list_by_no_bureau_at_all_is_no_list(form: str) -> None:
    stranger = document_signer(national_root("stranger"), "stranger")
    for signer in (THIEF.with_certificates(*ISSUER.certificates), stranger, THIEF):
        assert verdict(published(form, signer=signer)) == UNKNOWN
    assert reason(published(form, signer=THIEF.with_certificates(*ISSUER.certificates))) is Reason.STATUS_UNKNOWN


@pytest.mark.parametrize("form", FORMS)
def test_a_list_whose_chain_leads_too_far_or_nowhere_says_nothing(form: str) -> None:
    good, other, root = ISSUER.certificates[0], OTHER_ISSUER.certificates[0], ROOT.certificate
    for chain in ((), (good, root), (root, good), (root,), (good, good), (other, good), (good, other)):
        assert verdict(published(form, signer=ISSUER.with_certificates(*chain))) == UNKNOWN


@pytest.mark.parametrize("form", FORMS)
def test_a_list_under_a_certificate_of_another_time_says_nothing(form: str) -> None:
    """Its key is listed and its bureau the right one: only the certificate does not count today."""
    for begins, ends, counts in ((-20, 20, True), (-20, -1, False), (1, 20, False)):
        signer = document_signer(ROOT, "another", validity=Validity(NOW + begins * DAY, NOW + ends * DAY))
        trust = a_trust(trust_table(trusted_key(), trusted_key(signer)))
        expected = (Colour.GREEN, Reason.ALL_CHECKS_PASSED) if counts else UNKNOWN
        assert verdict(published(form, signer=signer), trust=trust) == expected


@pytest.mark.parametrize("form", FORMS)
def test_a_list_of_yesterday_and_a_list_of_tomorrow_say_nothing(form: str) -> None:
    expired = published(form, issued_at=NOW - DAY, expires_at=NOW - 31)
    future = published(form, issued_at=NOW + 31)
    assert verdict(expired) == verdict(future) == UNKNOWN
    assert reason(expired) is Reason.STATUS_STALE
    assert reason(future) is Reason.STATUS_UNKNOWN


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "uri", [STATUS_URI + "/", STATUS_URI + "?", STATUS_URI.upper(), STATUS_URI[:-1], STATUS_URI.replace("/1", "/2")]
)
def test_the_list_of_another_address_is_another_list(form: str, uri: str) -> None:
    assert verdict(published(form, uri=uri)) == UNKNOWN
    assert reason(published(form, uri=uri)) is Reason.STATUS_UNKNOWN


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb_is_not_unpacked(form: str) -> None:
    bomb = listed(form, BOMB)
    assert reason(bomb) is Reason.TOO_LARGE
    assert verdict(bomb) == UNKNOWN


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bits", [0, 3, 5, 16, -1, True, "2"])
def test_a_width_that_is_none_is_refused(form: str, bits: Any) -> None:
    signed = listed(form, zlib.compress(CLEAN), bits=bits)
    assert reason(signed) is Reason.CLAIMS_MALFORMED
    assert verdict(signed) == UNKNOWN


def raw_deflate(octets: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    return deflater.compress(octets) + deflater.flush()


STREAMS = {
    "something behind it": zlib.compress(CLEAN) + b"\0",
    "a second stream behind it": zlib.compress(CLEAN) + zlib.compress(REVOKED),
    "cut off": zlib.compress(CLEAN)[:-1],
    "a wrong checksum": zlib.compress(CLEAN)[:-1] + b"\xff",
    "gzip": gzip.compress(CLEAN),
    "raw deflate": raw_deflate(CLEAN),
    "a dictionary": zlib.compressobj(zdict=b"\0" * 32).compress(CLEAN[:8]) + b"\0" * 8,
    "not packed": CLEAN,
    "empty": zlib.compress(b""),
    "nothing": b"",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", STREAMS)
def test_entries_that_are_not_one_whole_zlib_stream_are_refused(form: str, name: str) -> None:
    signed = listed(form, STREAMS[name])
    assert reason(signed) is Reason.CLAIMS_MALFORMED
    assert verdict(signed) == UNKNOWN


def test_one_form_is_never_taken_for_the_other() -> None:
    jwt, cwt = published("jwt"), published("cwt")
    assert isinstance(jwt, str)
    assert isinstance(cwt, bytes)
    # What a server sends as the CWT form although it is the JWT form, and the reverse.
    assert reason(jwt.encode("ascii")) is Reason.CBOR_MALFORMED
    assert verdict(jwt.encode("ascii")) == UNKNOWN
    assert reason(base64url.encode(cwt)) is Reason.TOKEN_MALFORMED
    assert verdict(base64url.encode(cwt)) == UNKNOWN
    assert reason(cwt.hex().encode("ascii")) is Reason.CBOR_MALFORMED


def test_the_cwt_form_stands_under_tag_18_alone() -> None:
    cwt = published("cwt")
    assert isinstance(cwt, bytes)
    for bent in (b"\xd8\x3d" + cwt, cwt[1:], b"\xd1" + cwt[1:], b"\xd2" + cwt, b"\xd9\xd9\xf7" + cwt):
        assert reason(bent) is Reason.CBOR_MALFORMED
        assert verdict(bent) == UNKNOWN


@pytest.mark.parametrize("typ", ["statuslist+cwt", "JWT", "dc+sd-jwt", "application/statuslist+jwt"])
def test_another_token_of_the_bureau_is_no_list(typ: str) -> None:
    payload = json.dumps({"sub": STATUS_URI, "iat": NOW - 60, "exp": NOW + DAY}).encode()
    assert verdict(sign_compact(payload, ISSUER, typ=typ)) == UNKNOWN
    draft = Sign1Draft({1: -7, 16: typ, 33: ISSUER.certificates[0]}, cbor.encode({2: STATUS_URI}))
    signed = draft.finish(ISSUER.sign(draft.to_be_signed()))
    assert reason(signed) is Reason.HEADER_UNEXPECTED
    assert verdict(signed) == UNKNOWN


# --- the past: evidence of a time when the credential was suspended, say, judged by another time's list


THEN = NOW - DAY


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "changes",
    [
        {"issued_at": THEN + 1},
        {"issued_at": THEN - DAY, "expires_at": THEN - 1},
        {"issued_at": NOW - 60},
    ],
)
def test_an_answer_about_the_past_that_does_not_contain_the_time_is_no_answer(
    form: str, changes: dict[str, Any]
) -> None:
    statuses = OnlineStatuses(Serves(published(form, **changes)), a_trust())
    assert statuses.as_of(THEN).look_up(BUREAU, STATUS_URI, INDEX) is None
    inside = OnlineStatuses(Serves(published(form, issued_at=THEN)), a_trust())
    assert inside.as_of(THEN).look_up(BUREAU, STATUS_URI, INDEX) is not None


def test_a_present_judgement_never_asks_for_the_past() -> None:
    class Remembers(Serves):
        asked: list[int | None]

        def fetch(self, uri: str, *, at: int | None = None) -> SignedToken:
            self.asked = [*getattr(self, "asked", []), at]
            return super().fetch(uri)

    tokens = Remembers(published("jwt"))
    judged(Showing(), statuses=OnlineStatuses(tokens, a_trust()).at(NOW))
    assert tokens.asked == [None]


def test_a_list_that_is_stated_for_an_address_is_judged_like_a_fetched_one() -> None:
    bent = StatedTokens({STATUS_URI: "%%%"})
    assert OnlineStatuses(bent, a_trust()).at(NOW).look_up(BUREAU, STATUS_URI, INDEX) is None
