"""The training report: one HTML file that needs nothing else, and the same numbers as JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from recommender.bundle import Manifest
from recommender.guard.document import CompiledGuard
from recommender.guard.policy import UNMAPPED
from recommender.times import day_month_year
from training.assortment import Assortment
from training.evaluation import Evaluation
from training.plots import curve_plot, quality_plot, reach_plot
from training.reading.report import ReadReport
from training.report_page import PAGE
from training.tune import Tuned

SETTINGS = {
    "own_half_life_weeks": "after so many weeks a customer's own basket counts half",
    "confidence_half_life_weeks": "the same, where similar customers are looked for",
    "confidence_floor": "what a very old purchase still counts there",
    "regularization": "how strongly the search for similar customers is smoothed",
    "repeat_exponent": "how much it matters that people buy an item again",
    "trend_exponent": "how much it matters that an item sells now",
    "cross_weight": "weight of what similar customers buy",
    "popularity_weight": "weight of what sells now, to everyone",
}


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything that a report tells of."""

    read: ReadReport
    guard: CompiledGuard
    assortment: Assortment
    manifest: Manifest
    evaluation: Evaluation | None
    tuned: Tuned | None
    notes: tuple[str, ...]


def evaluation_json(findings: Findings) -> bytes:
    """Evaluation, tuning and notes for programs."""
    content = {
        "evaluation": findings.evaluation and findings.evaluation.model_dump(mode="json"),
        "tuned": findings.tuned and findings.tuned.model_dump(mode="json"),
        "notes": list(findings.notes),
    }
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def report_html(findings: Findings) -> bytes:
    """The report: first for everybody, then the details."""
    sections = [
        _short(findings),
        _notes(findings.notes),
        _quality(findings.evaluation),
        _tuning(findings.tuned),
        _guard(findings),
        _parameters(findings.manifest),
        _read(findings.read),
    ]
    day = day_month_year(findings.manifest.as_of)
    return (
        PAGE.replace("{{title}}", escape(f"Training on purchases up to {day}"))
        .replace("{{body}}", "\n".join(sections))
        .encode()
    )


def _short(findings: Findings) -> str:
    manifest = findings.manifest
    figures = [
        (f"{manifest.n_customers:,}", "customers with a visible history"),
        (f"{manifest.n_rows:,}", "items that the models know"),
        (f"{manifest.n_offers:,}", "offers"),
    ]
    found = findings.evaluation
    if found is not None and (engine := found.methods[0].all) is not None:
        figures.append(
            (f"{engine.recall.mean:.0%}", f"of the {found.n} offers' possible hits, anything")
        )
    if (against := _against(found)) is not None:
        figures.append(against.figure())
    cells = "".join(
        f"<div class=figure><b>{escape(number)}</b>{escape(text)}</div>" for number, text in figures
    )
    return f"<div class=figures>{cells}</div>{_in_words(findings)}"


def _in_words(findings: Findings) -> str:
    """What a reader without statistics takes home."""
    found, words = findings.evaluation, []
    if found is None:
        words.append("There is too little history to measure how good the offers are.")
    elif found.customers_all:
        first, last = day_month_year(found.window_from), day_month_year(found.window_until)
        words.append(
            f"We hid the purchases after {first}, up to {last}, asked Tactful for {found.n} offers "
            f"for each of {found.customers_all:,} customers, and compared them with what these "
            "customers then bought."
        )
        words.append(
            "<b>Anything</b> may repeat what a customer buys anyway; <b>only new</b> counts offers "
            "and purchases of items that the customer had never bought before."
        )
    if (against := _against(found)) is not None:
        words += against.advice()
    events = len(findings.guard.life_events)
    masked, _ = _masked(findings)
    if events:
        words.append(
            f"The guard protects {events} life events: {masked:,} of "
            f"{len(findings.assortment.catalogue):,} items are never looked at, and what would "
            "reveal a life event is offered to nobody unasked."
        )
    return "".join(f"<p>{sentence}</p>" for sentence in words)


@dataclass(frozen=True)
class _Against:
    """How Tactful ranks beside the best simple method.

    percent   by how much better its NDCG is; below 0: worse
    chance    whether the two intervals overlap
    """

    name: str
    percent: int
    chance: bool

    def figure(self) -> tuple[str, str]:
        """The number and what it counts, worded by its sign."""
        if self.percent == 0:
            return "equally", f"well ranked as the best simple method, {self.name}"
        word = "better" if self.percent > 0 else "worse"
        return (
            f"{abs(self.percent)} %",
            f"{word} ranked than the best simple method, {self.name}",
        )

    def advice(self) -> list[str]:
        """What to do when a simple method ranks better; nothing otherwise."""
        if self.percent >= 0:
            return []
        chance = " The intervals overlap, so it may be chance." if self.chance else ""
        advice = (
            f"<b>A simple method, {escape(self.name)}, ranks better here</b>, by NDCG over "
            f"anything.{chance} What to do: see below whether everything was read as it should "
            "be, above all who bought and when; hand in more weeks of purchases, if there are "
            "any; give more values to try under <code>tuning</code>. Do not replace what the "
            "shop shows now before Tactful is ahead."
        )
        return [advice]


def _against(found: Evaluation | None) -> _Against | None:
    """None where there is nothing to compare."""
    if found is None or (engine := found.methods[0].all) is None:
        return None
    measured = [(m.name, m.all.ndcg) for m in found.methods[1:] if m.all is not None]
    name, best = max(measured, key=lambda pair: pair[1].mean)
    if not best.mean:
        return None
    change = round(100 * (engine.ndcg.mean / best.mean - 1))
    return _Against(name, change, chance=engine.ndcg.high >= best.low)


def _notes(notes: Sequence[str]) -> str:
    return "".join(f"<p class=note>{escape(note)}</p>" for note in notes)


def _quality(found: Evaluation | None) -> str:
    if found is None or not found.customers_all:
        return ""
    left_out = (
        f"<p>{found.left_out:.1%} of what was bought is protected by the guard and counts neither "
        "for nor against any method; protected evidence was not looked at in the first place.</p>"
        if found.guarded
        else ""
    )
    return (
        "<h2>How good the offers are</h2>"
        + _image(quality_plot(found), "NDCG of all methods")
        + _table(found.columns(), found.rows())
        + f"<p class=small>Means over {found.customers_all:,} customers who bought anything "
        f"({found.customers_new:,} anything new), with 95 % bootstrap intervals. "
        f"NDCG@{found.n} rewards hits near the top; Recall@{found.n} is the share of the possible "
        "hits; coverage is the share of all offers that appear in any list.</p>"
        + left_out
        + "<h2>Which offers are shown</h2>"
        + _image(reach_plot(found), "places by popularity")
        + "<p class=small>In brackets: coverage.</p>"
    )


def _tuning(tuned: Tuned | None) -> str:
    if tuned is None:
        return ""
    plots = [
        _image(curve_plot(tuned.curves[name], getattr(tuned.parameters, name), label), label)
        for name, label in (
            ("own_half_life_weeks", "half-life of own baskets, in weeks"),
            ("trend_exponent", "exponent of the trend"),
        )
    ]
    return (
        "<h2>What the validation window decided</h2>"
        f"<p>{tuned.tried:,} blends were tried on {tuned.customers:,} customers, on the weeks "
        "before those that measured the quality above.</p>" + "".join(plots)
    )


def _guard(findings: Findings) -> str:
    policy = findings.guard.policy
    if not findings.guard.life_events:
        return "<h2>Guard</h2><p>No life event is protected: no pack is active.</p>"
    masked, contained = _masked(findings)
    bits = [np.uint64(1 << bit) for bit in range(len(findings.guard.life_events))]
    rows = [
        (
            event.title or event.id,
            event.stance.value.replace("_", " "),
            f"{int(((findings.assortment.evidence & bit) != 0).sum()):,}",
            f"{int(((findings.assortment.target & bit) != 0).sum()):,}",
        )
        for event, bit in zip(findings.guard.life_events, bits, strict=True)
    ]
    unmapped = int(((findings.assortment.evidence & np.uint64(UNMAPPED)) != 0).sum())
    until = "" if policy.valid_until is None else f", valid until {policy.valid_until}"
    return (
        f"<h2>Guard</h2><p>Policy version {policy.version}{until}. {masked:,} items are masked, "
        f"{contained:,} offers are held back; {unmapped:,} items have neither title nor category "
        "and cannot be checked.</p>"
        + _table(("life event", "policy", "items that are evidence", "items that reveal it"), rows)
    )


def _masked(findings: Findings) -> tuple[int, int]:
    """Masked items of the catalogue, contained offers, under the policy while it is valid."""
    rules = findings.guard.policy.rules(findings.manifest.as_of)
    shelf = findings.assortment
    masked = (shelf.evidence & np.uint64(rules.masked)) != 0
    contained = (shelf.offer_target & np.uint64(rules.contained)) != 0
    return int(masked.sum()), int(contained.sum())


def _parameters(manifest: Manifest) -> str:
    values = manifest.parameters.model_dump()
    rows = [(name, f"{value:g}", SETTINGS[name]) for name, value in values.items()]
    return "<h2>Parameters</h2>" + _table(("setting", "value", "what it means"), rows)


def _read(read: ReadReport) -> str:
    lines = "\n".join(escape(line) for line in read.lines())
    return f"<h2>What was read</h2><pre>{lines}</pre>"


def _table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _image(png: bytes, text: str) -> str:
    data = base64.b64encode(png).decode()
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{data}">'
