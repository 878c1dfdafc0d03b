"""The report of `dealcast evaluate actions` in words and a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from learning.off_policy.files import Logs
    from learning.off_policy.intervals import Estimate, Floats
    from learning.off_policy.report import Comparison, Line, Report
    from learning.off_policy.trial import Trial

WIDEST = 40
KINDS = {
    "single": "the best single action for every row",
    "linear": "personal, by effects that are linear in the context",
    "boosted": "personal, by linear effects and boosted trees",
    "logged": "what was done, by chances learned from the training file",
}
CANDIDATES = {"linear": "linear effects", "boosted": "linear effects and trees"}
THIN = 0.05  # share of rows in which an action was hardly ever taken


def text(trial: Trial, logs: Logs) -> str:
    """All that is to be said."""
    parts = [*_policy(trial, logs), "", *_propensities(trial, logs), ""]
    if trial.report is None:
        parts += ["The test file has no row with an action and a reward: nothing is valued."]
    else:
        parts += [*_table(trial.report, logs), "", *_verdict(trial, logs, trial.report), ""]
    return "\n".join([*parts, *_notes(trial, logs)]).rstrip() + "\n"


def _policy(trial: Trial, logs: Logs) -> Iterator[str]:
    policy = trial.policy
    rows = len(trial.train.log.rewards)
    yield f"Learned from {rows:,} rows of {logs.trained:,} actions; {trial.policy.features} features of the context."
    yield f"New policy: {KINDS[policy.kind]}."
    if policy.kind == "logged":
        yield "  The log cannot tell about any action: too few rows, or what was done follows from the context."
        return
    yield f"  Best single action on the training file: {_short(logs.names[policy.best])}."
    for kind, gain in policy.gains.items():
        if not gain.se > 0:
            yield f"  By {CANDIDATES[kind]} the actions' effects do not depend on the context as far as the file tells."
            continue
        yield (f"  A personal policy by {CANDIDATES[kind]} above it, cross-fitted on the training file: "
               f"{_signed(gain.value, gain.se)}, 95 % interval {_range(gain)}.")  # fmt: skip
    if policy.kind == "single" and any(gain.se > 0 for gain in policy.gains.values()):
        yield "  That is not more than a standard error, so everybody gets the same."
    unable = [logs.names[action] for action in np.flatnonzero(~policy.able).tolist()]
    if unable:
        yield f"  Never chosen, because the log cannot tell about them: {_names(unable)}."


def _propensities(trial: Trial, logs: Logs) -> Iterator[str]:
    weighed = trial.test or trial.train
    which = "test" if trial.test else "training"
    found = weighed.estimated
    own = np.quantile(weighed.log.propensities, [0, 0.05, 0.5, 0.95, 1])
    quantiles = ", ".join(f"{value:.3g}" for value in own.tolist()) + " (least, 5 %, median, 95 %, most)"
    if found is None:
        yield f"Propensities as given. In the {which} file: {quantiles}."
    else:
        from learning.off_policy.propensities import NAMES

        yield f"Propensities estimated by {NAMES[found.by]}, out of fold. In the {which} file: {quantiles}."
        yield "  All below holds only if nothing that is not in the file drove both what was done and what came of it."
        if found.clipped:
            yield f"  {found.clipped:.1%} of the rows had less than {found.clip:.3g} and were raised to it."
        yield from _thin(found.rarely, logs)


def _thin(rarely: Floats, logs: Logs) -> Iterator[str]:
    thin = [(logs.names[place], share) for place, share in enumerate(rarely.tolist()) if share > THIN]
    thin.sort(key=lambda each: -each[1])
    if thin:
        shown = "; ".join(f"{_short(name)} in {share:.0%} of the rows" for name, share in thin[:10])
        more = " …" if len(thin) > 10 else ""
        yield f"  Poor overlap: hardly ever done are {shown}{more}. There the log cannot tell."


def _table(report: Report, logs: Logs) -> Iterator[str]:
    yield "Value on the test file, mean reward per row with 95 % intervals:"
    yield ""
    digits = _digits([line.dr.se for line in report.lines[:2]])
    head = ("policy", "SNIPS", "95 % interval", "doubly robust", "95 % interval", "rows", "effective", "largest weight")
    rows = [head, *(_row(line, digits) for line in report.lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    for row in rows:
        cells = [cell.ljust(width) if not place else cell.rjust(width)
                 for place, (cell, width) in enumerate(zip(row[: len(head)], widths, strict=True))]  # fmt: skip
        note = row[len(head)] if len(row) > len(head) else ""
        yield ("  " + "  ".join(cells) + (f"  {note}" if note else "")).rstrip()


def _row(line: Line, digits: int) -> tuple[str, ...]:
    cells: list[str] = [_short(line.name)]
    for estimate in (line.snips, line.dr):
        cells += [
            _number(estimate.value, digits),
            f"[{_number(estimate.low, digits)}, {_number(estimate.high, digits)}]",
        ]
    cells += [f"{line.overlap.rows:,}", f"{line.overlap.ess:,.0f}", f"{line.overlap.largest:.1%}"]
    return (*cells, f"the log cannot tell: {line.overlap.why}" if line.overlap.why else "")


def _verdict(trial: Trial, logs: Logs, report: Report) -> Iterator[str]:
    yield from _against(report.against_best, "the best single action")
    yield from _against(report.against_logged, "what was done")


def _against(found: Comparison, what: str) -> Iterator[str]:
    other = f"{what} ({_short(found.other)})" if found.other != "as logged" else what
    if found.same:
        yield f"New policy against {other}: the same in every row, so there is no difference."
        return
    dr, snips = found.dr, found.snips
    yield (
        f"New policy minus {other}, paired: doubly robust {_signed(dr.value, dr.se)}, 95 % interval {_range(dr)}; "
        f"SNIPS {_signed(snips.value, snips.se)}, {_range(snips)}."
    )
    if found.why:
        yield f"  The log cannot tell: {found.why}."
    elif found.dr.significant:
        yield f"  The new policy is significantly {'better' if found.dr.value > 0 else 'worse'} (95 %)."
    else:
        yield "  Not significant: these data do not show that the new policy is better, nor that it is worse."


def _notes(trial: Trial, logs: Logs) -> Iterator[str]:
    unseen = logs.names[logs.trained :]
    if unseen:
        yield f"Note: only in the test file, so never chosen: {_names(unseen)}."
    for name, mean in trial.misweighted[:10]:
        yield (
            f"Warning: the weights of {_short(name)} average {mean:.2f} instead of 1: it could not be done in every "
            "row, or the propensities are not those it was drawn with."
        )
    for column, distance in list(trial.unbalanced.items())[:20]:
        yield (
            f"Warning: column {_short(column)} differs by action by {distance:.0f} standard errors although the "
            "propensities should have evened it. It is left out: it was filled after the action, or the propensities "
            "are wrong."
        )
    for column, why in list(trial.ignored.items())[:20]:
        yield f"Note: column {_short(column)} is not used ({why})."
    for note in logs.notes:
        yield f"Note: {note}."


def _digits(errors: Sequence[float]) -> int:
    """Decimals that show two digits of the smallest standard error."""
    known = [error for error in errors if error > 0 and math.isfinite(error)]
    return min(max(1 - math.floor(math.log10(min(known))), 0), 8) if known else 4


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}" if math.isfinite(value) else "–"


def _signed(value: float, error: float) -> str:
    return f"{value:+,.{_digits([error])}f}" if math.isfinite(value) else "–"


def _range(estimate: Estimate) -> str:
    digits = _digits([estimate.se])
    return f"[{_number(estimate.low, digits)}, {_number(estimate.high, digits)}]"


def _short(name: str) -> str:
    clean = " ".join(name.split())
    return clean if len(clean) <= WIDEST else clean[: WIDEST - 1] + "…"


def _names(names: Sequence[str], most: int = 10) -> str:
    return ", ".join(_short(name) for name in names[:most]) + (
        f" and {len(names) - most} more" if len(names) > most else ""
    )
