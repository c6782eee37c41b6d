"""What stands on each side of a preview or comparison: a version with a model."""

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from app import cache
from app.widgets.pickers import ModelChoice, model_picker
from core.templates.definition import TemplateDefinition

ALONE, VERSIONS, MODELS = "One", "Two versions", "Two models"
SHAPES = (ALONE, VERSIONS, MODELS)


class Side(NamedTuple):
    """One side."""

    version_id: str  # a key of the labels that were offered
    choice: ModelChoice


def pick_sides(
    shape: str, labels: Mapping[str, str], definition: TemplateDefinition, *, key: str
) -> list[Side]:
    """One side, or A and B: two versions with one model, or one version with two models.

    `labels` are the versions by id, the newest first.
    """
    if shape == VERSIONS:
        left, right = st.columns(2)
        with left:
            a = _version("Version A", labels, f"{key}.version_a", 1)
        with right:
            b = _version("Version B", labels, f"{key}.version_b", 0)
        choice = _model(definition, f"{key}.model")
        return [Side(a, choice), Side(b, choice)]
    if shape == MODELS:
        chosen = _version("Version", labels, f"{key}.version", 0)
        left, right = st.columns(2)
        with left:
            st.caption("Side A")
            one = _model(definition, f"{key}.model")
        with right:
            st.caption("Side B")
            two = _model(definition, f"{key}.model_b")
        return [Side(chosen, one), Side(chosen, two)]
    left, right = st.columns([1, 2])
    with left:
        chosen = _version("Version", labels, f"{key}.version", 0)
    with right:
        return [Side(chosen, _model(definition, f"{key}.model"))]


def _version(label: str, labels: Mapping[str, str], key: str, place: int) -> str:
    ids = list(labels)
    return st.selectbox(
        label, ids, index=min(place, len(ids) - 1), key=key, format_func=lambda i: labels[i]
    )


def _model(definition: TemplateDefinition, key: str) -> ModelChoice:
    defaults = definition.model
    return model_picker(
        cache.workspace(), key=key, connection=defaults.connection, model=defaults.model or ""
    )
