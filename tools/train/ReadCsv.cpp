//===- ReadCsv.cpp - tables of numbers with a label ---------------------------------===//
//
// Fields are parted by commas (or semicolons or tabs, where the first row has no comma) and may
// stand in double quotes; lines that are empty or begin with # are passed over.
//
//===------------------------------------------------------------------------------===//

#include "runtime/dlc_runtime.h"
#include "tools/common/Errors.h"
#include "tools/train/DataSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/LineIterator.h"
#include <map>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

namespace {

struct Row {
  int64_t line;
  SmallVector<StringRef> fields;
};

class Table {
public:
  Table(StringRef content, StringRef file) : content(content), file(file) {}
  Error read();
  Error findLabels(StringRef column);
  Expected<DataSet> convert();

private:
  Error error(int64_t line, const Twine &text) {
    return inputError(file + ":" + Twine(line), text);
  }
  Error readFeatures(Array &features);
  Expected<Array> readLabels(std::vector<std::string> &classes);

  StringRef content, file;
  std::vector<Row> rows;
  SmallVector<StringRef> header;
  size_t label = 0;
};

} // namespace

static bool parseNumber(StringRef text, double &value) {
  text = text.trim();
  text.consume_front("+");
  return !text.empty() && !text.getAsDouble(value);
}

// A field in quotes may hold separators; quotes within it are not undoubled, as words are only
// compared with each other.
static SmallVector<StringRef> splitRow(StringRef line, char separator) {
  SmallVector<StringRef> fields;
  while (true) {
    StringRef rest = line.ltrim(' ');
    size_t from = rest.starts_with("\"") ? rest.find('"', 1) : 0;
    size_t end = from == StringRef::npos ? from : rest.find(separator, from);
    StringRef field = rest.take_front(end).trim();
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
      field = field.drop_front().drop_back();
    fields.push_back(field);
    if (end == StringRef::npos)
      return fields;
    line = rest.drop_front(end + 1);
  }
}

static char separatorOf(StringRef line) {
  for (char separator : {',', ';', '\t'})
    if (line.contains(separator))
      return separator;
  return ',';
}

Error Table::read() {
  content.consume_front("\xef\xbb\xbf");
  std::unique_ptr<MemoryBuffer> lines = MemoryBuffer::getMemBuffer(content, "", false);
  char separator = 0;
  for (line_iterator line(*lines, /*SkipBlanks=*/true, '#'); !line.is_at_end(); ++line) {
    if (line->trim().empty())
      continue;
    if (!separator)
      separator = separatorOf(*line);
    rows.push_back({line.line_number(), splitRow(line->rtrim("\r"), separator)});
    if (size_t wanted = rows.front().fields.size(); rows.back().fields.size() != wanted)
      return error(rows.back().line, "a row of " + Twine(rows.back().fields.size()) +
                                         " fields, where the first has " + Twine(wanted));
  }
  if (rows.empty())
    return inputError(file, "the data set is empty");
  if (rows.front().fields.size() < 2)
    return inputError(file, "its rows have one field only; a label and at least one number are "
                            "needed");
  // Names are no numbers; one word alone may be the label.
  double value;
  if (count_if(rows.front().fields, [&](StringRef f) { return !parseNumber(f, value); }) > 1) {
    header = std::move(rows.front().fields);
    rows.erase(rows.begin());
  }
  return rows.empty() ? inputError(file, "the data set is empty: there is a header only")
                      : Error::success();
}

Error Table::findLabels(StringRef column) {
  size_t columns = rows.front().fields.size();
  if (column == "first" || column == "last") {
    label = column == "first" ? 0 : columns - 1;
    return Error::success();
  }
  if (auto *named = find(header, column); named != header.end()) {
    label = named - header.begin();
    return Error::success();
  }
  if (!column.getAsInteger(10, label) && label < columns)
    return Error::success();
  return inputError(file, "there is no column \"" + printable(column) +
                              "\"; --label-column takes first, last, an index from 0 to " +
                              Twine(columns - 1) +
                              (header.empty() ? "" : ", or one of " + join(header, ", ")));
}

Error Table::readFeatures(Array &features) {
  float *to = reinterpret_cast<float *>(features.begin());
  for (const Row &row : rows)
    for (auto [index, field] : enumerate(row.fields)) {
      double value;
      if (index == label)
        continue;
      if (!parseNumber(field, value))
        return error(row.line, "\"" + printable(field) + "\" in column " + Twine(index) +
                                   " is no number; only labels may be words (see --label-column)");
      *to++ = value;
    }
  return Error::success();
}

// Words are labels in the order of the alphabet; numbers stay numbers.
Expected<Array> Table::readLabels(std::vector<std::string> &classes) {
  double value;
  bool areNumbers =
      all_of(rows, [&](const Row &row) { return parseNumber(row.fields[label], value); });
  Expected<Array> labels =
      arrayOf(file, areNumbers ? DLC_FLOAT32 : DLC_INT32, {int64_t(rows.size())});
  if (!labels)
    return labels;
  if (areNumbers) {
    float *to = reinterpret_cast<float *>(labels->begin());
    for (const Row &row : rows)
      parseNumber(row.fields[label], value), *to++ = value;
    return labels;
  }
  std::map<StringRef, int32_t> words;
  for (const Row &row : rows)
    words.emplace(row.fields[label], 0);
  for (auto &[word, index] : words) {
    index = classes.size();
    classes.push_back(word.str());
  }
  int32_t *to = reinterpret_cast<int32_t *>(labels->begin());
  for (const Row &row : rows)
    *to++ = words[row.fields[label]];
  return labels;
}

Expected<DataSet> Table::convert() {
  int64_t features = rows.front().fields.size() - 1;
  Expected<Array> inputs = arrayOf(file, DLC_FLOAT32, {int64_t(rows.size()), features});
  if (!inputs)
    return inputs.takeError();
  if (Error error = readFeatures(*inputs))
    return error;
  DataSet data;
  Expected<Array> labels = readLabels(data.classes);
  if (!labels)
    return labels.takeError();
  data.inputs.push_back(std::move(*inputs));
  data.targets.push_back(std::move(*labels));
  return data;
}

Expected<DataSet> train::parseCsv(StringRef content, StringRef file, const CsvOptions &options) {
  Table table(content, file);
  if (Error error = table.read())
    return error;
  if (Error error = table.findLabels(options.labelColumn))
    return error;
  return table.convert();
}
