"""What can be done with chosen samples: examples for their template, more samples like them."""

from fastapi import APIRouter
from pydantic import Field

from app.api.batch_records import BatchRecord, EstimateRecord
from app.api.common import COMMON_ERRORS, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from core.generation.estimate import estimate
from core.generation.example_drafts import MOST_EXAMPLES, add_examples_to_draft
from core.jobs.aimed.similar import MOST_SHOWN, MoreLike, launch_similar, similar_launch

router = APIRouter(tags=["samples"], responses=COMMON_ERRORS)


class DraftExamplesAdd(RequestBody):
    """Samples to show to the model before the task."""

    sample_ids: list[str] = Field(min_length=1, max_length=MOST_EXAMPLES)


class DraftExamplesRecord(Record):
    """What was added to the draft of the samples' template."""

    template_id: str
    added: int
    left_out: int


class SimilarLaunch(RequestBody):
    """Samples to make more of."""

    sample_ids: list[str] = Field(
        min_length=1, max_length=20_000, description="Of one template; their cells are aimed at."
    )
    shown_ids: list[str] = Field(
        min_length=1, max_length=MOST_SHOWN, description="Shown to the model as examples."
    )
    n: int = Field(ge=1, description="Samples to generate.")
    intent: str | None = Field(None, max_length=100, description="The same wish launches once.")

    def wanted(self) -> MoreLike:
        """The same as the core takes it."""
        return MoreLike(tuple(self.sample_ids), tuple(self.shown_ids), self.n, self.intent)


@router.post(
    "/draft-examples",
    summary="Take samples into their template's draft as examples",
    responses=documented(404, 413, 415),
)
def add_draft_examples(workspace: WorkspaceDep, body: DraftExamplesAdd) -> DraftExamplesRecord:
    return DraftExamplesRecord.of(add_examples_to_draft(workspace, body.sample_ids))


@router.post(
    "/similar-batches/estimate",
    summary="Estimate more samples like some",
    responses=documented(404, 413, 415),
)
def estimate_similar(workspace: WorkspaceDep, body: SimilarLaunch) -> EstimateRecord:
    return EstimateRecord.of(estimate(workspace, similar_launch(workspace, body.wanted())))


@router.post(
    "/similar-batches",
    summary="Generate more samples like some",
    status_code=202,
    responses=documented(404, 413, 415),
)
def launch_similar_batch(workspace: WorkspaceDep, body: SimilarLaunch) -> BatchRecord:
    return BatchRecord.of(launch_similar(workspace, body.wanted()))
