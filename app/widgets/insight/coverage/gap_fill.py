"""Filling a gap: the dialog with its estimate, and what the batches that filled gaps changed."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import streamlit as st

from app import cache, state
from app.widgets.batches.focus import focus_text
from app.widgets.errors import show_errors
from app.widgets.formats import clip, count, duration, money, plain, plural, words
from app.widgets.layout import Card, cards, section
from app.widgets.tables import number, open_table, part, plain_table, right
from core.insight.coverage.fills import Fill, FilledGap
from core.insight.coverage.gaps import Gap
from core.jobs.aimed.filling_gaps import FillRequest, fill_gaps
from core.templates.versions import list_templates

FEWEST = 10  # samples that a fill offers at least: one alone is rarely worth a batch
MOST_ROWS = 100
RUNNING = ("queued", "running")
INTERVAL_S = 2.0


def gap_table(gaps: Sequence[Gap], wish: FillRequest, *, key: str, is_region: bool = False) -> None:
    """The gaps, those that miss the most first, each with a button that generates for it."""
    shown = gaps[:MOST_ROWS]
    click = f"{key}.fill"
    button = st.column_config.ButtonColumn(
        "Fill", type="tertiary", alignment="left", key=click, width=150
    )
    rows = [
        {
            ("About" if is_region else "Cell"): gap.label,
            "Wanted": gap.wanted,
            "There": gap.present,
            "Filled": min(100.0, 100 * gap.present / max(gap.wanted, 1)),
            **(_of_region(gap) if is_region else {}),
            "Fill": f":material/add: Generate {count(_offered([gap]))}",
        }
        for gap in shown
    ]
    plain_table(
        rows, key=key,
        columns={
            "Fill": button, "Filled": part("Filled", width=110),
            "Wanted": number("Wanted", width=80), "There": number("There", width=80),
            "Chance": right("By chance", width=90),
        },
        height=None if len(rows) <= 12 else 440,
    )  # fmt: skip
    if len(gaps) > MOST_ROWS:
        st.caption(f"The {MOST_ROWS} that miss the most, of {count(len(gaps))}.")
    row = state.clicked_row(click)
    if row is not None and row < len(shown):
        open_fill([shown[row]], wish)


def _of_region(gap: Gap) -> dict[str, str]:
    chance = gap.chance if gap.chance is not None else 1.0
    return {
        "Chance": "under 0.1 %" if chance < 0.001 else f"{100 * chance:.1f} %",
        "Such as": clip(gap.examples[0], 90) if gap.examples else "",
    }


def open_fill(gaps: Sequence[Gap], wish: FillRequest) -> None:
    """Ask how many to generate for these gaps; every opening is a wish of its own."""
    state.insight().intent = uuid4().hex
    state.forget("insight.fill.n")
    _fill_dialog(list(gaps), wish)


def _offered(gaps: Sequence[Gap]) -> int:
    return max(FEWEST, sum(gap.missing for gap in gaps))


@st.dialog("Generate for a gap", width="large")
def _fill_dialog(gaps: list[Gap], wish: FillRequest) -> None:
    label = gaps[0].label if len(gaps) == 1 else plural(len(gaps), "gap")
    missing = sum(gap.missing for gap in gaps)
    st.markdown(f"**{plain(label)}** · {plural(missing, 'sample')} missing")
    left, right_side = st.columns(2)
    n = left.number_input(
        "Samples", 1, 1_000_000, _offered(gaps), step=10, key="insight.fill.n",
        help="Some will be rejected: ask for a few more than are missing.",
    )  # fmt: skip
    template_id = _template(right_side, wish)
    wanted = FillRequest(
        wish.scope_id, tuple(gap.gap_id for gap in gaps), int(n), reference_id=wish.reference_id,
        template_version_id=template_id, at_least=wish.at_least,
        idempotency_key=state.insight().intent,
    )  # fmt: skip
    with show_errors():
        request, expected = cache.fill_estimate(wanted)
        st.caption(plain(_aim(focus_text(request.focus), gaps)))
        cards(
            [
                Card("Expected cost", money(expected.cost_usd), f"With {request.model}."),
                Card("Expected time", duration(expected.seconds)),
                Card("Tokens in", count(expected.input_tokens)),
                Card("Tokens out", count(expected.output_tokens)),
            ]
        )
        if st.button(f"Generate {plural(int(n), 'sample')}", key="insight.fill.do", type="primary"):
            fill_gaps(cache.workspace(), wanted)
            cache.grid.clear()
            state.notify("The batch is launched; the gap closes as its samples come.")
            st.rerun()


def _template(place: st.delta_generator.DeltaGenerator, wish: FillRequest) -> str:
    """The newest version of a template to choose, where the texts have none of their own."""
    if wish.template_version_id:
        return ""
    rows = {row.latest.template_version_id: row for row in list_templates(cache.workspace())}
    if not rows:
        place.caption("There is no template that could fill it.")
        return ""
    chosen: str = place.selectbox(
        "Template", list(rows), key="insight.fill.template",
        format_func=lambda i: rows[i].template.title,
    )  # fmt: skip
    return chosen


def _aim(focus: str, gaps: Sequence[Gap]) -> str:
    if focus:
        return f"The plan is held to {focus}; everything else is drawn as in the batch."
    terms = ", ".join(gaps[0].terms)
    return (
        f"The prompt names {terms} and shows each sample one of "
        f"{plural(len(gaps[0].examples), 'text')} from the middle of this part."
    )


def fills_view(
    fills: Sequence[Fill], now: Callable[[FilledGap], Gap | None], told: str, *, key: str
) -> None:
    """What batches that were aimed at gaps changed, gap by gap; `told` says it as a whole."""
    if not fills:
        return
    section("Filled so far", f"{told} Each gap as it stood when a batch was aimed at it, and now.")
    rows, ids = [], []
    for fill in fills:
        for gap in fill.gaps[:MOST_ROWS]:
            found = now(gap)
            rows.append(
                {
                    "Batch": fill.name if fill.state == "completed" else
                    f"{fill.name} ({words(fill.state).lower()}, {fill.generated:,} of {fill.n:,})",
                    "Gap": gap.label, "Wanted": gap.wanted, "There then": gap.present,
                    "There now": None if found is None else found.present,
                    "Is": "not measured" if found is None else
                    ("still thin" if found.is_open else "filled"),
                }
            )  # fmt: skip
            ids.append(fill.batch_id)
    open_table(
        rows, ids, "batches", "batch", key=key, opener="Batch",
        columns={name: number(name) for name in ("Wanted", "There then", "There now")},
    )  # fmt: skip


def follow(fills: Sequence[Fill], read: Callable[[], Sequence[Fill]]) -> None:
    """Draws the page again when a batch that fills gaps has come further."""
    if any(fill.state in RUNNING for fill in fills):
        st.fragment(_wait, run_every=INTERVAL_S)(_stamp(fills), read)


def _wait(stamp: str, read: Callable[[], Sequence[Fill]]) -> None:
    if _stamp(read()) != stamp:
        cache.grid.clear()
        st.rerun()


def _stamp(fills: Sequence[Fill]) -> str:
    return ".".join(f"{fill.state}{fill.generated}" for fill in fills)
