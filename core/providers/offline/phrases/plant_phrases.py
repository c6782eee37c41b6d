"""Phrases from a shop floor and its engineers."""

import re

from core.providers.offline.trade import Trade

PLANT = Trade(
    words=re.compile(r"machin|shop floor|process engineer|tolerance|lockout|mould|operator|shift"
                     r"|assembly"),
    details=(
        "It started after the tool change at {hour}.", "The first-off part this morning was good.",
        "I have already cleaned the seat and tried again.", "The setup sheet says nothing on it.",
        "Cavity three shows it most.", "The batch of material was changed on {weekday}.",
        "I can hear it before I can see it.", "Coolant level and pressure look normal.",
        "Maintenance was here on {date}.", "Five parts in a row show it.",
        "The gauge was checked at the start of the shift.", "The guard was not opened.",
    ),
    asks=(
        "Can I go on running?", "What do I check first?", "Do I have to block the batch?",
        "Who has to look at it?", "Is that still the tool or already the spindle?",
        "How many parts do I sort?", "May I change the offset myself?", "What do I write down?",
    ),
    openings=(
        "Stop, lock out and tag the machine first (so that nobody but you can switch it on).",
        "Safety first: the drive stays locked while a hand is inside.",
        "Before anything else, take the machine out of automatic and lock it.",
        "Leave the guard closed until the axes stand still and the lock is on.",
        "Secure the machine, then the parts, then the cause.",
    ),
    facts=(
        "Containment (keeping suspect parts apart) begins at the last part that was measured good.",
        "Runout (a tool that does not turn true) shows as a pattern that repeats each turn.",
        "One thing is changed at a time, or nobody knows afterwards what helped.",
        "A trend towards the limit is a warning even while every part is good.",
        "Heat makes a size grow over the first {days} of a run until it settles.",
        "A worn insert and a loose holder leave different marks on the edge.",
        "The setup sheet (the list of settings for this part) decides, not the memory of a shift.",
        "Material that took up moisture behaves differently at the same settings.",
        "The gauge is checked against the master before the part is blamed.",
        "Two stops in one shift are a case for the engineer on duty.",
    ),
    steps=(
        "measure the next three parts and write the values beside the time",
        "put the parts since the last good check into the red box",
        "check the seat of the tool for chips and dirt",
        "compare the program number with the setup sheet",
        "turn the tool by hand with the drive locked and watch for runout",
        "look at the edge under the lamp and change the insert if it is chipped",
        "check clamping pressure at the gauge",
        "run one part at reduced feed and measure it before going on",
        "call the engineer on duty before {hour}",
        "record the stop with its cause in the shift book",
    ),
    cautions=(
        "Never bridge a guard to watch the process.",
        "Hydraulics keep their pressure after the switch is off; let it down first.",
        "Electrical cabinets are opened by electricians only.",
        "Do not adjust the offset for a part that was measured warm.",
    ),
    closings=(
        "Report the result at handover, the night shift needs it.",
        "If the third part is off again, the line stays down and I come over.",
        "Note the time and the values; the trend decides what comes next.",
        "The blocked parts are sorted on {weekday} with the quality team.",
    ),
    items=(
        "chips between holder and seat", "a worn or chipped insert", "material from a new batch",
        "clamping pressure too low", "a wrong offset after the tool change",
        "runout of the tool", "coolant that does not reach the edge", "a warm spindle after a stop",
        "a blocked gate or vent", "a gauge that was not checked",
    ),
)  # fmt: skip
