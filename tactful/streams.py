"""A stream of the server, read from its beginning or from where somebody stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tactful.embedded import answering, connect

ENTRIES_AT_ONCE = 500


def stream_length(url: str, stream: str) -> int:
    """How many entries a stream holds; StoreError when the server does not answer."""
    with answering(), connect(url) as client:
        length: Any = client.xlen(stream)
        return int(length)


def holds_entry(url: str, stream: str, entry: str) -> bool:
    """Whether a stream still holds the entry of this id; StoreError as above."""
    with answering(), connect(url) as client:
        return bool(client.xrange(stream, entry, entry))


def kept_secret(url: str, key: str) -> bytes:
    """The bytes under a key, as the service made them; none where it has not yet.

    Raises StoreError as above.
    """
    with answering(), connect(url) as client:
        held: Any = client.get(key)
        return bytes(held or b"")


def stream_entries(url: str, stream: str, after: str = "") -> Iterator[tuple[str, bytes]]:
    """The ids and the JSON of a stream's entries, oldest first; StoreError as above.

    after   only those that follow this id
    """
    first = f"({after}" if after else "-"
    with answering(), connect(url) as client:
        while True:
            found: Any = client.xrange(stream, first, "+", ENTRIES_AT_ONCE)
            for entry, fields in found:
                yield entry.decode(), fields.get(b"json", b"{}")
            if len(found) < ENTRIES_AT_ONCE:
                return
            first = f"({found[-1][0].decode()}"
