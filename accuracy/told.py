"""What is said on standard error while sections are measured."""

from __future__ import annotations

import sys
import time

_BEGAN = time.monotonic()


def told(text: str) -> str:
    """The text, once it has been said with the minutes and seconds since the start."""
    minutes, seconds = divmod(int(time.monotonic() - _BEGAN), 60)
    print(f"{minutes:3d}:{seconds:02d}  {text}", file=sys.stderr, flush=True)
    return text
