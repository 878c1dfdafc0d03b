"""Trains the services' models one after the other and registers them; a process of its own.

    python -m services.gateway train-job --history FOLDER --out FOLDER --registry URI --artifacts FOLDER
        [--services lead_scoring,forecast,next_best_action] [--seed N] [--scores-version V]
        [--keep COLUMN]… [--drop COLUMN]… [--niceness N]

What serves lies in the folder `out` where the gateway has put it (`champions.hand_over`), and is compared with.

Forecast and next best action learn from lead scores: those of the lead scoring trained in the same job, else those
that version V of it left in the registry; with neither they are not trained.

Prints JSON lines: {"service", "stage", "progress"} on the way, {"service", "registered": {…}} or {"service", "error"}
for each service. Ends with the process that started it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kit.errors import DealcastError, NotFound
from kit.models import digest, pack
from learning.overrules import Overrules
from services.gateway import champions
from services.gateway.child import end_with_parent as _end_with_parent
from services.gateway.jobs import wall_time
from services.gateway.registry import SCORES, Registry
from services.gateway.workspace import SERVICES

ERROR_LINES = 50


def main(arguments: Sequence[str]) -> int:
    """Train and register. 0 when every service succeeded."""
    options = _options(arguments)
    os.nice(options.niceness)
    _end_with_parent()
    if options.ignored is not None:  # before the other thread, as both import much
        _count_once(options)
    registry = Registry(options.registry, options.artifacts)
    opening = threading.Thread(target=_open, args=(registry,), daemon=True)
    opening.start()
    failed = 0
    for service in options.services:
        try:
            _train(service, options, _scores(service, options, registry, opening))
            opening.join()
            _say(service=service, registered=_register(registry, service, options))
        except DealcastError as error:
            failed += 1
            _say(service=service, error=str(error))
        except OSError as error:
            failed += 1
            _say(service=service, error=f"{type(error).__name__}: {error.strerror}")
    return 1 if failed else 0


def _count_once(options: argparse.Namespace) -> None:
    """Records that are surely one teach once."""
    from services.gateway.health.once import count_once

    try:
        ignored = json.loads(options.ignored.read_text("utf-8"))
        _say(counted_once=len(count_once(options.history, ignored)))
    except DealcastError as error:  # the services tell better what is wrong with a history
        sys.stderr.write(f"duplicates: {error}\n")


def fetch(arguments: Sequence[str]) -> int:
    """registry-get: write a version's packed artifact to a file."""
    parser = argparse.ArgumentParser(prog="registry-get")
    for name in ("--registry", "--service", "--version"):
        parser.add_argument(name, required=True)
    parser.add_argument("--artifacts", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args(arguments)
    try:
        options.out.write_bytes(Registry(options.registry, options.artifacts).fetch(options.service, options.version))
    except DealcastError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


class TrainingFailed(DealcastError):
    """A service's training ended with an error."""


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="train-job")
    parser.add_argument("--history", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--registry", required=True)
    parser.add_argument("--artifacts", required=True, type=Path)
    parser.add_argument("--services", type=lambda text: text.split(","), default=list(SERVICES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--niceness", type=int, default=0, help="how far it steps back from what else runs")
    parser.add_argument("--scores-version", default="", help="the lead scoring version that serves; empty: none")
    parser.add_argument("--catalogue", type=Path, help="the action catalogue that serves; without: each service's own")
    parser.add_argument("--ignored", type=Path, help="JSON: pairs that are no duplicates; without: count all deals")
    for verb in ("--keep", "--drop"):
        parser.add_argument(verb, action="append", default=[], help="for lead scoring: overrules its leak guard")
    return parser.parse_args(arguments)


def _open(registry: Registry) -> None:
    """Ahead of its first use, beside the first training; a failure shows again when it is used."""
    try:
        registry.open()
    except Exception as error:
        sys.stderr.write(f"registry: {type(error).__name__}\n")


def _scores(service: str, options: argparse.Namespace, registry: Registry, opening: threading.Thread) -> Path | None:
    """The lead scores the service is to learn from; None for lead scoring. Raises TrainingFailed without any."""
    if service == "lead_scoring":
        return None
    scores: Path = options.out / "lead_scoring" / SCORES
    if not scores.exists():
        if not options.scores_version:
            raise TrainingFailed(
                f"{service} learns from lead scores, and there are none yet", field="services", value=service,
                mend="Train lead_scoring too, or first",
            )  # fmt: skip
        scores.parent.mkdir(parents=True, exist_ok=True)
        opening.join()  # its libraries do not bear being imported by two threads at once
        try:
            scores.write_bytes(registry.fetch("lead_scoring", options.scores_version, SCORES))
        except NotFound as error:
            raise TrainingFailed(
                f"{service} learns from lead scores, and the serving version has left none", field="lead_scoring",
                value=options.scores_version, mend="Train lead_scoring again, alone or along",
            ) from error  # fmt: skip
    return scores


def _train(service: str, options: argparse.Namespace, scores: Path | None) -> None:
    """Run the service's own training. Raises TrainingFailed with the last line it said."""
    out: Path = options.out / service
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", f"services.{service}", "train", "--history", str(options.history)]
    command += ["--out", str(out), "--seed", str(options.seed)]
    if scores is not None:
        command += ["--scores", str(scores)]
    if service == "lead_scoring":
        command += Overrules.of(options.keep, options.drop, "--").options()
        command += champions.options(service, options.out)
    environment = os.environ | {"GOMP_SPINCOUNT": "0"}
    if options.catalogue is not None:
        environment["DEALCAST_ACTION_CATALOGUE"] = str(options.catalogue)
    errors = out / "stderr.txt"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=environment)  # noqa: S603 - our own
        assert process.stdout is not None
        for row in progress_lines(process.stdout):
            _say(**row | {"service": service})
        code = process.wait()
    if code != 0:
        (out / "scores.parquet").unlink(missing_ok=True)  # half a file would take the others along
        why = f"it was killed ({signal.Signals(-code).name})" if code < 0 else last_line(errors)
        raise TrainingFailed(f"training {service} failed: {why}", mend="See the log; the others went on")


def progress_lines(stream: Any) -> Iterator[dict[str, Any]]:
    """JSON objects among the lines; anything else a library prints is passed over."""
    for line in stream:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield {key: row[key] for key in ("stage", "progress") if key in row}


def last_line(errors: Path) -> str:
    """The last thing it said before it ended, without a traceback's lines."""
    said = [line for line in errors.read_text("utf-8", "replace").splitlines()[-ERROR_LINES:] if line.strip()]
    if not said:
        return "it said nothing"
    try:
        row = json.loads(said[-1])
        return str(row.get("detail") or row.get("event") or said[-1])[:500]
    except ValueError:
        return said[-1].strip()[:500]


def _register(registry: Registry, service: str, options: argparse.Namespace) -> dict[str, Any]:
    out: Path = options.out / service
    if not (out / "artifact").is_dir():
        raise TrainingFailed(f"training {service} wrote no artifact", field="artifact", mend="Look at its train verb")
    packed = pack(out / "artifact")
    (options.out / f"{service}.tar").write_bytes(packed)
    evaluation_file = out / "evaluation.json"
    evaluation = json.loads(evaluation_file.read_text("utf-8")) if evaluation_file.exists() else {}
    evaluation = champions.compared(service, evaluation, options.out)
    parameters = {"seed": options.seed}
    name = digest(packed)
    scores = (out / SCORES).read_bytes() if (out / SCORES).exists() else None
    version = registry.register(service, packed, name, evaluation, parameters, scores)
    return {
        "version": version,
        "digest": name,
        "size": len(packed),
        "created_time": wall_time(),
        "parameters": parameters,
        "evaluation": evaluation,
    }


def _say(**row: Any) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()
