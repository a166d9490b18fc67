/* two_models: one program with the static libraries of two networks; nothing clashes. */
#include "lenet5.h"
#include "mlp.h"
#include <stdio.h>
#include <string.h>

int main(void) {
  lenet5 *a = NULL;
  mlp *b = NULL;
  if (lenet5_create(NULL, &a) != DLC_OK || mlp_create(NULL, &b) != DLC_OK)
    return 1;
  int right = !strcmp(lenet5_info()->name, "lenet5") && !strcmp(mlp_info()->name, "mlp");
  float x[LENET5_IMAGE_ELEMENTS] = {0}, y[10];
  right = right && lenet5_run(a, 1, x, y) == DLC_ERROR_NOT_READY && *lenet5_error(a);
  right = right && mlp_run(b, 1, x, y) == DLC_ERROR_NOT_READY && *mlp_error(b);
  lenet5_destroy(a);
  mlp_destroy(b);
  return !right;
}
