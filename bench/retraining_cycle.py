"""A full cycle on real data, by the commands a person would use: `python -m bench.retraining_cycle FOLDER [DATA]`.

FOLDER holds crm_sales_opportunities. Trains on what was known at the end of June 2017, serves, brings in July and
August, looks at what came of the scores, trains anew, compares, lets the rule decide, promotes or rolls back; meanwhile
a reader asks for a record again and again. Prints what the commands print, and how soon records followed.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

JUNE, AUGUST = date(2017, 6, 30), date(2017, 8, 31)
PIPELINE = "sales_pipeline.csv"
SERVICE = "lead_scoring"
ENVIRONMENT = {"DEALCAST_AUTO_TRAIN": "false"}  # what trains, and when, is said here


def as_of(source: Path, target: Path, day: date, every: int = 1) -> int:
    """The export as it stood at the end of a day; how many opportunities. Those without a date are left out; `every`
    keeps the first of so many."""
    target.mkdir()
    for name in ("accounts.csv", "products.csv", "sales_teams.csv"):
        shutil.copy(source / name, target)
    with (source / PIPELINE).open(encoding="utf-8") as read, (target / PIPELINE).open("w", encoding="utf-8") as write:
        rows = csv.DictReader(read)
        writer = csv.DictWriter(write, rows.fieldnames or ())
        writer.writeheader()
        count = 0
        for number, row in enumerate(rows):
            if number % every or not row["engage_date"] or date.fromisoformat(row["engage_date"]) > day:
                continue
            if row["close_date"] and date.fromisoformat(row["close_date"]) > day:
                row |= {"deal_stage": "Engaging", "close_date": "", "close_value": ""}
            writer.writerow(row)
            count += 1
    return count


@dataclass(frozen=True)
class Cycle:
    """Seconds until records followed each swap; how often a record was asked for meanwhile, and what failed."""

    followed: list[float]
    asked: int
    failed: list[str]


@dataclass
class Reader(threading.Thread):
    """Asks for one record until stopped."""

    url: str
    path: str
    asked: int = 0
    failed: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Until stopped."""
        with httpx.Client(base_url=self.url, timeout=30) as http:
            while not self.stopped.wait(0.05):
                answer = http.get(self.path)
                self.asked += 1
                if answer.status_code != httpx.codes.OK or answer.json()["lead_score"] is None:
                    self.failed.append(f"{answer.status_code}: {answer.text[:100]}")


@dataclass(frozen=True)
class Company:
    """A running Dealcast on a folder of its own."""

    data: Path
    url: str

    def dealcast(self, *arguments: str) -> None:
        """Run a command and show it with what it prints. Raises CalledProcessError."""
        sys.stdout.write(f"$ dealcast {' '.join(arguments)}\n")
        command = [sys.executable, "-m", "cli", *arguments, "--data-dir", str(self.data)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        sys.stdout.write(done.stdout + "\n")
        sys.stdout.flush()

    def get(self, path: str) -> Any:
        """An answer's JSON."""
        return httpx.get(self.url + path, timeout=60).raise_for_status().json()

    def followed(self, version: str) -> float:
        """Seconds until a record carries a version's score."""
        begin = time.monotonic()
        while True:
            deal = self.get("/v1/deals?outcome=OPEN&limit=1")["deals"][0]
            if (deal["lead_score"] or {}).get("model_version") == version:
                return time.monotonic() - begin
            if time.monotonic() - begin > 120:
                raise TimeoutError(f"records do not follow version {version}: {deal['lead_score']}")
            time.sleep(0.1)

    def scored(self) -> None:
        """Wait until every open record is scored as of today, so that what is told of it can be held against it."""
        until = time.monotonic() + 120
        while any(one["lead_score"] is None or one["lead_score"]["stale"] for one in self._open()):
            if time.monotonic() > until:
                raise TimeoutError("records stay without a score")
            time.sleep(0.5)

    def _open(self) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = self.get(f"/v1/deals?outcome=OPEN&limit=500&cursor={cursor}")
            yield from page["deals"]
            if not (cursor := page["next_cursor"]):
                return


@contextmanager
def running(data: Path) -> Iterator[Company]:
    """`dealcast up`, until the block ends."""
    command = [sys.executable, "-m", "cli", "up", "--data-dir", str(data), "--port", "0", "--today", str(JUNE)]
    environment = os.environ | ENVIRONMENT
    up = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    try:
        file = data / "run" / "gateway.json"
        while not file.exists():
            if up.poll() is not None:
                raise RuntimeError(f"dealcast up ended with {up.returncode}")
            time.sleep(0.2)
        yield Company(data, "http://" + json.loads(file.read_text())["http"])
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(60)


def cycle(company: Company, june: Path, august: Path) -> Cycle:
    """Import, train, serve, import, look, train, compare, decide, roll back."""
    company.dealcast("import", "--mapping", "crm_sales_opportunities", str(june))
    company.dealcast("train", SERVICE)
    seconds = [_followed(company, "1")]
    company.scored()
    open_deal = company.get("/v1/deals?outcome=OPEN&limit=1")["deals"][0]["id"]
    reader = Reader(company.url, f"/v1/deals/{open_deal}")
    reader.start()
    company.dealcast("import", "--mapping", "crm_sales_opportunities", str(august))
    company.dealcast("monitor", "look")
    company.dealcast("monitor", "alerts")
    company.dealcast("train", SERVICE)
    company.dealcast("models", "card", SERVICE, "2")
    if company.get(f"/v1/models/{SERVICE}")["serving"]["version"] != "2":
        company.dealcast("models", "promote", SERVICE, "2", "--reason", "two more months are in it")
    seconds.append(_followed(company, "2"))
    company.dealcast("models", "rollback", SERVICE, "--to", "1", "--reason", "to show that it can be done")
    seconds.append(_followed(company, "1"))
    company.dealcast("models", "audit", SERVICE)
    reader.stopped.set()
    reader.join(60)
    sys.stdout.write(f"meanwhile a record was asked for {reader.asked:,} times; {len(reader.failed)} requests failed\n")
    return Cycle(seconds, reader.asked, reader.failed)


def _followed(company: Company, version: str) -> float:
    seconds = company.followed(version)
    sys.stdout.write(f"records carry version {version} {seconds:.1f} s later\n\n")
    return seconds


def main(arguments: list[str]) -> int:
    """0 when the cycle has been run."""
    if not arguments:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="dealcast-cycle-") as folder:
        june, august = Path(folder) / "june", Path(folder) / "august"
        for target, day in ((june, JUNE), (august, AUGUST)):
            sys.stdout.write(f"{as_of(Path(arguments[0]), target, day):,} opportunities as of {day}\n")
        with running(Path(arguments[1]) if len(arguments) > 1 else Path(folder) / "data") as company:
            cycle(company, june, august)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
