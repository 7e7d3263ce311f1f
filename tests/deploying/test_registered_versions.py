"""From a registered version to an answer, and where model data and code may lie on the way."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploying.deployed import IMAGE, Deployed, Endpoints
from deploying.programs import SCRIPT, packed, program_files, says
from real_models import Exchange, exchanges, put

GROUP = "churn"
SELF_CONTAINED = ("plain_score", "plain_tenant", "plain_stream", "numpy_churn")
READS_ENVIRONMENT = "{name: os.environ.get(name) for name in ('SHARED', 'OLD', 'NEW')}"


def register(endpoints: Endpoints, *containers: dict[str, Any], group: str = GROUP) -> str:
    """The ARN of a version that nobody has approved yet."""
    listed = endpoints.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    if group not in [each["ModelPackageGroupName"] for each in listed]:
        endpoints.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    created = endpoints.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [*containers],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )
    return str(created["ModelPackageArn"])


def approve(endpoints: Endpoints, version: str) -> None:
    endpoints.sagemaker.update_model_package(
        ModelPackageArn=version, ModelApprovalStatus="Approved"
    )


def assert_exchanged(endpoints: Endpoints, name: str, exchange: Exchange) -> None:
    """An invocation is answered as the model answers when it is called directly."""
    asked = {"ContentType": exchange.content_type, "Accept": exchange.accept}
    if exchange.custom_attributes is not None:
        asked["CustomAttributes"] = exchange.custom_attributes
    if exchange.error or exchange.breaks:
        error = endpoints.refused(name, exchange.body.decode(), **asked)
        wrong = exchange.error or {"status": 0, "message": exchange.breaks}
        assert error["Error"]["Code"] == "ModelError"
        assert error["OriginalStatusCode"] == wrong["status"]
        assert wrong["message"] in error["OriginalMessage"]
        return
    answer = endpoints.runtime.invoke_endpoint(EndpointName=name, Body=exchange.body, **asked)
    with answer["Body"] as body:
        assert exchange.is_answered_by(answer["ContentType"], body.read())
    assert answer.get("CustomAttributes") == exchange.answered_attributes


@pytest.mark.parametrize("real", SELF_CONTAINED)
def test_an_approved_version_is_deployed_and_answers_as_its_model_does(
    deployed: Deployed, real: str
) -> None:
    uri = put(real, deployed.buckets.folder, f"s3://models/{real}/model.tar.gz")
    version = register(deployed, {"Image": IMAGE, "ModelDataUrl": uri})
    approve(deployed, version)
    name = deployed.deploy(real.replace("_", "-"), {"ModelPackageName": version})
    for exchange in exchanges(real):
        assert_exchanged(deployed, name, exchange)


def test_a_version_that_nobody_approved_is_not_deployed(deployed: Deployed) -> None:
    version = register(deployed, deployed.program())
    with pytest.raises(ClientError, match="PendingManualApproval") as error:
        deployed.make_model("it", {"ModelPackageName": version})
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_a_version_that_is_rejected_later_goes_on_answering(deployed: Deployed) -> None:
    version = register(deployed, deployed.program())
    approve(deployed, version)
    name = deployed.deploy("it", {"ModelPackageName": version})
    deployed.sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Rejected")
    assert deployed.ask(name) == "yes"


def test_what_create_model_adds_to_the_environment_of_a_version_wins(deployed: Deployed) -> None:
    container = deployed.program() | {"Environment": {"SHARED": "version", "OLD": "version"}}
    version = register(deployed, container)
    approve(deployed, version)
    given = {"SHARED": "model", "NEW": "model"}
    name = deployed.deploy("it", {"ModelPackageName": version, "Environment": given})
    assert json.loads(deployed.ask(name, READS_ENVIRONMENT)) == {
        "SHARED": "model",
        "OLD": "version",
        "NEW": "model",
    }


def test_code_is_side_loaded_from_a_bucket(deployed: Deployed) -> None:
    data = deployed.buckets.put("s3://models/weights.tar.gz", packed({"word.txt": "weights"}))
    program = """
        from pathlib import Path
        import words

        def model_fn(model_dir):
            return Path(model_dir, "word.txt").read_text()

        def transform_fn(model, body, content_type, accept):
            return f"{model} {words.LAST}"
    """
    script = program_files(program)[SCRIPT]
    code = deployed.buckets.put(
        "s3://code/job-1/sourcedir.tar.gz",
        packed({"serve.py": script, "words.py": "LAST = 'side-loaded'"}),
    )
    environment = {"SAGEMAKER_SUBMIT_DIRECTORY": code, "SAGEMAKER_PROGRAM": "serve.py"}
    container = {"Image": IMAGE, "ModelDataUrl": data, "Environment": environment}
    assert deployed.ask(deployed.deploy("it", container)) == "weights side-loaded"


def test_code_without_any_model_data_is_enough(deployed: Deployed) -> None:
    code = deployed.buckets.put(
        "s3://code/sourcedir.tar.gz",
        packed({"inference.py": program_files(says("alone"))[SCRIPT]}),
    )
    container = {"Image": IMAGE, "Environment": {"SAGEMAKER_SUBMIT_DIRECTORY": code}}
    assert deployed.ask(deployed.deploy("it", container)) == "alone"


def test_a_repacked_archive_names_its_code_as_sagemaker_does(deployed: Deployed) -> None:
    environment = {
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "SAGEMAKER_PROGRAM": "inference.py",
    }
    assert deployed.ask(deployed.run(says("repacked"), Environment=environment)) == "repacked"


@pytest.mark.parametrize("compression", ["None", "Gzip"])
def test_a_model_data_source_is_a_folder_or_an_archive(
    deployed: Deployed, compression: str
) -> None:
    files: dict[str, str | bytes] = {
        **program_files(says("from a source")),
        "weights/1/w.bin": b"\0\1",
    }
    if compression == "None":
        uri, kind = "s3://models/folder/", "S3Prefix"
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            deployed.buckets.put(f"{uri}{name}", data)
    else:
        kind = "S3Object"
        uri = deployed.buckets.put("s3://models/archive.tar.gz", packed(files))
    source = {"S3Uri": uri, "S3DataType": kind, "CompressionType": compression}
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    assert deployed.ask(deployed.deploy("it", container)) == "from a source"
