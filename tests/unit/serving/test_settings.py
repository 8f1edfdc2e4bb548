"""Settings come from the environment, and nonsense is refused in words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from recommender.errors import ConfigError
from serving.settings import Settings, load_settings


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_environment_sets_what_the_caller_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTFUL_NAMESPACE", "shop")
    monkeypatch.setenv("TACTFUL_PORT", "9000")
    settings = load_settings(port=9001)
    assert (settings.namespace, settings.port) == ("shop", 9001)


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(redis_url="unix:///run/redis.sock?db=2", workers=3, redis_timeout=0.2)
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://user:secret@10.0.0.1:6380/12",
        "rediss://cache.example:6379/0?ssl_cert_reqs=required",
        "unix:///run/redis.sock",
    ],
)
def test_addresses_of_every_kind_are_taken(url: str) -> None:
    assert load_settings(redis_url=url).redis_url == url


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("redis_url", "localhost:6379", "starts with none of redis://"),
        ("redis_url", "http://localhost", "starts with none of redis://"),
        ("redis_url", "redis://", "names no host"),
        ("redis_url", "redis://host:99999999", "redis_url"),
        ("redis_url", "redis://host/first", "no database number"),
        ("redis_url", "unix://", "names no socket"),
        ("namespace", "a{b}", "letters, digits"),
        ("namespace", "", "letters, digits"),
        ("port", 70_000, "less than or equal to 65535"),
        ("workers", 0, "greater than or equal to 1"),
        ("redis_timeout", 0, "greater than 0"),
        ("redis_timeout", "soon", "valid number"),
        ("poll_interval", -1, "greater than 0"),
        ("body_limit", 1, "greater than or equal to 1000"),
        ("most_live_events", 0, "greater than or equal to 1"),
        ("log_level", "loud", "'debug', 'info'"),
        ("no_such_setting", 1, "not permitted"),
    ],
)
def test_nonsense_is_refused_and_named(setting: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(**{setting: value})
    assert setting in refused.value.what
    assert words in refused.value.what
    assert "TACTFUL_" in refused.value.hint


def test_a_password_is_never_repeated() -> None:
    """Neither in an error nor where settings are printed."""
    with pytest.raises(ConfigError) as refused:
        load_settings(redis_url="http://user:hunter2@host")
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(load_settings(redis_url="redis://user:hunter2@host"))
