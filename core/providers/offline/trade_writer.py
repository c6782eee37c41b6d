"""Questions and answers in a trade, and talks that go on: one method per role."""

from collections.abc import Mapping

from core.providers.offline.comic_writer import ComicWriter
from core.providers.offline.phrases import general_phrases as general
from core.providers.offline.phrases.banking_phrases import STEP_FRAMES
from core.providers.offline.phrases.label_phrases import HARDENED, LINES
from core.providers.offline.told import as_sentence, held_back, situations
from core.providers.offline.trade import Trade, trades

FRAMES = (
    "It is about this: {s}.", "The matter is this: {s}.", "I am writing because of this: {s}.",
    "This is what happened: {s}.", "Here is my case: {s}.", "My question concerns this: {s}.",
    "{s}, and I do not know what to do.", "{s}. That is why I ask.", "In short: {s}.",
    "I have this before me: {s}.", "{s} – that is the situation.",
)  # fmt: skip
FOLLOW_UPS = (
    "Thanks. And if that does not work?", "Does that also hold on {weekday}?",
    "I tried the first part, and nothing changed.", "What would you do first?",
    "That helps. How long does it take?", "No, that is not what I meant; it began on {date}.",
    "Could you say the second step more simply?", "And who decides that?",
    "Good. What if it happens again in {month}?", "I do not have that here. Is there another way?",
    "Sorry, I forgot to say that I have only {days}.", "Then I would rather wait until {weekday}.",
)  # fmt: skip
REVEALS = ("I should have said: {s}.", "One more thing: {s}.", "By the way, {s}.",
           "It may matter that {s}.")  # fmt: skip
ASK_BACKS = (
    "Could you tell me when it began?", "Which of the two is it in your case?",
    "Has anything changed since {weekday}?", "What does it say exactly?",
    "Is that the first time?", "Who set it up for you?",
)  # fmt: skip


class TradeWriter(ComicWriter):
    """Writes what people ask and are answered where no bank of subjects fits."""

    @property
    def trade(self) -> Trade | None:
        """The phrases of this request's trade; None outside of one."""
        return trades().get(self.domain)

    def situation(self) -> str:
        """The case in the template's own words, as a sentence; "" where no variable tells it."""
        told = situations(self.variables)
        if not told:
            return ""
        case = told[0].rstrip(".")
        frame = self.draw.pick(FRAMES)
        # A text of several sentences cannot stand inside one.
        if ". " in case or case.endswith(("?", "!")):
            return as_sentence(case)
        # Only a frame's beginning wants a capital letter.
        text = frame.format(s=case)
        return text[:1].upper() + text[1:]

    def case_question(self) -> list[str]:
        """What somebody asks about the case."""
        if self.is_follow_up:
            return self.follow_up()
        trade = self.trade
        told = "" if trade is None else self.situation()
        if trade is None or not told:
            return []
        details = [self.say((p,)) for p in self.draw.some(trade.details, self.draw.between(1, 2))]
        return [told, *details, self.say(trade.asks)]

    def follow_up(self) -> list[str]:
        """A later turn of the person: what was held back, or a question that needs the talk."""
        fact = held_back(self.variables)
        if fact and fact not in self.used:
            self.used.add(fact)
            return [self.draw.pick(REVEALS).format(s=fact), self.say(FOLLOW_UPS)]
        fresh = [line for line in FOLLOW_UPS if line not in self.used] or list(FOLLOW_UPS)
        line = self.draw.pick(fresh)
        self.used.add(line)
        return [self.slots.fill(line)]

    def case_answer(self) -> list[str]:
        """What an expert of the trade answers."""
        trade, draw = self.trade, self.draw
        assert trade is not None
        parts = [self.say(trade.openings)]
        rules = self.guidance
        if rules:
            parts.append(draw.pick(rules))
        parts += [self.say((fact,)) for fact in draw.some(trade.facts, draw.between(1, 2))]
        steps = draw.some(trade.steps, draw.between(2, 3))
        for frame, step in zip(draw.pick(STEP_FRAMES), steps, strict=False):
            parts.append(frame.format(step.format_map(self.slots)))
        if draw.chance(0.7):
            parts.append(self.say(trade.cautions))
        return [*parts, self.say(trade.closings)]

    def entry(self) -> list[str]:
        """A short entry of a list, not the same twice."""
        trade = self.trade
        options = general.KEYWORDS if trade is None else trade.items
        fresh = [entry for entry in options if entry not in self.used] or list(options)
        entry = self.draw.pick(fresh)
        self.used.add(entry)
        return [self.slots.fill(entry)]

    def column(self) -> list[str]:
        """The name of a column of the sample's row."""
        names = [
            str(name) for value in self.variables.values()
            if isinstance(value, Mapping) and "first_name" not in value for name in value
        ]  # fmt: skip
        return [self.draw.pick(names)] if names else self.entry()

    def labelled(self) -> list[str]:
        """A message of the planned label, as hard as planned; [] where no label is known."""
        label = self.variables.get("label")
        if not isinstance(label, str) or label not in LINES:
            return []
        draw = self.draw
        line = self.slots.fill(draw.pick(LINES[label]))
        hardness = self.variables.get("hardness")
        parts = [self.say(general.CONTEXTS)] if draw.chance(0.5) else []
        if isinstance(hardness, str) and hardness in HARDENED:
            lures = LINES.get(str(self.variables.get("lure")), LINES["other"])
            lure = self.slots.fill(draw.pick(lures))
            frame = draw.pick(HARDENED[hardness]).replace("{line}", line).replace("{lure}", lure)
            return [self.slots.fill(frame), *parts]
        if hardness == "typos and no punctuation":
            return [_typed_in_haste(" ".join([line, *parts]))]
        return [line, *parts]

    def ask_back(self) -> str:
        """The one question without whose answer any advice would be a guess."""
        return self.say(ASK_BACKS)


def _typed_in_haste(text: str) -> str:
    words = text.lower().replace(",", "").replace(".", "").replace("'", "").split()
    return " ".join(w[:1] + w[2] + w[1] + w[3:] if len(w) > 6 and i % 4 == 1 else w
                    for i, w in enumerate(words))  # fmt: skip
