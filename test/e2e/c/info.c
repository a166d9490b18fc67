/* info: prints the CPU variants of a library, best first, one a line. */
#include "model.h"

int main(void) {
  const dlc_model_info *info = CALL(info)();
  for (int32_t i = 0; i < info->num_variants; ++i)
    printf("%s\n", info->variants[i]);
  return 0;
}
