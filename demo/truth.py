"""The truth beside the folder: what no model may read and every test may."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from demo import hazards, world
from demo.company import Company
from demo.hazards import ACTIONS, EVENTS, SITUATIONS, STAGES
from demo.seasons import SHOCK_DEPTH, SHOCK_WEEKS, SHOCK_WEEKS_AGO
from demo.simulate import look_up
from demo.story import CURRENCY


def write_truth(company: Company, flaws: Sequence[tuple[str, str]], folder: Path) -> None:
    """Write truth/: parameters.json, deals, weeks, reps and action_effects as Parquet. `flaws`: (deal id, which)."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(parameters(company), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "parameters.json").write_text(text + "\n", encoding="utf-8")
    tables = {
        "deals": _deals(company, flaws), "weeks": _weeks(company), "reps": _reps(company),
        "action_effects": _action_effects(company),
    }  # fmt: skip
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet", compression="zstd")


def parameters(company: Company) -> dict[str, Any]:
    """What the simulation was run with, and the gain an oracle would have."""
    start = company.calendar.weeks - SHOCK_WEEKS_AGO
    win, oracle = at_creation(company)
    return {
        "seed": company.seed, "today": company.calendar.today.isoformat(), "currency": CURRENCY,
        "stages": STAGES, "situations": SITUATIONS, "actions": ACTIONS,
        "hazards": {
            "advance": hazards.ADVANCE, "back": hazards.BACK, "win": hazards.WIN, "lose": hazards.LOSE,
            "health_on_advance": hazards.HEALTH_ON_ADVANCE, "health_on_win": hazards.HEALTH_ON_WIN,
            "health_on_loss": hazards.HEALTH_ON_LOSS, "noise": hazards.NOISE,
        },
        "health": {
            "intercept": world.INTERCEPT, "unseen": world.UNSEEN,
            "industry": dict(zip(world.INDUSTRIES, world.INDUSTRY_EFFECT.tolist(), strict=True)),
            "source": dict(zip(world.SOURCES, world.SOURCE_EFFECT.tolist(), strict=True)),
            "motion": dict(zip(world.MOTIONS, world.MOTION_EFFECT.tolist(), strict=True)),
            "fit": world.FIT.tolist(),
        },
        "action_scale": hazards.ACTION_SCALE, "clear_scale": hazards.CLEAR_SCALE,
        "settle_scale": hazards.SETTLE_SCALE, "arrival_scale": hazards.ARRIVAL_SCALE, "hunch": company.market.hunch,
        "policy": company.market.policy.tolist(),
        "situation_arrivals": hazards.ARRIVALS, "situation_decay": hazards.DECAY,
        "shock": {
            "from": company.calendar.monday(start).isoformat(),
            "until": company.calendar.monday(start + SHOCK_WEEKS).isoformat(),
            "health_sheltered": SHOCK_DEPTH[0], "health_exposed": SHOCK_DEPTH[1],
            "exposed": [name for name, hit in zip(world.INDUSTRIES, world.EXPOSED, strict=True) if hit],
        },
        "win_probability": float(win.mean()), "oracle_win_probability": float(oracle.mean()),
    }  # fmt: skip


def at_creation(company: Company) -> tuple[np.ndarray, np.ndarray]:
    """Each deal's true chance of being won in the week after it came in: as the reps work, and with an oracle."""
    deals, people = company.deals, company.people
    place = (people.skill_class[deals.owner], deals.segment, deals.stage, 0 * deals.stage)
    win, oracle = np.zeros(deals.week.size), np.zeros(deals.week.size)
    for week in np.unique(deals.week):
        rows = deals.week == week
        here = tuple(index[rows] for index in place)
        win[rows] = look_up(company.values.win[week + 1], here, deals.health[rows])
        oracle[rows] = look_up(company.values.oracle[week + 1], (0 * here[0], *here[1:]), deals.health[rows])
    return win, oracle


def _deals(company: Company, flaws: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Every record; flaws have no chance of their own, but they can never be won as such."""
    win, oracle = at_creation(company)
    paths, size = company.paths, company.deals.week.size
    forgotten = np.zeros(size, bool)
    forgotten[paths.deal[paths.forgotten]] = True
    return {
        "deal_id": [f"D-{number:06d}" for number in range(size)] + [deal_id for deal_id, _ in flaws],
        "flaw": ["forgotten" if lost else "" for lost in forgotten] + [flaw for _, flaw in flaws],
        "win_probability": np.concatenate([win, np.zeros(len(flaws))]),
        "oracle_win_probability": np.concatenate([oracle, np.zeros(len(flaws))]),
        "health": np.concatenate([company.deals.health, np.full(len(flaws), np.nan)]),
    }


def _weeks(company: Company) -> dict[str, Any]:
    """A row for every deal and week while open; the chances hold at the week's start."""
    paths = company.paths
    days = [company.calendar.monday(week) for week in range(company.calendar.weeks)]
    columns: dict[str, Any] = {
        "deal_id": _coded(paths.deal, [f"D-{number:06d}" for number in range(company.deals.week.size)]),
        "day": pa.array(days, pa.date32()).take(pa.array(paths.week)),
        "owner_id": _coded(paths.owner, company.people.rep_ids), "stage": _coded(paths.stage, STAGES),
        "situation": _coded(paths.situation, SITUATIONS), "health": paths.health.astype(np.float32),
        "action": _coded(paths.action, ACTIONS), "propensity": paths.propensity.astype(np.float32),
        "answered": paths.answered, "event": _coded(paths.event, EVENTS),
        "win_probability": paths.win.astype(np.float32), "oracle_win_probability": paths.oracle.astype(np.float32),
        "convert_probability": paths.convert.astype(np.float32),
    }  # fmt: skip
    for number, action in enumerate(ACTIONS[1:], start=1):
        columns[f"effect_{action}"] = paths.effects[:, number].astype(np.float32)
    return columns


def _coded(codes: np.ndarray, names: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(names)))


def _reps(company: Company) -> dict[str, Any]:
    people = company.people
    return {
        "owner_id": list(people.rep_ids), "skill": people.skill, "skill_class": people.skill_class,
        "right_actions": np.asarray(hazards.SKILL_CLASSES)[people.skill_class],
    }  # fmt: skip


def _action_effects(company: Company) -> dict[str, Any]:
    """The mean change of the chance of winning by an action instead of waiting, over the deal weeks in each state."""
    paths = company.paths
    columns: dict[str, list[Any]] = {"stage": [], "situation": [], "action": [], "effect": [], "weeks": []}
    for stage, stage_name in enumerate(STAGES):
        for situation, situation_name in enumerate(SITUATIONS):
            rows = (paths.stage == stage) & (paths.situation == situation)
            if not rows.any():
                continue
            for action, effect in zip(ACTIONS, paths.effects[rows].mean(axis=0).tolist(), strict=True):
                values = (stage_name, situation_name, action, effect, int(rows.sum()))
                for column, value in zip(columns.values(), values, strict=True):
                    column.append(value)
    return columns
