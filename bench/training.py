"""What a training beside costs those who are served: reads and changes, quiet and while all models are trained."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench import flow
from bench.report import Figure
from tests.e2e.system.harness import System, incomplete, wait_for

SAMPLE_DEALS, DEALS = 1_500, 500
QUIET_SECONDS = 45.0
MOST_TIMES = 2.0
HOW = (
    "The whole system on one machine, the sample company's 1,500 deals and models. 20 times a second a deal is changed "
    "by `PUT /v1/deals/{id}` and another is read: for 45 s while nothing else is done, then from the moment that a "
    "training of all three models is asked for (the gateway writes the records out, then processes of low priority, "
    "nice 15, train) until what they learned is to be promoted. The ceiling is the quiet time."
)


@dataclass
class Times:
    """Seconds that reads took, and changes until their third insight was on the live stream."""

    reads: list[float] = field(default_factory=list)
    sent: dict[tuple[str, int], float] = field(default_factory=dict)

    def changes(self, listener: flow.Listener) -> list[float]:
        """Of all that were sent."""
        wait_for(lambda: self.sent.keys() <= listener.merged.keys(), 120, "all changes merged")
        return [listener.merged[key] - at for key, at in self.sent.items()]


def served(system: System, first: int, going: Callable[[], bool]) -> Times:
    """Reads and changes at their rate for as long as it goes; `first` numbers the changes, so that all differ."""
    found, begin, step = Times(), time.perf_counter(), 0
    while True:
        time.sleep(max(0.0, begin + step / flow.RATE - time.perf_counter()))
        row = flow.changed(step % DEALS, 10_000_000 + first + step)
        at = time.perf_counter()
        answer = system.http.put(f"/v1/deals/{row.pop('id')}", json=row).json()
        found.sent[answer["id"], answer["revision"]] = at
        at = time.perf_counter()
        system.http.get(f"/v1/deals/bench-{(step * 7) % DEALS}").raise_for_status()
        found.reads.append(time.perf_counter() - at)
        step += 1
        if step % flow.RATE == 0 and not going():
            return found


def figures() -> list[Figure]:
    """Quiet, then beside a training, on a system of its own."""
    with tempfile.TemporaryDirectory(prefix="dealcast-training-") as name:
        system = System(Path(name) / "data", "--sample", "--deals", str(SAMPLE_DEALS))
        system.start()
        try:
            wait_for(lambda: not incomplete(system.all_deals("&outcome=OPEN")), 300, "the sample's insights")
            listener = flow.Listener(system.url)
            listener.start()
            listener.ready.wait(10)
            flow.create(system, listener, DEALS)
            time.sleep(10)  # the models are looked at after an import
            return beside(system, listener)
        finally:
            system.stop()


def beside(system: System, listener: flow.Listener) -> list[Figure]:
    """The figures of a running system."""
    until = time.perf_counter() + QUIET_SECONDS
    quiet = served(system, 0, lambda: time.perf_counter() < until)
    job = system.http.post("/v1/training-jobs", json={"reason": "bench"}).json()["id"]
    path = f"/v1/training-jobs/{job}"
    begin = time.perf_counter()
    training = served(system, 1_000_000, lambda: trains(system, path))
    seconds = time.perf_counter() - begin
    found = [Figure("trained beside for", seconds, "s")]
    for what, still, busy in (
        ("record read", quiet.reads, training.reads),
        ("change to all three merged", quiet.changes(listener), training.changes(listener)),
    ):
        one, other = flow.Latency.of(busy), flow.Latency.of(still)
        times = one.p99 / other.p99
        found.append(Figure(f"{what}, p50", one.p50, "ms", other.p50))
        found.append(Figure(f"{what}, p99", one.p99, "ms", other.p99, "≤ 200 %", times <= MOST_TIMES))
    return found


def trains(system: System, path: str) -> bool:
    """Whether it is at work, and nothing of it serves yet. Raises RuntimeError for one that failed: nothing was
    measured beside it."""
    job = system.http.get(path).json()
    if job["state"] in ("FAILED", "CANCELLED"):
        raise RuntimeError(f"the training has ended: {job['error']}")
    return bool(job["state"] in ("QUEUED", "RUNNING") and job["stage"] != "promote")


if __name__ == "__main__":
    print(*figures(), sep="\n")
