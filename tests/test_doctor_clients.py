"""What the doctor says of variables and the AWS config: where clients call, and as whom."""

import subprocess
from pathlib import Path

import pytest

from command_line import COMMAND
from sagemock.doctor_clients import ClientView, client_findings

URL = "http://127.0.0.1:4577"
GOOD = {
    "AWS_ENDPOINT_URL_SAGEMAKER": URL,
    "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": URL,
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "very",
    "AWS_SECRET_ACCESS_KEY": "s3cret",
}
PROFILE = """\
[profile local]
region = us-east-1
aws_access_key_id = very
aws_secret_access_key = s3cret
services = mine
[services mine]
sagemaker =
  endpoint_url = http://127.0.0.1:4577
sagemaker_runtime =
  endpoint_url = http://127.0.0.1:4577/
"""


def clients(
    home: Path, variables: dict[str, str], url: str | None = None
) -> dict[str, tuple[str, str]]:
    """What is said of clients: for each check the verdict and the sentence."""
    found = client_findings(ClientView.of(variables, home), url)
    return {each.check: (each.verdict, each.told) for each in found}


def at(url: str) -> dict[str, str]:
    return {name: url if value == URL else value for name, value in GOOD.items()}


def not_ok(findings: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {check: found for check, found in findings.items() if found[0] != "ok"}


def test_a_profile_of_the_aws_config_is_enough(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(PROFILE)
    source = "[services mine] of the AWS config sends clients of"
    assert clients(tmp_path, {"AWS_PROFILE": "local"}) == {
        "profile": ("ok", "The profile 'local' is there."),
        "AWS_ENDPOINT_URL_SAGEMAKER": ("ok", f"{source} SageMaker to {URL}."),
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": ("ok", f"{source} SageMaker Runtime to {URL}/."),
        "region": ("ok", "Clients work in us-east-1."),
        "credentials": ("ok", "There are credentials in the profile; any will do."),
    }


@pytest.mark.parametrize(
    ("variables", "check", "verdict", "told"),
    [
        (
            {"AWS_ENDPOINT_URL_SAGEMAKER": ""},
            "AWS_ENDPOINT_URL_SAGEMAKER",
            "wrong",
            (
                "AWS_ENDPOINT_URL_SAGEMAKER is not set: clients of SageMaker that are given no"
                " endpoint_url call AWS."
            ),
        ),
        (
            {"AWS_ENDPOINT_URL_SAGEMAKER": "127.0.0.1:4577"},
            "AWS_ENDPOINT_URL_SAGEMAKER",
            "wrong",
            (
                "AWS_ENDPOINT_URL_SAGEMAKER is no address like http://127.0.0.1:4577:"
                " '127.0.0.1:4577'."
            ),
        ),
        (
            {"AWS_ENDPOINT_URL_SAGEMAKER": "http://me:pass@h:1"},
            "AWS_ENDPOINT_URL_SAGEMAKER",
            "wrong",
            "AWS_ENDPOINT_URL_SAGEMAKER is no address like http://127.0.0.1:4577: 'h:1'.",
        ),
        (
            {"AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "http://other:1"},
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME",
            "warning",
            (
                "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME sends clients of SageMaker Runtime to"
                f" http://other:1, those of SageMaker go to {URL}."
            ),
        ),
        (
            {"AWS_ENDPOINT_URL": URL},
            "AWS_ENDPOINT_URL",
            "warning",
            "AWS_ENDPOINT_URL sends every service there, S3 too; sagemock serves only SageMaker.",
        ),
        (
            {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"},
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            "wrong",
            (
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS makes clients ignore every endpoint that is"
                " set: they call AWS."
            ),
        ),
        (
            {"AWS_PROFILE": "prod"},
            "profile",
            "wrong",
            "AWS_PROFILE names the profile 'prod', and there is none of that name.",
        ),
        (
            {"AWS_DEFAULT_REGION": "", "AWS_REGION": ""},
            "region",
            "wrong",
            "There is no region: AWS_DEFAULT_REGION is not set, nor has the profile one.",
        ),
        (
            {"AWS_DEFAULT_REGION": ""},
            "region",
            "warning",
            "AWS_REGION is set, but boto3 reads AWS_DEFAULT_REGION.",
        ),
        (
            {"AWS_DEFAULT_REGION": "eu-west-1"},
            "region",
            "warning",
            "boto3 works in eu-west-1, other SDKs, which read AWS_REGION, in us-east-1.",
        ),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            "credentials",
            "wrong",
            "There are no credentials in variables, nor in the profile; any will do.",
        ),
        (
            {"HTTP_PROXY": "http://proxy:3128"},
            "proxy",
            "wrong",
            f"HTTP_PROXY sends calls to {URL} to a proxy.",
        ),
        (
            {"http_proxy": "http://proxy:3128", "NO_PROXY": "example.com"},
            "proxy",
            "wrong",
            f"http_proxy sends calls to {URL} to a proxy.",
        ),
    ],
)
def test_one_thing_that_is_amiss_is_told_and_nothing_else(
    tmp_path: Path, variables: dict[str, str], check: str, verdict: str, told: str
) -> None:
    assert not_ok(clients(tmp_path, GOOD | variables)) == {check: (verdict, told)}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"HTTPS_PROXY": "http://proxy:3128"},
        {"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "localhost, 127.0.0.1"},
        {"HTTP_PROXY": "http://proxy:3128", "no_proxy": "127.0.0.1:4577"},
        {"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "*"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
        {
            "AWS_ACCESS_KEY_ID": "",
            "AWS_SECRET_ACCESS_KEY": "",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
        },
    ],
)
def test_what_is_well_is_not_complained_of(tmp_path: Path, variables: dict[str, str]) -> None:
    assert not_ok(clients(tmp_path, GOOD | variables)) == {}


def test_a_proxy_for_another_machine_may_be_meant_so(tmp_path: Path) -> None:
    variables = at("http://registry.example.com:80") | {"HTTP_PROXY": "http://proxy:3128"}
    assert not_ok(clients(tmp_path, variables))["proxy"][0] == "warning"
    bypassed = variables | {"NO_PROXY": ".example.com"}
    assert not_ok(clients(tmp_path, bypassed)) == {}


def test_clients_that_are_sent_elsewhere_than_was_asked_about(tmp_path: Path) -> None:
    told = f"sends clients of SageMaker to {URL}, not to http://127.0.0.1:5000."
    found = clients(tmp_path, GOOD, "http://127.0.0.1:5000")
    assert found["AWS_ENDPOINT_URL_SAGEMAKER"] == ("wrong", f"AWS_ENDPOINT_URL_SAGEMAKER {told}")
    assert not_ok(clients(tmp_path, GOOD, f"{URL}/")) == {}
    assert not_ok(clients(tmp_path, GOOD, "http://localhost:4577")) == {}


@pytest.mark.parametrize(
    ("config", "check", "told"),
    [
        (
            "region = x\n",
            "aws config",
            (
                "Cannot read {path}: File contains no section headers. file: '{path}', line: 1"
                " 'region = x\\n'."
            ),
        ),
        (
            "[default]\nservices = gone\n",
            "profile",
            "The profile names [services gone], and the AWS config has no such section.",
        ),
        (
            "[default]\nignore_configured_endpoint_urls = true\n",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            (
                "ignore_configured_endpoint_urls in the AWS config makes clients ignore every"
                " endpoint that is set: they call AWS."
            ),
        ),
    ],
)
def test_an_aws_config_that_is_amiss(tmp_path: Path, config: str, check: str, told: str) -> None:
    path = tmp_path / "config"
    path.write_text(config)
    found = not_ok(clients(tmp_path, {**GOOD, "AWS_CONFIG_FILE": str(path)}))
    assert found == {check: ("wrong", told.format(path=path))}


@pytest.mark.parametrize(
    ("config", "variables", "source"),
    [
        (f"[default]\nendpoint_url = {URL}\n", {}, "endpoint_url of the profile 'default'"),
        (PROFILE, {"AWS_PROFILE": "local"}, "[services mine] of the AWS config"),
        (PROFILE, {"AWS_PROFILE": "local", "AWS_ENDPOINT_URL": URL}, "AWS_ENDPOINT_URL"),
        (
            PROFILE,
            {
                "AWS_PROFILE": "local",
                "AWS_ENDPOINT_URL": "http://x",
                "AWS_ENDPOINT_URL_SAGEMAKER": URL,
            },
            "AWS_ENDPOINT_URL_SAGEMAKER",
        ),
    ],
)
def test_endpoints_are_looked_for_in_the_order_of_botocore(
    tmp_path: Path, config: str, variables: dict[str, str], source: str
) -> None:
    (tmp_path / "config").write_text(config)
    view = ClientView.of({"AWS_CONFIG_FILE": "~/config", **variables}, tmp_path)
    found = view.endpoint("sagemaker")
    assert found is not None
    assert (found.url, found.source) == (URL, source)
    program = "import boto3; print(boto3.client('sagemaker').meta.endpoint_url)"
    result = subprocess.run(
        [COMMAND[0], "-c", program],
        env={
            "HOME": str(tmp_path),
            "AWS_DEFAULT_REGION": "us-east-1",
            **variables,
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout == f"{URL}\n"


def test_credentials_of_a_profile_can_lie_in_the_credentials_file(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[only]\naws_access_key_id = very\naws_secret_access_key = s3cret\n"
    )
    variables = {**GOOD, "AWS_PROFILE": "only", "AWS_ACCESS_KEY_ID": ""}
    del variables["AWS_SECRET_ACCESS_KEY"]
    found = clients(tmp_path, variables)
    assert not_ok(found) == {}
    assert found["credentials"][1] == "There are credentials in the profile; any will do."
    (tmp_path / ".aws" / "credentials").write_text("no section")
    assert clients(tmp_path, GOOD)["aws config"][0] == "wrong"


def test_credentials_that_are_fetched_are_not_fetched_here(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\ncredential_process = /no/such/program\n")
    variables = {name: value for name, value in GOOD.items() if "KEY" not in name}
    found = clients(tmp_path, variables | {"AWS_CONFIG_FILE": str(tmp_path / "config")})
    told = "Credentials are fetched from elsewhere; any will do."
    assert found["credentials"] == ("ok", told)
