"""The catalogue's expressions: CEL, compiled once and type-checked against the documented variables.

Grammar: https://github.com/google/cel-spec, evaluated by cel-expr-python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cel_expr_python import cel

from kit.errors import InvalidInput
from services.next_best_action.domain import Variable
from services.next_best_action.features import VARIABLES

LONGEST = 500
BITS = 32  # conditions to one sum

_TYPES = {
    "string": cel.Type.STRING,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "bool": cel.Type.BOOL,
    "list(string)": cel.Type.List(cel.Type.STRING),
}
_ENVIRONMENT = cel.NewEnv(variables={name: _TYPES[variable.type] for name, variable in VARIABLES.items()})


class Condition:
    """A yes/no expression over the variables."""

    __slots__ = ("_expression", "text")

    def __init__(self, text: str, *, where: str) -> None:
        """Compile; raises InvalidInput naming `where`, the expression and the mend."""
        if len(text) > LONGEST:
            mend = f"Keep it within {LONGEST} characters"
            raise InvalidInput("the expression is too long", field=where, value=text, mend=mend)
        self.text = text
        self._expression = _compile(text, where)

    def holds(self, activation: Any) -> bool:
        """Whether it is true; an expression that fails on these values (such as a division by zero) does not hold."""
        value = self._expression.eval(activation).value()
        return value is True

    @classmethod
    def all_of(cls, texts: Mapping[str, str]) -> Condition:
        """Several conditions by place as one, so that they cost one evaluation; each is checked by itself."""
        for where, text in texts.items():
            cls(text, where=where)
        whole = cls.__new__(cls)
        whole.text = " && ".join(f"({text})" for text in texts.values())
        whole._expression = _compile(whole.text, " and ".join(texts))
        return whole


class Together:
    """Many conditions answered by one evaluation of a sum of bits: several times cheaper than one by one."""

    __slots__ = ("_groups",)

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._groups: list[tuple[int, Any, Sequence[Condition]]] = []
        for first in range(0, len(conditions), BITS):
            group = conditions[first : first + BITS]
            self._groups.append((first, _sum_of_bits(group), group))

    def holding(self, activation: Any) -> int:
        """Bit n is set where condition n holds."""
        found = 0
        for first, expression, group in self._groups:
            bits = expression.eval(activation).value() if expression is not None else None
            if not isinstance(bits, int):  # one that fails on these values spoils the sum; the others still hold
                bits = sum(1 << place for place, each in enumerate(group) if each.holds(activation))
            found |= bits << first
        return found


def activation(variables: Mapping[str, Variable]) -> Any:
    """The variables as CEL takes them: build once a deal, share between its expressions."""
    return _ENVIRONMENT.Activation(dict(variables))


def _sum_of_bits(group: Sequence[Condition]) -> Any | None:
    """None where the conditions are too much for one expression."""
    terms = (f"((\n{each.text}\n) ? {1 << place} : 0)" for place, each in enumerate(group))
    try:
        return _ENVIRONMENT.compile(" + ".join(terms))
    except RuntimeError:
        return None


def _compile(text: str, where: str) -> Any:
    try:
        expression = _ENVIRONMENT.compile(text)
    except RuntimeError as error:
        raise InvalidInput(_headline(str(error)), field=where, value=text, mend=_mend(str(error))) from None
    if expression.return_type() != cel.Type.BOOL:
        raise InvalidInput(
            f"the expression gives {expression.return_type().name()}, not yes or no",
            field=where,
            value=text,
            mend="Compare it with something, such as `days_since_contact >= 7`",
        )
    return expression


def _headline(message: str) -> str:
    first = message.splitlines()[0] if message else "it does not compile"
    return "the expression does not compile: " + first.rpartition("<input>:")[2].strip()


def _mend(message: str) -> str:
    if "undeclared reference" in message:
        return "Use one of the variables: " + ", ".join(sorted(VARIABLES))
    if "no matching overload" in message:
        kinds = {name: variable.type for name, variable in VARIABLES.items()}
        doubles = ", ".join(name for name, kind in kinds.items() if kind == "double")
        return f"Compare like with like; {doubles} are written with a decimal point, such as 0.5 or 1.0"
    return "See the grammar of CEL; an example: kind == 'OPPORTUNITY' && days_since_contact >= 7"
