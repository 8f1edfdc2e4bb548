"""A body too large is refused so that plain clients, which send it all first, see why."""

from __future__ import annotations

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.integration.serving.conftest import Stage


@pytest.mark.parametrize("megabytes", [2, 10])
def test_a_client_that_sends_everything_first_and_then_closes_sees_the_answer(
    stage: Stage, megabytes: int
) -> None:
    url = str(stage.service.http.base_url.join("/v1/offers"))
    request = Request(url, b" " * megabytes * 1_000_000, {"Content-Type": "application/json"})  # noqa: S310
    with pytest.raises(HTTPError) as refused:
        urlopen(request, timeout=20)  # noqa: S310
    with refused.value as answer:
        assert answer.code == 413
        assert "TACTFUL_BODY_LIMIT" in json.load(answer)["hint"]
