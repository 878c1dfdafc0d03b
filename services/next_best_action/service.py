"""The use case: a deal with its score and forecast in, its next actions out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from kit.clock import Clock, as_of
from kit.models import Pointer
from kit.subjects import insight_id
from learning.action_policies import ActionPolicies
from learning.answers import hidden_until
from learning.insight_keys import InsightKey
from learning.records import DealHistory, DealKind, Outcome
from services.next_best_action import features
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.domain import Answer, Asked, Person, Situation
from services.next_best_action.model import ActionModel
from services.next_best_action.ranking import rank

KIND = "next_actions"
PRIOR_VERSION = "prior"


class CurrentModel(Protocol):
    """Tells the model in use; without a pointer it is the built-in prior."""

    @property
    def current(self) -> tuple[ActionModel, Pointer | None]: ...


class NextBestAction:
    """Ranks actions with the catalogue and the model in use."""

    def __init__(self, catalogue: Catalogue, models: CurrentModel, clock: Clock, *, seed: int = 0) -> None:
        self.catalogue = catalogue
        self.policies = ActionPolicies()
        self.edition = 0  # of the catalogue: 0 is the file, else how often it was edited
        self.models = models
        self._clock = clock
        self._seed = seed

    def adopt(self, catalogue: Catalogue, edition: int, policies: ActionPolicies | None = None) -> None:
        """Rank by another catalogue and other policies, else the usual ones, from the next batch on."""
        self.catalogue, self.edition, self.policies = catalogue, edition, policies or ActionPolicies()

    def answer(self, deals: Sequence[Asked]) -> list[Answer]:
        """One answer a deal, all by the same model and catalogue."""
        model, pointer = self.models.current
        return [self._answer(deal, model, pointer) for deal in deals]

    def _answer(self, asked: Asked, model: ActionModel, pointer: Pointer | None) -> Answer:
        version, generation = (pointer.version, pointer.generation) if pointer else (PRIOR_VERSION, 0)
        generation += self.edition  # both only grow, so an answer by a newer catalogue or model wins
        found = situation(asked, self.catalogue, model)
        here = model.at(asked.history, asked.day, found.variables)
        ranking = rank(found, self.catalogue, here, self.policies, seed=self._seed)
        deal, day = asked.history.deal, asked.day.isoformat()
        upstream = asked.upstream.insight_id if asked.upstream else ""
        by = f"{version}+{self.edition}" if self.edition else version
        name = insight_id(KIND, deal.id, deal.revision, generation, day, upstream, by)
        key = InsightKey(deal.revision, generation, day, name, asked.upstream)
        return Answer(key, version, as_of(self._clock.now(), asked.day), ranking, self.edition, found.shown)


def situation(asked: Asked, catalogue: Catalogue, model: ActionModel) -> Situation:
    """What ranking sees of a deal."""
    history, deal = asked.history, asked.history.deal
    amount, currency, usual = expected_amount(asked, catalogue, model)
    actionable = deal.outcome is Outcome.OPEN and not deal.deleted
    worth = amount
    if deal.kind is DealKind.LEAD:
        worth *= catalogue.win_rate if model.win_rate is None else model.win_rate
    read = catalogue.signals.read(history.activities, asked.day)
    found = features.variables(
        history, asked.day, probability=asked.probability, slip_risk=asked.slip_risk, amount=amount, usual=usual,
        signals=read.names,
    ) if actionable else {}  # fmt: skip
    return Situation(
        deal.id, deal.revision, asked.day, actionable, asked.probability, worth, currency, found, people(history),
        history.counters, deal.owner_id, deal.account_id, tuple([line.product_id for line in deal.products]),
        hidden(asked) if asked.answers else {}, read.shown,
    )  # fmt: skip


def hidden(asked: Asked) -> dict[str, date]:
    """The actions that answers keep away, each with the day from which on it may be suggested again."""
    found = ((one.action, hidden_until(one, asked.history.deal, asked.day)) for one in asked.answers)
    return {action: again for action, again in found if again is not None}


def expected_amount(asked: Asked, catalogue: Catalogue, model: ActionModel) -> tuple[float, str, float]:
    """What winning brings, its currency, and what it usually brings, in major units.

    A deal without an amount counts as a usual one: the median won in the company's currency, or the catalogue's guess.
    """
    currency = asked.amount.currency if asked.amount else model.currency or catalogue.currency
    usual = model.typical_amounts.get(currency)
    if usual is None:
        usual = catalogue.in_currency(catalogue.typical_amount, currency)
    if asked.amount is None or asked.amount.minor <= 0:
        return usual, currency, usual
    return float(asked.amount.value), currency, usual


def people(history: DealHistory) -> tuple[Person, ...]:
    """The deal's contacts with what they consented to and refused; a refusal outweighs a consent."""
    found = []
    for contact, role in history.contacts:
        refused = frozenset(consent.channel for consent in contact.consents if not consent.granted)
        granted = frozenset(consent.channel for consent in contact.consents if consent.granted)
        found.append(Person(contact.id, role, granted - refused, refused))
    return tuple(found)
