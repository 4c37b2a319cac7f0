"""The pytest fixture `local_clusters`: `pytest_plugins = ["localclusters.pytest_plugin"]` in the top conftest.

Clusters are started when a test first asks for them, shared by all tests that ask for the same, and taken down at the
end of the session. Logs stay in pytest's temporary folder.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

import pytest

from localclusters.clusters import LocalClusters
from localclusters.progress import silent
from localclusters.running import StartClusters, running
from localclusters.spec import DEFAULT_NAMES, ClusterSpec, make_specs


@pytest.fixture(scope="session")
def local_clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartClusters]:
    """A function that gives clusters which are up; the session's end fails when one of their processes died."""
    started: dict[tuple[ClusterSpec, ...], LocalClusters] = {}
    with ExitStack() as stack:

        def start(
            names: Iterable[str | ClusterSpec] = DEFAULT_NAMES,
            *,
            controllers: bool = True,
            scheduler: bool = True,
            nodes: bool = True,
        ) -> LocalClusters:
            specs = make_specs(names, controllers=controllers, scheduler=scheduler, nodes=nodes)
            if specs not in started:
                folder = tmp_path_factory.mktemp("localclusters")
                started[specs] = stack.enter_context(running(specs, directory=folder, progress=silent))
            return started[specs]

        yield start
        deaths = [death for clusters in started.values() for death in clusters.deaths()]
    assert not deaths, "\n".join(deaths)
