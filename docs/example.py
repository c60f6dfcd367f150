"""Makes the example of a report: the main study, smaller, run in a folder of its own.

    uv run python docs/example.py

Takes a few minutes on two cores. Names of machines do not stand in what it keeps.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "example" / "report.html"
SMALLER = (
    "name=example", "design.points=16", "design.looks=[8, 16]", "training.steps=100", "training.evaluations=4",
)  # fmt: skip
MOST = 1_000_000
"""Bytes that a repository can bear."""


def main() -> None:
    """Runs the study and keeps its report."""
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        for name in ("studies", "search_spaces"):
            shutil.copytree(ROOT / name, folder / name)
        changes = [word for change in SMALLER for word in ("--set", change)]
        command = ["-m", "ssc_tune.run", "studies/stability.yaml", *changes, "--tracking-uri", "none"]
        subprocess.run([sys.executable, *command], cwd=folder, check=True)
        text = (folder / "runs" / "example" / "report.html").read_text(encoding="utf-8")
        text = text.replace(socket.gethostname(), "machine")
        if str(folder) in text:
            sys.exit("the report names the folder that it was made in")
    if len(text.encode()) > MOST:
        sys.exit(f"the report has {len(text.encode()):,} bytes, more than {MOST:,}")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    print(f"{OUT.relative_to(ROOT)}: {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
