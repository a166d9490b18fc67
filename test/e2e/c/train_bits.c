/* train_bits STATE STEPS BATCH THREADS POISON EVERY [FROM]: trains until STEPS updates are
   done, from the state FROM if that is given, and writes the state to STATE; also after each
   EVERY updates unless that is 0. The arena is this program's own memory; POISON fills it
   with NaN before each step. */
#include "train.h"

int main(int argc, char **argv) {
  if (argc < 7)
    return 2;
  const int64_t steps = atoll(argv[2]), batch = atoll(argv[3]), every = atoll(argv[6]);
  const int threads = atoi(argv[4]), poison = atoi(argv[5]);
  const size_t bytes = (size_t)PASTE(MODEL_UPPER, TRAIN_ARENA_BYTES)(batch, threads);
  char error[512] = "";
  dlc_options options = {.size = sizeof options, .max_batch = batch, .threads = threads};
  options.training = 1, options.seed = 5;
  options.error = error, options.error_size = sizeof error;
  options.memory = aligned_alloc(64, bytes ? bytes : 64), options.memory_size = bytes;
  MODEL *m = NULL;
  if (CALL(create)(&options, &m))
    return fprintf(stderr, "create: %s\n", error), 1;
  if (argc > 7)
    must(CALL(load_state)(m, argv[7]), m, "load_state");
  float loss = 0;
  for (int64_t step; (step = CALL(step)(m)) < steps;) {
    struct samples s = make_samples(step, batch);
    if (poison)
      memset(options.memory, 0xff, bytes);
    must(CALL(train_step)(m, batch, s.inputs, s.targets, &loss), m, "train_step");
    if (every && CALL(step)(m) % every == 0) {
      must(CALL(save_state)(m, argv[1]), m, "save_state");
      printf("%lld\n", (long long)CALL(step)(m));
      fflush(stdout);
    }
    free_samples(&s);
  }
  must(CALL(save_state)(m, argv[1]), m, "save_state");
  CALL(destroy)(m);
  free(options.memory);
  return 0;
}
