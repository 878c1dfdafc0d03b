"""Settings of the service, from the environment (DEALCAST_*)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from kit.settings import ServiceSettings
from services.next_best_action.catalogue import DEFAULT_FILE


class Settings(ServiceSettings):
    """Beside what every service takes: which catalogue, and the seed of the draw among near-equal actions."""

    action_catalogue: Path = Field(
        default=DEFAULT_FILE, description="TOML file of actions, channels, phrases and policy"
    )
    action_seed: int = Field(default=0, ge=0, description="replicas that share work must share it")
