"""`dealcast doctor`: check the installation and say the mend of what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir
from cli.speech import Lang, echo, said

if TYPE_CHECKING:
    from cli.checks import Finding


def doctor(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port: Annotated[int, typer.Option("--port", help="The port that dealcast up would take.")] = 8080,
    language: Lang = None,
) -> None:
    """Check Python, packages, nats-server, port, data folder, store and browser; exit 1 if something needed fails."""
    from cli.checks import all_checks

    failed = 0
    for check in all_checks(data_dir, port):
        finding = _safely(check)
        sign = {True: "ok  ", False: "FAIL" if finding.needed else "note"}[finding.good]
        details = "; ".join(map(said, finding.detail.split("; ")))
        echo(f"{said(sign)}  {said(finding.name)}: {details}")
        if not finding.good and finding.mend:
            echo(f"      {said('mend')}: {said(finding.mend)}")
        failed += not finding.good and finding.needed
    if failed:
        echo(f"{failed} of the checks failed", err=True)
        raise typer.Exit(1)


def _safely(check: Callable[[], Finding]) -> Finding:
    """A check that itself fails has found something too."""
    from cli.checks import Finding

    try:
        return check()
    except Exception as error:
        name = getattr(check, "__name__", "check").strip("_").replace("_", " ")
        return Finding(name, good=False, detail=f"{type(error).__name__}: {str(error)[:200]}")
