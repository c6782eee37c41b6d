"""What judges said: figures of one rubric version, and the parts that explain them."""

from decimal import Decimal

import streamlit as st

from app import cache
from app.navigation import go
from app.widgets.formats import count, figure, money, plural, words
from app.widgets.judges.agreement import agreement_part
from app.widgets.judges.calibration import calibration_part
from app.widgets.judges.pairs import pairs_part
from app.widgets.judges.samples import samples_part
from app.widgets.judges.scores import scores_part
from app.widgets.layout import Card, cards, empty_state, go_button
from app.widgets.pickers import batch_label
from app.widgets.states import ACTIVE
from core.db.tables import DEFAULT_PROJECT_ID, Batch
from core.db.workspace import Workspace
from core.generation.progress import batch_progress
from core.jobs.judging import list_judgings
from core.quality.judge.browsing import VersionInUse, judged_batches, versions_in_use
from core.quality.judge.report import EVERYONE, JudgingReport
from core.quality.judge.wording import MEANINGS, alpha_in_words

PARTS = ("Samples", "Scores", "Agreement", "Pairs", "Calibration")
INTERVAL_S = 1.0
MOST_RUNS = 30


def results_view(workspace: Workspace) -> None:
    """Runs at work first, then what is known by one version of a rubric."""
    open_runs = [
        batch for batch in list_judgings(workspace, limit=MOST_RUNS)
        if batch.state in (*ACTIVE, "paused")
    ]  # fmt: skip
    if open_runs:
        is_live = any(batch.state in ACTIVE for batch in open_runs)
        st.fragment(runs_panel, run_every=INTERVAL_S if is_live else None)(
            [batch.batch_id for batch in open_runs], is_live
        )
    versions = versions_in_use(workspace, DEFAULT_PROJECT_ID)
    if not versions:
        if not open_runs:
            with empty_state(
                ":material/gavel:", "Nothing was judged yet",
                "Judges score what heuristics leave undecided, by a rubric and with reasons.",
            ):  # fmt: skip
                go_button("Choose a rubric", "judges", key="judges.empty", view="rubrics")
        return
    version, batch_ids = _choice(workspace, versions)
    report = cache.judging(version.rubric_version_id, batch_ids, None)
    _headlines(report)
    part = st.segmented_control(
        "Part", PARTS, default=PARTS[0], required=True, key="judges.part",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if part == "Samples":
        samples_part(version.rubric_version_id, batch_ids, report.samples)
    elif part == "Scores":
        scores_part(report)
    elif part == "Agreement":
        agreement_part(report)
    elif part == "Pairs":
        pairs_part(report)
    else:
        calibration_part(version.rubric_version_id, batch_ids)


def _choice(
    workspace: Workspace, versions: list[VersionInUse]
) -> tuple[VersionInUse, tuple[str, ...]]:
    by_id = {version.rubric_version_id: version for version in versions}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = st.selectbox(
            "Rubric", list(by_id), key="judges.version", label_visibility="collapsed", width=380,
            format_func=lambda i: f"{by_id[i].title}, version {by_id[i].number}",
            persist_state="session",
        )  # fmt: skip
        batches = {batch.batch_id: batch for batch in judged_batches(workspace, chosen)}
        batch_ids = st.multiselect(
            "Batches", list(batches), key=f"judges.batches.{chosen}",
            format_func=lambda i: batch_label(batches[i]), placeholder="All judged batches",
            label_visibility="collapsed", width=440,
        )  # fmt: skip
    return by_id[chosen], tuple(batch_ids)


def _headlines(report: JudgingReport) -> None:
    together = report.calibration.get(EVERYONE) or next(iter(report.calibration.values()), None)
    scores = [row.mean_score for row in report.judges if row.mean_score is not None]
    cost = sum((row.cost_usd for row in report.judges), Decimal(0))
    people = "–" if together is None or together.spearman is None else figure(
        together.spearman.value, 2
    )  # fmt: skip
    alpha = "–" if report.alpha is None else figure(report.alpha.value, 2)
    cards(
        [
            Card("Samples judged", count(report.samples), _pairs_note(report)),
            Card(
                MEANINGS["score"].label, figure(sum(scores) / len(scores), 2) if scores else "–",
                MEANINGS["score"].meaning,
            ),
            Card(
                MEANINGS["alpha"].label, alpha,
                f"{MEANINGS['alpha'].meaning} Here: {alpha_in_words(report.alpha)}.",
            ),
            Card(
                MEANINGS["spearman"].label, people,
                f"{MEANINGS['spearman'].meaning} Here over "
                f"{plural(together.samples if together else 0, 'reviewed sample')}.",
            ),
            Card("Cost", money(cost), "All calls of these judges, failed ones included."),
        ]
    )  # fmt: skip
    if report.is_cut:
        st.caption("Only the newest judgements are counted here.")


def _pairs_note(report: JudgingReport) -> str:
    pairs = f" and {plural(report.pairs, 'pair')}" if report.pairs else ""
    return (
        f"{plural(report.judgements, 'judgement')}{pairs} by {plural(len(report.judges), 'judge')}."
    )


def runs_panel(batch_ids: list[str], was_live: bool) -> None:
    """Polls the judges at work; the page is drawn again when the last one has ended."""
    found = [batch_progress(cache.workspace(), batch_id) for batch_id in batch_ids]
    names = {b.batch_id: b for b in list_judgings(cache.workspace(), limit=MOST_RUNS)}
    for progress in found:
        batch = names[progress.batch_id]
        done = progress.generated + progress.failed
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(done / max(1, progress.planned), _run_text(batch, done, progress.cost_usd))
            if st.button("Open", key=f"judges.run.{batch.batch_id}", type="tertiary"):
                go("batches", batch=batch.batch_id)
    if was_live and not any(progress.state in ACTIVE for progress in found):
        cache.judging.clear()
        st.rerun()


def _run_text(batch: Batch, done: int, cost: Decimal) -> str:
    state_text = words(batch.state) + (f" ({batch.pause_reason})" if batch.pause_reason else "")
    return f"{state_text}: {done:,} of {batch.n:,} by {batch.model}, {money(cost)}"
