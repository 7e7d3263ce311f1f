"""ARNs: the grammar, and the partition a region lies in."""

import pytest

from sagemock.arn import Arn, partition_of

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("eu-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("ca-central-1", "aws"),
        ("local", "aws"),
    ],
)
def test_a_region_lies_in_a_partition(region: str, partition: str) -> None:
    assert partition_of(region) == partition
    arn = Arn(region=region, account=ACCOUNT, type="model-package-group", name="g")
    assert str(arn) == f"arn:{partition}:sagemaker:{region}:{ACCOUNT}:model-package-group/g"


def test_a_version_has_its_number_behind_the_name() -> None:
    arn = Arn(region="us-east-1", account=ACCOUNT, type="model-package", name="Group", number=12)
    assert str(arn) == f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/Group/12"


def test_what_has_no_versions_has_no_number() -> None:
    arn = Arn(region="us-east-1", account=ACCOUNT, type="model-package", name="name")
    assert str(arn) == f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/name"


def test_a_partition_given_is_kept() -> None:
    arn = Arn("us-east-1", ACCOUNT, "model-package", "n", partition="aws-cn")
    assert str(arn).startswith("arn:aws-cn:sagemaker:us-east-1:")


def test_an_arn_is_taken_apart() -> None:
    text = f"arn:aws-us-gov:sagemaker:us-gov-west-1:{ACCOUNT}:model-package/My-Group/3"
    assert Arn.parse(text) == Arn(
        region="us-gov-west-1",
        account=ACCOUNT,
        type="model-package",
        name="My-Group",
        number=3,
        partition="aws-us-gov",
    )


@pytest.mark.parametrize(
    "text",
    [
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/1",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/999999999",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/name",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/7",
        f"arn:aws-cn:sagemaker:us-east-1:{ACCOUNT}:model-package-group/Case",
        f"arn:aws-iso-b:sagemaker::{ACCOUNT}:x/ü_.~",
    ],
)
def test_an_arn_taken_apart_is_put_together_again(text: str) -> None:
    assert str(Arn.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "group",
        "group/1",
        "arn:",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/0",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/01",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/one",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/٣",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/-1",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/1000000000",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group/1/2",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group\n",
        f" arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group",
        f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:Model-Package/group",
        f"arn:aws:sagemaker:US-EAST-1:{ACCOUNT}:model-package/group",
        "arn:aws:sagemaker:us-east-1:12345678901:model-package/group",
        "arn:aws:sagemaker:us-east-1:1234567890123:model-package/group",
        "arn:aws:sagemaker:us-east-1:12345678901٣:model-package/group",
        f"arn:gcp:sagemaker:us-east-1:{ACCOUNT}:model-package/group",
        f"arn:aws1:sagemaker:us-east-1:{ACCOUNT}:model-package/group",
        f"arn:aws:s3:us-east-1:{ACCOUNT}:model-package/group",
        f"ARN:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/group",
    ],
)
def test_what_is_no_arn_of_sagemaker_is_none(text: str) -> None:
    assert Arn.parse(text) is None
