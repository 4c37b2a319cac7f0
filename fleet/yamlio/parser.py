"""The two classes of PyYAML that everything here is made with: libyaml's, or Python's own where that is missing."""

from __future__ import annotations

import yaml

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
