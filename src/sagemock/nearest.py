"""What may have been meant where a refusal says that there is no such thing.

The nearest name of that kind in the caller's account and region, or where else there is a thing of
exactly that name. Names are read in a window around the missing one, never all there are.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from sagemock.arn import Arn
from sagemock.journal import Refusal
from sagemock.ports import ActivityQuery, Position, Query, Session, StorageFailed, Store
from sagemock.resource_type import WRONG_CASE, ResourceType
from sagemock.resources.endpoint import ENDPOINT
from sagemock.resources.model_package import MODEL_PACKAGE, NO_GROUP
from sagemock.resources.model_package_group import MODEL_PACKAGE_GROUP

_MOST_NAMES = 1000
"""As many names before the missing one, in their order, and as many after it."""

_MOST_RECORDS = 1000
_MOST_VARIANTS = 20
_MISSING = re.compile(r"not exist|not find|not found|Cannot find")
_ARN = re.compile(r'arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:[a-z-]+/[^\s"]+')
_INVOKED = re.compile(r"Endpoint (?P<name>\S+) of account")
_VARIANT = re.compile(
    r"(?:variant '[^']*' in|Variant \S+ of) endpoint (?:\"(?P<arn>[^\"]+)\"|(?P<name>\S+))"
)
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

Place = tuple[str, str]


class NearestName:
    """Looks for what was meant, in one store."""

    def __init__(
        self,
        store: Store,
        nouns: Mapping[str, ResourceType],
        operations: Callable[[], Iterable[str]],
    ) -> None:
        self._store = store
        self._nouns = nouns
        self._operations = operations

    def __call__(
        self, refusal: Refusal, places: Collection[Place], unmeant: Collection[str] = ()
    ) -> str | None:
        """What there is in place of what is missing, as a sentence; None if nothing is known.

        `places` are accounts and regions to look in beside those of the latest activity; in
        `unmeant` accounts nobody looks.
        """
        if refusal.error == "UnknownOperationException":
            return self._operation(refusal) if not refusal.message else None
        if not _MISSING.search(refusal.message):
            return None
        try:
            with self._store.reading(refusal.account, refusal.region) as session:
                if named := _VARIANT.search(refusal.message):
                    return _variants(session, named["arn"] or named["name"])
                missing = self._missing(refusal)
                if missing is None:
                    return None
                here = self._here(session, missing)
            there = self._elsewhere(missing, refusal, places, unmeant)
        except StorageFailed:
            return None
        return " ".join(filter(None, (here, there))) or None

    def _operation(self, refusal: Refusal) -> str | None:
        names = {each.lower(): each for each in self._operations()}
        near = _closest(refusal.operation.lower(), names)
        return f"There is an operation '{names[near[0]]}'." if near else None

    def _missing(self, refusal: Refusal) -> Arn | None:
        """What is missing, as the ARN that it would have in the caller's account and region."""
        if found := _ARN.search(refusal.message):
            arn = Arn.parse(found[0].rstrip("."))
            return (
                arn if arn and arn.type in self._nouns and "policy" not in refusal.message else None
            )
        if found := _INVOKED.match(refusal.message):
            return self._arn(refusal, ENDPOINT, found["name"])
        if refusal.message == NO_GROUP:
            asked = refusal.request.get("ModelPackageGroupName")
            return self._arn(refusal, MODEL_PACKAGE_GROUP, asked)
        if refusal.message == WRONG_CASE:
            named = (
                (each, refusal.request.get(f"{each.noun}Name")) for each in self._nouns.values()
            )
            return next((self._arn(refusal, noun, name) for noun, name in named if name), None)
        return None

    def _arn(self, refusal: Refusal, noun: ResourceType, asked: object) -> Arn | None:
        text = str(asked)
        if not text.startswith("arn:"):
            text = str(
                Arn(region=refusal.region, account=refusal.account, type=noun.arn_type, name=text)
            )
        return Arn.parse(text)

    def _here(self, session: Session, missing: Arn) -> str | None:
        if missing.type == MODEL_PACKAGE.arn_type and (told := _of_group(session, missing)):
            return told
        noun = self._nouns[missing.type]
        row = session.get(missing.type, missing.name, missing.number)
        if row is not None:
            is_same = row.name == missing.name or noun.lower_case_arn
            return _there_is(noun, row.name, _now(noun, row.document) if is_same else "")
        near = _near(session, noun, missing.name)
        return _there_is(noun, near) if near else None

    def _elsewhere(
        self,
        missing: Arn,
        refusal: Refusal,
        places: Collection[Place],
        unmeant: Collection[str],
    ) -> str | None:
        here = (refusal.account, refusal.region)
        latest = self._store.activities(ActivityQuery(limit=_MOST_RECORDS))
        known = {*places, *((each.account, each.region) for each in latest)} - {here}
        others = [each for each in known if each[0] == here[0] or each[0] not in unmeant]
        # Another region of the same account is the likeliest mistake.
        for account, region in sorted(others, key=lambda each: (each[0] != here[0], each)):
            with self._store.reading(account, region) as session:
                row = session.get(missing.type, missing.name, missing.number)
            if row is not None:
                where = region if account == here[0] else f"account {account}, {region}"
                label = f"{row.name}/{row.number}" if row.number else row.name
                return _there_is(self._nouns[missing.type], label, f" in {where}")
        return None


def _of_group(session: Session, missing: Arn) -> str | None:
    """What there is of the group whose version is missing, or of the one most like it."""
    kind, number = MODEL_PACKAGE.arn_type, missing.number
    group = session.get(MODEL_PACKAGE_GROUP.arn_type, missing.name)
    name = group.name if group else None
    if name is None and number:
        name = _near(session, MODEL_PACKAGE_GROUP, missing.name)
    if name is None:
        return None
    if not number:
        ending = f"; its versions are named '{name}/1' and so on"
        return _there_is(MODEL_PACKAGE_GROUP, name, ending)
    if row := session.get(kind, name, number):
        return _there_is(MODEL_PACKAGE, f"{row.name}/{row.number}")
    newest = session.list_rows(
        Query(kind, 1, order="name", descending=True, name=name, numbered=True)
    )
    ending = (
        f", whose newest version is '{name}/{newest[0].number}'" if newest else ", without versions"
    )
    return _there_is(MODEL_PACKAGE_GROUP, name, ending)


def _near(session: Session, noun: ResourceType, missing: str) -> str | None:
    """The name most like a missing one; else one that contains it, or is contained in it."""
    names = {each.lower(): each for each in _names_around(session, noun.arn_type, missing)}
    asked = missing.lower()
    near = _closest(asked, names) or [each for each in names if asked in each or each in asked]
    return names[near[0]] if near else None


def _closest(asked: str, names: Iterable[str]) -> list[str]:
    from difflib import get_close_matches  # noqa: PLC0415 - a server's start has no use for it

    return get_close_matches(asked, names, n=1)


def _names_around(session: Session, kind: str, missing: str) -> Iterator[str]:
    """Names before and after a missing one; a slip of the pen rarely leads far from them."""
    place = Position(created_ms=0, name=missing, number=0, id=0)
    for descending in (True, False):
        query = Query(
            *(kind, _MOST_NAMES, "name"),
            descending=descending,
            after=place,
            numbered=False,
        )
        yield from (each.name for each in session.list_rows(query))


def _variants(session: Session, endpoint: str) -> str | None:
    """The variants that an endpoint has in place of the one that was asked for."""
    arn = Arn.parse(endpoint)
    row = session.get(ENDPOINT.arn_type, arn.name if arn else endpoint)
    variants = [each["VariantName"] for each in row.document["ProductionVariants"]] if row else []
    if row is None or not variants:
        return None
    listed = ", ".join(f"'{each}'" for each in variants[:_MOST_VARIANTS])
    return f"The endpoint '{row.name}' has {listed}."


def _now(noun: ResourceType, document: Mapping[str, object]) -> str:
    """What keeps a thing that is there from being found: its status, or that it came later."""
    status = document.get("EndpointStatus") if noun is ENDPOINT else None
    return f" now, {status}" if status else " now"


def _there_is(noun: ResourceType, name: str, ending: str = "") -> str:
    words = _CAPITAL.sub(" ", noun.noun).lower()
    article = "an" if words[0] in "aeiou" else "a"
    return f"There is {article} {words} '{name}'{ending}."
