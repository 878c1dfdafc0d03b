"""What a file is by its bytes, whatever its name says: one sentence for each that is no workbook and no CSV."""

from __future__ import annotations

import zipfile
from pathlib import Path

from kit.errors import InvalidInput
from services.gateway.privacy.resident_numbers import masked_name

SUFFIXES = (".xlsx", ".xlsm")  # of workbooks that are read
OTHER_SUFFIXES = (".xls", ".xlsb", ".ods", ".numbers", ".cell", ".hcdt")  # of other programs, or older
_HEAD = 4_096
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # [MS-CFB]: old Office files, and new ones with a password
_ZIP, _EMPTY_ZIP, _GZIP = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_PAGES = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<?xml")
_AS_XLSX = "open it in Excel and save it as .xlsx"
_EMPTY = ("the file is empty", "save it anew in Excel, or leave it out")
_OLD = ("this is an old Excel file (.xls)", _AS_XLSX)
_PASSWORD = (
    "the workbook is protected with a password",
    "open it in Excel, take the password off under File, Info, Protect Workbook, and save it",
)
_CUT = ("the workbook breaks off: it was not copied or downloaded whole", "copy or download it again")
_UNKNOWN = (
    "this is no workbook that can be read",
    "open it in Excel and save it as .xlsx, without a password or document protection (DRM)",
)
_OTHERS = (
    ((b"%PDF",), ("this is a PDF file, no workbook", "save its table as .xlsx or .csv")),
    (_PICTURES, ("this is a picture, no workbook", "choose the workbook that the picture was taken of")),
)


def check_workbook(path: Path) -> None:
    """Raises InvalidInput where a file that is called a workbook is none."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if told := _foreign(path, head):
        raise _refusal(path, told)
    if head.startswith(_ZIP):
        _check_zip(path)
    elif _is_text(head):
        raise _refusal(path, ("this is text, no workbook", "name it .csv, or save it in Excel as .xlsx"))
    else:
        raise _refusal(path, _UNKNOWN)


def check_text(path: Path) -> None:
    """Raises InvalidInput where a file that is called CSV, or nothing known, is something else."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_GZIP):
        return
    if told := _foreign(path, head):
        raise _refusal(path, told)
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        raise _refusal(path, ("this is a workbook or an archive, no CSV file", "name it .xlsx if it is a workbook"))
    if path.name.lower().endswith(OTHER_SUFFIXES) and not _is_text(head):
        raise _refusal(path, ("this is the workbook of another program", _AS_XLSX))


def _refusal(path: Path, told: tuple[str, str]) -> InvalidInput:
    return InvalidInput(told[0], field="PATH", value=masked_name(path.name), mend=told[1])


def _foreign(path: Path, head: bytes) -> tuple[str, str] | None:
    """What is wrong with a file that is neither of text nor an archive."""
    if not head.strip():
        return _EMPTY
    if head.startswith(_OLD_OFFICE):
        whole = path.read_bytes()
        if "EncryptedPackage".encode("utf-16-le") in whole:
            return _PASSWORD
        books = any(name.encode("utf-16-le") in whole for name in ("Workbook", "Book\0"))
        return _OLD if books else ("this is an Office document, no workbook", _AS_XLSX)
    for starts, told in _OTHERS:
        if head.startswith(starts):
            return told
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        return "this is a web page that Excel can open, no workbook", _AS_XLSX
    return None


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError):
        raise _refusal(path, _CUT) from None
    if any(name.startswith("xl/") for name in names):
        if "xl/workbook.bin" in names:
            raise _refusal(path, ("this is a binary workbook (.xlsb)", _AS_XLSX))
        return
    if "content.xml" in names:
        raise _refusal(path, ("this is the workbook of another program", _AS_XLSX))
    raise _refusal(path, ("this is an archive or a document, no workbook", "choose the workbook itself"))


def _is_text(head: bytes) -> bool:
    """Whether bytes may be text in an encoding that is read: no zero bytes but those of UTF-16."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\0" not in head and sum(byte < 9 or 13 < byte < 32 for byte in head) == 0
