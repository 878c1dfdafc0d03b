"""Which files of a folder a mapping is about, and one open table for each part of the mapping that reads it."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kit.errors import InvalidInput, NotFound
from learning.records import FieldType
from services.gateway.imports.cells import CellReader
from services.gateway.imports.file_kinds import SUFFIXES
from services.gateway.imports.guesses import TypeGuess
from services.gateway.imports.reader import Table
from services.gateway.imports.schema import OF_DEALS, WITH_FIELDS, FileSpec, Mapping, Source
from services.gateway.imports.sheets import Reading, SheetTable
from services.gateway.imports.workbook import is_workbook
from services.gateway.privacy.resident_numbers import masked_name

REJECTS = "rejects-"
_TEXTS = (FieldType.TEXT, FieldType.CHOICE)  # a choice becomes text by itself where its values grow long
_FAMILIES = {"reporting_lines": "users"}


@dataclass(slots=True)
class OpenTable:
    """A file read by one part of the mapping; `types` are known once every row was seen."""

    path: Path
    spec: FileSpec
    table: Table | SheetTable
    cells: CellReader
    custom: dict[str, Source]  # custom field → where its value comes from
    guesses: MappingType[str, TypeGuess]
    types: dict[str, FieldType] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """What its rows are written with: the rows of all files on deals make deals."""
        return "deals" if self.spec.entity in OF_DEALS else _FAMILIES.get(self.spec.entity, self.spec.entity)

    @property
    def key_kind(self) -> str:
        """How the key is read."""
        return "id:users" if self.spec.entity == "quotas" else f"id:{self.family}"

    def settle_formats(self) -> None:
        """Read custom days and numbers as their columns write them, where the mapping does not say how."""
        for name, guess in self.guesses.items():
            source = self.custom[name]
            self.custom[name] = replace(source, format=guess.settled(source.format, self.types[name]))


def check_declared(tables: Sequence[OpenTable], known: MappingType[tuple[str, str], FieldType]) -> None:
    """Raises InvalidInput where the mapping declares a type that a field does not have, with each of these fields."""
    problems: list[str] = []
    mend = ""
    for table in tables:
        for name, source in table.custom.items():
            there, given = known.get((table.spec.entity.removesuffix("s"), name)), source.type
            if given is None or there is None or given is there or (given in _TEXTS and there in _TEXTS):
                continue
            problems.append(f"the mapping declares the field {name} as {given}, but it is there already as {there}")
            own = f'"{name} ({given})" = {{ column = "{source.column}", type = "{given}" }}'
            mend = mend or (
                "a field's type does not change: import into a new field, "
                f"under [files.{table.spec.name}.fields] write {own} in its place, "
                "or drop the type and keep the field as it is"
            )
    if problems:
        raise InvalidInput("\n".join(dict.fromkeys(problems)), field="mapping", mend=mend)


def find(mapping: Mapping, *paths: Path) -> list[tuple[FileSpec, Path]]:
    """The files to read, in the order of the mapping and then as they were named. Several files and folders are read
    as one folder that held all of it. Raises NotFound or InvalidInput naming what is missing."""
    found: dict[tuple[str, Path], tuple[FileSpec, Path]] = {}
    for path in paths:
        for spec, file in _in_folder(mapping, path) if path.is_dir() else _of_file(mapping, path):
            found.setdefault((spec.name, file.resolve()), (spec, file))
    folder = next((path for path in paths if path.is_dir()), None)
    if folder is not None:
        _check_whole(mapping, folder, list(found.values()))
    order = [spec.name for spec in mapping.files]
    return sorted(found.values(), key=lambda one: order.index(one[0].name))


def _of_file(mapping: Mapping, path: Path) -> list[tuple[FileSpec, Path]]:
    if not path.is_file():
        raise NotFound(
            "there is no such file or folder", field="PATH", value=masked_name(str(path)), mend="check the path"
        )
    found = [(spec, path) for spec in mapping.files if _matches(spec, path.name)]
    if not found and len(mapping.files) == 1:
        found = [(mapping.files[0], path)]
    if not found:
        patterns = ", ".join(pattern for spec in mapping.files for pattern in spec.patterns)
        mend = f"name it like one of these, or import the folder: {patterns}"
        raise InvalidInput(
            "the mapping reads no file of this name", field="PATH", value=masked_name(path.name), mend=mend
        )
    return found


def _in_folder(mapping: Mapping, folder: Path) -> list[tuple[FileSpec, Path]]:
    found: list[tuple[FileSpec, Path]] = []
    for spec in mapping.files:
        paths = sorted({each for pattern in spec.patterns for each in folder.glob(pattern) if each.is_file()})
        paths = paths or sorted(each for each in folder.glob(f"{REJECTS}*") if _matches(spec, each.name))
        found += [(spec, each) for each in paths]
    return found


def _check_whole(mapping: Mapping, folder: Path, found: Sequence[tuple[FileSpec, Path]]) -> None:
    """Raises NotFound where a folder was named and files that the mapping needs are nowhere."""
    there = {spec.name for spec, _ in found}
    missing = [spec for spec in mapping.files if spec.name not in there and not spec.optional]
    only_rejects = found and all(path.name.startswith(REJECTS) for _, path in found)
    if missing and not only_rejects:
        names = ", ".join(" or ".join(spec.patterns) for spec in missing)
        mend = "add the file, or set optional = true for it in the mapping"
        raise NotFound(f"the folder lacks {names}", field="PATH", value=masked_name(str(folder)), mend=mend)
    if not found:
        raise NotFound(
            "the folder holds none of the mapped files", field="PATH", value=masked_name(str(folder)), mend="check it"
        )


def _matches(spec: FileSpec, name: str) -> bool:
    names = {name, name.removeprefix(REJECTS), name.removeprefix(REJECTS) + ".gz"}
    names |= {each.removesuffix(".csv") for each in names if each.count(".csv") > 1}
    names |= {each.removesuffix(".csv") for each in names if each.removesuffix(".csv").endswith(SUFFIXES)}
    return any(fnmatch.fnmatch(each, pattern.rsplit("/", 1)[-1]) for pattern in spec.patterns for each in names)


def open_table(mapping: Mapping, spec: FileSpec, path: Path) -> OpenTable:
    """Open a file for one part of the mapping. Raises InvalidInput where columns that it names are missing."""
    table = _table(spec, path)
    lacking = sorted(spec.used_columns() - set(table.columns))
    if lacking:
        table.close()
        message = f"{masked_name(path.name)} has no column {', '.join(map(repr, lacking))}"
        mend = f"it has {', '.join(map(repr, table.columns))[:500]}: mend the mapping's [files.{spec.name}] or the file"
        raise InvalidInput(message, field=f"files.{spec.name}.columns", value=", ".join(lacking), mend=mend)
    custom = _custom(spec, table)
    guesses = {
        name: TypeGuess(source.format.decimal, source.format.thousands)
        for name, source in custom.items()
        if source.type in (None, FieldType.NUMBER)  # of numbers the unit is to be found out
    }
    return OpenTable(path, spec, table, CellReader(mapping, spec, table.columns), custom, guesses)


def _table(spec: FileSpec, path: Path) -> Table | SheetTable:
    if not is_workbook(path):
        return Table(path, spec.encoding, spec.delimiter)
    hidden = spec.hidden_rows == "read"
    reading = Reading(spec.sheet, hidden, spec.used_columns().__contains__, spec.amount_columns().__contains__)
    return SheetTable(path, reading)


def _custom(spec: FileSpec, table: Table | SheetTable) -> dict[str, Source]:
    if spec.entity not in WITH_FIELDS:
        return {}
    custom = dict(spec.fields)
    if spec.other_columns == "fields":
        used = spec.used_columns()
        for column in table.columns:
            if column not in used and column not in spec.ignore:
                custom[column] = Source(column=column, format=spec.format)
    return {name: _grouped(source, table.delimiter) for name, source in custom.items()}


def _grouped(source: Source, delimiter: str) -> Source:
    """1,200 is taken for a whole number, but for files with semicolons, where it may well be 1.2."""
    style = source.format
    if style.decimal != "." or style.thousands or delimiter == ";":
        return source
    return replace(source, format=replace(style, thousands=","))
