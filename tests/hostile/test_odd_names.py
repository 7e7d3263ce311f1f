"""Names that no pattern lets in, to a server that only warns of them: nothing leaves its folder.

Most endpoints give canned answers. Some run a program, and so have folders made by their names.
"""

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from hostile.line import Answer, Line
from hostile.served import Served, plain_call, serving, within

_FORGED = "2026-01-01 00:00:00,000 forged"
_NAMES = (
    *("../../x", "../x", "..", ".", "...", "/", "//", "/etc/x", "a/b", "a/../../../x", "a\\b", "~"),
    *("x/", "/x", "./x", "x/.", "x/..", "..%2fx", "%2e%2e", "C:\\x", "\\\\host\\x", "CON", "nul"),
    *("-rf", "--", " ", "", " x", "x ", "x y", "*", "?", "$HOME", "`id`", "$(id)", "; id", "| id"),
    *("& id", "'", '"', "\\", "x\n", "\n", "x\ny", "x\r\ny", "x\x00y", "\x00", "\t", "\x7f"),
    *("\x1b[2J", "x\u2028y", "x\x85y", "é", "e\u0301", "语", "😀", "\u202ex", "ß", "İ", "\u0131"),
    *("\u212a", "\ufb01", "\ufeff", "\u200b", "\ud800", "x\udfffy", "a" * 64, "a" * 255, "a" * 256),
    *("a" * 5000, "é" * 300, "a/" * 300, "../" * 300, "a" * 100_000, "{0}", "{name}", "%s", "%n"),
    *("%(x)s", "${x}", "<b>x</b>", "arn:aws:x", "a:b", "a;b", "a,b", "a=b", "a#b", "serving", "1"),
    *("sagemock.db", "x/1", "0", "000000000000", "us-east-1", "opt", "opt/ml/model", "~/x"),
    *(_FORGED, f"x\n{_FORGED}", "x\r\nX-Evil: 1", "x\r\n\r\nevil"),
)
_RUN = ("../../x", "..", "/x", "a/../../../x", "", "x\ny", "é" * 300, "../" * 300, "a" * 5000)
_PROGRAM = b"""
def model_fn(folder):
    return folder

def transform_fn(model, body, content_type, accept):
    return "ran"
"""
_PLACES = ("model", "hostname", "variant", "config", "endpoint")
Members = dict[str, Any]


class Place:
    """A server whose folder lies among others that are not to be touched."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.served = served
        self.folder = folder
        self.before = self.outside()

    def outside(self) -> dict[str, bytes]:
        """All files and folders there are, but for the server's own."""
        own = ("state/serving/sagemock.db", "state/sagemock.db", "state/stderr.log")
        found = {}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if not name.startswith(own):
                found[name] = path.read_bytes() if path.is_file() else b""
        return found

    def folders(self) -> list[Path]:
        """The folders that containers have now."""
        return list(self.folder.glob("state/serving/sagemock.db/**/opt/ml"))

    def status(self, endpoint: str) -> str:
        """The status of an endpoint."""
        described = self.served.call("DescribeEndpoint", {"EndpointName": endpoint})
        return str(described["EndpointStatus"])

    def ask(self, operation: str, members: Members) -> int:
        """The status of a call, which is 200 or a refusal in order."""
        with closing(Line(self.served.address)) as line:
            answer = line.exchange(plain_call(operation, members))
        assert answer is not None
        assert answer.status in (200, 400), answer
        assert answer.status == 200 or json.loads(answer.body)["__type"], answer
        return answer.status

    def deploy(self, which: str, odd: str, number: int, **container: Any) -> str | None:
        """The name of an endpoint with one odd name at a place; None when that is refused."""
        names = dict.fromkeys(_PLACES, f"n{number}-{which}") | {which: odd}
        containers = [
            {"Image": "registry.example/nowhere:1", "ContainerHostname": each, **container}
            for each in (names["hostname"], "second")
        ]
        variant = {
            "VariantName": names["variant"],
            "ModelName": names["model"],
            "InitialInstanceCount": 1,
            "InstanceType": "local",
        }
        config = {"EndpointConfigName": names["config"], "ProductionVariants": [variant]}
        endpoint = {"EndpointName": names["endpoint"], "EndpointConfigName": names["config"]}
        self.ask("CreateModel", {"ModelName": names["model"], "Containers": containers})
        self.ask("CreateEndpointConfig", config)
        return names["endpoint"] if self.ask("CreateEndpoint", endpoint) == 200 else None

    def invoke(self, endpoint: str) -> Answer:
        """The answer to an invocation."""
        path = f"/endpoints/{quote(endpoint.encode(errors='surrogatepass'), safe='')}/invocations"
        return self.served.send("POST", path, b"1")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("names")
    for name in ("state", "x", "state/x", "state/serving/x", "models", "etc/x", "tmp/x"):
        folder.joinpath(name).mkdir(parents=True)
        folder.joinpath(name, "kept").write_text(name, "utf-8")
    with tarfile.open(folder / "models" / "model.tar.gz", "w:gz") as archive:
        script = tarfile.TarInfo("code/inference.py")
        script.size = len(_PROGRAM)
        archive.addfile(script, io.BytesIO(_PROGRAM))
    options = ("--validation", "warn", "--bucket", f"models={folder / 'models'}")
    with serving(folder / "state", *options) as served:
        yield Place(served, folder)
    assert not folder.joinpath("state", "serving", "sagemock.db").exists()


def test_odd_names_create_and_remove_nothing_outside_the_servers_folder(place: Place) -> None:
    made = [
        endpoint
        for number, odd in enumerate(_NAMES)
        for which in _PLACES
        if (endpoint := place.deploy(which, odd, number)) is not None
    ]
    assert len(made) > len(_NAMES)
    assert place.outside() == place.before
    wrong = [
        (operation, endpoint)
        for endpoint in made
        for operation in ("DescribeEndpoint", "DeleteEndpoint")
        if place.ask(operation, {"EndpointName": endpoint}) != 200
    ]
    assert place.outside() == place.before
    assert not wrong


def test_an_odd_name_makes_no_odd_answer(place: Place) -> None:
    wrong = []
    for number, odd in enumerate(_NAMES):
        endpoint = place.deploy("variant", odd, 2000 + number)
        if endpoint is not None:
            answer = place.invoke(endpoint)
            if answer.status >= 500 or not all(_is_plain(value) for _, value in answer.headers):
                wrong.append((odd[:20], answer.status))
    assert not wrong


def _is_plain(value: str) -> bool:
    return value.isprintable() or not value.isascii()


def test_models_run_in_folders_of_their_own_whatever_their_names(place: Place) -> None:
    data = {"ModelDataUrl": "s3://models/model.tar.gz"}
    wanted = [("hostname", odd) for odd in _RUN[::2]] + [("variant", odd) for odd in _RUN[1::2]]
    wanted += [("endpoint", "..run"), ("endpoint", "E" * 200), ("endpoint", "a" * 5000 + "run")]
    made = [
        endpoint
        for number, (which, odd) in enumerate(wanted)
        if (endpoint := place.deploy(which, odd, 1000 + number, **data)) is not None
    ]
    assert len(made) == len(wanted)
    assert within(30, lambda: "Creating" not in map(place.status, made))
    assert [each[:20] for each in made if place.status(each) != "InService"] == []
    assert place.outside() == place.before
    assert len(place.folders()) == 2 * len(made)
    for endpoint in made:
        assert place.ask("DeleteEndpoint", {"EndpointName": endpoint}) == 200
    assert within(20, lambda: place.folders() == [])
    assert place.outside() == place.before


def test_no_environment_can_write_a_line_of_the_log(place: Place) -> None:
    environment = {"SAGEMAKER_SUBMIT_DIRECTORY": f"s3://models/x\n{_FORGED}"}
    endpoint = place.deploy("hostname", "first", 3000, Environment=environment)
    assert endpoint is not None
    assert within(20, lambda: place.status(endpoint) == "Failed")
    told = f"Endpoint {endpoint}: "
    assert within(10, lambda: told in place.served.log())
    assert f"\n{_FORGED}" not in place.served.log().partition(told)[2]


def test_nothing_in_the_log_tells_of_a_failure(place: Place) -> None:
    assert place.served.tracebacks() == ""


def test_no_name_can_write_a_line_of_the_log(place: Place) -> None:
    assert not place.served.odd_log_lines()


def test_the_server_is_well_and_at_rest_afterwards(place: Place) -> None:
    assert place.served.is_well()
    assert place.served.comes_to_rest()
