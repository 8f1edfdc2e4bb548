"""The breaker says whether Redis is worth asking."""

from __future__ import annotations

from serving.breaker import Breaker


def test_nothing_is_known_to_work_before_the_first_probe() -> None:
    assert not Breaker().closed


def test_a_probe_closes_it_and_a_failure_opens_it_with_the_reason() -> None:
    breaker = Breaker()
    breaker.recover()
    assert breaker.closed
    breaker.fail("connection refused")
    assert not breaker.closed
    assert breaker.reason == "connection refused"


def test_only_the_first_failure_wakes_the_poller() -> None:
    """The others know nothing new: in an outage probes keep their interval."""
    breaker = Breaker()
    breaker.recover()
    breaker.fail("first")
    assert breaker.tripped.is_set()
    breaker.tripped.clear()
    breaker.fail("second")
    assert not breaker.tripped.is_set()
