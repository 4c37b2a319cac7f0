"""Argo CD YAML → the model.

What belongs here: what the keys of Argo CD's documents mean, which of them have no effect here, which are not supported
yet, and Argo CD's defaults. In: documents that `yamlio` has read. Out: `fleet.model` values and problems, each with the
key path it is about. What does not belong here: files, clusters (which one a destination means is decided by `plan`),
Git, and YAML itself.
"""

from fleet.argo.documents import parse_documents

__all__ = ["parse_documents"]
