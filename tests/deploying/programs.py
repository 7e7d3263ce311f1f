"""Model programs for tests, and archives of them as SageMaker takes them."""

import io
import tarfile
from collections.abc import Mapping
from textwrap import dedent

SCRIPT = "code/inference.py"

# What it is sent is what it does.
OBEYS = """
    import os, signal, subprocess, sys, time

    class Refused(Exception):
        def __init__(self, status, message):
            self.status_code, self.message, self.phrase = status, message, "Refused"

    def refuse(status, message):
        raise Refused(status, message)

    def fail(message):
        raise ValueError(message)

    def wait_for(path):
        while not os.path.exists(path):
            time.sleep(0.005)
        return "waited"

    def pieces(latch):
        yield "one"
        wait_for(latch)
        yield "two"

    def broken(end=fail):
        yield "one"
        end("no more")

    def endless():
        while True:
            yield "on and on "
            time.sleep(0.005)

    def model_fn(model_dir):
        return model_dir

    def input_fn(body, content_type):
        return body if isinstance(body, str) else body.decode()

    def predict_fn(data, model):
        return eval(data)

    def output_fn(prediction, accept):
        return prediction
"""

PID = "str(os.getpid())"


def says(word: str) -> str:
    """A program that answers every call with the same word."""
    return f"""
        def model_fn(model_dir): return {word!r}
        def transform_fn(model, body, content_type, accept): return model
    """


def appends(word: str) -> str:
    """A program that answers with what it was sent and of which type, and a word of its own."""
    return f"""
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept):
            text = body if isinstance(body, str) else body.decode()
            return f"{{text}}>{word}({{content_type}},{{accept}})", "text/x-{word}"
    """


def loads_after(latch: object, word: str = "loaded") -> str:
    """A program whose model is loaded once a file is there, and then says a word."""
    return f"""
        import os, time
        def model_fn(model_dir):
            while not os.path.exists({str(latch)!r}):
                time.sleep(0.005)
            return {word!r}
        def transform_fn(model, body, content_type, accept): return model
    """


def program_files(program: str) -> dict[str, str]:
    """The files of an archive that carries its code."""
    return {SCRIPT: dedent(program)}


def packed(files: Mapping[str, str | bytes], *, links: Mapping[str, str] | None = None) -> bytes:
    """A gzipped tar archive of these files, and symbolic links with their targets."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return file.getvalue()
