"""Any program as a method: logistic regression on digits in numpy, told its values by its command line.

It prints a JSON object a line; `ssc_tune` reads those with numbers and keeps everything else as its output.
"""

import argparse
import json

import numpy as np
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float, required=True)
parser.add_argument("--weight-decay", type=float, required=True)
parser.add_argument("--seed", type=int, required=True)
given = parser.parse_args()

images, labels = load_digits(return_X_y=True)
images, truth = images / 16, np.eye(10)[labels]
order = np.random.default_rng(0).permutation(len(labels))
test, validation = order[:500], order[500:800]
few = np.random.default_rng(given.seed).permutation(order[800:])[:100]
weights = np.zeros((64, 10))


def accuracy(part):
    """Share of the images that are told right."""
    return float(((images[part] @ weights).argmax(1) == labels[part]).mean())


for step in range(1, 101):
    scores = np.exp(images[few] @ weights)
    gradient = images[few].T @ (scores / scores.sum(1, keepdims=True) - truth[few]) / len(few)
    weights -= given.learning_rate * (gradient + given.weight_decay * weights)
    if step % 25 == 0:
        print(json.dumps({"step": step, "validation_accuracy": accuracy(validation)}))
print("finished")
print(json.dumps({"test_accuracy": accuracy(test)}))
