"""What the code of pages can come to: a graph of calls, by types where annotations tell them, else by name.

It is wider than what happens: a method whose object is not known stands for every method of the name.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDERS = ("kit", "learning", "services")
Key = tuple[str, str]  # a module, and a function or class in it: "name", "Class.method"
Function = ast.FunctionDef | ast.AsyncFunctionDef
COMMON = frozenset({  # names of containers, files and connections, which say nothing where the object is not known
    "__init__", "add", "append", "begin", "clear", "close", "copy", "count", "decode", "encode", "execute",
    "extend", "first", "format", "get", "index", "insert", "items", "join", "keys", "open", "path", "pop", "read",
    "remove", "run", "send", "set", "sort", "split", "start", "strip", "text", "update", "values", "write",
})  # fmt: skip


class Code:
    """The modules of the folders, parsed."""

    def __init__(self) -> None:
        self.modules = {_name(path): ast.parse(path.read_text("utf-8")) for path in _files()}
        self.functions: dict[Key, Function] = {}
        self.classes: dict[Key, ast.ClassDef] = {}
        self._methods: dict[str, list[Key]] = defaultdict(list)
        for module, tree in self.modules.items():
            for node in tree.body:
                self._take(module, node)

    def _take(self, module: str, node: ast.stmt) -> None:
        if isinstance(node, Function):
            self.functions[module, node.name] = node
        elif isinstance(node, ast.ClassDef):
            self.classes[module, node.name] = node
            for inner in node.body:
                if isinstance(inner, Function):
                    key = (module, f"{node.name}.{inner.name}")
                    self.functions[key] = inner
                    self._methods[inner.name].append(key)

    @cached_property
    def _imported(self) -> dict[str, dict[str, Key]]:
        """What a module's names stand for elsewhere; a whole module is ("module", "")."""
        found: dict[str, dict[str, Key]] = defaultdict(dict)
        for module, tree in self.modules.items():
            for node in ast.walk(tree):
                for one in node.names if isinstance(node, ast.ImportFrom) and node.module else ():
                    whole = f"{node.module}.{one.name}"  # type: ignore[attr-defined]
                    target = (whole, "") if whole in self.modules else (str(node.module), one.name)  # type: ignore[attr-defined]
                    found[module][one.asname or one.name] = target
        return found

    def meant(self, module: str, name: str) -> Key:
        """Where a name of a module is defined."""
        for _ in range(5):
            if (module, name) in self.functions or (module, name) in self.classes:
                break
            following = self._imported[module].get(name)
            if following is None:
                break
            module, name = following
            if not name:
                break
        return module, name

    @cached_property
    def _below(self) -> dict[Key, list[Key]]:
        """The classes that derive from a class."""
        found: dict[Key, list[Key]] = defaultdict(list)
        for key, node in self.classes.items():
            for base in node.bases:
                found[self.meant(key[0], _last(base))].append(key)
        return found

    def method(self, of: Key, name: str) -> list[Key] | None:
        """The methods that a call on an object of a class can come to; None where that is not known."""
        node = self.classes[of]
        if any(_last(base) in ("Protocol", "ABC") for base in node.bases):
            return None
        found = [key for one in [of, *self._below[of]] if (key := (one[0], f"{one[1]}.{name}")) in self.functions]
        for base in node.bases:
            above = self.meant(of[0], _last(base))
            if above in self.classes:
                found += self.method(above, name) or []
        return found

    def annotated(self, module: str, node: ast.expr | None) -> Key | None:
        """The class that an annotation names, leaving None and what is awaited away."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        if isinstance(node, ast.BinOp):
            return self.annotated(module, node.left) or self.annotated(module, node.right)
        key = self.meant(module, node.id) if isinstance(node, ast.Name) else None
        return key if key in self.classes else None

    @cache  # noqa: B019 - lives as long as the test
    def member(self, of: Key, name: str) -> Key | None:
        """The class of an attribute."""
        for node in ast.walk(self.classes[of]):
            if isinstance(node, ast.AnnAssign) and _last(node.target) == name:
                return self.annotated(of[0], node.annotation)
            if isinstance(node, Function) and node.name == name:
                return self.annotated(of[0], node.returns)
            if isinstance(node, ast.Assign) and any(_text(one) == f"self.{name}" for one in node.targets):
                maker = self.functions.get((of[0], f"{of[1]}.__init__"))
                return self.kind((of[0], f"{of[1]}.__init__"), node.value) if maker else None
        for base in self.classes[of].bases:
            above = self.meant(of[0], _last(base))
            if above in self.classes and (found := self.member(above, name)):
                return found
        return None

    def kind(self, inside: Key, node: ast.expr) -> Key | None:
        """The class of what an expression in a function gives; None where it is not known."""
        match node:
            case ast.Name(id="self") if "." in inside[1]:
                return inside[0], inside[1].partition(".")[0]
            case ast.Name(id=name):
                given = _parameters(self.functions[inside]).get(name)
                return self.annotated(inside[0], given) if given else self._assigned(inside, name)
            case ast.Attribute(value=value, attr=name):
                of = self.kind(inside, value)
                return self.member(of, name) if of else None
            case ast.Await(value=value):
                return self.kind(inside, value)
            case ast.Call(func=ast.Name(id=name)):
                key = self.meant(inside[0], name)
                made = self.functions.get(key)
                return key if key in self.classes else self.annotated(key[0], made.returns) if made else None
            case ast.Call(func=ast.Attribute() as called):
                return self.kind(inside, called)
        return None

    def _assigned(self, inside: Key, name: str) -> Key | None:
        for node in ast.walk(self.functions[inside]):
            if isinstance(node, ast.Assign) and [_text(one) for one in node.targets] == [name]:
                if _text(node.value).startswith(name):
                    return None
                return self.kind(inside, node.value)
        return None

    def calls(self, inside: Key) -> Iterator[Key]:
        """What a function can call, or hand on to be called."""
        nodes = list(ast.walk(self.functions[inside]))
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        for node in nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield from self._named(self.meant(inside[0], node.id))
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                yield from self._attribute(inside, node, called=id(node) in called)

    def _named(self, key: Key) -> Iterable[Key]:
        if key in self.classes:
            return [one for name in ("__init__", "__post_init__") for one in self.method(key, name) or ()]
        return [key]

    def _attribute(self, inside: Key, node: ast.Attribute, *, called: bool) -> Iterable[Key]:
        if isinstance(node.value, ast.Name):
            module, name = self.meant(inside[0], node.value.id)
            if not name:
                return self._named(self.meant(module, node.attr))
            if (module, name) in self.classes:
                return self.method((module, name), node.attr) or ()
        if _text(node.value) == "super()":
            return ()
        of = self.kind(inside, node.value)
        known = self.method(of, node.attr) if of else None
        if known is not None:
            return known
        if of is None and (node.attr in COMMON or not called):
            return ()
        service = inside[0].split(".")[:2]
        return [key for key in self._methods[node.attr] if key[0].split(".")[:2] == service or _answers(key)]

    def reached(self, starts: Iterable[str]) -> dict[Key, Key | None]:
        """Every function that those of some modules can come to, with who calls it."""
        found: dict[Key, Key | None] = {key: None for key in self.functions if key[0].startswith(tuple(starts))}
        waiting = list(found)
        while waiting:
            caller = waiting.pop()
            for key in self.calls(caller):
                if key in self.functions and key not in found:
                    found[key] = caller
                    waiting.append(key)
        return found


def _answers(key: Key) -> bool:
    """Whether a method is of what all services share, or answers their calls."""
    return not key[0].startswith("services.") or key[0].endswith(".grpc_api")


def _files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _parameters(node: Function) -> dict[str, ast.expr | None]:
    """Their annotations, also of functions within."""
    found: dict[str, ast.expr | None] = {}
    for one in ast.walk(node):
        if isinstance(one, Function):
            found |= {each.arg: each.annotation for each in [*one.args.args, *one.args.kwonlyargs] if each.annotation}
    return found


def _last(node: ast.expr) -> str:
    node = node.value if isinstance(node, ast.Subscript) else node
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


@cache
def _text(node: ast.expr) -> str:
    return ast.unparse(node)
