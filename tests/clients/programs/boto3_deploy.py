"""A version deployed and called by any boto3 as a user runs it: `deploy`, `errors` or `stream`.

Arguments: the server's URL, what to do, the version's ARN, and bodies to send. Times are printed as
`datetime`, once boto3 has read them. Python 3.8 must be able to read this file.
"""

import json
import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError, EventStreamError

# Boto3 refused a model without a role until 2023.
ROLE = {"ExecutionRoleArn": "arn:aws:iam::123456789012:role/churn"}
JSON = {"ContentType": "application/json", "Accept": "application/json"}


def deploy(sagemaker: Any, runtime: Any, version: str, body: str) -> Any:
    """From a model to an endpoint that answers, to another configuration of it, to nothing."""
    looks = []
    sagemaker.meta.events.register(
        "before-call.sagemaker.DescribeEndpoint", lambda model, **_: looks.append(model.name)
    )
    container = {"ModelPackageName": version, "Environment": {"CUT_OFF": "0.5"}}
    model = sagemaker.create_model(ModelName="churn", PrimaryContainer=container, **ROLE)
    for name, variants in (("one", ["blue"]), ("two", ["blue", "green"])):
        sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant(each) for each in variants]
        )
    endpoint = sagemaker.create_endpoint(EndpointName="Churn-Live", EndpointConfigName="one")
    in_service = sagemaker.get_waiter("endpoint_in_service")
    in_service.wait(EndpointName="Churn-Live")
    described = sagemaker.describe_endpoint(EndpointName="Churn-Live")
    answers = [invoked(runtime, body, **JSON)]
    sagemaker.update_endpoint(EndpointName="Churn-Live", EndpointConfigName="two")
    in_service.wait(EndpointName="Churn-Live")
    answers.append(invoked(runtime, body, TargetVariant="green", **JSON))
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="Churn-Live",
        DesiredWeightsAndCapacities=[{"VariantName": "blue", "DesiredWeight": 0}],
    )
    in_service.wait(EndpointName="Churn-Live")
    answers.append(invoked(runtime, body, **JSON))
    listed = sagemaker.list_endpoints(StatusEquals="InService")["Endpoints"]
    sagemaker.delete_endpoint(EndpointName="Churn-Live")
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="Churn-Live")
    for name in ("one", "two"):
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName="churn")
    return {
        "model": model["ModelArn"],
        "endpoint": endpoint["EndpointArn"],
        "status": described["EndpointStatus"],
        "variants": described["ProductionVariants"],
        "answers": answers,
        "listed": [each["EndpointName"] for each in listed],
        "looks": len(looks),
        "left": [
            sagemaker.list_endpoints()["Endpoints"],
            sagemaker.list_endpoint_configs()["EndpointConfigs"],
            sagemaker.list_models()["Models"],
        ],
    }


def variant(name: str) -> Any:
    return {
        "VariantName": name,
        "ModelName": "churn",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }


def invoked(runtime: Any, body: str, **how: Any) -> Any:
    """What came back beside the body, and the body as JSON."""
    answer = runtime.invoke_endpoint(EndpointName="Churn-Live", Body=body, **how)
    return [answer["InvokedProductionVariant"], answer["ContentType"], json.load(answer["Body"])]


def errors(sagemaker: Any, runtime: Any, version: str) -> Any:
    """What the calls raise that go wrong on the way."""
    model = {"ModelName": "churn", "PrimaryContainer": {"ModelPackageName": version}, **ROLE}
    unapproved = refused(sagemaker.create_model, **model)
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    started(sagemaker, version)
    live = {"EndpointName": "Churn-Live"}
    again = {**live, "EndpointConfigName": "one"}
    seen = {
        "unapproved": unapproved,
        "model": refused(sagemaker.create_model, **model),
        "config": refused(
            sagemaker.create_endpoint_config,
            EndpointConfigName="one",
            ProductionVariants=[variant("blue")],
        ),
        "endpoint": refused(sagemaker.create_endpoint, **again),
        "no_config": refused(sagemaker.update_endpoint, **{**again, "EndpointConfigName": "no"}),
        "no_model": refused(sagemaker.describe_model, ModelName="no"),
        "no_endpoint": refused(sagemaker.describe_endpoint, EndpointName="no"),
        "not_there": refused(runtime.invoke_endpoint, EndpointName="no", Body="{}"),
        "from_model": refused(runtime.invoke_endpoint, Body=b"?", ContentType="image/png", **live),
    }
    sagemaker.delete_endpoint(**live)
    return seen


def stream(sagemaker: Any, runtime: Any, version: str, whole: str, broken: str) -> Any:
    """A stream as it is read to its end, and one that breaks off."""
    started(sagemaker, version)

    def streamed(body: str) -> Any:
        answer = runtime.invoke_endpoint_with_response_stream(
            EndpointName="Churn-Live",
            Body=body,
            ContentType="application/json",
            Accept="text/plain",
        )
        chunks = []
        try:
            for event in answer["Body"]:
                chunks.append(event["PayloadPart"]["Bytes"].decode())  # noqa: PERF401 - kept at a break
        except EventStreamError as error:
            return [chunks, error.response["Error"]["Code"]]
        return [chunks, answer["ContentType"], answer["InvokedProductionVariant"]]

    seen = {"whole": streamed(whole), "broken": streamed(broken)}
    sagemaker.delete_endpoint(EndpointName="Churn-Live")
    return seen


def started(sagemaker: Any, version: str) -> None:
    containers = [{"ModelPackageName": version}]
    sagemaker.create_model(ModelName="churn", Containers=containers, **ROLE)
    sagemaker.create_endpoint_config(EndpointConfigName="one", ProductionVariants=[variant("blue")])
    sagemaker.create_endpoint(EndpointName="Churn-Live", EndpointConfigName="one")
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="Churn-Live")


def refused(call: Any, **request: Any) -> Any:
    """The class, the HTTP status, the retries, and what the answer says beside that."""
    try:
        call(**request)
    except ClientError as error:
        answer = dict(error.response)
        metadata = answer.pop("ResponseMetadata")
        told = answer.pop("Error")
        return {
            "class": type(error).__name__,
            "code": told["Code"],
            "message": told["Message"],
            "status": metadata["HTTPStatusCode"],
            "retries": metadata["RetryAttempts"],
            "more": {name: value for name, value in answer.items() if name.lower() != "message"},
        }
    raise AssertionError("it was not refused")


def main(url: str, part: str, *arguments: str) -> None:
    sagemaker = boto3.client("sagemaker", endpoint_url=url)
    runtime = boto3.client("sagemaker-runtime", endpoint_url=url)
    parts = {"deploy": deploy, "errors": errors, "stream": stream}
    seen = parts[part](sagemaker, runtime, *arguments)
    print(json.dumps(seen, default=lambda value: type(value).__name__))


main(*sys.argv[1:])
