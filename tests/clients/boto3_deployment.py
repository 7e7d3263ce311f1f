"""What any boto3 must see that deploys a version as `programs/boto3_deploy.py` does."""

from functools import partial
from pathlib import Path

from client_programs import run_python
from deployable import CHURN, IMAGE, LOGS, Deploy, deploying
from environments import clean_environment
from expected import DEPLOY_MESSAGES, LOOK_THERE, REGISTRY

from real_models import near


def deploying_boto3(url: str, python: str | Path, folder: Path) -> Deploy:
    """A function that runs a part of the program on a new version of a model."""
    variables = clean_environment(url, folder)
    run = partial(run_python, python, "boto3_deploy.py", url, variables=variables, folder=folder)
    return deploying(run, url, folder)


def check_deployed(deploy: Deploy) -> None:
    seen = deploy("deploy", "numpy_churn", CHURN.body)
    answers = seen.pop("answers")
    assert near(
        answers,
        [[variant, "application/json", CHURN.answer] for variant in ("blue", "green", "green")],
    )
    assert seen == {
        "model": f"{REGISTRY}:model/churn",
        "endpoint": f"{REGISTRY}:endpoint/churn-live",
        "status": "InService",
        "variants": [
            {
                "VariantName": "blue",
                "DeployedImages": [
                    {
                        "SpecifiedImage": IMAGE,
                        "ResolvedImage": IMAGE,
                        "ResolutionTime": "datetime",
                    }
                ],
                "CurrentWeight": 1.0,
                "DesiredWeight": 1.0,
                "CurrentInstanceCount": 1,
                "DesiredInstanceCount": 1,
            }
        ],
        "listed": ["Churn-Live"],
        # One of its own and one for each of four waiters.
        "looks": 5,
        "left": [[], [], []],
    }


def check_errors(deploy: Deploy) -> None:
    seen = deploy("errors", "numpy_churn", status="PendingManualApproval")
    from_model = seen.pop("from_model")
    refused = {
        "class": "ClientError",
        "code": "ValidationException",
        "status": 400,
        "retries": 0,
        "more": {},
    }
    expected = {name: refused | {"message": message} for name, message in DEPLOY_MESSAGES.items()}
    # The data plane's error has another name, which its service model knows.
    expected["not_there"] |= {"class": "ValidationError", "code": "ValidationError"}
    assert seen == expected

    said = from_model["more"].pop("OriginalMessage")
    assert said.startswith("send application/json or text/csv, not image/png\n")
    assert from_model.pop("message") == (
        f'Received client error (415) from primary with message "{said}".{LOOK_THERE}'
    )
    assert from_model == {
        "class": "ModelError",
        "code": "ModelError",
        "status": 424,
        "retries": 0,
        "more": {"OriginalStatusCode": 415, "LogStreamArn": f"{LOGS}/Churn-Live"},
    }
