"""Settings for every test."""

from hypothesis import settings

settings.register_profile("default", deadline=None)  # a busy machine is no failure
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("default")
