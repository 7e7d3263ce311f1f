"""Seeds as they are read: from YAML and JSON, and what is said of files that cannot be planted."""

import json
import textwrap
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conftest import FIXTURES
from sagemock.api.service_model import ServiceModel
from sagemock.seed_schema import seed_schema
from sagemock.seeds import SeedError, read_seed
from seeding import POLICY

VERSION = "groups:\n- ModelPackageGroupName: churn\n  versions:\n  - "
GROUP = "groups:\n- ModelPackageGroupName: churn\n  "

# What a file says, and what is said of it; {…} stands for what is long.
WRONG: dict[str, tuple[str, str]] = {
    "nothing": ("", "line 1: nothing stands where an object must be; the lines that belong to it"),
    "a list": ("[]", "line 1: a list stands where an object must be."),
    "a key nobody knows": ("group: []", "line 1, group: 'group' is not known, perhaps groups is"),
    "an account without quotes": (
        "\naccount: 123456789012",
        "line 2, account: 123456789012 stands where text must be; put it in quotes.",
    ),
    "a short account": ("account: '12'", "line 1, account: '12' is not an account of 12 digits."),
    "a region": ("region: EU", "line 1, region: 'EU' is not a region such as eu-west-1."),
    "a group without a name": (
        "groups:\n- Tags: {}",
        "line 2, groups[0]: ModelPackageGroupName must be given.",
    ),
    "a member nobody knows": (
        f"{VERSION}ModelAprovalStatus: Approved",
        (
            "line 4, groups[0].versions[0].ModelAprovalStatus: 'ModelAprovalStatus' is not known, "
            "perhaps ModelApprovalStatus is meant; known are "
        ),
    ),
    "a member deep inside": (
        f"{VERSION}InferenceSpecification:\n      Containers:\n      - Imag: x",
        (
            "line 6, groups[0].versions[0].InferenceSpecification.Containers[0].Imag: 'Imag' is "
            "not known, perhaps Image is meant; known are "
        ),
    ),
    "a word nobody knows": (
        f"{VERSION}ModelApprovalStatus: approved",
        (
            "line 4, groups[0].versions[0].ModelApprovalStatus: 'approved' is not known, perhaps "
            "Approved is meant; known are Approved, Rejected and PendingManualApproval."
        ),
    ),
    "a wrong type": (
        f"{VERSION}CertifyForMarketplace: 'yes'",
        "line 4, groups[0].versions[0].CertifyForMarketplace: 'yes' stands where true or false",
    ),
    "a number where text must be": (
        f"{VERSION}CustomerMetadataProperties:\n      epochs: 7",
        (
            "line 5, groups[0].versions[0].CustomerMetadataProperties.epochs: 7 stands where text "
            "must be; put it in quotes."
        ),
    ),
    "too long": (
        f"{GROUP}ModelPackageGroupDescription: {'x' * 1025}",
        "line 3, groups[0].ModelPackageGroupDescription: it can have 1024 characters at most.",
    ),
    "an empty list": (
        f"{VERSION}InferenceSpecification: {{Containers: []}}",
        "line 4, groups[0].versions[0].InferenceSpecification.Containers: it must have 1 at least.",
    ),
    "the key of a tag": (
        f"{GROUP}Tags: {{'': x}}",
        "line 3, groups[0].Tags.: as a key, it must have 1 characters at least.",
    ),
    "what Describe shows besides": (
        f"{VERSION}CreationTime: 2026-01-31",
        "line 4, groups[0].versions[0].CreationTime: AWS sets CreationTime itself; take it out.",
    ),
    "the ARN of a version": (
        f"{VERSION}ModelPackageArn: arn:aws:x",
        "line 4, groups[0].versions[0].ModelPackageArn: AWS sets ModelPackageArn itself; take",
    ),
    "the number of a version": (
        f"{VERSION}ModelPackageVersion: 1",
        (
            "line 4, groups[0].versions[0].ModelPackageVersion: ModelPackageVersion cannot stand "
            "here: versions are numbered in the order of the list."
        ),
    ),
    "tags of a version": (
        f"{VERSION}Tags: {{}}",
        "line 4, groups[0].versions[0].Tags: Tags cannot stand here: versions have no tags, give",
    ),
    "a package that is approved": (
        "packages:\n- ModelPackageName: market\n  ModelApprovalStatus: Approved",
        "line 3, packages[0].ModelApprovalStatus: ModelApprovalStatus cannot stand here: an",
    ),
    "a name that breaks a pattern": (
        "groups:\n- ModelPackageGroupName: not_so",
        (
            "line 2, groups[0].ModelPackageGroupName: Value 'not_so' at 'modelPackageGroupName' "
            "failed to satisfy constraint: Member must satisfy regular expression pattern: "
        ),
    ),
    "a pattern deep inside": (
        (
            f"{VERSION}ModelMetrics:\n      Bias:\n        Report:\n          ContentType: x\n"
            "          S3Uri: nowhere"
        ),
        "line 8, groups[0].versions[0].ModelMetrics.Bias.Report.S3Uri: Value 'nowhere' at ",
    ),
    "a pattern in a list": (
        f"{VERSION}InferenceSpecification:\n     Containers:\n     - Image: a\n     - Image: ' '",
        "line 7, groups[0].versions[0].InferenceSpecification.Containers[1].Image: Value ' ' at ",
    ),
    "a tag of a map that breaks a pattern": (
        f"{GROUP}Tags:\n    a: b\n    c: '!'",
        "line 5, groups[0].Tags.c: Value '!' at 'tags.2.member.value' failed to satisfy",
    ),
    "a tag of a list that breaks a pattern": (
        f"{GROUP}Tags:\n  - Key: a\n    Value: '!'",
        "line 5, groups[0].Tags[0].Value: Value '!' at 'tags.1.member.value' failed to satisfy",
    ),
    "a name twice": (
        "groups:\n- ModelPackageGroupName: churn\n- ModelPackageGroupName: Churn",
        "line 3, groups[1].ModelPackageGroupName: Churn stands at line 2 already.",
    ),
    "a tag twice": (
        f"{GROUP}Tags: [{{Key: a, Value: b}}, {{Key: a, Value: c}}]",
        "line 3, groups[0].Tags: Tag key 'a' is given more than once.",
    ),
    "a card that is none": (
        f"{VERSION}ModelCard:\n      ModelCardContent: {{model_overvew: {{}}}}",
        "line 4, groups[0].versions[0].ModelCard: Model card content does not follow the model",
    ),
    "a specification that AWS refuses": (
        f"{VERSION}InferenceSpecification: {{Containers: [{{Image: a}}]}}\n    SourceUri: s3://a",
        "line 4, groups[0].versions[0]: SourceUri and InferenceSpecification cannot both be",
    ),
    "additional specifications of one name": (
        (
            f"{VERSION}AdditionalInferenceSpecifications:\n"
            "    - {Name: a, Containers: [{Image: a}]}\n    - {Name: a, Containers: [{Image: b}]}"
        ),
        (
            "line 4, groups[0].versions[0].AdditionalInferenceSpecifications: "
            "AdditionalInferenceSpecification with name a is given more than once."
        ),
    ),
    "no YAML": ("groups:\n- [", "it is no YAML that can be read: "),
    "a key twice": (
        "groups: []\ngroups: []",
        "the key 'groups' stands twice in one mapping (line 2",
    ),
    "what is no text": ("groups: []\n\x00", "it is no YAML that can be read: "),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_with_file_and_line(
    what: str, model: ServiceModel, tmp_path: Path
) -> None:
    text, said = WRONG[what]
    path = tmp_path / "seed.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SeedError) as refused:
        read_seed(path, model)
    assert str(refused.value).startswith(f"The seed {path} cannot be planted: ")
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")


WRONG_JSON: dict[str, tuple[str, str]] = {
    "a member deep inside": (
        '{\t"groups": [\n\t{\t"ModelPackageGroupName": "a",\n"versions": [{}, {\n"Domain":\n7}]}]}',
        "line 4, groups[0].versions[1].Domain: 7 stands where text must be; put it in quotes.",
    ),
    "an element": ('{"groups":\n[\n7]}', "line 3, groups[0]: 7 stands where an object must be."),
    "a brace in a text": (
        '{"account": "{[,\\"",\n"region": 7}',
        "line 1, account: '{[,\"' is not an account of 12 digits.",
    ),
    "a key twice": (
        '{"groups": [],\n"packages": [],\n"groups": []}',
        "it is no JSON that can be read: the key 'groups' stands twice in one object (line 3).",
    ),
    "no JSON": ("{\n'groups': []}", "it is no JSON that can be read: Expecting property name"),
    "no number": ('{"groups": NaN}', "it is no JSON that can be read: NaN is no JSON."),
    "too deep": ("[" * 200 + "]" * 200, "it is no JSON that can be read: the document nests too"),
    "much too deep": ("[" * 10**5, "it is no JSON that can be read: the document nests too deep."),
}


@pytest.mark.parametrize("what", WRONG_JSON)
def test_what_is_wrong_in_json_is_told_with_its_line_too(
    what: str, model: ServiceModel, tmp_path: Path
) -> None:
    text, said = WRONG_JSON[what]
    path = tmp_path / "seed.json"
    path.write_text(text, "utf-8")
    with pytest.raises(SeedError) as refused:
        read_seed(path, model)
    assert said in str(refused.value)


def test_json_may_have_tabs_and_characters_of_two_escapes(
    model: ServiceModel, tmp_path: Path
) -> None:
    path = tmp_path / "seed.JSON"
    text = (
        '{\t"packages": [{"ModelPackageName": "a", "ModelPackageDescription": "\\ud83e\\udd16"}]}'
    )
    path.write_text(text, "utf-8")
    (package,) = read_seed(path, model).document.content["packages"]
    assert package["ModelPackageDescription"] == "\N{ROBOT FACE}"


def test_the_example_says_the_same_in_json(model: ServiceModel, tmp_path: Path) -> None:
    seed = read_seed(FIXTURES / "seeds" / "churn.yaml", model)
    path = tmp_path / "churn.json"
    path.write_text(json.dumps(seed.document.content), "utf-8")
    again = read_seed(path, model)
    assert again.document.content == seed.document.content
    assert (again.account, again.region) == ("210987654321", "eu-west-1")


def test_json_on_several_lines_becomes_the_one_line_that_aws_takes(
    model: ServiceModel, tmp_path: Path
) -> None:
    path = tmp_path / "seed.yaml"
    policy = json.dumps({"Statement": POLICY["Statement"]}, indent=2)
    path.write_text(f"{GROUP}ResourcePolicy: |\n{textwrap.indent(policy, ' ' * 4)}\n", "utf-8")
    (group,) = read_seed(path, model).document.content["groups"]
    assert group["ResourcePolicy"] == json.dumps({"Statement": POLICY["Statement"]})


def test_the_content_of_a_card_is_not_repeated(model: ServiceModel, tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text(f"{VERSION}ModelCard: {{ModelCardContent: [secret]}}", "utf-8")
    with pytest.raises(SeedError) as refused:
        read_seed(path, model)
    assert "secret" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_told(model: ServiceModel, tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    said = f"The seed {path} cannot be planted: it cannot be read: No such file or directory."
    with pytest.raises(SeedError) as refused:
        read_seed(path, model)
    assert str(refused.value) == said


def test_bytes_that_are_no_text_are_told_with_their_line(
    model: ServiceModel, tmp_path: Path
) -> None:
    path = tmp_path / "seed.yaml"
    path.write_bytes(b"groups: []\n# \xff")
    with pytest.raises(SeedError, match="line 2: it is no UTF-8 at byte 13"):
        read_seed(path, model)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    model: ServiceModel, tmp_path: Path
) -> None:
    path = tmp_path / "seed.yaml"
    path.write_bytes(b"#" * (8 * 1024 * 1024 + 1))
    with pytest.raises(SeedError, match="it has more than 8388608 bytes; make two of it"):
        read_seed(path, model)


def test_the_schema_is_a_schema(model: ServiceModel) -> None:
    jsonschema.Draft202012Validator.check_schema(seed_schema(model))


def test_versions_have_the_members_of_the_installed_service_model(model: ServiceModel) -> None:
    shapes: Any = model.shapes
    created = set(shapes["CreateModelPackageInput"]["members"])
    updated = {"ApprovalDescription"}
    elsewhere = {"ModelPackageName", "ModelPackageGroupName", "Tags", "ClientToken"}
    version = seed_schema(model)["$defs"]["version"]["properties"]
    assert set(version) == (created | updated) - elsewhere
