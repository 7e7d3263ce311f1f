"""The Flask app: the guard before everything, `POST /`, and our own paths under /_sagemock/.

Every answer is JSON, the router's own refusals too; nothing here decides what SageMaker does.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from sagemock.errors import InternalFailure, SageMakerError
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.wire.admin import admin
from sagemock.wire.answers import HttpAnswer, failure, refused, status_line, too_large
from sagemock.wire.front import Front
from sagemock.wire.rest_json import PATHS, RestAnswer, too_long
from sagemock.wire.shortcut import Shortcut

if TYPE_CHECKING:
    from sagemock.wire.faulty import CutAnswer

NOT_OURS = "Nothing is served at this path; README lists what is below /_sagemock/."


def flask_app(service: Service, settings: Settings, front: Front) -> Flask:
    """A Flask app that answers for a service."""
    app = Flask("sagemock", static_folder=None)
    # Else two slashes in a row are answered with a redirect, in HTML.
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    _add_routes(app, front)
    _add_refusals(app, front)
    app.register_blueprint(admin(service, settings))
    whole = app.wsgi_app
    app.wsgi_app = Shortcut(lambda: whole, front)  # type: ignore[method-assign]  # Flask's own way
    return app


def _add_routes(app: Flask, front: Front) -> None:
    @app.before_request
    def keep_out() -> Response | None:
        reason = front.guard.refusal(request.method, request.headers)
        if reason is None:
            if request.environ["PATH_INFO"].startswith("//"):
                # Werkzeug takes all slashes that lead a path for one.
                raise NotFound
            return None
        request_id = front.ids.request_id()
        answer = refused(403, "AccessDeniedException", reason, request_id)
        asked = (request.method, request.environ["PATH_INFO"])
        front.note_refused(asked, request.headers, answer, "AccessDeniedException", request_id)
        return _response(answer)

    @app.post("/")
    def call() -> Response:
        return _response(front.aws_json.answer(request.headers, request.get_data()))

    @app.post(f"{PATHS}<path:_>")
    def invoke(_: str) -> Response:
        path = request.environ["PATH_INFO"]
        return _response(front.rest_json.answer(path, request.headers, request.get_data()))


def _add_refusals(app: Flask, front: Front) -> None:
    @app.errorhandler(RequestEntityTooLarge)
    def body_too_large(_: RequestEntityTooLarge) -> Response:
        most, request_id = front.max_body_bytes, front.ids.request_id()
        answer: HttpAnswer | RestAnswer = too_large(most, request_id)
        code: str | None = "RequestEntityTooLargeException"
        if request.path.startswith(PATHS):
            answer = too_long(min(most, front.rest_json.most_bytes), request_id)
            code = None
        asked = (request.method, request.environ["PATH_INFO"])
        front.note_refused(asked, request.headers, answer, code, request_id)
        return _response(answer)

    @app.errorhandler(HTTPException)
    def no_such_route(error: HTTPException) -> Response:
        # AWS answers any other method or path with 404 and this code (wire-protocol 2.1).
        status, code = HTTPStatus.NOT_FOUND, "UnknownOperationException"
        if error.code == HTTPStatus.BAD_REQUEST:
            # A body cut short.
            status, code = HTTPStatus.BAD_REQUEST, "SerializationException"
        message = NOT_OURS if request.path.startswith("/_sagemock") else None
        if error.description and error.description != type(error).description:
            message = error.description  # ours, of a path that is served
        return _response(refused(status, code, message, front.ids.request_id()))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        request_id = front.ids.request_id()
        app.logger.error("%s %s failed", request_id, request.path, exc_info=error)
        return _response(failure(InternalFailure(""), request_id))

    @app.errorhandler(SageMakerError)
    def refused_by_service(error: SageMakerError) -> Response:
        return _response(failure(error, front.ids.request_id()))


def _response(answer: "HttpAnswer | RestAnswer | CutAnswer") -> Response:
    pieces = answer.pieces
    response = Response(pieces or answer.body, status=status_line(answer.status))
    # Flask would give an answer without a content type one of its own.
    response.headers.clear()
    response.headers.extend(answer.headers)
    if pieces is None:
        response.content_length = len(answer.body)
    return response
