#include <gtest/gtest.h>

#include "networks/compute/spec/testing/sdl_texts.h"

namespace tp::compute {
namespace {

using testing::accepted;
using testing::refused;
using testing::strict_only;
using testing::with;

// --- Compute profiles ---

TEST(SdlCompute, HasCpuMemoryAndStorage) {
  refused(with("        cpu:\n          units: 100m\n", ""), "invalid unit cpu: it is missing");
  refused(with("        memory:\n          size: 64Mi\n", ""),
          "invalid unit memory: it is missing");
  refused(with("        storage:\n          size: 64Mi\n", ""),
          "invalid unit storage: it is missing");
  refused(with("          units: 100m\n", "          attributes: {arch: amd64}\n"),
          "units is missing in cpu");
  refused(with("          size: 64Mi\n", "          x: 1\n"), "size is missing in memory");
}

TEST(SdlCompute, IsWithinTheLimitsOfAUnit) {
  refused(with("100m", "9m"), "44: compute profile \"web\": cpu 9m is outside 10m..384000m");
  refused(with("100m", "385"), "cpu 385000m is outside 10m..384000m");
  refused(with("size: 64Mi", "size: 1023Ki"),
          "46: compute profile \"web\": memory 1023Ki is outside");
  refused(with("size: 64Mi", "size: 3Ti"), "memory 3Ti is outside 1Mi..2Ti");
  refused(with("size: 512Mi", "size: 4Mi"), "storage.default 4Mi is outside 5Mi..32Ti");
  refused(with("          units: 1\n", "          units: 25\n"), "gpu 25 is outside 0..24");
}

TEST(SdlCompute, RefusesNegativeAndMeaninglessSizes) {
  refused(with("100m", "-1"), "invalid: negative value not allowed: \"-1\"");
  refused(with("size: 64Mi", "size: -64Mi"), "invalid: negative value not allowed");
  refused(with("size: 64Mi", "size: 64MiB"), "memory size: \"64MiB\" is not a size");
}

TEST(SdlCompute, KnowsOnlyTheCpuAttributeArch) {
  accepted(with("units: 100m", "units: 100m\n          attributes: {arch: arm64}"));
  refused(with("units: 100m", "units: 100m\n          attributes: {speed: 3}"),
          "unsupported cpu attribute \"speed\"; allowed: arch");
}

TEST(SdlGpu, NeedsAttributesWithUnitsAndUnitsWithAttributes) {
  const std::string without = with(
      "          attributes:\n            vendor:\n              nvidia:\n                - model: "
      "a100\n                  ram: 80Gi\n",
      "");
  refused(without, "GPU attributes must be present if units > 0");
  refused(with("          units: 1\n", "          units: 0\n"),
          "gpu attributes cannot be present if units == 0");
}

TEST(SdlGpu, MayBeOfAnyModel) {
  const std::string models = "nvidia:\n                - model: a100\n                  ram: 80Gi";
  accepted(with(models, "nvidia:"));
  accepted(with(models, "nvidia: []"));
}

TEST(SdlGpu, IsOfNvidiaAndAnyOtherVendorIsRefusedWhichGoTakesForNvidia) {
  refused(with("nvidia:", "amd:"), "unsupported GPU vendor \"amd\"; allowed: nvidia");
  const std::string models =
      "vendor:\n              nvidia:\n                - model: a100\n                  ram: 80Gi";
  refused(with(models, "vendor:"), "at least one vendor must be set");
  refused(with(models, "maker: nvidia"), "unexpected field \"maker\" in attributes");
}

TEST(SdlGpu, HasAModelAndPerhapsMemoryAndInterface) {
  accepted(with("ram: 80Gi", "interface: sxm"));
  refused(with("ram: 80Gi", "interface: sxm5"),
          "invalid GPU interface \"sxm5\". expected \"pcie|sxm\"");
  refused(with("ram: 80Gi", "ram: 80G"), "ram: \"80G\" is not a GPU's memory");
  refused(with("- model: a100\n                  ram: 80Gi", "- ram: 80Gi"),
          "model is missing for a GPU");
}

TEST(SdlGpu, CountsWholeUnits) {
  refused(with("          units: 1\n", "          units: 1.5\n"),
          "gpu units \"1.5\" is not a whole number");
  accepted(with("          units: 1\n", "          units: \"1\"\n"));
  refused(with("          units: 1\n", "          number: 1\n"),
          "unexpected field \"number\" in gpu");
}

// --- Storage ---

std::string attributes(std::string_view text) {
  return with("            attributes:\n              persistent: true\n              class: beta2",
              "            attributes: {" + std::string(text) + "}");
}

TEST(SdlStorage, IsPersistentInAClass) {
  for (const std::string_view name : {"default", "beta1", "beta2", "beta3"})
    accepted(attributes("persistent: true, class: " + std::string(name)));
  accepted(attributes("persistent: true"));
  accepted(attributes("persistent: false"));
  accepted(attributes("class: ram"));
  accepted(attributes("persistent: \"yes\", class: beta2"));
}

TEST(SdlStorage, RefusesWhatDoesNotGoTogether) {
  refused(attributes("persistent: true, class: ram"), "ram storage class cannot be persistent");
  refused(attributes("persistent: false, class: beta2"),
          "ephemeral storage should not set attribute class");
  refused(attributes("class: beta2"), "ephemeral storage should not set attribute class");
  refused(
      attributes("persistent: true, class: beta9"),
      "invalid value \"beta9\" for attribute class; allowed: default, beta1, beta2, beta3, ram");
  refused(attributes("persistent: maybe"), "invalid value \"maybe\" for attribute \"persistent\"");
  refused(attributes("mount: /x"), "unsupported storage attribute: \"mount\"");
}

TEST(SdlStorage, HasEachVolumeOnce) {
  refused(with("          - size: 512Mi", "          - size: 512Mi\n          - size: 512Mi"),
          "duplicated volume name \"default\"");
}

TEST(SdlStorage, HasSoManyVolumesOnly) {
  std::string many;
  for (int i = 0; i < 21; ++i)
    many += "          - {name: v" + std::to_string(i) + ", size: 5Mi}\n";
  refused(with("          - size: 512Mi\n", many), "22 volumes are more than 20");
  for (int i = 21; i < 65; ++i)
    many += "          - {name: v" + std::to_string(i) + ", size: 5Mi}\n";
  refused(with("          - size: 512Mi\n", many), "66 volumes are more than 64");
}

TEST(SdlStorage, IsMountedAtAnAbsolutePath) {
  refused(with("mount: /data", "mount: data"),
          "11: service \"db\": mount \"data\" of volume \"data\": expected absolute path");
  refused(with("mount: /data", "readOnly: true"), "expected absolute path");
}

TEST(SdlStorage, IsMountedOnceAtAPath) {
  refused(with("          mount: /data",
               "          mount: /data\n        default:\n          mount: "
               "/data"),
          "duplicated mount point: mount \"/data\" already in use by volume \"data\"");
}

TEST(SdlStorage, MountsVolumesThatExist) {
  refused(with("        data:\n          mount", "        date:\n          mount"),
          "11: service \"db\" references to no-existing compute volume named \"date\" in profile "
          "\"db\"");
}

TEST(SdlStorage, ThatPersistsMustBeMounted) {
  const std::string unmounted =
      with("    params:\n      storage:\n        data:\n          mount: /data\n", "");
  refused(
      unmounted,
      "compute.storage.data has persistent=true which requires service.db.params.storage.data to "
      "have mount");
}

TEST(SdlStorage, ThatPersistsMayStayUnmountedInGoBesideAnotherMount) {
  strict_only(
      with("        data:\n          mount: /data", "        default:\n          mount: /x"),
      "compute.storage.data has persistent=true");
}

TEST(SdlStorage, InMemoryMayNotBeReadOnlyInVersion21) {
  std::string text = attributes("class: ram");
  text.replace(text.find("mount: /data"), 12, "mount: /data\n          readOnly: true");
  accepted(text);
  text.replace(text.find("2.0"), 3, "2.1");
  refused(text, "has readOnly=true which is not allowed for storage class \"ram\"");
}

TEST(SdlStorage, OfOneVolumeMayBeMountedByItsWrittenNameWhichGoRefuses) {
  std::string text = with("          size: 64Mi\n        gpu",
                          "          name: blog\n"
                          "          size: 64Mi\n        gpu");
  text.replace(text.find("    env:"), 8, "    params: {storage: {blog: {mount: /b}}}\n    env:");
  accepted(text);
}

}  // namespace
}  // namespace tp::compute
