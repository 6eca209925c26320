"""The people and programs of the API's tests."""

from tests.api.conftest import everybody, programs

__all__ = ["everybody", "programs"]
