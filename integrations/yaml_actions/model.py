"""What a vendor's YAML file may say: one kind of connection, and actions over it.

    vendor: acme
    title: Acme's door locks
    documentation: "Acme API 2: https://acme.example/docs"
    connection:
      auth: bearer
      test: {get: /me, says: "we are {{ response.body.name }}"}
    actions:
      - name: acme.lock_badge
        kind: containment
        summary: Lock a person's badge.
        parameters: {user: {type: user, description: Whose badge.}}
        target: user
        noun: lock
        run: {put: "/badges/{{ params.user }}/lock", json: {note: "{{ call.mark }}"}}
        verify:
          get: "/badges/{{ params.user }}"
          in_force: "{{ response.body.locked }}"
          detail: "the badge is {{ response.body.state }}"
        undo: {delete: "/badges/{{ params.user }}/lock", expected: [404]}
        tests: […]

Expressions are those of playbooks. In a path and in a query, what they give is percent-encoded: no
parameter leaves its place.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from playbooks.actions import ActionKind, ValueType

Method = Literal["get", "post", "put", "patch", "delete"]
METHODS: tuple[Method, ...] = ("get", "post", "put", "patch", "delete")
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]


class Node(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True
    )


class Request(Node):
    """One request; exactly one of the methods names its path."""

    get: str | None = None
    post: str | None = None
    put: str | None = None
    patch: str | None = None
    delete: str | None = None
    query: dict[str, Any] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    json_: Any = Field(default=None, alias="json")
    form: dict[str, Any] | None = None
    expected: tuple[Annotated[int, Field(ge=200, le=599)], ...] = ()
    """Statuses beside success that are no failure: 404 of an undo, 409 of what is there already."""

    @model_validator(mode="after")
    def _one_method(self) -> Self:
        named = [method for method in METHODS if getattr(self, method) is not None]
        if len(named) != 1:
            raise ValueError("a request has one path: write one of get, post, put, patch, delete")
        if not self.path.startswith("/"):
            raise ValueError(f"{self.path!r}: a path begins with / and stays on the connection's host")
        if self.json_ is not None and self.form is not None:
            raise ValueError("a request has one body: json or form")
        return self

    @property
    def method(self) -> str:
        return next(method for method in METHODS if getattr(self, method) is not None).upper()

    @property
    def path(self) -> str:
        found = next(getattr(self, method) for method in METHODS if getattr(self, method) is not None)
        return str(found)


class Paging(Node):
    """More requests while there is a next page."""

    items: str
    """An expression: the items of one answer."""
    next: str
    """An expression: the next page's path or token; nothing ends it."""
    query: str | None = None
    """The query parameter that takes the token; None: `next` is a path on the same host."""
    most: Annotated[int, Field(ge=1, le=100)] = 20
    """Pages."""


class Call(Request):
    """A request whose answer becomes the action's result."""

    result: dict[Name, Any] = Field(default_factory=dict)
    """Names of `returns` to expressions over ``response`` (and ``items``, with paging)."""
    paging: Paging | None = None


class Verify(Request):
    in_force: str
    """An expression: true or false."""
    detail: str = "the system was asked"


class Trial(Request):
    """One harmless request that says who we are there."""

    says: str


class Parameter(Node):
    type: ValueType
    description: Annotated[str, Field(min_length=1)]
    required: StrictBool = True
    default: Any = None
    choices: tuple[str, ...] = ()
    items: ValueType | None = None


class Answer(Node):
    """A recorded answer of a test, to the request that is expected."""

    to: str
    """``PUT /badges/alice/lock``: method, path and query as sent."""
    body: Any = None
    """The JSON that must have been sent; None: it is not looked at."""
    status: Annotated[int, Field(ge=100, le=599)] = 200
    json_: Any = Field(default=None, alias="json")
    text: str = ""
    headers: dict[str, str] = Field(default_factory=dict)


class Expectation(Node):
    result: dict[str, Any] | None = None
    in_force: bool | None = None
    detail: str | None = None
    """A piece of what verify says."""
    error: str | None = None
    """A piece of why it is refused."""


class ActionTest(Node):
    name: Annotated[str, Field(min_length=1)]
    call: Literal["run", "verify", "undo"] = "run"
    params: dict[str, Any] = Field(default_factory=dict)
    answers: tuple[Answer, ...] = Field(min_length=1)
    expect: Expectation


class ActionFile(Node):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
    kind: ActionKind
    summary: Annotated[str, Field(min_length=5)]
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    returns: dict[Name, ValueType] = Field(default_factory=dict)
    target: Name | None = None
    noun: str = "containment"
    timeout: Annotated[float, Field(gt=0, le=120)] = 10.0
    permission: str = ""
    per_minute: Annotated[int, Field(ge=1)] | None = None
    guarded: StrictBool = False
    """Of a change that takes something from somebody: whom the guard protects it does not touch."""
    run: Call
    verify: Verify | None = None
    undo: Request | None = None
    tests: tuple[ActionTest, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        contains = self.kind is ActionKind.CONTAINMENT
        if contains and (self.verify is None or self.undo is None or self.target is None):
            raise ValueError("a containment needs verify, undo and target")
        if not contains and (self.verify is not None or self.undo is not None):
            raise ValueError(f"verify and undo are of containments, not of a {self.kind.value}")
        if self.guarded and self.kind is not ActionKind.CHANGE:
            raise ValueError("guarded is for a change; the guard holds for every containment, for no lookup")
        if self.kind is ActionKind.LOOKUP and self.run.method != "GET" and self.run.method != "POST":
            raise ValueError(f"a lookup changes nothing: {self.run.method} does")
        return self


class ExtraSetting(Node):
    description: str
    required: StrictBool = True
    secret: StrictBool = False


class ConnectionFile(Node):
    auth: Literal["none", "bearer", "header", "basic", "client_credentials"]
    header: str | None = None
    """``header``: its name; the connection's ``token`` is its value."""
    token_path: str | None = None
    """``client_credentials``: where tokens are had (RFC 6749, 4.4)."""
    scope: str = ""
    url: str | None = None
    """The vendor's own, where a site need not name one."""
    settings: dict[Name, ExtraSetting] = Field(default_factory=dict)
    """More keys, for expressions as ``connection.NAME``; secret ones can't be read by expressions."""
    setup: str = ""
    test: Trial | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.auth == "header") != (self.header is not None):
            raise ValueError("`header:` goes with `auth: header`, and that needs it")
        if (self.auth == "client_credentials") != (self.token_path is not None):
            raise ValueError("`token_path:` goes with `auth: client_credentials`, and that needs it")
        return self


class VendorFile(Node):
    vendor: Name
    title: Annotated[str, Field(min_length=1)]
    documentation: Annotated[str, Field(min_length=1)]
    connection: ConnectionFile
    actions: tuple[ActionFile, ...] = Field(min_length=1)
