"""`dealcast health`: whether the records do for the models, what helps most, and what to do about duplicates."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call
from cli.speech import Lang, Language, spoken
from cli.times import clock, utc

app = typer.Typer(
    help="Tell whether the records do for the models, list what is wrong, merge duplicates.", no_args_is_help=True,
    rich_markup_mode=None,
)  # fmt: skip
Of = Annotated[str, typer.Argument(help="accounts, contacts or deals.", metavar="KIND")]
UNKNOWN = "dealcast health show names the findings; dealcast health list FINDING the records"
WAIT_SECONDS = 1.0
_WORDS = {
    "en": {
        "unseen": "nobody has looked yet: dealcast health show --look", "effect": "{effect:.1%}, {deals:,} deals",
        "more": "there are more: --limit", "merge": "merged {of}: {gone} into {kept}",
        "ignore": "not the same {of}: {first}, {second}", "by": "by {who}", "undone": "undone {time} by {who}",
        "accounts": "accounts", "contacts": "contacts", "deals": "deals", "none": "no decisions",
    },
    "ko": {
        "unseen": "아직 점검하지 않았습니다: dealcast health show --look", "effect": "{effect:.1%}, 딜 {deals:,}건",
        "more": "더 있습니다: --limit", "merge": "{of} 병합: {gone} → {kept}",
        "ignore": "서로 다른 {of}: {first}, {second}", "by": "{who}", "undone": "{time} {who}이(가) 되돌림",
        "accounts": "고객사", "contacts": "연락처", "deals": "딜", "none": "결정한 것이 없습니다",
    },
}  # fmt: skip


@app.command()
def show(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
    fresh: Annotated[bool, typer.Option("--look", help="Look at all records first, and wait for it.")] = False,
) -> None:
    """The verdict in one sentence, the five mends that help most, and how many of each finding."""
    if fresh:
        _look(data_dir, url)
    words = _WORDS[spoken(language)]
    found = call(data_dir, url, "GET", f"/v1/health?lang={spoken(language)}")["health"]
    if found is None:
        typer.echo(words["unseen"])
        return
    typer.echo(f"{found['verdict']['text']}  ({found['business_day']})")
    for place, one in enumerate(found["mends"], 1):
        typer.echo(f"{place}. {one['text']}  [{one['finding']}: {words['effect'].format(**one)}]")
    typer.echo("")
    for one in found["findings"]:
        typer.echo(f"{one['count']:>8,}  {one['title']}  ({one['finding']})")


@app.command("list")
def show_records(
    finding: Annotated[str, typer.Argument(help="As show names it.", metavar="FINDING")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
    owner: Annotated[str, typer.Option("--owner", help="Only of this owner.")] = "",
    source: Annotated[str, typer.Option("--source", help="Only from this source.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500)] = 50,
) -> None:
    """The records of a finding."""
    query = {"lang": spoken(language), "owner": owner, "source": source, "limit": limit}
    page = call(data_dir, url, "GET", f"/v1/health/{_quoted(finding)}", unknown=UNKNOWN, params=query)
    for one in page["records"]:
        typer.echo(_line(one))
    if page["next_cursor"]:
        typer.echo(_WORDS[spoken(language)]["more"])


@app.command()
def merge(
    of: Of,
    keep: Annotated[str, typer.Argument(help="Id of the record that stays.", metavar="KEEP")],
    other: Annotated[str, typer.Argument(help="Id of the record that goes.", metavar="OTHER")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Merge two records: what hangs on the other moves, what the kept one lacks is filled in. It can be undone."""
    body = {"of": of, "keep": keep, "other": other}
    decided = call(data_dir, url, "POST", "/v1/duplicates:merge", unknown=UNKNOWN, json=body)
    _tell(decided, language, clock(data_dir, url))


@app.command()
def ignore(
    of: Of,
    first: Annotated[str, typer.Argument(help="Id of a record.", metavar="FIRST")],
    second: Annotated[str, typer.Argument(help="Id of another.", metavar="SECOND")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Say that two records are not the same: they are never asked about again."""
    body = {"of": of, "first": first, "second": second}
    decided = call(data_dir, url, "POST", "/v1/duplicates:ignore", unknown=UNKNOWN, json=body)
    _tell(decided, language, clock(data_dir, url))


@app.command()
def decisions(data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None) -> None:
    """Who merged or ignored what and when, newest first."""
    found = call(data_dir, url, "GET", "/v1/duplicate-decisions")["decisions"]
    shown = clock(data_dir, url)
    for one in found:
        _tell(one, language, shown)
    if not found:
        typer.echo(_WORDS[spoken(language)]["none"])


@app.command()
def undo(
    decision: Annotated[int, typer.Argument(help="As decisions shows it.", metavar="ID")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    discard: Annotated[
        bool, typer.Option("--discard", help="Give up what was changed since on the same records, too.")
    ] = False,
    language: Lang = None,
) -> None:
    """Take a merge or an ignore back."""
    path = f"/v1/duplicate-decisions/{decision}:undo"
    unknown = "dealcast health decisions shows the ids"
    _tell(call(data_dir, url, "POST", path, unknown=unknown, json={"discard": discard}), language, clock(data_dir, url))


def _look(data_dir: Any, url: str) -> None:
    from cli.progress import Bar
    from kit.errors import Conflict, Unavailable

    try:
        job = call(data_dir, url, "POST", "/v1/health:look")
    except Conflict as error:
        job = {"id": error.value}
    with Bar("Looking") as bar:
        while True:
            told = call(data_dir, url, "GET", f"/v1/health-jobs/{_quoted(job['id'])}")
            bar.show(told["progress"], 1.0)
            if told["state"] != "RUNNING":
                break
            time.sleep(WAIT_SECONDS)
    if told["state"] != "SUCCEEDED":
        raise Unavailable(f"the look has ended: {told['error']}", field="health", mend="See the gateway's log")


def _line(one: dict[str, Any]) -> str:
    other = f"= {one['other']} {one['other_name']}" if one["other"] else ""
    sure = f"{one['score']:.2f}" if one["other"] else ""
    parts = (one["id"], one["name"], other, sure, one["text"] or one["value"], one["owner"])
    return "  ".join(part for part in parts if part)


def _tell(one: dict[str, Any], language: Language | None, shown: Callable[[str], str] = utc) -> None:
    words = _WORDS[spoken(language)]
    gone = one["second"] if one["kept"] == one["first"] else one["first"]
    what = words[one["act"]].format(**one | {"of": words[one["of"]], "gone": gone})
    undone = words["undone"].format(time=shown(one["undone_time"]), who=one["undone_by"]) if one["undone_time"] else ""
    parts = (str(one["id"]), shown(one["time"]), what, words["by"].format(who=one["who"]), undone)
    typer.echo("  ".join(filter(None, parts)))


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
