"""The record that a dataset version holds: its Arrow schema and its identity."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import orjson
import pyarrow as pa

# Without a timezone, because DuckDB's Python client cannot fetch zoned times without pytz.
# All times are UTC.
TIME = pa.timestamp("us")

STEP = pa.struct(
    [
        ("name", pa.string()),  # plan, generate, repair, check, review
        ("timestamp", TIME),
        ("params", pa.string()),  # JSON object
    ]
)
METADATA = pa.struct(
    [
        # model_from_template, model_from_source, model_from_sample, rule_from_sample, imported
        ("generation_method", pa.string()),
        ("generator_version", pa.string()),  # template@version number
        ("quality_score", pa.float64()),  # 0 to 1, of the text as generated
        ("review_status", pa.string()),  # unreviewed, accepted, corrected, rejected
        ("variables", pa.string()),  # the plan's values, a JSON object
    ]
)
TRACE = pa.struct(
    [
        ("parent_id", pa.string()),  # parent sample, else source chunk; null where made from none
        ("source_id", pa.string()),
        ("batch_id", pa.string()),
        ("plan_index", pa.int64()),
        ("template_version_id", pa.string()),
        ("template_hash", pa.string()),  # SHA-256 of the template's definition
        ("connection", pa.string()),
        ("model", pa.string()),
        ("parameters", pa.string()),  # sampling settings, a JSON object
        ("attempt_ids", pa.list_(pa.string())),  # provider calls that succeeded, oldest first
        ("review_ids", pa.list_(pa.string())),  # decisions that stand, oldest first
        ("processing_steps", pa.list_(STEP)),
    ]
)
RECORD_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("created_at", TIME),
        ("domain", pa.string()),
        ("input", pa.string()),
        ("response", pa.string()),
        ("output", pa.string()),  # the structured answer, a JSON object; null where text outran it
        ("split", pa.string()),
        ("metadata", METADATA),
        ("trace", TRACE),
    ]
)
TEXT_COLUMNS = ("input", "response", "output")

Record = dict[str, Any]


def canonical_bytes(value: Any) -> bytes:
    """JSON with sorted keys and ISO times: equal values give equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def text_digest(record: Mapping[str, Any]) -> bytes:
    """16 bytes that change when input, response or output does."""
    return sha256(canonical_bytes([record[name] for name in TEXT_COLUMNS])).digest()[:16]


class RowsHash:
    """SHA-256 over rows in their order; what a version's content id is made of."""

    def __init__(self) -> None:
        self._hash = sha256()
        self.rows = 0

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            self._hash.update(canonical_bytes(row))
            self._hash.update(b"\n")
            self.rows += 1

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def content_id(splits: Mapping[str, RowsHash], schema: pa.Schema = RECORD_SCHEMA) -> str:
    """The canonical hash of schema and rows: the same content has the same id anywhere.

    Independent of Parquet's and DuckDB's encodings.
    """
    rows = {name: [rows.rows, rows.hexdigest()] for name, rows in splits.items()}
    fields = [[field.name, str(field.type)] for field in schema]
    return sha256(canonical_bytes({"schema": fields, "splits": rows})).hexdigest()
