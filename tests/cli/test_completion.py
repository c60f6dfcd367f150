"""The scripts do in the shells what they should."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.making.files import Bench

Call = Callable[..., tuple[int, str, str]]
_ASK = """
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
COMP_LINE="${{COMP_WORDS[*]}}"
COMP_POINT=${{#COMP_LINE}}
COMPREPLY=()
$(complete -p ssc-tune | sed 's/.*-F \\([^ ]*\\).*/\\1/') ssc-tune "${{COMP_WORDS[$COMP_CWORD]}}" ""
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def complete(bench: Bench, call: Call, tmp_path: Path) -> Callable[[str], set[str]]:
    """What bash offers for a line, whose last word may be empty, with studies small and other in the storage."""
    (tmp_path / "completion.bash").write_text(call("completion", "bash")[1])
    bench.fill(bench.cells[:1])
    (tmp_path / "runs" / "other").mkdir()

    def complete(words: str) -> set[str]:
        script = "source ./completion.bash\n" + _ASK.format(words=words)
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return set(done.stdout.split())

    return complete


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes_commands_options_files_and_studies(complete: Callable[[str], set[str]]) -> None:
    assert complete("ssc-tune s") >= {"show", "sync"}
    assert "run" not in complete("ssc-tune s")
    assert "--tracking-uri" in complete("ssc-tune sync --tr")
    assert complete("ssc-tune show sm") == {"small", "small.yaml"}
    assert "other" in complete("ssc-tune show o")
    assert "small.yaml" in complete("ssc-tune validate sm")
    assert complete("ssc-tune completion ''") == {"bash", "zsh", "fish"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_reads_its_script(call: Call, shell: str, tmp_path: Path) -> None:
    code, script, _ = call("completion", shell)
    assert code == 0
    assert "validate" in script
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here: only the text was looked at")
    (tmp_path / "script").write_text(script)
    subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


def test_an_unknown_shell_is_refused(call: Call) -> None:
    with pytest.raises(SystemExit) as end:
        call("completion", "ksh")
    assert end.value.code == 2
