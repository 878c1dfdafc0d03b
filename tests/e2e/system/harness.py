"""The whole system as its user starts it: `dealcast up` in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from kit.testing import free_port

DEALCAST = str(Path(sys.executable).with_name("dealcast"))
START_SECONDS = 120


class System:
    """One running Dealcast; `url` answers once `start` returns."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.arguments = arguments
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None
        self.http = httpx.Client(base_url=self.url, timeout=60, verify=False)

    def start(self) -> float:
        """Start and wait for the ready line; returns the seconds that took."""
        began = time.monotonic()
        log = (self.folder.parent / f"{self.folder.name}-up.log").open("a")
        command = [DEALCAST, "up", "--data-dir", str(self.folder), "--port", str(self.port), *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line == f"ready {self.url}", (line, Path(log.name).read_text()[-3000:])
        return time.monotonic() - began

    def stop(self) -> int:
        """Ctrl-C, and wait for the end; returns the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(60)
        self.process = None
        return code

    @property
    def pids(self) -> dict[str, int]:
        """The running parts by name."""
        state = json.loads((self.folder / "run" / "state.json").read_text())
        return {name: int(pid) for name, pid in state["pids"].items()}

    def kill(self, part: str, sig: int = signal.SIGKILL) -> None:
        """Signal one part; a part that is just being restarted has nothing to kill."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pids[part], sig)

    def post_lines(self, path: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """POST rows as NDJSON; returns the result lines."""
        body = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        answer = self.http.post(path, content=body.encode(), headers={"content-type": "application/x-ndjson"})
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines() if line]

    def all_deals(self, query: str = "") -> Iterator[dict[str, Any]]:
        """Every record of a list, page by page."""
        cursor = ""
        while True:
            page = self.http.get(f"/v1/deals?limit=500&cursor={cursor}{query}").json()
            yield from page["deals"]
            cursor = page.get("next_cursor", "")
            if not cursor:
                return

    def command(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a dealcast command to its end."""
        return subprocess.run([DEALCAST, *arguments], capture_output=True, text=True, timeout=timeout, check=False)


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll until the condition holds; its last value is in the failure."""
    until = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        value = condition()
        if value:
            return value
        now = time.monotonic()
        assert now < until, f"{what}: not within {seconds} s"
        time.sleep(max(0.2, 3 * (now - asked)))  # asking takes time from what is waited for


def incomplete(deals: Iterator[dict[str, Any]]) -> list[str]:
    """Open deals that lack an insight at their revision."""
    kinds = ("lead_score", "forecast", "next_actions")

    def complete(deal: dict[str, Any]) -> bool:
        parts = [deal[kind] for kind in kinds]
        return all(part and part["deal_revision"] == deal["revision"] and not part["stale"] for part in parts)

    return [deal["id"] for deal in deals if deal["outcome"] == "OPEN" and not complete(deal)]
