"""Does the sample hold somebody's data, or a key."""

from core.quality.check import MAX_EVIDENCE, Check, Measure, Subject
from core.quality.personal.finding import KnownValues, find_leaks
from core.quality.personal.leaks import kinds_of, kinds_value, masked
from core.templates.definition import CheckSettings


def measure(subject: Subject) -> Measure:
    around = subject.surroundings
    known = KnownValues(around.variables.values() if around else ())
    kinds: set[str] = set()
    spans = []
    for field, text in (("response", subject.response), ("input", subject.input)):
        for leak in find_leaks(text):
            words = text[leak.start : leak.end]
            if words in known:
                continue
            kinds.add(leak.kind)
            shown = masked(leak.kind, words)
            spans.append({"field": field, "start": leak.start, "end": leak.end,
                          "kind": leak.kind, "text": shown})  # fmt: skip
    return Measure(kinds_value(kinds), {"spans": spans[:MAX_EVIDENCE]} if spans else {})


def rate(value: float, limits: CheckSettings) -> float:
    return 0.0 if set(kinds_of(value)) & set(limits.pii) else 1.0


CHECK = Check(
    name="pii",
    description="An address, number, account or key in it may belong to a real person or service.",
    unit="sum of kinds: 1 email, 2 phone, 4 IBAN, 8 card, 16 national id, 32 IP, 64 secret",
    weight=0.5,
    rate=rate,
    measure=measure,
    thresholds=("pii",),
    stage="dear",
)
