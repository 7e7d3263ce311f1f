"""Where a model's code may lie, what answers in its place, and what is kept of it when it fails."""

from textwrap import dedent

from deploying.deployed import IMAGE, Deployed
from deploying.programs import packed, says


def test_a_rule_answers_in_place_of_the_code_unless_process_is_chosen(deployed: Deployed) -> None:
    deployed.deploy("ruled", deployed.program(says("code"), "ruled"))
    deployed.service.canned.add(
        {"match": {"body_regex": "magic"}, "reply": {"body": "rule"}, "times": 1}
    )
    assert deployed.ask("ruled", "'magic'") == "rule"
    assert deployed.ask("ruled", "'magic'") == "code"
    assert deployed.ask("ruled") == "code"


def test_the_code_may_lie_anywhere_in_the_archive(deployed: Deployed) -> None:
    for number, (directory, program) in enumerate(
        (("/opt/ml/model/src", "inference.py"), ("", "/opt/ml/model/src/inference.py"))
    ):
        uri = deployed.buckets.put(
            f"s3://models/src{number}.tar.gz", packed({"src/inference.py": dedent(says("here"))})
        )
        environment = {"SAGEMAKER_PROGRAM": program}
        if directory:
            environment["SAGEMAKER_SUBMIT_DIRECTORY"] = directory
        container = {"Image": IMAGE, "ModelDataUrl": uri, "Environment": environment}
        assert deployed.ask(deployed.deploy(f"src{number}", container)) == "here"


def test_the_last_words_of_what_failed_are_kept(deployed: Deployed) -> None:
    endpoint = deployed.create("it", deployed.program("import nowhere_to_be_found"))
    assert (
        "ModuleNotFoundError: No module named 'nowhere_to_be_found'" in (endpoint["FailureReason"])
    )
    assert "importlib" not in endpoint["FailureReason"]
    logs = deployed.get("/_sagemock/logs/it")["logs"]
    assert "nowhere_to_be_found" in logs["AllTraffic/primary (failed)"]
