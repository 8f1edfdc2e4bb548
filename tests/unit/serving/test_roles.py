"""The file of tokens: what it may hold, and how it says what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from recommender.errors import ConfigError, InputError
from serving.roles import (
    Role,
    Tokens,
    load_tokens,
    token_entry,
    token_hash,
    warn_of_readers,
)

HASH = token_hash("anna's token")
OTHER = token_hash("ben's token")


def written(folder: Path, text: str) -> Path:
    path = folder / "tokens.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_token_is_known_by_its_hash(tmp_path: Path) -> None:
    text = f"""
- {{name: anna@shop, roles: [marketer], sha256: "{HASH}"}}
- {{name: ben@shop, roles: [approver, privacy], sha256: "{OTHER}"}}
"""
    tokens = load_tokens(written(tmp_path, text))
    anna, ben = tokens.person("anna's token"), tokens.person("ben's token")
    assert anna is not None
    assert ben is not None
    assert (anna.name, anna.roles) == ("anna@shop", {Role.MARKETER})
    assert (ben.name, ben.roles) == ("ben@shop", {Role.APPROVER, Role.PRIVACY})
    assert tokens.person("anna's token ") is None
    assert tokens.person(HASH) is None


def test_without_a_file_or_with_an_empty_one_nobody_is_known(tmp_path: Path) -> None:
    assert len(load_tokens(None)) == 0
    assert len(load_tokens(written(tmp_path, "# nobody yet\n"))) == 0
    assert Tokens().person("") is None


def test_what_the_command_prints_is_what_the_file_takes(tmp_path: Path) -> None:
    entry = token_entry("anna@shop", ["marketer", "approver", "marketer"], "anna's token")
    assert entry == {"name": "anna@shop", "roles": ["marketer", "approver"], "sha256": HASH}
    person = load_tokens(written(tmp_path, f"- {entry}")).person("anna's token")
    assert person is not None
    with pytest.raises(InputError, match="no role 'aprover'") as caught:
        token_entry("anna@shop", ["aprover"], "anna's token")
    assert caught.value.hint == "did you mean approver?"


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("name: anna", "the file: this is no list of people", "tactful token"),
        ("- anna", "entry 0: ", "tactful token"),
        ("- {name: a, roles: [marketer]}", "entry 0.sha256: this is missing", "tactful token"),
        (f"- {{name: a, roles: [], sha256: '{HASH}'}}", "entry 0.roles: ", "tactful token"),
        (
            f"- {{name: a, roles: [markter], sha256: '{HASH}'}}",
            "entry 0.roles: there is no role 'markter'",
            "did you mean marketer?",
        ),
        (
            f"- {{name: a, roles: [boss], sha256: '{HASH}'}}",
            "there is no role 'boss'",
            "known are marketer, approver, privacy",
        ),
        (
            f"- {{name: a b, roles: [privacy], sha256: '{HASH}'}}",
            "entry 0.name: a name has 1 to 100 letters",
            "anna@shop",
        ),
        (f"- {{name: 7, roles: [privacy], sha256: '{HASH}'}}", "entry 0.name", "anna@shop"),
        (
            "- {name: a, roles: [privacy], sha256: my-secret-token}",
            "entry 0.sha256: this is no SHA-256",
            "the token itself does not belong",
        ),
        (
            f"- {{name: a, roles: [privacy], token: my-secret-token, sha256: '{HASH}'}}",
            "entry 0.token: ",
            "tactful token",
        ),
        (
            2 * f"- {{name: a, roles: [privacy], sha256: '{HASH}'}}\n",
            "entry 1 has the hash of entry 0",
            "a token of their own",
        ),
        ("- {name: [", "line 1: this is not YAML", "tactful token"),
        ("- !!python/object/apply:os.system [my-secret-token]", "this is not YAML", "token"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_repeats_no_secret(
    tmp_path: Path, text: str, what: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_tokens(written(tmp_path, text))
    assert what in caught.value.what
    assert "tokens.yaml" in caught.value.what
    assert hint in caught.value.hint
    assert "my-secret-token" not in str(caught.value)


def test_a_file_that_is_not_there_or_is_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_tokens(tmp_path / "nowhere.yaml")
    path = tmp_path / "tokens.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_tokens(path)


def test_a_file_that_everybody_may_read_is_warned_of(tmp_path: Path) -> None:
    path = written(tmp_path, "[]")
    with capture_logs() as quiet:
        warn_of_readers(path)
        warn_of_readers(None)
    path.chmod(0o644)
    with capture_logs() as loud:
        warn_of_readers(path)
    assert quiet == []
    assert [line["event"] for line in loud] == ["tokens_readable_by_all"]


@pytest.mark.parametrize("name", ["\u0430nna@shop", "an\u200bna@shop", "J\u00f6rg", "\uff41nna"])
def test_a_name_that_only_looks_like_another_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="letters without accents"):
        token_entry(name, ["marketer"], "token")
    text = f'- {{name: "{name}", roles: [marketer], sha256: "{HASH}"}}'
    with pytest.raises(ConfigError, match=r"entry 0\.name: "):
        load_tokens(written(tmp_path, text))


def test_one_person_is_written_one_way(tmp_path: Path) -> None:
    """Two tokens of one person are well; two spellings of one would approve each other."""
    entry = '- {{name: {}, roles: [approver], sha256: "{}"}}\n'
    twice = entry.format("anna@shop", HASH) + entry.format("anna@shop", OTHER)
    assert len(load_tokens(written(tmp_path, twice))) == 2
    spelt = entry.format("anna@shop", HASH) + entry.format("Anna@Shop", OTHER)
    with pytest.raises(ConfigError, match="entry 1 names 'Anna@Shop', who is 'anna@shop'"):
        load_tokens(written(tmp_path, spelt))
