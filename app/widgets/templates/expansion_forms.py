"""What each expansion asks a person for; each form returns fields of an ExpansionRequest."""

from typing import Any

import streamlit as st

from app import cache
from app.widgets.formats import plural
from app.widgets.pickers import batch_label
from core.db.tables import TemplateVersion
from core.generation.browsing import list_batches
from core.generation.expansion.parents import ParentChoice
from core.generation.expansion.requests import DIRECTIONS
from core.generation.expansion.variables import growables, values_present
from core.templates.definition import TemplateDefinition

PREFIX = "templates.expansion"
Wish = dict[str, Any] | None
DIRECTION_LABELS = {
    "all": "All three in turn", "deeper": "Deeper", "broader": "Broader",
    "adversarial": "Adversarial",
}  # fmt: skip


def _grow(version: TemplateVersion, definition: TemplateDefinition) -> Wish:
    del version
    lists = {item.variable: item for item in growables(definition)}
    if not lists:
        st.caption("The template has no variable with a list of values. Add one under Design.")
        return None
    left, middle, right = st.columns([3, 3, 1])
    name = left.selectbox("Variable", list(lists), key=f"{PREFIX}.variable")
    chosen, parent_value = lists[name], ""
    if chosen.parent:
        parent_value = middle.selectbox(
            f"For {chosen.parent}", chosen.parent_values, key=f"{PREFIX}.parent.{name}"
        )
    present = values_present(definition, name, parent_value)
    missing = max(1, (chosen.wanted or len(present) + 20) - len(present))
    if not chosen.parent:
        middle.text_input(
            "Present values", ", ".join(present), key=f"{PREFIX}.present.{name}.{len(present)}",
            disabled=True,
        )  # fmt: skip
    count = right.number_input(
        "New values", 1, 200, min(missing, 200), key=f"{PREFIX}.count.{name}"
    )
    guidance, avoid = st.columns(2)
    wanted = guidance.text_input(
        "What is wanted", key=f"{PREFIX}.guidance.grow",
        placeholder=chosen.instruction or chosen.description or "optional",
    )  # fmt: skip
    unwanted = avoid.text_input(
        "What to avoid", key=f"{PREFIX}.avoid", placeholder="optional, separated by semicolons"
    )
    return {
        "variable": name, "parent_value": parent_value, "count": int(count),
        "guidance": wanted or "",
        "avoid": tuple(part.strip() for part in (unwanted or "").split(";") if part.strip()),
    }  # fmt: skip


def _rewrite(version: TemplateVersion, definition: TemplateDefinition) -> Wish:
    del version
    left, middle, right = st.columns([2, 4, 1])
    steps = [step.name for step in definition.steps]
    step = left.selectbox("Step", steps, key=f"{PREFIX}.step") if steps else ""
    if not steps:
        left.text_input("Prompt", "System and user prompt", key=f"{PREFIX}.prompt", disabled=True)
    guidance = middle.text_input(
        "What is wanted", key=f"{PREFIX}.guidance.rewrite", placeholder="optional"
    )
    count = right.number_input("Variants", 1, 20, 3, key=f"{PREFIX}.variants")
    return {"step": step, "guidance": guidance or "", "count": int(count)}


def _evolve(version: TemplateVersion, definition: TemplateDefinition) -> Wish:
    del definition
    first, second, third = st.columns([3, 3, 1])
    direction = first.selectbox(
        "Direction", DIRECTIONS, key=f"{PREFIX}.direction",
        format_func=DIRECTION_LABELS.__getitem__,
    )  # fmt: skip
    batches = list_batches(cache.workspace(), template_id=version.template_id, limit=100)
    by_id = {batch.batch_id: batch for batch in batches}
    origin = second.selectbox(
        "From", ["", "given", *by_id], key=f"{PREFIX}.from",
        format_func=lambda i: {
            "": f"Accepted samples of {plural(len(batches), 'batch')}".replace("batchs", "batches"),
            "given": "An instruction that I give",
        }.get(i) or batch_label(by_id[i]),
    )  # fmt: skip
    count = third.number_input("Instructions", 1, 200, 12, key=f"{PREFIX}.instructions")
    wish: dict[str, Any] = {"direction": direction, "count": int(count)}
    if origin == "given":
        text = st.text_area("Instruction", key=f"{PREFIX}.instruction", height=90)
        if not (text or "").strip():
            st.caption("Give the instruction that others are to grow from.")
            return None
        wish["instruction"] = text
    else:
        wish["parents"] = ParentChoice(
            (origin,) if origin else (), template_id=version.template_id, at_most=int(count)
        )
    guidance = st.text_input(
        "What is wanted", key=f"{PREFIX}.guidance.evolve", placeholder="optional"
    )
    return {**wish, "guidance": guidance or ""}


FORMS = {"grow_values": _grow, "rewrite_prompt": _rewrite, "evolve": _evolve}
