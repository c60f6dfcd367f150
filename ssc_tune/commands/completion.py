"""``ssc-tune completion``: a script that makes a shell complete commands, options, files and names of studies."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ssc_tune.late import Late

if TYPE_CHECKING:
    import shtab
else:
    shtab = Late("shtab")

SHELLS = ("bash", "zsh", "fish")

# Names of studies are the folders of the default storage: a shell lists them in a moment, Python would take a second.
_STUDY: dict[str, str] = {
    "bash": "_ssc_tune_studies",
    "zsh": "_ssc_tune_studies",
    "fish": "(__fish_complete_path (commandline -ct)) (path basename runs/*/ 2>/dev/null)",
}
_PREAMBLE = {
    "bash": """
_ssc_tune_studies() {
  _shtab_compgen_files "$1"
  compgen -d -- "runs/$1" | sed 's|^runs/||'
}
""",
    "zsh": """
_ssc_tune_studies() {
  _alternative 'files:study file:_files' 'studies:study in runs:_path_files -W runs -/'
}
""",
    "fish": "",
}

HELP = "print a script that completes commands, options and studies"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which shell."""
    parser.add_argument("shell", choices=SHELLS, help='for instance: eval "$(ssc-tune completion bash)"')


def run(arguments: argparse.Namespace) -> int:
    """Prints the script for one of SHELLS; needs no package at completion time."""
    completers: dict[str, Any] = {"study": _STUDY, "other": _STUDY, "files": shtab.FILE}
    completers |= dict.fromkeys(("storage", "other_storage", "output"), shtab.DIRECTORY)
    for action in _actions(arguments.parser):
        if action.dest in completers:
            action.complete = completers[action.dest]  # type: ignore[attr-defined]  # where shtab looks for it
    print(shtab.complete(arguments.parser, shell=arguments.shell, preamble=_PREAMBLE[arguments.shell]))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The options and arguments of a parser and of its subcommands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from _actions(child)
