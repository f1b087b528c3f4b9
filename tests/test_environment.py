import ast
from collections.abc import Iterator
from pathlib import Path

import service

SOURCE = Path(service.__file__).parent
ALLOWED = {
    "cli/__init__.py",
    "recogniser/audio/container_reader.py",  # leaves all but a few names out of its child's
    # where a system keeps what can be made again; what makes it has a folder of its own to work in
    "recogniser/models/graph_store.py",
}
READERS = {"environ", "environb", "getenv", "getenvb"}


def test_only_the_command_line_reads_the_environment() -> None:
    """Settings come in one way; a module that looks for itself cannot be told otherwise."""
    readers = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(name in READERS for name in _os_names(ast.parse(path.read_text())))
    }

    assert readers <= ALLOWED


def _os_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os":
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (alias.name for alias in node.names)
