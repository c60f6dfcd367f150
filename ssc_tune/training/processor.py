"""The name of the processor, told without torch."""

from __future__ import annotations

import platform


def processor() -> str:
    """As the system names it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
