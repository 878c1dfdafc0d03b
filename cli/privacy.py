"""`dealcast privacy`: a person's data found, exported, restricted and erased."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call
from cli.privacy_erasing import check_target, follow, places, show
from cli.speech import Lang, confirm, echo, said
from cli.times import clock

app = typer.Typer(
    help="Find a person, export what is kept about them, restrict or erase them. Dealcast must be running.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Identity = Annotated[str, typer.Argument(help="As find shows it.", metavar="ID")]
User = Annotated[bool, typer.Option("--user", help="The id is a user's (a seller's), not a contact's.")]
Also = Annotated[
    list[str] | None, typer.Option("--also", help="A word that stands for this person and nobody else; repeatable.")
]
Member = Annotated[bool, typer.Option("--member", help="The id is a member's, who signs in, not a contact's.")]
Theirs = Annotated[
    list[str] | None,
    typer.Option("--theirs", help="What is in doubt is this person: a ref as shown, deal:ID, or rest; repeatable."),
]
Others = Annotated[
    list[str] | None,
    typer.Option("--others", help="What is in doubt is not this person: as for --theirs; repeatable."),
]
Erasure = Annotated[str, typer.Argument(help="As erasures shows it.", metavar="ERASURE")]
UNKNOWN = "dealcast privacy find shows ids"
UNKNOWN_ERASURE = "dealcast privacy erasures lists them"


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="A name, mail, telephone number or id.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Who may be meant, with their ids."""
    people = call(data_dir, url, "POST", "/v1/privacy/people:find", json={"text": text})["people"]
    for one in people:
        known = "  ".join(one[name] for name in ("name", "email", "phone", "account_id") if one[name])
        restricted = said("RESTRICTED") if one["restricted"] else ""
        typer.echo("  ".join(filter(None, (said(one["kind"]), one["id"], known, restricted))))
    if not people:
        echo("nobody")


@app.command()
def where(
    identity: Identity,
    user: User = False,
    also: Also = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    member: Member = False,
    language: Lang = None,
) -> None:
    """Every place that holds them: tables, streams, files."""
    told = _ask(data_dir, url, "where", _who(identity, user, member, also))
    places(told["found"])
    for one in told["same"]:
        echo(f"merged into this record, and erased with it: {one['kind']} {one['id']}", err=True)
    for one in told["alike"]:
        echo(f"seems to be the same person: {one['kind']} {one['id']}", err=True)
    if told["unsearched"]:
        words = ", ".join(told["unsearched"])
        echo(f"not looked for in texts, as others have it too or it is too short: {words}", err=True)
        echo("to look for more, name it with --also", err=True)
    for place in told["out_of_reach"]:
        echo(f"cannot be looked into: {place}", err=True)
    if told["doubts"]:
        show(told["doubts"])
        echo("decide these with --theirs REF and --others REF of erase, or when it has ended", err=True)


@app.command()
def export(
    identity: Identity,
    out: Annotated[Path, typer.Option("--out", help="A .json or .xlsx file to write.")],
    user: User = False,
    also: Also = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    member: Member = False,
    language: Lang = None,
) -> None:
    """Write everything that is kept about them into a file, which then is personal data itself."""
    import json

    from services.gateway.privacy.sheets import workbook

    check_target(out)
    found = _ask(data_dir, url, "export", _who(identity, user, member, also))
    if out.suffix.lower() == ".xlsx":
        out.write_bytes(workbook(found))
    else:
        out.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    out.chmod(0o600)
    echo(f"{sum(map(len, found['tables'].values()))} rows in {out}")


@app.command()
def erase(
    identity: Identity,
    user: User = False,
    also: Also = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    member: Member = False,
    theirs: Theirs = None,
    others: Others = None,
    language: Lang = None,
) -> None:
    """Erase them everywhere. There is no way back."""
    if not yes:
        where(identity, user, also, data_dir, url, member)
        confirm("Erase this person from all of it? There is no way back")
    decided = {"theirs": theirs or [], "others": others or []}
    begun = _ask(data_dir, url, "erase", _who(identity, user, member, also) | decided)
    echo(f"erasure {begun['id']}")
    follow(data_dir, url, begun["id"])


@app.command()
def doubts(
    erasure: Erasure,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """What nobody has decided in an erasure: people of the same name, and rows that name it."""
    show(call(data_dir, url, "GET", f"/v1/privacy/erasures/{erasure}/doubts", unknown=UNKNOWN_ERASURE)["doubts"])


@app.command()
def settle(
    erasure: Erasure,
    theirs: Theirs = None,
    others: Others = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Decide what is in doubt: what is theirs is erased, what is others' stays, and the erasure goes on."""
    decided = {"theirs": theirs or [], "others": others or []}
    call(data_dir, url, "POST", f"/v1/privacy/erasures/{erasure}:settle", unknown=UNKNOWN_ERASURE, json=decided)
    follow(data_dir, url, erasure)


@app.command()
def erasures(data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None) -> None:
    """All erasures, newest first; they tell nothing of who it was."""
    shown = clock(data_dir, url)
    for one in call(data_dir, url, "GET", "/v1/privacy/erasures")["erasures"]:
        waiting = f"{len(one['doubts'])} in doubt: dealcast privacy doubts {one['id']}" if one["doubts"] else ""
        parts = (one["state"], one["kind"], f"{one['rows']:,} rows", waiting)
        typer.echo("  ".join((one["id"], shown(one["time"]), *map(said, filter(None, parts)))))


@app.command()
def readmit(
    erasure: Erasure,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Let an erased person be taken in again when they come by a file or a program."""
    unknown = "dealcast privacy erasures lists them; whoever was let in again is not kept out any more"
    call(data_dir, url, "POST", f"/v1/privacy/erasures/{erasure}:readmit", unknown=unknown)
    echo("whoever this was is taken in again")


@app.command()
def restrict(
    identity: Identity,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept.")] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Keep a contact, without any scoring of or suggestion about them."""
    call(data_dir, url, "POST", "/v1/privacy/people:restrict", unknown=UNKNOWN, json={"id": identity, "reason": reason})
    echo(f"restricted: {identity}")


@app.command()
def lift(identity: Identity, data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None) -> None:
    """Process a restricted contact again."""
    call(data_dir, url, "POST", "/v1/privacy/people:lift", unknown=UNKNOWN, json={"id": identity})
    echo(f"processed again: {identity}")


@app.command()
def restrictions(data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None) -> None:
    """Who is restricted."""
    shown = clock(data_dir, url)
    for one in call(data_dir, url, "GET", "/v1/privacy/restrictions")["restrictions"]:
        typer.echo(f"{one['id']}  {shown(one['time'])}  {one['author']}  {one['reason']}")


@app.command()
def access(
    record: Annotated[str, typer.Option("--record", help="Of this contact or deal alone.", metavar="ID")] = "",
    limit: Annotated[int, typer.Option("--limit", help="How many, newest first.", min=1, max=500)] = 100,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """Who read personal data, newest first."""
    wanted = {"limit": limit} | ({"record": record} if record else {})
    shown = clock(data_dir, url)
    for one in call(data_dir, url, "GET", "/v1/privacy/access", params=wanted)["access"]:
        typer.echo(f"{shown(one['time'])}  {one['who']}  {one['route']}  {one['kind']}  {one['record']}")


@app.command()
def retention(
    period: Annotated[
        list[str] | None, typer.Option("--set", help="KIND=DAYS, or KIND=never; repeatable. Others stay.")
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """For how long what is kept, and what went last; --set changes it."""
    from kit.errors import InvalidInput

    told = call(data_dir, url, "GET", "/v1/privacy/retention")
    if period:
        periods = dict(told["periods"])
        for one in period:
            kind, _, days = one.partition("=")
            if kind not in periods or not (days.isdecimal() or days == "never"):
                mend = "write it as notes=730 or notes=never; kinds: " + ", ".join(periods)
                raise InvalidInput("this is no period", field="--set", value=one, mend=mend)
            periods[kind] = None if days == "never" else int(days)
        told = call(data_dir, url, "PUT", "/v1/privacy/retention", json=periods)
    dropped = (told["applied"] or {}).get("dropped", {})
    for kind, days in told["periods"].items():
        went = "  " + said(f"({dropped[kind]:,} dropped last)") if kind in dropped else ""
        typer.echo(f"{kind:16} {said('for ever' if days is None else f'{days:,} days')}{went}")


def _who(identity: str, user: bool, member: bool, also: list[str] | None) -> dict[str, Any]:
    kind = "user" if user else "member" if member else "contact"
    return {"kind": kind, "id": identity, "also": also or []}


def _ask(data_dir: Path, url: str, act: str, body: Mapping[str, Any]) -> Any:
    return call(data_dir, url, "POST", f"/v1/privacy/people:{act}", unknown=UNKNOWN, json=body)
