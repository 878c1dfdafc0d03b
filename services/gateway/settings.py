"""Settings of the gateway process, from the environment (DEALCAST_*)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from kit.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """Where the gateway listens and keeps things."""

    http_address: str = Field(default="127.0.0.1:0", description="REST and pages, host:port; port 0 takes a free one")
    allowed_hosts: str = Field(
        default="", description="host names that requests may be for, with commas between, besides the loopback's"
    )
    sign_in: Literal["off", "accounts"] = Field(
        default="off", description="off: whoever reaches the gateway sees all, which it then lets this machine alone do"
    )
    public_url: str = Field(
        default="",
        description="how people reach the gateway, such as https://deals.example.com; empty: as they do",
    )
    oidc_issuer: str = Field(
        default="", description="the company's provider of accounts (OpenID Connect), by the address it names itself by"
    )
    oidc_client_id: str = Field(default="", description="Dealcast's name with the provider")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="its secret there, or by the file below")
    oidc_client_secret_file: Path | None = Field(default=None, description="a file with the secret")
    oidc_name: str = Field(default="", description="what the button to sign in calls the provider")
    oidc_scopes: str = Field(default="openid email profile", description="what the provider is asked to tell")
    oidc_mail_claim: str = Field(default="email", description="the claim with a person's mail address")
    oidc_mail_trusted: bool = Field(
        default=False, description="addresses are the person's own, whether or not the provider says it checked them"
    )
    oidc_groups_claim: str = Field(default="groups", description="the claim with a person's groups; dots go inside")
    oidc_roles: str = Field(
        default="", description='{"group": "role"}, the first that fits; empty: administrators give roles'
    )
    lead_scoring_address: str = Field(
        default="", description="the lead scoring service's gRPC, host:port; empty: where its file in run_dir says"
    )
    forecast_address: str = Field(
        default="", description="the forecast service's gRPC, host:port; empty: where its file in run_dir says"
    )
    next_best_action_address: str = Field(
        default="", description="the next best action service's gRPC, host:port; empty: where its file in run_dir says"
    )
    data_dir: Path = Field(default=Path("data"), description="records, models and everything else kept on disk")
    store_url: str = Field(default="", description="postgresql://…; empty: SQLite at <data_dir>/gateway.db")
    mlflow_uri: str = Field(default="", description="an MLflow server; empty: <data_dir>/models")
    today: date | None = Field(default=None, description="pins the business clock of a new workspace to this day")
    auto_train: bool = Field(default=True, description="train by itself when there is no champion and enough outcomes")
    auto_train_outcomes: int = Field(default=40, ge=1, description="closed deals needed for that, of both kinds")
    training_niceness: int = Field(
        default=15, ge=0, le=19,
        description="15: a training takes what others leave of the processors, so that who asks is served first; "
        "0 where much else keeps them busy and trainings are to end",
    )  # fmt: skip
    monitor: bool = Field(default=True, description="look at the models by itself, once a business day")
    quiet_seconds: float = Field(default=2.0, gt=0, description="how long writes must have been quiet before that")
    health_quiet_seconds: float = Field(
        default=10.0, gt=0, description="how long nothing must have been written before the data's health is looked at"
    )
    reconcile_seconds: float = Field(default=1.0, gt=0, description="how often to look for insights that stay behind")
    grace_seconds: float = Field(default=5.0, gt=0, description="a published deal's time before it is published again")
    max_outstanding: int = Field(default=2_000, ge=1, description="deals published again and not yet answered, at most")
    heartbeat_seconds: float = Field(default=15.0, gt=0, description="between signs of life of a live event stream")

    @property
    def hosts(self) -> list[str]:
        """The names of `allowed_hosts`."""
        return [name for each in self.allowed_hosts.split(",") if (name := each.strip())]

    @property
    def store_location(self) -> str:
        """The URL of the store."""
        return self.store_url or f"sqlite:///{self.data_dir.resolve() / 'gateway.db'}"

    @property
    def models_dir(self) -> Path:
        """Registry and artifacts of the embedded start."""
        return self.data_dir.resolve() / "models"
