"""`dealcast models`: which versions there are, which one serves, and how good they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call
from cli.speech import Lang, echo, said, spoken
from cli.times import clock, utc

app = typer.Typer(
    help="Show model versions and their cards, promote one, or roll back.", no_args_is_help=True, rich_markup_mode=None
)
UNKNOWN = "dealcast models list shows the services and their versions"
Service = Annotated[str, typer.Argument(help="lead_scoring, forecast or next_best_action.", metavar="SERVICE")]


@app.command("list")
def show(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Versions of every service; the serving one is marked with *."""
    for model in call(data_dir, url, "GET", "/v1/models")["models"]:
        _print(model, spoken(), clock(data_dir, url))


@app.command()
def promote(
    service: Service,
    version: Annotated[str, typer.Argument(help="As list shows it.", metavar="VERSION")],
    reason: Annotated[str, typer.Option("--reason", help="Why, whatever the rule says; kept in the audit log.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Let a version serve."""
    body = {"version": version, "reason": reason}
    model = call(data_dir, url, "POST", f"/v1/models/{_quoted(service)}:promote", unknown=UNKNOWN, json=body)
    _print(model, spoken(), clock(data_dir, url))


@app.command()
def rollback(
    service: Service,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the audit log.")],
    version: Annotated[
        str, typer.Option("--to", help="Any version; without: the one before. After a roll back it must be named.")
    ] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Let an earlier version serve again, and say which."""
    address, body = f"/v1/models/{_quoted(service)}", {"version": version, "reason": reason}
    before = call(data_dir, url, "GET", address, unknown=UNKNOWN)["serving"]["version"]
    model = call(data_dir, url, "POST", f"{address}:rollback", unknown=UNKNOWN, json=body)
    echo(f"version {model['serving']['version']} serves again, in place of {before}")
    _print(model, spoken(), clock(data_dir, url))


@app.command()
def audit(
    service: Annotated[str, typer.Argument(help="One service; all without.", metavar="[SERVICE]")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="Newest entries.")] = 50,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Who promoted, refused or rolled back what, when and why; newest first."""
    from services.gateway.promotion_told import told

    shown = clock(data_dir, url)
    query = f"?limit={limit}" + (f"&service={_quoted(service)}" if service else "")
    for entry in call(data_dir, url, "GET", f"/v1/model-audit{query}", unknown=UNKNOWN)["entries"]:
        what = said(f"{entry['service']} {entry['version']} (before: {entry['before']})") if entry["service"] else ""
        parts = (shown(entry["time"]), said(entry["act"]), what, said(f"by {entry['who']}"))
        typer.echo("  ".join(filter(None, parts)))
        typer.echo(f"    {told(entry['reason'], spoken())}")


@app.command()
def jobs(
    cancel: Annotated[str, typer.Option("--cancel", help="Id of a training to end, or to take out of the queue.")] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Trainings, newest first, or end one."""
    if cancel:
        unknown = "dealcast models jobs shows the trainings and their ids"
        call(data_dir, url, "POST", f"/v1/training-jobs/{_quoted(cancel)}:cancel", unknown=unknown)
    shown = clock(data_dir, url)
    for job in call(data_dir, url, "GET", "/v1/training-jobs")["jobs"]:
        left = said(f", about {job['seconds_left']} s left") if job["seconds_left"] else ""
        doing = f"{job['progress']:.0%} {said(job['stage'])}{left}" if job["state"] == "RUNNING" else ""
        parts = (job["id"], shown(job["created_time"]), said(job["state"]), ", ".join(job["detail"]["services"]), doing)
        typer.echo("  ".join(part for part in parts if part))
        for text in filter(None, (job["reason"], job["error"])):
            echo(f"    {said(text)}")


@app.command()
def rules(
    confidence: Annotated[float | None, typer.Option("--confidence", help="One-sided: 0.95 or 0.975.")] = None,
    log_loss_margin: Annotated[
        float | None, typer.Option("--log-loss-margin", help="Share of the champion's log loss.")
    ] = None,
    ece_margin: Annotated[float | None, typer.Option("--ece-margin", help="Of the calibration error.")] = None,
    too_old: Annotated[int | None, typer.Option("--too-old", help="Days after which a champion is too old.")] = None,
    new_outcomes: Annotated[
        int | None, typer.Option("--new-outcomes", min=0, help="That start a training; 0: never for that.")
    ] = None,
    train_after: Annotated[
        int | None, typer.Option("--train-after", min=0, help="Days that start a training; 0: never for that.")
    ] = None,
    drift: Annotated[bool | None, typer.Option("--drift/--no-drift", help="Scores that are off start one.")] = None,
    input_drift: Annotated[
        bool | None, typer.Option("--input-drift/--no-input-drift", help="Inputs that moved start one.")
    ] = None,
    schedule: Annotated[
        str, typer.Option("--schedule", metavar="DAY|none", help="mon to sun, or 1 to 28: of every week, or month.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Kept in the audit log.")] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Show the rules of promotion and retraining, or change those that are given."""
    given = {"confidence": confidence, "log_loss_margin": log_loss_margin, "ece_margin": ece_margin}
    promotion = {name: value for name, value in (given | {"max_age_days": too_old}).items() if value is not None}
    counts = {"new_outcomes": new_outcomes, "max_age_days": train_after}
    retraining: dict[str, Any] = {name: value or None for name, value in counts.items() if value is not None}
    flags = {"drift": drift, "input_drift": input_drift}
    retraining |= {name: value for name, value in flags.items() if value is not None}
    retraining |= {"schedule": None if schedule == "none" else schedule} if schedule else {}
    if promotion or retraining:
        body = {"promotion": promotion, "retraining": retraining, "reason": reason}
        told = call(data_dir, url, "PUT", "/v1/model-rules", json=body)
    else:
        told = call(data_dir, url, "GET", "/v1/model-rules")
    for part, fields in told.items():
        echo(f"{said(part)}: " + ", ".join(f"{name} {value}" for name, value in fields.items()))


@app.command()
def card(
    service: Service,
    version: Annotated[str, typer.Argument(help="As list shows it; the serving one.", metavar="[VERSION]")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Where it goes: FILE.html, or FILE.md.")] = None,
    language: Lang = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
) -> None:
    """Tell how good a version is, what it looks at and where it is weak."""
    from cli.model_card import as_html, as_markdown
    from kit.errors import InvalidInput

    model = call(data_dir, url, "GET", f"/v1/models/{_quoted(service)}", unknown=UNKNOWN)
    found = _version(model, version)
    if out is None:
        typer.echo(as_markdown(service, found, spoken()), nl=False)
        return
    if out.suffix not in (".html", ".md"):
        raise InvalidInput("a card is .html or .md", field="--out", value=str(out), mend="name it card.html")
    text = (as_html if out.suffix == ".html" else as_markdown)(service, found, spoken())
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        mend = f"{error.strerror}; name a file in a folder that can be written to"
        raise InvalidInput("the card cannot be written", field="--out", value=str(out), mend=mend) from None
    echo(str(out))


def _version(model: dict[str, Any], version: str) -> dict[str, Any]:
    """The version named, or the one that serves. Raises NotFound."""
    from kit.errors import NotFound

    name = version or str(model["serving"]["version"])
    if not version and not model["serving"]["generation"]:
        message = f"{model['service']} works with its prior: no trained version serves yet"
        raise NotFound(message, mend="wait for the training to end, start one with dealcast train, or name a version")
    for one in model["versions"]:
        if one["version"] == name:
            return {**one, "served": name in _served(model)}
    raise NotFound(f"{model['service']} has no such version", field="version", value=name, mend=UNKNOWN)


def _served(model: dict[str, Any]) -> set[str]:
    """The versions that serve, or have."""
    return {model["serving"]["version"], *(one["version"] for one in model["promotions"])}


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


_WORDS = {
    "serving": ("{service}: serving {version} (generation {generation})",
                "{service}: {version} 제공 중({generation}세대)"),
    "log loss": ("log loss", "로그 손실"), "base rate": ("base rate", "평균 성공률"),
    "beside": ("beside version {version} on {records} records", "버전 {version}과 기록 {records}건에서 비교"),
    "log_loss": ("log loss", "로그 손실"),
    "seen": ("no fair comparison, version {version} had learned {seen:.0%} of their outcomes",
             "공정한 비교 아님: 버전 {version}은 그 결과의 {seen:.0%}를 이미 학습"),
    "left out": ("left out", "제외"), "suspected": ("suspected", "의심"),
    "kept": ("kept against the leak guard", "누출 점검과 달리 유지"), "left_out": ("left out by you", "직접 제외"),
    "unknown": ("no such column, so that decision has no effect", "없는 열이라 효과가 없는 결정"),
    "similar": ("did you mean {names}?", "혹시 {names}?"),
    "closing": ("empty on all open records, so never learned from", "진행 중 기록에는 늘 비어 있어 학습하지 않음"),
    "LEAD": ("leads", "리드"), "OPPORTUNITY": ("opportunities", "기회"),
}  # fmt: skip


def _word(key: str, language: str) -> str:
    return _WORDS[key][language == "ko"]


def _print(model: dict[str, Any], language: str = "en", shown: Callable[[str], str] = utc) -> None:
    serving = model["serving"]
    echo(_word("serving", language).format(service=model["service"], **serving))
    served = _served(model)
    for version in model["versions"]:
        mark = "*" if version["version"] == serving["version"] else " "
        evaluation = version.get("evaluation") or {}
        figures = ", ".join(_figures(evaluation, language))
        echo(f"  {mark} {version['version']}  {shown(version.get('created_time', ''))}  {figures}".rstrip())
        if mark == "*" and model["service"] == "lead_scoring":
            _print_guard(evaluation, language)
        _print_beside({**version, "served": version["version"] in served}, language)


def _print_beside(version: dict[str, Any], language: str) -> None:
    """How it compares with what served when it was trained, and what the rule says of it."""
    from cli.model_card_champion import JUDGED, beside

    champion = (version.get("evaluation") or {}).get("champion") or {}
    others = champion.get("others") or ()
    names = {name: _word(name, language) if name in _WORDS else name.upper() for name in JUDGED}
    for one in (champion, *others):
        if not (apart := one.get("difference")):
            continue
        figures = {name: apart[name]["value"] for name in JUDGED if apart[name]["value"] is not None}
        told = ", ".join(f"{names[name]} {value:+.3f}" for name, value in figures.items())
        against = _word("beside", language).format(version=champion["version"], records=one["records"])
        kind = f"{_word(one['kind'], language)}: " if others else ""
        known = _word("seen", language).format(version=champion["version"], seen=one["seen"]) if one.get("seen") else ""
        echo(f"      {kind}{against}{f' ({known})' if known else ''}: {told}")
    _, text, _ = beside({"decision": version.get("decision"), "served": version.get("served")}, language)
    for line in text:
        echo(f"      {line}")


def _figures(evaluation: dict[str, Any], language: str) -> Iterator[str]:
    """Of a test where there was one, else whatever stands by itself."""
    test, base = evaluation.get("test") or {}, (evaluation.get("baseline") or {}).get("log_loss")
    for key, name in (("auc", "AUC"), ("log_loss", _word("log loss", language)), ("ece", "ECE")):
        value = (test.get(key) or {}).get("value")
        if value is not None:
            beside = f" ({_word('base rate', language)} {base:.3f})" if key == "log_loss" and base is not None else ""
            yield f"{name} {value:.3f}{beside}"
    if not test:
        yield from (f"{name} {value:.3f}" for name, value in evaluation.items() if isinstance(value, float))


def _print_guard(evaluation: dict[str, Any], language: str) -> None:
    """What the leak guard found of the serving version, and what people decided."""
    from cli.model_card import reason_of

    overrules = evaluation.get("overrules") or {}
    told = {
        "left out": evaluation.get("dropped"), "suspected": evaluation.get("suspected"),
        "kept": overrules.get("kept"),
    }  # fmt: skip
    for what, found in told.items():
        for one in found or ():
            echo(f"      {_word(what, language)}: {one['column']}: {reason_of(one, language)}")
    for line in decided(overrules, language):
        echo(f"      {line}")


def decided(overrules: dict[str, Any], language: str) -> Iterator[str]:
    """What people's decisions about columns came to, beyond those that the guard advised against."""
    similar = overrules.get("similar") or {}
    for what in ("left_out", "closing", "unknown"):
        if names := overrules.get(what):
            meant = [
                f"{name} ({_word('similar', language).format(names=', '.join(similar[name]))})"
                if name in similar
                else name
                for name in names
            ]
            yield f"{_word(what, language)}: {', '.join(meant)}"
