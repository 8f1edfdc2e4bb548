"""What is guaranteed, in words that a data-protection officer signs."""

from __future__ import annotations

from typing import NamedTuple


class Guarantee(NamedTuple):
    """One guarantee: its name, and what it says in one sentence."""

    name: str
    sentence: str


GUARANTEES = {
    "G1": Guarantee(
        "Blind answers",
        "Buying, returning or looking at something sensitive changes nothing that the service "
        "answers.",
    ),
    "G2": Guarantee(
        "Nothing sensitive is offered",
        "Nothing that would reveal a life event is offered, shown beside an item, named in a "
        "reason or written to a batch file, unless the customer has unlocked it.",
    ),
    "G3": Guarantee(
        "No gap to read from",
        "What is held back is replaced: neither the length of a list nor the kinds of its reasons "
        "tell that something was held back.",
    ),
    "G4": Guarantee(
        "Blind training",
        "Training with and without all sensitive purchases gives the same models, to the last "
        "byte.",
    ),
    "G5": Guarantee(
        "Own items return in one place",
        "What a customer buys again and again of a sensitive kind changes the slot for "
        "replenishment only, after enough own purchases, and never e-mail, push or print.",
    ),
    "G6": Guarantee(
        "A no is a no",
        "Objecting, or taking a declaration back, never adds anything sensitive, and holds from "
        "the very next answer on.",
    ),
    "G7": Guarantee(
        "Closed when in doubt",
        "With an expired or damaged policy, with controls that cannot be read, and for items of "
        "which nothing is known, everything sensitive is locked, and the rest is still served.",
    ),
    "G8": Guarantee(
        "Little is stored",
        "What the service stores of a customer is the same with and without sensitive purchases, "
        "and names no life event and no sensitive item.",
    ),
    "G9": Guarantee(
        "Honest reasons",
        "A reason cites only what the customer really bought or looks at, never a guess about "
        "the person, and at most as many items as the policy allows.",
    ),
    "G10": Guarantee(
        "Every answer can be made again",
        "A decision of the log, replayed from what it was made from, gives the same bytes.",
    ),
    "G11": Guarantee(
        "Shared lists speak of many",
        "Every link between two items in a shared list is supported by as many customers as the "
        "policy asks for.",
    ),
}
"""The order is the order of the page."""

SENTENCE = (
    "For customers who have not declared event e, no response depends on purchases labelled or "
    "approved as evidence of e."
)
"""The sentence that may be printed."""

NOT_PROMISED = (
    "Evidence that nobody labelled: what the policy does not name is used like any other purchase.",
    "What ordinary purchases that remain go together with; so never print “cannot be inferred”.",
    "What absence says: that something is missing may itself be a sign.",
    "The truth of what customers declare, and who sits at their screen.",
    "Other systems: order histories, parcels, exports and forwarded messages are outside.",
)
"""What a guard cannot promise."""
