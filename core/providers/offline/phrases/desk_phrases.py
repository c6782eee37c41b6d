"""Phrases of a help desk and of services that people write to."""

import re

from core.providers.offline.trade import Trade

DESK = Trade(
    words=re.compile(r"tickets?\b|help desk|support\b|service\b|software company|\bagent\b"),
    details=(
        "It worked until {weekday}.", "I have restarted twice.", "Two colleagues see the same.",
        "The message says error {number}.", "I am on the newest version.",
        "We need it for the month's end on {date}.", "On the other computer it works.",
        "Nothing was changed on our side.", "It happens about every {days}.",
        "I can send a recording of it.", "It happened again at {hour}.",
        "I have looked through the help pages.",
    ),
    asks=(
        "What can we do until it is fixed?", "Is this known?", "When can we expect an answer?",
        "Which information do you need?", "Can you put it back as it was?",
        "Is our data safe?", "Could somebody call me before {hour}?", "What am I doing wrong?",
    ),
    openings=(
        "Thank you, your message shows clearly what happens.", "I have read the whole thread.",
        "That must not happen, and I see why it hurts today.", "I could see it on my side as well.",
        "Good that you sent the exact message.", "Let us first get you working again.",
        "This is with me now.", "I have what I need to begin, except for one thing.",
    ),
    facts=(
        "The export runs in the background, so the page may show the old state for a while.",
        "A workaround (a way to go on until the fix) exists for the main steps.",
        "The change of {date} touched this part, and it is the first thing we look at.",
        "Your data is not affected; only what is shown is.",
        "Permissions are checked again at each sign-in, which explains the difference.",
        "The log keeps each step for {days}, so nothing has to be repeated for us.",
        "A second browser helps to tell your computer and our service apart.",
    ),
    steps=(
        "sign out, close every window and sign in again",
        "use the older report under Archive until we write again",
        "send the time of the last attempt, to the minute",
        "try the same step in a private window",
        "save your work locally before the next attempt",
        "check the logs of {weekday} between {hour} and noon",
        "reproduce the fault with a test record and attach the result",
        "restore the setting as it was before {date}",
        "ask one colleague to try it with their own account",
    ),
    cautions=(
        "Please do not delete anything in the meantime.",
        "Nobody from us will ask for your password.",
        "The workaround does not send e-mails by itself.",
    ),
    closings=(
        "You hear from me by {hour}, with or without a solution.",
        "The next message comes on {weekday}.", "You need not explain it again to anybody here.",
        "If it stops you altogether, answer with one word and I call.",
    ),
    items=(
        "the exact time of the last attempt", "a screenshot of the message",
        "the version shown under About", "the name of the report", "whether others see it too",
    ),
)  # fmt: skip
