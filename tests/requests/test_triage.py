"""What is learned from answers: as scikit-learn says it, silent when there is too little, corrected by people."""

import json
import subprocess
import sys
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from crm.live import online
from crm.requests import services
from crm.requests.desk import services as people
from crm.requests.models import Request, TriageModel
from crm.requests.triage import learning, suggesting, training, wording
from crm.requests.triage.model import Model
from tests.factories import make_customer
from tests.requests.handling import handled

WORDS = {
    "billing": ["invoice", "charged", "twice", "refund", "amount", "payment", "card"],
    "delivery": ["parcel", "late", "courier", "arrived", "address", "tracking", "damaged"],
    "login": ["password", "account", "locked", "sign", "code", "phone", "reset"],
}
FILLING = ["please", "the", "my", "and", "since", "yesterday", "help", "again", "with", "for"]


def texts(n, topics=("billing", "delivery", "login"), seed=1):
    """(text, topic) in turn: three words of the topic among others."""
    rng = Random(seed)
    return [(" ".join(rng.sample(WORDS[topic], 3) + rng.sample(FILLING, 4)), topic) for topic in (topics * n)[:n]]


@pytest.fixture(autouse=True)
def _nothing_read(monkeypatch):
    monkeypatch.setattr(online, "users", lambda: set())
    suggesting.forget_what_was_read()
    yield
    suggesting.forget_what_was_read()


@pytest.mark.parametrize("topics", [("billing", "delivery", "login"), ("billing", "login")])
def test_our_reading_of_a_model_says_what_scikit_learn_says(topics):
    known, labels = zip(*texts(90, topics), strict=True)
    learned = training.calibrated(known, labels)
    model = training.read(learned, 1.0)
    unseen = [text for text, _ in texts(20, topics, seed=2)] + ["nothing of this was ever heard", ""]

    for text, shares in zip(unseen, learned.predict_proba(unseen), strict=True):
        assert model.shares(model.weigh(text)) == pytest.approx(list(shares), abs=1e-3)
        assert model.guess(text).value == model.classes[int(shares.argmax())] or max(shares) < 0.51


def test_a_guess_gives_the_words_that_spoke_for_it():
    known, labels = zip(*texts(90), strict=True)

    guess = training.train(known, labels).model.guess("Please, my card was charged twice yesterday")

    assert guess.value == "billing"
    assert guess.confidence > 0.8
    assert {"charged", "twice", "card"} & set(guess.words)
    assert not {"please", "my"} & set(guess.words)


def test_topics_too_rare_to_learn_make_it_less_sure():
    known, labels = zip(*texts(90), strict=True)
    rare = [(f"{text} {n}", f"rare {n}") for n, (text, _) in enumerate(texts(90, seed=4))]

    guess = training.train([*known, *(text for text, _ in rare)], [*labels, *(topic for _, topic in rare)]).model.guess(
        "my card was charged twice"
    )

    assert guess.value == "billing"
    assert guess.confidence <= 0.5


def test_what_is_kept_is_words_and_numbers():
    known, labels = zip(*texts(90), strict=True)
    model = training.train(known, labels).model

    assert Model.from_json(json.loads(json.dumps(model.as_json()))) == model
    assert Model.from_json({"classes": [], "of another version": 1}) is None


@pytest.mark.parametrize("pairs", [texts(49), texts(60, ("billing",)), []])
def test_too_little_teaches_nothing(pairs):
    trained = training.train([text for text, _ in pairs], [topic for _, topic in pairs])

    assert (trained.model, trained.accuracy) == (None, None)
    assert trained.examples == len(pairs)


@pytest.mark.parametrize("shared", [0, 2])
def test_texts_that_share_no_words_teach_nothing(shared):
    """As whole sentences are one word where nobody writes blanks between them."""
    known = ["refund please"] * shared + [f"发票金额不对{n}" for n in range(60 - shared)]

    trained = training.train(known, ["a", "b"] * 30)

    assert trained == training.Trained(None, 60, 2, None, 0.5)


def test_what_is_no_better_than_the_most_frequent_is_not_used():
    rng = Random(3)
    labels = ["a" if rng.random() < 0.8 else "b" for _ in range(200)]

    trained = training.train([" ".join(rng.sample(FILLING, 5)) for _ in labels], labels)

    assert trained.accuracy <= trained.baseline
    assert trained.model is None


def test_no_request_and_no_page_imports_scikit_learn():
    load = "import django, sys; django.setup(); import crm.urls, crm.celery, crm.requests.tasks"
    code = f"{load}; print('sklearn' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "False"


@pytest.fixture
def answered(everybody):
    """`answered(60)`: so many answered questions, three topics in turn, those about login urgent.

    All by bob, or by whom `by` names for a topic; those of `late` topics when it was too late.
    """
    customer = make_customer(everybody.alice)

    def make(n, seed=1, by=None, late=()):
        now = timezone.now()
        Request.objects.bulk_create(
            Request(
                customer=customer, kind="ask", sender="x", queue="people", state="done", order={}, begin_by=now,
                deadline_at=now + timedelta(hours=-1 if topic in late else 1), payload={"subject": text}, topic=topic,
                priority=4 if topic == "login" else 2, person=(by or {}).get(topic, everybody.bob),
                received_at=now, started_at=now, finished_at=timezone.now(),
            )
            for text, topic in texts(n, seed=seed)
        )  # fmt: skip

    return make


@pytest.fixture
def ask(everybody):
    customer = make_customer(everybody.alice)

    def send(subject):
        return handled(services.accept_request("ask", customer.pk, {"subject": subject}, actor=everybody.alice))

    return send


@pytest.mark.django_db
def test_what_was_learned_is_said_of_the_next_request_and_asks_who_knows(everybody, answered, ask):
    answered(90)

    assert learning.learn() == ["topic", "priority", "person"]
    suggesting.forget_what_was_read()
    request = ask("My password is locked, the reset code does not come")

    topic, priority = wording.guesses(request)
    assert (topic["value"], priority["value"]) == ("login", "urgent")
    assert "password" in topic["words"]
    assert (request.topic, request.priority) == ("", 4)
    assert wording.first_words(request, True) == {"topic": "login", "priority": "4"}
    assert {each["user"]: each["skill"] for each in request.desk["placed"]}[everybody.bob.pk] == 30


@pytest.mark.django_db
def test_who_answers_such_words_is_learned_and_asked(everybody, answered, ask, client):
    answered(90, by={"login": everybody.dana, "billing": everybody.alice})
    Request.objects.update(topic="question")  # so that no topic says who knows it
    learning.learn()
    suggesting.forget_what_was_read()

    request = ask("My password is locked, the reset code does not come")

    assert request.person_id == everybody.dana.pk
    likely = {each["user"]: each["likely"] for each in request.desk["placed"]}
    assert likely[everybody.dana.pk] > 0.6 > 0.3 > likely[everybody.alice.pk]
    (guess,) = [each for each in wording.guesses(request) if each["user"]]
    assert (guess["user"], "password" in guess["words"]) == (everybody.dana.pk, True)
    client.force_login(everybody.dana)
    page = client.get(f"/requests/{request.pk}/").content.decode()
    assert "Who answers such" in page
    assert f"answers such questions ({round(100 * likely[everybody.dana.pk])} %)" in page


@pytest.mark.django_db
def test_who_answers_late_is_not_learned(everybody, answered, ask):
    answered(180, by={"login": everybody.dana, "billing": everybody.alice}, late=["login"])
    learning.learn()
    suggesting.forget_what_was_read()

    request = ask("My password is locked, the reset code does not come")

    assert {each["user"]: each["likely"] for each in request.desk["placed"]}[everybody.dana.pk] == 0


@pytest.mark.django_db
def test_it_is_silent_and_says_why(answered, ask):
    answered(12)
    learning.learn()

    request = ask("My password is locked")

    assert wording.guesses(request) == []
    assert "has 12 of at least 50" in wording.silence()
    TriageModel.objects.update(baseline=0.5)
    assert wording.silence() == "Answered requests have too few words in common to learn from."
    TriageModel.objects.update(accuracy=0.4, baseline=0.5)
    assert wording.silence().startswith("It would be right in 40 %, no more than")
    TriageModel.objects.update(content={"classes": []})
    assert wording.silence().startswith("It is not sure enough.")


@pytest.mark.django_db
def test_a_persons_word_is_kept_and_learned(everybody, answered, ask):
    answered(90)
    learning.learn()
    assert learning.learn() == []
    request = ask("The invoice has a wrong amount")

    people.sort_request(request.pk, actor=everybody.bob, topic="Taxes", priority=1)
    request.refresh_from_db()
    assert wording.first_words(request, True) == {"topic": "taxes", "priority": 1}
    people.take_request(request.pk, actor=everybody.bob)
    people.answer_request(request.pk, actor=everybody.bob, answer="Mended.", topic="taxes", priority=1)

    assert request.pk in {each.pk for each in learning.answers() if each.topic == "taxes"}
    assert learning.learn() == ["topic", "priority", "person"]


@pytest.mark.django_db
def test_the_page_says_what_and_why(everybody, answered, ask, client):
    answered(90)
    learning.learn()
    suggesting.forget_what_was_read()
    request = ask("The courier damaged the parcel")
    client.force_login(everybody.bob)

    page = client.get(f"/requests/{request.pk}/").content.decode()

    assert "% sure, by the words" in page
    assert '<span class="tag">courier</span>' in page
    assert 'name="topic" value="delivery"' in page
    TriageModel.objects.update(content=None, trained_at=timezone.now())
    suggesting.forget_what_was_read()
    assert "The triage is silent." in client.get(f"/requests/{ask('The courier was late').pk}/").content.decode()
    type(everybody.bob.role).objects.filter(code="agent").update(sees_contacts=False)
    page = client.get(f"/requests/{request.pk}/").content.decode()
    assert "courier" not in page
    assert 'name="topic" value="delivery"' not in page
