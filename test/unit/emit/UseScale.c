/* Loads the weights 1 2 3 4 and runs two samples through both interfaces. */
#include "scale.h"

#include <stdio.h>
#include <string.h>

static int fail(const char *where, const char *why) {
  printf("%s: %s\n", where, why);
  return 1;
}

int main(void) {
  static const char json[] =
      "{\"scale/w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}";
  static const float weights[4] = {1, 2, 3, 4};
  const float in[2][SCALE_IMAGE_ELEMENTS] = {{1, 1, 1, 1}, {2, 3, 4, 5}};
  float out[2][SCALE_OUT_ELEMENTS], again[2][SCALE_OUT_ELEMENTS];
  unsigned char file[8 + sizeof json - 1 + sizeof weights];
  const uint64_t length = sizeof json - 1;
  char error[256] = "";
  dlc_in input;
  dlc_out output;
  dlc_options options;
  scale *m;

  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.max_batch = 2;
  options.threads = 2;
  options.error = error;
  options.error_size = sizeof error;
  if (scale_create(&options, &m) != DLC_OK)
    return fail("create", error);
  memcpy(file, &length, 8);
  memcpy(file + 8, json, sizeof json - 1);
  memcpy(file + 8 + sizeof json - 1, weights, sizeof weights);
  if (scale_load_memory(m, file, sizeof file) != DLC_OK)
    return fail("load", scale_error(m));
  if (scale_run(m, 2, in[0], out[0]) != DLC_OK)
    return fail("run", scale_error(m));
  input.data = in;
  input.dtype = DLC_FLOAT32;
  output.data = again;
  output.dtype = DLC_FLOAT32;
  if (scale_forward(m, 2, &input, &output) != DLC_OK)
    return fail("forward", scale_error(m));
  if (memcmp(out, again, sizeof out) != 0)
    return fail("forward", "differs from run");
  if (scale_forward(m, 3, &input, &output) == DLC_OK)
    return fail("forward", "took a batch above the maximum");
  printf("%s %d %s %ld:", scale_info()->name, (int)scale_info()->num_variants,
         scale_info()->params[0].name, (long)SCALE_ARENA_BYTES(2, 3));
  for (int i = 0; i < 8; ++i)
    printf(" %g", (&out[0][0])[i]);
  printf("\n");
  scale_destroy(m);
  return 0;
}
