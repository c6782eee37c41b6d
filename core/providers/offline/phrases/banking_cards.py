"""Phrases about bank cards. `{slots}` are filled by `core.providers.offline.slots`."""

from core.providers.offline.topic import Topic

CARD_TOPICS = (
    Topic(
        "card delivery",
        ("card_arrival", "card_delivery", "arriv", "deliver", "post", "waiting on my card",
         "track", "order_physical", "new card", "express"),
        (
            "My new card was sent {days} ago and it still has not reached me. What should I do?",
            "Can you tell me when the card I ordered on {date} will get here?",
            "Is there any way to track the card that you posted to {city}?",
            "I moved to {city} after ordering my card. Will it go to the old address?",
            "The app says my card was delivered on {weekday}, but nothing is in my letterbox.",
            "How long does a replacement card usually take, and can I have it sent faster?",
        ),
        (
            "I leave for {country} in {days} and was counting on having it.",
            "A neighbour told me the post has been slow in {city} this month.",
            "The order confirmation is dated {date}.",
            "I have already checked with the people downstairs.",
            "It would be my only card, because the old one expired in {month}.",
        ),
        (
            "Cards are printed within two working days and then travel by ordinary post, so up to "
            "{days} from the order date is normal.",
            "The envelope is plain and carries no logo, which is why it is often mistaken for "
            "advertising.",
            "Ordinary post has no tracking number; only the express option can be followed.",
            "The card always goes to the address that was on your profile when you ordered it.",
            "Public holidays and a flat number missing from the address are the usual causes of "
            "a delay.",
        ),
        (
            "open {app} and compare the delivery address with the one you live at now",
            "check the estimated date under the card's details",
            "ask the people who share your letterbox whether a plain envelope came for you",
            "report the card as not received once {days} have passed, so that we can block it",
            "order a replacement; the lost one stops working at once",
            "choose express delivery if you need the new card before you travel",
            "use the virtual card in the meantime; it works online and in shops that take phones",
        ),
    ),
    Topic(
        "lost or stolen card",
        ("lost_or_stolen", "lost", "stolen", "compromised", "missing", "left my card", "swallowed",
         "card_swallowed", "robbed", "wallet was"),
        (
            "I think I left my card in a café in {city}. Should I block it straight away?",
            "My bag was stolen on {weekday}. How do I stop anyone from using my card?",
            "A cash machine in {city} kept my card. How do I get it back?",
            "I found my card again after reporting it lost. Can I switch it back on?",
            "Somebody may have copied my card details at {shop}. What is the safest next step?",
            "I lost my card abroad and have no cash. What are my options?",
        ),
        (
            "The last payment I remember making was {amount} at {shop}.",
            "I last had it in my hand around {hour}.",
            "I have not seen any strange payments so far.",
            "I am travelling and will be back on {date}.",
            "My phone was not taken, so I can still use the app.",
        ),
        (
            "Freezing a card takes effect within seconds and can be undone, so it is the right "
            "first step even if you only suspect something.",
            "A card that was reported stolen cannot be switched on again, because its number has "
            "been cancelled.",
            "Payments made after you report the loss are not your responsibility.",
            "Machines that keep a card belong to another bank, which destroys it; waiting for it "
            "is not worth your time.",
            "Details copied at a till are usually tried within days, often with a small amount "
            "first.",
        ),
        (
            "freeze the card in {app}",
            "look through the payments of the last {days} and mark any you do not recognise",
            "report the card as lost or stolen if it has not turned up by {hour} tomorrow",
            "order a replacement to the address where you are staying",
            "make a note of where and when you last used the card; the police report will ask",
            "remove the old card from shops where its number is saved",
            "ask us about emergency cash if you are abroad without another card",
        ),
    ),
    Topic(
        "declined card payment",
        ("declined", "not_working", "card_not_working", "rejected", "refused", "doesn't work",
         "isn't working", "reverted_card", "would not go through"),
        (
            "My card was declined at {shop} although there is enough money in my account. Why?",
            "Why does my card work in shops but not online?",
            "A payment of {amount} was refused twice today. Is something wrong with my card?",
            "My payment went through and then came back an hour later. What happened?",
            "The terminal in {city} said the card was not accepted. What can I try?",
            "My card has stopped working since I came back from {country}. Can you check it?",
        ),
        (
            "The balance in the app shows {amount} more than I tried to spend.",
            "It worked without trouble on {weekday}.",
            "The shop assistant tried the chip and the contactless reader.",
            "There was no message in the app, only on the terminal.",
            "I had entered the PIN correctly.",
        ),
        (
            "A decline with enough money in the account is most often a limit, a frozen card or a "
            "security check waiting for your answer.",
            "Hotels and petrol stations reserve more than the final price, and the reservation "
            "must fit your balance.",
            "Online shops need a confirmation in the app; after five minutes without one the "
            "payment is refused.",
            "A payment that comes back was cancelled by the shop's own bank, and the money is "
            "available again at once.",
            "After three wrong PIN entries the chip stays blocked until you unlock it.",
        ),
        (
            "open the declined payment in {app} and read the reason below it",
            "check that the card is neither frozen nor expired",
            "raise the daily limit if the amount is above {limit}",
            "answer any security question that is waiting in your notifications",
            "try again with chip and PIN instead of contactless",
            "compare the billing address you typed with the one on your profile",
            "ask the shop whether its terminal was online at {hour}",
        ),
    ),
    Topic(
        "contactless and phone payments",
        ("contactless", "apple_pay", "google_pay", "apple pay", "google pay", "virtual_card",
         "virtual card", "disposable", "wallet", "phone payment"),
        (
            "How do I add my card to my phone so that I can pay without the plastic?",
            "Contactless worked at {shop} yesterday and fails today. What could it be?",
            "What is the difference between a virtual card and a disposable one?",
            "How many virtual cards may I have at the same time?",
            "Can I use my card for contactless payments before the first PIN payment?",
            "I changed my phone. Do I have to add the card again?",
        ),
        (
            "I mostly pay for the bus in {city} that way.",
            "The phone is two years old and up to date.",
            "The last contactless payment was {amount} on {weekday}.",
            "I would rather not give my real card number to {shop}.",
            "The set-up stopped at the step with the text message.",
        ),
        (
            "A new card must be used once with its PIN before contactless is switched on.",
            "For your safety every fifth contactless payment in a row asks for the PIN.",
            "A disposable card changes its number after each payment, so it suits shops you do "
            "not know; a virtual one keeps its number and suits subscriptions.",
            "The phone stores a token and never the card number itself, which is why each phone "
            "must be set up anew.",
            "Single contactless payments above {limit} need the PIN in most countries.",
        ),
        (
            "open the card in {app} and choose to add it to your phone",
            "confirm with the code that we send to your registered number",
            "pay once with chip and PIN and then try contactless again",
            "restart the phone and check that near-field communication is on",
            "remove the card from the old phone under its device list",
            "create a virtual card and give it a monthly limit",
            "hold the top of the phone to the reader for a full second",
        ),
    ),
    Topic(
        "PIN and passcode",
        ("pin", "pin_blocked", "passcode", "passcode_forgotten", "password", "change_pin",
         "locked out", "log in", "login"),
        (
            "I have forgotten my PIN. Where can I see it?",
            "My PIN is blocked after three tries in {city}. How do I unlock it?",
            "Can I choose my own PIN for the new card?",
            "I forgot the passcode of the app and now I am locked out. What can I do?",
            "Is it possible to change the PIN without going to a cash machine?",
            "Why does the machine say my PIN is wrong when I am sure that it is right?",
        ),
        (
            "I need to pay a bill of {amount} today.",
            "I changed it in {month} and must have mixed it up with another card.",
            "My phone number is still the same.",
            "It happened at the counter of {shop}, which was embarrassing.",
            "I can still open the app with my fingerprint.",
        ),
        (
            "The PIN can be shown in the app after you identify yourself, so it never has to be "
            "sent by post.",
            "Three wrong entries block the PIN on the chip itself; unlocking it needs a machine "
            "that can write to the card.",
            "A passcode cannot be read by anyone at the bank, it can only be set anew.",
            "Changing the PIN is free and takes effect with the next chip payment.",
            "Birthdays and repeated digits are refused as a PIN because they are guessed first.",
        ),
        (
            "open the card in {app} and choose to show the PIN",
            "put the card into any cash machine and select PIN services to unblock it",
            "tap the line about a forgotten passcode on the sign-in screen",
            "have your {document} ready, because the app asks for a photo of it",
            "choose four digits that are not part of your birthday",
            "wait until {hour} before the next attempt if the app asks you to",
            "check that you are holding the card the PIN belongs to",
        ),
    ),
)  # fmt: skip
