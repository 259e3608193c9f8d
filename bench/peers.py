"""Other people's libraries for the same work. None is needed: what is not installed is left out, by name.

Those that need another environment or Node run in the children that ``tests.judges`` keeps for them. A child measures its
own CPU time, a block of calls each time it is asked, so that their ratios are taken inside the same round as ours.
"""

from __future__ import annotations

import atexit
import importlib
import io
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any, Final

from PIL import Image

from bench.measuring import Sampler
from formats.encoding import cbor
from formats.encoding.cbor import ForeignValue
from formats.encoding.json import JsonValue
from keys.jwk import public_jwk
from keys.signing import InProcessSigner
from tests.judges.child import Judge, JudgesMissing, node_judge, python_judge
from tests.judges.keys import private, public

# Imported by name: the product's own code may not lean on them (the house rules name the owner of each library).
SD_JWT = "sd_jwt"
ZXING = "zxingcpp"
IN_CHILDREN: Final = ("pymdoccbor", "@owf/mdoc", "@sd-jwt/sd-jwt-vc")

_CALLS: Final = 10
_START: Final[Mapping[str, Callable[[], Judge]]] = {"python": python_judge, "node": node_judge}


def find(module: str) -> ModuleType | None:
    """Return a module if it is installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def missing() -> list[str]:
    """Return the peers that are not installed."""
    gone = [name for name in (SD_JWT, ZXING) if find(name) is None]
    return gone if child("node") else [*gone, *IN_CHILDREN]


@cache
def child(kind: str) -> Judge | None:
    """Return the child of this kind, ``python`` or ``node``, started once; None when the judges are not installed."""
    try:
        started = _START[kind]()
    except JudgesMissing:
        return None
    atexit.register(started.close)
    return started


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


def _in_child(kind: str, verb: str, **parameters: Any) -> tuple[Any, Sampler] | None:
    """Return what a child answers once, and a sampler of the same call; None when it is not installed."""
    peer = child(kind)
    if peer is None:
        return None
    return peer.ask(verb, **parameters), lambda: peer.seconds(verb, times=_CALLS, **parameters)


def npm_sd_jwt_verifier(text: str, *, issuer: InProcessSigner, nonce: str, now: int) -> tuple[Any, Sampler] | None:
    """Return claims and sampler of verifying with npm @sd-jwt/sd-jwt-vc: no chain, no status, no policy."""
    asked = {"token": text, "issuer": public(issuer), "nonce": nonce, "now": now, "withoutStatus": True}
    return _in_child("node", "sd_jwt_vc_verify", **asked)


def npm_sd_jwt_issuer(
    clear: Mapping[str, JsonValue], hidden: Mapping[str, JsonValue], *, issuer: InProcessSigner, holder: InProcessSigner
) -> tuple[Any, Sampler] | None:
    """Return credential and sampler of issuing with npm @sd-jwt/sd-jwt-vc, each hidden claim selectively disclosable."""
    claims = {**clear, **hidden, "cnf": {"jwk": public(holder)}}
    asked = {"claims": claims, "hidden": {"_sd": list(hidden)}, "issuer": private(issuer)}
    return _in_child("node", "sd_jwt_vc_issue", **asked)


def npm_mdoc_verifier(response: bytes, *, transcript: bytes, root: bytes, now: int) -> tuple[Any, Sampler] | None:
    """Return elements and sampler of verifying a DeviceResponse with npm @owf/mdoc: with its chain, no status or policy."""
    asked = {"response": response.hex(), "transcript": transcript.hex(), "root": root.hex(), "now": now}
    return _in_child("node", "mdoc_verify_response", **asked)


def npm_mdoc_issuer(
    elements: Mapping[str, ForeignValue], *, doctype: str, issuer: InProcessSigner, holder: InProcessSigner, now: int
) -> tuple[Any, Sampler] | None:
    """Return IssuerSigned and sampler of issuing with npm @owf/mdoc: one digest for each element, no status."""
    asked = _to_be_issued(elements, doctype, issuer, holder)
    return _in_child("node", "mdoc_issue", signed=now, validUntil=now + 86_400, **asked)


def pymdoccbor_verifier(response: bytes, *, root: bytes) -> tuple[Any, Sampler] | None:
    """Return elements and sampler of verifying with PyPI pymdoccbor: with its chain, but not what the device signed."""
    return _in_child("python", "pymdoccbor_verify_response", response=response.hex(), root=root.hex())


def pymdoccbor_issuer(
    elements: Mapping[str, ForeignValue], *, doctype: str, issuer: InProcessSigner, holder: InProcessSigner
) -> tuple[Any, Sampler] | None:
    """Return IssuerSigned and sampler of issuing with PyPI pymdoccbor: one digest for each element, no status."""
    asked = _to_be_issued(elements, doctype, issuer, holder)
    return _in_child("python", "pymdoccbor_issue", valid_until="2099-01-01", **asked)


def _to_be_issued(
    elements: Mapping[str, ForeignValue], doctype: str, issuer: InProcessSigner, holder: InProcessSigner
) -> dict[str, Any]:
    spelled: dict[int | str, ForeignValue] = dict(elements.items())
    return {
        "elements": cbor.encode_foreign(spelled).hex(),
        "doctype": doctype,
        "signer": private(issuer),
        "chain": [certificate.hex() for certificate in issuer.certificates],
        "device": public(holder),
    }
