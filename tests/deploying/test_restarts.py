"""Endpoints over a restart of their server, whether it was told to stop or killed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from deploying.deployed import Buckets, Connect, Deployed, Serve, eventually, processes_below
from deploying.programs import OBEYS, PID, loads_after, says
from durability.server_process import Servers
from sagemock import runtime

LEAVES_A_CHILD = """
    import subprocess
    def model_fn(model_dir):
        return subprocess.Popen(["sleep", "600"])
    def transform_fn(model, body, content_type, accept): return "yes"
"""


def serving_folders(state: Path) -> list[Path]:
    return [*(state / "serving").glob("*")]


def test_a_restarted_server_starts_its_endpoints_again(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    latch = deployed.folder / "latch"
    latch.touch()
    name = deployed.run(loads_after(latch, "back"))
    latch.unlink()
    deployed.restart()
    assert deployed.status(name) == "SystemUpdating"
    monkeypatch.setattr(runtime, "_PATIENCE_S", 0.1)
    error = deployed.refused(name)
    assert error["Error"]["Code"] == "ModelError"
    assert error["OriginalMessage"] == "The container primary is not running."
    latch.touch()
    deployed.comes_to(name, "InService")
    assert deployed.ask(name) == "back"


def test_a_call_right_after_a_restart_waits_for_its_endpoint(deployed: Deployed) -> None:
    latch = deployed.folder / "latch"
    latch.touch()
    name = deployed.run(loads_after(latch, "back"))
    latch.unlink()
    deployed.restart()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(deployed.ask, name)
        eventually(lambda: len(processes_below(deployed.folder)) == 1)
        assert not asked.done()
        latch.touch()
        assert asked.result() == "back"


def test_model_and_configuration_of_what_is_deployed_may_go(
    deployed: Deployed,
) -> None:
    name = deployed.run(says("still here"))
    deployed.sagemaker.delete_endpoint_config(EndpointConfigName=name)
    deployed.sagemaker.delete_model(ModelName=name)
    deployed.restart()
    deployed.comes_to(name, "InService")
    assert deployed.ask(name) == "still here"


def test_an_artifact_that_is_gone_puts_its_endpoint_out_of_service_until_it_is_back(
    deployed: Deployed,
) -> None:
    name = deployed.run(says("back"))
    archive = deployed.buckets.path("s3://models/it.tar.gz")
    kept = archive.rename(archive.with_suffix(".away"))
    deployed.restart()
    endpoint = deployed.comes_to(name, "OutOfService")
    assert "Could not find model data at s3://models/it.tar.gz." in endpoint["FailureReason"]
    assert deployed.refused(name)["Error"] == {
        "Code": "ValidationError",
        "Message": "Endpoint it of account 123456789012 not found.",
    }
    kept.rename(archive)
    deployed.restart()
    endpoint = deployed.comes_to(name, "InService")
    assert "FailureReason" not in endpoint
    assert deployed.ask(name) == "back"


def test_what_was_real_gets_no_canned_answers_when_its_bucket_is_gone(deployed: Deployed) -> None:
    name = deployed.run(says("real"))
    folder = deployed.buckets.path("s3://models/it.tar.gz").parent
    away = folder.rename(folder.with_name("away"))
    deployed.restart()
    endpoint = deployed.comes_to(name, "OutOfService")
    assert (
        "with the same --bucket, --s3-endpoint and --serving as before"
        in (endpoint["FailureReason"])
    )
    away.rename(folder)
    deployed.restart()
    deployed.comes_to(name, "InService")
    assert deployed.ask(name) == "real"


def test_an_endpoint_out_of_service_can_be_updated(deployed: Deployed) -> None:
    name = deployed.run(says("old"))
    deployed.buckets.path("s3://models/it.tar.gz").unlink()
    deployed.restart()
    deployed.comes_to(name, "OutOfService")
    updated = deployed.update(name, deployed.program(says("new"), "new"), to="new")
    assert updated["EndpointStatus"] == "InService"
    assert "FailureReason" not in updated
    assert deployed.ask(name) == "new"


def test_an_endpoint_out_of_service_can_be_deleted(deployed: Deployed) -> None:
    name = deployed.run()
    deployed.buckets.path("s3://models/it.tar.gz").unlink()
    deployed.restart()
    deployed.comes_to(name, "OutOfService")
    deployed.delete(name)


def test_an_update_under_way_goes_on_after_a_restart_and_the_old_model_answers(
    serve: Serve,
) -> None:
    deployed = serve(hold_s=0.0)
    latch = deployed.folder / "latch"
    deployed.create("it", deployed.program(says("old")))
    name = deployed.comes_to("it", "InService")["EndpointName"]
    deployed.update(name, deployed.program(loads_after(latch, "new"), "new"), to="new")
    deployed.restart()
    assert deployed.status(name) == "Updating"
    eventually(lambda: deployed.answers(name, "old"))
    assert deployed.status(name) == "Updating"
    latch.touch()
    assert deployed.comes_to(name, "InService")["EndpointConfigName"] == "new"
    assert deployed.ask(name) == "new"


def test_a_deletion_under_way_goes_on_after_a_restart(
    servers: Servers, connect: Connect, tmp_path: Path
) -> None:
    begun, buckets = tmp_path / "begun", Buckets(tmp_path / "s3")
    server = servers.start(tmp_path / "registry.db", "--hold-s", "0")
    endpoints = connect(f"http://127.0.0.1:{server.port}")
    endpoints.create("it", buckets.put_program(OBEYS))
    endpoints.comes_to("it", "InService")
    body = f"open({str(begun)!r}, 'w').close() or wait_for('/never')"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(endpoints.ask, "it", body)
        eventually(begun.exists)
        # What is asked is answered before it is stopped; here it never is.
        endpoints.sagemaker.delete_endpoint(EndpointName="it")
        assert endpoints.status("it") == "Deleting"
        server.kill()
        assert isinstance(asked.exception(), BotoCoreError)
    server = servers.start(tmp_path / "registry.db")
    endpoints = connect(f"http://127.0.0.1:{server.port}")
    eventually(lambda: endpoints.is_gone("it"))
    eventually(lambda: not processes_below(tmp_path))


def test_a_server_killed_while_an_endpoint_is_created_goes_on_at_its_next_start(
    servers: Servers, connect: Connect, tmp_path: Path
) -> None:
    latch, buckets = tmp_path / "latch", Buckets(tmp_path / "s3")
    first = servers.start(tmp_path / "registry.db", "--hold-s", "0")
    endpoints = connect(f"http://127.0.0.1:{first.port}")
    created = endpoints.create("it", buckets.put_program(loads_after(latch)))
    assert created["EndpointStatus"] == "Creating"
    eventually(lambda: len(processes_below(tmp_path)) == 1)
    first.kill()
    eventually(lambda: not processes_below(tmp_path))
    second = servers.start(tmp_path / "registry.db")
    endpoints = connect(f"http://127.0.0.1:{second.port}")
    assert endpoints.status("it") == "Creating"
    latch.touch()
    endpoints.comes_to("it", "InService")
    assert endpoints.ask("it") == "loaded"


def test_a_killed_server_leaves_no_worker_and_nothing_that_a_worker_started(
    servers: Servers, connect: Connect, tmp_path: Path
) -> None:
    buckets = Buckets(tmp_path / "s3")
    server = servers.start(tmp_path / "registry.db")
    endpoints = connect(f"http://127.0.0.1:{server.port}")
    endpoints.deploy("it", buckets.put_program(LEAVES_A_CHILD))
    endpoints.deploy("that", buckets.put_program(OBEYS, "s3://models/that.tar.gz"))
    before = endpoints.ask("that", PID)
    assert len(processes_below(tmp_path)) == 3
    server.kill()
    eventually(lambda: not processes_below(tmp_path))
    assert serving_folders(tmp_path)
    server = servers.start(tmp_path / "registry.db")
    endpoints = connect(f"http://127.0.0.1:{server.port}")
    endpoints.comes_to("it", "InService")
    endpoints.comes_to("that", "InService")
    assert endpoints.ask("that", PID) != before
    assert server.terminate() == 0
    assert not processes_below(tmp_path)
    assert not serving_folders(tmp_path)


def test_a_server_told_to_stop_while_a_model_loads_leaves_nothing_behind(
    servers: Servers, connect: Connect, tmp_path: Path
) -> None:
    buckets = Buckets(tmp_path / "s3")
    server = servers.start(tmp_path / "registry.db", "--hold-s", "0")
    endpoints = connect(f"http://127.0.0.1:{server.port}")
    endpoints.create("it", buckets.put_program(loads_after(tmp_path / "never")))
    eventually(lambda: len(processes_below(tmp_path)) == 1)
    assert server.terminate() == 0
    assert not processes_below(tmp_path)
    assert not serving_folders(tmp_path)
