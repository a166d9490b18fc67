/* Lets one test program serve every model: compile it with -DMODEL=lenet
   -DHEADER='"lenet.h"', and CALL(create) is lenet_create. */
#include HEADER
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define CALL(function) PASTE(MODEL, function)

/* Elements of one sample of an input or output. */
static inline int64_t sample_size(const dlc_tensor_info *t) {
  int64_t size = 1;
  for (int32_t i = 1; i < t->rank; ++i)
    size *= t->shape[i];
  return size;
}

/* Reads count floats of a raw file; ends the program when it cannot. */
static inline float *read_floats(const char *path, int64_t count) {
  float *data = malloc((size_t)count * sizeof *data);
  FILE *f = fopen(path, "rb");
  if (!data || !f || fread(data, sizeof *data, (size_t)count, f) != (size_t)count) {
    fprintf(stderr, "%s: cannot read %lld floats\n", path, (long long)count);
    exit(1);
  }
  fclose(f);
  return data;
}

static inline void write_floats(const char *path, const float *data, int64_t count) {
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(data, sizeof *data, (size_t)count, f) != (size_t)count || fclose(f)) {
    fprintf(stderr, "%s: cannot write\n", path);
    exit(1);
  }
}

/* Ends the program with the model's own words when a call fails. */
static inline void must(dlc_status status, const MODEL *m, const char *what) {
  if (status == DLC_OK)
    return;
  fprintf(stderr, "%s: %s: %s\n", what, dlc_status_string(status), m ? CALL(error)(m) : "");
  exit(1);
}
