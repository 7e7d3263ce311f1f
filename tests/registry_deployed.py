"""Models, configurations and endpoints told again in plain Python, and the calls about them.

Nothing runs behind the endpoints, so that each is in service once its call is answered. Names are
found in whatever case, and ARNs have them in lower case.
"""

import copy
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import rule

import registry_requests as requests
from registry_lists import (
    CONFIG,
    DEPLOYED,
    ENDPOINT,
    MODEL,
    PACKAGE,
    Place,
    Resource,
    milliseconds,
    page_of,
)
from registry_model import Refused, RegistryModel, Shelf, arn_of, checked_tags, shown
from registry_requests import NAME, PICKS, PLACE, Pick
from sagemock import Service
from sagemock.operation import Members

NOUNS = {MODEL: "Model", CONFIG: "EndpointConfig", ENDPOINT: "Endpoint"}
IMAGE = "registry.example/nowhere:1"
WEIGHTS = ("CurrentWeight", "DesiredWeight")
COUNTS = ("CurrentInstanceCount", "DesiredInstanceCount")
DEPLOYED_PICKS = st.builds(
    Pick, index=st.integers(0, 60), spelled=st.sampled_from(("name", "name", "case"))
)


class DeployedModel(RegistryModel):
    """The registry's model, and what is deployed of it."""

    def create_model(self, shelf: Shelf, request: Members) -> Members:
        tags = checked_tags(request.pop("Tags", []))
        name = request["PrimaryContainer"].get("ModelPackageName")
        images = [IMAGE] if name is None else self._images(shelf, name)
        # What a package brings is not shown.
        document = {"EnableNetworkIsolation": False, **request, "images": images}
        return self._deploy(shelf, MODEL, document, tags)

    def _images(self, shelf: Shelf, name: str) -> list[str]:
        region, account = name.split(":")[3:5] if name.startswith("arn:") else shelf.place[::-1]
        if region == shelf.place[1] and account != shelf.place[0] and name.count("/") == 1:
            raise Refused("Caller is not subscribed to the marketplace offering.")
        package = shelf.find("CreateModel", PACKAGE, name).document
        status = package.get("ModelApprovalStatus")
        if "ModelPackageVersion" in package and status != "Approved":
            raise Refused(f"cannot be deployed: its ModelApprovalStatus is {status}.")
        if "InferenceSpecification" not in package:
            raise Refused("has no InferenceSpecification to deploy.")
        return [each["Image"] for each in package["InferenceSpecification"]["Containers"]]

    def create_endpoint_config(self, shelf: Shelf, request: Members) -> Members:
        tags, names = checked_tags(request.pop("Tags", [])), set()
        for variant in request["ProductionVariants"]:
            if variant["VariantName"] in names:
                raise Refused("is given more than once.")
            names.add(variant["VariantName"])
            shelf.find("CreateEndpointConfig", MODEL, variant["ModelName"])
            variant.setdefault("InitialVariantWeight", 1.0)
        return self._deploy(shelf, CONFIG, request, tags)

    def create_endpoint(self, shelf: Shelf, request: Members) -> Members:
        tags = checked_tags(request.pop("Tags", []))
        self._refuse_taken(shelf, ENDPOINT, request["EndpointName"])
        request |= self._deployment(shelf, request["EndpointConfigName"])
        request |= {"EndpointStatus": "InService", "LastModifiedTime": self.now_ms / 1000}
        return self._deploy(shelf, ENDPOINT, request, tags)

    def update_endpoint(self, shelf: Shelf, request: Members) -> Members:
        endpoint = shelf.find("UpdateEndpoint", ENDPOINT, request["EndpointName"])
        deployment = self._deployment(shelf, request["EndpointConfigName"])
        excluded = [
            each["VariantPropertyType"]
            for each in request.get("ExcludeRetainedVariantProperties", [])
        ]
        present = {each["VariantName"]: each for each in endpoint.document["ProductionVariants"]}
        for variant in deployment["ProductionVariants"]:
            before = present.get(variant["VariantName"])
            for kept in (WEIGHTS, COUNTS):
                if before and request.get("RetainAllVariantProperties") and kept[1] not in excluded:
                    variant.update(dict.fromkeys(kept, before[kept[1]]))
        return self._changed(endpoint, deployment)

    def update_endpoint_weights_and_capacities(self, shelf: Shelf, request: Members) -> Members:
        endpoint = shelf.find("", ENDPOINT, request["EndpointName"])
        wished = {each["VariantName"]: each for each in request["DesiredWeightsAndCapacities"]}
        if len(wished) < len(request["DesiredWeightsAndCapacities"]):
            raise Refused("is given more than once.")
        variants = copy.deepcopy(endpoint.document["ProductionVariants"])
        for variant in variants:
            wish = wished.pop(variant["VariantName"], {})
            for names in (WEIGHTS, COUNTS):
                variant.update(dict.fromkeys(names, wish.get(names[1], variant[names[1]])))
        for name in wished:
            raise Refused(f"Could not find variant '{name}'")
        return self._changed(endpoint, {"ProductionVariants": variants})

    def _deployment(self, shelf: Shelf, config_name: str) -> Members:
        config = shelf.find("", CONFIG, config_name).document
        variants = [self._summary(shelf, each) for each in config["ProductionVariants"]]
        return {
            "EndpointConfigName": config["EndpointConfigName"],
            "ProductionVariants": variants,
        }

    def _summary(self, shelf: Shelf, variant: Members) -> Members:
        images = shelf.find("", MODEL, variant["ModelName"]).document["images"]
        deployed = [
            {"SpecifiedImage": each, "ResolvedImage": each, "ResolutionTime": self.now_ms / 1000}
            for each in images
        ]
        return {
            "VariantName": variant["VariantName"],
            "DeployedImages": deployed,
            **dict.fromkeys(WEIGHTS, variant["InitialVariantWeight"]),
            **dict.fromkeys(COUNTS, variant.get("InitialInstanceCount", 1)),
        }

    def _changed(self, endpoint: Resource, changes: Members) -> Members:
        modified = max(self.now_ms / 1000, endpoint.document["LastModifiedTime"])
        endpoint.document = {**endpoint.document, **changes, "LastModifiedTime": modified}
        return shown(endpoint, ["EndpointArn"])

    def _refuse_taken(self, shelf: Shelf, kind: str, name: str) -> None:
        if (kind, name.lower(), 0) in shelf.resources:
            arn = arn_of(shelf.place, kind, name.lower())
            raise Refused(f'Cannot create already existing {DEPLOYED[kind]} "{arn}".')

    def _deploy(self, shelf: Shelf, kind: str, document: Members, tags: dict[str, str]) -> Members:
        name, arn = document[f"{NOUNS[kind]}Name"], f"{NOUNS[kind]}Arn"
        self._refuse_taken(shelf, kind, name)
        document[arn] = arn_of(shelf.place, kind, name.lower())
        document["CreationTime"] = self.now_ms / 1000
        resource = Resource(kind, name, 0, self.now_ms, document, tags)
        self._put(shelf, resource)
        return shown(resource, [arn])

    def invoke(self, operation: str, request: Members, place: Place) -> Members | None:
        """The answer; what is described, deleted and listed alike is here."""
        for kind, noun in NOUNS.items():
            shelf = self.shelf(place)
            if operation == f"List{noun}s":
                return self._listed(shelf, kind, request)
            if operation in (f"Describe{noun}", f"Delete{noun}"):
                found = shelf.find(operation, kind, request[f"{noun}Name"])
                if operation.startswith("Describe"):
                    return {name: each for name, each in found.document.items() if name != "images"}
                del shelf.resources[found.key]
                return None
        return super().invoke(operation, request, place)

    def _listed(self, shelf: Shelf, kind: str, request: Members) -> Members:
        noun = NOUNS[kind]
        row = [f"{noun}Name", f"{noun}Arn", "CreationTime", "LastModifiedTime", "EndpointStatus"]
        found = [each for each in shelf.all_of(kind) if is_listed(each, request)]
        page, token = page_of(found, request, "CreationTime", descending=True)
        return {f"{noun}s": [shown(each, row) for each in page], **token}

    def running(self, place: Place) -> Counter[tuple[str, str]]:
        """The endpoint and variant of every deployment."""
        return Counter(
            (endpoint.document["EndpointArn"], variant["VariantName"])
            for endpoint in self.shelf(place).all_of(ENDPOINT)
            for variant in endpoint.document["ProductionVariants"]
        )


def is_listed(resource: Resource, request: Members) -> bool:
    """Whether the filters let it through; of all bounds only CreationTimeAfter is inclusive."""
    modified = resource.document.get("LastModifiedTime", 0) * 1000
    status = request.get("StatusEquals")
    return (
        request.get("NameContains", "") in resource.name
        and resource.created_ms >= milliseconds(request.get("CreationTimeAfter", 0))
        and resource.created_ms < milliseconds(request.get("CreationTimeBefore", 2**33))
        and round(modified) > milliseconds(request.get("LastModifiedTimeAfter", -1))
        and round(modified) < milliseconds(request.get("LastModifiedTimeBefore", 2**33))
        and status in (None, resource.document.get("EndpointStatus"))
    )


class DeploymentRules:
    """The calls of the registry's machine that are about what is deployed."""

    model: DeployedModel
    service: Service
    gone: dict[str, list[str]]

    def call(self, place: Place, operation: str, request: Members) -> Members | None:
        raise NotImplementedError

    def spelled(self, place: Place, kind: str, pick: Pick, *, as_arn: bool = False) -> str:
        raise NotImplementedError

    def begin_to_deploy(self, place: Place) -> None:
        """Endpoints of an image and of a version that is approved by now."""
        version = {"ModelPackageName": arn_of(place, PACKAGE, "alpha/1")}
        for name, container in (("churn", {"Image": IMAGE}), ("alpha", version)):
            variant = {"ModelName": name, "InstanceType": "ml.m5.large", "VariantName": "blue"}
            config = {"EndpointConfigName": name, "ProductionVariants": [variant]}
            endpoint = {"EndpointName": name, "EndpointConfigName": name}
            self.call(place, "CreateModel", {"ModelName": name, "PrimaryContainer": container})
            self.call(place, "CreateEndpointConfig", config)
            self.call(place, "CreateEndpoint", endpoint)

    @rule(place=PLACE, name=NAME, package=st.none() | PICKS, tags=requests.TAGS)
    def create_model(
        self, place: Place, name: str, package: Pick | None, tags: list[Members]
    ) -> None:
        container: Members = {"Image": IMAGE}
        if package is not None:
            container = {"ModelPackageName": self.spelled(place, PACKAGE, package)}
        request = {"ModelName": name, "PrimaryContainer": container, "Tags": tags}
        self.call(place, "CreateModel", request)

    @rule(place=PLACE, name=NAME, model=DEPLOYED_PICKS, variants=requests.VARIANTS)
    def create_config(self, place: Place, name: str, model: Pick, variants: list[Members]) -> None:
        instances = {"ModelName": self.spelled(place, MODEL, model), "InstanceType": "ml.m5.large"}
        made = [{**instances, **variant} for variant in variants]
        request = {"EndpointConfigName": name, "ProductionVariants": made}
        self.call(place, "CreateEndpointConfig", request)

    @rule(place=PLACE, name=NAME, config=DEPLOYED_PICKS, tags=requests.TAGS)
    def create_endpoint(self, place: Place, name: str, config: Pick, tags: list[Members]) -> None:
        config_name = self.spelled(place, CONFIG, config)
        request = {"EndpointName": name, "EndpointConfigName": config_name, "Tags": tags}
        self.call(place, "CreateEndpoint", request)

    @rule(place=PLACE, pick=DEPLOYED_PICKS, config=DEPLOYED_PICKS, retained=requests.RETAINED)
    def update_endpoint(self, place: Place, pick: Pick, config: Pick, retained: Members) -> None:
        request = {
            "EndpointName": self.spelled(place, ENDPOINT, pick),
            "EndpointConfigName": self.spelled(place, CONFIG, config),
        }
        self.call(place, "UpdateEndpoint", {**request, **retained})

    @rule(place=PLACE, pick=DEPLOYED_PICKS, desired=requests.DESIRED)
    def scale_endpoint(self, place: Place, pick: Pick, desired: list[Members]) -> None:
        name = self.spelled(place, ENDPOINT, pick)
        request = {"EndpointName": name, "DesiredWeightsAndCapacities": desired}
        self.call(place, "UpdateEndpointWeightsAndCapacities", request)

    @rule(
        place=PLACE,
        kind=st.sampled_from((ENDPOINT, ENDPOINT, *NOUNS)),
        pick=DEPLOYED_PICKS,
        verb=st.sampled_from(("Describe", "Describe", "Delete")),
    )
    def describe_or_delete(self, place: Place, kind: str, pick: Pick, verb: str) -> None:
        name = self.spelled(place, kind, pick)
        self.call(place, f"{verb}{NOUNS[kind]}", {f"{NOUNS[kind]}Name": name})
        if verb == "Delete":
            self.gone[kind].append(name)

    @rule(place=PLACE, kind=st.sampled_from((MODEL, CONFIG)), asked=requests.LISTS_OF_DEPLOYED)
    def list_deployed(self, place: Place, kind: str, asked: Members) -> None:
        self.call(place, f"List{NOUNS[kind]}s", asked)

    @rule(place=PLACE, asked=requests.LISTS_OF_ENDPOINTS)
    def list_endpoints(self, place: Place, asked: Members) -> None:
        self.call(place, "ListEndpoints", asked)

    def look_at_deployed(self, place: Place) -> None:
        """All there is of one place, whole, with its tags."""
        for kind, noun in NOUNS.items():
            self.call(place, f"List{noun}s", {"MaxResults": 100})
            for each in self.model.shelf(place).all_of(kind):
                self.call(place, f"Describe{noun}", {f"{noun}Name": each.name})
                self.call(place, "ListTags", {"ResourceArn": each.document[f"{noun}Arn"]})
        rows = [each for each in self.service.deployments(*place) if "EndTime" not in each]
        assert all(each["Backend"] == "canned" for each in rows)
        running = Counter((each["EndpointArn"], each["VariantName"]) for each in rows)
        assert running == self.model.running(place)
