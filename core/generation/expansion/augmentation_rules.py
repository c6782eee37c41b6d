"""Derived samples that a rule makes: noisy copies and exchanged values. No call, no cost.

The same batch always gives the same copies: everything follows from its seed and the place in the
plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest
from core.generation.filling import Made
from core.generation.inputs import load_rows
from core.templates.randomness import Stream
from core.text.exchange import Exchange, exchange, exchangeable
from core.text.noise import add_noise

TEXTS: Final = ("input", "response")
DONORS_TRIED: Final = 40  # other samples looked at for values to exchange


class _Copies:
    """The parents of a batch in their order, and the values that its launch chose."""

    def __init__(self, workspace: Workspace, batch: Batch) -> None:
        self._workspace, self._batch = workspace, batch
        self._parent_ids: list[str] = list(batch.inputs["parent"]["sample_ids"])

    def _given(self, name: str, default: Any) -> Any:
        return self._batch.inputs.get(name, {}).get("value", default)

    def _parent_id(self, index: int) -> str:
        return self._parent_ids[index % len(self._parent_ids)]

    def _rows(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        return load_rows(self._workspace, self._batch.inputs, sorted(set(ids)))

    def _made(
        self, index: int, variables: dict[str, Any], output: dict[str, Any], problem: str
    ) -> Made:
        return Made(index, variables, output, problem, parent_id=self._parent_id(index))


def example_copies(
    workspace: Workspace, launch: LaunchRequest, n: int = 1
) -> list[tuple[Mapping[str, Any], Made]]:
    """The first copies that a launch would make, each after its parent; nothing is stored.

    Raises KeyError for an operation that asks a model.
    """
    batch = Batch(inputs=dict(launch.inputs), seed=launch.seed or 0)
    make = RULES[launch.origin["operation"]](workspace, batch)
    made = list(make(range(min(n, launch.n))))
    rows = load_rows(workspace, launch.inputs, [copy.parent_id or "" for copy in made])
    return [(rows[copy.parent_id or ""], copy) for copy in made]


class NoisyCopies(_Copies):
    """Copies with slips of the keyboard in the texts that the launch chose."""

    def __call__(self, indexes: Sequence[int]) -> Iterator[Made]:
        """The samples with these plan indexes."""
        rows = self._rows([self._parent_id(i) for i in indexes])
        changes, rate = self._given("changes", "input"), float(self._given("rate", 0.0))
        slips = self._given("slips", None)
        chosen = TEXTS if changes == "both" else (changes,)
        for i in indexes:
            parent = rows[self._parent_id(i)]
            output = {
                name: add_noise(
                    str(parent[name]), rate=rate, seed=self._batch.seed, kinds=slips,
                    key=f"{i}:{name}",
                )
                if name in chosen
                else str(parent[name])
                for name in TEXTS
            }  # fmt: skip
            is_same = all(output[name] == parent[name] for name in TEXTS)
            problem = "No word of the text can bear a slip." if is_same else ""
            yield self._made(i, dict(parent["variables"]), output, problem)


class SwappedCopies(_Copies):
    """Copies in which values of variables are exchanged for those of another parent."""

    def __init__(self, workspace: Workspace, batch: Batch) -> None:
        super().__init__(workspace, batch)
        self._fields = frozenset(self._given("fields", []))

    def __call__(self, indexes: Sequence[int]) -> Iterator[Made]:
        """The samples with these plan indexes."""
        donors = {i: self._donor_ids(i) for i in indexes}
        wanted = [self._parent_id(i) for i in indexes]
        rows = self._rows([*wanted, *(name for ids in donors.values() for name in ids)])
        for i in indexes:
            parent = rows[self._parent_id(i)]
            variables, exchanges = self._exchanged(parent, [rows[name] for name in donors[i]])
            output = {name: exchange(str(parent[name]), exchanges) for name in TEXTS}
            told = [
                {"variable": e.variable, "before": e.before, "after": e.after} for e in exchanges
            ]
            problem = "" if exchanges else "No value of its variables stands in the texts."
            yield self._made(i, variables, {**output, "exchanged": told}, problem)

    def _donor_ids(self, index: int) -> list[str]:
        """Other parents in an order of this copy's own."""
        own, others = self._parent_id(index), len(self._parent_ids)
        stream = Stream("donors", self._batch.seed, index)
        drawn = (self._parent_ids[stream.below(others)] for _ in range(DONORS_TRIED))
        return [name for name in dict.fromkeys(drawn) if name != own]

    def _exchanged(
        self, parent: Mapping[str, Any], donors: Sequence[Mapping[str, Any]]
    ) -> tuple[dict[str, Any], list[Exchange]]:
        """The variables and exchanges with the donor that changes most; the first of equals.

        All values come from one donor, so that they go together as they did in its sample.
        """
        texts = [str(parent[name]) for name in TEXTS]
        best: tuple[dict[str, Any], list[Exchange]] = (dict(parent["variables"]), [])
        for donor in donors:
            variables, exchanges = dict(parent["variables"]), list[Exchange]()
            for name, value in parent["variables"].items():
                if self._fields and name not in self._fields:
                    continue
                other = donor["variables"].get(name)
                found = exchangeable(value, other, name, texts)
                if found:
                    variables[name] = other
                    exchanges += found
            if len(exchanges) > len(best[1]):
                best = variables, exchanges
        return best


RULES: Final[dict[str, type[NoisyCopies] | type[SwappedCopies]]] = {
    "noise": NoisyCopies, "swap": SwappedCopies,
}  # fmt: skip
