"""README's lines on snapshots: each prints what its comment says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from sagemock import RunningServer

README = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")
NOTHING = "nothing: "


def test_each_line_prints_what_it_says(server: RunningServer, tmp_path: Path) -> None:
    block = re.search(r"<!-- snapshot -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert block
    command = f"{shlex.quote(sys.executable)} -m sagemock"
    client = server.client()
    client.create_model_package_group(ModelPackageGroupName="churn")
    for line in block[1].splitlines():
        if line.startswith("# ..."):
            client.create_model_package_group(ModelPackageGroupName="fraud")
            continue
        program, _, said = line.partition("#")
        result = subprocess.run(  # noqa: S602 - README's own lines
            program.replace("sagemock", command),
            shell=True,
            cwd=tmp_path,
            env={"SAGEMOCK_URL": server.url, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        expected = "" if said.strip().startswith(NOTHING) else f"{said.strip()}\n"
        assert (result.returncode, result.stdout) == (0, expected), result.stderr
