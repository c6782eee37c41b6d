"""Deriving samples from samples: which, how, for how much; by a model or by a rule."""

from dataclasses import replace
from typing import Any

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.diff import diff_view
from app.widgets.errors import show_errors
from app.widgets.formats import count, plain, plural
from app.widgets.layout import back_button, page_header
from app.widgets.pickers import batch_label, has_key, model_picker
from app.widgets.templates.expansion import estimate_line
from core.errors import SeedbedError
from core.generation.batches import LaunchRequest
from core.generation.browsing import count_batches, list_batches
from core.generation.expansion.augmentation import CHANGES, AugmentationRequest, augmentation_launch
from core.generation.expansion.augmentation_rules import example_copies
from core.generation.expansion.parents import MAX_PARENTS, ParentChoice
from core.generation.expansion.recipes import BY_RULE
from core.jobs.expanding import launch_augmentation
from core.text.diffs import word_diff
from core.text.hashing import canonical_hash
from core.text.noise import NOISE_KINDS

PREFIX = "samples.augment"
OPERATIONS = {
    "paraphrase": ("Paraphrase", "A model says the texts in other words."),
    "back_translation": ("Back-translation", "A model translates into a language and back."),
    "persona": ("Persona change", "A model lets another person write the input."),
    "noise": ("Typing noise", "A rule puts slips of the keyboard in. No call, no cost."),
    "swap": ("Exchange values", "A rule exchanges values of variables where they stand verbatim in "
             "the texts. No call, no cost."),
}  # fmt: skip
VERDICTS = {"accepted": "Accepted", "needs_review": "Needs review", "any": "Any verdict"}
CHANGE_LABELS = {"input": "Input", "response": "Response", "both": "Both"}
SLIP_LABELS = {
    "typo": "Swapped, lost or doubled letters", "neighbour": "Neighbouring keys",
    "case": "Capitals", "drop": "Dropped words", "space": "Spaces",
}  # fmt: skip
LANGUAGES = ("", "French", "German", "Spanish", "Polish", "Turkish", "Japanese", "Arabic", "Hindi")


def augment_view() -> None:
    """The page at samples?view=augment."""
    back_button("All samples", "samples", key=f"{PREFIX}.back")
    page_header(
        "Derive samples", "New samples from those that are there. Each names its parent, is "
        "checked like any other, and stays with it when a dataset is split.",
    )  # fmt: skip
    operation = st.segmented_control(
        "How", list(OPERATIONS), default="paraphrase", required=True, key=f"{PREFIX}.operation",
        format_func=lambda name: OPERATIONS[name][0], label_visibility="collapsed",
    )  # fmt: skip
    st.caption(OPERATIONS[operation][1])
    with st.container(border=True):
        request = _form(operation)
        if operation not in BY_RULE:
            choice = model_picker(cache.workspace(), key=f"{PREFIX}.model")
            request = replace(request, connection=choice.connection.name, model=choice.model)
            is_usable = has_key(choice.connection)
        else:
            is_usable = True
        launch = _start(request, is_usable=is_usable)
    if launch is not None and operation in BY_RULE:
        _example(launch)


def _form(operation: str) -> AugmentationRequest:
    batches = {b.batch_id: b for b in list_batches(cache.workspace(), limit=200)}
    chosen = state.selected("batch")
    first, second, third, fourth = st.columns([4, 2, 1.3, 1.3])
    batch_ids = first.multiselect(
        "From batches", list(batches), [chosen] if chosen in batches else [],
        key=f"{PREFIX}.batches", format_func=lambda i: batch_label(batches[i]),
        placeholder="All of them; derived samples are left out",
    )  # fmt: skip
    verdict = second.selectbox(
        "Verdict", list(VERDICTS), key=f"{PREFIX}.verdict", format_func=VERDICTS.__getitem__
    )
    most = third.number_input(
        "At most", 1, MAX_PARENTS, 100, key=f"{PREFIX}.most",
        help="An even draw where more samples fit.",
    )  # fmt: skip
    variants = fourth.number_input("Variants each", 1, 20, 1, key=f"{PREFIX}.variants")
    parents = ParentChoice(
        tuple(batch_ids), verdict=None if verdict == "any" else verdict, at_most=int(most)
    )
    return AugmentationRequest(operation, parents, int(variants), **_options(operation))


def _options(operation: str) -> dict[str, Any]:
    """What only this operation asks."""
    if operation == "swap":
        names = st.text_input(
            "Variables", key=f"{PREFIX}.fields",
            placeholder="All whose values occur; or names separated by commas",
        )  # fmt: skip
        return {"fields": tuple(part.strip() for part in (names or "").split(",") if part.strip())}
    left, right = st.columns([2, 5])
    changes = left.selectbox(
        "What changes", CHANGES, index=CHANGES.index("input" if operation == "noise" else "both"),
        key=f"{PREFIX}.changes.{operation}", format_func=CHANGE_LABELS.__getitem__,
    )  # fmt: skip
    with right:
        if operation == "noise":
            return {"changes": changes, **_noise()}
        return {"changes": changes, **_wishes(operation)}


def _noise() -> dict[str, Any]:
    left, right = st.columns([1, 3])
    percent = left.number_input(
        "Slips per 100 words", 1, 50, 8, key=f"{PREFIX}.rate", help="At least one in each text."
    )
    slips = right.multiselect(
        "Kinds of slips", list(NOISE_KINDS), list(NOISE_KINDS), key=f"{PREFIX}.slips",
        format_func=lambda name: SLIP_LABELS.get(name, name),
    )  # fmt: skip
    return {"rate": percent / 100, "slips": tuple(slips)}


def _wishes(operation: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    columns = [st.container()] if operation == "paraphrase" else st.columns([2, 3])
    with columns[0]:
        if operation == "back_translation":
            language = st.selectbox(
                "Middle language", LANGUAGES, key=f"{PREFIX}.language", accept_new_options=True,
                format_func=lambda name: name or "Several in turn",
            )  # fmt: skip
            found["language"] = language or ""
        elif operation == "persona":
            who = st.text_input(
                "Who writes", key=f"{PREFIX}.who", placeholder="Drawn for each; or a description"
            )
            found["who"] = who or ""
    with columns[-1]:
        guidance = st.text_input(
            "What is wanted as well", key=f"{PREFIX}.guidance", placeholder="optional"
        )
    return {**found, "guidance": guidance or ""}


def _start(request: AugmentationRequest, *, is_usable: bool) -> LaunchRequest | None:
    """What it comes to, and the button; the launch that the form means."""
    try:
        launch = augmentation_launch(cache.workspace(), request)
        by_rule = request.operation in BY_RULE
        line = "" if by_rule else estimate_line(cache.launch_estimate(launch))
    except SeedbedError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return None
    parents = len(launch.inputs["parent"]["sample_ids"])
    with st.container(horizontal=True, vertical_alignment="center"):
        is_sent = st.button(
            f"Derive {plural(launch.n, 'sample')}", key=f"{PREFIX}.submit", type="primary",
            disabled=not is_usable,
        )  # fmt: skip
        st.caption(line or f"From {count(parents)} samples, without a call.", width="stretch")
    if is_sent:
        with show_errors():
            done = count_batches(cache.workspace(), kinds=("augmentation",))
            key = f"augment-{canonical_hash([repr(request), done])[:32]}"
            batch = launch_augmentation(cache.workspace(), replace(request, idempotency_key=key))
            go("batches", batch=batch.batch_id)
    return launch


def _example(launch: LaunchRequest) -> None:
    """The first copy, as a difference to its parent: a rule costs nothing to look at."""
    parent, copy = example_copies(cache.workspace(), launch)[0]
    st.caption("The first one, as it would be. Another seed is drawn at the launch.")
    if copy.problem:
        st.info(plain(copy.problem), icon=":material/info:")
        return
    for name in ("input", "response"):
        before, after = str(parent[name]), str(copy.output[name])
        if before != after:
            with st.container(border=True):
                st.caption(name.capitalize())
                diff_view(word_diff(before, after))
