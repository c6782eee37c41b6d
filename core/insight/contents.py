"""What an insight report holds: frozen records that become plain JSON and come back whole.

Nothing here computes. Every number is finite or None, so that any JSON reader can take it.
"""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter

REPORT_VERSION = 2

Stage = Literal["", "lexical", "sampled", "complete"]


@dataclass(frozen=True)
class MetricValue:
    """One measured figure. Its meaning stands in `core.insight.diversity.metrics.METRICS`."""

    value: float | None  # None: too few samples to say
    sample_size: int  # texts that the figure was computed from
    error: float = 0.0  # half-width of the 95 % interval; 0 where every text was used


@dataclass(frozen=True)
class ClusterRow:
    """One region of the map, the largest first."""

    cluster: int  # 0, 1, 2 …, the number used in the map
    label: str  # its own terms, joined for a legend
    terms: list[str]
    count: int
    share: float  # of all samples on the map, 0 to 1
    x: float  # centre on the map
    y: float
    sample_id: str  # the sample nearest to the centre of the cluster, as an example


@dataclass(frozen=True)
class ProjectionNote:
    """How the map was made."""

    method: str  # for people: "PCA, then t-SNE (perplexity 30)"
    seed: int
    explained_variance: float | None  # share kept by two components; None where not linear
    silhouette: float | None  # of the clusters, -1 to 1; None for a single cluster
    is_final: bool = True  # False: a better map is being drawn


@dataclass(frozen=True)
class CoverageRow:
    """One cell of the template's variable grid."""

    values: dict[str, str]
    planned: int
    generated: int


@dataclass(frozen=True)
class Coverage:
    """How much of the template's grid of categorical variables holds at least one sample."""

    cells_total: int  # cells that the template allows
    cells_planned: int  # cells to which the plan gave at least one sample
    cells_filled: int  # cells with at least one generated sample
    share: float | None  # cells_filled / cells_total; None without a grid
    rows: list[CoverageRow]  # the emptiest first; at most `coverage.MAX_ROWS`


@dataclass(frozen=True)
class RepresentationRow:
    """One group's share against its target."""

    group: str
    count: int
    share: float
    target: float
    low: float  # Wilson 95 % interval of the share
    high: float
    p_value: float  # exact two-sided binomial test against the target
    adjusted_p: float  # the same after Holm's correction over the variable's groups


@dataclass(frozen=True)
class Representation:
    """The groups of one variable against their target."""

    variable: str
    is_assumed: bool  # True: no target was declared, even shares are taken
    total: int
    p_value: float | None  # chi-square test of all groups together; None for a single group
    rows: list[RepresentationRow]
    note: str  # what it means and when not to trust it


@dataclass(frozen=True)
class Association:
    """One WEAT: are X closer to A, and Y to B, than chance allows?"""

    word_list: str  # name of the list in data/wordlists that gave A and B
    variable: str | None  # X and Y are samples of two of its groups; None: X and Y are words
    x: str
    y: str
    a: str
    b: str
    x_count: int
    y_count: int
    effect_size: float | None  # d, about -2 to 2; None where all associations are equal
    p_value: float  # groups: two-sided; words: one-sided, as published
    adjusted_p: float  # after Holm's correction over the tests of its kind in this report
    permutations: int
    is_exact: bool  # every partition was enumerated
    note: str


@dataclass(frozen=True)
class GroupOutcome:
    """One group's outcome beside that of all other groups together."""

    group: str
    count: int
    mean: float | None  # a share for yes-or-no outcomes; None without samples
    low: float | None  # 95 % interval of the mean
    high: float | None
    difference: float | None  # the group's mean less that of the others
    difference_low: float | None  # 95 % interval of the difference
    difference_high: float | None
    effect: float | None  # Cohen's d of numbers, Cohen's h of shares
    p_value: float  # two-sided
    adjusted_p: float  # after Holm's correction over the comparisons of its family
    false_discovery: float  # after Benjamini and Hochberg's


@dataclass(frozen=True)
class Disparity:
    """One outcome by the groups of one variable."""

    variable: str
    is_assumed: bool  # True: nobody declared these values to be groups
    outcome: str  # name in `core.insight.bias.outcomes.OUTCOMES`
    count: int  # samples that have the outcome and a group
    rows: list[GroupOutcome]
    note: str  # what was found, in words


@dataclass(frozen=True)
class Bias:
    """Representation of groups, what differs between them, and associations of their texts and of
    the model itself."""

    representation: list[Representation] = field(default_factory=list)
    disparities: list[Disparity] = field(default_factory=list)
    groups: list[Association] = field(default_factory=list)
    words: list[Association] = field(default_factory=list)
    note: str = ""  # why a part is missing


@dataclass(frozen=True)
class InsightContents:
    """Everything a scope's report says; stored as JSON in `InsightReport.report`."""

    version: int = REPORT_VERSION
    samples: int = 0
    embedded: int = 0  # texts whose embeddings the figures of meaning rest on
    embedding_model: str = ""
    too_few: str = ""  # what could not be computed because of too few samples, for people
    metrics: dict[str, MetricValue] = field(default_factory=dict)
    clusters: list[ClusterRow] = field(default_factory=list)
    projection: ProjectionNote | None = None
    coverage: Coverage | None = None
    bias: Bias = field(default_factory=Bias)
    passed: dict[str, str] = field(default_factory=dict)  # step of the analysis: texts it saw


CONTENTS = TypeAdapter(InsightContents)
