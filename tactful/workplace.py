"""What commands share: settings from the environment, and the server that they talk to."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.errors import ConfigError
from recommender.keys import Keys
from serving.settings import Settings, load_settings
from tactful.embedded import DEFAULT_STATE, STATE_SETTING, connect, server

if TYPE_CHECKING:
    from training.publish import Publisher


@dataclass(frozen=True)
class Bench:
    """A server that a command works on: its address and the publisher of the namespace."""

    url: str
    keys: Keys
    publisher: Publisher


def state_dir() -> Path:
    """Where the embedded server and the demo keep their files: TACTFUL_STATE, or `./.tactful`."""
    return Path(os.environ.get(STATE_SETTING) or DEFAULT_STATE)


def settings_from(overrides: Sequence[str] = (), **options: object) -> Settings:
    """The service's settings: options first, then `key=value` overrides, then TACTFUL_*.

    Raises ConfigError for an unknown key or an impossible value.
    """
    values: dict[str, object] = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or key not in Settings.model_fields:
            raise ConfigError(
                f"--set {override}: there is no setting {key!r}",
                hint=f"key=value with one of {', '.join(sorted(Settings.model_fields))}",
            )
        values[key] = value
    return load_settings(**values, **{k: v for k, v in options.items() if v is not None})


@contextmanager
def workbench() -> Iterator[Bench]:
    """The server of the settings, the embedded one if they name none, ready to publish to."""
    from training.publish import Publisher  # noqa: PLC0415  # brings numpy

    settings = settings_from()
    keys = Keys(settings.namespace)
    with server(settings.redis_url, state_dir()) as url, connect(url) as client:
        yield Bench(url, keys, Publisher(client, keys, time.time))
