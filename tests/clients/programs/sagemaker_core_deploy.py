"""sagemaker-core, the resource classes of the SageMaker Python SDK v3, deploys a version.

Arguments: what to do (`deploy` or `errors`), the version's ARN, and a body to send.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

with contextlib.redirect_stdout(sys.stderr):  # The SDK draws its progress there.
    from sagemaker.core import shapes
    from sagemaker.core.deserializers import JSONDeserializer
    from sagemaker.core.resources import Endpoint, EndpointConfig, Model, ModelPackage
    from sagemaker.core.serializers import JSONSerializer

NAME = "Churn-Live"
ROLE = "arn:aws:iam::123456789012:role/churn"
SOON = {"poll": 1, "timeout": 30}


def deploy(version: str, body: str) -> Any:
    """From a version by its classes to an endpoint that answers, to nothing."""
    package = ModelPackage.get(version)
    package.update(model_approval_status="Approved", approval_description="Good enough")
    endpoint = started(version, env={"CUT_OFF": "0.5"})
    config = EndpointConfig.get("one")
    model = Model.get("churn")
    raw = endpoint.invoke(body, content_type="application/json", accept="text/csv")
    endpoint.serializer = JSONSerializer()
    endpoint.deserializer = JSONDeserializer()
    read = endpoint.invoke(
        json.loads(body),
        content_type="application/json",
        accept="application/json",
        target_variant="blue",
    )
    endpoint.update_weights_and_capacities(
        [shapes.DesiredWeightAndCapacity(variant_name="blue", desired_weight=0.5)]
    )
    endpoint.wait_for_status("InService", **SOON)
    [variant] = endpoint.production_variants
    found = [each.endpoint_name for each in Endpoint.get_all(name_contains="Live")]
    endpoint.delete()
    endpoint.wait_for_delete(**SOON)
    config.delete()
    model.delete()
    return {
        "endpoint": [endpoint.endpoint_arn, endpoint.endpoint_config_name],
        "container": [model.primary_container.model_package_name, model.execution_role_arn],
        "environment": model.primary_container.environment,
        "answers": [raw.body.read().decode(), read.body],
        "told": [raw.content_type, raw.invoked_production_variant],
        "weights": [variant.current_weight, variant.desired_weight],
        "found": found,
        "left": [*Endpoint.get_all(), *EndpointConfig.get_all(), *Model.get_all()],
    }


def errors(version: str, body: str) -> Any:
    """Names that are taken, a request the model refuses, an endpoint that is gone."""
    unapproved = refused(lambda: started(version))
    ModelPackage.get(version).update(model_approval_status="Approved")
    endpoint = started(version)
    seen = {
        "unapproved": unapproved,
        "model": refused(lambda: started(version)),
        "no_config": refused(
            lambda: Endpoint.create(endpoint_name="other", endpoint_config_name="no")
        ),
        "no_endpoint": refused(lambda: Endpoint.get("no")),
        "from_model": refused(lambda: endpoint.invoke(body, content_type="application/json")),
    }
    endpoint.delete()
    endpoint.wait_for_delete(**SOON)
    return {**seen, "gone": refused(lambda: endpoint.invoke(body))}


def started(version: str, env: dict[str, str] | None = None) -> Any:
    """An endpoint in service."""
    container = shapes.ContainerDefinition(model_package_name=version, environment=env or {})
    Model.create(model_name="churn", primary_container=container, execution_role_arn=ROLE)
    variant = shapes.ProductionVariant(
        variant_name="blue",
        model_name="churn",
        instance_type="ml.m5.large",
        initial_instance_count=1,
    )
    EndpointConfig.create(endpoint_config_name="one", production_variants=[variant])
    endpoint = Endpoint.create(endpoint_name=NAME, endpoint_config_name="one")
    endpoint.wait_for_status("InService", **SOON)
    return endpoint


def refused(call: Callable[[], Any]) -> str | None:
    """What a call is refused with; None if it is not."""
    try:
        call()
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return None


def main(part: str, *arguments: str) -> None:
    with contextlib.redirect_stdout(sys.stderr):
        seen = globals()[part](*arguments)
    json.dump(seen, sys.stdout)


main(*sys.argv[1:])
