"""The ring of calls: what is kept, what is cut, what gives way, and how it is shown."""

import json
from typing import Any

import pytest

from sagemock.journal import (
    MOST_BODY_BYTES,
    MOST_BYTES,
    Journal,
    JournalQuery,
    Noted,
    Refusal,
    Streamed,
)
from sagemock.operation import Caller

ANN = Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/ann", "AIDAANN")
BEN = Caller("210987654321", "eu-west-1", "arn:aws:iam::210987654321:user/ben", "AIDABEN")
LATEST = JournalQuery()
LIMIT = MOST_BODY_BYTES


def noted(request: bytes | None = b"{}", answer: bytes | Streamed = b"{}", **facts: Any) -> Noted:
    """A call of Ann's that lists models, but for what is said."""
    usual: dict[str, Any] = {
        "at": 1_700_000_000.1234,
        "ms": 1.23456,
        "request_id": "id",
        "caller": ANN,
        "service": "sagemaker",
        "operation": "ListModels",
        "status": 200,
        "error": None,
    }
    return Noted(**(usual | facts), request=request, answer=answer)


def shown(call: Noted, **query: Any) -> Any:
    journal = Journal()
    journal.note(call)
    (row,) = journal.page(JournalQuery(**query))["Requests"]
    return row


def numbers(journal: Journal, **query: Any) -> list[int]:
    return [each["Number"] for each in journal.page(JournalQuery(**query))["Requests"]]


def test_a_call_is_shown_with_its_request_and_its_answer() -> None:
    assert shown(noted(b'{"MaxResults":1}', b'{"Models":[]}')) == {
        "Number": 1,
        "Time": 1_700_000_000.123,
        "RequestId": "id",
        "Account": "123456789012",
        "Region": "us-east-1",
        "Principal": "arn:aws:iam::123456789012:user/ann",
        "Service": "sagemaker",
        "Operation": "ListModels",
        "Status": 200,
        "Ms": 1.235,
        "Request": {"MaxResults": 1},
        "Response": {"Models": []},
    }


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"answer": b'{"__type":"V","message":"It is so."}'}, "It is so."),
        ({"answer": b'{"Message":"It is so."}', "service": "sagemaker-runtime"}, "It is so."),
        (
            {"answer": b'{"__type":"SerializationException"}', "error": "SerializationException"},
            "The body is no JSON, or a member of it has the wrong type.",
        ),
        ({"answer": b"", "error": "Other"}, None),
    ],
)
def test_a_refused_call_tells_why_in_the_words_of_its_answer(
    facts: dict[str, Any], why: str | None
) -> None:
    row = shown(noted(status=400, **facts))
    assert row.get("WhyRefused") == why


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"a":1,"a":2}', b"NaN", b"1e999", b"[" * 500, b'{"a":' * 300 + b"1" + b"}" * 300],
)
def test_a_body_that_is_no_json_for_every_reader_is_shown_as_a_text(body: bytes) -> None:
    row = shown(noted(body))
    assert row["Request"] == {"Size": len(body), "Text": body.decode()}
    json.dumps(row, allow_nan=False)


def test_a_body_that_is_no_text_is_shown_as_far_as_it_is_one() -> None:
    assert shown(noted(b"\xff{"))["Request"] == {"Size": 2, "Text": "\ufffd{"}
    whole = shown(noted(b"\xff{"), whole=True)["Request"]
    assert whole == {"Size": 2, "Text": "\ufffd{", "Base64": "/3s="}


def test_what_had_no_body_or_was_not_read_is_told_apart() -> None:
    assert shown(noted(b"", b""))["Request"] is None
    assert "Request" not in shown(noted(None, b""))


def test_a_long_body_is_cut_and_says_so() -> None:
    body = json.dumps({"Name": "x" * LIMIT}).encode()
    row = shown(noted(body, body), whole=True)
    cut = {"Size": len(body), "Text": body[:LIMIT].decode(), "Cut": True}
    assert (row["Request"], row["Response"]) == (cut, cut)


def test_a_body_as_long_as_may_be_is_not_cut() -> None:
    body = json.dumps("x" * (LIMIT - 2)).encode()
    assert shown(noted(body))["Request"] == "x" * (LIMIT - 2)


def invocation(request: bytes, answer: bytes | Streamed, **facts: Any) -> Noted:
    return noted(
        request,
        answer,
        service="sagemaker-runtime",
        operation="InvokeEndpoint",
        path="/endpoints/it/invocations",
        sent={"EndpointName": "it", "ContentType": "text/csv"},
        told=[("Content-Type", "text/plain"), ("x-amzn-RequestId", "1")],
        shown={"ContentType": "Content-Type", "CustomAttributes": "X-Custom"},
        carried={"ContentType": "Content-Type", "Accept": "Accept"},
        **facts,
    )


def test_of_an_invocation_the_first_kilobyte_is_shown_where_it_is_a_text() -> None:
    row = shown(invocation("é".encode() * 600, b"\x00\x01"))
    assert row["Request"] == {
        "EndpointName": "it",
        "ContentType": "text/csv",
        "Body": {"Size": 1200, "Text": "é" * 512, "Cut": True},
    }
    assert row["Response"] == {"ContentType": "text/plain", "Body": {"Size": 2}}


def test_of_an_invocation_all_that_makes_it_again_can_be_asked_for() -> None:
    row = shown(invocation(b"\x00\x01", b""), whole=True)
    assert row["Request"]["Body"] == {"Size": 2, "Base64": "AAE="}
    assert row["Headers"] == {"Content-Type": "text/csv"}


def test_a_stream_is_shown_as_far_as_it_has_come() -> None:
    streamed = Streamed()
    journal = Journal()
    journal.note(invocation(b"", streamed))
    streamed.add(b"0.")
    assert journal.page(LATEST)["Requests"][0]["Response"]["Body"] == {"Size": 2, "Text": "0."}
    streamed.add(b"7" * 2000)
    streamed.broken_by = "It broke."
    (row,) = journal.page(LATEST)["Requests"]
    body = {"Size": 2002, "Text": "0." + "7" * 1022, "Cut": True}
    assert (row["Response"]["Body"], row["BrokenBy"]) == (body, "It broke.")


def test_the_oldest_calls_give_way_and_numbers_go_on() -> None:
    journal = Journal(3, begun=5.0)
    for _ in range(5):
        journal.note(noted())
    page = journal.page(LATEST)
    assert [each["Number"] for each in page.pop("Requests")] == [3, 4, 5]
    assert page == {"After": 5, "Newest": 5, "Oldest": 3, "Begun": 5.0, "Most": 3}
    assert journal.lost(ANN.account) == journal.lost(None) == 2
    assert journal.lost(BEN.account) == 0


def test_so_many_bytes_are_kept_and_no_more() -> None:
    journal = Journal(1_000_000)
    body = b"x" * (LIMIT * 2)
    calls = 2 * MOST_BYTES // LIMIT
    for _ in range(calls):
        journal.note(noted(body, body))
    kept = numbers(journal, limit=calls)
    assert kept[-1] == calls
    assert MOST_BYTES // (2 * LIMIT) - 10 < len(kept) <= MOST_BYTES // (2 * LIMIT)


def test_a_journal_that_is_off_keeps_nothing() -> None:
    journal = Journal(0)
    journal.note(noted())
    assert (journal.page(LATEST)["Requests"], journal.newest) == ([], 0)


def test_forgetting_says_how_many_there_were_and_loses_no_number() -> None:
    journal = Journal()
    journal.note(noted())
    journal.note(noted())
    assert (journal.forget(), journal.forget()) == (2, 0)
    journal.note(noted())
    assert numbers(journal) == [3]
    assert journal.lost(None) == 0


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"limit": 2}, [3, 4]),
        ({"after": 1, "limit": 2}, [2, 3]),
        ({"after": 4}, []),
        ({"operation": "ListModels"}, [1, 3, 4]),
        ({"operation": "list-models", "after": 1}, [3, 4]),
        ({"operation": "create_model"}, [2]),
        ({"account": "210987654321"}, [3]),
        ({"statuses": range(400, 600)}, [4]),
        ({"statuses": range(400, 600), "account": "210987654321"}, []),
    ],
)
def test_calls_are_asked_for_by_what_they_are(query: dict[str, Any], expected: list[int]) -> None:
    journal = Journal()
    journal.note(noted())
    journal.note(noted(operation="CreateModel"))
    journal.note(noted(caller=BEN))
    journal.note(noted(status=400))
    assert numbers(journal, **query) == expected


def test_a_page_says_how_far_was_looked() -> None:
    journal = Journal()
    for status in (400, 200, 400, 200):
        journal.note(noted(status=status))
    failed = range(400, 600)
    assert journal.page(JournalQuery(after=0, limit=1, statuses=failed))["After"] == 1
    assert journal.page(JournalQuery(after=1, limit=2, statuses=failed))["After"] == 4


def test_what_may_have_been_meant_is_looked_for_once_for_equal_refusals() -> None:
    asked: list[Refusal] = []

    def nearest(refusal: Refusal, places: Any, past: Any) -> str:
        asked.append(refusal)
        return f"There is one, {sorted(places)}, but for {past}."

    journal = Journal(nearest=nearest)
    journal.past_accounts.add("1")
    journal.note(noted())
    for _ in range(3):
        journal.note(noted(status=400, error="V", answer=b'{"message":"No."}'))
    rows = journal.page(LATEST)["Requests"]
    told = "There is one, [('123456789012', 'us-east-1')], but for {'1'}."
    assert [each.get("Nearest") for each in rows] == [None, told, told, told]
    assert asked == [Refusal("123456789012", "us-east-1", "ListModels", "V", "No.", {})]


def test_what_may_have_been_meant_is_not_looked_for_without_end() -> None:
    asked = []
    journal = Journal(nearest=lambda refusal, *_: asked.append(refusal))
    for number in range(300):
        journal.note(noted(json.dumps({"Name": number}).encode(), status=400))
    journal.page(LATEST)
    # Those that came last.
    assert [each.request["Name"] for each in asked] == list(range(299, 199, -1))
