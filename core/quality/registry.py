"""Every check by name.

A new one is a file in `core/quality/checks` and its place in this list, or a package's entry point.
"""

from typing import Final

from core.extensions import CHECKS as GROUP
from core.extensions import load_extensions
from core.quality.check import Check
from core.quality.checks import (
    consistency,
    echo,
    empty,
    exact_duplicate,
    groundedness,
    judge,
    language,
    leakage,
    length,
    near_duplicate,
    pii,
    placeholder,
    refusal,
    repetition,
    rules,
    schema,
    semantic_duplicate,
    toxicity,
)

BUILT_IN: Final[dict[str, Check]] = {
    module.CHECK.name: module.CHECK
    for module in (
        schema,
        empty,
        length,
        echo,
        refusal,
        placeholder,
        repetition,
        rules,
        language,
        pii,
        toxicity,
        groundedness,
        exact_duplicate,
        near_duplicate,
        semantic_duplicate,
        consistency,
        leakage,
        judge,
    )
}
CHECKS: Final[dict[str, Check]] = {
    **{check.name: check for check in load_extensions(GROUP, Check).values()},
    **BUILT_IN,
}
