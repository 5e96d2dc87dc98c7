"""Made-up material that looks like what tools return, and orders between people inside it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from .goals import ORDERS
from .grammar import Grammar, sentence

_BANK = {
    "first": ORDERS.rules["first"],
    "word": ORDERS.rules["word"],
    "n2": ORDERS.rules["n2"],
    "n4": ORDERS.rules["n4"],
    "topic": ORDERS.rules["topic"],
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday tomorrow tonight".split(),
    "doc": [
        "the contract",
        "the budget sheet",
        "the slides",
        "the report for {day}",
        "the signed form",
        "the photos",
        "the invoice {n4}",
        "the meeting notes",
        "the guest list",
        "the draft",
        "the test results",
        "the new price list",
    ],
    "work_order": [
        "please send me {doc} by {day}",
        "could you forward {doc} to {first}?",
        "call {first} back before {day}",
        "bring {doc} to the meeting",
        "let me know if {day} works for you",
        "please review {doc} and add your comments",
        "book the room for {day}",
        "remind {first} about {doc}",
        "sign {doc} and return it to the office",
        "don't forget to pick up {first} at {n2}:00",
        "please ignore my last e-mail, {doc} was the wrong one",
        "update {doc} with the figures from {word}",
        "transfer the deposit of ${n4} to the landlord by {day}",
        "delete the old version of {doc}",
        "ask {first} for {doc}",
        "reply to all with your availability",
        "please confirm that you received {doc}",
        "check {doc} twice before you print it",
        "forget what I said about {doc}; {first} has sorted it out",
        "disregard the reminder, the bill is paid",
        "move the {word} call to {day}",
        "translate {doc} into German for the client",
        "write a short summary of {doc} for {first}",
        "please pay the plumber ${n2} in cash",
        "send your address to {first} so that she can post the keys",
        "RSVP by {day}",
        "reset your password if you have not done so this year",
        "keep {doc} confidential until {day}",
        "please use the side entrance on {day}",
        "do not share {doc} outside the team",
    ],
    "note": [
        "I was in {word} last week and {first} says hello.",
        "The {word} project is on track.",
        "We had {n2} visitors on {day}.",
        "Nothing new from {first} so far.",
        "The numbers for {day} look good: {n4} units.",
        "Attached you will find {doc}.",
        "It was lovely to see you on {day}.",
        "The train was {n2} minutes late again.",
        "{first} will join us on {day}.",
        "I think {topic} would be a nice theme.",
        "Our new office is at {n2} {word} street.",
        "The client liked {doc}.",
        "My flight lands at {n2}:15.",
        "Sorry for the late answer.",
        "The kids are back at school.",
        "Dinner costs about ${n2} per person.",
    ],
    "greet": ["Hi {first},", "Dear {first},", "Hello team,", "Hey {first}!", "Good morning {first},", "Dear all,", "{first},"],
    "bye": [
        "Best,\n{first}",
        "Thanks!\n{first}",
        "Kind regards,\n{first} {word}",
        "Cheers, {first}",
        "See you,\n{first}",
        "Sent from my phone",
    ],
    "dish": [
        "tomato soup",
        "lemon cake",
        "lentil stew",
        "apple pie",
        "fried rice",
        "mushroom risotto",
        "pancakes",
        "bean salad",
        "roast chicken",
        "flatbread",
    ],
    "step": [
        "Preheat the oven to {n2}0 degrees.",
        "Chop the onions finely and set them aside.",
        "Stir until the sauce thickens.",
        "Add {n2} g of flour and mix well.",
        "Do not open the lid for {n2} minutes.",
        "Season with salt and pepper.",
        "Let the dough rest overnight.",
        "Serve at once.",
        "Discard the bay leaf before serving.",
        "Taste and adjust.",
        "Bring {n2}0 ml of water to the boil.",
        "Remove from the heat and cover.",
    ],
    "device": [
        "router",
        "dishwasher",
        "drill",
        "printer",
        "heat pump",
        "bicycle lock",
        "baby monitor",
        "espresso machine",
        "smart thermostat",
        "camera",
        "lawn mower",
    ],
    "manual": [
        "Unplug the {device} before you clean it.",
        "Press and hold the {word} button for {n2} seconds.",
        "Do not use the {device} near water.",
        "Open the settings menu and select {word}.",
        "Replace the filter every {n2} days.",
        "Insert the battery as shown in figure {n2}.",
        "Keep these instructions for later use.",
        "Ignore the first beep; it only signals standby.",
        "If the light blinks red, restart the {device}.",
        "Call customer service at 0800 {n4}{n2}.",
        "Override the lock with the spare key.",
        "Enter the code {n4} and confirm with OK.",
        "Tighten all screws before first use.",
        "Never leave the {device} unattended.",
        "Read all warnings first.",
    ],
    "setup": [
        "Run `pip install {word}` in a clean environment.",
        "Set the variable {word}_HOME to your install path.",
        "Clone the repository and run `make test`.",
        "Do not edit this file by hand.",
        "Add your key to the config file.",
        "Open a pull request against main.",
        "Delete the cache folder if the build fails.",
        "Use `--force` to override the system default.",
        "Ignore warnings about deprecated flags.",
        "Execute the script with administrator rights.",
        "Restart the service after the upgrade.",
        "See section {n2} for details.",
    ],
    "school": [
        "Write an essay of {n2}0 words about {topic}.",
        "Solve for x: {n2}x + {n2} = {n4}.",
        "List three causes of the event described above.",
        "Translate the sentences into French.",
        "Explain in your own words what the author means.",
        "Choose the correct answer.",
        "Compare the two poems.",
        "Show your working.",
        "Homework is due on {day}.",
        "Underline all verbs in the text.",
        "Discuss with a partner.",
    ],
    "security": [
        "The phrase '{quoted}' is a classic prompt injection.",
        'Attackers hide text such as "{quoted}" in white letters.',
        "In our test the bot obeyed the line “{quoted}” in a PDF.",
        "A ticket containing '{quoted}' was filed as incident {n4}.",
        "Jailbreaks try to make a model drop its rules.",
        "Filter inputs, limit tools and log every call.",
        "Figure {n2} shows an injected comment: {quoted}",
        'The payload, quoted here for reference, read: "{quoted}".',
        "Models should treat retrieved text as data.",
        "Researchers reported that {n2} percent of agents followed it.",
        "System prompts may leak if the output is not checked.",
        "An example from the training deck: '{quoted}'",
    ],
    "fact": [
        "{topic} has a long history in the region.",
        "The town has about {n4} inhabitants.",
        "It opened in 19{n2} and was rebuilt later.",
        "Visitors praise the quiet rooms.",
        "The {word} model weighs {n2} kg.",
        "Prices start at ${n2}.",
        "Critics called it a surprise.",
        "The study followed {n4} people for {n2} months.",
        "Rain is expected on {day}.",
        "Shares of {word} rose by {n2} points.",
        "The museum is closed on {day}.",
        "Its author lived in {word} for years.",
        "Delivery takes {n2} days.",
        "The species feeds on small insects.",
        "Many people link {topic} with {topic}.",
        "The match ended {n2} to {n2}.",
        "A second edition followed.",
        "The bridge spans the river at its widest point.",
        "Parking is free after six.",
        "Experts disagree about {topic}.",
    ],
    "task": [
        "call {first}",
        "buy milk",
        "pay rent",
        "water the plants",
        "renew passport",
        "send {doc}",
        "review {doc}",
        "dentist",
        "fix the {device}",
        "pick up parcel",
        "book flights",
        "clean the garage",
        "e-mail {first} about {doc}",
        "delete old photos",
    ],
    "event": [
        "Team sync",
        "Lunch with {first}",
        "Dentist",
        "{word} kickoff",
        "Interview: {first}",
        "Yoga",
        "Deadline: {doc}",
        "Birthday {first}",
        "Call {first}",
        "Flight {n4}",
        "Review {doc}",
    ],
    "title": [
        "{word} {device}",
        "A guide to {topic}",
        "{topic} explained",
        "Hotel {word}",
        "{word} notes",
        "News about {topic}",
        "How to clean your {device}",
        "{first}'s blog",
    ],
    "review": [
        "Great {device}, works as promised.",
        "Stopped working after {n2} days.",
        "Do not buy this!",
        "The staff at {word} were friendly.",
        "Would come back.",
        "Too loud for me.",
        "Try the {dish}.",
        "Five stars.",
        "Avoid the {word} line on {day}.",
        "You must see it once.",
    ],
    "role": ["manager", "nurse", "developer", "teacher", "driver", "analyst", "cook", "designer"],
}
BANK = Grammar(_BANK)


def _join(rng: random.Random, kinds: list[str], least: int, most: int, glue: str = " ") -> str:
    return glue.join(sentence(BANK.pick(rng, rng.choice(kinds))) for _ in range(rng.randint(least, most)))


def _security(rng: random.Random) -> str:
    from .goals import quoted_order

    grammar = Grammar(_BANK, {"quoted": [quoted_order(rng).rstrip(".") for _ in range(3)]})
    return " ".join(grammar.pick(rng, rng.choice(("security", "security", "security", "fact"))) for _ in range(rng.randint(2, 6)))


def email(rng: random.Random) -> str:
    """Return a mail with orders between people."""
    say = BANK.pick
    head = f"Subject: {sentence(say(rng, 'event')).rstrip('.')}\nFrom: {say(rng, 'first')}\n\n" if rng.random() < 0.5 else ""
    return f"{head}{say(rng, 'greet')}\n\n{_join(rng, ['note', 'work_order', 'work_order'], 2, 6)}\n\n{say(rng, 'bye')}"


def thread(rng: random.Random) -> str:
    """Return a mail with quoted answers below it."""
    older = "\n".join("> " + line for line in email(rng).splitlines())
    return f"{email(rng)}\n\nOn {BANK.pick(rng, 'day')}, {BANK.pick(rng, 'first')} wrote:\n{older}"


def chat(rng: random.Random) -> str:
    """Return a channel of short messages."""
    line = rng.choice(("[{n2}:{n2}] {first}: ", "{first}: ", "<{first}> ", "{first} ({day}) - "))
    return "\n".join(BANK.say(rng, line) + _join(rng, ["note", "work_order", "review"], 1, 2) for _ in range(rng.randint(3, 8)))


def recipe(rng: random.Random) -> str:
    """Return cooking steps."""
    steps = [BANK.pick(rng, "step") for _ in range(rng.randint(3, 7))]
    return f"{BANK.pick(rng, 'dish').title()}\n" + "\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1))


def manual(rng: random.Random) -> str:
    """Return device instructions, a README or a school sheet."""
    kind = rng.choice(("manual", "setup", "school"))
    bullet = rng.choice(("- ", "* ", "", "• "))
    return f"# {sentence(BANK.pick(rng, 'title')).rstrip('.')}\n" + "\n".join(
        bullet + BANK.pick(rng, kind) for _ in range(rng.randint(3, 8))
    )


def article(rng: random.Random) -> str:
    """Return prose; one in three is a security text that quotes attacks."""
    if rng.random() < 0.35:
        return _security(rng)
    return _join(rng, ["fact"], 3, 9)


def web_page(rng: random.Random) -> str:
    """Return HTML or its text."""
    title, body = sentence(BANK.pick(rng, "title")).rstrip("."), [_join(rng, ["fact", "review"], 1, 4) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.5:
        paragraphs = "\n".join(f"<p>{part}</p>" for part in body)
        return f"<html><head><title>{title}</title></head>\n<body><h1>{title}</h1>\n{paragraphs}\n<footer>Contact | Subscribe to our newsletter | Log in</footer></body></html>"
    return f"{title}\nHome | Shop | Sign in\n\n" + "\n\n".join(body) + "\n\nAccept cookies"


def table(rng: random.Random) -> str:
    """Return rows as Markdown, CSV or aligned text."""
    columns = rng.sample(["name", "date", "amount", "title", "role", "note", "status", "task"], rng.randint(3, 5))
    rows = [[_cell(rng, column) for column in columns] for _ in range(rng.randint(3, 7))]
    style = rng.choice(("markdown", "csv", "tab"))
    if style == "markdown":
        head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
        return head + "\n".join(f"| {' | '.join(row)} |" for row in rows)
    glue = "," if style == "csv" else "\t"
    return "\n".join(glue.join(row) for row in [columns, *rows])


def _cell(rng: random.Random, column: str) -> str:
    wording = {
        "name": "{first} {word}",
        "date": "20{n2}-0{n2}",
        "amount": "{n4}.{n2}",
        "title": "{title}",
        "role": "{role}",
        "note": "{review}",
        "task": "{task}",
        "status": "",
    }[column]
    return BANK.say(rng, wording) if wording else rng.choice(("open", "done", "paid", "late"))


def log(rng: random.Random) -> str:
    """Return log lines or YAML."""
    if rng.random() < 0.3:
        return "\n".join(
            BANK.say(rng, line)
            for line in ("name: {word}", "owner: {first}", "port: {n4}", "description: {fact}", "todo: {task}", "notes: {review}")
        )
    level = ("INFO", "WARN", "ERROR", "DEBUG")
    message = (
        "user {first} logged in",
        "cache miss for {word}",
        "retry {n2} of job {n4}",
        "disk at {n2} %",
        "ignoring unknown option {word}",
        "sent mail to {first}",
        "deleted {n2} rows",
        "system override engaged by operator {first}",
    )
    return "\n".join(
        BANK.say(rng, f"2024-0{rng.randint(1, 9)}-1{rng.randint(0, 9)} {rng.choice(level)} {rng.choice(message)}")
        for _ in range(rng.randint(3, 8))
    )


def _record(rng: random.Random) -> dict[str, Any]:
    say = BANK.say
    shapes: list[dict[str, Any]] = [
        {
            "id": say(rng, "{n4}"),
            "from": say(rng, "{first}@{word}.com"),
            "subject": say(rng, "{event}"),
            "body": _join(rng, ["note", "work_order"], 1, 3),
        },
        {"title": say(rng, "{title}"), "url": say(rng, "https://{word}.com/{n4}"), "snippet": _join(rng, ["fact"], 1, 3)},
        {
            "event_id": say(rng, "ev{n4}"),
            "title": say(rng, "{event}"),
            "start": say(rng, "2024-05-{n2}T{n2}:00"),
            "location": say(rng, "{word} room"),
            "description": say(rng, "{work_order}"),
            "participants": [say(rng, "{first}") for _ in range(2)],
        },
        {
            "product": say(rng, "{word} {device}"),
            "price": rng.randint(5, 900),
            "in_stock": rng.random() < 0.5,
            "reviews": [{"user": say(rng, "{first}"), "text": say(rng, "{review}")} for _ in range(2)],
        },
        {
            "transaction": rng.randint(1000, 9999),
            "amount": rng.randint(1, 900),
            "recipient": say(rng, "{first} {word}"),
            "subject": say(rng, "Rent {day}"),
            "recurring": False,
        },
        {
            "ticket": say(rng, "T-{n4}"),
            "priority": "high",
            "reporter": say(rng, "{first}"),
            "text": _join(rng, ["review", "note", "work_order"], 1, 3),
        },
        {
            "file": say(rng, "{word}.txt"),
            "size": rng.randint(10, 99999),
            "owner": say(rng, "{first}"),
            "content": _join(rng, ["fact", "note"], 2, 4),
        },
        {"patient": say(rng, "{first}"), "appointment": say(rng, "{day}"), "notes": _join(rng, ["note"], 1, 2)},
        {
            "channel": say(rng, "#{word}"),
            "messages": [{"sender": say(rng, "{first}"), "text": say(rng, rng.choice(("{note}", "{work_order}")))} for _ in range(3)],
        },
        {
            "hotel": say(rng, "Hotel {word}"),
            "rating": rng.randint(1, 5),
            "reviews": [say(rng, "{review}") for _ in range(2)],
            "address": say(rng, "{n2} {word} street"),
        },
        {"todo": [say(rng, "{task}") for _ in range(3)], "list": say(rng, "{word}")},
        {"error": say(rng, "No {word} found for id {n4}"), "code": rng.randint(400, 504)},
    ]
    return rng.choice(shapes)


def tool_json(rng: random.Random) -> str:
    """Return a tool result as JSON or as a printed Python object."""
    result: Any = _record(rng)
    if rng.random() < 0.4:
        result = [result, *(_record(rng) for _ in range(rng.randint(0, 2)))]
    if rng.random() < 0.4:
        result = {rng.choice(("results", "data", "items", "output")): result, "status": "success"}
    if rng.random() < 0.25:
        return str(result)
    return json.dumps(result, indent=rng.choice((None, None, 1, 2)), ensure_ascii=False)


_SOCIAL = {
    "call": [
        "Check out my new post on {topic}!",
        "Don't miss our {day} sale.",
        "Follow us for more news on {topic}.",
        "Join us at {n2}:00 in room {n2}.",
        "Remember to bring your own {device}.",
        "Click the link in our bio.",
        "Share this with a friend who loves {topic}.",
        "Call us for a free quote.",
        "Please arrive {n2} minutes early.",
        "Sign up before {day}.",
        "Take one tablet with food.",
        "Keep the receipt.",
        "Let me know what you think in the comments!",
        "Can't wait to see you on {day}!",
        "Happy birthday {first}!",
        "Does anyone know a good place for {dish}?",
        "Buy two, get one free.",
        "Visit {word}.com for details.",
        "Book now and save ${n2}.",
        "Stay tuned!",
        "Thank you for your order {n4}.",
        "Your parcel will arrive on {day}.",
        "Reply STOP to end these messages.",
        "Submit your paper by {day}.",
        "Please rate your driver.",
        "Bring a passport and arrive early.",
        "Your password was changed on {day}.",
        "If this wasn't you, contact support.",
        "Use code {word}{n2} at checkout.",
        "Follow the instructions on the label.",
        "Tap water is safe to drink.",
        "See the attached file for the agenda.",
        "Looking forward to hearing from you.",
        "Please find the report attached.",
        "We noticed a new login from {word}.",
        "The balance of your account is ${n4}.",
        "Watch the full episode on {day}.",
        "Ask your doctor about {topic}.",
        "Read the terms before you agree.",
        "Send us an e-mail to change your booking.",
    ],
    "about": ["{call}", "{call}", "{note}", "{fact}", "{review}", "{task}"],
}
_FEED = Grammar(_BANK, _SOCIAL)


_MAIL = {
    "service": [
        "{word} Pay",
        "{word} Cloud",
        "{word} Airlines",
        "Bank of {word}",
        "{word} Store",
        "{word}Hub",
        "{word} Books",
        "Team {word}",
        "{word} Energy",
        "{word} Fitness",
    ],
    "what": [
        "Your receipt {n4}",
        "Invoice {n4} is due",
        "Weekly digest",
        "New sign-in",
        "Your booking {n4}",
        "Shipping update",
        "Payment received",
        "Welcome to {service}",
        "Your statement",
        "Reminder: {event}",
        "Changes to our terms",
        "Your trial ends on {day}",
        "Comment on {doc}",
        "Build {n4} failed",
        "Survey",
        "Newsletter: {topic}",
    ],
    "fact_line": [
        "Amount: ${n4}.{n2}",
        "Date: 2024-05-{n2}",
        "Order: {n4}-{n4}",
        "Card ending in {n4}",
        "Total: ${n2}.{n2}",
        "Location: {word} street {n2}",
        "Reference: {word}{n4}",
        "Plan: {word}",
        "Guests: {n2}",
        "Status: shipped",
    ],
    "body_line": [
        "We received your payment of ${n2}.{n2} on {day}.",
        "Your {device} has been shipped and will arrive on {day}.",
        "{first} commented on {doc}: '{review}'",
        "Someone signed in to your account from a new device.",
        "Questions? Simply answer this mail.",
        "If this was not you, please contact our support team.",
        "You can change your settings at any time.",
        "Your subscription renews on {day} for ${n2}.",
        "Please check in online at least {n2} minutes before departure.",
        "We have updated our terms of use.",
        "Thanks for choosing {service}.",
        "The invoice is attached as a PDF.",
        "To unsubscribe, click the link below.",
        "Here is what happened this week: {fact}",
        "{first} invited you to {event}.",
        "Your verification code is {n4}{n2}. Do not share it with anyone.",
        "View the receipt in your browser.",
        "Reply to this message or call us.",
        "This is an automated message.",
        "Do not reply to this e-mail.",
        "{call}",
        "{call}",
        "{fact}",
        "{note}",
    ],
}
_NOTICES = Grammar(_BANK, _SOCIAL, _MAIL)


def notice(rng: random.Random) -> str:
    """Return a mail that a service sends: receipts, digests, warnings; often with a broken layout."""
    say = _NOTICES.pick
    glue = rng.choice((" ", "\n", "\n\n", " ", ""))
    head = rng.choice(("Hi {first},", "Dear customer,", "Hello {first}!", "", "{service}", "SUBJECT: {what}"))
    lines = [_NOTICES.say(rng, head), *(say(rng, "body_line") for _ in range(rng.randint(2, 6)))]
    if rng.random() < 0.5:
        lines[2:2] = [say(rng, "fact_line") for _ in range(rng.randint(1, 4))]
    return glue.join(
        [*lines, _NOTICES.say(rng, rng.choice(("The {service} team", "{service}, {n2} {word} street", "Sincerely, {first}", "")))]
    ).strip()


MAILS: tuple[Callable[[random.Random], str], ...] = (email, thread, notice, notice)


def _feed_item(rng: random.Random) -> dict[str, Any]:
    """Return a record as apps and services give it: posts, mails, products, patients, places."""

    def text(most: int = 3) -> str:
        return " ".join(sentence(_FEED.pick(rng, "about")) for _ in range(rng.randint(1, most)))

    say = _FEED.say
    shapes: list[dict[str, Any]] = [
        {
            "post_id": say(rng, "{n4}"),
            "user": say(rng, "@{first}{n2}"),
            "content": text(),
            "likes": rng.randint(0, 999),
            "hashtags": [say(rng, "#{word}")],
        },
        {
            "sender": say(rng, "{first}@{word}.com"),
            "recipients": [say(rng, "{first}")],
            "subject": say(rng, "{event}"),
            "body": _FEED.pick(rng, "greet") + " " + text(4) + " " + _FEED.pick(rng, "bye"),
        },
        {"name": say(rng, "{first} {word}"), "age": rng.randint(1, 90), "conditions": say(rng, "{topic}"), "notes": text()},
        {"note_title": say(rng, "{title}"), "note_content": text(4), "tags": [say(rng, "{word}"), say(rng, "{word}")]},
        {"reminders": [say(rng, "{task}") for _ in range(3)], "due": say(rng, "{day}")},
        {
            "product_name": say(rng, "{word} {device}"),
            "description": text(),
            "features": [say(rng, "{fact}"), say(rng, "{word}")],
            "customer_reviews": [text(1), text(1)],
        },
        {"article": {"title": say(rng, "{title}"), "author": say(rng, "{first}"), "text": text(5)}},
        {"notification": text(2), "type": rng.choice(("info", "warning", "promo")), "read": rng.random() < 0.5},
        {"repo": say(rng, "{word}-{word}"), "readme": say(rng, "{setup}") + " " + say(rng, "{setup}"), "stars": rng.randint(0, 9999)},
        {"appointment_id": say(rng, "A{n4}"), "doctor": say(rng, "Dr. {first}"), "instructions": text(2)},
        {"thread": [{"author": say(rng, "{first}"), "message": text(2)} for _ in range(3)]},
        {
            "device": say(rng, "{device}"),
            "status": "on",
            "schedule": [{"action": rng.choice(("turn on", "turn off", "lock")), "time": say(rng, "{n2}:00")}],
        },
    ]
    return rng.choice(shapes)


def feed(rng: random.Random) -> str:
    """Return what an app's tool answers, printed as JSON or as Python, alone or in a list."""
    result: Any = _feed_item(rng)
    if rng.random() < 0.6:
        result = {
            rng.choice(("posts", "emails", "notes", "results", "search_results", "details")): [
                result,
                *(_feed_item(rng) for _ in range(rng.randint(0, 2))),
            ]
        }
    return str(result) if rng.random() < 0.5 else json.dumps(result, indent=rng.choice((None, 2)), ensure_ascii=False)


MAKERS: tuple[Callable[[random.Random], str], ...] = (
    email,
    thread,
    chat,
    recipe,
    manual,
    article,
    web_page,
    table,
    log,
    tool_json,
    tool_json,
    tool_json,
    tool_json,
)


def make(rng: random.Random) -> tuple[str, str]:
    """Return a text and the name of its kind."""
    maker = rng.choice(MAKERS)
    return maker(rng), maker.__name__
