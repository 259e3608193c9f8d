"""Other people's libraries for the same work. None is needed: what is not installed is left out, by name."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Mapping
from types import ModuleType

from PIL import Image

from formats.encoding.json import JsonValue
from keys.jwk import public_jwk
from keys.signing import InProcessSigner

# Imported by name: the product's own code may not lean on them (the house rules name the owner of each library).
SD_JWT = "sd_jwt"
ZXING = "zxingcpp"


def find(module: str) -> ModuleType | None:
    """Return a module if it is installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def missing() -> list[str]:
    """Return the peers that are not installed."""
    return [name for name in (SD_JWT, ZXING) if find(name) is None]


def sd_jwt_verifier(text: str, *, issuer: InProcessSigner, audience: str, nonce: str) -> Callable[[], object] | None:
    """Return a call that verifies a presentation with PyPI sd-jwt: no chain, no times, no status, no policy."""
    verifier, jwk = find(f"{SD_JWT}.verifier"), find("jwcrypto.jwk")
    if verifier is None or jwk is None:
        return None
    key = jwk.JWK(**public_jwk(issuer.point))

    def verify() -> object:
        return verifier.SDJWTVerifier(text, lambda _issuer, _header: key, audience, nonce).get_verified_payload()

    return verify


def sd_jwt_issuer(
    clear: Mapping[str, JsonValue], hidden: Mapping[str, JsonValue], holder: InProcessSigner
) -> Callable[[], object] | None:
    """Return a call that issues a credential with PyPI sd-jwt, each of the hidden claims selectively disclosable."""
    module, common, jwk = find(f"{SD_JWT}.issuer"), find(f"{SD_JWT}.common"), find("jwcrypto.jwk")
    if module is None or common is None or jwk is None:
        return None
    key = jwk.JWK.generate(kty="EC", crv="P-256")
    bound = jwk.JWK(**public_jwk(holder.point))
    claims = {**clear, **{common.SDObj(name): value for name, value in hidden.items()}}

    def issue() -> object:
        return module.SDJWTIssuer(dict(claims), key, bound).sd_jwt_issuance

    return issue


def zxing_png(text: str, *, scale: int) -> Callable[[], bytes] | None:
    """Return a call that draws a QR code with zxing-cpp and writes it as PNG with Pillow."""
    zxing = find(ZXING)
    if zxing is None:
        return None

    def draw() -> bytes:
        code = zxing.create_barcode(text, zxing.BarcodeFormat.QRCode, ec_level="L")
        out = io.BytesIO()
        Image.fromarray(code.to_image(scale=scale)).save(out, "PNG")
        return out.getvalue()

    return draw


def zxing_read(png: bytes) -> str | None:
    """Return the text of the one code in a picture, None when zxing-cpp is not there."""
    zxing = find(ZXING)
    if zxing is None:
        return None
    found = zxing.read_barcodes(Image.open(io.BytesIO(png)).convert("L"))
    return str(found[0].text) if len(found) == 1 else ""
