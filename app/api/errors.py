"""The one mapping from errors to HTTP: `{"error": {"code", "message", "remedy"}}` for all of them.

Neither a traceback nor a provider's internals ever reach the caller.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

from core import errors

LOG = logging.getLogger(__name__)

STATUS: Mapping[type[errors.SeedbedError], int] = {
    errors.InvalidInput: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.AccessDenied: 403,
    errors.BudgetExceeded: 402,
    errors.MissingKey: 409,
    errors.UnknownPrice: 409,
    errors.ProviderError: 502,
    errors.SettingsError: 500,
    errors.DatabaseVersionError: 503,
    errors.StorageFull: 507,
    # Gone: the bytes that were released no longer exist, and no retry brings them back.
    errors.DamagedFile: 410,
    errors.SeedbedError: 500,
}

MEANING = {
    400: "The request itself is malformed.",
    402: "The call does not fit the budget.",
    403: "The Host or Origin of the request is not ours, or the role does not allow it.",
    404: "No record has that id or name.",
    409: "The record changed meanwhile, or its state forbids the action.",
    410: "The stored file no longer matches its recorded SHA-256.",
    413: "The body is larger than the limit.",
    415: "The body is not of the accepted media type.",
    416: "The requested range lies outside the file.",
    422: "A value breaks a rule; nothing was changed.",
    500: "Seedbed failed; its log says why.",
    502: "A provider cannot be used.",
    503: "The database cannot be used.",
    507: "The disk has no room.",
}

# Codes for answers that no core error stands behind.
HTTP_CODES = {404: "unknown_route", 405: "method_not_allowed"}


class ErrorDetail(BaseModel):
    """What went wrong and what to do."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="Stable name of the error.")
    message: str = Field(description="What happened.")
    remedy: str = Field(description="What to do next; empty where nothing can be said.")


class ErrorBody(BaseModel):
    """The shape of every error."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorDetail


def error_body(code: str, message: str, remedy: str = "") -> dict[str, Any]:
    """The JSON of one error."""
    return {"error": {"code": code, "message": message, "remedy": remedy}}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: each status with its meaning and the error shape."""
    return {status: {"model": ErrorBody, "description": MEANING[status]} for status in statuses}


def status_of(error: errors.SeedbedError) -> int:
    """The HTTP status of a core error: that of its nearest listed class."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def describe_validation(problems: Any) -> str:
    """One line that names each field which does not fit."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in problems
    )


async def _core_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.SeedbedError)
    status = status_of(error)
    if status >= 500:
        LOG.error("%s: %s", error.code, error)
    return JSONResponse(error_body(error.code, error.message, error.remedy), status)


async def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError | ValidationError)
    remedy = "Correct these fields; the OpenAPI document lists what each accepts."
    body = error_body("invalid_input", describe_validation(error.errors()), remedy)
    return JSONResponse(body, 422)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTP_CODES.get(error.status_code, "http_error")
    reason = str(error.detail or HTTPStatus(error.status_code).phrase)
    if error.status_code in HTTP_CODES:
        reason = f"{reason}: {request.method} {request.url.path}"
    body = error_body(code, reason, "The OpenAPI document at /api/openapi.json lists every route.")
    return JSONResponse(body, error.status_code, headers=error.headers)


async def _bad_value(_request: Request, error: Exception) -> JSONResponse:
    LOG.warning("the database refused a value: %s", error)
    message = "The database cannot hold one of the values."
    return JSONResponse(error_body("invalid_input", message, "Remove NUL characters."), 422)


async def _no_database(_request: Request, error: Exception) -> JSONResponse:
    LOG.error("the database does not answer: %s", error)
    message = "The database does not answer."
    return JSONResponse(error_body("database_unavailable", message, "Try again shortly."), 503)


async def _unforeseen(_request: Request, _error: Exception) -> JSONResponse:
    # Starlette raises the error again after this answer, so the server's log has the traceback.
    message = "Something went wrong inside Seedbed."
    return JSONResponse(error_body("internal_error", message, "See the server's log."), 500)


def install_error_handlers(api: FastAPI) -> None:
    """Give every error of `api` the one shape."""
    api.add_exception_handler(errors.SeedbedError, _core_error)
    api.add_exception_handler(RequestValidationError, _validation_error)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(DataError, _bad_value)
    api.add_exception_handler(OperationalError, _no_database)
    api.add_exception_handler(Exception, _unforeseen)
