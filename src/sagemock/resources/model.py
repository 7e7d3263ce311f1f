"""Models: containers to host, made from images and artifacts or from a model package.

A model never changes. It is deployed by an endpoint configuration that names it.
"""

import logging

from sagemock.conditions import Compare, Each, Member
from sagemock.listing import list_query
from sagemock.operation import Call, Members, operation
from sagemock.ports import Query
from sagemock.resource_type import ResourceType
from sagemock.resources.model_containers import checked_containers, resolved_containers
from sagemock.tagging import checked_tags

MODEL = ResourceType(
    noun="Model",
    arn_type="model",
    not_found='Could not find model "{arn}".',
    already_exists='Cannot create already existing model "{arn}".',
    lower_case_arn=True,
    anonymous=True,
)

CONFIGS_KIND = "endpoint-config"
"""The kind under which endpoint configurations are stored, which name models."""

_log = logging.getLogger("sagemock.rules")


@operation
def create_model(call: Call, request: Members) -> Members:
    """Make a model; a container that names a model package becomes the package's containers.

    A version has to be Approved, unless the approval gate says otherwise.
    Errors: ValidationException, the name is taken, in whatever case; as the checks of the
    containers say.
    Cases: fixtures/conformance/model/create_*.json
    """
    tags = checked_tags(request.get("Tags", []))
    containers = checked_containers(request)
    model = {name: value for name, value in request.items() if name != "Tags"}
    model.setdefault("EnableNetworkIsolation", False)
    model["containers"] = resolved_containers(call, containers)
    return MODEL.add(call, model["ModelName"], model, tags=tags)


@operation
def describe_model(call: Call, request: Members) -> Members:
    """The model as it was asked for; what its package brought is not shown.

    Errors: ValidationException, there is none.
    Cases: fixtures/conformance/model/describe_*.json
    """
    return MODEL.get(call, request["ModelName"])


@operation
def list_models(call: Call, request: Members) -> Members:
    """A page of models, newest first unless asked otherwise.

    Errors: ValidationException, a NextToken of another list.
    Cases: fixtures/conformance/model/list_*.json
    """
    query = list_query(MODEL.arn_type, request, descending=True, after_included=True)
    return MODEL.page(call, query)


@operation
def delete_model(call: Call, request: Members) -> Members:
    """Delete a model; its artifacts stay, and so does what was deployed of it.

    Errors: ValidationException, there is none.
    Cases: fixtures/conformance/model/delete_*.json
    """
    model = MODEL.get(call, request["ModelName"])
    named = Member(("ProductionVariants", Each(), "ModelName"))
    uses = Compare(named, "=", model["ModelName"])
    if call.store.count(Query(kind=CONFIGS_KIND, limit=1, where=uses), 1):
        _log.warning("%s is deleted while an endpoint configuration names it", model["ModelArn"])
    return MODEL.remove(call, model)
