"""How firmly two things belong together: normalised pointwise mutual information. Pure."""

from math import log


def npmi(together: int, first: int, second: int, total: int) -> float:
    """NPMI from -1 (never together) over 0 (by chance) to 1 (only together), from counts.

    ln(p(x, y) / (p(x) p(y))) / -ln p(x, y); 0 where both are everywhere, which says nothing.

    Source: Bouma, "Normalized (pointwise) mutual information in collocation extraction", GSCL 2009.
    """
    if together == 0:
        return -1.0
    if together == total:
        return 0.0
    return log(together * total / (first * second)) / -log(together / total)
