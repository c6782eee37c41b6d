"""C-value, TF-IDF and NPMI against cases worked by hand, and their bounds."""

from math import log, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sources.terms.association import npmi
from core.sources.terms.termhood import c_values, f_tfidf_c, length_weight, tf_idf

# The worked example of Frantzi, Ananiadou and Mima (2000), section 2.2.3.
CARCINOMA = {
    ("adenoid", "cystic", "basal", "cell", "carcinoma"): 5,
    ("cystic", "basal", "cell", "carcinoma"): 11,
    ("ulcerated", "basal", "cell", "carcinoma"): 7,
    ("recurrent", "basal", "cell", "carcinoma"): 5,
    ("circumscribed", "basal", "cell", "carcinoma"): 3,
    ("basal", "cell", "carcinoma"): 984,
}


def test_c_value_is_that_of_the_papers_example() -> None:
    values = c_values(CARCINOMA, weight=log2)
    found = {" ".join(words): value for words, value in values.items()}
    # log2(5) * 5; log2(4) * (11 - 5); log2(4) * 7, 5 and 3; log2(3) * (984 - 26 / 5).
    assert found == {
        "adenoid cystic basal cell carcinoma": pytest.approx(11.6096, abs=1e-4),
        "cystic basal cell carcinoma": pytest.approx(12.0),
        "ulcerated basal cell carcinoma": pytest.approx(14.0),
        "recurrent basal cell carcinoma": pytest.approx(10.0),
        "circumscribed basal cell carcinoma": pytest.approx(6.0),
        "basal cell carcinoma": pytest.approx(1551.36, abs=5e-3),
    }


def test_a_single_word_counts_by_what_it_is_beside_longer_terms() -> None:
    values = c_values({("debit", "card"): 4, ("credit", "card"): 2, ("card",): 10})
    # Weight log2(2) = 1; 10 less the mean of 4 and 2.
    assert values[("card",)] == pytest.approx(7.0)
    assert values[("debit", "card")] == pytest.approx(log2(3) * 4)
    assert length_weight(1) == 1.0


def test_tf_idf_and_its_mean_with_c_value_by_hand() -> None:
    assert tf_idf(6, 3, 9) == pytest.approx(6 * log(4))
    assert tf_idf(6, 9, 9) < tf_idf(6, 3, 9)
    assert f_tfidf_c(2.0, 6.0) == pytest.approx(3.0)
    assert f_tfidf_c(5.0, 0.0) == 0.0
    assert f_tfidf_c(-1.0, 4.0) == 0.0


def test_npmi_by_hand() -> None:
    # 8 sentences; x in 4, y in 2, both in 2: ln((2 * 8) / (4 * 2)) / -ln(2 / 8) = ln 2 / ln 4.
    assert npmi(2, 4, 2, 8) == pytest.approx(0.5)
    assert npmi(2, 4, 4, 8) == pytest.approx(0.0)
    assert npmi(3, 3, 3, 8) == pytest.approx(1.0)
    assert npmi(0, 3, 3, 8) == -1.0
    assert npmi(8, 8, 8, 8) == 0.0


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_npmi_stays_within_its_bounds_and_is_symmetric(
    together: int, more_x: int, more_y: int, rest: int
) -> None:
    x, y = together + more_x, together + more_y
    total = together + more_x + more_y + rest
    value = npmi(together, x, y, total)
    assert -1.0 <= value <= 1.0 + 1e-12
    assert value == npmi(together, y, x, total)
