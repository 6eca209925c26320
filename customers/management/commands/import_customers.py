"""Imports customers from a CSV file, as the page /customers/import/ does."""

import threading
import time
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from crm.records import transfer
from crm.records.context import acting
from crm.records.errors import NotEditable
from crm.staff.models import Team, User
from customers.imports import errors, runner, services
from customers.imports.checking import reason
from customers.imports.columns import BY_NAME
from customers.imports.models import Import
from customers.imports.plan import KEYS, Plan
from customers.imports.values import DATE_FORMATS

State = Import.State


class Command(BaseCommand):
    help = "Imports customers from a CSV file: proposes what its columns are, checks every row, writes the right ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check every row and write nothing")
        parser.add_argument("--as", dest="username", help="who imports (else the first administrator)")
        parser.add_argument(
            "--map", action="append", default=[], metavar="COLUMN=FACT",
            help=f"what a column is, nothing to leave it out: {', '.join(BY_NAME)}",
        )  # fmt: skip
        parser.add_argument("--key", choices=[*KEYS, "none"], help="update customers that have this in common")
        parser.add_argument("--date-format", choices=DATE_FORMATS, help="how days are written")
        parser.add_argument("--tag", action="append", help="put on all of them (else the file's name)")
        parser.add_argument("--country", help="of rows that name none, as in AU")
        parser.add_argument("--stage", help="of new customers whose row does not say")
        parser.add_argument("--owner", help="username of the owner of new customers")
        parser.add_argument("--team", help="name of the team of new customers")
        parser.add_argument("--tidy-names", action="store_true", help="write MARY and mary as Mary")
        parser.add_argument("--errors", type=Path, help="where failed rows go (else beside our copy of the file)")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            actor = importer(options["username"])
            with acting(actor.pk, "import"):
                self.run(file, actor, options)
        except ValidationError as error:
            raise CommandError(reason(error)) from None
        except NotEditable:
            raise CommandError(f"{actor.username} may not import.") from None

    def run(self, file: Path, actor: User, options: dict[str, Any]) -> None:
        batch = upload(file, actor)
        batch = services.plan_import(batch.pk, planned(batch, options), actor=actor, is_here=True)
        self.show_plan(batch)
        batch = self.work(batch, actor, "checked")
        if batch.state == State.CHECKED and not options["dry_run"]:
            batch = services.move_import(batch.pk, State.RUNNING, actor=actor, is_here=True)
            batch = self.work(batch, actor, "imported")
            self.write_errors(batch, options["errors"] or batch.errors_path)
        for problem in batch.problems[:10]:
            self.stdout.write(f"  row {problem['row']}: {problem['reason']}")
        if batch.state == State.FAILED:
            raise CommandError(batch.reason)

    def show_plan(self, batch: Import) -> None:
        self.stdout.write(f"{batch.file_name}: {batch.rows:,} rows, {batch.reading['encoding']}")
        for column, name in zip(batch.header, batch.plan["columns"], strict=True):
            self.stdout.write(f"  {column} -> {BY_NAME[name].label if name else '(left out)'}")

    def work(self, batch: Import, actor: User, verb: str) -> Import:
        """Works in a thread and shows how far it is; Ctrl-C stops between two chunks."""
        started = time.monotonic()
        worker = threading.Thread(target=work, args=(batch.pk,))
        worker.start()
        try:
            while worker.is_alive():
                worker.join(0.3)
                self.show_progress(batch, started, verb, "\r")
        except KeyboardInterrupt:
            services.move_import(batch.pk, State.STOPPED, actor=actor)
            worker.join()
        self.show_progress(batch, started, verb, "\n")
        return batch

    def show_progress(self, batch: Import, started: float, verb: str, end: str) -> None:
        batch.refresh_from_db()
        speed = batch.position / max(time.monotonic() - started, 0.001)
        counts = f"{batch.created_count:,} new, {batch.updated_count:,} changed, {batch.unchanged_count:,} unchanged"
        failed = f"{batch.failed_count:,} with errors"
        text = f"{verb}: {batch.position:,} of {batch.rows:,} ({counts}, {failed}), {speed:,.0f} rows/s"
        if end == "\n" or self.stdout.isatty():
            self.stdout.write(text, ending=end)

    def write_errors(self, batch: Import, path: Path) -> None:
        if batch.failed_count and batch.state == State.DONE:
            path.write_text("".join(transfer.csv_lines(errors.error_rows(batch))), newline="")
            self.stdout.write(f"failed rows: {path}")


def importer(username: str | None) -> User:
    people = User.objects.filter(is_active=True).order_by("pk")
    found = people.filter(username=username) if username else people.filter(role__is_administrator=True)
    actor = found.first()
    if actor is None:
        raise CommandError(f"There is no user {username}." if username else "There is no administrator yet.")
    return actor


def upload(file: Path, actor: User) -> Import:
    try:
        with file.open("rb") as source:
            return services.start_import(source, file.name, actor=actor)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None


def planned(batch: Import, options: dict[str, Any]) -> Plan:
    """The proposal with what the command line says otherwise."""
    plan = Plan.parse(batch.plan)
    chosen = dict(zip(batch.header, plan.columns, strict=True)) | dict(mapped(batch, each) for each in options["map"])
    plan = replace(plan, columns=tuple(chosen[column] for column in batch.header), is_tidied=options["tidy_names"])
    key = plan.key if options["key"] is None and plan.key in plan.columns else options["key"] or ""
    given = {"date_format": options["date_format"], "stage": options["stage"], "country": options["country"]}
    named = {
        "owner": options["owner"] and importer(options["owner"]).pk,
        "team": options["team"] and team(options["team"]),
    }
    facts = {name: value for name, value in (given | named).items() if value}
    return replace(plan, key="" if key == "none" else key, tags=tuple(options["tag"] or plan.tags), **facts)


def mapped(batch: Import, text: str) -> tuple[str, str]:
    column, _equals, name = text.rpartition("=")
    if column not in batch.header or (name and name not in BY_NAME):
        raise CommandError(
            f"--map {text}: give COLUMN=FACT with a column of the file and one of: {', '.join(BY_NAME)}."
        )
    return column, name


def team(name: str) -> int:
    found = Team.objects.filter(name__iexact=name).values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(f"There is no team {name}.")
    return found


def work(import_id: int) -> None:
    try:
        runner.work_on(import_id)
    finally:
        connection.close()
