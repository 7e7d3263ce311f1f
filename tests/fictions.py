"""Deployments of what exists nowhere: models, configurations and endpoints in a few words."""

from typing import Any

from sagemock import Service
from sagemock.operation import Caller

ANN = Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/ann", "AIDAANN")
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
VARIANT = "AllTraffic"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:"

Members = dict[str, Any]


def call(service: Service, operation: str, **request: Any) -> Any:
    return service.invoke(operation, request, ANN, f"request of {operation}")


def variant(model: str, name: str = VARIANT, **members: Any) -> Members:
    return {
        "VariantName": name,
        "ModelName": model,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        **members,
    }


def make_model(service: Service, name: str, *hostnames: str, **members: Any) -> str:
    """A model of containers with these hostnames, or of one without a name."""
    containers = [{"Image": IMAGE, "ContainerHostname": each} for each in hostnames]
    given = {"Containers": containers} if containers else {"PrimaryContainer": {"Image": IMAGE}}
    call(service, "CreateModel", ModelName=name, **given, **members)
    return name


def configure(service: Service, name: str, *variants: Members, **members: Any) -> str:
    """A configuration with these variants; or with one of the model of its name, made here."""
    call(
        service,
        "CreateEndpointConfig",
        EndpointConfigName=name,
        ProductionVariants=[*variants] or [variant(make_model(service, name))],
        **members,
    )
    return name


def create(service: Service, name: str, *variants: Members, **members: Any) -> Members:
    """An endpoint, as it is when its creation was answered, of a configuration of its name."""
    configure(service, name, *variants, **members)
    call(service, "CreateEndpoint", EndpointName=name, EndpointConfigName=name)
    return describe(service, name)


def update(service: Service, name: str, to: str, **members: Any) -> Members:
    """An endpoint, as it is when its update was answered, to a configuration of that name."""
    call(service, "UpdateEndpoint", EndpointName=name, EndpointConfigName=to, **members)
    return describe(service, name)


def describe(service: Service, name: str) -> Members:
    described: Members = call(service, "DescribeEndpoint", EndpointName=name)
    return described
