"""What parent and child of a query agree on. Light, so that the server needs no DuckDB for it."""

import json
from dataclasses import asdict, dataclass
from typing import Final

NARROWER: Final = "Aggregate or filter first, or LIMIT what is sorted."


@dataclass(frozen=True)
class Order:
    """What the child is asked to do, and within which limits."""

    sql: str
    parts: dict[str, list[str]]
    views: dict[str, str]
    max_rows: int
    max_bytes: int  # of the answer
    duckdb_bytes: int  # of DuckDB's buffers
    address_bytes: int  # of the whole process, reserved ranges included
    cpu_s: float
    wall_s: float

    def as_json(self) -> str:
        return json.dumps(asdict(self))
