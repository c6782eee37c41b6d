"""Which candidates mean what is known already, by the cosine of their embeddings.

Runs in a compute worker: embedding loads torch. A candidate is measured once, against the list as
it was at the launch, what was proposed for it before, and the batch's own earlier candidates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Candidate
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.expansion.candidates import known_texts
from core.text.embedding.embeddings import EmbeddingStore, embed, embed_missing
from core.text.embedding.model import Vectors
from core.text.hashing import text_hash

Embed = Callable[[Sequence[str], str], Vectors]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The known text most like a candidate."""

    text: str
    similarity: float  # cosine, -1 to 1
    is_same: bool


def compare_candidates(workspace: Workspace, batch_id: str, embed_texts: Embed = embed) -> int:
    """Measure the batch's unmeasured candidates; returns how many that were.

    Those that reach the batch's threshold become duplicates, unless a person has decided. Raises
    NotFound.
    """
    with workspace.read() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound("batch", batch_id)
        known = known_texts(session, batch)
        rows = _measurable(session, batch_id)
    waiting = [row for row in rows if row.similarity is None]
    if not waiting:
        return 0
    # What a text was made from is like it on purpose: the likeness is shown and decides nothing.
    origins = [str(row.details["parent"]) for row in rows if row.details.get("parent")]
    if batch.origin["operation"] == "rewrite_prompt":
        origins.append(batch.inputs["prompt"]["value"]["user"])
    texts = [row.text for row in rows]
    vectors = _vectors(workspace, [*origins, *known, *texts], embed_texts)
    first = len(origins) + len(known)
    found = nearest_known(
        [*origins, *known], vectors[:first], texts, vectors[first:],
        batch.origin["threshold"], shown=len(origins),
        kept=[row.state != "proposed" for row in rows],
    )  # fmt: skip
    measured = {row.candidate_id: near for row, near in zip(rows, found, strict=True)}
    with workspace.write() as session:
        for row in _measurable(session, batch_id):
            near = measured.get(row.candidate_id)
            if row.similarity is None and near is not None:
                row.nearest_text, row.similarity = near.text, near.similarity
                if near.is_same and row.state == "proposed":
                    row.state = "duplicate"
    return len(waiting)


def _measurable(session: Session, batch_id: str) -> list[Candidate]:
    query = select(Candidate).where(
        Candidate.batch_id == batch_id, Candidate.state.in_(("proposed", "accepted", "rejected"))
    )
    return list(session.scalars(query.order_by(Candidate.candidate_id)))


def nearest_known(
    known: Sequence[str],
    known_vectors: Vectors,
    texts: Sequence[str],
    vectors: Vectors,
    threshold: float,
    *,
    shown: int = 0,
    kept: Sequence[bool] = (),
) -> list[Nearest]:
    """The most similar known text of each, in order.

    One that is new is known to those after it, and so is one that is `kept` all the same.
    The first `shown` known texts can be the most similar, and make no text a duplicate. Vectors are
    (n, d) float32 of unit norm. Without anything known the similarity is 0.
    """
    names = list(known)
    matrix = np.zeros((len(known) + len(texts), vectors.shape[1]), dtype=np.float32)
    if len(known):
        matrix[: len(known)] = known_vectors
    found = []
    for number, (text, vector) in enumerate(zip(texts, vectors, strict=True)):
        cosines = matrix[: len(names)] @ vector
        place = int(np.argmax(cosines)) if len(names) else -1
        cosine = float(np.clip(cosines[place], -1, 1)) if len(names) else 0.0
        is_same = bool(np.any(cosines[shown:] >= threshold))
        if is_same:  # then the twin is what a person wants to see
            place = shown + int(np.argmax(cosines[shown:]))
            cosine = float(np.clip(cosines[place], -1, 1))
        found.append(Nearest(names[place] if len(names) else "", cosine, is_same))
        if not is_same or (kept and kept[number]):
            matrix[len(names)] = vector
            names.append(text)
    return found


def _vectors(workspace: Workspace, texts: Sequence[str], embed_texts: Embed) -> Vectors:
    store = EmbeddingStore(workspace.folder("embeddings"), workspace.settings.embedding_model)
    hashes = [text_hash(text) for text in texts]
    embed_missing(store, dict(zip(hashes, texts, strict=True)), None, embed_texts)
    return store.load(hashes)
