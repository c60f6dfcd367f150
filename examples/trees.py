"""Two functions as methods: forests of scikit-learn on digits, with as few labels as the study says."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier


def random_forest(hyperparameters, seed, setting, kind=RandomForestClassifier):
    """Accuracies of a forest of one kind."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    parts = {"test_accuracy": order[:500], "validation_accuracy": order[500:800]}
    drawn = np.random.default_rng(seed).permutation(order[800:])
    few = np.concatenate([drawn[labels[drawn] == k][: setting["data"]["labels_per_class"]] for k in range(10)])
    forest = kind(random_state=seed, **hyperparameters).fit(images[few], labels[few])
    return {name: forest.score(images[part], labels[part]) for name, part in parts.items()}


def extra_trees(hyperparameters, seed, setting):
    """The same with extremely randomized trees."""
    return random_forest(hyperparameters, seed, setting, kind=ExtraTreesClassifier)
