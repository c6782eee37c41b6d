"""Pieces of the Datasets page: the build form, the files, the diff, how to load a version."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st
from pydantic import ValidationError

from app import cache
from app.widgets import charts
from app.widgets.formats import count, plain, size, words
from app.widgets.layout import Card, cards, section
from app.widgets.pickers import batch_label
from app.widgets.tables import number, part, plain_table
from core.datasets.diffing import diff_versions
from core.datasets.export.exporting import FORMATS
from core.datasets.numbering import Bump
from core.datasets.query import DatasetQuery, SplitSettings
from core.datasets.selection import preview_selection
from core.db.tables import Batch, DatasetVersion
from core.errors import InvalidInput

VERDICTS = ("accepted", "needs_review", "rejected")
API = "/api/v1/training-data/datasets"
BUMPS: dict[Bump, str] = {
    "auto": "By what changed",
    "minor": "Minor: more or better samples",
    "major": "Major: the meaning changed",
    "patch": "Patch: a correction",
}


class Release(NamedTuple):
    """What the build form says."""

    name: str
    query: DatasetQuery
    bump: Bump
    changelog: str


def selection_form(batches: Sequence[Batch], chosen: str | None) -> DatasetQuery | None:
    """What goes in, with the live count; None while nothing can be built."""
    by_id = {batch.batch_id: batch for batch in batches}
    ids = st.multiselect(
        "Batches",
        list(by_id),
        default=[chosen] if chosen in by_id else [],
        format_func=lambda i: batch_label(by_id[i]),
        key="datasets.batches",
        placeholder="Choose one or more",
    )
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    verdicts = left.multiselect(
        "Verdicts", VERDICTS, default=["accepted"], format_func=words, key="datasets.verdicts"
    )
    min_score = middle.number_input(
        "Lowest score", 0.0, 1.0, None, step=0.05, key="datasets.min_score", placeholder="any"
    )
    corrections = right.toggle(
        "Release corrected texts", value=True, key="datasets.corrections",
        help="Where a person edited a sample, the edit is released.",
    )  # fmt: skip
    split = split_form()
    if not ids or not verdicts:
        st.caption("Choose at least one batch and one verdict.")
        return None
    query = DatasetQuery(
        batch_ids=tuple(ids),
        verdicts=tuple(verdicts),
        min_score=min_score,
        include_corrections=corrections,
        split=split,
    )
    found = preview_selection(cache.workspace(), query)
    cards(
        [
            Card("Samples selected", count(found.samples), "Exact duplicates are dropped later."),
            Card("With a correction", count(found.corrected)),
            Card("Batches", count(len(found.by_batch))),
            Card("Domains", count(len(found.by_domain)), ", ".join(sorted(found.by_domain))),
        ]
    )
    return query if found.samples else None


def split_form() -> SplitSettings:
    """Shares and grouping of the splits. Raises InvalidInput when they do not add up."""
    first = st.columns(5)
    train = first[0].number_input("Train, %", 0, 100, 80, key="datasets.train")
    validation = first[1].number_input("Validation, %", 0, 100, 15, key="datasets.validation")
    test = first[2].number_input("Test, %", 0, 100, 5, key="datasets.test")
    stratify = first[3].text_input(
        "Stratify by", value="domain", key="datasets.stratify",
        help="'domain' or a template variable; empty for none.",
    )  # fmt: skip
    seed = first[4].number_input("Seed", 0, 2**31 - 1, 0, key="datasets.seed")
    try:
        return SplitSettings(
            train=train / 100,
            validation=validation / 100,
            test=test / 100,
            stratify_by=stratify or None,
            seed=int(seed),
        )
    except ValidationError as error:
        raise InvalidInput(
            f"The splits add up to {train + validation + test} %.",
            remedy="Make train, validation and test add up to 100 %.",
        ) from error


def release_form(query: DatasetQuery | None) -> Release | None:
    """Name and changelog; returns the request once it is submitted."""
    with st.form("datasets.release", border=True):
        left, right = st.columns(2)
        name = left.text_input(
            "Name", key="datasets.name", placeholder="bank-answers",
            help="A new name starts a dataset at 1.0.0; a known one gets its next version.",
        )  # fmt: skip
        bump = right.selectbox(
            "Next version", list(BUMPS), format_func=lambda b: BUMPS[b], key="datasets.bump"
        )
        changelog = st.text_area("What is new", key="datasets.changelog", height=90)
        is_sent = st.form_submit_button(
            "Build version", type="primary", key="datasets.build", disabled=query is None
        )
    if not is_sent or query is None:
        return None
    return Release(name=name.strip(), query=query, bump=bump, changelog=changelog.strip())


def download_links(version: DatasetVersion, files: Sequence[str]) -> None:
    """Links to the REST API, which streams with ranges."""
    base = f"{API}/{version.dataset_version_id}/download"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Everything, as", width="content")
        for name, format in FORMATS.items():
            st.link_button(
                format.title, f"{base}?format={name}", icon=":material/download:",
                key=f"datasets.format.{name}",
            )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("One file", width="content")
        for file in files:
            st.link_button(
                file, f"{base}?file={file}", type="tertiary", key=f"datasets.file.{file}",
                icon=":material/draft:",
            )  # fmt: skip


def splits_tab(version: DatasetVersion) -> None:
    """Samples of each split, and its share beside what was asked for."""
    counts = {name: int(n) for name, n in version.split_counts.items()}
    total = sum(counts.values())
    asked = version.query.get("split", {})
    charts.bars(
        [words(name) for name in counts],
        list(counts.values()),
        "Samples by split",
        key="datasets.splits",
        unit="samples",
        horizontal=True,
    )
    rows = [
        {
            "Split": words(name),
            "Samples": n,
            "Share": 100 * n / total if total else None,
            "Asked for": 100 * float(asked[name]) if name in asked else None,
        }
        for name, n in counts.items()
    ]
    columns = {
        "Samples": number("Samples"),
        "Share": part("Share"),
        "Asked for": number("Asked for", "%.1f %%"),
    }
    plain_table(rows, key="datasets.split_table", columns=columns)
    st.caption("Duplicates and samples of one source row stay in one split.")


def load_snippet(version: DatasetVersion, folder: str) -> None:
    """How to load it, ready to paste."""
    settings = cache.workspace().settings
    address = f"http://{settings.host}:{settings.port}"
    st.code(
        "import pandas as pd\n"
        f'train = pd.read_parquet("{folder}/train.parquet")\n\n'
        "from datasets import load_dataset\n"
        f'dataset = load_dataset("parquet", data_files={{"train": "{folder}/train.parquet"}})\n\n'
        "# From another machine\n"
        f'# curl -OJ "{address}{API}/{version.dataset_version_id}'
        '/download?file=train.parquet"',
        language="python",
        wrap_lines=True,
    )


def diff_panel(version: DatasetVersion, released: Sequence[DatasetVersion]) -> None:
    """What changed since an earlier version."""
    earlier = {v.dataset_version_id: v.version for v in released}
    earlier.pop(version.dataset_version_id, None)
    if not earlier:
        st.caption("There is no other released version to compare with.")
        return
    other = st.selectbox(
        "Compare with", list(earlier), format_func=lambda i: earlier[i], key="datasets.compare",
        width=220,
    )  # fmt: skip
    found = diff_versions(cache.workspace(), other, version.dataset_version_id)
    cards(
        [
            Card("Added", count(len(found.added))),
            Card("Removed", count(len(found.removed))),
            Card("Changed text", count(len(found.changed))),
            Card("Moved between splits", count(len(found.moved_between_splits))),
            Card("Unchanged", count(found.unchanged)),
        ]
    )
    rows = [
        {"Change": words(change), "Sample": sample_id}
        for change, ids in (
            ("added", found.added), ("removed", found.removed), ("changed", found.changed),
        )
        for sample_id in ids[:50]
    ]  # fmt: skip
    if rows:
        plain_table(rows, key="datasets.diff")


def manifest_files(manifest: dict) -> list[dict[str, str]]:
    """The manifest's files as table rows."""
    return [
        {"File": f["name"], "Size": size(f["size_bytes"]), "SHA-256": f["sha256"]}
        for f in manifest.get("files", [])
    ]


def failed_note(version: DatasetVersion) -> None:
    """Why a build failed."""
    section("The build failed")
    st.error(plain(version.message or "No reason was recorded."), icon=":material/error:")
