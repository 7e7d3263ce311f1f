"""What those who read rules for faults and those who are told of mistakes have in common."""


class FaultRuleError(ValueError):
    """A rule for faults that cannot be; the message is a sentence that says where and why."""
