"""aiobotocore deploys a version as a user would: `deploy`, `crowd` or `stream`, with its ARN."""

import asyncio
import json
import sys
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError, EventStreamError

CALLERS = 16
LIVE = {"EndpointName": "Churn-Live", "ContentType": "application/json"}


async def deploy(sagemaker: Any, runtime: Any, version: str, body: str) -> Any:
    """From a model to an endpoint that answers to nothing."""
    await started(sagemaker, version)
    answer = await runtime.invoke_endpoint(Body=body, TargetVariant="blue", **LIVE)
    async with answer["Body"] as content:
        answered = json.loads(await content.read())
    refused: list[Any] = []
    for request in ({**LIVE, "EndpointName": "no"}, {**LIVE, "ContentType": "image/png"}):
        try:
            await runtime.invoke_endpoint(Body="?", **request)
        except ClientError as error:
            status = error.response.get("OriginalStatusCode")
            refused.append([type(error).__name__, status])
    await sagemaker.delete_endpoint(EndpointName="Churn-Live")
    await sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="Churn-Live")
    await sagemaker.delete_endpoint_config(EndpointConfigName="one")
    await sagemaker.delete_model(ModelName="churn")
    left = [
        (await sagemaker.list_endpoints())["Endpoints"],
        (await sagemaker.list_endpoint_configs())["EndpointConfigs"],
        (await sagemaker.list_models())["Models"],
    ]
    return {
        "variant": answer["InvokedProductionVariant"],
        "answered": answered,
        "refused": refused,
        "left": left,
    }


async def crowd(sagemaker: Any, runtime: Any, version: str) -> Any:
    """Many prices asked for at once, each of its own: the price that came, and the attribute."""
    await started(sagemaker, version)

    async def asked(price: int) -> Any:
        answer = await runtime.invoke_endpoint(
            Body=str(price), CustomAttributes="tenant=umbrella", **LIVE
        )
        async with answer["Body"] as content:
            return [json.loads(await content.read())["price"], answer["CustomAttributes"]]

    return await asyncio.gather(*(asked(price) for price in range(CALLERS)))


async def stream(sagemaker: Any, runtime: Any, version: str, *bodies: str) -> Any:
    """What each stream brought, chunk by chunk, and how it ended."""
    await started(sagemaker, version)
    return await asyncio.gather(*(streamed(runtime, body) for body in bodies))


async def streamed(runtime: Any, body: str) -> Any:
    answer = await runtime.invoke_endpoint_with_response_stream(Body=body, **LIVE)
    chunks: list[str] = []
    try:
        async for event in answer["Body"]:
            chunks.append(event["PayloadPart"]["Bytes"].decode())  # noqa: PERF401 - kept at a break
    except EventStreamError as error:
        return [chunks, error.response["Error"]["Code"]]
    return [chunks, answer["ContentType"]]


async def started(sagemaker: Any, version: str) -> None:
    await sagemaker.create_model(ModelName="churn", PrimaryContainer={"ModelPackageName": version})
    variant = {
        "VariantName": "blue",
        "ModelName": "churn",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    await sagemaker.create_endpoint_config(EndpointConfigName="one", ProductionVariants=[variant])
    await sagemaker.create_endpoint(EndpointName="Churn-Live", EndpointConfigName="one")
    await sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="Churn-Live")


async def main(part: str, *arguments: str) -> None:
    config = AioConfig(max_pool_connections=CALLERS)
    session = get_session()
    async with (
        session.create_client("sagemaker") as sagemaker,
        session.create_client("sagemaker-runtime", config=config) as runtime,
    ):
        parts = {"deploy": deploy, "crowd": crowd, "stream": stream}
        print(json.dumps(await parts[part](sagemaker, runtime, *arguments)))


asyncio.run(main(*sys.argv[1:]))
