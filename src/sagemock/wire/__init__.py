"""Bytes in, bytes out: AWS's protocols over HTTP, and nothing of SageMaker's rules."""
