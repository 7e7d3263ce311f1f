// The AWS SDK for JavaScript as a user without any configuration runs it: `flow`, `pages`, `errors`.

import {
  AddTagsCommand,
  ConflictException,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DeleteModelPackageCommand,
  DeleteModelPackageGroupCommand,
  DescribeModelPackageCommand,
  DescribeModelPackageGroupCommand,
  ListModelPackageGroupsCommand,
  ListModelPackagesCommand,
  ListTagsCommand,
  SageMakerClient,
  SageMakerServiceException,
  SearchCommand,
  UpdateModelPackageCommand,
  paginateListModelPackageGroups,
  paginateListModelPackages,
  paginateSearch,
} from "@aws-sdk/client-sagemaker";

const client = new SageMakerClient({});
const INFERENCE = {
  Containers: [{ Image: "i:1", ModelDataUrl: "s3://bucket/m.tar.gz" }],
  SupportedContentTypes: ["text/csv"],
};

async function flow() {
  const group = await client.send(
    new CreateModelPackageGroupCommand({
      ModelPackageGroupName: "churn",
      ModelPackageGroupDescription: "Who is about to leave",
      Tags: [{ Key: "team", Value: "growth" }],
    }),
  );
  const create = {
    ModelPackageGroupName: "churn",
    InferenceSpecification: INFERENCE,
    CustomerMetadataProperties: { "trained-by": "ana" },
  };
  const first = await client.send(new CreateModelPackageCommand(create));
  const second = await client.send(new CreateModelPackageCommand(create));
  const name = { ModelPackageName: first.ModelPackageArn };
  const before = await client.send(new DescribeModelPackageCommand(name));
  await client.send(
    new UpdateModelPackageCommand({
      ModelPackageArn: first.ModelPackageArn,
      ModelApprovalStatus: "Approved",
      ApprovalDescription: "Reviewed",
    }),
  );
  const after = await client.send(new DescribeModelPackageCommand(name));
  const approved = await client.send(
    new ListModelPackagesCommand({
      ModelPackageGroupName: "churn",
      ModelApprovalStatus: "Approved",
      CreationTimeAfter: new Date(before.CreationTime - 1),
      CreationTimeBefore: new Date(before.CreationTime.getTime() + 1),
    }),
  );
  const described = await client.send(
    new DescribeModelPackageGroupCommand({ ModelPackageGroupName: group.ModelPackageGroupArn }),
  );
  const resource = { ResourceArn: group.ModelPackageGroupArn };
  await client.send(
    new AddTagsCommand({ ...resource, Tags: [{ Key: "phase", Value: "prod" }] }),
  );
  const tags = await client.send(new ListTagsCommand(resource));
  const found = await client.send(
    new SearchCommand({
      Resource: "ModelPackage",
      SearchExpression: {
        Filters: [{ Name: "ModelApprovalStatus", Operator: "Equals", Value: "Approved" }],
      },
    }),
  );
  for (const { ModelPackageArn } of [first, second]) {
    await client.send(new DeleteModelPackageCommand({ ModelPackageName: ModelPackageArn }));
  }
  await client.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: "churn" }));
  const left = await client.send(new ListModelPackageGroupsCommand({}));
  const searched = found.Results[0].ModelPackage;
  return {
    group: group.ModelPackageGroupArn,
    versions: [first.ModelPackageArn, second.ModelPackageArn],
    described: described.ModelPackageGroupDescription,
    before: before.ModelApprovalStatus,
    inference: before.InferenceSpecification,
    metadata: before.CustomerMetadataProperties,
    after: [after.ModelApprovalStatus, after.ApprovalDescription],
    modified: after.LastModifiedTime > before.CreationTime,
    approved: approved.ModelPackageSummaryList.map((each) => each.ModelPackageArn),
    tags: tags.Tags,
    found: found.Results.map((each) => each.ModelPackage.ModelPackageArn),
    searchedTime: sameTime(searched.CreationTime, before.CreationTime),
    left: left.ModelPackageGroupSummaryList,
  };
}

function sameTime(one, other) {
  return one instanceof Date && other instanceof Date && one.getTime() === other.getTime();
}

async function times() {
  const group = await client.send(
    new DescribeModelPackageGroupCommand({ ModelPackageGroupName: "churn" }),
  );
  const list = await client.send(new ListModelPackageGroupsCommand({}));
  return [group, list.ModelPackageGroupSummaryList[0]].map(({ CreationTime }) => ({
    isDate: CreationTime instanceof Date,
    milliseconds: CreationTime.getTime(),
  }));
}

async function pages() {
  for (const ModelPackageGroupName of ["a", "b", "c", "d", "e"]) {
    await client.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName }));
  }
  for (let count = 0; count < 5; count++) {
    await client.send(new CreateModelPackageCommand({ ModelPackageGroupName: "a" }));
  }
  const two = { client, pageSize: 2 };
  const groups = paginateListModelPackageGroups(two, { SortBy: "Name" });
  const versions = paginateListModelPackages(two, { ModelPackageGroupName: "a" });
  const found = paginateSearch(two, {
    Resource: "ModelPackage",
    SortBy: "ModelPackageVersion",
    SortOrder: "Ascending",
  });
  return {
    groups: await each(groups, (page) =>
      page.ModelPackageGroupSummaryList.map((group) => group.ModelPackageGroupName),
    ),
    versions: await each(versions, (page) =>
      page.ModelPackageSummaryList.map((version) => version.ModelPackageVersion),
    ),
    found: await each(found, (page) =>
      page.Results.map((result) => result.ModelPackage.ModelPackageVersion),
    ),
  };
}

async function each(pages, read) {
  const seen = [];
  for await (const page of pages) seen.push(read(page));
  return seen;
}

async function errors() {
  const group = { ModelPackageGroupName: "churn" };
  await client.send(new CreateModelPackageGroupCommand(group));
  await client.send(new CreateModelPackageCommand(group));
  return {
    conflict: await refused(new DeleteModelPackageGroupCommand(group)),
    again: await refused(new CreateModelPackageGroupCommand(group)),
    missing: await refused(new DescribeModelPackageGroupCommand({ ModelPackageGroupName: "no" })),
    constraint: await refused(new ListModelPackagesCommand({ MaxResults: 1000 })),
  };
}

async function refused(command) {
  try {
    await client.send(command);
  } catch (error) {
    return {
      name: error.name,
      message: error.message,
      isConflict: error instanceof ConflictException,
      isSageMakers: error instanceof SageMakerServiceException,
      fault: error.$fault,
      status: error.$metadata.httpStatusCode,
      attempts: error.$metadata.attempts,
      hasRequestId: Boolean(error.$metadata.requestId),
    };
  }
  throw new Error("it was not refused");
}

const programs = { flow, times, pages, errors };
console.log(JSON.stringify(await programs[process.argv[2]]()));
