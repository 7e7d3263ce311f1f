"""A call of the journal as text to paste: boto3, the AWS CLI or curl, each making it again.

A call is given as the journal shows it, with the whole bodies of invocations. Account and region
are kept by an access key that is the account. No form says more than the call did: what one cannot
send is told as a comment.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from pprint import pformat
from shlex import quote
from types import MappingProxyType
from typing import Any
from urllib.parse import quote as quoted_path

CallJson = Mapping[str, Any]

_RUNTIME = "sagemaker-runtime"
_STREAM = "InvokeEndpointWithResponseStream"
_JSON = "application/x-amz-json-1.1"
_WIDTH = 96
_FAILED = 400
_LONG_WORD = re.compile(r"(.)([A-Z][a-z]+)")
_CAPITAL = re.compile(r"([a-z0-9])([A-Z])")
_PAGED = ("List", "Search")
_NOT_KEPT = "# Call {number} was refused before its body was read: there is nothing to send again."
_CUT = "# Call {number} is too long: only the first {kept} bytes of its body were kept."
_NOT_WITH = "# {whose} cannot make call {number} again ({why}); curl can."


def as_boto3(call: CallJson, url: str) -> str:
    """The call as Python. One that was refused is sent unchecked, as it was."""
    if told := _cannot(call, "boto3"):
        return told
    checked = "" if call["Status"] < _FAILED else ", parameter_validation=False"
    config = f"    config=Config(retries={{'total_max_attempts': 1}}{checked}),\n"
    lines = [
        "import boto3\n",
        "from botocore.config import Config\n\n" if checked else "\n",
        "client = boto3.client(\n",
        f"    {call['Service']!r},\n",
        f"    endpoint_url={url!r},\n",
        f"    region_name={call['Region']!r},\n",
        f"    aws_access_key_id={call['Account']!r},\n",
        "    aws_secret_access_key='test',\n",
        config if checked else "",
        ")\n",
    ]
    if as_of := call.get("AsOf"):
        lines += [
            "client.meta.events.register(\n",
            "    'before-call',\n",
            "    lambda params, **_: params['headers'].update(\n",
            f"        {{'x-sagemock-as-of': {as_of!r}}}\n",
            "    ),\n",
            ")\n",
        ]
    members = dict(call["Request"] or {})
    if call["Service"] == _RUNTIME:
        members["Body"] = _bytes(members["Body"])
    told = pformat(members, width=_WIDTH, sort_dicts=False)
    name = cased(call["Operation"], "_")
    return "".join(lines) + f"answer = client.{name}(**{told})\nprint(answer)"


def as_aws_cli(call: CallJson, url: str) -> str:
    """The call as the AWS CLI has it, for a POSIX shell."""
    if told := _cannot(call, "The AWS CLI"):
        return told
    if call["Operation"] == _STREAM or "AsOf" in call:
        why = (
            f"it has no {_STREAM}"
            if call["Operation"] == _STREAM
            else "it sends no x-sagemock-as-of"
        )
        return _NOT_WITH.format(whose="The AWS CLI", number=call["Number"], why=why)
    operation = cased(call["Operation"], "-")
    key = f"AWS_ACCESS_KEY_ID={call['Account']} AWS_SECRET_ACCESS_KEY=test"
    place = f"--region {quote(call['Region'])} --endpoint-url {quote(url)}"
    command = f"aws {call['Service']} {operation} \\\n  {place}"
    members = dict(call["Request"] or {})
    if call["Service"] != _RUNTIME:
        paged = " --no-paginate" if call["Operation"].startswith(_PAGED) else ""
        return f"{key} \\\n  {command}{paged} \\\n  --cli-input-json {quote(_compact(members))}"
    pipe = _pipe(_bytes(members.pop("Body")))
    options = [f"--{cased(name, '-')} {quote(str(value))}" for name, value in members.items()]
    # Each version of the CLI reads --body in another way; all read bytes of a file alike.
    options += ["--body fileb:///dev/stdin", "/dev/stdout"]
    return f"{pipe} | {key} \\\n  {command} \\\n  " + " \\\n  ".join(options)


def as_curl(call: CallJson, url: str) -> str:
    """The call as curl, for a POSIX shell; the signature is none, and none is asked for."""
    body = _kept_body(call)
    if isinstance(body, str):
        return body
    scope = f"{call['Account']}/20260101/{call['Region']}/sagemaker/aws4_request"
    signed = f"Credential={scope}, SignedHeaders=host, Signature=0"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {signed}"}
    if "Headers" in call or call.get("Path", "/") != "/":
        # Without these curl would send some of its own.
        headers |= {"Content-Type": "", "Accept": "", **call.get("Headers", {})}
    else:
        target = call.get("Target") or f"SageMaker.{call['Operation']}"
        headers |= {"Content-Type": _JSON}
        headers |= {"X-Amz-Target": target} if "Service" in call or "Target" in call else {}
        headers |= {"x-sagemock-as-of": call["AsOf"]} if "AsOf" in call else {}
    where = url.rstrip("/") + quoted_path(call.get("Path", "/"))
    told = [
        f"-H {quote(f'{name}: {value}' if value else f'{name}:')}"
        for name, value in headers.items()
    ]
    text = _plain_text(body)
    if text is None:
        return " \\\n  ".join(
            [f"{_pipe(body)} | curl -sS {quote(where)}", *told, "--data-binary @-"]
        )
    return " \\\n  ".join([f"curl -sS {quote(where)}", *told, f"--data-raw {quote(text)}"])


FORMS: Mapping[str, Callable[[CallJson, str], str]] = MappingProxyType(
    {"boto3": as_boto3, "aws": as_aws_cli, "curl": as_curl}
)
"""The forms by their names on the command line."""


def cased(name: str, between: str) -> str:
    """A name of AWS's in small letters, its words joined as boto3 (`_`) and the CLI (`-`) do."""
    words = _LONG_WORD.sub(rf"\1{between}\2", name)
    return _CAPITAL.sub(rf"\1{between}\2", words).lower()


def _cannot(call: CallJson, whose: str) -> str | None:
    """Why this client cannot make a call, as a comment; None when it can."""
    body = _kept_body(call)
    if isinstance(body, str):
        return body
    why = None
    if "Service" not in call:
        why = "there is no such operation"
    elif _is_text(call) or not isinstance(call["Request"], dict | None):
        why = "its body is no JSON object"
    return why and _NOT_WITH.format(whose=whose, number=call["Number"], why=why)


def _kept_body(call: CallJson) -> bytes | str:
    """The body as it was sent; where it was not kept whole, a comment that says so."""
    number = call["Number"]
    if "Request" not in call:
        return _NOT_KEPT.format(number=number)
    request = call["Request"]
    if _is_text(call) or "Headers" in call or call.get("Service") == _RUNTIME:
        told = request["Body"] if call.get("Service") == _RUNTIME else request
        if "Base64" not in told:
            return _CUT.format(number=number, kept=64 * 1024)
        return _bytes(told)
    return b"" if request is None else _compact(request).encode()


def _is_text(call: CallJson) -> bool:
    """Whether the request is told as a text, since it is no JSON."""
    request = call["Request"]
    return (
        isinstance(request, dict)
        and "Size" in request
        and not request.keys() - {"Size", "Text", "Cut", "Base64"}
    )


def _bytes(body: Mapping[str, str]) -> bytes:
    return base64.b64decode(body["Base64"])


def _compact(members: Any) -> str:
    return json.dumps(members, separators=(",", ":"))


def _plain_text(body: bytes) -> str | None:
    """A body that can stand in a command; None where its bytes cannot."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() or not any(ord(each) < ord(" ") for each in text) else None


def _pipe(body: bytes) -> str:
    """The beginning of a pipe that sends these bytes."""
    text = _plain_text(body)
    if text is not None:
        return f"printf %s {quote(text)}"
    return f"printf %s {base64.b64encode(body).decode()} | base64 -d"
