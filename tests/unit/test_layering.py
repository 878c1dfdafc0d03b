"""Who may import whom, and that each extra suffices for its process."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("lead_scoring", "forecast", "next_best_action", "gateway")
# What a layer may never import; services are added per service below.
FORBIDDEN = {
    "kit": ("learning", "services", "cli", "demo", "bench", "accuracy", "tests"),
    "learning": ("services", "cli", "demo", "bench", "accuracy", "tests"),
    "services": ("cli", "demo", "bench", "accuracy", "tests"),
    "demo": ("services", "cli", "bench", "accuracy", "tests"),
    "cli": ("bench", "accuracy", "tests"),
}
HEAVY = ("torch", "sentence_transformers", "mlflow", "matplotlib", "pandas")


@cache
def imports(file: Path) -> frozenset[str]:
    """Every module a file imports, also inside functions."""
    return frozenset(imported(file))


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offences(folder: Path, forbidden: tuple[str, ...]) -> list[str]:
    """Imports below a folder of modules named, or inside of what is named."""
    return sorted(
        f"{file.relative_to(ROOT)} imports {module}"
        for file in folder.rglob("*.py")
        for module in imports(file)
        if any(module == name or module.startswith(f"{name}.") for name in forbidden)
    )


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_layers_import_downwards_only(layer: str) -> None:
    assert offences(ROOT / layer, FORBIDDEN[layer]) == []


@pytest.mark.parametrize("service", SERVICES)
def test_services_never_import_each_other(service: str) -> None:
    others = tuple(f"services.{other}" for other in SERVICES if other != service)
    assert offences(ROOT / "services" / service, others) == []


@pytest.mark.parametrize("service", SERVICES)
def test_protobuf_fields_are_touched_at_the_edges_only(service: str) -> None:
    folder = ROOT / "services" / service
    edges = {"convert.py", "events.py", "grpc_api.py"}
    if service == "gateway":  # it asks a service itself, and converts more than fits one file
        edges |= {"convert_letters.py", "convert_what_if.py", "scoring_client.py", "actions_client.py"}
        edges |= {"forecast_client.py", "monitoring/convert.py"}
        edges |= {"convert_feedback.py", "convert_actions.py", "convert_parts.py"}
    touching = {
        str(file.relative_to(folder))
        for file in folder.rglob("*.py")
        if any(module.startswith("dealcast.") for module in imports(file))
    }
    assert touching <= edges


def closure(extra: str) -> set[str]:
    """Normalised names of the distributions that `dealcast[extra]` installs, as pyproject.toml says now."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(line) for line in (*project["dependencies"], *project["optional-dependencies"][extra])]
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        requirement = wanted.pop()
        key = (normalised(requirement.name), frozenset(requirement.extras))
        if key not in seen:
            seen.add(key)
            wanted += needed_by(requirement)
    return {name for name, _ in seen}


def needed_by(requirement: Requirement) -> list[Requirement]:
    """What a distribution installed here asks for; none where it is not installed (left out by a marker)."""
    try:
        lines = metadata.requires(requirement.name) or []
    except metadata.PackageNotFoundError:
        return []
    extras = {"", *requirement.extras}
    return [
        needed
        for needed in map(Requirement, lines)
        if needed.marker is None or any(needed.marker.evaluate({"extra": name}) for name in extras)
    ]


def normalised(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


@cache
def installed() -> dict[str, list[str]]:
    """Top-level modules and the distributions they are of."""
    return dict(metadata.packages_distributions())


def outside(extra: str) -> list[str]:
    """Top-level modules installed here that an installation of the extra alone would not have."""
    allowed = closure(extra) | {"dealcast", "pip", "setuptools"}
    return [
        module
        for module, distributions in installed().items()
        if not any(normalised(name) in allowed for name in distributions)
    ]


IMPORTER = """
import importlib, json, pkgutil, sys
blocked, service = set(json.loads(sys.argv[1])), sys.argv[2]
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"not in the extra: {name}", name=name)
sys.meta_path.insert(0, Blocked())
importlib.import_module(f"services.{service}.__main__")
importlib.import_module(f"services.{service}.bootstrap")
serving = sorted({name.partition(".")[0] for name in sys.modules})
package = importlib.import_module(f"services.{service}")
names = [each.name for each in pkgutil.walk_packages(package.__path__, f"services.{service}.")]
names = [name for name in names if ".migrations" not in name]  # scripts that Alembic runs
for name in names:
    importlib.import_module(name)
print(json.dumps({"serving": serving, "modules": len(names)}))
"""


@pytest.mark.parametrize("service", SERVICES)
def test_each_extra_suffices_and_serving_stays_light(service: str) -> None:
    """With all outside of the extra hidden, every module of the service imports; serving imports nothing heavy."""
    hidden = outside(service.replace("_", "-"))
    assert offences(ROOT / "services" / service, tuple(hidden)) == []  # functions import too
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTER, json.dumps(hidden), service],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]
    told = json.loads(ended.stdout)
    assert told["modules"] > 5
    assert not set(HEAVY) & set(told["serving"])
