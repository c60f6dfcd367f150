"""Cross-entropy on labelled images alone."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def supervised_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of logits (B, K) in float32 and labels (B,)."""
    return F.cross_entropy(logits.float(), labels)
