"""Values for requests: good ones for every shape of the service model, and bad ones of every kind.

Good strings are not made from patterns: for each shape those of a fixed list are taken that fit.
"""

import copy
import json
import random
import re
from collections.abc import Mapping
from typing import Any

import regex

from sagemock.api.patterns import translate
from sagemock.api.service_model import Shape

_ARN = "arn:aws:sagemaker:us-east-1:123456789012"
_GOOD = (
    *("a", "1", "churn-2", "text/csv", "1.2.3", "env_VAR", "PYTORCH", "ml.m5.large", "us-east-1"),
    "s3://bucket/key/model.tar.gz",
    "https://example.com/model",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn@sha256:" + "b" * 64,
    "sha256:" + "a" * 64,
    "arn:aws:iam::123456789012:role/service-role/sagemaker",
    f"{_ARN}:model-package/g1/1",
    f"{_ARN}:hub-content/SageMakerPublicHub/Model/x/1.0.0",
    "Ein Text über Äpfel, 语言 and more.",
)

ODD_STRINGS = (
    *("", " ", "\x00", "a\x00b", "\n", "a\n", "\r\n", "\t", "\x1b[31m", "\x7f", "\x85", "\u2028"),
    *("\ud800", "\udc00", "a\ud83d", "\udfff\ud800", "😀", "\U0010ffff", "\ufffe", "\ufeff"),
    *("\u202eabc", "\u200f", "e\u0301" * 30, "Z" + "\u0335" * 500, "\u0000\u0001", "ﷺ", "ß", "İ"),
    *("١٢٣", "\uff11\uff12", "²", "\u041a", "\u017f", "\u00ad", "\u3000", "\u200b", "\u0130" * 100),
    *("'", '"', "\\", "`", "'; DROP TABLE resource; --", "%", "_", "%%", "[a]", "*", "?", "a%b_c"),
    *("{0}", "{}", "{x}", "{0.__class__}", "%s", "%n%n", "${x}", "$.a", '$."a', "$[0]", "a.b", "."),
    *("..", "../../etc/passwd", "/", "//", "a/", "/a", "a/0", "a/1/2", "a/999999999", "a/-1", "-"),
    *("null", "true", "NaN", "0", "-1", "1e400", "9" * 400, "0x10", "undefined", "[]", "{"),
    *("<script>alert(1)</script>", "&amp;", "=1+1", "@x", "\\u0000", "\\ud800", "%00", "%ff"),
    *("arn:aws:sagemaker:us-east-1:123456789012:model-package/g1/99999999999999999999",),
    *(f"{_ARN}:model-package-group/", f"{_ARN}:model-package/g1/1/1", f"{_ARN}:", "arn:", "::::::"),
    *(f"{_ARN}:model-package/\ud800", f"{_ARN}:model-package/{'g' * 2048}", f"{_ARN}:endpoint/x"),
    *("2024-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:60", "٢٠٢٤-01-01"),
    *("aws:reserved", "AWS:x", "Tags.", "Tags.a", "Tags.Key", "CustomerMetadataProperties."),
    *("a" * 63, "a" * 64, "a" * 256, "a" * 257, "a" * 1024, "a" * 1025, "a" * 8192, "a" * 8193),
    *("a-" * 5000, "-" * 5000, "a" * 100_000, "\u00e9" * 50_000, " " * 20_000, "a b" * 20_000),
    *("x" * 2_000_000, "😀" * 200_000),
)

RAW = (
    *("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "-0", "-0.0", "0e0", "1E+2"),
    *("1e308", "2147483647", "2147483648", "-2147483649", "9223372036854775807"),
    *(
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1.7976931348623157e308",
    ),
    *("253402300799.9999", "253402300800", "-62135596800", "-62135596801", "1e11", "1e18", "0.1"),
    *("4.9e-324", "0.000000000000000000000000001", "1e5000", "9" * 4300, "9" * 4301, "9" * 100_000),
    *("0." + "3" * 5000, "1" * 300 + ".5", "-" + "1" * 4300, "1e" + "9" * 400, "1e-" + "9" * 400),
    *("01", ".5", "1.", "+1", "0x10", "1_000", "--1", "1e", "- 1", "1,2", "truE", "None", "nul"),
    *("[" * 120 + "]" * 120, "[" * 127 + "]" * 127, "[" * 128 + "]" * 128, "[" * 3000 + "]" * 3000),
    *("[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 126 + "1" + "}" * 126),
    *('{"a":' * 50_000 + "1" + "}" * 50_000, '{"a":1,"a":2}', '{"":{}}', '{"\\u0061":1,"a":2}'),
    *("[1" + ",1" * 20_000 + "]", '[""' + ',""' * 5000 + "]", "[{}" + ",{}" * 5000 + "]"),
    *("[null]", "[[]]", '{"a":null}', "[null,null]", '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"'),
    *('"a', '"\\x"', '"\\u12"', "'a'", '"\t"', "/**/1", "1 2", "[1,]", '{"a":1,}', "{1:2}", "{,}"),
)
"""JSON, and what looks like it, that `json.dumps` would not write."""

_RAW_PLACE = re.compile(r'"@raw(\d+)@"')

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, -1.5, 10**9, 10**18, 2**31, 2**63, 1e300, "", "x", "1"),
    *([], {}, [[]], [{}], {"": ""}, {"a": {}}, [None], ["x"], [1, "x", None], {"a": [{"a": []}]}),
    *({"Key": "k"}, {f"k{number}": "v" for number in range(300)}, ["x"] * 300, [{}] * 150),
)


class GoodValues:
    """Values that a shape allows, drawn at random."""

    def __init__(self, shapes: Mapping[str, Shape], links: Mapping[str, Any]) -> None:
        self._shapes = shapes
        self._links = links
        self._strings: dict[str, list[str]] = {}

    def structure(self, draw: random.Random, name: str, depth: int = 0) -> dict[str, Any]:
        """A structure with its required members and some of the others."""
        shape = self._shapes[name]
        likely = 0.4 if depth < 2 else 0.2
        members = [
            member
            for member in shape["members"]
            if member in shape.get("required", ()) or draw.random() < likely
        ]
        if shape.get("union"):
            members = [draw.choice(list(shape["members"]))]
        return {
            member: self.member(draw, member, shape["members"][member]["shape"], depth + 1)
            for member in members
        }

    def member(self, draw: random.Random, member: str, name: str, depth: int) -> Any:
        """The value of a member: one that leads to something stored, where there is such."""
        if member in self._links and draw.random() < 0.95:
            return self._links[member](draw)
        return self.value(draw, name, depth)

    def value(self, draw: random.Random, name: str, depth: int) -> Any:
        shape = self._shapes[name]
        kind = shape["type"]
        if kind == "structure":
            return self.structure(draw, name, depth)
        if kind in ("list", "map"):
            least = shape.get("min", 0)
            size = draw.randint(least, min(shape.get("max", least + 2), least + 2))
            size = 0 if depth > 6 else size
            if kind == "list":
                element = shape["member"]["shape"]
                return [self.value(draw, element, depth + 1) for _ in range(size)]
            key, value = shape["key"]["shape"], shape["value"]["shape"]
            pairs = ((self.value(draw, key, 9), self.value(draw, value, 9)) for _ in range(size))
            return dict(pairs)
        return self._scalar(draw, name, shape)

    def _scalar(self, draw: random.Random, name: str, shape: Shape) -> Any:
        kind = shape["type"]
        if "enum" in shape:
            return draw.choice(shape["enum"])
        if kind == "boolean":
            return draw.random() < 0.5
        if kind == "timestamp":
            return draw.choice([0, 1_600_000_000.5, 1_700_000_000, 4_000_000_000])
        if kind in ("integer", "long"):
            least = shape.get("min", 0)
            return draw.choice([least, shape.get("max", 100), least + 1])
        if kind in ("float", "double"):
            return draw.choice([0, 0.5, 1])
        return draw.choice(self.strings(name))

    def strings(self, name: str) -> list[str]:
        """The good strings that fit a shape; one of its least length where none does."""
        if name not in self._strings:
            shape = self._shapes[name]
            pattern = regex.compile(translate(shape["pattern"])) if "pattern" in shape else None
            self._strings[name] = [
                text
                for text in _GOOD
                if shape.get("min", 0) <= len(text) <= shape.get("max", 10_000)
                and (pattern is None or pattern.fullmatch(text))
            ] or ["a" * shape.get("min", 0)]
        return self._strings[name]


def odd_value(draw: random.Random) -> Any:
    """One of ODD_VALUES, or one of RAW."""
    return raw(draw) if draw.random() < 0.3 else copy.deepcopy(draw.choice(ODD_VALUES))


def raw(draw: random.Random) -> str:
    """A stand-in for one of RAW, which `dumped` puts in its place."""
    return f"@raw{draw.randrange(len(RAW))}@"


def dumped(value: Any, *, escaped: bool = True) -> str:
    """A value as JSON, as botocore writes it or as JavaScript does, with RAW in its places."""
    if escaped:
        text = json.dumps(value)
    else:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _RAW_PLACE.sub(lambda found: RAW[int(found[1])], text)
