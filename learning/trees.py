"""Boosted trees as they serve: LightGBM's text format and its library, without the weight of its Python package.

The package brings in pandas and scikit-learn (2 s, 160 MB); a serving process needs six functions of the library.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from learning.columns import Floats

RAW, CONTRIBUTIONS = 1, 3
_FLOAT64, _ROW_MAJOR = 1, 1
_ALONE = b"num_threads=1"


@cache
def _library() -> ctypes.CDLL:
    found = importlib.util.find_spec("lightgbm")  # finds, does not import
    places = [Path(folder) for folder in found.submodule_search_locations or ()] if found else []
    for place in places:
        for file in (place / "lib" / "lib_lightgbm.so", place / "bin" / "lib_lightgbm.dll", place / "lib_lightgbm.so"):
            if file.exists():
                library = ctypes.CDLL(str(file))
                library.LGBM_GetLastError.restype = ctypes.c_char_p
                return library
    raise ValueError("LightGBM's library is not installed")


def _check(code: int) -> None:
    if code:
        raise ValueError(f"LightGBM: {_library().LGBM_GetLastError().decode(errors='replace')[:200]}")


class Trees:
    """Bags of boosted trees in one text, `rounds` trees each; a row's value is the mean over bags.

    Raises ValueError where the text is none of LightGBM's.
    """

    def __init__(self, text: str, bags: int, rounds: int) -> None:
        self.text, self.bags, self.rounds = text, bags, rounds
        self._handle = ctypes.c_void_p()
        count = ctypes.c_int(0)
        _check(
            _library().LGBM_BoosterLoadModelFromString(text.encode(), ctypes.byref(count), ctypes.byref(self._handle))
        )
        width = ctypes.c_int(0)
        _check(_library().LGBM_BoosterGetNumFeature(self._handle, ctypes.byref(width)))
        self.width = width.value
        if count.value != bags * rounds:
            raise ValueError(f"{count.value} trees are not {bags} bags of {rounds}")

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            _library().LGBM_BoosterFree(self._handle)

    def by_bag(self, features: Floats) -> Floats:
        """Bags × rows: each bag's log-odds. `features`: rows × width, nan where missing."""
        found = np.empty((self.bags, len(features)))
        for bag in range(self.bags):
            self._predict(features, RAW, bag * self.rounds, self.rounds, found[bag])
        return found

    def contributions(self, features: Floats) -> Floats:
        """Rows × (width + 1): each feature's exact SHAP value (Lundberg et al. 2020), and what they are added to."""
        found = np.empty((len(features), self.width + 1))
        self._predict(features, CONTRIBUTIONS, 0, -1, found)
        return found / self.bags

    def _predict(self, features: Floats, kind: int, start: int, count: int, out: Floats) -> None:
        rows, width = features.shape
        if width != self.width:
            raise ValueError(f"{width} features, not {self.width}")
        if not rows:
            return
        data = np.ascontiguousarray(features, dtype=np.float64)
        length = ctypes.c_int64(0)
        _check(_library().LGBM_BoosterPredictForMat(
            self._handle, data.ctypes.data_as(ctypes.c_void_p), _FLOAT64, ctypes.c_int32(rows), ctypes.c_int32(width),
            _ROW_MAJOR, kind, start, count, _ALONE, ctypes.byref(length),
            out.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
        ))  # fmt: skip


def merged(texts: Sequence[str], rounds: int) -> str:
    """The first `rounds` trees of each model, one after the other, in one text."""
    head, trees = "", list[str]()
    for text in texts:
        parts = text.split("end of trees", 1)[0].split("Tree=")
        head = head or "\n".join(line for line in parts[0].splitlines() if not line.startswith("tree_sizes="))
        trees += parts[1 : rounds + 1]
    numbered = (f"Tree={number}\n{tree.split(chr(10), 1)[1].strip()}\n\n\n" for number, tree in enumerate(trees))
    return f"{head.rstrip()}\n\n{''.join(numbered)}end of trees\n"
