"""A fixture."""

ONE = 1
