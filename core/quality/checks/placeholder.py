"""Is there a blank that the model was meant to fill in.

Markdown links, footnotes, checkboxes, stage directions, editorial brackets and code are left alone:
a bracket counts only when its words say that something belongs there.
"""

import re

from core.quality.check import MAX_EVIDENCE, Check, Measure, Subject, span
from core.templates.definition import CheckSettings

_NOUN = (
    r"(?:names?|dates?|address(?:es)?|compan(?:y|ies)|organi[sz]ation|e-?mail|phone|telephone"
    r"|numbers?|amounts?|city|country|state|zip|title|position|link|url|website|location|time"
    r"|number of \w+|product|service|topic|subject|signature|bank|account|reason|department"
    r"|contact|details|info(?:rmation)?|here|placeholder|value|description|percentage|price|fees?"
    r"|recipients?|sender|customers?|clients?|agent|manager|article|digits|id|reference|role|brand"
    r"|member|representative|team|no\.|street|postcode|day|time|month|year|deadline|order|invoice"
    r"|store|doctor|patient|school|age|pin|hours|username|password|region|language|currency|duration|quantity|total|field|answer|example"
    # German, Spanish, French, Italian, Portuguese, Dutch
    r"|(?:vor|nach|firmen)?name|datum|betrag|adresse|firma|ort|nummer|unterschrift"
    r"|nombre|apellidos?|fecha|dirección|empresa|importe|ciudad|cliente|correo"
    r"|prénom|nom|montant|adresse|ville|société|entreprise|client"
    r"|cognome|nome|indirizzo|azienda|importo|città|data|sobrenome|endereço|valor"
    r"|naam|voornaam|bedrag|adres|bedrijf)"
)
_JOINT = r"(?:[a-zà-ÿ0-9'’]+[ _/-])"
_VERB = r"(?:insert|enter|add|fill in|fill|specify|type|provide|include|your|replace|put)"
_NOT_LINK = r"(?![\(\[]|:\s*(?:https?:|[/<#]))"

BRACKET = re.compile(
    rf"(?<![\]\w])\[(?:{_VERB}\b[^\[\]\n]{{0,60}}"
    rf"|(?!(?:the|a|an|this|that|his|her|their|its|our|my|in|of|on|at)\b)"
    rf"{_JOINT}{{0,3}}{_NOUN}"
    rf"(?:(?: (?:of|to|for|del?|der|des|du|di|do|da|van) {_JOINT}{{0,2}}[a-zà-ÿ]+)"
    rf"|(?: ?\d{{1,2}}))?)\]{_NOT_LINK}",
    re.IGNORECASE,
)
ANGLE = re.compile(
    rf"<(?:(?i:insert|enter|your|add|fill in|specify)\b[^<>\n]{{0,60}}"
    rf"|(?=[A-Z_ ]+>)(?:[A-Z]+[ _])*(?i:{_NOUN})"
    rf"|(?i:[a-z]+ (?:[a-z]+ ){{0,2}}{_NOUN})|(?i:{_NOUN} (?:of|for|to) [a-z ]{{2,30}}))>"
)
SIGNS = re.compile(r"(?<![\]\w])(?<![-*+] )\[(?:#+|X{1,6}|_{2,}|\?{2,}|\.{3}|…)\](?![\(\[])")
PERCENT = re.compile(r"(?<![\w%])%[A-Z]{2,}(?:_[A-Z]+)*%(?![\w%])")
UNDERSCORES = re.compile(r"(?<![\w_])_{4,}(?![\w_])")
DOUBLE_BRACE = re.compile(r"\{\{[^{}\n]{0,80}\}\}|\{%[^%\n]{0,80}%\}")
BRACE = re.compile(
    rf"(?<![\\\w${{]|\^|_)\{{(?:[a-z]+(?:_[a-z]+)+|{_NOUN}|your [a-z ]+)\}}(?!\}})", re.IGNORECASE
)
CROSSES = re.compile(r"(?<![\w-])(?<!Bowl )X{3,}(?![\w-])(?! ?[\dX])")
INITIALS = re.compile(r"\b(?:TBD|TBC|FIXME)\b|\bTODO(?=:|\]|\)|$)|\bTK TK\b")
# "enter your PIN here" inside a sentence is an instruction; alone on a line it is a blank.
HERE = re.compile(
    r"(?:^|(?<=[\n\[(<\"“:*]))[ \t]*(?:(?:insert|add|enter|put|type|write) (?:your |the |a |an )?"
    r"(?:\w+ ){0,3}|(?:your|the|my) (?:\w+ ){1,2}(?:goes )?)here(?=[.…!]*[\s*]*(?:$|[\n\])>\"”]))",
    re.IGNORECASE,
)
BLANK_HERE = re.compile(
    r"(?<![a-z,] )\b(?:Your|YOUR) (?:answer|text|response|name|message|title|input)"
    r" (?:here|HERE)\b(?!:)"
    r"|(?<![a-z,] )\b(?:Insert|Enter|Add) (?:your |the |a )?(?:name|text|date|title|link|answer)"
    r" here\b(?!:| and\b| to\b)"
)
LAST_WORD_HERE = re.compile(r" here[.…!]*[\s*]*(?:$|[\n\])>\"”])")
WORDS = re.compile(
    r"lorem ipsum|\bplaceholder (?:text|answer|response|content|value)\b|\bthis is a placeholder\b",
    re.IGNORECASE,
)
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)


def measure(subject: Subject) -> Measure:
    found = [
        span(field, text, start, end)
        for field, text in (("response", subject.response), ("input", subject.input))
        for start, end in find_placeholders(text)
    ]
    return Measure(float(len(found)), {"spans": found[:MAX_EVIDENCE]} if found else {})


def find_placeholders(text: str) -> list[tuple[int, int]]:
    """Start and end of each blank left in the text, in order; code is not looked at."""
    patterns = _plausible(text)
    if not patterns:
        return []
    if "`" in text:
        text = CODE.sub(lambda match: " " * len(match.group()), text)
    return sorted({match.span() for pattern in patterns for match in pattern.finditer(text)})


def _plausible(text: str) -> list[re.Pattern[str]]:
    """The patterns that can match at all: a search for one character costs next to nothing."""
    patterns = []
    if "[" in text:
        patterns += [BRACKET, SIGNS]
    if "<" in text:
        patterns.append(ANGLE)
    if "{" in text:
        patterns += [DOUBLE_BRACE, BRACE]
    if "%" in text:
        patterns.append(PERCENT)
    if "____" in text:
        patterns.append(UNDERSCORES)
    if "XXX" in text:
        patterns.append(CROSSES)
    if "TB" in text or "TODO" in text or "FIXME" in text or "TK" in text:
        patterns.append(INITIALS)
    lowered = text.lower()
    if LAST_WORD_HERE.search(lowered):
        patterns.append(HERE)
    if " here" in lowered:
        patterns.append(BLANK_HERE)
    if "lorem" in lowered or "placeholder" in lowered:
        patterns.append(WORDS)
    return patterns


def rate(value: float, limits: CheckSettings) -> float:
    return 0.0 if value > 0 and limits.placeholder else 1.0


CHECK = Check(
    name="placeholder",
    description="A blank was left to fill in, such as [NAME], {{ date }} or lorem ipsum.",
    unit="blanks",
    thresholds=("placeholder",),
    weight=1.0,
    rate=rate,
    measure=measure,
)
