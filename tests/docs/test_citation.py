"""The citation file is one by the rules of its format (version 1.2.0), and says what the package says of itself."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from ssc_tune import __version__, sources
from tests.docs.blocks import ROOT

REQUIRED = ("authors", "cff-version", "message", "title")
"""Of the file; its schema requires no more."""
ALLOWED = {
    *REQUIRED, "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license",
    "license-url", "preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type",
    "url", "version",
}  # fmt: skip
OF_PERSONS = {"affiliation", "alias", "email", "family-names", "given-names", "name-particle", "name-suffix", "orcid"}
KINDS = {"article", "book", "conference-paper", "report", "software", "thesis", "unpublished"}


@pytest.fixture(scope="module")
def cited() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    return found


def test_it_has_the_keys_of_its_format(cited: dict[str, Any]) -> None:
    assert set(REQUIRED) <= set(cited) <= ALLOWED
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] in ("software", "dataset")
    assert all(isinstance(cited[key], str) and cited[key] for key in ("message", "title", "abstract"))
    assert cited["keywords"] == list(dict.fromkeys(cited["keywords"]))
    for author in cited["authors"]:
        assert set(author) == {"name"} or {"family-names", "given-names"} <= set(author) <= OF_PERSONS


def test_references_have_the_keys_of_theirs(cited: dict[str, Any]) -> None:
    for one in cited["references"]:
        assert {"authors", "title", "type"} <= set(one)
        assert one["type"] in KINDS
        assert all(set(author) <= OF_PERSONS for author in one["authors"])
        for identifier in one["identifiers"]:
            assert set(identifier) == {"type", "value"}
            assert identifier["type"] in ("doi", "url", "swh", "other")


def test_it_says_what_the_package_says(cited: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert str(cited["version"]) == project["version"] == __version__
    assert cited["license"] == project["license"]


def test_what_it_refers_to_is_as_in_the_bibliography(cited: dict[str, Any]) -> None:
    """By title, first author and number."""
    for one in cited["references"]:
        number = one["identifiers"][0]["value"].removeprefix("arXiv:")
        entry = next(text for text in sources.entries().values() if f"{{{number}}}" in text)
        plain = re.sub(r"(?<=\{)\{|\}(?=\})|\{(?=\w+\}:)|(?<=\w)\}(?=:)", "", entry)
        assert f"title = {{{one['title']}}}" in re.sub(r"\s*=\s*", " = ", plain)
        assert all(author["family-names"] in entry for author in one["authors"])
        assert entry.count(" and ") + 1 == len(one["authors"]) + one["title"].count(" and ")
        assert f"{{{one['year']}}}" in entry
