"""A fixture."""
