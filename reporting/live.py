"""What the reporting module shows live."""

from crm.live.panels import register_panel
from crm.live.views import register_view
from reporting import feed, home, speed


def register_panels() -> None:
    register_panel(home.PANEL, home.compute_panel, every=1.0, scope=home.scope)
    register_panel(speed.PANEL, speed.compute_panel, every=1.0, scope=lambda _access: ())


def register_views() -> None:
    register_view(feed.VIEW, feed.open_feed)
