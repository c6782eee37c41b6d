"""Taking a given text apart: its sentences, its noun phrases, questions that it answers.

Rules of thumb for plain English, cached because a batch reads each chunk many times.
"""

import re
from functools import lru_cache

SENTENCE_END = re.compile(
    r"(?<=[.!?…][\"”’)])\s+(?=[A-Z0-9“\"(])|(?<=[.!?…])\s+(?=[A-Z0-9“\"(])"
    # A single line break is only wrapping, unless a heading, list or table row follows.
    r"|\n\s*\n+|\n+(?=\s*(?:[#>|*+-]|\d+[.)]))"
)
MARKUP = re.compile(r"^(?:[#>*+|-]+\s+|\d+[.)]\s+)+")
HEADING = re.compile(r"^#+\s")
HEADING_LINE = re.compile(r"^(#+ .*)\n", re.MULTILINE)
WORD = re.compile(r"[A-Za-z0-9À-ž][\w'’-]*")
ARTICLES = frozenset(
    ("the", "a", "an", "this", "these", "each", "every", "its", "their", "our", "all")
)
OBJECT_STARTS = ARTICLES | {"to", "that", "it", "them", "him", "her", "us", "no"}
LEADERS = ARTICLES | {"of", "in", "for", "with", "on", "by", "from", "between", "about", "into"}
FUNCTION_WORDS = (
    "is are was were be been being has have had do does did can could may might must shall "
    "should  will would not no and or but if then than as at to that which who whom whose "
    "when where while  because so it he she they we you i him her them us me my your his it's "
    "there here also only  very more most some any such other after before during under over "
    "until since per up out off  what why how both either neither nor just"
)
STOP = LEADERS | set(FUNCTION_WORDS.split())
IS_SENTENCE = re.compile(
    r"^((?:The|A|An|This|Each|Every|Its|Our)?\s?[\w'’ -]{3,45}?) (is|are|was|were) (?!not )\w.{8,}$"
)
MODAL_SENTENCE = re.compile(
    r"^((?:The|A|An|This|Each|Every|Its|Our|All)?\s?[\w'’ -]{3,45}?) (can|must|may|should|will)"
    r" \w.{8,}$"
)
COUNT = re.compile(
    r"\b(?:\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|twelve) "
    r"(days|years|months|weeks|hours|minutes|people|metres|kilometres|times|members|pages)\b"
)
YEAR = re.compile(r"\bin (1[5-9]\d\d|20\d\d)\b")
MIN_SENTENCE_CHARS = 25
MAX_SENTENCE_CHARS = 400


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences worth quoting, exact pieces of the text; its beginning when there are none."""
    found = []
    for piece in SENTENCE_END.split(HEADING_LINE.sub(r"\1\n\n", text)):
        sentence = MARKUP.sub("", piece.strip()).strip()
        is_prose = "|" not in sentence and not HEADING.match(piece.strip())
        is_fit = MIN_SENTENCE_CHARS <= len(sentence) <= MAX_SENTENCE_CHARS
        if is_prose and is_fit and len(WORD.findall(sentence)) >= 5:
            found.append(sentence)
    return tuple(found) or (text.strip()[:MAX_SENTENCE_CHARS],)


@lru_cache(maxsize=16384)
def noun_phrases(sentence: str) -> tuple[str, ...]:
    """Short noun phrases with their article, in order; at least one."""
    tokens = [match.group() for match in WORD.finditer(sentence)]
    found: list[str] = []
    for at, token in enumerate(tokens):
        leader = token.lower()
        if leader not in LEADERS:
            continue
        run: list[str] = []
        for following in tokens[at + 1 : at + 5]:
            if following.lower() in STOP:
                break
            run.append(following)
        after = tokens[at + 1 + len(run)].lower() if at + 1 + len(run) < len(tokens) else ""
        if len(run) > 1 and _is_verb(run[-1], after):
            run = run[:-1]
        # A run that goes on holds a verb somewhere, so only its start is safe.
        run = run if len(run) <= 3 else run[:2]
        phrase = " ".join([leader, *run] if leader in ARTICLES else run)
        if run and len(phrase) >= 4 and not phrase.isdigit() and phrase not in found:
            found.append(phrase)
    return tuple(found) or (_longest(tokens),)


@lru_cache(maxsize=16384)
def questions(sentence: str) -> tuple[str, ...]:
    """Questions that this very sentence answers; empty where no rule fits."""
    found = []
    if match := IS_SENTENCE.match(sentence):
        found.append(f"What {match[2]} {_lowered(match[1])}?")
        found.append(f"How would you describe {_lowered(match[1])}?")
    if match := MODAL_SENTENCE.match(sentence):
        found.append(f"What {match[2]} {_lowered(match[1])} do?")
    first = noun_phrases(sentence)[0]
    if match := COUNT.search(sentence):
        found.append(f"How many {match[1]} does it come to for {first}?")
    if match := YEAR.search(sentence):
        found.append(f"What happened in {match[1]}?")
    if " because " in sentence:
        found.append(f"What is the reason in the case of {first}?")
    if sentence.startswith(("If ", "When ")) and "," in sentence:
        condition = sentence.split(",", 1)[0]
        found.append(f"What happens {condition[0].lower()}{condition[1:]}?")
    return tuple(found)


def _is_verb(word: str, following: str) -> bool:
    """A guess at the end of a run: past tense, adverb, or third person before its object."""
    if word.endswith(("ed", "ly", "came", "went", "said")):
        return True
    return word.endswith("s") and not word.endswith("ss") and following in OBJECT_STARTS


def _lowered(subject: str) -> str:
    first, _, rest = subject.strip().partition(" ")
    return f"{first.lower()} {rest}".strip() if first.lower() in ARTICLES else subject.strip()


def _longest(tokens: list[str]) -> str:
    content = [t for t in tokens if t.lower() not in STOP]
    return max(content, key=len) if content else "the subject"
