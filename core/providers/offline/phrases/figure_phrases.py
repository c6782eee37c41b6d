"""Pieces of a comic panel's parts, where a template asks for each on its own."""

FRAMING_SIDES = (
    "slightly from below", "at eye level", "from above the left shoulder", "tilted a little",
    "through a doorway", "from across the room", "low over the ground", "from behind",
    "in strict profile", "from the top of the stairs",
)  # fmt: skip
FRAMING_WEIGHTS = (
    "the weight lies in the lower left corner", "the figure stands off centre to the right",
    "two thirds of the frame stay empty", "the hands are the brightest spot",
    "everything leads to the far end", "the faces fill the upper half",
    "the light divides the frame in two", "the figure is cut at the knees",
    "the object sits in the exact middle", "the eye enters from the left",
)  # fmt: skip
FRAMING_REASONS = (
    "so that the distance can be felt", "which makes the decision look small",
    "because the moment belongs to one person", "so that the threat stays out of sight",
    "which slows the reader down", "so that the silence has room", "to keep the secret hidden",
    "which gives the smaller figure power", "because nobody else has noticed yet",
    "so that the turn comes as a surprise",
)  # fmt: skip
EYE_STARTS = (
    "at the brightest spot", "at the open door", "with the nearest face", "at the hands",
    "in the empty upper half", "at the edge of the table",
)  # fmt: skip
EYE_LEADS = (
    "along the railing", "down the fall of light", "over the line of shoulders",
    "along the floorboards", "through the gap between two figures", "up the stairs",
)  # fmt: skip
PLACES_IN_FRAME = (
    "In front on the left, cut at the waist", "In the middle, a step behind the light",
    "On the right, half in shadow", "Far back and small", "Close to the lens, out of focus",
    "Above the others, leaning in",
)  # fmt: skip
TURNS = (
    "A hand has reached the door, and the door has not moved yet.",
    "Somebody outside the frame is being looked at.", "The answer is one word, and it is not said.",
    "The letter is open, and only its back can be seen.",
    "What made the sound must be on the next page.", "Two people know, and one of them is leaving.",
    "The light goes out in the last panel.", "The name on the list is covered by a thumb.",
)  # fmt: skip
NEW_LOOKS = (
    "a fresh plaster on the left hand", "the coat is wet to the shoulders",
    "{clothes} instead of what was worn before", "snow on hair and sleeves",
    "a torn cuff on the right", "nothing", "nothing but the pose",
)  # fmt: skip
TIMES = (
    "early morning", "late afternoon", "midnight", "just before dawn", "a grey noon",
    "the last minutes of daylight", "a windless evening", "four in the morning",
)  # fmt: skip
BUILDS = (
    "Tall and narrow-shouldered", "Short and broad", "Thin, with long arms", "Heavy and upright",
    "Small and wiry", "Round-shouldered", "Straight as a post", "Of middle height, a little bent",
    "Large, with careful movements", "Slight, almost childlike",
)  # fmt: skip
HAIR = (
    "grey hair under a wool cap", "black curls tied back", "a shaved head", "a long white braid",
    "red hair cut short", "thin brown hair parted on the left", "a fringe over the eyes",
    "silver stubble", "hair wet from the rain", "a loose knot with a pencil in it",
)  # fmt: skip
CLOTHES = (
    "a patched coat with one button missing", "overalls stained with paint", "a raincoat too large",
    "a worn leather jacket", "a knitted pullover with a darned elbow",
    "a grey uniform without badge",
    "a striped scarf over a thin shirt", "rubber boots and an apron", "a suit from another decade",
    "a yellow jacket with reflecting strips",
)  # fmt: skip
TELLING_DETAILS = (
    "a scar across the left thumb", "a watch worn on the inside of the wrist", "ink on the fingers",
    "one shoelace untied", "a bandage around the palm", "a ring on a string around the neck",
    "glasses mended with tape", "a train ticket in the breast pocket", "flour on the sleeve",
    "a missing front tooth",
)  # fmt: skip
POSTURES = (
    "Leans forward with all weight on the front foot", "Sits on the edge of the seat",
    "Stands with the back against the wall", "Crouches beside the table", "Half turned to go",
    "Upright, chin raised", "Bent over as if under a load", "Frozen in the middle of a step",
    "Kneels on one knee", "Slumps with the legs stretched out",
)  # fmt: skip
HANDS = (
    "both hands around {object}", "one hand open and empty", "fists in the coat pockets",
    "fingers spread on the glass", "one hand held up to stop somebody", "arms folded tightly",
    "a hand over the mouth", "the left hand pointing down", "hands clasped behind the back",
    "fingertips just touching {object}",
)  # fmt: skip
GAZES = (
    "eyes on the door", "looking straight at the reader", "gaze fixed on {object}",
    "eyes closed", "looking away to the left", "glancing up under the brows",
    "watching the other's hands", "staring past everyone", "eyes narrowed against the light",
    "looking at the floor",
)  # fmt: skip
