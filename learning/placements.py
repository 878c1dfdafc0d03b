"""Where a deal stands in the trees that totals are taken over, and in which parts: trees are levels of fields.

A place is named by its tree and the values from the top down (`territory:Korea/Seoul`). A deal with products on levels
of products is split by what its lines are worth. Parts are cut at cumulated ten-thousandths, so that they add up to
the whole to the last unit, whatever is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kit.money import Money, decimals
from learning.records import Account, Deal, Node, Placement, Product
from learning.tree import COMPANY

REPORTING, PIPELINE = "reporting", "pipeline"
WHOLE = 10_000
NO_VALUE = "(none)"
MOST_PLACES = 20  # of one deal in one tree
OTHERS = "(others)"
LONGEST = 100  # of a value in a place's name
FIELD, ACCOUNT_FIELD = "fields.", "account.fields."
PRODUCT, SERIES, ACCOUNT = "product", "product_series", "account"
OF_DEALS = ("pipeline", "motion", "stage")
OF_LINES = (SERIES, PRODUCT)


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree by its name and its levels, from the top down: `pipeline`, `motion`, `stage`, `fields.<name>`, `account`,
    `account.fields.<name>`, `product_series` or `product`."""

    name: str
    levels: tuple[str, ...]


def trees_from(stored: Mapping[str, Any]) -> tuple[Tree, ...]:
    """The trees of their setting, {"edition": n, "trees": [{"name": …, "levels": […]}]}."""
    return tuple(Tree(one["name"], tuple(one["levels"])) for one in stored.get("trees", ()))


def cut_at(amount: int, shares: Sequence[int]) -> list[int]:
    """An amount in parts by shares that add up to WHOLE; the parts add up to the amount."""
    ends = [0]
    for share in shares:
        ends.append(ends[-1] + share)
    return [amount * until // WHOLE - amount * begun // WHOLE for begun, until in pairwise(ends)]


def shares_of(weights: Sequence[int]) -> list[int]:
    """Ten-thousandths in proportion to weights, WHOLE in all; equal ones where all weights are 0."""
    given = list(weights) if any(weights) else [1] * len(weights)
    total, ends, reached = sum(given), [0], 0
    for weight in given:
        reached += weight
        ends.append(WHOLE * reached // total)
    return [until - begun for begun, until in pairwise(ends)]


def exact_share(percent: float) -> int | None:
    """Ten-thousandths of a percentage with at most two decimals; None of any other number."""
    share = round(100 * percent) if abs(percent) <= 1_000 else 0
    return share if abs(100 * percent - share) < 1e-6 else None


def percent_text(share: int) -> str:
    """A share as people write it."""
    return f"{share / 100:g} %"


def credited(deal: Deal, path: Callable[[str], tuple[Node, ...]]) -> tuple[Placement, ...]:
    """Where a deal whose credit is shared stands in the reporting line; nothing of a deal of its owner alone."""
    return tuple(Placement(REPORTING, path(one.owner_id), one.share) for one in deal.credits)


def holders(deal: Deal) -> list[tuple[str, int]]:
    """The owners whose it counts as, with their shares."""
    return [(one.owner_id, one.share) for one in deal.credits] or [(deal.owner_id, WHOLE)]


def placements_of(
    deal: Deal, account: Account | None, products: Mapping[str, Product], trees: Iterable[Tree]
) -> tuple[Placement, ...]:
    """Where a deal stands in each tree; shares of 0 are left out. `products` are those on its lines."""
    found: list[Placement] = []
    for tree in trees:
        weights: dict[tuple[tuple[str, str], ...], int] = {}
        for place, weight in _places(deal, account, products, tree):
            weights[place] = weights.get(place, 0) + weight
        kept = _most_valuable(weights, len(tree.levels))
        for (place, _), share in zip(kept, shares_of([weight for _, weight in kept]), strict=True):
            if share:
                found.append(Placement(tree.name, path_of(tree, place), share))
    return tuple(found)


Place = tuple[tuple[str, str], ...]  # value and its name, from the top down


def _places(
    deal: Deal, account: Account | None, products: Mapping[str, Product], tree: Tree
) -> Iterable[tuple[Place, int]]:
    by_line = any(level in OF_LINES for level in tree.levels)
    lines = deal.products if by_line else ()
    if not lines:
        yield tuple(_value(deal, account, None, level) for level in tree.levels), 1
    for line in lines:
        product = products.get(line.product_id) or Product(line.product_id, line.product_id)
        price = line.price or product.price
        worth = round(_millionths(price) * line.quantity) if price else 0
        yield tuple(_value(deal, account, product, level) for level in tree.levels), max(worth, 0)


def _millionths(price: Money) -> int:
    """Of a major unit: prices of several currencies weigh by their number."""
    return int(price.minor * 10 ** (6 - min(decimals(price.currency)[0], 6)))


def _value(deal: Deal, account: Account | None, product: Product | None, level: str) -> tuple[str, str]:
    """A level's value, as it is told apart and as it is called; empty where there is none."""
    if level in OF_DEALS:
        text = str(getattr(deal, level))
    elif level == PRODUCT:
        return (product.id, product.name or product.id) if product else ("", "")
    elif level == SERIES:
        text = product.series if product else ""
    elif level == ACCOUNT:
        return (account.id, account.name or account.id) if account else (deal.account_id, deal.account_id)
    elif level.startswith(ACCOUNT_FIELD):
        text = _text(account.fields.get(level.removeprefix(ACCOUNT_FIELD)) if account else None)
    else:
        text = _text(deal.fields.get(level.removeprefix(FIELD)))
    return text, text


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)


def _most_valuable(weights: Mapping[Place, int], levels: int) -> list[tuple[Place, int]]:
    """The places, by name; of too many the least valuable together."""
    ranked = sorted(weights.items(), key=lambda one: (-one[1], one[0]))
    kept, rest = ranked[:MOST_PLACES], ranked[MOST_PLACES:]
    if rest:
        kept.append((((OTHERS, OTHERS),) * levels, sum(weight for _, weight in rest)))
    return sorted(kept)


def path_of(tree: Tree, place: Place) -> tuple[Node, ...]:
    """A place's nodes below the company."""
    path: list[Node] = []
    name = f"{tree.name}:"
    for level, (value, title) in zip(tree.levels, place, strict=True):
        name += ("/" if path else "") + _escaped(value)
        path.append(Node(name, level, title[:LONGEST] or NO_VALUE, path[-1].id if path else COMPANY.id))
    return tuple(path)


def _escaped(value: str) -> str:
    return value[:LONGEST].replace("%", "%25").replace("/", "%2F")


def depth_of(node: str) -> int:
    """On which level of its tree a place stands, from 1."""
    return node.count("/") + 1


def tree_of(node: str) -> str:
    """The tree that a place's name begins with."""
    return node.partition(":")[0]
