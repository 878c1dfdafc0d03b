"""`python -m services.lead_scoring [serve]`, or `train --history F --out O [--seed N] [--keep COL] [--drop COL]
[--champion F]`, or `watch --history F --model F --out FILE [--told FILE] [--shadow VERSION=F]` (see `watch.py`)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path

from kit.errors import DealcastError, InvalidInput
from services.lead_scoring.settings import Settings

NICENESS = 10  # of a look at what serves, which nobody waits for


def main(arguments: list[str] | None = None) -> int:
    """Run the verb; returns the exit code. Training writes one JSON object a line on stdout."""
    options = _parser().parse_args(arguments)
    try:
        if options.verb == "train":
            return _train(options)
        if options.verb == "watch":
            return _watch(options)
        return _serve(Settings.read())
    except DealcastError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.lead_scoring", description=__doc__)
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("serve", help="answer events and gRPC calls (the default)")
    train = verbs.add_parser("train", help="learn from a history who is won")
    train.add_argument("--history", type=Path, required=True, help="folder in the history format")
    train.add_argument("--out", type=Path, required=True, help="folder for artifact/, evaluation.json, scores.parquet")
    train.add_argument("--seed", type=int, default=0, help="of bootstrap draws; the same seed gives the same artifact")
    train.add_argument("--keep", action="append", default=[], metavar="COLUMN", help="whatever the leak guard says")
    train.add_argument("--drop", action="append", default=[], metavar="COLUMN", help="left out; both may come often")
    train.add_argument("--lead-horizon-days", default="", metavar="DAYS|none",
                       help="within which leads are to convert; without: as the history's manifest states")  # fmt: skip
    train.add_argument("--champion", type=Path, help="folder of the artifact that serves, to be compared with")
    train.add_argument("--champion-version", default="", help="its version")
    watch = verbs.add_parser("watch", help="look at what serves: its inputs, and what came of what it said")
    watch.add_argument("--history", type=Path, required=True, help="folder in the history format")
    watch.add_argument("--model", type=Path, required=True, help="folder of the artifact that serves")
    watch.add_argument("--out", type=Path, required=True, help="JSON file for what was found")
    watch.add_argument("--told", type=Path, help="JSON file with what was said of records that have ended")
    watch.add_argument("--shadow", action="append", default=[], metavar="VERSION=FOLDER", help="scores along")
    return parser


def _serve(settings: Settings) -> int:
    from kit.process import exit_with, run_service
    from services.lead_scoring.bootstrap import build
    from services.lead_scoring.domain import SERVICE

    exit_with(run_service(SERVICE, settings, partial(build, settings=settings)))
    return 0


def _train(options: argparse.Namespace) -> int:
    from learning.horizon import horizon_of_text
    from learning.overrules import Overrules
    from services.lead_scoring.champion import Champion
    from services.lead_scoring.training import STATED, train_folder

    def tell(stage: str, progress: float) -> None:
        print(json.dumps({"stage": stage, "progress": round(progress, 3)}), flush=True)  # noqa: T201

    if options.seed < 0:
        raise InvalidInput("A seed is a whole number from 0 on.", field="--seed", value=str(options.seed))
    overrules = Overrules.of(options.keep, options.drop, "--")
    text = options.lead_horizon_days
    horizon = horizon_of_text(text, "--lead-horizon-days") if text else STATED
    champion = Champion.of(options.champion, options.champion_version) if options.champion else None
    trained = train_folder(options.history, options.out, options.seed, tell, overrules, champion, horizon)
    print(json.dumps({"stage": "done", "progress": 1.0, "model": trained.model.kind}), flush=True)  # noqa: T201
    return 0


def _watch(options: argparse.Namespace) -> int:
    from services.lead_scoring.watch import run

    os.nice(NICENESS)
    shadows = {version: Path(folder) for version, _, folder in (one.partition("=") for one in options.shadow)}
    run(options.history, options.model, options.told, shadows, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
