"""A mail leaves once: after its commit, whoever is woken how often, and whoever dies meanwhile."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.utils import timezone

from crm.email_url import email_settings
from crm.environment import CHECKOUT
from crm.outbox import sending, services
from crm.outbox.models import Dispatch
from tests.databases import address_of

pytestmark = pytest.mark.django_db
SENDER = "import django; django.setup(); from crm.outbox import sending; sending.drain()"


def again(dispatch):
    dispatch.refresh_from_db()
    return dispatch


def make_due():
    Dispatch.objects.update(due_at=timezone.now())


def test_a_mail_is_sent_once_however_often_one_is_woken(mail_server, write):
    dispatch = again(write())

    assert [sending.drain(), sending.drain()] == [1, 0]
    (mail,) = mail_server.mails
    assert (mail["To"], mail["Subject"], mail.get_content().strip()) == ("aisha@example.org", "Hello", "Well?")
    assert mail["Message-ID"] == f"<{dispatch.key}@localhost>"
    assert (again(dispatch).state, dispatch.attempt) == ("sent", 1)


def test_what_is_rolled_back_is_not_sent(mail_server, write):
    with transaction.atomic():
        write()
        transaction.set_rollback(True)

    assert sending.drain() == 0
    assert mail_server.mails == []


@pytest.mark.django_db(transaction=True)
def test_two_who_are_woken_at_once_share_the_work(mail_server, write):
    subjects = {write(f"{number}").content["subject"] for number in range(20)}

    def work():
        sending.drain()
        connection.close()

    senders = [threading.Thread(target=work) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(mail_server.mails) == len(subjects)
    assert {mail["Subject"] for mail in mail_server.mails} == subjects


@pytest.mark.django_db(transaction=True)
def test_of_a_sender_that_was_killed_a_person_decides(mail_server, write):
    """Killed when the server has the mail, and before it has said so."""
    dispatch = write()
    mail_server.goes_on.clear()
    told = {"EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}?tls=0", "DATABASE_URL": address_of(connection)}
    sender = subprocess.Popen([sys.executable, "-c", SENDER], cwd=CHECKOUT, env=os.environ | told)
    assert mail_server.has_mail.wait(30)
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    mail_server.goes_on.set()

    assert sending.drain() == 0
    assert again(dispatch).state == "sending"
    Dispatch.objects.update(claimed_at=timezone.now() - sending.LOST_AFTER - timedelta(seconds=1))
    assert sending.drain() == 0
    assert (again(dispatch).state, len(mail_server.mails)) == ("unknown", 1)


def test_a_server_that_is_away_is_asked_again_later_and_later(mail_server, write):
    mail_server.end()
    dispatch, pauses = write(), []

    for _ in range(sending.ATTEMPTS):
        begun = timezone.now()
        sending.drain()
        pauses.append((again(dispatch).due_at - begun).total_seconds())
        assert sending.drain() == 0
        make_due()

    assert (dispatch.state, dispatch.attempt) == ("dead", sending.ATTEMPTS)
    assert "ConnectionRefusedError" in dispatch.reason
    means = [min(5 * 2**n, 7200) for n in range(sending.ATTEMPTS - 1)]
    assert all(mean * 0.48 < pause < mean * 1.6 for pause, mean in zip(pauses, means, strict=False))
    assert 9.5 < sum(means) / 3600 < 11  # hours, as docs/API.md promises


@pytest.mark.parametrize(("says", "state"), [("550 nobody of that name", "dead"), ("450 try later", "waiting")])
def test_a_server_that_says_no_is_believed(mail_server, write, says, state):
    mail_server.says_of_recipients = says
    dispatch = write()

    sending.drain()

    assert (again(dispatch).state, dispatch.reason) == (state, says)


def test_what_breaks_off_under_way_is_unknown(mail_server, write, settings):
    mail_server.goes_on.clear()
    settings.EMAIL_TIMEOUT = 0.1
    dispatch = write()

    sending.drain()

    assert (again(dispatch).state, sending.drain()) == ("unknown", 0)


def test_whoever_comes_back_late_still_says_what_came_of_it(mail_server, write):
    write()
    dispatch = sending.claim()
    Dispatch.objects.update(claimed_at=timezone.now() - sending.LOST_AFTER - timedelta(seconds=1))
    sending.find_lost()

    sending.attempt(dispatch)

    assert again(dispatch).state == "sent"


def test_what_was_sent_is_forgotten_in_time_and_what_is_to_be_looked_at_stays(mail_server, write, settings):
    sent = write()
    sending.drain()
    left = write()
    Dispatch.objects.filter(pk=left.pk).update(state="unknown")

    assert services.forget_old() == 0
    long_ago = timezone.now() - timedelta(days=settings.OUTBOX_DAYS, seconds=1)
    Dispatch.objects.filter(pk=sent.pk).update(ended_at=long_ago)
    assert services.forget_old() == 1
    assert Dispatch.objects.get().pk == left.pk


@pytest.mark.parametrize("url", ["ftp://host", "smtp://", "file:", ""])
def test_an_address_that_names_no_mail_server_is_refused(url):
    with pytest.raises(ImproperlyConfigured):
        email_settings(url)


def test_an_address_says_how_it_is_spoken_to():
    kept = email_settings("smtps://user%40host:s%2Fcret@mail.example")

    assert (kept["EMAIL_HOST_USER"], kept["EMAIL_HOST_PASSWORD"], kept["EMAIL_PORT"]) == ("user@host", "s/cret", 465)
    assert (kept["EMAIL_USE_SSL"], kept["EMAIL_USE_TLS"]) == (True, False)
    assert email_settings("smtp://mail.example")["EMAIL_USE_TLS"] is True
    assert email_settings("file:///a%20folder")["EMAIL_FILE_PATH"] == "/a folder"
