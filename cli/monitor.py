"""`dealcast monitor`: how the models do, alerts, and versions that score along unseen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.monitor_words import say
from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call
from cli.speech import Lang, echo, said, spoken
from cli.times import clock, utc

app = typer.Typer(
    help="Show how the models do: three lights, outcomes, inputs, alerts, shadow mode.", invoke_without_command=True,
    no_args_is_help=False, rich_markup_mode=None,
)  # fmt: skip
UNKNOWN_ALERT = "dealcast monitor alerts shows the alerts and their ids"
UNKNOWN_VERSION = "dealcast models list shows the services and their versions"
LOOK_SECONDS = 600.0
SHOWN_COLUMNS, SHOWN_MONTHS = 10, 6
FIGURES = ("auc", "log_loss", "ece")
Words = Callable[..., str]
AlertId = Annotated[str, typer.Argument(help="As alerts shows it.", metavar="ID")]
Note = Annotated[str, typer.Option("--note", help="Kept with the alert.")]
Version = Annotated[str, typer.Argument(help="Of lead scoring, as dealcast models list shows it.", metavar="VERSION")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit log.")]


@app.callback()
def show(context: typer.Context, data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None) -> None:
    """Three lights, then what they stand for."""
    if context.invoked_subcommand is None:
        _print(call(data_dir, url, "GET", f"/v1/monitoring?lang={spoken()}"), spoken(), clock(data_dir, url))


@app.command()
def look(data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None) -> None:
    """Look now, wait for it, and show what was found."""
    from kit.errors import Unavailable

    asked = call(data_dir, url, "POST", "/v1/monitoring:look")["asked_time"]
    address, until = f"/v1/monitoring?lang={spoken()}", time.monotonic() + LOOK_SECONDS
    while ((found := call(data_dir, url, "GET", address))["began_time"] or "") < asked:
        if time.monotonic() > until:
            mend = "a training or an import may be under way: dealcast models jobs"
            raise Unavailable("it has not been looked yet", field="monitor", mend=mend)
        time.sleep(0.5)
    _print(found, spoken(), clock(data_dir, url))


@app.command()
def days(
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="Newest days.")] = 30,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """The lights of past business days."""
    for day in call(data_dir, url, "GET", f"/v1/monitoring/days?limit={limit}")["days"]:
        lights = (f"{said(one['name'])} {said(one['level'])}" for one in day["lights"])
        echo("  ".join([day["business_day"], *lights]))


@app.command()
def alerts(
    every: Annotated[bool, typer.Option("--all", help="Those that are closed, too.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """What somebody should look at, newest first."""
    found = call(data_dir, url, "GET", f"/v1/alerts?limit=500&lang={spoken()}")["alerts"]
    shown = [one for one in found if every or one["state"] != "CLOSED"]
    for one in shown:
        _print_alert(one, spoken())
    if not shown:
        echo(say(spoken(), "none"))


@app.command()
def acknowledge(
    alert_id: AlertId, note: Note = "", data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None
) -> None:
    """Say that it was seen."""
    _print_alert(_changed(data_dir, url, alert_id, "acknowledge", note), spoken())


@app.command()
def close(
    alert_id: AlertId, note: Note = "", data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None
) -> None:
    """Say that it is settled; the same is not raised again while its cause stands."""
    _print_alert(_changed(data_dir, url, alert_id, "close", note), spoken())


@app.command()
def shadow(
    version: Version, reason: Reason, data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None
) -> None:
    """Let a version of lead scoring score open deals along, unseen."""
    _print_shadows(_shadowed(data_dir, url, "shadow", version, reason), spoken())


@app.command()
def unshadow(
    version: Version, reason: Reason, data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None
) -> None:
    """End that; what was found stands in the audit log."""
    _shadowed(data_dir, url, "unshadow", version, reason)
    echo(f"version {version} does not score along any more")


def _changed(data_dir: Path, url: str, alert_id: str, verb: str, note: str) -> Any:
    from urllib.parse import quote

    address = f"/v1/alerts/{quote(alert_id, safe='')}:{verb}"
    return call(data_dir, url, "POST", address, unknown=UNKNOWN_ALERT, json={"note": note})


def _shadowed(data_dir: Path, url: str, verb: str, version: str, reason: str) -> Any:
    body = {"version": version, "reason": reason}
    return call(data_dir, url, "POST", f"/v1/models/lead_scoring:{verb}", unknown=UNKNOWN_VERSION, json=body)


def _print(found: Mapping[str, Any], language: str = "en", shown: Callable[[str], str] = utc) -> None:
    words = partial(say, language)
    if found["business_day"]:
        echo(words("as_of", day=found["business_day"], time=shown(found["time"])))
    for one in found["lights"]:
        echo(f"{words(one['level']):<6} {one['title']}: {one['text']}")
    if found["open_alerts"]:
        echo(words("open", count=found["open_alerts"]))
    for month in ((found["score"].get("outcomes") or {}).get("months") or ())[:SHOWN_MONTHS]:
        echo(f"  {words('closed', month=month['month'])}: {_outcomes(month, words)}")
    _print_inputs(found["score"].get("inputs") or {}, words)
    for period in found["forecast"].get("periods") or ():
        told = {name: period[name] for name in ("period", "held", "ranges")}
        echo(f"  {words('held', **told)}")
    _print_shadows(found, language)


def _outcomes(one: Mapping[str, Any], words: Words) -> str:
    told = words("deals", records=one["records"], won=one["won"])
    if one["few"]:
        return f"{told}; {words('few')}"
    figures = [f"{words(name.upper() if name == 'auc' else name)} {_interval(one[name])}" for name in FIGURES]
    return f"{told}; {words('said', said=one['said'])}; {', '.join(figures)}"


def _interval(figure: Mapping[str, float | None]) -> str:
    value, low, high = (figure[name] for name in ("value", "low90", "high90"))
    return "–" if value is None or low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _print_inputs(inputs: Mapping[str, Any], words: Words) -> None:
    if not inputs.get("columns"):
        return
    moved = [one for one in inputs["columns"] if one["moved"]]
    rows = words("rows", now=inputs["rows_now"], then=inputs["rows_then"], since=inputs["since"])
    echo(f"  {words('inputs', moved=len(moved), columns=len(inputs['columns']))} ({rows})")
    for one in moved[:SHOWN_COLUMNS]:
        then, now = one["missing"]
        told = {name: one[name] for name in ("column", "share", "psi")}
        echo(f"    {words('column', **told, then=then, now=now)}")


def _print_shadows(found: Mapping[str, Any], language: str = "en") -> None:
    words = partial(say, language)
    for one in found["shadow"]:
        seen = one["found"] or {"records": 0, "few": True}
        text = words("shadow_few" if seen["few"] else "shadow_on", records=seen["records"])
        if not seen["few"]:
            apart = seen["difference"]
            text += f": {words('log_loss')} {_interval(apart['log_loss'])}, "
            text += f"AUC {_interval(apart['auc'])}, {words('ece')} {_interval(apart['ece'])}"
        echo(f"  {words('shadow', version=one['version'], since=one['since'])}: {text}")


def _print_alert(one: Mapping[str, Any], language: str = "en") -> None:
    words = partial(say, language)
    who = f"  {words('by', who=one['who'])}" if one["who"] else ""
    level = one["level"] if language == "en" else words(one["level"])
    state = words(one["state"])
    echo(f"{one['id']}  {one['business_day']}  {level}  {state}{who}  {one['subject']}")
    echo(f"    {one['text']}")
    if one["note"]:
        typer.echo(f"    {one['note']}")
