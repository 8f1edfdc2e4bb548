"""What of a customer's stored records a decision could use: all that may be told of them.

Whatever the customer's rules mask, gifts, what is too personal and what was forgotten are left
out. So two customers who differ in nothing else look the same, to the log of decisions (guard G8)
and to the doctor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from recommender.customer import CustomerState, LiveEvent, View
from recommender.guard.policy import GuardRules
from recommender.guard.view import view_of_customer
from recommender.knowledge import hidden_rows
from serving.customers import without_forgotten
from serving.live import LiveBundle


@dataclass(frozen=True, eq=False)
class Usable:
    """What one decision could use.

    state   the customer, as the decision saw them
    rules   of that decision
    now     seconds since 1970, of that decision
    """

    bundle: LiveBundle
    state: CustomerState
    rules: GuardRules
    now: float

    def learned(self, view: View) -> int:
        """How many items of a learned record count."""
        if not self._personal:
            return 0
        index, controls = self.bundle.index, self.state.controls
        if controls.forgotten:
            view = without_forgotten(self.bundle, view, controls)
        seen = view_of_customer(view, index.evidence_of_row, self.rules)
        hidden = self._hidden
        return sum(row not in hidden for row in seen.rows.tolist()) if hidden else len(seen)

    def events(self, events: Iterable[LiveEvent]) -> tuple[LiveEvent, ...]:
        """The events of a live record that count: those that the bundle does not know yet."""
        return tuple(filter(self._counts, events)) if self._personal else ()

    def _counts(self, event: LiveEvent) -> bool:
        index, controls = self.bundle.index, self.state.controls
        item = index.item_index.get(event.item)
        row = -1 if item is None else int(index.row_of_item[item])
        if row < 0 or event.timestamp <= self.bundle.as_of:
            return False
        if controls.forgets(event.item, event.timestamp) or row in self._hidden:
            return False
        return not int(index.evidence_of_row[row]) & self.rules.masked

    @property
    def _personal(self) -> bool:
        return self.rules.personal and not self.state.closed

    @cached_property
    def _hidden(self) -> set[int]:
        return hidden_rows(self.bundle.index, self.state, self.now)
