"""Alerts: batches that are worse than those before them, each with where to look."""

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.formats import clip, plain, plural, share
from app.widgets.layout import section
from core.db.tables import QualityAlert
from core.review.watching.alerts import dismiss_alert, measure_label

MOST = 4
ICON = ":orange[:material/trending_down:]"
HELP = (
    "Against up to five earlier batches of the template: beyond chance, and large enough to "
    "matter. It does not say why."
)


def alerts_list(batch_id: str) -> None:
    """The open alerts of a batch in full; nothing where there are none."""
    found = cache.alerts(batch_id)
    if not found:
        return
    with st.container(border=True, gap="xxsmall"):
        for alert in found[:MOST]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"{ICON} {plain(alert.message)}", width="stretch")
                _dismiss_button(alert, "insight")
        _more(len(found))


def alerts_summary() -> None:
    """The open alerts of the project, a line each; nothing where there are none."""
    found = cache.alerts()
    if not found:
        return
    section("Got worse", HELP)
    for alert in found[:MOST]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            name = plain(clip(cache.name_of(alert.batch_id), 40))
            st.markdown(f"{ICON} **{name}**: {_brief(alert)}", width="stretch", help=alert.message)
            if st.button("Look", key=f"overview.alert.{alert.alert_id}.open"):
                go("insight", batch=alert.batch_id)
            _dismiss_button(alert, "overview")
    _more(len(found))


def _brief(alert: QualityAlert) -> str:
    label = measure_label(alert).lower()
    if alert.kind == "defects":
        return f"{label} {share(alert.value)}, was {share(alert.baseline)}."
    return f"{label} {alert.value:.3g}, was {alert.baseline:.3g}."


def _more(number: int) -> None:
    if number > MOST:
        st.caption(f"And {plural(number - MOST, 'alert')} more.")


def _dismiss_button(alert: QualityAlert, page: str) -> None:
    st.button(
        "Dismiss", key=f"{page}.alert.{alert.alert_id}.dismiss", type="tertiary",
        on_click=dismiss, args=(alert.alert_id,),
        help="Seen. The command line and the API can show it again.",
    )  # fmt: skip


def dismiss(alert_id: str) -> None:
    """A button's callback: one core call."""
    with show_errors():
        dismiss_alert(cache.workspace(), alert_id)
        cache.alerts.clear()
        state.notify("Dismissed.")
