"""What `dealcast evaluate lead-scoring` tells on the screen, in English or Korean."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.gateway.privacy.resident_numbers import masked_name
from services.lead_scoring.file_flags import counted

if TYPE_CHECKING:
    from learning.metrics import Interval
    from services.lead_scoring.file_flags import FileOptions
    from services.lead_scoring.file_run import Report

MOST = 12  # lines of a list
MOST_NAMES = 40  # of columns
KINDS = ("number", "date", "yes/no", "choice", "codes", "text")
FILE_WIDTH = 140  # where no terminal says how wide it is
ONE_LINE = 112  # a figure and its interval fit beside each other
_WORDS = {
    "trained": ("Trained on {counted} of {file}, {won:,} of them won ({rate:.1%}). Columns used: {columns}{open}.",
                "{file}의 {counted}으로 학습했습니다. 성공 {won:,}행({rate:.1%}), 열 {columns}개{open}."),
    "open": ("; {counted} without an outcome for the leak guard", ", 결과 없는 {counted}은 누출 점검에만 사용"),
    "won": ("Won means {column} = {value}.", "성공: {column} = {value}."),
    "read_as": ("Read as", "열의 종류"), "number": ("numbers", "숫자"), "date": ("days", "날짜"),
    "yes/no": ("yes or no", "예/아니요"), "choice": ("choices", "선택"), "codes": ("codes", "코드"),
    "text": ("free text", "글"), "and_more": (" and {count} more", " 외 {count}개"),
    "leaks": ("Leak guard", "누출 점검"),
    "column": ("column", "열"), "verdict": ("verdict", "판정"), "why": ("why", "이유"),
    "dropped": ("left out", "제외"), "suspected": ("suspected", "의심"),
    "advice": ("Suspected columns are used: leave out with --drop what is filled in after contact (--keep overrules).",
               "의심 열은 그대로 씁니다. 나중에 입력되는 값이면 --drop으로 빼고, 제외된 열을 쓰려면 --keep을 쓰세요."),
    "overrule": ("A column that was left out is used all the same with --keep.",
                 "제외된 열을 쓰려면 --keep을 쓰세요."),
    "clean": ("Leak guard: no column looks like a leak.", "누출 점검: 의심되는 열이 없습니다."),
    "more": ("and {count} more", "외 {count}개"),
    "figures": ("On {counted}, {won:,} of them won ({rate:.1%})",
                "평가 {counted}, 그중 성공 {won:,}행({rate:.1%})"),
    "interval": ("95 % bootstrap intervals in brackets.", "괄호 안은 95 % 부트스트랩 구간입니다."),
    "model": ("model", "모델"), "auc": ("AUC", "AUC"), "log_loss": ("log loss", "로그 손실"), "ece": ("ECE", "ECE"),
    "lift": ("top-decile lift", "상위 10 % 향상도"),
    "base rate": ("base rate", "평균 성공률"), "logistic regression": ("logistic regression", "로지스틱 회귀"),
    "unmeasured": ("The test file has no outcomes: the rows are scored, not measured.",
                   "평가 파일에 결과가 없어 점수만 매기고 측정하지 않았습니다."),
    "unknown": ("No outcome in the test file is one that the training file knows: its rows are scored, not measured.",
                "평가 파일에 학습 파일이 아는 결과가 없어 점수만 매기고 측정하지 않았습니다."),
    "too_few": ("Too few rows ({count}, {won:,} won) to tell if these fields predict: every row gets the base rate.",
                "행이 너무 적어({count}, 성공 {won:,}) 예측 여부를 알 수 없어 모든 행에 평균 성공률을 매겼습니다."),
    "prior": ("Too few outcomes to learn from ({count}; 40 are needed): all get a prior near the rate, a wide range.",
              "학습할 결과가 너무 적어({count}, 40건 필요) 모든 행에 기본값을 매겼습니다. 범위가 넓습니다."),
    "base_rate": ("These fields do not predict the outcome: every row gets the base rate.",
                  "이 항목들로는 결과를 예측할 수 없습니다. 모든 행에 평균 성공률을 매겼습니다."),
    "moved": ("Drift: these columns are spread differently in the test file; trust the figures less the further.",
              "분포 변화: 평가 파일에서 다음 열의 분포가 달라졌습니다. 변화가 클수록 결과를 덜 신뢰하세요."),
    "share": ("{share:.0%} of rows moved", "{share:.0%} 이동"),
    "new": (", {new:.0%} with values never seen", ", 처음 보는 값 {new:.0%}"),
    "rate": ("Drift: the rate of won rows went from {before:.1%} to {after:.1%}.",
             "분포 변화: 성공 비율이 {before:.1%}에서 {after:.1%}로 바뀌었습니다."),
    "written": ("The scores of {counted} are in {file}.", "{counted}의 점수를 {file}에 저장했습니다."),
}  # fmt: skip


class _Teller:
    """Prints in a language."""

    def __init__(self, language: str) -> None:
        self._place = 1 if language == "ko" else 0
        console = Console(highlight=False)
        self._console = console if console.is_terminal else Console(highlight=False, width=FILE_WIDTH)

    def word(self, key: str, **values: object) -> str:
        """The sentence of the key, filled in."""
        return _WORDS[key][self._place].format(**values) if key in _WORDS else key

    def say(self, text: str) -> None:
        """A line of plain text."""
        self._console.print(Text(text), soft_wrap=True)

    def rows(self, count: int, noun: str = "row") -> str:
        """So many rows."""
        return f"{count:,}행" if self.second else counted(count, noun)

    def tell(self, key: str, **values: object) -> None:
        """A line by its key."""
        self.say(self.word(key, **values))

    def table(self, title: str, head: list[str], rows: list[list[str]], *, numbers: bool = False) -> None:
        """A table; columns after the first are numbers, or text."""
        table = Table(title=Text(title), title_justify="left")
        for place, name in enumerate(head):
            right = numbers and place > 0
            table.add_column(Text(name), justify="right" if right else "left", no_wrap=right, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print(table)

    @property
    def between(self) -> str:
        """What stands between a figure and its interval."""
        return " " if self._console.width >= ONE_LINE else "\n"

    @property
    def second(self) -> bool:
        """Whether it tells Korean, the second of a pair."""
        return self._place == 1


def show(report: Report, options: FileOptions, out: Path, language: str) -> None:
    """Everything that was found."""
    teller = _Teller(language)
    _show_data(report, options, teller)
    _show_leaks(report, teller)
    _show_figures(report, teller)
    _show_drift(report, teller)
    teller.tell("written", counted=teller.rows(report.test_rows), file=out)


def _show_data(report: Report, options: FileOptions, teller: _Teller) -> None:
    won, rows = report.rate_before
    opened = report.training.opened
    more = teller.word("open", counted=teller.rows(opened.rows)) if opened is not None else ""
    teller.tell(
        "trained", counted=teller.rows(rows), file=masked_name(options.train.name), won=won,
        rate=won / rows if rows else 0.0, columns=report.columns, open=more,
    )  # fmt: skip
    teller.tell("won", column=report.training.target.column, value=report.training.target.positive)
    _show_kinds(report, teller)
    for note in report.notes:
        teller.say(f"· {note.ko if teller.second else note.en}")


def _show_kinds(report: Report, teller: _Teller) -> None:
    """What each column was read as."""
    kinds = report.kinds
    parts = []
    for kind in (one for one in KINDS if one in kinds):
        names = kinds[kind]
        more = teller.word("and_more", count=len(names) - MOST_NAMES) if len(names) > MOST_NAMES else ""
        parts.append(f"{teller.word(kind)} ({len(names)}): {', '.join(names[:MOST_NAMES])}{more}")
    if parts:
        teller.say(f"{teller.word('read_as')} {'; '.join(parts)}.")


def _show_leaks(report: Report, teller: _Teller) -> None:
    if not report.findings:
        teller.tell("clean")
        return
    rows = [
        [one.column, teller.word("dropped" if one.drop else "suspected"), one.text_ko if teller.second else one.text_en]
        for one in report.findings
    ]
    shown = max(MOST, sum(one.drop for one in report.findings))
    if len(rows) > shown:
        rows = [*rows[:shown], ["…", "", teller.word("more", count=len(rows) - shown)]]
    teller.table(teller.word("leaks"), [teller.word(name) for name in ("column", "verdict", "why")], rows)
    teller.tell("overrule" if all(one.drop for one in report.findings) else "advice")


def _show_figures(report: Report, teller: _Teller) -> None:
    figures = report.figures
    if figures is None:
        teller.tell("unknown" if report.unknown else "unmeasured")
    else:
        metrics = ("auc", "log_loss", "ece", "lift")
        rows = [
            [teller.word(name), *(_figure(of[metric], metric, teller.between) for metric in metrics)]
            for name, of in figures.of.items()
        ]
        title = teller.word(
            "figures", counted=teller.rows(figures.rows, "test row"), won=figures.won, rate=figures.won / figures.rows
        )
        teller.table(title, [teller.word(name) for name in ("model", *metrics)], rows, numbers=True)
        teller.tell("interval")
    if not report.predicts:
        won, trained = report.rate_before
        teller.tell("too_few" if report.too_few else report.model.kind, count=teller.rows(trained), won=won)


def _show_drift(report: Report, teller: _Teller) -> None:
    if report.rate_moved and report.figures is not None:
        won, rows = report.rate_before
        teller.tell("rate", before=won / rows, after=report.figures.won / report.figures.rows)
    if not report.moved:
        return
    teller.tell("moved")
    for one in report.moved[:MOST]:
        new = teller.word("new", new=one.new) if one.new >= 0.01 else ""
        teller.say(f"· {one.column}: {teller.word('share', share=one.share)}{new}")
    if len(report.moved) > MOST:
        teller.say("· " + teller.word("more", count=len(report.moved) - MOST))


def _figure(interval: Interval, metric: str, between: str) -> str:
    digits = 2 if metric == "lift" else 3
    if math.isnan(interval.value):
        return "–"
    low, high = interval.low95, interval.high95
    around = "" if math.isnan(low) else f"{between}[{low:.{digits}f}, {high:.{digits}f}]"
    return f"{interval.value:.{digits}f}{around}"
