"""Edits of a draft's steps, and of the places that read their answers."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from core.templates.editing.draft_text import Data, free_name, insert_item, move_item, set_at
from core.templates.editing.jinja_names import rewrite_output
from core.templates.editing.renaming import jinja_texts

STEPS = ("steps",)


def step_names(data: Mapping[str, Any]) -> list[str]:
    """The names of the steps in their order; none for a template of one prompt."""
    return [str(step.get("name", "")) for step in data.get("steps") or ()]


def add_step(data: Data) -> Data:
    """The data with one step more. The first makes a step of the prompt and output there were."""
    if not data.get("steps"):
        return _split(data)
    names = step_names(data)
    name = free_name("revision", names)
    step = {
        "name": name,
        "user": f"Read this and make it better.\n\n{{{{ output.{names[-1]} | tojson }}}}",
        "output": copy.deepcopy(data["steps"][-1].get("output") or _text_output()),
    }
    return insert_item(data, STEPS, step)


def _text_output() -> dict[str, Any]:
    return {
        "type": "object", "additionalProperties": False, "required": ["text"],
        "properties": {"text": {"type": "string"}},
    }  # fmt: skip


def _split(data: Data) -> Data:
    changed = copy.deepcopy(data)
    name = "draft"
    first = {"name": name, "user": changed.pop("user", ""), "output": changed.pop("output", {})}
    changed["steps"] = [first]
    for example in changed.get("examples") or ():
        example["step"] = name
    return _with_output(changed, lambda field: f"{name}.{field}")


def delete_step(data: Data, place: int) -> Data:
    """The data without that step. The last one leaves its prompt and output to the template."""
    steps = data["steps"]
    gone = steps[place].get("name")
    changed = copy.deepcopy(data)
    if len(steps) == 1:
        del changed["steps"]
        changed["user"], changed["output"] = steps[0].get("user", ""), steps[0].get("output", {})
        for example in changed.get("examples") or ():
            example.pop("step", None)
        return _lift(changed, str(gone))
    del changed["steps"][place]
    if changed.get("examples"):
        changed["examples"] = [e for e in changed["examples"] if e.get("step") != gone]
        if not changed["examples"]:
            del changed["examples"]
    return changed


def _lift(data: Data, step: str) -> Data:
    """`output.step.field` reads `output.field` once the step is the template itself."""
    changed = data
    for found in list(jinja_texts(data)):
        text = found.text.replace(f"output.{step}.", "output.")
        if text != found.text:
            changed = set_at(changed, found.path, text)
    return changed


def rename_step(data: Data, place: int, name: str) -> Data:
    """The data with that step's new name, in `output.name` of later texts and in examples too."""
    old = data["steps"][place].get("name")
    changed = set_at(data, ("steps", place, "name"), name)
    for example in changed.get("examples") or ():
        if example.get("step") == old:
            example["step"] = name
    return _with_output(changed, lambda field: name if field == old else field)


def _with_output(data: Data, change: Callable[[str], str]) -> Data:
    changed = data
    for found in list(jinja_texts(data)):
        text = rewrite_output(found.text, change, is_condition=found.is_condition)
        if text != found.text:
            changed = set_at(changed, found.path, text)
    return changed


def move_step(data: Data, place: int, by: int) -> Data:
    """The data with that step earlier or later."""
    return move_item(data, STEPS, place, by)


def steps_read(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Which step's answer which step reads, as (from, to); `continues` reads all before it."""
    names = step_names(data)
    edges: list[tuple[str, str]] = []
    for i, step in enumerate(data.get("steps") or ()):
        text = "\n".join(str(step.get(field) or "") for field in ("system", "user"))
        read: list[str] = []

        def note(field: str, read: list[str] = read) -> str:
            read.append(field)
            return field

        rewrite_output(text, note)
        before = names[:i]
        wanted = before if step.get("continues") else [n for n in before if n in read]
        edges.extend((name, names[i]) for name in wanted)
    return edges
