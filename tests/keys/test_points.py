from __future__ import annotations

from keys.points import PointCache, decompress, load_point, shortened
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
