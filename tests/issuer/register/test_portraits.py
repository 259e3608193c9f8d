from __future__ import annotations

import io
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from issuer.register.findings import Finding, FindingCode
from issuer.register.portrait_drawing import HEIGHT, WIDTH, draw_portrait
from issuer.register.portraits import (
    ONLINE_PIXELS,
    QR_PIXELS,
    QR_SIZE_MAX,
    SOURCE_SIZE_MAX,
    PreparedPortrait,
    is_plain_vp8,
    load_portrait,
    prepare_portrait,
)

FACE = draw_portrait(7, sex=2, age=33)


Colour = str | int | tuple[int, ...]


def picture(mode: str = "RGB", size: tuple[int, int] = (200, 250), colour: Colour | None = None) -> Image.Image:
    if colour is not None:
        return Image.new(mode, size, colour)
    return Image.open(io.BytesIO(FACE)).convert(mode).resize(size)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def prepared(content: bytes) -> PreparedPortrait:
    result = prepare_portrait(content)
    assert isinstance(result, PreparedPortrait)
    return result


def code_of(content: bytes) -> FindingCode:
    result = prepare_portrait(content)
    assert isinstance(result, Finding)
    return result.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_prepares_each_accepted_format(kind: str) -> None:
    content = saved(picture(), kind)
    result = prepared(content)
    assert result.source == content
    assert Image.open(io.BytesIO(result.qr)).size == QR_PIXELS
    assert Image.open(io.BytesIO(result.online)).size == ONLINE_PIXELS


@pytest.mark.parametrize("seed", range(6))
def test_the_qr_portrait_is_one_bare_vp8_chunk_within_its_size(seed: int) -> None:
    qr = prepared(draw_portrait(seed, sex=1 + seed % 2, age=10 + 12 * seed)).qr
    assert 400 <= len(qr) <= QR_SIZE_MAX
    assert is_plain_vp8(qr)
    assert Image.open(io.BytesIO(qr)).format == "WEBP"


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert prepare_portrait(FACE) == prepare_portrait(FACE)


def test_metadata_and_transparency_do_not_reach_the_small_pictures() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "somebody")
    image = picture("RGBA")
    image.putalpha(128)
    exif = Image.Exif()
    exif[0x010E] = "somebody"
    result = prepared(saved(image, "PNG", pnginfo=text, exif=exif, icc_profile=b"profile" * 40))
    assert is_plain_vp8(result.qr)
    assert is_plain_vp8(result.online)


def test_a_picture_is_turned_as_its_exif_says() -> None:
    image = picture(colour="white")
    image.paste("black", (0, 0, 200, 125))
    exif = Image.Exif()
    exif[0x0112] = 3
    turned = Image.open(io.BytesIO(prepared(saved(image, "JPEG", exif=exif)).online)).convert("L")
    assert min(turned.crop((0, 0, 240, 100)).tobytes()) > 200
    assert max(turned.crop((0, 200, 240, 296)).tobytes()) < 50


def test_transparent_parts_become_white() -> None:
    online = prepared(saved(picture("RGBA", colour=(0, 0, 0, 0)), "PNG")).online
    assert min(Image.open(io.BytesIO(online)).convert("L").tobytes()) > 250


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA"])
def test_reads_other_colour_modes(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert is_plain_vp8(prepared(saved(picture(mode), kind)).qr)


@pytest.mark.parametrize("size", [(102, 102), (2048, 2048), (102, 2048)])
def test_accepts_sizes_up_to_the_limits(size: tuple[int, int]) -> None:
    assert isinstance(prepare_portrait(saved(picture("L", size, 200), "PNG")), PreparedPortrait)


@pytest.mark.parametrize("size", [(101, 200), (200, 101), (2049, 200), (200, 2049), (1, 1), (20_000, 20_000)])
def test_refuses_sizes_outside_the_limits(size: tuple[int, int]) -> None:
    assert code_of(saved(picture("1", size, 1), "PNG")) is FindingCode.PORTRAIT_DIMENSIONS


@pytest.mark.parametrize(
    "content", [b"", b"picture", b"GIF89a" + bytes(50), b"BM" + bytes(50), b"%PDF-1.7", b"<svg/>", b"RIFF\0\0\0\0WAVEfmt ", b"\0" * 100]
)  # fmt: skip
def test_refuses_other_formats(content: bytes) -> None:
    assert code_of(content) is FindingCode.PORTRAIT_FORMAT


def test_refuses_a_gif_with_any_name() -> None:
    assert code_of(saved(picture("P"), "GIF")) is FindingCode.PORTRAIT_FORMAT


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_refuses_more_than_one_frame(kind: str) -> None:
    frames = [picture(colour=colour) for colour in ("red", "blue")]
    assert code_of(saved(frames[0], kind, save_all=True, append_images=frames[1:])) is FindingCode.PORTRAIT_ANIMATED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_refuses_a_truncated_picture(kind: str) -> None:
    content = saved(picture(), kind)
    assert code_of(content[: len(content) // 2]) is FindingCode.PORTRAIT_UNREADABLE


def test_refuses_more_bytes_than_the_limit() -> None:
    assert code_of(FACE + bytes(SOURCE_SIZE_MAX + 1 - len(FACE))) is FindingCode.PORTRAIT_TOO_LARGE
    assert isinstance(prepare_portrait(FACE + bytes(SOURCE_SIZE_MAX - len(FACE))), PreparedPortrait)


def test_softens_a_noisy_picture_so_that_it_fits() -> None:
    noise = Image.frombytes("RGB", (128, 160), random.Random(1).randbytes(128 * 160 * 3))
    assert len(prepared(saved(noise, "PNG")).qr) <= QR_SIZE_MAX


def test_refuses_a_pattern_that_fits_in_no_quality() -> None:
    pattern = Image.frombytes("1", (32, 40), random.Random(1).randbytes(160)).convert("RGB").resize((320, 400), Image.Resampling.NEAREST)  # fmt: skip
    assert code_of(saved(pattern, "PNG")) is FindingCode.PORTRAIT_TOO_DETAILED


def test_loads_a_file_and_reports_a_missing_one(tmp_path: Path) -> None:
    path = tmp_path / "face.jpg"
    path.write_bytes(FACE)
    assert load_portrait(path) == prepare_portrait(FACE)
    missing = load_portrait(tmp_path / "nobody.jpg")
    assert isinstance(missing, Finding)
    assert missing.code is FindingCode.PORTRAIT_MISSING


def test_reads_no_more_of_a_file_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "face.jpg"
    path.write_bytes(FACE + bytes(SOURCE_SIZE_MAX))
    result = load_portrait(path)
    assert isinstance(result, Finding)
    assert result.code is FindingCode.PORTRAIT_TOO_LARGE


def test_knows_a_bare_vp8_file() -> None:
    plain = prepared(FACE).qr
    assert is_plain_vp8(plain)
    assert not is_plain_vp8(plain[:-2])
    assert not is_plain_vp8(plain + b"EXIF\x02\0\0\0ab")
    assert not is_plain_vp8(plain[:4] + struct.pack("<I", len(plain) + 2) + plain[8:] + b"EXIF\x02\0\0\0ab")
    assert not is_plain_vp8(saved(picture(), "WEBP", lossless=True))
    assert not is_plain_vp8(saved(picture("RGBA"), "WEBP", exif=b"Exif\0\0ab"))
    assert not is_plain_vp8(b"RIFF")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.integers(0, 3000), st.binary(min_size=1, max_size=6))
def test_damage_is_a_finding_or_a_picture_and_never_an_exception(kind: str, place: int, damage: bytes) -> None:
    content = bytearray(saved(picture(size=(110, 130)), kind))
    place %= len(content)
    content[place : place + len(damage)] = damage
    result = prepare_portrait(bytes(content))
    assert isinstance(result, Finding) or is_plain_vp8(result.qr)


def test_drawn_portraits_are_deterministic_and_distinct() -> None:
    assert draw_portrait(7, sex=2, age=33) == FACE
    assert Image.open(io.BytesIO(FACE)).size == (WIDTH, HEIGHT)
    faces = {draw_portrait(seed, sex=1 + seed % 2, age=seed) for seed in range(40)}
    assert len(faces) == 40


@pytest.mark.parametrize("age", [0, 5, 13, 40, 50, 65, 105])
@pytest.mark.parametrize("sex", [0, 1, 2, 9])
def test_every_age_and_sex_has_a_face(sex: int, age: int) -> None:
    assert isinstance(prepare_portrait(draw_portrait(age, sex=sex, age=age)), PreparedPortrait)
