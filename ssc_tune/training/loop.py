"""Training one cell, from its configuration to its result."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ssc_tune import data
from ssc_tune.atomic import write_atomically
from ssc_tune.methods.base import Starter
from ssc_tune.training import captured, checkpoint, pretrain, signatures
from ssc_tune.training.batches import Batches
from ssc_tune.training.config import CellConfig, TrainingConfig
from ssc_tune.training.geometry import geometry
from ssc_tune.training.hardware import forget_peak_memory, peak_memory, resolve_device
from ssc_tune.training.images import divided
from ssc_tune.training.network import make_method, make_network, start_encoder
from ssc_tune.training.optimization import Averaged, NesterovSGD, cosine
from ssc_tune.training.randomness import generator
from ssc_tune.training.result import CHECKPOINT, GEOMETRY, Evaluation, RunResult, Status, steps_to_share
from ssc_tune.training.step import Stepper, Sums

_FORMAT = 2
"""Of what a checkpoint says beside the weights. One of another format is not continued: the cell starts anew."""


def train(
    config: CellConfig,
    *,
    directory: Path | None = None,
    device: str = "auto",
    on_evaluation: Callable[[Evaluation], None] | None = None,
    resume: bool = True,
    pretrained: Path | None = None,
) -> RunResult:
    """Trains one cell.

    Args:
        config: everything that decides the result.
        directory: where the checkpoint is kept; none keeps nothing.
        device: ``auto``, ``cpu`` or ``cuda``.
        on_evaluation: called after each evaluation, once the checkpoint is written; what it raises ends the training,
            which a later call continues.
        resume: continue from the checkpoint in ``directory`` where there is one; one that is damaged, or of another
            cell, is set aside as ``checkpoint.pt.damaged``, and the cell starts anew.
        pretrained: folder of pre-trained encoders, shared by cells; none pre-trains for this call alone.

    Returns:
        The result. A loss that is not finite ends the cell with status ``diverged``. On a CPU an interrupted and
        continued cell ends with the same bits as an uninterrupted one.

    Raises:
        ValueError: the data cannot be split as asked.
        OSError: the disk does not give or take the checkpoint.
    """
    path = directory / CHECKPOINT if directory is not None else None
    where = resolve_device(device)
    forget_peak_memory(where)
    cell = _begun(config, where, path if resume else None, pretrained)
    status: Status = "ok"
    for stop in evaluation_steps(config.training):
        if stop <= cell.step:
            continue
        evaluation = cell.advance(stop)
        if evaluation is None:
            status = "diverged"
            break
        if path is not None:
            checkpoint.save(path, cell.state())
        if on_evaluation is not None:
            on_evaluation(evaluation)
    result = cell.result(status)
    if directory is not None and status == "ok":
        cell.write_geometry(directory / GEOMETRY)
    return result


def _begun(config: CellConfig, device: torch.device, path: Path | None, pretrained: Path | None) -> RunningCell:
    """The cell as its checkpoint left it, where there is one of this format; else at its start."""
    content = None if path is None else checkpoint.load_or_set_aside(path, cell_id=config.cell_id, device=device)
    if content is not None and content.get("format") == _FORMAT:
        cell = RunningCell(config, device, fresh=False)
        cell.load_state(content)
        return cell
    start = None if config.pretrain is None else pretrain.encoder_state(config, device=device, folder=pretrained)
    return RunningCell(config, device, start=start)


def evaluation_steps(config: TrainingConfig) -> list[int]:
    """Steps after which a cell is evaluated: evenly spaced, rounded, the last after the last step."""
    return [round(config.steps * (i + 1) / config.evaluations) for i in range(config.evaluations)]


class RunningCell:
    """The moving parts of one cell and their state.

    Args:
        config: of the cell.
        device: that it trains on.
        fresh: whether it begins; a cell that continues gets its state by ``load_state``.
        start: of the encoder, from a pre-training; none leaves it as drawn.
        dataset: in the place of the configuration's.
    """

    def __init__(
        self,
        config: CellConfig,
        device: torch.device,
        *,
        fresh: bool = True,
        start: dict[str, Tensor] | None = None,
        dataset: data.Dataset | None = None,
    ) -> None:
        started = time.perf_counter()
        self.config, self.device = config, device
        dataset = data.load(config.data.source) if dataset is None else dataset
        self._dataset = dataset
        self._split = divided(config.data, dataset, seed=config.seed)
        rate, kind = config.data.label_noise, config.data.label_noise_kind
        given = data.noisy_labels(dataset, self._split, rate=rate, kind=kind, seed=config.seed)
        self.method = make_method(config, dataset.num_classes, unlabelled=len(self._split.unlabelled))
        in_channels = dataset.train_images.shape[1]
        network = make_network(config, self.method, in_channels=in_channels)
        if fresh:
            start_encoder(network, config.model, start)
        network = network.to(device)
        if config.training.channels_last:
            network = network.to(memory_format=torch.channels_last)
        hp = self.method.hyperparameters
        self.network = network.train()
        self._batches = Batches(dataset, self._split, self.method, seed=config.seed, device=device, given=given)
        self.average = Averaged(network, copy.deepcopy(network))
        self._optimizer = NesterovSGD(
            network.trained.parameters(),
            learning_rate=hp.learning_rate,
            momentum=hp.momentum,
            weight_decay=hp.weight_decay,
        )
        self._stepper = Stepper(config.training, network, self.method, self._optimizer, self.average, dataset)
        self._captured = captured.of(config.training, self._stepper, self._batches)
        if self.method.needs_start and fresh:
            self._start()
        self.step = 0
        self._history: list[Evaluation] = []
        self._images_trained, self.train_seconds = 0, 0.0
        self._seconds_before, self._clock = 0.0, started

    def _start(self) -> None:
        """Data-dependent initialization, from un-augmented images through the net as it starts."""
        outputs = self._outputs_by_batch_statistics(self._split.unlabelled)
        labelled = self._outputs_by_batch_statistics(self._split.labelled)
        labels = self._batches.given[self._split.labelled.to(self.device)]
        starter = Starter(labelled=labelled, labels=labels, unlabelled=outputs)
        self.method.start(self.network.head, starter, generator=generator(self.config.seed, "start"))
        self.average.copy()

    def _outputs_by_batch_statistics(self, indices: Tensor) -> Tensor:
        # Running statistics are still empty, so the net normalizes by the images it is given (at most 2,048).
        images = self._batches.images.take(indices[:2048].to(self.device))
        with torch.no_grad():
            outputs: Tensor = self.network(self._stepper.prepare(images))
        return outputs

    def advance(self, stop: int) -> Evaluation | None:
        """Trains up to step ``stop`` and evaluates; none if the loss was not finite on the way."""
        started = time.perf_counter()
        if self._captured is not None:
            sums = self._captured.run(self.step, stop)
        else:
            sums = self._stepper.run(self._batches.between(self.step, stop), self.step)
        steps, loss = stop - self.step, float(sums.loss)
        elapsed = time.perf_counter() - started
        self.step = stop
        self.train_seconds += elapsed
        images = steps * self.method.images_per_step
        self._images_trained += images
        if not math.isfinite(loss):
            return None
        evaluation = self._evaluate(sums, steps, loss / steps, images / elapsed)
        if evaluation is not None:
            self._history.append(evaluation)
        return evaluation

    def _evaluate(self, sums: Sums, steps: int, mean_loss: float, images_per_second: float) -> Evaluation | None:
        self.average.copy_buffers()
        chosen = self._split.validation.to(self.device)
        outputs, accuracy = self._accuracy(self._batches.images.take(chosen), self._batches.labels[chosen])
        if not bool(outputs.isfinite().all()):
            return None
        head = self.average.module.head
        found = signatures.geometry(self.method.prototypes(head), outputs)
        confident, judged = int(sums.classes.sum()), int(sums.judged)
        imbalance = signatures.class_imbalance(sums.classes)
        if imbalance is not None:
            found["class_imbalance"] = imbalance
        if mean_loss > 0:
            found["loss_spike"] = float(sums.largest_loss) / mean_loss
        shown = steps * self._batches.num_unlabelled
        hp = self.method.hyperparameters
        return Evaluation(
            step=self.step,
            time=time.time(),
            train_loss=mean_loss,
            loss_terms={name: float(value) / steps for name, value in sums.terms.items()},
            validation_accuracy=accuracy,
            confident_fraction=confident / shown if shown else 0.0,
            confident_accuracy=int(sums.right) / judged if judged else None,
            learning_rate=hp.learning_rate * cosine(self.step - 1, self.config.training.steps),
            images_per_second=images_per_second,
            signatures={name: value for name, value in found.items() if math.isfinite(value)},
        )

    def _accuracy(self, images: Tensor, labels: Tensor) -> tuple[Tensor, float]:
        module = self.average.module
        outputs = self._stepper.outputs(module, images)
        predicted = self.method.scores(module.head, outputs).argmax(dim=-1)
        return outputs, float((predicted == labels).double().mean())

    def result(self, status: Status) -> RunResult:
        """The outcome; reads the test split, once."""
        test: float | None = None
        if status == "ok":
            _, test = self._accuracy(self._dataset.test_images, self._dataset.test_labels.to(self.device))
        return RunResult(
            status=status,
            steps=self.step,
            validation_accuracy=self._history[-1].validation_accuracy if status == "ok" else None,
            test_accuracy=test,
            steps_to_90=steps_to_share(self._history, 0.9) if status == "ok" else None,
            seconds=self._seconds(),
            images_per_second=self._images_trained / self.train_seconds if self.train_seconds else None,
            num_classes=self._dataset.num_classes,
            num_parameters=sum(p.numel() for p in self.network.parameters()),
            history=tuple(self._history),
            warnings=signatures.warnings(self._history, num_classes=self._dataset.num_classes),
            peak_memory=peak_memory(self.device),
        )

    def write_geometry(self, path: Path) -> None:
        """Writes where prototypes and the first validation images lie."""
        chosen = self._split.validation.to(self.device)
        module = self.average.module
        with torch.no_grad():
            features = module.encoder(self._stepper.prepare(self._batches.images.take(chosen)))
            embeddings = self.method.embeddings(module.head, features.float())
        found = geometry(self.method.prototypes(module.head), embeddings, self._batches.labels[chosen])
        write_atomically(path, found.model_dump_json())

    def _seconds(self) -> float:
        return self._seconds_before + time.perf_counter() - self._clock

    def state(self) -> dict[str, Any]:
        """Everything a later call needs to go on with the same bits."""
        return {
            "cell_id": self.config.cell_id,
            "format": _FORMAT,
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.module.state_dict(),
            "velocities": self._optimizer.state(),
            "generators": self._batches.state(),
            "history": json.dumps([e.model_dump(mode="json") for e in self._history]),
            "seconds": self._seconds(),
            "train_seconds": self.train_seconds,
            "images_trained": self._images_trained,
        }

    def load_state(self, content: dict[str, Any]) -> None:
        """Continues from what ``state`` gave."""
        self.step = content["step"]
        self.network.load_state_dict(content["network"])
        self.average.module.load_state_dict(content["average"])
        self._optimizer.load_state(content["velocities"])
        self._batches.load_state({name: value.cpu() for name, value in content["generators"].items()})
        self._history = [Evaluation.model_validate(item) for item in json.loads(content["history"])]
        self._seconds_before = content["seconds"]
        self.train_seconds, self._images_trained = content["train_seconds"], content["images_trained"]
