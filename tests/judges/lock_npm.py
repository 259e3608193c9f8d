"""Makes the lock file of the judges from npm again: exact versions and integrity hashes, and no address of any kind."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.judges.child import ROOT, find_node

FOLDER = ROOT / "tests" / "judges" / "npm"
_NPM = Path("lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
_ADDRESSES = ("resolved", "funding")


def main() -> None:
    """Resolve ``package.json`` in an empty folder and write the lock beside it."""
    node = find_node()
    npm = node.parents[1] / _NPM
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(FOLDER / "package.json", folder)
        command = [str(node), str(npm), "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run([*command, "--omit-lockfile-registry-resolved", "--loglevel=error"], cwd=folder, check=True)
        lock: dict[str, Any] = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        for address in _ADDRESSES:
            package.pop(address, None)
    (FOLDER / "package-lock.json").write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
