"""Makes the vectors of the printed card: ``python -m tests.vectors.make_card`` writes them, a test checks that nothing moved.

The zlib streams in them only store what they hold: two libraries compress one card to different bytes, and every reader
must take any of them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from formats.encoding import base45
from tests.builders.paper import Card, having, stored
from tests.builders.verdicts import NOW, signer
from tests.vectors.make import PORTRAIT

FOLDER = Path(__file__).resolve().parent
VECTORS = FOLDER / "printed-card.json"
HASH = FOLDER / "printed-card.json.sha256"


def document() -> dict[str, Any]:
    """Return all vectors as one JSON document."""
    key = signer("cards")
    return {
        "about": "Vectors of docs/qr-profile.md, printed card. The key is for tests only; the person does not exist.",
        "now": NOW,
        "key": {"private": key.scalar().hex(), "point": key.point.hex(), "kid": key.key_id.hex()},
        "valid": [
            {"id": name, "text": card.text, "cbor": card.token.hex()}
            for name, card in (
                ("card", Card(portrait=PORTRAIT)),
                ("card_without_latin_name", Card(portrait=PORTRAIT, name_latin=None)),
                ("card_specimen", Card(portrait=PORTRAIT, specimen=True)),
            )
        ],
        "invalid": [{"id": name, "text": text, "reason": reason} for name, (text, reason) in _invalid().items()],
    }


def _invalid() -> dict[str, tuple[str, str]]:
    good = Card(portrait=PORTRAIT)
    packed = stored(good.token)
    forged = {
        "card_with_holder_key": (Card(edit_claims=having(8, {4: bytes(8)})), "claims_malformed"),
        "card_with_citizen_number": (Card(edit_content=having(1, "690101199001010018")), "claims_malformed"),
        "card_with_address": (Card(edit_content=having(10, "样例省样例市")), "claims_malformed"),
        "card_without_status": (Card(edit_claims=lambda claims: {k: claims[k] for k in claims if k != 65535}), "claims_malformed"),
        "card_with_svg": (Card(edit_content=having(16, b"<svg/>")), "portrait_bad"),
        "card_under_minus_9": (Card(edit_headers=having(1, -9)), "algorithm_not_allowed"),
        "card_with_typ": (Card(edit_headers=having(16, "application/cwt")), "header_unexpected"),
        "card_in_cwt_tag": (Card(edit_token=lambda token: b"\xd8\x3d" + token), "cbor_malformed"),
        "card_encrypted": (Card(edit_token=lambda token: b"\xd0" + token[1:]), "card_encrypted"),
    }  # fmt: skip
    cases = {name: (card.text, reason) for name, (card, reason) in forged.items()}
    cases["card_with_trailing_byte"] = (base45.encode(packed + b"\0"), "compression_malformed")
    cases["card_raw_deflate"] = (base45.encode(packed[2:-4]), "compression_malformed")
    cases["card_inflates_beyond_4096"] = (base45.encode(stored(bytes(4097))), "too_large")
    return cases


def spelled() -> bytes:
    """Return the file as it is written."""
    return (json.dumps(document(), ensure_ascii=False, indent=1) + "\n").encode()


def main() -> None:
    """Write the vectors and their hash."""
    data = spelled()
    VECTORS.write_bytes(data)
    HASH.write_text(f"{hashlib.sha256(data).hexdigest()}  {VECTORS.name}\n", encoding="ascii")


if __name__ == "__main__":
    main()
