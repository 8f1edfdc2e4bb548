"""The head of a policy and its settings: what `guard` and `defaults` hold."""

from __future__ import annotations

from typing import Any

from recommender.guard import marked
from recommender.guard.marked import Marked, Section
from recommender.guard.policy import MAX_EVIDENCE, MIN_AUDIENCE_CELL

SCHEMA = 1
"""The format of policies that this release reads."""

GUARD = ("schema", "version", "owner", "approved_by", "valid_until")
DEFAULTS = (
    "on_unmapped_item",
    "min_audience_cell",
    "max_evidence",
    "discovery_slots",
    "discovery_support",
)
_MOST = 999_999_999


def check_schema(policy: Marked) -> None:
    """Raises PolicyError on a policy of a newer format, before any of its keys is looked at."""
    schema = policy.under("guard", "schema")
    if schema is None or schema.kind != "scalar":
        return  # `head_of` says what is wrong with it
    if schema.text.isascii() and schema.text.isdigit() and int(schema.text[:20]) > SCHEMA:
        raise schema.error(
            f"the policy is written for a newer release of Tactful: schema {schema.text[:20]}, "
            f"where this one reads {SCHEMA}",
            "install that release, or write the policy for this one and set schema: 1",
        )


def head_of(head: Section) -> dict[str, Any]:
    """Version, people and last day, of a policy that `check_schema` has let through."""
    given: dict[str, Any] = {}
    if (schema := head.get("schema")) is not None:
        marked.integer_of(schema, head.at("schema"), 1, SCHEMA)
    if (version := head.get("version")) is not None:
        given["version"] = marked.integer_of(version, head.at("version"), 0, _MOST)
    for key in ("owner", "approved_by"):
        if (person := head.get(key)) is not None:
            given[key] = marked.text_of(person, head.at(key))
    if (until := head.get("valid_until")) is not None:
        given["valid_until"] = marked.date_of(until, head.at("valid_until"))
    return given


def settings_of(defaults: Section) -> dict[str, Any]:
    """Settings of `GuardPolicy`, by their names there."""
    given: dict[str, Any] = {}
    if (unmapped := defaults.get("on_unmapped_item")) is not None:
        known = ("allow", "contextual_only")
        given["on_unmapped_item"] = marked.choice_of(
            unmapped, defaults.at("on_unmapped_item"), known
        )
    for key, low, high in (
        ("min_audience_cell", MIN_AUDIENCE_CELL, 1_000_000),
        ("max_evidence", 0, MAX_EVIDENCE),
        ("discovery_slots", 1, 100),
    ):
        if (number := defaults.get(key)) is not None:
            given[key] = marked.integer_of(number, defaults.at(key), low, high)
    if (support := defaults.get("discovery_support")) is not None:
        given["discovery_support"] = marked.share_of(support, defaults.at("discovery_support"))
    return given
