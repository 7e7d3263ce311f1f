"""Lists whose elements are JSON already."""

import json

from sagemock.json_document import JsonList
from sagemock.wire.answers import compact

TEXTS = ['{"a":"é"}', '{"b":[1,2]}']
VALUES = [{"a": "é"}, {"b": [1, 2]}]


def test_it_reads_like_the_list_it_stands_for() -> None:
    rows = JsonList(TEXTS)
    assert rows == VALUES
    assert list(rows) == VALUES
    assert rows[1] == VALUES[1]
    assert rows[:1] == VALUES[:1]
    assert len(rows) == 2
    assert rows != VALUES[:1]
    assert hash(rows) == hash(JsonList(list(TEXTS)))
    assert repr(rows) == '[{"a":"é"},{"b":[1,2]}]'


def test_it_goes_into_an_answer_as_it_is() -> None:
    answer = {"List": JsonList(TEXTS), "NextToken": "x", "Empty": JsonList([])}
    assert compact(answer) == b'{"List":[{"a":"\xc3\xa9"},{"b":[1,2]}],"NextToken":"x","Empty":[]}'
    assert json.loads(compact(answer)) == {"List": VALUES, "NextToken": "x", "Empty": []}
