"""Endpoints that cannot be started: what is told of it, where, and what is served instead."""

import logging

import pytest
from botocore.exceptions import ClientError

from deploying.deployed import IMAGE, Connect, Deployed, Serve, processes_below
from deploying.programs import SCRIPT, loads_after, packed, program_files, says
from sagemock.serving import process_host

PING = (
    "The primary container for production variant AllTraffic did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint. "
)
NOWHERE = {"Image": IMAGE, "ModelDataUrl": "s3://nowhere/model.tar.gz"}
CANNED = '{"sagemock": "A canned answer: nothing real runs behind this endpoint."}'


def reason(endpoint: dict[str, str]) -> str:
    """Why an endpoint has failed."""
    assert endpoint["EndpointStatus"] == "Failed"
    assert len(endpoint["FailureReason"]) <= 1024
    return endpoint["FailureReason"]


def test_a_model_is_not_made_of_an_artifact_that_its_bucket_lacks(deployed: Deployed) -> None:
    deployed.buckets.put("s3://models/other.tar.gz", b"")
    uri = "s3://models/it.tar.gz"
    with pytest.raises(ClientError) as error:
        deployed.make_model("it", {"Image": IMAGE, "ModelDataUrl": uri})
    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"Could not find model data at {uri}.",
    }
    assert deployed.sagemaker.list_models()["Models"] == []


def test_an_endpoint_fails_where_its_artifact_has_gone_since(deployed: Deployed) -> None:
    container = deployed.program()
    deployed.configure(deployed.make_model("it", container))
    deployed.buckets.path(container["ModelDataUrl"]).unlink()
    deployed.sagemaker.create_endpoint(EndpointName="it", EndpointConfigName="it")
    assert f"Could not find model data at {container['ModelDataUrl']}." in reason(
        deployed.describe("it")
    )
    deployed.delete("it")


def test_a_bucket_that_is_nowhere_gets_canned_answers_and_one_line_says_so(
    deployed: Deployed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "sagemock.serving")
    assert deployed.ask(deployed.deploy("it", NOWHERE)) == CANNED
    (told,) = [each for each in caplog.records if each.name == "sagemock.serving"]
    assert told.getMessage() == (
        "Endpoint it, variant AllTraffic: canned answers, nothing real runs: Its model data is "
        "nowhere at hand."
    )
    (row,) = deployed.deployments()
    assert row["Backend"] == "canned"
    assert row["Note"] == (
        "Nothing real runs behind this variant: it gives canned answers. Its model data is "
        "nowhere at hand."
    )


def test_a_pipeline_of_which_one_part_is_nowhere_says_so_once(
    deployed: Deployed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "sagemock.serving")
    deployed.deploy("it", NOWHERE, deployed.program(says("real")))
    told = [each for each in caplog.records if "nothing real runs" in each.getMessage()]
    assert len(told) == 1
    (row,) = deployed.deployments()
    assert row["Backend"] == "canned+process"
    assert deployed.ask("it") == "real"


def test_an_archive_without_its_entry_script_gets_canned_answers(
    deployed: Deployed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "sagemock.serving")
    uri = deployed.buckets.put("s3://models/it.tar.gz", packed({"weights.bin": b"\0"}))
    name = deployed.deploy("it", {"Image": IMAGE, "ModelDataUrl": uri})
    assert deployed.ask(name) == CANNED
    (told,) = [each for each in caplog.records if "nothing real runs" in each.getMessage()]
    assert "There is no entry script inference.py" in told.getMessage()


@pytest.mark.parametrize("files", [None, {"weights.bin": b"\0"}], ids=["nowhere", "no script"])
def test_without_the_fallback_it_is_said_what_was_tried_and_what_to_do(
    serve: Serve, files: dict[str, bytes] | None
) -> None:
    deployed = serve(serving_fallback="fail")
    container, tried = NOWHERE, "No folder stands for the bucket 'nowhere'"
    if files:
        uri = deployed.buckets.put("s3://models/it.tar.gz", packed(files))
        container = {"Image": IMAGE, "ModelDataUrl": uri}
        tried = f"There is no entry script inference.py in {uri}"
    said = reason(deployed.create("it", container))
    assert said.startswith(
        "The primary container for production variant AllTraffic cannot be run here: "
    )
    assert tried in said
    assert "Please make sure all images included in the model" in said
    assert "--serving-fallback canned" in said
    assert deployed.refused("it")["Error"] == {
        "Code": "ValidationError",
        "Message": "Endpoint it of account 123456789012 not found.",
    }


@pytest.mark.parametrize("fallback", ["canned", "fail"])
@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (b"not gzip", "is no gzip-compressed tar archive"),
        (packed(program_files(says("cut")))[:-9], "is incomplete"),
        (packed({SCRIPT: "", "../outside.py": ""}), "../outside.py"),
        (packed({SCRIPT: "", "/outside.py": ""}), "/outside.py"),
        (packed({SCRIPT: ""}, links={"weights": "/etc"}), "symbolic link"),
    ],
    ids=["no gzip", "cut", "parent", "absolute", "link"],
)
def test_a_broken_archive_fails_whatever_the_fallback(
    serve: Serve, fallback: str, archive: bytes, message: str
) -> None:
    deployed = serve(serving_fallback=fallback)
    uri = deployed.buckets.put("s3://models/it.tar.gz", archive)
    said = reason(deployed.create("it", {"Image": IMAGE, "ModelDataUrl": uri}))
    assert message in said
    assert "it.tar.gz" in said
    assert not list(deployed.folder.rglob("outside.py"))


@pytest.mark.parametrize(
    ("program", "last_line"),
    [
        ("import not_installed", "ModuleNotFoundError: No module named 'not_installed'"),
        ("def model_fn(model_dir): raise KeyError('weights')", "KeyError: 'weights'"),
        ("def model_fn(model_dir) return None", "SyntaxError"),
        (
            "def model_fn(model_dir):\n    for _ in range(99): print('x' * 90)\n    1 / 0",
            "ZeroDivisionError: division by zero",
        ),
        ("import os; os._exit(3)", "ended with exit code 3 before it answered /ping."),
    ],
    ids=["import", "load", "syntax", "long log", "exit"],
)
def test_what_the_models_code_says_stands_in_the_failure_reason(
    deployed: Deployed, program: str, last_line: str
) -> None:
    said = reason(deployed.create("it", deployed.program(program)))
    assert said.startswith(PING)
    assert last_line in said
    assert not processes_below(deployed.folder)


def test_code_that_names_opt_ml_is_told_of_a_path_that_works(deployed: Deployed) -> None:
    program = "def model_fn(model_dir): return open('/opt/ml/model/weights.bin').read()"
    said = reason(deployed.create("it", deployed.program(program)))
    assert said.startswith(PING)
    assert "Code that names a path under /opt/ml itself does not work in this backend" in said
    assert "FileNotFoundError" in said


def test_a_model_that_takes_too_long_to_load_fails_its_endpoint(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_host, "_STARTUP_S", 0.4)
    program = "import time\ndef model_fn(model_dir): time.sleep(600)"
    said = reason(deployed.create("it", deployed.program(program)))
    assert said.startswith(PING)
    assert "did not answer /ping with 200 within 0.4 s" in said
    assert not processes_below(deployed.folder)


def test_a_variant_says_how_long_its_model_may_take_to_load(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_host, "_STARTUP_S", 600)
    # AWS takes no less than 60 seconds; what it refuses is served under `warn`.
    deployed = serve(validation="warn")
    unchecked = connect(deployed.url, parameter_validation=False)
    program = "import time\ndef model_fn(model_dir): time.sleep(600)"
    endpoint = unchecked.create(
        "it", deployed.program(program), ContainerStartupHealthCheckTimeoutInSeconds=1
    )
    assert "did not answer /ping with 200 within 1 s" in reason(endpoint)


def test_an_endpoint_that_has_failed_can_be_deleted_and_made_again(deployed: Deployed) -> None:
    reason(deployed.create("it", deployed.program("import not_installed")))
    deployed.delete("it")
    deployed.configure(deployed.make_model("good", deployed.program(says("again"), "good")))
    deployed.sagemaker.create_endpoint(EndpointName="it", EndpointConfigName="good")
    assert deployed.ask("it") == "again"


def test_a_program_outside_of_its_code_is_refused(deployed: Deployed) -> None:
    container = deployed.program() | {"Environment": {"SAGEMAKER_PROGRAM": "../../evil.py"}}
    said = reason(deployed.create("it", container))
    assert "SAGEMAKER_PROGRAM is a path inside the code, not '../../evil.py'." in said


def test_while_an_endpoint_is_created_it_is_not_found_by_invocations(serve: Serve) -> None:
    deployed = serve(hold_s=0.0)
    latch = deployed.folder / "latch"
    container = deployed.program(loads_after(latch, "late"))
    assert deployed.create("it", container)["EndpointStatus"] == "Creating"
    assert deployed.refused("it")["Error"] == {
        "Code": "ValidationError",
        "Message": "Endpoint it of account 123456789012 not found.",
    }
    latch.touch()
    deployed.comes_to("it", "InService")
    assert deployed.ask("it") == "late"
