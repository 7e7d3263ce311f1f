"""Who may import whom, and what no part of the house does: read from the imports themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sagemock

SOURCE = Path(sagemock.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))

# From the bottom up: a module may import what lies on a lower floor, and its own folder.
FLOORS = (
    (
        "errors",
        "conditions",
        "json_document",
        "schema_words",
        "nobodys_session",
        "own_calls",
        "eventing",
        "faulting",
        "event_matchers",
        "contents",
        "doctor_findings",
    ),
    (
        "ports",
        "hosting",
        "lifecycle",
        "reaching",
        "pieces",
        "pace",
        "time_text",
        "text_table",
        "call_text",
        "journal_body",
        "event_pattern",
        "yaml_document",
    ),
    (
        "operation",
        "arn",
        "settings",
        "log",
        "event_rules_schema",
        "storage",
        "seed_document",
        "clock",
        "ids",
    ),
    (
        "faults_schema",
        "activity",
        "journal",
        "listing",
        "replaying",
        "tagging",
        "event_input",
        "client_setup",
        "registry_view",
        "snapshot_order",
        "named_settings",
        "clients",
    ),
    (
        "resource_type",
        "event_rules",
        "event_names",
        "aws_profile",
        "registry_diff",
        "registry_reader",
    ),
    ("api", "resources", "fault_rules"),
    (
        "routing",
        "nearest",
        "faults",
        "settling",
        "snapshot",
        "activity_log",
        "time_travel",
        "server_client",
        "server_probe",
        "log_table",
        "journal_table",
        "doctor_clients",
        "delivery",
        "seed_schema",
        "seed_planting",
    ),
    ("runtime", "event_log", "snapshot_client", "seed_check", "seed_client"),
    ("service_events",),
    ("service", "seeds"),
    ("wire", "store", "serving", "sinks"),
    ("app",),
    (
        "conformance",
        "event_samples",
        "event_rule_files",
        "doctor",
        "registry_sides",
        "running_server",
        "journal_checks",
    ),
    ("coverage", "event_rehearsal", "in_process", "stray_calls"),
    ("cli", "pytest_plugin", "pytest_entry"),
    ("__main__", "__init__"),
)
FLOOR = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}

ONLY_IN = {
    "flask": ("wire", "app"),
    "werkzeug": ("wire",),
    "waitress": ("wire",),
    "sqlite3": ("store",),
    "jsonschema": (
        "api",
        "serving",
        "event_rules_schema",
        "faults_schema",
        "seed_schema",
        "snapshot",
    ),
    "yaml": ("yaml_document",),
    "orjson": ("api", "store", "wire", "clients", "snapshot", "replaying"),
    "regex": ("api", "serving"),
    "click": ("cli",),
    "boto3": (),
    "botocore": ("serving", "sinks", "clients", "nobodys_session", "registry_reader"),
}
FORBIDDEN_CALLS = {
    "time.time": ("app", "wire"),
    "uuid.uuid4": ("app", "ids"),
    "os.environ": ("app", "serving/worker.py", "running_server", "stray_calls"),
    "os.getenv": (),
    "print": (),
}


def part_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "sagemock":
                yield from (f"sagemock.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down_never_up_or_sideways(path: Path) -> None:
    here = part_of(path)
    for module in imports(path):
        if not module.startswith("sagemock"):
            continue
        there = module.removeprefix("sagemock").strip(".").split(".")[0] or "__init__"
        assert there == here or FLOOR[there] < FLOOR[here], f"{path} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_library_stays_behind_the_border_that_owns_it(path: Path) -> None:
    for module in imports(path):
        library = module.split(".")[0]
        if library in ONLY_IN:
            assert part_of(path) in ONLY_IN[library], f"{path} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_time_identity_environment_and_output_come_from_outside(path: Path) -> None:
    here = {part_of(path), path.relative_to(SOURCE).as_posix()}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute | ast.Name):
            name = ast.unparse(node)
            if name in FORBIDDEN_CALLS:
                assert here & set(FORBIDDEN_CALLS[name]), f"{path} uses {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_holds_state(path: Path) -> None:
    for node in ast.parse(path.read_text("utf-8")).body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call):
            made = ast.unparse(value.func)
            assert made in MADE_AT_IMPORT, f"{path} makes a {made} when imported"


MADE_AT_IMPORT = {
    "TypeVar",
    "re.compile",
    "regex.compile",
    "frozenset",
    "Index",
    "Lifecycle",
    "MappingProxyType",
    "Operation",
    "Path",
    "Path(__file__).with_name",
    "ResourceType",
    "logging.getLogger",
    "pytest.StashKey",
    "range",
    "struct.Struct",
}


@pytest.mark.parametrize("path", sorted((SOURCE / "resources").glob("*.py")), ids=lambda p: p.name)
def test_rules_catch_no_blind_exception(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert ast.unparse(node.type) != "Exception"


def test_the_store_knows_no_word_of_sagemaker() -> None:
    for path in (SOURCE / "store").glob("*.py"):
        text = path.read_text("utf-8").replace("sagemock", "").lower()
        for word in ("sagemaker", "modelpackage", "model_package", "approval", "arn:aws"):
            assert word not in text


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_fits_a_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400
