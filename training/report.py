"""The training report: one HTML file that needs nothing else, and the same numbers as JSON."""

from __future__ import annotations

import json
from html import escape

from recommender.times import day_month_year
from training.findings import Findings
from training.report_guard import guard_section
from training.report_page import page
from training.report_quality import quality_sections
from training.report_search import search_sections
from training.report_summary import summary

__all__ = ["Findings", "evaluation_json", "report_html"]


def evaluation_json(findings: Findings) -> bytes:
    """Evaluation, tuning and notes for programs: a function of the view.

    So what the guard costs is not in it, which looks past the view: only the report tells that.
    """
    content = {
        "evaluation": findings.evaluation and findings.evaluation.model_dump(mode="json"),
        "backtest": findings.backtest and findings.backtest.model_dump(mode="json"),
        "tuned": findings.tuned and findings.tuned.model_dump(mode="json"),
        "notes": list(findings.notes),
    }
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def report_html(findings: Findings) -> bytes:
    """The report: a page for everybody, then the details."""
    day = day_month_year(findings.manifest.as_of)
    parts = [
        summary(findings),
        '<div class="details"><h2>Details</h2><p class=small>For whoever trains the models.</p>',
        quality_sections(findings),
        search_sections(findings),
        guard_section(findings),
        f"<h2>What was read</h2><pre>{_read(findings)}</pre></div>",
    ]
    return page(f"Training on purchases up to {day}", parts).encode()


def _read(findings: Findings) -> str:
    return "\n".join(escape(line) for line in findings.read.lines())
