"""What other thresholds would decide about a batch, from what was measured. Pure: no I/O.

    quality = product over checks of (1 - weight x (1 - score)), as in `core.quality.scoring`

Only samples that no person reviewed and that did not fail can change sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.quality.check import Check
from core.quality.registry import CHECKS
from core.quality.scoring import (
    ACCEPTED,
    JUDGE,
    NEEDS_REVIEW,
    OTHER_WEIGHT,
    REJECTED,
    SETTLES,
)
from core.quality.thresholds.readings import CODES, VERDICTS, CheckReadings, Floats, Readings
from core.templates.definition import CheckSettings

CURVE_POINTS: Final = 41
STEP: Final = 0.01  # between two values of a share
VERDICT_THRESHOLDS: Final = ("accept_at", "reject_below")
SIDES: Final = ("accepted", "needs_review", "rejected")
Masks = NDArray[np.bool_]


class Decided(NamedTuple):
    """What some thresholds say of each sample."""

    scores: Floats  # (n,), 0 to 1
    verdicts: NDArray[np.int8]  # (n,), places in VERDICTS


class Move(NamedTuple):
    """Samples that change from one verdict to another."""

    before: str
    after: str
    samples: int
    places: Sequence[int]  # those whose score moved most come first


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What one value of a threshold would decide, all others as they are set."""

    value: float
    accepted: int
    needs_review: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Alone:
    """What one check costs by itself, under some thresholds."""

    check: str
    found: int  # samples with a score below 1
    held_back: int  # samples that would be accepted if this check were not asked
    accepted: int  # samples that would be accepted if this check alone were asked


@dataclass(frozen=True)
class Threshold:
    """One setting that decides, as a field of CheckSettings."""

    name: str
    check: str  # "" for what turns the score into a verdict
    kind: Literal["share", "count", "switch", "list"]
    description: str
    low: float  # the lowest value that may be chosen
    high: float  # the highest; inf where there is no bound


def thresholds() -> list[Threshold]:
    """Every setting that decides, those of the verdict first, then in the checks' order."""
    owners = [("", name) for name in VERDICT_THRESHOLDS]
    owners += [(check.name, name) for check in CHECKS.values() for name in check.thresholds]
    return [_threshold(name, check) for check, name in owners if name in CheckSettings.model_fields]


def _threshold(name: str, check: str) -> Threshold:
    field = CheckSettings.model_fields[name]
    low = [bound.ge for bound in field.metadata if hasattr(bound, "ge")]
    low += [bound.gt + STEP for bound in field.metadata if hasattr(bound, "gt")]
    high = [bound.le for bound in field.metadata if hasattr(bound, "le")]
    return Threshold(
        name, check, _KINDS.get(field.annotation, "list"), field.description or "",
        float(low[0]) if low else 0.0, float(high[0]) if high else float("inf"),
    )  # fmt: skip


_KINDS: Final[dict[Any, Literal["share", "count", "switch"]]] = {
    float: "share", int: "count", bool: "switch"
}  # fmt: skip


def decide(readings: Readings, settings: CheckSettings) -> Decided:
    """Score and verdict of every sample under these thresholds; equal to `scoring.score`."""
    held = _asked(readings, readings.checks, settings)
    return Decided(held.quality, _verdicts(readings, held, settings))


def stored(readings: Readings) -> Decided:
    """Score and verdict of every sample as they stand in the database."""
    return Decided(readings.scores, readings.verdicts)


def counts(readings: Readings, decided: Decided) -> dict[str, int]:
    """Samples per verdict, failed ones included."""
    return _counted(readings, decided.verdicts)


def moves(before: Decided, after: Decided) -> list[Move]:
    """The changes of side, the largest first."""
    pairs = before.verdicts.astype(np.int64) * len(VERDICTS) + after.verdicts
    jump = np.nan_to_num(np.abs(after.scores - before.scores), nan=1.0)
    found = []
    for code in np.unique(pairs[before.verdicts != after.verdicts]):
        places = np.flatnonzero(pairs == code)
        ranked = places[np.argsort(-jump[places], kind="stable")]
        old, new = divmod(int(code), len(VERDICTS))
        found.append(Move(VERDICTS[old], VERDICTS[new], len(places), ranked.tolist()))
    return sorted(found, key=lambda move: -move.samples)


def curve(readings: Readings, settings: CheckSettings, name: str) -> list[CurvePoint]:
    """The verdicts at each value of one threshold, in ascending order; [] for switches and lists.

    Values lie evenly between the bounds, or at quantiles of what was measured where the threshold
    has no upper bound. Values that contradict another threshold are left out.
    """
    threshold = next(t for t in thresholds() if t.name == name)
    if threshold.kind not in ("share", "count"):
        return []
    others = [c for c in readings.checks if not _decides(c.check, name)]
    own = [c for c in readings.checks if _decides(c.check, name)]
    held = _asked(readings, others, settings)
    found = []
    for value in _grid(readings, settings, threshold):
        changed = settings.model_copy(
            update={name: int(value) if threshold.kind == "count" else value}
        )
        if not _is_ordered(changed):
            continue
        verdicts = _verdicts(readings, _asked(readings, own, changed, held), changed)
        by_verdict = _counted(readings, verdicts)
        found.append(CurvePoint(value, *(by_verdict[side] for side in SIDES)))
    return found


def alone(readings: Readings, settings: CheckSettings) -> list[Alone]:
    """What each check with a finding costs by itself, the one that holds back most first."""
    accepted = decide(readings, settings).verdicts == CODES[ACCEPTED]
    found = []
    for check in readings.checks:
        rest = [other for other in readings.checks if other.name != check.name]
        without = _verdicts(readings, _asked(readings, rest, settings), settings)
        single = _verdicts(readings, _asked(readings, [check], settings), settings)
        rated = ratings(check, settings)
        found.append(
            Alone(
                check.name,
                int((rated < 1)[check.which].sum()),
                int(((without == CODES[ACCEPTED]) & ~accepted).sum()),
                int((single == CODES[ACCEPTED]).sum()),
            )
        )
    return sorted(found, key=lambda row: (-row.held_back, -row.found, row.check))


def lowest_found(readings: Readings, name: str) -> float | None:
    """The lowest value that the check behind a threshold reported; None where it reported none."""
    lows = [c.values[0] for c in readings.checks if _decides(c.check, name) and len(c.values)]
    return float(min(lows)) if lows else None


class _Held(NamedTuple):
    """What is known of each sample after some checks, (n,) each."""

    quality: Floats
    is_hopeless: Masks  # a check of weight 1 found it unusable
    is_passed: Masks  # by a judge
    is_doubted: Masks  # by a check whose doubt no judge settles


def _asked(
    readings: Readings,
    checks: Sequence[CheckReadings],
    settings: CheckSettings,
    before: _Held | None = None,
) -> _Held:
    """The samples after these checks, and after those that were asked before."""
    if before is None:
        no = np.zeros(len(readings), dtype=np.bool_)
        held = _Held(np.ones(len(readings)), no, no.copy(), no.copy())
    else:
        held = _Held(before[0].copy(), before[1].copy(), before[2].copy(), before[3].copy())
    for check in checks:
        rated = ratings(check, settings)
        weight = OTHER_WEIGHT if check.check is None else check.check.weight
        held.quality[check.places] *= (1.0 - weight * (1.0 - rated))[check.which]
        if check.check is not None and weight == 1.0:
            held.is_hopeless[check.places] |= (rated == 0.0)[check.which]
        if check.name == JUDGE:
            held.is_passed[check.places] |= (rated == 1.0)[check.which]
        if check.name not in SETTLES:
            held.is_doubted[check.places] |= (rated < 1.0)[check.which]
    return held


def ratings(check: CheckReadings, settings: CheckSettings) -> Floats:
    """The score of each different value, (k,), 0 to 1."""
    if check.check is None:
        return np.clip(check.values, 0.0, 1.0)
    rate = check.check.rate
    rated = np.array([rate(value, settings) for value in check.values.tolist()], dtype=np.float64)
    return np.clip(rated, 0.0, 1.0)


def _verdicts(readings: Readings, held: _Held, settings: CheckSettings) -> NDArray[np.int8]:
    chosen = np.full(len(readings), CODES[NEEDS_REVIEW], dtype=np.int8)
    is_settled = held.is_passed & ~held.is_doubted
    chosen[(held.quality >= settings.accept_at) | is_settled] = CODES[ACCEPTED]
    chosen[(held.quality < settings.reject_below) | held.is_hopeless] = CODES[REJECTED]
    return np.where(readings.is_reviewed, readings.verdicts, chosen)


def _counted(readings: Readings, verdicts: NDArray[np.int8]) -> dict[str, int]:
    number = np.bincount(verdicts, minlength=len(VERDICTS))
    return {name: int(number[i]) + readings.failed.get(name, 0) for i, name in enumerate(VERDICTS)}


def _decides(check: Check | None, name: str) -> bool:
    return check is not None and name in check.thresholds


def _grid(readings: Readings, settings: CheckSettings, threshold: Threshold) -> list[float]:
    now = float(getattr(settings, threshold.name))
    if threshold.high != float("inf"):
        even = np.linspace(0.0, threshold.high, CURVE_POINTS)
        inside = even[even >= threshold.low]
        return sorted({threshold.low, now, *(round(float(value), 6) for value in inside)})
    values = [
        np.repeat(c.values, np.bincount(c.which, minlength=len(c.values)))
        for c in readings.checks
        if _decides(c.check, threshold.name)
    ]
    measured = np.concatenate(values) if values else np.array([now])
    quantiles = np.quantile(measured, np.linspace(0, 1, CURVE_POINTS))
    return sorted({0.0, now, *(float(round(value)) for value in quantiles)})


def _is_ordered(settings: CheckSettings) -> bool:
    return settings.reject_below <= settings.accept_at and settings.min_chars <= settings.max_chars


def reasons(
    readings: Readings, place: int, before: CheckSettings, after: CheckSettings
) -> list[tuple[str, float]]:
    """Name and value of the checks that speak of one sample: those whose score changes between two
    settings, or where none does, all that take quality away.
    """
    changed, costly = [], []
    for check in readings.checks:
        at = np.flatnonzero(check.places == place)
        if len(at):
            value = check.values[check.which[at[:1]]]
            one = check._replace(values=value, which=np.zeros(1, dtype=np.int64))
            old, new = ratings(one, before)[0], ratings(one, after)[0]
            if old != new:
                changed.append((check.name, float(value[0])))
            elif new < 1:
                costly.append((check.name, float(value[0])))
    return changed or costly
