"""The page that a report is poured into, and the parts that it is made of."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #1b2733;
         margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
  h1 { font-size: 1.6rem } h2 { margin-top: 2.5rem; font-size: 1.2rem }
  h3 { margin-top: 1.5rem; font-size: 1rem }
  .figures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0 }
  .figure { flex: 1 1 11rem; background: #eff5fa; border-radius: .5rem; padding: 1rem;
            font-size: .85rem }
  .figure b { display: block; font-size: 1.7rem; color: #0b5a8a }
  .note { background: #fdf3e3; border-left: .3rem solid #d98e04; padding: .6rem 1rem }
  .note::first-letter { text-transform: uppercase }
  .small { font-size: .85rem; color: #52616f }
  .wide { overflow-x: auto; margin: 1rem 0 }
  .details { border-top: .3rem solid #0b5a8a; margin-top: 4rem }
  table { border-collapse: collapse; width: 100%; font-size: .8rem;
          font-variant-numeric: tabular-nums }
  th, td { border-bottom: 1px solid #d6e0e8; padding: .35rem .5rem; text-align: left;
           vertical-align: top }
  img { max-width: 100% }
  pre { background: #eff5fa; padding: 1rem; overflow-x: auto; font-size: .8rem }
  @media print { .details { break-before: page } }
</style>
<h1>{{title}}</h1>
{{body}}
</html>
"""


def page(title: str, parts: Iterable[str]) -> str:
    """The whole page; `title` is text, the parts are HTML."""
    body = "\n".join(part for part in parts if part)
    return PAGE.replace("{{title}}", escape(title)).replace("{{body}}", body)


def figures(found: Iterable[tuple[str, str]]) -> str:
    """Tiles: a number, and what it counts."""
    cells = "".join(
        f"<div class=figure><b>{escape(number)}</b>{escape(text)}</div>" for number, text in found
    )
    return f"<div class=figures>{cells}</div>"


def paragraphs(sentences: Iterable[str], kind: str = "") -> str:
    """HTML, a paragraph each; `kind` is a class of the page's style."""
    opened = f"<p class={kind}>" if kind else "<p>"
    return "".join(f"{opened}{sentence}</p>" for sentence in sentences)


def table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Text in columns."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<div class=wide><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def image(png: bytes, text: str) -> str:
    """A picture inside the page, and what it shows for whoever cannot see it."""
    data = base64.b64encode(png).decode()
    return f'<img alt="{escape(text)}" src="data:image/png;base64,{data}">'
