"""The ladder from FixMatch to SSC, made of parts."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from ssc_tune import losses, methods
from ssc_tune.methods.base import Views
from ssc_tune.training import CellConfig, DataConfig, ModelConfig, TrainingConfig

K, DIM = 3, 5
LABELS = torch.tensor([0, 1, 2, 0])


def outputs(width: int) -> Views:
    draw = torch.Generator().manual_seed(0)
    return Views(*(torch.randn(*size, width, generator=draw, dtype=torch.float64) for size in ((4,), (6,), (2, 6))))


def test_fixmatch_with_nt_xent_is_the_sum_of_both() -> None:
    views = outputs(K + DIM)
    method = methods.make("fixmatch-ntxent", {"tau": 0.6, "contrast_weight": 0.3}, num_classes=K)
    head = method.head(DIM, generator=torch.Generator().manual_seed(0))
    assert head(torch.randn(2, DIM)).shape == (2, K + DIM)
    found = method.loss(head, views, LABELS)
    plain = methods.make("fixmatch", {"tau": 0.6, "num_strong_views": 2}, num_classes=K)
    logits = Views(views.labelled[:, :K], views.weak[:, :K], views.strong[..., :K])
    base = plain.loss(plain.head(DIM, generator=torch.Generator().manual_seed(0)), logits, LABELS)
    assert 0 < int(base.confident.sum()) < 6
    alone = ~base.confident
    first, second = views.strong[..., K:]
    expected = base.total + 0.3 * losses.nt_xent_loss(first[alone], second[alone], temperature=0.1)
    torch.testing.assert_close(found.total, expected)
    torch.testing.assert_close(sum(found.terms.values()), expected)
    assert torch.equal(method.scores(head, views.weak), views.weak[:, :K])


@pytest.mark.parametrize("unconfident", ["joint", "separate", "absent"])
@pytest.mark.parametrize("normalization", ["ours", "authors"])
def test_ssc_passes_its_variant_on(unconfident: str, normalization: str) -> None:
    views = Views(*(part.float() for part in outputs(DIM)[:3]))
    given = {"tau": 0.8, "unconfident": unconfident, "normalization": normalization}
    method = methods.make("ssc", given, num_classes=K)
    head = method.head(DIM, generator=torch.Generator().manual_seed(0))
    found = method.loss(head, views, LABELS)
    expected = losses.ssc_variant_terms(
        head.prototypes,
        views.labelled,
        LABELS,
        views.strong,
        found.pseudo_labels,
        found.confident,
        temperature=0.1,
        prototype_weight=1.0,
        confident_weight=1.0,
        unconfident_weight=0.2,
        unconfident=unconfident,
        normalization=normalization,
    )
    torch.testing.assert_close(found.total, expected.total)


RUNGS = {
    "fixmatch-2-views": ("fixmatch", {"num_strong_views": 2}, {"num_strong_views": 1}),
    "ssc-confident-only": ("ssc", {"unconfident": "absent"}, {"unconfident": "joint"}),
    "ssc-separate": ("ssc", {"unconfident": "separate"}, {"unconfident": "joint"}),
    "ssc-unweighted": ("ssc", {"unconfident_weight": 1.0}, {"unconfident_weight": 0.2}),
}


@pytest.mark.parametrize("name", RUNGS)
def test_a_rung_is_its_method_with_one_hyperparameter_that_is_held(name: str) -> None:
    base, held, other = RUNGS[name]
    assert methods.resolve(name, {}) == methods.resolve(base, held)
    with pytest.raises(ValidationError):
        methods.resolve(name, other)
    views = Views(*(part.float() for part in outputs(K if base == "fixmatch" else DIM)[:3]))
    losses_of = []
    for kind, given in ((name, {}), (base, held)):
        method = methods.make(kind, {"tau": 0.6, **given}, num_classes=K)
        head = method.head(DIM, generator=torch.Generator().manual_seed(0))
        losses_of.append(method.loss(head, views, LABELS).total)
    assert torch.equal(*losses_of)


def test_cells_of_before_keep_their_ids() -> None:
    def cell(**hyperparameters: object) -> str:
        return CellConfig(
            data=DataConfig(),
            model=ModelConfig(),
            training=TrainingConfig(),
            method="ssc",
            hyperparameters=hyperparameters,
            seed=0,
        ).cell_id

    assert cell() == cell(unconfident="joint", normalization="ours") == "df715892a90d7975"
    assert len({cell(), cell(unconfident="absent"), cell(normalization="authors")}) == 3


def test_weights_by_confidence_have_no_variants() -> None:
    with pytest.raises(ValidationError):
        methods.resolve("softmatch-ssc", {"unconfident": "absent"})
