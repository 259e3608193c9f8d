"""Pictures that are something else: at the enrolment counter, and signed into credentials by an issuer that was fooled."""

from __future__ import annotations

import base64
import io
import struct
import time
import zlib
from typing import Any

import pytest
from PIL import Image

from core.reasons import Colour, Reason
from formats.dataset import Group
from formats.encoding import cbor
from formats.sd_cwt.model import disclosure_digest
from issuer.register.findings import Finding, FindingCode
from issuer.register.portraits import PreparedPortrait, is_plain_vp8, prepare_portrait
from tests.builders.mdoc import Answer
from tests.builders.mdoc import judged as judged_mdoc
from tests.builders.presentations import Showing, digest_of, disclosure, judged
from tests.builders.readers import judged as judged_code
from tests.builders.verdicts import PERSON, Code, portrait, seeded
from verifier.checkpoint.verdict import Check

SALT = "c2FsdHNhbHRzYWx0c2FsdA"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><img src=x onerror=alert(1)>"
MOMENT_SECONDS = 0.5


def saved(kind: str, *, size: tuple[int, int] = (200, 250), frames: int = 1, **options: Any) -> bytes:
    pictures = [Image.new("RGB", size, (200, 20 * number, 150)) for number in range(frames)]
    if frames > 1:
        options |= {"save_all": True, "append_images": pictures[1:]}
    file = io.BytesIO()
    pictures[0].save(file, kind, **options)
    return file.getvalue()


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_claiming(width: int, height: int) -> bytes:
    """A few bytes whose header speaks of a picture of any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(64)))


def png_with(name: bytes, content: bytes) -> bytes:
    """A good picture with one more chunk right after its header."""
    good = saved("PNG")
    return good[:33] + png_chunk(name, content) + good[33:]


def webp_claiming(width: int, height: int) -> bytes:
    return portrait(400, width=width, height=height)


BOMB = zlib.compress(bytes(64 << 20), 9)

REFUSED_AT_ENROLMENT = {
    "svg": (SVG, FindingCode.PORTRAIT_FORMAT),
    "svg_with_declaration": (b'<?xml version="1.0"?>' + SVG, FindingCode.PORTRAIT_FORMAT),
    "html": (HTML, FindingCode.PORTRAIT_FORMAT),
    "html_behind_a_byte_order_mark": (b"\xef\xbb\xbf" + HTML, FindingCode.PORTRAIT_FORMAT),
    "data_uri": (b"data:image/png;base64,AAAA", FindingCode.PORTRAIT_FORMAT),
    "gif": (saved("GIF"), FindingCode.PORTRAIT_FORMAT),
    "animated_gif": (saved("GIF", frames=3), FindingCode.PORTRAIT_FORMAT),
    "bmp": (saved("BMP"), FindingCode.PORTRAIT_FORMAT),
    "tiff": (saved("TIFF"), FindingCode.PORTRAIT_FORMAT),
    "icon": (saved("ICO", size=(128, 128)), FindingCode.PORTRAIT_FORMAT),
    "pdf": (saved("PDF"), FindingCode.PORTRAIT_FORMAT),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 200 250\n", FindingCode.PORTRAIT_FORMAT),
    "picture_inside_a_page": (HTML + saved("PNG"), FindingCode.PORTRAIT_FORMAT),
    "animated_png": (saved("PNG", frames=3), FindingCode.PORTRAIT_ANIMATED),
    "animated_webp": (saved("WEBP", frames=3), FindingCode.PORTRAIT_ANIMATED),
    "several_jpegs_in_one": (saved("MPO", frames=2), FindingCode.PORTRAIT_ANIMATED),
    "png_of_any_size": (png_claiming(2**31 - 1, 2**31 - 1), FindingCode.PORTRAIT_DIMENSIONS),
    "png_of_two_million_lines": (png_claiming(200, 2_000_000), FindingCode.PORTRAIT_DIMENSIONS),
    "png_a_side_too_long": (png_claiming(2049, 200), FindingCode.PORTRAIT_DIMENSIONS),
    "webp_of_any_size": (webp_claiming(16_384, 16_384), FindingCode.PORTRAIT_DIMENSIONS),
    "png_of_no_size": (png_claiming(0, 0), FindingCode.PORTRAIT_UNREADABLE),
    "png_with_a_bomb_in_its_text": (png_with(b"zTXt", b"Comment\0\0" + BOMB), FindingCode.PORTRAIT_UNREADABLE),
}


@pytest.mark.parametrize("name", REFUSED_AT_ENROLMENT)
def test_is_refused_at_enrolment_before_it_is_unpacked(name: str) -> None:
    content, expected = REFUSED_AT_ENROLMENT[name]
    started = time.perf_counter()
    result = prepare_portrait(content)
    assert time.perf_counter() - started < MOMENT_SECONDS
    assert isinstance(result, Finding)
    assert result.code is expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_follows_a_picture_never_reaches_a_credential(kind: str) -> None:
    result = prepare_portrait(saved(kind) + HTML + SVG)
    assert isinstance(result, PreparedPortrait)
    for small in (result.qr, result.online):
        assert is_plain_vp8(small)
        assert HTML not in small
        assert SVG not in small


def test_a_profile_bomb_is_not_unpacked() -> None:
    started = time.perf_counter()
    result = prepare_portrait(png_with(b"iCCP", b"profile\0\0" + BOMB))
    assert time.perf_counter() - started < MOMENT_SECONDS
    assert isinstance(result, Finding) or is_plain_vp8(result.qr)


# --- signed all the same: the reader is the last to look

SMUGGLED = {
    "svg": SVG,
    "html": HTML,
    "nothing": b"",
    "jpeg": saved("JPEG", size=(64, 80)),
    "png": saved("PNG", size=(64, 80)),
    "animated_webp": saved("WEBP", size=(64, 80), frames=2),
    "webp_with_metadata": saved("WEBP", size=(64, 80), exif=b"Exif\0\0" + SVG),
    "webp_with_a_tail": portrait(400) + SVG,
    "webp_of_any_size": webp_claiming(16_384, 16_384),
    "webp_a_side_too_long": webp_claiming(64, 2049),
}


def code_with(picture: bytes) -> Code:
    """A code whose issuer really signed this portrait."""
    salt = seeded(f"salt-{Group.PORTRAIT.word}", 16)
    good, smuggled = (
        cbor.encode([salt, {1: content}, int(Group.PORTRAIT)]) for content in (PERSON.qr_portrait or b"", picture)
    )

    def claims(read: dict[Any, Any]) -> dict[Any, Any]:
        digests = {*read[cbor.REDACTED_KEYS], disclosure_digest(smuggled)} - {disclosure_digest(good)}
        return {**read, cbor.REDACTED_KEYS: sorted(digests)}

    return Code(
        edit_claims=claims,
        edit_disclosures=lambda shown: [smuggled if disclosed == good else disclosed for disclosed in shown],
    )


def test_a_code_made_like_that_with_a_plain_portrait_is_green() -> None:
    assert judged_code(code_with(portrait(500)).text).colour is Colour.GREEN


@pytest.mark.parametrize("name", SMUGGLED)
def test_a_reader_refuses_it_in_a_qr_code(name: str) -> None:
    verdict = judged_code(code_with(SMUGGLED[name]).text)
    assert verdict.colour is Colour.RED
    assert (verdict.findings[-1].check, verdict.deciding) == (Check.DISCLOSURES, Reason.PORTRAIT_BAD)
    assert verdict.person is None


def online(picture: object) -> Showing:
    """A presentation whose issuer really signed this ``picture``."""
    smuggled = disclosure(SALT, "picture", picture)

    def payload(claims: dict[str, Any]) -> dict[str, Any]:
        return {**claims, "_sd": [*claims["_sd"], digest_of(smuggled)]}

    return Showing(shown=(("full_name",),), edit_payload=payload, edit_disclosures=lambda shown: [*shown, smuggled])


def as_data(content: bytes, media_type: str = "image/webp") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


@pytest.mark.parametrize("name", SMUGGLED)
def test_a_reader_refuses_it_in_an_online_credential(name: str) -> None:
    verdict = judged(online(as_data(SMUGGLED[name])))
    assert (verdict.colour, verdict.deciding, verdict.person) == (Colour.RED, Reason.PORTRAIT_BAD, None)


def mdoc_with(picture: object) -> Answer:
    """An mdoc whose issuer really signed this ``portrait``."""

    def items(plain: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**one, "elementValue": picture} if one["elementIdentifier"] == "portrait" else one for one in plain]

    return Answer(edit_items=items)


@pytest.mark.parametrize("picture", [*SMUGGLED.values(), SVG.decode(), 7], ids=[*SMUGGLED, "text", "number"])
def test_a_reader_refuses_it_in_an_mdoc(picture: object) -> None:
    verdict = judged_mdoc(mdoc_with(picture))
    assert (verdict.colour, verdict.deciding, verdict.person) == (Colour.RED, Reason.PORTRAIT_BAD, None)


@pytest.mark.parametrize(
    "picture",
    [
        as_data(SVG, "image/svg+xml"),
        as_data(HTML, "text/html"),
        as_data(portrait(400), "image/svg+xml"),
        as_data(portrait(400)).replace(";base64", ""),
        "https://attacker.example.test/face.webp",
        SVG.decode(),
        "javascript:alert(1)",
        as_data(portrait(400)) + "\n",
        f" {as_data(portrait(400))}",
        7,
    ],
)
def test_a_reader_takes_no_other_kind_of_address_for_a_picture(picture: object) -> None:
    verdict = judged(online(picture))
    assert (verdict.colour, verdict.deciding) == (Colour.RED, Reason.PORTRAIT_BAD)


def test_a_plain_picture_in_its_place_is_taken() -> None:
    assert judged(online(as_data(portrait(400)))).colour is Colour.GREEN
    assert judged_mdoc(mdoc_with(portrait(400))).colour is Colour.GREEN
