/* Samples and targets for one step of training: the same for the same step, whatever
   went before. Labels are below CLASSES, which the program is compiled with. */
#include "model.h"

struct samples {
  dlc_in inputs[8], targets[8];
};

static inline float *random_floats(uint32_t *state, int64_t count) {
  float *data = malloc((size_t)count * sizeof *data);
  for (int64_t i = 0; i < count; ++i) {
    *state = *state * 1664525u + 1013904223u;
    data[i] = (float)(*state >> 8) / (1 << 23) - 1;
  }
  return data;
}

/* Random numbers, from -1 to 1, or labels. */
static inline dlc_in random_array(uint32_t *state, const dlc_tensor_info *t, int64_t batch) {
  int64_t count = batch * sample_size(t);
  float *data = random_floats(state, count);
  if (t->dtype == DLC_INT32)
    for (int64_t i = 0; i < count; ++i) {
      int32_t label = (int32_t)((data[i] + 1) / 2 * CLASSES);
      memcpy(&data[i], &label, sizeof label);
    }
  return (dlc_in){data, t->dtype};
}

static inline struct samples make_samples(int64_t step, int64_t batch) {
  const dlc_model_info *info = CALL(info)();
  uint32_t state = (uint32_t)step * 2654435761u + 12345;
  struct samples s;
  for (int32_t i = 0; i < info->num_inputs; ++i)
    s.inputs[i] = random_array(&state, &info->inputs[i], batch);
  for (int32_t i = 0; i < info->num_targets; ++i)
    s.targets[i] = random_array(&state, &info->targets[i], batch);
  return s;
}

static inline void free_samples(struct samples *s) {
  const dlc_model_info *info = CALL(info)();
  for (int32_t i = 0; i < info->num_inputs; ++i)
    free((void *)s->inputs[i].data);
  for (int32_t i = 0; i < info->num_targets; ++i)
    free((void *)s->targets[i].data);
}
