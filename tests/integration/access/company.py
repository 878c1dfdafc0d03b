"""The provider of company accounts as a process of its own, and signing in with it as a browser would."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.integration.access.company_provider import CLIENT_ID, SECRET

ROOT = Path(__file__).resolve().parents[3]


@contextlib.contextmanager
def provider(people: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Its issuer."""
    command = [sys.executable, "-m", "tests.integration.access.company_provider"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(people))
            process.stdin.close()
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def settings(issuer: str, **more: Any) -> dict[str, Any]:
    """Of a gateway that takes its accounts."""
    given = {"oidc_issuer": issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": SECRET, "oidc_name": "Hanbit"}
    return given | more


async def way_there(client: httpx.AsyncClient, person: str, start: str = "/sign-in/oidc") -> str:
    """Where the provider sends the browser back to, once the person was chosen there."""
    begun = await client.get(start)
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient(verify=False) as there:
        granted = await there.post(begun.headers["location"], data={"person": person})
    assert granted.status_code == 302, granted.text
    return str(httpx.URL(granted.headers["location"]).raw_path.decode())
