"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from recommender.errors import StorageError


def replace_text(path: Path, text: str, *, with_folder: bool = False) -> None:
    """Puts a text in the place of a file, with the rights that the file had.

    with_folder   True: a folder that is not there is made

    Raises StorageError with the old content untouched.
    """
    target = path.resolve()
    try:
        if with_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as undo:
            handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
            draft = Path(name)
            undo.callback(draft.unlink, missing_ok=True)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
            draft.replace(target)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}",
            hint=f"free {len(text.encode()):,} bytes there, or see who may write to its folder",
        ) from error
