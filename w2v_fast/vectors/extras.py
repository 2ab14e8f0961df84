"""Optional libraries, imported only when they are needed."""

from importlib import import_module
from typing import Any


def imported(module: str, user: str, package: str, extra: str) -> Any:
    """Import a module; the ImportError names its user, the package and the extra to install."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"{user} needs {package}; pip install 'w2v_fast[{extra}]'") from error
