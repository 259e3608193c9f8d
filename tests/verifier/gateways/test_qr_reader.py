from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from core.errors import EidError
from core.reasons import Reason
from formats.qr_picture import draw_png
from verifier.gateways.qr_reader import MAX_PICTURE_BYTES, TIMEOUT_SECONDS, read_qr_picture
from verifier.gateways.qr_reader_child import CPU_SECONDS, MEMORY_BYTES

ROOT = Path(__file__).resolve().parents[3]

TEXT = "EID1:" + "ABC123 $%*+-./:" * 20


def saved(folder: Path, data: bytes, name: str = "code.png") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def reason_of(path: Path) -> Reason:
    with pytest.raises(EidError) as caught:
        read_qr_picture(path)
    return caught.value.reason


def beside(folder: Path, left: str, right: str) -> Path:
    """One picture with two codes."""
    pictures = [
        Image.open(saved(folder, draw_png(text, scale=4), f"{n}.png")).convert("L")
        for n, text in enumerate((left, right))
    ]
    width, height = sum(picture.width for picture in pictures), max(picture.height for picture in pictures)
    together = Image.new("L", (width, height), 255)
    together.paste(pictures[0], (0, 0))
    together.paste(pictures[1], (pictures[0].width, 0))
    path = folder / "two.png"
    together.save(path)
    return path


def test_reads_the_text_of_a_code_back_from_its_pixels(tmp_path: Path) -> None:
    assert read_qr_picture(saved(tmp_path, draw_png(TEXT, scale=4))) == TEXT


def test_reads_jpeg_and_webp_as_well(tmp_path: Path) -> None:
    picture = Image.open(saved(tmp_path, draw_png(TEXT, scale=4))).convert("L")
    for name in ("code.jpg", "code.webp"):
        picture.save(tmp_path / name)
        assert read_qr_picture(tmp_path / name) == TEXT


def test_the_same_code_twice_is_one_code(tmp_path: Path) -> None:
    assert read_qr_picture(beside(tmp_path, TEXT, TEXT)) == TEXT


def test_judges_neither_of_two_different_codes(tmp_path: Path) -> None:
    assert reason_of(beside(tmp_path, TEXT, TEXT + "1")) is Reason.SEVERAL_CODES


def test_says_when_there_is_no_code(tmp_path: Path) -> None:
    path = tmp_path / "white.png"
    Image.new("L", (200, 200), 255).save(path)
    assert reason_of(path) is Reason.NO_CODE_IN_PICTURE


@pytest.mark.parametrize(
    "data", [b"", b"garbage" * 100, b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(100), b"%PDF-1.7", b"<svg/>"]
)
def test_refuses_a_file_that_is_no_picture(tmp_path: Path, data: bytes) -> None:
    assert reason_of(saved(tmp_path, data)) is Reason.PICTURE_UNREADABLE


def test_refuses_a_picture_cut_short(tmp_path: Path) -> None:
    whole = draw_png(TEXT, scale=4)
    assert reason_of(saved(tmp_path, whole[: len(whole) // 2])) is Reason.PICTURE_UNREADABLE


def png(width: int, height: int, pixels: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(100_000, 100_000), (2**31 - 1, 2**31 - 1), (41_000, 1_000)])
def test_refuses_huge_dimensions_before_it_makes_room_for_them(tmp_path: Path, width: int, height: int) -> None:
    assert reason_of(saved(tmp_path, png(width, height, zlib.compress(b"\0" * 100)))) is Reason.PICTURE_UNREADABLE


def test_refuses_a_file_larger_than_any_photograph(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(MAX_PICTURE_BYTES + 1)
    assert reason_of(path) is Reason.PICTURE_UNREADABLE


def test_the_largest_file_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = saved(tmp_path, draw_png(TEXT, scale=4))
    # What follows the end of a PNG is no part of the picture.
    with path.open("r+b") as file:
        file.truncate(MAX_PICTURE_BYTES)
        assert read_qr_picture(path) == TEXT
        file.truncate(MAX_PICTURE_BYTES + 1)
    assert reason_of(path) is Reason.PICTURE_UNREADABLE


def in_the_child(path: Path, then: str) -> str:
    """What a child says that has read a picture and then, under the same limits, does this."""
    script = (
        "import resource, sys; from pathlib import Path; from verifier.gateways.qr_reader_child import main;"
        f"main(Path(sys.argv[1])); {then}"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, cwd=ROOT, timeout=60, check=False
    )
    return (done.stdout + done.stderr).decode()


def test_the_child_may_take_two_gibibytes_and_no_more(tmp_path: Path) -> None:
    path = saved(tmp_path, draw_png(TEXT, scale=4))
    assert "MemoryError" not in in_the_child(path, "bytearray(1 << 29)")
    assert "MemoryError" in in_the_child(path, f"bytearray({MEMORY_BYTES})")


def test_the_child_may_compute_for_seconds_only(tmp_path: Path) -> None:
    path = saved(tmp_path, draw_png(TEXT, scale=4))
    said = in_the_child(path, "print(resource.getrlimit(resource.RLIMIT_CPU))")
    assert said.endswith(f"({CPU_SECONDS}, {CPU_SECONDS})\n")
    assert CPU_SECONDS < TIMEOUT_SECONDS


def test_the_child_may_write_no_file(tmp_path: Path) -> None:
    path = saved(tmp_path, draw_png(TEXT, scale=4))
    said = in_the_child(path, "Path(sys.argv[1]).with_name('written').write_bytes(b'x')")
    assert "OSError" in said
    assert (tmp_path / "written").read_bytes() == b""


def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "missing.png") is Reason.FILE_UNREADABLE


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    assert reason_of(tmp_path) is Reason.PICTURE_UNREADABLE
