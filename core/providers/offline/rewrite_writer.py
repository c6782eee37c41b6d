"""Machine-sounding text and its plain twin, statements, documents and problems with numbers."""

from typing import Any

from core.providers.offline.phrases import rewrite_phrases as rewrite
from core.providers.offline.told import as_sentence
from core.providers.offline.trade_writer import TradeWriter

CURRENCY = "€"


class RewriteWriter(TradeWriter):
    """One method per role; each returns sentences."""

    def plain_twin(self) -> list[str]:
        """What a machine-sounding text says, in plain words. Drawn once per request."""
        if not self.content:
            _ = self.subject
            chosen = self.draw.some(rewrite.PLAIN, self.draw.between(3, 5))
            self.content = [self.slots.fill(phrase) for phrase in chosen]
        return list(self.content)

    def machine(self) -> list[str]:
        """The same content as a machine would say it: wrapped, doubled, summed up."""
        if self.source:
            return [self.source]
        parts = []
        for sentence in self.plain_twin():
            wrapped = self.draw.pick(rewrite.INFLATED)
            lowered = sentence if sentence.startswith("I ") else sentence[:1].lower() + sentence[1:]
            parts.append(wrapped.format(s=lowered, subject=self.slots["subject"]))
        return [*parts, self.say(rewrite.EMPTY_ENDINGS)]

    def change(self) -> list[str]:
        """What an editor did."""
        fresh = [line for line in rewrite.CHANGES if line not in self.used] or rewrite.CHANGES
        line = self.draw.pick(fresh)
        self.used.add(line)
        return [line]

    def statement(self) -> list[str]:
        """Something that is true or false."""
        if self.source:
            return [self.quoted()]
        _ = self.subject
        fresh = [line for line in rewrite.STATEMENTS if line not in self.used] or rewrite.STATEMENTS
        line = self.draw.pick(fresh)
        self.used.add(line)
        return [self.slots.fill(line)]

    def document(self) -> list[str]:
        """A short letter that gives a reference, a date and an amount; they go into `record`."""
        day, month = self.draw.between(1, 28), self.draw.between(1, 12)
        year = self.draw.between(2024, 2026)
        reference = f"{chr(65 + self.draw.below(26))}{self.draw.between(10000, 99999)}"
        amount = round(self.draw.between(1200, 990000) / 100, 2)
        shown = {"reference": reference, "day": f"{day:02d}.{month:02d}.{year}",
                 "sum": f"{CURRENCY}{amount:.2f}"}  # fmt: skip
        self.record = {"reference": reference, "date": f"{year}-{month:02d}-{day:02d}",
                       "amount": amount}  # fmt: skip
        for name in self.instructions:
            if self.instructions[name] == "null" and name in self.record:
                self.record[name] = None
        facts = [
            self.draw.pick(rewrite.DOCUMENT_FACTS[name]).format_map(shown)
            for name, value in self.record.items() if value is not None
        ]  # fmt: skip
        fillers = [self.say((p,)) for p in self.draw.some(rewrite.DOCUMENT_FILLERS, 3)]
        mixed = [part for pair in zip(fillers, facts, strict=False) for part in pair]
        self.record["evidence"] = facts[0]
        return [self.say(rewrite.DOCUMENT_OPENINGS), *mixed, *fillers[len(facts) :]]

    def numbers(self) -> dict[str, int]:
        """The whole numbers among the variables."""
        return {
            name: value for name, value in self.variables.items()
            if isinstance(value, int) and not isinstance(value, bool)
        }  # fmt: skip

    def word_problem(self) -> list[str]:
        """A problem that holds every drawn number; [] where there are too few."""
        numbers = self.numbers()
        if len(numbers) < 2:
            return []
        child = self.variables.get("child") or self.slots["name"]
        given = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in numbers.items())
        frames = (
            f"{child} plans {{subject}} and writes down the numbers.",
            f"For {{subject}}, {child} has counted everything.",
            f"On {{weekday}} {child} prepares {{subject}}.",
        )
        _ = self.subject
        return [
            self.say(frames), f"The list says {given}.",
            "How many does each one get, and how many are left?",
        ]  # fmt: skip

    def calculation(self) -> list[str]:
        """One step of a solution; [] where there are too few numbers."""
        numbers = list(self.numbers().items())
        if len(numbers) < 2:
            return []
        name, value = numbers[self.item % len(numbers)]
        label = name.replace("_", " ")
        return [as_sentence(f"Step {self.item + 1}: take {label} = {value} and go on from there")]

    def recorded(self, name: str) -> Any:
        """The value that a document of this request gave for a field; None without one."""
        return self.record.get(name) if self.record else None
