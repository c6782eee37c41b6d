"""Vectors are made once, survive what half-written files can do, and come from the real model."""

import logging
import multiprocessing
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import SettingsError, StorageFull
from core.text.embedding import segments
from core.text.embedding.embeddings import COMPACT_FROM, EmbeddingStore, embed, embed_missing
from core.text.hashing import text_hash

MODEL = "all-MiniLM-L6-v2"


def vectors(n: int, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def fake_embed(texts: Sequence[str], model: str) -> NDArray[np.float32]:
    return np.array([[len(text), 1, 0, 0] for text in texts], dtype=np.float32)


@pytest.fixture
def store(tmp_path: Path) -> EmbeddingStore:
    return EmbeddingStore(tmp_path, MODEL)


def test_a_new_store_misses_everything_once(store: EmbeddingStore) -> None:
    assert store.missing(["b", "a", "b"]) == ["b", "a"]
    assert store.load([]).shape == (0, 0)


def test_what_was_added_comes_back_in_the_order_asked(store: EmbeddingStore) -> None:
    added = vectors(3)
    store.add(["a", "b", "c"], added)
    assert store.missing(["c", "d"]) == ["d"]
    np.testing.assert_allclose(store.load(["c", "a", "c"]), added[[2, 0, 2]], rtol=1e-6)
    assert store.load(["a"]).dtype == np.float32


def test_another_store_on_the_folder_sees_what_was_added_meanwhile(tmp_path: Path) -> None:
    first, second = EmbeddingStore(tmp_path, MODEL), EmbeddingStore(tmp_path, MODEL)
    assert second.missing(["a"]) == ["a"]
    first.add(["a"], vectors(1))
    np.testing.assert_array_equal(second.load(["a"]), first.load(["a"]))
    assert second.missing(["a"]) == []


def test_models_do_not_share_vectors(tmp_path: Path) -> None:
    EmbeddingStore(tmp_path, "org/model").add(["a"], vectors(1))
    assert EmbeddingStore(tmp_path, "org-model").missing(["a"]) == ["a"]


def test_a_hash_keeps_its_first_vector(store: EmbeddingStore) -> None:
    store.add(["a", "a"], vectors(2, seed=1))
    before = store.load(["a"])
    store.add(["a", "b"], vectors(2, seed=2))
    np.testing.assert_array_equal(store.load(["a"]), before)
    np.testing.assert_allclose(before, vectors(2, seed=1)[:1], rtol=1e-6)


def test_vectors_are_scaled_to_length_one(store: EmbeddingStore) -> None:
    store.add(["a"], np.array([[3.0, 4.0]], dtype=np.float32))
    np.testing.assert_allclose(store.load(["a"]), [[0.6, 0.8]], rtol=1e-6)


@pytest.mark.parametrize(
    "bad", [[[0.0, 0.0]], [[np.nan, 1.0]], [[1.0, 2.0, 3.0]], [[1.0, 2.0], [1.0, 2.0]]]
)
def test_unusable_vectors_are_refused(store: EmbeddingStore, bad: list[list[float]]) -> None:
    store.add(["first"], np.array([[1.0, 0.0]], dtype=np.float32))
    with pytest.raises(ValueError, match=r"zero or not finite|in a store of 2|1 hashes for 2"):
        store.add(["a"], np.array(bad, dtype=np.float32))
    assert store.missing(["a"]) == ["a"]


def test_an_unknown_hash_is_a_key_error(store: EmbeddingStore) -> None:
    store.add(["a"], vectors(1))
    with pytest.raises(KeyError, match="b"):
        store.load(["a", "b"])


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign"])
def test_a_damaged_segment_is_ignored_with_a_warning(
    store: EmbeddingStore, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    store.add(["a"], vectors(1))
    store.add([f"k{i}" for i in range(500)], vectors(500))
    newest = segments.segment_paths(store.folder)[-1]
    content = bytearray(newest.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    else:
        content = bytearray() if damage == "empty" else bytearray(b"not parquet at all")
    newest.write_bytes(content)
    fresh = EmbeddingStore(store.folder.parent, MODEL)
    with caplog.at_level(logging.WARNING):
        assert fresh.missing(["a", "k1"]) == ["k1"]
        assert fresh.missing(["a", "k1"]) == ["k1"]
    assert sum(newest.name in record.getMessage() for record in caplog.records) == 1
    fresh.add(["k1"], vectors(1))
    assert EmbeddingStore(store.folder.parent, MODEL).missing(["k1"]) == []


def test_a_temporary_file_left_by_a_crash_is_not_read(store: EmbeddingStore) -> None:
    (store.folder / ".0001-abcd.tmp").write_bytes(b"half")
    assert store.missing(["a"]) == ["a"]


def test_a_full_disk_leaves_no_half_segment(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments.pq, "write_table", full)
    with pytest.raises(StorageFull):
        store.add(["a"], vectors(1))
    assert [path.name for path in store.folder.iterdir()] == []


def test_many_small_segments_are_merged_and_nothing_is_lost(tmp_path: Path) -> None:
    store, reader = EmbeddingStore(tmp_path, MODEL), EmbeddingStore(tmp_path, MODEL)
    added = vectors(COMPACT_FROM)
    for i in range(COMPACT_FROM):
        store.add([f"k{i}"], added[i : i + 1])
    keys = [f"k{i}" for i in range(COMPACT_FROM)]
    before = reader.load(keys)
    store.compact()
    assert len(segments.segment_paths(store.folder)) == 1
    for opened in (store, reader, EmbeddingStore(tmp_path, MODEL)):
        assert opened.missing(keys) == []
        np.testing.assert_array_equal(opened.load(keys), before)


def test_only_missing_texts_are_embedded_and_progress_reaches_the_total(
    store: EmbeddingStore,
) -> None:
    asked: list[str] = []

    def counting(texts: Sequence[str], model: str) -> NDArray[np.float32]:
        assert model == MODEL
        asked.extend(texts)
        return fake_embed(texts, model)

    texts = {text_hash(f"text {i}"): f"text {i}" for i in range(1200)}
    half = dict(list(texts.items())[:600])
    steps: list[tuple[int, int]] = []
    assert embed_missing(store, half, embed_texts=counting) == 600
    assert embed_missing(store, texts, lambda *step: steps.append(step), counting) == 600
    assert embed_missing(store, texts, embed_texts=counting) == 0
    assert asked == list(texts.values())
    assert steps == [(600, 1200), (1112, 1200), (1200, 1200)]


def _embed_in_process(folder: str, log: str) -> None:
    def slow(texts: Sequence[str], model: str) -> NDArray[np.float32]:
        with Path(log).open("a") as stream:
            stream.write("".join(f"{text}\n" for text in texts))
        return fake_embed(texts, model)

    texts = {text_hash(f"t{i}"): f"t{i}" for i in range(1500)}
    embed_missing(EmbeddingStore(Path(folder), MODEL), texts, embed_texts=slow)


def test_processes_share_the_work_and_embed_no_text_twice(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    log = tmp_path / "embedded.log"
    workers = [
        context.Process(target=_embed_in_process, args=(str(tmp_path / "e"), str(log)))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert sorted(log.read_text().split()) == sorted(f"t{i}" for i in range(1500))


def test_the_real_model_puts_like_meanings_close_together() -> None:
    found = embed(
        [
            "My card was declined abroad.",
            "The payment with my card failed while travelling.",
            "A recipe for lentil soup.",
            "",
            "word " * 2000,
        ]
    )
    assert found.shape == (5, 384)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    cosines = found @ found.T
    assert cosines[0, 1] > 0.6 > 0.3 > cosines[0, 2]
    again = embed(["A recipe for lentil soup."])
    assert float(again[0] @ found[2]) > 0.999


def test_without_texts_no_model_is_loaded() -> None:
    assert embed([], "no-such-model").shape == (0, 0)


def test_a_model_that_does_not_exist_is_named_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SEEDBED_EMBEDDING_MODEL"):
        embed(["a"], str(tmp_path / "nothing-here"))


def test_importing_the_store_does_not_import_torch() -> None:
    code = (
        "import sys; import core.text.embedding.embeddings, core.text.alike.similarity; "
        "import core.text.schema; "
        "import core.quality.inline, core.quality.scoring; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'sentence_transformers', 'rensa')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
