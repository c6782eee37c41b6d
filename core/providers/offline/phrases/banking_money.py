"""Phrases about accounts and payments. Slots as in `banking_cards`."""

from core.providers.offline.topic import Topic

MONEY_TOPICS = (
    Topic(
        "transfers",
        ("transfer", "pending_transfer", "beneficiary", "recipient", "receiving_money",
         "sent money", "wire", "iban", "balance_not_updated"),
        (
            "I sent {amount} to a friend on {weekday} and it has not arrived. Where is it?",
            "Why is my transfer to {country} still pending after {days}?",
            "Can I cancel a transfer that I made to the wrong person?",
            "My transfer failed twice. What might be wrong with the recipient's details?",
            "My balance has not changed although the transfer shows as complete. Is that normal?",
            "How long does a transfer from another bank take to reach me?",
        ),
        (
            "The amount has already left my balance.",
            "I copied the account number from an e-mail.",
            "The recipient's bank is in {country}.",
            "It is meant for the rent, which is due on {date}.",
            "The reference I used was my surname and the month of {month}.",
        ),
        (
            "Transfers inside the country normally arrive within two hours; those to {country} "
            "can take up to {days}.",
            "Banks do not process ordinary transfers on weekends, so one made on Friday evening "
            "often lands on Monday.",
            "Once the other bank has accepted the money, only the recipient can send it back.",
            "A wrong digit in the account number makes the transfer bounce, and the full amount "
            "returns to you.",
            "A pending transfer is waiting for a routine check and needs nothing from you unless "
            "we ask.",
        ),
        (
            "open the transfer in {app} and note its status and reference",
            "compare every digit of the account number with the one you were given",
            "send the recipient the confirmation document so that their bank can search for it",
            "use the cancel button while the status is still pending",
            "ask us to start a trace if nothing has arrived after {days}",
            "choose the instant option next time if both banks offer it",
            "check that the recipient's name matches their account",
        ),
    ),
    Topic(
        "fees and exchange rates",
        ("fee", "charge", "charged", "exchange", "rate", "currency", "fiat", "abroad",
         "extra_charge", "conversion"),
        (
            "Why was I charged {amount} on top of my payment in {country}?",
            "Which exchange rate do you use when I pay in another currency?",
            "Is there a fee for holding money in more than one currency?",
            "I was charged a fee for a transfer that I thought was free. Can you explain it?",
            "The rate I got on {weekday} is worse than the one in the news. Why?",
            "What will it cost me to use my card in {country}?",
        ),
        (
            "The statement shows it as a separate line.",
            "I paid at {shop} and chose to be billed in my own currency.",
            "The payment itself was {amount}.",
            "Nobody mentioned a fee when I opened the account in {month}.",
            "I shall be in {country} for another {days}.",
        ),
        (
            "Payments in another currency are converted at the card scheme's rate of the day on "
            "which they settle, not of the day you paid.",
            "If a terminal offers to bill you in your own currency, the shop's bank sets the rate, "
            "and it is nearly always worse.",
            "On weekends a small margin is added, because the markets are closed and rates can "
            "jump.",
            "Fees are listed with each payment, and the full price list is in your agreement.",
            "Exchanges up to {limit} a month are free on the standard plan; above that a small "
            "share of the amount is charged.",
        ),
        (
            "open the payment in {app} and look at the line with the rate and the fee",
            "always choose the local currency when a terminal asks",
            "exchange the amount you need on a weekday before you travel",
            "compare the monthly plans if you spend more than {limit} abroad",
            "send us the receipt if the fee does not match the price list",
            "set an alert for the rate that you would like to have",
            "download the statement for {month}, which adds up all fees",
        ),
    ),
    Topic(
        "cash and top-ups",
        ("cash", "atm", "withdraw", "top_up", "top up", "topping", "cheque", "deposit", "paid out"),
        (
            "The machine in {city} gave me less cash than I asked for. How do I get the rest?",
            "How much cash can I take out in one day?",
            "My top-up of {amount} has not shown up. How long does it take?",
            "Why was there a fee when I withdrew money in {country}?",
            "Can I pay cash or a cheque into my account?",
            "There is a cash withdrawal on my account that I did not make. What now?",
        ),
        (
            "The receipt says {amount}.",
            "It was a machine outside {shop}.",
            "It happened on {weekday} at about {hour}.",
            "The other bank sent me away.",
            "I topped up from a card in my own name.",
        ),
        (
            "A machine counts its notes every night, so a wrong amount is usually corrected within "
            "{days}.",
            "Withdrawals are free up to {limit} a month; after that a fee of two per cent applies.",
            "Some machines add a fee of their own, which they must show before you confirm.",
            "A top-up by card is there within minutes, one by bank transfer within one working "
            "day.",
            "The daily limit for cash protects you if the card and the PIN are stolen together.",
        ),
        (
            "keep the receipt or take a photograph of the screen",
            "mark the withdrawal in {app} and choose that the amount is wrong",
            "check whether the top-up is waiting for a confirmation from your other bank",
            "lower or raise the daily limit in the card's settings",
            "pick a machine that shows no fee of its own",
            "freeze the card if you did not make the withdrawal yourself",
            "pay cheques in by post with the account number on the back",
        ),
    ),
    Topic(
        "refunds and disputes",
        ("refund", "dispute", "money back", "request_refund", "twice", "transaction_charged_twice",
         "returned", "subscription", "cancel"),
        (
            "{shop} promised me a refund of {amount} {days} ago. Why can I not see it?",
            "I was charged twice for the same order. How do I get one payment back?",
            "How can I dispute a payment for goods that never came?",
            "I cancelled a subscription in {month} and was charged again. Can you stop it?",
            "Can you reverse a payment that I made by mistake?",
            "The shop has closed down. Is there still a way to get my money back?",
        ),
        (
            "I have an e-mail from them that confirms it.",
            "The order number starts with the date, {date}.",
            "They have not answered me since {weekday}.",
            "The second charge appeared at {hour}.",
            "It is a lot of money for me at the moment.",
        ),
        (
            "A shop has to send the refund to its own bank first, which is why it can take up to "
            "{days} to show.",
            "Two equal lines are often one payment and its reservation; the reservation disappears "
            "by itself.",
            "A dispute can be opened within 120 days of the payment and costs nothing.",
            "Deleting an app does not end a subscription; the merchant has to be told.",
            "We can only reverse a card payment through the dispute process, because the shop must "
            "be heard.",
        ),
        (
            "ask {shop} for the date of the refund and for its reference number",
            "wait until the pending line has settled, which takes {days} at most",
            "open the payment in {app} and choose to dispute it",
            "attach the receipt, the cancellation and any messages",
            "block further charges from this merchant in the card's settings",
            "reply to our questions within ten days, or the case closes",
            "keep the goods unused until the dispute is decided",
        ),
    ),
    Topic(
        "unknown payments and fraud",
        ("fraud", "scam", "unrecognised", "not recognise", "not_recognised", "suspicious",
         "phishing", "hacked",
         "unknown", "did not make", "didn't make", "direct_debit", "direct debit"),
        (
            "There is a payment of {amount} to {shop} that I do not recognise. What should I do?",
            "Somebody called me and said they were from the bank. Was that really you?",
            "A direct debit left my account that I never agreed to. How do I get it back?",
            "I clicked on a link in a message and typed in my details. Am I at risk?",
            "How do I know whether an e-mail from the bank is genuine?",
            "I sent {amount} to someone who turned out to be a fraud. Is the money gone?",
        ),
        (
            "It happened on {weekday} while I was at work.",
            "The caller knew my name and my address in {city}.",
            "I have never bought anything from {shop}.",
            "I have not shared my PIN with anyone.",
            "The message came from a number in {country}.",
        ),
        (
            "Shops sometimes bill under the name of their parent company, so a strange name is not "
            "always fraud.",
            "We never ask for a passcode, a PIN or a transfer to a safe account, by phone or in "
            "a message.",
            "An unauthorised direct debit is paid back in full if you report it within 13 months.",
            "The first hour matters most: the sooner we know, the better the chance to stop the "
            "money.",
            "Details typed into a false page are usually tried within a day.",
        ),
        (
            "freeze the card in {app} before you do anything else",
            "hang up and call the number on the back of your card",
            "mark each payment that is not yours and confirm the report",
            "change the passcode and sign out of all other devices",
            "write down what happened, with times, while you remember it",
            "report the message to us and then delete it",
            "tell the police and send us the case number",
        ),
    ),
    Topic(
        "identity checks",
        ("verify", "identity", "proving", "unlock", "verification", "source_of_funds", "document",
         "passport", "proof",
         "selfie", "why_verify"),
        (
            "Why do I have to verify my identity again?",
            "The app will not accept the photo of my {document}. What am I doing wrong?",
            "How long does the identity check take?",
            "Which documents can I use as proof of my address in {city}?",
            "Why do you want to know where my money comes from?",
            "My verification failed without a reason. Can I try again?",
        ),
        (
            "I sent everything on {date}.",
            "My {document} was issued in {country}.",
            "My name changed when I married in {month}.",
            "The camera of my phone is quite old.",
            "I need the account by {weekday} because of my salary.",
        ),
        (
            "The law requires every bank to know its customers, and to ask again when a document "
            "expires.",
            "Most photos fail because of glare, a cut-off corner or a thumb over the number.",
            "Checks are finished within minutes by day and within {days} when a person has to "
            "look.",
            "A proof of address must show your name and be younger than three months.",
            "Questions about the origin of money protect you as well: they make stolen accounts "
            "useless.",
        ),
        (
            "lay the {document} on a dark surface near a window",
            "make sure that all four corners are in the picture",
            "write your name exactly as it stands on the document",
            "upload a utility bill or a letter from the tax office as proof of address",
            "update the app before the next attempt",
            "answer the question about your income in {app}",
            "ask us for a check by video if the photo fails three times",
        ),
    ),
    Topic(
        "savings and loans",
        ("saving", "interest", "loan", "mortgage", "credit", "borrow", "overdraft", "repay",
         "invest", "pension"),
        (
            "Which savings account suits me if I may need the {amount} again in {days}?",
            "How is the interest on my savings worked out and when is it paid?",
            "Can I repay my loan early, and what would it cost?",
            "What do you look at when I apply for a mortgage?",
            "Is an overdraft cheaper than a small loan of {amount}?",
            "My fixed rate ends in {month}. What are my options?",
        ),
        (
            "I can put aside about {amount} a month.",
            "My income has been steady since {month}.",
            "We are looking at a flat in {city}.",
            "I have one other loan, with about two years to run.",
            "I do not like taking risks with this money.",
        ),
        (
            "Interest is worked out on the balance of each day and paid at the end of the month.",
            "Money that you may need soon belongs in an easy-access account; a fixed term pays "
            "more but holds it.",
            "An early repayment fee may apply, and it can never be more than one per cent of the "
            "amount repaid.",
            "An overdraft suits a few days; for anything longer a loan is cheaper and ends on a "
            "known date.",
            "For a mortgage the lender looks at income, regular costs, the deposit and your "
            "payment history.",
        ),
        (
            "write down what you could pay each month without strain",
            "compare the annual percentage rate and not the monthly rate",
            "ask for the settlement figure, which is valid for {days}",
            "keep three months of costs within reach before you fix the rest",
            "use the calculator in {app} with a rate one point higher than today's",
            "collect payslips and statements for the last three months",
            "book a talk with an adviser before your current rate ends",
        ),
    ),
    Topic(
        "opening and managing the account",
        ("account", "age_limit", "edit_personal", "terminate", "close", "open", "name", "address",
         "joint", "country_support", "statement", "limit"),
        (
            "How old must my daughter be to have an account of her own?",
            "I have moved to {city}. How do I change my address?",
            "What happens to my standing orders if I close the account?",
            "Can my partner and I open a joint account online?",
            "Where can I download a statement for {month}?",
            "Can I keep my account when I move to {country}?",
        ),
        (
            "I have been a customer since {month}.",
            "My new lease starts on {date}.",
            "The balance is {amount} at the moment.",
            "My partner is already a customer of yours.",
            "I need it for the tax office.",
        ),
        (
            "An adult account can be opened from the age of 18; below that a parent opens it and "
            "stays in charge.",
            "A new address takes effect at once, but letters already on their way go to the old "
            "one.",
            "Standing orders and direct debits end with the account, so they should be moved "
            "first.",
            "Both partners of a joint account may spend the whole balance and answer for it "
            "together.",
            "Whether an account may be kept after a move depends on the country, because each has "
            "its own licence.",
        ),
        (
            "open your profile in {app} and edit the field that has changed",
            "upload a document that shows the new details",
            "move or spend what is left so that the balance is zero",
            "send the new account number to your employer and your landlord",
            "download the statements that you may need later",
            "invite your partner by e-mail and confirm on both phones",
            "check the list of supported countries before you move",
        ),
    ),
)  # fmt: skip
