"""`python -m services.next_best_action [serve]`, or `train --history F --scores scores.parquet --out O [--seed N]`."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from kit.errors import DealcastError, InvalidInput
from services.next_best_action.settings import Settings

COMPARED = 0.4  # of a training's time, about, once the deals to compare with are found


def main(arguments: list[str] | None = None) -> int:
    """Run the verb; returns the exit code. Training writes one JSON object a line on stdout."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.read()
        if options.verb == "train":
            return _train(options, settings)
        return _serve(settings)
    except DealcastError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.next_best_action", description=__doc__)
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("serve", help="answer events and gRPC calls (the default)")
    train = verbs.add_parser("train", help="learn the effects of actions from a history")
    train.add_argument("--history", type=Path, required=True, help="folder in the history format")
    train.add_argument("--scores", type=Path, default=Path("scores.parquet"), help="out-of-fold lead scores (Parquet)")
    train.add_argument("--out", type=Path, required=True, help="folder for artifact/ and evaluation.json")
    train.add_argument("--seed", type=int, default=0)
    return parser


def _serve(settings: Settings) -> int:
    from kit.process import exit_with, run_service
    from services.next_best_action.bootstrap import NAME, build

    exit_with(run_service(NAME, settings, partial(build, settings=settings)))
    return 0


def _train(options: argparse.Namespace, settings: Settings) -> int:
    from learning.history import read_history
    from services.next_best_action import catalogue, similar_training, training
    from services.next_best_action.bootstrap import text_vectors

    def tell(stage: str, progress: float) -> None:
        print(json.dumps({"stage": stage, "progress": round(progress, 3)}), flush=True)  # noqa: T201

    if options.seed < 0:
        raise InvalidInput(
            "a seed is a whole number", field="--seed", value=str(options.seed), mend="Give one from 0 on"
        )
    actions = catalogue.load(settings.action_catalogue)
    tell("finding the deals to compare with", 0.0)
    deals = similar_training.learn(read_history(options.history), text_vectors(settings), seed=options.seed)
    (options.out / training.ARTIFACT_FOLDER).mkdir(parents=True, exist_ok=True)
    deals.save(options.out / training.ARTIFACT_FOLDER)

    def go_on(stage: str, share: float) -> None:
        tell(stage, COMPARED + (1 - COMPARED) * share)

    training.train_folder(options.history, options.scores, options.out, actions, seed=options.seed, progress=go_on)
    return 0


if __name__ == "__main__":
    sys.exit(main())
