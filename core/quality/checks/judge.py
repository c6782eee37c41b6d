"""What judges said of a sample by a rubric. Computed by `core.quality.judge.collecting`.

A judge is asked where heuristics leave a sample undecided, so its word can settle the doubt both
ways: a low score takes quality away, and one that passes accepts the sample where all its doubts
are of SETTLES, whose questions a reader answers better than a rule. What a judge cannot see
(copies, leaks, a broken schema) or must not overrule (personal data, toxic words) stays for a
person.
"""

from core.quality.check import Check
from core.templates.definition import CheckSettings

SETTLES = ("length", "echo", "repetition", "groundedness", "consistency")


def rate(value: float, limits: CheckSettings) -> float:
    """1 from the threshold on, below it the share of the threshold that was reached."""
    return 1.0 if value >= limits.judge else value / limits.judge


CHECK = Check(
    name="judge",
    description="Judges scored it low by their rubric.",
    unit="mean score of the judges, 0 to 1",
    thresholds=("judge",),
    weight=0.9,
    rate=rate,
    clean=None,
    stage="batch",
)
