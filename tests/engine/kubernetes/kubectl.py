"""kubectl as another user of the cluster: what it leaves behind is what real clusters hold."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).parent / "kubectl"


@dataclass(frozen=True)
class Kubectl:
    kubeconfig: Path
    namespace: str
    folder: Path

    def __call__(self, *arguments: str) -> str:
        command = [str(PROGRAM), "--kubeconfig", str(self.kubeconfig), "--namespace", self.namespace, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, manifest: dict[str, Any], *arguments: str) -> None:
        file = self.folder / "manifest.json"
        file.write_text(json.dumps(manifest))
        self("apply", "-f", str(file), *arguments)

    def patch(self, kind: str, name: str, patch: Any, how: str = "merge") -> None:
        self("patch", kind, name, "--type", how, "-p", json.dumps(patch))

    def get(self, kind: str, name: str) -> Any:
        return json.loads(self("get", kind, name, "--show-managed-fields", "-o", "json"))
