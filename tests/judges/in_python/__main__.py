"""The child's loop: one request a line, one verdict a line. Runs in the judges' environment and imports nothing of ours."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cwt import CWTError
from pycose.exceptions import CoseException

from tests.judges.in_python import cose, mdoc
from tests.judges.in_python.verdicts import Refusal

Verb = Callable[..., Any]

_REFUSALS = (Refusal, CWTError, CoseException, InvalidSignature, ValueError)


def _present() -> bool:
    return True


def _measure(of: str, times: int, **parameters: Any) -> float:
    prepared = PREPARED[of](**parameters)
    prepared()
    started = time.thread_time()
    for _ in range(times):
        prepared()
    return (time.thread_time() - started) / times


VERBS: Mapping[str, Verb] = {"present": _present, "measure": _measure, **cose.VERBS, **mdoc.VERBS}
PREPARED: Mapping[str, Callable[..., Callable[[], object]]] = mdoc.PREPARED


def _verdict(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"answer": VERBS[request.pop("verb")](**request)}
    except _REFUSALS as err:
        return {"refused": type(err).__name__, "why": str(err)}
    except Exception:  # noqa: BLE001  # whatever else a library throws is told to the parent, who fails the test
        return {"broken": traceback.format_exc()}


def main() -> None:
    """Answer until the parent closes the pipe. What the libraries print goes to the error stream, not between answers."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        answers.write(json.dumps(_verdict(json.loads(line))) + "\n")
        answers.flush()


main()
