"""Prints what a process needs installed: `python deploy/requirements.py SERVICE`.

The requirements of pyproject.toml itself and of the service's extra. The gateway runs trainings as processes of its
own, so it takes the extras of all services and of training. Versions come from requirements.lock, given to pip as
constraints.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("lead_scoring", "forecast", "next_best_action", "gateway")


def extras(service: str) -> list[str]:
    """The extras a service's process needs. Raises ValueError for an unknown service."""
    if service not in SERVICES:
        raise ValueError(f"no service {service!r}: build with --build-arg SERVICE={'|'.join(SERVICES)}")
    names = [*SERVICES, "training"] if service == "gateway" else [service]
    return [name.replace("_", "-") for name in names]


def requirements(service: str) -> list[str]:
    """The requirement lines, sorted, each once."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = set(project["dependencies"])
    for extra in extras(service):
        found.update(project["optional-dependencies"][extra])
    return sorted(found)


if __name__ == "__main__":
    try:
        print("\n".join(requirements(sys.argv[1] if len(sys.argv) > 1 else "")))  # noqa: T201
    except ValueError as error:
        sys.exit(str(error))
