"""A template aimed at a part of its field: its prompt shows what texts of that part are about.

Owns the words that are added and the variables that carry them. Which part, and which texts show
it, is chosen at the launch, so all aims of one template version share one aimed version.
"""

from typing import Any, Final

from core.errors import InvalidInput
from core.templates.definition import TemplateDefinition, build_template

AIM: Final = "aim"  # given at the launch: {"terms": […], "texts": […]}
TURN: Final = "aim_turn"  # which of the texts a sample is shown
TEXT: Final = "aim_text"
MAX_TERMS: Final = 12
MAX_TEXTS: Final = 24
MAX_TEXT_CHARS: Final = 1_200
TURNS: Final = 9_999
ADDED: Final = """

{% if aim.terms %}Too few examples so far are about this part of the field: \
{{ aim.terms | join(", ") }}. Write one that is.
{% endif %}{% if aim_text %}This text is of the kind that is wanted, in subject and in manner. \
Write a new one; copy nothing from it.
<example>
{{ aim_text }}
</example>
{% endif %}"""
VARIABLES: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": AIM,
        "description": "Terms and texts of the part of the field that is aimed at.",
        "sampler": {"kind": "given", "default": {"terms": ["a part"], "texts": ["A text."]}},
    },
    {
        "name": TURN,
        "description": "Which of the texts this sample is shown.",
        "sampler": {"kind": "integer", "low": 0, "high": TURNS},
    },
    {
        "name": TEXT,
        "description": "The text that this sample is shown.",
        "sampler": {
            "kind": "expression",
            "template": "{% if aim.texts %}{{ aim.texts[aim_turn % (aim.texts | length)] }}"
            "{% endif %}",
        },
    },
)


def aimed(definition: TemplateDefinition) -> TemplateDefinition:
    """The definition whose first prompt names a part of the field; one that does stays as it is.

    Raises InvalidInput where its variables leave no room, TemplateError for a prompt too long.
    """
    names = {variable.name for variable in definition.variables}
    ours = {AIM, TURN, TEXT}
    if ours <= names:
        return definition
    if ours & names:
        raise InvalidInput(
            f"The template has a variable {sorted(ours & names)[0]!r} of its own.",
            remedy="Rename it, then aim the template.",
        )
    data = definition.model_dump(mode="json", exclude_defaults=True)
    data["variables"] = [*data.get("variables", []), *VARIABLES]
    if definition.steps:
        data.pop("output", None)
        data["steps"][0]["user"] += ADDED
    else:
        data["user"] = data.get("user", "") + ADDED
    return build_template(data)


def aim_of(terms: list[str], texts: list[str]) -> dict[str, Any]:
    """What the launch gives the aimed template, cut to what a prompt holds."""
    return {"terms": terms[:MAX_TERMS], "texts": [t[:MAX_TEXT_CHARS] for t in texts[:MAX_TEXTS]]}
