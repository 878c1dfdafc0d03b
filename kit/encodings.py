"""Which encoding a CSV file is written in."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from kit.errors import InvalidInput, NotFound

CHUNK = 1 << 20
SAMPLE = 1 << 18
KNOWN = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949", "latin-1", "cp1252")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HIGH = re.compile(rb"[\x80-\xff]")
_PAIR = re.compile(rb"[\xa1-\xfe]{2}")
_WINDOWS = re.compile(rb"[\x80-\x9f]")


def open_bytes(path: Path) -> BinaryIO:
    """The bytes of a file, decompressed where its name ends in .gz. Raises NotFound."""
    try:
        return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise NotFound("the file cannot be read", field="PATH", value=str(path), mend=str(error.strerror)) from None


def detect(path: Path) -> str:
    """The name of the file's encoding, for `codecs`; one of KNOWN.

    A byte order mark decides; a file that is valid UTF-8, or mostly so where it is not ASCII, is UTF-8;
    then high bytes in pairs speak for CP949, single ones for Latin-1 (or Windows-1252, its superset).
    """
    with open_bytes(path) as file:
        sample = _read(file, SAMPLE, path)
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    if b"\x00" in sample[:2048]:
        zeros = sample[:2048]
        odd, even = zeros[1::2].count(0), zeros[0::2].count(0)
        if max(odd, even) > len(zeros) // 8:
            return "utf-16-le" if odd > even else "utf-16-be"
    valid, invalid, foreign = _count_lines(path)
    if not invalid or valid > invalid:
        return "utf-8"
    return _eight_bit(b"\n".join(foreign))


def _read(file: BinaryIO, size: int, path: Path) -> bytes:
    try:
        return file.read(size)
    except (OSError, EOFError, zlib.error):
        raise InvalidInput(
            "the file is not a whole gzip file", field="PATH", value=str(path), mend="compress it again, or unpack it"
        ) from None


def _chunks(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as file:
        while chunk := _read(file, CHUNK, path):
            yield chunk


def _count_lines(path: Path) -> tuple[int, int, list[bytes]]:
    """Lines beyond ASCII that are valid UTF-8, those that are not, and a sample of the latter."""
    valid, invalid, rest = 0, 0, b""
    foreign: list[bytes] = []
    size = 0
    for chunk in _chunks(path):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop() if len(lines[-1]) < 4 * CHUNK else b""
        for text in lines:
            if text.isascii():
                continue
            try:
                text.decode("utf-8")
                valid += 1
            except UnicodeDecodeError:
                invalid += 1
                if size < SAMPLE:
                    foreign.append(text)
                    size += len(text)
        if invalid > 10_000 and not valid:
            break
    if not rest.isascii():
        try:
            rest.decode("utf-8")
            valid += 1
        except UnicodeDecodeError:
            invalid += 1
            foreign.append(rest[:SAMPLE])
    return valid, invalid, foreign


def _eight_bit(text: bytes) -> str:
    high = len(_HIGH.findall(text))
    paired = 2 * len(_PAIR.findall(text))
    try:
        text.decode("cp949")
        korean = True
    except UnicodeDecodeError:
        korean = False
    if paired >= 0.9 * high:
        return "cp949"
    if korean and paired >= 0.5 * high:
        from charset_normalizer import from_bytes

        best = from_bytes(text, cp_isolation=["cp949", "cp1252", "latin_1"]).best()
        if best is not None and best.encoding == "cp949":
            return "cp949"
    return "cp1252" if _WINDOWS.search(text) else "latin-1"
