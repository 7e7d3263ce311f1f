// The AWS SDK for JavaScript deploys a version as a user would: `deploy`, `errors` or `stream`.
// Arguments: what to do, the version's ARN, and bodies to send.

import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  SageMakerClient,
  SageMakerServiceException,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from "@aws-sdk/client-sagemaker";
import {
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
  ModelError,
  ModelStreamError,
  SageMakerRuntimeClient,
  SageMakerRuntimeServiceException,
  ValidationError,
} from "@aws-sdk/client-sagemaker-runtime";

const sagemaker = new SageMakerClient({});
const runtime = new SageMakerRuntimeClient({});
const LIVE = { EndpointName: "Churn-Live" };
const WAITER = { client: sagemaker, maxWaitTime: 60 };

function variant(VariantName) {
  return {
    VariantName,
    ModelName: "churn",
    InstanceType: "ml.m5.large",
    InitialInstanceCount: 1,
  };
}

async function started(version) {
  await sagemaker.send(
    new CreateModelCommand({
      ModelName: "churn",
      PrimaryContainer: { ModelPackageName: version },
    }),
  );
  await configured("one", ["blue"]);
  const endpoint = { ...LIVE, EndpointConfigName: "one" };
  await sagemaker.send(new CreateEndpointCommand(endpoint));
  return waitUntilEndpointInService(WAITER, LIVE);
}

async function configured(EndpointConfigName, names) {
  const ProductionVariants = names.map(variant);
  await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName, ProductionVariants }));
}

async function invoked(Body, how = {}) {
  const answer = await runtime.send(
    new InvokeEndpointCommand({ ...LIVE, Body, ContentType: "application/json", ...how }),
  );
  const { InvokedProductionVariant, ContentType } = answer;
  return [InvokedProductionVariant, ContentType, JSON.parse(answer.Body.transformToString())];
}

async function deploy(version, body) {
  const waited = [await started(version)];
  const described = await sagemaker.send(new DescribeEndpointCommand(LIVE));
  const answers = [await invoked(body)];
  await configured("two", ["blue", "green"]);
  await sagemaker.send(new UpdateEndpointCommand({ ...LIVE, EndpointConfigName: "two" }));
  waited.push(await waitUntilEndpointInService(WAITER, LIVE));
  answers.push(await invoked(body, { TargetVariant: "green" }));
  await sagemaker.send(
    new UpdateEndpointWeightsAndCapacitiesCommand({
      ...LIVE,
      DesiredWeightsAndCapacities: [{ VariantName: "blue", DesiredWeight: 0 }],
    }),
  );
  waited.push(await waitUntilEndpointInService(WAITER, LIVE));
  answers.push(await invoked(body));
  await sagemaker.send(new DeleteEndpointCommand(LIVE));
  waited.push(await waitUntilEndpointDeleted(WAITER, LIVE));
  for (const EndpointConfigName of ["one", "two"]) {
    await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName }));
  }
  await sagemaker.send(new DeleteModelCommand({ ModelName: "churn" }));
  return {
    status: described.EndpointStatus,
    created: described.CreationTime instanceof Date,
    variants: described.ProductionVariants.map((each) => [each.VariantName, each.CurrentWeight]),
    waited: waited.map((each) => each.state),
    answers,
    left: [
      (await sagemaker.send(new ListEndpointsCommand({}))).Endpoints,
      (await sagemaker.send(new ListEndpointConfigsCommand({}))).EndpointConfigs,
      (await sagemaker.send(new ListModelsCommand({}))).Models,
    ],
  };
}

async function errors(version) {
  await started(version);
  const again = { ...LIVE, EndpointConfigName: "one" };
  const no = { EndpointName: "no" };
  const image = { ...LIVE, Body: "?", ContentType: "image/png" };
  return {
    endpoint: await refused(sagemaker, new CreateEndpointCommand(again)),
    no_endpoint: await refused(sagemaker, new DescribeEndpointCommand(no)),
    not_there: await refused(runtime, new InvokeEndpointCommand({ ...no, Body: "{}" })),
    from_model: await refused(runtime, new InvokeEndpointCommand(image)),
  };
}

async function refused(client, command) {
  try {
    await client.send(command);
  } catch (error) {
    const known = {
      ModelError,
      SageMakerRuntimeServiceException,
      SageMakerServiceException,
      ValidationError,
    };
    return {
      name: error.name,
      instanceOf: Object.keys(known).filter((name) => error instanceof known[name]),
      message: error.message,
      status: error.$metadata.httpStatusCode,
      attempts: error.$metadata.attempts,
      hasRequestId: Boolean(error.$metadata.requestId),
      code: error.ErrorCode,
      originalStatus: error.OriginalStatusCode,
      original: error.OriginalMessage,
      log: error.LogStreamArn,
    };
  }
  throw new Error("it was not refused");
}

async function stream(version, ...bodies) {
  await started(version);
  return Promise.all(bodies.map(streamed));
}

async function streamed(Body) {
  const answer = await runtime.send(
    new InvokeEndpointWithResponseStreamCommand({
      ...LIVE,
      Body,
      ContentType: "application/json",
      Accept: "text/plain",
    }),
  );
  const chunks = [];
  try {
    for await (const event of answer.Body) {
      chunks.push(new TextDecoder().decode(event.PayloadPart.Bytes));
    }
  } catch (error) {
    return [chunks, error.name, error instanceof ModelStreamError, error.ErrorCode];
  }
  return [chunks, answer.ContentType, answer.InvokedProductionVariant];
}

const programs = { deploy, errors, stream };
const [part, ...given] = process.argv.slice(2);
console.log(JSON.stringify(await programs[part](...given)));
