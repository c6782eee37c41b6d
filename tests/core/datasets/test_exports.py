"""Every format and shape, read back by its consumers' libraries."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from factories import make_batch, make_samples
from pydantic import ValidationError

from core.datasets.export import exporting
from core.datasets.export.exporting import FORMATS, export_version, verify_export
from core.datasets.export.formats import CsvOptions, Rows
from core.datasets.query import SPLITS
from core.db.tables import DatasetVersion
from core.db.workspace import Workspace
from core.errors import DamagedFile, InvalidInput

Release = Callable[..., DatasetVersion]
NASTY = [
    {"input": "=1+1", "response": '@SUM("a", b); with, commas; and\n\nnew lines\r\n and "quotes"'},
    {"input": "-5 degrees", "response": "Zażółć gęślą jaźń 🌱 \u2028 \t tab"},
    {"input": "\tcmd", "response": "'quoted already' and a very long text " + "x" * 200_000},
]


@pytest.fixture
def version(workspace: Workspace, release: Release) -> str:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 40, rows=NASTY)
    return release(workspace, batch).dataset_version_id


@pytest.mark.parametrize("format", FORMATS)
def test_a_format_reads_back_in_every_shape(
    workspace: Workspace, version: str, tmp_path: Path, format: str
) -> None:
    for shape in ("records", "messages", "alpaca", "prompt_completion"):
        folder = tmp_path / shape
        paths = export_version(workspace, version, format, folder, shape)  # type: ignore[arg-type]
        names = sorted(path.name for path in folder.iterdir())
        assert names == sorted(path.name for path in paths)
        manifest = json.loads(paths[-1].read_text())
        assert (manifest["rows"], manifest["left_out"]) == (40, 0)
        assert manifest["generation"]["template_versions"][0]["name"] == "bank-answers"
        for entry in manifest["files"]:
            data = (folder / entry["name"]).read_bytes()
            assert entry["sha256"] == sha256(data).hexdigest()
        verify_export(paths[-1])
    if format != "duckdb":
        again = export_version(workspace, version, format, tmp_path / "again", "messages")
        first = [(tmp_path / "messages" / path.name).read_bytes() for path in again]
        assert first == [path.read_bytes() for path in again]


def test_jsonl_is_one_object_per_line(workspace: Workspace, version: str, tmp_path: Path) -> None:
    paths = export_version(workspace, version, "jsonl", tmp_path)
    rows = [
        json.loads(line)
        for path in paths[:-1]
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    assert len(rows) == 40
    assert rows[0]["created_at"].endswith("Z")
    assert {row["input"] for row in NASTY} <= {row["input"] for row in rows}
    assert len(pd.read_json(tmp_path / "train.jsonl", lines=True)) == 32


def test_csv_is_safe_in_spreadsheets_and_pandas_reads_it(
    workspace: Workspace, version: str, tmp_path: Path
) -> None:
    export_version(workspace, version, "csv", tmp_path)
    frames = [pd.read_csv(tmp_path / f"{s}.csv") for s in ("train", "validation", "test")]
    frame = pd.concat(frames)
    assert len(frame) == 40
    assert "metadata.review_status" in frame.columns
    starts = tuple("=+-@\t\r")
    texts = frame.select_dtypes(include=["object", "string"])
    assert not texts.map(lambda cell: isinstance(cell, str) and cell.startswith(starts)).any().any()
    assert "'=1+1" in set(frame["input"])


def test_csv_options_are_honoured(workspace: Workspace, version: str, tmp_path: Path) -> None:
    options = CsvOptions(delimiter=";", quoting="all", encoding="utf-16", formula_safe=False)
    export_version(workspace, version, "csv", tmp_path, "alpaca", csv_options=options)
    csv.field_size_limit(1_000_000)
    with (tmp_path / "train.alpaca.csv").open(encoding="utf-16", newline="") as stream:
        text = stream.read()
    assert text.startswith('"id";"instruction";"input";"output"')
    with pytest.raises(InvalidInput, match="latin-1"):
        export_version(
            workspace, version, "csv", tmp_path, csv_options=CsvOptions(encoding="latin-1")
        )
    assert not (tmp_path / "train.csv").exists()


@pytest.mark.parametrize(
    "options",
    [{"delimiter": ""}, {"delimiter": '"'}, {"delimiter": "a"}, {"encoding": "klingon"}, {"x": 1}],
    ids=str,
)
def test_csv_options_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CsvOptions(**options)


def test_messages_and_prompts_hold_the_texts(
    workspace: Workspace, version: str, tmp_path: Path
) -> None:
    export_version(workspace, version, "jsonl", tmp_path, "messages")
    export_version(workspace, version, "parquet", tmp_path, "prompt_completion")
    lines = (tmp_path / "test.messages.jsonl").read_text(encoding="utf-8").splitlines()
    turns = json.loads(lines[0])["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant"]
    frame = pd.read_parquet(tmp_path / "test.prompt_completion.parquet")
    assert list(frame.columns) == ["id", "prompt", "completion"]
    assert frame["prompt"][0] == turns[0]["content"]


def test_a_conversation_keeps_its_own_turns_and_pairs_their_sides(
    workspace: Workspace, release: Release, tmp_path: Path
) -> None:
    turns = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
    batch = make_batch(workspace)
    rows = [
        {"output": {"messages": turns}},
        {"output": {"chosen": "Yes.", "rejected": "No."}, "input": "Well?"},
        {"output": {"chosen": "Yes."}},
    ]
    make_samples(workspace, batch, n=0, rows=rows)
    version = release(workspace, batch).dataset_version_id
    export_version(workspace, version, "duckdb", tmp_path, "messages")
    with duckdb.connect(str(tmp_path / "dataset.messages.duckdb"), read_only=True) as connection:
        query = " UNION ALL ".join(f"FROM {split}" for split in SPLITS)
        found = connection.execute(f"SELECT messages FROM ({query}) ORDER BY id").fetchall()
    assert [turn["content"] for turn in found[0][0]] == ["Be kind.", "Hello"]
    paths = export_version(workspace, version, "jsonl", tmp_path, "preference")
    manifest = json.loads(paths[-1].read_text())
    assert (manifest["rows"], manifest["left_out"]) == (1, 2)
    text = "".join(path.read_text() for path in paths[:-1])
    pair = json.loads(text)
    assert (pair["prompt"], pair["chosen"], pair["rejected"]) == ("Well?", "Yes.", "No.")


def test_a_shape_that_no_record_fits_is_refused(
    workspace: Workspace, version: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="`chosen` and `rejected`"):
        export_version(workspace, version, "jsonl", tmp_path / "out", "preference")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_does_not_read_back_is_never_offered(
    workspace: Workspace, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jsonl = FORMATS["jsonl"]

    def lossy(
        path: Path, schema: pa.Schema, tables: Mapping[str, Iterator[Rows]], options: CsvOptions
    ) -> None:
        jsonl.write(path, schema, tables, options)
        path.write_bytes(path.read_bytes().replace(b"option 5", b"option 6"))

    monkeypatch.setattr(exporting, "FORMATS", {"jsonl": replace(jsonl, write=lossy)})
    with pytest.raises(DamagedFile, match="does not read back"):
        export_version(workspace, version, "jsonl", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_damaged_export_is_named(workspace: Workspace, version: str, tmp_path: Path) -> None:
    paths = export_version(workspace, version, "jsonl", tmp_path)
    with paths[0].open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(DamagedFile, match=r"train\.jsonl"):
        verify_export(paths[-1])


def test_exports_stay_out_of_the_released_folders(workspace: Workspace, version: str) -> None:
    with pytest.raises(InvalidInput, match="belongs to the released datasets"):
        export_version(workspace, version, "jsonl", workspace.home / "datasets" / "x")


def test_an_unknown_format_lists_those_there_are(
    workspace: Workspace, version: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="Formats: parquet, duckdb, jsonl, csv"):
        export_version(workspace, version, "xlsx", tmp_path)  # type: ignore[arg-type]
