"""What a file format must be able to do, so that one exporter serves them all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

Rows = list[dict[str, Any]]


class CsvOptions(BaseModel):
    """How CSV is written. The defaults open safely in a spreadsheet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delimiter: str = Field(",", description="One character between cells.")
    quoting: Literal["minimal", "all"] = Field("minimal", description="Which cells get quotes.")
    encoding: str = Field("utf-8", description="Python's name of the encoding; utf-8-sig for BOM.")
    formula_safe: bool = Field(
        True, description="Put ' before cells that a spreadsheet would run as a formula."
    )

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if len(value) != 1 or value in "\"'\r\n\0" or value.isalnum():
            raise ValueError("the delimiter is one character such as , ; | or a tab")
        return value

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            "id".encode(value)
        except (LookupError, UnicodeError) as error:
            raise ValueError(f"{value!r} is no text encoding") from error
        return value


@dataclass(frozen=True)
class Format:
    """A way to write tables of rows to one file and to read them back."""

    name: str
    title: str
    extension: str
    media_type: str
    holds_all_splits: bool  # one file with a table per split, instead of a file per split
    write: Callable[[Path, pa.Schema, Mapping[str, Iterator[Rows]], CsvOptions], None]
    read: Callable[[Path, str, CsvOptions], Iterator[Rows]]  # the rows of one split's table
    image: Callable[[dict[str, Any], CsvOptions], dict[str, Any]]  # what `read` gives for a row


def same(row: dict[str, Any], _options: CsvOptions) -> dict[str, Any]:
    """The image of a row in a format that keeps every type."""
    return row
