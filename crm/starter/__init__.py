"""Starts the whole product on one machine, keeps it running and stops it in order. Knows nothing of Django."""
