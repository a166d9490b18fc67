/* Trains the scale model towards w = 1 2 3 4 and saves it to argv[1]. */
#include "scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *where, const char *why) {
  printf("%s: %s\n", where, why);
  return 1;
}

int main(int argc, char **argv) {
  const float in[2][SCALE_IMAGE_ELEMENTS] = {{1, 1, 1, 1}, {2, 3, 4, 5}};
  const float due[2][SCALE_OUT_TARGET_ELEMENTS] = {{1, 2, 3, 4}, {2, 6, 12, 20}};
  const float ones[2][SCALE_OUT_ELEMENTS] = {{1, 1, 1, 1}, {1, 1, 1, 1}};
  float out[2][SCALE_OUT_ELEMENTS], in_grad[2][SCALE_IMAGE_ELEMENTS], loss;
  double metrics[SCALE_METRICS];
  char error[256] = "", file[512];
  dlc_in input = {0, DLC_FLOAT32}, target = {0, DLC_FLOAT32}, grad = {0, DLC_FLOAT32};
  dlc_out output = {0, DLC_FLOAT32};
  dlc_schedule schedule;
  dlc_tensor gradient;
  int64_t count = 1;
  dlc_options options;
  scale *m;

  (void)argc;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.max_batch = 2;
  options.training = 1;
  options.error = error;
  options.error_size = sizeof error;
  if (scale_create(&options, &m) != DLC_OK)
    return fail("create", error);
  while (scale_step(m) < 300)
    if (scale_train(m, 2, in[0], due[0], &loss) != DLC_OK)
      return fail("train", scale_error(m));
  if (scale_run(m, 2, in[0], out[0]) != DLC_OK)
    return fail("run", scale_error(m));
  input.data = in;
  target.data = due;
  grad.data = ones;
  output.data = in_grad;
  if (scale_evaluate(m, 2, &input, &target, metrics) != DLC_OK)
    return fail("evaluate", scale_error(m));
  if (scale_zero_grad(m) != DLC_OK || scale_backward(m, 2, &input, &grad, &output) != DLC_OK ||
      scale_gradients(m, &gradient, &count) != DLC_OK)
    return fail("backward", scale_error(m));
  printf("%s %s %s %s:", scale_info()->targets[0].name, scale_info()->metrics[1],
         gradient.info.name, metrics[0] < 1e-6 && metrics[1] < 1e-3 ? "small" : "large");
  for (int i = 0; i < 4; ++i)
    printf(" %.2f/%g/%.2f", out[1][i], ((const float *)gradient.data)[i], in_grad[0][i]);
  if (scale_get_schedule(m, &schedule) != DLC_OK ||
      schedule.learning_rate != scale_learning_rate(m))
    return fail("get_schedule", "not the learning rate");
  schedule.learning_rate /= 2;
  if (scale_set_schedule(m, &schedule) != DLC_OK)
    return fail("set_schedule", scale_error(m));
  if (scale_set_first_sample(m, 0) != DLC_OK ||
      scale_differentiate(m, 2, &input, &target, &loss) != DLC_OK || scale_update(m) != DLC_OK)
    return fail("differentiate", scale_error(m));
  snprintf(file, sizeof file, "%s.state", argv[1]);
  if (scale_save(m, argv[1]) != DLC_OK || scale_load(m, argv[1]) != DLC_OK ||
      scale_save_state(m, file) != DLC_OK || scale_load_state(m, file) != DLC_OK)
    return fail("save", scale_error(m));
  printf(" step %ld rate %g arena %ld\n", (long)scale_step(m), scale_learning_rate(m),
         (long)SCALE_TRAIN_ARENA_BYTES(2, 3));
  scale_destroy(m);
  return 0;
}
