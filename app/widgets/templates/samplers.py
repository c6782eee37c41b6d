"""A form for each kind of sampler, and what the variable would draw."""

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from app import cache, state
from app.widgets.formats import clip, plain
from app.widgets.templates.draft import edit, is_frozen, reading
from app.widgets.templates.fields import (
    area_field,
    choice_field,
    key_of,
    number_field,
    text_field,
)
from app.widgets.templates.sampler_lists import category_form, grown_form, subcategory_form
from app.widgets.templates.sampler_rows import knowledge_form, source_field_form, table_row_form
from core.errors import TemplateError
from core.templates.editing.draft_text import Data, set_at
from core.templates.editing.faker_catalogue import faker_locales, faker_methods
from core.templates.editing.variables import variable_names
from core.templates.samplers.distributions import USES
from core.templates.samplers.people import PERSONA_FIELDS

DRAWS = 5
LOOKED_N = 100


def sampler_form(data: Data, place: int) -> None:
    """The form of the variable's sampler; a kind that a package added is edited as JSON."""
    kind = data["variables"][place]["sampler"]["kind"]
    _FORMS.get(kind, _json_form)(data, place)


def _path(place: int, *names: str) -> tuple[str | int, ...]:
    return ("variables", place, "sampler", *names)


def _bernoulli(data: Data, place: int) -> None:  # noqa: ARG001
    number_field(
        "Share that is true", _path(place, "probability"), default=0.5, min_value=0, max_value=1,
        step=0.05, help="0.3 makes exactly 30 % of a batch true.",
    )  # fmt: skip


def _integer(data: Data, place: int) -> None:
    low, high = st.columns(2)
    with low:
        number_field("Lowest", _path(place, "low"), is_whole=True)
    with high:
        number_field("Highest", _path(place, "high"), is_whole=True)
    _distribution(data, place)


def _number(data: Data, place: int) -> None:
    low, high, decimals = st.columns(3)
    with low:
        number_field("Lowest", _path(place, "low"))
    with high:
        number_field("Highest", _path(place, "high"))
    with decimals:
        number_field("Decimals", _path(place, "decimals"), default=2, is_whole=True, min_value=0)
    _distribution(data, place)


LABELS = {"mean": "Mean", "std": "Standard deviation", "mode": "Most frequent value"}


def _distribution(data: Data, place: int) -> None:
    sampler = data["variables"][place]["sampler"]
    columns = st.columns(3)
    with columns[0]:
        choice_field(
            "Distribution", _path(place, "distribution"), list(USES), default="uniform",
            change=lambda data, kind: _set_distribution(data, place, kind),
        )  # fmt: skip
    used = USES.get(sampler.get("distribution", "uniform"), ())
    for column, name in zip(columns[1:], used, strict=False):
        with column:
            number_field(LABELS[name], _path(place, name), placeholder="by the range")


def _set_distribution(data: Data, place: int, kind: str) -> Data:
    """The distribution, without the settings that belong to others."""
    sampler = dict(data["variables"][place]["sampler"])
    for name in LABELS:
        if name not in USES.get(kind, ()):
            sampler.pop(name, None)
    sampler.pop("distribution", None)
    if kind != "uniform":
        sampler["distribution"] = kind
    return set_at(data, _path(place), sampler)


def _date(data: Data, place: int) -> None:  # noqa: ARG001
    start, end = st.columns(2)
    with start:
        text_field("First day", _path(place, "start"), is_required=True, placeholder="2026-01-31")
    with end:
        text_field("Last day", _path(place, "end"), is_required=True, placeholder="2026-12-31")


def _faker(data: Data, place: int) -> None:  # noqa: ARG001
    methods = faker_methods()
    method, locale = st.columns([3, 2])
    with method:
        choice_field(
            "Fact", _path(place, "method"), list(methods), accept_new_options=True,
            format_func=lambda name: f"{methods.get(name, 'faker')}: {name}",
        )  # fmt: skip
    with locale:
        _locale(place)


def _locale(place: int) -> None:
    choice_field(
        "Locale", _path(place, "locale"), faker_locales(), default="en_US", accept_new_options=True
    )


def _persona(data: Data, place: int) -> None:
    above = variable_names(data)[:place]
    locale, gender, age = st.columns(3)
    with locale:
        _locale(place)
    with gender:
        choice_field(
            "Gender from", _path(place, "gender_variable"), above, is_optional=True,
            placeholder="drawn", help="A variable above: woman, man or nonbinary.",
        )  # fmt: skip
    with age:
        choice_field(
            "Age from", _path(place, "age_variable"), above, is_optional=True,
            placeholder="drawn", help="A variable above: 34, 18-29 or 65+.",
        )  # fmt: skip
    name = data["variables"][place]["name"]
    st.caption("Read it as " + ", ".join(f"`{name}.{part}`" for part in PERSONA_FIELDS) + ".")


def _expression(data: Data, place: int) -> None:
    above = variable_names(data)[:place]
    area_field("Text, in Jinja", _path(place, "template"), height=100, is_required=True)
    if above:
        st.caption("It can read " + ", ".join(f"`{name}`" for name in above) + ".")


def _given(data: Data, place: int) -> None:
    _json_text("Default (JSON)", data, place, "default")
    st.caption("The launch can set another value; every sample of the batch gets the same.")


def _parent_sample(data: Data, place: int) -> None:
    name = data["variables"][place]["name"]
    st.caption(
        f"For templates that rework samples. Read `{name}.input`, `{name}.response`, "
        f"`{name}.output`, `{name}.variables`."
    )


def _json_form(data: Data, place: int) -> None:
    _json_text("Settings (JSON)", data, place, None)


def _json_text(label: str, data: Data, place: int, name: str | None) -> None:
    """A value as JSON; a text in which there is no JSON is taken as text for a single value."""
    path = _path(place) if name is None else _path(place, name)
    sampler = data["variables"][place]["sampler"]
    key = key_of((*path, "json"))
    state.bind(key, json.dumps(sampler if name is None else sampler.get(name, "")))
    st.text_area(
        label, key=key, height=80, disabled=is_frozen(), on_change=_put_json,
        args=(path, key, name is None),
    )  # fmt: skip


def _put_json(path: tuple[str | int, ...], key: str, is_whole: bool) -> None:
    if state.is_echo(key):
        return
    text = state.value_of(key) or ""
    try:
        value = json.loads(text)
    except ValueError as error:
        if is_whole:
            state.templates().problem = f"Not taken over: the settings are no JSON: {error}."
            return
        value = text
    edit(set_at, path, value)


_FORMS: dict[str, Callable[[Data, int], None]] = {
    "category": category_form,
    "subcategory": subcategory_form,
    "grown": grown_form,
    "bernoulli": _bernoulli,
    "integer": _integer,
    "number": _number,
    "date": _date,
    "faker": _faker,
    "persona": _persona,
    "expression": _expression,
    "source_field": source_field_form,
    "table_row": table_row_form,
    "knowledge": knowledge_form,
    "parent_sample": _parent_sample,
    "given": _given,
}


def draws_line(name: str) -> None:
    """What the variable is in the first samples of a plan, drawn now; nothing is generated."""
    if reading().definition is None:
        st.caption("Examples appear when the draft has no error.")
        return
    try:
        look = cache.lookahead(state.templates().text, LOOKED_N, 0, DRAWS)
    except TemplateError as error:
        st.caption(plain(str(error)))
        return
    values = [row[name] for row in look.rows if name in row]
    if not values:
        st.caption("Left out of the first samples, by its condition or for lack of a source.")
        return
    st.caption("In the first samples")
    st.code("\n".join(_line(value) for value in values), language=None)


def _line(value: Any) -> str:
    return clip(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 400)
