"""Starts the service named by SERVICE, with secrets read from files: `NAME_FILE=/run/secrets/x` sets NAME.

Arguments are passed on, such as `train --history …`. Standard library only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

PREFIXES = ("DEALCAST_", "PG")
SUFFIX = "_FILE"


def with_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with each NAME_FILE of ours replaced by NAME, the file's text without its last line break.

    DEALCAST_STREAMS_FILE is a setting that names a file, not a secret. Raises SystemExit where a file is missing.
    """
    found = dict(environment)
    for name, path in environment.items():
        if name.startswith(PREFIXES) and name.endswith(SUFFIX) and name != "DEALCAST_STREAMS_FILE":
            try:
                found[name.removesuffix(SUFFIX)] = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
            except OSError as error:
                sys.exit(f"{name}: {path} cannot be read ({error.strerror}). Write the secret there, readable for us.")
            del found[name]
    return found


def main() -> None:
    """Become the service's process, so that signals reach it."""
    service = os.environ.get("SERVICE", "")
    if not service.isidentifier():
        sys.exit("SERVICE is not set. Set it to lead_scoring, forecast, next_best_action or gateway.")
    command = [sys.executable, "-m", f"services.{service}", *sys.argv[1:]]
    os.execve(sys.executable, command, with_secrets(os.environ))  # noqa: S606


if __name__ == "__main__":
    main()
