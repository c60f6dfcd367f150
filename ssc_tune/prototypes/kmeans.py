"""Prototypes at the centres of clusters."""

from __future__ import annotations

import warnings

import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from ssc_tune.prototypes.strategies import Wanted, check_embeddings, mean_directions, scaled, unit_rows


def kmeans(wanted: Wanted) -> Tensor:
    """K-means centres of the normalized unlabelled embeddings, row k the one matched to the mean of class k.

    They are matched one to one, so that the sum of Euclidean distances between directions is smallest (Hungarian
    method). A centre at 0 has no direction, and one is drawn.
    """
    means, unlabelled = mean_directions(wanted), wanted.unlabelled
    if unlabelled is None:
        raise ValueError("kmeans needs unlabelled: (M, D) embeddings of unlabelled images")
    check_embeddings("unlabelled", unlabelled, wanted.dim)
    if unlabelled.shape[0] < wanted.num_classes:
        raise ValueError(f"kmeans needs at least {wanted.num_classes} unlabelled embeddings; got {unlabelled.shape[0]}")
    seed = int(torch.randint(2**31 - 1, (), generator=wanted.generator, device=wanted.generator.device))
    points = unit_rows(unlabelled).cpu().numpy()
    with warnings.catch_warnings():  # of fewer different points than clusters: some centres are then the same
        warnings.simplefilter("ignore", ConvergenceWarning)
        clusters = KMeans(wanted.num_classes, n_init=10, random_state=seed).fit(points)
    centres = torch.from_numpy(clusters.cluster_centers_)  # (K, D) float64
    distances = torch.cdist(F.normalize(means.cpu(), dim=1), F.normalize(centres, dim=1))
    _, matched = linear_sum_assignment(distances.numpy())
    return scaled(centres[torch.from_numpy(matched)], wanted)
