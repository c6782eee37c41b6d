"""Every Streamlit cache. Values have a short life or are keyed by what never changes."""

from typing import Any, BinaryIO, NamedTuple

import pandas as pd
import psutil
import streamlit as st

from core.access.projects import local_admin
from core.datasets.browsing import get_dataset, get_version, load_manifest
from core.db.tables import DEFAULT_PROJECT_ID
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.batches import LaunchRequest, get_batch
from core.generation.estimate import Estimate, estimate
from core.generation.lookahead import LOOKED_AT, Lookahead, look_ahead
from core.insight.comparing.report import ComparisonReport, comparison_report
from core.insight.comparing.version_statistics import VersionStatistics, version_statistics
from core.insight.report import load_map
from core.jobs.opening import open_ready_workspace
from core.providers.connections import get_connection
from core.providers.prices import find_price
from core.quality.report import QualityReport, quality_report
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


@st.cache_data(ttl=30, max_entries=8)
def insight_map(batch_id: str, computed_at: str) -> pd.DataFrame:  # noqa: ARG001
    """Points of a batch's map with their live verdicts."""
    return load_map(workspace(), batch_id)


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
    return quality_report(workspace(), list(batch_ids))


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


@st.cache_data(max_entries=256)
def chunk(chunk_id: str) -> ChunkContext:
    """A source chunk with the text around it; chunks never change."""
    return chunk_context(workspace(), chunk_id)
