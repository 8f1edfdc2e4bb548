"""Whether a port is free, found out before a server is started on it."""

from __future__ import annotations

import errno
import socket

from recommender.errors import ConfigError

_TRIES = 50


def refuse_taken(host: str, port: int) -> None:
    """Raises ConfigError that names the remedy when nothing could listen there."""
    try:
        _bind(host, port)
    except OSError as error:
        raise _explained(host, port, error) from error


def next_free(host: str, port: int) -> int:
    """`port`, or the first free one above it; for 0 any free one, as the system gives it.

    Raises ConfigError when none of the next fifty is free.
    """
    for candidate in range(port, min(port + _TRIES, 65_536)):
        try:
            return _bind(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _explained(host, candidate, error) from error
    raise ConfigError(
        f"no port from {port} to {port + _TRIES - 1} is free on {host}",
        hint="end a program that listens there, or choose another with --port",
    )


def _bind(host: str, port: int) -> int:
    """Listens for a moment; gives the port that this was on."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)
        return int(probe.getsockname()[1])


def _explained(host: str, port: int, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"port {port} on {host} is taken by another program",
            hint="choose another with --port (or TACTFUL_PORT), or end that program",
        )
    if error.errno == errno.EACCES:
        return ConfigError(
            f"port {port} may not be used by this user",
            hint="choose one from 1024 on with --port (or TACTFUL_PORT)",
        )
    return ConfigError(
        f"nothing can listen on {host}: {error.strerror or error}",
        hint="choose an address of this machine with --host (or TACTFUL_HOST)",
    )
