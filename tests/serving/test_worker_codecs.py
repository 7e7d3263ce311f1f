"""What stands in for missing handlers, framework by framework; the frameworks are stand-ins."""

import io
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sagemock.serving.worker_codecs import Defaults, UnsupportedFormatError, defaults_of

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
Pretend = Callable[..., None]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Puts a module of this name in the place of an installed one."""

    def put(name: str, **members: Any) -> None:
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)

    return put


def npy(array: Any, **options: Any) -> bytes:
    data = io.BytesIO()
    np.save(data, array, **options)
    return data.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("[[1, 2], [3, 4]]", JSON, np.array([[1, 2], [3, 4]])),
        ("[1.5, null]", JSON, np.array([1.5, None])),
        ("1,2\n3,4\n", CSV, np.array([[1, 2], [3, 4]])),
        ("1.5,2", CSV, np.array((1.5, 2), "f8,i8")),
        ("a,b", CSV, np.array(["a", "b"])),
        (npy(np.array([[1.5]], "float32")), NPY, np.array([[1.5]], "float32")),
    ],
)
def test_a_body_becomes_an_array(body: Any, content_type: str, expected: Any) -> None:
    array = Defaults().input_fn(body, content_type)
    np.testing.assert_array_equal(array, expected)
    assert array.dtype == expected.dtype


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=utf-8", None])
@pytest.mark.parametrize("framework", [None, "sklearn", "xgboost"])
def test_an_unknown_content_type_is_refused_by_name(
    framework: str | None, content_type: str | None
) -> None:
    with pytest.raises(UnsupportedFormatError, match=f"^Content type {content_type} is not supp"):
        defaults_of(framework).input_fn(b"1", content_type)


def test_an_array_of_pickled_objects_is_not_loaded() -> None:
    with pytest.raises(ValueError, match="allow_pickle=False"):
        Defaults().input_fn(npy(np.array([{}]), allow_pickle=True), NPY)


def test_npz_is_a_sparse_matrix(pretend: Pretend) -> None:
    pretend("scipy")
    pretend("scipy.sparse", load_npz=lambda data: ["sparse", data.read()])
    assert Defaults().input_fn(b"1", "application/x-npz") == ["sparse", b"1"]


@pytest.mark.parametrize(
    ("prediction", "accept", "payload", "content_type"),
    [
        (np.array([[1, 2]]), JSON, "[[1, 2]]", JSON),
        ({"scores": np.array([0.5])}, JSON, '{"scores": [0.5]}', JSON),
        ([np.float32(0.5)], JSON, "[0.5]", JSON),
        (np.array([[1, 2], [3, 4]]), CSV, "1,2\n3,4\n", CSV),
        ([0.5, 1.0], f"image/png, {CSV},{JSON}", "0.5\n1.0\n", CSV),
        (np.array([1.5]), NPY, npy(np.array([1.5])), NPY),
    ],
)
def test_a_prediction_is_written_as_the_first_type_that_is_known(
    prediction: Any, accept: str, payload: Any, content_type: str
) -> None:
    assert Defaults().output_fn(prediction, accept) == (payload, content_type)


def test_a_prediction_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(UnsupportedFormatError, match="image/png, a/b is not supported"):
        Defaults().output_fn([1], "image/png, a/b")
    with pytest.raises(TypeError, match="not JSON serializable"):
        Defaults().output_fn([object()], JSON)


@pytest.mark.parametrize("name", ["model_fn", "predict_fn"])
def test_the_toolkit_has_no_model_and_no_prediction_of_its_own(name: str) -> None:
    arguments = [None] * (1 if name == "model_fn" else 2)
    with pytest.raises(NotImplementedError, match=f"^Please provide a {name} implementation."):
        getattr(defaults_of("unheard-of"), name)(*arguments)


def test_scikit_learn_takes_text_for_floats_and_asks_the_model() -> None:
    defaults = defaults_of("sklearn")
    assert defaults.content_type == JSON
    assert defaults.input_fn("[[1, 2]]", JSON).dtype == np.float32
    rows = defaults.input_fn("1.5,2\r\n3,4\r\n", CSV)
    np.testing.assert_array_equal(rows, np.array([[1.5, 2], [3, 4]], "float32"), strict=True)
    row = defaults.input_fn("1.5,2", CSV)
    np.testing.assert_array_equal(row, np.array([1.5, 2], "float32"), strict=True)
    assert defaults.input_fn(npy(np.array([1])), NPY).dtype == np.int64
    assert defaults.predict_fn(3, SimpleNamespace(predict=lambda data: data + 1)) == 4


def matrix(source: Any) -> Any:
    """What a DMatrix is made of: rows, or the text of a file and the options behind its name."""
    if not isinstance(source, str):
        return source
    path, _, options = source.partition("?")
    return Path(path).read_bytes(), options


def test_xgboost_takes_rows_for_a_matrix_and_asks_the_model_without_names(
    pretend: Pretend,
) -> None:
    pretend("xgboost", DMatrix=matrix)
    defaults = defaults_of("xgboost")
    expected = np.array([[1, np.nan], [3, 4]])
    for body in ("1,\n3,4\n", "1;\r\n3;4", b"1,\n3,4"):
        for content_type in (CSV, "text/csv; label_size=0"):
            np.testing.assert_array_equal(defaults.input_fn(body, content_type), expected)
    assert defaults.input_fn(b"1 0:5", "text/libsvm") == (b"1 0:5", "format=libsvm")
    assert defaults.input_fn("1 0:5", "text/x-libsvm") == (b"1 0:5", "format=libsvm")
    model = SimpleNamespace(predict=lambda data, **options: (data, options))
    assert defaults.predict_fn(1, model) == (1, {"validate_features": False})


class Tensor:
    """So much of a tensor, or of a model, as the defaults ask of one."""

    def __init__(self, kind: str, value: Any) -> None:
        self.kind = kind
        self.value = value
        self.is_training = True

    def __call__(self, data: "Tensor") -> "Tensor":
        assert not self.is_training
        return Tensor("out", [self.kind, data.kind, data.value.tolist()])

    def to(self, device: str) -> "Tensor":
        assert device == "cpu"
        return self

    def eval(self) -> None:
        self.is_training = False

    def detach(self) -> "Tensor":
        return self

    def cpu(self) -> "Tensor":
        return self

    def numpy(self) -> Any:
        return np.array(self.value, dtype=object)


def loaded(path: str, map_location: str) -> Tensor:
    assert map_location == "cpu"
    if "broken" in path:
        raise RuntimeError("not a ZIP archive")
    return Tensor(Path(path).name, None)


@pytest.fixture
def torch(pretend: Pretend) -> Defaults:
    pretend(
        "torch",
        cuda=SimpleNamespace(is_available=lambda: False),
        device=str,
        jit=SimpleNamespace(load=loaded),
        no_grad=nullcontext,
        FloatTensor=lambda array: Tensor("floats", array),
        from_numpy=lambda array: Tensor("as it is", array),
    )
    return defaults_of("pytorch")


@pytest.mark.parametrize(
    ("names", "chosen"),
    [(["model.pt", "other.pt"], "model.pt"), (["only.pth", "notes.txt"], "only.pth")],
)
def test_pytorch_loads_the_one_model_and_asks_it(
    torch: Defaults, tmp_path: Path, names: list[str], chosen: str
) -> None:
    for name in names:
        (tmp_path / name).touch()
    model = torch.model_fn(str(tmp_path))
    for body, content_type, kind in [
        ("[1, 2]", JSON, "floats"),
        ("1,2", CSV, "floats"),
        (npy(np.array([1, 2])), NPY, "as it is"),
    ]:
        prediction = torch.predict_fn(torch.input_fn(body, content_type), model)
        payload, answered = torch.output_fn(prediction, "text/html,application/json")
        assert (json.loads(payload), answered) == ([chosen, kind, [1, 2]], JSON)
    assert torch.output_fn([1], JSON) == ("[1]", JSON)


def test_pytorch_says_which_files_it_cannot_choose_from_or_load(
    torch: Defaults, tmp_path: Path
) -> None:
    (tmp_path / "broken.pt").touch()
    with pytest.raises(ValueError, match=r"broken.pt. Please ensure model is saved using torchsc"):
        torch.model_fn(str(tmp_path))
    (tmp_path / "another.pt").touch()
    with pytest.raises(ValueError, match=r"^Exactly one .pth or .pt file is required"):
        torch.model_fn(str(tmp_path))
