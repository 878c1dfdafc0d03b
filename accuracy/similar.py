"""Whether the past deals most like one tell how it will end and what is done next, better than chance.

The later third of the closed deals asks the earlier two thirds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from accuracy.action_driving import TODAY
from accuracy.histories import history_of
from demo.generate import generate
from learning.history import read_history
from learning.metrics import auc
from services.next_best_action.encoder import CARRIED, TextVectors
from services.next_best_action.similar import Known, SimilarDeals, fields_vector, words_vector
from services.next_best_action.similar_training import Past, index, past_of

NEIGHBOURS = 20
MOST_ASKED, MOST_KNOWN = 600, 2_000
SEED = 0
RESAMPLES = 500
SAMPLE_DEALS, SAMPLE_SEED = 4_000, 1
WAYS = (("fields", (True, False)), ("texts", (False, True)), ("fields and texts", (True, True)))


def section() -> str:
    """The section of docs/accuracy.md."""
    real = compared(history_of("crm_sales_opportunities"))
    with TemporaryDirectory() as folder:
        generate(Path(folder) / "sample", SAMPLE_DEALS, SAMPLE_SEED, TODAY)
        made = compared(Path(folder) / "sample")
    return "\n\n".join([
        "## Similar deals: do they end alike",
        (f"The outcome is foretold by the share won among the {NEIGHBOURS} deals most alike that had closed before the "
         "day asked about; an area under the curve of 0.5 is chance, with 95 % bootstrap intervals. No gain and no "
         "ranking rests on similar deals: they are evidence for people."),
        f"`crm_sales_opportunities`, which has no notes and no activities: {real}",
        f"The sample company ({SAMPLE_DEALS:,} deals), whose notes are made up: {made}",
    ])  # fmt: skip


def compared(folder: Path) -> str:
    """Of a history folder, a row of Markdown for each way of comparing: fields, texts, both."""
    history = read_history(folder)
    found = (past_of(one, history.manifest.business_day) for one in history.deals())
    past = sorted((one for one in found if one is not None), key=lambda one: (one.closed, one.deal_id))
    cut = len(past) * 2 // 3
    # Who asks was still open when what it is told had closed: nothing of the future is known.
    asking = [one for one in past[cut:] if one.day > past[cut - 1].closed][:MOST_ASKED]
    vectors = TextVectors(CARRIED)
    known = index(past[:cut][-MOST_KNOWN:], vectors, seed=SEED)
    questions = [_question(known, one, vectors) for one in asking]
    noted = sum(1 for one in asking if one.text)
    ways = WAYS if noted else WAYS[:1]
    rows = [_row(name, known, [_kept(one, known, *keep) for one in questions], asking) for name, keep in ways]
    return (
        f"{len(asking)} deals asked {len(known)} earlier ones; {noted} had texts.{_chance(known, asking)}\n\n"
        "| compared by | AUC of the neighbours' share won | next activity told right |\n| --- | --- | --- |\n"
        + "\n".join(rows)
    )


def _chance(known: SimilarDeals, asking: Sequence[Past]) -> str:
    """How often the most usual next activity is right."""
    assert known.following is not None
    usual = Counter(str(one) for one in known.following if one)
    later = [one.following for one in asking if one.following]
    if not usual or not later:
        return ""
    right = sum(each == usual.most_common(1)[0][0] for each in later) / len(later)
    return f" The most usual next activity by itself is right in {right:.2f}."


def _question(known: SimilarDeals, one: Past, vectors: TextVectors) -> Known:
    assert known.centre is not None
    fields = fields_vector(one.row, known.centre[0], known.centre[1])
    text = vectors.vectors([one.text]).result()[0] if known.encoder and one.text and vectors.reads(one.text) else None
    return Known(fields, text, words_vector(known.ngrams, one.text))


def _kept(question: Known, known: SimilarDeals, fields: bool, texts: bool) -> Known:
    return Known(
        question.fields if fields else np.zeros_like(question.fields),
        question.text if texts else None,
        question.words if texts else None,
    )


def _row(name: str, known: SimilarDeals, questions: Sequence[Known], asking: Sequence[Past]) -> str:
    assert known.won is not None
    assert known.following is not None
    shares, told = [], []
    for question, one in zip(questions, asking, strict=True):
        near = np.argsort(-known.likeness(question), kind="stable")[:NEIGHBOURS]
        shares.append(float(known.won[near].mean()))
        if one.following:
            acts = Counter(str(each) for each in known.following[near] if each)
            told.append(bool(acts) and acts.most_common(1)[0][0] == one.following)
    won = np.array([one.won for one in asking], dtype=float)
    low, middle, high = _interval(np.array(shares), won)
    right = f"{np.mean(told):.2f} of {len(told)}" if told else "–"
    return f"| {name} | {middle:.3f} ({low:.3f}–{high:.3f}) | {right} |"


def _interval(shares: NDArray[np.float64], won: NDArray[np.float64]) -> tuple[float, float, float]:
    generator = np.random.default_rng(SEED)
    draws = []
    for _ in range(RESAMPLES):
        picked = generator.integers(0, len(won), len(won))
        if 0 < won[picked].sum() < len(won):
            draws.append(auc(won[picked], shares[picked], np.ones(len(picked))))
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(auc(won, shares, np.ones(len(won)))), float(high)
