"""What the store refuses, told in the words of the file that a row came from."""

from __future__ import annotations

from learning.records import LISTS
from services.gateway.domain import FieldError
from services.gateway.imports.cells import CellReader

_KINDS = {
    "there is no such user": "users",
    "there is no such account": "accounts",
    "there is no such product": "products",
    "there is no such contact": "contacts",
}


def in_columns(error: FieldError, cells: CellReader) -> FieldError:
    """The error with the column its value is from, and a mend that somebody with files can follow."""
    name = error.field.removeprefix("fields.")
    if name.startswith(("history[", "activities[")):
        of_activity, name = name.startswith("activities["), name.partition("].")[2]
        name = "activity_id" if of_activity and name == "id" else name
    if name.partition(".")[0].partition("[")[0] in LISTS:
        name = name.split(".")[-1] if "." in name else "percent"  # a list as a whole is refused for its shares
    kind = _KINDS.get(error.message)
    mend = _where_to_add(kind, cells) if kind else error.mend
    return FieldError(cells.column_of(name), error.value, error.message, mend)


def _where_to_add(kind: str, cells: CellReader) -> str:
    """A record that a row names comes from another file, or from one that the mapping does not read yet."""
    paths = dict.fromkeys(path for spec in cells.mapping.files if spec.entity == kind for path in spec.patterns)
    if not paths:
        return f"correct it, or let the mapping read a file of {kind}"
    return f"add a row for it to {' or '.join(paths)}, or correct this one"
