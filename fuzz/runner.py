"""The one way a fuzz target runs: bytes that begin with a parser's number in its family, then what that parser reads.

The property is the same for all: it is read, or refused with one of our errors. Whatever else leaves is a finding.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

CORPUS = Path(__file__).resolve().parent / "corpus"
INSTRUMENTED = ["core", "keys", "formats", "protocols", "verifier"]
MAX_BYTES = 65_536
TIMEOUT_SECONDS = 20
"""For one input: far beyond what any takes, so that only what does not end is found here."""


def run(family: str) -> None:
    """Fuzz the parsers of one family; the arguments of the command line are libFuzzer's. Does not return."""
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.support.parsers import FAMILIES, refused_or_read  # noqa: PLC0415  # instrumented as it is imported

    parsers = FAMILIES[family]
    folder = CORPUS / family
    folder.mkdir(parents=True, exist_ok=True)
    for number, parser in enumerate(parsers):
        for place, seed in enumerate(parser.seeds()):
            (folder / f"seed-{number}-{place}").write_bytes(bytes((number,)) + seed)

    def read_one(data: bytes) -> None:
        if data:
            refused_or_read(parsers[data[0] % len(parsers)].read, data[1:])

    options = [f"-max_len={MAX_BYTES}", f"-timeout={TIMEOUT_SECONDS}", "-print_final_stats=1", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(folder)], read_one)
    atheris.Fuzz()
