"""Nonces that prove themselves, and the keys of one request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from core.reasons import Reason
from formats.encoding import base64url
from issuer.policy import IssuancePolicy
from issuer.proofs import NonceMint, check_proofs
from issuer.secrets import IssuanceSecret
from keys.cose_key import thumbprint
from keys.jwk import jwk_thumbprint
from keys.signing import InProcessSigner
from protocols.openid4vci.proof import sign_key_proof
from tests.fakes.seeded_entropy import SeededEntropy

NOW = 1_795_136_400
ISSUER = "https://id.example.test/issuer"


def a_mint(key: bytes = bytes(32)) -> NonceMint:
    return NonceMint(IssuanceSecret(key), IssuancePolicy(), SeededEntropy("nonce"))


def reason(mint: NonceMint, nonce: str, now: int = NOW) -> Reason:
    with pytest.raises(Refused) as caught:
        mint.check(nonce, now)
    return caught.value.reason


def test_a_nonce_lives_five_minutes() -> None:
    mint = a_mint()
    nonce = mint.make(NOW)
    assert mint.check(nonce, NOW) == mint.check(nonce, NOW + 299) == NOW + 300
    assert reason(mint, nonce, NOW + 300) is Reason.PROOF_NONCE_INVALID
    assert reason(mint, nonce, NOW - 1) is Reason.PROOF_NONCE_INVALID


def test_nonces_never_repeat() -> None:
    mint = a_mint()
    assert len({mint.make(NOW) for _ in range(100)}) == 100


def test_a_nonce_of_another_issuer_is_not_ours() -> None:
    assert reason(a_mint(), a_mint(b"x" * 32).make(NOW)) is Reason.PROOF_NONCE_INVALID


@given(st.integers(0, 32), st.integers(0, 7))
def test_one_flipped_bit_makes_a_nonce_foreign(place: int, bit: int) -> None:
    mint = a_mint()
    spelled = bytearray(base64url.decode(mint.make(NOW)))
    spelled[place] ^= 1 << bit
    assert reason(mint, base64url.encode(bytes(spelled))) is Reason.PROOF_NONCE_INVALID


@pytest.mark.parametrize("nonce", ["", "A", "AAAA", "=", "A" * 44, "A" * 1000, "你好"])
def test_strange_nonces_are_refused(nonce: str) -> None:
    assert reason(a_mint(), nonce) is Reason.PROOF_NONCE_INVALID


def test_keys_come_back_in_the_order_of_their_proofs() -> None:
    mint, keys = a_mint(), [InProcessSigner.generate() for _ in range(4)]
    nonce = mint.make(NOW)
    texts = [sign_key_proof(key, audience=ISSUER, nonce=nonce, now=NOW) for key in keys]
    checked = check_proofs(texts, audience=ISSUER, now=NOW, mint=mint, batch_size=4, jkt="other")
    assert [(key.point, key.thumbprint) for key in checked.keys] == [(key.point, thumbprint(key.point)) for key in keys]
    assert checked.nonce_until == NOW + 300


def test_limits_of_one_request() -> None:
    mint, key = a_mint(), InProcessSigner.generate()
    text = sign_key_proof(key, audience=ISSUER, nonce=mint.make(NOW), now=NOW)

    def refused(texts: list[str], *, size: int = 10, jkt: str | None = None) -> Reason:
        with pytest.raises(Refused) as caught:
            check_proofs(texts, audience=ISSUER, now=NOW, mint=mint, batch_size=size, jkt=jkt)
        return caught.value.reason

    assert refused([text] * 3, size=2) is Reason.TOO_MANY_PROOFS
    assert refused([text, text]) is Reason.KEY_SEEN_BEFORE
    assert refused([text], jkt=jwk_thumbprint(key.point)) is Reason.PROOF_INVALID
    assert refused([]) is Reason.PROOF_NONCE_INVALID
