"""A sampler from another package: one small file and an entry point, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLER = '''
from typing import Any, Literal

from pydantic import Field

from core.templates.samplers.base import Draw, Sampler, Shares
from core.templates.scope import Misfit, Scope


class LotterySampler(Sampler):
    """Distinct numbers, as in a lottery."""

    kind: Literal["lottery"]
    numbers: int = Field(6, ge=1, le=20)
    highest: int = Field(49, ge=1, le=1000)

    def check(self, scope: Scope) -> None:
        if self.numbers > self.highest:
            raise Misfit(f"{self.numbers} of {self.highest} cannot be drawn", ("numbers",))

    def draw(self, at: Draw) -> Any:
        left = list(range(1, self.highest + 1))
        return sorted(left.pop(at.stream.below(len(left))) for _ in range(self.numbers))


class CoinSampler(Sampler):
    """An axis of the grid from outside."""

    kind: Literal["coin"]

    def shares(self) -> Shares:
        return Shares({"": (("heads", 1), ("tails", 1))})


class CopiedSampler(Sampler):
    """Claims a kind that is taken."""

    kind: Literal["category"]


class Unnamed(Sampler):
    """Declares no kind."""
'''
ENTRIES = """\
[seedbed.samplers]
lottery = luck:LotterySampler
coin = luck:CoinSampler
copied = luck:CopiedSampler
unnamed = luck:Unnamed
missing = luck:Nothing
"""
TEMPLATE = """\
name: draws
title: Draws
domain: games
system: Be brief.
user: Write about {{ ticket | join(', ') }} and {{ side }}.
variables:
  - name: side
    sampler: {kind: coin}
  - name: ticket
    sampler:
      kind: lottery
      numbers: NUMBERS
output:
  type: object
  required: [answer]
  properties:
    answer: {type: string}
mapping:
  input: "{{ ticket | join(' ') }}"
  response: "{{ output.answer }}"
"""
CODE = """
import json, sys
from core.errors import TemplateError
from core.templates.definition import content_hash, parse_template, template_yaml
from core.templates.planning.plan import Plan
from core.templates.samplers.registry import sampler_kinds
from core.templates.trial import trial_render

try:
    definition = parse_template(sys.stdin.read())
except TemplateError as error:
    print(json.dumps({"refused": str(error)}))
    sys.exit()
trial_render(definition)
again = parse_template(template_yaml(definition))
plan = Plan(definition, n=10, seed=4)
print(json.dumps({
    "kinds": list(sampler_kinds()),
    "rows": [plan.variables(i) for i in range(10)],
    "is_same": again == definition and content_hash(again) == content_hash(definition),
}))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "luck.py").write_text(SAMPLER)
    folder = tmp_path / "luck-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: luck\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(ENTRIES)
    return tmp_path


def result_with(package: Path, numbers: str) -> tuple[dict[str, object], str]:
    done = subprocess.run(
        [sys.executable, "-c", CODE], input=TEMPLATE.replace("NUMBERS", numbers), text=True,
        capture_output=True, check=True, env={"PYTHONPATH": str(package)}, timeout=120,
    )  # fmt: skip
    return json.loads(done.stdout), done.stderr


def test_a_sampler_of_another_package_draws_plans_and_renders(package: Path) -> None:
    result, log = result_with(package, "5")
    rows = result["rows"]
    assert isinstance(rows, list)
    assert sorted(row["side"] for row in rows) == ["heads"] * 5 + ["tails"] * 5
    for row in rows:
        assert len(set(row["ticket"])) == 5
        assert all(1 <= number <= 49 for number in row["ticket"])
    assert len({tuple(row["ticket"]) for row in rows}) == 10
    assert result["is_same"] is True
    kinds = result["kinds"]
    assert isinstance(kinds, list)
    assert kinds[-2:] == ["coin", "lottery"]
    assert "'copied' declares no kind of its own" in log
    assert "'unnamed' declares no kind of its own" in log
    assert "'missing'" in log


def test_its_own_checks_are_told_at_the_line(package: Path) -> None:
    result, _ = result_with(package, "6\n      highest: 3")
    assert result["refused"] == ("Line 12: variables.1.sampler.numbers: 6 of 3 cannot be drawn.")
    result, _ = result_with(package, "99")
    assert str(result["refused"]).startswith("Line 12: variables.1.sampler.lottery.numbers: ")


def test_without_the_package_its_kind_is_refused_with_those_there_are() -> None:
    from core.errors import TemplateError
    from core.templates.definition import parse_template

    with pytest.raises(TemplateError, match=r"^Line 8: .*'coin'.*'category', 'subcategory'"):
        parse_template(TEMPLATE.replace("NUMBERS", "5"))
