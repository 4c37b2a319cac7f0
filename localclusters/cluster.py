"""One cluster that is up: where it is, how to reach it, and stopping and starting it alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localclusters.api import Answer
from localclusters.control_plane import start_cluster, start_etcd, stop_cluster
from localclusters.identities import client, context_name
from localclusters.locks import exclusive
from localclusters.machinery import Machinery
from localclusters.state import ClusterState
from localclusters.together import hold_ports


@dataclass(frozen=True, slots=True)
class Cluster:
    """A handle on one cluster of a folder; it holds no process and no connection."""

    machinery: Machinery
    made: ClusterState

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.made.spec.name

    @property
    def server(self) -> str:
        """The API server's URL, the same through every stop and start."""
        return self.made.server

    @property
    def kubeconfig(self) -> Path:
        """A file with this cluster only: the administrator's context, which is current, and the reader's."""
        return self.machinery.layout.cluster_kubeconfig(self.name)

    @property
    def context(self) -> str:
        """The administrator's context: the cluster's name."""
        return context_name(self.name, "admin")

    @property
    def reader_context(self) -> str:
        """The context of the user who may get, list and watch everything and change nothing."""
        return context_name(self.name, "reader")

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        user: str = "admin",
        content_type: str = "application/json",
        timeout_s: float = 30.0,
    ) -> Answer:
        """One request as `admin` or `reader`; an error status is an answer. OSError when there is no connection."""
        user_client = client(self.machinery.layout, self.made, user)
        return user_client.request(method, path, body, content_type=content_type, timeout_s=timeout_s)

    def stop(self) -> None:
        """End the API server and everything around it; the data stay, and connections are refused until `start`."""
        with exclusive(self.machinery.layout.lock):
            stop_cluster(self.machinery, self.name)

    def start(self) -> None:
        """Start it again on the same port with the same data, and wait until it works. Raises StartError."""
        with exclusive(self.machinery.layout.lock), hold_ports((self.made,)):
            state = self.machinery.require_state()
            start_etcd(self.machinery, state)
            start_cluster(self.machinery, state, self.made)
