"""Rows of an imported table become samples: which columns are the input, the response, variables.

Owns the mapping and the template that stands for it. Reading the file is `core.sources`' part.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.db.tables import Chunk, Source
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.filling import Made
from core.sources.browsing import chunk_ids, get_source, list_chunks, load_chunks
from core.templates.definition import TemplateDefinition, build_template
from core.text.hashing import canonical_json

MAX_VARIABLES: Final = 50
INPUT_NAMES: Final = (
    "instruction", "question", "prompt", "input", "query", "context", "text", "problem", "user",
)  # fmt: skip
RESPONSE_NAMES: Final = (
    "response", "answer", "output", "completion", "target", "label", "category", "assistant",
    "chosen", "solution", "summary",
)  # fmt: skip
PARAGRAPHS: Final = "\n\n"


@dataclass(frozen=True)
class ColumnMapping:
    """Which columns become what. Several columns of one part are joined by an empty line."""

    input: tuple[str, ...]
    response: tuple[str, ...]
    variables: tuple[str, ...] = ()  # kept with each sample under a name made from the column's


@dataclass(frozen=True)
class ImportedRow:
    """One row as it would be imported."""

    chunk_id: str
    ordinal: int  # from 0, in the order of the table
    input: str
    response: str
    variables: dict[str, Any]
    problem: str  # why it would be kept as failed, or ""


def suggest_mapping(columns: Sequence[str]) -> ColumnMapping:
    """The mapping that column names suggest: the best response, everything else that asks."""
    named = {column.casefold(): column for column in columns}
    response = next((named[name] for name in RESPONSE_NAMES if name in named), None)
    inputs = [named[name] for name in INPUT_NAMES if name in named and named[name] != response][
        : 2 if "instruction" in named else 1
    ]
    rest = [column for column in columns if column not in inputs and column != response]
    if response is None and rest:
        response = rest.pop()
    return ColumnMapping(
        tuple(inputs), (response,) if response else (), tuple(rest[:MAX_VARIABLES])
    )


def preview_import(
    workspace: Workspace, source_id: str, mapping: ColumnMapping, limit: int = 20
) -> list[ImportedRow]:
    """The first rows as they would be imported.

    Raises NotFound, InvalidInput for a mapping that does not fit the table.
    """
    source = get_source(workspace, source_id)
    check_mapping(source, mapping)
    return [
        imported_row(chunk, mapping) for chunk in list_chunks(workspace, source_id, limit=limit)
    ]


def check_mapping(source: Source, mapping: ColumnMapping) -> None:
    """Pass silently when every column exists and the response has one.

    Raises InvalidInput.
    """
    if not source.columns:
        raise InvalidInput(
            f"{source.name!r} is a document, not a table.",
            remedy="Import CSV, JSON, JSONL or Parquet.",
        )
    if not mapping.response:
        raise InvalidInput("No column is the response.", remedy="Choose one or more.")
    for column in (*mapping.input, *mapping.response, *mapping.variables):
        if column not in source.columns:
            raise InvalidInput(
                f"The table {source.name!r} has no column {column!r}.",
                remedy=f"Its columns are {', '.join(source.columns[:30])}.",
            )
    if len(mapping.variables) > MAX_VARIABLES:
        raise InvalidInput(
            f"{len(mapping.variables)} columns are to be kept as variables.",
            remedy=f"Keep at most {MAX_VARIABLES}.",
        )


def imported_row(chunk: Chunk, mapping: ColumnMapping) -> ImportedRow:
    """One row of the table under the mapping."""
    fields = chunk.fields
    texts = {
        part: PARAGRAPHS.join(filter(None, (as_text(fields.get(c)) for c in columns)))
        for part, columns in (("input", mapping.input), ("response", mapping.response))
    }
    problem = ""
    if not texts["response"]:
        problem = f"The response is empty: {' and '.join(mapping.response)}."
    elif mapping.input and not texts["input"]:
        problem = f"The input is empty: {' and '.join(mapping.input)}."
    return ImportedRow(
        chunk.chunk_id, chunk.ordinal, texts["input"], texts["response"],
        _variables(fields, mapping.variables), problem,
    )  # fmt: skip


def as_text(value: Any) -> str:
    """A cell as text: lists and objects as JSON, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return canonical_json(value)


def import_definition(source: Source, mapping: ColumnMapping, domain: str) -> TemplateDefinition:
    """The template that stands for the import: it is never asked, its checks apply.

    Its name follows from the source, so that another mapping of the same source is its next
    version.
    """
    names = variable_names(mapping.variables)
    properties = {"response": {"type": "string", "minLength": 1}}
    if mapping.input:
        properties = {"input": {"type": "string", "minLength": 1}, **properties}
    return build_template(
        {
            "name": "import-" + source.source_id.removeprefix("src_").replace("_", "-").lower(),
            "title": f"Import of {source.name}"[:200],
            "domain": domain,
            "description": f"Rows of {source.name}, taken over as samples.",
            "system": "These samples were imported; no model was asked.",
            "user": "Imported from the row of a table.",
            "source": {"required": True},
            "variables": [
                {"name": name, "sampler": {"kind": "source_field", "column": c, "default": ""}}
                for c, name in names.items()
            ],
            "output": {
                "type": "object",
                "properties": properties,
                "required": list(properties),
                "additionalProperties": False,
            },
            "mapping": {
                "input": "{{ output.input }}" if mapping.input else "",
                "response": "{{ output.response }}",
            },
            "checks": {"min_chars": 0, "near_duplicate": 1.0, "semantic_duplicate": 1.0},
        }
    )


def variable_names(columns: Iterable[str]) -> dict[str, str]:
    """A variable's name for each column, all different: `Sub-Product` becomes `sub_product`."""
    names: dict[str, str] = {}
    for column in columns:
        plain = re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_")[:40]
        plain = plain if plain[:1].isalpha() else f"column_{plain}".rstrip("_")
        name, number = f"row_{plain}" if plain in _TAKEN else plain, 2
        while name in names.values():
            name, number = f"{plain}_{number}", number + 1
        names[column] = name
    return names


_TAKEN: Final = frozenset(
    ["chunk", "has_source", "variables", "output", "loop", "range", "true", "false", "none", "not",
     "and", "or", "in", "is", "if", "else", "elif", "for", "set", "with"]
)  # fmt: skip


def _variables(fields: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    values = {name: fields.get(column) for column, name in variable_names(columns).items()}
    return {name: value for name, value in values.items() if value not in (None, "")}


class ImportRows:
    """Makes the samples of an import, row by row of its source."""

    def __init__(self, workspace: Workspace, source_id: str, mapping: ColumnMapping) -> None:
        self._workspace, self._mapping = workspace, mapping
        self._chunk_ids = chunk_ids(workspace, [source_id])

    def __call__(self, indexes: Sequence[int]) -> Iterator[Made]:
        """The samples with these plan indexes: the table's rows, from 0."""
        chunks = load_chunks(self._workspace, [self._chunk_ids[i] for i in indexes])
        for i in indexes:
            yield self._made(i, chunks[self._chunk_ids[i]])

    def _made(self, index: int, chunk: Chunk) -> Made:
        row = imported_row(chunk, self._mapping)
        output = {"response": row.response}
        if self._mapping.input:
            output["input"] = row.input
        return Made(
            index, row.variables, output, row.problem, chunk_id=chunk.chunk_id,
            chunk={"text": chunk.text, "heading": chunk.heading, "fields": chunk.fields},
        )  # fmt: skip
