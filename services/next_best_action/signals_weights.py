"""A linear reading of sentences: how likely one shows each signal, from its pieces and runs of words, and where there
are weights for it, from the encoder's vector.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.next_best_action.signals_grams import BUCKETS, Places, features

Floats = NDArray[np.float32]
LEVELS = 127  # of a stored weight
SHORTEST = 40.0  # the norm that shorter sentences are read with: two words prove little
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the time of every part, so that the same weights are the same bytes


@dataclass(frozen=True)
class Weights:
    """One language's: log-odds = rarity-weighted, length-normed sum of a sentence's buckets + vector @ dense + bias."""

    language: str
    names: tuple[str, ...]
    rarity: Floats  # (BUCKETS,): idf, 0 for what training never saw
    values: NDArray[np.int8]  # (BUCKETS, signals)
    scale: Floats  # (signals,): of values
    bias: Floats  # (signals,)
    least: Floats  # (signals,): log-odds from which a signal counts as shown
    source: str  # digest of what they were trained on
    dense: Floats  # (dimensions of the encoder, signals), or (0, signals) where it is read without

    def margins(self, found: Places, vector: Floats | None = None) -> Floats:
        """By signal, the log-odds above (or below) those from which it counts as shown."""
        rarity = self.rarity[found]
        norm = max(float(np.sqrt(rarity @ rarity)), SHORTEST)
        margins: Floats = (rarity @ self.values[found]) * (self.scale / norm) + (self.bias - self.least)
        return margins if vector is None else margins + vector @ self.dense

    def places(self, sentence: str) -> Places:
        """What `margins` asks for."""
        return features(sentence, self.language)

    def save(self, path: Path) -> None:
        """The same bytes for the same weights."""
        parts = {
            "names": np.array(self.names), "rarity": self.rarity.astype(np.float16), "values": self.values,
            "scale": self.scale, "bias": self.bias, "least": self.least, "source": np.array(self.source),
            "language": np.array(self.language), "dense": self.dense.astype(np.float16),
        }  # fmt: skip
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, part in parts.items():
                body = io.BytesIO()
                np.save(body, part, allow_pickle=False)
                file.writestr(zipfile.ZipInfo(f"{name}.npy", EARLIEST), body.getvalue(), zipfile.ZIP_DEFLATED)

    @classmethod
    def load(cls, path: Path) -> Weights:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            loaded = cls(
                str(file["language"]), tuple(str(name) for name in file["names"]),
                file["rarity"].astype(np.float32), file["values"], file["scale"], file["bias"], file["least"],
                str(file["source"]), file["dense"].astype(np.float32),
            )  # fmt: skip
        if loaded.rarity.shape != (BUCKETS,) or loaded.values.shape != (BUCKETS, len(loaded.names)):
            raise ValueError(f"{path.name} holds weights of another form")
        return loaded


def beside_next(windows: NDArray[Any]) -> NDArray[Any]:
    """From a row for each sentence of a note and then for each two that follow one another: a row a sentence, half its
    own and half with the one after it, which may take back what it says.
    """
    count = (len(windows) + 1) // 2
    return np.asarray((windows[:count] + np.vstack([windows[count:], windows[count - 1 : count]])) / 2)


def quantised(coefficients: NDArray[np.float64]) -> tuple[NDArray[np.int8], Floats]:
    """Coefficients (BUCKETS, signals) as whole numbers of LEVELS levels, and the scale of each signal."""
    scale = np.abs(coefficients).max(axis=0) / LEVELS
    scale[scale == 0] = 1.0
    return np.rint(coefficients / scale).astype(np.int8), scale.astype(np.float32)
