"""`python -m services.forecast [serve]`, or `train --history F [--scores scores.parquet] --out O [--seed N]`."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from kit.errors import DealcastError
from services.forecast.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run the verb; returns the exit code. Training writes one JSON object a line on stdout."""
    options = _parser().parse_args(arguments)
    try:
        return _train(options) if options.verb == "train" else _serve()
    except DealcastError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.forecast", description=__doc__)
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("serve", help="answer events and gRPC calls (the default)")
    train = verbs.add_parser("train", help="learn timing, amounts and totals from a history")
    train.add_argument("--history", type=Path, required=True, help="folder in the history format")
    train.add_argument("--scores", type=Path, help="time-forward lead scores (Parquet); without: the company's rate")
    train.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    train.add_argument("--seed", type=int, default=0)
    return parser


def _serve() -> int:
    from kit.process import exit_with, run_service
    from services.forecast.bootstrap import NAME, build

    settings = Settings.read()
    exit_with(run_service(NAME, settings, partial(build, settings=settings)))
    return 0


def _train(options: argparse.Namespace) -> int:
    from services.forecast.training import train_folder

    def tell(step: str, share: float) -> None:
        print(json.dumps({"stage": step, "progress": round(share, 3)}), flush=True)  # noqa: T201

    train_folder(options.history, options.scores, options.out, seed=options.seed, progress=tell)
    return 0


if __name__ == "__main__":
    sys.exit(main())
