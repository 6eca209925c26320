"""Who may do what at which address: every route of the site by every role and verb. A route without an entry fails."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver

from crm.api.site import api
from crm.outbox.services import write_mail
from crm.records import directory
from crm.requests.services import accept_request
from crm.sites.services import create_site
from crm.staff import services as staff
from customers import mails, services
from customers.copies.making import make_copy
from customers.imports.services import start_import
from tests.api.asking import Program
from tests.factories import make_customer, people

pytestmark = pytest.mark.django_db

ROLES = ("admin", "dana", "alice", "bob", "charlie", "vera", "nobody")
# `yes`: the view itself answers, be it that the form is refused for its contents; `login`: sent to sign in.
YES, LOGIN = "yes", "login"
Rule = dict[str, Any]


def rule(others: Any = YES, **roles: Any) -> Rule:
    return dict.fromkeys(ROLES, others) | {"nobody": LOGIN} | roles


EVERYBODY, STAFF = rule(nobody=YES), rule()
READERS = rule(charlie=404)  # of alice's customer: charlie is of another team
WRITERS = rule(charlie=404, vera=403)
MAKERS = rule(vera=403)
OWNER = rule(404, alice=YES)
AUTHORS = rule(403, alice=YES, admin=YES, charlie=404)
OVERSEERS = rule(404, alice=YES, admin=YES, dana=YES, vera=403)  # of her import: who sees everything, too
NO = rule(405)
NOBODY_EITHER = rule(405, nobody=405)

# The name of the route: rules for GET and POST, and what a working POST says.
PAGES: dict[str, tuple[Rule, Rule, dict[str, str]]] = {
    "metrics": (rule(401, nobody=401), NOBODY_EITHER, {}),
    "customers:list": (STAFF, NO, {}),
    "customers:new": (MAKERS, MAKERS, {"kind": "person", "name": "Bo Ek"}),
    "customers:duplicates": (STAFF, NO, {}),
    "customers:companies": (STAFF, NO, {}),
    "customers:trash": (STAFF, NO, {}),
    "customers:bulk": (NO, STAFF, {}),
    "customers:undo": (NO, STAFF, {}),
    "customers:page": (READERS, NO, {}),
    "customers:panels": (READERS, NO, {}),
    "customers:drawer": (READERS, NO, {}),
    "customers:edit": (WRITERS, WRITERS, {"version": "1", "name": "Bo Ek"}),
    "customers:field": (WRITERS, WRITERS, {"version": "1", "name": "Bo Ek"}),
    "customers:timeline": (READERS, NO, {}),
    "customers:notes": (NO, WRITERS, {"body": "Call her."}),
    "customers:follow_ups": (READERS, WRITERS, {"title": "Call", "due_at": "2030-01-02T09:00"}),
    "customers:consents": (READERS, NO, {}),
    "customers:copy": (WRITERS, NO, {}),  # vera may not export
    "customers:handed_copy": (EVERYBODY, NOBODY_EITHER, {}),
    "customers:customer_trash": (NO, WRITERS, {"version": "1"}),
    "customers:restoration": (NO, WRITERS, {}),
    "customers:note": (AUTHORS, AUTHORS, {"version": "1", "body": "Better."}),
    "customers:note_trash": (NO, AUTHORS, {}),
    "customers:note_restoration": (NO, AUTHORS, {}),
    "customers:follow_up_done": (NO, WRITERS, {}),
    "customers:export": (MAKERS, NO, {}),
    "customers:imports": (MAKERS, MAKERS, {}),
    "customers:import": (OVERSEERS, NO, {}),
    "customers:import_plan": (NO, OVERSEERS, {}),
    "customers:import_reading": (NO, OVERSEERS, {}),
    "customers:import_state": (NO, OVERSEERS, {}),
    "customers:import_errors": (OVERSEERS, NO, {}),
    "customers:palette": (STAFF, NO, {}),
    "requests:board": (STAFF, NO, {}),
    "requests:list": (STAFF, NO, {}),
    "requests:page": (READERS, NO, {}),
    "requests:state": (READERS, NO, {}),
    "requests:verb": (NO, WRITERS, {}),
    "requests:desk": (STAFF, NO, {}),
    "requests:reply": (NO, WRITERS, {"topic": "billing", "priority": "2"}),
    "requests:of_customer": (READERS, NO, {}),
    "requests:new": (WRITERS, WRITERS, {"kind": "consent", "channel": "email", "is_given": "yes"}),
    "outbox:list": (STAFF, NO, {}),
    "outbox:page": (READERS, NO, {}),
    "outbox:verb": (NO, WRITERS, {}),
    "staff:settings": (STAFF, STAFF, {}),
    "staff:theme": (NO, STAFF, {"theme": "dark"}),
    "staff:tokens": (NO, STAFF, {"name": "mine"}),
    "staff:token_revocation": (NO, rule(404, alice=YES, admin=YES), {}),
    "staff:other_sessions_end": (NO, STAFF, {}),
    "staff:session_end": (NO, OWNER, {}),
    "staff:notifications": (STAFF, NO, {}),
    "staff:notifications_seen": (NO, STAFF, {}),
    "staff:csp_report": (NOBODY_EITHER, EVERYBODY, {}),
    "reporting:home": (STAFF, NO, {}),
    "reporting:feed": (STAFF, NO, {}),
    "reporting:speed": (STAFF, NO, {}),
    "reporting:speed_csv": (STAFF, NO, {}),
    "reporting:speed_rows": (STAFF, NO, {}),
    "reporting:speed_rows_csv": (STAFF, NO, {}),
}
API_READERS = rule(charlie=404, nobody=401)
API_WRITERS = rule(charlie=404, vera=403, nobody=401)
API_STAFF = rule(nobody=401)
FOLLOW_UP = "/api/customers/follow-ups/{follow_up_id}"
CUSTOMER, REQUEST = "/api/customers/{customer_id}", "/api/requests/{request_id}"
API: dict[tuple[str, str], tuple[Rule, dict[str, Any]]] = {
    ("get", "/api/customers"): (API_STAFF, {}),
    ("post", "/api/customers"): (rule(vera=403, nobody=401), {"kind": "person", "name": "Bo Ek"}),
    ("get", CUSTOMER): (API_READERS, {}),
    ("patch", CUSTOMER): (API_WRITERS, {"version": 1, "name": "Bo Ek"}),
    ("delete", CUSTOMER): (API_WRITERS, {}),
    ("post", f"{CUSTOMER}/restore"): (API_WRITERS, {}),
    ("get", f"{CUSTOMER}/notes"): (API_READERS, {}),
    ("post", f"{CUSTOMER}/notes"): (API_WRITERS, {"body": "Call her."}),
    ("get", f"{CUSTOMER}/follow-ups"): (API_READERS, {}),
    ("post", f"{CUSTOMER}/follow-ups"): (API_WRITERS, {"title": "Call", "due_at": "2030-01-02T09:00:00Z"}),
    ("patch", FOLLOW_UP): (API_WRITERS, {"version": 1, "title": "Call her"}),
    ("post", f"{FOLLOW_UP}/completion"): (API_WRITERS, {}),
    ("delete", f"{FOLLOW_UP}/completion"): (API_WRITERS, {}),
    ("get", "/api/requests"): (API_STAFF, {}),
    ("post", "/api/requests"): (rule(403, admin=YES, nobody=401), {"kind": "probe", "payload": {"ms": 0, "key": "k"}}),
    ("get", "/api/requests/probes"): (rule(403, admin=YES, nobody=401), {}),
    ("get", REQUEST): (API_READERS, {}),
    ("post", f"{REQUEST}/cancel"): (API_WRITERS, {}),
    ("post", f"{REQUEST}/retry"): (API_WRITERS, {}),
    ("post", f"{REQUEST}/take"): (API_WRITERS, {}),
    ("post", f"{REQUEST}/hand-back"): (API_WRITERS, {}),
    ("post", f"{REQUEST}/answer"): (API_WRITERS, {"answer": "Yes."}),
    ("get", "/api/changes"): (API_STAFF, {}),
    ("get", "/api/directory"): (API_STAFF, {}),
    ("get", "/api/timings"): (API_STAFF, {}),
}


def routes(resolver: Any = None, prefix: str = "", namespace: str = "") -> dict[str, str]:
    """{name: address with its parameters} of the site, but for what has a table or tests of its own."""
    found = {}
    for each in (resolver or get_resolver()).url_patterns:
        address = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            found[namespace + (each.name or address)] = f"/{address}"
        elif each.namespace not in ("admin", "api") and address != "accounts/":
            found |= routes(each, address, f"{each.namespace}:" if each.namespace else namespace)
    return found


UNNAMED = {"^api/", "favicon.ico"}


def test_every_route_has_an_entry():
    assert routes().keys() - UNNAMED == PAGES.keys()
    described = api.get_openapi_schema()["paths"]
    assert API.keys() == {(method, path) for path, methods in described.items() for method in methods}


@pytest.fixture
def everybody(monkeypatch):
    monkeypatch.setattr(directory, "_held", None)
    return people()


@pytest.fixture
def browsers(everybody):
    found = {}
    for role in ROLES:
        found[role] = Client(raise_request_exception=False)
        if role != "nobody":
            found[role].force_login(getattr(everybody, role))
    return found


@pytest.fixture
def ids(everybody, browsers):
    """alice's: a customer with a note and a follow-up, a token, a session, an import."""
    from allauth.usersessions.models import UserSession

    alice = everybody.alice
    customer = make_customer(alice)
    request = accept_request("probe", customer.pk, {"ms": 0, "key": "k"}, actor=everybody.admin)
    dispatch = write_mail(customer.pk, to="aisha@example.org", subject="Hello", body="Well?")
    elsewhere = Client()
    elsewhere.force_login(alice)
    session = UserSession.objects.create(user=alice, ip="::1", session_key=elsewhere.session.session_key)
    return {
        "customer_id": customer.pk,
        "name": "name",
        r"(?P<request_id>\d{1,18})": request.pk,
        "(?P<verb>cancellation|retry|discard|taking|return)": "cancellation",
        r"(?P<dispatch_id>\d{1,18})": dispatch.pk,
        "dispatch_id": dispatch.pk,
        "(?P<verb>retry|discard)": "discard",
        "note_id": services.add_note(customer.pk, actor=alice, body="Hers").pk,
        "follow_up_id": services.add_follow_up(customer.pk, actor=alice, title="Write", due_at="2030-01-01T09:00Z").pk,
        "copy_id": (held := make_copy(customer)).pk,
        "ticket": mails.ticket_for(held),
        "token_id": staff.create_token(alice, name="hers")[0].pk,
        "session_id": session.pk,
        "request_id": request.pk,
        "import_id": start_import(BytesIO(b"name,city\nBo Ek,Leeds\n"), "people.csv", actor=alice).pk,
    }


def filled(address: str, ids: dict[str, Any]) -> str:
    for name, value in ids.items():
        for kind in ("int:", "slug:", "str:", ""):
            address = address.replace(f"<{kind}{name}>", str(value)).replace(f"{{{name}}}", str(value))
        if name.startswith("("):
            address = address.replace(name, str(value))
    return address.replace("^", "").replace("$", "")


def outcome(response: Any) -> Any:
    if response.status_code == 302 and response["Location"].startswith(("/accounts/login/", "/admin/login/")):
        return LOGIN
    return YES if response.status_code < 400 or response.status_code in (400, 409, 422) else response.status_code


def asked(ask: Any) -> tuple[Any, bool]:
    """What came of it, and whether any row of any table was written, then undone; each ask finds the same state."""
    with transaction.atomic():
        before = written()
        found = outcome(ask())
        changed = written() != before
        transaction.set_rollback(True)
    return found, changed


def written() -> list[tuple[str, int]]:
    """How many rows of each table this transaction has written, undone ones included; sessions may be noted as seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE relname NOT IN ('django_session', 'usersessions_usersession') ORDER BY relname"
        )
        return cursor.fetchall()


def judge(name: str, rules: Rule, asks: dict[str, Any]) -> list[str]:
    wrong = []
    for role, ask in asks.items():
        found, changed = asked(ask)
        if found != rules[role]:
            wrong.append(f"{name} as {role}: {found}, not {rules[role]}")
        if changed and found != YES:
            wrong.append(f"{name} as {role}: refused, and yet something was written")
    return wrong


def asks_of(browsers: dict[str, Client], verb: str, path: str, data: dict[str, str]) -> dict[str, Any]:
    return {role: lambda browser=browser: getattr(browser, verb)(path, data) for role, browser in browsers.items()}


def test_pages(browsers, ids):
    wrong = []
    for name, address in routes().items():
        if name not in UNNAMED:
            path, (reads, writes, data) = filled(address, ids), PAGES[name]
            wrong += judge(f"GET {name}", reads, asks_of(browsers, "get", path, {}))
            wrong += judge(f"POST {name}", writes, asks_of(browsers, "post", path, data))
    assert not wrong, "\n".join(wrong)


def test_api(everybody, ids):
    wrong = []
    programs = {role: Program(getattr(everybody, role, None)) for role in ROLES}
    for program in programs.values():
        program.get("/directory")  # what is noted of a token's use is noted now
    for (method, address), (rules, body) in API.items():
        path = filled(address, ids).removeprefix("/api")
        said = body | ({"customer": ids["customer_id"]} if path == "/requests" else {})
        wrong += judge(f"{method} {address}", rules, program_asks(programs, method, path, said))
    assert not wrong, "\n".join(wrong)


OF_SITES = {("post", "/api/requests"): YES, ("get", REQUEST): 404}  # which somebody else has sent


def test_a_site_may_use_its_two_operations(everybody, ids):
    program = Program(None, create_site(actor=everybody.admin, name="Shop")[1])
    program.get("/requests/1")  # what is noted of a token's use is noted now
    wrong = []
    for (method, address), (_, body) in API.items():
        path = filled(address, ids).removeprefix("/api")
        export = {"kind": "export_data", "customer": ids["customer_id"], "payload": {}}
        ask = program_asks({"site": program}, method, path, export if path == "/requests" else body)
        wrong += judge(f"{method} {address}", {"site": OF_SITES.get((method, address), 401)}, ask)
    assert not wrong, "\n".join(wrong)


def test_a_site_is_nobody_to_the_pages(everybody, ids):
    token = create_site(actor=everybody.admin, name="Shop")[1]
    browser = {"nobody": Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})}
    wrong = []
    for name, (reads, writes, data) in PAGES.items():
        path = filled(routes()[name], ids)
        wrong += judge(f"GET {name}", reads, asks_of(browser, "get", path, {}))
        wrong += judge(f"POST {name}", writes, asks_of(browser, "post", path, data))
    assert not wrong, "\n".join(wrong)


def program_asks(programs: dict[str, Program], method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    query = {"delete": "?version=1", "get": "?key=k"}.get(method, "")
    return {
        role: lambda program=program: program.ask(method.upper(), path + query, body)
        for role, program in programs.items()
    }


def admin_routes(resolver: Any = None, prefix: str = "") -> list[str]:
    found = []
    for each in resolver.url_patterns if resolver else admin.site.urls[0]:
        address = prefix + str(each.pattern)
        found += [address] if isinstance(each, URLPattern) else admin_routes(each, address)
    return found


OPEN_IN_ADMIN = {"logout/", "jsi18n/"}  # ends one's own session; words without data


def test_admin_is_for_administrators(browsers, ids):
    """Every route of it, for reading and for writing."""
    wrong = []
    for address in set(admin_routes()) - OPEN_IN_ADMIN:
        path = "/admin/" + address.replace("<path:object_id>", str(ids["customer_id"]))
        for role in ("dana", "alice", "nobody"):
            for verb in ("get", "post"):
                found, changed = asked(lambda role=role, verb=verb, path=path: getattr(browsers[role], verb)(path))
                if found == YES or changed:
                    wrong.append(f"{verb} {path} as {role}: {found}, {changed=}")
    assert not wrong, "\n".join(wrong)
    assert len(admin_routes()) > 100
