"""Word lists in the Bias part: what associations are measured with, and changing it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import count, plain
from app.widgets.layout import section
from app.widgets.tables import number, plain_table
from core.db.workspace import Workspace
from core.insight.bias.own_wordlists import (
    KnownList,
    known_lists,
    put_list,
    restore_list,
    retire_list,
)
from core.insight.bias.wordlist_formats import published_text, read_published
from core.insight.bias.wordlists import WordList, checked_list
from core.insight.report import InsightView

PREFIX = "insight.lists"
Action = Callable[[Workspace, str], KnownList]
ORIGINS = {"brought": "Seedbed's", "edited": "Seedbed's, changed", "own": "Your own"}
SIDES = (("x", "First target"), ("y", "Second target"), ("a", "First attribute"),
         ("b", "Second attribute"))  # fmt: skip


def lists_view(view: InsightView) -> None:  # noqa: ARG001 - every part takes the report
    """The project's lists, and one of them to edit."""
    known = {one.name: one for one in known_lists(cache.workspace())}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width="stretch"):
            section(
                "Word lists",
                "Each is one test: do the first targets lean to the first attributes? Lists of "
                "words are a WEAT, of sentences a SEAT. Changes count from the next report on.",
            )
        if st.button("Import", key=f"{PREFIX}.import", icon=":material/upload:"):
            import_dialog()
    plain_table(
        [_row(one) for one in known.values()], key=f"{PREFIX}.table",
        columns={"Words": number("Words")},
    )  # fmt: skip
    name = st.selectbox(
        "Edit", list(known), key=f"{PREFIX}.name", width=440,
        format_func=lambda key: known[key].content.title,
    )  # fmt: skip
    _editor(known[name])


def _row(known: KnownList) -> dict[str, object]:
    x, y, a, b = known.content.sets()
    return {
        "Title": known.content.title,
        "Targets": f"{x.name}, {y.name}",
        "Attributes": f"{a.name}, {b.name}",
        "Words": len(known.content.words()),
        "Source": known.content.source,
        "Whose": ORIGINS[known.origin],
        "In use": "no" if known.is_retired else "yes",
    }


def _editor(known: KnownList) -> None:
    key = f"{PREFIX}.{known.name}.{known.changed_at}"
    with st.form(f"{key}.form", border=True):
        left, right = st.columns(2)
        left.text_input("Title", known.content.title, key=f"{key}.title", max_chars=200)
        right.text_input(
            "Source", known.content.source, key=f"{key}.source", max_chars=300,
            help="own, or the paper that published the words.",
        )  # fmt: skip
        for place, (side, label), words in zip(
            st.columns(4), SIDES, known.content.sets(), strict=True
        ):
            place.text_input(label, words.name, key=f"{key}.{side}.name", max_chars=100)
            place.text_area(
                f"{label}: words, one a line", "\n".join(words.words), key=f"{key}.{side}.words",
                height=220, label_visibility="collapsed",
            )  # fmt: skip
        st.form_submit_button("Save", type="primary", on_click=_save, args=(known, key))
    with st.container(horizontal=True):
        if known.is_retired:
            _act("Use again", ":material/undo:", restore_list, known)
        else:
            _act("Leave out", ":material/block:", retire_list, known)
        if known.origin == "edited" and not known.is_retired:
            _act("As it was", ":material/restart_alt:", restore_list, known)
        st.download_button(
            "Export", published_text(known.content), f"{known.name}.json", "application/json",
            key=f"{PREFIX}.export", icon=":material/download:",
            help="The published JSON form: targ1, targ2, attr1, attr2.",
        )  # fmt: skip


def _act(label: str, icon: str, action: Action, known: KnownList) -> None:
    st.button(label, key=f"{PREFIX}.{label}", icon=icon, on_click=_acted, args=(action, known.name))


def _acted(action: Action, name: str) -> None:
    with show_errors():
        action(cache.workspace(), name)


def _save(known: KnownList, key: str) -> None:
    def read(side: str) -> dict[str, object]:
        lines = str(state.value_of(f"{key}.{side}.words", "")).splitlines()
        return {
            "name": state.value_of(f"{key}.{side}.name"),
            "words": [line.strip() for line in lines if line.strip()],
        }

    content = {
        "name": known.name,
        "title": state.value_of(f"{key}.title"),
        "source": state.value_of(f"{key}.source"),
        "targets": {"x": read("x"), "y": read("y")},
        "attributes": {"a": read("a"), "b": read("b")},
    }
    with show_errors():
        put_list(cache.workspace(), checked_list(content, known.content.title))
        state.notify("The word list is saved; the next report uses it.")


@st.dialog("Import a word list", width="large")
def import_dialog() -> None:
    """One published test, from a file or as text."""
    st.caption(
        "JSON of the sentence tests (targ1, targ2, attr1, attr2 with category and examples), four "
        "lines `name: word, word`, or Seedbed's own YAML."
    )
    upload = st.file_uploader(
        "A file", type=["json", "jsonl", "txt", "yaml", "yml"], key=f"{PREFIX}.file"
    )
    typed = st.text_area("or the text itself", key=f"{PREFIX}.text", height=140)
    source = st.text_input(
        "Source", key=f"{PREFIX}.source", placeholder="The paper that published it", max_chars=300
    )
    text = upload.getvalue().decode("utf-8", "replace") if upload is not None else typed
    if not (text or "").strip():
        return
    with show_errors():
        content = read_published(
            text, Path(upload.name).name if upload is not None else "", source=source or "unknown"
        )
        _preview(content)
        st.button(
            "Add the list", key=f"{PREFIX}.add", type="primary", on_click=_add, args=(content,)
        )


def _preview(content: WordList) -> None:
    st.markdown(f"**{plain(content.title)}**")
    for words in content.sets():
        st.caption(plain(f"{words.name}, {count(len(words.words))}: {_beginning(words.words)}"))


def _beginning(words: Sequence[str]) -> str:
    return ", ".join(words[:8]) + (" …" if len(words) > 8 else "")


def _add(content: WordList) -> None:
    with show_errors():
        put_list(cache.workspace(), content)
        state.offer(f"{PREFIX}.name", content.name)
        state.notify(f"{content.title} is added; the next report uses it.")
