"""mdocs as verified and issued by pymdoccbor. Its clock is the system's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cbor2
from cryptography import x509
from pymdoccbor.mdoc.issuer import MdocCborIssuer
from pymdoccbor.mdoc.verifier import MdocCbor
from pymdoccbor.settings import CBORTAGS_ATTR_MAP

from tests.judges.in_python.verdicts import Refusal, coordinates, spelled


def pymdoccbor_verify(issuer_signed: str, doctype: str, root: str) -> Any:
    """Verify an IssuerSigned up to this root; return its elements as the library reads them."""
    document = {"docType": doctype, "issuerSigned": cbor2.loads(bytes.fromhex(issuer_signed))}
    data = cbor2.dumps({"version": "1.0", "documents": [document], "status": 0})
    return _verified(data, x509.load_der_x509_certificate(bytes.fromhex(root)))


def pymdoccbor_verify_response(response: str, root: str) -> Any:
    """Verify the issuer's part of a DeviceResponse up to this root; the library does not look at the device's."""
    return _verified(bytes.fromhex(response), x509.load_der_x509_certificate(bytes.fromhex(root)))


def _verified(data: bytes, root: x509.Certificate) -> Any:
    mdoc = MdocCbor()
    mdoc.loads(data.hex())
    if not mdoc.verify(trusted_root_certs=[root]):
        raise Refusal("; ".join(_why(document) for document in mdoc.documents_invalid))
    return {namespace: spelled(elements) for namespace, elements in mdoc.disclosure_map.items()}


def _why(document: Any) -> str:
    results = getattr(document, "hash_verification", None)
    return f"digests {results['failed']}" if results else "signature or certificate"


def _issuing(
    elements: str,
    doctype: str,
    signer: dict[str, str],
    chain: list[str],
    device: dict[str, str],
    valid_until: str,
    status: dict[str, Any] | None = None,
) -> Callable[[], bytes]:
    key = {"KTY": "EC2", "CURVE": "P_256", "ALG": "ES256", "D": coordinates(signer)["d"], "KID": b"judge"}
    point = coordinates(device)
    certificates = [x509.load_der_x509_certificate(bytes.fromhex(certificate)) for certificate in chain]
    # The library puts the tag on these dates itself.
    values = {
        name: value.isoformat() if name in CBORTAGS_ATTR_MAP else value
        for name, value in cbor2.loads(bytes.fromhex(elements)).items()
    }
    bound = {1: 2, -1: 1, -2: point["x"], -3: point["y"]}

    def issue() -> bytes:
        mdoc = MdocCborIssuer(private_key=key, alg="ES256")
        mdoc.new(
            data={doctype: dict(values)},
            doctype=doctype,
            validity={"issuance_date": "2020-01-01", "expiry_date": valid_until},
            devicekeyinfo=dict(bound),
            x509_chain=certificates,
            revocation=None if status is None else {"status_list": status},
        )
        (document,) = mdoc.signed["documents"]
        made: bytes = cbor2.dumps(document["issuerSigned"])
        return made

    return issue


def pymdoccbor_issue(**parameters: Any) -> str:
    """Return an IssuerSigned of these elements (a CBOR map), signed under this chain for this device key."""
    return _issuing(**parameters)().hex()


VERBS: dict[str, Callable[..., Any]] = {
    "pymdoccbor_verify": pymdoccbor_verify,
    "pymdoccbor_verify_response": pymdoccbor_verify_response,
    "pymdoccbor_issue": pymdoccbor_issue,
}
PREPARED: dict[str, Callable[..., Callable[[], object]]] = {
    "pymdoccbor_verify_response": lambda **parameters: lambda: pymdoccbor_verify_response(**parameters),
    "pymdoccbor_issue": _issuing,
}
