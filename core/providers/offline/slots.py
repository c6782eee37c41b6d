"""Values for the `{slots}` in phrases: drawn once per request, so that its texts agree."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from core.providers.offline.draw import Draw
from core.providers.offline.phrases import comic_phrases as comic

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip
PLACES = ("the app", "the card section of the app", "online banking", "the app under Payments",
          "your profile", "the browser version", "the app under Security")  # fmt: skip
SHOPS = ("the garden centre", "a bookshop", "the petrol station", "an online shop", "the bakery",
         "a hotel", "the supermarket", "a streaming service", "the pharmacy", "a shoe shop",
         "the railway", "a bicycle shop", "an airline", "the hardware store")  # fmt: skip
DOCUMENTS = ("passport", "identity card", "driving licence", "residence permit")
DAYS = ("two days", "three days", "four working days", "five working days", "a week", "ten days",
        "two weeks", "six days", "48 hours", "twelve days")  # fmt: skip
CITIES = ("Leeds", "Porto", "Ghent", "Turin", "Malmö", "Graz", "Bergen", "Gdańsk", "Cork", "Lyon",
          "Bilbao", "Utrecht", "Tampere", "Aarhus", "Brno", "Split", "Basel", "Leipzig", "Bristol",
          "Toledo", "Nantes", "Siena", "Dundee", "Tartu", "Kaunas", "Varna", "Patras", "Cádiz",
          "Denver", "Halifax", "Austin", "Boston", "Osaka", "Busan", "Pune", "Nairobi", "Accra",
          "Tunis", "Lima", "Quito", "Recife", "Perth", "Hobart", "Wellington")  # fmt: skip
COUNTRIES = ("Portugal", "Italy", "Norway", "Japan", "Canada", "Mexico", "Morocco", "Greece",
             "Spain",
             "Poland", "Ireland", "Croatia", "Turkey", "Vietnam", "Kenya", "Brazil", "Chile",
             "India",
             "Sweden", "Estonia", "Austria", "Iceland", "Ghana", "Peru", "Australia", "Denmark",
             "South Korea", "New Zealand", "Belgium", "Switzerland")  # fmt: skip
CURRENCIES = ("€", "£", "$")
POOL_SIZE = 400
NAME_KEYS = ("first_name", "name", "full_name", "customer_name", "user_name")
HEROES = (("she", "her", "first_name_female"), ("he", "his", "first_name_male"))


PRONOUNS = {
    "woman": ("she", "her"),
    "female": ("she", "her"),
    "man": ("he", "his"),
    "male": ("he", "his"),
}


def with_article(noun: str) -> str:
    """The noun with "a" or "an" before it."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


@cache
def faker_pool(method: str) -> tuple[str, ...]:
    """Distinct values of one Faker method, the same in every process."""
    from faker import Faker  # takes a tenth of a second, which only offline batches should pay

    fake = Faker("en_US")
    fake.seed_instance(7305)
    values = dict.fromkeys(str(getattr(fake, method)()) for _ in range(POOL_SIZE))
    return tuple(values)


class Slots(dict[str, str]):
    """A mapping for `str.format_map` that draws what is missing and then keeps to it."""

    def __init__(self, draw: Draw, variables: Mapping[str, Any]) -> None:
        super().__init__()
        self._draw = draw
        self._take_name(variables)
        self._take_facts(variables)
        for value in variables.values():
            if isinstance(value, Mapping):
                self._take_name(value)
                self._take_lead(value)
        if isinstance(variables.get("place"), str):
            self["place"] = f"at {variables['place']}"

    def _take_name(self, values: Mapping[str, Any]) -> None:
        for key in NAME_KEYS:
            if isinstance(values.get(key), str) and values[key].strip():
                self["name"] = values[key].split()[0]
                break

    def _take_facts(self, values: Mapping[str, Any]) -> None:
        for key in ("city", "country", "weekday", "month"):
            if isinstance(values.get(key), str) and values[key].strip():
                self[key] = values[key].strip()
        for key in ("mood", "emotion", "tone_of_scene"):
            if isinstance(values.get(key), str) and values[key].strip():
                self["mood"] = values[key].strip()

    def _take_lead(self, persona: Mapping[str, Any]) -> None:
        if "name" not in self or "hero_name" in self:
            return
        self["hero_name"] = self["name"]
        gender = str(persona.get("gender", "")).lower()
        self["they"], self["their"] = PRONOUNS.get(gender, ("they", "their"))
        if isinstance(persona.get("occupation"), str):
            self["hero"] = with_article(persona["occupation"])

    def fill(self, phrase: str) -> str:
        """The phrase with its slots filled and its first letter in upper case."""
        text = phrase.format_map(self) if "{" in phrase else phrase
        return text[:1].upper() + text[1:]

    def __missing__(self, key: str) -> str:
        if key.endswith("_cap"):
            base = self[key.removesuffix("_cap")]
            value = base[:1].upper() + base[1:]
        else:
            value = self._drawn(key)
        self[key] = value
        return value

    def _drawn(self, key: str) -> str:
        draw = self._draw
        if key in OPTIONS:
            return draw.pick(OPTIONS[key])
        if key in POOLS:
            return draw.pick(faker_pool(POOLS[key]))
        if key == "amount":
            return f"{draw.pick(CURRENCIES)}{draw.between(6, 940)}.{draw.between(0, 99):02d}"
        if key == "limit":
            return f"{draw.pick(CURRENCIES)}{draw.pick((50, 100, 200, 300, 500, 1000))}"
        if key == "number":
            return str(draw.between(3, 480))
        if key == "date":
            return f"{draw.between(1, 28)} {draw.pick(MONTHS)}"
        if key == "hour":
            return f"{draw.between(6, 22)}:{draw.pick((0, 5, 10, 15, 20, 30, 40, 45, 50)):02d}"
        if key in ("they", "their", "hero_name"):
            self["they"], self["their"], pool = draw.pick(HEROES)
            self["hero_name"] = draw.pick(faker_pool(pool))
            return self[key]
        return key.replace("_", " ")


OPTIONS: dict[str, tuple[str, ...]] = {
    "weekday": WEEKDAYS, "month": MONTHS, "app": PLACES, "place": comic.PLACES, "shop": SHOPS,
    "days": DAYS,
    "document": DOCUMENTS, "hero": comic.HEROES, "companion": comic.COMPANIONS,
    "object": comic.OBJECTS, "light": comic.LIGHTS, "mood": comic.MOODS, "line": comic.LINES,
    "noun": comic.NOUNS, "city": CITIES, "country": COUNTRIES,
}  # fmt: skip
POOLS = {
    "name": "first_name", "companion_name": "first_name", "company": "company", "job": "job",
}  # fmt: skip
