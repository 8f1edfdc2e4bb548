"""YAML as plain data that remembers its lines; nothing in a file can run code.

The parser's node tree is converted here, value by value: null, booleans, numbers, text, lists
and mappings with text keys. Dates stay text. Tags, merge keys, duplicate keys, a file beyond
its size limit and aliases that unfold into too many values are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from recommender.errors import InputError, NotFound

MOST_BYTES = 1_000_000
MOST_VALUES = 200_000
MOST_DEPTH = 32

Location = tuple[str | int, ...]
"""A path into a document: keys and positions, such as ("guard", "packs", 0)."""

_TAG = "tag:yaml.org,2002:"
_CONSTRUCTED = ("null", "bool", "int", "float")
_TEXT = ("str", "timestamp")
_ALL_TEXT = (*_TEXT, "bool", "int", "float")


@dataclass(frozen=True)
class Document:
    """Plain data, and the line (from 1) on which each value or its key stands."""

    source: str
    data: Any
    lines: Mapping[Location, int]

    def line(self, location: Location) -> int | None:
        """The line of the nearest part of `location` that the file has; None: not in it."""
        for end in range(len(location), 0, -1):
            if location[:end] in self.lines:
                return self.lines[location[:end]]
        return None

    def where(self, location: Location) -> str:
        """`configs/train.yaml, line 12`."""
        line = self.line(location)
        return self.source if line is None else f"{self.source}, line {line}"


def read_yaml(
    path: Path,
    *,
    error: type[InputError] = InputError,
    most_bytes: int = MOST_BYTES,
    all_text: bool = False,
) -> Document:
    """The document in a file; NotFound, or `error` when it cannot be read as plain data.

    all_text   numbers and booleans stay text too: 00123 is an id, not a number
    """
    try:
        with path.open("rb") as file:
            raw = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}", hint="check the path") from None
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}", hint="name a file") from problem
    if len(raw) > most_bytes:
        raise error(
            f"{path} is larger than {most_bytes / 1e6:g} MB",
            hint="split it, or give the data as Parquet where that is accepted",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(f"{path} is not UTF-8 text: {problem}", hint="save it as UTF-8") from problem
    return parse_yaml(text, str(path), error=error, all_text=all_text)


def parse_yaml(
    text: str,
    source: str,
    *,
    error: type[InputError] = InputError,
    all_text: bool = False,
) -> Document:
    """The document in `text`; `source` is named in errors."""
    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
        conversion = _Conversion(yaml, source, error, _ALL_TEXT if all_text else _TEXT)
        data = None if node is None else conversion.value(node, ())
    except RecursionError:
        raise error(f"{source} is nested too deeply", hint="flatten it") from None
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = source if mark is None else f"{source}, line {mark.line + 1}"
        what = problem.problem or problem.context or "it is not YAML"
        raise error(f"{where}: {what}", hint="mend the YAML") from problem
    except (YAMLError, ValueError) as problem:
        raise error(f"{source}: {problem}", hint="mend the YAML") from problem
    return Document(source, data, conversion.lines)


@dataclass
class _Conversion:
    yaml: YAML
    source: str
    error: type[InputError]
    text_kinds: tuple[str, ...]
    lines: dict[Location, int] = field(default_factory=dict)
    values: int = 0

    def value(self, node: Node, at: Location) -> Any:
        self.values += 1
        if self.values > MOST_VALUES or len(at) > MOST_DEPTH:
            raise self._refused(
                node,
                f"it unfolds into more than {MOST_VALUES} values or {MOST_DEPTH} levels",
                "write the values out, without aliases",
            )
        self.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return self._mapping(node, at)
        if isinstance(node, SequenceNode):
            self._expect_tag(node, ("seq",))
            return [self.value(child, (*at, i)) for i, child in enumerate(node.value)]
        self._expect_tag(node, (*_CONSTRUCTED, *_TEXT))
        if str(node.tag).removeprefix(_TAG) in self.text_kinds:
            return str(node.value)
        return self.yaml.constructor.construct_object(node)

    def _mapping(self, node: MappingNode, at: Location) -> dict[str, Any]:
        self._expect_tag(node, ("map",))
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode) or str(key_node.tag) == f"{_TAG}merge":
                raise self._refused(key_node, "a key must be plain text", "write the keys out")
            key = str(key_node.value)
            if key in result:
                raise self._refused(key_node, f"the key {key!r} stands twice", "keep one of them")
            self.lines[*at, key] = key_node.start_mark.line + 1
            result[key] = self.value(value_node, (*at, key))
        return result

    def _expect_tag(self, node: Node, names: tuple[str, ...]) -> None:
        if str(node.tag) not in {_TAG + name for name in names}:
            raise self._refused(node, f"the tag {node.tag} is not accepted", "write plain values")

    def _refused(self, node: Node, what: str, hint: str) -> InputError:
        return self.error(f"{self.source}, line {node.start_mark.line + 1}: {what}", hint=hint)
