"""Apps as objects: two in one process, nothing global, nothing heavy imported for nothing."""

import os
import subprocess
import sys
from pathlib import Path

from flask import Flask

from conftest import TickingClock
from fictions import create
from sagemock import Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel

CREATE = {"X-Amz-Target": "SageMaker.CreateModelPackageGroup"}
LIST = {"X-Amz-Target": "SageMaker.ListModelPackageGroups"}


def groups(app: Flask) -> int:
    answer = app.test_client().post("/", json={}, headers=LIST)
    return len(answer.get_json(force=True)["ModelPackageGroupSummaryList"])


def test_two_apps_live_in_one_process(model: ServiceModel) -> None:
    services = [create_service(Settings(db=":memory:"), model=model) for _ in range(2)]
    first, second = (create_app(service=service) for service in services)
    body = {"ModelPackageGroupName": "g"}
    first.test_client().post("/", json=body, headers=CREATE)
    assert (groups(first), groups(second)) == (1, 0)
    for service in services:
        service.close()


def test_an_app_makes_the_service_it_is_not_given() -> None:
    app = create_app(Settings(db=":memory:", region="eu-west-1"))
    answer = app.test_client().post("/", json={"ModelPackageGroupName": "g"}, headers=CREATE)
    arn = answer.get_json(force=True)["ModelPackageGroupArn"]
    assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/g"
    app.extensions["sagemock"].close()


def test_times_are_the_given_clocks(model: ServiceModel) -> None:
    clock = TickingClock(start=999.0)
    service = create_service(Settings(db=":memory:"), model=model, clock=clock)
    client = create_app(service=service).test_client()
    client.post("/", json={"ModelPackageGroupName": "g"}, headers=CREATE)
    answer = client.post("/", json={}, headers=LIST).get_json(force=True)
    assert answer["ModelPackageGroupSummaryList"][0]["CreationTime"] == 1000.0
    service.close()


def test_serving_imports_neither_boto3_nor_botocore_nor_jsonschema() -> None:
    program = """
import sys
from sagemock import create_app, Settings
app = create_app(Settings(db=":memory:"))
headers = {"X-Amz-Target": "SageMaker.CreateModelPackageGroup"}
answer = app.test_client().post("/", json={"ModelPackageGroupName": "g"}, headers=headers)
assert answer.status_code == 200
print([name for name in ("boto3", "botocore", "jsonschema", "waitress") if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_a_server_answers_its_first_calls_without_what_few_calls_need() -> None:
    program = """
import socket, sys
before = set(sys.modules)
import sagemock
with sagemock.running() as server:
    for operation in ("Create", "Describe"):
        with socket.socket() as client:
            client.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
            client.sendall(
                b"POST / HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 29\\r\\n"
                b"X-Amz-Target: SageMaker.%sModelPackageGroup\\r\\n\\r\\n"
                b'{"ModelPackageGroupName":"g"}' % operation.encode()
            )
            assert client.recv(12) == b"HTTP/1.1 200"
# The resolver would import encodings.idna: nothing is looked up to listen.
slow = {"regex", "flask", "jsonschema", "yaml", "gzip", "importlib.resources", "encodings.idna"}
print(sorted(slow & set(sys.modules) - before))
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "[]\n"


def test_a_fiction_is_deployed_and_answers_without_what_runs_models() -> None:
    program = """
import sys
from fictions import create
from sagemock import create_app, create_service, Settings
service = create_service(Settings(db=":memory:"))
assert create(service, "it")["EndpointStatus"] == "InService"
answer = create_app(service=service).test_client().post("/endpoints/it/invocations", data=b"1")
assert answer.status_code == 200, answer.data
service.close()
names = ("boto3", "botocore", "jsonschema", "tarfile", "subprocess", "sagemock.serving.process")
print([name for name in names if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    assert result.stdout == "[]\n"


def test_the_endpoints_of_two_apps_are_two(model: ServiceModel) -> None:
    services = [create_service(Settings(db=":memory:"), model=model) for _ in range(2)]
    first, second = (create_app(service=service).test_client() for service in services)
    create(services[0], "it")
    services[0].canned.add({"reply": {"body": "of the first"}})
    assert first.post("/endpoints/it/invocations", data=b"1").data == b"of the first"
    assert second.post("/endpoints/it/invocations", data=b"1").status_code == 400
    create(services[1], "it")
    assert b"nothing real runs" in second.post("/endpoints/it/invocations", data=b"1").data
    for service in services:
        service.close()


def test_a_closed_service_leaves_no_folder_of_its_fleets(
    model: ServiceModel, tmp_path: Path
) -> None:
    service = create_service(Settings(db=tmp_path / "registry.db"), model=model)
    create(service, "it")
    service.close()
    assert not [each for each in tmp_path.rglob("*") if each.is_dir() and "it" in each.name]


def test_importing_the_package_imports_no_flask() -> None:
    program = "import sys, sagemock; print('flask' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


def test_a_name_the_package_does_not_have_is_an_attribute_error() -> None:
    import sagemock  # noqa: PLC0415 - the module itself is looked at

    assert not hasattr(sagemock, "Model")
