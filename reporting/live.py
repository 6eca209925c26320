"""What the reporting module shows live."""

from crm.live.panels import register_panel
from reporting import speed


def register_panels() -> None:
    register_panel(speed.PANEL, speed.compute_panel, every=1.0, scope=lambda _access: ())
