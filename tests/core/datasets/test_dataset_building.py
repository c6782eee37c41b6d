"""Building a version: contents, atomicity, growth; on SQLite and PostgreSQL."""

import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from factories import make_batch, make_finding, make_samples

from core.datasets import building, contents, files, publishing
from core.datasets.browsing import get_version, list_datasets, list_versions, load_manifest
from core.datasets.building import build_version, create_version_row
from core.datasets.diffing import diff_versions
from core.datasets.files import ROWS_PER_GROUP, ParquetRows, parquet_rows
from core.datasets.query import SPLITS, DatasetQuery, SplitSettings
from core.datasets.records import RECORD_SCHEMA, RowsHash, content_id
from core.datasets.verification import verify_version
from core.db.ids import new_id, utc_now
from core.db.tables import Attempt, Chunk, DatasetVersion, Source
from core.db.workspace import Workspace
from core.errors import Conflict, DamagedFile, InvalidInput, NotFound, StorageFull
from core.review.decisions import submit_review

Release = Callable[..., DatasetVersion]
FolderOf = Callable[[Workspace, DatasetVersion], Path]
FILES = {
    "CHANGELOG.md",
    "README.md",
    "dataset.duckdb",
    "manifest.json",
    "test.parquet",
    "train.parquet",
    "validation.parquet",
}


def records_of(folder: Path) -> dict[str, dict[str, Any]]:
    pages = (rows for split in SPLITS for rows in parquet_rows(folder / f"{split}.parquet"))
    return {row["id"]: row for rows in pages for row in rows}


def splits_of(folder: Path) -> dict[str, str]:
    return {key: row["split"] for key, row in records_of(folder).items()}


def test_a_release_is_complete_and_its_manifest_is_in_the_database(
    any_workspace: Workspace, release: Release, folder_of: FolderOf
) -> None:
    batch = make_batch(any_workspace)
    make_samples(any_workspace, batch, 100)
    version = release(any_workspace, batch, changelog="The first harvest.")
    folder = folder_of(any_workspace, version)
    assert (version.state, version.version, version.sample_count) == ("released", "1.0.0", 100)
    assert version.split_counts == {"train": 80, "validation": 15, "test": 5}
    assert {path.name for path in folder.iterdir()} == FILES
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o444 for path in folder.iterdir())
    text = (folder / "manifest.json").read_bytes()
    assert version.manifest_sha256 == sha256(text).hexdigest()
    assert version.size_bytes == sum(path.stat().st_size for path in folder.iterdir())
    manifest = json.loads(text)
    for entry in manifest["files"]:
        data = (folder / entry["name"]).read_bytes()
        assert (entry["size_bytes"], entry["sha256"]) == (len(data), sha256(data).hexdigest())
    rows = {entry["name"]: entry["rows"] for entry in manifest["files"]}
    assert (rows["train.parquet"], rows["dataset.duckdb"], rows["README.md"]) == (80, 100, None)
    assert manifest["splits"]["test"] == {"rows": 5, "share": 0.05, "target": 0.05}
    assert "The first harvest." in (folder / "CHANGELOG.md").read_text()
    assert load_manifest(any_workspace, version.dataset_version_id) == manifest
    assert build_version(any_workspace, version.dataset_version_id).state == "released"


def test_a_record_tells_its_whole_lineage(
    any_workspace: Workspace, release: Release, folder_of: FolderOf
) -> None:
    with any_workspace.write() as session:
        source = Source(
            source_id=new_id("src"),
            name="faq.csv",
            kind="csv",
            content_hash="f" * 64,
            size_bytes=9,
            chunk_count=1,
        )
        session.add(source)
        session.flush()
        chunk = Chunk(
            chunk_id=f"{source.source_id}_0",
            source_id=source.source_id,
            ordinal=0,
            start_char=0,
            end_char=9,
            text="Why?",
            text_hash="0" * 64,
            fields={"text": "Why?"},
        )
        session.add(chunk)
    batch = make_batch(
        any_workspace, parameters={"temperature": 0.5}, source_ids=[source.source_id]
    )
    sample, plain = make_samples(any_workspace, batch, n=0, rows=[{"chunk_id": chunk.chunk_id}, {}])
    with any_workspace.write() as session:
        for state, cost, is_estimated in (
            ("failed", "0.01", True),
            ("succeeded", "0.002", False),
        ):
            session.add(
                Attempt(
                    attempt_id=f"att_{state}",
                    batch_id=batch.batch_id,
                    plan_index=0,
                    purpose="generate",
                    number=1,
                    state=state,
                    connection="offline",
                    model="offline-1",
                    request_key="k",
                    worker_id="w",
                    reserved_usd=Decimal(0),
                    cost_usd=Decimal(cost),
                    is_estimated=is_estimated,
                    finished_at=utc_now(),
                )
            )
    make_finding(any_workspace, sample, "repetition", score=0.2)
    review = submit_review(
        any_workspace,
        sample.sample_id,
        "edit",
        expected_revision=0,
        corrected={"response": "Because."},
        correction_type="fact",
        reviewer="usr_ada",
    )
    version = release(any_workspace, batch)
    folder = folder_of(any_workspace, version)
    record = records_of(folder)[sample.sample_id]
    assert list(record) == RECORD_SCHEMA.names
    assert record["response"] == "Because."
    assert json.loads(record["output"]) == {"question": sample.input, "answer": "Because."}
    assert record["metadata"] == {
        "generation_method": "model_from_source",
        "generator_version": "bank-answers@1",
        "quality_score": 1.0,
        "review_status": "corrected",
        "variables": '{"topic":"cards"}',
    }
    trace = record["trace"]
    assert trace["parent_id"] == chunk.chunk_id
    assert trace["source_id"] == source.source_id
    assert trace["template_version_id"] == batch.template_version_id
    assert json.loads(trace["parameters"]) == {"temperature": 0.5}
    assert trace["attempt_ids"] == ["att_succeeded"]
    assert trace["review_ids"] == [review.review_id]
    steps = {step["name"]: json.loads(step["params"]) for step in trace["processing_steps"]}
    assert list(steps) == ["plan", "generate", "check", "review"]
    assert steps["review"]["reviewer"] == "usr_ada"
    assert all(step["timestamp"] is not None for step in trace["processing_steps"])
    other = records_of(folder)[plain.sample_id]
    assert other["metadata"]["generation_method"] == "model_from_template"
    assert other["metadata"]["review_status"] == "unreviewed"
    assert (other["trace"]["parent_id"], other["trace"]["attempt_ids"]) == (None, [])
    manifest = load_manifest(any_workspace, version.dataset_version_id)
    facts = manifest["generation"]["batches"][0]
    assert (facts["cost_usd"], facts["estimated_usd"]) == ("0.002", "0.01")
    assert (facts["attempts"], facts["model"], facts["seed"]) == (2, batch.model, 7)
    assert manifest["generation"]["sources"][0]["name"] == "faq.csv"
    assert manifest["quality"]["rows_with_findings"] == {"repetition": 1}
    assert manifest["quality"]["review_status"] == {"corrected": 1, "unreviewed": 1}


def test_the_same_selection_gives_the_same_bytes_and_content_id(
    workspace: Workspace,
    release: Release,
    folder_of: FolderOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 60)
    one = release(workspace, batch, name="one")
    # However the rows are paged, the bytes are the same.
    monkeypatch.setattr("core.datasets.lineage.ROWS_PER_PAGE", 7)
    two = release(workspace, batch, name="two")
    assert one.content_id == two.content_id
    for split in SPLITS:
        name = f"{split}.parquet"
        first, second = (folder_of(workspace, v) / name for v in (one, two))
        assert first.read_bytes() == second.read_bytes()
    hashes = {split: RowsHash() for split in SPLITS}
    for split in SPLITS:
        for rows in parquet_rows(folder_of(workspace, one) / f"{split}.parquet"):
            hashes[split].add(rows)
    assert content_id(hashes) == one.content_id
    moved = release(workspace, batch, name="three", split=SplitSettings(seed=1))
    assert moved.content_id != one.content_id


def test_row_groups_do_not_depend_on_pages(tmp_path: Path) -> None:

    schema = pa.schema([("id", pa.int64())])
    rows = [{"id": i} for i in range(2 * ROWS_PER_GROUP + 5)]
    for name, page in (("a", 999), ("b", 2 * ROWS_PER_GROUP + 1)):
        writer = ParquetRows(tmp_path / name, schema)
        for start in range(0, len(rows), page):
            writer.add(rows[start : start + page])
        writer.close()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert pq.ParquetFile(tmp_path / "a").num_row_groups == 3
    assert [row for page in parquet_rows(tmp_path / "a") for row in page] == rows


def test_near_duplicates_never_straddle(
    workspace: Workspace, release: Release, folder_of: FolderOf
) -> None:
    batch = make_batch(workspace)
    answer = " ".join(f"word{i}" for i in range(60))
    rows = [{"input": "How long does it take?", "response": f"{answer} {i}"} for i in range(2)]
    make_samples(workspace, batch, 60, rows=rows)
    version = release(
        workspace, batch, split=SplitSettings(train=0.5, validation=0.25, test=0.25, seed=5)
    )
    splits = splits_of(folder_of(workspace, version))
    twins = {splits[f"smp_{batch.batch_id.removeprefix('bat_')}_{i}"] for i in range(2)}
    assert len(twins) == 1
    grouping = load_manifest(workspace, version.dataset_version_id)["grouping"]
    assert grouping["groups"] == 59
    assert sum(grouping["strata"]["banking"].values()) == 60


class Killed(BaseException):
    """Ends a build where a kill would."""


@pytest.mark.parametrize(
    ("module", "function", "runs_first"),
    [
        (contents, "select_rows", False),
        (contents, "write_duckdb", False),
        (contents, "write_duckdb", True),
        (contents, "write_manifest", True),
        (building, "publish", False),
        (building, "publish", True),
        (building, "verify_folder", True),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_build_killed_at_any_stage_is_absent_or_complete_and_a_rerun_finishes_it(
    workspace: Workspace,
    start: Release,
    folder_of: FolderOf,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    function: str,
    runs_first: bool,
) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 20)
    version = start(workspace, batch)
    real = getattr(module, function)

    def killed(*args: Any, **kwargs: Any) -> None:
        if runs_first:
            real(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, function, killed)
        # A kill cleans nothing up.
        patch.setattr(publishing.shutil, "rmtree", lambda *_args, **_kwargs: None)
        with pytest.raises(Killed):
            build_version(workspace, version.dataset_version_id)
    folder = folder_of(workspace, version)
    visible = [path.name for path in folder.parent.iterdir() if not path.name.startswith(".")]
    assert visible in ([], ["1.0.0"])
    if visible:
        assert {path.name for path in folder.iterdir()} == FILES
    assert get_version(workspace, version.dataset_version_id).state == "building"
    with pytest.raises(Conflict, match="building"):
        verify_version(workspace, version.dataset_version_id)
    finished = build_version(workspace, version.dataset_version_id)
    assert finished.state == "released"
    assert finished.changelog.count("20 rows") == 1
    assert verify_version(workspace, version.dataset_version_id).version == "1.0.0"
    assert [path.name for path in folder.parent.iterdir()] == ["1.0.0"]


def test_many_builders_of_one_version_make_one_release(
    any_workspace: Workspace, start: Release, folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch(any_workspace)
    make_samples(any_workspace, batch, 30)
    version = start(any_workspace, batch)
    builds: list[Path] = []
    real = building.publish

    def counted(folder: Path, target: Path) -> None:
        builds.append(folder)
        real(folder, target)

    monkeypatch.setattr(building, "publish", counted)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(build_version, [any_workspace] * 4, [version.dataset_version_id] * 4))
    assert {(one.state, one.manifest_sha256) for one in done} == {
        ("released", done[0].manifest_sha256)
    }
    assert len(builds) == 1
    assert [p.name for p in folder_of(any_workspace, version).parent.iterdir()] == ["1.0.0"]


def test_versions_started_together_get_different_numbers(
    any_workspace: Workspace, start: Release
) -> None:
    batch = make_batch(any_workspace)
    start(any_workspace, batch)
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: start(any_workspace, batch).version, range(6)))
    assert sorted(made) == [f"1.{minor}.0" for minor in range(1, 7)]


def test_growth_moves_no_row_and_the_changelog_counts_what_changed(
    any_workspace: Workspace, release: Release, folder_of: FolderOf
) -> None:
    batch = make_batch(any_workspace)
    samples = make_samples(any_workspace, batch, 60)
    first = release(any_workspace, batch)
    make_samples(any_workspace, batch, 40, start=60)
    submit_review(
        any_workspace,
        samples[0].sample_id,
        "edit",
        expected_revision=0,
        corrected={"response": "Quite another answer, written by a person."},
    )
    submit_review(
        any_workspace, samples[1].sample_id, "reject", expected_revision=0, reason="wrong"
    )
    second = release(any_workspace, batch, changelog="More rows.")
    assert second.version == "1.1.0"
    before, after = (splits_of(folder_of(any_workspace, v)) for v in (first, second))
    assert all(after[key] == split for key, split in before.items() if key in after)
    assert second.split_counts["train"] == pytest.approx(79, abs=1)
    assert second.split_counts["test"] == pytest.approx(5, abs=1)
    diff = diff_versions(any_workspace, first.dataset_version_id, "bank@1.1.0")
    assert (len(diff.added), diff.removed) == (40, (samples[1].sample_id,))
    assert diff.changed == (samples[0].sample_id,)
    assert (diff.moved_between_splits, diff.unchanged) == ((), 58)
    assert "40 added, 1 removed, 1 with another text, 0 moved" in second.changelog
    text = (folder_of(any_workspace, second) / "CHANGELOG.md").read_text()
    assert text.index("## 1.1.0") < text.index("## 1.0.0")
    manifest = load_manifest(any_workspace, second.dataset_version_id)
    assert manifest["previous"]["content_id"] == first.content_id
    shuffled = release(any_workspace, batch, split=SplitSettings(seed=9))
    moves = diff_versions(any_workspace, "bank@1.1.0", "bank@1.2.0").moved_between_splits
    assert len(moves) > 10
    assert moves[0].sample_id in shuffled.changelog


def test_a_query_that_fits_nothing_fails_and_gives_its_number_up(
    any_workspace: Workspace, start: Release, release: Release
) -> None:
    batch = make_batch(any_workspace)
    empty = start(any_workspace, batch)
    with pytest.raises(InvalidInput, match="nothing to release"):
        build_version(any_workspace, empty.dataset_version_id)
    failed = get_version(any_workspace, empty.dataset_version_id)
    assert (failed.state, "nothing to release" in failed.message) == ("failed", True)
    make_samples(any_workspace, batch, 5)
    version = release(any_workspace, batch)
    assert (version.version, version.state) == ("1.0.0", "released")
    with pytest.raises(Conflict, match="took its number"):
        build_version(any_workspace, empty.dataset_version_id)
    row = list_datasets(any_workspace)[0]
    assert row.latest is not None
    assert (row.latest.version, row.version_count) == ("1.0.0", 2)
    assert len(list_versions(any_workspace, row.dataset.dataset_id)) == 2
    assert get_version(any_workspace, "bank").dataset_version_id == version.dataset_version_id


def test_a_failed_build_can_be_run_again(
    workspace: Workspace, start: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 5)
    version = start(workspace, batch)

    def full(_value: object) -> str:
        raise duckdb.TransactionException("Could not write file: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "literal", full)
        with pytest.raises(StorageFull, match="Free some space"):
            build_version(workspace, version.dataset_version_id)
    assert get_version(workspace, version.dataset_version_id).state == "failed"
    assert build_version(workspace, version.dataset_version_id).state == "released"


def test_a_damaged_release_stops_the_next_one(
    workspace: Workspace, release: Release, folder_of: FolderOf
) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 5)
    first = release(workspace, batch)
    path = folder_of(workspace, first) / "train.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedFile, match=r"train\.parquet"):
        release(workspace, batch)


def test_three_rows_leave_an_empty_split_and_the_card_does_not_offer_it(
    workspace: Workspace, release: Release, folder_of: FolderOf
) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 3)
    version = release(workspace, batch)
    assert version.split_counts["test"] == 0
    folder = folder_of(workspace, version)
    assert pq.ParquetFile(folder / "test.parquet").metadata.num_rows == 0
    assert "path: test.parquet" not in (folder / "README.md").read_text()


def test_a_name_that_cannot_be_part_of_a_path_is_refused(workspace: Workspace) -> None:
    query = DatasetQuery(batch_ids=(make_batch(workspace).batch_id,))
    for name in ("", "Bank", "a/b", "..", "a@1", "-a", "a" * 81):
        with (
            pytest.raises(InvalidInput, match="cannot name a dataset"),
            workspace.write() as session,
        ):
            create_version_row(session, name, query)


def test_what_does_not_exist_is_named(workspace: Workspace) -> None:
    query = DatasetQuery(batch_ids=("bat_none",))
    with pytest.raises(NotFound, match="bat_none"), workspace.write() as session:
        create_version_row(session, "bank", query)
    with pytest.raises(NotFound, match="dsv_none"):
        build_version(workspace, "dsv_none")
    with pytest.raises(NotFound, match="bank@9"):
        get_version(workspace, "bank@9.0.0")


def test_auto_steps_by_the_rule(workspace: Workspace, release: Release, start: Release) -> None:
    one, two = make_batch(workspace), make_batch(workspace)
    make_samples(workspace, one, 5)
    assert release(workspace, one, bump="auto").version == "1.0.0"
    assert start(workspace, one, bump="auto").version == "1.0.1"
    assert start(workspace, one, two, bump="auto").version == "1.1.0"
    assert start(workspace, two, bump="auto").version == "2.0.0"


def test_a_derived_sample_and_its_parent_stay_in_one_split(
    any_workspace: Workspace, release: Release, folder_of: FolderOf
) -> None:
    parents = make_samples(any_workspace, make_batch(any_workspace), 60)
    copies = make_batch(any_workspace, kind="augmentation")
    rows = [
        {"parent_id": parent.sample_id, "input": f"other words {i}", "response": f"a reply {i}"}
        for i, parent in enumerate(parents)
    ]
    derived = make_samples(any_workspace, copies, rows=rows)
    query = DatasetQuery(batch_ids=[parents[0].batch_id, copies.batch_id])
    with any_workspace.write() as session:
        started = create_version_row(session, "relatives", query)
    version = build_version(any_workspace, started.dataset_version_id)
    splits = splits_of(folder_of(any_workspace, version))
    assert len(splits) == 120
    assert set(splits.values()) == {"train", "validation", "test"}
    assert all(splits[row.sample_id] == splits[row.parent_id or ""] for row in derived)
