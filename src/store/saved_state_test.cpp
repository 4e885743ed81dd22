// Opens states that earlier releases saved (tests/data/states, one folder a release): what a user's
// upgrade does. A state is never saved anew for a release that is out; a new release adds its own:
//
//   TURNPIKE_SAVE_STATE=tests/data/states/0.2.0 build/release/tests/store_test
//   --gtest_filter='SavedState.*'
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/text.h"
#include "store/owned_writes.h"
#include "store/state.h"

namespace tp::store {
namespace {

namespace fs = std::filesystem;

constexpr StoreId kBank{1};
constexpr StoreId kMarket{2};

StateSchema schema() {
  return {.version = 1,
          .stores = {{.id = kBank, .name = "bank", .tables = {{.number = 1, .name = "balances"}}},
                     {.id = kMarket,
                      .name = "market",
                      .tables = {{.number = 1, .name = "orders"},
                                 {.number = 2, .name = "specs", .placement = Placement::kCold}}}}};
}

// The history that every saved state went through.
void live(StateStore& store) {
  for (int height = 1; height <= 12; ++height) {
    OwnedWrites writes;
    for (int i = 0; i < 10; ++i) {
      const std::string name = std::to_string(i * height % 37);
      writes[kBank]["\x01" + name] = "balance " + std::to_string(height);
      writes[kMarket]["\x01" + name] =
          i % 3 == 0 ? std::nullopt : std::optional<Bytes>("order " + name);
      writes[kMarket]["\x02" + name] = "spec " + name + Bytes(60, '.');
    }
    ASSERT_TRUE(store.commit(Height{height}, views_of(writes), "block " + std::to_string(height)));
    if (height % 4 == 0) {
      const auto durable = store.make_durable();
      ASSERT_TRUE(durable) << durable.error().text;
    }
  }
}
constexpr std::string_view kRoot =
    "733777c9c4f7f858667ead0f3a4cfc677e31270f568b82cb9693fe6ab8b0c852";

class SavedState : public testing::Test {
 protected:
  SavedState() {
    std::string pattern = testing::TempDir() + "/saved_state.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SavedState() override { fs::remove_all(folder_); }

  Result<std::unique_ptr<StateStore>> open(const std::string& directory,
                                           StateSchema wanted = schema(),
                                           std::vector<Migration> migrations = {}) {
    return StateStore::open(
        {.directory = directory, .schema = std::move(wanted), .migrations = std::move(migrations)},
        disk_, clock_, executor_, executor_);
  }

  std::string folder_;
  SystemDisk disk_;
  SystemClock clock_;
  InlineExecutor executor_;
};

TEST_F(SavedState, TheHistoryHasTheSameRootAsEver) {
  const char* wanted = ::getenv("TURNPIKE_SAVE_STATE");
  const std::string directory = wanted != nullptr ? wanted : folder_ + "/fresh";
  const auto store = open(directory);
  ASSERT_TRUE(store) << store.error().text;
  live(**store);
  EXPECT_EQ(to_hex((*store)->latest()->root().view()), kRoot);
}

TEST_F(SavedState, EveryReleasesStateOpensWithWhatItHeld) {
  const auto reference = open(folder_ + "/reference");
  ASSERT_TRUE(reference);
  live(**reference);
  int opened = 0;
  for (const auto& release : fs::directory_iterator(TURNPIKE_SAVED_STATES)) {
    const std::string copy = folder_ + "/" + release.path().filename().string();
    fs::copy(release.path(), copy, fs::copy_options::recursive);
    const auto store = open(copy);
    ASSERT_TRUE(store) << release.path() << ": " << store.error().text;
    const StatePtr state = (*store)->latest();
    EXPECT_EQ(state->height(), Height{12});
    EXPECT_EQ(state->meta(), "block 12");
    EXPECT_EQ(to_hex(state->root().view()), kRoot);
    for (const StoreId id : {kBank, kMarket}) {
      ASSERT_TRUE(
          (*reference)->latest()->scan(id, {}, [&](BytesView key, BytesView value) -> Result<Step> {
            EXPECT_EQ(*state->get(id, key), std::optional<Bytes>(value));
            return Step::kGoOn;
          }));
    }
    ++opened;
  }
  EXPECT_GE(opened, 1);
}

TEST_F(SavedState, EveryReleasesStateMigrates) {
  for (const auto& release : fs::directory_iterator(TURNPIKE_SAVED_STATES)) {
    const std::string copy = folder_ + "/" + release.path().filename().string();
    fs::copy(release.path(), copy, fs::copy_options::recursive);
    StateSchema newer = schema();
    newer.version = 2;
    newer.stores[0].tables[0].record_version = 2;
    const auto refused = open(copy, newer);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(is(refused.error(), StoreError::kSchemaMismatch));
    const auto store = open(copy, newer, {{.from = 1, .to = 2, .run = [](Writer& state) {
                                             return state.put(kBank,
                                                              "\x01"
                                                              "0",
                                                              "migrated");
                                           }}});
    ASSERT_TRUE(store) << store.error().text;
    EXPECT_EQ(*(*store)->latest()->get(kBank,
                                       "\x01"
                                       "0"),
              "migrated");
    EXPECT_EQ((*store)->latest()->height(), Height{12});
  }
}

}  // namespace
}  // namespace tp::store
