"""What a framework's container does where a model's program has no handler of its own.

Part of the worker: standard library only, Python 3.8, imports nothing of this package. numpy and
the frameworks are the model's own, and imported when a default needs them.
Source: aws/sagemaker-inference-toolkit, `default_inference_handler.py`, `decoder.py`, `encoder.py`;
aws/sagemaker-scikit-learn-container, aws/sagemaker-xgboost-container and
aws/sagemaker-pytorch-inference-toolkit.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from importlib import import_module
from typing import Any

_JSON, _CSV = "application/json", "text/csv"
_NPY, _NPZ = "application/x-npy", "application/x-npz"
_LIBSVM = ("text/libsvm", "text/x-libsvm")
_SNIFFED = 512

_MISSING = (
    "Please provide a {name} implementation.\n"
    "See documentation for {name} at https://sagemaker.readthedocs.io/en/stable/"
)
_UNSUPPORTED = (
    "Content type {} is not supported by this framework.\n\n"
    "Please implement input_fn to to deserialize the request data or an output_fn to\n"
    "serialize the response. For more information, see the SageMaker Python SDK README."
)


class UnsupportedFormatError(Exception):
    """A content type that the defaults neither read nor write."""

    def __init__(self, content_type: str | None) -> None:
        super().__init__(_UNSUPPORTED.format(content_type))


class Defaults:
    """Those of the inference toolkit, for a container of no known framework."""

    content_type: str | None = None

    def model_fn(self, model_dir: str) -> Any:
        """No model: how to load one is for the program to say."""
        raise NotImplementedError(_MISSING.format(name="model_fn"))

    def input_fn(self, body: Any, content_type: str | None) -> Any:
        """An array."""
        return _decoded(body, content_type)

    def predict_fn(self, data: Any, model: Any) -> Any:
        """No prediction: how to make one is for the program to say."""
        raise NotImplementedError(_MISSING.format(name="predict_fn"))

    def output_fn(self, prediction: Any, accept: str) -> tuple[str | bytes, str]:
        """The prediction in the first of the accepted types that is known."""
        for content_type in accept.replace(" ", "").split(","):
            encode = _ENCODERS.get(content_type)
            if encode:
                return encode(prediction), content_type
        raise UnsupportedFormatError(accept)


class ScikitLearn(Defaults):
    """Those of the scikit-learn container."""

    content_type = _JSON

    def input_fn(self, body: Any, content_type: str | None) -> Any:
        """An array, of float32 when it came as text."""
        if content_type == _CSV:
            # Not as the toolkit reads it, which makes columns of different kinds.
            rows = list(csv.reader(io.StringIO(body), strict=True))
            return import_module("numpy").array(rows).squeeze().astype("float32")
        array = _decoded(body, content_type)
        return array.astype("float32") if content_type == _JSON else array

    def predict_fn(self, data: Any, model: Any) -> Any:
        """What the model predicts."""
        return model.predict(data)


class XGBoost(Defaults):
    """Those of the XGBoost container. RecordIO needs a library of AWS's, and is not read."""

    def input_fn(self, body: Any, content_type: str | None) -> Any:
        """A DMatrix."""
        media_type = (content_type or "").split(";")[0].strip()
        if media_type == _CSV:
            return import_module("xgboost").DMatrix(_float_rows(body))
        if media_type in _LIBSVM:
            return _libsvm_matrix(body)
        raise UnsupportedFormatError(content_type)

    def predict_fn(self, data: Any, model: Any) -> Any:
        """What the model predicts."""
        return model.predict(data, validate_features=False)


class PyTorch(Defaults):
    """Those of the PyTorch container."""

    def model_fn(self, model_dir: str) -> Any:
        """The model saved as TorchScript: `model.pt`, or else the one file of its kind."""
        path = os.path.join(model_dir, "model.pt")  # noqa: PTH118 - as torch takes it
        if not os.path.exists(path):  # noqa: PTH110 - the same
            found = [name for name in os.listdir(model_dir) if name.endswith((".pt", ".pth"))]  # noqa: PTH208 - names
            if len(found) != 1:
                raise ValueError(
                    f"Exactly one .pth or .pt file is required for PyTorch models: {found}"
                )
            path = os.path.join(model_dir, found[0])  # noqa: PTH118 - the same
        torch = import_module("torch")
        try:
            return torch.jit.load(path, map_location=_device(torch)).to(_device(torch))
        except RuntimeError as error:
            raise ValueError(
                f"Failed to load {path}. Please ensure model is saved using torchscript."
            ) from error

    def input_fn(self, body: Any, content_type: str | None) -> Any:
        """A tensor, of floats when it came as text."""
        torch = import_module("torch")
        array = _decoded(body, content_type)
        make = torch.FloatTensor if content_type in (_JSON, _CSV) else torch.from_numpy
        return make(array).to(_device(torch))

    def predict_fn(self, data: Any, model: Any) -> Any:
        """What the model gives, without gradients."""
        torch = import_module("torch")
        with torch.no_grad():
            model = model.to(_device(torch))
            model.eval()
            return model(data.to(_device(torch)))

    def output_fn(self, prediction: Any, accept: str) -> tuple[str | bytes, str]:
        """The prediction in the first of the accepted types that is known."""
        if hasattr(prediction, "detach"):
            prediction = prediction.detach().cpu().numpy().tolist()
        return super().output_fn(prediction, accept)


def defaults_of(framework: str | None) -> Defaults:
    """The defaults of a framework's container; the toolkit's where the framework is not known."""
    known = {"sklearn": ScikitLearn, "xgboost": XGBoost, "pytorch": PyTorch}
    return known.get(framework or "", Defaults)()


def _device(torch: Any) -> Any:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _decoded(body: Any, content_type: str | None) -> Any:
    if content_type == _NPZ:
        return import_module("scipy.sparse").load_npz(io.BytesIO(body))
    if content_type == _JSON:
        return import_module("numpy").array(json.loads(body))
    if content_type == _CSV:
        numpy = import_module("numpy")
        return numpy.genfromtxt(io.StringIO(body), dtype=None, delimiter=",", encoding="utf-8")
    if content_type == _NPY:
        # Unlike AWS's: an array of pickled objects would run code that any caller sends.
        return import_module("numpy").load(io.BytesIO(body), allow_pickle=False)
    raise UnsupportedFormatError(content_type)


def _float_rows(body: Any) -> Any:
    """Rows of numbers; a blank one is no number."""
    text = (body.decode() if isinstance(body, bytes) else body).strip()
    sniffed = csv.Sniffer().sniff(text.split("\n")[0][:_SNIFFED]).delimiter
    delimiter = "," if sniffed.isalnum() else sniffed
    rows = [[each or "nan" for each in line.split(delimiter)] for line in text.splitlines()]
    return import_module("numpy").array(rows).astype(float)


def _libsvm_matrix(body: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.libsvm")  # noqa: PTH118 - as xgboost takes it
        with open(path, "wb") as file:  # noqa: PTH123 - the same
            file.write(body.encode() if isinstance(body, str) else body)
        return import_module("xgboost").DMatrix(f"{path}?format=libsvm")


def _as_json(prediction: Any) -> str:
    return json.dumps(prediction, default=_as_list)


def _as_list(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return json.JSONEncoder().default(value)


def _as_csv(prediction: Any) -> str:
    text = io.StringIO()
    import_module("numpy").savetxt(text, prediction, delimiter=",", fmt="%s")
    return text.getvalue()


def _as_npy(prediction: Any) -> bytes:
    data = io.BytesIO()
    import_module("numpy").save(data, prediction)
    return data.getvalue()


_ENCODERS: dict[str, Any] = {_JSON: _as_json, _CSV: _as_csv, _NPY: _as_npy}
