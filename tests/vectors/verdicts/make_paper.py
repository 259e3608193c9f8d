"""The verdict vectors of printed cards, beside those of QR codes: contexts, rows and answers of their own."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from formats.dataset import Group
from formats.encoding import base45
from formats.sd_cwt.model import Assurance
from tests.builders.paper import CARD_EXPIRES, CARD_URI, Card, having, stored
from tests.builders.verdicts import BUREAU, DAY, ISSUED, NOW, OTHER_BUREAU, Code, portrait, seeded
from tests.vectors.verdicts import run
from tests.vectors.verdicts.make import (
    AMBER,
    CLOCK,
    DOUBTFUL,
    HOUR,
    OTHER,
    RED,
    Map,
    Row,
    key,
    policy,
    recording,
    trust,
)

PAPER_FORMS = ["claim-169"]
ACCEPTING = ["claim-169", "dc+sd-jwt", "eid1"]
OTHER_CARD_URI = f"https://eid.example/status/{OTHER_BUREAU}/c1"


def card_key(name: str, **changes: Any) -> Row:
    """Return one key of a trust table that signs printed cards."""
    return key(name, **{"role": "CARD", "forms": PAPER_FORMS, **changes})


KEYS = [
    card_key("cards"),
    card_key("cards of another bureau", **OTHER),
    card_key("cards compromised", state="COMPROMISED"),
    card_key("cards retired before", retired_at=ISSUED - 1, state="STATUS_ONLY"),
    card_key("cards begin later", valid_from=ISSUED + 1),
    card_key("cards of no form", forms=[]),
    key("issuer", forms=ACCEPTING),
    key("policies", role="POLICY", forms=PAPER_FORMS),
    key("bundles", role="BUNDLE", forms=PAPER_FORMS),
]


def snapshots(**changes: Any) -> Row:
    """Return the snapshot of the bureau, two hours old, and another bureau's, in which the same places are revoked."""
    mine = {
        "number": 40,
        "as_of": NOW - 2 * HOUR,
        "expires_at": NOW + DAY,
        "lists": {CARD_URI: {"size": 1000, "entries": {"100": 0, "101": 1, "102": 2, "103": 3}}},
        **changes,
    }
    everything = {str(index): 0 for index in range(50)}
    lists = {uri: {"size": 1000, "entries": everything} for uri in (CARD_URI, OTHER_CARD_URI)}
    other = {"number": 3, "as_of": NOW - 2 * HOUR, "expires_at": NOW + DAY, "lists": lists}
    return {BUREAU: mine, OTHER_BUREAU: other}


FACE = (Group.NAME, Group.PORTRAIT)
CONTEXTS: Row = {
    "trust": {
        "real": trust(keys=KEYS),
        "specimen": trust(keys=KEYS, specimen=True),
        "old": trust(keys=KEYS, issued_at=NOW - 72 * HOUR - 1),
        "at the end": trust(keys=KEYS, issued_at=CARD_EXPIRES - HOUR, next_update=CARD_EXPIRES + DAY),
        "at the beginning": trust(keys=KEYS, issued_at=ISSUED - HOUR),
    },
    "statuses": {
        "fresh": snapshots(),
        "old": snapshots(as_of=NOW - 12 * HOUR - 1),
        "at the end": snapshots(as_of=CARD_EXPIRES - HOUR, expires_at=CARD_EXPIRES + DAY),
        "at the beginning": snapshots(as_of=ISSUED - HOUR),
        "none": {},
    },
    "policies": {
        "counter": policy("counter", FACE, forms=ACCEPTING),
        "gate": policy("gate", FACE),
        "machine": policy("machine", FACE, unmanned=True),
        "document": policy("document", (*FACE, Group.DOCUMENT), forms=ACCEPTING),
        "shop": policy("shop", (Group.AGE_18, Group.PORTRAIT), forms=ACCEPTING, minimum_age=18),
        "full": policy("full", FACE, forms=ACCEPTING, minimum_assurance="FULL"),
    },
}


def case(name: str, why: str, card: Card | str, colour: str, *reasons: str, **context: Any) -> Row:
    """Return one vector: at a desk that accepts paper, unless the context says else."""
    row: Row = {
        "id": f"paper-{name}",
        "why": why,
        "text": card if isinstance(card, str) else card.text,
        "trust": "real",
        "statuses": "fresh",
        "policy": "counter",
        "clock": CLOCK,
        "training": False,
        "driver": "recorded",
        "colour": colour,
        "reasons": list(reasons),
    }
    unknown = context.keys() - row.keys()
    if unknown:
        raise ValueError(f"{name}: unknown context {unknown}")
    return {**row, **context}


PAPER = "paper_card"


def rows() -> Iterator[Row]:
    """Yield every vector of printed cards."""
    yield from _accepted()
    yield from _wire()
    yield from _claims()
    yield from _issuer()
    yield from _content()
    yield from _status_and_policy()


def _accepted() -> Iterator[Row]:
    yield case("best", "all is right, and paper is never GREEN", Card(), AMBER, PAPER)
    yield case("one-name", "no Latin name", Card(name_latin=None), AMBER, PAPER)
    yield case("last-place", "the last place of its list", Card(index=999), AMBER, PAPER)
    training = {"trust": "specimen", "training": True}
    yield case("specimen", "a specimen in training mode", Card(specimen=True), AMBER, PAPER, **training)
    edges = {"trust": "at the beginning", "statuses": "at the beginning"}
    early, late = {**CLOCK, "now": ISSUED - 30}, {**CLOCK, "now": CARD_EXPIRES + 30}
    yield case("first-second", "half a minute before it begins", Card(), AMBER, PAPER, clock=early, **edges)
    edges = {"trust": "at the end", "statuses": "at the end"}
    yield case("last-second", "half a minute after it ends", Card(), AMBER, PAPER, clock=late, **edges)
    yield case("driver-fails", "no answer is no yes", Card(), AMBER, "could_not_check", driver="fails")


def _wire() -> Iterator[Row]:
    good = Card()
    packed = stored(good.token)
    yield case("qr-code", "a QR code is no printed card", Code().text, RED, "base45_malformed")
    yield case("empty", "nothing at all", "", RED, "compression_malformed")
    yield case("lower-case", "nothing is folded", good.text.lower(), RED, "base45_malformed")
    yield case(
        "one-left-over", "a character too many", good.text[: len(good.text) // 3 * 3] + "0", RED, "base45_malformed"
    )
    yield case("long", "more than a QR code holds", "0" * 4297, RED, "too_large")
    for name, content in {
        "raw-deflate": packed[2:-4],
        "no-zlib": good.token,
        "cut": packed[:-1],
        "wrong-sum": packed[:-1] + bytes((packed[-1] ^ 1,)),
        "trailing": packed + b"\0",
        "two-streams": packed + packed,
    }.items():
        text = base45.encode(content)
        yield case(f"packed-{name}", "not one whole zlib stream", text, RED, "compression_malformed")
    bomb = base45.encode(_bomb())
    yield case("bomb", "a megabyte in a few characters", bomb, RED, "too_large")
    yield case("inflated", "one byte above 4 kB", base45.encode(stored(bytes(4097))), RED, "too_large")
    for name, token in {
        "trailing": lambda token: token + b"\0",
        "cut": lambda token: token[:-1],
        "no-tag": lambda token: token[1:],
        "cwt-tag": lambda token: b"\xd8\x3d" + token,
        "list": lambda _: b"\x82\x01\x02",
    }.items():
        yield case(f"token-{name}", "not tag 18 alone", Card(edit_token=token), RED, "cbor_malformed")
    encrypted = Card(edit_token=lambda token: b"\xd0" + token[1:])
    yield case("encrypted", "a COSE_Encrypt0 is named", encrypted, RED, "card_encrypted")
    for name, number in {"minus-9": -9, "eddsa": -8, "none": 0, "true": True, "text": "ES256"}.items():
        bent = Card(edit_headers=having(1, number))
        yield case(f"alg-{name}", "ES256 is written -7 here", bent, RED, "algorithm_not_allowed")
    for name, edit in {
        "no-kid": lambda headers: {1: -7},
        "short-kid": lambda headers: {**headers, 4: headers[4][:7]},
        "typ": lambda headers: {**headers, 16: "application/cwt"},
        "crit": lambda headers: {**headers, 2: [1]},
    }.items():
        yield case(f"header-{name}", "exactly alg and kid", Card(edit_headers=edit), RED, "header_unexpected")
    loose = Card(edit_unprotected=lambda _: {4: seeded("kid", 8)})
    yield case("header-unprotected", "nothing unsigned", loose, RED, "header_unexpected")


def _bomb() -> bytes:
    packer = zlib.compressobj(9)
    return packer.compress(bytes(1 << 20)) + packer.flush()


def _claims() -> Iterator[Row]:
    malformed = "claims_malformed"
    for name, edit in {
        "cnf": lambda claims: {**claims, 8: {1: {1: 2, -1: 1, -2: bytes(32), -3: True}}},
        "sub": lambda claims: {**claims, 2: "somebody"},
        "unknown": lambda claims: {**claims, -70000: 1},
        "no-status": lambda claims: _without(claims, 65535),
        "no-exp": lambda claims: _without(claims, 4),
        "no-iat": lambda claims: _without(claims, 6),
        "no-identity": lambda claims: _without(claims, 169),
        "no-division": lambda claims: _without(claims, -65550),
        "no-assurance": lambda claims: _without(claims, -65548),
        "assurance-3": lambda claims: {**claims, -65548: 3},
        "assurance-true": lambda claims: {**claims, -65548: True},
        "division-number": lambda claims: {**claims, -65550: 690101},
        "specimen-false": lambda claims: {**claims, -65549: False},
        "iat-text": lambda claims: {**claims, 6: "2026-11-16"},
        "exp-noon": lambda claims: {**claims, 4: CARD_EXPIRES + DAY // 2},
        "iat-noon": lambda claims: {**claims, 6: ISSUED + DAY // 2},
        "exp-milliseconds": lambda claims: {**claims, 4: CARD_EXPIRES * 1000},
        "backwards": lambda claims: {**claims, 4: ISSUED},
        "status-index": lambda claims: {**claims, 65535: {"status_list": {"idx": -1, "uri": CARD_URI}}},
        "division": lambda claims: {**claims, -65550: "6901"},
        "identity-list": lambda claims: {**claims, 169: [1]},
    }.items():
        yield case(f"claims-{name}", "not the claims of a card", Card(edit_claims=edit), RED, malformed)
    unsorted = Card(edit_payload=lambda payload: b"\xa2\x06\x00\x04\x00")
    yield case("claims-unsorted", "deterministic CBOR only", unsorted, RED, "cbor_malformed")


def _without(claims: Map, label: int) -> Map:
    return {key: value for key, value in claims.items() if key != label}


def _issuer() -> Iterator[Row]:
    yield case("real-mode", "a specimen at a real reader", Card(specimen=True), RED, "specimen_in_real_mode")
    training = {"trust": "specimen", "training": True}
    yield case("training-mode", "a real card in training", Card(), RED, "real_in_specimen_mode", **training)
    unmarked = Card(specimen=True, edit_claims=lambda claims: _without(claims, -65549))
    yield case("unmarked", "the mark taken away", unmarked, RED, "real_in_specimen_mode", **training)
    yield case(
        "specimen-table", "a specimen table at a real reader", Card(), RED, "specimen_in_real_mode", trust="specimen"
    )
    yield case("stranger", "a key nobody knows", Card(issuer="stranger"), RED, "issuer_unknown")
    for role in ("issuer", "policies", "bundles", "cards of no form"):
        name = f"role-{role.replace(' ', '-')}"
        yield case(name, "a key for something else", Card(issuer=role), RED, "issuer_not_authorised")
    withdrawn = Card(issuer="cards compromised")
    yield case("compromised", "the key is withdrawn", withdrawn, RED, "issuer_key_withdrawn")
    for name in ("cards retired before", "cards begin later"):
        card = Card(issuer=name)
        yield case(name.removeprefix("cards ").replace(" ", "-"), "outside", card, RED, "issuer_key_out_of_period")
    borrowed = Card(issuer="cards of another bureau", names_issuer="cards")
    yield case("borrowed-kid", "the key id of another key", borrowed, RED, "issuer_signature_invalid")
    flipped = Card(edit_signature=lambda signature: signature[:-1] + bytes((signature[-1] ^ 1,)))
    yield case("signature-bit", "one bit of the signature", flipped, RED, "issuer_signature_invalid")
    empty = Card(edit_signature=lambda _: bytes(64))
    yield case("signature-zero", "no signature", empty, RED, "issuer_signature_invalid")
    for name, now, code in (
        ("not-yet", ISSUED - 31, "credential_not_yet_valid"),
        ("expired", CARD_EXPIRES + 31, "credential_expired"),
    ):
        context = {"trust": "at the end", "statuses": "at the end", "clock": {**CLOCK, "now": now}}
        yield case(name, "outside its validity", Card(), RED, code, **context)
    doubtful = {"clock": {**DOUBTFUL, "now": CARD_EXPIRES + 31}, "trust": "at the end", "statuses": "at the end"}
    yield case("expired-doubtful", "the clock is blamed first", Card(), AMBER, "check_clock_first", PAPER, **doubtful)
    yield case("country", "another country", Card(country="DE"), RED, "issuer_out_of_scope")
    yield case("division", "a division beyond its powers", Card(division="110105"), RED, "issuer_out_of_scope")
    other = Card(issuer="cards of another bureau")
    yield case("other-division", "another bureau, this division", other, RED, "issuer_out_of_scope")


def _content() -> Iterator[Row]:
    malformed = "claims_malformed"
    for name, edit in {
        "citizen-number": lambda content: {**content, 1: "690101199001010018"},
        "whole-number": lambda content: {**content, 1: "E0123456789"},
        "address": lambda content: {**content, 10: "样例省样例市示范区测试路 1 号"},
        "birth-date": lambda content: {**content, 8: "19900101"},
        "no-number": lambda content: _without(content, 1),
        "no-name": lambda content: _without(content, 4),
        "no-photo": lambda content: _without(content, 16),
        "no-country": lambda content: _without(content, 23),
        "name-number": lambda content: {**content, 4: 1},
        "country": lambda content: {**content, 23: "CHN"},
    }.items():
        yield case(f"content-{name}", "not what a card says", Card(edit_content=edit), RED, malformed)
    good = portrait(540)
    for name, edit in {
        "svg": lambda content: {**content, 16: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"},
        "html": lambda content: {**content, 16: b"<html><script>alert(1)</script></html>"},
        "extended": lambda content: {**content, 16: good[:12] + b"VP8X" + good[16:]},
        "wide": lambda content: {**content, 16: portrait(540, width=65)},
        "large": lambda content: {**content, 16: portrait(602)},
        "text": lambda content: {**content, 16: "UklGRg"},
        "jpeg": lambda content: {**content, 17: 1},
        "format-true": lambda content: {**content, 17: True},
    }.items():
        yield case(f"photo-{name}", "not the one plain WebP chunk", Card(edit_content=edit), RED, "portrait_bad")
    for name, text in {"bidi": "示例\u202e甲", "blank": " 甲", "control": "示例\x07甲", "long": "甲" * 51}.items():
        bent = Card(edit_content=having(4, text))
        yield case(f"text-{name}", "a name that would not show as itself", bent, RED, "text_bad")
    latin = Card(edit_content=lambda content: {**content, 19: "A" * 61})
    yield case("text-latin-long", "a Latin name too long", latin, RED, "text_bad")


def _status_and_policy() -> Iterator[Row]:
    reasons = ("status_revoked", "status_suspended", "status_reported_lost", "status_superseded")
    for index, code in enumerate(reasons, start=100):
        yield case(code.replace("_", "-"), "the snapshot says so", Card(index=index), RED, code)
    yield case("beyond", "the first place beyond the list", Card(index=1000), RED, "status_index_out_of_range")
    yield case("no-snapshot", "unknown is never valid", Card(), AMBER, "status_unknown", PAPER, statuses="none")
    borrowed = Card(uri=OTHER_CARD_URI)
    yield case("other-list", "a list of another bureau", borrowed, AMBER, "status_unknown", PAPER)
    yield case("stale", "a second older than allowed", Card(), AMBER, "status_stale", PAPER, statuses="old")
    yield case("trust-stale", "a second older than allowed", Card(), AMBER, "trust_list_stale", PAPER, trust="old")
    for site in ("gate", "machine"):
        yield case(f"at-{site}", "a site that does not take paper", Card(), RED, "form_not_accepted", policy=site)
    document = {"policy": "document"}
    yield case("no-document", "the end of a number is no document", Card(), AMBER, "field_missing", PAPER, **document)
    yield case("no-age", "a card answers no age", Card(), AMBER, "field_missing", PAPER, policy="shop")
    basic = Card(assurance=Assurance.BASIC)
    yield case("assurance", "enrolled by letter", basic, AMBER, "assurance_insufficient", PAPER, policy="full")
    yield case("assurance-full", "enrolled at the counter", Card(), AMBER, PAPER, policy="full")


def content_of() -> tuple[list[Row], dict[str, bool], Row]:
    """Return the rows, the answers to their signature checks, and their contexts."""
    found = list(rows())
    answers: dict[str, bool] = {}
    for row in found:
        run.PaperVector(row, CONTEXTS).verdict(recording(answers))
    return found, answers, CONTEXTS
