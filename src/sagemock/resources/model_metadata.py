"""The catalogue of benchmarked zoo models that Inference Recommender works with.

Nothing can be registered in it; AWS fills it. A registry of one's own has an empty one.
"""

from sagemock.listing import refuse_token
from sagemock.operation import Call, Members, operation
from sagemock.resource_type import empty_page


@operation
def list_model_metadata(call: Call, request: Members) -> Members:
    """A page of the catalogue, which here has no entries (SG2).

    Errors: ValidationException, there is a NextToken.
    Cases: fixtures/conformance/model_metadata/list_*.json
    """
    refuse_token(request)
    return empty_page(call)
