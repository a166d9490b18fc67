/* two_instances WEIGHTS INPUT.f32 BATCH: two instances, each in a thread of its own, run
   at the same time, 50 times; every result has the bits of a run alone. */
#include "model.h"
#include <pthread.h>

static const char *weights;
static int64_t batch, out;
static float *x, *alone;

static void *work(void *seat) {
  float *y = malloc((size_t)(batch * out) * sizeof *y);
  dlc_options options = {.size = sizeof options, .max_batch = batch, .threads = 2};
  MODEL *m = NULL;
  must(CALL(create)(&options, &m), NULL, "create");
  must(CALL(load)(m, weights), m, "load");
  int runs = seat ? 50 : 1;
  for (int i = 0; i < runs; ++i) {
    must(CALL(run)(m, batch, x, y), m, "run");
    if (seat && memcmp(y, alone, (size_t)(batch * out) * sizeof *y)) {
      fprintf(stderr, "thread %d, run %d: other bits\n", *(int *)seat, i);
      exit(1);
    }
  }
  if (!seat)
    memcpy(alone, y, (size_t)(batch * out) * sizeof *y);
  CALL(destroy)(m);
  free(y);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 4)
    return 2;
  const dlc_model_info *info = CALL(info)();
  weights = argv[1], batch = atoll(argv[3]), out = sample_size(&info->outputs[0]);
  x = read_floats(argv[2], batch * sample_size(&info->inputs[0]));
  alone = malloc((size_t)(batch * out) * sizeof *alone);
  work(NULL);
  pthread_t threads[2];
  int seats[2] = {1, 2};
  for (int i = 0; i < 2; ++i)
    pthread_create(&threads[i], NULL, work, &seats[i]);
  for (int i = 0; i < 2; ++i)
    pthread_join(threads[i], NULL);
  free(x), free(alone);
  return 0;
}
