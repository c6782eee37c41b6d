"""Every Streamlit cache. Values have a short life or are keyed by what never changes."""

from typing import Any, BinaryIO, NamedTuple

import numpy as np
import psutil
import streamlit as st
from numpy.typing import NDArray

from core.access.projects import local_admin
from core.datasets.browsing import get_dataset, get_version, load_manifest
from core.db.tables import DEFAULT_PROJECT_ID, QualityAlert
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.batches import LaunchRequest, get_batch
from core.generation.choosing import chosen
from core.generation.estimate import Estimate, estimate
from core.generation.lookahead import LOOKED_AT, Lookahead, look_ahead
from core.insight.comparing.report import ComparisonReport, comparison_report
from core.insight.comparing.version_statistics import VersionStatistics, version_statistics
from core.insight.coverage.grid_view import GridView, grid_view
from core.insight.mapping.points import (
    ChosenCounts,
    ChosenRow,
    MapPoints,
    PointColors,
    PointField,
    chosen_counts,
    load_points,
    point_colors,
    point_fields,
)
from core.insight.mapping.points import chosen_rows as read_chosen
from core.jobs.aimed.filling_gaps import FillRequest, fill_launch
from core.jobs.aimed.similar import MoreLike, similar_launch
from core.jobs.opening import open_ready_workspace
from core.jobs.pairs.twins import TwinRequest, estimate_twins
from core.providers.connections import get_connection
from core.providers.prices import find_price
from core.quality.breakdown import GroupQuality, quality_by, verdict_counts
from core.quality.judge.report import JudgingReport, judging_report
from core.quality.report import QualityReport, quality_report
from core.quality.thresholds.readings import Readings, load_readings
from core.querying.running import QueryResult, run_query
from core.review.watching.alerts import list_alerts
from core.review.watching.trends import TrendPoint, quality_trend
from core.settings import load_settings
from core.sources.browsing import ChunkContext, chunk_context
from core.sources.importing import SourcePreview, preview_source
from core.sources.knowledge.entries import domains
from core.sources.parsing.reading import ReadSettings
from core.spend.report import SpendRow, SpendTotal, spend_by, spend_total
from core.templates.definition import parse_template, template_yaml
from core.templates.editing.draft_text import read_draft
from core.templates.specimens import Specimen, SpecimenMaker, value_shares
from core.templates.starters import get_starter
from core.templates.versions import get_template, load_definition
from core.templates.versions import get_version as get_template_version


@st.cache_resource
def workspace() -> Workspace:
    """The workspace that the environment names, opened and made ready once per process."""
    return open_ready_workspace(load_settings())


@st.cache_resource(ttl=600, max_entries=4, show_spinner=False)
def map_points(scope_id: str, stamp: str) -> MapPoints:  # noqa: ARG001
    """Where the texts of a scope lie. A resource, as 100,000 ids take long to copy: read only."""
    return load_points(workspace(), scope_id)


@st.cache_data(ttl=600, max_entries=8, show_spinner=False)
def map_fields(scope_id: str, stamp: str) -> list[PointField]:
    """What the points of that map can be coloured by."""
    return point_fields(workspace(), map_points(scope_id, stamp))


@st.cache_data(ttl=30, max_entries=16, show_spinner=False)
def map_colors(scope_id: str, stamp: str, field: PointField) -> PointColors:
    """One field of the points of that map, as it was half a minute ago at most."""
    return point_colors(workspace(), map_points(scope_id, stamp), field)


@st.cache_data(ttl=30, max_entries=8, show_spinner=False)
def map_counts(scope_id: str, stamp: str, places: NDArray[np.int64]) -> ChosenCounts:
    """Verdicts and score of what was chosen on that map."""
    return chosen_counts(workspace(), map_points(scope_id, stamp), places)


@st.cache_data(ttl=30, max_entries=16, show_spinner=False)
def chosen_rows(ids: tuple[str, ...]) -> list[ChosenRow]:
    """The beginnings of these texts."""
    return read_chosen(workspace(), ids)


@st.cache_data(ttl=60, max_entries=8, show_spinner="Estimating", hash_funcs={MoreLike: repr})
def similar_estimate(wanted: MoreLike) -> tuple[LaunchRequest, Estimate]:
    """The launch of more samples like some, and what it would cost and take."""
    request = chosen(workspace(), similar_launch(workspace(), wanted))
    return request, estimate(workspace(), request)


@st.cache_data(ttl=10, max_entries=8, show_spinner=False)
def grid(scope_id: str, at_least: int = 1) -> GridView:
    """The grid of a scope's template as it is filled, with its gaps."""
    return grid_view(workspace(), scope_id, at_least=at_least)


@st.cache_data(ttl=60, max_entries=16, show_spinner="Estimating", hash_funcs={FillRequest: repr})
def fill_estimate(wanted: FillRequest) -> tuple[LaunchRequest, Estimate]:
    """The launch that fills a gap, and what it would cost and take."""
    request = chosen(workspace(), fill_launch(workspace(), wanted))
    return request, estimate(workspace(), request)


@st.cache_data(max_entries=8, show_spinner=False)
def source_preview(
    file_id: str,  # noqa: ARG001
    _upload: BinaryIO,
    name: str,
    settings: ReadSettings,
) -> SourcePreview:
    """How the beginning of an uploaded file would be imported."""
    return preview_source(
        _upload,
        name,
        kind=settings.kind,
        chunk_chars=settings.chunk_chars,
        overlap_chars=settings.overlap_chars,
        limits=workspace().settings.source_limits,
    )


@st.cache_data(ttl=10, max_entries=32)
def quality(batch_ids: tuple[str, ...]) -> QualityReport:
    """Findings, scores and verdicts of these batches."""
    return quality_report(workspace(), list(batch_ids), with_variables=False)


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def quality_groups(
    by: str, batch_ids: tuple[str, ...], template_id: str | None = None, with_defects: bool = True
) -> list[GroupQuality]:
    """Quality by group, of these batches or else of all of a template's."""
    return quality_by(
        workspace(), by, batch_ids=batch_ids, template_id=template_id, with_defects=with_defects
    )


@st.cache_data(ttl=5, max_entries=2, show_spinner=False)
def verdicts() -> dict[str, int]:
    """Samples per verdict over everything."""
    return verdict_counts(workspace())


@st.cache_resource(ttl=60, max_entries=4, show_spinner="Reading the findings")
def readings(batch_id: str) -> Readings:
    """What the checks measured in a batch; read-only."""
    return load_readings(workspace(), batch_id)


@st.cache_data(ttl=10, max_entries=16, show_spinner=False)
def trend(template_id: str | None, limit: int = 30) -> list[TrendPoint]:
    """How the newest batches of a template, or of the project, did."""
    return quality_trend(workspace(), template_id, limit=limit)


@st.cache_data(ttl=10, max_entries=16, show_spinner=False)
def alerts(batch_id: str | None = None, limit: int = 20) -> list[QualityAlert]:
    """The open alerts of a batch, or of the project."""
    return list_alerts(workspace(), batch_id=batch_id, limit=limit)


def forget_quality() -> None:
    """Verdicts have changed: read them again."""
    for cached in (quality, quality_groups, verdicts, readings, trend):
        cached.clear()


@st.cache_data(ttl=20, max_entries=32, show_spinner="Comparing judges")
def judging(
    rubric_version_id: str, batch_ids: tuple[str, ...], threshold: float | None
) -> JudgingReport:
    """What judges said by one version of a rubric, and how far to trust it."""
    return judging_report(workspace(), rubric_version_id, batch_ids=batch_ids, threshold=threshold)


@st.cache_data(ttl=5, max_entries=16)
def spend(key: str) -> list[SpendRow]:
    """Spend by model, template, batch, user or day."""
    return spend_by(workspace(), key)


@st.cache_data(ttl=5, max_entries=4)
def totals() -> SpendTotal:
    """What everything cost so far."""
    return spend_total(workspace())


@st.cache_data(max_entries=32)
def manifest(dataset_version_id: str, manifest_sha256: str) -> dict[str, Any]:  # noqa: ARG001
    """A released version's manifest, which never changes."""
    return dict(load_manifest(workspace(), dataset_version_id))


@st.cache_data(ttl=10, max_entries=16)
def version_figures(template_id: str) -> list[VersionStatistics]:
    """What each version of a template yielded."""
    return version_statistics(workspace(), template_id)


@st.cache_data(ttl=60, max_entries=16, show_spinner="Testing the pairs")
def comparison_outcome(comparison_id: str, states: str) -> ComparisonReport:  # noqa: ARG001
    """The tests of a comparison whose batches are in these states. Reviews can change it."""
    return comparison_report(workspace(), comparison_id)


class Machine(NamedTuple):
    """What the machine that serves this page has left."""

    cpu_percent: float
    cpu_count: int
    memory_used_bytes: int
    memory_total_bytes: int
    disk_free_bytes: int
    disk_total_bytes: int


@st.cache_data(ttl=2, max_entries=1)
def machine() -> Machine:
    """CPU, memory and the workspace's disk, now."""
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage(str(workspace().home))
    return Machine(
        psutil.cpu_percent(),
        psutil.cpu_count() or 1,
        memory.total - memory.available,
        memory.total,
        disk.free,
        disk.total,
    )


@st.cache_data(ttl=60, max_entries=512)
def name_of(record_id: str) -> str:
    """What people call the batch or dataset version of this id."""
    try:
        if record_id.startswith("dsv_"):
            version = get_version(workspace(), record_id)
            return f"{get_dataset(workspace(), version.dataset_id).name} {version.version}"
        return get_batch(workspace(), record_id).name
    except NotFound:
        return record_id


@st.cache_data(ttl=15, max_entries=64, hash_funcs={LaunchRequest: repr})
def launch_estimate(request: LaunchRequest) -> Estimate:
    """What a launch would cost and take, and what of it was paid for before."""
    return estimate(workspace(), request)


@st.cache_data(ttl=30, max_entries=64)
def has_price(connection: str, model: str) -> bool:
    """Whether a call to this model can be priced."""
    found = get_connection(workspace(), connection)
    return find_price(workspace(), found, model) is not None


@st.cache_data(ttl=60, max_entries=64)
def person(user_id: str) -> str:
    """What a user is called. Without sign-in there is one."""
    admin = local_admin(workspace())
    return admin.name if user_id == admin.user_id else user_id


@st.cache_data(max_entries=256)
def version_text(template_version_id: str) -> str:
    """A version's YAML; versions never change."""
    return template_yaml(load_definition(get_template_version(workspace(), template_version_id)))


@st.cache_data(ttl=30, max_entries=32)
def lookahead(text: str, n: int, seed: int, looked_at: int = LOOKED_AT) -> Lookahead:
    """What a batch of a valid draft would be made of."""
    definition = read_draft(text).definition or parse_template(text)
    return look_ahead(
        workspace(), definition, n=n, seed=seed, project_id=DEFAULT_PROJECT_ID,
        looked_at=looked_at,
    )  # fmt: skip


@st.cache_data(max_entries=64)
def starter_example(name: str, place: int) -> Specimen:
    """A sample of a starter by the offline provider; starters never change in a process."""
    return SpecimenMaker(get_starter(name).definition, n=place + 1).make(place)


@st.cache_data(max_entries=64)
def starter_shares(name: str) -> dict[str, dict[str, float]]:
    """What share of a starter's plan each value of its categories gets."""
    return value_shares(get_starter(name).definition)


@st.cache_data(ttl=30, max_entries=4)
def knowledge_domains() -> list[str]:
    """The domains that have a knowledge base."""
    return domains(workspace())


@st.cache_data(ttl=60, max_entries=256)
def template_title(template_id: str) -> str:
    """A template's title."""
    return get_template(workspace(), template_id).title


@st.cache_data(max_entries=512)
def template_of_batch(batch_id: str) -> str:
    """The id of the template that made a batch; it never changes."""
    version = get_batch(workspace(), batch_id).template_version_id
    return get_template_version(workspace(), version).template_id


@st.cache_data(max_entries=256)
def chunk(chunk_id: str) -> ChunkContext:
    """A source chunk with the text around it; chunks never change."""
    return chunk_context(workspace(), chunk_id)


@st.cache_data(ttl=30, max_entries=16, show_spinner="Estimating", hash_funcs={TwinRequest: repr})
def twins_estimate(wanted: TwinRequest) -> Estimate:
    """What counterfactual twins would cost and take."""
    return estimate_twins(workspace(), wanted)


@st.cache_data(ttl=600, max_entries=8, show_spinner=False)
def query_result(sql: str, turn: int) -> QueryResult:  # noqa: ARG001
    """The answer of one run of a query; every run has a turn of its own."""
    return run_query(workspace(), sql)
