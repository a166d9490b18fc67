//===- Picture.cpp - drawing SVG ----------------------------------------------------===//

#include "tools/common/Picture.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

std::string tools::escaped(StringRef text) {
  std::string result;
  raw_string_ostream os(result);
  printHTMLEscaped(text, os);
  return result;
}

Picture::Picture(raw_ostream &os, double height, StringRef title, StringRef style) : os(os) {
  os << "<svg";
  if (!style.empty())
    os << " xmlns=\"http://www.w3.org/2000/svg\"";
  os << format(" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", kWidth, height)
     << escaped(title) << "\">\n";
  if (!style.empty())
    os << "<style>" << style << "</style>\n";
}

void Picture::line(double x1, double y1, double x2, double y2, StringRef style) {
  os << format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"", x1, y1, x2, y2)
     << style << "\"/>\n";
}

void Picture::lines(ArrayRef<std::pair<double, double>> points, StringRef style) {
  os << "<polyline points=\"";
  for (auto [x, y] : points)
    os << format("%.1f,%.1f ", x, y);
  os << "\" class=\"" << style << "\"/>\n";
}

void Picture::text(double x, double y, StringRef anchor, const Twine &text, StringRef style) {
  os << format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"", x, y) << anchor << "\" class=\""
     << style << "\">" << escaped(text.str()) << "</text>\n";
}

void Picture::circle(double x, double y, double r, StringRef kind, const Twine &tip) {
  os << format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"dot ", x, y, r) << kind
     << "\"><title>" << escaped(tip.str()) << "</title></circle>\n";
}

void Picture::rect(double x, double y, double width, double height, StringRef style,
                   const Twine &tip, double opacity) {
  os << format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"", x, y, width,
               height)
     << style << "\"";
  if (opacity != 1)
    os << format(" fill-opacity=\"%.3f\"", opacity);
  os << "><title>" << escaped(tip.str()) << "</title></rect>\n";
}
