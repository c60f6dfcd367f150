"""Training steps as CUDA graphs: captured once, replayed with one call of the host each.

An eager step launches some hundred kernels one after another, and where the images are few and small the device waits
for the host. Here draws, augmentation, forward, loss, backward, update and sums are recorded and replayed. Two kinds of
graph, since augmentation is batched over a group of steps: one for the views of a group (one for each length of group
that occurs), and one for a step. They read and write tensors that stay where they are: the indices of a group, its
images, a row of numbers for each step (learning rate, weights of both averages), and the place of the next step.

Kernels, order and draws are those of eager steps, and so is the state: the first calls of each kind are eager steps of
the cell itself, and capturing runs nothing. A checkpoint is loaded into the same tensors, before or after capture.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ssc_tune.training import pulse
from ssc_tune.training.batches import Batch, Batches, Group
from ssc_tune.training.config import TrainingConfig
from ssc_tune.training.hardware import to_device
from ssc_tune.training.step import Pace, Stepper, Sums

_EAGER_VIEWS, _EAGER_STEPS = 1, 3
"""Calls before a capture, in which libraries make their handles, choose their algorithms and load their kernels."""


ALWAYS = os.environ.get("SSC_TUNE_EAGER", "0") in ("", "0")
"""Whether cells on CUDA are captured that do not ask to be compiled. The bits of their results do not depend on it."""


def of(config: TrainingConfig, stepper: Stepper, batches: Batches) -> Captured | None:
    """The captured steps of a cell that trains on CUDA; none elsewhere, or where eager steps are wanted.

    Images that are sent batch by batch are gathered by the host, which a graph cannot record.
    """
    wanted = (ALWAYS or config.compile) and not batches.images.streamed
    return Captured(stepper, batches) if wanted and batches.images.device.type == "cuda" else None


class Replayed:
    """A function of tensors that stay in place: run as it is ``eager`` times, then captured, from then on replayed.

    Elsewhere than on CUDA it is always run as it is.

    Args:
        work: takes nothing, returns nothing, waits for nothing.
        device: where it works.
        eager: calls before the capture, at least 1.
        generators: those that it draws from.
    """

    def __init__(
        self,
        work: Callable[[], None],
        device: torch.device,
        *,
        eager: int,
        generators: Sequence[torch.Generator] = (),
    ) -> None:
        self._work, self._device, self._generators = work, device, generators
        self._eager_left = eager
        self._stream: torch.cuda.Stream | None = None
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self) -> None:
        """Does the work once."""
        if self._device.type != "cuda":
            self._work()
        elif self._graph is not None:
            self._graph.replay()
        elif self._eager_left > 0:
            self._eager_left -= 1
            self._apart()
        else:
            self._graph, self._stream = self._captured(), None
            self._graph.replay()

    def _apart(self) -> None:
        """Runs the work on a stream of its own, as capture does."""
        if self._stream is None:
            self._stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        here = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            self._work()
        here.wait_stream(self._stream)

    def _captured(self) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators:
            graph.register_generator_state(generator)
        # Other threads of the process may go on using the device.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self._work()
        # Capture sets the offsets of the generators to 0 on its own stream, and nothing waits for that: on a GPU that
        # is shared, the offsets that the first replay sets could be overwritten by it, and the draws be others.
        torch.cuda.synchronize(self._device)
        return graph


class Captured:
    """The steps of one cell."""

    def __init__(self, stepper: Stepper, batches: Batches) -> None:
        self._stepper, self._batches = stepper, batches
        images, size = batches.images, batches.group_steps
        self._device = device = images.device
        whole = functools.partial(torch.zeros, dtype=torch.int64, device=device)
        self._labelled, self._unlabelled = whole(size * batches.num_labelled), whole(size * batches.num_unlabelled)
        self._paces, self._place = torch.zeros(size, len(Pace._fields), device=device), whole(1)
        count = batches.num_labelled + (1 + batches.num_strong_views) * batches.num_unlabelled
        self._kept = Batch(
            torch.zeros(size, count, *images.shape, dtype=images.dtype, device=device),
            whole(size, batches.num_labelled),
            whole(size, batches.num_unlabelled),
            whole(size, batches.num_unlabelled),
        )
        self._sums: Sums | None = None
        self._views: dict[int, Replayed] = {}
        self._step = Replayed(self._one_step, device, eager=_EAGER_STEPS)

    def run(self, start: int, stop: int) -> Sums:
        """Takes steps start .. stop - 1 and returns their sums, which the next call overwrites."""
        paces = to_device(torch.tensor([self._stepper.pace(k) for k in range(start, stop)]), self._device)
        if self._sums is not None:
            _clear(self._sums)
        for group in self._batches.groups(start, stop):
            self._take(group, paces[group.first - start :][: group.steps])
            if group.steps not in self._views:
                self._views[group.steps] = self._views_of(group.steps)
            self._views[group.steps]()
            for _ in range(group.steps):
                pulse.beat()
                self._step()
        assert self._sums is not None
        return self._sums

    def _take(self, group: Group, paces: Tensor) -> None:
        self._labelled[: len(group.labelled)].copy_(group.labelled)
        self._unlabelled[: len(group.unlabelled)].copy_(group.unlabelled)
        self._paces[: group.steps].copy_(paces)

    def _views_of(self, steps: int) -> Replayed:
        """What fills the images of a group of so many steps."""
        batches = self._batches
        labelled = self._labelled[: steps * batches.num_labelled]
        unlabelled = self._unlabelled[: steps * batches.num_unlabelled]

        def fill() -> None:
            views = batches.views(labelled, unlabelled, steps)
            for kept, new in zip(self._kept, views, strict=True):
                kept[:steps].copy_(new)
            self._place.zero_()

        return Replayed(fill, self._device, eager=_EAGER_VIEWS, generators=batches.generators)

    def _one_step(self) -> None:
        """The step at the place that the device knows."""
        batch = Batch(*(self._here(kept) for kept in self._kept))
        loss = self._stepper.loss(batch)
        self._stepper.backward(loss)
        self._stepper.move(Pace(*self._here(self._paces).unbind()))
        self._sums = self._stepper.add(self._sums, loss, batch)
        self._place.add_(1)

    def _here(self, rows: Tensor) -> Tensor:
        return rows.index_select(0, self._place)[0]


def _clear(sums: Sums) -> None:
    sums.largest_loss.fill_(-torch.inf)
    for tensor in (sums.loss, *sums.terms.values(), sums.right, sums.classes, sums.judged):
        tensor.zero_()
