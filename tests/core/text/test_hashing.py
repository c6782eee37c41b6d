"""Identities are canonical: equal values, equal hashes."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.hashing import canonical_hash, canonical_json, pair_hash, storable, text_hash

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


def test_a_text_hash_is_the_sha256_of_its_utf8() -> None:
    assert text_hash("Grüße") == hashlib.sha256("Grüße".encode()).hexdigest()


def test_half_a_surrogate_pair_has_a_hash_too() -> None:
    assert len(text_hash("\ud800")) == 64


def test_a_pair_hash_knows_where_the_input_ends() -> None:
    assert pair_hash("ab", "c") != pair_hash("a", "bc")


def test_canonical_json_has_sorted_keys_no_spaces_and_plain_unicode() -> None:
    assert canonical_json({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=6))
def test_the_order_of_keys_does_not_enter_a_hash(value: dict[str, object]) -> None:
    turned = dict(reversed(list(value.items())))
    assert canonical_hash(value) == canonical_hash(turned)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_json_lacks_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_hash({"a": value})


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a\x00b", "a\ufffdb"), ("a\ud800b", "a\ufffdb"), ("naïve 😀", "naïve 😀")],
    ids=["nul", "half-a-pair", "ordinary"],
)
def test_what_a_database_refuses_is_replaced(text: str, kept: str) -> None:
    assert storable(text) == kept
