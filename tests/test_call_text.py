"""Calls as boto3, AWS CLI and curl: each text makes the same call again."""

import subprocess
import sys
from typing import Any

import pytest
from botocore import xform_name

from fictions import create
from pasted_calls import (
    forget,
    journal,
    made_by_anybody,
    operated,
    run_shell,
    same,
    sent,
    texts,
    variables,
)
from sagemock import RunningServer
from sagemock.api.service_model import ServiceModel
from sagemock.call_text import FORMS, cased


def test_curl_makes_all_calls_again(server: RunningServer) -> None:
    made_by_anybody(server)
    operated(server, "DescribeModel", "1700000000", ModelName="m")
    operated(server, "ListModels", CreationTimeAfter=1_700_000_000.5)
    for body, target in ((b"{", "SageMaker.ListModels"), (b"{}", "SageMaker.Fly"), (b"1", "X.Y")):
        sent(server, body, **{"X-Amz-Target": target})
    sent(server, b"\xff")
    sent(server, b"1", "/endpoints/it/invocations-response-stream")
    sent(server, b"1,2", "/endpoints/it/nothing%20here")
    before = journal(server)
    forget(server)
    for text in texts(server, "curl", before):
        run_shell(text)
    assert list(map(same, journal(server))) == list(map(same, before))


def test_boto3_makes_all_calls_again(server: RunningServer) -> None:
    made_by_anybody(server)
    operated(server, "DescribeModel", "1700000000", ModelName="m")
    sent(server, b"1", "/endpoints/it/invocations-response-stream")
    before = journal(server)
    forget(server)
    program = "".join(
        f"try:\n{''.join(f'    {line}' for line in text.splitlines(keepends=True))}\n"
        "except ClientError as error:\n    print(error)\n"
        for text in texts(server, "boto3", before)
    )
    result = subprocess.run(
        [sys.executable, "-c", f"from botocore.exceptions import ClientError\n{program}"],
        env=variables(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    # boto3 sends an empty object where nothing was sent, and calls no unserved method otherwise.
    expected = [{**same(each), "Request": each["Request"] or {}} for each in before]
    assert list(map(same, journal(server))) == expected


GROUP = {
    "Number": 1,
    "Account": "210987654321",
    "Region": "eu-west-1",
    "Service": "sagemaker",
    "Operation": "CreateModelPackageGroup",
    "Status": 200,
    "Request": {"ModelPackageGroupName": "it's"},
}
INVOCATION = {
    **GROUP,
    "Service": "sagemaker-runtime",
    "Operation": "InvokeEndpoint",
    "Path": "/endpoints/it/invocations",
    "Headers": {"Content-Type": "text/csv"},
    "Request": {
        "EndpointName": "it",
        "ContentType": "text/csv",
        "Body": {"Size": 3, "Text": "1,2", "Base64": "MSwy"},
    },
}


@pytest.mark.parametrize(
    ("form", "call", "text"),
    [
        (
            "boto3",
            GROUP,
            """\
import boto3

client = boto3.client(
    'sagemaker',
    endpoint_url='http://localhost:4577',
    region_name='eu-west-1',
    aws_access_key_id='210987654321',
    aws_secret_access_key='test',
)
answer = client.create_model_package_group(**{'ModelPackageGroupName': "it's"})
print(answer)""",
        ),
        (
            "aws",
            GROUP,
            """\
AWS_ACCESS_KEY_ID=210987654321 AWS_SECRET_ACCESS_KEY=test \\
  aws sagemaker create-model-package-group \\
  --region eu-west-1 --endpoint-url http://localhost:4577 \\
  --cli-input-json '{"ModelPackageGroupName":"it'"'"'s"}'""",
        ),
        (
            "aws",
            INVOCATION,
            """\
printf %s 1,2 | AWS_ACCESS_KEY_ID=210987654321 AWS_SECRET_ACCESS_KEY=test \\
  aws sagemaker-runtime invoke-endpoint \\
  --region eu-west-1 --endpoint-url http://localhost:4577 \\
  --endpoint-name it \\
  --content-type text/csv \\
  --body fileb:///dev/stdin \\
  /dev/stdout""",
        ),
        (
            "curl",
            {**INVOCATION, "Headers": {}},
            """\
curl -sS http://localhost:4577/endpoints/it/invocations \\
  -H 'Authorization: AWS4-HMAC-SHA256 Credential=210987654321/20260101/eu-west-1/sagemaker/\
aws4_request, SignedHeaders=host, Signature=0' \\
  -H Content-Type: \\
  -H Accept: \\
  --data-raw 1,2""",
        ),
    ],
)
def test_a_call_is_code_to_paste(form: str, call: dict[str, Any], text: str) -> None:
    assert FORMS[form](call, "http://localhost:4577") == text


@pytest.mark.parametrize(
    ("form", "asked", "said"),
    [
        ("boto3", (b"{", "ListModels"), "# boto3 cannot make call 1 again (its body is no JSON ob"),
        ("aws", (b"{", "ListModels"), "# The AWS CLI cannot make call 1 again (its body is no JS"),
        ("boto3", (b"{}", "Fly"), "# boto3 cannot make call 1 again (there is no such operation"),
        ("boto3", (b"[]", "ListModels"), "# boto3 cannot make call 1 again (its body is no JSON "),
        ("curl", (b"x" * 70_000, "ListModels"), "# Call 1 is too long: only the first 65536 byte"),
    ],
)
def test_what_a_client_cannot_send_is_a_comment(
    server: RunningServer, form: str, asked: tuple[bytes, str], said: str
) -> None:
    body, operation = asked
    sent(server, body, **{"X-Amz-Target": f"SageMaker.{operation}"})
    (text,) = texts(server, form, journal(server))
    assert text.startswith(said)
    assert "\n" not in text


@pytest.mark.parametrize("form", ["boto3", "aws", "curl"])
def test_what_was_refused_before_it_was_read_is_a_comment(server: RunningServer, form: str) -> None:
    sent(server, b"{}", **{"X-Amz-Target": "SageMaker.ListModels", "Origin": "http://evil.example"})
    (text,) = texts(server, form, journal(server))
    assert text == (
        "# Call 1 was refused before its body was read: there is nothing to send again."
    )


def test_the_aws_cli_knows_no_streams_and_sends_no_time(server: RunningServer) -> None:
    create(server.service, "it")
    sent(server, b"1", "/endpoints/it/invocations-response-stream")
    operated(server, "DescribeModel", "1700000000", ModelName="m")
    told = "# The AWS CLI cannot make call {} again ({}); curl can."
    assert texts(server, "aws", journal(server)) == [
        told.format(1, "it has no InvokeEndpointWithResponseStream"),
        told.format(2, "it sends no x-sagemock-as-of"),
    ]


@pytest.mark.parametrize("service_name", ["sagemaker", "sagemaker-runtime"])
def test_names_are_cased_as_the_clients_have_them(service_name: str) -> None:
    model = ServiceModel.installed(service_name)
    names = list(model.operation_names())
    if service_name == "sagemaker-runtime":
        # The options of the AWS CLI.
        names += model.shapes["InvokeEndpointInput"]["members"]
    for between in "_-":
        assert [cased(each, between) for each in names] == [
            xform_name(each, between) for each in names
        ]
