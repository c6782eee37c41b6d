"""Evidence is shown with its place, masked where it is personal, and never interpreted."""

from app.widgets.samples.evidence import evidence_lines
from core.db.tables import Sample

TEXT = "Write to anna.schmidt@web.de or +49 171 4839201, **now**.\nThe fee is 7."
SAMPLE = Sample(input="[x](javascript:1)", response=TEXT, raw_text="")


def span(words: str, **more: object) -> dict[str, object]:
    start = TEXT.index(words)
    return {"field": "response", "start": start, "end": start + len(words), "text": words, **more}


def test_personal_data_is_masked_in_the_mark_and_around_it() -> None:
    mail = span("anna.schmidt@web.de", kind="email") | {"text": "a•••.•••••••@w••.de"}
    phone = span("+49 171 4839201", kind="phone") | {"text": "+•• ••• •••••01"}
    lines = evidence_lines({"spans": [mail, phone]}, SAMPLE)
    assert len(lines) == 2
    assert lines[0].startswith("Response · E\\-mail\\: Write to :orange-background[a•••")
    for line in lines:
        assert "schmidt" not in line
        assert "4839" not in line


def test_words_of_the_sample_are_escaped() -> None:
    (line,) = evidence_lines({"field": "input", "start": 0, "end": 3, "text": "[x]"}, SAMPLE)
    assert line == "Input\\: :orange-background[\\[x\\]]\\(javascript\\:1\\)"


def test_a_claim_is_shown_whole_with_what_its_source_lacks() -> None:
    claim = span("The fee is 7.", missing=["7"])
    (line,) = evidence_lines({"spans": [claim], "claims": 2}, SAMPLE)
    assert "not in the source: 7" in line.replace("\\", "")
    assert line.endswith(":orange-background[The fee is 7\\.]")


def test_other_evidence_is_named_in_words() -> None:
    assert evidence_lines({"expected": ["de"], "found": "fr", "field": "response"}, SAMPLE) == [
        "Expected: German; found\\: French"
    ]
    assert evidence_lines({"errors": [{"path": "/a", "message": "is missing"}]}, SAMPLE) == [
        "\\/a: is missing"
    ]
    assert evidence_lines({"twin": "smp_1", "similarity": 0.9}, SAMPLE) == [
        "Twin: smp\\_1",
        "Similarity: 0\\.90",
    ]
