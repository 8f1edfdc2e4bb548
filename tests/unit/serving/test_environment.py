"""Variables that look like settings and are none are not ignored."""

from __future__ import annotations

import pytest

from recommender.errors import ConfigError
from serving.settings import load_settings


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("TACTFUL_REDIS_URLL", "TACTFUL_REDIS_URL"),
        ("TACTFUL_WORKER", "TACTFUL_WORKERS"),
        ("tactful_prot", "TACTFUL_PORT"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_nearest_and_without_its_value(
    name: str, near: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "hunter2")
    with pytest.raises(ConfigError, match=name) as refused:
        load_settings()
    assert f"did you mean {near}?" in refused.value.hint
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["TACTFUL_STATE", "TACTFUL_DEBUG", "PROMETHEUS_PORT"])
def test_what_others_read_is_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    assert load_settings().port == 8000
