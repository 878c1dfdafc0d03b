"""Bounds of what is taken in and kept."""

from __future__ import annotations

import re

FIRST_YEAR, LAST_YEAR = 1900, 2199
LARGEST_NUMBER = 1e15
LARGEST_MINOR = 10**18
ID_LENGTH = 200
NAME_LENGTH = 500  # short enough for an index of PostgreSQL
TEXT_LENGTH, NOTE_LENGTH = 10_000, 20_000  # of what comes in as JSON or in files
KEPT_TEXT_BYTES = 2_000_000  # of what a store keeps, whoever writes it
PERIOD = re.compile(r"(?:19|2[01])\d\d-(?:Q[1-4]|H[12]|0[1-9]|1[0-2])|FY(?:19|2[01])\d\d")  # years 1900 to 2199
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
