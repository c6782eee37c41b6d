import codecs
import io
import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.db.tables import Chunk, Source
from core.db.workspace import Workspace
from core.errors import NotFound, SourceError, StorageFull
from core.sources import importing
from core.sources.browsing import (
    chunk_context,
    chunk_ids,
    chunk_mapping,
    get_chunk,
    get_source,
    list_chunks,
    list_sources,
    load_chunks,
)
from core.sources.importing import import_source, import_stream, preview_source

SAMPLES = Path(__file__).resolve().parents[3] / "data" / "samples"


def streamed(workspace: Workspace, data: bytes, name: str, **settings: Any) -> Source:
    return import_stream(workspace, io.BytesIO(data), name, **settings)


def stored(workspace: Workspace) -> tuple[int, int]:
    with workspace.read() as session:
        sources = session.scalar(select(func.count()).select_from(Source))
        chunks = session.scalar(select(func.count()).select_from(Chunk))
        return sources or 0, chunks or 0


def test_the_sample_questions_become_one_chunk_a_row(any_workspace: Workspace) -> None:
    source = import_source(any_workspace, SAMPLES / "customer_questions.csv")
    assert (source.kind, source.chunk_count, source.columns) == ("csv", 60, ["text", "category"])
    ids = chunk_ids(any_workspace, [source.source_id])
    assert len(ids) == 60
    chunks = load_chunks(any_workspace, [*ids, "chunk of nothing"])
    assert [chunks[key].ordinal for key in ids] == list(range(60))
    assert chunk_mapping(chunks[ids[1]]) == {
        "text": "Is there any way to see where my card is in the post?",
        "heading": "",
        "fields": {
            "text": "Is there any way to see where my card is in the post?",
            "category": "card_not_arrived",
        },
    }


def test_the_handbook_keeps_headings_and_exact_places(any_workspace: Workspace) -> None:
    path = SAMPLES / "bank_handbook.md"
    source = import_source(any_workspace, path)
    text = path.read_text("utf-8")
    chunks = list_chunks(any_workspace, source.source_id, limit=100)
    assert len(chunks) == source.chunk_count
    assert all(text[c.start_char : c.end_char] == c.text for c in chunks)
    assert any(c.heading.endswith(" › Lost, stolen or swallowed") for c in chunks)


def test_a_chunk_is_shown_between_its_neighbours(workspace: Workspace) -> None:
    path = SAMPLES / "bank_handbook.md"
    source = import_source(workspace, path, chunk_chars=600, overlap_chars=100)
    text = path.read_text("utf-8")
    for chunk in list_chunks(workspace, source.source_id, limit=100)[1:-1]:
        context = chunk_context(workspace, chunk.chunk_id, chars=200)
        assert context.text == text[context.start_char : context.end_char]
        assert context.source_name == "bank_handbook.md"
        before = text[: context.start_char].split()
        assert context.before.split()[-10:] == before[-10:]
        assert context.after.split()[:10] == text[context.end_char :].split()[:10]
        assert max(len(context.before), len(context.after)) <= 200


def test_the_first_and_last_chunk_have_nothing_beyond_them(workspace: Workspace) -> None:
    source = streamed(workspace, b"only text", "a.txt")
    context = chunk_context(workspace, f"{source.source_id}_0")
    assert (context.before, context.text, context.after) == ("", "only text", "")


def test_the_same_bytes_are_imported_once(any_workspace: Workspace) -> None:
    first = streamed(any_workspace, b"text\nhello\n", "a.csv")
    again = streamed(any_workspace, b"text\nhello\n", "b.csv")
    assert again.source_id == first.source_id
    assert stored(any_workspace) == (1, 1)


def test_the_same_bytes_at_the_same_moment_are_imported_once(any_workspace: Workspace) -> None:
    data = b"text\n" + b"".join(b"row %d\n" % k for k in range(300))
    found: list[str] = []

    def work() -> None:
        found.append(streamed(any_workspace, data, "a.csv").source_id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert stored(any_workspace) == (1, 300)


MALFORMED: dict[str, tuple[bytes, str, str]] = {
    "nul in csv": (b"text\nok\na\x00b\n", "a.csv", "NUL"),
    "nul in text": (b"some\x00text", "a.txt", "NUL"),
    "ragged": (b"text,b\n" + b"x,y\n" * 2500 + b"x\n", "a.csv", "Row 2502"),
    "unclosed quote": (b'text,b\nx,y\n"z,w\n', "a.csv", "Row 3"),
    "duplicate header": (b"text,text\na,b\n", "a.csv", "'text'"),
    "latin-1": ("text\ncafé\n".encode("latin-1"), "a.csv", "offset 8"),
    "latin-1 late": (b"text\n" + b"row\n" * 20_000 + b"caf\xe9\n", "a.csv", "offset 80,008"),
    "cut utf-8": ("text\nné".encode()[:-1], "a.csv", "UTF-8"),
    "utf-16 odd": (codecs.BOM_UTF16_LE + b"a\x00b", "a.txt", "UTF-16"),
    "utf-32": (codecs.BOM_UTF32_LE + "text".encode("utf-32-le"), "a.txt", "UTF-32"),
    "empty": (b"", "a.csv", "empty"),
    "empty text": (b"", "a.txt", "no text"),
    "blank markdown": (b" \n\n", "a.md", "no text"),
    "only a mark": (codecs.BOM_UTF8, "a.csv", "empty"),
    "header only": (b"text,b\n", "a.csv", "no rows"),
    "bad json line": (b'{"text": "a"}\n{"text": \n', "a.jsonl", "Row 2"),
    "json list": (b'[{"text": "a"}]\n', "a.jsonl", "list"),
    "large cell": (b"text\n" + b"x" * (2**20 + 1) + b"\n", "a.csv", "larger"),
    "deep json": (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "a.jsonl", "not JSON"),
    "empty cell": (b"text,b\na,b\n,b\n", "a.csv", "Row 3"),
    "missing field": (b'{"text": "a"}\n{"b": "c"}\n', "a.jsonl", "Row 2"),
    "text that is a list": (b'{"text": "a"}\n{"text": ["c"]}\n', "a.jsonl", "is not text"),
    "no text column": (b'{"a": [1]}\n', "a.jsonl", "No column"),
    "pdf": (b"%PDF-1.7 ...", "a.txt", "a PDF"),
    "zip": (b"PK\x03\x04....", "a.csv", "ZIP"),
    "unknown ending": (b"hello", "a.xlsx", "'a.xlsx'"),
    "no ending": (b"hello", "README", "ending in"),
    "no name": (b"hello", "../..", "no file name"),
}


@pytest.mark.parametrize(("data", "name", "word"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_files_are_refused_whole(
    workspace: Workspace, data: bytes, name: str, word: str
) -> None:
    with pytest.raises(SourceError) as caught:
        streamed(workspace, data, name)
    assert word in str(caught.value)
    assert caught.value.remedy
    assert stored(workspace) == (0, 0)
    assert list(workspace.folder("tmp").iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + "text,ort\nGrüße,Köln\n".encode(),
        "text,ort\r\nGrüße,Köln\r\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + "text,ort\nGrüße,Köln\n".encode("utf-16-be"),
        "text;ort\nGrüße;Köln".encode(),
    ],
    ids=["utf-8 with mark", "utf-16 little", "utf-16 big", "semicolons, no last line end"],
)
def test_common_encodings_are_read(workspace: Workspace, data: bytes) -> None:
    source = streamed(workspace, data, "a.csv")
    chunk = list_chunks(workspace, source.source_id)[0]
    assert (chunk.text, chunk.fields["ort"]) == ("Grüße", "Köln")


def test_a_byte_order_mark_is_no_part_of_the_text(workspace: Workspace) -> None:
    source = streamed(workspace, codecs.BOM_UTF8 + b"# Title\n\nBody.", "a.md")
    chunk = list_chunks(workspace, source.source_id)[0]
    assert (chunk.start_char, chunk.text, chunk.heading) == (0, "# Title\n\nBody.", "Title")


def test_a_column_of_numbers_can_be_the_text(workspace: Workspace) -> None:
    source = streamed(workspace, b'{"n": 7, "t": "seven"}\n', "a.jsonl", text_column="n")
    assert list_chunks(workspace, source.source_id)[0].text == "7"


def test_the_text_column_can_be_chosen_and_must_exist(workspace: Workspace) -> None:
    data = b"text,answer\nwhy?,because\n"
    with pytest.raises(SourceError, match=r"no column 'reply'.*text, answer"):
        streamed(workspace, data, "a.csv", text_column="reply")
    source = streamed(workspace, data, "a.csv", text_column="answer")
    assert list_chunks(workspace, source.source_id)[0].text == "because"


def test_the_kind_can_be_named(workspace: Workspace) -> None:
    source = streamed(workspace, b"hello there", "notes", kind="text")
    assert source.kind == "text"
    with pytest.raises(SourceError, match="no kind"):
        streamed(workspace, b"hello", "notes", kind="xlsx")


@pytest.mark.parametrize(
    "settings", [{"chunk_chars": 5}, {"chunk_chars": 10**6}, {"overlap_chars": 900}],
    ids=["small", "large", "overlap"],
)  # fmt: skip
def test_impossible_sizes_are_refused(workspace: Workspace, settings: dict[str, int]) -> None:
    with pytest.raises(SourceError, match="not possible"):
        streamed(workspace, b"hello", "a.txt", **settings)


def test_uploads_have_a_size_limit(workspace: Workspace) -> None:
    assert streamed(workspace, b"x" * 1000, "a.txt", max_bytes=1000)
    with pytest.raises(SourceError, match="larger than 1,000 bytes"):
        streamed(workspace, b"y" * 1001, "b.txt", max_bytes=1000)


class Interrupted(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= 50:
            raise ConnectionResetError
        return super().read(min(size or 0, 25))


def test_an_interrupted_upload_leaves_nothing(workspace: Workspace) -> None:
    with pytest.raises(ConnectionResetError):
        import_stream(workspace, Interrupted(b"text\n" + b"hello\n" * 100), "a.csv")
    assert stored(workspace) == (0, 0)
    assert list(workspace.folder("tmp").iterdir()) == []


def test_a_full_disk_is_named() -> None:
    class Full:
        def write(self, _block: bytes) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(StorageFull):
        importing._spool(io.BytesIO(b"x"), Full(), 100)


def test_a_file_that_changes_meanwhile_is_refused(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nhello\n")
    parse = importing.parse

    @contextmanager
    def and_change(*args: Any) -> Any:
        with parse(*args) as parsed:
            path.write_text("text\nHELLO\n")
            yield parsed

    monkeypatch.setattr(importing, "parse", and_change)
    with pytest.raises(SourceError, match="changed while"):
        import_source(workspace, path)
    assert stored(workspace) == (0, 0)


def test_paths_must_be_files(workspace: Workspace, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path, tmp_path / "missing.csv", tmp_path / "pipe.csv"):
        with pytest.raises(SourceError, match="no file"):
            import_source(workspace, path)


def test_a_source_can_have_a_name_of_its_own(workspace: Workspace) -> None:
    path = SAMPLES / "customer_questions.csv"
    assert import_source(workspace, path, name="Questions of May").name == "Questions of May"


def test_names_lose_their_folders_and_odd_letters(workspace: Workspace) -> None:
    assert streamed(workspace, b"a b", "../../etc/x\n\u202e.txt").name == "x.txt"
    assert streamed(workspace, b"c d", "C:\\Users\\me\\notes.txt").name == "notes.txt"


def test_ten_thousand_rows_import_in_seconds(workspace: Workspace) -> None:
    rows = b"".join(
        b'"Question number %d, with a comma?",intent_%d\n' % (k, k % 77) for k in range(10_003)
    )
    begun = time.monotonic()
    source = streamed(workspace, b"text,category\n" + rows, "many.csv")
    assert source.chunk_count == 10_003
    assert time.monotonic() - begun < 10


def test_lists_are_paged_and_searched(any_workspace: Workspace) -> None:
    first = streamed(any_workspace, b"text\nApple pie\nPlum 50%\nPear\n", "a.csv")
    second = streamed(any_workspace, b"text\nOther\n", "b.csv")
    assert [s.source_id for s in list_sources(any_workspace)] == [
        second.source_id, first.source_id
    ]  # fmt: skip
    assert [s.name for s in list_sources(any_workspace, limit=1, offset=1)] == ["a.csv"]
    texts = [c.text for c in list_chunks(any_workspace, first.source_id, limit=2, offset=1)]
    assert texts == ["Plum 50%", "Pear"]
    for search, found in (("apple", ["Apple pie"]), ("50%", ["Plum 50%"]), ("%", ["Plum 50%"])):
        chunks = list_chunks(any_workspace, first.source_id, search=search)
        assert [c.text for c in chunks] == found
    both = chunk_ids(any_workspace, [second.source_id, first.source_id])
    assert both == [f"{second.source_id}_0", *(f"{first.source_id}_{k}" for k in range(3))]


def test_what_does_not_exist_is_not_found(workspace: Workspace) -> None:
    for call in (
        lambda: get_source(workspace, "src_x"),
        lambda: get_chunk(workspace, "src_x_0"),
        lambda: chunk_context(workspace, "src_x_0"),
        lambda: chunk_ids(workspace, ["src_x"]),
    ):
        with pytest.raises(NotFound, match="src_x"):
            call()


def test_a_preview_shows_the_beginning_and_stores_nothing(workspace: Workspace) -> None:
    data = (SAMPLES / "customer_questions.csv").read_bytes()
    preview = preview_source(data, "questions.csv")
    assert (preview.kind, preview.columns) == ("csv", ["text", "category"])
    assert preview.suggested_text_column == "text"
    assert len(preview.rows) == len(preview.chunk_texts) == 20
    assert (
        preview_source(data, "q.csv", text_column="category").chunk_texts[0] == "card_not_arrived"
    )
    handbook = preview_source((SAMPLES / "bank_handbook.md").read_bytes(), "h.md")
    assert (handbook.kind, handbook.columns, handbook.rows) == ("markdown", [], [])
    assert handbook.chunk_texts[0].startswith("# Customer handbook")
    assert stored(workspace) == (0, 0)


def test_a_preview_names_what_is_wrong() -> None:
    with pytest.raises(SourceError, match="Row 2"):
        preview_source(b"text,b\nx\n", "a.csv")
