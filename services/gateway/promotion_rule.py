"""What the rule of promotion asks for, and what it says of a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from kit.errors import InvalidInput

LEVELS: Mapping[float, tuple[str, str]] = {0.95: ("low90", "high90"), 0.975: ("low95", "high95")}  # one-sided


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


def serve(code: str, text: str, figures: Mapping[str, Any] | None = None) -> Decision:
    """It serves by itself."""
    return Decision(promote=True, code=code, text=text, figures=figures or {})


def wait(code: str, text: str, figures: Mapping[str, Any] | None = None) -> Decision:
    """It waits for a person."""
    return Decision(promote=False, code=code, text=text, figures=figures or {})
