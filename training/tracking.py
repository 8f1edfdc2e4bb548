"""A training on record in MLflow, where a shop keeps its experiments there.

What goes there is about the models: settings, parameters, metrics, lineage, and the files for
people. Nothing about a customer goes: neither records, nor outcomes, nor lines. The library is an
extra and is loaded only when it is asked for; its own usage statistics are switched off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recommender.bundle import Manifest
from recommender.errors import ConfigError, StoreError
from recommender.times import iso_utc
from training.bundle_dir import MANIFEST
from training.sections import Mlflow

ARTIFACTS = (MANIFEST, "report.html", "evaluation.json")
"""Files of a bundle directory that name no customer."""

_LONGEST = 500
"""Longest value of a parameter, in characters, that every MLflow server takes."""


def check_tracking(settings: Mlflow) -> None:
    """Raises what `track` would, before a training and not after.

    ConfigError when MLflow is asked for and not installed, StoreError when it does not answer.
    Without a `tracking_uri` nothing is asked for.
    """
    if settings.tracking_uri is not None:
        client = _client(settings.tracking_uri)
        with _speaking(settings.tracking_uri):
            client.get_experiment_by_name(settings.experiment)


def track(settings: Mlflow, directory: Path, manifest: Manifest) -> str | None:
    """Puts a training on record; gives the id of its run, None when none is asked for.

    directory   of the bundle, which is left as it is

    Raises StoreError when the MLflow server cannot be reached or refuses.
    """
    if settings.tracking_uri is None:
        return None
    client = _client(settings.tracking_uri)
    with _speaking(settings.tracking_uri):
        run = client.create_run(
            _experiment(client, settings.experiment),
            run_name=manifest.version,
            tags=_tags(manifest),
        )
        run_id: str = run.info.run_id
        try:
            _record(client, run_id, directory, manifest)
        except BaseException:
            client.set_terminated(run_id, status="FAILED")
            raise
        client.set_terminated(run_id)
    return run_id


def _record(client: Any, run_id: str, directory: Path, manifest: Manifest) -> None:
    for name, value in sorted(_parameters(manifest).items()):
        client.log_param(run_id, name, value)
    for name, number in sorted(manifest.metrics.items()):
        # MLflow allows no @ in a name.
        client.log_metric(run_id, name.replace("@", "_at_"), number)
    for name in ARTIFACTS:
        if (directory / name).exists():
            client.log_artifact(run_id, str(directory / name))


def _parameters(manifest: Manifest) -> dict[str, str]:
    """Settings of the models and what tuning decided, nested ones by dotted names.

    `parameters` are those of the bundle, `measured` those that the metrics are of: found one
    window earlier, so that what measured them was new to them.
    """
    lineage = manifest.lineage
    told: dict[str, object] = {"parameters": manifest.parameters.model_dump(mode="json")}
    if lineage is not None:
        told["model"] = lineage.model
        if lineage.measured is not None:
            told["measured"] = lineage.measured.model_dump(mode="json")
    return dict(_flat(told, ""))


def _flat(value: object, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        text = value if isinstance(value, str) else json.dumps(value)
        yield name, text[:_LONGEST]


def _tags(manifest: Manifest) -> dict[str, str]:
    """The lineage."""
    lineage = manifest.lineage
    return {
        "tactful.version": manifest.version,
        "tactful.digest": manifest.digest,
        "tactful.config_digest": manifest.config_digest,
        "tactful.policy_digest": manifest.policy_digest,
        "tactful.policy_version": str(manifest.policy.version),
        "tactful.window_from": iso_utc(manifest.window_from),
        "tactful.as_of": iso_utc(manifest.as_of),
        "tactful.customers": str(manifest.n_customers),
        "tactful.offers": str(manifest.n_offers),
        "tactful.release": lineage.release if lineage else "",
        "tactful.lines": lineage.lines if lineage else "",
    }


def _client(uri: str) -> Any:
    # Before the first import: it decides then.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    try:
        from mlflow.tracking import MlflowClient  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ConfigError(
            "mlflow.tracking_uri is set, but MLflow is not installed",
            hint="pip install 'tactful[mlflow]', or set mlflow.tracking_uri=null",
        ) from error
    with _speaking(uri):
        return MlflowClient(tracking_uri=uri)


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    experiment: str = client.create_experiment(name) if found is None else found.experiment_id
    return experiment


@contextmanager
def _speaking(uri: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415  # an extra

    try:
        yield
    except (MlflowException, OSError, ImportError) as error:
        raise StoreError(
            f"MLflow at {uri} took nothing: {str(error).splitlines()[0]}",
            hint="check mlflow.tracking_uri and its server; a bundle that was written is whole",
        ) from error
