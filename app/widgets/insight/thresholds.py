"""The Thresholds part of the Insight page: move them, see at once what would change, apply."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import cache, state
from app.widgets import quality_charts
from app.widgets.errors import show_errors
from app.widgets.formats import clip, count, figure, plain, plural, share, words
from app.widgets.layout import section
from app.widgets.tables import number, part, plain_table
from core.db.ids import sample_id_of
from core.errors import InvalidInput
from core.insight.report import InsightView
from core.quality.registry import CHECKS
from core.quality.thresholds.applying import (
    apply_thresholds,
    changed_settings,
    named_samples,
    reset_thresholds,
    save_thresholds,
)
from core.quality.thresholds.deciding import (
    SIDES,
    STEP,
    Decided,
    Move,
    Threshold,
    alone,
    counts,
    curve,
    decide,
    lowest_found,
    moves,
    reasons,
    stored,
    thresholds,
)
from core.quality.thresholds.readings import Readings
from core.quality.thresholds.settings import differences
from core.templates.definition import CheckSettings

EXAMPLES = 8
EXCERPT = 160


def thresholds_tab(view: InsightView) -> None:
    """Sliders beside what they would decide; nothing is stored before "Apply"."""
    if view.scope.kind != "batch":
        st.caption("Thresholds decide the samples of a batch: open one to move them.")
        return
    readings = cache.readings(view.scope.id)
    if not len(readings):
        st.caption("The batch has no samples yet.")
        return
    _workbench(view.scope.id)


@st.fragment
def _workbench(batch_id: str) -> None:
    readings = cache.readings(batch_id)
    left, right_side = st.columns([4, 9], gap="large")
    with left:
        changes = _sliders(readings)
    try:
        settings = changed_settings(readings.settings, changes)
    except InvalidInput as error:
        with right_side:
            st.warning(plain(f"{error.message} {error.remedy}"), icon=":material/info:")
        return
    with right_side:
        _outcome(readings, settings)


def _sliders(readings: Readings) -> dict[str, Any]:
    """The values that differ from what is in force."""
    found = {check.name for check in readings.checks}
    movable = [threshold for threshold in thresholds() if threshold.kind != "list"]
    quiet = [t for t in movable if t.check and t.check not in found]
    changes: dict[str, Any] = {}
    st.markdown("**Verdicts**")
    for threshold in movable:
        if not threshold.check:
            _slider(readings, threshold, changes)
    st.markdown("**Checks that found something**")
    for threshold in movable:
        if threshold.check in found:
            _slider(readings, threshold, changes)
    if quiet and st.toggle("Show the other checks", key="insight.thresholds.all"):
        st.caption("They found nothing in this batch, or have not looked yet.")
        for threshold in quiet:
            _slider(readings, threshold, changes)
    return changes


def _slider(readings: Readings, threshold: Threshold, changes: dict[str, Any]) -> None:
    now = getattr(readings.settings, threshold.name)
    check = CHECKS.get(threshold.check)
    help_text = threshold.description
    if check is not None:
        help_text += f" {check.description} Measured in: {check.unit}."
    label, key = words(threshold.name), _key(readings.batch_id, threshold.name)
    if threshold.kind == "switch":
        value: Any = st.toggle(label, value=now, key=key, help=help_text)
    elif threshold.kind == "count":
        value = st.number_input(label, min_value=0, value=now, step=10, key=key, help=help_text)
    else:
        value = st.slider(
            label, threshold.low, threshold.high, value=float(now), step=STEP, key=key,
            help=help_text,
        )  # fmt: skip
    if value is not None and value != now:
        changes[threshold.name] = value


def _key(batch_id: str, name: str) -> str:
    return f"insight.threshold.{batch_id}.{name}"


def _outcome(readings: Readings, settings: CheckSettings) -> None:
    now, then = stored(readings), decide(readings, settings)
    before, after = counts(readings, now), counts(readings, then)
    found = moves(now, then)
    _actions(readings, settings, has_moves=bool(found))
    _figures(before, after)
    total = sum(before.values())
    quality_charts.before_and_after(before, after, key="insight.thresholds.bars", total=total)
    _moves(readings, settings, now, then, found)
    _curve(readings, settings)
    _alone(readings, settings)


def _figures(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    total = max(sum(after.values()), 1)
    row = st.container(horizontal=True, gap="small")
    for side in SIDES:
        change = after[side] - before[side]
        row.metric(
            words(side), count(after[side]), f"{change:+,}" if change else None, border=True,
            delta_color="off", width="stretch",
            help=f"{share(after[side] / total)} of all samples with the thresholds on the left; "
            f"{count(before[side])} now. What a person decided does not move.",
        )  # fmt: skip


def _actions(readings: Readings, settings: CheckSettings, *, has_moves: bool) -> None:
    changed = differences(settings, readings.settings)
    own = differences(readings.settings, readings.of_version)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_said(changed, own, has_moves=has_moves), width="stretch")
        if changed:
            st.button(
                "Undo", key="insight.thresholds.undo", on_click=_forget, args=(readings.batch_id,),
                help="Put the sliders back on what is in force.",
            )  # fmt: skip
        elif own and st.button(
            "Back to the template's", key="insight.thresholds.reset",
            help="Decide this batch by its template version's own thresholds again.",
        ):  # fmt: skip
            _write(readings, {}, "reset")
        if st.button(
            "Save to the template", key="insight.thresholds.save",
            disabled=not (changed or own),
            help="A new version of the template with these thresholds, for the batches to come. "
            "This batch keeps its own until you apply them.",
        ):  # fmt: skip
            _write(readings, changed, "save")
        if st.button(
            "Apply to this batch", key="insight.thresholds.apply", type="primary",
            disabled=not changed and not has_moves,
            help="Decides every sample that no person has decided. Nothing is generated or "
            "measured again, and it can be taken back.",
        ):  # fmt: skip
            _write(readings, changed, "apply")


def _said(changed: Mapping[str, Any], own: Mapping[str, Any], *, has_moves: bool) -> str:
    if changed:
        moved = ", ".join(
            f"{words(name).lower()} {_text(value)}" for name, value in changed.items()
        )
        return f"Tried, not applied: {moved}."
    if own:
        kept = ", ".join(f"{words(name).lower()} {_text(value)}" for name, value in own.items())
        return f"In force for this batch alone: {kept}."
    if has_moves:
        return "Some samples were decided by older checks: apply to decide them anew."
    return "The template's thresholds are in force. Move one to see what it would change."


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _write(readings: Readings, changes: dict[str, Any], action: str) -> None:
    """One core call; deciding a hundred thousand samples takes a moment, so it is said."""
    workspace, batch_id = cache.workspace(), readings.batch_id
    with show_errors():
        with st.spinner(f"Deciding {plural(len(readings), 'sample')}"):
            if action == "save":
                version = save_thresholds(workspace, batch_id, changes)
                state.notify(f"Saved as version {version.number} of the template.")
            elif action == "apply":
                found = apply_thresholds(workspace, batch_id, changes)
                state.notify(f"Applied: {plural(found.get('accepted', 0), 'sample')} accepted.")
            else:
                reset_thresholds(workspace, batch_id)
                state.notify("The template's thresholds are in force again.")
        cache.forget_quality()
        if action != "save":
            _forget(batch_id)
        st.rerun()


def _forget(batch_id: str) -> None:
    for threshold in thresholds():
        state.forget(_key(batch_id, threshold.name))


def _moves(
    readings: Readings, settings: CheckSettings, now: Decided, then: Decided, found: list[Move]
) -> None:
    section("Samples that change sides", "Those whose score moves most come first.")
    if not found:
        st.caption("None.")
        return
    labels = [f"{words(m.before)} → {words(m.after).lower()} ({count(m.samples)})" for m in found]
    chosen = st.segmented_control(
        "Change", range(len(found)), default=0, required=True, key="insight.thresholds.move",
        format_func=lambda i: labels[i] if i < len(labels) else "",
        label_visibility="collapsed",
    )  # fmt: skip
    move = found[chosen if chosen < len(found) else 0]
    plain_table(
        _examples(readings, settings, now, then, move), key="insight.thresholds.examples",
        columns={
            "Now": number("Now", "%.2f", width=60), "Then": number("Then", "%.2f", width=60),
            "Because": st.column_config.TextColumn("Because", width=170),
            "Input": st.column_config.TextColumn("Input", width=235),
            "Response": st.column_config.TextColumn("Response", width=235),
        },
    )  # fmt: skip


def _examples(
    readings: Readings, settings: CheckSettings, now: Decided, then: Decided, move: Move
) -> list[dict[str, Any]]:
    places = {
        sample_id_of(readings.batch_id, int(readings.plan_indexes[place])): place
        for place in move.places[:EXAMPLES]
    }
    return [
        {
            "Now": now.scores[places[sample.sample_id]],
            "Then": then.scores[places[sample.sample_id]],
            "Because": ", ".join(
                f"{words(name).lower()} {value:.3g}"
                for name, value in reasons(
                    readings, places[sample.sample_id], readings.settings, settings
                )
            ),
            "Input": clip(sample.input, EXCERPT),
            "Response": clip(sample.response, EXCERPT),
        }
        for sample in named_samples(cache.workspace(), list(places))
    ]


def _curve(readings: Readings, settings: CheckSettings) -> None:
    found = {check.name for check in readings.checks}
    names = [
        t.name for t in thresholds()
        if t.kind in ("share", "count") and (not t.check or t.check in found)
    ]  # fmt: skip
    section(
        "What each value would accept",
        "One threshold moves, the others stay as set on the left. Dotted: in force now; solid: as "
        "set.",
    )
    changed = [name for name in differences(settings, readings.settings) if name in names]
    name = st.selectbox(
        "Threshold", names, index=names.index(changed[-1]) if changed else 0,
        key=f"insight.thresholds.curve.{changed[-1] if changed else ''}", format_func=words,
        label_visibility="collapsed", width=260,
    )  # fmt: skip
    owner = next(t.check for t in thresholds() if t.name == name)
    unit = CHECKS[owner].unit if owner else "quality score"
    quality_charts.verdict_curve(
        curve(readings, settings, name), f"Samples by verdict at each {words(name).lower()}",
        key="insight.thresholds.chart", unit=unit, now=float(getattr(readings.settings, name)),
        then=float(getattr(settings, name)),
    )  # fmt: skip
    lowest = lowest_found(readings, name)
    if lowest is not None and owner and CHECKS[owner].stage == "batch":
        st.caption(
            f"The lowest value found in this batch is {figure(lowest, 2)}. Below it nothing was "
            "searched for: a looser threshold finds more only when the batch is analysed again."
        )


def _alone(readings: Readings, settings: CheckSettings) -> None:
    section(
        "What each check costs alone",
        "Held back: samples that would be accepted if this one check were not asked. A check that "
        "holds back much and finds little wrong when you look is set too strictly.",
    )
    plain_table(
        [
            {
                "Check": words(row.check),
                "Found": row.found,
                "Held back by it alone": row.held_back,
                "Accepted if only it were asked": 100 * row.accepted / max(len(readings), 1),
                "Meaning": CHECKS[row.check].description if row.check in CHECKS else "",
            }
            for row in alone(readings, settings)
        ],
        key="insight.thresholds.alone",
        columns={
            "Found": number("Found"), "Held back by it alone": number("Held back by it alone"),
            "Accepted if only it were asked": part("Accepted if only it were asked"),
        },
    )  # fmt: skip
