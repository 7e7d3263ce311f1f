"""A machine that plays calls to the service and to a model of it: both must say the same."""

import re
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

import registry_requests as requests
from registry_deployed import DeployedModel, DeploymentRules
from registry_lists import DEPLOYED, GROUP, PACKAGE, Place, Walk
from registry_model import KINDS, Refused, SetClock, arn_of, user_context
from registry_requests import HERE, KIND, NAME, PICKS, PLACE, PLACES, START_MS, Pick, few
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.clock import TurnableClock
from sagemock.errors import SageMakerError
from sagemock.operation import Caller, Members

MODEL = ServiceModel.installed()
READS = ("Describe", "List", "Get", "Search", "BatchDescribe")
WHOLE = {"MaxResults": 100}


class RegistryMachine(DeploymentRules, RuleBasedStateMachine):
    """Plays every call to the service and to the model; `seen` counts what came of them."""

    def __init__(self, seen: Counter[str], database: Path | None, kept: Service | None) -> None:
        super().__init__()
        self.seen = seen
        self.database = database
        # What a service derives from the model takes longer than an example: one serves for all.
        self.kept = kept
        self.clock = SetClock(START_MS)
        self.model = DeployedModel()
        self.model.now_ms = START_MS
        self.walks: list[Walk] = []
        self.replayable: list[tuple[Place, str, Members]] = []
        self.gone = {kind: ["missing"] for kind in (GROUP, *DEPLOYED)}
        self.gone[PACKAGE] = ["missing", "missing/1"]
        self.agreed = True
        self.open()

    def open(self) -> None:
        if self.kept is None:
            settings = Settings(db=self.database or ":memory:")
            self.service = create_service(settings, model=MODEL, clock=self.clock, strict=True)
        else:
            self.service = self.kept
            self.service.reset()
            self.service.clock = TurnableClock(self.clock)
        self.watcher = sqlite3.connect(self.service._store._file.path)  # type: ignore[attr-defined]

    def close(self) -> None:
        self.watcher.close()
        if self.kept is None:
            self.service.close()

    def teardown(self) -> None:
        try:
            if self.agreed:
                self.look_at_everything()
        finally:
            self.close()

    def call(
        self, place: Place, operation: str, request: Members, model_token: Any = None
    ) -> Members | None:
        """Make a call to both and compare; the service's answer, None after a refusal."""
        self.agreed = False
        told = {**request, "NextToken": model_token} if model_token else request
        expected: Members | Refused | None
        try:
            expected = self.model.invoke(operation, told, place)
        except Refused as refused:
            expected = refused
        writes = not operation.startswith(READS) and not isinstance(expected, Refused)
        before = self.commits()
        answer = self.asked(place, operation, request, expected)
        assert writes or self.commits() == before, "a refusal or a reading call has written"
        self.agreed = True
        if "ClientToken" in request and writes:
            self.replayable.append((place, operation, request))
        if writes and self.walks:
            self.go_on(self.walks.pop(0))
        return answer

    def go_on(self, walk: Walk, **others: Any) -> None:
        """The next page of a list, whatever was written since."""
        request = {**walk.request, **others, "NextToken": walk.token}
        self.seen["next page"] += 1
        self.call(walk.place, walk.operation, request, walk.model_token)

    def commits(self) -> int:
        """A number that is another one after every commit that changed the file."""
        (number,) = self.watcher.execute("PRAGMA data_version").fetchone()
        return int(number)

    def asked(
        self, place: Place, operation: str, request: Members, expected: Members | Refused | None
    ) -> Members | None:
        account, region = place
        who = user_context(account)["IamIdentity"]
        caller = Caller(account, region, who["Arn"], who["PrincipalId"])
        if isinstance(expected, Refused):
            with pytest.raises(SageMakerError, match=re.escape(expected.text)) as refused:
                self.service.invoke(operation, request, caller)
            assert refused.value.code == expected.code
            self.seen[f"{operation} {expected.code}"] += 1
            return None
        answer = self.service.invoke(operation, request, caller)
        self.seen[operation] += 1
        token = (answer or {}).get("NextToken")
        model_token = (expected or {}).get("NextToken")
        assert without_token(answer) == without_token(expected)
        assert bool(token) is bool(model_token)
        if token:
            asked = {name: value for name, value in request.items() if name != "NextToken"}
            self.walks = [*self.walks[-4:], Walk(place, operation, asked, token, model_token)]
        return answer

    def spelled(self, place: Place, kind: str, pick: Pick, *, as_arn: bool = False) -> str:
        """What a call says for a resource that is there, was there, or never was."""
        there = [each.label for each in self.model.shelf(place).all_of(kind)]
        labels = there * 4 + self.gone[kind][-2:]
        label = labels[pick.index % len(labels)]
        account, region = place
        if pick.spelled == "case":
            label = label.swapcase()
        elif pick.spelled == "account":
            return arn_of(("999999999999", region), kind, label)
        elif pick.spelled == "region":
            return arn_of((account, "ap-south-1"), kind, label)
        is_arn = as_arn or pick.spelled == "arn"
        return arn_of(place, kind, label) if is_arn else label

    @initialize()
    def begin_with_a_little(self) -> None:
        for place in sorted(set(PLACES)):
            for name in ("churn", "alpha"):
                group = {"ModelPackageGroupName": name, "Tags": requests.SOME_TAGS}
                self.call(place, "CreateModelPackageGroup", group)
                version = {"ModelPackageGroupName": name, **requests.RICH[name]}
                self.call(place, "CreateModelPackage", version)
                self.turn_the_clock(1000)
            self.turn_the_clock(1)
            unversioned = {"ModelPackageName": "churn", "Tags": requests.SOME_TAGS}
            self.call(place, "CreateModelPackage", unversioned)
            self.begin_to_deploy(place)
        self.register_some(HERE, Pick(0, "name"), 3)

    @rule(place=PLACE, name=NAME, members=requests.GROUP_MEMBERS)
    def create_group(self, place: Place, name: str, members: Members) -> None:
        self.call(place, "CreateModelPackageGroup", {"ModelPackageGroupName": name, **members})

    @rule(place=PLACE, pick=PICKS, emptied=st.booleans(), anew=st.booleans())
    def delete_group(self, place: Place, pick: Pick, *, emptied: bool, anew: bool) -> None:
        name = self.spelled(place, GROUP, pick)
        bare = {"ModelPackageGroupName": name.rpartition("/")[2]}
        for version in self.model.shelf(place).all_of(PACKAGE):
            if emptied and version.number and version.name == bare["ModelPackageGroupName"]:
                self.call(place, "DeleteModelPackage", {"ModelPackageName": version.label})
        self.call(place, "DeleteModelPackageGroup", {"ModelPackageGroupName": name})
        self.gone[GROUP].append(bare["ModelPackageGroupName"])
        if anew:
            self.call(place, "CreateModelPackageGroup", bare)
            self.call(place, "CreateModelPackage", bare)

    @rule(place=PLACE, name=NAME)
    def begin_a_package_anew(self, place: Place, name: str) -> None:
        request = {"ModelPackageName": name}
        self.call(place, "CreateModelPackage", {**request, "Tags": requests.SOME_TAGS})
        self.call(place, "DeleteModelPackage", request)
        self.call(place, "CreateModelPackage", request)
        self.call(place, "ListTags", {"ResourceArn": arn_of(place, PACKAGE, name)})

    @rule(place=PLACE, pick=PICKS, members=requests.MEMBERS, source=requests.SOURCES)
    def register(self, place: Place, pick: Pick, members: Members, source: Pick | None) -> None:
        request = {"ModelPackageGroupName": self.spelled(place, GROUP, pick), **members}
        self.call(place, "CreateModelPackage", self.with_source(place, request, source))

    @rule(place=PLACE, pick=PICKS, count=st.integers(1, 4))
    def register_some(self, place: Place, pick: Pick, count: int) -> None:
        name = self.spelled(place, GROUP, Pick(pick.index, "name"))
        for _ in range(count):
            self.call(place, "CreateModelPackage", {"ModelPackageGroupName": name})

    @rule(place=PLACE, name=NAME, members=requests.MEMBERS, tags=requests.TAGS)
    def create_unversioned(
        self, place: Place, name: str, members: Members, tags: list[Members]
    ) -> None:
        request = {"ModelPackageName": name, "Tags": tags, **members}
        self.call(place, "CreateModelPackage", request)

    @rule(place=PLACE, pick=PICKS, changes=requests.CHANGES, source=requests.SOURCES)
    def update(self, place: Place, pick: Pick, changes: Members, source: Pick | None) -> None:
        request = {"ModelPackageArn": self.spelled(place, PACKAGE, pick, as_arn=True), **changes}
        self.call(place, "UpdateModelPackage", self.with_source(place, request, source))

    @rule(place=PLACE, pick=PICKS, updates=few(requests.CHANGES))
    def update_again_and_again(self, place: Place, pick: Pick, updates: list[Members]) -> None:
        arn = self.spelled(place, PACKAGE, pick, as_arn=True)
        for changes in updates:
            self.call(place, "UpdateModelPackage", {"ModelPackageArn": arn, **changes})

    def with_source(self, place: Place, request: Members, source: Pick | None) -> Members:
        if source is None:
            return request
        text = self.spelled(place, PACKAGE, source, as_arn=source.index % 4 > 0)
        return {**request, "SourceUri": text}

    @precondition(lambda self: self.replayable)
    @rule(index=st.integers(0, 60), changed=st.booleans())
    def call_again_with_the_same_token(self, index: int, *, changed: bool) -> None:
        place, operation, request = self.replayable[index % len(self.replayable)]
        if changed:
            request = {**request, "ModelLifeCycle": {"Stage": "Other", "StageStatus": "Other"}}
        self.seen[f"{operation} again"] += 1
        self.call(place, operation, request)

    @rule(place=PLACE, pick=PICKS)
    def delete_package(self, place: Place, pick: Pick) -> None:
        name = self.spelled(place, PACKAGE, pick)
        self.call(place, "DeleteModelPackage", {"ModelPackageName": name})
        self.gone[PACKAGE].append(name.partition("model-package/")[2] or name)

    @rule(place=PLACE, group=PICKS, package=PICKS)
    def describe(self, place: Place, group: Pick, package: Pick) -> None:
        of_group = {"ModelPackageGroupName": self.spelled(place, GROUP, group)}
        self.call(place, "DescribeModelPackageGroup", of_group)
        of_package = {"ModelPackageName": self.spelled(place, PACKAGE, package)}
        self.call(place, "DescribeModelPackage", of_package)

    @rule(place=PLACE, picks=st.lists(PICKS, min_size=1, max_size=4))
    def batch_describe(self, place: Place, picks: list[Pick]) -> None:
        arns = [self.spelled(place, PACKAGE, pick, as_arn=True) for pick in picks]
        self.call(place, "BatchDescribeModelPackage", {"ModelPackageArnList": arns})

    @rule(place=PLACE, kind=KIND, pick=PICKS, tags=requests.TAGS)
    def add_tags(self, place: Place, kind: str, pick: Pick, tags: list[Members]) -> None:
        arn = self.spelled(place, kind, pick, as_arn=True)
        self.call(place, "AddTags", {"ResourceArn": arn, "Tags": tags})

    @rule(place=PLACE, kind=KIND, pick=PICKS, keys=requests.TAG_KEYS)
    def delete_tags(self, place: Place, kind: str, pick: Pick, keys: list[str]) -> None:
        arn = self.spelled(place, kind, pick, as_arn=True)
        self.call(place, "DeleteTags", {"ResourceArn": arn, "TagKeys": keys})
        self.call(place, "ListTags", {"ResourceArn": arn})

    @rule(place=PLACE, pick=PICKS, verb=st.sampled_from(("Put", "Put", "Get", "Delete")))
    def policy(self, place: Place, pick: Pick, verb: str) -> None:
        name = self.spelled(place, GROUP, pick).rpartition("/")[2]
        request = {"ModelPackageGroupName": name}
        if verb == "Put":
            request["ResourcePolicy"] = requests.policy_of(arn_of(place, GROUP, name), pick.index)
        self.call(place, f"{verb}ModelPackageGroupPolicy", request)

    @rule(place=PLACE, asked=few(requests.LISTS_OF_GROUPS))
    def list_groups(self, place: Place, asked: list[Members]) -> None:
        for request in asked:
            self.call(place, "ListModelPackageGroups", request)

    @rule(place=PLACE, asked=few(requests.LISTS_OF_PACKAGES), group=st.none() | PICKS)
    def list_packages(self, place: Place, asked: list[Members], group: Pick | None) -> None:
        of_group = {"ModelPackageGroupName": self.spelled(place, GROUP, group)} if group else {}
        for request in asked:
            self.call(place, "ListModelPackages", {**request, **of_group})

    @rule(place=PLACE, asked=few(requests.SEARCHES))
    def search(self, place: Place, asked: list[Members]) -> None:
        for request in asked:
            self.call(place, "Search", request)

    @precondition(lambda self: self.walks)
    @rule(index=st.integers(0, 60), size=st.integers(1, 3), filters=requests.FILTERS)
    def go_on_with_other_filters(self, index: int, size: int, filters: Members) -> None:
        walk = self.walks.pop(index % len(self.walks))
        others = {} if walk.operation == "Search" else filters
        self.go_on(walk, **others, MaxResults=size)

    @rule(step_ms=st.sampled_from((1, 1, 1000, 1000, 60_000, -1, -30_000)))
    def turn_the_clock(self, step_ms: int) -> None:
        self.clock.ms += step_ms
        self.model.now_ms = self.clock.ms

    @precondition(lambda self: self.database)
    @rule()
    def close_and_open_again(self) -> None:
        self.close()
        self.open()
        self.seen["opened again"] += 1

    @precondition(lambda self: self.database)
    @rule()
    def reset(self) -> None:
        self.service.reset()
        self.model.shelves.clear()
        self.seen["reset"] += 1
        # Its token is forgotten too, and so is the group.
        self.call(*self.replayable[0])

    def look_at_everything(self) -> None:
        """All there is of all accounts; the records of Search are whole, tags among them."""
        for place in sorted(set(PLACES)):
            self.call(place, "ListModelPackageGroups", WHOLE)
            self.call(place, "ListModelPackages", {"ModelPackageType": "Both", **WHOLE})
            for noun in KINDS:
                self.call(place, "Search", {"Resource": noun, **WHOLE})
            for group in self.model.shelf(place).all_of(GROUP):
                request = {"ModelPackageGroupName": group.name}
                self.call(place, "GetModelPackageGroupPolicy", request)
            self.look_at_deployed(place)


def without_token(answer: Members | None) -> Members | None:
    return answer and {name: value for name, value in answer.items() if name != "NextToken"}
