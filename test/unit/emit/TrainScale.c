/* The code of a scale model that trains, as a compiler of models would make it:
 * out[n, 4] = in[n, 4] * w[4], the loss is the mean of (out - target)^2, update is
 * w += slot = slot / 2 - rate * gradient. In the state w is at byte 0, its slot at
 * 64, its gradient at 128. */
typedef long long i64;
typedef struct dlc_model dlc_model;
void dlc_rt_read_param(dlc_model *rt, i64 index, i64 first, i64 bytes, void *to);

void forward(dlc_model *rt, i64 batch, const void *const *inputs, void *const *outputs,
             const void *prepared, void *arena) {
  const float *in = inputs[0], *w = prepared;
  float *out = outputs[0];
  for (i64 i = 0; i < 4 * batch; ++i)
    out[i] = in[i] * w[i % 4];
}

void prepare(dlc_model *rt, void *prepared, void *scratch) {
  dlc_rt_read_param(rt, 0, 0, 16, prepared);
}

void gradients(dlc_model *rt, i64 batch, const void *const *inputs, void *const *outputs,
               void *state, void *arena) {
  const float *in = inputs[1], *target = inputs[2], *w = state;
  float *gradient = (float *)state + 32, *loss = outputs[0];
  *loss = 0;
  for (int k = 0; k < 4; ++k)
    gradient[k] = 0;
  for (i64 i = 0; i < 4 * batch; ++i) {
    float error = in[i] * w[i % 4] - target[i];
    *loss += error * error / (4 * (float)batch);
    gradient[i % 4] += 2 * error * in[i] / (4 * (float)batch);
  }
}

void backward(dlc_model *rt, i64 batch, const void *const *inputs, void *const *outputs,
              void *state, void *arena) {
  const float *in = inputs[1], *out_gradient = inputs[2], *w = state;
  float *gradient = (float *)state + 32, *in_gradient = outputs[0];
  for (i64 i = 0; i < 4 * batch; ++i) {
    gradient[i % 4] += out_gradient[i] * in[i];
    in_gradient[i] = out_gradient[i] * w[i % 4];
  }
}

void update(dlc_model *rt, i64 batch, const void *const *inputs, void *const *outputs, void *state,
            void *arena) {
  const float *hyper = inputs[0], *gradient = (float *)state + 32;
  float *w = state, *slot = (float *)state + 16;
  for (int k = 0; k < 4; ++k) {
    slot[k] = slot[k] / 2 - hyper[0] * gradient[k];
    w[k] += slot[k];
  }
}

void metrics(dlc_model *rt, i64 batch, const void *const *inputs, void *const *outputs, void *state,
             void *arena) {
  const float *out = inputs[0], *target = inputs[1];
  float *metric = outputs[0];
  metric[0] = metric[1] = 0;
  for (i64 i = 0; i < 4 * batch; ++i) {
    float error = out[i] - target[i];
    metric[0] += error * error / (4 * (float)batch);
    metric[1] += (error < 0 ? -error : error) / (4 * (float)batch);
  }
}
