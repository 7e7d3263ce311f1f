"""What endpoints leave behind once they are deleted: no process, port, thread, file or folder."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from deploying.deployed import (
    Deployed,
    Endpoints,
    Members,
    eventually,
    listening_inodes,
    processes_below,
    sockets_of,
)
from deploying.programs import OBEYS, loads_after, says

FIFTY = 50
AT_ONCE = 4


def open_because_of_workers() -> list[str]:
    """The pipes and endpoints' files that this process has open, by the names of Linux."""
    found = []
    for number in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(number.readlink()))
    return sorted(name for name in found if name.startswith("pipe:") or "/serving/" in name)


def threads_for_workers() -> set[threading.Thread]:
    """All threads but the server's own, of which some may start late."""
    return {each for each in threading.enumerate() if not each.name.endswith("(_work)")}


def left_below(folder: Path) -> list[Path]:
    """The endpoints' folders that are still there."""
    return [*(folder / "serving").glob("*/*")]


def deploy_and_delete(deployed: Endpoints, container: Members, name: str) -> set[str]:
    """The sockets that an endpoint's workers listened on."""
    deployed.deploy(name, container)
    worker = int(deployed.ask(name, "str(os.getpid())"))
    listened = sockets_of(worker) & listening_inodes()
    deployed.delete(name)
    return listened


def test_fifty_endpoints_leave_nothing_behind(deployed: Deployed) -> None:
    container = deployed.program(OBEYS)
    deploy_and_delete(deployed, container, "first")
    threads, files = threads_for_workers(), open_because_of_workers()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [
            pool.submit(deploy_and_delete, deployed, container, f"endpoint-{number}")
            for number in range(FIFTY)
        ]
        listened = [each.result() for each in asked]
    assert all(len(each) == 1 for each in listened)
    eventually(lambda: not processes_below(deployed.folder))
    assert not set().union(*listened) & listening_inodes()
    eventually(lambda: threads_for_workers() <= threads)
    assert open_because_of_workers() == files
    assert not left_below(deployed.folder)


def test_an_endpoint_that_failed_leaves_nothing_behind(deployed: Deployed) -> None:
    endpoint = deployed.create("it", deployed.program("raise RuntimeError('no')"))
    assert endpoint["EndpointStatus"] == "Failed"
    eventually(lambda: not processes_below(deployed.folder))
    deployed.delete("it")
    assert not left_below(deployed.folder)


def test_what_an_update_replaced_leaves_nothing_behind(deployed: Deployed) -> None:
    name = deployed.run(says("old"))
    before = left_below(deployed.folder)
    deployed.update(name, deployed.program(says("new"), "new"), to="new")
    eventually(lambda: len(processes_below(deployed.folder)) == 1)
    assert before
    folders = deployed.folder / "serving"
    eventually(lambda: len([*folders.glob("*/*-it-*")]) == 1)


def test_a_reset_stops_all_workers_whatever_they_do(deployed: Deployed) -> None:
    deployed.run(OBEYS, "works")
    latch = deployed.folder / "never"
    begun = deployed.folder / "begun"
    deployed.create("loads", deployed.program(loads_after(latch), "loads"))
    with ThreadPoolExecutor(1) as pool:
        body = f"open({str(begun)!r}, 'w').close() or wait_for({str(latch)!r})"
        asked = pool.submit(deployed.ask, "works", body)
        eventually(begun.exists)
        assert len(processes_below(deployed.folder)) == 2
        deployed.reset()
        assert not processes_below(deployed.folder)
        assert isinstance(asked.exception(), deployed.runtime.exceptions.ModelError)
    assert deployed.sagemaker.list_endpoints()["Endpoints"] == []
    assert deployed.deployments() == []
    assert "not found" in deployed.refused("works")["Error"]["Message"]
    assert not left_below(deployed.folder)
    assert deployed.ask(deployed.run(says("anew"), "works")) == "anew"
