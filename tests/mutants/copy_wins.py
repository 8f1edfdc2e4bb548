"""A pytest plugin: the tests run the mutated copy, and no time goes into small counterexamples."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import Phase, settings

import recommender
import serving
import tactful
import training

SETTING = "MUTANT_COPY"
PROFILE = "mutants"


def pytest_load_initial_conftests() -> None:
    """Before `tests/conftest.py` loads the profile that the environment names."""
    settings.register_profile(
        PROFILE,
        max_examples=50,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
    )


def pytest_configure() -> None:
    """Ends the run when a package does not lie in the copy."""
    copy = Path(os.environ[SETTING]).resolve()
    for package in (recommender, serving, tactful, training):
        place = Path(str(package.__file__)).resolve()
        assert place.is_relative_to(copy), f"{package.__name__} is {place}, not of the copy"
