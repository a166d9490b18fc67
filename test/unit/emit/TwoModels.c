/* Two archives in one program. */
#include "scale.h"

#include "other.h"

#include <stdio.h>

int main(void) {
  scale *a;
  other *b;
  if (scale_create(0, &a) != DLC_OK || other_create(0, &b) != DLC_OK)
    return 1;
  printf("%s %s\n", scale_info()->name, other_info()->name);
  scale_destroy(a);
  other_destroy(b);
  return 0;
}
