"""Datasets: build an immutable version, compare it, verify it, take it away."""

import json

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets import dataset_view as views
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import ago, count, size, words
from app.widgets.layout import Card, back_button, cards, empty_state, facts, go_button, page_header
from app.widgets.states import state_badge
from app.widgets.tables import number, open_table, plain_table, right
from core.datasets.browsing import get_dataset, get_version, list_datasets, list_versions
from core.datasets.verification import open_file, verify_version
from core.db.tables import DatasetVersion
from core.generation.browsing import list_batches
from core.jobs.releasing import request_dataset

TABS = ("Files", "Splits", "Changes", "Card", "Manifest")
STATES = ("building", "released", "failed")
INTERVAL_S = 1.0


def list_view() -> None:
    workspace = cache.workspace()
    with page_header("Datasets", "Immutable releases, split, checksummed and ready to train on."):
        if st.button("Build a version", type="primary", icon=":material/add:", key="datasets.new"):
            go("datasets", view="build")
    datasets = list_datasets(workspace, limit=200)
    if not datasets:
        with empty_state(
            ":material/inventory_2:", "There is no dataset yet",
            "A dataset version freezes the accepted samples of one or more batches.",
        ):  # fmt: skip
            go_button("Build a version", "datasets", key="datasets.empty", view="build")
        return
    chosen = filter_bar("datasets", [Choice("state", "Any state", STATES)])
    found = [
        (row.dataset, version)
        for row in datasets
        if chosen.matches(row.dataset.name, row.dataset.description)
        for version in list_versions(workspace, row.dataset.dataset_id)
        if chosen["state"] in (None, version.state)
    ]
    rows = [
        {
            "Dataset": d.name, "Version": v.version, "State": words(v.state),
            "Samples": v.sample_count, "Size": size(v.size_bytes), "Built": ago(v.created_at),
            "What is new": v.changelog,
        }
        for d, v in found
    ]  # fmt: skip
    open_table(
        rows, [v.dataset_version_id for _, v in found], "datasets", "version", key="datasets.table",
        opener="Dataset",
        columns={"Samples": number("Samples"), "Size": right("Size")},
    )  # fmt: skip


def build_view() -> None:
    back_button("All datasets", "datasets", key="datasets.back")
    page_header("Build a version", "Nothing is changed in the samples; a version is a copy.")
    batches = list_batches(cache.workspace(), limit=200)
    if not batches:
        with empty_state(
            ":material/conveyor_belt:", "There is nothing to release yet", "Launch a batch first."
        ):
            go_button("Launch a batch", "batches", key="datasets.no_batch", view="launch")
        return
    query = views.selection_form(batches, state.selected("batch"))
    release = views.release_form(query)
    if release is not None:
        version = request_dataset(
            cache.workspace(), release.name, release.query,
            bump=release.bump, changelog=release.changelog,
        )  # fmt: skip
        go("datasets", version=version.dataset_version_id)


def waiting_panel(version_id: str) -> None:
    """Polls until the version is released or has failed."""
    version = get_version(cache.workspace(), version_id)
    if version.state != "building":
        st.rerun()
    st.info("A worker is building this version. You can leave the page.")


def verify(version_id: str) -> None:
    """The button's callback: hash every file again."""
    with show_errors():
        report = verify_version(cache.workspace(), version_id)
        state.notify(f"{len(report.files)} files match their SHA-256, {size(report.size_bytes)}.")


def version_view(version: DatasetVersion) -> None:
    dataset = get_dataset(cache.workspace(), version.dataset_id)
    back_button("All datasets", "datasets", key="datasets.back")
    with page_header(f"{dataset.name} {version.version}", dataset.description):
        st.button(
            "Verify files", key="datasets.verify", icon=":material/verified:", on_click=verify,
            args=(version.dataset_version_id,), type="primary",
            disabled=version.state != "released",
        )  # fmt: skip
    state_badge(version.state)
    if version.state == "building":
        st.fragment(waiting_panel, run_every=INTERVAL_S)(version.dataset_version_id)
        return
    if version.state == "failed":
        views.failed_note(version)
        return
    splits = {name: int(n) for name, n in version.split_counts.items()}
    cards(
        [Card("Samples", count(version.sample_count)), Card("Size", size(version.size_bytes))]
        + [Card(words(name), count(n)) for name, n in splits.items()]
    )
    tab = st.segmented_control(
        "Part", TABS, default=TABS[0], required=True, key="datasets.tab",
        label_visibility="collapsed",
    )  # fmt: skip
    manifest = cache.manifest(version.dataset_version_id, version.manifest_sha256 or "")
    files = views.manifest_files(manifest)
    if tab == "Files":
        views.download_links(version, [f["File"] for f in files])
        plain_table(files, key="datasets.files", columns={"Size": right("Size", width=100)})
        views.load_snippet(version, f"datasets/{version.folder}")
    elif tab == "Splits":
        views.splits_tab(version)
    elif tab == "Changes":
        facts({"What is new": version.changelog, "Content id": version.content_id or ""})
        versions = list_versions(cache.workspace(), version.dataset_id)
        views.diff_panel(version, [v for v in versions if v.state == "released"])
    elif tab == "Card":
        with open_file(cache.workspace(), version.dataset_version_id, "README.md").open() as card:
            st.code(card.read().decode(), language=None, wrap_lines=True)
    else:
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        st.code(text, language="json", wrap_lines=True, height=600)


with show_errors():
    if state.selected("version"):
        version_view(get_version(cache.workspace(), state.selected("version") or ""))
    elif state.selected("view") == "build":
        build_view()
    else:
        list_view()
