"""A Parquet file becomes rows: one batch of one row group at a time.

What the file says of its own size is checked first and believed nowhere: the process's memory limit
holds whatever the pages expand to. Columns of raw bytes (pictures, sound) are left out.
"""

import datetime
import decimal
import math
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import SourceError
from core.settings import SourceLimits
from core.sources.parsing.rows import Record, check_columns, check_count, check_fields

BATCH_BYTES = 8 * 2**20
MAX_BATCH_ROWS = 1_000
TEXTUAL: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
BYTES: Final = (
    pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)  # fmt: skip


def parquet_records(stream: BinaryIO, limits: SourceLimits) -> Iterator[Record]:
    """The rows of a Parquet file; their offsets count in the rows as JSON lines.

    Raises SourceError for a file that is damaged or passes a limit.
    """
    try:
        file = pq.ParquetFile(pa.PythonFile(stream, mode="r"), pre_buffer=False)
        yield from _records(file, limits)
    except pa.ArrowMemoryError as error:
        raise MemoryError from error
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise SourceError(
            f"The Parquet file is damaged: {reason}", remedy="Write it again."
        ) from error


def _records(file: Any, limits: SourceLimits) -> Iterator[Record]:
    check_count(file.metadata.num_rows, None, limits)
    schema = file.schema_arrow
    check_columns(schema.names, None, limits)
    names = [field.name for field in schema if not _is_of(field.type, BYTES)]
    if not names:
        raise SourceError("No column holds text or numbers.", remedy="Choose another file.")
    row, position = 0, 0
    for batch in file.iter_batches(_batch_rows(file), columns=names, use_threads=False):
        for fields in batch.to_pylist():
            row += 1
            check_count(row, row, limits)
            plain = {name: _plain(value) for name, value in fields.items()}
            check_fields(plain, row, limits)
            length = len(orjson.dumps(plain))
            yield Record(plain, row, position, position + length)
            position += length + 1
    if not row:
        raise SourceError("The file has no rows.", remedy="Choose another file.")


def _batch_rows(file: Any) -> int:
    """Rows per batch, few where the file says that they are large."""
    metadata = file.metadata
    total = sum(
        metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)
    )
    mean = max(1, total // max(1, metadata.num_rows))
    return max(1, min(MAX_BATCH_ROWS, BATCH_BYTES // int(mean)))


def _is_of(kind: Any, tests: tuple[Any, ...]) -> bool:
    return any(test(kind) for test in tests)


def _plain(value: Any) -> Any:
    """A cell as JSON holds it: times as ISO 8601, decimals as text, NaN as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | int) or value is None:
        return value if not isinstance(value, int) or -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal | datetime.timedelta | uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return None
    return str(value)
