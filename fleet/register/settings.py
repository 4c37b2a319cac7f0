"""Settings, from where they are kept: Pulumi's runtime, the stack's configuration and the environment. Read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi.runtime
from pulumi.runtime.config import get_config_env

from fleet.errors import Problem
from fleet.model.settings import Settings
from fleet.register import configuration
from fleet.register.run_id import run_id


def read_settings(environment: Mapping[str, str] = os.environ) -> tuple[Settings, tuple[Problem, ...]]:
    """Return the settings of this run, and what is wrong in the stack's configuration.

    FLEET_CACHE_DIR or XDG_CACHE_HOME say where the cache is, FLEET_CACHE_DAYS how long it keeps what nobody uses,
    FLEET_RUN_ID which run this is, FLEET_SCHEDULED=true that nobody has asked for it.
    """
    stack = pulumi.get_stack()
    file = configuration.file_of(stack)
    clusters, wrong_clusters = configuration.read_clusters(_configured("clusters"), file)
    mirrors, wrong_mirrors = configuration.read_mirrors(_configured("repositories"), file)
    days, wrong_days = configuration.cache_days(environment)
    settings = Settings(
        project_dir=Path(pulumi.get_root_directory()),
        stack=stack,
        clusters=clusters,
        mirrors=mirrors,
        cache_dir=configuration.cache_dir(environment),
        cache_days=days,
        run_id=environment.get("FLEET_RUN_ID") or run_id(),
        dry_run=pulumi.runtime.is_dry_run(),
        scheduled=environment.get("FLEET_SCHEDULED", "").lower() in ("1", "true"),
    )
    wrong_keys = configuration.read_keys(get_config_env(), file)
    return settings, (*wrong_days, *wrong_keys, *wrong_clusters, *wrong_mirrors)


def _configured(key: str) -> object:
    """Return a value of the configuration, as it stands there where it is not JSON; None where there is none."""
    config = pulumi.Config("fleet")
    try:
        value: object = config.get_object(key)
    except pulumi.ConfigTypeError:
        return config.get(key)
    return value
