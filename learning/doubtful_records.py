"""What a company's records are too few or too odd for, as it is said beside every forecast."""

from __future__ import annotations

LEAST_WINS = 40  # below it nothing is replayed, and dates and chances stay near a prior
FEW_CLOSED = 5  # of an owner's deals
LARGE_SHARE = 0.5  # of the open amounts of an owner or a team
SHORT_DAYS = 183  # of recorded closings

TEXTS = {
    "none_closed": "No deal has closed yet: dates and chances are a general prior, and the range is wide.",
    "none_won": "None of {of} closed deals was won: next to nothing is expected, and a first win would change that.",
    "few_wins": "{wins} been won: dates and chances stay near a general prior, and the range is wide.",
    "short_record": (
        "Closings are recorded for {count} days: no two quarters can be compared, and seasons are not known."
    ),
    "wins_without_amounts": (
        "No won deal has an amount: money cannot be forecast from this record, count deals instead."
    ),
    "no_amounts": "{count} of {of} open deals have no amount: they count with {usual}.",
    "too_large": "{count} of {of} open deals ask for more than {most}: they count as no more than that.",
    "large_wins": (
        "{count} of {of} won deals brought more than {most}, 20 times what 19 of 20 bring: the number and its range"
        " rest on them."
    ),
    "few_weeks": "Business not yet created is reckoned from {count} weeks of records: that part is a rough guess.",
    "mostly_new": (
        "{count} % of the number is business not yet created, of which so young a record tells little: no chance to"
        " reach a quota is told."
    ),
    "few_closed": "{have} fewer than 5 closed deals: what is expected of them is what others do.",
    "one_deal": "One deal is most of what {owners} may win: the range's ends are that deal won or not.",
    "no_manager": "{have} no manager: their deals are in no team's number.",
}
USUAL = {True: "what such deals brought in", False: "a general prior"}


def said(code: str, count: int = 0, of: int = 0, *, usual: bool = True, most: str = "", owners: str = "") -> str:
    """The sentence. count: of owners, deals, wins, days, weeks or percent; of: out of how many. usual: whether
    anything was won yet. owners: who may win one deal above all, where it is not `count` owners."""
    plural = f"{count:,} owners"
    return TEXTS[code].format(
        count=f"{count:,}", of=f"{of:,}", usual=USUAL[usual], most=most,
        have="1 owner has" if count == 1 else f"{plural} have",
        owners=owners or ("1 owner" if count == 1 else plural),
        wins="Only 1 deal has" if count == 1 else f"Only {count} deals have" if count else "No deal has",
    )  # fmt: skip


def record_doubt(won: int, closed: int, days: int | None) -> tuple[str, int, int] | None:
    """The code, count and `of` of what a whole record is too short for; None where it is long. days: of recorded
    closings, None where nothing closed."""
    if days is None:
        return ("none_closed", 0, 0)
    if not won and closed >= LEAST_WINS:
        return ("none_won", 0, closed)
    if won < LEAST_WINS:
        return ("few_wins", won, 0)
    return ("short_record", days, 0) if days < SHORT_DAYS else None
