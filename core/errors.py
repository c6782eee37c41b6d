"""Every error that Seedbed raises on purpose.

    SeedbedError
    ├── InvalidInput          a value from outside breaks a rule; nothing was changed
    │   ├── TemplateError     a template does not parse, validate, plan or render
    │   ├── SchemaError       an output schema is not a usable JSON Schema
    │   └── SourceError       a file cannot be read as the kind it claims to be
    ├── NotFound              no record has that id or name
    ├── Conflict              the record changed meanwhile, or its state forbids the action
    │   └── Fenced            another worker has taken the batch over
    ├── AccessDenied          the user's role does not allow the action
    ├── BudgetExceeded        one call's worst case does not fit the budget
    ├── ProviderError         a provider cannot be used
    │   ├── MissingKey        the connection needs a key that the environment lacks
    │   └── UnknownPrice      a budgeted call has no price
    ├── SettingsError         the configuration cannot work
    ├── DatabaseVersionError  the database belongs to a newer Seedbed
    ├── StorageFull           the disk has no room for what must be written
    └── DamagedFile           a file's bytes do not match its recorded SHA-256

The API maps them to HTTP in `app.api.errors`; pages show them through `app.widgets.errors`.
"""


class SeedbedError(Exception):
    """Root. `code` is stable, `remedy` says what to do next."""

    code = "seedbed_error"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class InvalidInput(SeedbedError):
    """A value from outside breaks a rule; nothing was changed."""

    code = "invalid_input"


class TemplateError(InvalidInput):
    """A template does not parse, validate, plan or render. `line` counts from 1."""

    code = "template_invalid"

    def __init__(self, message: str, *, remedy: str = "", line: int | None = None) -> None:
        super().__init__(message if line is None else f"Line {line}: {message}", remedy=remedy)
        self.line = line


class SchemaError(InvalidInput):
    """An output schema is not a usable JSON Schema."""

    code = "schema_invalid"


class SourceError(InvalidInput):
    """A file cannot be read as the kind it claims to be. `row` counts from 1."""

    code = "source_invalid"

    def __init__(self, message: str, *, remedy: str = "", row: int | None = None) -> None:
        super().__init__(message if row is None else f"Row {row}: {message}", remedy=remedy)
        self.row = row


class NotFound(SeedbedError):
    """No record has that id or name."""

    code = "not_found"

    def __init__(self, noun: str, key: str) -> None:
        super().__init__(f"No {noun} is called {key!r}.", remedy=f"List the {noun}s and try again.")


class Conflict(SeedbedError):
    """The record changed meanwhile, or its state forbids the action."""

    code = "conflict"


class Fenced(Conflict):
    """Another worker has taken the batch over: nothing more may be written for it."""

    code = "taken_over"

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"Another worker has taken over batch {batch_id!r}.")


class AccessDenied(SeedbedError):
    """The user's role does not allow the action."""

    code = "access_denied"


class BudgetExceeded(SeedbedError):
    """One call's worst case does not fit the budget."""

    code = "budget_exceeded"


class ProviderError(SeedbedError):
    """A provider cannot be used."""

    code = "provider_error"


class MissingKey(ProviderError):
    """The connection needs a key that the environment lacks."""

    code = "missing_key"

    def __init__(self, connection: str, variable: str) -> None:
        super().__init__(
            f"The connection {connection!r} needs a key.",
            remedy=f"Set the environment variable {variable} and restart Seedbed.",
        )


class UnknownPrice(ProviderError):
    """A budgeted call has no price."""

    code = "unknown_price"

    def __init__(self, connection: str, model: str) -> None:
        super().__init__(
            f"No price is known for model {model!r} on {connection!r}.",
            remedy="Enter its price on the Settings page or with `seedbed prices set`, "
            "or launch without a budget.",
        )


class SettingsError(SeedbedError):
    """The configuration cannot work."""

    code = "settings_invalid"


class DatabaseVersionError(SeedbedError):
    """The database belongs to a newer Seedbed."""

    code = "database_newer"


class StorageFull(SeedbedError):
    """The disk has no room for what must be written."""

    code = "disk_full"


class DamagedFile(SeedbedError):
    """A file's bytes do not match its recorded SHA-256."""

    code = "damaged_file"
