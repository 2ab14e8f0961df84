"""Options with a few possible values."""

from collections.abc import Collection


def check_choice(name: str, value: str, choices: Collection[str]) -> None:
    """Raise ValueError for a value that is none of the choices."""
    if value not in choices:
        raise ValueError(f"{name} = {value!r} must be one of {', '.join(choices)}")
