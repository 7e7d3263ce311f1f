"""What pytest loads by itself: the plugin, under the name by which others load it as well.

pytest refuses a plugin that comes under two names, as with `-p sagemock.pytest_plugin` or in a
conftest's `pytest_plugins`. PYTEST_DONT_REWRITE, as there.
"""

pytest_plugins = ("sagemock.pytest_plugin",)
