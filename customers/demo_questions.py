"""What the demo's customers ask, and what its staff say to it."""

from random import Random
from typing import Any

QUESTIONS = {
    "billing": """I was charged twice for the same invoice
Why is there a fee on my last invoice?
The amount on my bill is wrong
Where can I download an invoice with my tax number?
My refund has not arrived on my account
Please send the invoice to our accounting""",
    "delivery": """Where is my parcel?
The courier left my order at a wrong address
My order arrived damaged
The tracking has not moved for a week
Half of what I ordered was missing in the parcel
Can I change the delivery address?""",
    "sign-in": """I cannot sign in with my password
The code to reset my password never arrives
My account is locked after three tries
How do I change the phone for my second factor?
The app asks me to sign in again and again
Somebody else signed in to my account""",
    "cancelling": """How do I cancel my subscription?
I want to end the contract by the end of the month
Please close my account
What is the notice period for our plan?
I have cancelled but was not told that it worked
We move and no longer need your service""",
    "using it": """How do I export my data to a spreadsheet?
Is there a way to share a report with colleagues?
The search does not find what I saved
Can your product talk to our calendar?
How many people may use one licence?
Where do I switch on notifications?""",
}
TOPICS = {subject: topic for topic, subjects in QUESTIONS.items() for subject in subjects.splitlines()}
MORE = ("Please help soon.", "I have asked this before.", "Thank you in advance.", "This is urgent for us.", "")
URGENT = "This is urgent for us."
ANSWERS = {
    "billing": "We have looked at the invoice and put it right; you see it in your account from tomorrow.",
    "delivery": "We have asked the courier, and will send it again if it is not with you by Friday.",
    "sign-in": "Your account is open again. Please choose a new password by the link that we have sent.",
    "cancelling": "It is cancelled by the end of the month; nothing more will be charged.",
    "using it": "You find this under Settings. Here is the page that shows it step by step.",
}


def question(rng: Random) -> dict[str, Any]:
    """The payload of an `ask`."""
    return {"subject": rng.choice([*TOPICS]), "text": rng.choice(MORE)}


def answer(payload: dict[str, Any]) -> dict[str, Any]:
    """What somebody says who knows the answer: with topic and priority."""
    topic = TOPICS.get(payload.get("subject", ""), "using it")
    return {"answer": ANSWERS[topic], "topic": topic, "priority": 4 if payload.get("text") == URGENT else 2}
