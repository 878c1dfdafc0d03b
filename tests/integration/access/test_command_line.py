"""The command line's programs are let in by the token that the gateway leaves in its data folder."""

from __future__ import annotations

import asyncio
import json
import stat

import pytest

from cli.options import call
from cli.up import checked_sign_in, tell_first_administrator
from kit.errors import InvalidInput, Unauthenticated
from services.gateway.imports.targets import TOKEN_FILE, TOKEN_VARIABLE, open_sink
from tests.integration.access.conftest import Company

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_commands_show_the_token_of_the_data_folder(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    url, file = str(company.running.http.base_url), company.folder / TOKEN_FILE
    (company.folder / "run").mkdir(exist_ok=True)
    (company.folder / "run" / "gateway.json").write_text(json.dumps({"http": url.removeprefix("http://")}))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "imports" in await asyncio.to_thread(call, company.folder, "", "GET", "/v1/imports")
    sink = await open_sink(company.folder, "")
    assert len((await sink.around())[0]) == 6
    await sink.close()
    with pytest.raises(Unauthenticated):  # what is meant for this folder's gateway is sent to no other
        await asyncio.to_thread(call, company.folder, url, "GET", "/v1/imports")
    monkeypatch.setenv(TOKEN_VARIABLE, file.read_text().strip())
    assert "imports" in await asyncio.to_thread(call, company.folder, url, "GET", "/v1/imports")


async def test_the_first_link_is_told_at_the_terminal(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    tell_first_administrator(company.folder)
    assert f"{company.running.http.base_url}" in capsys.readouterr().err
    tell_first_administrator(company.folder / "none")
    assert capsys.readouterr().err == ""
    assert checked_sign_in("accounts") == "accounts"
    with pytest.raises(InvalidInput):
        checked_sign_in("open")
