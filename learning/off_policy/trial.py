"""A policy learned from one file and valued on another: what `dealcast evaluate actions` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from learning.columns import Table, Texts
from learning.guard_rows import find_in_rows
from learning.guard_single import levels
from learning.off_policy.balance import misweighted, unbalanced
from learning.off_policy.context import Encoder
from learning.off_policy.estimators import Ints, Log
from learning.off_policy.files import LogFile, Logs
from learning.off_policy.intervals import Floats
from learning.off_policy.policies import Policy, learn
from learning.off_policy.propensities import Propensities, estimate
from learning.off_policy.report import Report, evaluate

Progress = Callable[[str], None]

LEAST_NOTHING = 0.3  # share of rows without a reward, for having one to be an outcome
PURE, SURPRISE = 0.98, 40.0  # rewarded share of a value's rows, against odds of e^40


@dataclass(frozen=True)
class Weighed:
    """A file's valued rows with their propensities, given or estimated."""

    log: Log
    estimated: Propensities | None


@dataclass(frozen=True)
class Trial:
    """The policy, what it does in each row of the test file, and the report (None where nothing can be valued)."""

    policy: Policy
    chances: Floats  # (test rows, names)
    chosen: Ints  # (test rows,)
    report: Report | None
    train: Weighed
    test: Weighed | None
    ignored: Mapping[str, str]  # columns that are no context, and why
    unbalanced: Mapping[str, float]
    misweighted: list[tuple[str, float]]


def run(logs: Logs, *, seed: int = 0, progress: Progress = lambda _: None) -> Trial:
    """Learn on the training file alone, value on the test file."""
    with threadpool_limits(1):  # small matrices: threads only wait for one another
        return _run(logs, seed, progress)


def _run(logs: Logs, seed: int, progress: Progress) -> Trial:
    known = logs.train.known
    telling = _telling(logs.train)
    context = {name: column for name, column in logs.train.context.items() if name not in telling}
    encoder = Encoder(context)
    features = encoder.transform(context, logs.train.rows)[known]
    later: Mapping[str, float] = {}
    if logs.train.propensities is not None:
        later = unbalanced(encoder, features, _log(logs.train, logs.train.propensities), logs.trained)
    if later:
        context = {name: column for name, column in context.items() if name not in later}
        encoder = Encoder(context)
        features = encoder.transform(context, logs.train.rows)[known]
    ignored = {**logs.ignored, **encoder.dropped, **telling}
    progress("weighing what was done")
    train = _weighed(logs.train, features, logs.trained, seed)
    progress("learning a policy")
    policy = learn(features, train.log, logs.trained, train.estimated, seed)
    every = encoder.transform(logs.test.context, logs.test.rows)
    chances = np.zeros((logs.test.rows, len(logs.names)))
    chances[:, : logs.trained] = policy.chances(every)
    report, test, wrong = None, None, []
    if logs.test.known.any():
        progress("valuing it on the test file")
        seen = every[logs.test.known]
        test = _weighed(logs.test, seen, len(logs.names), seed)
        predicted = np.repeat(policy.expectation.predict(seen)[:, None], len(logs.names), axis=1)
        predicted[:, : logs.trained] = policy.rewards(seen)
        rare = None if test.estimated is None else test.estimated.rare
        report = evaluate(test.log, chances[logs.test.known], predicted, policy.best, logs.names, rare=rare)
        wrong = misweighted(test.log, logs.names) if test.estimated is None else []
    return Trial(policy, chances, _drawn(chances, seed), report, train, test, ignored, later, wrong)


def _telling(file: LogFile) -> dict[str, str]:
    """Columns that give the reward away, and why: they came with it, so they are no context of the action.

    With given propensities a value that goes with a reward only suffices, because leaving a column out costs precision
    alone; with estimated ones it could hide what drove the choice.
    """
    rewards = file.rewards[file.known]
    least = float(rewards.min())
    paid = (rewards > (least if np.mean(rewards == least) >= LEAST_NOTHING else np.median(rewards))).astype(np.float64)
    table = Table(file.rows, file.context).take(file.known)
    found = {one.column: one.text_en for one in find_in_rows(table, paid) if one.drop}
    if file.propensities is not None and np.mean(rewards == least) >= LEAST_NOTHING:
        for name, column in table.columns.items():
            if name not in found and _decisive(column, paid):
                found[name] = "one of its values goes with a reward only, as if it came with it"
    return found


def _decisive(column: Floats | Texts, paid: Floats) -> bool:
    place, count = levels(column)
    total, good = np.bincount(place, minlength=count), np.bincount(place, paid, count)
    return bool(np.any((good >= PURE * total) & (-total * np.log(max(float(paid.mean()), 1e-300)) > SURPRISE)))


def _weighed(file: LogFile, features: Floats, count: int, seed: int) -> Weighed:
    if file.propensities is not None:
        return Weighed(_log(file, file.propensities), None)
    actions = file.actions[file.known]
    found = estimate(features, actions, count, seed)
    chances = np.ones(file.rows)
    chances[file.known] = found.chances[np.arange(len(actions)), actions]
    return Weighed(_log(file, chances), found)


def _log(file: LogFile, propensities: Floats) -> Log:
    return Log(file.actions[file.known], file.rewards[file.known], propensities[file.known])


def _drawn(chances: Floats, seed: int) -> Ints:
    """An action for each row, drawn by its chances; the only one where one has them all."""
    at = np.random.default_rng(seed).random(len(chances))[:, None] * chances.sum(axis=1, keepdims=True)
    return np.asarray((chances.cumsum(axis=1) <= at).sum(axis=1).clip(0, chances.shape[1] - 1), dtype=np.int64)
