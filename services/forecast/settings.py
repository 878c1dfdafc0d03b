"""Settings of the forecast service (DEALCAST_*)."""

from __future__ import annotations

from pydantic import Field, model_validator

from kit.settings import ServiceSettings
from services.forecast.domain import CategoryBounds


class Settings(ServiceSettings):
    """Bounds of the suggested categories, and how often totals are published."""

    category_commit: float = Field(
        default=0.6, ge=0, le=1, description="P(won in the current period) from which on it commits"
    )
    category_best_case: float = Field(default=0.35, ge=0, le=1)
    category_pipeline: float = Field(default=0.1, ge=0, le=1)
    rollup_seconds: float = Field(default=0.25, gt=0, le=1, description="least time between publications of totals")

    @model_validator(mode="after")
    def _ordered(self) -> Settings:
        if not self.category_commit >= self.category_best_case >= self.category_pipeline:
            raise ValueError("category_commit, category_best_case and category_pipeline must descend")
        return self

    @property
    def bounds(self) -> CategoryBounds:
        """The category bounds."""
        return CategoryBounds(self.category_commit, self.category_best_case, self.category_pipeline)
