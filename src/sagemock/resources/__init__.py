"""SageMaker's nouns, one file each: the rules that no schema says."""
