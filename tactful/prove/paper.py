"""The paper that a proof is written on: it prints in black on white, and follows a dark screen."""

PAPER = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{{mark}}
<title>Proof of the guard</title>
<style>
  :root { --ink: #16241f; --soft: #54655e; --line: #cfdbd5; --paper: #fff; --good: #0b6e4f;
          --bad: #b3261e; --idle: #7a5c00; --tint: #f0f5f2; color-scheme: light dark }
  @media (prefers-color-scheme: dark) { :root { --ink: #e4ece8; --soft: #9fb0a8; --line: #34443c;
          --paper: #131a17; --good: #5fd3a8; --bad: #ff8f87; --idle: #e3bd54; --tint: #1b2520 } }
  body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
         margin: 2rem auto; max-width: 56rem; padding: 0 1rem }
  h1 { font-size: 1.6rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
  h3 { font-size: 1rem; margin: 0 } p { margin: .3rem 0 }
  .lead { color: var(--soft); margin-top: 0 }
  .headline { font-size: 1.2rem; font-weight: 600; border-left: .35rem solid; padding: .5rem 1rem;
              background: var(--tint) }
  .headline.held { color: var(--good) } .headline.failed { color: var(--bad) }
  table { border-collapse: collapse; width: 100% }
  th, td { border-bottom: 1px solid var(--line); padding: .5rem .6rem; text-align: left;
           vertical-align: top }
  .subject th { width: 11rem; font-weight: 600 }
  code { font-size: .8rem; overflow-wrap: anywhere; color: var(--soft) }
  .id { font-weight: 600; width: 2.5rem } .done { color: var(--soft); font-size: .87rem }
  .verdict { width: 6.5rem; text-align: right } .verdict span { color: var(--soft);
             font-size: .8rem }
  .held .verdict b { color: var(--good) } .failed .verdict b { color: var(--bad) }
  .idle .verdict b { color: var(--idle) }
  .counter { border: 1px solid var(--bad); padding: .4rem .6rem; font-size: .85rem;
             overflow-wrap: anywhere }
  blockquote { margin: 1rem 0; padding: .6rem 1rem; border-left: .35rem solid var(--good);
               background: var(--tint); font-size: 1.05rem }
  .sign { display: grid; grid-template-columns: 1fr 1fr; gap: 3.2rem 2rem; margin-top: 3.5rem }
  .sign div { border-top: 1px solid var(--ink); padding-top: .3rem; font-size: .85rem }
  @page { margin: 18mm }
  @media print { :root { --ink: #000; --soft: #333; --line: #999; --paper: #fff; --good: #000;
          --bad: #000; --idle: #000; --tint: #fff }
    body { margin: 0; max-width: none; padding: 0; font-size: 10.5pt }
    tr, blockquote, .sign { break-inside: avoid } h2 { break-after: avoid } }
</style>
<h1>Proof of the guard</h1>
<p class="lead">What was promised, what was tried on this shop's own bundle and policy, and what
came of it.</p>
{{headline}}
<h2>What was proved</h2>
<table class="subject">
{{subject}}
</table>
<h2>Guarantees</h2>
<p>Every case ran on a service of its own, started for this proof, over HTTP, with the shop's own
items, offers and customers' records; stored bytes were read from its Redis server. Random cases
follow from the seed, so that the same release repeats them. That a case held is evidence, not a
certainty: cases are samples.</p>
<table>
{{rows}}
</table>
<h2>What may be printed</h2>
<blockquote>{{sentence}}</blockquote>
<p>Evidence is what the policy above labels, or what a person approved as a proxy.</p>
<h2>What nobody can promise</h2>
<ul>
{{limits}}
</ul>
<h2>Signatures</h2>
<p>I have read the verdicts, those that were not run included, and what nobody can promise.</p>
<div class="sign">
<div>Data protection: name, date, signature</div>
<div>Owner of the policy: name, date, signature</div>
</div>
<h2>Digest of this page</h2>
<p><code id="digest">{{digest}}</code></p>
<p class="lead">BLAKE2b-256 of this file with zeros in place of the digest;
<code>tactful guard prove --check FILE</code> computes it again. It shows that a copy is whole, not
who made it.</p>
</html>
"""
