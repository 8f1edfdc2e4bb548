"""A file is written whole, or stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.errors import StorageError
from tactful.files import replace_text


def test_a_text_takes_the_place_of_another_with_its_rights_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    path.chmod(0o600)
    replace_text(path, "new\r\nline\n")
    assert path.read_bytes() == b"new\r\nline\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["a.yaml"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "a.yaml", tmp_path / "b.yaml"
    path.write_text("old")
    link.symlink_to(path)
    replace_text(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_what_cannot_be_written_is_an_error_with_the_file_and_leaves_no_draft(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(StorageError, match="folder cannot be written"):
        replace_text(folder, "new")
    with pytest.raises(StorageError, match=r"a\.yaml cannot be written"):
        replace_text(tmp_path / "none" / "a.yaml", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_folder_that_is_not_there_is_made_where_it_is_asked_for(tmp_path: Path) -> None:
    replace_text(tmp_path / "none" / "a.yaml", "new", with_folder=True)
    assert (tmp_path / "none" / "a.yaml").read_text() == "new"
