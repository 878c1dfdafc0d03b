"""Off-policy evaluation where the truth is known: a randomised experiment made into biased logs, two policies' logs of
one shop, and simulated logs."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from accuracy.histories import datasets
from learning.columns import Floats, Texts
from learning.off_policy.context import Encoder
from learning.off_policy.estimators import Ints, Log, difference, doubly_robust, interval, overlap, snips, spreads
from learning.off_policy.files import Request, read_logs
from learning.off_policy.intervals import Estimate
from learning.off_policy.propensities import fold_numbers
from learning.off_policy.rewards import cross_fitted
from learning.off_policy.trial import run

RESAMPLES, ROWS = 200, 6_000  # as the page says
LEVELS = (0.9, 0.95)
NORMAL = {0.9: 1.645, 0.95: 1.96}
OUTCOMES = ("visit", "conversion", "spend")


def section() -> str:
    """The section of docs/accuracy.md."""
    with threadpool_limits(1):
        parts = [_INTRODUCTION, email_coverage(), email_policy(), open_bandit(), simulated()]
    return "\n\n".join(parts)


_INTRODUCTION = """## Next best action: off-policy evaluation

What a policy would have brought, estimated from a log of what another one did. SNIPS weights the log's rewards, DR
(doubly robust) corrects a reward model by them. Coverage is the share of logs whose interval holds the truth."""

_EMAIL = """\
`email_experiment`, 200 logs of 6,000 rows drawn so that history, newbie and women's buyers decide who gets which mail,
propensities known; truth: the experiment's arm means. Bar: 90 to 99 %, and the naive mean fails.

| reward | arm | truth | naive 90 % | naive 95 % | SNIPS 90 % | SNIPS 95 % | DR 90 % | DR 95 % |
|---|---|---|---|---|---|---|---|---|"""
_POLICY = """A policy learned on one random half and valued on the other (`dealcast evaluate actions`):

| reward | best single action | kind of policy | DR value | 95 % interval | minus best single | 95 % |
|---|---|---|---|---|---|---|"""
_BANDIT = """\
`open_bandit_men`: a log of one policy values another, as item × position frequencies; beside it what the other
policy's own log shows. Few clicks, so wide intervals.

| log | clicks | policy valued | its own log, 95 % | SNIPS, 95 % | DR, 95 % | effective rows |
|---|---|---|---|---|---|---|"""
_SIMULATED = """\
Simulated logs, 200 each, 4 actions chosen by the context: a personal policy, and its paired difference to a single
action.

| reward | rows | mean | SNIPS 90 % | SNIPS 95 % | DR 90 % | DR 95 % | difference 90 % | difference 95 % |
|---|---|---|---|---|---|---|---|---|"""


@dataclass
class Covered:
    """Hits by estimator and level."""

    hits: dict[tuple[str, float], list[bool]] = field(default_factory=dict)

    def add(self, name: str, level: float, estimate: Estimate, truth: float) -> None:
        """Count one interval."""
        self.hits.setdefault((name, level), []).append(estimate.low <= truth <= estimate.high)

    def cells(self, *names: str) -> str:
        """Shares at 90 and at 95 % for each estimator, as cells."""
        return " | ".join(f"{np.mean(self.hits[name, level]):.1%}" for name in names for level in LEVELS)


def email_coverage() -> str:
    """Arm values from logs in which known covariates decided who got what."""
    columns = _columns("email_experiment/email_experiment.csv")
    actions, names = columns["segment"].codes, columns["segment"].dictionary  # type: ignore[union-attr]
    context = {name: column for name, column in columns.items() if name not in ("segment", *OUTCOMES)}
    features = Encoder(context).transform(context, len(actions))
    chances = _biased(context)
    own = chances[np.arange(len(actions)), actions]
    lines = [_EMAIL]
    for outcome in ("visit", "spend"):
        rewards = columns[outcome]
        assert isinstance(rewards, np.ndarray)
        found = _resampled(features, Log(actions, rewards, own), len(names))
        for arm, name in enumerate(names):
            truth = rewards[actions == arm].mean()
            lines.append(f"| {outcome} | {name} | {truth:.4f} | {found[arm].cells('naive', 'snips', 'dr')} |")
    return "\n".join(lines)


def _biased(context: Mapping[str, Floats | Texts]) -> Floats:
    """(rows, arms) chances under which who gets a mail depends on what makes people visit."""
    womens, newbie, recency, history = (context[name] for name in ("womens", "newbie", "recency", "history"))
    assert isinstance(womens, np.ndarray)
    assert isinstance(newbie, np.ndarray)
    assert isinstance(recency, np.ndarray)
    assert isinstance(history, np.ndarray)
    odds = 1.5 * np.column_stack(
        [1.2 * (womens - 0.5) + 0.5 * newbie, 0.8 * (history > 200) - 0.06 * recency, -0.8 * newbie + 0.05 * recency]
    )
    raw = np.exp(odds)
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def _resampled(features: Floats, whole: Log, arms: int) -> list[Covered]:
    """Coverage by arm. A row is drawn as often as the biased policy would have done what was done in it."""
    generator = np.random.default_rng(0)
    truth = [float(whole.rewards[whole.actions == arm].mean()) for arm in range(arms)]
    found = [Covered() for _ in range(arms)]
    for _ in range(RESAMPLES):
        rows = generator.choice(len(whole.rewards), ROWS, p=whole.propensities / whole.propensities.sum())
        log = Log(whole.actions[rows], whole.rewards[rows], whole.propensities[rows])
        predicted = cross_fitted(features[rows], log, arms, fold_numbers(log.actions, 2, 0))
        for arm, covered in enumerate(found):
            _cover(covered, log, (log.actions == arm).astype(np.float64), predicted, truth[arm])
            rewards = log.rewards[log.actions == arm]
            mean, error = float(rewards.mean()), float(rewards.std() / len(rewards) ** 0.5)
            for level, width in NORMAL.items():
                naive = Estimate(mean, error, mean - width * error, mean + width * error)
                covered.add("naive", level, naive, truth[arm])
    return found


def _cover(covered: Covered, log: Log, taken: Floats, predicted: Floats, truth: float) -> None:
    own = predicted[np.arange(len(log.actions)), log.actions]
    spread = spreads(log, log.rewards - own)
    arm = int(log.actions[taken > 0][0])
    plain, robust = snips(log, taken, spread), doubly_robust(log, taken, predicted[:, arm], own, spread)
    for level in LEVELS:
        covered.add("snips", level, interval(log, plain, level), truth)
        covered.add("dr", level, interval(log, robust, level), truth)


def email_policy() -> str:
    """What the command says on halves of the experiment."""
    lines = [_POLICY]
    with TemporaryDirectory() as place:
        halves = _halves(datasets() / "email_experiment" / "email_experiment.csv", Path(place))
        for outcome in OUTCOMES:
            drop = tuple(name for name in OUTCOMES if name != outcome)
            logs = read_logs(Request(*halves, "segment", outcome, str(1 / 3), drop))
            trial = run(logs)
            assert trial.report is not None
            value, gain = trial.report.lines[0].dr, trial.report.against_best
            claim = "the same" if gain.same else f"{gain.dr.value:+.4f} | [{gain.dr.low:.4f}, {gain.dr.high:.4f}]"
            lines.append(
                f"| {outcome} | {logs.names[trial.policy.best]} | {trial.policy.kind} | {value.value:.4f} | "
                f"[{value.low:.4f}, {value.high:.4f}] | {claim}{' | –' if gain.same else ''} |"
            )
    return "\n".join(lines)


def _halves(source: Path, place: Path) -> tuple[Path, Path]:
    with source.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    order = np.random.default_rng(0).permutation(len(rows))
    paths = place / "train.csv", place / "test.csv"
    for path, part in zip(paths, np.array_split(order, 2), strict=True):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *(rows[row] for row in part.tolist())])
    return paths


def open_bandit() -> str:
    """Each log valued by the other."""
    logs = {name: _bandit(name) for name in ("random", "bts")}
    count = 1 + max(int(log.actions.max()) for log, *_ in logs.values())
    lines = [_BANDIT]
    for name, other, title in (("random", "bts", "Thompson"), ("bts", "random", "uniform")):
        log, features, positions = logs[name]
        policy = _frequencies(logs[other][0].actions, logs[other][2], count)[positions]
        predicted = cross_fitted(features, log, count, fold_numbers(log.actions, 5, 0))
        rows = np.arange(len(positions))
        own, taken = predicted[rows, log.actions], policy[rows, log.actions]
        spread = spreads(log, log.rewards - own)
        found = [interval(log, snips(log, taken, spread)),
                 interval(log, doubly_robust(log, taken, (policy * predicted).sum(axis=1), own, spread))]  # fmt: skip
        there = logs[other][0]
        shown = interval(there, snips(there, there.propensities, np.zeros(len(there.rewards))))
        cells = " | ".join(f"{each.value:.4f} [{each.low:.4f}, {each.high:.4f}]" for each in (shown, *found))
        lines.append(f"| {name} | {log.rewards.sum():.0f} | {title} | {cells} | {overlap(log, taken).ess:,.0f} |")
    return "\n".join(lines)


def _bandit(name: str) -> tuple[Log, Floats, Ints]:
    columns = _columns(f"open_bandit_men/{name}.csv")
    items, clicks, chances, positions = (
        columns.pop(key) for key in ("item_id", "click", "propensity_score", "position")
    )
    assert isinstance(items, np.ndarray)
    assert isinstance(clicks, np.ndarray)
    assert isinstance(chances, np.ndarray)
    assert isinstance(positions, np.ndarray)
    columns.pop("timestamp")
    columns["position"] = positions
    log = Log(items.astype(np.int64), clicks, chances)
    return log, Encoder(columns).transform(columns, len(items)), positions.astype(np.int64)


def _frequencies(actions: Ints, positions: Ints, count: int) -> Floats:
    """(position, action) shares."""
    table = np.zeros((int(positions.max()) + 1, count))
    np.add.at(table, (positions, actions), 1.0)
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1.0))


def simulated() -> str:
    """Coverage where the truth is known exactly: rare yes/no rewards and heavy-tailed money."""
    lines = [_SIMULATED]
    for title, rows, money in (("rare, yes/no", 6_000, False), ("yes/no", 600, False), ("money", 4_000, True)):
        covered, mean = _simulate(rows, 0.02 if rows > 1_000 else 0.2, money=money)
        lines.append(f"| {title} | {rows:,} | {mean:.3f} | {covered.cells('snips', 'dr', 'difference')} |")
    return "\n".join(lines)


def _simulate(rows: int, rate: float, *, money: bool) -> tuple[Covered, float]:
    generator = np.random.default_rng(1)
    covered, means = Covered(), []
    effects, tilt = 0.5 * generator.normal(size=(3, 4)), 0.6 * generator.normal(size=(3, 4))
    truth = _means(np.random.default_rng(2).normal(size=(400_000, 3)), effects, rate)
    best = int(truth.mean(axis=0).argmax())
    policy_value, single = float(truth.max(axis=1).mean()), float(truth[:, best].mean())
    for _ in range(RESAMPLES):
        features = generator.normal(size=(rows, 3))
        chances = np.exp(features @ tilt)
        chances = 0.9 * chances / chances.sum(axis=1, keepdims=True) + 0.025
        actions = (chances.cumsum(axis=1) < generator.random((rows, 1))).sum(axis=1).clip(0, 3)
        expected = _means(features, effects, rate)
        rewards = (generator.random(rows) < expected[np.arange(rows), actions]).astype(np.float64)
        rewards *= generator.lognormal(-0.5, 1.0, rows) if money else 1.0
        log = Log(actions, rewards, chances[np.arange(rows), actions])
        _cover_policy(covered, log, features, (expected.argmax(axis=1), best), (policy_value, single))
        means.append(rewards.mean())
    return covered, float(np.mean(means))


def _means(features: Floats, effects: Floats, rate: float) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + features @ effects))))


def _cover_policy(
    covered: Covered, log: Log, features: Floats, chosen: tuple[Ints, int], truth: tuple[float, float]
) -> None:
    rows = np.arange(len(log.actions))
    predicted = cross_fitted(features, log, 4, fold_numbers(log.actions, 2, 0))
    own = predicted[rows, log.actions]
    spread = spreads(log, log.rewards - own)
    taken, single = (log.actions == chosen[0]).astype(np.float64), (log.actions == chosen[1]).astype(np.float64)
    robust = doubly_robust(log, taken, predicted[rows, chosen[0]], own, spread)
    other = doubly_robust(log, single, predicted[:, chosen[1]], own, spread)
    for level in LEVELS:
        covered.add("snips", level, interval(log, snips(log, taken, spread), level), truth[0])
        covered.add("dr", level, interval(log, robust, level), truth[0])
        covered.add("difference", level, difference(log, robust, other, spread, level), truth[0] - truth[1])


def _columns(path: str) -> dict[str, Floats | Texts]:
    """Columns of a data set: numbers, or texts."""
    with (datasets() / path).open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    return {name: _column([row[place] for row in rows]) for place, name in enumerate(head)}


def _column(cells: Sequence[str]) -> Floats | Texts:
    try:
        return np.array([float(cell) for cell in cells])
    except ValueError:
        texts, codes = np.unique(cells, return_inverse=True)
        return Texts(texts.tolist(), codes.astype(np.int64))
