"""How our own tools mark what they ask of a sagemock through SageMaker's operations.

Faults and journal are for the program under test: a call with this header meets no fault rule, and
the journal does not keep it. Nobody else's client sends it, and no other server knows it.
"""

OWN_CALL = "x-sagemock-tool"
"""The header; its value is the name of the tool."""
