"""The page that a data-protection officer reads and signs: one HTML file, whole in itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from html import escape
from pathlib import Path

from recommender.errors import InputError, NotFound
from tactful.prove.guarantees import GUARANTEES, NOT_PROMISED, SENTENCE
from tactful.prove.paper import PAPER
from tactful.prove.verdict import Outcome, Proof, Subject, Verdict

_DIGEST_SIZE = 32
_BLANK = "0" * (2 * _DIGEST_SIZE)
_DIGEST = re.compile(r'(<code id="digest">)([0-9a-f]{64})(</code>)')
_MARK = '<meta name="generator" content="tactful guard prove">'
_WORDS = {
    Outcome.HELD: ("held", "held"),
    Outcome.FAILED: ("failed", "FAILED"),
    Outcome.NOT_RUN: ("idle", "not run"),
}


def proof_page(proof: Proof) -> str:
    """The page, with the digest of its own content."""
    fields = {
        "mark": _MARK,
        "headline": _headline(proof),
        "subject": _subject(proof.subject, proof.seconds),
        "rows": "\n".join(map(_row, proof.verdicts)),
        "sentence": escape(SENTENCE),
        "limits": _list(NOT_PROMISED),
        "digest": _BLANK,
    }
    page = PAPER
    for name, value in fields.items():
        page = page.replace("{{" + name + "}}", value)
    return _DIGEST.sub(rf"\g<1>{_digest_of(page)}\g<3>", page)


def check_page(path: Path) -> tuple[bool, str]:
    """Whether a page is as it was written, and the digest that it carries.

    Raises NotFound when there is no such file and InputError when it is no page of a proof.
    """
    try:
        page = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", hint="name the page that was written") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}", hint="check the file") from error
    found = _DIGEST.findall(page)
    if _MARK not in page or len(found) != 1:
        raise InputError(
            f"{path} is no page of a proof", hint="name a file that `tactful guard prove` wrote"
        )
    told = found[0][1]
    return _digest_of(_DIGEST.sub(rf"\g<1>{_BLANK}\g<3>", page)) == told, told


def _digest_of(page: str) -> str:
    """BLAKE2b-256 of the page with zeros for its digest, in hexadecimal."""
    return blake2b(page.encode(), digest_size=_DIGEST_SIZE).hexdigest()


def _headline(proof: Proof) -> str:
    n = len(proof.verdicts)
    if proof.failed:
        names = ", ".join(verdict.guarantee for verdict in proof.failed)
        return (
            f'<p class="headline failed">{len(proof.failed)} of {n} guarantees failed: {names}</p>'
        )
    idle = proof.not_run
    told = f"; {len(idle)} not run: {', '.join(v.guarantee for v in idle)}" if idle else ""
    return f'<p class="headline held">{len(proof.held)} of {n} guarantees held{told}</p>'


def _subject(subject: Subject, seconds: float) -> str:
    policy = f"version {subject.policy}"
    if subject.from_bundle:
        policy += ", the one that the bundle was trained with"
    rows = (
        ("Bundle", f"{subject.bundle}<br><code>{escape(subject.bundle_digest)}</code>"),
        ("Policy", f"{escape(policy)}<br><code>{escape(subject.policy_digest)}</code>"),
        ("Owner of the policy", escape(subject.owner) or "nobody is named"),
        ("Approved by", escape(subject.approved_by) or "nobody is named"),
        ("Valid until", escape(subject.valid_until) or "no end is named"),
        ("Release", escape(subject.release)),
        ("Made", f"{escape(subject.at)}, in {seconds:,.0f} seconds"),
        ("Seed", f"{subject.seed}; it makes the same cases again"),
        ("Cases", f"{subject.examples:,}; a quarter where a case takes many requests"),
        ("The shop", "; ".join(f"{count:,} {escape(name)}" for name, count in subject.items)),
    )
    return "\n".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)


def _row(verdict: Verdict) -> str:
    name, sentence = GUARANTEES[verdict.guarantee]
    kind, word = _WORDS[verdict.outcome]
    told = f'<p class="done">{escape(_capital(verdict.done))}.</p>' if verdict.done else ""
    told += f"<p>{escape(_capital(verdict.result))}.</p>" if verdict.result else ""
    if verdict.counterexample:
        told += (
            '<p class="counter"><b>The smallest case that broke it</b> (for the privacy officer '
            f"alone): {escape(verdict.counterexample)}</p>"
        )
    cases = f"{verdict.cases:,} cases" if verdict.cases else ""
    return (
        f'<tr class="{kind}"><td class="id">{verdict.guarantee}</td>'
        f"<td><h3>{escape(name)}</h3><p>{escape(sentence)}</p>{told}</td>"
        f'<td class="verdict"><b>{word}</b><br><span>{cases}</span></td></tr>'
    )


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)


def _capital(sentence: str) -> str:
    return (sentence[:1].upper() + sentence[1:]).rstrip(".")
