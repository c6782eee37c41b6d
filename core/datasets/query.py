"""What a dataset version is made of: a frozen query over samples, and how it is split."""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SPLITS = ("train", "validation", "test")


class SplitSettings(BaseModel):
    """How the rows are divided. The three shares add up to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: float = Field(0.8, ge=0, le=1, description="Share of rows in train.")
    validation: float = Field(0.15, ge=0, le=1, description="Share of rows in validation.")
    test: float = Field(0.05, ge=0, le=1, description="Share of rows in test.")
    seed: int = Field(0, description="Decides which groups go where.")
    stratify_by: str | None = Field(
        "domain", description="'domain', or a template variable, kept in proportion in each split."
    )
    group_by_source: bool = Field(
        True, description="Samples of one source document or table row stay in one split."
    )
    near_duplicate: float = Field(
        0.85, gt=0, le=1, description="Texts at least this alike (Jaccard) stay in one split."
    )

    @model_validator(mode="after")
    def _shares_add_up(self) -> "SplitSettings":
        total = math.fsum(self.ratios)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"train, validation and test must add up to 1, got {total:g}")
        return self

    @property
    def ratios(self) -> tuple[float, float, float]:
        """The shares in the order of SPLITS."""
        return (self.train, self.validation, self.test)


class DatasetQuery(BaseModel):
    """Which samples a version holds. Stored with the version and in its manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_ids: tuple[str, ...] = Field(min_length=1, description="Batches to take samples from.")
    verdicts: tuple[Literal["accepted", "needs_review", "rejected"], ...] = Field(
        ("accepted",), min_length=1, description="Verdicts to take."
    )
    min_score: float | None = Field(
        None, ge=0, le=1, description="Lowest quality score; samples a person decided are exempt."
    )
    include_corrections: bool = Field(
        True, description="Release the corrected text where a person edited one."
    )
    split: SplitSettings = Field(default_factory=SplitSettings)
