import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.ranges import ByteRange, Unsatisfiable, wanted_range

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 10)),
        ("bytes=3-5", (3, 6)),
        ("bytes=3-99", (3, 10)),
        ("bytes=-4", (6, 10)),
        ("bytes=-99", (0, 10)),
        ("BYTES = 1-2", None),
        ("bytes= 1-2 ", (1, 3)),
        ("bytes=5-3", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("rows=0-1", None),
        ("bytes=0-1,4-5", None),
        ("bytes=" + ",".join(f"{i}-{i}" for i in range(100_000)), None),
        (None, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_one_range_is_understood_and_all_else_ignored(
    header: str | None, wanted: tuple[int, int] | None
) -> None:
    assert wanted_range(header, None, ETAG, 10) == wanted


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=999999999999-", "bytes=-0"])
def test_a_range_outside_the_file_is_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted_range(header, None, ETAG, 10)


def test_an_empty_file_has_no_range() -> None:
    with pytest.raises(Unsatisfiable):
        wanted_range("bytes=-5", None, ETAG, 0)


@pytest.mark.parametrize(
    ("if_range", "wanted"),
    [(ETAG, ByteRange(0, 1)), ('"other"', None), ('W/"abc"', None), ("Mon, 1 Jan 2026", None)],
)
def test_a_range_of_another_state_of_the_file_is_ignored(
    if_range: str, wanted: ByteRange | None
) -> None:
    assert wanted_range("bytes=0-0", if_range, ETAG, 10) == wanted


@given(st.text(max_size=40), st.integers(min_value=0, max_value=100))
def test_whatever_is_asked_the_answer_lies_inside_the_file(header: str, size: int) -> None:
    try:
        found = wanted_range("bytes=" + header, None, ETAG, size)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found.start < found.end <= size
