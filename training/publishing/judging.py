"""The live version and a new one, held against each other on the new one's newest window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from recommender.bundle import FactorBundle, Manifest, ModelParameters
from recommender.controls import Controls
from recommender.errors import InputError
from recommender.types import CustomerId
from training.difference import FEWEST
from training.ground import Ground, Truth
from training.paired import Comparison, compare
from training.progress import Labelled, Progress
from training.publishing.measurement import Measurement
from training.publishing.ruling import Ruling, counted, reasons_of
from training.publishing.setbacks import fewer_lines, older, smaller
from training.rematch import Champion, as_it_is, fitted_again, rematch
from training.sections import Model
from training.verdict import KINDS, verdict_on

LIVE, FRESH = "the live version", "the new one"
"""How a comparison calls the two."""


@dataclass(frozen=True, eq=False)
class Told:
    """What customers have told us, and of whom nobody can tell."""

    controls: Mapping[CustomerId, Controls]
    closed: frozenset[CustomerId] = frozenset()


@dataclass(frozen=True, eq=False)
class Case:
    """A version that wants to become live.

    measurement   of the new bundle; None: it brings none
    champion      manifest of what is live
    measured      whether the live one brought a measurement when it was published
    was_live      whether the new one was live before: then it may be older
    load          reads the live bundle itself
    told          what the customers of the measurement have told us
    """

    bundle: FactorBundle
    measurement: Measurement | None
    champion: Manifest
    measured: bool
    was_live: bool
    load: Callable[[], FactorBundle]
    told: Told


def judged(case: Case, *, at: int, progress: Progress) -> Ruling:
    """The ruling on a version, by comparison with what is live.

    at   seconds since 1970
    """
    draft = Ruling(version=case.bundle.version, champion=case.champion.version, at=at, how="")
    if case.bundle.version == case.champion.version:
        return draft.model_copy(update={"how": "it is live already"})
    draft = draft.model_copy(update={"reasons": _setbacks(case)})
    if case.measurement is None:
        return _unmeasured(draft, case)
    draft = _settled(draft, "", *_too_few(case, case.measurement))
    if not case.measurement.customers:
        return _settled(draft, "nobody took anything in its newest window: nothing to compare")
    return _compared(draft, case, case.measurement, progress)


def _compared(draft: Ruling, case: Case, measurement: Measurement, progress: Progress) -> Ruling:
    try:
        how, champion = _footing(case, measurement, progress)
    except InputError as error:
        return _settled(
            draft,
            f"{draft.champion}, which was live, could not be fitted again",
            "the live version could not be fitted again on the purchases before the window, so "
            f"nobody can tell which is better: {error.what}",
        )
    if champion is None:
        return _settled(draft, how)
    found = _comparison(case, measurement, champion, progress)
    if found is None:
        how = "nobody who took anything is left to compare on: what may be offered has changed"
        return _settled(draft, how)
    ruling = _settled(draft, how, *reasons_of(found.questions, found.n))
    return ruling.model_copy(update={"comparison": found})


def _settled(draft: Ruling, how: str, *reasons: str) -> Ruling:
    """The ruling with what was compared, and with more reasons in front of those it has."""
    return draft.model_copy(update={"how": how, "reasons": (*reasons, *draft.reasons)})


def _setbacks(case: Case) -> tuple[str, ...]:
    """What the manifests alone tell against the new one."""
    live, new = case.champion, case.bundle.manifest
    return (
        *(() if case.was_live else older(live, new)),
        *smaller(live, new),
        *fewer_lines(live, new),
    )


def _too_few(case: Case, found: Measurement) -> Iterator[str]:
    """Questions that were asked of a handful of customers, although enough could answer."""
    truth: Truth | None = None
    for question, answers in found.outcomes.answers.items():
        if len(answers) >= FEWEST:
            continue
        truth = truth or Truth(_ground(case, found), found.newest.known)
        if (able := len(truth.able(question))) >= FEWEST:
            asked = counted(len(answers), "customer")
            yield (
                f"its quality {KINDS[question]} was measured on {asked} of {able:,}, too few to "
                "tell anything: raise evaluation.customers and train again"
            )


def _unmeasured(draft: Ruling, case: Case) -> Ruling:
    if not case.measured:
        return _settled(draft, "neither it nor the live version was measured")
    why = (
        "its quality was not measured, that of the live version was: train on more history, or "
        "with a shorter evaluation.window_weeks"
    )
    return _settled(draft, "it brings no measurement", why)


def _footing(case: Case, found: Measurement, progress: Progress) -> tuple[str, Champion | None]:
    """How the live version can be measured fairly, in words, and the means; None: not at all."""
    ground = _ground(case, found)
    name = case.champion.version
    if case.champion.as_of <= found.newest.cut:
        told = f"held against {name}, which was live, as it is: it knows no purchase of the window"
        return told, as_it_is(case.load(), ground, progress)
    if case.champion.lineage is None:
        return f"{name}, which was live, has no lineage: how it was made cannot be repeated", None
    if _recipe(case.champion) == _recipe(case.bundle.manifest):
        told = f"the same recipe on the same lines as {name}, which was live: nothing to compare"
        return told, None
    try:
        model = Model.model_validate(case.champion.lineage.model)
    except ValidationError:
        # Settings of another release: nothing of this one can repeat them.
        return (
            f"{name}, which was live, was made by release {case.champion.lineage.release} with "
            "settings that this release does not have: it cannot be repeated"
        ), None
    told = (
        f"held against {name}, which was live, fitted again on the purchases before the window: as "
        "it is, it has seen part of the answers"
    )
    shown = Labelled(progress, "fit the live version again")
    return told, fitted_again(model, _parameters(case.champion), ground, shown)


def _ground(case: Case, found: Measurement) -> Ground:
    # An evaluation that was handed no export of controls knew of none.
    told = case.told if case.bundle.manifest.controls_at else Told({})
    return Ground(case.bundle, found.newest, found.outcomes, told.controls, told.closed)


def _recipe(manifest: Manifest) -> object:
    """Settings, lines and parameters: equal ones give equal models."""
    lineage = manifest.lineage
    made = (lineage.model, lineage.lines) if lineage else None
    return made, _parameters(manifest)


def _parameters(manifest: Manifest) -> ModelParameters:
    """Those that were measured: a bundle's own were tuned on what it is to be measured on."""
    measured = manifest.lineage.measured if manifest.lineage else None
    return measured or manifest.parameters


def _comparison(
    case: Case, found: Measurement, champion: Champion, progress: Progress
) -> Comparison | None:
    theirs, ours = rematch(champion, _ground(case, found), progress)
    if not any(map(len, theirs.answers.values())):
        return None
    compared = compare([theirs], [ours], progress=progress)
    verdict = verdict_on(compared.questions, compared.n, LIVE, FRESH)
    return compared.model_copy(update={"verdict": verdict})
