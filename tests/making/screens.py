"""What is said while cells run, to nobody."""

from __future__ import annotations


class Unseen:
    """No screen."""

    def tell(self, text: str) -> None:
        """Nobody sees it."""

    def hold(self, workers: int) -> None:
        """Nobody asks."""

    def wait(self, what: str) -> None:
        """Nobody waits."""
