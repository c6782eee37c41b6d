"""Vectors of texts, kept beside the workspace under text hash and model: each is made once.

Several processes may read and write one store. What a crash leaves half written is not read.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from core.text.embedding.backends import Vectors, unit_norm
from core.text.embedding.model import embed as embed
from core.text.embedding.segments import folder_lock, read_segment, segment_paths, write_segment
from core.text.hashing import text_hash

COMPACT_FROM: Final = 16  # small segments; each costs a file to open
SMALL_SEGMENT_BYTES: Final = 32 * 2**20
TEXTS_PER_SEGMENT: Final = 512  # work lost at most when a process dies while embedding

logger = logging.getLogger(__name__)


class EmbeddingStore:
    """The vectors of one model, in a folder of their own below `folder`.

    Safe across processes; one object belongs to one thread.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self.model = model
        self.folder = folder / _folder_name(model)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.dimension = 0  # length of a vector; 0 while the store is empty
        self._segments: set[str] = set()  # names of those that were read
        self._places: dict[str, tuple[str, int]] = {}  # text hash: segment name, row
        self._unreadable: set[str] = set()

    def missing(self, hashes: Sequence[str]) -> list[str]:
        """Those of the hashes without a vector, each once, in their order."""
        self._refresh()
        return [key for key in dict.fromkeys(hashes) if key not in self._places]

    def add(self, hashes: Sequence[str], vectors: Vectors) -> None:
        """Store a vector, scaled to length 1, for each hash; hashes that have one keep it.

        Raises ValueError for zero, non-finite or differently long vectors, StorageFull.
        """
        if len(hashes) != len(vectors):
            raise ValueError(f"{len(hashes)} hashes for {len(vectors)} vectors")
        row_of = {key: row for row, key in reversed(list(enumerate(hashes)))}
        fresh = self.missing(hashes)
        if not fresh:
            return
        chosen = unit_norm(np.asarray(vectors)[[row_of[key] for key in fresh]])
        if self._segments and chosen.shape[1] != self.dimension:
            raise ValueError(f"vectors of {chosen.shape[1]} in a store of {self.dimension}")
        path = write_segment(self.folder, fresh, chosen)
        self._index(path.name, fresh, chosen.shape[1])

    def load(self, hashes: Sequence[str]) -> Vectors:
        """The vectors of the hashes in their order, (n, d) float32, unit norm.

        Segments are read one after the other and let go, so that memory holds the result alone.
        Raises KeyError for a hash without a vector.
        """
        if any(key not in self._places for key in hashes):
            self._refresh()
        while True:
            try:
                return self._gather(hashes)
            except FileNotFoundError:  # merged by another process meanwhile
                self._refresh()

    def _gather(self, hashes: Sequence[str]) -> Vectors:
        wanted: dict[str, tuple[list[int], list[int]]] = {}
        for i, key in enumerate(hashes):
            segment, row = self._places[key]
            places, rows = wanted.setdefault(segment, ([], []))
            places.append(i)
            rows.append(row)
        result = np.empty((len(hashes), self.dimension), dtype=np.float32)
        for segment, (places, rows) in wanted.items():
            result[places] = read_segment(self.folder / segment)[1][rows]
        return result

    def compact(self) -> None:
        """Merge the small segments into one when there are COMPACT_FROM of them or more."""
        with folder_lock(self.folder):
            self._refresh()
            small = [
                path
                for path in segment_paths(self.folder)
                if path.name in self._segments and path.stat().st_size < SMALL_SEGMENT_BYTES
            ]
            if len(small) < COMPACT_FROM:
                return
            names = {path.name for path in small}
            hashes = [key for key, (name, _) in self._places.items() if name in names]
            dimension = self.dimension
            merged = write_segment(self.folder, hashes, self.load(hashes))
            for path in small:
                path.unlink(missing_ok=True)
            self._forget(names)
            self._index(merged.name, hashes, dimension)

    def _refresh(self) -> None:
        """Follow the folder: read what appeared, drop what another process merged away."""
        while not self._read_new():
            pass

    def _read_new(self) -> bool:
        """Whether every segment that was listed could still be opened."""
        present = {path.name: path for path in segment_paths(self.folder)}
        gone = self._segments - present.keys()
        if gone:
            self._forget(gone)
        for name, path in present.items():
            if name in self._segments or name in self._unreadable:
                continue
            try:
                hashes, vectors = read_segment(path)
                self._index(name, hashes, vectors.shape[1])
            except FileNotFoundError:  # merged between listing and reading: list again
                return False
            except (OSError, ValueError) as error:
                self._unreadable.add(name)
                logger.warning("Embeddings in %s cannot be read and are ignored: %s", path, error)
        return True

    def _index(self, name: str, hashes: Sequence[str], dimension: int) -> None:
        if self._segments and dimension != self.dimension:
            raise ValueError(f"it holds vectors of {dimension}, not {self.dimension}")
        self.dimension = dimension
        self._segments.add(name)
        for row, key in enumerate(hashes):
            self._places.setdefault(key, (name, row))

    def _forget(self, names: set[str]) -> None:
        self._segments -= names
        self._places = {k: place for k, place in self._places.items() if place[0] not in names}
        if not self._segments:
            self.dimension = 0


def embed_missing(
    store: EmbeddingStore,
    texts_by_hash: Mapping[str, str],
    on_progress: Callable[[int, int], None] | None = None,
    embed_texts: Callable[[Sequence[str], str], Vectors] = embed,
    is_stopping: Callable[[], bool] | None = None,
) -> int:
    """Embed and store the texts that the store lacks; returns how many that were.

    Saved every TEXTS_PER_SEGMENT texts, under the folder's lock, so that a second process waits
    and then finds them. `on_progress(done, total)` counts all of `texts_by_hash`; between two
    savings `is_stopping` may end it, and a later call goes on.
    """
    hashes = list(texts_by_hash)
    total = len(hashes)
    made = 0
    waiting = store.missing(hashes)
    if on_progress is not None:
        on_progress(total - len(waiting), total)
    for top in range(0, len(waiting), TEXTS_PER_SEGMENT):
        if top and is_stopping is not None and is_stopping():
            break
        some = waiting[top : top + TEXTS_PER_SEGMENT]
        with folder_lock(store.folder):
            lacking = store.missing(some)
            if lacking:
                vectors = embed_texts([texts_by_hash[key] for key in lacking], store.model)
                store.add(lacking, vectors)
                made += len(lacking)
        if on_progress is not None:
            on_progress(total - len(waiting) + top + len(some), total)
    if made:
        store.compact()
    return made


def _folder_name(model: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.")[-60:]
    return f"{readable}-{text_hash(model)[:8]}"
