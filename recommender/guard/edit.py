"""Changes of a policy's text by a program: one value, and not a byte beside it.

The text is cut at the marks that the YAML reader leaves on every value. Nothing is written anew,
so comments, order, quotes, blank lines and the width of a line stay as a person left them.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node

from recommender.errors import PolicyError
from recommender.guard.document import POLICY, parse_policy
from recommender.guard.entries import Shape
from recommender.guard.marked import Marked, suggestion
from recommender.guard.taxonomy import read_yaml

_PLAIN = re.compile(r"~|[\w.](?:[\w .@/+-]*[\w.@/+-])?")


class _Found(NamedTuple):
    """How far a path leads: the pairs on its way, outermost first, and the keys that are left."""

    pairs: tuple[tuple[MappingNode, Node, Node], ...]
    missing: tuple[str, ...]


def edit_policy(text: str, key: str, value: str, name: str = "guard.yaml") -> str:
    """The policy with one value set; the same text when it has that value already.

    key     dotted, such as `life_events.infant.policy` or `guard.version`
    value   YAML: a word, `[a, b]`, `{min_purchases: 3}`

    Raises PolicyError on an unknown key, and on all that `parse_policy` refuses afterwards.
    """
    parse_policy(text, name)
    path = _path(key)
    wanted = read_yaml(value, f"the value of {key}")
    _check_whole(key, value)
    written = read_yaml(text, name).under(*path)
    if written is not None and written.same(wanted):
        return text
    root = _compose(text)
    found = _walk(root, path)
    flow = _flow(wanted)
    for missing in reversed(found.missing[1:]):
        flow = f"{{{missing}: {flow}}}"
    edited = _inserted(text, root, found, flow) if found.missing else _replaced(text, found, flow)
    parse_policy(edited, name)
    return edited


def remove_from_policy(text: str, key: str, name: str = "guard.yaml") -> str:
    """The policy without a key, and without the mappings that only it had filled.

    The text stays as it is where the key is not there. Raises PolicyError as `edit_policy` does.
    """
    parse_policy(text, name)
    found = _walk(_compose(text), _path(key))
    if found.missing:
        return text
    pairs = list(found.pairs)
    while len(pairs) > 1 and len(pairs[-1][0].value) == 1:
        pairs.pop()
    edited = _cut(text, *pairs[-1])
    parse_policy(edited, name)
    return edited


def _check_whole(key: str, value: str) -> None:
    """Refuses a value that YAML reads only in part: what follows a # outside quotes is lost."""
    node: Node = YAML(typ="safe", pure=True).compose(value)
    rest = value[_end(value, node) :].strip()
    if rest.startswith("#"):
        raise PolicyError(
            f"the value of {key} ends before {rest[:20]!r}, which YAML takes for a comment",
            hint="put the value in quotes if the sign is part of it: '\"Anna # chef\"'",
        )


def _path(key: str) -> tuple[str, ...]:
    """The keys of a dotted path, each known."""
    path = tuple(key.split("."))
    shape: Shape | None = POLICY
    for at, part in enumerate(path):
        if shape is None:
            raise PolicyError(
                f"unknown key {key!r}: {'.'.join(path[:at])} holds a value, not a mapping",
                hint=f"set {'.'.join(path[:at])} as a whole",
            )
        if part not in shape and "*" not in shape:
            raise PolicyError(f"unknown key {key!r}", hint=suggestion(part, shape, "keys"))
        shape = shape[part] if part in shape else shape["*"]
    return path


def _compose(text: str) -> MappingNode:
    """The nodes of a text that `parse_policy` has read."""
    root: Node = YAML(typ="safe", pure=True).compose(text)
    assert isinstance(root, MappingNode)
    return root


def _walk(root: MappingNode, path: tuple[str, ...]) -> _Found:
    pairs: list[tuple[MappingNode, Node, Node]] = []
    here: Node = root
    for at, part in enumerate(path):
        pair = _pair(here, part)
        if pair is None:
            return _Found(tuple(pairs), path[at:])
        pairs.append(pair)
        here = pair[2]
    return _Found(tuple(pairs), ())


def _pair(node: Node, key: str) -> tuple[MappingNode, Node, Node] | None:
    assert isinstance(node, MappingNode)
    return next(((node, k, value) for k, value in node.value if k.value == key), None)


def _end(text: str, node: Node) -> int:
    """Where the text of a node ends: a block ends with its last value, not with the next key."""
    if isinstance(node, CollectionNode) and not node.flow_style:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(node, MappingNode) else last)
    return len(text[: int(node.end_mark.index)].rstrip())


def _replaced(text: str, found: _Found, flow: str) -> str:
    _, key, node = found.pairs[-1]
    # A list may stand as far left as its key; a value on a line of its own may not.
    indent = " " if node.start_mark.column <= key.start_mark.column else ""
    return text[: node.start_mark.index] + indent + flow + text[_end(text, node) :]


def _inserted(text: str, root: MappingNode, found: _Found, flow: str) -> str:
    """With a new pair at the end of the innermost mapping that is there."""
    mapping = found.pairs[-1][2] if found.pairs else root
    assert isinstance(mapping, MappingNode)
    pair = f"{found.missing[0]}: {flow}"
    if mapping.flow_style:
        at = _end(text, mapping.value[-1][1]) if mapping.value else mapping.start_mark.index + 1
        return text[:at] + (", " if mapping.value else "") + pair + text[at:]
    at = _end_of_line(text, _end(text, mapping))
    newline = "\r\n" if "\r\n" in text else "\n"
    before = "" if text[:at].endswith("\n") else newline
    indent = " " * int(mapping.start_mark.column)
    return text[:at] + before + indent + pair + newline + text[at:]


def _cut(text: str, mapping: MappingNode, key: Node, value: Node) -> str:
    """Without a pair: with its lines in a block, with a comma in braces."""
    start, end = int(key.start_mark.index), _end(text, value)
    if not mapping.flow_style:
        return text[: text.rfind("\n", 0, start) + 1] + text[_end_of_line(text, end) :]
    at = next(at for at, (k, _) in enumerate(mapping.value) if k is key)
    if at:
        before = _end(text, mapping.value[at - 1][1])
        between = text[before:start]
        kept = between.replace(",", "", 1) if "#" in between else ""
        return text[:before] + kept + text[end:]
    if len(mapping.value) > 1:
        end = mapping.value[1][0].start_mark.index
    return text[:start] + text[end:]


def _end_of_line(text: str, at: int) -> int:
    """The start of the next line."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _flow(value: Marked) -> str:
    """A value on one line, fit to stand in brackets."""
    if value.kind == "list":
        return f"[{', '.join(_flow(item) for item in value.items)}]"
    if value.kind == "mapping":
        return f"{{{', '.join(f'{_flow(k)}: {_flow(v)}' for k, v in value.pairs)}}}"
    if value.plain and _PLAIN.fullmatch(value.text):
        return value.text
    return json.dumps(value.text, ensure_ascii=False)
