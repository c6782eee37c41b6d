"""What must stay together."""

from factories import make_batch, make_samples
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.grouping import (
    MIN_DOCUMENTS,
    families,
    join_groups,
    kept_splits,
    source_keys,
)
from core.datasets.selection import SelectedRow
from core.db.tables import Chunk, Source
from core.db.workspace import Workspace

labels = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 9)), st.one_of(st.none(), st.integers(0, 9))),
    max_size=40,
)


@given(labels=labels)
def test_equal_labels_share_a_group_named_by_its_smallest_member(
    labels: list[tuple[int | None, int | None]],
) -> None:
    ids = [f"s{i:02}" for i in range(len(labels))]
    groups = join_groups(ids, *zip(*labels, strict=True)) if labels else []
    for one in range(len(ids)):
        for other in range(len(ids)):
            if any(
                x is not None and x == y for x, y in zip(labels[one], labels[other], strict=True)
            ):
                assert groups[one] == groups[other]
    for group in set(groups):
        members = [name for name, g in zip(ids, groups, strict=True) if g == group]
        assert group == min(members)


def test_chains_of_labels_join_and_strangers_stay_apart() -> None:
    assert join_groups(["a", "b", "c", "d"], [1, 1, 2, None], [None, "x", "x", None]) == [
        "a",
        "a",
        "a",
        "d",
    ]


def test_a_group_grown_from_two_splits_goes_to_train() -> None:
    kept = kept_splits(["a", "b", "c", "d"], ["g", "g", "h", "h"], {"a": 2, "b": 0, "c": 1})
    assert kept == {"g": 0, "h": 1}


def add_source(workspace: Workspace, name: str, kind: str, chunks: int) -> list[str]:
    ids = [f"{name}_{i}" for i in range(chunks)]
    with workspace.write() as session:
        session.add(
            Source(
                source_id=name,
                name=name,
                kind=kind,
                content_hash=name,
                size_bytes=1,
                chunk_count=chunks,
            )
        )
        session.flush()
        for ordinal, chunk_id in enumerate(ids):
            session.add(
                Chunk(
                    chunk_id=chunk_id,
                    source_id=name,
                    ordinal=ordinal,
                    start_char=0,
                    end_char=1,
                    text="x",
                    text_hash="0" * 64,
                )
            )
    return ids


def rows_of(chunk_ids: list[str | None]) -> list[SelectedRow]:
    return [
        SelectedRow(f"s{i}", "bat", i, "d", "", chunk_id, "accepted", False, 1.0, (), None)
        for i, chunk_id in enumerate(chunk_ids)
    ]


def test_table_rows_stand_for_themselves(workspace: Workspace) -> None:
    chunks = add_source(workspace, "faq", "csv", 3)
    found = source_keys(workspace, rows_of([chunks[0], chunks[0], chunks[2], None]))
    assert (found.keys, found.unit) == (["faq_0", "faq_0", "faq_2", None], "row")


def test_passages_of_few_documents_stand_for_themselves(workspace: Workspace) -> None:
    chunks = add_source(workspace, "book", "markdown", 3)
    found = source_keys(workspace, rows_of([*chunks]))
    assert (found.keys, found.unit) == (chunks, "passage")


def test_many_documents_stay_whole(workspace: Workspace) -> None:
    chunks = [
        chunk
        for number in range(MIN_DOCUMENTS)
        for chunk in add_source(workspace, f"doc{number}", "text", 2)
    ]
    found = source_keys(workspace, rows_of([*chunks]))
    assert found.unit == "document"
    assert len(set(found.keys)) == MIN_DOCUMENTS


def test_rows_without_a_source_have_no_key(workspace: Workspace) -> None:
    assert source_keys(workspace, rows_of([None])).unit == "none"


def test_derived_rows_belong_to_the_sample_at_their_beginning(workspace: Workspace) -> None:
    chunks = add_source(workspace, "faq", "csv", 1)
    batch = make_batch(workspace)
    first = make_samples(workspace, batch, 1, chunk_id=chunks[0])[0]
    second = make_samples(workspace, batch, 1, start=1, parent_id=first.sample_id)[0]
    third = make_samples(workspace, batch, 1, start=2, parent_id=second.sample_id)[0]
    alone = make_samples(workspace, batch, 1, start=3)[0]
    selected = [
        SelectedRow(
            s.sample_id, "bat", s.plan_index, "d", "", s.chunk_id, "accepted", False, 1.0, (),
            None, s.parent_id,
        )
        for s in (first, third, alone)  # the one between was not selected
    ]  # fmt: skip
    found = families(workspace, selected)
    assert found.roots == [first.sample_id, first.sample_id, alone.sample_id]
    assert source_keys(workspace, found.rows).keys == ["faq_0", "faq_0", None]


def test_a_parent_that_is_gone_ends_the_line(workspace: Workspace) -> None:
    row = SelectedRow(
        "s1", "bat", 0, "d", "", None, "accepted", False, 1.0, (), None, "smp_gone"
    )  # fmt: skip
    assert families(workspace, [row]).roots == ["smp_gone"]
