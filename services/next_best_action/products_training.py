"""Learns what accounts buy next from won deals, by whichever method foretold it best in a comparison forward in time.

Popularity is the simple answer, and stands unless another is surely better: on first purchases after each of five days
by accounts that had bought before, learned from what was known then. The others are of the `implicit` library: item
neighbours by BM25 (Robertson & Zaragoza 2009), and factors by alternating least squares (Hu, Koren & Volinsky 2008);
and plain counts of what was bought by the same accounts.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from learning.history import HistoryFolder
from learning.off_policy.intervals import Floats
from services.next_best_action.products import Product, ProductModel

MOST_PRODUCTS = 2_000
MOST_ACCOUNTS = 100_000
KEPT = 5  # products of an account
CUTS = (0.2, 0.35, 0.5, 0.65, 0.8)  # of the purchases by time: learned until one, tested until the next
LEAST_CASES = 50
MOST_CASES = 2_000  # of a cut
LEAST_DEALS = 5  # for a usual quantity
RESAMPLES = 500
POPULARITY, TOGETHER, BM25, ALS = "popularity", "bought together", "bm25", "als"
FACTORS = 16


@dataclass(frozen=True, slots=True)
class Purchase:
    """A product line of a won deal."""

    account: str
    product: str
    day: date
    quantity: float | None
    deal: str


@dataclass(frozen=True, slots=True)
class Case:
    """A first purchase to be foretold: where the product stood (from 0) among those the account had not bought."""

    account: str
    place: int
    among: int

    @property
    def ndcg(self) -> float:
        """Normalised discounted cumulative gain at KEPT, with one right answer."""
        return float(1 / np.log2(self.place + 2)) if self.place < KEPT else 0.0


def learn(folder: HistoryFolder) -> tuple[ProductModel | None, dict[str, Any]]:
    """The products of a company and how well each method foretold them; None where nothing was bought."""
    bought = purchases(folder)
    if not bought:
        return None, {"purchases": 0, "why": "no won deal has an account and products"}
    method, told = choose(bought)
    listed = {each.id: each for each in folder.products}
    model = freeze(bought, method, {name: (one.name, one.series, one.price) for name, one in listed.items()})
    return model, {"purchases": len(bought), "accounts": model.buyers, "method": method, **told}


def purchases(folder: HistoryFolder) -> list[Purchase]:
    """Lines of won deals, oldest first."""
    deals = folder.columns("deals")
    won = {
        deal: (account, day)
        for deal, account, day, outcome, deleted in zip(
            *(deals[name] for name in ("id", "account_id", "closed_date", "outcome", "deleted")), strict=True
        )
        if outcome == "WON" and account and day is not None and not deleted
    }
    lines = folder.columns("deal_products")
    rows = zip(*(lines[name] for name in ("deal_id", "product_id", "quantity")), strict=True)
    found = [Purchase(won[deal][0], product, won[deal][1], quantity, deal)
             for deal, product, quantity in rows if deal in won]  # fmt: skip
    return sorted(found, key=lambda one: (one.day, one.deal, one.product))


def choose(bought: Sequence[Purchase]) -> tuple[str, dict[str, Any]]:
    """The method, and each one's figures: popularity unless another is better for certain."""
    cases = {name: compare(bought, name) for name in METHODS}
    count = len(cases[POPULARITY])
    told: dict[str, Any] = {"cases": count, "methods": {}}
    best, margin = POPULARITY, 0.0
    for name, found in cases.items():
        mean, low, high = _difference(found, cases[POPULARITY])
        told["methods"][name] = {
            "ndcg": round(float(np.mean([one.ndcg for one in found])), 4) if found else None,
            "recall_at_3": round(float(np.mean([one.place < 3 for one in found])), 4) if found else None,
            "against_popularity": [round(value, 4) for value in (mean, low, high)],
        }
        if count >= LEAST_CASES and low > 0 and mean > margin:
            best, margin = name, mean
    return best, told


def compare(bought: Sequence[Purchase], method: str) -> list[Case]:
    """How well a method foretells first purchases after each cut, learned from those before it."""
    found: list[Case] = []
    days = [one.day for one in bought]
    ends = [days[min(int(share * len(days)), len(days) - 1)] for share in CUTS] + [days[-1]]
    for cut, until in pairwise(ends):
        past = [one for one in bought if one.day <= cut]
        if not past:
            continue
        table = Counted.of(past)
        wanted = _wanted(table, [one for one in bought if cut < one.day <= until])
        rows = sorted({a for a, _ in wanted})
        score = METHODS[method](table.counts)
        scores = dict(zip(rows, score(np.array(rows, dtype=int)), strict=True))
        names = {place: name for name, place in table.account.items()}
        for a, p in wanted:
            fresh = table.fresh(a)
            if len(fresh) > 1:
                place = int(np.flatnonzero(_order(scores[a], fresh) == p)[0])
                found.append(Case(names[a], place, len(fresh)))
    return found


def _wanted(table: Counted, later: Sequence[Purchase]) -> list[tuple[int, int]]:
    """(account, product) bought for the first time, by accounts and of products known before; at most MOST_CASES."""
    pairs = {(table.account[one.account], table.product[one.product]) for one in later
             if one.account in table.account and one.product in table.product}  # fmt: skip
    found = sorted(pair for pair in pairs if not table.counts[pair])
    if len(found) > MOST_CASES:
        found = [found[place] for place in sorted(np.random.default_rng(0).permutation(len(found))[:MOST_CASES])]
    return found


def freeze(bought: Sequence[Purchase], method: str, listed: Mapping[str, tuple[str, str, Any]]) -> ProductModel:
    """What is shown: by account what it has not bought, best first."""
    table = Counted.of(bought)
    buyers = np.asarray((table.counts > 0).sum(axis=0)).ravel()
    everything = np.arange(len(table.product))
    popular = _order(buyers.astype(np.float64), everything)
    accounts: dict[str, tuple[int, ...]] = {}
    names = list(table.account)[-MOST_ACCOUNTS:]
    score = METHODS[method](table.counts)
    for start in range(0, len(names), 1_000):
        part = names[start : start + 1_000]
        rows = np.array([table.account[name] for name in part])
        for name, row, scores in zip(part, rows, score(rows), strict=True):
            accounts[name] = tuple(_order(scores, table.fresh(row))[:KEPT].tolist())
    products = tuple(_product(name, bought_of, int(buyers[place]), listed)
                     for (name, place), bought_of in zip(table.product.items(), table.lines, strict=True))  # fmt: skip
    return ProductModel(method, products, tuple(popular.tolist()), accounts, len(table.account))


@dataclass(frozen=True, slots=True)
class Counted:
    """How often accounts bought products; both numbered in order of their ids."""

    account: Mapping[str, int]
    product: Mapping[str, int]
    counts: Any  # (accounts, products) sparse
    lines: list[list[Purchase]]  # by product

    def fresh(self, account: int) -> Any:
        """What the account has not bought."""
        return np.flatnonzero(self.counts[account].toarray()[0] == 0)

    @classmethod
    def of(cls, bought: Sequence[Purchase]) -> Counted:
        """The products bought most often, up to MOST_PRODUCTS."""
        by_product: dict[str, list[Purchase]] = defaultdict(list)
        for one in bought:
            by_product[one.product].append(one)
        kept = sorted(sorted(by_product, key=lambda name: (-len(by_product[name]), name))[:MOST_PRODUCTS])
        product = {name: place for place, name in enumerate(kept)}
        account = {name: place for place, name in enumerate(sorted({one.account for one in bought}))}
        rows = [one for one in bought if one.product in product]
        cells = ([account[one.account] for one in rows], [product[one.product] for one in rows])
        shape = (len(account), len(product))
        counts = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), cells), shape=shape)
        return cls(account, product, counts, [by_product[name] for name in kept])


Score = Callable[[Any], Floats]  # of these accounts' numbers: (accounts, products), higher is likelier


def _popularity(counts: Any) -> Score:
    buyers = np.asarray((counts > 0).sum(axis=0), dtype=np.float64)
    return lambda rows: np.tile(buyers, (len(rows), 1))


def _together(counts: Any) -> Score:
    bought = (counts > 0).astype(np.float64)
    together = (bought.T @ bought).toarray()
    np.fill_diagonal(together, 0.0)
    return lambda rows: np.asarray(bought[rows] @ together)


def _bm25(counts: Any) -> Score:
    from implicit.nearest_neighbours import BM25Recommender

    model = BM25Recommender(K=50, num_threads=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of the form its own weights have
        model.fit(counts, show_progress=False)
    near = model.similarity.astype(np.float64)
    return lambda rows: np.asarray((counts[rows] @ near).toarray())


def _als(counts: Any) -> Score:
    from implicit.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    factors = max(1, min(FACTORS, min(counts.shape) // 2))
    settings = {"regularization": 0.1, "random_state": 0, "num_threads": 1, "use_gpu": False}
    with threadpool_limits(1):
        model = AlternatingLeastSquares(factors=factors, **settings)
        model.fit(counts, show_progress=False)
    return lambda rows: np.asarray(model.user_factors[rows] @ model.item_factors.T, dtype=np.float64)


METHODS: Mapping[str, Callable[[Any], Score]] = {POPULARITY: _popularity, TOGETHER: _together, BM25: _bm25, ALS: _als}


def _order(scores: Floats, among: Any) -> Any:
    """The products among these, best first, equals in order of their ids; digits of noise do not count."""
    return among[np.argsort(-np.round(scores[among], 6), kind="stable")]


def _difference(found: Sequence[Case], other: Sequence[Case]) -> tuple[float, float, float]:
    """Mean NDCG of the one minus the other, with a 95 % bootstrap interval over accounts."""
    if not found:
        return 0.0, 0.0, 0.0
    names = sorted({one.account for one in found})
    place = {name: number for number, name in enumerate(names)}
    gaps, counts = np.zeros(len(names)), np.zeros(len(names))
    for one, two in zip(found, other, strict=True):
        gaps[place[one.account]] += one.ndcg - two.ndcg
        counts[place[one.account]] += 1
    drawn = np.random.default_rng(0).integers(0, len(names), (RESAMPLES, len(names)))
    means = gaps[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(gaps.sum() / counts.sum()), float(low), float(high)


def _product(
    name: str, lines: Sequence[Purchase], accounts: int, listed: Mapping[str, tuple[str, str, Any]]
) -> Product:
    title, series, price = listed.get(name, ("", "", None))
    quantities = [one.quantity for one in lines if one.quantity is not None and one.quantity > 0]
    usual = float(np.median(quantities)) if len(quantities) >= LEAST_DEALS else None
    return Product(name, title, series, float(price.value) if price else None, price.currency if price else "", usual,
                   accounts)  # fmt: skip
