"""The report's first page: what a marketer takes home, without statistics."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from recommender.times import day_month_year
from recommender.types import SECONDS_A_DAY
from training.difference import FEWEST, Difference, Finding, change, finding, too_few
from training.evaluation import Evaluation
from training.findings import Findings
from training.plots_quality import (
    PLAIN_NAMES,
    SEGMENT_NAMES,
    benefit_plot,
    plain_rows,
    segment_plot,
    taken,
)
from training.report_guard import price_section
from training.report_page import figures, image, paragraphs


def summary(findings: Findings) -> str:
    """Tiles, words, notes, and a picture each of the benefit, for whom, and of the price."""
    found = findings.evaluation
    return "".join(
        (
            figures(_tiles(findings)),
            paragraphs(_words(findings)),
            paragraphs(map(escape, findings.notes), "note"),
            _benefit(found) if found else "",
            _for_whom(found) if found else "",
            price_section(findings.guard_cost) if findings.guard_cost else "",
        )
    )


def _tiles(findings: Findings) -> list[tuple[str, str]]:
    manifest, found = findings.manifest, findings.evaluation
    tiles = []
    if found is not None:
        tiles += _taken_tiles(found)
    if (against := _against(found)) is not None:
        tiles.append(against.tile())
    return [
        *tiles,
        (f"{manifest.n_customers:,}", "customers with a visible history"),
        (f"{manifest.n_rows:,}", "items that the models know"),
        (f"{manifest.n_offers:,}", "offers"),
    ]


def _taken_tiles(found: Evaluation) -> list[tuple[str, str]]:
    """How many offers are taken; none where nobody was measured."""
    anything, new = found.methods[0].all, found.methods[0].new
    tiles = []
    if anything is not None:
        tiles += [
            (
                f"{taken(anything, found.n).mean:.1f} of {found.n}",
                f"offers are bought within {span(found)}",
            ),
            (
                f"{100 * anything.hit.mean:.0f} of 100",
                "customers who bought anything bought at least one of them",
            ),
        ]
    if new is not None and new.customers >= FEWEST:
        number = f"{taken(new, found.n).mean:.2f} of {found.n}"
        tiles.append((number, "are bought when only things new to the customer are offered"))
    return tiles


def span(found: Evaluation) -> str:
    """How long the window is, in words: whole weeks where it is nearly that, else days."""
    days = max(1, round((found.window_until - found.window_from) / SECONDS_A_DAY))
    weeks, rest = divmod(days, 7)
    count, unit = (weeks, "week") if weeks and not rest else (days, "day")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _words(findings: Findings) -> list[str]:
    """HTML sentences."""
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
    if findings.guard.life_events:
        masked, _ = findings.held_back()
        words.append(
            f"The guard protects {len(findings.guard.life_events)} life events: {masked:,} of "
            f"{len(findings.assortment.catalogue):,} items are never looked at, and what would "
            "reveal a life event is offered to nobody unasked."
        )
    return words


def _benefit(found: Evaluation) -> str:
    if not plain_rows(found, "all"):
        return ""
    return (
        "<h2>Tactful beside simple methods</h2>"
        + image(benefit_plot(found), "offers that are bought: Tactful and simple methods")
        + "<p class=small>Without Tactful, a shop would show everybody its bestsellers, or each "
        "customer what they buy most. Counted are customers who bought anything in these weeks. "
        "They had not seen the offers: the numbers say how well these were chosen, not how much "
        "more would be sold. Thin bars: 95 % intervals.</p>"
    )


def _for_whom(found: Evaluation) -> str:
    rows = plain_rows(found, "all")
    if not rows or not rows[0][1].segments:
        return ""
    limits = (
        f"New customers have at most {_baskets(found.few_baskets)} in their visible history, heavy "
        f"ones more than {found.many_baskets:,}."
    )
    return (
        "<h2>For which customers</h2>"
        + paragraphs([*_told_by_segment(found), limits])
        + image(segment_plot(found), "offers that are bought, by kind of customer")
    )


def _baskets(count: int) -> str:
    return f"{count:,} basket" if count == 1 else f"{count:,} baskets"


def _told_by_segment(found: Evaluation) -> list[str]:
    """For each kind of customer, Tactful beside the better of the simple methods there."""
    (_, engine), *others = plain_rows(found, "all")
    leads = {method.name: method.lead for method in found.methods}
    told = []
    for segment, own in engine.segments.items():
        simple = [
            (taken(quality.segments[segment], found.n).mean, name, lead.segments[segment])
            for name, quality in others
            if segment in quality.segments and (lead := leads[name]) is not None
        ]
        if simple:
            best, name, beside = max(simple, key=lambda row: row[:2])
            offers = f"{taken(own, found.n).mean:.2f} of {found.n} offers, against {best:.2f}"
            told.append(_sentence(SEGMENT_NAMES[segment], beside, offers, PLAIN_NAMES[name]))
    return told


def _sentence(who: str, lead: Difference, offers: str, name: str) -> str:
    simple = escape(name)
    match finding(lead):
        case Finding.BETTER:
            return f"{who.capitalize()} gain: they bought {offers} with {simple}."
        case Finding.WORSE:
            return f"{who.capitalize()} lose: they bought {offers} with {simple}."
        case Finding.EQUAL:
            return f"For {who} Tactful and {simple} find equally much."
        case Finding.OPEN:
            few = too_few(lead)
            found = f"there are {few}" if few else f"Tactful and {simple} cannot be told apart"
            return f"For {who} {found}: they bought {offers}."


@dataclass(frozen=True)
class _Against:
    """How Tactful ranks beside the best simple method: by how much its NDCG differs."""

    name: str
    lead: Difference

    def tile(self) -> tuple[str, str]:
        """The number and what it counts, worded by what may be told."""
        percent = f"{abs(100 * self.lead.difference / self.lead.a):.0f} %"
        method = f"the best simple method, {self.name}"
        match finding(self.lead):
            case Finding.BETTER:
                return percent, f"better ranked than {method}"
            case Finding.WORSE:
                return percent, f"worse ranked than {method}"
            case Finding.EQUAL:
                return "equally", f"well ranked as {method}"
            case Finding.OPEN:
                return "no telling", f"whether it ranks better or worse than {method}"

    def advice(self) -> list[str]:
        """What to do where Tactful is not ahead; nothing otherwise."""
        name = escape(self.name)
        more = "hand in more weeks of purchases, if there are any"
        match finding(self.lead):
            case Finding.WORSE:
                told = (
                    f"<b>A simple method, {name}, ranks better here</b>, by NDCG over anything. "
                    "What to do: see below whether everything was read as it should be, above all "
                    f"who bought and when; {more}; search longer, with more "
                    "<code>tuning.trials</code> and <code>tuning.budget_seconds</code>. Do not "
                    "replace what the shop shows now before Tactful is ahead."
                )
            case Finding.OPEN:
                why = too_few(self.lead) or f"{change(self.lead)} of its NDCG over anything"
                told = (
                    f"<b>Tactful and a simple method, {name}, cannot be told apart here</b>: "
                    f"{why}. What to do: {more}, or measure more windows with "
                    "<code>evaluation.windows</code>."
                )
            case _:
                return []
        return [told]


def _against(found: Evaluation | None) -> _Against | None:
    """None where there is nothing to compare."""
    if found is None:
        return None
    measured = [(m.name, m.lead.ndcg) for m in found.methods if m.lead is not None]
    if not measured:
        return None
    name, lead = max(measured, key=lambda pair: pair[1].a)
    return _Against(PLAIN_NAMES.get(name, name), lead) if lead.a else None
