"""Pieces of stories and of the panels that show them."""

HEROES = (
    "a lighthouse keeper", "a retired detective", "a young mechanic", "a street musician",
    "a map maker", "a night nurse", "a baker's apprentice", "a deep-sea diver", "a train conductor",
    "a clockmaker", "a courier on a bicycle", "a museum guard", "an amateur astronomer",
    "a beekeeper", "a librarian", "a robot gardener", "a ferry captain", "a circus acrobat",
    "a botanist", "a radio operator", "a carpenter", "a shepherd", "a chess champion",
    "a photographer", "a runaway prince", "a junior pilot", "a glass blower", "a weather reporter",
)  # fmt: skip
COMPANIONS = (
    "a grey cat", "an old dog", "a younger brother", "a talkative aunt", "a rusty robot",
    "a lost tourist", "a girl with a red kite", "a silent stranger", "a crow",
    "the neighbour's son",
    "a clumsy apprentice", "a rival in a long coat", "a goat", "a woman with a violin",
    "an off-duty policeman", "a boy selling newspapers", "a talking parrot", "a tired messenger",
)  # fmt: skip
PLACES = (
    "on a rain-soaked rooftop", "in an empty railway station", "at the edge of a frozen lake",
    "in a workshop full of clocks", "on a crowded night market", "inside a greenhouse",
    "in a narrow library aisle", "on the deck of a small ferry", "under a stone bridge",
    "in a flooded cellar", "on a mountain path above the clouds", "in a kitchen before dawn",
    "at a bus stop in the snow", "in the engine room of an airship", "in an abandoned theatre",
    "on a long sandbank at low tide", "in a hospital corridor", "at the gate of an old observatory",
    "in a field of sunflowers", "in the back of a moving van", "on a fire escape",
    "beside a dried-up fountain", "in a tram depot", "at a window high over the harbour",
)  # fmt: skip
OBJECTS = (
    "a sealed letter", "a broken compass", "a brass key", "a photograph torn in half",
    "a suitcase that hums", "a jar of fireflies", "an unsigned ticket",
    "a map with one street missing",
    "a pocket watch running backwards", "a paper boat", "a lantern with green glass",
    "a violin without strings", "a box tied with blue ribbon", "a notebook in cipher",
    "a single red glove", "a chipped teacup", "a coil of copper wire", "a small wooden horse",
    "an old radio", "a bunch of wilted tulips", "a pair of cracked glasses", "a silver whistle",
)  # fmt: skip
ACTIONS = (
    "kneels to pick up {object}", "holds {object} up to the light",
    "hides {object} behind {their} back",
    "runs without looking back", "stops in mid-step and listens", "pushes a heavy door open",
    "reads by the glow of a match", "reaches across the gap", "climbs the last few rungs",
    "turns slowly toward {companion}", "shields {their} eyes from the glare",
    "stares at {object} in disbelief", "writes one word into the dust", "lets go of the rope",
    "laughs for the first time that day", "offers {object} to {companion}",
    "counts the steps aloud",
    "wipes the fog from the glass", "leans over the railing", "wakes with a start",
    "waves both arms above {their} head", "drops {object}, which bounces once",
    "presses an ear against the wall", "follows a trail of wet footprints",
    "pulls {their} coat closer",
    "points at something outside the frame", "sits down beside {companion}",
    "unfolds a crumpled note",
    "blows out the lantern", "steps into the light",
)  # fmt: skip
SHOTS = (
    "Wide shot", "Close-up", "Bird's-eye view", "Low angle", "Over-the-shoulder view",
    "Medium shot", "Extreme close-up", "Silhouette", "Tilted frame", "Long, narrow panel",
    "Splash panel", "Worm's-eye view", "Two-shot", "View through a window",
    "Reflection in a puddle",
)  # fmt: skip
LIGHTS = (
    "cold blue moonlight", "the last orange light of the day", "flickering neon",
    "a single bare bulb", "soft morning haze", "hard midday sun",
    "lightning that bleaches all colour",
    "candlelight with deep shadows", "the green glow of instruments", "street lamps in the rain",
    "a strip of light under the door", "the pale glow of snow", "firelight from the left",
    "dusty beams between the boards", "headlights sweeping past",
)  # fmt: skip
BACKGROUNDS = (
    "Behind, the roofs fade into mist.", "The background is left almost empty.",
    "Torn posters cover the wall behind.", "Far away a train crosses the frame.",
    "Rain draws thin diagonal lines over everything.", "Birds scatter from a wire.",
    "Steam rises from a grate in the corner.", "A clock on the wall shows a quarter to five.",
    "Laundry hangs across the top of the frame.", "Crates and ropes fill the lower third.",
    "Footprints lead out of the picture.", "A curtain moves although no window is open.",
    "Small waves break against the stones.", "Paper blows across the ground.",
    "The far wall is covered with shelves.", "Stars are just beginning to show.",
    "A cat watches from the sill.", "Puddles mirror the whole scene upside down.",
    "Cables hang from the ceiling like vines.", "Nobody else is in sight.",
)  # fmt: skip
FACES = (
    "The face shows {mood}.", "The eyes give away {mood}.", "The posture speaks of {mood}.",
    "Everything in the picture suggests {mood}.", "A raised eyebrow hints at {mood}.",
    "The clenched hands betray {mood}.", "Colours are chosen for {mood}.",
)  # fmt: skip
MOODS = (
    "quiet determination", "sudden fear", "relief", "curiosity", "stubborn hope", "grief",
    "mischief", "suspicion", "wonder", "exhaustion", "pride", "loneliness", "barely hidden joy",
    "dread", "tenderness", "impatience", "calm after a storm", "regret",
)  # fmt: skip
LINES = (
    "Did you hear that?", "We should not be here.", "It was here all along.", "You came back.",
    "Give me one more minute.", "Whose is it, then?", "I never said that I was brave.",
    "Look at the date on it.", "Somebody has been here before us.", "Don't touch it yet.",
    "I thought that you had forgotten.", "There is no such street.",
    "Hold the light a little higher.",
    "If it rings again, we run.", "That is not my handwriting.", "You are standing on it.",
    "One of us has to go first.", "I would know that sound anywhere.", "It still works!",
    "Tell me what you see.", "Not today.", "Then we do it my way.", "Is it supposed to move?",
    "We have until the tide turns.", "Nobody will believe us.", "Close the door behind you.",
)  # fmt: skip
CAPTIONS = (
    "Three hours before sunrise.", "Nobody had opened that door in years.",
    "Later, at the harbour.",
    "What happened next took less than a minute.", "The rain had stopped without anyone noticing.",
    "It was the second warning.", "Some promises keep themselves.", "Meanwhile, across the river.",
    "By then it was too late to turn around.", "The letter had travelled for eleven years.",
    "That night, nobody slept.", "And so the search began again.",
    "The same place, one winter earlier.",
    "For once, the map was right.", "Silence, at last.", "The last train left without them.",
)  # fmt: skip
SOUNDS = (
    "CLICK", "WHOOSH", "THUD", "DRIP", "CREAK", "CRASH", "TAP TAP", "RUMBLE", "SNAP", "HISS",
    "CLANG", "SPLASH", "BZZT", "FLAP", "SCRAPE",
)  # fmt: skip
PROSE_OPENINGS = (
    "{hero_cap} had waited {place} since {hour}.", "It was {weekday}, and {place} nothing stirred.",
    "Nobody in {city} remembered when {hero_name} had first come.",
    "{hero_name} found {object} {place}.", "The wind turned just as {hero_name} arrived.",
    "For the third night in a row, {hero_name} could not sleep.",
    "{hero_name}, {hero}, did not believe in omens.", "There was someone {place}.",
    "When the lights went out, {hero_name} was {place}.",
)  # fmt: skip
PROSE_MIDDLES = (
    "{object_cap} lay where it should not have been, still warm to the touch.",
    "{companion_cap} appeared without a sound and pointed upwards.",
    "There was {light}, and in it every surface seemed to move.",
    "{hero_name} counted to ten, the way {they} had been taught.",
    "From somewhere below came a noise like a chair pulled over stone.",
    "The answer had to be in {object}; there was nowhere left to look.",
    "{companion_cap} said nothing, which was worse than any warning.",
    "Somebody had drawn an arrow in chalk, and the chalk was fresh.",
    "It smelled of wet iron and oranges.", "A bell rang once in {city} and was cut short.",
    "{hero_name} thought of {month}, when all this had started.",
    "The floor gave a little under each step.", "Far off a dog barked twice and fell silent.",
)  # fmt: skip
PROSE_ENDINGS = (
    "Then {hero_name} made a choice that could not be unmade.",
    "By {hour} the place was empty, except for {object}.",
    "“{line}” said {companion}, and held out a hand.",
    "{hero_name} smiled, picked up {object} and walked into {light}.",
    "Only the footprints showed that two had come and one had left.",
    "It was {mood} that made {hero_name} stay.",
    "And the door, at last, opened from the other side.",
    "“{line}” {hero_name} whispered, to nobody in particular.",
)  # fmt: skip
TITLES = (
    "The {noun} at {hour}", "What {hero_name} Found", "{hero_name} and the {noun}",
    "The Last {noun} of {city}", "A {noun} for {companion_name}", "Before the {noun}",
    "The {noun} Nobody Ordered", "{weekday} with the {noun}",
)  # fmt: skip
NOUNS = (
    "Lantern", "Harbour", "Letter", "Compass", "Storm", "Clock", "Stranger", "Bridge", "Signal",
    "Garden", "Ferry", "Key", "Window", "Violin", "Ticket", "Shadow", "Orchard", "Whistle",
)  # fmt: skip
