"""Which host a container gets: canned answers, or a worker process with the model's code.

Where nobody has chosen, its archive decides: whether it is at hand, and has an entry script.
"""

from collections.abc import Sequence
from pathlib import Path

from sagemock.hosting import Answer, Container, Fleet, Invocation, Variant
from sagemock.serving.canned import Called, CannedRules
from sagemock.serving.choice import Chosen, chosen
from sagemock.serving.host import Host, HostFailed, NotRunnable, ProcessSettings
from sagemock.serving.model_data import ModelDataSources

NOTHING_RUNS = (
    "The {hostname} container for production variant {variant} cannot be run here: {why} Please "
    "make sure all images included in the model for the production variant {variant} exist, and "
    "that the execution role used to create the model has permissions to access them. Images are "
    "not run: put the archive where it is looked for, with its entry script{advice}."
)
FALL_BACK = ", or start sagemock with --serving-fallback canned"
FORCED = ", or let --serving choose another backend"
WAS_REAL = ", and start sagemock with the same --bucket, --s3-endpoint and --serving as before"

NOWHERE = "Its model data is nowhere at hand."


class CannedHost:
    """Answers by the rules, and for want of one with the fixed answer."""

    backend = "canned"

    def __init__(
        self,
        rules: CannedRules,
        fleet: Fleet,
        variant: Variant,
        container: Container,
        why: str = "",
    ) -> None:
        self.why = why
        self._rules = rules
        self._fleet = fleet
        self._variant = variant
        self._hostname = container.hostname

    def start(self) -> None:
        """Nothing has to be started."""

    def invoke(self, invocation: Invocation) -> Answer:
        """The answer of a rule, or the fixed one."""
        answer = self._rules.answer(
            Called(self._fleet, self._variant, self._hostname, invocation), always=True
        )
        assert answer is not None  # noqa: S101 - there is always one
        return answer

    def log_tail(self) -> str:
        """Nothing writes anything."""
        return ""

    def stop(self) -> None:
        """Nothing is left behind."""


class Hosts:
    """Makes the host of each container, as the settings choose and the archives allow."""

    def __init__(
        self,
        *,
        rules: CannedRules,
        model_data: ModelDataSources,
        process: ProcessSettings,
        backends: Sequence[Chosen],
        fallback: str,
    ) -> None:
        self._rules = rules
        self._model_data = model_data
        self._process = process
        self._backends = backends
        self._fallback = fallback

    def canned_at_once(self, fleet: Fleet, variant: Variant, container: Container) -> Host | None:
        """The host of a container that needs no look at any archive; None if one is needed."""
        backend = self._backend(fleet, variant, container)
        submitted = container.environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        uris = [each for each in (container.model_data, submitted) if each and "://" in each]
        nothing_to_run = self._falls_back(variant) and not any(
            self._model_data.may_have(uri) for uri in uris
        )
        if backend == "canned" or (backend == "auto" and nothing_to_run):
            why = NOWHERE if backend == "auto" else ""
            return CannedHost(self._rules, fleet, variant, container, why)
        return None

    def host(self, fleet: Fleet, variant: Variant, container: Container, root: Path) -> Host:
        """The host of a container, prepared below `root` but not started. Errors: HostFailed."""
        at_once = self.canned_at_once(fleet, variant, container)
        if at_once is not None:
            return at_once
        # Imported here: most servers run nothing, and it brings much along.
        from sagemock.serving.process_host import ProcessHost  # noqa: PLC0415

        process = ProcessHost(self._process, self._model_data, fleet, variant, container, root)
        try:
            process.prepare()
        except NotRunnable as reason:
            process.stop()
            forced = self._backend(fleet, variant, container) == "process"
            if forced or not self._falls_back(variant):
                advice = FORCED if forced else WAS_REAL if variant.was_real else FALL_BACK
                said = {"hostname": container.hostname, "variant": variant.name}
                raise HostFailed(NOTHING_RUNS.format(why=reason, advice=advice, **said)) from reason
            return CannedHost(self._rules, fleet, variant, container, str(reason))
        except HostFailed:
            process.stop()
            raise
        return process

    def ruled(
        self, fleet: Fleet, variant: Variant, hosts: Sequence[Host], invocation: Invocation
    ) -> Answer | None:
        """What a canned rule answers in place of a model's code, where nobody has chosen that."""
        container = variant.containers[0]
        chosen_one = chosen(self._backends, fleet, variant, container) or "auto"
        if chosen_one != "auto" or all(host.backend == "canned" for host in hosts):
            return None
        return self._rules.answer(
            Called(fleet, variant, container.hostname, invocation), always=False
        )

    def _falls_back(self, variant: Variant) -> bool:
        return self._fallback == "canned" and not variant.was_real

    def _backend(self, fleet: Fleet, variant: Variant, container: Container) -> str:
        backend = chosen(self._backends, fleet, variant, container) or "auto"
        if backend == "auto" and self._rules.speaks_for(fleet, variant):
            return "canned"
        return backend
