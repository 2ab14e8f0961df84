"""Libraries that are not required: imported where they are used."""

from importlib import import_module
from typing import Any


def imported(module: str, user: str, package: str, extra: str) -> Any:
    """Import a module; an ImportError says who needs which package, and the extra that has it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"{user} needs {package}; pip install 'w2v_fast[{extra}]'") from error
