/* bits WEIGHTS INPUT.f32 OUTPUT.f32 BATCH THREADS POISON [VARIANT]: one forward in an
   arena of the caller's, and a second one after filling that arena (and every block the
   library asked for between create and load) with NaN. Fails unless the bits agree. */
#include "model.h"

static int poison;

static void *take(void *user, uint64_t bytes, uint64_t alignment) {
  (void)user;
  void *p = NULL;
  if (posix_memalign(&p, alignment < sizeof p ? sizeof p : alignment, bytes))
    return NULL;
  memset(p, poison ? 0xff : 0, bytes); /* a float of all ones is a NaN */
  return p;
}

static void give(void *user, void *p, uint64_t bytes) {
  (void)user, (void)bytes;
  free(p);
}

int main(int argc, char **argv) {
  if (argc < 7)
    return 2;
  const dlc_model_info *info = CALL(info)();
  int64_t in = sample_size(&info->inputs[0]), out = sample_size(&info->outputs[0]);
  int64_t batch = atoll(argv[4]);
  int threads = atoi(argv[5]);
  poison = atoi(argv[6]);
  float *x = read_floats(argv[2], batch * in);
  size_t bytes = (size_t)(batch * out) * sizeof(float);
  float *first = malloc(bytes), *second = malloc(bytes);

  uint64_t size = PASTE(MODEL_UPPER, ARENA_BYTES)(batch, threads);
  void *arena = aligned_alloc(64, size ? size : 64);
  char error[512] = "";
  dlc_options options = {.size = sizeof options, .max_batch = batch, .threads = threads};
  options.memory = arena, options.memory_size = size;
  options.allocate = take, options.release = give;
  options.cpu_variant = argc > 7 ? argv[7] : NULL;
  options.error = error, options.error_size = sizeof error;
  memset(arena, poison ? 0xff : 0, size);
  MODEL *m = NULL;
  if (CALL(create)(&options, &m) != DLC_OK) {
    fprintf(stderr, "create: %s\n", error);
    return 1;
  }
  must(CALL(load)(m, argv[1]), m, "load");
  must(CALL(run)(m, batch, x, first), m, "first run");
  memset(arena, poison ? 0xff : 0, size);
  must(CALL(run)(m, batch, x, second), m, "second run");
  if (memcmp(first, second, bytes)) {
    fprintf(stderr, "the second run has other bits\n");
    return 1;
  }
  write_floats(argv[3], first, batch * out);
  printf("%s\n", CALL(variant)(m));
  CALL(destroy)(m);
  free(x), free(first), free(second), free(arena);
  return 0;
}
