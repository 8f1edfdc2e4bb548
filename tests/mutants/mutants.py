"""Hand-made mutants of the guard: each is a way to break a promise that a reader might overlook.

A mutant replaces texts of one file, each of which stands there exactly once. `tests` are those
that should notice; `tests/mutants/run.py` sees that they do.
"""

from __future__ import annotations

from typing import NamedTuple

CORE = "tests/property/test_guard_in_the_core.py"
CONTROLS = "tests/property/test_controls_in_the_core.py"
OVER_HTTP = "tests/property/test_guard_over_http.py"
TOLD_OVER_HTTP = "tests/property/test_controls_over_http.py"
BATCH = "tests/property/test_guard_in_batch_files.py"
CORNERS = "tests/property/test_guard_in_corners.py"
LOCKS = "tests/property/test_locks_that_once_opened.py"
CORNERS_OVER_HTTP = "tests/integration/serving/test_guard_in_corners.py"
UNIT = "tests/unit/recommender"
GUARD = f"{UNIT}/guard"
DESK = "tests/integration/serving/test_controls.py"
REPLAYS = "tests/integration/serving/test_replays.py"

GUARD_SUITE = (
    UNIT,
    "tests/unit/training",
    "tests/property",
    "tests/scenarios",
    "tests/integration/serving",
)
"""What runs when the named tests notice nothing."""


class Edit(NamedTuple):
    """A text that stands once in a file, and what it becomes."""

    old: str
    new: str


class Mutant(NamedTuple):
    """One way to break the guard.

    why     what it would do to somebody
    tests   files or tests that should fail
    """

    name: str
    why: str
    file: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def mutant(name: str, why: str, file: str, edit: tuple[str, str], *tests: str) -> Mutant:
    """A mutant of one edit."""
    return Mutant(name, why, file, (Edit(*edit),), tests)


VIEW = (
    mutant(
        "no view in training",
        "models learn from pregnancy tests",
        "recommender/guard/view.py",
        (
            "keep = visible(evidence, rules)[raw.item]",
            "keep = np.ones(len(raw), dtype=np.bool_)",
        ),
        CORE,
    ),
    mutant(
        "the pipeline trains on raw purchases",
        "every bundle that a shop trains knows what it must not",
        "training/material.py",
        (
            "visible = view_of_purchases(shop.interactions, whole.evidence, rules, told)",
            "visible = shop.interactions",
        ),
        "tests/unit/training/test_pipeline.py",
        "tests/scenarios/test_retrain.py",
    ),
    mutant(
        "the price of the guard looks at what customers locked themselves",
        "an objection holds for whatever is measured and thrown away, too",
        "training/material.py",
        ("lines = view_of_purchases(raw, evidence, open_, told)", "lines = raw"),
        "tests/unit/training/test_material.py",
    ),
    mutant(
        "the price of the guard is told to programs",
        "what a training writes beside its report is a function of the view",
        "training/report.py",
        (
            '"notes": list(findings.notes),',
            '"notes": [*findings.notes, str(findings.guard_cost)],',
        ),
        "tests/unit/training/test_any_shop.py",
    ),
    mutant(
        "customers without a visible purchase keep their place",
        "the shape of the matrix tells how many there are, and their lists follow it",
        "recommender/interactions.py",
        ("used = np.unique(self.customer[keep])", "used = np.arange(len(self.customers))"),
        CORE,
    ),
    mutant(
        "no view in serving",
        "a policy that was tightened after training changes no answer",
        "recommender/knowledge.py",
        (
            "view = view_of_customer(state.view, index.evidence_of_row, rules)",
            "view = state.view",
        ),
        CONTROLS,
    ),
    mutant(
        "an item of two life events needs one of them unlocked",
        "declaring a pregnancy reveals an addiction",
        "recommender/guard/view.py",
        (
            "seen: Bools = (evidence & np.uint64(rules.masked)) == 0",
            "seen: Bools = (evidence == 0) | ((evidence & ~np.uint64(rules.masked)) != 0)",
        ),
        CORNERS,
    ),
    mutant(
        "the context is not masked",
        "a jar opener in the basket changes the page",
        "recommender/knowledge.py",
        (
            "visible_rows(index.rows(request.context.items), index.evidence_of_row, rules)",
            "sorted(set(index.rows(request.context.items)))",
        ),
        CONTROLS,
        CORNERS,
    ),
    mutant(
        "the mask comes after the seen-filter",
        "what is missing from discovery tells what was bought",
        "recommender/knowledge.py",
        (
            "return Knowledge(view, context_rows, rows, confidence, factor)",
            "return Knowledge(state.view, context_rows, rows, confidence, factor)",
        ),
        CONTROLS,
    ),
    mutant(
        "what the context hides is read raw",
        "an offer that leaves the list tells of a locked item in the basket",
        "recommender/decide.py",
        (
            "request.filters, known.context_rows),",
            "request.filters, np.array(index.rows(request.context.items), dtype=np.int32)),",
        ),
        CORNERS,
    ),
    mutant(
        "the raw factor serves a view that shrank",
        "locked purchases go on steering every score",
        "recommender/knowledge.py",
        (
            "factor = state.factor if view is state.view and not context else None",
            "factor = state.factor if not context else None",
        ),
        CONTROLS,
    ),
    mutant(
        "live records keep what is locked",
        "a tightened policy leaves sensitive purchases in Redis",
        "serving/events.py",
        (
            "held = {e.event_hash: e for e in known if shown(e.item, e.timestamp)}",
            "held = {e.event_hash: e for e in known}",
        ),
        TOLD_OVER_HTTP,
        DESK,
    ),
    mutant(
        "events are stored as they come",
        "Redis holds every pregnancy test",
        "serving/sifting.py",
        (
            "if shown[event.customer_id](item, at):",
            "if item in bundle.index.item_index:",
        ),
        OVER_HTTP,
    ),
    mutant(
        "gifts are stored as own purchases",
        "a present becomes the giver's taste",
        "serving/sifting.py",
        (
            "if event.gift or event.kind not in (EventKind.PURCHASE, EventKind.RETURN):",
            "if event.kind not in (EventKind.PURCHASE, EventKind.RETURN):",
        ),
        CORNERS_OVER_HTTP,
    ),
    mutant(
        "a factor of other controls is used",
        "an objection waits for the next purchase before it counts",
        "serving/customers.py",
        ("fits = record.stamp == bundle.stamp(stored.controls) and _fits(", "fits = _fits("),
        CORNERS_OVER_HTTP,
    ),
)

MATCHING = (
    mutant(
        "capitals must agree",
        "PREGNANCY TEST KITS is not recognised",
        "recommender/guard/words.py",
        (
            'text = _JOINED.sub("", text.casefold())',
            'text = _JOINED.sub("", text)',
        ),
        f"{GUARD}/test_words.py",
        f"{GUARD}/test_matching.py",
    ),
    mutant(
        "negatives take back categories",
        "a shop's own label is overruled by a word of the title",
        "recommender/guard/matching.py",
        (
            "evidence = (evidence & ~no_evidence) | sure_evidence",
            "evidence = (evidence | sure_evidence) & ~no_evidence",
        ),
        f"{GUARD}/test_matching.py",
    ),
    mutant(
        "evidence may be offered",
        "nappies are advertised to everybody who never asked",
        "recommender/guard/matching.py",
        (
            "target = (target & ~no_target) | sure_target | evidence",
            "target = (target & ~no_target) | sure_target",
        ),
        f"{GUARD}/test_matching.py",
    ),
    mutant(
        "the words of an offer are not read",
        "a loan called Nursery promotes plain paint",
        "recommender/guard/layout.py",
        (
            "offer_target=_promoted(masks.target, offers) | said.target,",
            "offer_target=_promoted(masks.target, offers),",
        ),
        f"{GUARD}/test_layout.py",
    ),
    mutant(
        "only the first pack is laid",
        "naming a second pack takes the first one's word for it",
        "recommender/guard/layout.py",
        (
            "for layer in guard.layers or ((),))",
            "for layer in guard.layers[:1] or ((),))",
        ),
        f"{GUARD}/test_layout.py",
    ),
    mutant(
        "the laxest pack wins",
        "adding a pack opens what another one blocks",
        "recommender/guard/joining.py",
        (
            "stance=min((event.stance for event in events), key=_STRICTEST_FIRST.index),",
            "stance=max((event.stance for event in events), key=_STRICTEST_FIRST.index),",
        ),
        f"{GUARD}/test_joining.py",
    ),
    mutant(
        "pending proxies count as approved",
        "nobody has read the list that masks a tenth of the shop",
        "recommender/guard/proxies.py",
        ("if not proxies.approved:\n        return ()", "if not proxies:\n        return ()"),
        f"{GUARD}/test_document.py",
    ),
    mutant(
        "unmapped items are harmless",
        "whatever a shop forgot to describe is used and offered",
        "recommender/guard/policy.py",
        (
            'holds = self.on_unmapped_item == "contextual_only" and bool(self.life_events)',
            "holds = False",
        ),
        CORE,
    ),
    mutant(
        "items that left the catalogue are mapped after a change of policy",
        "an offer that nobody could check comes back with the next policy",
        "recommender/index.py",
        ("offer_target=bits.offer_target | lost,", "offer_target=bits.offer_target,"),
        CORNERS,
    ),
)

CONTAINMENT = (
    mutant(
        "the first lock is open",
        "answers fail instead of being filled with something else",
        "recommender/index.py",
        (
            "mask = allowed(self.bundle.offer_target, self.bundle.offer_soft, rules)",
            "mask = np.ones(len(self.bundle.offers), dtype=np.bool_)",
        ),
        CORE,
    ),
    mutant(
        "the last lock is open",
        "one forgotten mask is enough to send out a crib",
        "recommender/guard/containment.py",
        (
            "if int(target[offer]) & rules.contained or int(soft[offer]) & rules.soft:",
            "if offer < 0:",
        ),
        CORE,
        f"{GUARD}/test_containment.py",
    ),
    Mutant(
        "both locks are open",
        "everything is offered to everybody",
        "recommender/guard/containment.py",
        (
            Edit(
                "free: Bools = ((target & held) | (soft & hinted)) == 0",
                "free: Bools = ((target | soft) & (held | hinted) & np.uint64(0)) == 0",
            ),
            Edit(
                "if int(target[offer]) & rules.contained or int(soft[offer]) & rules.soft:",
                "if offer < 0:",
            ),
        ),
        (CORE,),
    ),
    mutant(
        "the last lock of the slot replenish is open",
        "what may not come back comes back",
        "recommender/guard/containment.py",
        ("        if held_in_the_slot(", "        if item < 0 and held_in_the_slot("),
        CORE,
    ),
    mutant(
        "the slot replenish holds nothing back",
        "whatever was bought twice comes back, whatever else it reveals",
        "recommender/guard/containment.py",
        (
            "return bool(revealing & (rules.masked | rules.contained) & ~rules.replenish)",
            "return bool(revealing & rules.contained & rules.contained & 0)",
        ),
        LOCKS,
    ),
    mutant(
        "the slot replenish looks at evidence alone",
        "an item that reveals something else comes back with the nappies",
        "recommender/shelf.py",
        (
            "held_in_the_slot(int(bundle.evidence[i]) | int(bundle.target[i]), shelf.rules)",
            "held_in_the_slot(int(bundle.evidence[i]), shelf.rules)",
        ),
        LOCKS,
    ),
    mutant(
        "the last lock forgets needs",
        "a stated need frees every other offer too",
        "recommender/decide.py",
        (
            "release(others, bundle.offer_target, bundle.offer_soft, rules)",
            "release(others, bundle.offer_target, bundle.offer_soft, needs.rules)",
        ),
        CORNERS,
    ),
    mutant(
        "the fallback is not guarded",
        "who is new is shown what others must not see",
        "recommender/shelf.py",
        (
            "picks = popular_picks(shelf.index, allowed, n)",
            "picks = popular_picks(shelf.index, np.ones_like(allowed), n)",
        ),
        CORE,
    ),
    mutant(
        "what stands beside an item is not guarded",
        "cribs stand beside soft toys",
        "recommender/related.py",
        (
            "    allowed = index.allowed(rules, now)\n    picks =",
            "    allowed = np.ones(len(index.bundle.offers), dtype=np.bool_)\n    picks =",
        ),
        CORE,
    ),
    mutant(
        "similar items of a locked item are shown",
        "a page about a pregnancy test becomes a page about pregnancy",
        "recommender/related.py",
        (
            "rows = visible_rows(index.rows(items), index.evidence_of_row, rules)",
            "rows = sorted(set(index.rows(items)))",
        ),
        CORNERS,
    ),
    mutant(
        "batch files read raw purchases",
        "letters are printed from what answers may not know",
        "training/history.py",
        (
            "Visible(view_of_purchases(purchases, evidence, index.rules(now), told), row_of_item)",
            "Visible(purchases, row_of_item)",
        ),
        CORNERS,
    ),
    mutant(
        "soft targets are never held",
        "a family car arrives by post",
        "recommender/guard/policy.py",
        (
            "return self if channel.private else replace(self, soft=self.soft | self.contained)",
            "return self",
        ),
        f"{GUARD}/test_unlocks.py",
        CONTROLS,
    ),
    mutant(
        "e-mail counts as private",
        "own purchases leave in a subject line",
        "recommender/channel.py",
        (
            "return self in (Channel.SITE, Channel.APP)",
            "return self in (Channel.SITE, Channel.APP, Channel.EMAIL)",
        ),
        f"{GUARD}/test_unlocks.py",
        f"{UNIT}/test_decide.py",
    ),
    mutant(
        "own purchases may go out",
        "usuals are printed on coupons that the family opens",
        "recommender/decide.py",
        (
            "if placement.source.private and not request.channel.private:",
            "if not placement.name:",
        ),
        f"{UNIT}/test_decide.py",
    ),
    mutant(
        "discovery is as long as one likes",
        "long lists leak more than the policy allows",
        "recommender/decide.py",
        ("    if wanted > most:", "    if most < 0:"),
        f"{UNIT}/test_decide.py",
    ),
    mutant(
        "masks are kept by what is contained alone",
        "after one answer on the site, soft targets go out by post",
        "recommender/index.py",
        ("held = (rules.contained, rules.soft)", "held = (rules.contained, 0)"),
        CORNERS,
    ),
    mutant(
        "a new policy answers from old masks",
        "a tightened policy holds nothing back until a restart",
        "recommender/index.py",
        (
            "self._masks: dict[tuple[int, int], Bools] = {}",
            'self._masks: dict[tuple[int, int], Bools] = getattr(self, "_masks", {})',
        ),
        CONTROLS,
    ),
    mutant(
        "moving raises a nursery loan",
        "allowed themes chain into protected ones",
        "recommender/decide.py",
        ("if may_chain(index, known):", "if request.gift:"),
        CONTROLS,
    ),
    mutant(
        "chains lead on beside items",
        "beside a moving box stands a nursery loan",
        "recommender/related.py",
        ("    if len(free) == len(rows):", "    if len(free) <= len(rows):"),
        CORNERS,
    ),
)

UNLOCKING = (
    mutant(
        "objections are ignored",
        "who said no is asked again and again",
        "recommender/guard/unlocks.py",
        (
            "if controls.objects(rule.id, now) or controls.silenced(rule, now):",
            "if controls.silenced(rule, now):",
        ),
        f"{GUARD}/test_unlocks.py",
    ),
    mutant(
        "objections hold back offers alone",
        "the purchases behind an objection go on counting",
        "recommender/guard/unlocks.py",
        (
            "masked=rules.masked & ~history | found.locked,",
            "masked=rules.masked & ~history,",
        ),
        f"{GUARD}/test_unlocks.py",
        CONTROLS,
    ),
    mutant(
        "objections hold back no soft targets",
        "hints go on after a no",
        "recommender/guard/unlocks.py",
        ("soft=here.soft & ~targets | found.locked,", "soft=here.soft & ~targets,"),
        CORNERS,
        CONTROLS,
    ),
    mutant(
        "a declaration unlocks the history",
        "telling a need becomes leave to search the past",
        "recommender/guard/unlocks.py",
        (
            "history |= one if controls.consented(rule.id, HISTORY, now) else 0",
            "history |= one",
        ),
        f"{GUARD}/test_unlocks.py",
        CONTROLS,
    ),
    mutant(
        "consent for one channel counts for all",
        "leave for e-mail becomes a printed coupon",
        "recommender/guard/unlocks.py",
        (
            "return controls.consented(rule.id, channel.value, now)",
            "return bool(controls.consents.get(rule.id))",
        ),
        f"{GUARD}/test_unlocks.py",
    ),
    mutant(
        "blocked life events can be declared open",
        "the strictest word of the policy is worth nothing",
        "recommender/guard/policy.py",
        (
            "return self in (Stance.BLOCK_UNLESS_DECLARED, Stance.REPLENISH_ONLY)",
            "return self is not Stance.ALLOW",
        ),
        f"{GUARD}/test_unlocks.py",
    ),
    mutant(
        "age need not be verified",
        "wine is offered to whoever says so",
        "recommender/guard/unlocks.py",
        (
            "if not controls.consented(rule.id, AGE_VERIFICATION, now):",
            "if now < 0:",
        ),
        f"{GUARD}/test_unlocks.py",
    ),
    mutant(
        "a minor is answered personally",
        "a declared child gets a profile",
        "recommender/guard/unlocks.py",
        ("personal &= rule.personal or not declared", "personal &= rule.personal or True"),
        f"{GUARD}/test_unlocks.py",
    ),
    mutant(
        "outbound does not fall silent",
        "offers arrive in the week of the funeral",
        "recommender/guard/unlocks.py",
        (
            "silent |= declared and _in_outbound_silence(rule, controls, channel, now)",
            "silent |= declared and now < 0",
        ),
        f"{GUARD}/test_unlocks.py",
    ),
    mutant(
        "needs open what is blocked",
        "one sentence in a search box lifts the policy",
        "recommender/guard/unlocks.py",
        (
            "return replace(rules, contained=rules.contained & ~needed, soft=rules.soft & ~needed)",
            "return replace(rules, contained=0, soft=0)",
        ),
        f"{GUARD}/test_unlocks.py",
        CONTROLS,
    ),
    mutant(
        "expired declarations count",
        "a child is expected for years",
        "recommender/controls.py",
        (
            "return days is None or now < found.at + days * SECONDS_A_DAY",
            "return days is None or now >= 0",
        ),
        CORNERS,
    ),
    mutant(
        "terms never end",
        "consents and declarations outlive their date",
        "recommender/terms.py",
        (
            "return self.until is None or now < self.until",
            "return self.until is None or now >= 0",
        ),
        f"{UNIT}/test_controls.py",
    ),
    mutant(
        "any source may declare",
        "a data broker says that somebody is pregnant",
        "recommender/controls.py",
        (
            "if found is None or not found.holds(now) or found.source not in rule.declared_by:",
            "if found is None or not found.holds(now):",
        ),
        f"{UNIT}/test_controls.py",
    ),
    mutant(
        "silence after a withdrawal is forgotten",
        "nappies are offered after a loss",
        "recommender/controls.py",
        (
            "return gone.holds(now) or now < gone.at + rule.silence_days * SECONDS_A_DAY",
            "return gone.at > now",
        ),
        f"{UNIT}/test_controls.py",
    ),
    mutant(
        "any source ends the silence",
        "the registry's nightly import starts it all again",
        "recommender/controls.py",
        (
            "if again is not None and again.source == PREFERENCE_CENTRE and again.at > gone.at:",
            "if again is not None and again.at > gone.at:",
        ),
        f"{UNIT}/test_controls.py",
    ),
    mutant(
        "leave outlives the declaration",
        "the register's import opens e-mail that was agreed to for another pregnancy",
        "recommender/controls.py",
        (
            "return told is None or told.holds(now) or purpose == AGE_VERIFICATION",
            "return True",
        ),
        f"{UNIT}/test_controls.py",
        CONTROLS,
    ),
    mutant(
        "a new declaration finds the old leave",
        "who withdraws without a word is written to again",
        "recommender/controls.py",
        (
            "if counts and held and held.source == source:",
            "if counts or held or held is None:",
        ),
        f"{UNIT}/test_controls.py",
    ),
    mutant(
        "withdrawals are forgotten with their silence",
        "a policy that becomes stricter finds nothing to silence",
        "recommender/controls.py",
        (
            'return term.at_least(WITHDRAWAL_DAYS) if kind == "withdrawals" else term',
            "return term",
        ),
        f"{UNIT}/test_controls.py",
    ),
    mutant(
        "a no that comes meanwhile is not seen",
        "what was objected to in that second is stored after the cleaning",
        "serving/events.py",
        (
            "if not made or since[customer].raw != told[customer].raw",
            "if not made",
        ),
        "tests/integration/serving/test_told_meanwhile.py",
    ),
    mutant(
        "gifts show before their date",
        "the present stands on the shared screen",
        "recommender/controls.py",
        (
            "found = self.gifts.get(item)\n        return found is not None and",
            "found = self.gifts.get(item)\n        return now < 0 and found is not None and",
        ),
        f"{UNIT}/test_controls.py",
    ),
    mutant(
        "gift mode uses the customer's own taste",
        "a present for a friend is chosen by one's own secrets",
        "recommender/decide.py",
        ("if request.gift or not rules.personal:", "if not rules.personal:"),
        CONTROLS,
    ),
    mutant(
        "forgotten purchases go on counting",
        "forgetting is a word on a button",
        "recommender/controls.py",
        (
            "return timestamp <= self.forgotten.get(item, -1)",
            "return timestamp < 0 and item in self.forgotten",
        ),
        f"{UNIT}/test_controls.py",
    ),
    mutant(
        "what training learned is never forgotten",
        "forgetting waits for the next training",
        "serving/customers.py",
        ("return view if keep.all() else view.where(keep)", "return view"),
        DESK,
    ),
    mutant(
        "too personal only masks",
        "the category is offered to who cannot bear it",
        "recommender/decide.py",
        (
            "allowed = _unmuted(index, state, open_to_all, now)",
            "allowed = open_to_all",
        ),
        CONTROLS,
    ),
    mutant(
        "too personal only hides offers",
        "the category goes on steering what is shown",
        "recommender/knowledge.py",
        (
            "return hidden | set(index.rows_in(controls.muted_categories(now)))",
            "return hidden",
        ),
        CONTROLS,
    ),
    mutant(
        "controls are forgotten after a minute",
        "an objection holds until one looks away",
        "serving/controls.py",
        (
            "seconds = 0 if ends is None else ends - now + SECONDS_A_DAY",
            "seconds = 60",
        ),
        DESK,
    ),
    mutant(
        "changed controls leave the old records",
        "what was objected to stays in Redis",
        "serving/controls.py",
        (
            "            await self._intake.prune(bundle, customer, now)\n",
            "",
        ),
        DESK,
    ),
    mutant(
        "training does not know what customers said",
        "the next bundle brings back what was objected to",
        "recommender/guard/view.py",
        (
            "seen = visible(evidence[raw.item[lines]], own) & told",
            "seen = visible(evidence[raw.item[lines]], rules) & told",
        ),
        "tests/unit/training/test_told.py",
        f"{GUARD}/test_view.py",
    ),
)

CLOSING = (
    mutant(
        "unreadable controls are none",
        "a damaged record lifts every objection",
        "serving/customers.py",
        (
            "        if controls is None:\n            return closed_customer()",
            "        if controls is None:\n            controls = NOTHING_TOLD",
        ),
        TOLD_OVER_HTTP,
        DESK,
    ),
    mutant(
        "a read that fails is answered open",
        "a slow server lifts every objection",
        "serving/offers.py",
        (
            "            self._breaker.fail(error.what)\n            return closed_customer()",
            "            self._breaker.fail(error.what)\n            return new_customer()",
        ),
        CORNERS_OVER_HTTP,
    ),
    mutant(
        "an outage is answered open",
        "while Redis is away nobody has ever objected",
        "serving/offers.py",
        (
            "        if not self._breaker.closed:\n            return closed_customer()",
            "        if not self._breaker.closed:\n            return new_customer()",
        ),
        CORNERS_OVER_HTTP,
    ),
    mutant(
        "an expired policy goes on",
        "nobody renews what nobody has to",
        "recommender/guard/policy.py",
        ("        if now >= self.ends:\n", "        if now < -self.ends:\n"),
        CORE,
    ),
    mutant(
        "an expired policy unlocks",
        "declarations count under a policy that nobody stands for",
        "recommender/guard/unlocks.py",
        ("closed = rules.expired or not found.personal", "closed = not found.personal"),
        f"{GUARD}/test_unlocks.py",
    ),
    mutant(
        "a damaged policy leaves the bundle's own",
        "what was tightened since the training is open again",
        "serving/swapper.py",
        (
            "return await asyncio.to_thread(_warmed, bundle.closed(policy), time.time())",
            "return await asyncio.to_thread(_warmed, LiveBundle.of(bundle.own), time.time())",
        ),
        CORNERS_OVER_HTTP,
    ),
    mutant(
        "events of unreadable controls are stored",
        "what may be objected to is kept",
        "serving/sifting.py",
        (
            "        return lambda _item, _at: False",
            "        return lambda item, _at: item in bundle.index.item_index",
        ),
        CORNERS_OVER_HTTP,
    ),
)

TELLING = (
    mutant(
        "the slot replenish goes out",
        "nappies are printed on a coupon",
        "recommender/shelf.py",
        (
            "if not request.channel.private or not shelf.rules.replenish:",
            "if not shelf.rules.replenish:",
        ),
        CORE,
    ),
    mutant(
        "one purchase fills the slot replenish",
        "a single pack of nappies is remembered aloud",
        "recommender/guard/replenish.py",
        ("if len(set(at)) >= needed[item]]", "if len(set(at)) >= 1]"),
        f"{GUARD}/test_replenish.py",
        CORE,
    ),
    mutant(
        "returns do not count in the slot replenish",
        "what was given back is offered again",
        "recommender/guard/replenish.py",
        ("            bought.pop()\n", "            bought.copy()\n"),
        f"{GUARD}/test_replenish.py",
    ),
    mutant(
        "reasons name targets",
        "because you bought a crib",
        "recommender/explain.py",
        (
            "return not index.target_of_row[row] & rules.contained and not hinted",
            "return not index.target_of_row[row] & 0 and not hinted & 0",
        ),
        CORE,
        CONTROLS,
    ),
    mutant(
        "reasons cite as many items as they like",
        "the policy's limit is not kept",
        "recommender/explain.py",
        ("if values[at] <= 0 or len(cited) == most:", "if values[at] <= 0 or len(cited) == 9:"),
        CORE,
    ),
    mutant(
        "own reasons cite as many items as they like",
        "a bundle of six tells of six purchases",
        "recommender/explain.py",
        ("for i in at[:most])", "for i in at)"),
        CORNERS,
    ),
    mutant(
        "reasons name items outbound",
        "the flatmate reads what goes with what",
        "recommender/explain.py",
        (
            "        if not self.decision.channel.private:\n            return ()\n",
            "",
        ),
        CORNERS,
    ),
    mutant(
        "the log holds the raw context",
        "the decision log tells of locked items in the basket",
        "serving/made.py",
        (
            "context = self.decision.known.context_rows.tolist()",
            "context = sorted(set(index.rows(request.context.items)))",
        ),
        CORNERS_OVER_HTTP,
    ),
    mutant(
        "the log shows the slot replenish",
        "what the slot brought back is kept for everybody who reads logs",
        "serving/made.py",
        (
            "                    if pick.basis is not Basis.REPLENISH\n",
            "",
        ),
        OVER_HTTP,
    ),
    mutant(
        "metrics are labelled by item",
        "a dashboard shows who bought what is locked",
        "serving/routes/events.py",
        (
            "services.metrics.events.labels(event.kind.value).inc()",
            "services.metrics.events.labels(event.item_id).inc()",
        ),
        CORNERS_OVER_HTTP,
    ),
    mutant(
        "counts are told as they are",
        "three people with one life event show",
        "recommender/cells.py",
        ("at_least = max((count - offset) // size * size, 0)", "at_least = count"),
        f"{UNIT}/test_cells.py",
    ),
    mutant(
        "shared lists ask for nobody",
        "one customer's basket becomes everybody's list",
        "recommender/models/neighbours.py",
        ("enough = both.data >= config.support", "enough = both.data >= 1"),
        f"{UNIT}/models",
    ),
    mutant(
        "the policy's audience cell is not kept in training",
        "a shop asks for fifty and gets twenty",
        "training/fit.py",
        (
            "neighbours.NeighboursConfig(support=assortment.policy.min_audience_cell)",
            "neighbours.NeighboursConfig()",
        ),
        CORNERS,
    ),
    mutant(
        "loosening needs nobody else",
        "one person opens the guard for all",
        "recommender/guard/transitions.py",
        (
            "_needed_approval(held, found, {held.author}).by if found.change.loosens",
            "_needed_approval(held, found, {held.author}).by if at < 0",
        ),
        f"{GUARD}/test_ledger.py",
    ),
    mutant(
        "authors approve themselves",
        "two pairs of eyes are one",
        "recommender/guard/transitions.py",
        ("    if same_person(other, approver):\n", "    if not other and not approver:\n"),
        f"{GUARD}/test_ledger.py",
    ),
    mutant(
        "an approval outlives the text",
        "what was approved is not what is published",
        "recommender/guard/transitions.py",
        ("    elif approval.digest != held.digest:\n", "    elif not approval.digest:\n"),
        f"{GUARD}/test_ledger.py",
    ),
)

MUTANTS: tuple[Mutant, ...] = (
    *VIEW,
    *MATCHING,
    *CONTAINMENT,
    *UNLOCKING,
    *CLOSING,
    *TELLING,
)
