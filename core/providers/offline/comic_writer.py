"""The parts of a comic: scenes in prose, panels, figures, and what they do."""

from core.providers.offline.material import Material
from core.providers.offline.phrases import comic_phrases as comic
from core.providers.offline.phrases import figure_phrases as figure
from core.providers.offline.reading import sentences
from core.providers.offline.slots import faker_pool
from core.providers.offline.told import as_sentence


class ComicWriter(Material):
    """One method per role; each returns sentences."""

    def panel(self) -> list[str]:
        """What one comic panel shows."""
        place = self.draw.pick(comic.PLACES)
        action = self.draw.pick(comic.ACTIONS).format_map(self.slots)
        who = self.slots["hero_name"]
        if not self.is_introduced:
            who, self.is_introduced = f"{who}, {self.slots['hero']},", True
        where = f"{self.slots['place_cap']}. " if "place" in self.variables else ""
        end = "" if where else f" {place}"
        first = f"{self.shot()[0]}: {where}{who} {action}{end}."
        light = f"Lit by {self.draw.pick(comic.LIGHTS)}."
        mood = self.draw.pick(comic.FACES).format(mood=self.draw.pick(comic.MOODS))
        rest = self.draw.some((light, mood, self.say(comic.BACKGROUNDS)), self.draw.between(2, 3))
        return [first, *rest]

    def shot(self) -> list[str]:
        """The camera of the present panel: the same in its text and in a field of its own."""
        self.camera = self.camera or self.draw.pick(comic.SHOTS)
        return [self.camera]

    def prose(self) -> list[str]:
        """A short scene in prose; of the source where there is one."""
        if self.source:
            found = sentences(self.source)
            return list(found[self.offset % len(found) :][:4])
        middles = self.draw.some(comic.PROSE_MIDDLES, self.draw.between(3, 6))
        parts = [self.say(comic.PROSE_OPENINGS), *(self.say((m,)) for m in middles)]
        told = self.variables.get("moment") or self.variables.get("premise")
        if isinstance(told, str) and not self.item:
            parts.insert(0, as_sentence(told))
        place, time = self.variables.get("place"), self.variables.get("time_of_day")
        if isinstance(place, str) and isinstance(time, str):
            parts.insert(0, f"{place[:1].upper()}{place[1:]}, {time}.")
        return [*parts, self.say(comic.PROSE_ENDINGS)]

    def framing(self) -> list[str]:
        """Shot, angle and weight of a panel, with the reason."""
        draw, told = self.draw, self.variables.get("shot")
        shot = told if isinstance(told, str) and told else self.shot()[0]
        weight, reason = draw.pick(figure.FRAMING_WEIGHTS), draw.pick(figure.FRAMING_REASONS)
        side = draw.pick(figure.FRAMING_SIDES)
        return [f"{shot[:1].upper()}{shot[1:]}, {side}; {weight}, {reason}."]

    def setting(self) -> list[str]:
        """Place, time and light as they can be seen."""
        time = self.variables.get("time_of_day") or self.draw.pick(figure.TIMES)
        told = self.variables.get("place")
        place = told if isinstance(told, str) and told else self.slots["place"]
        first = f"{place[:1].upper()}{place[1:]}, {time}."
        light = self.variables.get("carrier") or self.draw.pick(comic.LIGHTS)
        return [first, f"The light: {light}.", self.say(comic.BACKGROUNDS)]

    def position(self) -> list[str]:
        """Where a figure stands in the frame."""
        return [
            f"{self.draw.pick(figure.PLACES_IN_FRAME)}, {self.draw.pick(figure.FRAMING_SIDES)}."
        ]

    def eye(self) -> list[str]:
        """The way of the eye through a frame."""
        start, lead = self.draw.pick(figure.EYE_STARTS), self.draw.pick(figure.EYE_LEADS)
        rest = self.draw.pick(figure.FRAMING_WEIGHTS)
        return [f"The eye enters {start}, is led {lead}, and rests where {rest}."]

    def turn(self) -> list[str]:
        """What makes a reader turn the page."""
        return [self.draw.pick(figure.TURNS)]

    def frame_reason(self) -> list[str]:
        """Why a frame is composed as it is."""
        weight, reason = (
            self.draw.pick(figure.FRAMING_WEIGHTS),
            self.draw.pick(figure.FRAMING_REASONS),
        )
        return [f"{weight[:1].upper()}{weight[1:]}, {reason}."]

    def anchor(self) -> list[str]:
        """One thing that never changes about a figure."""
        kinds = (figure.HAIR, figure.CLOTHES, figure.TELLING_DETAILS)
        options = [text for kind in kinds for text in kind if text not in self.used]
        text = self.draw.pick(options)
        self.used.add(text)
        return [text[:1].upper() + text[1:]]

    def habit(self) -> list[str]:
        """A gesture that comes back."""
        hands, gaze = self.draw.pick(figure.HANDS), self.draw.pick(figure.GAZES)
        return [f"When thinking: {hands}, {gaze}.".format_map(self.slots)]

    def new_look(self) -> list[str]:
        """What differs from the figure's sheet in one panel."""
        text = self.draw.pick(figure.NEW_LOOKS)
        return [as_sentence(text.format(clothes=self.draw.pick(figure.CLOTHES)))]

    def look(self) -> list[str]:
        """How a figure can be recognised."""
        parts = (figure.BUILDS, figure.HAIR, figure.CLOTHES, figure.TELLING_DETAILS)
        build, hair, clothes, detail = (self.draw.pick(options) for options in parts)
        return [f"{build}, {hair}, {clothes}; {detail}."]

    def pose(self) -> list[str]:
        """Posture, hands and gaze of a figure."""
        parts = (figure.POSTURES, figure.HANDS, figure.GAZES)
        posture, hands, gaze = (self.draw.pick(p).format_map(self.slots) for p in parts)
        return [f"{posture}, {hands}, {gaze}."]

    def action(self) -> list[str]:
        """The one moment that a panel freezes."""
        told = self.variables.get("situation")
        if isinstance(told, str) and not self.item:
            return [f"{self.slots['hero_name']} {told}."]
        what = self.draw.pick(comic.ACTIONS).format_map(self.slots)
        parts = [f"{self.slots['hero_name']} {what}."]
        if self.draw.chance(0.5):
            parts.append(self.say(("{companion_cap} looks on.", "Nobody else has noticed.",
                                    "{companion_cap} is a step behind.", "It is over in a second.",
                                    "{companion_cap} holds still.")))  # fmt: skip
        return parts

    def person(self) -> list[str]:
        """The hero first, then whoever is with them."""
        if self.item == 0:
            return [self.slots["hero_name"]]
        if self.item == 1:
            return [self.slots["companion_name"]]
        return [self.draw.pick(faker_pool("first_name"))]
