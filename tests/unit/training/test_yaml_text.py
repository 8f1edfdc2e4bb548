"""YAML files are plain data: nothing in them runs, repeats or explodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.errors import InputError, NotFound
from training.yaml_text import MOST_BYTES, parse_yaml, read_yaml


def test_values_are_plain_and_know_their_lines() -> None:
    document = parse_yaml("a: 1\nb:\n  - x\n  - {c: 0.5, d: null, e: true}\nf: 2026-01-31\n", "t")
    assert document.data == {
        "a": 1,
        "b": ["x", {"c": 0.5, "d": None, "e": True}],
        "f": "2026-01-31",
    }
    assert document.where(("b", 1, "c")) == "t, line 4"
    assert document.where(("b", 0, "beyond")) == "t, line 3"
    assert document.where(("zzz",)) == "t"


def test_ids_can_stay_as_they_stand() -> None:
    assert parse_yaml("[00123, 1e3, yes, null]", "t", all_text=True).data == [
        "00123",
        "1e3",
        "yes",
        None,
    ]


@pytest.mark.parametrize(
    "text",
    [
        '!!python/object/apply:os.system ["true"]',
        "a: !!binary aGVsbG8=",
        "a: !mine 1",
        "a: 1\na: 2",
        "a: {b: 1}\nc:\n  <<: 1",
        "? [1, 2]\n: 3",
        "a: &a [*a]",
        "[" * 5000,
        "a: [1",
        "a: \x00",
        "a: 1\n---\nb: 2",
        "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n"
            for i in range(9)
        ),
    ],
    ids=lambda text: text[:20],
)
def test_tags_duplicates_and_bombs_are_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "here.yaml")
    assert "here.yaml" in caught.value.what
    assert caught.value.hint


def test_a_file_beyond_its_size_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_text("# " + "x" * MOST_BYTES)
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_yaml(path)


def test_a_file_that_is_no_text_or_no_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        read_yaml(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_yaml(tmp_path)
    with pytest.raises(NotFound):
        read_yaml(tmp_path / "none.yaml")
