# ruff: noqa: ANN401 - messages are built at run time and have no static type
"""Terraform's plugin protocol over gRPC: messages in, `Provider` calls, messages out."""

from collections.abc import Callable, Iterable
from concurrent import futures
from typing import Any

import grpc

from twinspan.twin.providers import engine
from twinspan.twin.providers.provider import ProblemError, Provider
from twinspan.twin.providers.resource import Problem
from twinspan.twin.providers.schema import Block, to_message
from twinspan.twin.providers.values import Value, ValueFormatError, decode, encode
from twinspan.twin.providers.wire import ERROR, MESSAGES, RPCS, WARNING

_HEALTHY = b"\x08\x01"
"""grpc.health.v1.HealthCheckResponse with status SERVING."""


def _diagnostics(problems: Iterable[Problem]) -> list[Any]:
    return [
        MESSAGES["Diagnostic"](
            severity=WARNING if problem.warning else ERROR,
            summary=problem.summary,
            detail=problem.detail,
            attribute=_path(problem.path),
        )
        for problem in problems
    ]


def _path(path: str) -> Any:
    """Return an attribute path; only its first name, since a dotted path does not say which element."""
    name = path.split(".", 1)[0]
    steps = [MESSAGES["Step"](attribute_name=name)] if name else []
    return MESSAGES["AttributePath"](steps=steps)


def _value(block: Block, value: Value) -> Any:
    return MESSAGES["DynamicValue"](msgpack=encode(value, block.type))


def _state(block: Block, message: Any) -> Any:
    return decode(message.msgpack, block.type) if message.msgpack else None


class Service:
    """The remote calls of `tfplugin6.Provider`, one method each, for one provider.

    A method takes the request message and returns the response message of its call.
    """

    def __init__(self, provider: Provider[Any]) -> None:
        self._provider = provider
        self._answers: dict[str, Callable[[Any], Any]] = {
            "GetMetadata": self._get_metadata,
            "GetProviderSchema": self._get_provider_schema,
            "ValidateProviderConfig": self._validate_provider_config,
            "ValidateResourceConfig": self._validate_resource_config,
            "ValidateDataResourceConfig": self._validate_data_resource_config,
            "UpgradeResourceState": self._upgrade_resource_state,
            "ConfigureProvider": self._configure_provider,
            "ReadResource": self._read_resource,
            "PlanResourceChange": self._plan_resource_change,
            "ApplyResourceChange": self._apply_resource_change,
            "ImportResourceState": self._import_resource_state,
            "ReadDataSource": self._read_data_source,
            "StopProvider": self._stop_provider,
        }

    def call(self, name: str, request: Any) -> Any:
        """Answer one call; what goes wrong becomes a diagnostic, never a broken connection."""
        response = MESSAGES.get(f"{name}.Response", MESSAGES["ValidateResourceConfig.Response"])
        try:
            return self._answers[name](request)
        except ProblemError as error:
            answer = response(diagnostics=_diagnostics([error.problem]))
            if error.state is not None:
                field = "new_state" if name != "ImportResourceState" else "state"
                getattr(answer, field).CopyFrom(_value(self._provider.block(request.type_name), error.state))
            return answer
        except ValueFormatError as error:
            problem = Problem(summary=f"{name}: a value does not fit the schema", detail=str(error))
            return response(diagnostics=_diagnostics([problem]))

    def _get_metadata(self, _: Any) -> Any:
        schema, named = self._provider.schema, MESSAGES["TypeName"]
        return MESSAGES["GetMetadata.Response"](
            server_capabilities=MESSAGES["ServerCapabilities"](get_provider_schema_optional=True),
            resources=[named(type_name=name) for name in schema.resources],
            data_sources=[named(type_name=name) for name in schema.data_sources],
        )

    def _get_provider_schema(self, _: Any) -> Any:
        schema, entry = self._provider.schema, MESSAGES["SchemaEntry"]
        return MESSAGES["GetProviderSchema.Response"](
            provider=to_message(schema.provider),
            resource_schemas=[entry(key=n, value=to_message(b)) for n, b in schema.resources.items()],
            data_source_schemas=[entry(key=n, value=to_message(b)) for n, b in schema.data_sources.items()],
            server_capabilities=MESSAGES["ServerCapabilities"](get_provider_schema_optional=True),
        )

    def _validate_provider_config(self, _: Any) -> Any:
        return MESSAGES["ValidateProviderConfig.Response"]()

    def _validate_resource_config(self, request: Any) -> Any:
        block = self._provider.block(request.type_name)
        problems = self._provider.validate(request.type_name, _state(block, request.config))
        return MESSAGES["ValidateResourceConfig.Response"](diagnostics=_diagnostics(problems))

    def _validate_data_resource_config(self, request: Any) -> Any:
        self._provider.data_block(request.type_name)
        return MESSAGES["ValidateResourceConfig.Response"]()

    def _upgrade_resource_state(self, request: Any) -> Any:
        state = self._provider.upgrade(request.type_name, request.version, request.raw_state.json)
        block = self._provider.block(request.type_name)
        return MESSAGES["UpgradeResourceState.Response"](upgraded_state=_value(block, state))

    def _configure_provider(self, request: Any) -> Any:
        config = _state(self._provider.schema.provider, request.config)
        return MESSAGES["ConfigureProvider.Response"](
            diagnostics=_diagnostics(self._provider.configure(config))
        )

    def _read_resource(self, request: Any) -> Any:
        block = self._provider.block(request.type_name)
        state = self._provider.read(request.type_name, _state(block, request.current_state))
        return MESSAGES["ReadResource.Response"](new_state=_value(block, state), private=request.private)

    def _plan_resource_change(self, request: Any) -> Any:
        block = self._provider.block(request.type_name)
        config = _state(block, request.config)
        if config is None:
            return MESSAGES["PlanResourceChange.Response"](
                planned_state=request.proposed_new_state, planned_private=request.prior_private
            )
        prior = _state(block, request.prior_state)
        plan = self._provider.plan(request.type_name, prior, config)
        return MESSAGES["PlanResourceChange.Response"](
            planned_state=_value(block, plan.state),
            requires_replace=[_path(name) for name in plan.requires_replace],
            planned_private=request.prior_private,
            legacy_type_system=True,
        )

    def _apply_resource_change(self, request: Any) -> Any:
        block, name = self._provider.block(request.type_name), request.type_name
        prior, planned = _state(block, request.prior_state), _state(block, request.planned_state)
        if planned is None:
            self._provider.delete(name, prior)
            state = None
        elif prior is None:
            state = self._provider.create(name, planned)
        else:
            state = self._provider.update(name, prior, planned)
        return MESSAGES["ApplyResourceChange.Response"](
            new_state=_value(block, state), private=request.planned_private, legacy_type_system=True
        )

    def _import_resource_state(self, request: Any) -> Any:
        block = self._provider.block(request.type_name)
        state = engine.without_unknowns(self._provider.import_state(request.type_name, request.id))
        imported = MESSAGES["ImportedResource"](type_name=request.type_name, state=_value(block, state))
        return MESSAGES["ImportResourceState.Response"](imported_resources=[imported])

    def _read_data_source(self, request: Any) -> Any:
        block = self._provider.data_block(request.type_name)
        state = self._provider.read_data_source(request.type_name, _state(block, request.config))
        return MESSAGES["ReadDataSource.Response"](state=_value(block, state))

    def _stop_provider(self, _: Any) -> Any:
        return MESSAGES["StopProvider.Response"]()


def _handler(answer: Callable[[Any], Any], decoder: Callable[[bytes], Any] | None) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        lambda request, _: answer(request),
        request_deserializer=decoder,
        response_serializer=lambda message: (
            message if isinstance(message, bytes) else message.SerializeToString()
        ),
    )


def _provider_handlers(service: Service) -> dict[str, Any]:
    def bound(name: str) -> Callable[[Any], Any]:
        return lambda request: service.call(name, request)

    return {name: _handler(bound(name), MESSAGES[request].FromString) for name, request in RPCS.items()}


def start(
    provider: Provider[Any], *, socket_path: str, tls: tuple[bytes, bytes], stop: Callable[[], None]
) -> Any:
    """Serve one provider on a Unix socket and return the running `grpc.Server`.

    The client's certificate is not asked for: go-plugin makes it on P-521, which gRPC's TLS library does
    not accept. The socket must therefore lie in a folder that only its owner can enter.

    Args:
        provider: What to serve.
        socket_path: Where.
        tls: Private key and certificate, PEM.
        stop: Called when Terraform says that it is done.
    """

    def shutdown(_: bytes) -> bytes:
        stop()
        return b""

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16, thread_name_prefix="rpc"))
    generic = grpc.method_handlers_generic_handler
    server.add_generic_rpc_handlers(
        (
            generic("tfplugin6.Provider", _provider_handlers(Service(provider))),
            generic("plugin.GRPCController", {"Shutdown": _handler(shutdown, None)}),
            generic("grpc.health.v1.Health", {"Check": _handler(lambda _: _HEALTHY, None)}),
        )
    )
    server.add_secure_port(f"unix:{socket_path}", grpc.ssl_server_credentials([tls]))
    server.start()
    return server
