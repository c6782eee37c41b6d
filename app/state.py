"""Typed accessors for what a browser tab remembers; the only module that names state keys.

What is selected and shareable stands in the URL; drafts stand in session state, one dataclass per
page. Both keep ids, never records: a stored row goes stale.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from uuid import uuid4

import streamlit as st

from core.querying.saved import ChartSettings

Noun = Literal[
    "template",
    "source",
    "batch",
    "sample",
    "version",
    "view",
    "domain",
    "starter",
    "comparison",
    "scope",
    "rubric",
]
Draft = TypeVar("Draft")
ECHO_S = 1.5
NOTHING = object()


def selected(noun: Noun) -> str | None:
    """The id of that noun in the URL, None when nothing is selected."""
    return st.query_params.get(noun) or None


def select(noun: Noun, value: str | None) -> None:
    """Put that id in the URL, or take it out. For callbacks."""
    if value:
        st.query_params[noun] = value
    else:
        st.query_params.pop(noun, None)


def select_from_widget(noun: Noun, key: str) -> None:
    """A picker's `on_change`: its value becomes the selection."""
    select(noun, st.session_state[key])


def clicked_row(key: str) -> int | None:
    """The row of the button column that was just clicked."""
    click = st.session_state.get(key)
    return None if click is None else int(click["row"])


def offer(key: str, value: Any) -> None:
    """Set a widget's value before it is drawn. The URL or a draft decides, not the widget."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def bind(key: str, value: Any) -> None:
    """`offer` for a field of the template editor: it remembers what the value replaced."""
    is_first = key not in st.session_state
    before = st.session_state.get(key)
    if is_first or before != value:
        st.session_state[key] = value
        replaced = NOTHING if is_first and isinstance(value, bool) else before
        templates().offers[key] = (replaced, time.monotonic())


def is_echo(key: str) -> bool:
    """Whether a field's change is only its browser's older value, sent before the new one came.

    A click that follows an edit at once sends the values of all fields as the browser then knows
    them. Taken for an edit, it would undo the one before.
    """
    before, moment = templates().offers.get(key, (NOTHING, 0.0))
    value = st.session_state.get(key)
    is_same = value == before or (not before and not value and not isinstance(value, bool))
    return is_same and time.monotonic() - moment < ECHO_S


def offer_default(key: str, value: Any) -> None:
    """Set a widget's value where it has none yet."""
    if key not in st.session_state:
        st.session_state[key] = value


def offer_once(key: str, value: str | None, *, among: Sequence[str]) -> None:
    """Take a filter's value from the URL on arrival; from then on the widget decides."""
    seen = f"{key}.offered"
    if value in among and st.session_state.get(seen) != value:
        st.session_state[key] = st.session_state[seen] = value


def value_of(key: str, default: Any = None) -> Any:
    """A widget's present value, for its own callback."""
    return st.session_state.get(key, default)


def forget(key: str) -> None:
    """Let a widget start again from its default."""
    st.session_state.pop(key, None)


@dataclass
class TableBase:
    """The rows that a table editor was given; its edits count from them."""

    rows: list[dict[str, Any]]
    turn: int = 0  # part of the editor's key: a new base is a new editor


@dataclass
class TemplatesDraft:
    """The editor's unsaved text: `stored` is what the database holds of it."""

    template_id: str = ""
    base: str = ""  # the version it started from
    text: str = ""
    stored: str = ""
    drawn: str = ""  # the last text that the forms could draw
    problem: str = ""  # what the last edit got wrong
    note: str = ""  # what the last edit changed elsewhere
    variable: str = ""  # the one whose form is open
    step: int = 0  # the one whose form is open
    tables: dict[str, TableBase] = field(default_factory=dict)
    offers: dict[str, tuple[Any, float]] = field(default_factory=dict)  # by key: replaced, when


@dataclass
class PreviewDraft:
    """The preview on screen, and the wish that started it: a double click starts it once."""

    template_id: str = ""
    batch_ids: list[str] = field(default_factory=list)  # one, or A and B
    wish: str = ""  # what was asked for
    intent: str = ""
    sent_at: float = 0.0  # monotonic seconds


@dataclass
class ReviewDraft:
    """Where a reviewer is: skipped ids, the mode, and when the sample came on screen."""

    sample_id: str = ""
    shown_at: float = field(default_factory=time.monotonic)
    is_editing: bool = False
    is_rejecting: bool = False
    skipped: list[str] = field(default_factory=list)
    problem: str = ""

    def show(self, sample_id: str) -> None:
        """Start the clock when another sample comes on screen."""
        if sample_id != self.sample_id:
            self.sample_id, self.shown_at = sample_id, time.monotonic()
            self.is_editing = self.is_rejecting = False
            self.problem = ""

    @property
    def seconds(self) -> float:
        """Time since the sample came on screen, at most ten minutes."""
        return min(time.monotonic() - self.shown_at, 600.0)


@dataclass
class LaunchDraft:
    """One wish to launch: submitting its form twice, as a double click does, launches once."""

    intent: str = field(default_factory=lambda: uuid4().hex)


@dataclass
class InsightDraft:
    """Samples chosen on the map, and what was done with them."""

    batch_id: str = ""
    sample_ids: list[str] = field(default_factory=list)
    bulk_id: str = ""  # the last rejection of many, while it can be undone here
    bulk_text: str = ""
    intent: str = ""  # one wish for more: a double click launches once


@dataclass
class RubricDraft:
    """The rubric on screen: what was loaded, and which of its criteria stand in which order."""

    name: str = ""
    base: dict[str, Any] = field(default_factory=dict)
    criteria: dict[int, dict[str, Any]] = field(default_factory=dict)  # as loaded, by number
    numbers: list[int] = field(default_factory=list)  # those that stand, in order
    turn: int = 0  # part of every field's key: a rubric loaded anew has new fields

    def open(self, base: dict[str, Any]) -> None:
        """Begin with this content."""
        self.base, self.turn = base, time.monotonic_ns()
        self.criteria = dict(enumerate(base["criteria"]))
        self.numbers = list(self.criteria)

    def add(self) -> None:
        """One more criterion, empty, at the end."""
        number = max(self.criteria, default=-1) + 1
        self.criteria[number] = {}
        self.numbers.append(number)

    def remove(self, number: int) -> None:
        """Take a criterion out."""
        self.numbers.remove(number)


@dataclass
class KnowledgeDraft:
    """The rows that a knowledge table's editor was given; its edits count from them."""

    shown: str = ""  # which table, search and page
    rows: list[dict[str, Any]] = field(default_factory=list)
    turn: int = 0  # a new base is a new editor
    problem: str = ""  # what the last save got wrong

    @property
    def key(self) -> str:
        """The editor's key."""
        return f"sources.knowledge.rows.{self.turn}"

    def show(self, what: str) -> None:
        """Begin anew when another table comes on screen."""
        if what != self.shown:
            self.shown = what
            self.reload()

    def reload(self) -> None:
        """Read the table again; unsaved edits are gone."""
        self.rows, self.problem = [], ""
        self.turn += 1


@dataclass
class SqlDraft:
    """The query on screen, and the one whose answer stands below it."""

    text: str = ""
    name: str = ""  # the saved query that was opened, or ""
    chart: ChartSettings = field(default_factory=ChartSettings)
    asked: str = ""  # what was run
    turn: int = 0  # each run asks anew

    def open(self, name: str, sql: str, chart: ChartSettings) -> None:
        """Take a query over; the answer of the one before goes."""
        self.name, self.text, self.chart, self.asked = name, sql, chart, ""


@dataclass
class Notice:
    """One line to show after an action, on the next run."""

    text: str = ""
    icon: str = ":material/check_circle:"


def templates() -> TemplatesDraft:
    return _draft("templates.draft", TemplatesDraft)


def forget_templates() -> None:
    """Another template was opened."""
    st.session_state.pop("templates.draft", None)


def preview() -> PreviewDraft:
    return _draft("templates.preview.draft", PreviewDraft)


def open_fork(name: str) -> None:
    """A callback made a template: the run that follows opens it."""
    st.session_state["templates.forked"] = name


def forked() -> str | None:
    """The template that a callback has just made, once."""
    return st.session_state.pop("templates.forked", None)


def review() -> ReviewDraft:
    return _draft("review.draft", ReviewDraft)


def launch() -> LaunchDraft:
    return _draft("launch.draft", LaunchDraft)


def forget_launch() -> None:
    """The launch form was left: the next one is a wish of its own."""
    st.session_state.pop("launch.draft", None)


def insight() -> InsightDraft:
    return _draft("insight.draft", InsightDraft)


def rubric(name: str) -> RubricDraft:
    """The draft of that rubric; that of another one is dropped."""
    draft = _draft("judges.draft", RubricDraft)
    if draft.name != name:
        forget_rubric()
        draft = _draft("judges.draft", RubricDraft)
        draft.name = name
    return draft


def forget_rubric() -> None:
    """The rubric is read again."""
    st.session_state.pop("judges.draft", None)


def knowledge() -> KnowledgeDraft:
    return _draft("sources.knowledge.draft", KnowledgeDraft)


def sql() -> SqlDraft:
    return _draft("sql.draft", SqlDraft)


def notice() -> Notice:
    return _draft("app.notice", Notice)


def notify(text: str) -> None:
    """Show this once, after the next run has started."""
    notice().text = text


def _draft(key: str, kind: Callable[[], Draft]) -> Draft:
    if key not in st.session_state:
        st.session_state[key] = kind()
    return st.session_state[key]
