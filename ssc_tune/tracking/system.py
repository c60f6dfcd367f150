"""System metrics of a study, on request: MLflow's own monitor, writing to the study's parent run."""

from __future__ import annotations

import importlib.util
from typing import Any

from ssc_tune.errors import InputError
from ssc_tune.tracking.store import KnownRun

SECONDS = 10.0
"""Between two samples, MLflow's default; ``MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL`` overrides it."""


def check_system_metrics() -> None:
    """MLflow reads the machine with psutil, which none of this project's dependencies needs.

    Raises:
        InputError: psutil is not installed.
    """
    if importlib.util.find_spec("psutil") is None:
        raise InputError("--system-metrics needs psutil, which is not installed; install it: pip install psutil")


class SystemMetrics:
    """Samples this machine (processor, memory, disk, network, GPUs) into a run while it is open.

    Only what can be seen from this process's machine is measured, whatever machines the cells run on. The samples are
    in no record, so that ``sync`` cannot write them again. MLflow's monitor samples and writes in a thread of its own,
    which ends at the first write that fails; :meth:`follow` starts another. ``uri`` is the store's, resolved.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._monitor: Any = None  # mlflow's own class has no types

    @property
    def running(self) -> bool:
        """Whether MLflow's thread lives."""
        thread = getattr(self._monitor, "_process", None)
        return thread is not None and thread.is_alive()

    def follow(self, run: KnownRun) -> None:
        """Sample into an open run, counting on from its last sample; nothing if that goes on already."""
        if self.running or run.status != "RUNNING":
            return
        from mlflow.system_metrics import system_metrics_monitor

        make: Any = system_metrics_monitor.SystemMetricsMonitor
        self._monitor = make(run.run_id, sampling_interval=SECONDS, resume_logging=True, tracking_uri=self._uri)
        _leave_out_first_reading(self._monitor)
        self._monitor.start()

    def stop(self) -> None:
        """Write what has been sampled and end MLflow's thread; waits for a write under way."""
        if self._monitor is not None:
            self._monitor.finish()
            self._monitor = None


def _leave_out_first_reading(monitor: Any) -> None:
    """The processor's share of time is a mean since the reading before; the first of a thread has none and is 0."""
    publish = monitor.publish_metrics

    def first(metrics: dict[str, float]) -> None:
        monitor.publish_metrics = publish
        publish({name: value for name, value in metrics.items() if name != "cpu_utilization_percentage"})

    monitor.publish_metrics = first
