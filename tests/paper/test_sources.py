"""Sources have one home, everything that rests on one names it, and a study cites what it used."""

from __future__ import annotations

import importlib
import re

import pytest

from ssc_tune import data, methods, sources
from ssc_tune.analysis.estimators import multiplicity, multiverse, pooling, sequential
from ssc_tune.methods import registry as method_rows
from ssc_tune.models.registry import FAMILIES
from ssc_tune.paper.paragraph import cited, paragraphs
from ssc_tune.study.model.claims import FORMS
from ssc_tune.study.model.designs import DESIGNS, SearchDesign
from ssc_tune.study.model.measures import MEASURES
from ssc_tune.training.config import PretrainConfig
from tests.making.analyses import case
from tests.making.studies import REPORTED, study

SAMPLERS = [SearchDesign(type="search", points=4, sampler=name) for name in ("tpe", "gp", "cmaes", "random")]
NAMED: dict[str, tuple[str, ...]] = {
    **{f"method {name}": methods.sources_of(name) for name in methods.names},
    **{f"data {name}": row.sources for name, row in data.DATASETS.items()},
    **{f"net {row.title}": row.sources for row in FAMILIES},
    **{f"design {design.name()}": design.published for design in DESIGNS},
    **{f"sampler {one.sampler}": one.sources for one in SAMPLERS},
    **{f"measure {name}": row.sources for name, row in MEASURES.items()},
    **{f"form {form.__name__}": form.SOURCES for form in FORMS},
    **{f"view {name}": keys for name, keys in methods.Hyperparameters.STRONG_VIEWS.items()},
    **{f"software {name}": keys for name, keys in sources.SOFTWARE.items()},
    "pre-training": PretrainConfig.model_construct().SOURCES,
    "several claims": multiplicity.SOURCES,
    "other ranges": multiverse.SOURCES,
    "over settings": pooling.SOURCES,
    "looks": sequential.SOURCES,
}
WITHOUT = {"method supervised", "method supervised-full"}
"""What is nobody's invention."""


def test_every_name_has_an_entry_and_every_entry_is_named() -> None:
    assert {key for keys in NAMED.values() for key in keys} == set(sources.entries())


def test_methods_data_and_nets_name_their_source() -> None:
    kinds = ("method ", "data ", "net ", "software ", "view ")
    assert {what for what, keys in NAMED.items() if what.startswith(kinds) and not keys} == WITHOUT


@pytest.mark.parametrize("key", sources.entries())
def test_an_entry_is_whole(key: str) -> None:
    text = sources.entries()[key]
    fields = dict(re.findall(r"^  (\w+)\s*= \{(.*)\},$", text, re.MULTILINE))
    assert len(fields) == text.count("\n") - 1  # each line is one
    assert {"author", "title", "year"} <= set(fields)
    assert text.count("{") == text.count("}")
    assert key.startswith(
        re.sub(r"[^a-z]", "", re.sub(r"\{\\.\s?(\w)\}", r"\1", fields["author"]).split(",")[0].lower())
    )
    assert fields["year"] in key
    kind = re.match(r"@(\w+)", text)
    assert kind is not None
    where = {"article": "journal", "inproceedings": "booktitle", "book": "publisher", "techreport": "institution"}
    assert where.get(kind[1], "title") in fields
    if kind[1] == "misc":
        assert fields.keys() & {"eprint", "howpublished"}
    assert ("eprint" in fields) == ("archiveprefix" in fields)


@pytest.mark.parametrize("name", methods.names)
def test_the_number_in_a_methods_file_is_that_of_its_source(name: str) -> None:
    module = importlib.import_module(method_rows._METHODS[name].split(":")[0])
    said = re.search(r"Source:[^.]*arXiv (\d{4}\.\d{5})", module.__doc__ or "")
    if said is not None:
        assert any(f"{{{said[1]}}}" in sources.entries()[key] for key in methods.sources_of(name))


def test_keys_are_in_order_and_each_stands_once() -> None:
    assert list(sources.entries()) == sorted(sources.entries())
    twice = sources.bibliography(["holm1979simple", "acerbi2002coherence", "holm1979simple"])
    assert re.findall(r"@\w+\{(\w+)", twice) == ["acerbi2002coherence", "holm1979simple"]
    with pytest.raises(KeyError):
        sources.bibliography(["nobody1900"])


def used(**changes: object) -> set[str]:
    made = case(study(REPORTED, **changes))
    return set(cited(paragraphs(made.study, made.analysis, made.records, len(made.records))))


def test_a_study_cites_what_it_used_and_nothing_else() -> None:
    software = {key for keys in sources.SOFTWARE.values() for key in keys}
    base = {
        *("sohn2020fixmatch", "gauffre2024unified", "alpaydin1998digits", "zagoruyko2016wide"),
        *("sobol1967distribution", "matousek1998discrepancy", "efron1981jackknife", "brown1974robust"),
        *("satterthwaite1946approximate", "acerbi2002coherence", "schuirmann1987comparison", "holm1979simple"),
    }
    # Records of the case give no hyperparameters of strong views: they draw none.
    assert used() == base | software
    assert used(data={"name": "fashion_mnist"}) == base - {"alpaydin1998digits"} | {"xiao2017fashion"} | software
    assert used(model={"name": "resnet-18"}) == base - {"zagoruyko2016wide"} | {"he2016deep"} | software
    one = used(claims=[REPORTED["claims"][1]])
    assert one & {"holm1979simple", "acerbi2002coherence", "schuirmann1987comparison"} == set()
    looks = used(design={"type": "sobol", "points": 16, "looks": [8, 16]})
    assert looks - (base | software) == {"lan1983discrete", "jennison2000group"}


def test_strong_views_are_cited_where_there_are_any() -> None:
    parts = {"randaugment_n": 2, "cutout": 0.5}
    assert methods.augmentation_of("fixmatch", parts) == ("cubuk2020randaugment", "devries2017cutout")
    assert methods.augmentation_of("fixmatch", {"randaugment_n": 0, "cutout": 0.5}) == ("devries2017cutout",)
    assert methods.augmentation_of("supervised", parts) == ()
    made = case(study(REPORTED))
    cells = [record.model_copy(update={"config": record.config.model_copy(update={"hyperparameters": parts})})
             for record in made.records[:2]]  # fmt: skip
    with_views = cited(paragraphs(made.study, made.analysis, cells, 2))
    assert set(with_views) - used() == {"cubuk2020randaugment", "devries2017cutout"}
