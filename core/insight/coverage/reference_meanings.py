"""What the figures beside a reference mean, for people: the text that pages show with them."""

from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """One figure's explanation."""

    label: str
    meaning: str
    caution: str  # when not to trust it


MEANINGS: Final[dict[str, Meaning]] = {
    "coverage": Meaning(
        "Coverage",
        "The share of the reference's texts that have a text of yours nearby: nearer than their "
        "fifth nearest neighbour in the reference.",
        "A reference of many near-copies has small neighbourhoods and is hard to cover. Another "
        "length or manner of writing lowers it as much as another subject.",
    ),
    "recall": Meaning(
        "Recall",
        "The share of the reference's texts that lie among yours: nearer to one of yours than its "
        "own fifth nearest neighbour.",
        "One odd text of yours with a wide neighbourhood raises it, and many texts close together "
        "lower it. Trust coverage first.",
    ),
    "precision": Meaning(
        "Precision",
        "The share of your texts that lie among the reference's. Low: yours are about something "
        "else, or written in another way.",
        "It is blind to how often: one corner of the reference alone gives 100 %.",
    ),
    "density": Meaning(
        "Density",
        "How many of the reference's neighbourhoods hold one of your texts, over five. About 1 "
        "where yours lie as the reference does; above, where yours crowd its dense parts.",
        "It has no upper bound and rises with copies of what is frequent.",
    ),
}
SIZES: Final = (
    "All four depend on how many texts each side has: compare only figures of equal sizes. "
    "Sources: Naeem et al. 2020; Kynkäänniemi et al. 2019."
)
