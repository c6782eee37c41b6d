"""What a query may read, and everything that it may not."""

from pathlib import Path

import pytest
from factories import make_batch, make_finding, make_samples

from core.db.ids import utc_now
from core.db.tables import Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.querying.examples import EXAMPLES
from core.querying.running import QueryLimits, run_query
from core.querying.tables import TABLES

LIMITS = QueryLimits(rows=100, wall_s=10.0, memory_bytes=256 * 2**20)


def rows(workspace: Workspace, sql: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = run_query(workspace, sql, limits=LIMITS).table.to_pylist()
    return found


def test_samples_are_counted_by_what_they_are(workspace: Workspace) -> None:
    make_samples(workspace, make_batch(workspace), n=6)
    found = rows(
        workspace,
        "SELECT variables->>'topic' AS topic, count(*) AS n FROM samples GROUP BY ALL ORDER BY ALL",
    )
    assert sum(int(str(row["n"])) for row in found) == 6
    assert {row["topic"] for row in found} <= {"cards", "loans", "savings", "transfers"}


@pytest.mark.parametrize("table", list(TABLES))
def test_every_table_has_the_columns_that_it_names(workspace: Workspace, table: str) -> None:
    batch = make_batch(workspace, finished_at=utc_now())
    samples = make_samples(workspace, batch, n=2)
    make_finding(workspace, samples[0], "length")
    found = run_query(workspace, f"SELECT * FROM {table}", limits=LIMITS).table
    assert found.column_names == [column.name for column in TABLES[table].columns]
    assert found.schema.types == TABLES[table].schema.types


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_example_runs_on_an_empty_and_on_a_full_workspace(
    workspace: Workspace, example: object
) -> None:
    sql = example.sql  # type: ignore[attr-defined]
    run_query(workspace, sql, limits=LIMITS)
    make_samples(workspace, make_batch(workspace, finished_at=utc_now()), n=3)
    run_query(workspace, sql, limits=LIMITS)


REFUSED = {
    "copy to a file": "COPY samples TO '{file}'",
    "copy inside explain": "EXPLAIN ANALYZE COPY samples TO '{file}'",
    "attach": "ATTACH '{file}'",
    "create": "CREATE TABLE t AS SELECT 1",
    "insert": "INSERT INTO samples VALUES (1)",
    "insert in a common table expression":
        "WITH x AS (INSERT INTO samples VALUES (1) RETURNING *) SELECT * FROM x",
    "delete in a common table expression":
        "WITH x AS (DELETE FROM samples RETURNING *) SELECT * FROM x",
    "update": "UPDATE samples SET verdict = 'accepted'",
    "set": "SET threads = 8",
    "reset": "RESET lock_configuration",
    "pragma": "PRAGMA database_list",
    "call": "CALL pragma_version()",
    "install": "INSTALL httpfs",
    "load": "LOAD httpfs",
    "export": "EXPORT DATABASE '{file}'",
    "import": "IMPORT DATABASE '{file}'",
    "prepare": "PREPARE v AS SELECT 1",
    "vacuum": "VACUUM",
    "two statements": "SELECT 1; SELECT 2",
    "a second statement that changes": "SELECT 1; DROP VIEW samples",
    "hidden behind a comment": "/* SELECT 1 */ COPY (SELECT 1) TO '{file}'",
    "pivot that makes a type": "PIVOT samples ON verdict USING count(*)",
    "read_text": "SELECT * FROM read_text('{secret}')",
    "read_csv": "SELECT * FROM read_csv('{secret}')",
    "read_blob": "SELECT * FROM read_blob('{secret}')",
    "a path as a table": "SELECT * FROM '{secret}'",
    "glob": "SELECT * FROM glob('/*')",
    "sniff_csv": "SELECT * FROM sniff_csv('{secret}')",
    "the workspace's own file": "SELECT * FROM '{home}/seedbed.sqlite'",
    "parquet_scan": "SELECT * FROM parquet_scan('{home}/*.parquet')",
    "http": "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    "the environment": "SELECT getenv('HOME')",
    "secrets": "SELECT * FROM duckdb_secrets()",
    "a query in a string": "SELECT * FROM query('COPY samples TO ''{file}''')",
    "variables of the process": "SELECT * FROM order",
    "users": "SELECT * FROM users",
    "connections": "SELECT * FROM connections",
    "nothing": "   ;  ",
    "a comment alone": "-- nothing",
    "nonsense": "SELEC 1",
    "too long": "SELECT 1 --" + "x" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
def test_whatever_writes_reaches_out_or_loads_is_refused(
    workspace: Workspace, tmp_path: Path, sql: str
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("key\nhush-hush\n")
    file = tmp_path / "written"
    asked = sql.format(file=file, secret=secret, home=workspace.home)
    with pytest.raises(InvalidInput) as refusal:
        run_query(workspace, asked, limits=LIMITS)
    assert refusal.value.remedy
    assert "hush-hush" not in str(refusal.value)
    assert not file.exists()


def test_the_common_ways_to_ask_are_allowed(workspace: Workspace) -> None:
    make_samples(workspace, make_batch(workspace), n=4)
    for sql in (
        "FROM samples SELECT sample_id",
        "TABLE batches",
        "VALUES (1), (2)",
        "DESCRIBE SELECT * FROM samples",
        "SUMMARIZE SELECT quality_score FROM samples",
        "EXPLAIN SELECT * FROM samples",
        "explain analyze /* why */ SELECT count(*) FROM samples",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) FROM t",
        "SELECT 1 UNION SELECT 2;",
        "SELECT * FROM (PIVOT samples ON verdict IN ('accepted') USING count(*) GROUP BY state)",
    ):
        assert rows(workspace, sql), sql


def test_a_long_answer_is_cut_and_says_so(workspace: Workspace) -> None:
    result = run_query(workspace, "SELECT * FROM range(1000000)", limits=LIMITS)
    assert result.is_cut
    assert result.table.num_rows == LIMITS.rows
    whole = run_query(workspace, "SELECT * FROM range(100)", limits=LIMITS)
    assert not whole.is_cut
    assert whole.table.num_rows == LIMITS.rows


def test_a_query_without_end_is_stopped(workspace: Workspace) -> None:
    limits = QueryLimits(wall_s=2.0)
    with pytest.raises(InvalidInput, match="longer than 2 s"):
        run_query(
            workspace,
            "SELECT sum(hash(a.range * b.range)) FROM range(1000000) a, range(1000000) b",
            limits=limits,
        )


def test_a_query_that_wants_too_much_memory_is_stopped(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match=r"memory|longer"):
        run_query(workspace, "SELECT list(range) FROM range(300000000)", limits=LIMITS)


def test_frozen_texts_are_written_once_and_verdicts_stay_live(workspace: Workspace) -> None:
    batch = make_batch(workspace, finished_at=utc_now())
    samples = make_samples(workspace, batch, n=3)
    sql = "SELECT verdict, count(*) AS n FROM samples WHERE response <> '' GROUP BY ALL"
    assert rows(workspace, sql) == [{"verdict": "accepted", "n": 3}]
    kept = sorted((workspace.folder("queries") / "samples").glob("*.parquet"))
    assert len(kept) == 1
    stamp = kept[0].stat().st_mtime_ns
    with workspace.write() as session:
        session.get_one(Sample, samples[0].sample_id).verdict = "rejected"
    assert {row["verdict"]: row["n"] for row in rows(workspace, sql)} == {
        "accepted": 2, "rejected": 1
    }  # fmt: skip
    assert kept[0].stat().st_mtime_ns == stamp


def test_a_batch_that_goes_on_is_read_anew(workspace: Workspace) -> None:
    batch = make_batch(workspace, state="running")
    make_samples(workspace, batch, n=2)
    assert rows(workspace, "SELECT count(*) AS n FROM samples") == [{"n": 2}]
    assert not list((workspace.folder("queries") / "samples").glob("*.parquet"))


def test_nothing_of_a_query_is_left_behind(workspace: Workspace) -> None:
    make_samples(workspace, make_batch(workspace), n=2)
    rows(workspace, "SELECT * FROM samples")
    assert [path.name for path in workspace.folder("queries").iterdir()] == ["samples"]


def test_previews_are_no_samples(workspace: Workspace) -> None:
    make_samples(workspace, make_batch(workspace, kind="preview", finished_at=utc_now()), n=2)
    make_samples(workspace, make_batch(workspace, kind="preview", state="running"), n=2)
    assert rows(workspace, "SELECT count(*) AS n FROM samples") == [{"n": 0}]
