"""Settings every process takes from its environment (DEALCAST_*)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.errors import InvalidInput

STREAMS_FILE = Path(__file__).resolve().parent.parent / "deploy" / "nats" / "streams.json"


class ServiceSettings(BaseSettings):
    """What any service needs to start; each service adds its own fields in a subclass."""

    model_config = SettingsConfigDict(env_prefix="DEALCAST_", extra="ignore")

    nats_url: str = "nats://127.0.0.1:4222"
    nats_wait_seconds: float = Field(default=20.0, gt=0, description="how long a starting process waits for NATS")
    grpc_address: str = Field(default="127.0.0.1:0", description="host:port; port 0 takes a free one")
    metrics_address: str = Field(default="127.0.0.1:0", description="HTTP: /metrics, /healthz/live, /healthz/ready")
    run_dir: Path | None = Field(default=None, description="where <service>.json with the ports is written")
    streams_file: Path = STREAMS_FILE
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp_endpoint: str = Field(
        default="", description="OTLP/HTTP collector, such as http://127.0.0.1:4318; empty: no export"
    )
    trace_sample: float = Field(
        default=1.0, ge=0, le=1, description="share of new traces recorded, when exported at all"
    )
    drain_seconds: float = Field(default=10.0, gt=0, le=300, description="time a stopping process has for work in hand")

    @classmethod
    def read(cls) -> Self:
        """The settings as the environment has them. Raises InvalidInput naming the variable."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = "DEALCAST_" + "_".join(str(part) for part in first["loc"]).upper()
            mend = "Correct it in the environment"
            raise InvalidInput(first["msg"], field=name, value=str(first.get("input", "")), mend=mend) from None
