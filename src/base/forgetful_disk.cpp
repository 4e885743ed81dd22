#include "base/forgetful_disk.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "base/varint.h"

namespace tp {
namespace {

// The log of notes: each is a letter, a count, and so many strings with their lengths. A note cut
// short by the kill is the last, and about something that had not happened yet.
//   o path size   opened, was there        c path          will be created
//   s path size   was synced               t path size     was cut short
//   r from to n   will be renamed; what stood at `to` is copied to grave n
//   x path n      will be removed: moved to grave n
//   d folder      names in it were synced
std::string log_path(const std::string& notes) {
  return notes + "/log";
}
std::string grave_path(const std::string& notes, const std::string& number) {
  return notes + "/grave-" + number;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Result<void> copy_file(Disk& disk, const std::string& from, const std::string& to) {
  TRY(const Bytes bytes, disk.read(from));
  if (disk.exists(to)) TRY_VOID(disk.remove(to));
  TRY(const auto file, disk.open_append(to));
  return file->append(bytes);
}

struct Note {
  char what;
  std::vector<std::string> values;
};

struct NoteLog {
  std::vector<Note> notes;
  std::uint64_t whole_bytes = 0;  // without a note at the end that was cut short
};

Result<NoteLog> read_notes(Disk& disk, const std::string& notes) {
  static const std::map<char, std::size_t> kValues{{'o', 2}, {'c', 1}, {'s', 2}, {'t', 2},
                                                   {'r', 3}, {'x', 2}, {'d', 1}};
  TRY(const Bytes bytes, disk.read(log_path(notes)));
  NoteLog out;
  for (BytesView rest = bytes; !rest.empty();) {
    Note note{.what = rest[0], .values = {}};
    rest.remove_prefix(1);
    const auto values = kValues.find(note.what);
    const auto count = take_varint(rest);
    if (values == kValues.end() || (count && *count != values->second))
      return fail(BaseError::kInvalidText, log_path(notes) + ": a note that nobody writes");
    while (note.values.size() < values->second) {
      const auto size = take_varint(rest);
      if (!size || *size > rest.size()) return out;  // cut short
      note.values.emplace_back(rest.substr(0, *size));
      rest.remove_prefix(*size);
    }
    out.notes.push_back(std::move(note));
    out.whole_bytes = bytes.size() - rest.size();
  }
  return out;
}

}  // namespace

class ForgetfulDisk::NotingFile final : public AppendFile {
 public:
  NotingFile(ForgetfulDisk& disk, std::unique_ptr<AppendFile> file, std::string path)
      : disk_(disk), file_(std::move(file)), path_(std::move(path)) {}

  Result<void> append(BytesView bytes) override { return file_->append(bytes); }
  Result<void> sync() override {
    if (disk_.syncs_ == Syncs::kIgnored) return {};
    // What is appended while the sync runs may or may not be covered by it. Other programs may have
    // made the file larger than what was appended here.
    const std::uint64_t size = std::max(file_->size(), disk_.disk_.file_size(path_).value_or(0));
    TRY_VOID(file_->sync());
    const std::lock_guard lock(disk_.mutex_);
    return disk_.note('s', {path_, std::to_string(size)});
  }
  std::uint64_t size() const override { return file_->size(); }

 private:
  ForgetfulDisk& disk_;
  std::unique_ptr<AppendFile> file_;
  const std::string path_;
};

ForgetfulDisk::ForgetfulDisk(Disk& disk, std::string notes, Syncs syncs, std::string below)
    : disk_(disk), notes_(std::move(notes)), syncs_(syncs), below_(std::move(below)) {}
ForgetfulDisk::~ForgetfulDisk() = default;

bool ForgetfulDisk::is_noted(const std::string& path) const {
  return below_.empty() ||
         (path.starts_with(below_) && path.substr(below_.size()).starts_with('/'));
}

Result<std::unique_ptr<ForgetfulDisk>> ForgetfulDisk::open(Disk& disk, const std::string& notes,
                                                           Syncs syncs, std::string below) {
  TRY_VOID(disk.make_directories(notes));
  std::unique_ptr<ForgetfulDisk> out(
      new ForgetfulDisk(disk, notes, syncs, without_trailing_slash(std::move(below))));
  if (disk.exists(log_path(notes))) {
    TRY(const NoteLog earlier, read_notes(disk, notes));
    TRY_VOID(disk.truncate(log_path(notes), earlier.whole_bytes));  // the last may be cut short
    for (const Note& note : earlier.notes) out->graves_ += note.what == 'r' || note.what == 'x';
  }
  TRY(out->log_, disk.open_append(log_path(notes)));
  return out;
}

Result<void> ForgetfulDisk::note(char what, std::initializer_list<std::string> values) {
  Bytes line(1, what);
  append_varint(line, values.size());
  for (const std::string& value : values) {
    append_varint(line, value.size());
    line.append(value);
  }
  return log_->append(line);
}

std::string ForgetfulDisk::grave(std::uint64_t number) const {
  return grave_path(notes_, std::to_string(number));
}

Result<std::unique_ptr<AppendFile>> ForgetfulDisk::open_append(const std::string& path) {
  if (!is_noted(path)) return disk_.open_append(path);
  const std::lock_guard lock(mutex_);
  if (disk_.exists(path)) {
    TRY(const std::uint64_t size, disk_.file_size(path));
    TRY_VOID(note('o', {path, std::to_string(size)}));
  } else {
    TRY_VOID(note('c', {path}));
  }
  TRY(auto file, disk_.open_append(path));
  return std::make_unique<NotingFile>(*this, std::move(file), path);
}

Result<void> ForgetfulDisk::truncate(const std::string& path, std::uint64_t size) {
  if (!is_noted(path)) return disk_.truncate(path, size);
  const std::lock_guard lock(mutex_);
  TRY_VOID(disk_.truncate(path, size));
  return note('t', {path, std::to_string(size)});
}

Result<void> ForgetfulDisk::rename(const std::string& from, const std::string& to) {
  if (!is_noted(to)) return disk_.rename(from, to);
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = graves_++;
  if (disk_.exists(to)) TRY_VOID(copy_file(disk_, to, grave(number)));
  TRY_VOID(note('r', {from, to, std::to_string(number)}));
  return disk_.rename(from, to);
}

Result<void> ForgetfulDisk::remove(const std::string& path) {
  if (!is_noted(path)) return disk_.remove(path);
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = graves_++;
  TRY_VOID(note('x', {path, std::to_string(number)}));
  return disk_.rename(path, grave(number));
}

Result<void> ForgetfulDisk::sync_directory(const std::string& path) {
  if (!is_noted(path) && without_trailing_slash(path) != below_) return disk_.sync_directory(path);
  if (syncs_ == Syncs::kIgnored) return {};
  const std::lock_guard lock(mutex_);
  TRY_VOID(disk_.sync_directory(path));
  return note('d', {without_trailing_slash(path)});
}

namespace {

// What the notes say: how much of each file is durable, and the changes of names that are not.
class Aftermath {
 public:
  Aftermath(Disk& disk, std::string notes) : disk_(disk), notes_(std::move(notes)) {}

  Result<void> replay(const Note& note) {
    const std::string& path = note.values[0];
    switch (note.what) {
      case 'o':
        if (!durable_.contains(path)) TRY_VOID(set_size(path, note.values[1]));
        return {};
      case 's':
      case 't': return set_size(path, note.values[1]);
      case 'c':
        remember(note);
        durable_[path] = 0;
        return {};
      case 'r':
        remember(note);
        move_size(path, note.values[1]);
        return {};
      case 'x':
        remember(note);
        durable_.erase(path);
        return {};
      default:  // 'd'
        std::erase_if(pending_, [&](const Change& change) {
          return folder_of(name_of(change.note)) == path;
        });
        return {};
    }
  }

  Result<void> take_back() {
    for (auto it = pending_.rbegin(); it != pending_.rend(); ++it) TRY_VOID(undo(*it));
    for (const auto& [path, size] : durable_) {
      if (!disk_.exists(path)) continue;
      TRY(const std::uint64_t now, disk_.file_size(path));
      if (now > size) TRY_VOID(disk_.truncate(path, size));
    }
    return {};
  }

 private:
  struct Change {
    Note note;
    std::optional<std::uint64_t> size;     // durable bytes of the file, before
    std::optional<std::uint64_t> size_to;  // and of the one that a rename replaced
  };

  static const std::string& name_of(const Note& note) {
    return note.values[note.what == 'r' ? 1 : 0];
  }

  std::optional<std::uint64_t> size_of(const std::string& path) const {
    const auto found = durable_.find(path);
    return found == durable_.end() ? std::nullopt : std::optional(found->second);
  }
  Result<void> set_size(const std::string& path, const std::string& digits) {
    TRY(durable_[path], parse_int<std::uint64_t>(digits));
    return {};
  }
  void restore_size(const std::string& path, std::optional<std::uint64_t> size) {
    durable_.erase(path);
    if (size) durable_[path] = *size;
  }
  void move_size(const std::string& from, const std::string& to) {
    const auto size = size_of(from);
    durable_.erase(from);
    restore_size(to, size);
  }
  void remember(const Note& note) {
    pending_.push_back(
        {note, size_of(note.values[0]), note.what == 'r' ? size_of(note.values[1]) : std::nullopt});
  }

  // The kill may have come between a note and what it notes.
  Result<void> undo(const Change& change) {
    const std::string& path = change.note.values[0];
    if (change.note.what == 'c') {
      if (disk_.exists(path)) TRY_VOID(disk_.remove(path));
      restore_size(path, std::nullopt);
      return {};
    }
    const std::string grave = grave_path(notes_, change.note.values.back());
    if (change.note.what == 'x') {
      if (disk_.exists(grave)) TRY_VOID(disk_.rename(grave, path));
      restore_size(path, change.size);
      return {};
    }
    const std::string& to = change.note.values[1];
    if (!disk_.exists(path) && disk_.exists(to)) {
      const auto moved = size_of(to);
      TRY_VOID(disk_.rename(to, path));
      if (disk_.exists(grave)) TRY_VOID(disk_.rename(grave, to));
      // What was synced under the new name stays durable.
      restore_size(path, moved);
    } else {
      restore_size(path, change.size);
    }
    restore_size(to, change.size_to);
    return {};
  }

  Disk& disk_;
  const std::string notes_;
  std::map<std::string, std::uint64_t> durable_;
  std::vector<Change> pending_;
};

}  // namespace

Result<void> forget_unsynced(Disk& disk, const std::string& notes) {
  TRY(const NoteLog log, read_notes(disk, notes));
  Aftermath aftermath(disk, notes);
  for (const Note& note : log.notes) TRY_VOID(aftermath.replay(note));
  TRY_VOID(aftermath.take_back());
  TRY(const auto used, disk.list(notes));
  for (const std::string& name : used) TRY_VOID(disk.remove(notes + "/" + name));
  return {};
}

}  // namespace tp
