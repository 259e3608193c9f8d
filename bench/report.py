"""The table and the JSON file."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import textwrap
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from bench import peers
from bench.measuring import MICROSECONDS, Constant, Result, Sampler, quiet_collector
from bench.raw import raw_sign, raw_verify

_COLUMNS: Final = ("figure", "measured", "base", "best", "median", "goal", "floor", "met")
_LIBRARIES: Final = ("cryptography", "cbor2", "qrcode", "sqlalchemy", "fastapi")


def progress(name: str) -> None:
    """Say on a terminal what is measured now; an empty name wipes the line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{name}", end="", file=sys.stderr, flush=True)


def primitives(rounds: int) -> dict[str, tuple[float, float]]:
    """Return best and median microseconds of this machine's raw signature and verification."""
    return {"P-256 sign": _spread(raw_sign(), rounds), "P-256 verify": _spread(raw_verify(), rounds)}


def _spread(sample: Sampler, rounds: int) -> tuple[float, float]:
    with quiet_collector():
        times = [sample() * MICROSECONDS for _ in range(max(rounds, 15))]
    return min(times), statistics.median(times)


def table(results: Sequence[Result | Constant], raw: dict[str, tuple[float, float]], *, rounds: int) -> str:
    """Return the whole report as text."""
    rows = [_row(result) for result in results]
    widths = [max(len(row[place]) for row in (_COLUMNS, *rows)) for place in range(len(_COLUMNS))]
    lines = [*_header(raw, rounds), "", _line(_COLUMNS, widths), "  ".join("-" * width for width in widths)]
    for result, row in zip(results, rows, strict=True):
        lines.append(_line(row, widths))
        lines += [f"    beside it: {text}" for text in _others(result)]
    lines += ["", "What is measured:"]
    for result in results:
        name, measures = (result.name, result.measures) if isinstance(result, Constant) else _words(result)
        lines += textwrap.wrap(f"{name}: {measures}", 118, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


def _header(raw: dict[str, tuple[float, float]], rounds: int) -> list[str]:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    left_out = peers.missing()
    return [
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {libraries}",
        f"{rounds} rounds. Times are CPU time of the measuring thread unless a line says wall or server CPU; ratios are",
        "taken inside a round, where base and measured take turns, which steadies them on a machine shared with others.",
        "Every call was first shown to accept what is good and to refuse what was tampered with.",
        "Raw: "
        + "; ".join(f"{name} {best:.1f} / {median:.1f} us (best / median)" for name, (best, median) in raw.items()),
        "Left out, because not installed: " + (", ".join(left_out) or "nothing"),
    ]


def _words(result: Result) -> tuple[str, str]:
    return result.figure.name, result.figure.measures


def _row(result: Result | Constant) -> tuple[str, ...]:
    if isinstance(result, Constant):
        score = _score(result.score, result.target.unit)
        value, base, best, median = result.value, result.base, score, score
        name, target, decided = result.name, result.target, result.score
    else:
        figure = result.figure
        base = f"{figure.base.name} {_time(min(t.base for t in result.times))}" if figure.base else ""
        value, best, median = (
            _time(min(t.measured for t in result.times)),
            _score(result.best, figure.target.unit),
            _score(result.median, figure.target.unit),
        )
        name, target, decided = figure.name, figure.target, result.median
    sign = ">=" if target.higher_is_better else "<="
    limits = ("" if limit is None else f"{sign} {limit:,g}" for limit in (target.goal, target.floor))
    return (name, value, base, best, median, *limits, target.met(decided))


def _others(result: Result | Constant) -> list[str]:
    if isinstance(result, Constant):
        return []
    lines = []
    for name in result.figure.others:
        times = [turn.others[name] for turn in result.times]
        beside = [turn.others[name] / turn.base for turn in result.times if turn.base]
        text = f"{name} {_time(min(times))}"
        lines.append(f"{text}, {min(beside):.2f} / {statistics.median(beside):.2f} x base" if beside else text)
    return lines


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.1f} ms"
    return f"{seconds * MICROSECONDS:.1f} us" if seconds >= 1e-6 else f"{seconds * 1e9:.0f} ns"


def _score(score: float, unit: str) -> str:
    return f"{score:,.0f} {unit}" if score >= 1000 else f"{score:.2f} {unit}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def as_json(results: Sequence[Result | Constant]) -> str:
    """Return every figure with all its in-round scores."""
    return json.dumps([_json(result) for result in results], indent=1) + "\n"


def _json(result: Result | Constant) -> dict[str, object]:
    if isinstance(result, Constant):
        name, measures, target = result.name, result.measures, result.target
        scores: tuple[float, ...] = (result.score,)
        times: list[float] = []
    else:
        figure = result.figure
        name, measures, target, scores = figure.name, figure.measures, figure.target, result.scores
        times = [turn.measured for turn in result.times]
    median = statistics.median(scores)
    return {
        "name": name,
        "measures": measures,
        "unit": target.unit,
        "best": target.best(scores),
        "median": median,
        "goal": target.goal,
        "floor": target.floor,
        "met": target.met(median),
        "scores": list(scores),
        "seconds": times,
    }
