"""From texts, vectors and a plan to the contents of a report. No database, no model, no files.

A report is made in stages: from words alone, from a sample of embeddings, from all of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.insight.bias.groups import GroupSpec, batch_bias
from core.insight.bias.outcomes import outcome_values
from core.insight.bias.wordlists import WordList
from core.insight.contents import (
    Bias,
    ClusterRow,
    Coverage,
    InsightContents,
    MetricValue,
    ProjectionNote,
)
from core.insight.coverage.grid import CellLike, count_cells, grid_coverage
from core.insight.diversity.measures import (
    LEXICAL_THRESHOLD,
    Vectors,
    mean_pairwise_similarity,
    self_bleu,
    semantic_twin_rate,
    twin_rate,
    vendi_score,
    wording_metrics,
)
from core.insight.diversity.metrics import METRICS
from core.insight.diversity.sampling import sampled_similarity, sampled_vendi, stratified_rows
from core.insight.mapping.clusters import Clustering, cluster, cluster_terms
from core.insight.mapping.lexical import lexical_vectors
from core.insight.mapping.map import fixed_columns
from core.insight.mapping.projection import Projection, project
from core.insight.records import Records
from core.text.alike.similarity import near_duplicate_groups

SEED: Final = 0  # a report of the same texts is the same report
FEW_SAMPLES: Final = 20
FIRST_TEXTS: Final = 2_000  # whose wording the first look counts
LEXICAL_MAP: Final = "By words in common, until the embeddings are there (TF-IDF and SVD); "


@dataclass(frozen=True)
class Material:
    """What a report is made from."""

    records: Records
    cells: Sequence[CellLike]  # of the template's grid; empty where no one template made them all
    specs: Sequence[GroupSpec]
    embedding_model: str
    refused: Collection[str] | None = None  # ids where the model declined; None: nobody looked

    @cached_property
    def texts(self) -> list[str]:
        """Input and response of each record, in their order."""
        return self.records.texts()

    @cached_property
    def outcomes(self) -> dict[str, NDArray[np.float64]]:
        """What is compared between groups, of each record."""
        return outcome_values(self.records, self.refused, seed=SEED)

    def coverage(self) -> Coverage:
        """The template's grid and what is in it."""
        return grid_coverage(self.cells, count_cells(self.cells, self.records.variables))


@dataclass(frozen=True)
class Layout:
    """Where each text lies, by whatever vectors there are; one entry per text."""

    vectors: Vectors
    clustering: Clustering
    projection: Projection

    @classmethod
    def of(cls, vectors: Vectors, *, is_quick: bool = False) -> "Layout":
        """The layout of these vectors."""
        points = project(vectors, seed=SEED, is_quick=is_quick)
        return cls(vectors, cluster(vectors, seed=SEED), points)


def first_look(material: Material) -> tuple[InsightContents, pd.DataFrame]:
    """The report before any text is embedded, and a map by words.

    Wording is counted in at most `FIRST_TEXTS` texts, stratified by the regions of the map.
    """
    layout = Layout.of(lexical_vectors(material.texts, seed=SEED), is_quick=True)
    method = LEXICAL_MAP + layout.projection.method
    layout = replace(layout, projection=layout.projection._replace(method=method))
    rows = stratified_rows(layout.clustering.labels, FIRST_TEXTS, SEED)
    coverage = material.coverage()
    metrics = text_metrics([material.texts[i] for i in rows], len(material.texts))
    metrics["coverage"] = MetricValue(coverage.share, len(material.texts))
    contents, frame = _report(material, layout, coverage, metrics)
    return replace(contents, bias=first_bias(material)), frame


def first_bias(material: Material) -> Bias:
    """What groups say of bias without any embedding."""
    nothing = np.zeros((0, 1), dtype=np.float32)
    return batch_bias(
        material.specs, material.records.variables, nothing, (), {},
        outcomes=material.outcomes, seed=SEED,
    )  # fmt: skip


def sampled_look(contents: InsightContents, vectors: Vectors, n: int) -> InsightContents:
    """The same report with what a sample's embeddings say of all `n` texts."""
    metrics = {
        **contents.metrics,
        "vendi_score": sampled_vendi(vectors, n),
        "mean_similarity": sampled_similarity(vectors, n),
    }
    return replace(contents, metrics=_ordered(metrics), embedded=len(vectors))


def full_look(
    material: Material,
    vectors: Vectors,
    lists: Sequence[WordList],
    word_vectors: Mapping[str, NDArray[np.float32]],
) -> tuple[InsightContents, pd.DataFrame]:
    """The whole report and its map. Works for any number of texts, none included."""
    n = len(material.texts)
    coverage = material.coverage()
    metrics = {
        **text_metrics(material.texts, n),
        **vector_metrics(vectors),
        "coverage": MetricValue(coverage.share, n),
    }
    contents, frame = _report(material, Layout.of(vectors), coverage, metrics)
    bias = Bias(note="There are no samples yet.")
    if n:
        bias = batch_bias(
            material.specs, material.records.variables, vectors, lists, word_vectors,
            outcomes=material.outcomes, seed=SEED,
        )  # fmt: skip
    return replace(contents, bias=bias, embedded=n), frame


def too_few(n: int) -> str:
    """What to tell a person about a small batch; empty for a large enough one."""
    if n == 0:
        return "Too few samples: none was generated yet."
    if n < FEW_SAMPLES:
        noun = "sample" if n == 1 else "samples"
        return f"Too few samples: {n} {noun} say little. Figures settle from about 100 on."
    return ""


def text_metrics(texts: Sequence[str], population: int) -> dict[str, MetricValue]:
    """What the wording of these texts says; `population` are all that they stand for."""
    n = len(texts)
    found = {
        **wording_metrics(texts),
        "self_bleu": self_bleu(texts, seed=SEED),
    }
    if n == population:  # a twin outside a sample is not seen: its rate would be too low
        groups = near_duplicate_groups(texts, LEXICAL_THRESHOLD) if n > 1 else np.arange(n)
        found["near_duplicates_lexical"] = twin_rate(np.asarray(groups, dtype=np.int64))
    return found


def vector_metrics(vectors: Vectors) -> dict[str, MetricValue]:
    """What the embeddings of all texts say."""
    n = len(vectors)
    return {
        "vendi_score": MetricValue(vendi_score(vectors), n),
        "mean_similarity": MetricValue(mean_pairwise_similarity(vectors), n),
        "near_duplicates_semantic": semantic_twin_rate(vectors, seed=SEED),
    }


def _ordered(metrics: Mapping[str, MetricValue]) -> dict[str, MetricValue]:
    return {name: metrics[name] for name in METRICS if name in metrics}


def _report(
    material: Material,
    layout: Layout,
    coverage: Coverage,
    metrics: Mapping[str, MetricValue],
) -> tuple[InsightContents, pd.DataFrame]:
    n, projection = len(material.texts), layout.projection
    rows = _cluster_rows(material, layout)
    contents = InsightContents(
        samples=n,
        embedding_model=material.embedding_model,
        too_few=too_few(n),
        metrics=_ordered(metrics),
        clusters=rows,
        projection=ProjectionNote(
            projection.method,
            SEED,
            projection.explained_variance,
            layout.clustering.silhouette,
            projection.is_final,
        ),
        coverage=coverage,
    )
    return contents, _map_frame(material.records, layout, rows)


def _cluster_rows(material: Material, layout: Layout) -> list[ClusterRow]:
    vectors, labels = layout.vectors, layout.clustering.labels
    terms = cluster_terms(material.texts, labels)
    rows = []
    for number in range(layout.clustering.clusters):
        members = np.flatnonzero(labels == number)
        centre = vectors[members].mean(axis=0)
        centre_x, centre_y = np.median(layout.projection.points[members], axis=0)
        nearest = members[int(np.argmax(vectors[members] @ centre))]
        rows.append(
            ClusterRow(
                cluster=number,
                label=", ".join(terms[number][:3]) or f"cluster {number + 1}",
                terms=terms[number],
                count=len(members),
                share=len(members) / len(material.texts),
                x=float(centre_x),
                y=float(centre_y),
                sample_id=material.records.ids[nearest],
            )
        )
    return rows


def _map_frame(records: Records, layout: Layout, rows: Sequence[ClusterRow]) -> pd.DataFrame:
    names = np.array([row.label for row in rows], dtype=object)
    labels = layout.clustering.labels
    return pd.DataFrame(
        {
            "sample_id": list(records.ids),
            "x": layout.projection.points[:, 0],
            "y": layout.projection.points[:, 1],
            "cluster": labels.astype(np.int32),
            "cluster_label": pd.Categorical(names[labels]) if len(names) else [],
            **fixed_columns(records.domains, records.variables),
        }
    )
