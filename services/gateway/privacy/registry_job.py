"""Searches the versions of the model registry for people, and removes those that hold them; a process of its own.

    python -m services.gateway registry-erase --registry URI --artifacts FOLDER --scratch FOLDER

What to do stands on standard input, as JSON, where no other program reads who is meant: {"versions": [[service,
version, whether to remove it where it holds them], …], "people": […]}. Prints a JSON line for each version:
{"service", "version", "mentions"}.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import orjson

from kit.errors import DealcastError, NotFound
from services.gateway.privacy.files import mentions
from services.gateway.privacy.person import Person
from services.gateway.registry import Registry


def main(arguments: Sequence[str]) -> int:
    """0 when all were searched, or removed."""
    parser = argparse.ArgumentParser(prog="registry-erase")
    parser.add_argument("--registry", required=True)
    parser.add_argument("--artifacts", required=True, type=Path)
    parser.add_argument("--scratch", required=True, type=Path)
    options = parser.parse_args(arguments)
    asked = orjson.loads(sys.stdin.buffer.read())
    people = [Person.from_json(one) for one in asked["people"]]
    registry = Registry(options.registry, options.artifacts)
    try:
        for service, version, remove in asked["versions"]:
            count = _count(registry, service, version, people, options.scratch)
            if count and remove:
                registry.remove(service, version)
            _say(service, version, count)
    except DealcastError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _count(registry: Registry, service: str, version: str, people: Sequence[Person], scratch: Path) -> int:
    """How often the files of a version hold the people; one that the registry has lost holds nobody."""
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        try:
            files = [file for file in registry.download(service, version, Path(folder)).rglob("*") if file.is_file()]
        except NotFound:
            return 0
        return sum(mentions(file, person) for file in files for person in people)


def _say(service: str, version: str, count: int) -> None:
    sys.stdout.write(json.dumps({"service": service, "version": version, "mentions": count}) + "\n")
    sys.stdout.flush()
