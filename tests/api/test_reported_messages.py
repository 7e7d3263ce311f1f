"""The second gate, word for word: messages that users got from SageMaker and posted."""

from typing import Any

import pytest
from small_shapes import (
    AT,
    LONG,
    MATCH,
    SHORT,
    Shape,
    found,
    list_of,
    map_of,
    message,
    structure,
    text,
)

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

# Messages users got from SageMaker, with the pattern of their day: (shape, request, message).
REPORTED: dict[str, tuple[Shape, Any, str]] = {
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


@pytest.mark.parametrize("name", REPORTED)
def test_a_reported_message_is_reproduced(name: str) -> None:
    shape, request, expected = REPORTED[name]
    assert message(shape, request) == expected


def test_an_older_message_has_the_same_two_errors_in_the_other_order() -> None:
    shape = structure(ModelName=text(max=63, pattern=OLD_NAME))
    assert set(found(shape, {"ModelName": TEMPLATE})) == {
        f"Value '{TEMPLATE}' at 'modelName' {LONG} 63",
        f"Value '{TEMPLATE}' at 'modelName' {MATCH} {OLD_NAME}",
    }
