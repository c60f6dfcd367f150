"""The report on known vulnerabilities fails nothing, whatever the network does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = """#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = -o ] && printf 'a==1\\nb==2 ; x\\n' > "$2"; shift; done
"""
LOST = """#!/bin/sh
echo 'a  Dependency not found on PyPI and could not be audited: a (1)'
echo 'no route to host' >&2
exit 1
"""
FOUND = "#!/bin/sh\necho 'Found 1 known vulnerability in 1 package'\nexit 1\n"


@pytest.mark.parametrize(
    ("uv", "uvx", "said"),
    [
        ("#!/bin/sh\necho 'no lock file' >&2\nexit 2\n", FOUND, "not audited: no lock file"),
        (UV, LOST, "no route to host\npip-audit ended with 1; 1 of 2 packages could not be audited"),
        (UV, FOUND, "Found 1 known vulnerability in 1 package\npip-audit ended with 1; 0 of 2 packages"),
    ],
)
def test_the_report_fails_nothing(uv: str, uvx: str, said: str, tmp_path: Path) -> None:
    for name, text in (("uv", uv), ("uvx", uvx)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([ROOT / ".ci" / "audit"], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout
    assert ".ci/audit" in (ROOT / ".ci" / "run").read_text()
