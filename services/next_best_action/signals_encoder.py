"""The encoder's view of English sentences: the mean of their words in its third layer. Loaded in a thread of its own;
three layers cost a few milliseconds a sentence.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import structlog

from services.next_best_action.minilm import DIMENSIONS, PACKAGE, Floats, MiniLM, Sum, carried

__all__ = ["DIMENSIONS", "ENCODER", "Floats", "Loading", "Sum", "mean"]
_log = structlog.get_logger()


def mean(sums: Sequence[Sum]) -> Floats:
    """(DIMENSIONS,) over the words of sentences that belong together."""
    total: Floats = np.sum([each for each, _ in sums], axis=0, dtype=np.float32)
    return total / np.float32(max(sum(count for _, count in sums), 1))


class Loading:
    """An encoder that is there, or is not yet, or cannot be. Nobody waits for it but who asks to."""

    def __init__(self) -> None:
        self.wanted = False
        self._encoder: MiniLM | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def ready(self) -> bool:
        return self._encoder is not None

    def want(self) -> None:
        """From now on load it when an English text comes, and use it from then on."""
        self.wanted = True

    def begun(self) -> bool:
        """Begin to load, once; whether it is there."""
        self._start()
        return self.ready

    def _start(self) -> threading.Thread:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._load, name="signals-encoder", daemon=True)
                self._thread.start()
            return self._thread

    def wait(self) -> bool:
        """Whether it could be loaded."""
        self._start().join()
        return self.ready

    def sums(self, sentences: Sequence[str]) -> list[Sum]:
        """`MiniLM.sums`. Only where it is ready."""
        if self._encoder is None:
            raise RuntimeError("the text encoder is not loaded")
        return self._encoder.sums(sentences)

    def _load(self) -> None:
        try:
            self._encoder = carried(PACKAGE)
        except Exception as error:
            _log.warning("signals are read without the text encoder", reason=type(error).__name__)


ENCODER = Loading()
