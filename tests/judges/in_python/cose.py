"""COSE and CWT as read and made by python-cwt and by pycose."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cwt import COSE, Claims, COSEKey
from pycose.algorithms import CoseAlgorithm, Es256
from pycose.headers import Algorithm
from pycose.keys import EC2Key, SymmetricKey
from pycose.messages import CoseMessage, Mac0Message, Sign1Message

from tests.judges.in_python.verdicts import Refusal, coordinates, spelled

# RFC 9864 gives "ES256 on P-256" a number of its own, which pycose does not have; what is computed is the same.
CoseAlgorithm.register_attribute()(type("Esp256", (Es256,), {"identifier": -9, "fullname": "ESP256"}))


def _cwt_key(jwk: dict[str, str], algorithm: int, kid: str) -> Any:
    point = coordinates(jwk)
    key: dict[int, Any] = {1: 2, -1: 1, -2: point["x"], -3: point["y"], 3: algorithm}
    if kid:
        key[2] = bytes.fromhex(kid)
    if "d" in point:
        key[-4] = point["d"]
    return COSEKey.new(key)


def cwt_sign1_read(token: str, jwk: dict[str, str], algorithm: int, kid: str = "") -> Any:
    """Verify a COSE_Sign1 with python-cwt; return protected and unprotected header and payload."""
    protected, unprotected, payload = COSE.new().decode_with_headers(
        bytes.fromhex(token), _cwt_key(jwk, algorithm, kid)
    )
    return {"protected": spelled(protected), "unprotected": spelled(unprotected), "payload": payload.hex()}


def cwt_read(token: str, jwk: dict[str, str], algorithm: int, kid: str = "") -> Any:
    """Verify a CWT with python-cwt; return its claims as that library reads them."""
    # Not through the library's CWT class: that wants a kid, which a key-binding token has not, and asks its own clock.
    _, _, payload = COSE.new().decode_with_headers(bytes.fromhex(token), _cwt_key(jwk, algorithm, kid))
    claims = cbor2.loads(payload)
    Claims.validate(claims)
    read = Claims.new(claims)
    return {
        "sub": read.sub,
        "aud": read.aud,
        "exp": read.exp,
        "iat": read.iat,
        "cti": claims[7].hex() if 7 in claims else None,
        "claims": spelled(claims),
    }


def cwt_sign1_make(payload: str, protected: str, jwk: dict[str, str], algorithm: int) -> str:
    """Return a tagged COSE_Sign1 made by python-cwt with this CBOR map as protected header."""
    made: bytes = COSE.new().encode(
        bytes.fromhex(payload), _cwt_key(jwk, algorithm, ""), cbor2.loads(bytes.fromhex(protected)), {}
    )
    return made.hex()


def _pycose_key(jwk: dict[str, str]) -> Any:
    return EC2Key(crv="P_256", **coordinates(jwk), optional_params={})


def pycose_sign1_read(token: str, jwk: dict[str, str], *, tagged: bool = True, detached: str | None = None) -> Any:
    """Verify a COSE_Sign1 with pycose; return its payload."""
    data = bytes.fromhex(token)
    if tagged:
        message = CoseMessage.decode(data)
        if not isinstance(message, Sign1Message):
            raise Refusal("not a COSE_Sign1")
    else:
        message = Sign1Message.from_cose_obj(cbor2.loads(data), allow_unknown_attributes=True)
    message.key = _pycose_key(jwk)
    if not message.verify_signature(None if detached is None else bytes.fromhex(detached)):
        raise Refusal("the signature does not hold")
    return None if message.payload is None else message.payload.hex()


def pycose_sign1_make(payload: str, protected: str, jwk: dict[str, str], *, tagged: bool = True) -> str:
    """Return a COSE_Sign1 made by pycose with this CBOR map as protected header."""
    # In the order given: this library prints a map as it stands.
    given = cbor2.loads(bytes.fromhex(protected))
    headers = {Algorithm if label == 1 else label: value for label, value in given.items()}
    message = Sign1Message(phdr=headers, uhdr={}, payload=bytes.fromhex(payload), key=_pycose_key(jwk))
    made: bytes = message.encode(tag=tagged)
    return made.hex()


def pycose_device_mac(
    mac0: str, device_authentication: str, transcript: str, jwk: dict[str, str], reader: dict[str, str]
) -> bool:
    """Verify a device MAC with pycose, its key agreed and derived here (ISO 18013-5, 9.1.3.5).

    device_authentication, transcript: the encoded structures; each is wrapped in tag 24 here.
    jwk: the device key; reader: the reader's private key.
    """
    message = Mac0Message.from_cose_obj(cbor2.loads(bytes.fromhex(mac0)), allow_unknown_attributes=True)
    point = coordinates(jwk)
    device = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + point["x"] + point["y"])
    own = ec.derive_private_key(int.from_bytes(coordinates(reader)["d"], "big"), ec.SECP256R1())
    salt = hashlib.sha256(cbor2.dumps(cbor2.CBORTag(24, bytes.fromhex(transcript)))).digest()
    key = HKDF(SHA256(), 32, salt, b"EMacKey").derive(own.exchange(ec.ECDH(), device))
    message.key = SymmetricKey(k=key)
    message.payload = cbor2.dumps(cbor2.CBORTag(24, bytes.fromhex(device_authentication)))
    if not message.verify_tag():
        raise Refusal("the MAC does not hold")
    return True


VERBS: dict[str, Callable[..., Any]] = {
    "cwt_sign1_read": cwt_sign1_read,
    "cwt_read": cwt_read,
    "cwt_sign1_make": cwt_sign1_make,
    "pycose_sign1_read": pycose_sign1_read,
    "pycose_sign1_make": pycose_sign1_make,
    "pycose_device_mac": pycose_device_mac,
}
