import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.evaluation.words import fixed, percent, points, whole


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.695, 2, "0.70"), (0.765, 2, "0.77"), (-0.0004, 2, "0.00"), (69.5, 0, "70"), (70.5, 0, "71"), (-12.5, 0, "-13")],
)
def test_halves_are_rounded_away_from_zero(value, digits, text):
    assert fixed(value, digits) == text


@given(st.integers(0, 400))
def test_a_share_is_the_same_in_a_sentence_and_in_a_table(right):
    share = right / 400
    assert percent(share).split("\u00a0")[0] == str(int(fixed(share, 2).replace(".", "")))
    assert points(-share).split()[0] == whole(share)


@pytest.mark.parametrize(
    ("value", "told"), [(3.21e30, "3.2e+30"), (-1e12, "-1.0e+12"), (999_999_999.96, "1000000000.0")]
)
def test_a_huge_number_is_a_power_of_ten(value, told):
    assert fixed(value, 1) == told
