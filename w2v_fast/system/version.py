"""The version of this package."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("w2v_fast")
except PackageNotFoundError:
    __version__ = "unknown"
