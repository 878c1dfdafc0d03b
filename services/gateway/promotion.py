"""The rule by which a newly trained version serves without being asked: pure.

A challenger is promoted when it is, with the stated confidence, not worse than the champion by more than a margin in
log loss and in calibration error, both on the same rows. Where the champion is too old, or off beyond chance on what
has come since, it is enough that the challenger is not shown to be worse. Else it waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from kit.errors import InvalidInput

PRIOR = "prior"
LEVELS: Mapping[float, tuple[str, str]] = {0.95: ("low90", "high90"), 0.975: ("low95", "high95")}  # one-sided
FORECAST_SLACK = 0.1
JUDGED = ("log_loss", "ece")


@dataclass(frozen=True, slots=True)
class PromotionRule:
    """confidence: one-sided. margins: of log loss as a share of the champion's, of the calibration error as it is."""

    confidence: float = 0.95
    log_loss_margin: float = 0.02
    ece_margin: float = 0.03
    max_age_days: int = 180

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> PromotionRule:
        """Raises InvalidInput naming the field."""
        unknown = set(given) - set(cls.__slots__)
        if unknown:
            mend = "Use " + ", ".join(cls.__slots__)
            raise InvalidInput("the rule has no such field", field=f"promotion.{min(unknown)}", mend=mend)
        made = cls(**{name: _number(name, value) for name, value in given.items()})
        bounds = {"log_loss_margin": (0, 1), "ece_margin": (0, 1), "max_age_days": (1, 36_500)}
        for name, (low, high) in bounds.items():
            if not low <= getattr(made, name) <= high:
                shown = str(getattr(made, name))
                raise InvalidInput("out of range", field=f"promotion.{name}", value=shown, mend=f"Use {low} to {high}")
        if made.confidence not in LEVELS:
            mend = "Use " + " or ".join(map(str, LEVELS))
            raise InvalidInput("there is no interval for it", field="promotion.confidence", value=str(made.confidence),
                               mend=mend)  # fmt: skip
        return made

    def to_json(self) -> dict[str, Any]:
        """As programs see it."""
        return asdict(self)


def _number(name: str, value: Any) -> Any:
    whole = name == "max_age_days"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        mend = "Send a whole number" if whole else "Send a number"
        raise InvalidInput("this is no number", field=f"promotion.{name}", value=str(value)[:60], mend=mend)
    return value


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a version serves by itself, why in a word for programs (`code`) and in a sentence, and the figures."""

    promote: bool
    code: str
    text: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As it is kept with the version."""
        return asdict(self)


def _serve(code: str, text: str, figures: Mapping[str, Any] | None = None) -> Decision:
    return Decision(promote=True, code=code, text=text, figures=figures or {})


def _wait(code: str, text: str, figures: Mapping[str, Any] | None = None) -> Decision:
    return Decision(promote=False, code=code, text=text, figures=figures or {})


def waits_with(version: str) -> Decision:
    """Of a model that learned from the scores of a version of lead scoring which waits."""
    return _wait("waits_with_scores", f"it learned from the scores of lead scoring version {version}, which waits")


def decide(
    service: str, challenger: Mapping[str, Any], champion: Mapping[str, Any] | None, rule: PromotionRule, today: date
) -> Decision:
    """On versions as the gateway keeps them; `champion` None where nothing serves."""
    if champion is None:
        return _serve("first", "nothing served before")
    if challenger["digest"] == champion["digest"]:
        return _wait("same", f"it is the same model as version {champion['version']}, which serves")
    if service == "lead_scoring":
        return _score(challenger, champion, rule, today)
    if service == "forecast":
        return _forecast(challenger["evaluation"].get("champion") or {}, champion)
    return _serve("not_compared", "there is no comparison for this model; the newest serves")


def _score(challenger: Mapping[str, Any], champion: Mapping[str, Any], rule: PromotionRule, today: date) -> Decision:
    new, old = (each["evaluation"].get("model") == PRIOR for each in (challenger, champion))
    if new and not old:
        return _wait("prior", "too few outcomes: a prior takes no trained model's place")
    if old:
        return _serve("prior_served", "what serves is a prior")
    found = challenger["evaluation"].get("champion") or {}
    age = _age(champion, today)
    too_old = age is not None and age > rule.max_age_days
    aged = f"the champion's data end {age} days ago, more than {rule.max_age_days}"
    if "difference" not in found or found.get("version") != champion["version"]:
        if too_old:
            return _serve("too_old", f"{aged}, and nothing shows the new one to be worse", {"age_days": age})
        return _wait("not_compared", "it could not be compared with the champion on the same rows")
    return _compared(found, rule, age, aged if too_old else "")


def _compared(found: Mapping[str, Any], rule: PromotionRule, age: int | None, aged: str) -> Decision:
    low, high = LEVELS[rule.confidence]
    apart = found["difference"]
    margins = {
        "log_loss": rule.log_loss_margin * (found["models"]["champion"]["log_loss"]["value"] or 0.0),
        "ece": rule.ece_margin,
    }
    figures = {
        "basis": found["basis"], "records": found["records"], "confidence": rule.confidence, "age_days": age,
        "difference": {name: {end: apart[name][end] for end in ("value", low, high)} for name in JUDGED},
        "margins": {name: round(value, 6) for name, value in margins.items()},
    }  # fmt: skip
    told = " and ".join(_told(name, apart[name], low, high, margins[name]) for name in JUDGED)
    on = f"on {found['records']} records" + (", part of which the champion learned from" if found["seen"] else "")
    worse = [name for name in JUDGED if (apart[name][low] or 0.0) > 0]
    if all(apart[name][high] is not None and apart[name][high] <= margins[name] for name in JUDGED):
        return _serve("not_worse", f"not worse {on}: {told}", figures)
    if worse:
        return _wait("worse", f"worse {on}: {told}", figures)
    if aged:
        return _serve("too_old", f"{aged}, and the new one is not shown to be worse {on}: {told}", figures)
    if (found.get("drift") or {}).get("miscalibrated"):
        text = f"the champion's probabilities are off by now, and the new one is not shown to be worse {on}: {told}"
        return _serve("drifted", text, figures)
    return _wait("unsure", f"it may be worse than the margin allows {on}: {told}", figures)


def _told(name: str, figure: Mapping[str, float], low: str, high: str, margin: float) -> str:
    title = {"log_loss": "log loss", "ece": "calibration error"}[name]
    ends = ", ".join("–" if figure[end] is None else f"{figure[end]:+.3f}" for end in (low, high))
    value = "–" if figure["value"] is None else f"{figure['value']:+.3f}"
    return f"{title} {value} [{ends}], allowed {margin:+.3f}"


def _age(champion: Mapping[str, Any], today: date) -> int | None:
    """Days since its data end."""
    last = champion["evaluation"].get("last_day")
    return (today - date.fromisoformat(last)).days if last else None


def _forecast(found: Mapping[str, Any], champion: Mapping[str, Any]) -> Decision:
    """By the error of the replays: of single owners where there are, else of the whole."""
    levels = found.get("levels") or {}
    level = next((name for name in ("owner", "company") if name in levels), None)
    if level is None or found.get("version") != champion["version"]:
        return _serve("not_compared", "its replays are of other quarters than what serves; the newest serves")
    new, old = (levels[level][name]["crps"] for name in ("challenger", "champion"))
    figures = {"quarters": found["quarters"], "level": level, "crps": {"challenger": new, "champion": old}}
    if new is None or old is None:
        return _serve("not_compared", "its replays have no error to compare; the newest serves", figures)
    text = f"error (CRPS) of {level}s in replays of {', '.join(found['quarters'])}: {new:.3f}, champion {old:.3f}"
    if new > old * (1 + FORECAST_SLACK):
        return _wait("worse", f"worse: {text}", figures)
    return _serve("not_worse", f"not worse: {text}", figures)
