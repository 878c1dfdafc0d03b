"""What a leaf says, and which splits on the way to it said so, read once from LightGBM's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learning.columns import Codes, Floats


@dataclass(frozen=True, slots=True)
class Leaves:
    """All trees' leaves, one tree after the other. `starts`: each tree's first leaf; `values`: each leaf's log-odds;
    `roots`: each tree's mean over the rows it was grown on; `paths`: for each leaf, what every feature split on along
    its path adds to the root's mean (Saabas 2014), which gives the leaf's value exactly."""

    starts: Codes
    values: Floats
    roots: Floats
    paths: Sequence[dict[int, float]]


def read_leaves(text: str) -> Leaves:
    """The leaves of a model's trees. Raises ValueError (KeyError, IndexError) where the text does not fit together."""
    values: list[float] = []
    paths: list[dict[int, float]] = []
    starts, roots = [0], []
    for tree in text.split("end of trees", 1)[0].split("Tree=")[1:]:
        members = dict(line.split("=", 1) for line in tree.splitlines()[1:] if "=" in line)
        if members.get("is_linear", "0") != "0" or members.get("num_cat", "0") != "0":
            raise ValueError("trees of another kind")
        leaves, found, root = _tree(members)
        values += leaves
        paths += found
        starts.append(len(values))
        roots.append(root)
    return Leaves(np.array(starts[:-1], dtype=np.int64), np.array(values), np.array(roots), paths)


def _tree(members: dict[str, str]) -> tuple[list[float], list[dict[int, float]], float]:
    """A tree's leaf values, the paths to them, and its mean."""
    values = _floats(members["leaf_value"])
    if len(values) != int(members["num_leaves"]):
        raise ValueError("a tree without some of its leaves")
    if len(values) == 1:
        return values, [{}], values[0]
    features, left, right = (_ints(members[name]) for name in ("split_feature", "left_child", "right_child"))
    counts = _floats(members["leaf_count"])
    # by node, then by leaf from the end: a child below 0 is a leaf, and -1 the first
    total, size = [0.0] * len(features), [0.0] * len(features)
    total += [value * count for value, count in zip(values, counts, strict=True)][::-1]
    size += counts[::-1]
    for node in reversed(range(len(features))):
        for child in (left[node], right[node]):
            if 0 <= child <= node:
                raise ValueError("a tree that runs in a circle")
            total[node] += total[child]
            size[node] += size[child]
    means = [one / count for one, count in zip(total[: len(features)], size, strict=False)] + values[::-1]
    ways: list[dict[int, float]] = [{} for _ in means]
    for node, feature in enumerate(features):
        for child in (left[node], right[node]):
            way = ways[child] = dict(ways[node])
            way[feature] = way.get(feature, 0.0) + means[child] - means[node]
    return values, ways[len(features) :][::-1], means[0]


def _floats(text: str) -> list[float]:
    return [float(one) for one in text.split()]


def _ints(text: str) -> list[int]:
    return [int(one) for one in text.split()]


class PathTable:
    """Each leaf's contributions by column, as arrays of equal width, so that many leaves are summed at once."""

    def __init__(self, leaves: Leaves, origin: Codes, columns: int, weight: float) -> None:
        """origin: each feature's column; weight: what every tree counts."""
        told = [_by_column(path, origin.tolist()) for path in leaves.paths]
        width = max((len(one) for one in told), default=0)
        self._columns = np.zeros((len(told), width), dtype=np.int64)
        self._effects = np.zeros((len(told), width))
        for leaf, one in enumerate(told):
            self._columns[leaf, : len(one)] = list(one)
            self._effects[leaf, : len(one)] = list(one.values())
        self._effects *= weight
        self._count = columns

    def sums(self, leaves: Codes) -> Floats:
        """Rows × columns, for rows × trees of leaves."""
        found = np.empty((len(leaves), self._count))
        for row, places in enumerate(leaves):  # a row's fit the processor's cache, all rows' do not
            columns, effects = self._columns.take(places, axis=0), self._effects.take(places, axis=0)
            found[row] = np.bincount(columns.ravel(), effects.ravel(), self._count)
        return found


def _by_column(path: dict[int, float], origin: list[int]) -> dict[int, float]:
    found: dict[int, float] = {}
    for feature, effect in path.items():
        column = origin[feature]
        found[column] = found.get(column, 0.0) + effect
    return found
