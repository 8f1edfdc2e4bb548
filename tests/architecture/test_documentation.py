"""What the docs list is what exists. UPDATE_DOCS=1 writes the generated tables anew."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from recommender import errors
from serving.app import create_app
from serving.settings import PREFIX, Settings
from tactful.program import program
from training.config import TrainConfig

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGES = ("recommender", "training", "serving", "tactful")


def table(heading: str, rows: Iterator[tuple[str, object, str]]) -> str:
    lines = [f"| {heading} | default | what |", "|---|---|---|"]
    lines += [f"| `{name}` | {shown(value)} | {what} |" for name, value, what in rows]
    return "\n".join(lines)


def shown(value: object) -> str:
    return "" if value is None else f"`{json.dumps(value, default=str)}`"


def train_rows(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, object, str]]:
    for name, info in model.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from train_rows(inner, f"{prefix}{name}.")
        else:
            default = info.get_default(call_default_factory=True)
            yield prefix + name, default, info.description or ""


def serving_rows() -> Iterator[tuple[str, object, str]]:
    for name, info in Settings.model_fields.items():
        yield PREFIX + name.upper(), info.default, info.description or ""


def commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def command_text(path: str, command: Any) -> str:
    text = [f"## `{path}`", "", (command.help or "").strip(), ""]
    rows = [option(parameter) for parameter in command.params]
    if rows:
        text += ["| option | what |", "|---|---|", *rows, ""]
    return "\n".join(text)


def option(parameter: Any) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    if parameter.param_type_name == "argument":
        names = [parameter.name.upper()]
    what = getattr(parameter, "help", None) or ""
    needed = " Required." if parameter.required else ""
    return f"| {', '.join(f'`{name}`' for name in names)} | {what}{needed} |"


def blocks() -> dict[tuple[str, str], str]:
    group: Any = typer.main.get_command(program())
    reference = "\n".join(command_text(*found) for found in commands(group, "tactful"))
    return {
        ("ml-engineer.md", "train settings"): table("setting", train_rows(TrainConfig)),
        ("operations.md", "serving settings"): table("setting", serving_rows()),
        ("cli.md", "commands"): reference.strip(),
    }


@pytest.mark.parametrize(("page", "name"), sorted(blocks()))
def test_generated_parts_of_the_docs_are_current(page: str, name: str) -> None:
    path, expected = DOCS / page, blocks()[page, name]
    text = path.read_text()
    begin, end = f"<!-- generated: {name} -->\n", "\n<!-- end -->"
    assert begin in text
    before, _, rest = text.partition(begin)
    held, found, after = rest.partition(end)
    assert found
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(f"{before}{begin}{expected}{end}{after}")
        return
    assert held == expected, f"UPDATE_DOCS=1 python -m pytest tests/architecture mends docs/{page}"


def test_every_setting_of_the_environment_is_in_operations() -> None:
    text = (DOCS / "operations.md").read_text()
    named = {PREFIX + name.upper() for name in Settings.model_fields}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            named |= set(re.findall(r'"(TACTFUL_[A-Z_]+)"', path.read_text()))
    missing = sorted(name for name in named - {PREFIX} if f"`{name}`" not in text)
    assert missing == []


def test_every_route_is_in_http() -> None:
    text = (DOCS / "http.md").read_text()
    routes = create_app(Settings(redis_url="redis://127.0.0.1:1/0")).openapi()["paths"]
    wanted = {
        f"{method.upper()} {path.replace(':path', '')}"
        for path, methods in routes.items()
        for method in methods
    }
    assert len(wanted) > 5
    assert sorted(route for route in wanted if f"`{route}`" not in text) == []


def test_every_field_of_a_request_is_in_http() -> None:
    text = (DOCS / "http.md").read_text()
    schemas = create_app(Settings(redis_url="redis://127.0.0.1:1/0")).openapi()["components"]
    wanted = {
        field
        for name in ("OfferQuery", "ContextQuery", "FilterQuery", "EventQuery", "OffersAnswer")
        for field in schemas["schemas"][name]["properties"]
    }
    assert sorted(field for field in wanted if f"`{field}`" not in text) == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in (*DOCS.glob("*.md"), *ROOT.glob("*.md"))
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_settings_named_in_the_docs_exist() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {"TACTFUL_STATE", "TACTFUL_DEBUG"}
    named: set[str] = set()
    pages = [*DOCS.glob("*.md"), *ROOT.glob("*.md"), *(ROOT / "configs").rglob("*.*")]
    for page in pages:
        named |= set(re.findall(r"TACTFUL_[A-Z_]+", page.read_text()))
    assert sorted(named - known) == []


def test_the_error_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = re.findall(r"^ {4}([│├└─ ]*)(\w+) +(\d) / (\d+)", errors.__doc__ or "", re.MULTILINE)
    classes = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.TactfulError)
    }
    assert {name for _, name, _, _ in drawn} | {"TactfulError"} == classes.keys()
    for branch, name, exit_code, status in drawn:
        kind = classes[name]
        assert (kind.exit_code, kind.http_status) == (int(exit_code), int(status)), name
        depth = len(kind.__mro__) - len(errors.TactfulError.__mro__)
        assert len(branch) == 4 * depth, name
