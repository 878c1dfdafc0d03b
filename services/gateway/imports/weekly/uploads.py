"""Files that somebody dropped on a page: kept for a while, tried, and imported, each by a process of its own."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import shutil
import sys
import time
from asyncio.subprocess import Process
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from kit.errors import Conflict, InvalidInput, NotFound, TooLarge
from kit.money import is_currency
from services.gateway.imports.file_kinds import OTHER_SUFFIXES, SUFFIXES
from services.gateway.privacy.files import UPLOADS_LAST
from services.gateway.privacy.resident_numbers import MASK_IN_PATHS, masked_name

log = structlog.get_logger(__name__)

MOST_UPLOADS, MOST_FILES = 8, 200
LARGEST_FILE, LARGEST = 50 << 20, 200 << 20  # bytes: of a file, of all of an upload
ENDINGS = (*SUFFIXES, *OTHER_SUFFIXES, ".csv")  # of other programs' workbooks it is said what they are
RECEIVING, TRYING, TRIED, IMPORTING, IMPORTED, FAILED = (
    "receiving", "trying", "tried", "importing", "imported", "failed",
)  # fmt: skip
_NAME = re.compile(r"[^\w.()\[\] \-]+")


def _another(name: str, there: Collection[str]) -> str:
    """The name, with a number where a file of it is there: two folders may have files of one name."""
    ending = next(each for each in ENDINGS if name.lower().endswith(each))  # other points may stand in a day
    stem, ending = name[: -len(ending)], name[-len(ending) :]
    found, number = name, 2
    while found in there:
        found, number = f"{stem} ({number}){ending}", number + 1
    return found


def _keep(folder: Path, names: Collection[str]) -> None:
    """Of a folder's files these alone; nothing of it where there are none."""
    for one in folder.iterdir() if names else (folder,):
        if one.is_dir():
            shutil.rmtree(one, ignore_errors=True)
        elif one.name not in names:
            one.unlink(missing_ok=True)


def unanswered(report: Mapping[str, Any]) -> bool:
    """Whether there are questions that an import waits for: of the open pipeline, or of the currency."""
    return any(one["far"] for one in report.get("steps", ())) or bool(report.get("won"))


@dataclass(slots=True)
class Upload:
    """Some files and what is to be done with them. `report` is of services.gateway.imports.weekly.told."""

    id: str
    folder: Path
    owner: str  # the principal's id
    made: float
    state: str = RECEIVING
    columns: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)  # of columns, of suggestions that were left as they were
    answers: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)  # by file
    currency: str = "KRW"
    assumed: bool = False  # the currency: nobody said it
    wrong_currency: str = ""  # what somebody wrote on the page that is none: to be corrected beside the amounts
    confirm: bool = False
    foreign: bool = False  # the currency is right, though the amounts have Korean units
    report: dict[str, Any] = field(default_factory=dict)
    done: tuple[str, int, int] = ("", 0, 0)
    task: asyncio.Task[None] | None = None

    @property
    def files(self) -> Path:
        """The folder of the files."""
        return self.folder / "files"

    def say_currency(self, code: str) -> None:
        """Somebody says the currency of the amounts; "" says nothing. Raises InvalidInput."""
        code = code.strip().upper()
        if code and not is_currency(code):
            mend = "Use an ISO 4217 code such as KRW"
            raise InvalidInput("this is no currency", field="currency", value=code[:20], mend=mend)
        if code:
            self.currency, self.assumed, self.wrong_currency = code, False, ""

    def take_currency(self, code: str) -> None:
        """As `say_currency`; what is none is kept for the page, with all else that was chosen."""
        try:
            self.say_currency(code)
        except InvalidInput:
            self.wrong_currency = code.strip()[:20]

    @property
    def names(self) -> list[str]:
        """Of its files, as far as they are kept."""
        return sorted(one.name for one in self.files.iterdir()) if self.files.is_dir() else []

    @property
    def unread(self) -> bool:
        """Whether its files could not be read: then nothing of them is kept."""
        return bool(self.report.get("error")) and self.report.get("files") == []

    @property
    def busy(self) -> bool:
        """Whether a process works on it."""
        return self.state in (TRYING, IMPORTING)


class Uploads:
    """The uploads of this gateway; what is left of an earlier one is cleared away."""

    def __init__(self, scratch: Path, data_dir: Path) -> None:
        self._root, self._data_dir = scratch / "uploads", data_dir
        self._known: OrderedDict[str, Upload] = OrderedDict()
        shutil.rmtree(self._root, ignore_errors=True)

    def begin(self, owner: str, currency: str, *, assumed: bool = False) -> Upload:
        """A new upload; the oldest beyond a few are forgotten. `assumed`: nobody said the currency."""
        self._sweep(room=MOST_UPLOADS - 1)
        identity = secrets.token_urlsafe(9)
        one = Upload(identity, self._root / identity, owner, time.monotonic(), currency=currency, assumed=assumed)
        one.files.mkdir(parents=True)
        self._known[identity] = one
        return one

    def _sweep(self, room: int) -> None:
        old = [one for one in self._known.values() if time.monotonic() - one.made > UPLOADS_LAST and not one.busy]
        idle = [one for one in self._known.values() if not one.busy and one not in old]
        for one in [*old, *idle[: max(0, len(self._known) - len(old) - room)]]:
            self.forget(one)

    def forget(self, upload: Upload) -> None:
        """Drop it with its files."""
        self._known.pop(upload.id, None)
        shutil.rmtree(upload.folder, ignore_errors=True)

    def drop(self, upload: Upload) -> None:
        """Drop it as its owner wants. Raises Conflict while it is at work."""
        if upload.busy:
            mend = "Wait until it is done"
            raise Conflict("these files are being read, or were imported", field="upload", value=upload.id, mend=mend)
        self.forget(upload)

    def rejects(self, upload: Upload, number: int) -> Path:
        """The file of refused rows at a place of the report's list. Raises NotFound."""
        names = upload.report.get("rejects", [])
        if upload.busy or not 0 <= number < len(names):
            mend = "The report lists those there are"
            raise NotFound("there is no such file of refused rows", field="number", value=str(number), mend=mend)
        return upload.folder / str(names[number])

    def find(self, owner: str, identity: str) -> Upload:
        """One of its owner's. Raises NotFound."""
        self._sweep(room=MOST_UPLOADS)
        one = self._known.get(identity)
        if one is None or one.owner != owner:
            mend = "Drop the files again"
            raise NotFound("these files are no longer kept", field="upload", value=identity[:40], mend=mend)
        return one

    def kept(self, owner: str) -> list[Upload]:
        """Those of an owner that are kept, the newest first."""
        self._sweep(room=MOST_UPLOADS)
        mine = [one for one in reversed(self._known.values()) if one.owner == owner and one.state != RECEIVING]
        return [one for one in mine if one.busy or not one.unread]

    def add(self, upload: Upload, name: str, data: bytes) -> None:
        """Keep a file. Raises InvalidInput for one of another kind, TooLarge."""
        own = masked_name(Path(name.replace("\\", "/")).name, MASK_IN_PATHS)
        plain = _NAME.sub("_", own).lstrip(".~$")[-120:]
        if not plain.lower().endswith(ENDINGS):
            mend = "Drop workbooks (.xlsx) or CSV files"
            raise InvalidInput("this is no workbook and no CSV file", field="files", value=own[:80], mend=mend)
        kept = [one.stat().st_size for one in upload.files.iterdir()]
        if len(data) > LARGEST_FILE or sum(kept) + len(data) > LARGEST or len(kept) >= MOST_FILES:
            mend = f"Drop at most {MOST_FILES} files of {LARGEST_FILE >> 20} MB each, {LARGEST >> 20} MB in all"
            raise TooLarge("the files are too large", field="files", value=own[:80], mend=mend)
        (upload.files / _another(plain, {one.name for one in upload.files.iterdir()})).write_bytes(data)

    def start(
        self, upload: Upload, url: str, language: str, *, dry_run: bool, columns: Mapping[str, str] | None = None,
        answers: Mapping[str, str] | None = None, units: Mapping[str, str] | None = None,
        currency: str = "", confirm: bool | None = None, foreign: bool | None = None,
    ) -> None:  # fmt: skip
        """Try the files, or import them into the gateway at this address, with what else is said of them. Raises
        Conflict while it is at work."""
        if upload.busy or upload.state == IMPORTED:
            mend = "Wait until it is done" if upload.busy else "Drop the files again to import them again"
            raise Conflict("these files are being read, or were imported", field="upload", value=upload.id, mend=mend)
        if not upload.files.is_dir():
            mend = "Drop the files again"
            raise NotFound("these files are no longer kept", field="upload", value=upload.id, mend=mend)
        upload.columns |= columns or {}
        upload.answers |= answers or {}
        upload.units |= units or {}
        upload.say_currency(currency)
        upload.confirm = upload.confirm if confirm is None else confirm
        upload.foreign = upload.foreign if foreign is None else foreign
        upload.state = TRYING if dry_run else IMPORTING
        upload.done = ("", 0, 0)
        request = {
            "files": str(upload.files), "url": url, "data_dir": str(self._data_dir), "language": language,
            "report": str(upload.folder / "report.json"), "dry_run": dry_run, "columns": upload.columns,
            "answers": upload.answers, "currency": upload.currency, "confirm": upload.confirm,
            "by": upload.owner, "units": upload.units, "assumed": upload.assumed, "foreign": upload.foreign,
        }  # fmt: skip
        upload.task = asyncio.create_task(self._work(upload, request))

    async def _work(self, upload: Upload, request: Mapping[str, Any]) -> None:
        place, report = upload.folder / "request.json", Path(request["report"])
        process: Process | None = None
        try:
            await asyncio.to_thread(place.write_text, json.dumps(request), "utf-8")
            await asyncio.to_thread(report.unlink, missing_ok=True)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.gateway.imports.weekly", "--request", str(place),
                stdout=asyncio.subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
            assert process.stdout is not None
            async for line in process.stdout:
                said = json.loads(line)
                upload.done = (said["what"], said["done"], said["total"])
            await process.wait()
            tried = upload.report.get("counts") or {}
            upload.report = json.loads(await asyncio.to_thread(report.read_text, "utf-8"))
            failed = bool(upload.report["error"])
            if failed and not request["dry_run"] and unanswered(upload.report):  # nothing was begun: as it was tried
                upload.report["counts"] = tried or upload.report["counts"]
            if upload.unread:
                await asyncio.to_thread(_keep, upload.folder, ())
            if not request["dry_run"] and not failed:  # what is told of it is held
                await asyncio.to_thread(_keep, upload.folder, upload.report["rejects"])
            upload.state = TRIED if request["dry_run"] else FAILED if failed else IMPORTED
        except (OSError, ValueError) as error:
            log.warning("upload_not_read", error=type(error).__name__, exit=process and process.returncode)
            upload.state, upload.report = FAILED, {"error": {"message": "", "field": "", "value": "", "mend": ""}}
        finally:
            if process is not None and process.returncode is None:
                process.kill()
