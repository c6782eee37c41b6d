"""Values that satisfy a JSON Schema, with texts from the writer.

Knows the keywords that output schemas use. What it cannot meet (an unusual `pattern`, a `not`) it
leaves to the schema check, as any model would.
"""

import re
from collections.abc import Mapping
from math import ceil, floor
from typing import Any

from core.providers.offline.roles import role_of, sentences_wanted
from core.providers.offline.told import truth
from core.providers.offline.writer import Writer

MAX_DEPTH = 12
MAX_ITEMS_FREELY = 4
MAX_EXTENSIONS = 60
UNIQUE_TRIES = 40
MIN_SAID = 40  # characters from which a text is worth quoting
STEM = 5  # letters of a word that must occur in a clue
SPEAKERS = ("role", "speaker", "from", "author", "sender")
NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")
HIGH = re.compile(r"score|rating|confidence|quality|faithful|grounded|relevan")
# What a line of lettering is decides its words.
ROLE_OF_VALUE = {"balloon": "dialogue", "thought": "dialogue", "speech": "dialogue",
                 "dialogue": "dialogue", "caption": "caption", "narration": "caption",
                 "sound": "sound", "sfx": "sound"}  # fmt: skip
VERBATIM = re.compile(r"word for word|verbatim|exactly as|unchanged")
PARAGRAPH = re.compile(r"message|content|body|turn|text|words")
PATTERN_TRIES = ("abc", "a-plain-slug", "word", "A", "AB", "ABC", "AB-1234", "A1", "12", "123",
                 "1234", "12345", "123456", "2026-11-20", "12:30", "+441632960961", "en", "en-GB",
                 "Word", "Two words")  # fmt: skip


class Filler:
    """Fills one schema for one request."""

    def __init__(self, schema: Mapping[str, Any], writer: Writer, max_sentences: int) -> None:
        self._root = schema
        self._writer = writer
        self._draw = writer.draw
        self._max_sentences = max_sentences
        self._instructions = writer.instructions
        self._is_foreign = writer.tongue is not None
        self._is_entry = False  # the present text is an entry of a list

    def fill(self) -> Any:
        """A value for the whole schema."""
        return self._value(self._root, "", 0, 0)

    def _value(self, schema: Any, name: str, index: int, depth: int) -> Any:
        if not isinstance(schema, Mapping):
            return None
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if self._instructions.get(name) == "null" and _may_be_null(schema):
            return None
        if "enum" in schema:
            return self._enum(schema["enum"], name, index)
        if depth > MAX_DEPTH:
            return None
        kind = self._kind(schema)
        if kind == "object":
            return self._object(schema, index, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind in ("integer", "number"):
            return self._number(schema, name, kind)
        if kind == "boolean":
            return self._truth(name)
        return None if kind == "null" else self._string(schema, name, index)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(MAX_DEPTH):
            if "$ref" in schema:
                schema = self._target(str(schema["$ref"]))
            elif "allOf" in schema:
                schema = _merged(schema, [self._resolved(part) for part in schema["allOf"]])
            elif "anyOf" in schema or "oneOf" in schema:
                key = "anyOf" if "anyOf" in schema else "oneOf"
                options = [o for o in schema[key] if o.get("type") != "null"] or schema[key]
                rest = {k: v for k, v in schema.items() if k != key}
                schema = {**rest, **self._draw.pick(options)}
            else:
                break
        return schema

    def _target(self, reference: str) -> Mapping[str, Any]:
        found: Any = self._root
        for part in reference.removeprefix("#").strip("/").split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~"), {}) if part else found
        return found if isinstance(found, Mapping) else {}

    @staticmethod
    def _kind(schema: Mapping[str, Any]) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            return str(next((k for k in kind if k != "null"), "null"))
        if kind is None:
            if "properties" in schema:
                return "object"
            return "array" if "items" in schema else "string"
        return str(kind)

    def _truth(self, name: str) -> bool:
        """The planned value where a variable has this name or the prompt sets it."""
        for value in (self._writer.variables.get(name), self._instructions.get(name)):
            known = None if value is None else truth(value)
            if known is not None:
                return known
        return self._draw.chance(0.6)

    def _enum(self, options: list[Any], name: str, index: int) -> Any:
        planned = self._writer.variables.get(name)
        if planned in options:
            return planned
        if self._instructions.get(name) in options:
            return self._instructions[name]
        if name in SPEAKERS:
            spoken = [o for o in options if o != "system"] or options
            return spoken[index % len(spoken)]
        told = self._told(options)
        if told is not None:
            return told
        texts = [v for v in self._writer.variables.values() if isinstance(v, str) and v in options]
        return texts[0] if texts else self._draw.pick(options)

    def _told(self, options: list[Any]) -> Any:
        """The option whose words the source or the subject mentions most; None without any."""
        clues = self._writer.clues
        scores = [
            sum(word[:STEM] in clues for word in option.lower().replace("_", " ").split())
            if isinstance(option, str)
            else 0
            for option in options
        ]
        best = max(scores)
        return options[scores.index(best)] if best else None

    def _object(self, schema: Mapping[str, Any], index: int, depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        result: dict[str, Any] = {}
        for name, part in properties.items():
            speaker = next((result[key] for key in SPEAKERS if key in result), None)
            values = [v for v in result.values() if isinstance(v, str) and v in ROLE_OF_VALUE]
            if (speaker or values) and PARAGRAPH.search(name) and _is_text(part):
                asks = speaker in ("user", "customer", "human")
                role = "question" if asks else "answer"
                result[name] = self._text(part, ROLE_OF_VALUE[values[0]] if values else role)
            else:
                result[name] = self._value(part, name, index, depth + 1)
        for name in schema.get("required") or ():
            result.setdefault(name, self._string({}, name, index))
        return result

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        low = int(schema.get("minItems", 1))
        high = int(schema.get("maxItems", max(low, MAX_ITEMS_FREELY)))
        known = self._writer.variables
        wanted = _whole(known.get(f"{name}_count", known.get(name, known.get("panels"))))
        count = self._draw.between(max(low, min(2, high)), high)
        if wanted is not None and low <= wanted <= high:
            count = wanted
        item = schema.get("items", {})
        values: list[Any] = []
        tries = UNIQUE_TRIES + count
        while len(values) < count and tries:
            tries -= 1
            self._writer.start_item(len(values))
            self._is_entry = _is_text(item)
            value = self._value(item, name, len(values), depth + 1)
            # A repeated tag or tip looks careless even where the schema allows it.
            if value not in values or (tries < 5 and not schema.get("uniqueItems")):
                values.append(value)
        self._is_entry = False
        return values

    def _number(self, schema: Mapping[str, Any], name: str, kind: str) -> int | float:
        low, high = _bounds(schema, name, kind)
        planned = _as_number(self._writer.recorded(name) or self._writer.variables.get(name))
        if planned is not None and low <= planned <= high:
            return planned if kind == "number" else int(planned)
        share = self._draw.share()
        if HIGH.search(name):
            share = 1 - share * share / 2
        value = low + (high - low) * share
        step: float = schema.get("multipleOf") or 0
        if step:
            count = min(max(round(value / step), ceil(low / step)), floor(high / step))
            return int(count * step) if kind == "integer" else round(count * step, 9)
        if kind == "integer":
            return min(max(round(value), ceil(low)), floor(high))
        return min(max(round(value, 2), low), high)

    def _string(self, schema: Mapping[str, Any], name: str, index: int) -> str:  # noqa: ARG002
        planned = self._writer.variables.get(name)
        if isinstance(planned, str) and planned and _fits(schema, planned):
            return planned
        recorded = self._writer.recorded(name)
        if isinstance(recorded, str) and _fits(schema, recorded):
            return recorded
        if "format" in schema and (formatted := self._formatted(str(schema["format"]))):
            return formatted
        if "pattern" in schema:
            return next((t for t in PATTERN_TRIES if _fits(schema, t)), "abc")
        role = role_of(name, str(schema.get("description", "")))
        if self._is_entry and role == "text":
            role = "item"
        return self._text(schema, role)

    def _formatted(self, kind: str) -> str:
        draw = self._draw
        date = f"20{draw.between(20, 26)}-{draw.between(1, 12):02d}-{draw.between(1, 28):02d}"
        time = f"{draw.between(7, 21):02d}:{draw.between(0, 59):02d}:00Z"
        hexadecimal = f"{draw.bits():016x}{draw.bits():016x}"
        made = {
            "date": date,
            "time": time,
            "date-time": f"{date}T{time}",
            "email": self._writer.plain("email")[0],
            "uri": self._writer.plain("url")[0],
            "hostname": "example.org",
            "ipv4": f"192.0.2.{draw.between(1, 254)}",
            "uuid": f"{hexadecimal[:8]}-{hexadecimal[8:12]}-4{hexadecimal[13:16]}-a"
            f"{hexadecimal[17:20]}-{hexadecimal[20:]}",
        }
        return made.get(kind, "")

    def _text(self, schema: Mapping[str, Any], role: str) -> str:
        low, high = int(schema.get("minLength", 0)), schema.get("maxLength")
        given, description = self._writer.source, str(schema.get("description", ""))
        if given and role in ("question", "prose") and VERBATIM.search(description.lower()):
            return given if high is None or len(given) <= high else cut_to([given], high, low)
        write = self._writer.write
        if self._is_foreign and "english" not in description.lower():
            write = self._writer.foreign
        parts = write(role)
        least, most = sentences_wanted(description) or (1, 99)
        if self._is_entry:
            most = 1
        if role in ("answer", "chosen"):
            least, most = sentences_wanted(self._writer.wanted_length) or (least, most)
        most = min(most, max(self._max_sentences, least))
        parts = _shortened(parts, most, self._writer.opens_with_greeting)
        text = " ".join(parts)
        for _ in range(MAX_EXTENSIONS):
            if len(text) >= low and (len(parts) >= least or role in ("evidence", "title")):
                break
            more = [part for part in write(role) if part not in parts]
            parts += more[:2] or write("text")[:1]
            text = " ".join(parts)
        if high is not None and len(text) > high:
            text = cut_to(parts, int(high), low)
        if len(text) > MIN_SAID:
            self._writer.said.append(text)
        return text


def cut_to(parts: list[str], high: int, low: int) -> str:
    """The longest run of whole sentences within `high` characters; else words, else characters."""
    text = " ".join(parts)
    for count in range(len(parts), 0, -1):
        joined = " ".join(parts[:count])
        if low <= len(joined) <= high:
            return joined
    shorter = text[:high].rsplit(" ", 1)[0].rstrip(",;: ")
    return shorter if len(shorter) >= low and shorter else text[:high]


def _shortened(parts: list[str], most: int, has_greeting: bool) -> list[str]:
    """At most that many sentences; the core of an answer lies behind its greeting."""
    if len(parts) <= most:
        return list(parts)
    if most < 3:
        return parts[1 : most + 1] if has_greeting else parts[:most]
    return parts[: most - 1] + parts[-1:]


def _merged(schema: Mapping[str, Any], parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    result = {key: value for key, value in schema.items() if key != "allOf"}
    for part in parts:
        both = {**result.get("properties", {}), **part.get("properties", {})}
        required = [*result.get("required", ()), *part.get("required", ())]
        result |= {**part, "properties": both, "required": required}
    if not result["properties"]:
        del result["properties"]
    return result


def _bounds(schema: Mapping[str, Any], name: str, kind: str) -> tuple[float, float]:
    step = 1 if kind == "integer" else 0.01
    low = schema.get("minimum")
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + step
    high = schema.get("maximum")
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - step
    if low is None:
        usual = 18 if name == "age" else 1 if kind == "integer" else 0
        low = usual if high is None else min(usual, high)
    if high is None:
        usual = 80 if name == "age" else 10 if kind == "integer" else 1
        high = max(usual, low + (10 if kind == "integer" else 1))
    return low, high


def _may_be_null(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "null" or (isinstance(kind, list) and "null" in kind)


def _as_number(value: Any) -> int | float | None:
    """A planned number, also where a category spells it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return None


def _whole(value: Any) -> int | None:
    number = _as_number(value)
    return int(number) if number is not None and number == int(number) else None


def _is_text(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type", "string") == "string"


def _fits(schema: Mapping[str, Any], text: str) -> bool:
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    try:
        return "pattern" not in schema or re.search(schema["pattern"], text) is not None
    except re.error:
        return True
