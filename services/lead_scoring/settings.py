"""Settings of the service, from the environment (DEALCAST_*): those every service takes."""

from __future__ import annotations

from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own yet: what a score is made of comes with the model."""
