"""Identities of texts and of JSON values: the same on every machine and in every process."""

import hashlib
import json
from typing import Any

FIELD_SEPARATOR = "\x1f"


def text_hash(text: str) -> str:
    """SHA-256 of the text's UTF-8, in hex. Lone surrogates count as themselves."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def pair_hash(input: str, response: str) -> str:
    """What `samples.text_hash` holds: one hash of input and response together."""
    return text_hash(f"{input}{FIELD_SEPARATOR}{response}")


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and plain Unicode: equal values give equal text.

    Raises ValueError for NaN and infinities, TypeError for what JSON cannot hold.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def canonical_hash(value: Any) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return text_hash(canonical_json(value))


def storable(text: str) -> str:
    """The text with NUL and lone surrogates, which PostgreSQL refuses, as U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    return text
