"""The plan view: what a batch would be made of, drawn without calling a model."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from app import cache
from app.widgets import charts
from app.widgets.formats import clip, count, plain
from app.widgets.layout import Card, cards
from app.widgets.tables import plain_table
from core.errors import TemplateError
from core.generation.lookahead import Lookahead, binned

MOST_CHARTS = 12


def plan_tab(text: str) -> None:
    """Quotas, a chart per variable and the first prompts of a batch of n; free."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = int(st.number_input("Samples", 1, 100_000, 100, key="templates.plan.n", width=160))
        seed = int(st.number_input("Seed", 0, 2**31 - 1, 0, key="templates.plan.seed", width=160))
    try:
        look = cache.lookahead(text, n, seed)
    except TemplateError as error:
        st.error(f"{plain(error.message)}\n\n{plain(error.remedy)}", icon=":material/error:")
        return
    _figures(look, n)
    part = st.segmented_control(
        "Show", ("Quotas", "Variables", "Prompts"), default="Quotas", required=True,
        key="templates.plan.part", label_visibility="collapsed",
    )  # fmt: skip
    if part == "Quotas":
        _quotas(look)
    elif part == "Variables":
        _variables(look, n)
    else:
        _prompts(look)


def _figures(look: Lookahead, n: int) -> None:
    empty = sum(cell.planned == 0 for cell in look.cells)
    cards(
        [
            Card("Samples", count(n)),
            Card(
                "Cells filled", f"{count(len(look.cells) - empty)} of {count(len(look.cells))}",
                "Combinations of the categories that get a sample.",
            ),
            Card("Cells left empty", count(empty), "More samples would fill them."),
        ]
    )  # fmt: skip
    for note in look.notes:
        st.caption(plain(note))


def _quotas(look: Lookahead) -> None:
    if not look.names:
        st.caption("No categories: every sample draws its variables freely.")
        return
    frame = pd.DataFrame([{**_texts(c.values), "Planned": c.planned} for c in look.cells])
    left, right = st.columns([2, 3])
    with left:
        name = st.selectbox("Variable", look.names, key="templates.plan.by")
        sums = frame.groupby(name, sort=False)["Planned"].sum()
        charts.planned_bars(
            [str(v) for v in sums.index], [int(v) for v in sums],
            f"Planned samples by {name}", key="templates.plan.chart",
        )  # fmt: skip
    with right:
        st.caption("Every combination, the most frequent first")
        ordered = frame.sort_values("Planned", ascending=False, kind="stable")
        st.dataframe(ordered, key="templates.plan.cells", hide_index=True, height=420)


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in values.items()}  # fmt: skip


def _variables(look: Lookahead, n: int) -> None:
    """A chart per variable: planned for categories, drawn for the others."""
    names = list(look.variable_names)
    shown = names[:MOST_CHARTS]
    if len(names) > MOST_CHARTS:
        shown = st.multiselect(
            "Variables", names, default=shown, key="templates.plan.shown",
            max_selections=MOST_CHARTS,
        )  # fmt: skip
    drawn = min(n, len(look.rows))
    st.caption(
        f"Categories as planned for all {count(n)} samples; others as drawn in the first "
        f"{count(drawn)}."
    )
    columns = st.columns(2)
    for place, name in enumerate(shown):
        with columns[place % 2]:
            _chart(look, name)


def _chart(look: Lookahead, name: str) -> None:
    key = f"templates.plan.of.{name}"
    if name in look.names:
        sums: dict[str, int] = {}
        for cell in look.cells:
            if name in cell.values:
                value = _texts(cell.values)[name]
                sums[value] = sums.get(value, 0) + cell.planned
        charts.planned_bars(list(sums), list(sums.values()), f"{name}, planned samples", key=key)
        return
    values = [row[name] for row in look.rows if name in row]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if numbers and len(numbers) == len(values):
        bins = binned(numbers)
        charts.bars(
            [label for label, _ in bins], [number for _, number in bins], f"{name}, drawn",
            key=key, unit="samples",
        )  # fmt: skip
        return
    st.markdown(f"**{plain(name)}**, drawn")
    if not values:
        st.caption("In none of the first samples.")
        return
    st.code("\n".join(clip(_shown(value), 160) for value in values[:6]), language=None)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _prompts(look: Lookahead) -> None:
    for place, sample in enumerate(look.prompts):
        with st.expander(f"Sample {place + 1}", expanded=place == 0):
            plain_table(
                [{"Variable": k, "Value": clip(_shown(v), 300)}
                 for k, v in look.rows[place].items()],
                key=f"templates.plan.values.{place}",
            )  # fmt: skip
            for prompt in sample:
                if prompt.step:
                    st.caption(f"Step {prompt.step}")
                st.code(prompt.text, language=None, wrap_lines=True)
