"""A reader on a machine without the second suite's library: what it cannot check is neither forged nor valid."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from keys.algorithms import ALGORITHMS, Algorithm
from tests.builders.presentations import ROOT, Showing
from tests.builders.suites import document_signer_of

SECONDS = 60
# The process never finds a libcrypto of the system; `cryptography` brings its own inside and is not concerned.
READER = """
import json, sys

def hide(event, arguments):
    if event == "ctypes.dlopen" and "libcrypto" in str(arguments[0]):
        raise OSError("no such library")

sys.addaudithook(hide)
from keys.signing import KeyPurpose
from keys.trust import TrustAnchor
from tests.builders.presentations import judged
from verifier.trust import IssuerTrust

asked = json.load(sys.stdin)
trust = IssuerTrust(TrustAnchor(KeyPurpose.NATIONAL_ROOT, bytes.fromhex(asked["root"])), None)
verdict = judged(asked["text"], trust=trust)
last = verdict.findings[-1]
print(json.dumps([verdict.colour.value, last.check.value, verdict.deciding.code, verdict.person is None, verdict.bureau]))
"""


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda row: row.name)
def test_only_sm2_needs_the_systems_library_and_without_it_nothing_is_said(algorithm: Algorithm) -> None:
    shown = Showing(issuer=document_signer_of(algorithm, ROOT))
    asked = json.dumps({"root": ROOT.certificate.hex(), "text": shown.text})
    done = subprocess.run(
        [sys.executable, "-c", READER], input=asked, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    colour, check, reason, shows_nobody, bureau = json.loads(done.stdout)
    if algorithm.name == "SM2-SM3":
        assert (colour, check, reason) == ("AMBER", "issuer_signature", "suite_unavailable")
        assert shows_nobody
        assert bureau is None
    else:
        assert colour == "GREEN"
