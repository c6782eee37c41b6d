"""The smallest templates to begin from."""

import re
from typing import Any


def minimal_template(title: str) -> dict[str, Any]:
    """A valid template that says almost nothing yet, named after its title."""
    return {
        "name": name_for(title),
        "title": title.strip() or "New template",
        "domain": "general",
        "system": "You write training examples. Each one is realistic, specific and complete.",
        "user": "Write one example.",
        "output": {
            "type": "object",
            "additionalProperties": False,
            "required": ["text"],
            "properties": {"text": {"type": "string", "description": "The example."}},
        },
        "mapping": {"input": "Write one example.", "response": "{{ output.text }}"},
    }


def name_for(title: str) -> str:
    """A title as a template's name: lower case, with hyphens; `template` where nothing is left."""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    name = re.sub(r"^[^a-z]+", "", name)[:100].strip("-")
    return name or "template"
