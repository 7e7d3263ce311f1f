"""The SageMaker Python SDK v2 deploys a version as a user's script does: one part of it per run.

Arguments: what to do, the version's ARN (`script` makes its own), and bodies to send.
"""

import contextlib
import json
import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError, EventStreamError

with contextlib.redirect_stdout(sys.stderr):  # The SDK logs to what it finds when it is imported.
    from sagemaker import ModelPackage, Session
    from sagemaker.deserializers import CSVDeserializer, JSONDeserializer
    from sagemaker.predictor import Predictor
    from sagemaker.serializers import CSVSerializer, IdentitySerializer, JSONSerializer
    from sagemaker.sklearn import SKLearnModel

sys.excepthook = sys.__excepthook__  # The SDK's own draws errors on standard output.

# A full ARN: the SDK would ask IAM for the ARN of a name.
ROLE = "arn:aws:iam::123456789012:role/churn"
NAME = "Churn-Live"


def deploy(session: Any, version: str, body: str) -> Any:
    """A version that nobody has approved, deployed as the documentation shows it, and called."""
    sent = sent_by(session)
    predictor = deployed(session, version, env={"CUT_OFF": "0.5"})
    client = session.sagemaker_client
    seen = {"deployed": list(sent)}
    customers = json.loads(body)
    plain = predictor.predict(customers)
    named = predictor.predict(customers, target_variant="AllTraffic")
    table = Predictor(NAME, session, CSVSerializer(), CSVDeserializer())
    rows = table.predict(customers["customers"])
    containers = client.describe_model(ModelName="churn")["Containers"]
    approval = client.describe_model_package(ModelPackageName=version)["ModelApprovalStatus"]
    sent.clear()
    predictor.delete_model()
    predictor.delete_endpoint()
    return {
        **seen,
        "taken_down": list(sent),
        "approval": approval,
        "containers": containers,
        "answers": [plain, named, [[float(cell) for cell in row] for row in rows]],
        "left": left(client),
    }


def update(session: Any, version: str, body: str) -> Any:
    """An endpoint changed over to the model of version 1, and back by its configuration."""
    predictor = deployed(session, version, wait=False)
    client = session.sagemaker_client
    before = client.describe_endpoint(EndpointName=NAME)["EndpointConfigName"]
    first = predictor.predict(json.loads(body))
    other = ModelPackage(
        role=ROLE,
        model_package_arn=f"{version.rpartition('/')[0]}/1",
        name="other",
        sagemaker_session=session,
    )
    other.create()
    predictor.update_endpoint(
        initial_instance_count=2, instance_type="ml.m5.large", model_name="other", wait=False
    )
    session.wait_for_endpoint(NAME, poll=0.1)
    described = client.describe_endpoint(EndpointName=NAME)
    prices = Predictor(NAME, session, JSONSerializer(), JSONDeserializer())
    price = prices.predict(12.0, custom_attributes="tenant=umbrella")
    session.update_endpoint(NAME, before, wait=False)
    session.wait_for_endpoint(NAME, poll=0.1)
    again = predictor.predict(json.loads(body))
    session.delete_endpoint(NAME)
    [variant] = described["ProductionVariants"]
    return {
        "answers": [first, price, again],
        "counts": [variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]],
        "configs": sorted(
            each["EndpointConfigName"] == before
            for each in client.list_endpoint_configs()["EndpointConfigs"]
        ),
    }


def errors(session: Any, version: str, body: str) -> Any:
    """A name that is taken, a request the model refuses, an endpoint that is gone."""
    predictor = deployed(session, version, wait=False)
    again = refused(lambda: deployed(session, version, wait=False))
    narrow = refused(lambda: predictor.predict(json.loads(body)))
    there = [session.endpoint_in_service_or_not(NAME)]
    predictor.delete_endpoint()
    return {
        "again": again,
        "narrow": narrow,
        "gone": refused(lambda: predictor.predict([])),
        # The SDK knows by an error's words that there is no such endpoint.
        "there": [*there, session.endpoint_in_service_or_not(NAME)],
        "not_there": refused(lambda: session.update_endpoint(NAME, NAME)),
    }


def answers(session: Any, version: str, *requests: str) -> Any:
    """What a version's endpoint answers to bodies, each with its formats, as it comes."""
    deployed(session, version, wait=False)
    seen = []
    for request in requests:
        asked = json.loads(request)
        predictor = Predictor(NAME, session, IdentitySerializer(asked["content_type"]))
        answer = predictor.predict(asked["body"], initial_args={"Accept": asked["accept"]})
        seen.append(answer.decode())
    session.delete_endpoint(NAME)
    return seen


def stream(session: Any, version: str, whole: str, broken: str) -> Any:
    """A stream as it is read to its end, and one that breaks off."""
    predictor = deployed(session, version, wait=False)
    accept = {"Accept": "text/plain"}
    read = predictor.predict_stream(json.loads(whole), initial_args=accept)
    seen = [chunk.decode() for chunk in read]
    part = []
    told = ""
    try:
        for chunk in predictor.predict_stream(json.loads(broken), initial_args=accept):
            part.append(chunk.decode())  # noqa: PERF401 - kept at a break
    except EventStreamError as error:
        told = error.response["Error"]["Code"]
    session.delete_endpoint(NAME)
    return {"whole": seen, "broken": [part, told]}


def script(session: Any, data: str, folder: str, body: str) -> Any:
    """A model and its script put into S3, registered from there and deployed from the registry."""
    s3 = session.boto_session.client("s3")
    s3.create_bucket(Bucket="models")
    s3.upload_file(data, "models", "iris/model.tar.gz")
    model = SKLearnModel(
        "s3://models/iris/model.tar.gz",
        ROLE,
        "inference.py",
        source_dir=folder,
        framework_version="1.4-2",
        name="iris",
        sagemaker_session=session,
    )
    package = model.register(model_package_group_name="iris", inference_instances=["ml.m5.large"])
    package.deploy(1, "ml.m5.large", endpoint_name=NAME, wait=False)
    session.wait_for_endpoint(NAME, poll=0.1)
    predictor = Predictor(NAME, session, CSVSerializer(), JSONDeserializer())
    seen = {"version": package.model_package_arn, "answer": predictor.predict(body)}
    session.delete_endpoint(NAME)
    return seen


def deployed(session: Any, version: str, *, wait: bool = True, **more: Any) -> Any:
    """A predictor; when `wait` is off without the 30 s that the SDK sleeps before it looks."""
    package = ModelPackage(
        role=ROLE,
        model_package_arn=version,
        name="churn",
        # Without a class `deploy` gives no predictor at all.
        predictor_cls=Predictor,
        sagemaker_session=session,
        **more,
    )
    predictor = package.deploy(
        initial_instance_count=1,
        instance_type="ml.m5.large",
        endpoint_name=NAME,
        serializer=JSONSerializer(),
        deserializer=JSONDeserializer(),
        wait=wait,
    )
    if not wait:
        session.wait_for_endpoint(NAME, poll=0.1)
    return predictor


def left(client: Any) -> Any:
    return [
        client.list_endpoints()["Endpoints"],
        client.list_endpoint_configs()["EndpointConfigs"],
        client.list_models()["Models"],
    ]


def sent_by(session: Any) -> list[str]:
    """The operations that are sent from now on, but for repeated looks."""
    sent: list[str] = []

    def note(model: Any, **_: Any) -> None:
        sent.append(model.name)

    for client in (session.sagemaker_client, session.sagemaker_runtime_client):
        client.meta.events.register("before-call.*", note)
    return sent


def refused(call: Any) -> str | None:
    """What a call is refused with; None if it is not."""
    try:
        call()
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    except ValueError as error:
        return repr(error)
    return None


def main(part: str, *arguments: str) -> None:
    with contextlib.redirect_stdout(sys.stderr):
        # The SDK would ask STS, always on the internet, for the name of a default bucket.
        seen = globals()[part](Session(boto3.Session(), default_bucket="models"), *arguments)
    json.dump(seen, sys.stdout)


main(*sys.argv[1:])
