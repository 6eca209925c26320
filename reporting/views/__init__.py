"""The pages of the reporting module."""
