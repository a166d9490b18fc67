/* classify WEIGHTS INPUT.f32 OUTPUT.f32 COUNT: runs a network on COUNT samples, 100 at
   a time, and prints the class of each. This is all that an application has to do. */
#include "model.h"

int main(int argc, char **argv) {
  if (argc != 5)
    return 2;
  const dlc_model_info *info = CALL(info)();
  int64_t in = sample_size(&info->inputs[0]), out = sample_size(&info->outputs[0]);
  int64_t count = atoll(argv[4]);
  float *x = read_floats(argv[2], count * in), *y = malloc((size_t)(count * out) * sizeof *y);

  dlc_options options = {.size = sizeof options, .max_batch = 100};
  MODEL *m = NULL;
  must(CALL(create)(&options, &m), NULL, "create");
  must(CALL(load)(m, argv[1]), m, "load");
  for (int64_t i = 0; i < count; i += 100) {
    int64_t batch = count - i < 100 ? count - i : 100;
    must(CALL(run)(m, batch, x + i * in, y + i * out), m, "run");
  }
  for (int64_t i = 0; i < count; ++i) {
    int64_t best = 0;
    for (int64_t c = 1; c < out; ++c)
      best = y[i * out + c] > y[i * out + best] ? c : best;
    printf("%lld\n", (long long)best);
  }
  write_floats(argv[3], y, count * out);
  CALL(destroy)(m);
  free(x), free(y);
  return 0;
}
