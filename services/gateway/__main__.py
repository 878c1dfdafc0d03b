"""python -m services.gateway [serve | train-job … | health-job … | registry-get … | registry-erase …]."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """The exit code of the verb; serve without one."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("serve", ())
    if verb == "train-job":
        from services.gateway import training_job

        return training_job.main(rest)
    if verb == "health-job":
        from services.gateway.health import job

        return job.main(rest)
    if verb == "registry-get":
        from services.gateway import training_job

        return training_job.fetch(rest)
    if verb == "registry-erase":
        from services.gateway.privacy import registry_job

        return registry_job.main(rest)
    if verb != "serve":
        sys.stderr.write(f"unknown verb {verb!r}: use serve, train-job, health-job, registry-get or registry-erase\n")
        return 2
    return serve()


def serve() -> int:
    """The gateway, until SIGTERM."""
    from functools import partial

    from kit.process import run_service
    from services.gateway.bootstrap import build
    from services.gateway.settings import GatewaySettings

    settings = GatewaySettings.read()
    return run_service("gateway", settings, partial(build, settings))


if __name__ == "__main__":
    from kit.process import exit_with

    exit_with(main(sys.argv[1:]))
