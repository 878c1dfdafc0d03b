"""Turns texts into vectors: the carried or a named sentence-transformers model in a thread of its own, with what it has
encoded kept by the texts' hash. Nobody waits for the model to load.
"""

from __future__ import annotations

import hashlib
import importlib
import queue
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from services.next_best_action.minilm import carried

Floats = NDArray[np.float32]
CARRIED = "carried"
KEPT_TEXTS = 20_000  # vectors kept: at 384 numbers of 2 bytes, 15 MB
BATCH = 32
LONGEST_TEXT = 400  # characters that are encoded
FOREIGN_SHARE = 0.3  # of letters in a script the model does not know, from which a text is not for it
SCRIPTS = {"latin": r"[A-Za-zÀ-ɏ]", "hangul": r"[가-힣]", "kana": r"[ぁ-ヿ]", "han": r"[一-鿿]", "cyrillic": r"[Ѐ-ӿ]"}
_LETTER = re.compile(r"[^\W\d_]")
_log = structlog.get_logger()


class Encoder(Protocol):
    """A loaded model: unit vectors of texts, (texts, dimensions)."""

    def __call__(self, texts: Sequence[str]) -> Floats: ...


def readable(text: str, scripts: Iterable[str]) -> bool:
    """Whether enough of a text's letters are of scripts that a model knows."""
    letters = len(_LETTER.findall(text))
    known = sum(len(re.findall(SCRIPTS[script], text)) for script in scripts)
    return letters > 0 and known >= (1 - FOREIGN_SHARE) * letters


def load(name: str) -> Encoder:
    """The carried model, or one of sentence-transformers by its name or folder; on one thread of the processor.

    Raises ImportError where the libraries are not installed, OSError where there is no such model.
    """
    if name == CARRIED:
        return carried().vectors
    torch = importlib.import_module("torch")  # by name: an installation without them reads by n-grams alone
    torch.set_num_threads(1)
    model = importlib.import_module("sentence_transformers").SentenceTransformer(name, device="cpu")

    def encode(texts: Sequence[str]) -> Floats:
        with torch.inference_mode():
            found = model.encode(
                list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False,
                convert_to_numpy=True,
            )  # fmt: skip
        return np.asarray(found, dtype=np.float32)

    return encode


class TextVectors:
    """Vectors by text, encoded in one thread that loads the model when the first text comes."""

    def __init__(
        self, name: str, scripts: Sequence[str] = ("latin",), *, load: Callable[[str], Encoder] = load
    ) -> None:
        self.name = name
        self._scripts, self._load = tuple(scripts), load
        self._kept: OrderedDict[bytes, NDArray[np.float16]] = OrderedDict()
        self._lock = threading.Lock()
        self._asked: queue.SimpleQueue[tuple[list[str], Future[list[Floats]]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._failed = not name

    def reads(self, text: str) -> bool:
        """Whether the model is for texts like this; never where it could not be loaded."""
        return not self._failed and readable(text, self._scripts)

    def vectors(self, texts: Sequence[str]) -> Future[list[Floats]]:
        """The texts' unit vectors, once they are there. The future fails where the model does."""
        future: Future[list[Floats]] = Future()
        texts = [text[:LONGEST_TEXT] for text in texts]
        known = [self._known(text) for text in texts]
        if all(vector is not None for vector in known):
            future.set_result([vector for vector in known if vector is not None])
            return future
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="text-encoder", daemon=True)
            self._thread.start()
        self._asked.put((texts, future))
        return future

    def _known(self, text: str) -> Floats | None:
        key = _key(text)
        with self._lock:
            vector = self._kept.get(key)
            if vector is None:
                return None
            self._kept.move_to_end(key)
            return vector.astype(np.float32)

    def _work(self) -> None:
        encode: Encoder | None = None
        try:
            encode = self._load(self.name)
        except Exception as error:
            self._failed = True
            _log.warning("the text encoder cannot be loaded; texts are compared by n-grams", encoder=self.name,
                         reason=type(error).__name__)  # fmt: skip
        while True:
            texts, future = self._asked.get()
            try:
                if encode is None:
                    raise RuntimeError("there is no encoder")
                future.set_result(self._encoded(encode, texts))
            except Exception as error:
                future.set_exception(error)

    def _encoded(self, encode: Encoder, texts: Sequence[str]) -> list[Floats]:
        new = [text for text in dict.fromkeys(texts) if self._known(text) is None]
        fresh = dict(zip(new, encode(new), strict=True)) if new else {}
        with self._lock:
            for text, vector in fresh.items():
                self._kept[_key(text)] = vector.astype(np.float16)
            while len(self._kept) > KEPT_TEXTS:
                self._kept.popitem(last=False)
        found = []
        for text in texts:
            vector = fresh.get(text)
            kept = self._known(text) if vector is None else vector
            found.append(encode([text])[0] if kept is None else kept)
        return found


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
