"""Champion, challengers, control group: stable, of the stated size, and refused by name where wrong."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from kit.errors import InvalidInput
from learning.action_policies import ActionPolicies, ActionPolicy, read_policies, shares_of

COUNT = 20_000
BOLD, SHOWING = ActionPolicy("bold", 0.2, near=0.5), ActionPolicy("showing", 0.1, "showing")
THREE = ActionPolicies("default", (ActionPolicy("default"), BOLD, SHOWING), 0.1)


def test_the_control_group_and_the_policies_have_their_shares() -> None:
    found: Counter[str] = Counter()
    for place in range(COUNT):
        unit = f"deal-{place}"
        found["" if THREE.control(3, unit) else THREE.policy(3, unit).id] += 1
    shares = THREE.shares()
    assert shares == pytest.approx({"": 0.1, "default": 0.63, "bold": 0.18, "showing": 0.09})
    for name, share in shares.items():
        assert found[name] / COUNT == pytest.approx(share, abs=4 * (share * (1 - share) / COUNT) ** 0.5)
    assert shares_of(THREE, control=False) == pytest.approx({"default": 0.7, "bold": 0.2, "showing": 0.1})


def test_a_larger_share_only_adds_deals() -> None:
    more = ActionPolicies("default", THREE.policies, 0.2)
    units = [f"deal-{place}" for place in range(2_000)]
    assert all(more.control(3, unit) for unit in units if THREE.control(3, unit))
    assert [THREE.policy(3, unit).id for unit in units] == [more.policy(3, unit).id for unit in units]


def test_whose_turn_it_is_does_not_depend_on_the_control_group() -> None:
    units = [f"deal-{place}" for place in range(COUNT)]
    bold = [THREE.policy(3, unit).id == "bold" for unit in units if THREE.control(3, unit)]
    assert sum(bold) / len(bold) == pytest.approx(0.2, abs=4 * (0.16 / len(bold)) ** 0.5)


def test_json_there_and_back() -> None:
    assert read_policies(THREE.to_json()) == THREE
    assert read_policies({"policies": [{"id": "a"}]}) == ActionPolicies("a", (ActionPolicy("a"),))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], "policies"),
        ({}, "policies"),
        ({"policies": []}, "policies"),
        ({"policies": [{"id": f"p{place}"} for place in range(6)]}, "policies"),
        ({"policies": [{"id": "a"}, {"id": "a"}]}, "policies"),
        ({"policies": [{"id": "a b"}]}, "policies[0].id"),
        ({"policies": [{"id": "a", "colour": 1}]}, "policies[0].colour"),
        ({"policies": [{"id": "a", "rank_by": "hope"}]}, "policies[0].rank_by"),
        ({"policies": [{"id": "a", "near": 2}]}, "policies[0].near"),
        ({"policies": [{"id": "a", "share": True}]}, "policies[0].share"),
        ({"policies": [{"id": "a"}], "champion": "b"}, "champion"),
        ({"policies": [{"id": "a"}], "unit": "town"}, "unit"),
        ({"policies": [{"id": "a"}], "control_share": 0.6}, "control_share"),
        ({"policies": [{"id": "a"}, {"id": "b", "share": 0.95}]}, "policies"),
        ({"policies": [{"id": "a"}], "extra": 1}, "policies.extra"),
    ],
)
def test_what_is_wrong_is_named(given: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_policies(given)
    assert caught.value.field == field
    assert caught.value.mend
