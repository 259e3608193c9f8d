from __future__ import annotations

from keys.points import PointCache, decompress, load_point, shortened, uncompressed
from tests.builders.trust import seeded_signer

KEY = seeded_signer("cache").private_key.public_key()


def test_a_long_point_shortens_to_the_same_key() -> None:
    point = seeded_signer("points").point
    long = decompress(point)
    assert long is not None
    assert shortened(long) == point
    assert decompress(long) == long
    assert load_point(point) is not None


def test_a_crowd_of_holders_does_not_push_an_issuer_out() -> None:
    cache = PointCache(recent=4, kept=4)
    cache.add(b"issuer", KEY)
    for _ in range(2):
        assert cache.find(b"issuer") is KEY
    assert cache.kept() == 1
    for number in range(100):
        name = b"holder %d" % number
        cache.add(name, KEY)
        cache.find(name)
    assert cache.find(b"issuer") is KEY
    assert cache.kept() == 1


def test_the_cache_is_bounded_in_both_halves() -> None:
    cache = PointCache(recent=2, kept=2)
    for number in range(10):
        name = b"%d" % number
        cache.add(name, KEY)
        for _ in range(3):
            cache.find(name)
    assert cache.kept() == 2
    for number in range(10):
        cache.add(b"once %d" % number, KEY)
    assert cache.find(b"once 0") is None
    assert cache.find(b"once 9") is KEY


def test_a_key_loaded_in_either_form_is_remembered_by_its_short_form() -> None:
    short = seeded_signer("points").point
    long = decompress(short)
    assert long is not None
    for point in (short, long):
        cache = PointCache(recent=4, kept=4)
        key = load_point(point, cache)
        assert key is not None
        assert uncompressed(key) == long
        assert cache.find(short) is key
        assert load_point(short, cache) is key
        assert cache.find(long) is None


def test_a_long_form_is_loaded_each_time() -> None:
    long = decompress(seeded_signer("points").point)
    assert long is not None
    cache = PointCache(recent=4, kept=4)
    cache.add(long, KEY)
    found = load_point(long, cache)
    assert found is not None
    assert uncompressed(found) == long


def test_what_is_no_point_is_not_remembered() -> None:
    cache = PointCache(recent=4, kept=4)
    off_curve = b"\x04" + bytes(63) + b"\x01"
    assert load_point(off_curve, cache) is None
    assert cache.find(shortened(off_curve)) is None
    assert cache.find(off_curve) is None
