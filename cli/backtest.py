"""`dealcast backtest`: how good the forecast in use would have been in past quarters, from the records kept here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call
from cli.speech import Lang, echo

METHODS = {
    "dealcast": "Dealcast", "stage_weighted": "stage-weighted", "last_period_again": "last again", "pace": "pace",
}  # fmt: skip
LEVELS = ("company", "region", "manager", "owner")


def backtest(
    version: Annotated[str, typer.Argument(help="As models list shows it; the serving one.", metavar="[VERSION]")] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Tell how past quarters would have been forecast on their eves from your records.

    Each training does this anew; the result is kept with its version. dealcast train makes a new one.
    """
    model = call(data_dir, url, "GET", "/v1/models/forecast")
    for line in told(_version(model, version)):
        echo(line)


def _version(model: dict[str, Any], version: str) -> dict[str, Any]:
    from kit.errors import NotFound

    name = version or str(model["serving"]["version"])
    found = next((dict(one) for one in model["versions"] if one["version"] == name), None)
    if found is None:
        what = f"forecast has no version {version}" if version else "the forecast works with its prior"
        mend = "start a training with dealcast train; dealcast models list shows the versions"
        raise NotFound(what, field="version", value=name, mend=mend)
    return found


def told(version: dict[str, Any]) -> Iterator[str]:
    """The lines: a table by level, and what to be careful about."""
    evaluation = version.get("evaluation") or {}
    report = evaluation.get("backtest") or {"quarters": [], "why": "this version was not backtested"}
    yield f"forecast {version['version']}, trained on records up to {evaluation.get('business_day', 'an unknown day')}"
    if report["quarters"]:
        yield f"{', '.join(report['quarters'])}, each as of its eve: WAPE of p50 by method, share between p10 and p90"
        yield _line("level", METHODS.values(), "p10-p90", "CRPS")
    else:
        yield f"No past quarter was forecast: {report.get('why', 'none was over')}."
    for level in LEVELS:
        if level in report:
            row = report[level]
            figures = [_figure(row.get(name, {}).get("wape")) for name in METHODS]
            yield _line(level, figures, _figure(row["coverage"]["p10_p90"]), _figure(row["crps"]))
    yield from (f"  {caution}" for caution in evaluation.get("cautions") or ())


def _line(level: str, figures: Any, covered: str, crps: str) -> str:
    return f"  {level:9}" + "".join(f"{figure:>16}" for figure in figures) + f"{covered:>10}{crps:>8}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
