"""From texts, vectors and a plan to the contents of a report. No database, no model, no files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.insight.clusters import Clustering, cluster, cluster_terms
from core.insight.contents import (
    Bias,
    ClusterRow,
    Coverage,
    InsightContents,
    MetricValue,
    ProjectionNote,
)
from core.insight.coverage import CellLike, count_cells, grid_coverage
from core.insight.diversity import (
    LEXICAL_THRESHOLD,
    Vectors,
    distinct_n,
    mean_pairwise_similarity,
    self_bleu,
    semantic_twin_rate,
    twin_rate,
    vendi_score,
)
from core.insight.groups import GroupSpec, batch_bias
from core.insight.metrics import METRICS
from core.insight.projection import Projection, project
from core.insight.wordlists import WordList
from core.text.similarity import near_duplicate_groups

SEED = 0  # a report of the same texts is the same report
FEW_SAMPLES = 20


@dataclass(frozen=True)
class Material:
    """What a report is made from; the sequences have one entry per sample, in plan order."""

    sample_ids: Sequence[str]
    texts: Sequence[str]
    variables: Sequence[Mapping[str, Any]]
    cells: Sequence[CellLike]
    specs: Sequence[GroupSpec]
    embedding_model: str


def measure(
    material: Material,
    vectors: Vectors,
    lists: Sequence[WordList],
    word_vectors: Mapping[str, NDArray[np.float32]],
) -> tuple[InsightContents, pd.DataFrame]:
    """The report and its map. Works for any number of samples, none included."""
    n = len(material.texts)
    coverage = grid_coverage(material.cells, count_cells(material.cells, material.variables))
    clustering = cluster(vectors, seed=SEED)
    projection = project(vectors, seed=SEED)
    rows = _cluster_rows(material, vectors, clustering, projection)
    bias = batch_bias(material.specs, material.variables, vectors, lists, word_vectors, seed=SEED)
    contents = InsightContents(
        samples=n,
        embedding_model=material.embedding_model,
        too_few=too_few(n),
        metrics=_metrics(material.texts, vectors, coverage),
        clusters=rows,
        projection=ProjectionNote(
            projection.method, SEED, projection.explained_variance, clustering.silhouette
        ),
        coverage=coverage,
        bias=bias if n else Bias(note="There are no samples yet."),
    )
    return contents, _map_frame(material.sample_ids, clustering, projection, rows)


def too_few(n: int) -> str:
    """What to tell a person about a small batch; empty for a large enough one."""
    if n == 0:
        return "Too few samples: none was generated yet."
    if n < FEW_SAMPLES:
        noun = "sample" if n == 1 else "samples"
        return f"Too few samples: {n} {noun} say little. Figures settle from about 100 on."
    return ""


def _metrics(texts: Sequence[str], vectors: Vectors, coverage: Coverage) -> dict[str, MetricValue]:
    n = len(texts)
    groups = near_duplicate_groups(texts, LEXICAL_THRESHOLD) if n > 1 else np.arange(n)
    values = {
        "vendi_score": MetricValue(vendi_score(vectors), n),
        "mean_similarity": MetricValue(mean_pairwise_similarity(vectors), n),
        "distinct_1": MetricValue(distinct_n(texts, 1), n),
        "distinct_2": MetricValue(distinct_n(texts, 2), n),
        "distinct_3": MetricValue(distinct_n(texts, 3), n),
        "self_bleu": self_bleu(texts, seed=SEED),
        "near_duplicates_lexical": twin_rate(np.asarray(groups, dtype=np.int64)),
        "near_duplicates_semantic": semantic_twin_rate(vectors, seed=SEED),
        "coverage": MetricValue(coverage.share, n),
    }
    return {name: values[name] for name in METRICS}


def _cluster_rows(
    material: Material, vectors: Vectors, clustering: Clustering, projection: Projection
) -> list[ClusterRow]:
    labels, n = clustering.labels, len(material.texts)
    terms = cluster_terms(material.texts, labels)
    rows = []
    for number in range(clustering.clusters):
        members = np.flatnonzero(labels == number)
        centre = vectors[members].mean(axis=0)
        centre_x, centre_y = np.median(projection.points[members], axis=0)
        rows.append(
            ClusterRow(
                cluster=number,
                label=", ".join(terms[number][:3]) or f"cluster {number + 1}",
                terms=terms[number],
                count=len(members),
                share=len(members) / n,
                x=float(centre_x),
                y=float(centre_y),
                sample_id=material.sample_ids[members[int(np.argmax(vectors[members] @ centre))]],
            )
        )
    return rows


def _map_frame(
    sample_ids: Sequence[str],
    clustering: Clustering,
    projection: Projection,
    rows: Sequence[ClusterRow],
) -> pd.DataFrame:
    names = {row.cluster: row.label for row in rows}
    return pd.DataFrame(
        {
            "sample_id": list(sample_ids),
            "x": projection.points[:, 0],
            "y": projection.points[:, 1],
            "cluster": clustering.labels.astype(np.int32),
            "cluster_label": [names[int(label)] for label in clustering.labels],
        }
    )
