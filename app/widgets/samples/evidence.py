"""What the checks saw in one sample, with the place where they saw it.

The words are untrusted: shown as text with a mark under them, never interpreted. Personal data is
shown as it is stored, masked.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.widgets.formats import clip, count, figure, plain, words
from core.db.tables import Finding, Sample
from core.quality.registry import CHECKS
from core.text.language import language_name

AROUND_CHARS = 60  # of the text on each side of what was found
CUT_CHARS = 200  # of what was found
PII_NAMES = {
    "email": "E-mail", "phone": "Phone", "iban": "IBAN", "card": "Card",
    "national_id": "National id", "ip": "IP address", "secret": "Key or password",
}  # fmt: skip


def findings_view(findings: Sequence[Finding], sample: Sample) -> None:
    """The findings that took something away, worst first, each with its evidence; then the rest."""
    found = sorted((f for f in findings if f.score < 1), key=lambda f: (f.score, f.check))
    for finding in found:
        _finding(finding, sample)
    rest = [f for f in findings if f.score >= 1]
    if not found:
        st.caption("No check found anything wrong.")
    if rest:
        seen = (f"{words(f.check).lower()} {_value(f)}" for f in rest)
        st.caption("Measured and within the thresholds: " + plain(", ".join(seen)) + ".")


def _finding(finding: Finding, sample: Sample) -> None:
    check = CHECKS.get(finding.check)
    with st.container(border=True, gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(words(finding.check))}**")
            st.badge(f"Score {figure(finding.score, 2)}", color=_color(finding.score))
            st.caption(plain(_value(finding)))
        if check is not None:
            st.caption(check.description)
        for line in evidence_lines(finding.evidence or {}, sample):
            st.markdown(line)


def _color(score: float) -> Any:
    return "red" if score < 0.5 else "orange"


def _value(finding: Finding) -> str:
    """The measured value with its unit, where a number says something by itself."""
    check = CHECKS.get(finding.check)
    if check is None or finding.check == "pii" or check.unit == "yes or no":
        return ""
    if finding.value == 1 and check.unit.endswith("s") and " " not in check.unit:
        return f"1 {check.unit[:-1]}"
    is_whole = float(finding.value).is_integer() and not check.unit.startswith(("share", "conf"))
    return f"{count(finding.value) if is_whole else figure(finding.value, 2)} {check.unit}"


def evidence_lines(evidence: Mapping[str, Any], sample: Sample) -> list[str]:
    """Markdown lines for one finding's evidence; every word of the sample is escaped."""
    spans = [*(evidence.get("spans") or ()), *([evidence] if "start" in evidence else ())]
    lines = [_span_line(span, sample, spans) for span in spans]
    lines += [_pair(e.get("path") or "answer", e["message"]) for e in evidence.get("errors") or ()]
    lines += [_pair(words(r["rule"]), r["message"]) for r in evidence.get("rules") or ()]
    lines += [line for judge in evidence.get("judges") or () for line in _judge_lines(judge)]
    if "expected" in evidence:
        lines.append(_languages(evidence))
    shown = {"spans", "start", "end", "text", "errors", "rules", "expected", "found", "field",
             "foreign_letters", "claims", "judges", "rubric_version_id"}  # fmt: skip
    lines += [
        _pair(words(str(name)), _short(value))
        for name, value in evidence.items()
        if name not in shown
    ]
    if not lines and "field" in evidence:
        lines.append(_pair("In the", words(str(evidence["field"])).lower()))
    return lines


def _pair(name: str, value: str) -> str:
    return f"{plain(str(name))}: {plain(clip(str(value), CUT_CHARS))}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return figure(value, 2)
    if isinstance(value, Mapping):
        return ", ".join(f"{words(str(k)).lower()}: {_short(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_short(item) for item in value)
    return str(value)


def _span_line(span: Mapping[str, Any], sample: Sample, spans: Sequence[Mapping[str, Any]]) -> str:
    """The words found, marked, between the words around them; what they are stands before.

    A whole claim needs no words around it; personal data around other personal data is masked too.
    """
    text = _hidden(_text_of(sample, str(span.get("field", ""))), span.get("field"), spans)
    start, end = int(span.get("start", 0)), int(span.get("end", 0))
    around = 0 if span.get("missing") else AROUND_CHARS
    before = text[max(0, start - around) : start]
    after = text[end : end + around]
    mark = plain(_one_line(clip(str(span.get("text", "")), CUT_CHARS)))
    context = f"{plain(_one_line(before))}:orange-background[{mark}]{plain(_one_line(after))}"
    return f"{plain(_label(span))}{'…' if before and start > around else ''}{context}" + (
        "…" if after and end + around < len(text) else ""
    )


def _hidden(text: str, field: object, spans: Sequence[Mapping[str, Any]]) -> str:
    """The text with each personal datum in it as the evidence masks it, every place unmoved."""
    for span in spans:
        if "kind" in span and span.get("field") == field:
            start, end = int(span["start"]), int(span["end"])
            text = text[:start] + str(span["text"]).ljust(end - start)[: end - start] + text[end:]
    return text


def _label(span: Mapping[str, Any]) -> str:
    parts = [words(str(span["field"]))] if span.get("field") else []
    if "kind" in span:
        parts.append(PII_NAMES.get(str(span["kind"]), words(str(span["kind"]))))
    if "severity" in span:
        parts.append(f"severity {figure(float(span['severity']), 1)}")
    if span.get("missing"):
        parts.append("not in the source: " + ", ".join(map(str, span["missing"][:4])))
    return " · ".join(parts) + ": " if parts else ""


def _judge_lines(judge: Mapping[str, Any]) -> list[str]:
    """A judge's score, then its mark and reason on each criterion."""
    reasons = judge.get("reasons", {})
    return [_pair(str(judge["judge"]), f"score {figure(float(judge['score']), 2)}")] + [
        _pair(words(str(name)), f"{mark}. {reasons.get(name, '')}")
        for name, mark in judge.get("scores", {}).items()
    ]


def _languages(evidence: Mapping[str, Any]) -> str:
    expected = ", ".join(language_name(code) for code in evidence["expected"])
    found = language_name(evidence["found"]) if evidence.get("found") else "another one"
    return _pair("Expected", f"{expected}; found: {found}")


def _text_of(sample: Sample, field: str) -> str:
    texts = {"input": sample.input, "response": sample.response, "raw_text": sample.raw_text}
    return texts.get(field, "")


def _one_line(text: str) -> str:
    # A word joiner keeps the page from making a link of an address.
    return text.replace("\n", " ↵ ").replace("@", "@\u2060")
