"""Settings of all tests."""

from hypothesis import settings

# A landing must not hang on chance; `pytest --hypothesis-profile=default` looks for new failures.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.load_profile("repeatable")
