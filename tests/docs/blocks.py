"""The blocks of code on a Markdown page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])

_MARK = re.compile(r"<!--\s*not run here:\s*(?P<reason>.*?)\s*-->", re.DOTALL)
_FILE = re.compile(r"# (?P<path>[\w./-]+\.\w+)\n")


class Block(NamedTuple):
    """A fenced block. ``reason`` is why it is not run, from the comment before it; ``path`` the file that it is."""

    page: Path
    line: int
    language: str
    text: str
    reason: str | None
    path: str | None

    @property
    def label(self) -> str:
        """Page and line, for test names and errors."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    found, reason = [], None
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            mark = _MARK.fullmatch(token.content.strip())
            reason = mark["reason"] if mark else None
        elif token.type == "fence":
            file = _FILE.match(token.content)
            assert token.map is not None
            path = file["path"] if file else None
            found.append(Block(page, token.map[0] + 1, token.info.strip(), token.content, reason, path))
            reason = None
        else:
            reason = None
    return found


def commands(block: Block) -> list[tuple[str, list[str]]]:
    """The commands of a bash or console block, each with the output shown below it (console only)."""
    found: list[tuple[str, list[str]]] = []
    for line in block.text.replace("\\\n", " ").splitlines():
        if block.language == "console" and not line.startswith("$ "):
            assert found, f"{block.label}: output before the first command"
            found[-1][1].append(line)
        elif line.strip() and not line.startswith("#"):
            found.append((line.removeprefix("$ ").strip(), []))
    return found
