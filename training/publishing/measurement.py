"""What a bundle directory brings of its own quality: two files that a training writes together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recommender.bundle import Manifest
from recommender.errors import InputError
from training.bundle_dir import read_manifest
from training.lineage import checksums
from training.newest import FILE as NEWEST_FILE
from training.newest import Newest, read_newest
from training.outcomes import FILE as OUTCOMES_FILE
from training.outcomes import Outcomes, read_outcomes

_MEND = "copy the whole bundle directory again, or train it anew"


@dataclass(frozen=True, eq=False)
class Measurement:
    """The result of a bundle on its newest window, and the lines it was measured on.

    locked_exposure   over all windows that were measured
    """

    outcomes: Outcomes
    newest: Newest
    locked_exposure: int

    @property
    def customers(self) -> int:
        """How many customers anybody can be compared on."""
        return sum(map(len, self.outcomes.answers.values()))


def read_measurement(directory: Path) -> Measurement | None:
    """The measurement in a bundle directory; None where the training had too little history.

    Raises InputError when a file is damaged or missing, and when it is not the one that was
    sealed with the bundle: a measurement of another bundle says nothing of this one.
    """
    if not _sealed(directory, read_manifest(directory)):
        return None
    windows = read_outcomes(directory / OUTCOMES_FILE)
    newest = read_newest(directory / NEWEST_FILE)
    if not windows:
        raise InputError(
            f"{directory / OUTCOMES_FILE} names no window",
            hint=_MEND,
        )
    last = max(windows, key=lambda window: window.window_until)
    if not last.window_from <= newest.cut < last.window_until:
        raise InputError(
            f"{directory / OUTCOMES_FILE} and {NEWEST_FILE} are of different windows",
            hint=_MEND,
        )
    return Measurement(last, newest, sum(window.locked_exposure for window in windows))


def _sealed(directory: Path, manifest: Manifest) -> bool:
    """Whether there is a measurement; InputError when it is not what the manifest names."""
    sealed = manifest.lineage.measurement if manifest.lineage else {}
    names = (OUTCOMES_FILE, NEWEST_FILE)
    there = {name for name in names if (directory / name).exists()}
    if missing := sorted(sealed.keys() - there):
        raise InputError(
            f"{directory} lacks {' and '.join(missing)}, which its manifest names", hint=_MEND
        )
    found = checksums({name: (directory / name).read_bytes() for name in there})
    if wrong := [name for name in names if found.get(name) != sealed.get(name)]:
        raise InputError(
            f"{directory / wrong[0]} is not what this bundle was measured with: it was copied "
            "from another bundle, or edited",
            hint="train again",
        )
    return bool(there)
