"""Who hears what on the socket, and that a right which is lost is lost there within a second."""

import time
import uuid
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from crm.records.models import Change
from crm.staff import services as staff
from crm.staff.models import Role, User
from customers.models import Customer
from tests.factories import change, deactivate_user, make_user
from tests.live.client import PATIENCE, refused


def test_without_session_or_token_nobody_comes_in(stack):
    assert refused(stack.ws_url) == 403
    assert refused(stack.ws_url, Authorization="Bearer nonsense") == 403
    assert refused(stack.ws_url, Authorization="Bearer nonsense", Origin=stack.url) == 403


def test_a_page_whose_session_has_ended_is_told_so_and_nothing_else(stack):
    for cookie in ({}, {"Cookie": "sessionid=gone"}):
        with (
            connect(stack.ws_url, additional_headers=cookie | {"Origin": stack.url}) as socket,
            pytest.raises(ConnectionClosedError) as closed,
        ):
            socket.recv(timeout=PATIENCE)
        assert closed.value.rcvd.code == 4401


def test_a_page_of_another_site_does_not_get_in_with_our_cookie(stack):
    cookie = f"sessionid={stack.sign_in(stack.people.alice)}"
    assert refused(stack.ws_url, Cookie=cookie, Origin="https://evil.example") == 403
    assert refused(stack.ws_url, Cookie=cookie) == 403
    assert refused(stack.ws_url, Cookie=cookie, Origin=stack.url) == 101


def test_an_outsider_hears_nothing_and_is_told_no_more_than_that_it_is_not_there(stack, listen, customer):
    assert not Customer.objects.visible_to(stack.people.charlie).filter(pk=customer.pk).exists()
    outsider, insider = listen(stack.people.charlie), listen(stack.people.bob)
    outsider.watch(
        customer.topic, "customer:99999999", {"view": "customers", "filter": {}, "as": "all"}, {"view": "feed"}
    )
    insider.watch(customer.topic)
    reasons = [message["error"] for message in outsider.messages if "error" in message]
    assert [each["reason"] for each in reasons] == ["not found", "not found"]
    row = change(customer, stack.people.alice, stage="vip")
    insider.wait_for_version(customer.topic, row["version"])
    outsider.wait_for_head(Change.objects.get(root=customer.topic, version=row["version"]).seq)
    assert not [message for message in outsider.messages if {"frames", "enter", "move", "leave"} & set(message)]


def test_contact_details_are_masked_for_roles_without_the_right(stack, listen, customer):
    seeing, blind = listen(stack.people.alice), listen(stack.people.vera)
    for client in (seeing, blind):
        client.watch(customer.topic)
    change(customer, stack.people.alice, emails=["new@kestrel.example"])
    for client in (seeing, blind):
        client.wait_for_version(customer.topic, 2)
    assert seeing.records[customer.topic]["emails"] == ["new@kestrel.example"]
    assert blind.records[customer.topic]["emails"] == ["n•••@k•••.example"]


def test_a_handed_over_customer_leaves_the_screens_of_those_who_may_no_longer_see_it(stack, listen, customer):
    losing, keeping = listen(stack.people.bob), listen(stack.people.dana)
    for client in (losing, keeping):
        client.watch(customer.topic)
    change(customer, stack.people.alice, owner=stack.people.charlie.pk)
    losing.wait_for(lambda message: message.get("gone") == [customer.topic])
    keeping.wait_for_version(customer.topic, 2)
    assert losing.frames(customer.topic) == []


def test_lost_rights_reach_the_socket(stack, listen, customer):
    person = make_user(f"p{uuid.uuid4().hex[:8]}", team=stack.people.alice.team)
    client = listen(person)
    client.watch(customer.topic, {"view": "customers", "filter": {}, "as": "v"})
    User.objects.filter(pk=person.pk).update(team=stack.people.charlie.team)
    client.wait_for(lambda message: message.get("gone") == [customer.topic])
    client.wait_for(lambda message: message.get("resync") is True)


def test_a_deactivated_user_s_socket_is_closed(stack, listen):
    person = make_user(f"p{uuid.uuid4().hex[:8]}", team=stack.people.alice.team)
    client = listen(person)
    deactivate_user(person)
    assert client.wait_for_close() == 4401


def test_signing_out_closes_the_socket_of_that_session(stack, browse, listen):
    person = make_user(f"p{uuid.uuid4().hex[:8]}", team=stack.people.alice.team)
    browser, program = browse(person), listen(person)
    Session.objects.filter(pk=browser.session_key).delete()
    assert browser.wait_for_close() == 4401
    program.settle()


def test_a_socket_ends_with_its_session_unless_that_is_prolonged(stack, browse):
    person = make_user(f"p{uuid.uuid4().hex[:8]}", team=stack.people.alice.team)
    prolonged = browse(person, lives=timedelta(seconds=3))
    Session.objects.filter(pk=prolonged.session_key).update(expire_date=timezone.now() + timedelta(days=1))
    ended = browse(person, lives=timedelta(seconds=3))
    assert ended.wait_for_close() == 4401
    time.sleep(1)
    prolonged.settle()


def test_a_revoked_token_closes_its_socket(stack, listen):
    person = make_user(f"p{uuid.uuid4().hex[:8]}", team=stack.people.alice.team)
    client = listen(person)
    staff.revoke_token(person.tokens.get().pk, actor=person)
    assert client.wait_for_close() == 4401


def test_a_role_that_may_see_less_takes_effect_on_open_sockets(stack, listen, customer):
    role = Role.objects.create(code=f"r{uuid.uuid4().hex[:8]}", name="Passing", view="all", edit="none")
    person = make_user(f"p{uuid.uuid4().hex[:8]}", role=role.code)
    client = listen(person)
    client.watch(customer.topic)
    Role.objects.filter(pk=role.pk).update(view="own")
    client.wait_for(lambda message: message.get("gone") == [customer.topic])


def test_only_administrators_watch_roles_and_tokens(stack, listen):
    role = Role.objects.get(code="viewer")
    agent, administrator = listen(stack.people.alice), listen(stack.people.admin)
    for client in (agent, administrator):
        client.watch(role.topic)
    assert [message["error"]["reason"] for message in agent.messages if "error" in message] == ["not found"]
    assert not [message for message in administrator.messages if "error" in message]
