"""What answers an invocation: models that run here, and answers made up."""
