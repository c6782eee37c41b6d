"""Every check by name. A new one is a file in `core/quality/checks` and its place in this list."""

from typing import Final

from core.quality.check import Check
from core.quality.checks import (
    echo,
    empty,
    exact_duplicate,
    length,
    near_duplicate,
    placeholder,
    refusal,
    repetition,
    schema,
)

CHECKS: Final[dict[str, Check]] = {
    module.CHECK.name: module.CHECK
    for module in (
        schema,
        empty,
        length,
        echo,
        refusal,
        placeholder,
        repetition,
        exact_duplicate,
        near_duplicate,
    )
}
