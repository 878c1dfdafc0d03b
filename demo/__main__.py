"""`python -m demo --out FOLDER`: write the sample company and its truth."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from demo.generate import DEFAULT_DEALS, DEFAULT_SEED, generate
from kit.errors import DealcastError


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Write the sample company.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write, in the history format")
    parser.add_argument("--deals", type=int, default=DEFAULT_DEALS, help="deals in all (default %(default)s)")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="the same seed gives the same company")
    parser.add_argument("--today", type=date.fromisoformat, help="the day it stands on (default: today)")
    options = parser.parse_args(arguments)
    try:
        summary = generate(options.out, options.deals, options.seed, options.today or datetime.now(UTC).date())
    except DealcastError as error:
        sys.stderr.write(f"{error.message} {error.mend}\n")
        return 2
    sys.stdout.write("".join(f"{name}: {count}\n" for name, count in summary.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
