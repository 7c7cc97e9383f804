"""A fixture."""


def one() -> int:
    """Give one."""
    return 1
