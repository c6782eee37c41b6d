"""Differences, drawn without HTML."""

from collections.abc import Iterable
from typing import Protocol

import streamlit as st

from app.widgets.formats import plain


class Part(Protocol):
    """A run of words: `kind` is same, added or removed."""

    kind: str
    text: str


def diff_view(parts: Iterable[Part]) -> None:
    """Words taken out in red, words put in in green; the text itself is never interpreted."""
    st.markdown("".join(_marked(part.kind, part.text) for part in parts))


def _marked(kind: str, text: str) -> str:
    color = {"added": "green", "removed": "red"}.get(kind)
    lines = text.split("\n")
    if color is None:
        return "  \n".join(plain(line) for line in lines)
    return "  \n".join(f":{color}-background[{plain(line)}]" if line else "" for line in lines)


def unified_diff(text: str) -> None:
    """A unified diff of two texts."""
    if text.strip():
        st.code(text, language="diff")
    else:
        st.caption("The two are the same.")
