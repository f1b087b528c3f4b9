"""The mutants of a module: its text with one thing changed, all else as it is written."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

from tests.mutants.operators import Change, changes

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Place:
    """Which change of a module a mutant is, however far the lines around it move."""

    module: str
    where: str
    """The function or class, as Python qualifies its name; empty at the module's own level."""
    before: str
    after: str
    number: int = 1
    """Which of the changes that read the same."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change."""

    place: Place
    line: int
    source: str
    original: str

    def diff(self) -> str:
        """Return what was changed, as patches show it."""
        lines = unified_diff(self.original.splitlines(), self.source.splitlines(), n=1, lineterm="")
        name = f"{self.place.module}:{self.line} {self.place.where}".rstrip()
        return "\n".join([name, *list(lines)[3:]])


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Return all mutants of a module, in the order of its lines."""
    text = _Text(source)
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for where, (old, new) in _walk(ast.parse(source), ""):
        mutated = text.with_change(old, new)
        compile(mutated, module, "exec")
        before, after = _changed(source, mutated)
        seen[where, before, after] += 1
        place = Place(module, where, before, after, seen[where, before, after])
        found.append(Mutant(place, old.lineno, mutated, source))  # type: ignore[attr-defined] # both have one
    return sorted(found, key=lambda one: one.line)


class _Text:
    """A module's text, in which the tree's places are found: they count bytes."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts

    def with_change(self, old: ast.AST, new: ast.AST) -> str:
        """Return the text with another node in this one's place."""
        assert isinstance(old, ast.expr | ast.stmt)
        begin = self._starts[old.lineno - 1] + old.col_offset
        assert old.end_lineno is not None
        assert old.end_col_offset is not None
        end = self._starts[old.end_lineno - 1] + old.end_col_offset
        written = ast.unparse(new).encode()
        return (self._bytes[:begin] + written + self._bytes[end:]).decode()


def _walk(node: ast.AST, where: str) -> Iterator[tuple[str, Change]]:
    """Yield every change below a node, and in which function or class it is."""
    if isinstance(node, _Definition):
        where = f"{where}.{node.name}".lstrip(".")
    for change in changes(node):
        if not (where.endswith("__init__") and isinstance(change[1], ast.Pass)):
            yield where, change
    for child in _children(node):
        yield from _walk(child, where)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is in a node, without types, decorators, and what is said to the log."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="_log")))):
            return
        case ast.Assign(value=ast.Subscript()) if node.col_offset == 0:
            return  # the name of a type
        case ast.ClassDef(body=body):
            yield from body
            return
        case ast.AnnAssign(value=value):
            yield from [value] if value else []
            return
    if isinstance(node, ast.JoinedStr):
        return  # Python 3.11 does not know where in it things are
    for name, field in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        yield from (one for one in (field if isinstance(field, list) else [field]) if _is_node(one))


def _is_node(field: object) -> bool:
    return isinstance(field, ast.AST)


def _changed(before: str, after: str) -> tuple[str, str]:
    """Return the lines that differ, without their margins."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return _flat(old), _flat(new)


def _flat(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)
