"""A renewal: the successor is ready before the one before stops, and one that does not get ready changes nothing."""

import pytest

from crm.starter.home import Home
from crm.starter.programs import Program
from crm.starter.run import clockwork_of
from crm.starter.supervisor import StopSignals, Supervisor


@pytest.fixture
def broken(tmp_path):
    """As long as this file is there, a new process ends instead of getting ready."""
    return tmp_path / "broken"


@pytest.fixture
def supervisor(tmp_path, broken):
    script = f'test -e {broken} && exit 3; eval "echo >&$READY_FD"; exec sleep 60'
    program = Program("sleeper", ["/bin/bash", "-c", script], tmp_path, {})
    found = Supervisor([[program]], StopSignals(), lambda _stopping: None)
    found.start(program)
    found.run(until=program.is_ready)
    yield found
    found.stop()


def test_the_one_before_stops_when_its_successor_is_ready(supervisor):
    (program,) = supervisor.children
    before = program.process
    assert supervisor.renew(program)
    assert before.returncode is not None
    assert program.is_alive()
    assert program.process.pid != before.pid


def test_a_successor_that_does_not_get_ready_is_given_up(supervisor, broken, capfd):
    (program,) = supervisor.children
    before = program.process
    broken.touch()
    assert not supervisor.renew(program)
    assert program.process is before
    assert program.is_alive()
    assert "the new sleeper does not get ready (exit code 3); the one before goes on" in capfd.readouterr().err


def test_pools_are_as_large_as_the_environment_says(tmp_path, monkeypatch):
    for name, number in (("REQUEST_PROCESSES", 2), ("REQUEST_SLOTS", 7), ("WORKER_PROCESSES", 3)):
        monkeypatch.setenv(name, str(number))
    pools = {child.name: child for child in clockwork_of(Home(tmp_path), {})}
    assert list(pools) == ["requests-1", "requests-2", "worker", "beat"]
    sizes = {
        name: each.command[each.command.index("--concurrency") + 1] for name, each in pools.items() if name != "beat"
    }
    assert sizes == {"requests-1": "7", "requests-2": "7", "worker": "3"}
    assert pools["requests-1"].environment["DATABASE_POOL"] == "9"
