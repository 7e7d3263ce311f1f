"""The catalogue of benchmarked zoo models that Inference Recommender works with.

Nothing can be registered in it; AWS fills it. A registry of one's own has an empty one.
"""

from sagemock.operation import Call, Members, operation
from sagemock.resource_type import empty_page


@operation
def list_model_metadata(call: Call, request: Members) -> Members:
    """A page of the catalogue, which here has no entries (SG2).

    Cases: fixtures/conformance/model_metadata/list_*.json
    """
    return empty_page(call)
