"""What the Dockerfile copies is what a process needs: its steps one by one, in a folder of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.requirements import SERVICES

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
BASE = re.search(r"^ARG PYTHON=(.*)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder /app of the image: what the COPY lines of the first stage bring, and no more of the tree."""
    app = tmp_path_factory.mktemp("image") / "app"
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            origin = ROOT / source
            if origin.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "vendor")
                shutil.copytree(origin, app / target, ignore=ignored, dirs_exist_ok=True)
            else:
                (app / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(origin, app / target)
    return app


def run(app: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python as in the image: nothing of the tree but what is in the folder can be imported."""
    paths = re.search(r"PYTHONPATH=(\S+)", DOCKERFILE)
    assert paths
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DEALCAST"))}
    environment = keep | {"PYTHONPATH": paths[1].replace("/app", str(app))}
    command = [sys.executable, "-P", *arguments]
    return subprocess.run(command, cwd=app, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_the_base_image_is_a_python_that_the_project_takes() -> None:
    assert BASE
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={BASE[1]}' in project


@pytest.mark.parametrize("service", SERVICES)
def test_a_process_begins_with_what_is_copied(image: Path, service: str) -> None:
    listed = run(image, "deploy/requirements.py", service)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.strip()
    modules = f"services.{service}.__main__", f"services.{service}.bootstrap"
    names = "; ".join(f"import {module} as m{i}; print(m{i}.__file__)" for i, module in enumerate(modules))
    found = run(image, "-c", names)
    assert found.returncode == 0, found.stderr
    for path in found.stdout.split():
        assert Path(path).is_relative_to(image), "the tree was imported instead"
