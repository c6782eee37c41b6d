"""Values exchanged in texts."""

from core.text.exchange import Exchange, exchange, exchangeable, leaves

ANNA = {"name": "Anna Smith", "first_name": "Anna", "age": 34, "city": "Leeds"}
BO = {"name": "Bo Ek", "first_name": "Bo", "age": 51, "city": "Porto"}


def test_the_parts_of_a_value_are_its_texts() -> None:
    assert leaves("customer", ANNA) == {
        "customer.name": "Anna Smith", "customer.first_name": "Anna", "customer.city": "Leeds",
        "customer.age": "34",
    }  # fmt: skip
    assert leaves("age", 34) == {}


def test_a_person_is_exchanged_as_a_whole_and_in_one_pass() -> None:
    texts = ["Anna Smith, in short Anna, lives here.", "Dear Anna"]
    found = exchangeable(ANNA, BO, "customer", texts)
    assert [item.variable for item in found] == ["customer.name", "customer.first_name"]
    assert exchange(texts[0], found) == "Bo Ek, in short Bo, lives here."
    assert exchange(texts[1], found) == "Dear Bo"


def test_whole_words_count_and_a_capital_is_kept() -> None:
    found = [Exchange("topic", "a card", "a loan")]
    assert exchange("A card is no a cardigan; a card.", found) == "A loan is no a cardigan; a loan."


def test_values_are_not_exchanged_twice() -> None:
    both = [Exchange("a", "tea", "coffee"), Exchange("b", "coffee", "tea")]
    assert exchange("tea or coffee", both) == "coffee or tea"


def test_what_does_not_occur_or_is_the_same_changes_nothing() -> None:
    assert exchangeable("calm", "worried", "mood", ["It is fine."]) == []
    assert exchangeable("calm", "Calm", "mood", ["I am calm."]) == []
    assert exchangeable("UK", "US", "country", ["In the UK."]) == []  # too short to be meant
    assert exchangeable(ANNA, {"first_name": ""}, "customer", ["Anna"]) == []


def test_an_age_is_exchanged_and_an_amount_is_not() -> None:
    texts = ["I am 34. It cost $34, 34.50 or 34%, on 34-01."]
    found = exchangeable(ANNA, BO, "customer", texts)
    assert exchange(texts[0], found) == "I am 51. It cost $34, 34.50 or 34%, on 34-01."
