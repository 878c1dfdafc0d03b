"""What an account buys next, forward in time on real purchases."""

from __future__ import annotations

import csv
from datetime import date

from accuracy.histories import datasets
from services.next_best_action.products_training import CUTS, KEPT, POPULARITY, Purchase, choose, compare

NAMES = {"GTXPro": "GTX Pro"}  # one product is written in two ways


def section() -> str:
    """The section of docs/accuracy.md."""
    bought = purchases()
    method, told = choose(bought)
    rows = [_row(name, one) for name, one in told["methods"].items()]
    left = [one.among for one in compare(bought, POPULARITY)]
    shares = ", ".join(f"{share:.0%}" for share in CUTS)
    taken = f"Taken: {method}." + (" None of the others is better for certain." if method == POPULARITY else "")
    return "\n\n".join([
        "## Products: what an account buys next",
        (f"`crm_sales_opportunities`: {len(bought):,} won deals of {len({one.account for one in bought})} accounts and "
         f"{len({one.product for one in bought})} products. Learned from the first {shares} of them by time, tested on "
         f"{told['cases']} first purchases of a product until the next of these days, with {sum(left) / len(left):.1f} "
         "products left to choose from on average. Differences have 95 % bootstrap intervals over accounts."),
        (f"| method | NDCG@{KEPT} | recall@3 | NDCG against popularity |\n|---|---|---|---|\n" + "\n".join(rows)),
        (f"{taken} A company's own training makes this comparison anew. With seven products that nearly every account "
         "buys in the end, this file can tell little about larger ranges."),
    ])  # fmt: skip


def purchases() -> list[Purchase]:
    """Won deals, oldest first."""
    with (datasets() / "crm_sales_opportunities" / "sales_pipeline.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["deal_stage"] == "Won" and row["account"]]
    found = [
        Purchase(row["account"], NAMES.get(row["product"], row["product"]), date.fromisoformat(row["close_date"]), None,
                 row["opportunity_id"])
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.day, one.deal))


def _row(name: str, told: dict[str, object]) -> str:
    against = told["against_popularity"]
    assert isinstance(against, list)
    mean, low, high = against
    difference = "" if name == POPULARITY else f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"
    return f"| {name} | {told['ndcg']:.3f} | {told['recall_at_3']:.3f} | {difference} |"
