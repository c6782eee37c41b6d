"""What every part of a template shares: immutable models that refuse unknown keys."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_PROMPT_CHARS = 64 * 1024
Text = Annotated[str, Field(min_length=1, max_length=MAX_PROMPT_CHARS)]
Condition = Annotated[str, Field(min_length=1, max_length=2000)]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$", description="Such as en_US.")]


class Part(BaseModel):
    """Every part of a template: immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
