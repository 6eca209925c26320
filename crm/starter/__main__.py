"""`python -m crm.starter` runs the whole product; `python -m crm.starter COMMAND ...` runs one manage.py command."""

import argparse
import signal
import sys

from crm.environment import data_folder
from crm.launch import die_with_parent
from crm.processes import ServerError
from crm.starter.home import Home
from crm.starter.run import CommandFailed, ask_for_renewal, run_command, run_product
from crm.starter.supervisor import Stopped, StopSignals
from crm.starter.terminal import complain, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m crm.starter", description=__doc__)
    parser.add_argument("--with-parent", action="store_true", help="stop when the program that started us ends")
    parser.add_argument(
        "--renew", action="store_true", help="ask the run in this folder to start its processes anew, without a pause"
    )
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, help="a manage.py command, which gets the servers it needs"
    )
    options = parser.parse_args()
    if options.with_parent:
        die_with_parent(signal.SIGTERM)
    signals = StopSignals()
    signals.listen()
    home = Home(data_folder())
    try:
        if options.renew:
            ask_for_renewal(home)
            return 0
        return run_command(home, signals, options.command) if options.command else run_product(home, signals)
    except Stopped:
        say("Stopped.")
        return 0
    except CommandFailed as failure:
        return failure.code
    except ServerError as error:
        complain(str(error))
    except OSError as error:
        complain(f"{error.strerror}: {error.filename or home.folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
