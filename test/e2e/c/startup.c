/* startup LIB.so WEIGHTS THREADS: from the library to the first outputs, for batch 1 of zeros.
   Prints microseconds of create, load, the first forward, the fastest of the next ones, and
   the peak of resident memory, in KiB, that these steps added. "-" for WEIGHTS: no load. */
#include "dlc_runtime.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static long status_of(const char *key) {
  char line[256];
  long value = -1;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, key, strlen(key)))
      value = atol(line + strlen(key));
  if (file)
    fclose(file);
  return value;
}

static void *zeros(const dlc_tensor_info *t) {
  size_t count = 1;
  for (int i = 1; i < t->rank; ++i)
    count *= (size_t)t->shape[i];
  return calloc(count, (size_t)dlc_dtype_bytes(t->dtype));
}

int main(int argc, char **argv) {
  void *library = argc == 4 ? dlopen(argv[1], RTLD_NOW) : NULL;
  dlc_model_entry_fn get = library ? (dlc_model_entry_fn)dlsym(library, "dlc_model_entry") : NULL;
  if (!get)
    return fprintf(stderr, "usage: startup LIB.so WEIGHTS THREADS\n"), 2;
  const dlc_entry *entry = get();
  const dlc_model_info *info = entry->info();
  dlc_in in[8];
  dlc_out out[8];
  for (int i = 0; i < info->num_inputs; ++i)
    in[i] = (dlc_in){zeros(&info->inputs[i]), info->inputs[i].dtype};
  for (int i = 0; i < info->num_outputs; ++i)
    out[i] = (dlc_out){zeros(&info->outputs[i]), info->outputs[i].dtype};

  char error[500] = "";
  dlc_options options = {.size = sizeof options, .threads = atoi(argv[3]), .error = error,
                         .error_size = sizeof error};
  dlc_model *m = NULL;
  long before = status_of("VmRSS:");
  double start = now();
  if (entry->create(&options, &m))
    return fprintf(stderr, "%s\n", error), 1;
  double created = now();
  if (strcmp(argv[2], "-") && entry->load(m, argv[2]))
    return fprintf(stderr, "%s\n", entry->error(m)), 1;
  double loaded = now();
  if (entry->forward(m, 1, in, out))
    return fprintf(stderr, "%s\n", entry->error(m)), 1;
  double first = now();
  long peak = status_of("VmHWM:") - before;
  double best = 1e30;
  for (int i = 0; i < 5; ++i) {
    double begin = now();
    entry->forward(m, 1, in, out);
    double end = now();
    best = end - begin < best ? end - begin : best;
  }
  printf("%.0f %.0f %.0f %.0f %ld\n", created - start, loaded - created, first - loaded, best, peak);
  entry->destroy(m);
  return 0;
}
