#ifndef WIRE_INTEROP_FLAGS_H
#define WIRE_INTEROP_FLAGS_H

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

// Command-line flags, as `--name=value` or `--name value`.
class Flags {
 public:
  Flags(int count, char** words) {
    for (int i = 1; i < count; ++i) {
      std::string word = words[i];
      if (word.rfind("--", 0) != 0) Fail("not a flag: " + word);
      word.erase(0, 2);
      const size_t equals = word.find('=');
      if (equals != std::string::npos) {
        values_[word.substr(0, equals)] = word.substr(equals + 1);
      } else if (i + 1 < count) {
        values_[word] = words[++i];
      } else {
        Fail("flag without a value: " + word);
      }
    }
  }

  std::string Text(const std::string& name, const std::string& otherwise = "") const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }

  bool Bool(const std::string& name) const {
    const std::string text = Text(name, "false");
    if (text != "true" && text != "false") Fail(name + " is neither true nor false");
    return text == "true";
  }

  // What is in the file that the flag names.
  std::string Contents(const std::string& name) const {
    std::ifstream file(Text(name), std::ios::binary);
    if (!file) Fail("cannot read the file of --" + name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

 private:
  [[noreturn]] static void Fail(const std::string& message) {
    std::cerr << message << std::endl;
    std::exit(2);
  }

  std::map<std::string, std::string> values_;
};

#endif
