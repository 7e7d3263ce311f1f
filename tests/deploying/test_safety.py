"""What models' code may run, by which interpreter, and what it gets to see."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from deploying.deployed import IMAGE, Deployed, Serve, processes_below
from deploying.programs import OBEYS, packed, says

CANNED = '{"sagemock": "A canned answer: nothing real runs behind this endpoint."}'
BEYOND = "Models are not run while the server listens beyond this machine"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens there: the tests serve the app themselves


def backends(deployed: Deployed) -> list[str]:
    return [each["Backend"] for each in deployed.deployments()]


def interpreter(folder: Path, name: str = "python") -> tuple[str, Path]:
    """Another interpreter, and the file that is there once it was used."""
    used = folder / f"{name}-used"
    script = folder / name
    script.write_text(f'#!/bin/sh\ntouch "{used}"\nexec "{sys.executable}" "$@"\n', "utf-8")
    script.chmod(0o755)
    return str(script), used


def version_in(deployed: Deployed, group: str, container: dict[str, Any]) -> str:
    """The ARN of an approved version of a new group."""
    deployed.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    created = deployed.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/plain"],
            "SupportedResponseMIMETypes": ["text/plain"],
        },
    )
    return str(created["ModelPackageArn"])


def test_a_model_sees_nothing_of_the_servers_credentials_and_settings(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "of-the-server-alone"  # noqa: S105 - none
    for name in (
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE", "SAGEMOCK_DB"),
        *("GITHUB_TOKEN", "PYTHONPATH", "PYTHONSTARTUP"),
    ):
        monkeypatch.setenv(name, secret)
    deployed = serve()
    seen = json.loads(deployed.ask(deployed.run(OBEYS), "dict(os.environ)"))
    assert secret not in seen.values()
    assert {name for name in seen if name.startswith("AWS_")} == {
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
        "AWS_EC2_METADATA_DISABLED",
    }
    assert seen["PATH"]


def test_a_model_may_be_given_credentials_of_its_own(deployed: Deployed) -> None:
    given = {"AWS_ACCESS_KEY_ID": "its-own"}
    name = deployed.run(OBEYS, Environment=given)
    assert deployed.ask(name, "os.environ['AWS_ACCESS_KEY_ID']") == "its-own"


def test_a_models_worker_listens_on_this_machine_only(deployed: Deployed) -> None:
    name = deployed.run(OBEYS)
    worker = int(deployed.ask(name, "str(os.getpid())"))
    inodes = {
        str(each.readlink()).removeprefix("socket:[").removesuffix("]")
        for each in Path(f"/proc/{worker}/fd").iterdir()
    }
    listening = [
        row.split()[1]
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]
        if row.split()[3] == "0A" and row.split()[9] in inodes
    ]
    # 127.0.0.1, as the kernel writes it.
    assert [each.partition(":")[0] for each in listening] == ["0100007F"]


def test_beyond_loopback_models_are_not_run_but_answered_for(serve: Serve) -> None:
    deployed = serve(host=EVERYWHERE)
    assert deployed.ask(deployed.run(says("real"))) == CANNED
    assert backends(deployed) == ["canned"]


@pytest.mark.parametrize(
    "settings",
    [{"serving": (("endpoint:*", "process"),)}, {"serving_fallback": "fail"}],
    ids=["process chosen", "no fallback"],
)
def test_beyond_loopback_an_endpoint_that_must_be_real_fails(
    serve: Serve, settings: dict[str, Any]
) -> None:
    deployed = serve(host=EVERYWHERE, **settings)
    endpoint = deployed.create("it", deployed.program(says("real")))
    assert endpoint["EndpointStatus"] == "Failed"
    assert BEYOND in endpoint["FailureReason"]
    assert "--allow-process-beyond-loopback" in endpoint["FailureReason"]
    assert not processes_below(deployed.folder)


def test_beyond_loopback_models_are_run_where_that_is_allowed(serve: Serve) -> None:
    deployed = serve(host=EVERYWHERE, allow_process_beyond_loopback=True)
    assert deployed.ask(deployed.run(says("real"))) == "real"


@pytest.mark.parametrize(
    "selector", ["group:chu*", "model:churn", "endpoint:c*n", f"image:{IMAGE}"]
)
def test_what_answers_is_chosen_by_group_model_endpoint_or_image(
    serve: Serve, selector: str
) -> None:
    deployed = serve(serving=((selector, "canned"),))
    version = version_in(deployed, "churn", deployed.program(says("real"), "churn"))
    other = deployed.program(says("other"), "other") | {"Image": "another:1"}
    other_version = version_in(deployed, "rents", other)
    assert deployed.ask(deployed.deploy("churn", {"ModelPackageName": version})) == CANNED
    assert deployed.ask(deployed.deploy("rents", {"ModelPackageName": other_version})) == "other"
    assert backends(deployed) == ["process", "canned"]


def test_of_two_choices_that_fit_the_first_is_taken(serve: Serve) -> None:
    deployed = serve(serving=(("endpoint:real-*", "auto"), ("model:*", "canned")))
    assert deployed.ask(deployed.run(says("real"), "real-one")) == "real"
    assert deployed.ask(deployed.run(says("real"), "other")) == CANNED


def test_where_process_is_chosen_nothing_is_answered_for(serve: Serve) -> None:
    deployed = serve(serving=(("endpoint:*", "process"),))
    uri = deployed.buckets.put("s3://models/it.tar.gz", packed({"weights.bin": b"\0"}))
    endpoint = deployed.create("it", {"Image": IMAGE, "ModelDataUrl": uri})
    assert endpoint["EndpointStatus"] == "Failed"
    assert "There is no entry script inference.py" in endpoint["FailureReason"]


def test_an_interpreter_is_chosen_by_a_selector(serve: Serve, tmp_path: Path) -> None:
    python, used = interpreter(tmp_path)
    deployed = serve(interpreters=(("model:special", python),))
    assert deployed.ask(deployed.run(says("plain"), "plain")) == "plain"
    assert not used.exists()
    assert deployed.ask(deployed.run(says("special"), "special")) == "special"
    assert used.exists()


def test_an_interpreter_is_named_by_the_container(deployed: Deployed, tmp_path: Path) -> None:
    python, used = interpreter(tmp_path)
    name = deployed.run(says("its own"), Environment={"SAGEMOCK_PYTHON": python})
    assert deployed.ask(name) == "its own"
    assert used.exists()


def test_an_interpreter_of_the_settings_comes_before_the_containers(
    serve: Serve, tmp_path: Path
) -> None:
    python, used = interpreter(tmp_path)
    other, other_used = interpreter(tmp_path, "other")
    deployed = serve(interpreters=(("endpoint:it", python),))
    deployed.run(says("chosen"), Environment={"SAGEMOCK_PYTHON": other})
    assert used.exists()
    assert not other_used.exists()


def test_an_interpreter_that_is_not_there_fails_the_endpoint(deployed: Deployed) -> None:
    container = deployed.program() | {"Environment": {"SAGEMOCK_PYTHON": "/no/such/python"}}
    endpoint = deployed.create("it", container)
    assert endpoint["EndpointStatus"] == "Failed"
    assert "The process of container primary cannot start" in endpoint["FailureReason"]
    assert "/no/such/python" in endpoint["FailureReason"]
