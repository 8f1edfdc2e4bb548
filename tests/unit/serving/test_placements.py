"""A shop's own placements come from a small YAML file; mistakes are named with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.errors import ConfigError
from recommender.request import BUILT_IN, Placement, Source
from serving.placements import load_placements

ROOT = Path(__file__).parents[3]


def written(folder: Path, text: str) -> Path:
    path = folder / "placements.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_there_are_the_built_in_ones() -> None:
    assert load_placements(None) == BUILT_IN


def test_a_shop_adds_its_own(tmp_path: Path) -> None:
    path = written(tmp_path, "placements: {checkout: {source: basket, n: 4}}")
    assert load_placements(path) == BUILT_IN | {"checkout": Placement("checkout", Source.BASKET, 4)}


def test_an_empty_file_adds_nothing(tmp_path: Path) -> None:
    assert load_placements(written(tmp_path, "# nothing yet\n")) == BUILT_IN


def test_the_shipped_example_is_valid() -> None:
    placements = load_placements(ROOT / "configs" / "placements.yaml")
    assert placements["checkout"] == Placement("checkout", Source.BASKET, 4)


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("placement: {}", "placement:", "`placements`"),
        ("placements: {a: {sourec: basket}}", "placements.a.sourec", "`source`"),
        ("placements: {a: {source: basket, n: 0}}", "placements.a.n", "placements.yaml"),
        ("placements: {a: {source: basket, n: 101}}", "placements.a.n", "placements.yaml"),
        ("placements: {a: {source: basket, n: '4'}}", "placements.a.n", "placements.yaml"),
        ("placements: {a: {source: cellar}}", "placements.a.source", "placements.yaml"),
        ("placements: {'a b': {source: basket}}", "placements.a b", "placements.yaml"),
        ("placements: {home: {source: basket}}", "placements.home", "choose a name other than"),
        ("placements: [", "not YAML", "placements.yaml"),
        ("placements: {a: {source: home}, a: {source: home}}", "not YAML", "placements.yaml"),
        ("just text", "the file", "placements.yaml"),
        ("placements: !!python/object:os.system {}", "", "placements.yaml"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, what: str, hint: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        load_placements(path)
    assert str(path) in refused.value.what
    assert what in refused.value.what
    assert hint in refused.value.hint


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml") as refused:
        load_placements(tmp_path / "nowhere.yaml")
    assert "TACTFUL_PLACEMENTS" in refused.value.hint


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "placements.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_placements(path)
