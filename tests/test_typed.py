"""What type checkers of programs that import sagemock are told."""

import ast
from pathlib import Path

import sagemock

PACKAGE = Path(sagemock.__file__).parent


def test_the_package_says_that_it_has_types() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_checkers_know_the_public_names_from_where_they_are_imported() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    told = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name  # else mypy --strict takes it for private
    }
    assert told == sagemock._HOMES
    assert sorted(told) == sorted(sagemock.__all__)
