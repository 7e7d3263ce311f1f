"""A served app, the two boto3 clients that call it, and a folder where its buckets lie."""

import json
import os
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from deploying.programs import OBEYS, packed, program_files
from running import Running
from sagemock import Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel

Members = dict[str, Any]

LIMIT_S = 15
IMAGE = "registry.example/models:1"
VARIANT = "AllTraffic"


def eventually(holds: Callable[[], bool], *, limit_s: float = LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.005)


class Buckets:
    """Folders that stand for buckets: `s3://b/k` is `<folder>/b/k`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, uri: str) -> Path:
        return self.folder / uri.removeprefix("s3://")

    def put(self, uri: str, data: bytes) -> str:
        path = self.path(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return uri

    def put_program(self, program: str, uri: str = "s3://models/it.tar.gz") -> Members:
        """The container of a program, whose archive lies in its bucket now."""
        self.put(uri, packed(program_files(program)))
        return {"Image": IMAGE, "ModelDataUrl": uri}


class Endpoints:
    """The clients of one server, and what a deployment takes in a few words.

    A model, its configuration and its endpoint have the same name, unless said otherwise.
    """

    def __init__(self, session: boto3.Session, url: str, **options: Any) -> None:
        self.url = url
        # Nothing is tried again: what fails once has failed.
        config = Config(retries={"max_attempts": 0}, read_timeout=30, **options)
        given = {"endpoint_url": url, "config": config}
        self.sagemaker = session.client("sagemaker", **given)
        self.runtime = session.client("sagemaker-runtime", **given)

    def close(self) -> None:
        self.sagemaker.close()
        self.runtime.close()

    def make_model(self, name: str, *containers: Members, **members: Any) -> str:
        self.sagemaker.create_model(ModelName=name, Containers=[*containers], **members)
        return name

    def configure(self, name: str, *variants: Members, **variant: Any) -> str:
        """A configuration; of one variant, which has the model of its name, unless told."""
        one = {
            "VariantName": VARIANT,
            "ModelName": name,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
            **variant,
        }
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[*variants] or [one]
        )
        return name

    def create(self, name: str, *containers: Members, **variant: Any) -> Members:
        """An endpoint as it is when its creation has been answered."""
        self.configure(self.make_model(name, *containers), **variant)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        return self.describe(name)

    def deploy(self, name: str, *containers: Members, **variant: Any) -> str:
        """An endpoint in service."""
        endpoint = self.create(name, *containers, **variant)
        assert endpoint["EndpointStatus"] == "InService", endpoint
        return name

    def update(self, name: str, *containers: Members, to: str) -> Members:
        """An endpoint as it is when its update, to a new model, has been answered."""
        self.configure(self.make_model(to, *containers))
        self.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=to)
        return self.describe(name)

    def describe(self, name: str) -> Members:
        described: Members = self.sagemaker.describe_endpoint(EndpointName=name)
        return described

    def status(self, name: str) -> str:
        return str(self.describe(name)["EndpointStatus"])

    def comes_to(self, name: str, status: str) -> Members:
        """The endpoint, once it has this status."""
        seen: list[Members] = []

        def has_come() -> bool:
            seen.append(self.describe(name))
            return bool(seen[-1]["EndpointStatus"] == status)

        eventually(has_come)
        return seen[-1]

    def delete(self, name: str) -> None:
        """Delete an endpoint, and return when it is gone."""
        self.sagemaker.delete_endpoint(EndpointName=name)
        eventually(lambda: self.is_gone(name))

    def is_gone(self, name: str) -> bool:
        listed = self.sagemaker.list_endpoints(NameContains=name)["Endpoints"]
        return name not in [each["EndpointName"] for each in listed]

    def ask(self, name: str, body: str = "'yes'", **members: Any) -> str:
        answer = self.runtime.invoke_endpoint(EndpointName=name, Body=body, **members)
        with answer["Body"] as stream:
            return str(stream.read().decode())

    def answers(self, name: str, word: str) -> bool:
        """Whether an invocation is answered, and with this."""
        try:
            return self.ask(name) == word
        except ClientError:
            return False

    def refused(self, name: str, body: str = "'yes'", **members: Any) -> Members:
        """The error that an invocation is answered with."""
        with pytest.raises(ClientError) as error:
            self.ask(name, body, **members)
        response: Members = error.value.response
        return response

    def get(self, path: str) -> Members:
        """What one of our own paths answers."""
        with urllib.request.urlopen(self.url + path, timeout=LIMIT_S) as answer:  # noqa: S310 - our own server
            content: Members = json.load(answer)
        return content

    def reset(self) -> None:
        request = urllib.request.Request(f"{self.url}/_sagemock/reset", method="POST")  # noqa: S310 - the same
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310 - the same
            assert answer.status == 200

    def deployments(self) -> list[Members]:
        rows: list[Members] = self.get("/_sagemock/deployments")["deployments"]
        return rows


class Deployed(Endpoints):
    """An app served from a state folder, as long as a test lasts; it can be started again."""

    def __init__(
        self, folder: Path, session: boto3.Session, model: ServiceModel, **settings: Any
    ) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.buckets = Buckets(folder / "s3")
        self._session = session
        self._model = model
        self._settings = Settings(db=folder / "registry.db", **settings)
        self._start()

    def _start(self) -> None:
        self.service = create_service(self._settings, model=self._model)
        self._running = Running(create_app(self._settings, service=self.service))
        super().__init__(self._session, self._running.url)

    def close(self) -> None:
        super().close()
        self._running.stop()
        self.service.close()

    def restart(self) -> None:
        self.close()
        self._start()

    def run(self, program: str = OBEYS, name: str = "it", **container: Any) -> str:
        """An endpoint in service that runs a program."""
        return self.deploy(name, self.program(program, name) | container)

    def program(self, program: str = OBEYS, name: str = "it") -> Members:
        return self.buckets.put_program(program, f"s3://models/{name}.tar.gz")


Serve = Callable[..., Deployed]
Connect = Callable[..., Endpoints]


def processes_below(folder: Path) -> set[int]:
    """Processes that were told, in their environment, to work below a folder; zombies aside."""
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            try:
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if f"SAGEMAKER_BASE_DIR={folder}/".encode() in environment:
                found.add(int(process.name))
    return found


def listening_inodes() -> set[str]:
    """The sockets that listen on this machine, as the kernel numbers them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return {row[9] for row in rows if row[3] == "0A"}


def sockets_of(pid: int) -> set[str]:
    """The sockets of a process, as the kernel numbers them."""
    names = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()]
    return {name[len("socket:[") : -1] for name in names if name.startswith("socket:[")}
