#!/usr/bin/env python
"""Django's command line for Pulse CRM."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from crm.environment import use_environment_of_last_run


def main() -> None:
    use_environment_of_last_run()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    try:
        _ = settings.SECRET_KEY  # reads the settings
    except ImproperlyConfigured as error:
        sys.exit(f"pulse: {' '.join(str(error).split())}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
