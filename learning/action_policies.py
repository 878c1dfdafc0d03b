"""The policies that choose which suggestion a deal is shown first: champion, challengers, control group.

RevOps sets them, next best action follows them, training compares them. Which of them a deal is under depends on a
hash alone, so it never changes while their shares stay, and a larger share only adds deals to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from kit.errors import InvalidInput

RANKED_BY = ("doing", "showing", "playbook")
UNITS = ("deal", "owner")
MOST_POLICIES = 5
MOST_SHARED = 0.9  # of the deals, to control group and challengers together
EXAMPLE = ('Send {"champion": "default", "policies": [{"id": "default"}, {"id": "bold", "share": 0.2, "near": 0.4}], '
           '"control_share": 0.05, "unit": "deal"}')  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActionPolicy:
    """One policy. `near` and `most_exploring` are those of the catalogue where they are None."""

    id: str
    share: float = 0.0  # of the deals outside the control group; the champion's is what the others leave
    rank_by: str = "doing"  # the effect of doing, of showing, or the playbook's
    near: float | None = None
    most_exploring: float | None = None

    @property
    def content(self) -> tuple[Any, ...]:
        """What an id stands for, whatever its share."""
        return self.rank_by, self.near, self.most_exploring


@dataclass(frozen=True, slots=True)
class ActionPolicies:
    """All of them. Without a second one and without a control group, everything is the champion's."""

    champion: str = "default"
    policies: tuple[ActionPolicy, ...] = (ActionPolicy("default"),)
    control_share: float = 0.05
    unit: str = "deal"  # that is assigned as a whole: deal or owner

    def shares(self) -> dict[str, float]:
        """Of all deals, by policy id; that of the control group under the empty id."""
        rest = 1 - self.control_share
        found = {each.id: each.share * rest for each in self.policies if each.id != self.champion}
        found[self.champion] = rest - sum(found.values())
        return {"": self.control_share, **found}

    def control(self, seed: int, unit_id: str) -> bool:
        """Whether a deal (or owner) is in the control group."""
        return fraction(seed, "control", unit_id) < self.control_share

    def policy(self, seed: int, unit_id: str) -> ActionPolicy:
        """Whose turn a deal (or owner) is; in the control group, whose it would be."""
        if len(self.policies) == 1:
            return self.policies[0]
        at = fraction(seed, "policy", unit_id)
        for each in self.policies:
            if each.id != self.champion:
                if at < each.share:
                    return each
                at -= each.share
        return self.by_id(self.champion)

    def by_id(self, identity: str) -> ActionPolicy:
        """The policy of that id."""
        return next(each for each in self.policies if each.id == identity)

    def to_json(self) -> dict[str, Any]:
        """As programs send and read it."""
        return asdict(self) | {"policies": [asdict(each) for each in self.policies]}


@lru_cache(maxsize=64)
def shares_of(policies: ActionPolicies, *, control: bool = True) -> Mapping[str, float]:
    """The shares of all deals with or without a control group kept apart. Not to be changed."""
    found = policies.shares()
    return found if control else {name: share / (1 - found[""]) for name, share in found.items() if name}


def fraction(seed: int, *parts: str) -> float:
    """A number in [0, 1) that depends on the arguments alone."""
    counter = "\x1f".join((str(seed), *parts)).encode("utf-8", "surrogatepass")
    return (int.from_bytes(hashlib.blake2b(counter, digest_size=8).digest(), "big") >> 11) / (1 << 53)


def read_policies(given: Any) -> ActionPolicies:
    """What a JSON object says. Raises InvalidInput naming the member."""
    body = _object(given, "policies", ("champion", "policies", "control_share", "unit"))
    listed = body.get("policies")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not 0 < len(listed) <= MOST_POLICIES:
        raise InvalidInput(f"there are 1 to {MOST_POLICIES} policies", field="policies", value=str(listed)[:60],
                           mend=EXAMPLE)  # fmt: skip
    policies = tuple(_policy(each, f"policies[{place}]") for place, each in enumerate(listed))
    ids = [each.id for each in policies]
    if len(set(ids)) < len(ids):
        raise InvalidInput("two policies have one id", field="policies", value=", ".join(ids), mend="Rename one")
    champion = body.get("champion", ids[0])
    if champion not in ids:
        raise InvalidInput("the champion is none of the policies", field="champion", value=str(champion)[:60],
                           mend="Use one of " + ", ".join(ids))  # fmt: skip
    unit = body.get("unit", "deal")
    if unit not in UNITS:
        raise InvalidInput("this cannot be assigned", field="unit", value=str(unit)[:60],
                           mend="Use one of " + ", ".join(UNITS))  # fmt: skip
    control = _share(body.get("control_share", 0.05), "control_share", 0.5)
    challenged = sum(each.share for each in policies if each.id != champion)
    if control + (1 - control) * challenged > MOST_SHARED:
        raise InvalidInput(f"challengers and control group have more than {MOST_SHARED:.0%} of the deals",
                           field="policies", value=f"{control + (1 - control) * challenged:.2f}",
                           mend="Give them smaller shares: the champion gets the rest")  # fmt: skip
    return ActionPolicies(str(champion), policies, control, str(unit))


def _policy(given: Any, where: str) -> ActionPolicy:
    body = _object(given, where, ("id", "share", "rank_by", "near", "most_exploring"))
    identity = body.get("id")
    if not isinstance(identity, str) or not identity.replace("-", "_").isidentifier() or len(identity) > 64:
        raise InvalidInput("a policy's id is one word of letters, digits, - and _", field=f"{where}.id",
                           value=str(identity)[:60], mend="Rename it, such as bold-2")  # fmt: skip
    ranked = body.get("rank_by", "doing")
    if ranked not in RANKED_BY:
        raise InvalidInput("nothing can be ranked by this", field=f"{where}.rank_by", value=str(ranked)[:60],
                           mend="Use one of " + ", ".join(RANKED_BY))  # fmt: skip
    bounds = {name: None if body.get(name) is None else _share(body[name], f"{where}.{name}")
              for name in ("near", "most_exploring")}  # fmt: skip
    return ActionPolicy(identity, _share(body.get("share", 0.0), f"{where}.share"), str(ranked), **bounds)


def _object(given: Any, where: str, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidInput("this is no object", field=where, value=str(given)[:60], mend=EXAMPLE)
    if unknown := [str(name) for name in given if name not in known]:
        raise InvalidInput("this member is not known", field=f"{where}.{unknown[0][:60]}", value=unknown[0][:60],
                           mend="Use " + ", ".join(known))  # fmt: skip
    return given


def _share(value: Any, where: str, most: float = 1.0) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
        raise InvalidInput(f"it is no share from 0 to {most:g}", field=where, value=str(value)[:60],
                           mend="Send a number such as 0.1")  # fmt: skip
    return float(value)
