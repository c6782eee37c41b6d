"""What each figure about judges means, for people: the text that pages show beside it. Pure."""

from types import MappingProxyType
from typing import Final, NamedTuple

from core.quality.judge.agreement import RELIABLE, TENTATIVE
from core.quality.judge.calibration import FEW, Calibration
from core.quality.judge.position import PositionBias
from core.quality.judge.statistics import Range


class Meaning(NamedTuple):
    """A figure's explanation."""

    label: str
    meaning: str
    caution: str  # when not to trust it


MEANINGS: Final = MappingProxyType(
    {
        "score": Meaning(
            "Mean score",
            "The weighted mean of the marks, each as a share of its scale: 0 is the worst mark on "
            "every criterion, 1 the best.",
            "Judges differ in how strict they are: compare scores of the same judge and the same "
            "version of the rubric only.",
        ),
        "alpha": Meaning(
            "Agreement of judges",
            "Krippendorff's alpha: 1 is full agreement, 0 what chance would give, below 0 is "
            "contradiction. From 0.8 it counts as reliable, from 0.667 as a tentative result.",
            "It falls where all samples are about equally good, as there is little to agree on. "
            "Judges of one family can agree and be wrong together: see the calibration.",
        ),
        "kappa": Meaning(
            "Cohen's kappa",
            "Agreement of two judges on marks beyond chance; a miss by two steps counts four "
            "times a miss by one.",
            "It is the mean of the criteria. One where both always give the same mark has none: "
            "it lifts the share of equal marks, not kappa.",
        ),
        "consistent": Meaning(
            "Same answer in both orders",
            "Each pair is asked twice, with the places exchanged. A judge that looks at the "
            "samples alone gives the same answer both times.",
            "Samples of nearly equal quality turn over by chance: the sign test says whether one "
            "place wins more often than that.",
        ),
        "spearman": Meaning(
            "Follows people",
            "Spearman's rank correlation of the judge's score with what people decided: rejected, "
            "corrected, accepted. 1 is the same order, 0 no relation.",
            "People decide in three steps, so even a perfect judge stays below 1. What was "
            "reviewed is rarely a fair draw of all samples: review some at random.",
        ),
        "right": Meaning(
            "Right at the threshold",
            "The share of reviewed samples that the judge passes and people accept, or neither.",
            "Where people accept nearly everything, a judge that always says yes is right nearly "
            "always: look at kappa, which takes that out.",
        ),
        "ranked": Meaning(
            "Ranks accepted above others",
            "How likely an accepted sample scores above one that was rejected or corrected. 0.5 "
            "is chance.",
            "It says nothing of where the threshold should lie.",
        ),
        "gap": Meaning(
            "Gap to people",
            "The mean distance between a score and the share of samples with that score that "
            "people accepted.",
            "A rubric's score is no probability: a wide gap is harmless where the order is right. "
            "Move the threshold then.",
        ),
    }
)


def alpha_in_words(alpha: Range | None) -> str:
    """What an alpha allows to conclude, by the lower end of its interval."""
    if alpha is None:
        return "cannot be said"
    if alpha.low >= RELIABLE:
        return "reliable"
    if alpha.low >= TENTATIVE:
        return "tentative"
    return "perhaps reliable, too few samples" if alpha.value >= RELIABLE else "not reliable"


def position_in_words(bias: PositionBias) -> str:
    """What the two orders showed."""
    if not bias.pairs:
        return "No pair was answered in both orders."
    twice = bias.first_twice + bias.second_twice
    if bias.p_value < 0.05:
        place = "first" if bias.first_twice > bias.second_twice else "second"
        return (
            f"It favours the {place} place: of {twice} pairs that it decided by the place, "
            f"{max(bias.first_twice, bias.second_twice)} went there (p = {bias.p_value:.2g}). "
            "Pairs that turn over count as ties, so the winner below does not suffer from it."
        )
    if bias.consistent.value < 0.7:
        return "It turns over often, to either place: these pairs are hard for it, or it guesses."
    return "No place is favoured beyond chance."


def winner_in_words(bias: PositionBias, sample: str, other: str) -> str:
    """Who wins, where that is more than chance."""
    won = bias.sample_wins + bias.other_wins
    if not won:
        return "No pair was won: ties and contradictions only."
    if bias.win_p_value >= 0.05:
        return f"Neither side wins beyond chance (p = {bias.win_p_value:.2g})."
    name = sample if bias.sample_wins > bias.other_wins else other
    most = max(bias.sample_wins, bias.other_wins)
    return f"{name} wins {most} of the {won} pairs that were won (p = {bias.win_p_value:.2g})."


def calibration_in_words(one: Calibration) -> str:
    """Whether the judge may stand in for people, as far as these reviews tell."""
    if one.samples < FEW:
        return (
            f"Only {one.samples} samples were both judged and reviewed: a hint at best. "
            f"Review {FEW} or more, drawn at random."
        )
    if one.spearman is None:
        return "Scores or decisions do not vary, so their relation cannot be seen."
    if one.spearman.low <= 0:
        return "The scores do not follow people's decisions. Do not let this judge decide."
    if one.spearman.value < 0.4:
        return "The scores follow people's decisions weakly: a signal for the queue, no verdict."
    return "The scores follow people's decisions."
