"""The little DER that keys and signatures need at the border of a library."""

from __future__ import annotations


def tlv(tag: int, content: bytes) -> bytes:
    """Return one element: tag, shortest length, content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def elements(content: bytes) -> list[tuple[int, bytes]]:
    """Return the elements that stand one after the other in ``content``, each with its tag and all its bytes.

    ValueError for a length that is not the shortest or leads outside, and for tags of more than one octet.
    """
    found: list[tuple[int, bytes]] = []
    place = 0
    while place < len(content):
        start = place + 2
        size = content[place + 1] if start <= len(content) else 0x80
        if size >= 0x80:
            count = size & 0x7F
            size = int.from_bytes(content[start : start + count], "big")
            start += count
            if size < 0x80 or size < 1 << 8 * (count - 1):
                raise ValueError("a length is not in its shortest form")
        end = start + size
        if end > len(content) or content[place] & 0x1F == 0x1F:
            raise ValueError("an element leads outside or has a long tag")
        found.append((content[place], content[place:end]))
        place = end
    return found


def inside(element: bytes) -> bytes:
    """Return the content of one element, as ``elements`` gave it."""
    return element[2 if element[1] < 0x80 else 2 + (element[1] & 0x7F) :]


def signature_to_der(raw: bytes) -> bytes:
    """Return raw r || s (64 bytes) as the SEQUENCE of two INTEGERs that libraries take.

    By hand: half the time of the library's encoder, which goes through two big integers.
    """
    r = raw[:32].lstrip(b"\0") or b"\0"
    s = raw[32:].lstrip(b"\0") or b"\0"
    if r[0] & 0x80:
        r = b"\0" + r
    if s[0] & 0x80:
        s = b"\0" + s
    return b"0%c\x02%c%b\x02%c%b" % (len(r) + len(s) + 4, len(r), r, len(s), s)


def signature_from_der(der: bytes) -> bytes:
    """Return the raw r || s (64 bytes) of a signature that a library of ours has just made: nothing is doubted."""
    end_of_r = 4 + der[3]
    # A leading zero keeps a high first bit from being read as a sign; a short number lacks its own leading zeros.
    r, s = der[4:end_of_r][-32:], der[end_of_r + 2 :][-32:]
    return r.rjust(32, b"\0") + s.rjust(32, b"\0")
