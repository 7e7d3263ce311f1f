"""What cannot be loaded is refused in one sentence that says where, and changes nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from conftest import stored
from fictions import ANN, ARN, call
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.snapshot import VERSION, SnapshotError, parsed
from snapshot_fiction import BO, saved

Members = dict[str, Any]
LIST = "' is not of type 'array'"
PLACE = f"accounts.{ANN.account}.{ANN.region}"
GROUP = f"{ARN}model-package-group/churn"


def place(content: Members) -> Members:
    found: Members = content["accounts"][ANN.account][ANN.region]
    return found


def resource(content: Members, noun: str, position: int = 0) -> Members:
    found: Members = place(content)["resources"][noun][position]
    return found


def document(content: Members, noun: str, position: int = 0) -> Members:
    found: Members = resource(content, noun, position)["document"]
    return found


def to(noun: str, position: int = 0, **members: Any) -> Callable[[Members], None]:
    """A change of a document: these members, and those of None taken out."""

    def change(content: Members) -> None:
        changed = document(content, noun, position)
        changed |= members
        for name, value in members.items():
            if value is None:
                del changed[name]

    return change


def in_place(**members: Any) -> Callable[[Members], None]:
    return lambda content: place(content).update(members)


def deep(content: Members) -> None:
    value: Any = "x"
    for _ in range(300):
        value = [value]
    document(content, "ModelPackageGroup")["CreatedBy"] = value


def twice(content: Members) -> None:
    groups = place(content)["resources"]["ModelPackageGroup"]
    (group,) = (each["document"] for each in groups)
    other = {
        **group,
        "ModelPackageGroupName": "CHURN",
        "ModelPackageGroupArn": f"{ARN}model-package-group/CHURN",
    }
    groups.append({"document": other})


def no_groups(content: Members) -> None:
    del place(content)["resources"]["ModelPackageGroup"]


def fleet(name: str) -> Callable[[Members], None]:
    return lambda content: document(content, "Endpoint")["current"].update(fleet=name)


def seed(content: Members) -> None:
    content.clear()
    content["groups"] = []


def tag_twice(content: Members) -> None:
    resource(content, "ModelPackageGroup")["tags"].append({"Key": "team", "Value": "x"})


def specification(content: Members) -> Members:
    found: Members = document(content, "ModelPackage", 1)["InferenceSpecification"]
    return found


UNKNOWN_WORD = (
    "upgrade botocore if it is new, else correct it, or load it into a server of "
    "`sagemock serve --validation warn`."
)
WRONG: list[tuple[str, Callable[[Members], object], str]] = [
    (
        "newer",
        lambda content: content["sagemock"].update(snapshot=VERSION + 1),
        (
            f"it is of version {VERSION + 1}, this sagemock knows {VERSION}; load it with the "
            "newer sagemock that saved it, or upgrade this one."
        ),
    ),
    (
        "no version",
        lambda content: content.pop("sagemock"),
        'it is no snapshot of sagemock, which begins with "accounts" and has a version.',
    ),
    (
        "version 0",
        lambda content: content["sagemock"].update(snapshot=0),
        (
            "it is of version 0, and the first is 1; save it again with "
            "`sagemock snapshot save FILE`."
        ),
    ),
    (
        "a seed",
        seed,
        "it is a seed; plant it with `sagemock seed FILE`.",
    ),
    (
        "another key",
        lambda content: content.update(account={}),
        "at the top, Additional properties are not allowed ('account' was unexpected).",
    ),
    (
        "no account",
        lambda content: content["accounts"].update(ann={}),
        "at accounts, 'ann' does not match '^[0-9]{12}$'.",
    ),
    (
        "another noun",
        lambda content: place(content)["resources"].update(Pipeline=[]),
        f"at {PLACE}.resources, Additional properties are not allowed ('Pipeline' was unexpected).",
    ),
    (
        "a member missing",
        to("ModelPackage", 2, ModelPackageVersion=None),
        (
            f"at {PLACE}.resources.ModelPackage[2].document, 'ModelPackageVersion' is a required "
            "property."
        ),
    ),
    (
        "a wrong type",
        to("ModelPackage", 1, ModelApprovalStatus=7),
        (
            f"the ModelApprovalStatus of {ARN}model-package/churn/2 is wrong: NUMBER_VALUE can not "
            "be converted to a String."
        ),
    ),
    (
        "a status that cannot be",
        to("ModelPackage", 1, ModelApprovalStatus="Pending"),
        (
            f"the ModelApprovalStatus of {ARN}model-package/churn/2 is wrong: 'Pending' is not "
            f"known; known are Approved, Rejected and PendingManualApproval; {UNKNOWN_WORD}"
        ),
    ),
    (
        "a word deep in a document",
        lambda content: specification(content).update(
            SupportedRealtimeInferenceInstanceTypes=["ml.m5.large", "ml.m5.lagre"]
        ),
        (
            "the InferenceSpecification.SupportedRealtimeInferenceInstanceTypes[1] of "
            f"{ARN}model-package/churn/2 is wrong: 'ml.m5.lagre' is not known, perhaps "
            f"ml.m5.large is meant; {UNKNOWN_WORD}"
        ),
    ),
    (
        "a status of a group that cannot be",
        to("ModelPackageGroup", ModelPackageGroupStatus="completed"),
        (
            f"the ModelPackageGroupStatus of {GROUP} is wrong: 'completed' is not known, perhaps "
            "Completed is meant; known are Pending, InProgress, Completed, Failed, Deleting and "
            f"DeleteFailed; {UNKNOWN_WORD}"
        ),
    ),
    (
        "a wrong time",
        to("ModelPackageGroup", CreationTime="yesterday"),
        (
            f"the CreationTime of {GROUP} is wrong: STRING_VALUE can not be converted to "
            "milliseconds since epoch."
        ),
    ),
    (
        "a member nobody knows",
        to("ModelPackageGroup", ModelPackageGroupDescripton="x"),
        (
            f"{GROUP} has a member 'ModelPackageGroupDescripton', which "
            "DescribeModelPackageGroup does not show; upgrade botocore if it is new, else take it "
            "out."
        ),
    ),
    (
        "a member of the rules' own nobody knows",
        to("ModelPackageGroup", policy="{}"),
        (
            f"at {PLACE}.resources.ModelPackageGroup[0].document, 'policy' does not match any of "
            "the regexes: '^[A-Z]'."
        ),
    ),
    (
        "an ARN of another account",
        to("Model", ModelArn=f"arn:aws:sagemaker:us-east-1:{BO.account}:model/churn"),
        (
            f"'arn:aws:sagemaker:us-east-1:{BO.account}:model/churn' is no ARN of a Model in "
            f"account {ANN.account}, region us-east-1."
        ),
    ),
    (
        "an ARN of another partition",
        to("Model", ModelArn=f"arn:aws-cn:sagemaker:us-east-1:{ANN.account}:model/churn"),
        (
            f"'arn:aws-cn:sagemaker:us-east-1:{ANN.account}:model/churn' is no ARN of a Model in "
            f"account {ANN.account}, region us-east-1."
        ),
    ),
    (
        "an ARN of another name",
        to("Model", ModelName="Chrun"),
        f"{ARN}model/churn is not the ARN of what its document names, 'Chrun'.",
    ),
    (
        "an ARN of another number",
        to("ModelPackage", 1, ModelPackageVersion=3),
        f"{ARN}model-package/churn/2 is not the ARN of what its document names, 'churn/3'.",
    ),
    (
        "a name twice",
        twice,
        f"{ARN}model-package-group/CHURN is there twice, or once more in another case.",
    ),
    ("a tag twice", tag_twice, f"{GROUP} has the tag 'team' twice."),
    (
        "a version without its group",
        no_groups,
        f"the group of {ARN}model-package/churn/2 is not there.",
    ),
    (
        "a number that would be given again",
        in_place(counters={GROUP: 9, "fleets": 1}),
        f"{ARN}model-package/churn/10 has the number 10, and the counter '{GROUP}' only reached 9.",
    ),
    (
        "a fleet that would be started again",
        in_place(counters={GROUP: 11}),
        f"{ARN}endpoint/churn has the number 1, and the counter 'fleets' only reached 0.",
    ),
    (
        "a fleet of another endpoint",
        fleet(f"{ANN.account}/us-east-1/other/1"),
        (
            f"{ARN}endpoint/churn has a fleet '{ANN.account}/us-east-1/other/1'; it would be "
            f"'{ANN.account}/us-east-1/churn/' and a number."
        ),
    ),
    (
        "an endpoint that runs nothing",
        to("Endpoint", current=None),
        f"at {PLACE}.resources.Endpoint[0].document, 'current' is a required property.",
    ),
    (
        "something long",
        to("Model", containers="x" * 1000),
        f"at {PLACE}.resources.Model[0].document.containers, ... {('x' * 300 + LIST)[-300:]}.",
    ),
    (
        "half a character",
        to("ModelPackageGroup", resource_policy="\ud800"),
        "it is no JSON: str is not valid UTF-8: surrogates not allowed.",
    ),
    (
        "a number too long",
        to("ModelPackage", 1, ModelPackageVersion=2**64),
        "it is no JSON: Integer exceeds 64-bit range.",
    ),
    ("too many levels", deep, "it is no JSON: Recursion limit reached."),
]


@pytest.mark.parametrize(
    ("change", "said"),
    [pytest.param(change, said, id=name) for name, change, said in WRONG],
)
def test_it_says_what_is_wrong_and_leaves_everything(
    change: Callable[[Members], object], said: str, service: Service
) -> None:
    service.load(saved())
    call(service, "CreateModelPackageGroup", ModelPackageGroupName="mine")
    before = stored(service)
    content = saved()
    change(content)
    with pytest.raises(SnapshotError) as refusal:
        service.load(content)
    assert str(refusal.value) == f"The snapshot cannot be loaded: {said}"
    assert stored(service) == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b'{"accounts": {', "Expecting property name enclosed in double quotes: line 1 column 15"),
        (b'{"a": 1, "a": 2}', "the key 'a' is given twice in one object"),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{"a": "\xff"}', "'utf-8' codec can't decode byte 0xff in position 7"),
        (b"[" * 100_000, "maximum recursion depth exceeded"),
    ],
)
def test_what_is_no_json_is_not_read(given: bytes, said: str) -> None:
    with pytest.raises(SnapshotError) as refusal:
        parsed(given)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        b"groups:\n- ModelPackageGroupName: churn\n",
        b"# a seed\naccount: '123456789012'\npackages :\n- ModelPackageName: a\n",
        b'{groups: [{"ModelPackageGroupName": "churn"}]}',
        b'\xef\xbb\xbf{"groups": [{"ModelPackageGroupName": "churn"},]}',
    ],
)
def test_a_seed_is_sent_to_the_command_that_plants_it(text: bytes) -> None:
    with pytest.raises(SnapshotError) as refusal:
        parsed(text)
    said = "it is a seed; plant it with `sagemock seed FILE`."
    assert str(refusal.value) == f"The snapshot cannot be loaded: {said}"


@pytest.mark.parametrize("text", [b"a:\n  groups:\n", b'{"accounts": {\n"groups": ', b"groups"])
def test_what_only_has_groups_somewhere_is_no_seed(text: bytes) -> None:
    with pytest.raises(SnapshotError, match="it is no JSON"):
        parsed(text)


@pytest.mark.parametrize("content", [None, [], "x", {}, {"sagemock": 1}, {"sagemock": {}}])
def test_what_is_no_snapshot_is_not_loaded(content: Any, service: Service) -> None:
    with pytest.raises(SnapshotError, match="it is no snapshot of sagemock"):
        service.load(content)


def test_a_byte_order_mark_of_an_editor_is_no_matter(service: Service) -> None:
    marked = b"\xef\xbb\xbf" + json.dumps(saved()).encode()
    assert service.load(parsed(marked))["replaced"] == {}


def test_what_a_lenient_server_stored_is_loaded_there_and_not_by_a_strict_one(
    service: Service, model: ServiceModel
) -> None:
    lenient = create_service(Settings(db=":memory:", validation="warn"), model=model)
    call(lenient, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    call(
        lenient,
        "CreateModelPackage",
        ModelPackageGroupName="churn",
        ModelApprovalStatus="Pending",
    )
    kept = lenient.snapshot()
    lenient.load(kept)
    assert lenient.snapshot() == kept
    lenient.close()
    with pytest.raises(SnapshotError, match="'Pending' is not known"):
        service.load(kept)
