"""Fixtures that start whole systems."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.system.harness import System


@pytest.fixture
def start_system(tmp_path: Path) -> Iterator[Callable[..., System]]:
    """Starts systems and stops them with the test."""
    systems: list[System] = []

    def start(name: str = "data", *arguments: str) -> System:
        system = System(tmp_path / name, *arguments)
        systems.append(system)
        system.start()
        return system

    yield start
    for system in systems:
        system.stop()
        system.http.close()
        shutil.rmtree(system.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One empty system for the tests of a module."""
    running = System(tmp_path_factory.mktemp("system") / "data")
    running.start()
    yield running
    running.stop()
    running.http.close()
