"""Imports the modules named on the command line and prints every module then loaded."""

from __future__ import annotations

import importlib
import sys

if __name__ == "__main__":
    for name in sys.argv[1:]:
        importlib.import_module(name)
    sys.stdout.write("\n".join(sorted(sys.modules)) + "\n")
