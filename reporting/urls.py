"""The addresses of the reporting module."""

from django.urls import path

from reporting.views import home, speed

app_name = "reporting"

urlpatterns = [
    path("", home.home, name="home"),
    path("feed/", home.feed, name="feed"),
    path("reports/speed/", speed.speed, name="speed"),
    path("reports/speed.csv", speed.speed_csv, name="speed_csv"),
    path("reports/speed/rows/", speed.speed_rows, name="speed_rows"),
    path("reports/speed/rows.csv", speed.speed_rows_csv, name="speed_rows_csv"),
]
