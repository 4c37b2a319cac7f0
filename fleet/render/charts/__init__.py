"""Charts of chart repositories, over HTTP and in OCI registries, as commits that are read like any other."""
