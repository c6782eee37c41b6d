import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sources.parsing.chunking import Block, Passage, cut_passages
from core.sources.parsing.plain_text import markdown_blocks, text_blocks

HANDBOOK = Path(__file__).resolve().parents[3] / "data" / "samples" / "bank_handbook.md"


def cut(
    text: str,
    chunk_chars: int = 200,
    overlap_chars: int = 0,
    *,
    markdown: bool = True,
    step: int = 7,
) -> list[Passage]:
    texts = [text[k : k + step] for k in range(0, len(text), step)]
    blocks = markdown_blocks(texts) if markdown else text_blocks(texts)
    return list(cut_passages(blocks, chunk_chars=chunk_chars, overlap_chars=overlap_chars))


texts = st.lists(
    st.sampled_from(
        ["word", "a longer word", "\n", "\n\n", "\r\n", "\r\n\r\n", " ", ". ", "? ", "# Head\n",
         "é", "日本語", "🌱", "\n## Sub\n", "```\n", "x" * 60, "\t", "Title\n===\n", "---\n",
         "\u2028"]
    ),
    max_size=120,
).map("".join)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(
    text=texts,
    chunk_chars=st.integers(100, 400),
    overlap_chars=st.integers(0, 50),
    markdown=st.booleans(),
    step=st.sampled_from([1, 5, 64, 10_000]),
)
def test_passages_are_exact_bounded_and_cover_the_text(
    text: str, chunk_chars: int, overlap_chars: int, markdown: bool, step: int
) -> None:
    passages = cut(text, chunk_chars, overlap_chars, markdown=markdown, step=step)
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert len(passage.text) <= chunk_chars
    starts = [passage.start for passage in passages]
    assert starts == sorted(set(starts))
    covered: set[int] = set()
    for passage in passages:
        covered.update(range(passage.start, passage.end))
    assert all(text[k].isspace() for k in range(len(text)) if k not in covered)


@settings(max_examples=40, deadline=None)
@given(text=texts, steps=st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_passages_do_not_depend_on_how_the_text_is_read(text: str, steps: tuple[int, int]) -> None:
    assert cut(text, step=steps[0]) == cut(text, step=steps[1])


def test_passages_end_at_paragraphs_and_carry_their_heading() -> None:
    text = "# One\n\nFirst paragraph.\n\nSecond paragraph.\n\n## Two ##\nThird.\n"
    assert cut(text) == [
        Passage("# One\n\nFirst paragraph.\n\nSecond paragraph.", 0, 42, "One"),
        Passage("## Two ##\nThird.", 44, 60, "One › Two"),
    ]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = " ".join(f"This is sentence number {k}." for k in range(30))
    passages = cut(text, 120)
    assert all(passage.text.endswith(".") for passage in passages)
    assert all(passage.text.startswith("This") for passage in passages)


def test_overlap_begins_at_a_sentence_of_the_passage_before() -> None:
    text = " ".join(f"This is sentence number {k}." for k in range(30))
    passages = cut(text, 120, 50)
    for before, after in pairwise(passages):
        assert before.start < after.start < before.end
        assert after.text.startswith("This")


def test_a_text_without_spaces_is_cut_hard() -> None:
    assert [len(p.text) for p in cut("x" * 450, 200, markdown=False)] == [200, 200, 50]


def test_a_heading_alone_stays_with_what_follows() -> None:
    passages = cut("# Book\n\n## Chapter\n\nText.\n")
    assert [(p.text, p.heading) for p in passages] == [
        ("# Book\n\n## Chapter\n\nText.", "Book › Chapter")
    ]


def test_underlined_headings_are_headings() -> None:
    passages = cut("Intro.\n\nTitle\n=====\n\nBody.\n\nSub\n---\nMore.\n")
    assert [(p.text, p.heading) for p in passages] == [
        ("Intro.", ""), ("Title\n=====\n\nBody.", "Title"), ("Sub\n---\nMore.", "Title › Sub")
    ]  # fmt: skip


def test_hashes_in_code_are_no_headings() -> None:
    passages = cut("# Real\n\n```sh\n# a comment\n```\n\nAfter.\n")
    assert [p.heading for p in passages] == ["Real"]


def test_hashes_in_plain_text_are_no_headings() -> None:
    assert [p.heading for p in cut("# not a heading\ntext", markdown=False)] == [""]


@pytest.mark.parametrize("text", ["", " \n\n \t", "\n" * 5000])
def test_white_space_gives_nothing(text: str) -> None:
    assert cut(text) == []


def test_the_handbook_is_cut_along_its_sections() -> None:
    text = HANDBOOK.read_text("utf-8")
    passages = cut(text, 1200, 150, step=65_536)
    assert {"Proving who you are", "Declined payments", "Keeping safe"} <= {
        p.heading.split(" › ")[-1] for p in passages
    }
    assert 12 <= len(passages) <= 40


def test_headings_form_a_path() -> None:
    passages = cut("# A\n\none\n\n## B\n\ntwo\n\n### C\n\nthree\n\n## D\n\nfour\n\n# E\n\nfive\n")
    assert [p.heading for p in passages] == ["A", "A › B", "A › B › C", "A › D", "E"]


def test_a_table_that_fits_is_kept_whole() -> None:
    prose = "A sentence before the table. " * 4
    table = "| a | b |\n| - | - |\n" + "| cell | another cell |\n" * 6
    passages = cut(f"{prose}\n\n{table}\nAfter it. " + "More words follow. " * 20, 200, 40)
    assert any(table.rstrip() in p.text for p in passages)


def test_a_table_that_does_not_fit_is_cut_between_rows() -> None:
    table = "".join(f"| row {k} | value {k} |\n" for k in range(40))
    passages = cut(table, 200)
    assert len(passages) > 3
    assert all(p.text.startswith("| row") and p.text.endswith("|") for p in passages)


def test_code_that_fits_is_kept_whole() -> None:
    code = "```py\nx = 1\n\ny = 2\n\nz = 3\n```"
    text = "Words before the code. " * 7 + "\n\n" + code + "\n\n" + "Words after the code. " * 9
    assert any(code in p.text for p in cut(text, 200))


def test_a_passage_knows_the_page_it_begins_on() -> None:
    blocks = [Block(f"Sentence {k} of the book. " * 4 + "\n\n", page=k + 1) for k in range(9)]
    passages = list(cut_passages(blocks, chunk_chars=150, overlap_chars=0))
    assert [p.page for p in passages] == list(range(1, 10))


def test_a_heading_of_many_spaces_is_read_at_once() -> None:
    started = time.monotonic()
    cut("# " + " \t" * 9_000 + "x\n", markdown=True, step=10_000)
    assert time.monotonic() - started < 1
