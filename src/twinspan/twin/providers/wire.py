"""The messages of Terraform's plugin protocol 6 and of go-plugin, built when this module is imported.

Source: `docs/plugin-protocol/tfplugin6.8.proto` of hashicorp/terraform and `grpc_controller.proto` of
hashicorp/go-plugin. Only what a provider without functions and ephemeral resources uses is here; fields
that are left out are skipped on reading, as protobuf does with unknown ones. The descriptors come from the
table below, so that no compiler and no generated file is needed.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_TABLE = """
DynamicValue: msgpack bytes 1, json bytes 2
Step: attribute_name string 1, element_key_string string 2, element_key_int int64 3
AttributePath: steps *Step 1
Diagnostic: severity int32 1, summary string 2, detail string 3, attribute AttributePath 4
RawState: json bytes 1
Attribute: name string 1, type bytes 2, description string 3, required bool 4, optional bool 5, \
computed bool 6, sensitive bool 7, deprecated bool 9, write_only bool 11
NestedBlock: type_name string 1, block Block 2, nesting int32 3, min_items int64 4, max_items int64 5
Block: version int64 1, attributes *Attribute 2, block_types *NestedBlock 3
Schema: version int64 1, block Block 2
ServerCapabilities: plan_destroy bool 1, get_provider_schema_optional bool 2, move_resource_state bool 3
TypeName: type_name string 1
Empty:
SchemaEntry: key string 1, value Schema 2
GetMetadata.Response: server_capabilities ServerCapabilities 1, diagnostics *Diagnostic 2, \
data_sources *TypeName 3, resources *TypeName 4
GetProviderSchema.Response: provider Schema 1, resource_schemas *SchemaEntry 2, \
data_source_schemas *SchemaEntry 3, diagnostics *Diagnostic 4, server_capabilities ServerCapabilities 6
ValidateProviderConfig.Request: config DynamicValue 1
ValidateProviderConfig.Response: diagnostics *Diagnostic 2
ValidateResourceConfig.Request: type_name string 1, config DynamicValue 2
ValidateResourceConfig.Response: diagnostics *Diagnostic 1
UpgradeResourceState.Request: type_name string 1, version int64 2, raw_state RawState 3
UpgradeResourceState.Response: upgraded_state DynamicValue 1, diagnostics *Diagnostic 2
ConfigureProvider.Request: terraform_version string 1, config DynamicValue 2
ConfigureProvider.Response: diagnostics *Diagnostic 1
ReadResource.Request: type_name string 1, current_state DynamicValue 2, private bytes 3
ReadResource.Response: new_state DynamicValue 1, diagnostics *Diagnostic 2, private bytes 3
PlanResourceChange.Request: type_name string 1, prior_state DynamicValue 2, \
proposed_new_state DynamicValue 3, config DynamicValue 4, prior_private bytes 5
PlanResourceChange.Response: planned_state DynamicValue 1, requires_replace *AttributePath 2, \
planned_private bytes 3, diagnostics *Diagnostic 4, legacy_type_system bool 5
ApplyResourceChange.Request: type_name string 1, prior_state DynamicValue 2, planned_state DynamicValue 3, \
config DynamicValue 4, planned_private bytes 5
ApplyResourceChange.Response: new_state DynamicValue 1, private bytes 2, diagnostics *Diagnostic 3, \
legacy_type_system bool 4
ImportResourceState.Request: type_name string 1, id string 2
ImportedResource: type_name string 1, state DynamicValue 2, private bytes 3
ImportResourceState.Response: imported_resources *ImportedResource 1, diagnostics *Diagnostic 2
ReadDataSource.Request: type_name string 1, config DynamicValue 2
ReadDataSource.Response: state DynamicValue 1, diagnostics *Diagnostic 2
StopProvider.Response: Error string 1
"""

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bytes": _Field.TYPE_BYTES,
    "string": _Field.TYPE_STRING,
    "bool": _Field.TYPE_BOOL,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
}
_PACKAGE = "twinspan.tfplugin6"
ERROR, WARNING = 1, 2
"""`Diagnostic.Severity`. Source: tfplugin6.proto."""

NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
"""`Schema.NestedBlock.NestingMode`. Source: tfplugin6.proto."""


def _class_name(name: str) -> str:
    return name.replace(".", "")


def _field(message: descriptor_pb2.DescriptorProto, text: str) -> None:
    name, kind, number = text.split()
    field = message.field.add(name=name, number=int(number))
    field.label = _Field.LABEL_REPEATED if kind.startswith("*") else _Field.LABEL_OPTIONAL
    kind = kind.removeprefix("*")
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{kind}"
    if message.name == "Step":
        field.oneof_index = 0


def _messages() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="twinspan-tfplugin6", package=_PACKAGE, syntax="proto3")
    names = []
    for line in _TABLE.strip().splitlines():
        name, _, fields = line.partition(":")
        message = file.message_type.add(name=_class_name(name))
        if name == "Step":
            message.oneof_decl.add(name="selector")
        for text in filter(None, (field.strip() for field in fields.split(","))):
            _field(message, text)
        names.append(name)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"{_PACKAGE}.{_class_name(name)}")) for name in names}


MESSAGES = _messages()
"""Message name, e.g. `PlanResourceChange.Response`, -> class. Maps are lists of entries, as on the wire."""

RPCS = {
    "GetMetadata": "Empty",
    "GetProviderSchema": "Empty",
    "ValidateProviderConfig": "ValidateProviderConfig.Request",
    "ValidateResourceConfig": "ValidateResourceConfig.Request",
    "ValidateDataResourceConfig": "ValidateResourceConfig.Request",
    "UpgradeResourceState": "UpgradeResourceState.Request",
    "ConfigureProvider": "ConfigureProvider.Request",
    "ReadResource": "ReadResource.Request",
    "PlanResourceChange": "PlanResourceChange.Request",
    "ApplyResourceChange": "ApplyResourceChange.Request",
    "ImportResourceState": "ImportResourceState.Request",
    "ReadDataSource": "ReadDataSource.Request",
    "StopProvider": "Empty",
}
"""Remote call of `tfplugin6.Provider` -> its request message. Unlisted calls are unimplemented."""
