"""A count is told in cells that begin where nobody who asks can know."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recommender.cells import NOBODY, Cell, Offsets, about, cell, unit_of

COUNTS = st.integers(0, 10_000)
SIZES = st.integers(20, 100)


def test_a_count_is_told_in_its_cell_and_a_small_one_is_not_told() -> None:
    assert [cell(n, 20, 0) for n in (0, 19, 20, 39, 40)] == [
        *(Cell(0, 40), Cell(0, 40), Cell(20, 60), Cell(20, 60), Cell(40, 80)),
    ]
    assert [cell(n, 20, 7) for n in (0, 26, 27, 46, 47)] == [
        *(Cell(0, 40), Cell(0, 40), Cell(20, 60), Cell(20, 60), Cell(40, 80)),
    ]
    assert [c.text for c in (cell(3, 20, 5), cell(1249, 20, 5), cell(45, 50, 0), NOBODY)] == [
        *("fewer than 40", "about 1,240", "fewer than 100", "none"),
    ]


@given(COUNTS, SIZES, st.floats(0, 0.99))
def test_a_count_is_within_what_is_told_and_no_group_below_the_size_is_told(
    count: int, size: int, part: float
) -> None:
    found = cell(count, size, int(part * size))
    assert found.at_least <= count < found.below
    assert found.at_least % size == 0
    assert not (found.told and count < size)


@given(COUNTS, COUNTS, SIZES, st.binary(max_size=8))
def test_what_is_left_of_a_total_could_always_be_a_group_too_small_to_tell(
    part: int, rest: int, size: int, secret: bytes
) -> None:
    offsets = Offsets(secret, b"question")
    total, one = offsets.cell(part + rest, size, "total"), offsets.cell(part, size, "part")
    least, most = total.at_least - one.below + 1, total.below - 1 - one.at_least
    assert least <= rest <= most
    assert most - least >= size


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_an_offset_is_the_same_for_the_same_question_and_below_one(
    secret: bytes, question: bytes
) -> None:
    first, again = (Offsets(secret, question).part("held", "tea") for _ in range(2))
    assert 0 <= first == again < 1


def test_cells_begin_anywhere_so_that_one_more_customer_says_nothing_certain() -> None:
    """Of 39 and of 40 customers, most questions are answered alike, and some either way."""
    seen = {
        (n, Offsets(b"secret", str(question).encode()).cell(n, 20, "held").at_least)
        for question in range(400)
        for n in (39, 40)
    }
    assert seen == {(39, 20), (40, 20), (40, 40)}
    beginnings = {
        min(n for n in range(80) if Offsets(b"secret", str(q).encode()).cell(n, 20, "held").told)
        for q in range(400)
    }
    assert beginnings == set(range(20, 40))


def test_amounts_are_multiples_of_what_a_cell_makes_and_keep_two_digits() -> None:
    assert [unit_of(x) for x in (240, 1, 0.023, 99.1, 0, -5)] == [300, 1, 0.03, 100, 0, 0]
    assert [about(x, 300, 0.0) for x in (12_345.6, 1_199, 299, 0.0, -1)] == [
        *(12_000, 900, 0, 0, -300),
    ]
    assert [about(x, 300, 0.5) for x in (1_199, 149, 150)] == [1_200, 0, 300]
