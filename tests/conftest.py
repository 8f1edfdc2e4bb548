"""Hypothesis profiles: 50 examples by default, 500 with HYPOTHESIS_PROFILE=prove."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("default", max_examples=50, deadline=None, print_blob=True)
settings.register_profile("prove", max_examples=500, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
