"""Input made to hurt: deep nesting, huge prefixes, many tiny members, long runs of digits and separators, bombs.

Every public parser reads it or refuses it with one of our errors; whatever else leaves fails the test. How long the worst
of it takes is measured by ``python -m tests.support.hostile`` and asserted nowhere: a machine is not a rule.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.sources import ROOT
from tests.support.hostile import SIZES, hostile_inputs
from tests.support.parsers import PARSERS, Parser, refused_or_read


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_hostile_input_is_read_or_refused(parser: Parser) -> None:
    for size in SIZES:
        for _, data in hostile_inputs(parser, size):
            refused_or_read(parser.read, data)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_what_its_makers_wrote_is_read(parser: Parser) -> None:
    """A seed that is refused would leave a fuzzer before a closed door."""
    for seed in parser.seeds():
        if seed:
            parser.read(seed)


# The library warns of a serial number that is not positive, and then we refuse it.
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_a_bent_byte_is_read_or_refused(parser: Parser) -> None:
    for seed in parser.seeds():
        for place in range(len(seed)):
            bent = bytearray(seed)
            bent[place] ^= 1 << place % 8
            refused_or_read(parser.read, bytes(bent))


@pytest.mark.slow
def test_hostile_input_takes_no_memory_to_speak_of() -> None:
    """A head that promises gigabytes, or a stream that inflates to them, is refused within a fixed address space."""
    command = [sys.executable, "-m", "tests.support.hostile", "memory"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
