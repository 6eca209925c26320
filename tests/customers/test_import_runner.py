"""An import from its file to its outcome: checked first, stopped and gone on with, interrupted, undone, forgotten."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.records.errors import NotEditable, NotVisible
from customers import search_index, tasks
from customers import services as customer_services
from customers.imports import errors, runner, services
from customers.imports.models import Import, ImportLine
from customers.imports.plan import Plan
from customers.models import Customer, Tag
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

State = Import.State
PEOPLE = "".join(f"Person {number},{number}\n" for number in range(1, 11))


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(runner, "CHUNK", 4)


@pytest.fixture
def upload(everybody):
    def start(text=f"name,reference\n{PEOPLE}", name="people.csv", actor=everybody.alice):
        return services.start_import(io.BytesIO(text.encode()), name, actor=actor)

    return start


@pytest.fixture
def checked(upload):
    def check(*args, key="", **facts):
        batch = upload(*args)
        plan = Plan.parse(batch.plan | {"key": key} | facts)
        services.plan_import(batch.pk, plan, actor=batch.owner)
        return work(batch)

    return check


@pytest.fixture
def done(checked):
    def run(*args, **facts):
        return move(checked(*args, **facts), State.RUNNING)

    return run


def move(batch, state, actor=None):
    services.move_import(batch.pk, state, actor=actor or batch.owner)
    return work(batch)


def work(batch):
    runner.work_on(batch.pk)
    batch.refresh_from_db()
    return batch


def counts(batch):
    return (batch.created_count, batch.updated_count, batch.unchanged_count, batch.failed_count)


def test_a_file_is_kept_where_only_we_read_it_and_its_columns_are_proposed(upload, media):
    batch = upload(name="../../etc/people.csv")
    assert (batch.file_name, batch.rows, batch.state) == ("people.csv", 10, State.UPLOADED)
    assert batch.path.parent == media / "imports"
    plan = Plan.parse(batch.plan)
    assert (plan.columns, plan.key, plan.tags) == (("name", "reference"), "reference", ("people",))


@pytest.mark.parametrize("text", ["", "name,city\n", "\n\n"])
def test_a_file_without_rows_is_refused_and_not_kept(upload, media, text):
    with pytest.raises(ValidationError):
        upload(text)
    assert list(Path(media).rglob("*.csv")) == []
    assert not Import.objects.exists()


def test_who_may_not_import_cannot_even_hand_over_a_file(upload, everybody):
    with pytest.raises(NotEditable):
        upload(actor=everybody.vera)


def test_checking_counts_and_writes_nothing(checked):
    batch = checked(f"name,reference\n{PEOPLE},11\n")
    assert (batch.state, counts(batch)) == (State.CHECKED, (10, 0, 0, 1))
    assert batch.problems == [{"row": 12, "reason": "Name: Give a name."}]
    assert not Customer.objects.exists()
    assert not Tag.objects.exists()


def test_running_writes_what_was_checked(done, everybody):
    batch = done(f"name,reference\n{PEOPLE},11\n")
    assert (batch.state, counts(batch), batch.position) == (State.DONE, (10, 0, 0, 1), 11)
    tag = Tag.objects.get(name="people")
    assert Customer.objects.filter(tags=[tag.pk], owner=everybody.alice).count() == 10
    assert ImportLine.objects.filter(batch=batch).count() == 11


def test_progress_reaches_the_log_as_the_owners(done, everybody):
    from crm.records.models import ChangeNew

    batch = done()
    rows = ChangeNew.objects.filter(record="import", record_id=batch.pk).order_by("id")
    ran = [(row.data["state"], row.data["position"], row.actor_id) for row in rows][-4:]
    assert ran == [
        (state, at, everybody.alice.pk) for state, at in (("running", 4), ("running", 8), ("running", 10), ("done", 10))
    ]
    assert not {"plan", "problems", "stored_name"} & rows[0].data.keys()


def test_a_worker_killed_between_chunks_is_taken_over_and_no_row_is_doubled(checked, monkeypatch):
    batch = checked()
    services.move_import(batch.pk, State.RUNNING, actor=batch.owner)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "results_of", dying(runner.results_of, after=2))
        with pytest.raises(KeyboardInterrupt):
            runner.work_on(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.position, Customer.objects.count()) == (State.RUNNING, 8, 8)
    runner.work_on(batch.pk)  # its lease has not run out: perhaps it lives
    assert Customer.objects.count() == 8
    assert runner.overdue_imports() == []
    Import.objects.filter(pk=batch.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    tasks.resume_imports()
    batch.refresh_from_db()
    assert (batch.state, counts(batch), Customer.objects.count()) == (State.DONE, (10, 0, 0, 0), 10)


def dying(results_of, after):
    """A worker that is killed in the middle of a chunk: what it wrote is never committed."""
    done = []

    def results(*args):
        found = results_of(*args)
        done.append(found)
        if len(done) > after:
            raise KeyboardInterrupt
        return found

    return results


def test_a_worker_that_was_taken_over_commits_nothing_more(checked):
    batch = checked()
    services.move_import(batch.pk, State.RUNNING, actor=batch.owner)

    def overtaken(*args):
        Import.objects.filter(pk=batch.pk).update(attempt=99)
        return real(*args)

    real = runner.results_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "results_of", overtaken)
        work(batch)
    assert (batch.state, batch.position, Customer.objects.count()) == (State.RUNNING, 0, 0)


def test_a_stopped_import_keeps_what_is_done_and_goes_on_there(checked):
    batch = checked()
    services.move_import(batch.pk, State.RUNNING, actor=batch.owner)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_index, "settle", lambda: services.move_import(batch.pk, State.STOPPED, actor=batch.owner))
        work(batch)
    assert (batch.state, batch.position, Customer.objects.count()) == (State.STOPPED, 4, 4)
    move(batch, State.RUNNING)
    assert (batch.state, counts(batch), Customer.objects.count()) == (State.DONE, (10, 0, 0, 0), 10)


def test_who_loses_the_right_in_the_middle_stops_importing(checked, everybody):
    batch = checked()
    services.move_import(batch.pk, State.RUNNING, actor=batch.owner)
    role = everybody.alice.role
    role.may_import = False
    role.save()
    work(batch)
    assert (batch.state, Customer.objects.count()) == (State.FAILED, 0)
    assert "may not import" in batch.reason


@pytest.mark.parametrize("state", [State.RUNNING, State.STOPPED, State.UNDOING, State.DONE, "nonsense"])
def test_a_state_that_does_not_follow_is_refused(upload, state):
    batch = upload()
    with pytest.raises(ValidationError):
        services.move_import(batch.pk, state, actor=batch.owner)
    batch.refresh_from_db()
    assert batch.state == State.UPLOADED


def test_an_import_that_began_to_write_keeps_its_columns(done):
    batch = done()
    with pytest.raises(ValidationError):
        services.plan_import(batch.pk, Plan.parse(batch.plan), actor=batch.owner)


@pytest.mark.parametrize("columns", [("reference", ""), ("", "city")])
def test_a_plan_without_names_is_refused(upload, columns):
    with pytest.raises(ValidationError):
        services.plan_import(upload().pk, Plan(columns), actor=Import.objects.get().owner)


def test_a_teammate_does_not_see_the_import(upload, everybody):
    batch = upload()
    for actor in (everybody.bob, everybody.charlie):
        with pytest.raises(NotVisible):
            services.move_import(batch.pk, State.CHECKING, actor=actor)
    with pytest.raises(NotEditable):
        services.move_import(batch.pk, State.CHECKING, actor=everybody.vera)
    assert services.visible_import(batch.pk, everybody.admin) == batch


def test_undoing_trashes_what_is_new_and_gives_back_what_was_changed(done, everybody):
    held = make_customer(everybody.alice, name="Held", reference="1", city="Leeds", emails=["a@b.example"])
    text = "name,reference,city,email\nPerson 1,1,York,c@d.example\nPerson 2,2,York,\nPerson 2,2,Bath,\n"
    batch = done(text, key="reference")
    assert counts(batch) == (1, 2, 0, 0)
    move(batch, State.UNDOING)
    assert (batch.state, counts(batch), batch.position) == (State.UNDONE, (0, 0, 0, 0), 0)
    held.refresh_from_db()
    assert (held.name, held.city, held.emails) == ("Held", "Leeds", ["a@b.example"])
    assert [point.value for point in held.contact_points.filter(kind="email")] == ["a@b.example"]
    assert list(Customer.objects.filter(deleted_at=None)) == [held]


def test_undoing_leaves_and_lists_what_somebody_changed_since(done, everybody):
    batch = done()
    touched = Customer.objects.get(name="Person 7")
    customer_services.update_customer(touched.pk, actor=everybody.bob, version=1, changes={"title": "Buyer"})
    move(batch, State.UNDOING)
    assert (batch.state, counts(batch)) == (State.UNDONE, (1, 0, 0, 0))
    assert list(Customer.objects.filter(deleted_at=None)) == [touched]
    assert [line.customer for line in ImportLine.objects.exclude(reason="")] == [touched]


def test_undoing_takes_companies_with_their_people_unless_others_came(done, everybody):
    batch = done("name,company\nA,New Ltd\nB,Bell Works\n")
    make_customer(everybody.alice, name="C", company=Customer.objects.get(name="Bell Works").pk)
    move(batch, State.UNDOING)
    living = Customer.objects.filter(deleted_at=None).values_list("name", flat=True)
    assert set(living) == {"C", "Bell Works"}


def test_the_error_file_can_be_put_right_and_imported_again(done):
    batch = done('name,phone,note\nA,+44 113 496 0199,x\n=B,12,"=1+1"\nC,13\n')
    rows = list(errors.error_rows(batch))
    assert [row[:3] for row in rows] == [["name", "phone", "note"], ["=B", "12", "=1+1"], ["C", "13", ""]]
    assert all("no phone number" in row[3] for row in rows[1:])


def test_rows_with_too_many_cells_fail(checked):
    batch = checked("name,reference\nA,1,2\nB,1,\n")
    assert counts(batch) == (1, 0, 0, 1)


def test_another_encoding_proposes_anew(everybody):
    text = "name;city\nZo\u00eb;K\u00f6ln\n".encode("windows-1252")
    batch = services.start_import(io.BytesIO(text), "a.csv", actor=everybody.alice)
    assert batch.reading["encoding"] == "windows-1252"
    services.change_reading(batch.pk, actor=everybody.alice, encoding="latin-1", delimiter=",")
    batch.refresh_from_db()
    assert (batch.reading["encoding"], batch.header) == ("latin-1", ["name;city"])


def test_old_files_are_forgotten_and_what_was_imported_stays(done, settings):
    batch = done()
    tasks.forget_old_imports()
    assert batch.path.exists()
    Import.objects.update(created_at=timezone.now() - timedelta(days=settings.IMPORT_DAYS + 1))
    path = batch.path
    tasks.forget_old_imports()
    assert not path.exists()
    assert not ImportLine.objects.exists()
    assert Customer.objects.count() == 10
    with pytest.raises(ValidationError):
        services.move_import(batch.pk, State.UNDOING, actor=batch.owner)


def test_without_a_broker_the_import_waits_for_the_clock(upload, settings, monkeypatch):
    from celery import current_app

    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    batch = upload()
    services.ask_worker(batch.pk)
    services.plan_import(batch.pk, Plan.parse(batch.plan), actor=batch.owner)
    assert runner.overdue_imports() == [batch.pk]
