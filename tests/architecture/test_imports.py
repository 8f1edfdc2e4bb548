"""The dependency rule, read from the source: who may know whom."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("recommender", "training", "serving", "tactful")
MAY_KNOW = {
    "recommender": {"recommender"},
    "training": {"training", "recommender"},
    "serving": {"serving", "recommender"},
    "tactful": set(PACKAGES),
}
MAY_IMPORT_REDIS = {"serving/store.py", "training/publish.py", "tactful/embedded.py"}
CORE_LIBRARIES = {"numpy", "scipy", "pydantic", "pydantic_core"}
ONLY_THERE = {
    "implicit": {"recommender/models/als.py"},
    "ruamel": {
        "recommender/guard/taxonomy.py",
        "recommender/guard/document.py",
        "recommender/guard/marked.py",
        "recommender/guard/edit.py",
    },
    "threadpoolctl": {"recommender/models/threads.py"},
    "numkong": {"recommender/scan.py"},
}
NO_IO = {"os", "time", "random", "socket", "subprocess", "tempfile", "asyncio", "logging", "shutil"}


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """Every module that is imported anywhere in a file, in functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} has a relative import"
            yield node.module or "", node


def top(module: str) -> str:
    return module.partition(".")[0]


def test_there_are_modules_to_look_at() -> None:
    assert len(modules()) > 60


@pytest.mark.parametrize("path", modules(), ids=name)
def test_packages_know_only_whom_they_may(path: Path) -> None:
    package = name(path).partition("/")[0]
    known = {top(module) for module, _ in imports(path)} & set(PACKAGES)
    assert known <= MAY_KNOW[package]


@pytest.mark.parametrize("path", modules(), ids=name)
def test_redis_is_imported_in_three_places_only(path: Path) -> None:
    clients = {"redis", "valkey"}
    if any(top(module) in clients for module, _ in imports(path)):
        assert name(path) in MAY_IMPORT_REDIS


@pytest.mark.parametrize("path", sorted((ROOT / "recommender").rglob("*.py")), ids=name)
def test_the_core_has_no_clock_no_environment_and_no_io(path: Path) -> None:
    for module, _ in imports(path):
        first = top(module)
        if first in ONLY_THERE:
            assert name(path) in ONLY_THERE[first], module
        elif first != "recommender":
            assert first in CORE_LIBRARIES or first in sys.stdlib_module_names, module
            assert first not in NO_IO, module


@pytest.mark.parametrize("path", sorted((ROOT / "recommender").rglob("*.py")), ids=name)
def test_the_core_reads_no_clock(path: Path) -> None:
    """`datetime` is a type there; nobody asks it for the time."""
    called = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    assert not called & {"now", "utcnow", "today"}


def test_fitting_is_imported_by_the_function_that_fits() -> None:
    path = ROOT / "recommender" / "models" / "als.py"
    at_top = {
        top(alias.name) if isinstance(node, ast.Import) else top(node.module or "")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert "implicit" not in at_top


def test_models_and_guard_do_not_know_each_other() -> None:
    for folder, other in (("models", "recommender.guard"), ("guard", "recommender.models")):
        for path in (ROOT / "recommender" / folder).rglob("*.py"):
            assert not [m for m, _ in imports(path) if m.startswith(other)], name(path)


def test_types_and_errors_are_the_ground() -> None:
    for ground in ("types", "errors"):
        path = ROOT / "recommender" / f"{ground}.py"
        assert not [m for m, _ in imports(path) if top(m) in PACKAGES]


def test_decide_is_the_top_of_the_core() -> None:
    """Only what counts or shows whole decisions stands above it."""
    above = {"recommender/tally.py", "recommender/synthetic.py"}
    for path in (ROOT / "recommender").rglob("*.py"):
        if any(m == "recommender.decide" for m, _ in imports(path)):
            assert name(path) in above


def test_the_raw_history_has_one_reader_in_the_core() -> None:
    """Interactions, which hold raw lines, enter the core's view and nothing beside it."""
    readers = {
        name(path)
        for path in (ROOT / "recommender").rglob("*.py")
        if any(module == "recommender.interactions" for module, _ in imports(path))
    }
    assert readers <= {"recommender/guard/view.py"}
