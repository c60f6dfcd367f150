"""A network of its own for a node on this machine, with a cable to it that can be cut."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class Network:
    """A network namespace with one cable to the machine's own network.

    Args:
        number: of those of this process, since names and addresses follow from it.

    Attributes:
        inside: its address.
        outside: the machine's, at the other end of the cable.
        prefix: begins a command that is to run in it.
    """

    def __init__(self, number: int) -> None:
        mark = os.getpid() % 16_000 * 4 + number
        self._name, self._cable, self._end = f"ssc{mark}", f"ssc{mark}o", f"ssc{mark}i"
        subnet = f"10.{200 + number}.{os.getpid() % 250}"
        self.outside, self.inside = f"{subnet}.1", f"{subnet}.2"
        self.prefix = ("ip", "netns", "exec", self._name)

    def make(self) -> None:
        """Skips the test where that is not allowed."""
        try:
            _ip("netns", "add", self._name)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no network can be made here (ip netns)")
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", self._end)
        _ip("link", "set", self._end, "netns", self._name)
        _ip("addr", "add", f"{self.outside}/24", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        _ip("-n", self._name, "addr", "add", f"{self.inside}/24", "dev", self._end)
        _ip("-n", self._name, "link", "set", "lo", "up")
        self.mend()
        _ip("-n", self._name, "route", "add", "default", "via", self.outside)

    def cut(self) -> None:
        """Nothing comes through, and nobody is told."""
        _ip("-n", self._name, "link", "set", self._end, "down")

    def mend(self) -> None:
        """What is sent comes through again."""
        _ip("-n", self._name, "link", "set", self._end, "up")

    def remove(self) -> None:
        """With the namespace its end of the cable goes, and with that the other."""
        subprocess.run(["ip", "netns", "del", self._name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", self._cable], capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def networks(number: int) -> Iterator[list[Network]]:
    """So many networks, which know nothing of one another."""
    made = [Network(k) for k in range(number)]
    try:
        for network in made:
            network.make()
        yield made
    finally:
        for network in made:
            network.remove()
