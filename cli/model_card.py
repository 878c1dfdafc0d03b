"""A model card as one file: HTML with its pictures inside, or Markdown."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.model_card_champion import beside
from cli.model_card_pictures import calibration, gain
from cli.model_card_words import KINDS, MODELS, REASONS, WORDS
from learning.titles import title

MOST_COLUMNS = 25
ORDER = ("Dealcast", "logistic regression", "LightGBM", "base rate", "rejected blend")
METRICS = ("auc", "log_loss", "ece", "lift")
ORDERING = ("auc", "lift")  # one rate for all puts nothing in order; its differences between folds are no merit
Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences, a table (first row: its head) and a picture as SVG; each may be empty."""

    title: str
    text: Sequence[str] = ()
    table: Sequence[Cells] = ()
    picture: str = ""


def sections(version: Mapping[str, Any], language: str) -> list[Section]:
    """What the card of a version (as the gateway lists it) says."""
    words, evaluation = WORDS[language], version.get("evaluation") or {}
    card = evaluation.get("card") or {}
    every = [Section(words["data"], list(_facts(evaluation, words)))]
    if evaluation.get("kinds"):
        every.append(_kinds(evaluation["kinds"], words))
    if card.get("models"):
        every.append(_comparison(evaluation, card, words, language))
        every.append(Section(words["calibration"], [words["calibration_how"]], picture=calibration(card, words)))
    if version.get("decision") or evaluation.get("champion"):
        every.append(Section(*beside(version, language)))
    if card.get("gain"):
        every.append(Section(words["gain"], [words["gain_how"]], picture=gain(card, words)))
    if card.get("segments") is not None:
        every.append(_segments(card, words, language))
    if card:
        every.append(_columns(card, words, language))
    every.append(_guard(evaluation, words, language))
    return every


def _facts(evaluation: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    window: Sequence[str] = evaluation.get("window") or []
    if window:
        yield words["window"].format(start=window[0], end=window[-1])
    yield words["records"].format(**{key: f"{evaluation.get(key) or 0:,}" for key in ("records", "outcomes", "won")})
    if never := evaluation.get("never_open"):
        yield words["never_open"].format(count=f"{never:,}")
    if evaluation.get("base_rate") is not None:
        yield words["rate"].format(rate=f"{evaluation['base_rate']:.1%}")
    kind = str(evaluation.get("model") or "")
    yield words["kind"].format(kind=words.get(f"kind_{kind}", kind))
    if evaluation.get("half_life_days"):
        yield words["half_life"].format(days=f"{evaluation['half_life_days']:.0f}")


def _comparison(
    evaluation: Mapping[str, Any], card: Mapping[str, Any], words: Mapping[str, str], language: str
) -> Section:
    test = evaluation.get("test") or {}
    window: Sequence[str] = test.get("window") or ["–"]
    text = [words["test"].format(records=f"{test.get('records', 0):,}", start=window[0], end=window[-1])]
    ours = card["models"]["Dealcast"]
    met = (ours["ece"]["value"] or 0.0) <= card["ece_bound"]
    text.append(words["bound_met" if met else "bound_missed"].format(bound=f"{card['ece_bound']:.3f}"))
    rows: list[Cells] = [(words["model"], "AUC", words["log_loss"], "ECE", words["lift"], words["saved"])]
    for name in (one for one in ORDER if one in card["models"]):
        figures = card["models"][name]
        cells = [
            "–" if name == "base rate" and metric in ORDERING else _interval(figures[metric]) for metric in METRICS
        ]
        rows.append((MODELS[language].get(name, name), *cells, _interval(figures.get("gain"), signed=True)))
    return Section(words["comparison"], text, rows)


def _interval(figure: Mapping[str, float | None] | None, *, signed: bool = False) -> str:
    if figure is None or figure["value"] is None:
        return "–"
    shown = f"{figure['value']:+.3f}" if signed else f"{figure['value']:.3f}"
    low, high = figure["low90"], figure["high90"]
    return shown if low is None or high is None else f"{shown} [{low:.3f}, {high:.3f}]"


def _kinds(kinds: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> Section:
    """What the score is the chance of, kind by kind, and how good it is in each pipeline."""
    text, rows = [], list[Cells]()
    for one in kinds:
        target = words["in_time" if one["horizon_days"] else one["target"]].format(days=one["horizon_days"])
        kind = words[f"kind_{one.get('model')}"] if one.get("model") else words["as_above"]
        text.append(words["target"].format(
            kind=words[one["kind"]], target=target, outcomes=f"{one['outcomes']:,}", won=f"{one['won']:,}", model=kind,
        ))  # fmt: skip
        if one["horizon_days"]:
            text.append(words["in_time_how"].format(days=one["horizon_days"]))
        rows += [_pipeline(one["kind"], each, words) for each in one["pipelines"]]
    if not rows:
        return Section(words["targets"], text)
    head = ("of_kind", "pipeline", "closed", "won_rate", "said", "auc", "log_loss", "rates_loss", "ece", "own")
    return Section(words["targets"], [*text, words["own_how"]], [[words[name] for name in head], *rows])


def _pipeline(kind: str, one: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    return [
        words[kind], one["pipeline"], f"{one['records']:,}", f"{one['rate']:.1%}", f"{one['mean']:.1%}",
        _interval(one["auc"]), _interval(one["log_loss"]), f"{one['base_log_loss']:.3f}", _interval(one["ece"]),
        f"{one['own']:.0%}",
    ]  # fmt: skip


def _segments(card: Mapping[str, Any], words: Mapping[str, str], language: str) -> Section:
    weak = [one for one in card["segments"] if one["weak"]]
    text = [words["segments_how"].format(count=len(card["segments"]))]
    if not weak:
        return Section(words["segments"], [*text, words["no_weak"]])
    head = ("column", "value", "closed", "won_rate", "said", "difference", "ratio", "weakness")
    weak.sort(key=lambda one: -abs(one["rate"] - one["mean"]))
    rows = [[words[name] for name in head], *(_segment(one, words, language) for one in weak)]
    return Section(words["segments"], text, rows)


def _segment(one: Mapping[str, Any], words: Mapping[str, str], language: str) -> list[str]:
    away = one["rate"] - one["mean"]
    return [
        _titled(one["column"], language), one["value"] or words["missing"], f"{one['records']:,}", f"{one['rate']:.1%}",
        f"{one['mean']:.1%}", f"{away:+.1%} [{one['gap_low']:+.1%}, {one['gap_high']:+.1%}]",
        f"{one['log_loss_ratio']:.2f}", ", ".join(words[f"weak_{name}"] for name in one["weak"]),
    ]  # fmt: skip


def _columns(card: Mapping[str, Any], words: Mapping[str, str], language: str) -> Section:
    used = [one for one in card["columns"] if one["influence"] is not None]
    rows: list[Cells] = [(words["column"], words["name"], words["type"], words["missing"], words["influence"])]
    for one in used[:MOST_COLUMNS]:
        kind = KINDS[language].get(one["kind"], one["kind"])
        named = _titled(one["name"], language), one["name"]
        rows.append((*named, kind, f"{one['missing']:.0%}", f"{one['influence']:.3f}"))
    unused = len(card["columns"]) - len(used)
    left = max(len(used) - MOST_COLUMNS, 0) + card.get("columns_left_out", 0)
    told = (("more", left), ("unused", unused))
    text = [words["columns_how"], *(words[key].format(count=count) for key, count in told if count)]
    return Section(words["columns"], text, rows if used else ())


def _titled(column: str, language: str) -> str:
    return title(column)[1 if language == "ko" else 0]


def _guard(evaluation: Mapping[str, Any], words: Mapping[str, str], language: str) -> Section:
    overrules = evaluation.get("overrules") or {}
    found = [
        (words[what], _titled(one["column"], language), one["column"], reason_of(one, language))
        for what, listed in (
            ("dropped", evaluation.get("dropped")), ("suspected", evaluation.get("suspected")),
            ("kept", overrules.get("kept")),
        )
        for one in listed or ()
    ]  # fmt: skip
    found += [(words["left_out"], _titled(name, language), name, "") for name in overrules.get("left_out") or ()]
    if not found:
        return Section(words["guard"], [words["no_leaks"]])
    return Section(words["guard"], (), [(words["what"], words["column"], words["name"], words["evidence"]), *found])


def reason_of(found: Mapping[str, Any], language: str) -> str:
    """Why the leak guard found a column."""
    english = str(found.get("reason", ""))
    return english if language == "en" else str(found.get("reason_ko") or REASONS.get(english, english))


def as_markdown(service: str, version: Mapping[str, Any], language: str) -> str:
    """The card without its pictures, whose data go into tables."""
    words, card = WORDS[language], (version.get("evaluation") or {}).get("card") or {}
    parts = [f"# {_title(service, version, words)}", _made(version, words)]
    for section in sections(version, language):
        parts += [f"## {section.title}", "\n\n".join(section.text)]
        table = section.table or _data_of(section, card, words)
        if table:
            parts.append(_markdown_table(table))
    return "\n\n".join(part for part in parts if part) + "\n"


def _data_of(section: Section, card: Mapping[str, Any], words: Mapping[str, str]) -> list[Cells]:
    if section.title == words["calibration"]:
        head = (words["said"], words["won_rate"], "90 %", words["closed"])
        return [head, *(
            (f"{one['mean']:.1%}", f"{one['rate']:.1%}", f"{one['rate_low']:.1%}–{one['rate_high']:.1%}",
             f"{one['records']:,}") for one in card["calibration"]
        )]  # fmt: skip
    if section.title == words["gain"]:
        head = (words["share"], words["share_won"], "90 %", words["lift_alone"])
        return [head, *(
            (f"{one['share']:.0%}", f"{one['won']:.0%}", f"{one['won_low']:.0%}–{one['won_high']:.0%}",
             f"{one['lift']:.2f}") for one in card["gain"][1::2]
        )]  # fmt: skip
    return []


def _markdown_table(table: Sequence[Cells]) -> str:
    rows = ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in table]
    return "\n".join([rows[0], "|" + "---|" * len(table[0]), *rows[1:]])


def as_html(service: str, version: Mapping[str, Any], language: str) -> str:
    """One self-contained page without scripts."""
    words = WORDS[language]
    title = html.escape(_title(service, version, words))
    body = [
        f"<h1>{title}</h1>",
        f"<p class=dim>{_text(_made(version, words))}</p>",
    ]
    for section in sections(version, language):
        body.append(f"<section><h2>{_text(section.title)}</h2>")
        body += [f"<p>{_text(one)}</p>" for one in section.text]
        if section.picture:
            body.append(f"<figure>{section.picture}</figure>")
        if section.table:
            body.append(_html_table(section.table))
        body.append("</section>")
    return _PAGE.format(language=language, title=title, style=_STYLE, body="\n".join(body))


def _title(service: str, version: Mapping[str, Any], words: Mapping[str, str]) -> str:
    return words["title"].format(service=words.get(f"service_{service}", service), version=version["version"])


def _made(version: Mapping[str, Any], words: Mapping[str, str]) -> str:
    day, _, moment = str(version.get("created_time") or "").partition("T")
    return words["made"].format(time=f"{day} {moment[:5]} UTC" if moment else "–")


def _text(text: str) -> str:
    return html.escape(text)


def _html_table(table: Sequence[Cells]) -> str:
    head = "".join(f"<th>{_text(cell)}</th>" for cell in table[0])
    rows = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in table[1:])
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #5b6470; --line: #d5dae0; --paper: #fff; --mark: #1f6feb;
  --band: #1f6feb33; --other: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --dim: #9aa4b2; --line: #3a424d; --paper: #14171b;
  --mark: #6ea8ff; --band: #6ea8ff40; --other: #e0b04b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; }
p { margin: .25rem 0; max-width: 45rem; } .dim { color: var(--dim); } figure { margin: .75rem 0; }
svg { width: 100%; max-width: 34rem; height: auto; display: block; }
.wide { overflow-x: auto; margin-top: .75rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { white-space: nowrap; } td:last-child { white-space: normal; min-width: 9rem; }
th { color: var(--dim); font-weight: 600; vertical-align: bottom; }
@media print { body { max-width: none; } .wide { overflow: visible; } }
""".strip()
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""
