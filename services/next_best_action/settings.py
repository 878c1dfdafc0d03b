"""Settings of the service, from the environment (DEALCAST_*)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from kit.settings import ServiceSettings
from services.next_best_action.catalogue import DEFAULT_FILE
from services.next_best_action.encoder import CARRIED, SCRIPTS


class Settings(ServiceSettings):
    """Beside what every service takes: which catalogue, and the seed of the draw among near-equal actions."""

    action_catalogue: Path = Field(
        default=DEFAULT_FILE, description="TOML file of actions, channels, phrases and policy"
    )
    action_seed: int = Field(default=0, ge=0, description="replicas that share work must share it")
    text_encoder: str = Field(
        default=CARRIED,
        description="carried, a sentence-transformers model's name or folder, or empty for n-grams alone",
    )
    text_encoder_scripts: str = Field(
        default="latin", description=f"scripts the encoder knows, comma-separated, of {', '.join(SCRIPTS)}"
    )

    @field_validator("text_encoder_scripts")
    @classmethod
    def _known_scripts(cls, value: str) -> str:
        unknown = [each for each in value.split(",") if each not in SCRIPTS]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is none of {', '.join(SCRIPTS)}")
        return value
