"""Settings: one file, one override syntax, and errors that name the line and the nearest key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from recommender.errors import ConfigError, NotFound
from training.config import TrainConfig, config_digest, load_config, setting_names

CONFIGS = Path(__file__).parents[3] / "configs"


def write(folder: Path, text: str) -> Path:
    path = folder / "train.yaml"
    path.write_text(text)
    return path


def test_no_file_gives_the_defaults() -> None:
    assert load_config(None) == TrainConfig()
    assert load_config(None).guard.packs == ("grocery@1",)


def test_an_empty_file_and_blank_sections_give_the_defaults(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "")) == TrainConfig()
    assert load_config(write(tmp_path, "model:\npurchases:\n  columns:\n")) == TrainConfig()


def test_the_shipped_files_are_valid_and_say_the_defaults() -> None:
    shipped = load_config(CONFIGS / "train.yaml")
    unset = {"purchases": {"path"}, "catalogue": {"path"}}
    assert shipped.model_dump(exclude=unset) == TrainConfig().model_dump(exclude=unset)
    example = load_config(CONFIGS / "examples" / "online_retail.yaml")
    assert example.purchases.columns.customer_id == "Customer ID"
    assert example.catalogue.duplicates == "most_frequent"


def test_what_the_shipped_file_has_in_comments_are_the_defaults() -> None:
    commented, section = [], ""
    for line in (CONFIGS / "train.yaml").read_text().splitlines():
        if top := re.match(r"(\w+):", line):
            section = top[1]
        elif (setting := re.match(r"  # (\w+): ([^#]+)", line)) and (
            f"{section}.{setting[1]}" in setting_names()
        ):
            commented.append(f"{section}.{setting[1]}={setting[2].strip()}")
    assert len(commented) >= 23
    assert load_config(None, commented) == TrainConfig()


def test_every_setting_is_described() -> None:
    def undescribed(model: type, at: str) -> list[str]:
        found = []
        for name, info in model.model_fields.items():  # type: ignore[attr-defined]
            if not info.description:
                found.append(f"{at}{name}")
            if isinstance(info.annotation, type) and hasattr(info.annotation, "model_fields"):
                found += undescribed(info.annotation, f"{at}{name}.")
        return found

    assert undescribed(TrainConfig, "") == []


def test_settings_are_immutable() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TrainConfig().model.factors = 3  # type: ignore[misc]


def test_overrides_reach_every_setting_whether_the_file_has_it_or_not(tmp_path: Path) -> None:
    path = write(tmp_path, "model:\n  factors: 8\n")
    overrides = ["model.factors=32", "guard.packs=[]", "purchases.columns.item_id=Stock Code"]
    config = load_config(path, overrides)
    assert config.model.factors == 32
    assert config.guard.packs == ()
    assert config.purchases.columns.item_id == "Stock Code"
    assert load_config(path, ["catalogue.columns.category=[a, b]"]).catalogue.columns.category == (
        "a",
        "b",
    )


def test_the_last_override_of_a_setting_wins() -> None:
    assert load_config(None, ["model.seed=1", "model.seed=2"]).model.seed == 2


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ("model:\n  factor: 3\n", "line 2: there is no setting 'model.factor'", "model.factors?"),
        ("\n\ngurd:\n", "line 3: there is no setting 'gurd'", "guard?"),
        ("factors: 3\n", "line 1: there is no setting 'factors'", "model.factors?"),
        ("model: {factors: many}\n", "line 1: model.factors = 'many'", ""),
        ("model:\n  factors: 3\n  factors: 4\n", "line 3: the key 'factors' stands twice", ""),
        ("tuning:\n  trials: -2\n", "line 2: tuning.trials = -2", ""),
        ("model: {regularization: .nan}\n", "line 1: model.regularization = nan", ""),
        ("purchases:\n  timezone: Mars/Olympus\n", "line 2: purchases.timezone", "IANA"),
        ("guard: {packs: &p [a], policy: *p}\n", "line 1: guard.policy", ""),
        ("- 1\n", "is not a mapping of sections", ""),
        ("model: [\n", "line 2", ""),
    ],
)
def test_an_error_names_the_file_the_line_and_the_nearest_key(
    tmp_path: Path, text: str, where: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    assert "train.yaml" in str(caught.value)
    assert where in str(caught.value)
    assert hint in str(caught.value)


def test_all_errors_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, "gurd: 1\nmodel:\n  factors: 0\n  seeds: 1\n"))
    for line in ("line 1", "line 3", "line 4"):
        assert line in str(caught.value)


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("model.factor=3", "did you mean model.factors?"),
        ("factors=3", "did you mean model.factors?"),
        ("modl.factors=3", "did you mean model?"),
        ("model.factors", "write a dotted path"),
        ("model..factors=3", "write a dotted path"),
        ("model.factors=[", "mend the YAML"),
        ("evaluation.n=0", "greater than or equal to 1"),
        ("lenient=perhaps", "valid boolean"),
        ("tuning.budget_seconds=-1", "greater than or equal to 0"),
    ],
)
def test_a_bad_override_is_named_as_it_was_given(override: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(None, [override])
    assert override in str(caught.value)
    assert hint in str(caught.value)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        load_config(tmp_path / "none.yaml")


def test_a_relative_path_is_looked_up_here_and_then_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.parquet").touch()
    config = load_config(write(tmp_path, "purchases: {path: mine.parquet}\noffers: {path: no}\n"))
    assert config.purchases.path == tmp_path / "mine.parquet"
    assert config.offers.path == Path("no")
    here = load_config(write(tmp_path, "purchases: {path: pyproject.toml}\n"))
    assert here.purchases.path == Path("pyproject.toml")


def test_the_digest_changes_with_what_affects_the_models_and_with_nothing_else() -> None:
    base = config_digest(load_config(None))
    for same in (
        "purchases.path=/a",
        "catalogue.path=/a",
        "offers.path=/a",
        "guard.policy=/a",
        "purchases.columns.item_id=Stock Code",
        "catalogue.columns.category=[a, b]",
        "lenient=true",
        "model.threads=3",
        "tuning.storage=/a",
        "evaluation.n=5",
        "evaluation.customers=5",
        "evaluation.bootstrap=50",
        "evaluation.guard_cost=false",
        "mlflow.tracking_uri=http://mlflow:5000",
    ):
        assert config_digest(load_config(None, [same])) == base, same
    for other in (
        "model.seed=1",
        "guard.packs=[]",
        "tuning.customers=5",
        "tuning.trials=5",
        "evaluation.window_weeks=5",
        "evaluation.windows=3",
        "purchases.timezone=CET",
    ):
        assert config_digest(load_config(None, [other])) != base, other


@pytest.mark.parametrize("values", ["['']", "['', 3]"])
def test_a_list_of_impossible_values_is_not_called_empty(values: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(None, [f"guard.packs={values}"])
    assert "at least 1 character" in str(caught.value)
    assert "at least 1 item" not in str(caught.value)


@pytest.mark.parametrize(("customers", "support"), [(0, 1), (99, 1), (150, 3), (9999, 10)])
def test_automatic_support_is_one_in_fifty_customers_from_1_to_10(
    customers: int, support: int
) -> None:
    assert load_config(None).model.support(customers) == support
    assert load_config(None, ["model.min_support=7"]).model.support(customers) == 7
