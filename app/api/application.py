"""The REST API as one FastAPI app, to be mounted at `/api`."""

from importlib.metadata import version

from fastapi import FastAPI

from app.api import (
    augmentations,
    batches,
    budgets,
    comparisons,
    connections,
    corrections,
    datasets,
    expansions,
    gaps,
    health,
    imports,
    insight,
    jobs,
    judgements,
    knowledge,
    previews,
    quality,
    quality_alerts,
    queries,
    reviews,
    rubrics,
    samples,
    scope_comparisons,
    similar,
    sources,
    spend,
    starters,
    template_versions,
    templates,
    terms,
    thresholds,
    training_data,
    twins,
    word_lists,
)
from app.api.errors import install_error_handlers
from app.api.guards import Guards, allowed_hosts
from core.db.workspace import Workspace

PREFIX = "/v1"
NOUNS = (
    previews,
    templates,
    template_versions,
    starters,
    comparisons,
    expansions,
    sources,
    terms,
    knowledge,
    batches,
    augmentations,
    imports,
    samples,
    reviews,
    rubrics,
    judgements,
    datasets,
    training_data,
    spend,
    budgets,
    corrections,
    insight,
    gaps,
    quality,
    thresholds,
    quality_alerts,
    scope_comparisons,
    similar,
    twins,
    word_lists,
    queries,
    jobs,
    connections,
    health,
)
TAGS = {
    "templates": "Generation recipes and their immutable versions.",
    "comparisons": "Two batches over the same plan, and which is better.",
    "expansions": "What a model proposes for a template, and decisions on it.",
    "sources": "Imported documents and tables, cut into chunks.",
    "knowledge": "Terms, rules, scenarios and expert answers of a domain.",
    "batches": "Background generations: launch, watch, pause, resume, cancel, retry.",
    "augmentations": "Samples derived from samples, by a model or by a rule.",
    "imports": "Tables taken over as samples.",
    "samples": "Generated records, their lineage, and decisions on them.",
    "reviews": "What waits for a person and what was decided.",
    "rubrics": "What judges are asked, and their immutable versions.",
    "judgements": "Scores of judges with reasons, and how far to trust them.",
    "datasets": "Immutable releases: build, verify, compare, download.",
    "training-data": "Aliases for launching a batch and fetching a dataset version.",
    "spend": "What was spent, budgets and their alerts, corrections.",
    "insight": "Quality, diversity, coverage and bias of a batch.",
    "queries": "SQL over samples, attempts, reviews and releases; nothing can be changed.",
    "jobs": "The queue and its workers.",
    "connections": "Ways to reach models.",
    "prices": "What models cost.",
    "health": "Whether the server answers.",
}


def create_api(workspace: Workspace) -> FastAPI:
    """The API over this workspace. It has no start-up of its own: a mounted app's is not run."""
    api = FastAPI(
        title="Seedbed",
        summary="Grow training data for language models.",
        version=version("seedbed"),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        # Their pages load scripts from another host; the document itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.workspace = workspace
    for noun in NOUNS:
        api.include_router(noun.router, prefix=PREFIX)
    install_error_handlers(api)
    # A request that the server's own guards have passed is not examined again.
    api.add_middleware(Guards, hosts=allowed_hosts(workspace.settings), api_prefix="")
    return api
