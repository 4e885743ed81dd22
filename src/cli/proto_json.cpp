#include "cli/proto_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include "cli/command.h"

namespace tp::cli {
namespace {

namespace pb = google::protobuf;

std::string without_slash(std::string_view name) {
  return std::string(name.starts_with('/') ? name.substr(1) : name);
}

// Type URLs of Cosmos have nothing before the slash, where protobuf's own expect a host.
pb::util::TypeResolver& resolver() {
  static const std::unique_ptr<pb::util::TypeResolver> all(
      pb::util::NewTypeResolverForDescriptorPool("", pb::DescriptorPool::generated_pool()));
  return *all;
}

}  // namespace

Result<std::unique_ptr<pb::Message>> new_message(std::string_view name) {
  const pb::Descriptor* descriptor =
      pb::DescriptorPool::generated_pool()->FindMessageTypeByName(without_slash(name));
  if (descriptor == nullptr)
    return fail(CliError::kUsage, "there is no message type " + without_slash(name));
  return std::unique_ptr<pb::Message>(
      pb::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

Result<std::unique_ptr<pb::Message>> message_from_json(std::string_view name,
                                                       std::string_view json) {
  TRY(auto message, new_message(name));
  std::string binary;
  const auto status = pb::util::JsonToBinaryString(&resolver(), "/" + without_slash(name),
                                                   {json.data(), json.size()}, &binary);
  if (!status.ok())
    return fail(CliError::kUsage, without_slash(name) + ": " + std::string(status.message()));
  if (!message->ParseFromString(binary))
    return fail(CliError::kUsage, without_slash(name) + ": a required field is missing");
  return message;
}

Result<std::string> message_to_json(const pb::Message& message) {
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status =
      pb::util::BinaryToJsonString(&resolver(), "/" + message.GetDescriptor()->full_name(),
                                   message.SerializeAsString(), &json, options);
  if (!status.ok())
    return fail(CliError::kFailed,
                "the " + message.GetDescriptor()->full_name() +
                    " cannot be written as JSON: " + std::string(status.message()));
  return json;
}

Result<MethodTypes> method_types(std::string_view path) {
  std::string name = without_slash(path);
  if (const std::size_t slash = name.find('/'); slash != std::string::npos) name[slash] = '.';
  const pb::MethodDescriptor* method = pb::DescriptorPool::generated_pool()->FindMethodByName(name);
  if (method == nullptr) return fail(CliError::kUsage, "there is no query " + std::string(path));
  return MethodTypes{method->input_type()->full_name(), method->output_type()->full_name()};
}

}  // namespace tp::cli
