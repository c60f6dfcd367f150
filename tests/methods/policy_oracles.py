"""The threshold policies once more, from their formulas, with loops over Python floats."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

Row = list[float]


def softmax(row: Row) -> Row:
    """exp(x_k) / sum over j of exp(x_j)."""
    largest = max(row)
    parts = [math.exp(x - largest) for x in row]
    return [part / math.fsum(parts) for part in parts]


def probabilities(logits: Tensor) -> list[Row]:
    """Softmax of each row, in double precision."""
    return [softmax(row) for row in logits.double().tolist()]


def mean(values: list[float]) -> float:
    """The arithmetic mean."""
    return math.fsum(values) / len(values)


def columns(rows: list[Row]) -> Row:
    """The mean of each column."""
    return [mean([row[k] for row in rows]) for k in range(len(rows[0]))]


def decay(step: int, ceiling: float) -> float:
    """Warmed up: min(ceiling, (1 + k) / (10 + k))."""
    return min(ceiling, (1 + step) / (10 + step))


def moved(old: Row, new: Row, step: int, ceiling: float) -> Row:
    """d * old + (1 - d) * new."""
    d = decay(step, ceiling)
    return [d * a + (1 - d) * b for a, b in zip(old, new, strict=True)]


def normed(row: Row) -> Row:
    """Divided by its sum."""
    return [x / math.fsum(row) for x in row]


def flexmatch(steps: list[tuple[Tensor, list[int]]], *, tau: float, images: int, warmup: bool, k: int) -> list[Row]:
    """The share of tau that each image of each step has to reach, and afterwards its confidence, flattened."""
    latest: dict[int, int] = {}
    found = []
    for logits, indices in steps:
        sigma = [sum(1 for label in latest.values() if label == c) for c in range(k)]
        largest = max(sigma)
        if warmup:
            largest = max(largest, images - sum(sigma))
        beta = [s / largest if largest else 0.0 for s in sigma]
        thresholds = [tau * b / (2 - b) for b in beta]
        passed: Row = []
        for row, index in zip(probabilities(logits), indices, strict=True):
            label = row.index(max(row))
            passed.append(float(max(row) >= thresholds[label]))
            if max(row) >= tau:
                latest[index] = label
        found.append(passed)
    return found


def freematch(steps: list[tuple[Tensor, Tensor]], *, ceiling: float, k: int) -> list[tuple[Row, float]]:
    """Which images count in each step, and L_f of it."""
    tau, p, h = [1 / k], [1 / k] * k, [1 / k] * k
    found = []
    for number, (weak, strong) in enumerate(steps):
        rows = probabilities(weak)
        labels = [row.index(max(row)) for row in rows]
        tau = moved(tau, [mean([max(row) for row in rows])], number, ceiling)
        p = moved(p, columns(rows), number, ceiling)
        h = moved(h, [labels.count(c) / len(labels) for c in range(k)], number, ceiling)
        counted = [float(max(row) >= tau[0] * p[label] / max(p)) for row, label in zip(rows, labels, strict=True)]
        kept = [row for view in strong for row, c in zip(probabilities(view), counted, strict=True) if c]
        fairness = 0.0
        if kept:
            hard = [row.index(max(row)) for row in kept]
            mean_strong, histogram = columns(kept), [hard.count(c) / len(hard) for c in range(k)]
            a = normed([x / y for x, y in zip(p, h, strict=True)])
            b = normed([x / y if y else 0.0 for x, y in zip(mean_strong, histogram, strict=True)])
            fairness = math.fsum(x * math.log(y + 1e-12) for x, y in zip(a, b, strict=True))
        found.append((counted, fairness))
    return found


def aligned(rows: list[Row], running: Row, target: Row) -> list[Row]:
    """Norm(p * target / running)."""
    return [normed([x * t / r for x, t, r in zip(row, target, running, strict=True)]) for row in rows]


def softmatch(steps: list[Tensor], *, ceiling: float, sigmas: float, align: bool, k: int) -> list[Row]:
    """The weights of each step."""
    mu, variance, running = [1 / k], [1.0], [1 / k] * k
    found = []
    for number, logits in enumerate(steps):
        rows = probabilities(logits)
        running = moved(running, columns(rows), number, ceiling)
        if align:
            rows = aligned(rows, running, [1 / k] * k)
        confidences = [max(row) for row in rows]
        centre = mean(confidences)
        spread = math.fsum((c - centre) ** 2 for c in confidences) / (len(confidences) - 1)
        mu, variance = moved(mu, [centre], number, ceiling), moved(variance, [spread], number, ceiling)
        found.append(
            [1.0 if c >= mu[0] else math.exp(-((c - mu[0]) ** 2) / (2 * variance[0] / sigmas**2)) for c in confidences]
        )
    return found


def adamatch(steps: list[tuple[Tensor, Tensor]], *, tau: float, ceiling: float, k: int) -> list[Any]:
    """Pseudo-labels and which count, of each step."""
    running, target = [1 / k] * k, [1 / k] * k
    found = []
    for number, (weak, labelled) in enumerate(steps):
        rows, known = probabilities(weak), probabilities(labelled)
        running = moved(running, columns(rows), number, ceiling)
        target = moved(target, columns(known), number, ceiling)
        rows = aligned(rows, running, target)
        least = tau * mean([max(row) for row in known])
        found.append([(row.index(max(row)), max(row) >= least) for row in rows])
    return found


def dot(a: Row, b: Row) -> float:
    """The inner product."""
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def unit(row: Row) -> Row:
    """Divided by its length."""
    return [x / math.sqrt(dot(row, row)) for x in row]


def comatch(
    steps: list[tuple[Tensor, Tensor, Tensor, list[int]]],
    *,
    alpha: float,
    temperature: float,
    size: int,
    window: int,
    k: int,
) -> list[list[Row]]:
    """q of each step, from logits and embeddings of weak views, and embeddings and labels of labelled images."""
    memory: list[tuple[Row, Row]] = []
    means: list[Row] = []
    found = []
    for weak, embeddings, labelled, labels in steps:
        rows = probabilities(weak)
        means = [*means, columns(rows)][-window:]
        rows = aligned(rows, columns(means), [1.0] * k)
        directions = [unit(row) for row in embeddings.double().tolist()]
        smoothed = []
        for row, z in zip(rows, directions, strict=True):
            if len(memory) == size:
                shares = softmax([dot(z, other) / temperature for other, _ in memory])
                near = [math.fsum(a * p[c] for a, (_, p) in zip(shares, memory, strict=True)) for c in range(k)]
                row = [alpha * a + (1 - alpha) * b for a, b in zip(row, near, strict=True)]
            smoothed.append(row)
        found.append(smoothed)
        memory += list(zip(directions, rows, strict=True))
        for z, label in zip(labelled.double().tolist(), labels, strict=True):
            memory.append((unit(z), [float(c == label) for c in range(k)]))
        memory = memory[-size:]
    return found


def graph(first: list[Row], second: list[Row], q: list[Row], *, threshold: float, temperature: float) -> float:
    """CoMatch's contrast of the graphs."""
    losses = []
    for i in range(len(q)):
        logs = [math.log(p) for p in softmax([dot(unit(first[i]), unit(z)) / temperature for z in second])]
        edges = [1.0 if i == j else dot(q[i], q[j]) for j in range(len(q))]
        edges = normed([edge if edge >= threshold else 0.0 for edge in edges])
        losses.append(-dot(edges, logs))
    return mean(losses)


def dash(
    steps: list[tuple[Tensor, Tensor, list[int]]],
    *,
    scale: float,
    base: float,
    least: float,
    warmup: int,
    period: int,
    ceiling: float,
    k: int,
) -> list[list[tuple[int, bool]]]:
    """Pseudo-labels and which count, of each step, from logits of weak views and of labelled images, and labels."""
    loss = [math.log(k)]
    found = []
    for number, (weak, labelled, labels) in enumerate(steps):
        if number < warmup:
            known = zip(probabilities(labelled), labels, strict=True)
            loss = moved(loss, [mean([-math.log(row[label]) for row, label in known])], number, ceiling)
        stage = 1 + (number - warmup) // period
        threshold = max(scale * base ** -(stage - 1) * loss[0], least)
        found.append(
            [
                (row.index(max(row)), number >= warmup and -math.log(max(row)) <= threshold)
                for row in probabilities(weak)
            ]
        )
    return found
