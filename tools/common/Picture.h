//===- Picture.h - drawing SVG ------------------------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_PICTURE_H
#define DLC_TOOLS_COMMON_PICTURE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <string>

namespace dlc::tools {

/// Text as HTML and SVG show it.
std::string escaped(llvm::StringRef text);

/// A number on an axis of pixels.
struct Scale {
  double low, high, from, to;
  bool logarithmic;
  double operator()(double value) const {
    auto place = [&](double v) { return logarithmic ? std::log10(v) : v; };
    return from + (to - from) * (place(value) - place(low)) / (place(high) - place(low));
  }
};

/// An SVG element, written as it is drawn. How its parts look is up to the classes of a style
/// sheet: the page's, or one of its own, which makes it a file by itself.
class Picture {
public:
  static constexpr double kWidth = 1000;

  Picture(llvm::raw_ostream &os, double height, llvm::StringRef title, llvm::StringRef style = "");
  ~Picture() { os << "</svg>\n"; }

  void line(double x1, double y1, double x2, double y2, llvm::StringRef style);
  void lines(llvm::ArrayRef<std::pair<double, double>> points, llvm::StringRef style);
  void text(double x, double y, llvm::StringRef anchor, const llvm::Twine &text,
            llvm::StringRef style = "label");
  void circle(double x, double y, double r, llvm::StringRef kind, const llvm::Twine &tip);
  void rect(double x, double y, double width, double height, llvm::StringRef style,
            const llvm::Twine &tip, double opacity = 1);

private:
  llvm::raw_ostream &os;
};

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_PICTURE_H
