"""Where an answer will be seen."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """Where the answer will be seen."""

    SITE = "site"
    APP = "app"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    CALL = "call"
    POST = "post"
    PRINT = "print"

    @property
    def private(self) -> bool:
        """True for surfaces that only the signed-in customer opens."""
        return self in (Channel.SITE, Channel.APP)
