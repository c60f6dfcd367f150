"""What one cell needs, and the cluster that cells run on."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from ssc_tune.frozen import LATER, Frozen

LOCAL = "local"
"""The address of this machine, where no cluster is meant."""
ADDRESSES = "local, auto (the cluster that this machine is a node of) or HOST:PORT of a cluster's head"


class Resources(Frozen):
    """What one cell needs; as many cells run at once as the machine or cluster holds."""

    cpus: Annotated[float, Field(gt=0)] = Field(
        1,
        description="Processor cores. Whole ones are threads of a cell, which decide its result beyond one: other "
        "threads, other cells.",
    )
    gpus: Annotated[float, Field(ge=0)] = Field(
        0, description="Share of a GPU; 0.25 runs four cells on each. Above 1 a whole number."
    )
    gpu_type: Annotated[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] | None, LATER] = Field(
        None, description="Of a cluster with several kinds: the GPU that cells run on, by Ray's name, such as `H100`."
    )
    max_parallel: Annotated[int, Field(ge=1)] | None = Field(None, description="Cells at once; no limit when absent.")

    @model_validator(mode="after")
    def _gpus_can_be_had(self) -> Resources:
        if self.gpus > 1 and self.gpus != int(self.gpus):
            raise ValueError(f"gpus: {self.gpus:g} cannot be had; allowed: a share up to 1, or a whole number")
        if self.gpu_type is not None and not self.gpus:
            raise ValueError("gpu_type: needs gpus above 0")
        return self

    @property
    def threads(self) -> int:
        """Threads that a cell computes with."""
        return max(1, int(self.cpus))


def checked_address(text: str) -> str:
    """The address, if it is one.

    Raises:
        ValueError: it is not; the message says what is allowed.
    """
    if text.startswith("ray://"):
        raise ValueError(
            f"{text!r} is an address of Ray's client, through which no study runs; run the command inside the cluster: "
            "`ray job submit -- python -m ssc_tune.run ...`"
        )
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})", text)
    if text in (LOCAL, "auto") or (found is not None and 0 < int(found[2]) < 1 << 16):
        return text
    raise ValueError(f"{text!r} is not an address; allowed: {ADDRESSES}")


class Cluster(Frozen):
    """A Ray cluster that the cells run on, in place of this machine ([clusters.md](clusters.md))."""

    address: Annotated[str, AfterValidator(checked_address)] = Field(
        description="`auto`, the cluster that this machine is a node of, or `HOST:PORT` of its head; `--address` "
        "goes before it."
    )
    grows: bool = Field(False, description="The cluster starts nodes for cells that wait, so that they may wait.")
