"""The service model: the installed one's facts, and small ones written for the test."""

import gzip
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sagemock.api.service_model import ServiceModel
from sagemock.operation import Call, Members, Operation


def write_model(folder: Path, *, packed: bool = False, **content: Any) -> ServiceModel:
    """A model of these operations and shapes, read back from a folder as botocore lays it out."""
    model = {
        "metadata": {"targetPrefix": "Small"},
        "operations": content.get("operations", {}),
        "shapes": content.get("shapes", {}),
    }
    files = {
        "service-2.json": model,
        "paginators-1.json": {"pagination": content.get("pagination", {})},
    }
    for name, each in files.items():
        raw = json.dumps(each).encode()
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(raw) if packed else raw)
    return ServiceModel(folder)


def token_of(model: ServiceModel, name: str) -> str | None:
    return operation_of(model, name).token_member


def operation_of(model: ServiceModel, name: str) -> Operation:
    operation = model.operation(name)
    assert operation is not None
    return operation


def rule(_: Call, __: Members) -> Members:
    return {}


def test_the_facts_of_an_operation_come_from_the_model(model: ServiceModel) -> None:
    assert operation_of(model, "ListModelPackages") == Operation(
        name="ListModelPackages",
        input="ListModelPackagesInput",
        output="ListModelPackagesOutput",
        reads=True,
        result_member="ModelPackageSummaryList",
        token_member=None,
    )


def test_an_operation_without_an_answer_has_no_output_shape(model: ServiceModel) -> None:
    assert operation_of(model, "DeleteModelPackage").output is None


def test_an_operation_nobody_knows_is_none(model: ServiceModel) -> None:
    assert model.operation("CreateModelPackages") is None
    assert model.operation("createmodelpackage") is None


def test_an_operation_is_worked_out_once(model: ServiceModel) -> None:
    assert model.operation("AddTags") is model.operation("AddTags")


def test_the_target_prefix_is_the_services(model: ServiceModel) -> None:
    assert model.target_prefix == "SageMaker"


def test_all_operations_are_named_in_the_models_order(model: ServiceModel) -> None:
    names = list(model.operation_names())
    assert len(names) >= 425
    assert names[0] == "AddAssociation"
    assert {"CreateModelPackage", "ListModelMetadata"} < set(names)


def test_every_operation_of_the_installed_model_has_its_facts(model: ServiceModel) -> None:
    for name in model.operation_names():
        operation = operation_of(model, name)
        assert operation.name == name
        assert operation.input is None or operation.input in model.shapes
        assert operation.output is None or operation.output in model.shapes
        if operation.result_member is not None and operation.output is not None:
            assert operation.result_member in model.shapes[operation.output]["members"]


@pytest.mark.parametrize(
    "name",
    [
        "DescribeModelPackage",
        "BatchDescribeModelPackage",
        "ListTags",
        "GetModelPackageGroupPolicy",
        "Search",
        "SearchTrainingPlanOfferings",
        "QueryLineage",
    ],
)
def test_an_operation_reads_that_begins_with_a_reading_verb(model: ServiceModel, name: str) -> None:
    assert operation_of(model, name).reads


@pytest.mark.parametrize(
    "name",
    [
        "CreateModelPackageGroup",
        "UpdateModelPackage",
        "PutModelPackageGroupPolicy",
        "DeleteTags",
        "AddTags",
        "StopTrainingJob",
        "BatchDeleteClusterNodes",
    ],
)
def test_every_other_operation_writes(model: ServiceModel, name: str) -> None:
    assert not operation_of(model, name).reads


def test_a_reading_verb_is_a_whole_word(tmp_path: Path) -> None:
    model = write_model(tmp_path, operations={"Listen": {}, "GetawayCar": {}, "List": {}})
    assert not operation_of(model, "Listen").reads
    assert not operation_of(model, "GetawayCar").reads
    assert operation_of(model, "List").reads


def test_the_idempotency_token_is_known_by_its_trait(model: ServiceModel) -> None:
    assert token_of(model, "CreateModelPackage") == "ClientToken"
    assert token_of(model, "CreatePipeline") == "ClientRequestToken"


def test_a_client_token_without_the_trait_is_one_too(model: ServiceModel) -> None:
    member = model.shapes["UpdateModelPackageInput"]["members"]["ClientToken"]
    assert "idempotencyToken" not in member
    assert token_of(model, "UpdateModelPackage") == "ClientToken"


def test_the_trait_goes_before_the_name(tmp_path: Path) -> None:
    members = {"ClientToken": {"shape": "S"}, "Other": {"shape": "S", "idempotencyToken": True}}
    model = write_model(
        tmp_path,
        operations={"Create": {"input": {"shape": "CreateInput"}}},
        shapes={"CreateInput": {"type": "structure", "members": members}},
    )
    assert token_of(model, "Create") == "Other"


def test_an_operation_without_input_has_no_token(tmp_path: Path) -> None:
    model = write_model(tmp_path, operations={"Ping": {}})
    assert operation_of(model, "Ping") == Operation("Ping", None, None, False, None, None)  # noqa: FBT003


@pytest.mark.parametrize(
    "code",
    [
        "ConflictException",
        "ResourceInUse",
        "ResourceLimitExceeded",
        "ResourceNotFound",
    ],
)
def test_a_modelled_error_says_message_with_a_capital(model: ServiceModel, code: str) -> None:
    assert model.message_member(code) == "Message"


@pytest.mark.parametrize(
    "code",
    [
        "ValidationException",
        "SerializationException",
        "AccessDeniedException",
        "InternalFailure",
        "UnknownOperationException",
    ],
)
def test_any_other_error_says_message_without(model: ServiceModel, code: str) -> None:
    assert model.message_member(code) == "message"


def test_a_shape_that_is_no_error_gives_no_message_member(model: ServiceModel) -> None:
    assert model.message_member("ModelPackage") == "message"


def test_rules_are_matched_to_operations_whatever_the_case(model: ServiceModel) -> None:
    assert model.match_rules({"createmodelpackage": rule}) == {"CreateModelPackage": rule}


def test_a_rule_for_no_operation_is_refused_by_name(model: ServiceModel) -> None:
    rules = {"createmodelpackage": rule, "makepackage": rule, "addlabels": rule}
    with pytest.raises(LookupError, match=r"no operation of the service: addlabels, makepackage$"):
        model.match_rules(rules)


def test_a_gzipped_model_is_read_as_a_plain_one(tmp_path: Path) -> None:
    content: dict[str, Any] = {
        "operations": {"ListThings": {"input": {"shape": "ListInput"}}},
        "shapes": {"ListInput": {"type": "structure", "members": {}}},
        "pagination": {"ListThings": {"result_key": "Things"}},
    }
    for packed in (False, True):
        folder = tmp_path / str(packed)
        folder.mkdir()
        model = write_model(folder, packed=packed, **content)
        assert operation_of(model, "ListThings").result_member == "Things"
        assert model.target_prefix == "Small"


def test_the_newest_version_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("2017-07-24", "2031-01-01", "2019-01-01"):
        folder = tmp_path / "botocore" / "data" / "small" / version
        folder.mkdir(parents=True)
        write_model(folder, operations={f"Get{version[:4]}": {}})
    (tmp_path / "botocore" / "__init__.py").touch()
    (tmp_path / "botocore" / "data" / "small" / "a_file_beside_them").touch()
    spec = importlib.util.spec_from_file_location(
        "botocore",
        tmp_path / "botocore" / "__init__.py",
        submodule_search_locations=[str(tmp_path / "botocore")],
    )
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    assert list(ServiceModel.installed("small").operation_names()) == ["Get2031"]


def test_a_missing_botocore_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match="botocore is not installed"):
        ServiceModel.installed()


def test_reading_the_model_does_not_import_botocore() -> None:
    program = (
        "import sys; from sagemock.api.service_model import ServiceModel; "
        "ServiceModel.installed().operation('AddTags'); print('botocore' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"
