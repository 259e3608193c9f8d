from __future__ import annotations

import pytest

from core.errors import Refused
from core.reasons import Reason
from keys.cose_key import key_id, thumbprint

# The example of RFC 9679, section 6.
X = bytes.fromhex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d")
Y = bytes.fromhex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
EXPECTED = bytes.fromhex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec")


def test_gives_the_thumbprint_of_the_standards_example() -> None:
    assert thumbprint(b"\x04" + X + Y) == EXPECTED


def test_the_compressed_form_has_the_same_thumbprint() -> None:
    assert thumbprint(b"\x02" + X) == EXPECTED
    assert key_id(b"\x02" + X) == EXPECTED[:8]


@pytest.mark.parametrize("point", [b"", b"\x02" + b"\xff" * 32, b"\x04" + X + X])
def test_refuses_a_point_off_the_curve(point: bytes) -> None:
    with pytest.raises(Refused) as caught:
        thumbprint(point)
    assert caught.value.reason is Reason.HOLDER_KEY_INVALID
