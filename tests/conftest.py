"""What tests of all folders share."""

pytest_plugins = ("localclusters.pytest_plugin",)
