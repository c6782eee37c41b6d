"""The one place that shows a core error: what happened, what to do, and its log entry."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from app.widgets.formats import plain
from core.errors import SeedbedError

logger = logging.getLogger(__name__)


@contextmanager
def show_errors() -> Iterator[None]:
    """Draw a SeedbedError where the block stands and go on after it; anything else passes."""
    try:
        yield
    except SeedbedError as error:
        error_box(error)


def error_box(error: SeedbedError) -> None:
    """Cause and remedy of one error."""
    entry = secrets.token_hex(4)
    logger.warning("%s [%s]: %s", error.code, entry, error)
    st.error(f"{plain(error.message)}\n\n{plain(error.remedy)}", icon=":material/error:")
    st.caption(f"Log entry {entry} · {plain(error.code)}")
