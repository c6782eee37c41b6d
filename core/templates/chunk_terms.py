"""Whether a template reads the key terms of its chunk, so that they are loaded only then. Pure."""

import re
from typing import Final

import orjson

from core.templates.definition import TemplateDefinition

READ: Final = re.compile(rb"\b(?:terms|entities)\b")


def reads_terms(definition: TemplateDefinition) -> bool:
    """Whether any text of the template may read `chunk.terms` or `chunk.entities`.

    A template that only names such a word elsewhere costs a query more, and is otherwise the same.
    """
    if definition.source is None:
        return False
    return READ.search(orjson.dumps(definition.model_dump(mode="json"))) is not None
