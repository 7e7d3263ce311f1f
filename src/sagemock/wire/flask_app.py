"""The Flask app: the guard before everything, `POST /`, and our own paths under /_sagemock/.

Every answer is JSON, the router's own refusals too; nothing here decides what SageMaker does.
"""

from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from sagemock.errors import InternalFailure, SageMakerError
from sagemock.ports import Ids
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.wire.admin import admin
from sagemock.wire.answers import HttpAnswer, failure, refused, too_large
from sagemock.wire.aws_json import AwsJson
from sagemock.wire.guard import Guard
from sagemock.wire.shortcut import Shortcut

NOT_OURS = "Served here are GET /_sagemock/health, GET /_sagemock/ready and POST /_sagemock/reset."


def flask_app(service: Service, settings: Settings, ids: Ids) -> Flask:
    """A Flask app that answers for a service."""
    app = Flask("sagemock", static_folder=None)
    # Else two slashes in a row are answered with a redirect, in HTML.
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    aws_json = AwsJson(service, settings, ids)
    guard = Guard(settings.allow_hosts, settings.allow_origins)

    @app.before_request
    def keep_out() -> Response | None:
        reason = guard.refusal(request.method, request.headers)
        if reason is None:
            if request.environ["PATH_INFO"].startswith("//"):
                # Werkzeug takes all slashes that lead a path for one.
                raise NotFound
            return None
        return _response(refused(403, "AccessDeniedException", reason, ids.request_id()))

    @app.post("/")
    def call() -> Response:
        return _response(aws_json.answer(request.headers, request.get_data()))

    @app.errorhandler(RequestEntityTooLarge)
    def body_too_large(_: RequestEntityTooLarge) -> Response:
        return _response(too_large(settings.max_body_bytes, ids.request_id()))

    @app.errorhandler(HTTPException)
    def no_such_route(error: HTTPException) -> Response:
        # AWS answers any other method or path with 404 and this code (wire-protocol 2.1).
        status, code = HTTPStatus.NOT_FOUND, "UnknownOperationException"
        if error.code == HTTPStatus.BAD_REQUEST:
            # A body cut short.
            status, code = HTTPStatus.BAD_REQUEST, "SerializationException"
        message = NOT_OURS if request.path.startswith("/_sagemock") else None
        return _response(refused(status, code, message, ids.request_id()))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        request_id = ids.request_id()
        app.logger.error("%s %s failed", request_id, request.path, exc_info=error)
        return _response(failure(InternalFailure(""), request_id))

    @app.errorhandler(SageMakerError)
    def refused_by_service(error: SageMakerError) -> Response:
        return _response(failure(error, ids.request_id()))

    app.register_blueprint(admin(service))
    whole = app.wsgi_app
    app.wsgi_app = Shortcut(  # type: ignore[method-assign]  # Flask's own way to wrap an app
        lambda: whole,
        aws_json=aws_json,
        guard=guard,
        max_body_bytes=settings.max_body_bytes,
        request_id=ids.request_id,
    )
    return app


def _response(answer: HttpAnswer) -> Response:
    status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    return Response(answer.body, status=status, headers=answer.headers)
