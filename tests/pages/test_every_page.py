"""Every page opens, whatever the workspace holds and whatever its URL names."""

import pytest

from app.navigation import PAGES, PAGES_FOLDER, page

NOUNS = [spec.noun for spec in PAGES]


def test_the_table_of_pages_and_the_files_are_the_same_set() -> None:
    files = {path.stem for path in PAGES_FOLDER.glob("*.py")} - {"__init__"}
    assert set(NOUNS) == files
    assert len(NOUNS) == len(set(NOUNS))


@pytest.mark.parametrize("noun", NOUNS)
def test_every_page_opens_on_an_empty_workspace(noun, open_page) -> None:
    at = open_page(noun)
    assert not at.exception
    assert not at.error
    assert at.title[0].value == page(noun).title


@pytest.mark.parametrize("noun", NOUNS)
def test_every_page_opens_on_a_seeded_workspace(noun, seeded, open_page) -> None:
    at = open_page(noun)
    assert not at.exception
    assert not at.error
    assert at.title[0].value == page(noun).title


@pytest.mark.parametrize(
    ("noun", "selection"),
    [
        ("templates", "template"),
        ("sources", "source"),
        ("batches", "batch"),
        ("samples", "sample"),
        ("samples", "failed"),
        ("review", "sample"),
        ("insight", "batch"),
    ],
)
def test_a_record_named_in_the_url_opens(noun, selection, seeded, open_page) -> None:
    name = "sample" if selection == "failed" else selection
    at = open_page(noun, **{name: seeded[selection]})
    assert not at.exception
    assert not [e for e in at.error if "Log entry" in e.value]
    assert at.query_params[name] == seeded[selection]


@pytest.mark.parametrize(
    ("noun", "selection"),
    [
        ("templates", "template"), ("sources", "source"), ("batches", "batch"),
        ("samples", "sample"), ("review", "sample"), ("datasets", "version"),
    ],
)  # fmt: skip
def test_an_unknown_record_is_an_error_that_says_what_to_do(
    noun, selection, seeded, open_page
) -> None:
    at = open_page(noun, **{selection: "no_such_record"})
    assert not at.exception
    assert "try again" in at.error[0].value
    assert "not\\_found" in at.caption[-1].value


@pytest.mark.parametrize("view", ["launch", "new", "add", "build"])
def test_a_form_named_in_the_url_opens(view, seeded, open_page) -> None:
    noun = {"launch": "batches", "new": "templates", "add": "sources", "build": "datasets"}[view]
    at = open_page(noun, view=view)
    assert not at.exception
    assert not at.error
