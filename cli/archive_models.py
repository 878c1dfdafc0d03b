"""The model registry of a restored folder: its MLflow database names artifacts by absolute addresses."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

REGISTRY = "mlflow.db"
_ADDRESSES = (
    ("experiments", "artifact_location"), ("runs", "artifact_uri"), ("model_versions", "source"),
    ("model_versions", "storage_location"), ("logged_models", "artifact_location"),
)  # fmt: skip


def address(models: Path) -> str:
    """The models folder as MLflow names it."""
    return models.as_uri()


def move_addresses(models: Path, old: str, new: str) -> None:
    """Let a copied registry find its artifacts at `new`, where they were at `old`."""
    registry = models / REGISTRY
    if not old or old == new or not registry.is_file():
        return
    with contextlib.closing(sqlite3.connect(registry)) as database, database:
        for table, column in _ADDRESSES:
            columns = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
            if column in columns:
                database.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608
                    (new, len(old) + 1, len(old) + 1, old + "/"),
                )
