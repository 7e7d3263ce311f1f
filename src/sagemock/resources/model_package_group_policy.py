"""The resource policy of a model package group: stored, checked for form, given back.

It says which other accounts may use the group. It is not enforced here yet: another account's ARN
is refused whatever the policy says.
"""

import re
from typing import Any

from sagemock.errors import ValidationException
from sagemock.json_document import parsed
from sagemock.operation import Call, Members, operation
from sagemock.resources.model_package_group import MODEL_PACKAGE_GROUP, VERSIONS_KIND

NO_GROUP = "Cannot find Model Package Group: {arn}"
NO_POLICY = "Cannot find resource policy for: {ModelPackageGroupArn}"
INVALID = "Invalid policy provided: {reason}"
EFFECTS = ("Allow", "Deny")
_PRINCIPAL = re.compile(
    r"\*|[0-9]{12}|arn:aws[a-z-]*:(?:iam|sts)::[0-9]{12}:\S+|[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?"
)

_POLICY = "resource_policy"
"""Where the policy lies in the group's document; lower case, so Describe never shows it."""


@operation
def put_model_package_group_policy(call: Call, request: Members) -> Members:
    """Give a group its policy, in place of an earlier one.

    Errors: ValidationException, there is no such group, or the policy is not one for it (PP2, PP3).
    Cases: fixtures/conformance/model_package_group_policy/put_*.json
    """
    group = MODEL_PACKAGE_GROUP.get(call, request["ModelPackageGroupName"], not_found=NO_GROUP)
    policy = request["ResourcePolicy"]
    reason = what_is_wrong(policy, group)
    if reason is not None:
        raise ValidationException(INVALID.format(reason=reason))
    MODEL_PACKAGE_GROUP.set_aside(call, group, _POLICY, policy)
    return group


@operation
def get_model_package_group_policy(call: Call, request: Members) -> Members:
    """The policy of a group, to the letter as it was put.

    Errors: ValidationException, there is no such group, or it has no policy.
    Cases: fixtures/conformance/model_package_group_policy/get_*.json
    """
    return {"ResourcePolicy": _with_policy(call, request)[_POLICY]}


@operation
def delete_model_package_group_policy(call: Call, request: Members) -> Members:
    """Take the policy from a group.

    Errors: ValidationException, there is no such group, or it has no policy (any more).
    Cases: fixtures/conformance/model_package_group_policy/delete_*.json
    """
    MODEL_PACKAGE_GROUP.set_aside(call, _with_policy(call, request), _POLICY, None)
    return {}


def _with_policy(call: Call, request: Members) -> Members:
    group = MODEL_PACKAGE_GROUP.get(call, request["ModelPackageGroupName"], not_found=NO_GROUP)
    if _POLICY not in group:
        raise ValidationException(NO_POLICY.format(**group))
    return group


def what_is_wrong(policy: str, group: Members) -> str | None:
    """The first reason why a text is no policy for this group; None for one that is."""
    try:
        document = parsed(policy)
    except ValueError:
        return "Not a JSON document"
    statements = document.get("Statement") if isinstance(document, dict) else None
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        return "Missing Statement"
    problems = (_what_is_wrong_in(statement, group) for statement in statements)
    return next((problem for problem in problems if problem), None)


def _what_is_wrong_in(statement: Any, group: Members) -> str | None:
    if not isinstance(statement, dict):
        return "A statement is a JSON object"
    principals = _principals(statement.get("Principal", statement.get("NotPrincipal")))
    actions = _texts(statement.get("Action", statement.get("NotAction")))
    resources = _texts(statement.get("Resource"))
    foreign = [resource for resource in resources if not _belongs(resource, group)]
    problems = {
        "A statement needs an Effect of Allow or Deny": statement.get("Effect") not in EFFECTS,
        "A statement needs a Principal": not principals,
        "Invalid principal": not all(_PRINCIPAL.fullmatch(each) for each in principals),
        "Duplicate principal": len({_account_root(each) for each in principals}) < len(principals),
        "A statement needs an Action": not actions,
        "A statement needs a Resource": not resources,
        f"Resource {''.join(foreign[:1])} does not belong to the group": bool(foreign),
    }
    return next((reason for reason, is_so in problems.items() if is_so), None)


def _principals(principal: Any) -> list[str]:
    """Who a statement is about: everybody, or accounts, roles and users; services too."""
    if isinstance(principal, dict):
        return [text for value in principal.values() for text in _texts(value)]
    return _texts(principal)


def _belongs(resource: str, group: Members) -> bool:
    """Whether a resource is the group itself or versions of it."""
    own: str = group["ModelPackageGroupArn"]
    versions = own.replace(f":{MODEL_PACKAGE_GROUP.arn_type}/", f":{VERSIONS_KIND}/", 1)
    return resource == own or resource.startswith(f"{versions}/")


def _texts(value: Any) -> list[str]:
    """A text or a list of texts, as policies have both; nothing for anything else."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(text and isinstance(text, str) for text in texts):
        return []
    return texts


def _account_root(principal: str) -> str:
    """`123456789012` and `arn:aws:iam::123456789012:root` are one principal."""
    root = re.fullmatch(r"arn:[^:]*:iam::(\d{12}):root", principal)
    return root[1] if root else principal
