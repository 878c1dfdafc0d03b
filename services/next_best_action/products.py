"""What else an account may want: products by account, frozen in the model, with what such deals usually took."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kit.errors import InvalidInput

FILE = "products.json"
NEW, LARGER = "new", "larger"  # what an action may offer
OFFERED = 3


@dataclass(frozen=True, slots=True)
class Product:
    """A product as won deals show it."""

    id: str
    name: str = ""
    series: str = ""
    price: float | None = None  # of the list, in major units of its currency
    currency: str = ""
    quantity: float | None = None  # median of the won deals with it; None where too few are known
    accounts: int = 0  # that bought it


@dataclass(frozen=True, slots=True)
class Offer:
    """A product to offer, and why."""

    product_id: str
    name: str
    quantity: float | None
    text_en: str
    text_ko: str


@dataclass(frozen=True, slots=True)
class ProductModel:
    """Orders of products by place. `accounts` hold what they have not bought, most promising first."""

    method: str = "popularity"
    products: tuple[Product, ...] = ()
    popular: tuple[int, ...] = ()
    accounts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    buyers: int = 0  # accounts that bought anything

    def offers(self, kind: str, account_id: str, on_deal: Sequence[str]) -> tuple[Offer, ...]:
        """What to offer on a deal: a product new to the account, or a larger one of a series that is on the deal."""
        if kind == LARGER:
            return self._larger(on_deal)
        order = self.accounts.get(account_id, self.popular)
        found = [self.products[place] for place in order if self.products[place].id not in on_deal]
        return tuple([self._offer(each, "", "") for each in found[:OFFERED]])

    def _larger(self, on_deal: Sequence[str]) -> tuple[Offer, ...]:
        present = [each for each in self.products if each.id in on_deal]
        found: list[Offer] = []
        for place in self.popular:
            each = self.products[place]
            smaller = next((one for one in present if _larger_than(each, one)), None)
            if smaller is not None and each.id not in on_deal:
                now = smaller.name or smaller.id
                found.append(
                    self._offer(each, f"larger than {now} on this deal; ", f"이 거래의 {now}보다 상위 상품이며 ")
                )
        return tuple(found[:OFFERED])

    def _offer(self, one: Product, why_en: str, why_ko: str) -> Offer:
        bought_en = f"{one.accounts} of {self.buyers} customers bought it"
        bought_ko = f"고객 {self.buyers}곳 가운데 {one.accounts}곳이 구매했습니다"
        return Offer(one.id, one.name or one.id, one.quantity, why_en + bought_en, why_ko + bought_ko)

    def save(self, folder: Path) -> None:
        """Write products.json, the same bytes for the same model."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        (folder / FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ProductModel | None:
        """Read what `save` wrote; None where there is none. Raises InvalidInput where it is damaged."""
        if not (folder / FILE).exists():
            return None
        try:
            body: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            products = tuple(Product(**each) for each in body["products"])
            accounts = {name: tuple(places) for name, places in body["accounts"].items()}
            model = cls(body["method"], products, tuple(body["popular"]), accounts, int(body["buyers"]))
            numbers = [each.quantity or 0.0 for each in products] + [each.price or 0.0 for each in products]
            places = [place for order in (model.popular, *accounts.values()) for place in order]
            if not all(math.isfinite(number) for number in numbers) or any(
                not 0 <= place < len(products) for place in places
            ):
                raise ValueError("a number is out of range")
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidInput(f"the products cannot be read: {error}", field=FILE,
                               mend="Train and promote it anew") from None  # fmt: skip
        return model


def _larger_than(one: Product, other: Product) -> bool:
    if not one.series or one.series != other.series or one.currency != other.currency:
        return False
    return one.price is not None and other.price is not None and one.price > other.price
