"""The finished report that the README leads to: small, whole, of the study that its script runs, and of no machine."""

from __future__ import annotations

import re

from ssc_tune.study import load_study
from tests.docs.blocks import ROOT
from tests.docs.test_pictures import script


def test_it_is_small_and_names_no_machine() -> None:
    module = script("example")
    text = module.OUT.read_text(encoding="utf-8")
    assert len(text.encode()) <= module.MOST
    assert re.findall(r"(?<![\w.])/(?:tmp|home|root|work|var|Users)/[\w.-]+", text) == []
    assert text.rstrip().endswith("</html>")


def test_it_is_of_the_study_that_the_script_runs() -> None:
    module = script("example")
    study = load_study(ROOT / "studies" / "stability.yaml", module.SMALLER)
    text = module.OUT.read_text(encoding="utf-8")
    assert study.name == "example"
    assert f"<title>{study.name}" in text or study.name in re.findall(r"<title>(.*?)</title>", text, re.DOTALL)[0]
    for claim in study.claims:
        assert claim.name in text
    assert f"{study.design.points} points" in text  # type: ignore[union-attr]
