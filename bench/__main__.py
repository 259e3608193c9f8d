"""``make bench``: every figure from the public call, proven first, beside its base in the same rounds.

``python -m bench [--only PART_OF_A_NAME] [--rounds N] [--json FILE]``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import report
from bench.figures import SCENES, Scenes, build
from bench.measuring import Constant, Result, measure
from bench.proving import ProofFailed


def main(arguments: list[str], *, scenes: Scenes = SCENES) -> int:
    """Measure and print; return 0, or 1 when a call about to be timed does not do its work. Times decide nothing."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--only", default="", help="measure the figures whose name contains this")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each figure (default 15)")
    parser.add_argument("--json", type=Path, help="write the results there as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="eid-bench-") as folder, ExitStack() as closing:
        try:
            figures = build(scenes, Path(folder), closing, only=options.only)
        except ProofFailed as err:
            print(f"not measured: {err}", file=sys.stderr)
            return 1
        if not figures:
            print(f"no figure is named like {options.only}", file=sys.stderr)
            return 1
        results: list[Result | Constant] = []
        for figure in figures:
            report.progress(figure.name)
            results.append(figure if isinstance(figure, Constant) else measure(figure, rounds=options.rounds))
        report.progress("")
        print(report.table(results, report.primitives(options.rounds), rounds=options.rounds))
        if options.json is not None:
            options.json.write_text(report.as_json(results), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
