"""The model registry: MLflow on SQLite and a folder, or a server. Imported by short-lived processes only.

`register` keeps an artifact with its evaluation as a new version of the service's registered model, and for lead
scoring the time-forward scores that the other models train on; `fetch` gives a version's packed bytes or scores back;
`remove` deletes one.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kit.errors import NotFound, Unavailable

ARTIFACT = "model.tar"
EVALUATION = "evaluation.json"
SCORES = "scores.parquet"  # of lead scoring
MOST_NUMBERS = 400  # a batch of MLflow's takes 1,000


class Registry:
    """One tracking server or database. The first use creates what is missing."""

    def __init__(self, uri: str, artifacts: Path) -> None:
        self._uri = uri
        self._artifacts = artifacts
        self._client: Any = None

    def open(self) -> Any:
        """The MLflow client. Takes seconds the first time: libraries, and the database's tables."""
        if self._client is None:
            os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
            os.environ.setdefault("DO_NOT_TRACK", "true")
            os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
            os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
            from mlflow.tracking import MlflowClient

            if self._uri.startswith("sqlite:///"):
                Path(self._uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            self._client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
        return self._client

    def register(
        self, service: str, packed: bytes, digest: str, evaluation: Mapping[str, Any], parameters: Mapping[str, Any],
        scores: bytes | None = None,
    ) -> str:  # fmt: skip
        """A new version of the service's model; returns its number. Raises Unavailable."""
        client = self.open()
        try:
            run = client.create_run(self._experiment(service), tags={"service": service, "digest": digest})
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / ARTIFACT).write_bytes(packed)
                (Path(folder) / EVALUATION).write_text(json.dumps(evaluation, ensure_ascii=False), encoding="utf-8")
                if scores is not None:
                    (Path(folder) / SCORES).write_bytes(scores)
                client.log_artifacts(run.info.run_id, folder, artifact_path="model")
            client.log_batch(run.info.run_id, metrics=_metrics(evaluation), params=_parameters(parameters))
            client.set_terminated(run.info.run_id)
            self._ensure_model(service)
            version = client.create_model_version(
                service, f"{run.info.artifact_uri}/model", run.info.run_id, tags={"digest": digest}
            )
        except Exception as error:
            raise _unavailable(error) from error
        return str(version.version)

    def download(self, service: str, version: str, folder: Path) -> Path:
        """All files of a version, below the folder. Raises NotFound, Unavailable."""
        client = self.open()
        try:
            with _known(service, version):
                run_id = client.get_model_version(service, version).run_id
                return Path(client.download_artifacts(run_id, "model", str(folder)))
        except OSError as error:
            raise _unavailable(error) from error

    def remove(self, service: str, version: str) -> None:
        """Delete a version with its files; of a database and folder of its own nothing of it is left on the disk.

        Raises Unavailable; a version that is not there is passed over.
        """
        client = self.open()
        try:
            with _known(service, version):
                run_id = client.get_model_version(service, version).run_id
        except NotFound:
            return
        with suppress(NotFound), _known(service, version):  # the run may be gone, where this was interrupted
            if client.get_run(run_id).info.lifecycle_stage == "active":
                client.delete_run(run_id)
            if self._uri.startswith("sqlite:///"):
                self._collect(run_id)
        with _known(service, version):
            client.delete_model_version(service, version)

    def _collect(self, run_id: str) -> None:
        """What MLflow deletes is only marked until it is collected."""
        import sqlite3
        from contextlib import closing, redirect_stdout

        from mlflow.cli import gc

        try:
            with redirect_stdout(sys.stderr):
                where = ["--backend-store-uri", self._uri, "--tracking-uri", self._uri]
                gc.main([*where, "--run-ids", run_id], standalone_mode=False)
            with closing(sqlite3.connect(self._uri.removeprefix("sqlite:///"))) as database:
                database.execute("VACUUM")
        except Exception as error:
            raise _unavailable(error) from error

    def fetch(self, service: str, version: str, name: str = ARTIFACT) -> bytes:
        """A file of a version: its packed artifact, or SCORES. Raises NotFound, Unavailable."""
        client = self.open()
        try:
            with _known(service, version), tempfile.TemporaryDirectory() as folder:
                run_id = client.get_model_version(service, version).run_id
                kept = {each.path for each in client.list_artifacts(run_id, "model")}
                if f"model/{name}" not in kept:
                    raise NotFound(
                        f"the version keeps no {name}", field="version", value=f"{service} {version}",
                        mend="Train again, or restore the models folder",
                    )  # fmt: skip
                return Path(client.download_artifacts(run_id, f"model/{name}", folder)).read_bytes()
        except OSError as error:
            raise _unavailable(error) from error

    def _experiment(self, service: str) -> str:
        client = self.open()
        known = client.get_experiment_by_name(service)
        if known is not None:
            return str(known.experiment_id)
        embedded = self._uri.startswith("sqlite:")
        location = (self._artifacts / service).resolve().as_uri() if embedded else None
        return str(client.create_experiment(service, artifact_location=location))

    def _ensure_model(self, service: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.open().create_registered_model(service)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


@contextmanager
def _known(service: str, version: str) -> Iterator[None]:
    """Says NotFound where the registry has no such version, Unavailable where it does not work."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            raise NotFound(
                "the registry has no such version", field="version", value=f"{service} {version}",
                mend="Train again, or restore the models folder",
            ) from error  # fmt: skip
        raise _unavailable(error) from error


def _metrics(evaluation: Mapping[str, Any]) -> list[Any]:
    from mlflow.entities import Metric

    now = time.time_ns() // 1_000_000
    return [Metric(name, value, now, 0) for name, value in numbers(evaluation).items()]


def _parameters(parameters: Mapping[str, Any]) -> list[Any]:
    from mlflow.entities import Param

    return [Param(name, str(value)[:500]) for name, value in parameters.items()]


def numbers(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """The evaluation's plain numbers, by dotted path: what MLflow shows as metrics; at most MOST_NUMBERS."""
    found: dict[str, float] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, bool) or len(found) >= MOST_NUMBERS:
            return
        if isinstance(value, int | float):
            found[prefix] = float(value)
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                plain = "".join(c if c.isalnum() or c in "_-" else "_" for c in str(name))
                walk(f"{prefix}.{plain}" if prefix else plain, inner)

    walk("", evaluation)
    return {name: value for name, value in found.items() if name and value == value and abs(value) < 1e300}


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(
        f"the model registry does not work: {type(error).__name__}", field="mlflow_uri",
        mend="See that the models folder is writable, or that the MLflow server answers",
    )  # fmt: skip
