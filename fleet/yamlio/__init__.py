"""Text ↔ plain data: the one package that knows YAML and JSON.

In: the text of a file, already read. Out: its documents as the data that kubectl and Argo CD would make of it, with the
file, document and line of everything that is wrong. It reads no files and knows nothing of what the data means.

How values are read is decided by what reads them today: sigs.k8s.io/yaml (go-yaml v2, then JSON). It is neither YAML
1.2 nor what PyYAML does; `scalars` has the rules. Keys that are not strings become strings (`80:` is "80", `on:` is
"true"), because JSON has no others.

Different on purpose, each because the original changes a value without a word:
- a key twice in a mapping is an error (there the last one wins),
- `!!binary` keeps its base64 text (there it is decoded, and JSON loses what is not UTF-8),
- tags that are not YAML's own are errors (there they are dropped),
- `<<` below a key that it also holds is an error (there `<<` wins, by YAML's own rule the key).
"""

from fleet.yamlio.documents import Document, Lines, YamlProblem, load_documents, locate
from fleet.yamlio.dumper import dump

__all__ = ["Document", "Lines", "YamlProblem", "dump", "load_documents", "locate"]
