"""Writes gen/dealcast from protos/: `make proto`. A test checks that what stands here is current."""

from __future__ import annotations

import shutil
import sys
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[1]


def generate(target: Path) -> None:
    """Write the Python modules and type stubs of every proto below `target`; raises RuntimeError if protoc fails."""
    protos = sorted(str(path) for path in (ROOT / "protos").rglob("*.proto"))
    well_known = str(resources.files("grpc_tools") / "_proto")
    shutil.rmtree(target / "dealcast", ignore_errors=True)
    arguments = ["protoc", f"-I{ROOT / 'protos'}", f"-I{well_known}"]
    arguments += [f"--{plugin}_out={target}" for plugin in ("python", "pyi", "grpc_python")]
    if protoc.main(arguments + protos) != 0:
        raise RuntimeError("protoc failed: see its message above")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "gen")
