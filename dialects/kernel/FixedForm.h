//===- FixedForm.h - weights in fixed point -----------------------------*- C++ -*-===//
#ifndef DLC_DIALECTS_KERNEL_FIXEDFORM_H
#define DLC_DIALECTS_KERNEL_FIXEDFORM_H

#include <cstdint>
#include <numeric>

namespace dlc::kernel {

/// Where a weight lies in its group: its highest bit is `shift` bits below that of word `word`.
struct FixedPlace {
  int64_t word, shift;
  bool split; ///< its lowest bits are the highest of the word before
  bool fresh; ///< `word` holds no bits of weights before it
};

/// Weights of a unit as whole numbers of `bits` bits, one after the other from the lowest bit of
/// words of 32 bits on. A group shares its words with no other weights.
struct FixedForm {
  int64_t bits;

  /// A float32 holds whole numbers of 24 bits.
  bool exists() const { return bits >= 8 && bits <= 24; }
  /// Weights and words of a group.
  int64_t weights() const { return 32 / std::gcd(bits, int64_t(32)); }
  int64_t words() const { return bits / std::gcd(bits, int64_t(32)); }
  int64_t groups(int64_t depth) const { return (depth + weights() - 1) / weights(); }
  /// Words that hold `depth` weights of a unit.
  int64_t rows(int64_t depth) const { return words() * groups(depth); }
  FixedPlace placeOf(int64_t index) const;
};

inline FixedPlace FixedForm::placeOf(int64_t index) const {
  int64_t end = (index + 1) * bits, word = (end - 1) / 32, shift = 32 * (word + 1) - end;
  return {word, shift, shift + bits > 32, shift + bits >= 32};
}

/// That of transformed weights of Winograd convolutions.
inline constexpr FixedForm kFixedPoints{24};

} // namespace dlc::kernel

#endif // DLC_DIALECTS_KERNEL_FIXEDFORM_H
