"""Fields bound to a place in the draft: they show what stands there, and write what is entered."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import state
from app.widgets.templates.draft import edit, form_data, is_frozen
from core.templates.editing.draft_text import Data, set_at, value_at
from core.templates.editing.tables import Rows, edited_rows
from core.templates.yaml_text import Path

Change = Callable[..., Data]
ROW_PX = 31
SPARE_ROWS = 3  # a table that grew while it is edited would be another one, and lose its edits


def key_of(path: Path) -> str:
    """The key of the field at that place."""
    return "templates." + ".".join(map(str, path))


def put(path: Path, key: str, change: Change | None, convert: Callable[[Any], Any]) -> None:
    """A field's `on_change`: its value goes to its place, or to `change(data, value)`."""
    if state.is_echo(key):
        return
    value = convert(state.value_of(key))
    if change is None:
        edit(set_at, path, value)
    else:
        edit(change, value)


def text_field(
    label: str,
    path: Path,
    *,
    change: Change | None = None,
    is_required: bool = False,
    **options: Any,
) -> None:
    """One line of text; an empty one takes an optional field away."""
    _text(st.text_input, label, path, change, is_required, options)


def area_field(
    label: str,
    path: Path,
    *,
    height: int,
    change: Change | None = None,
    is_required: bool = False,
    **options: Any,
) -> None:
    """Several lines of text in a code font."""
    with st.container(key=f"code-{'-'.join(map(str, path))}"):
        _text(st.text_area, label, path, change, is_required, {"height": height, **options})


def json_field(label: str, path: Path, *, noun: str, box: str, height: int, **options: Any) -> None:
    """What stands there as JSON in a code font; text that is no JSON is not taken over, and said.

    `noun` is what the message calls it, `box` what the style sheet does.
    """
    key = key_of((*path, "json"))
    state.bind(key, json.dumps(value_at(form_data(), path, {}), indent=2, ensure_ascii=False))
    with st.container(key=f"code-{box}-{'-'.join(map(str, path))}"):
        st.text_area(
            label, key=key, height=height, on_change=_put_json, args=(path, key, noun),
            disabled=is_frozen(), **options,
        )  # fmt: skip


def _put_json(path: Path, key: str, noun: str) -> None:
    if state.is_echo(key):
        return
    try:
        value = json.loads(state.value_of(key) or "")
    except ValueError as error:
        state.templates().problem = f"Not taken over: the {noun} is no JSON: {error}."
        return
    edit(set_at, path, value)


def _text(
    draw: Callable[..., Any], label: str, path: Path, change: Change | None, is_required: bool,
    options: Mapping[str, Any],
) -> None:  # fmt: skip
    key = key_of(path)
    state.bind(key, str(value_at(form_data(), path) or ""))
    convert = (lambda text: text or "") if is_required else (lambda text: text or None)
    draw(
        label, key=key, on_change=put, args=(path, key, change, convert),
        disabled=is_frozen(), **options,
    )  # fmt: skip


def number_field(
    label: str, path: Path, *, default: float | None = None, is_whole: bool = False, **options: Any
) -> None:
    """A number; empty takes the field away, so that its default counts."""
    key = key_of(path)
    cast: Callable[[Any], Any] = int if is_whole else float
    value = value_at(form_data(), path, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    state.bind(key, cast(value) if is_number else None)
    for name in ("min_value", "max_value", "step"):
        if name in options:
            options[name] = cast(options[name])
    st.number_input(
        label, key=key, value=None, on_change=put, args=(path, key, None, _number),
        disabled=is_frozen(), **{"step": cast(1 if is_whole else 0.1), **options},
    )  # fmt: skip


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and float(value).is_integer() else value


def choice_field(
    label: str, path: Path, choices: Sequence[Any], *, default: Any = None,
    change: Change | None = None, is_optional: bool = False, **options: Any,
) -> Any:  # fmt: skip
    """One of some choices; a value that is none of them is shown too. Returns the value."""
    key = key_of(path)
    value = value_at(form_data(), path, default)
    offered = list(choices) if value in choices or value is None else [*choices, value]
    state.bind(key, value if value in offered else None)
    st.selectbox(
        label, offered, index=None, key=key, on_change=put,
        args=(path, key, change, lambda chosen: chosen if is_optional or chosen else default),
        disabled=is_frozen(), **options,
    )  # fmt: skip
    return value


def toggle_field(label: str, path: Path, *, default: bool = False, **options: Any) -> None:
    """Yes or no; the default is left out of the draft."""
    key = key_of(path)
    state.bind(key, bool(value_at(form_data(), path, default)))
    st.toggle(
        label, key=key, on_change=put,
        args=(path, key, None, lambda on: None if on is default else on),
        disabled=is_frozen(), **options,
    )  # fmt: skip


def on_value(key: str, take: Callable[[Any], None]) -> Callable[[], None]:
    """An `on_change` that hands the field's value on, unless it is an echo of an older one."""

    def changed() -> None:
        if not state.is_echo(key):
            take(state.value_of(key))

    return changed


def table_field(
    key: str, rows: Rows, columns: Mapping[str, Any], change: Change, *,
    clean: Callable[[Rows], Any], numbers: Sequence[str] = (), most_px: int, least_rows: int = 0,
) -> None:  # fmt: skip
    """A table to edit, at most `most_px` high. `change(data, rows)` takes the edited rows over.

    While the draft says what the table shows, `clean` of both being the same, the table stays as it
    is, with its cursor and half-filled rows; when something else changed the draft, it starts anew.
    """
    tables = state.templates().tables
    base = tables.setdefault(key, state.TableBase(rows))
    edits = state.value_of(f"{key}.{base.turn}")
    if clean(edited_rows(base.rows, edits)) != clean(rows):
        base = tables[key] = state.TableBase(rows, base.turn + 1)
    frame = pd.DataFrame(base.rows, columns=list(columns), dtype=object)
    for name in numbers:
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    widget = f"{key}.{base.turn}"
    with st.container(key=f"{key}.table"):
        st.data_editor(
            frame, key=widget, column_config=dict(columns), hide_index=True, placeholder="",
            num_rows="fixed" if is_frozen() else "dynamic", disabled=is_frozen(),
            on_change=_edited, args=(key, widget, change),
            height=min(ROW_PX * (max(len(base.rows) + SPARE_ROWS, least_rows) + 1) + 3, most_px),
        )  # fmt: skip


def _edited(key: str, widget: str, change: Change) -> None:
    rows = edited_rows(state.templates().tables[key].rows, state.value_of(widget))
    edit(change, rows)


def item_buttons(
    key: str, place: int, count: int, *, move: Callable[[int], None], delete: Callable[[], None],
    duplicate: Callable[[], None] | None = None,
) -> None:  # fmt: skip
    """Up, down, duplicate and delete of one entry in a list."""
    frozen = is_frozen()
    with st.container(horizontal=True, gap="medium", width="content"):
        st.button(
            "Up", key=f"{key}.up", icon=":material/arrow_upward:", type="tertiary",
            on_click=move, args=(-1,), disabled=frozen or place == 0,
        )  # fmt: skip
        st.button(
            "Down", key=f"{key}.down", icon=":material/arrow_downward:", type="tertiary",
            on_click=move, args=(1,), disabled=frozen or place >= count - 1,
        )  # fmt: skip
        if duplicate is not None:
            st.button(
                "Duplicate", key=f"{key}.duplicate", icon=":material/content_copy:",
                type="tertiary", on_click=duplicate, disabled=frozen,
            )  # fmt: skip
        st.button(
            "Delete", key=f"{key}.delete", icon=":material/delete:", type="tertiary",
            on_click=delete, disabled=frozen,
        )  # fmt: skip
