"""The second gate: recorded messages word for word, then order, bundles, paths and limits."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from sagemock.api.constraints import Constraints
from sagemock.api.service_model import ServiceModel
from sagemock.api.validation import Validator
from sagemock.api.wording import violations_message
from sagemock.errors import SerializationException, ValidationException
from sagemock.operation import Operation

Shape = dict[str, Any]


def text(**traits: Any) -> Shape:
    return {"type": "string", **traits}


def number(**traits: Any) -> Shape:
    return {"type": "integer", **traits}


def list_of(member: Shape, **traits: Any) -> Shape:
    return {"type": "list", "member": member, **traits}


def map_of(key: Shape, value: Shape, **traits: Any) -> Shape:
    return {"type": "map", "key": key, "value": value, **traits}


def structure(required: tuple[str, ...] = (), /, **members: Shape) -> Shape:
    return {"type": "structure", "members": members, "required": list(required)}


def shapes_of(shape: Shape, name: str = "Input") -> dict[str, Shape]:
    """Shapes written inside one another, each under a name of its own."""
    flat = {name: dict(shape)}
    for part in ("member", "key", "value"):
        if part in shape:
            flat[name][part] = {"shape": f"{name}{part.title()}"}
            flat |= shapes_of(shape[part], f"{name}{part.title()}")
    if "members" in shape:
        flat[name]["members"] = {member: {"shape": member} for member in shape["members"]}
        for member, each in shape["members"].items():
            flat |= shapes_of(each, member)
    return flat


def found(shape: Shape, request: Any) -> list[str]:
    check = Constraints(shapes_of(shape)).check("Input")
    violations: list[str] = []
    if check is not None:
        check(request, "", violations)
    return violations


def message(shape: Shape, request: Any) -> str:
    return violations_message(found(shape, request))


OLD_NAME = "^[a-zA-Z0-9](-*[a-zA-Z0-9])*"
NAME_63 = "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
NAME_256 = "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}"
MODEL_NAME = r"^[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?"
ROLE = r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
PACKAGE_NAME = (
    r"(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?"
    r"([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)(\/[0-9]{1,5})?$"
)
WORKTEAM = r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:workteam/.*"
TEMPLATE = "{{ ti.xcom_pull(task_ids='training', key='return_value')['Training'] }}"
LONG_JOB = "generic-training-pipeline-2023-04-12-15-36-41-124330-model-trainer"
LONG_LINK = f"basic-zenml-{'x' * 60}-s3-link"
HYPER = {"sagemaker_requirements": '""', "batch_size": "32", "text": "x" * 257}
AT = "failed to satisfy constraint: Member must"
MATCH = f"{AT} satisfy regular expression pattern:"
SHORT = f"{AT} have length greater than or equal to"
LONG = f"{AT} have length less than or equal to"

# Messages users got from SageMaker, with the pattern of their day: (shape, request, message).
RECORDED: dict[str, tuple[Shape, Any, str]] = {
    "CreateTrainingJob, a name with underscores": (
        structure(TrainingJobName=text(max=63, pattern=OLD_NAME)),
        {"TrainingJobName": "health_and_personal_care_inter_title-2018-09-06-05-57-49-470"},
        (
            "1 validation error detected: Value "
            "'health_and_personal_care_inter_title-2018-09-06-05-57-49-470' at 'trainingJobName' "
            f"{MATCH} ^[a-zA-Z0-9](-*[a-zA-Z0-9])*"
        ),
    ),
    "CreateEndpointConfig, a placeholder in a list": (
        structure(ProductionVariants=list_of(structure(ModelName=text(pattern=OLD_NAME)))),
        {"ProductionVariants": [{"ModelName": "ENTER MODEL NAME"}]},
        (
            "1 validation error detected: Value 'ENTER MODEL NAME' at "
            f"'productionVariants.1.member.modelName' {MATCH} "
            "^[a-zA-Z0-9](-*[a-zA-Z0-9])*"
        ),
    ),
    "CreateTrainingJob, an enum value in lower case": (
        structure(
            InputDataConfig=list_of(structure(InputMode=text(enum=["Pipe", "File", "FastFile"])))
        ),
        {"InputDataConfig": [{"InputMode": "fastfile"}]},
        (
            "1 validation error detected: Value 'fastfile' at 'inputDataConfig.1.member.inputMode' "
            f"{AT} satisfy enum value set: [Pipe, FastFile, File]"
        ),
    ),
    "CreateTrainingJob, a map value, no least length": (
        structure(HyperParameters=map_of(text(max=256), text(max=256), max=100)),
        {"HyperParameters": HYPER},
        (
            "1 validation error detected: Value "
            f"'{{sagemaker_requirements=\"\", batch_size=32, text={'x' * 257}}}' "
            "at 'hyperParameters' failed to satisfy constraint: Map value must satisfy constraint: "
            "[Member must have length less than or equal to 256, "
            "Member must have length greater than or equal to 0]"
        ),
    ),
    "CreateTrainingJob, a map value with a pattern": (
        structure(HyperParameters=map_of(text(), text(max=2500, min=0, pattern=".*"))),
        {"HyperParameters": {"k": "a\nb"}},
        (
            "1 validation error detected: Value '{k=a\nb}' at 'hyperParameters' "
            "failed to satisfy constraint: Map value must satisfy constraint: "
            "[Member must have length less than or equal to 2500, "
            "Member must have length greater than or equal to 0, "
            "Member must satisfy regular expression pattern: .*]"
        ),
    ),
    "CreateTrainingJob, too many hyper-parameters": (
        structure(HyperParameters=map_of(text(), text(), max=2)),
        {"HyperParameters": {"freeze": "True", "b": "1", "learning_rate": "1e-06"}},
        (
            "1 validation error detected: Value '{freeze=True, b=1, learning_rate=1e-06}' at "
            f"'hyperParameters' {LONG} 2"
        ),
    ),
    "DescribeModelPackage, a placeholder": (
        structure(ModelPackageName=text(min=1, max=176, pattern=PACKAGE_NAME)),
        {"ModelPackageName": "<Customer to specify Model package ARN>"},
        (
            "1 validation error detected: Value '<Customer to specify Model package ARN>' at "
            f"'modelPackageName' {MATCH} {PACKAGE_NAME}"
        ),
    ),
    "CreateModelPackage, a role's name for its ARN": (
        structure(
            ValidationSpecification=structure(ValidationRole=text(min=20, max=2048, pattern=ROLE))
        ),
        {
            "ValidationSpecification": {
                "ValidationRole": "AmazonSageMaker-ExecutionRole-20230901T123456"
            }
        },
        (
            "1 validation error detected: Value 'AmazonSageMaker-ExecutionRole-20230901T123456' at "
            f"'validationSpecification.validationRole' {MATCH} "
            r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
        ),
    ),
    "CreateModel, a quote in the name": (
        structure(ModelName=text(max=63, pattern=MODEL_NAME)),
        {"ModelName": "ssd-efficientdet-d0-512x512-coco-'17-202308"},
        (
            "1 validation error detected: Value 'ssd-efficientdet-d0-512x512-coco-'17-202308' at "
            f"'modelName' {MATCH} {MODEL_NAME}"
        ),
    ),
    "CreateModel, a dot in the name": (
        structure(ModelName=text(max=63, pattern=MODEL_NAME)),
        {"ModelName": "codeqwen1.5-7b-chat-gguf-hoangmnsd-model"},
        (
            "1 validation error detected: Value 'codeqwen1.5-7b-chat-gguf-hoangmnsd-model' at "
            rf"'modelName' {MATCH} "
            r"^[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?"
        ),
    ),
    "CreateTrainingJob, a long name that fits its pattern": (
        structure(TrainingJobName=text(max=63, pattern=OLD_NAME)),
        {"TrainingJobName": LONG_JOB},
        (f"1 validation error detected: Value '{LONG_JOB}' at 'trainingJobName' {LONG} 63"),
    ),
    "CreateTrainingJob, a long name that does not": (
        structure(TrainingJobName=text(max=63, pattern=NAME_63)),
        {"TrainingJobName": LONG_LINK},
        (
            "2 validation errors detected: "
            f"Value '{LONG_LINK}' at 'trainingJobName' {MATCH} {NAME_63}; "
            f"Value '{LONG_LINK}' at 'trainingJobName' {LONG} 63"
        ),
    ),
    "CreatePipeline, a dot in the name": (
        structure(PipelineName=text(max=256, pattern=NAME_256)),
        {"PipelineName": "basic-zenml-project-pipeline-c.versloot-81a28c88"},
        (
            "1 validation error detected: Value 'basic-zenml-project-pipeline-c.versloot-81a28c88' "
            f"at 'pipelineName' {MATCH} {NAME_256}"
        ),
    ),
    "an empty list": (
        structure(VpcConfig=structure(SecurityGroupIds=list_of(text(max=32), min=1, max=5))),
        {"VpcConfig": {"SecurityGroupIds": []}},
        (f"1 validation error detected: Value '[]' at 'vpcConfig.securityGroupIds' {SHORT} 1"),
    ),
    "CreateDomain, too many subnets": (
        structure(SubnetIds=list_of(text(max=32), min=1, max=2)),
        {"SubnetIds": ["subnet-0e63526bfadd699fe", "subnet-0f0445a86dfd9b86a", "subnet-1"]},
        (
            "1 validation error detected: Value "
            "'[subnet-0e63526bfadd699fe, subnet-0f0445a86dfd9b86a, subnet-1]' at 'subnetIds' "
            f"{LONG} 2"
        ),
    ),
    "UpdateDomain, an empty role": (
        structure(
            DefaultSpaceSettings=structure(
                ExecutionRole=text(min=20, max=2048, pattern=f"^{ROLE}$")
            )
        ),
        {"DefaultSpaceSettings": {"ExecutionRole": ""}},
        (
            "2 validation errors detected: "
            f"Value '' at 'defaultSpaceSettings.executionRole' {SHORT} 20; "
            f"Value '' at 'defaultSpaceSettings.executionRole' {MATCH} "
            r"^arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$"
        ),
    ),
    "DescribeUserProfile, two members with two errors each": (
        structure(
            DomainId=text(max=63, pattern="^d-(-*[a-z0-9]){1,61}"),
            UserProfileName=text(max=63, pattern=NAME_63),
        ),
        {"DomainId": "D" * 64, "UserProfileName": "_" * 64},
        (
            "4 validation errors detected: "
            f"Value '{'_' * 64}' at 'userProfileName' {MATCH} "
            "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; "
            f"Value '{'_' * 64}' at 'userProfileName' {LONG} 63; "
            f"Value '{'D' * 64}' at 'domainId' {MATCH} "
            "^d-(-*[a-z0-9]){1,61}; "
            f"Value '{'D' * 64}' at 'domainId' {LONG} 63"
        ),
    ),
    "CreateFlowDefinition, an ARN of another type": (
        structure(HumanLoopConfig=structure(WorkteamArn=text(max=256, pattern=WORKTEAM))),
        {"HumanLoopConfig": {"WorkteamArn": "arn:aws:sagemaker:x:1:flow-definition/a2idemo"}},
        (
            "1 validation error detected: Value 'arn:aws:sagemaker:x:1:flow-definition/a2idemo' at "
            f"'humanLoopConfig.workteamArn' {MATCH} "
            r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:workteam/.*"
        ),
    ),
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_message_is_reproduced(name: str) -> None:
    shape, request, expected = RECORDED[name]
    assert message(shape, request) == expected


def test_an_older_message_has_the_same_two_errors_in_the_other_order() -> None:
    shape = structure(ModelName=text(max=63, pattern=OLD_NAME))
    assert set(found(shape, {"ModelName": TEMPLATE})) == {
        f"Value '{TEMPLATE}' at 'modelName' {LONG} 63",
        f"Value '{TEMPLATE}' at 'modelName' {MATCH} {OLD_NAME}",
    }


def real(model: ServiceModel, operation_name: str, body: Mapping[str, Any]) -> str | None:
    operation = model.operation(operation_name)
    assert operation is not None
    with pytest.raises(ValidationException) as error:
        Validator(model).validate(operation, body)
    return error.value.message


def test_a_list_of_structures_of_the_installed_model_is_checked(model: ServiceModel) -> None:
    variant = {"VariantName": "a", "ModelName": "ENTER MODEL NAME"}
    body = {"EndpointConfigName": "c", "ProductionVariants": [variant]}
    pattern = model.shapes["ModelName"]["pattern"]
    assert real(model, "CreateEndpointConfig", body) == (
        "1 validation error detected: Value 'ENTER MODEL NAME' at "
        f"'productionVariants.1.member.modelName' {MATCH} {pattern}"
    )


def test_an_instance_type_nobody_has_is_told_with_all_there_are(model: ServiceModel) -> None:
    variant = {"VariantName": "a", "ModelName": "m", "InstanceType": "ml.t3.medium-x"}
    body = {"EndpointConfigName": "c", "ProductionVariants": [variant]}
    told = real(model, "CreateEndpointConfig", body) or ""
    head, values = told.split("enum value set: [")
    assert head == (
        "1 validation error detected: Value 'ml.t3.medium-x' at "
        f"'productionVariants.1.member.instanceType' {AT} satisfy "
    )
    known = model.shapes["ProductionVariantInstanceType"]["enum"]
    assert sorted(values.removesuffix("]").split(", ")) == sorted(known)


def test_a_group_by_name_or_arn_may_be_long_but_not_underscored(model: ServiceModel) -> None:
    name = "a" * 80 + "_"
    pattern = model.shapes["ArnOrName"]["pattern"]
    assert real(model, "CreateModelPackage", {"ModelPackageGroupName": name}) == (
        f"1 validation error detected: Value '{name}' at 'modelPackageGroupName' {AT} satisfy "
        f"regular expression pattern: {pattern}"
    )


def test_sensitive_content_is_not_told(model: ServiceModel) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1"
    card = {"ModelCardContent": "se\ncret", "ModelCardStatus": "Draft"}
    assert real(model, "UpdateModelPackage", {"ModelPackageArn": arn, "ModelCard": card}) == (
        f"1 validation error detected: Value at 'modelCard.modelCardContent' {AT} satisfy regular "
        "expression pattern: .*"
    )


def test_a_wrong_type_is_told_before_any_constraint(model: ServiceModel) -> None:
    operation = model.operation("ListModelPackages")
    assert operation is not None
    body = {"SortBy": "Size", "NameContains": "_", "MaxResults": "many"}
    with pytest.raises(SerializationException) as error:
        Validator(model).validate(operation, body)
    assert error.value.message == "STRING_VALUE can not be converted to an Integer"


def test_missing_members_are_null(model: ServiceModel) -> None:
    assert real(model, "AddTags", {}) == (
        f"2 validation errors detected: Value null at 'resourceArn' {AT} not be null; "
        f"Value null at 'tags' {AT} not be null"
    )


def test_a_member_given_as_null_is_missing(model: ServiceModel) -> None:
    tags = [{"Key": "a", "Value": None}]
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1"
    assert real(model, "AddTags", {"ResourceArn": arn, "Tags": tags}) == (
        f"1 validation error detected: Value null at 'tags.1.member.value' {AT} not be null"
    )


def test_a_null_required_member_is_told_once_and_not_looked_into() -> None:
    shape = structure(("Inner",), Inner=structure(("Name",), Name=text(min=1)))
    assert found(shape, {}) == [f"Value null at 'inner' {AT} not be null"]
    assert found(shape, {"Inner": {}}) == [f"Value null at 'inner.name' {AT} not be null"]


def test_a_missing_member_that_is_not_required_is_fine() -> None:
    assert found(structure(Inner=structure(("Name",), Name=text(min=1))), {}) == []


def test_the_constraints_of_one_member_come_as_min_pattern_max_enum() -> None:
    shape = structure(A=text(min=5, max=2, pattern="[0-9]+", enum=["1"]))
    assert [each.split("Member must ")[1] for each in found(shape, {"A": "abc"})] == [
        "have length greater than or equal to 5",
        "satisfy regular expression pattern: [0-9]+",
        "have length less than or equal to 2",
        "satisfy enum value set: [1]",
    ]


def test_members_are_told_in_the_order_of_a_hash_map_not_of_the_body() -> None:
    shape = structure(DomainId=text(max=1), UserProfileName=text(max=1), MaxResults=number(max=1))
    body = {"MaxResults": 2, "DomainId": "ab", "UserProfileName": "ab"}
    first = [each.split("'")[3] for each in found(shape, body)]
    assert first.index("userProfileName") < first.index("domainId")
    assert first == [each.split("'")[3] for each in found(shape, dict(reversed(body.items())))]


def test_numbers_have_bounds() -> None:
    shape = structure(A=number(min=1, max=100))
    assert found(shape, {"A": 0}) == [
        f"Value '0' at 'a' {AT} have value greater than or equal to 1"
    ]
    assert found(shape, {"A": 101}) == [
        f"Value '101' at 'a' {AT} have value less than or equal to 100"
    ]
    assert found(shape, {"A": 1}) == found(shape, {"A": 100}) == []


def test_bounds_may_be_zero_or_fractions() -> None:
    shape = structure(A={"type": "float", "min": 0.25}, B=number(min=0))
    assert found(shape, {"A": 0.25, "B": 0}) == []
    assert sorted(found(shape, {"A": 0.2, "B": -1})) == [
        f"Value '-1' at 'b' {AT} have value greater than or equal to 0",
        f"Value '0.2' at 'a' {AT} have value greater than or equal to 0.25",
    ]


@pytest.mark.parametrize(("length", "fine"), [(1, False), (2, True), (4, True), (5, False)])
def test_both_ends_of_a_length_are_allowed(length: int, *, fine: bool) -> None:
    shapes = [
        (text(min=2, max=4), "x" * length),
        (list_of(number(), min=2, max=4), [7] * length),
        (map_of(text(), number(), min=2, max=4), {f"k{each}": 7 for each in range(length)}),
    ]
    for shape, value in shapes:
        assert (found(structure(A=shape), {"A": value}) == []) is fine


def test_the_elements_of_a_list_are_told_once_and_with_all_they_must_be() -> None:
    shape = structure(Names=list_of(text(min=1, max=3, pattern="[a-z]+"), max=5))
    assert found(shape, {"Names": ["a", "LONG", "", "b"]}) == [
        (
            "Value '[a, LONG, , b]' at 'names' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must have length less than or equal to 3, "
            "Member must have length greater than or equal to 1, "
            "Member must satisfy regular expression pattern: [a-z]+]"
        )
    ]


def test_an_element_without_a_length_has_none_in_its_bundle() -> None:
    shape = structure(A=list_of(text(enum=["x", "y"])), B=list_of(text(pattern="[a-z]")))
    assert sorted(found(shape, {"A": ["z"], "B": ["1"]})) == [
        (
            "Value '[1]' at 'b' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must satisfy regular expression pattern: [a-z]]"
        ),
        (
            "Value '[z]' at 'a' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must satisfy enum value set: [x, y]]"
        ),
    ]


def test_an_element_with_only_a_least_length_has_only_that_in_its_bundle() -> None:
    assert found(structure(A=list_of(text(min=2))), {"A": [""]}) == [
        (
            "Value '[]' at 'a' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must have length greater than or equal to 2]"
        )
    ]


def test_numbers_in_a_list_are_bundled_too() -> None:
    assert found(structure(A=list_of(number(min=1, max=9))), {"A": [1, 10]}) == [
        (
            "Value '[1, 10]' at 'a' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must have value less than or equal to 9, "
            "Member must have value greater than or equal to 1]"
        )
    ]


def test_a_lists_own_length_is_told_beside_its_elements() -> None:
    shape = structure(A=list_of(text(max=1), max=1))
    assert found(shape, {"A": ["ab", "c"]}) == [
        f"Value '[ab, c]' at 'a' {LONG} 1",
        (
            "Value '[ab, c]' at 'a' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must have length less than or equal to 1, "
            "Member must have length greater than or equal to 0]"
        ),
    ]


def test_the_keys_of_a_map_are_told_once_and_on_the_map() -> None:
    shape = structure(A=map_of(text(max=2, pattern="[a-z]*"), text()))
    assert found(shape, {"A": {"a": "1", "B": "2", "ccc": "3"}}) == [
        (
            "Value '{a=1, B=2, ccc=3}' at 'a' failed to satisfy constraint: "
            "Map keys must satisfy constraint: [Member must have length less than or equal to 2, "
            "Member must have length greater than or equal to 0, "
            "Member must satisfy regular expression pattern: [a-z]*]"
        )
    ]


def test_keys_values_and_size_of_a_map_are_told_apart() -> None:
    shape = structure(A=map_of(text(max=1), text(max=1), max=1))
    told = [each.split("constraint: ", 1)[1] for each in found(shape, {"A": {"kk": "vv", "b": ""}})]
    bundle = (
        "must satisfy constraint: [Member must have length less than or equal to 1, "
        "Member must have length greater than or equal to 0]"
    )
    assert told == [
        "Member must have length less than or equal to 1",
        f"Map keys {bundle}",
        f"Map value {bundle}",
    ]


def test_paths_go_through_lists_and_maps() -> None:
    shape = structure(
        Containers=list_of(structure(ModelDataUrl=text(max=1))),
        ByName=map_of(text(), structure(Value=text(max=1))),
        Rows=list_of(list_of(text(max=1))),
    )
    body = {
        "Containers": [{}, {"ModelDataUrl": "ab"}],
        "ByName": {"some.key": {"Value": "ab"}},
        "Rows": [["a"], ["ab"]],
    }
    assert {each.split(" at ")[1].split("'")[1] for each in found(shape, body)} == {
        "containers.2.member.modelDataUrl",
        "byName.some.key.member.value",
        "rows.2.member",
    }


def test_a_list_of_structures_is_printed_whole_when_it_is_too_long() -> None:
    shape = structure(Tags=list_of(structure(Key=text(), Value=text()), max=1))
    body = {"Tags": [{"Key": "a", "Value": "b"}, {"Key": "c"}]}
    assert found(shape, body) == [
        (f"Value '[TagsMember(key=a, value=b), TagsMember(key=c, value=null)]' at 'tags' {LONG} 1")
    ]


def test_a_shape_may_hold_itself(model: ServiceModel) -> None:
    inner: dict[str, Any] = {"Filters": [{"Name": "x" * 256}]}
    body = {"Resource": "ModelPackage", "SearchExpression": {"SubExpressions": [inner]}}
    assert real(model, "Search", body) == (
        f"1 validation error detected: Value '{'x' * 256}' at "
        f"'searchExpression.subExpressions.1.member.filters.1.member.name' {LONG} 255"
    )


def test_ten_of_many_errors_are_told(model: ServiceModel) -> None:
    tags = [{"Key": "a"} for _ in range(12)]
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1"
    told = real(model, "AddTags", {"ResourceArn": arn, "Tags": tags}) or ""
    assert told.startswith("10 validation errors detected: Value null at 'tags.1.member.value'")
    assert told.count("Member must not be null") == 10
    assert "tags.10.member" in told
    assert "tags.11.member" not in told


def test_what_constrains_nothing_has_no_check() -> None:
    shape = structure(A=text(), B=list_of(structure(C=number())), D=map_of(text(), text()))
    assert Constraints(shapes_of(shape)).check("Input") is None


def test_a_least_length_of_zero_constrains_nothing() -> None:
    assert Constraints(shapes_of(structure(A=text(min=0)))).check("Input") is None


def test_validators_of_all_operations_compile(model: ServiceModel) -> None:
    constraints = Constraints(model.shapes)
    for name in model.operation_names():
        operation = model.operation(name)
        if operation is not None and operation.input is not None:
            constraints.check(operation.input)


def test_an_operation_without_input_takes_anything(model: ServiceModel) -> None:
    ping = Operation(
        name="Ping", input=None, output=None, reads=False, result_member=None, token_member=None
    )
    assert Validator(model).validate(ping, {"Any": "thing"}) == {}


def test_only_the_keys_of_a_map_may_be_constrained() -> None:
    shape = structure(A=map_of(text(max=1), structure(B=text())))
    assert found(shape, {"A": {"k": {"B": "any"}}}) == []
    assert len(found(shape, {"A": {"kk": {"B": "any"}}})) == 1


def test_a_shape_that_holds_itself_may_constrain_nothing() -> None:
    shapes: dict[str, Shape] = {
        "Node": {"type": "structure", "members": {"Next": {"shape": "Node"}}},
    }
    check = Constraints(shapes).check("Node")
    told: list[str] = []
    if check is not None:
        check({"Next": {"Next": {}}}, "", told)
    assert told == []


def test_a_long_value_is_matched_like_a_short_one() -> None:
    shape = structure(A=text(pattern="[a-z]*"))
    assert found(shape, {"A": "x" * 100_000}) == []
    assert len(found(shape, {"A": "x" * 100_000 + "1"})) == 1


def test_a_pattern_that_takes_too_long_is_not_matched() -> None:
    shape = structure(A=text(pattern="(a|aa)+[bc]"))
    started = time.monotonic()
    told = found(shape, {"A": "a" * 5000})
    assert time.monotonic() - started < 2
    assert [each.split("constraint: ")[1] for each in told] == [
        "Member must satisfy regular expression pattern: (a|aa)+[bc]"
    ]
