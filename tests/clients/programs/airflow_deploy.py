"""Airflow's operators deploy a version as tasks of a DAG run them: `deploy` or `failing`.

Without a database and without a scheduler: what a task would do is called here. Arguments: what to
do, the version's ARN, and a body to send.
"""

import json
import sys
from typing import Any

import boto3
from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerDeleteModelOperator,
    SageMakerEndpointConfigOperator,
    SageMakerEndpointOperator,
    SageMakerModelOperator,
)
from botocore.exceptions import WaiterError

ROLE = "arn:aws:iam::123456789012:role/churn"
LIVE = {"EndpointName": "Churn-Live", "EndpointConfigName": "one"}


def deploy(version: str, body: str) -> Any:
    """A model, a configuration and an endpoint, each by its operator; changed over; taken down."""
    model = SageMakerModelOperator(task_id="model", config=model_of(version)).execute({})
    config = SageMakerEndpointConfigOperator(task_id="config", config=config_named("one")).execute(
        {}
    )
    created = endpoint("create", LIVE)
    answers = [invoked(body)]
    # Where there is an endpoint of this name already, the operator goes on with an update.
    config_again = config_named("two")
    updated = endpoint(
        "create",
        {
            "EndpointConfig": config_again,
            "Endpoint": {**LIVE, "EndpointConfigName": "two"},
        },
    )
    answers.append(invoked(body))
    hook = SageMakerHook()
    hook.conn.delete_endpoint(EndpointName="Churn-Live")
    hook.conn.get_waiter("endpoint_deleted").wait(EndpointName="Churn-Live")
    SageMakerDeleteModelOperator(task_id="delete", config={"ModelName": "churn"}).execute({})
    return {
        "model": model["Model"]["ModelArn"],
        "config": config["EndpointConfig"]["EndpointConfigArn"],
        "created": shown(created),
        "updated": shown(updated),
        "answers": answers,
        "left": [hook.conn.list_endpoints()["Endpoints"], hook.conn.list_models()["Models"]],
    }


def failing(version: str) -> Any:
    """What a task ends with whose model cannot be started, and what the endpoint says of it."""
    told = ""
    try:
        endpoint(
            "create",
            {
                "Model": model_of(version),
                "EndpointConfig": config_named("one"),
                "Endpoint": LIVE,
            },
        )
    except WaiterError as error:
        told = str(error)
    described = SageMakerHook().describe_endpoint("Churn-Live")
    return {
        "told": told,
        "status": described["EndpointStatus"],
        "reason": described["FailureReason"],
    }


def model_of(version: str) -> Any:
    return {
        "ModelName": "churn",
        "PrimaryContainer": {"ModelPackageName": version},
        "ExecutionRoleArn": ROLE,
    }


def config_named(name: str) -> Any:
    variant = {
        "VariantName": "blue",
        "ModelName": "churn",
        "InstanceType": "ml.m5.large",
        # As a template would give it: the operator makes it a number.
        "InitialInstanceCount": "1",
    }
    return {"EndpointConfigName": name, "ProductionVariants": [variant]}


def endpoint(operation: str, config: Any) -> Any:
    return SageMakerEndpointOperator(
        task_id=operation,
        operation=operation,
        config=config,
        wait_for_completion=True,
        check_interval=1,
        max_ingestion_time=30,
    ).execute({})


def shown(result: Any) -> Any:
    described = result["Endpoint"]
    return [
        described["EndpointArn"],
        described["EndpointStatus"],
        described["EndpointConfigName"],
    ]


def invoked(body: str) -> Any:
    answer = boto3.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="Churn-Live", Body=body, ContentType="application/json"
    )
    return json.load(answer["Body"])


print(json.dumps({"deploy": deploy, "failing": failing}[sys.argv[1]](*sys.argv[2:])))
