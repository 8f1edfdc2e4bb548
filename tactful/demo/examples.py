"""The invented shops of `configs/examples`, which need no download."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from recommender.errors import NotFound
from training.config import TrainConfig, load_config

FOLDER = Path(__file__).parents[2] / "configs" / "examples"


def example(name: str, overrides: Sequence[str] = ()) -> TrainConfig:
    """The settings of an example; `overrides` as `training.config.load_config` takes them.

    Raises NotFound where only the package was installed, without the project around it.
    """
    path = FOLDER / name / "train.yaml"
    if not path.exists():
        raise NotFound(
            f"there is no example {name}: {path} does not exist",
            hint="clone the project and run `tactful demo --story` there; the examples are files "
            "of the project, not of the package",
        )
    # The path of a setting is taken from the current directory when it exists there: an example
    # must not train on a `transactions.csv` that happens to lie where the command was started.
    files = {
        "purchases.path": "transactions.csv",
        "catalogue.path": "catalogue.csv",
        "offers.path": "offers.yaml",
        "guard.policy": "guard.yaml",
    }
    # JSON is YAML: no folder, however strange its name, is read as anything but text.
    own = [f"{key}={json.dumps(str(path.with_name(file)))}" for key, file in files.items()]
    return load_config(path, [*own, *overrides])
