"""Boosted trees as they serve: LightGBM's text format and its library, without the weight of its Python package.

The package brings in pandas and scikit-learn (2 s, 160 MB); a serving process needs six functions of the library.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from learning.columns import Codes, Floats
from learning.tree_paths import read_leaves

_LEAF = 2
_FLOAT64, _ROW_MAJOR = 1, 1
_CHUNK = 256  # rows at a time, so that their leaves stay in the processor's cache
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
        self._free = _library().LGBM_BoosterFree  # at the interpreter's end, modules go before what uses them
        count = ctypes.c_int(0)
        _check(
            _library().LGBM_BoosterLoadModelFromString(text.encode(), ctypes.byref(count), ctypes.byref(self._handle))
        )
        width = ctypes.c_int(0)
        _check(_library().LGBM_BoosterGetNumFeature(self._handle, ctypes.byref(width)))
        self.width = width.value
        if count.value != bags * rounds:
            raise ValueError(f"{count.value} trees are not {bags} bags of {rounds}")
        self.leaves = read_leaves(text)

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._free(self._handle)

    @property
    def root(self) -> float:
        """The mean over the rows they were grown on: what the paths to a row's leaves are added to."""
        return float(self.leaves.roots.sum()) / self.bags

    def parts(self, features: Floats) -> Iterator[tuple[slice, Codes]]:
        """The leaf of every tree (rows × trees, places among `leaves`), some rows at a time.

        `features`: rows × width, nan where missing.
        """
        if features.shape[1] != self.width:
            raise ValueError(f"{features.shape[1]} features, not {self.width}")
        data = np.ascontiguousarray(features, dtype=np.float64)
        for start in range(0, len(data), _CHUNK):
            rows = slice(start, min(start + _CHUNK, len(data)))
            yield rows, self._leaves(data[rows])

    def by_bag(self, leaves: Codes) -> Floats:
        """Bags × rows: each bag's log-odds, of rows × trees of leaves."""
        values = self.leaves.values[leaves].reshape(len(leaves), self.bags, self.rounds)
        return np.asarray(values.sum(axis=2).T)

    def _leaves(self, data: Floats) -> Codes:
        found = np.empty((len(data), self.bags * self.rounds))
        length = ctypes.c_int64(0)
        _check(_library().LGBM_BoosterPredictForMat(
            self._handle, data.ctypes.data_as(ctypes.c_void_p), _FLOAT64, ctypes.c_int32(len(data)),
            ctypes.c_int32(self.width), _ROW_MAJOR, _LEAF, 0, -1, _ALONE, ctypes.byref(length),
            found.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
        ))  # fmt: skip
        places = found.astype(np.int64)
        places += self.leaves.starts
        return places


# A tree of one leaf that says nothing.
_STUMP = "\nnum_leaves=1\nnum_cat=0\nleaf_value=0\nleaf_count=0\nis_linear=0\nshrinkage=1\n"


def merged(texts: Sequence[str], rounds: int) -> str:
    """The first `rounds` trees of each model, one after the other, in one text.

    Models that stopped growing earlier, since no split helped any more, are filled up with trees that say nothing.
    """
    head, trees = "", list[str]()
    for text in texts:
        parts = text.split("end of trees", 1)[0].split("Tree=")
        head = head or "\n".join(line for line in parts[0].splitlines() if not line.startswith("tree_sizes="))
        kept = parts[1 : rounds + 1]
        trees += kept + [_STUMP] * (rounds - len(kept))
    numbered = (f"Tree={number}\n{tree.split(chr(10), 1)[1].strip()}\n\n\n" for number, tree in enumerate(trees))
    return f"{head.rstrip()}\n\n{''.join(numbered)}end of trees\n"
