"""The command line as people meet it: help, wrong use, errors with their mend, and an import from end to end."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.__main__ import COMMANDS, app, main
from kit.errors import Conflict
from services.gateway.imports import targets

ROOT = Path(__file__).resolve().parents[3]
MAPPING = """
[mapping]
as_of = "last"
[files.deals]
entity = "deals"
path = "deals.csv"
[files.deals.columns]
id = "id"
created_time = "created"
"""
LOG = """
[files.log]
entity = "events"
path = "log.csv"
[files.log.columns]
id = "case"
time = "at"
[[files.log.rules]]
when = { what = "*" }
stage = "Talks"
"""


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def dealcast(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["dealcast", *arguments])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        out = capsys.readouterr()
        assert isinstance(code, int)
        return Done(code, out.out, out.err)

    return run


def test_help_names_the_commands(dealcast: Run) -> None:
    done = dealcast("--help")
    assert done.returncode == 0
    for name in ("import", "train", "models", "export", "dead-letters"):
        assert name in done.stdout


def test_help_imports_nothing_heavy() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['dealcast', '--help']\n"
        "from cli.__main__ import app\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'sqlalchemy', 'grpc', 'httpx', 'lightgbm', 'mlflow', 'fastapi'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [name for name, module in COMMANDS.items() if importlib.util.find_spec(module)])
def test_every_command_has_help(name: str, dealcast: Run) -> None:
    assert dealcast(name, "--help").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["imprt"], 2, "No such command 'imprt'"),
        (["import", "--maping", "x", "."], 2, "No such option"),
        (["import"], 2, "Missing argument 'PATH'"),
        (["import", "--mapping", "nope", "."], 1, "mend: name a .toml file"),
        (["import", "--mapping", "loan_offers", "none"], 1, "there is no such file or folder"),
        (["import", "--mapping", "loan_offers", "."], 1, "the folder lacks"),
        (["train", "--data-dir", "none"], 1, "mend: start one with dealcast up"),
        (["models", "list", "--url", "nowhere"], 1, "does not answer"),
        (["dead-letters", "replay", "x"], 2, "valid integer"),
    ],
)
def test_wrong_use_is_told_without_a_traceback(arguments: list[str], code: int, part: str, dealcast: Run) -> None:
    done = dealcast(*arguments)
    assert done.returncode == code
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_an_import_tells_counts_and_rejects(tmp_path: Path, dealcast: Run) -> None:
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "deals.csv").write_text("id,created,Size\na,2017-01-01,1\nb,someday,2\n", encoding="utf-8")
    done = dealcast("import", "--mapping", "m.toml", "deals.csv", "--data-dir", "data")
    assert done.returncode == 0, done.stderr
    assert "deals: 2 read, 1 created, 0 changed, 0 unchanged, 1 rejected" in done.stdout
    assert "deals.csv, line 3: created = someday: it is not a time" in done.stderr
    rejects = tmp_path / "rejects-deals.csv"
    assert "someday" in rejects.read_text(encoding="utf-8")
    rejects.write_text(rejects.read_text(encoding="utf-8").replace("b,someday", "b,2017-01-02"), encoding="utf-8")
    done = dealcast("import", "--mapping", "m.toml", rejects.name, "--data-dir", "data")
    assert "in all: 1 created, 0 changed, 0 unchanged, 0 rejected" in done.stdout
    done = dealcast("import", "--mapping", "m.toml", "deals.csv", "--data-dir", "data", "--dry-run")
    assert "dry run" in done.stdout
    assert "in all: 0 created, 0 changed, 1 unchanged, 1 rejected" in done.stdout


def test_several_files_and_folders_are_one_import(tmp_path: Path, dealcast: Run) -> None:
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    for folder, line in (("june", "a,2017-01-01,1"), ("july", "b,2017-02-01,2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "deals.csv").write_text(f"id,created,Size\n{line}\n", encoding="utf-8")
    done = dealcast("import", "--mapping", "m.toml", "june", "july", "june/deals.csv", "--data-dir", "data")
    assert "deals: 2 read, 2 created" in done.stdout, done.stderr
    assert len(dealcast("imports", "list", "--data-dir", "data").stdout.splitlines()) == 1
    done = dealcast("import", "--mapping", "m.toml", "june", "none", "--data-dir", "data")
    assert (done.returncode, "there is no such file or folder" in done.stderr) == (1, True)


def test_an_import_tells_what_counts_with_deals_and_where_the_clock_stays(tmp_path: Path, dealcast: Run) -> None:
    (tmp_path / "m.toml").write_text(MAPPING + LOG, encoding="utf-8")
    (tmp_path / "deals.csv").write_text("id,created\na,2017-01-01\n", encoding="utf-8")
    (tmp_path / "log.csv").write_text("case,at,what\na,2017-02-03,ended\na,2017-02-01,begun\n", encoding="utf-8")
    done = dealcast("import", "--mapping", "m.toml", ".", "--data-dir", "data")
    assert done.stdout.startswith("m, as of 2017-02-03\n"), done.stderr
    assert "  deals: 1 read, 1 created, 0 changed, 0 unchanged, 0 rejected\n" in done.stdout
    assert "  events: 2 read, 0 rejected\n" in done.stdout
    (tmp_path / "log.csv").write_text("case,at,what\na,2017-02-01,begun\n", encoding="utf-8")
    done = dealcast("import", "--mapping", "m.toml", ".", "--data-dir", "data")
    assert done.stdout.startswith("m, as of 2017-02-01; the company's day stays 2017-02-03\n")


def test_a_gateway_that_takes_no_real_records_is_told_by_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        message = "this workspace holds the sample company and takes no real records"
        raise Conflict(message, field="--data-dir", mend="Start another one: dealcast up --data-dir ANOTHER")

    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "deals.csv").write_text("id,created\na,2017-01-01\n", encoding="utf-8")
    monkeypatch.setattr(targets, "open_sink", refuse)
    asked = ["import", "--mapping", str(tmp_path / "m.toml"), str(tmp_path), "--lang", "ko"]
    done = CliRunner().invoke(app, [*asked, "--url", "http://127.0.0.1:9"])
    assert isinstance(done.exception, Conflict)
    assert (done.exception.field, done.exception.value) == ("--url", "http://127.0.0.1:9")
    assert done.exception.message == "이 작업 공간에는 샘플 회사가 있어 실제 기록을 받지 않습니다"
    assert "그 주소를 쓰세요" in done.exception.mend
    done = CliRunner().invoke(app, [*asked, "--data-dir", str(tmp_path)])
    assert isinstance(done.exception, Conflict)
    assert done.exception.field == "--data-dir"


def test_an_import_speaks_the_language_of_its_reader(
    tmp_path: Path, dealcast: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "deals.csv").write_text("id,created\na,2017-01-01\nb,someday\n", encoding="utf-8")
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    done = dealcast("import", "--mapping", "m.toml", "deals.csv", "--data-dir", "data")
    assert "  딜: 읽음 2, 생성 1, 변경 0, 그대로 0, 거부 1\n" in done.stdout, done.stderr
    assert "deals.csv 3행: created = someday: 2017-09-30 또는" in done.stderr
    assert "형식의 일시가 아닙니다" in (tmp_path / "rejects-deals.csv").read_text(encoding="utf-8-sig")
    done = dealcast("import", "--mapping", "m.toml", "none.csv", "--data-dir", "data")
    assert "오류: PATH = none.csv: 그런 파일이나 폴더가 없습니다" in done.stderr
    done = dealcast("import", "--mapping", "m.toml", "none.csv", "--data-dir", "data", "--lang", "en")
    assert "there is no such file or folder" in done.stderr
