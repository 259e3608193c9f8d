"""A synthetic person with readable defaults. Numbers with prefix 69 cannot belong to anybody."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

from PIL import Image, ImageDraw

from formats.dataset import CredentialDataset

BUREAU = "690101000000"
BUREAU_NAME_ZH = "样例市公安局示范区分局"
BUREAU_NAME_EN = "Sample City Public Security Bureau, Model District"


@cache
def tiny_portrait(*, lossless: bool = False, size: tuple[int, int] = (64, 80)) -> bytes:
    """Return a drawn face as WebP of one VP8 chunk (VP8L when lossless), well under 600 bytes."""
    width, height = size
    picture = Image.new("RGB", size, (235, 235, 240))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width // 6, height * 3 // 4, width * 5 // 6, height), fill=(60, 80, 120))
    draw.ellipse((width // 4, height // 5, width * 3 // 4, height * 4 // 5), fill=(225, 185, 150))
    draw.rectangle((width // 4, height // 6, width * 3 // 4, height // 3), fill=(30, 25, 25))
    for x in (width * 2 // 5, width * 3 // 5):
        draw.rectangle((x - 1, height * 9 // 20, x + 1, height * 9 // 20 + 1), fill=(20, 20, 20))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=25, lossless=lossless, method=6)
    return out.getvalue()


def a_person(**changes: Any) -> CredentialDataset:
    """Return the facts of one adult with every group filled, with these changes."""
    return replace(_default(), **changes)


@cache
def _default() -> CredentialDataset:
    return CredentialDataset(
        full_name="样小明",
        name_latin="YANG XIAOMING",
        family_name=None,
        given_name=None,
        name_local_script=None,
        glyphs=(),
        birth_date=date(1990, 1, 1),
        citizen_number="690101199001010018",
        sex=1,
        nationality="CN",
        ethnicity="汉",
        ethnicity_code="01",
        address="样例省样例市示范区样例路69号",
        division_code="690101",
        document_type="居民身份证",
        document_number="690101199001010018",
        date_of_issuance=date(2020, 5, 1),
        date_of_expiry=date(2040, 5, 1),
        issuing_authority=BUREAU_NAME_ZH,
        issuing_country="CN",
        issuing_division="690101",
        card_authority="样例市公安局示范区分局",
        qr_portrait=tiny_portrait(),
        portrait=tiny_portrait(size=(240, 296)),
    )
