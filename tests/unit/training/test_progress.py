"""Progress is shown to people and changes nothing."""

from __future__ import annotations

import io

from rich.console import Console

from training.progress import RichProgress, Silent


def test_silence_swallows_steps() -> None:
    with Silent().stage("anything", 3) as advance:
        advance(1)


def test_a_stage_is_named_and_ends_full() -> None:
    """Even when its work ended early, or there was none."""
    screen = io.StringIO()
    shown = RichProgress(Console(file=screen, width=100))
    with shown.stage("fit ALS", 4) as advance:
        advance(1)
    with shown.stage("nothing to do", 0):
        pass
    text = screen.getvalue()
    assert "fit ALS" in text
    assert "4/4" in text
    assert "1/1" in text
