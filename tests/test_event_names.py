"""The names that an event pattern asks for, under which its sample events are made."""

from dataclasses import replace
from typing import Any

import pytest

from sagemock.event_names import Names, names_in

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:"
IRELAND = Names(account="111122223333", region="eu-west-1")


def in_detail(**members: list[Any]) -> dict[str, Any]:
    return {"source": ["aws.sagemaker"], "detail": members}


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ({"source": ["aws.sagemaker"]}, Names()),
        (in_detail(ModelPackageGroupName=["fraud-2"]), Names(group="fraud-2")),
        (in_detail(ModelPackageGroupName=["not a name", "fraud"]), Names(group="fraud")),
        ({"detail.ModelPackageGroupName": ["fraud"]}, Names(group="fraud")),
        (in_detail(EndpointName=["e"], EndpointConfigName=["c"]), Names(endpoint="e", config="c")),
        (in_detail(ModelName=["m"]), Names(model="m")),
        ({"detail": {"ModelLifeCycle": {"Stage": ["QA"]}}}, Names(stage="QA")),
        (
            {"detail": {"ModelLifeCycle": {"StageStatus": ["Retired"]}}},
            Names(stage_status="Retired"),
        ),
        ({"account": ["111122223333"], "region": ["eu-west-1"]}, IRELAND),
        ({"account": ["mine"], "region": ["Ireland"]}, Names()),
        ({"region": ["xx-no-1", "eu-west-1"]}, Names(region="eu-west-1")),
        # In ARNs.
        ({"resources": [f"{ARN}model-package/fraud/3"]}, replace(IRELAND, group="fraud")),
        ({"resources": [f"{ARN}endpoint/e"]}, replace(IRELAND, endpoint="e")),
        ({"resources": [f"{ARN}endpoint-config/c"]}, replace(IRELAND, config="c")),
        ({"resources": [f"{ARN}model/m"]}, replace(IRELAND, model="m")),
        (
            in_detail(ModelPackageArn=[{"prefix": f"{ARN}model-package/fraud/"}]),
            replace(IRELAND, group="fraud"),
        ),
        (
            {"resources": [{"wildcard": f"{ARN}model-package/fraud-*/2"}]},
            replace(IRELAND, group="fraud-x"),
        ),
        (
            {"resources": [{"wildcard": "arn:aws:sagemaker:*:*:model-package/*"}]},
            Names(),
        ),
        ({"resources": [{"suffix": "model-package/fraud/1"}]}, Names(group="fraud")),
        # By matchers.
        (in_detail(ModelPackageGroupName=[{"prefix": "fraud"}]), Names(group="fraud")),
        (in_detail(ModelPackageGroupName=[{"prefix": "fraud-"}]), Names(group="fraud-x")),
        (in_detail(ModelPackageGroupName=[{"suffix": "-eu"}]), Names(group="x-eu")),
        (in_detail(ModelPackageGroupName=[{"wildcard": "team-*-eu"}]), Names(group="team-x-eu")),
        (in_detail(ModelPackageGroupName=[{"equals-ignore-case": "Fraud"}]), Names(group="Fraud")),
        (
            in_detail(ModelPackageGroupName=[{"prefix": {"equals-ignore-case": "Fraud-"}}]),
            Names(group="Fraud-x"),
        ),
        (in_detail(ModelPackageGroupName=[{"exists": True}]), Names()),
        (in_detail(ModelPackageGroupName=[{"anything-but": ["fraud"]}]), Names()),
        # The usual name is one that it does not take.
        (in_detail(ModelPackageGroupName=[{"anything-but": ["churn"]}]), Names(group="fraud")),
        ({"account": [{"anything-but": ["123456789012"]}]}, Names(account="111122223333")),
        ({"region": [{"prefix": "eu-"}]}, Names(region="eu-west-1")),
        # Among alternatives.
        (
            {"detail": {"$or": [{"ModelPackageGroupName": ["a"]}, {"EndpointName": ["b"]}]}},
            Names(group="a", endpoint="b"),
        ),
    ],
)
def test_the_names_are_those_that_the_pattern_takes(pattern: dict[str, Any], names: Names) -> None:
    assert names_in(pattern) == names
