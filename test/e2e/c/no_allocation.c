/* no_allocation WEIGHTS INPUT.f32 BATCH THREADS: counts every call of the malloc family,
   mmap and pthread_create during `forward`, and of the allocator given in dlc_options.
   Prints and fails unless the count is zero. */
#include "counting.h"
#include "model.h"

int main(int argc, char **argv) {
  if (argc != 5)
    return 2;
  const dlc_model_info *info = CALL(info)();
  int64_t batch = atoll(argv[3]);
  float *x = read_floats(argv[2], batch * sample_size(&info->inputs[0]));
  float *y = malloc((size_t)(batch * sample_size(&info->outputs[0])) * sizeof *y);
  dlc_options options = {.size = sizeof options, .max_batch = batch, .threads = atoi(argv[4])};
  options.allocate = take, options.release = give;
  MODEL *m = NULL;
  must(CALL(create)(&options, &m), NULL, "create");
  must(CALL(load)(m, argv[1]), m, "load");
  long before = atomic_load(&total);
  atomic_store(&counting, 1);
  dlc_status first = CALL(run)(m, batch, x, y), again = CALL(run)(m, 1, x, y);
  atomic_store(&counting, 0);
  must(first, m, "first run");
  must(again, m, "second run");
  CALL(destroy)(m);
  printf("%ld calls outside forward, %ld inside\n", before, atomic_load(&calls));
  return before == 0 || atomic_load(&calls) != 0;
}
