"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT_DATA_DIR = Path(".dealcast")

DataDir = Annotated[
    Path,
    typer.Option("--data-dir", envvar="DEALCAST_DATA_DIR", help="The folder that holds everything Dealcast keeps."),
]
Url = Annotated[str, typer.Option("--url", help="A running gateway; then --data-dir is not used.")]


def call(data_dir: Path, url: str, method: str, path: str, *, unknown: str = "", **options: Any) -> Any:
    """Ask the gateway of --url or of the data folder; its JSON answer.

    unknown: the mend where it knows no such thing.
    Raises Unavailable where none runs, else the DealcastError that the gateway tells.
    """
    import httpx

    from kit.errors import NotFound, Unavailable
    from services.gateway.imports.http_sink import problem

    address, shown = gateway_address(data_dir, url), credentials(data_dir, url)
    secure = not address.lower().startswith("http://")  # else no authority's certificate need be read: that takes long
    try:
        response = httpx.request(
            method, address + path, timeout=60.0, trust_env=False, headers=shown, verify=secure, **options
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message, mend = f"the gateway does not answer ({type(error).__name__})", "start it with dealcast up"
        raise Unavailable(message, field="url", value=address, mend=mend) from None
    if response.is_error:
        told = problem(response)
        told.mend = unknown if unknown and isinstance(told, NotFound) else told.mend
        raise told
    return response.json() if response.content else None


def credentials(data_dir: Path, url: str) -> dict[str, str]:
    """The header by which the gateway knows this program, where sign-in is on."""
    from services.gateway.imports.http_sink import bearer
    from services.gateway.imports.targets import token_for

    return bearer(token_for(None if url else data_dir))


def gateway_address(data_dir: Path, url: str) -> str:
    """--url, or the address of the gateway that runs on the data folder. Raises Unavailable where none does."""
    from kit.errors import Unavailable
    from services.gateway.imports.targets import running_gateway

    address = url or running_gateway(data_dir)
    if not address:
        mend = f"start one with dealcast up --data-dir {data_dir}, or name one with --url"
        raise Unavailable("no gateway runs here", field="--data-dir", value=str(data_dir), mend=mend)
    return address.rstrip("/")
