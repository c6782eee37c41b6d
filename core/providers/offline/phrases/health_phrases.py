"""Phrases of a clinic's information line. They inform, and they never diagnose."""

import re

from core.providers.offline.trade import Trade

HEALTH = Trade(
    words=re.compile(r"patient|clinic|nurse|diagnos|medicine|doctor|symptom|pharmac|hospital"),
    details=(
        "It began on {weekday} and has not got worse since.", "I sleep badly because of it.",
        "I wrote the times down, as I was told to.", "I am on no other medicine at the moment.",
        "The surgery in {city} is closed until {weekday}.", "I had something like it in {month}.",
        "I have read the leaflet twice and am none the wiser.",
        "My next appointment is on {date}.", "At home I have a thermometer and a cuff.",
        "Nobody else in the house has it.", "I would rather not come in for nothing.",
        "Eating and drinking are no problem.",
    ),
    asks=(
        "What should I look out for?", "Do I have to come in for this?",
        "Can it wait until {date}?",
        "Whom do I ask about this?", "Is there anything I should leave alone until then?",
        "What do you need to know from me?", "How long is this usual?",
        "Should I ring again tonight?", "Could you explain it in plain words?",
    ),
    openings=(
        "Good that you asked before doing anything.", "I can tell you what usually counts here.",
        "Let us take this in order.", "You did well to note the times.",
        "What matters most now is how things develop.", "I can explain how this is handled.",
        "This line cannot judge it from afar, but it can tell you what to watch.",
        "First the signs that would change everything.",
    ),
    facts=(
        "The practice decides after looking, because many causes feel alike at first.",
        "Readings (measurements that you take yourself) say more as a row over days than alone.",
        "The leaflet (the paper in the packet) has a section for exactly this case.",
        "How someone drinks, sleeps and reacts tells more than a single number.",
        "A pharmacist can check how two medicines go together, free of charge and at once.",
        "Things of this kind are usually looked at within {days}.",
        "Anything that is new, strong or getting worse is looked at sooner.",
        "The report uses arrows for values outside the usual range, not for danger.",
        "What helped somebody else may be wrong for you, because age and other medicines count.",
        "An observation chart (a simple list of time and reading) makes the visit shorter.",
    ),
    steps=(
        "write down when it started and what has changed since",
        "keep the packet and the leaflet at hand for the call",
        "ask your pharmacist before you take anything in addition",
        "book a visit with the practice for {weekday} or earlier",
        "take the readings at the same time each day until {date}",
        "have somebody with you who can call for help",
        "bring the list of everything you take, herbal remedies included",
        "drink in small amounts and note how much it was",
        "ring this line again at {hour} if nothing has changed",
        "follow the preparation sheet word for word",
    ),
    cautions=(
        "If breathing becomes hard, call the emergency number at once.",
        "Chest pain, confusion or a stiff neck are reasons to call immediately.",
        "Please do not stop a prescribed medicine on your own.",
        "If a rash spreads or the face swells, do not wait for a call back.",
        "A child who drinks nothing for half a day must be seen today.",
        "If you are worried in the night, the emergency service is the right place.",
    ),
    closings=(
        "The next step is the practice, and it will call you back on {weekday}.",
        "Your pharmacist can settle this today.", "A doctor should hear this within {days}.",
        "I have noted it, and the nurse on duty sees it next.",
        "Please come in on {weekday}; you need not fast for it.",
        "Ring us again at any hour if something changes.",
    ),
    items=(
        "fever above 39 degrees for more than a day", "trouble with breathing or speaking",
        "a rash that does not fade under a glass", "drowsiness that is unusual",
        "pain that wakes somebody at night", "blood where there should be none",
        "nothing kept down for twelve hours", "swelling of lips or tongue",
        "a stiff neck with headache", "no improvement after three days",
    ),
)  # fmt: skip
