"""The verbs every SageMaker noun shares: arn, get, add, change, remove, page.

A `ResourceType` says how one noun differs; a rule composes the verbs. There are no hooks and
nothing to override. This is also the one place where an ARN is held against the caller's account
and region.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType, ModuleType
from typing import TypeVar

from sagemock.activity import Resource, note_changed, note_created, note_removed
from sagemock.arn import Arn, partition_of
from sagemock.errors import AccessDeniedException, ValidationException
from sagemock.json_document import JsonList
from sagemock.listing import next_token
from sagemock.operation import Call, Members, modules
from sagemock.ports import AlreadyThere, ListRow, Query, Row

R = TypeVar("R", Row, ListRow)

_SCOPE_PARTS = 5
"""The parts of an ARN before the resource: arn, partition, service, region, account."""

WRONG_REGION = "ARN should be scoped to correct region: {region}"
NOT_AUTHORIZED = (
    "User: {user} is not authorized to perform: sagemaker:{operation} on resource: {arn} "
    "because no identity-based policy allows the sagemaker:{operation} action"
)
WRONG_CASE = (
    "The requested resource was not found. Please check the capitalization of the requested "
    "resource."
)

TAGS = "Tags"
"""The member that tags would be, in the record of a change."""

NO_ARN = "The name '{name}' cannot stand in an ARN."


@dataclass(frozen=True)
class ResourceType:
    """One noun: its name, the type in its ARN, and what is said when it is missing or there.

    `indexed` names the members it is looked up by, each with the value that nearly all resources
    have, or None where there is no such value. With `lower_case_arn` its ARNs carry the name in
    lower case, and it is found whatever the case; with `anonymous` nobody is told who made it.
    """

    noun: str
    arn_type: str
    not_found: str
    already_exists: str
    indexed: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))
    lower_case_arn: bool = False
    anonymous: bool = False

    @property
    def arn_member(self) -> str:
        """The member of the document that holds its ARN."""
        return f"{self.noun}Arn"

    def arn(self, call: Call, name: str, number: int = 0) -> Arn:
        """The ARN a resource of this name has in the caller's account and region."""
        caller = call.caller
        return Arn(
            region=caller.region,
            account=caller.account,
            type=self.arn_type,
            name=name.lower() if self.lower_case_arn else name,
            number=number,
            partition=partition_of(caller.region),
        )

    def locate(self, call: Call, name_or_arn: str) -> Arn | None:
        """Where a name (also `name/number`) or an ARN points to; None for an ARN of another type.

        Errors: ValidationException, the ARN is of another region (A7); AccessDeniedException, it
        is of another account.
        """
        if not name_or_arn.startswith("arn:"):
            # A leading zero names no version: the ARN grammar, asked just below, says so too.
            return Arn.parse(self._as_asked(call, name_or_arn))
        return own_arn(call, name_or_arn, self.arn_type)

    def get(self, call: Call, name_or_arn: str, *, not_found: str | None = None) -> Members:
        """The stored document.

        `not_found` is this operation's own text, with `{arn}`, where it has one (surprise 2 of the
        reference: four texts for a missing group).
        Errors: ValidationException, it is not there, or only in another case (A12); and those of
        `locate`.
        """
        arn = self.locate(call, name_or_arn)
        row = call.store.get(self.arn_type, arn.name, arn.number) if arn else None
        if arn is None or row is None:
            missing = arn or self._as_asked(call, name_or_arn)
            raise ValidationException((not_found or self.not_found).format(arn=missing))
        if row.name != arn.name and not self.lower_case_arn:
            raise ValidationException(WRONG_CASE)
        return row.document

    def add(  # noqa: PLR0913 - what a new resource consists of
        self,
        call: Call,
        name: str,
        document: Members,
        number: int = 0,
        tags: Mapping[str, str] = MappingProxyType({}),
        *,
        due: bool = False,
    ) -> Members:
        """Store a new document under its name, with its ARN and creation time; both are returned.

        Its tags are stored beside it. With `due` it has yet to move, and is looked at again.

        Errors: ValidationException, there is one of that name, in whatever case (CG2, OQ1); the
        name cannot stand in an ARN, which only happens where its pattern is merely warned about.
        """
        arn = self.arn(call, name, number)
        # Only ASCII has one lower case, and what begins like an ARN would be looked up as one.
        is_found = name.isascii() or not self.lower_case_arn
        if Arn.parse(str(arn)) != arn or not is_found or name.startswith("arn:"):
            raise ValidationException(NO_ARN.format(name=name))
        stored = {
            **document,
            self.arn_member: str(arn),
            "CreationTime": call.now,
        }
        if not self.anonymous:
            stored["CreatedBy"] = call.caller.user_context()
        now_ms = round(call.now * 1000)
        due_ms = now_ms if due else None
        try:
            call.store.add(self.arn_type, name, number, now_ms, stored, due_ms)
        except AlreadyThere as there:
            existing = self.arn(call, there.name, number)
            raise ValidationException(self.already_exists.format(arn=existing)) from None
        call.store.put_tags(self.arn_type, name, number, tags)
        if due:
            call.due.append((self.arn_type, name, number))
        note_created(call, (self.arn_type, name, number))
        return stored

    def change(
        self, call: Call, document: Members, changes: Mapping[str, object], *, due: bool = False
    ) -> Members:
        """Store the document with some members changed; a value of None takes a member out.

        Notes who changed it and when. The time of one resource never runs backwards (UP12). With
        `due` it has yet to move, else it has come to rest.
        """
        merged = {**document, **changes}
        earlier = document.get("LastModifiedTime") or document["CreationTime"]
        merged["LastModifiedTime"] = max(call.now, earlier)
        if not self.anonymous:
            merged["LastModifiedBy"] = call.caller.user_context()
        stored = {name: value for name, value in merged.items() if value is not None}
        due_ms = round(call.now * 1000) if due else None
        self._put(call, document, stored, round(stored["LastModifiedTime"] * 1000), due_ms)
        return stored

    def set_aside(self, call: Call, document: Members, member: str, value: str | None) -> None:
        """Store a member of the rules' own with the document, or take it out with None.

        That is no modification: its time and author stay.
        """
        stored = {name: each for name, each in document.items() if name != member}
        if value is not None:
            stored[member] = value
        self._put(call, document, stored, None)

    def remove(self, call: Call, document: Members) -> Members:
        """Forget a document and its tags; nothing is answered."""
        key = self._key(document)
        tags = call.store.tags(*key)
        call.store.remove(*key)
        before = {**document, TAGS: tags} if tags else document
        note_removed(call, key, before)
        return {}

    def tags(self, call: Call, document: Members) -> dict[str, str]:
        """The tags of a stored document, in the order their keys were first written."""
        return call.store.tags(*self._key(document))

    def add_tags(self, call: Call, document: Members, tags: Mapping[str, str]) -> dict[str, str]:
        """Add tags to a stored document, overwriting by key; all it has then are returned."""
        key = self._key(document)
        before = self.tags(call, document)
        after = {**before, **tags}
        call.store.put_tags(*key, tags)
        note_changed(call, key, {TAGS: before}, {TAGS: after})
        return after

    def remove_tags(self, call: Call, document: Members, keys: Collection[str]) -> None:
        """Take tags from a stored document; keys it does not have are ignored."""
        resource = self._key(document)
        before = self.tags(call, document)
        after = {key: value for key, value in before.items() if key not in keys}
        call.store.remove_tags(*resource, keys)
        note_changed(call, resource, {TAGS: before}, {TAGS: after})

    def page(self, call: Call, query: Query) -> Members:
        """One page of list rows under the operation's own result member, with a token if more."""
        rows, token = page_and_token(call.store.list_rows, query, query.kind)
        return {str(call.operation.result_member): JsonList([row.text for row in rows]), **token}

    def _put(
        self,
        call: Call,
        before: Members,
        document: Members,
        modified_ms: int | None,
        due_ms: int | None = None,
    ) -> None:
        key = self._key(document)
        call.store.put(*key, document, modified_ms, due_ms)
        if due_ms is not None:
            call.due.append(key)
        note_changed(call, key, before, document)

    def _key(self, document: Members) -> Resource:
        """How the store knows the resource of a document: its ARN may have lost the name's case."""
        arn = Arn.parse(document[self.arn_member])
        if arn is None:
            message = f"a stored {self.noun} without an ARN of ours: {document[self.arn_member]}"
            raise ValueError(message)
        return self.arn_type, document.get(f"{self.noun}Name", arn.name), arn.number

    def _as_asked(self, call: Call, name_or_arn: str) -> str:
        if name_or_arn.startswith("arn:"):
            return name_or_arn
        return f"{self.arn(call, name_or_arn)}"


def page_and_token(
    fetch: Callable[[Query], list[R]], query: Query, scope: str
) -> tuple[list[R], Members]:
    """The rows of one page, and the NextToken of the page after it, if there is one.

    The token holds for lists of the same scope only.
    """
    rows = fetch(replace(query, limit=query.limit + 1))
    page = rows[: query.limit]
    return page, {"NextToken": next_token(scope, page[-1])} if len(rows) > len(page) else {}


def empty_page(call: Call) -> Members:
    """The page of a list that has nothing to show."""
    return {str(call.operation.result_member): []}


def own_arn(call: Call, text: str, arn_type: str | None = None) -> Arn | None:
    """The parts of an ARN in the caller's own region and account; None for one of another type.

    The region comes first: what AWS says of another account's ARN in the wrong region names the
    region (A7, reported).
    """
    arn = Arn.parse(text)
    parts = text.split(":", 5)
    if len(parts) <= _SCOPE_PARTS:
        return None
    region, account = parts[3:_SCOPE_PARTS]
    if region != call.caller.region:
        raise ValidationException(WRONG_REGION.format(region=call.caller.region))
    if account != call.caller.account:
        raise AccessDeniedException(
            NOT_AUTHORIZED.format(
                user=call.caller.principal, operation=call.operation.name, arn=text
            )
        )
    if arn is None or arn.partition != partition_of(call.caller.region):
        return None
    if arn_type is not None and arn.type != arn_type:
        return None
    return arn


def collect_resource_types(package: ModuleType) -> list[ResourceType]:
    """The resource types that a package's modules declare, each once."""
    found = (member for module in modules(package) for member in vars(module).values())
    return list({each.noun: each for each in found if isinstance(each, ResourceType)}.values())
