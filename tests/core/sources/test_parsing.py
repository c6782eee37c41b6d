"""The parent's side: whatever the child does, the answer is a SourceError and nothing is stored."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.confinement import CHILD_ENVIRONMENT
from core.db.workspace import Workspace, open_workspace
from core.errors import SourceError, StorageFull
from core.settings import SourceLimits, load_settings
from core.sources.browsing import list_sources
from core.sources.importing import import_source, preview_source
from core.sources.parsing import bounded as parsing
from core.sources.parsing.reading import ReadSettings

PIECE = ["text", 0, 4, "", None, {}]
END = {"end": {"columns": [], "chunk_count": 1, "page_count": None}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_bytes(b"Some words.\n" * 10)
    return path


def scripted(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Put another program in the child's place."""
    script = f"import json, os, signal, sys, time\n{code}"
    monkeypatch.setattr(parsing, "child_command", lambda *_: [sys.executable, "-c", script])


def lines(*values: object) -> str:
    text = "".join(json.dumps(value) + "\n" for value in values)
    return f"sys.stdout.write({text!r})"


ANSWERS: dict[str, tuple[str, str]] = {
    "nothing": ("", "of memory"),
    "killed": ("os.kill(os.getpid(), signal.SIGKILL)", "longer than"),
    "too long": ("os.kill(os.getpid(), signal.SIGXCPU)", "longer than 20 s"),
    "crashed": ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed"),
    "broken off": ("sys.stdout.write('[\"te')", "of memory"),
    "pieces without an end": (lines(PIECE), "of memory"),
    "words": (lines("hello"), "no piece|of memory"),
    "a wrong count": (lines(PIECE, PIECE, END), "counts otherwise"),
    "an end of another shape": (lines(PIECE, {"end": {"columns": "x"}}), "does not fit"),
    "an end that is none": (lines(PIECE, {"done": 1}), "does not fit"),
    "an error of another shape": (lines({"error": {"message": 7}}), "does not fit"),
    "a long error": (
        lines({"error": {"message": "x" * 5_000, "remedy": "", "row": None}}), "does not fit"
    ),
    "no JSON": ("sys.stdout.write('{\\n')", "no JSON"),
    "a line without end": (
        "block = '[' * 2**20\nwhile True: sys.stdout.write(block)", "too long"
    ),
    "lines without end": ("while True: sys.stdout.write('[1]\\n' * 1000)", "does not stop"),
    "a NUL": (lines(["a\x00b", 0, 3, "", None, {}], END), "piece"),
    "an empty text": (lines(["", 0, 0, "", None, {}], END), "piece"),
    "a long text": (lines(["x" * 20_001, 0, 20_001, "", None, {}], END), "piece"),
    "a place before the start": (lines(["text", -1, 4, "", None, {}], END), "piece"),
    "a place backwards": (lines(["text", 4, 0, "", None, {}], END), "piece"),
    "a huge place": (lines(["text", 0, 2**31, "", None, {}], END), "piece"),
    "a page of text": (lines(["text", 0, 4, "", "one", {}], END), "piece"),
    "a page beyond the last": (lines(["text", 0, 4, "", 5_001, {}], END), "piece"),
    "fields that are none": (lines(["text", 0, 4, "", None, []], END), "piece"),
    "too many fields": (
        lines(["text", 0, 4, "", None, dict.fromkeys(map(str, range(1001)))], END), "piece"
    ),
    "a field too few": (lines(["text", 0, 4], END), "no piece"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "word"), ANSWERS.values(), ids=ANSWERS.keys())
def test_a_child_that_dies_or_talks_nonsense_imports_nothing(
    workspace: Workspace, file: Path, monkeypatch: pytest.MonkeyPatch, code: str, word: str
) -> None:
    scripted(monkeypatch, code)
    workspace = _with_limits(workspace, expanded_bytes=10 * 2**20)
    with pytest.raises(SourceError, match=word) as caught:
        import_source(workspace, file)
    assert caught.value.remedy
    assert list_sources(workspace) == []
    assert list(workspace.folder("tmp").iterdir()) == []
    assert psutil.Process().children() == []


def _with_limits(workspace: Workspace, **limits: Any) -> Workspace:
    settings = load_settings(home=workspace.home, source_limits=SourceLimits(**limits))
    return Workspace(settings, workspace.engine)


def test_an_honest_script_is_believed(
    workspace: Workspace, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, lines(PIECE, END))
    assert import_source(workspace, file).chunk_count == 1


def test_a_child_that_hangs_is_ended(
    workspace: Workspace, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, "time.sleep(600)")
    monkeypatch.setattr(parsing, "WALL_FACTOR", 0.0)
    monkeypatch.setattr(parsing, "START_SECONDS", 0.3)
    begun = time.monotonic()
    with pytest.raises(SourceError, match="longer than"):
        import_source(workspace, file)
    assert time.monotonic() - begun < 10
    assert psutil.Process().children() == []


def test_a_file_that_takes_too_long_names_the_limit(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"Many words of one text, again and again. " * 2_000_000 + b"\n")
    with pytest.raises(SourceError, match=r"longer than 1 s.*Split it|characters"):
        import_source(_with_limits(workspace, cpu_s=1.0), path)
    path.write_bytes(b"Many words of one text, again and again.\n" * 2_000_000)
    with pytest.raises(SourceError, match=r"longer than 1 s.*Split it"):
        import_source(_with_limits(workspace, cpu_s=1.0), path)


def test_a_child_gets_neither_our_environment_nor_our_files(
    workspace: Workspace, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    report = """
told = [sorted(os.environ), sorted(os.listdir('/proc/self/fd')), os.readlink('/proc/self/fd/0')]
end = {"end": {"columns": [json.dumps(told)], "chunk_count": 0, "page_count": None}}
sys.stdout.write(json.dumps(end) + "\\n")
"""
    scripted(monkeypatch, report)
    with file.open("rb") as stream, parsing.parse(
        stream, ReadSettings("text"), SourceLimits(), workspace.folder("tmp")
    ) as parsed:  # fmt: skip
        names, handles, first = json.loads(parsed.ending.columns[0])
    assert set(names) - {"LC_CTYPE"} <= set(CHILD_ENVIRONMENT)
    assert handles == ["0", "1", "2", "3"]  # the last is the listing itself
    assert first == str(file)


def test_a_full_disk_is_named_while_pieces_arrive(file: Path) -> None:
    class Full:
        def write(self, _line: bytes) -> int:
            raise OSError(28, "No space left on device")

    settings, limits = ReadSettings("text"), SourceLimits()
    with file.open("rb") as stream:
        order = parsing._order(stream, settings, limits, 0)
        with pytest.raises(StorageFull):
            parsing._run(stream, order, limits, Full())  # type: ignore[arg-type]
    assert psutil.Process().children() == []


def test_limits_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace, file: Path
) -> None:
    monkeypatch.setenv("SEEDBED_SOURCE_LIMITS", '{"file_bytes": 100}')
    limited = open_workspace(load_settings())
    with pytest.raises(SourceError, match="larger than 100 bytes"):
        import_source(limited, file)
    limited.close()


def test_a_preview_that_lies_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, lines({"preview": [1]}))
    with pytest.raises(SourceError, match="does not fit"):
        preview_source(b"words", "a.txt")


def test_many_imports_at_once_wait_for_each_other(workspace: Workspace, tmp_path: Path) -> None:
    import threading

    most = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, len(psutil.Process().children()))
            time.sleep(0.01)

    paths = []
    for k in range(5):
        paths.append(tmp_path / f"{k}.txt")
        paths[-1].write_text(f"Words of file {k}.")
    threads = [threading.Thread(target=import_source, args=(workspace, path)) for path in paths]
    watcher = threading.Thread(target=watch)
    watcher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watcher.join()
    assert len(list_sources(workspace)) == 5
    assert 1 <= most <= parsing.MAX_CHILDREN


def test_a_file_is_read_from_its_start_however_it_was_opened(
    workspace: Workspace, file: Path
) -> None:
    with file.open("rb") as stream:
        stream.read(50)
        with parsing.parse(
            stream, ReadSettings("text"), SourceLimits(), workspace.folder("tmp")
        ) as parsed:
            (piece,) = parsed.pieces()
    assert piece.end == os.path.getsize(file) - 1
