"""What `dealcast privacy` tells of an erasure, from its start to what is left to do."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer

from cli.options import call
from cli.speech import echo, said

POLL_SECONDS = 1.0
SUFFIXES = (".json", ".xlsx")
SHOWN = 40
MODELS = {
    "REMOVED": "held them and was removed; it cannot serve again",
    "SERVING": "held them and serves until its replacement does",
    "KEPT": "was trained without them, and holds words that other records hold too",
}
MENDS = {
    "database": "a key of a record holds them: give the record another id, and erase once more by --also",
    "nats": "messages hold them still: erase once more when no import or training is under way",
    "models": "see to it that the registry can be written, and erase once more by --also",
    "logs": "log files are written by the programs themselves: delete the file",
    "files": "delete the file, or erase once more when no import or training is under way",
    "database files": "another record holds these words: dealcast privacy find shows whose; erase once more by --also",
}


def follow(data_dir: Path, url: str, erasure: str) -> None:
    """Tell how an erasure goes on, to its end, and what is left to do. Exits with 1 where there is something."""
    stage = ""
    while (told := call(data_dir, url, "GET", f"/v1/privacy/erasures/{erasure}"))["state"] == "RUNNING":
        if told["stage"] != stage:
            stage = told["stage"]
            typer.echo(f"{told['progress']:4.0%}  {said(stage)}", err=True)
        time.sleep(POLL_SECONDS)
    echo(f"{told['state']}: {told['rows']:,} rows and {told['streams']:,} messages without them now")
    for one in told["models"]:
        echo(f"{one['service']} version {one['version']}: {MODELS[one['state']]}")
    if told["state"] == "WAITING":
        echo("a training for the replacement is scheduled (dealcast models jobs); the erasure then goes on by itself")
    _left(told)


def _left(told: Mapping[str, Any]) -> None:
    if told["state"] != "LEFT":
        return
    if told["left"]:
        places(told["left"])
        for store in dict.fromkeys(one["store"] for one in told["left"]):
            typer.echo(f"{said(store)}: {said(MENDS.get(store, 'see docs/privacy.md'))}", err=True)
    if told["doubts"]:
        show(told["doubts"])
        echo(f"show them with their words: dealcast privacy doubts {told['id']}", err=True)
        settle = f"dealcast privacy settle {told['id']} --theirs REF --others REF"
        echo(f"decide, and the erasure goes on:  {settle}", err=True)
        echo("(deal:ID stands for the rows of a deal, rest for all that is left)", err=True)
    raise typer.Exit(1)


def show(doubts: Iterable[Mapping[str, Any]]) -> None:
    """Who and what is in doubt, and why."""
    told = list(doubts)
    for why in dict.fromkeys(one["why"] for one in told):
        those = [one for one in told if one["why"] == why]
        echo(f"in doubt: {len(those):,}, each {why}")
        for one in those[:SHOWN]:
            record = f"  ({one['record']})" if one["what"] == "row" else ""
            typer.echo(f"  {one['ref']}{record}  {one.get('text', '')}".rstrip())
        if len(those) > SHOWN:
            echo(f"  and {len(those) - SHOWN:,} more")


def places(found: Iterable[Mapping[str, Any]]) -> None:
    """Where somebody stands."""
    for one in found:
        records = f"  ({', '.join(one['records'][:5])})" if one["records"] else ""
        typer.echo(f"{one['store']:15} {one['place']:40} {one['count']:,}{records}")


def check_target(out: Path) -> None:
    """Before anything is read. Raises InvalidInput for a kind of file that is not written, or without its folder."""
    from kit.errors import InvalidInput

    if out.suffix.lower() not in SUFFIXES:
        mend = "name a file that ends in " + " or ".join(SUFFIXES)
        raise InvalidInput("such files are not written", field="--out", value=str(out), mend=mend)
    if not out.parent.is_dir():
        mend = f"make it first: mkdir -p {out.parent}"
        raise InvalidInput("there is no such folder", field="--out", value=str(out.parent), mend=mend)
