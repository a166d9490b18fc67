/* train_no_allocation BATCH THREADS: counts every call of the malloc family, mmap and
   pthread_create, and of the allocator given in dlc_options, in all functions of training
   that promise to make none. Prints and fails unless the count is zero. */
#include "counting.h"
#include "train.h"

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  const dlc_model_info *info = CALL(info)();
  const int64_t batch = atoll(argv[1]);
  dlc_options options = {.size = sizeof options, .max_batch = batch, .threads = atoi(argv[2])};
  options.training = 1;
  options.allocate = take, options.release = give;
  MODEL *m = NULL;
  must(CALL(create)(&options, &m), NULL, "create");
  long before = atomic_load(&total);
  struct samples s = make_samples(0, batch);
  dlc_out outputs[8];
  dlc_in grads[8];
  uint32_t state = 1;
  for (int32_t i = 0; i < info->num_outputs; ++i) {
    grads[i] = random_array(&state, &info->outputs[i], batch);
    outputs[i] = (dlc_out){malloc((size_t)(batch * sample_size(&info->outputs[i])) * 8),
                           info->outputs[i].dtype};
  }
  double metrics[64];
  float loss;
  int64_t count = 64;
  dlc_tensor list[64];
  dlc_schedule schedule;
  dlc_status status = DLC_OK;
  atomic_store(&counting, 1);
  for (int round = 0; round < 3 && !status; ++round) {
    (status = CALL(train_step)(m, batch, s.inputs, s.targets, &loss)) ||
        (status = CALL(forward)(m, batch, s.inputs, outputs)) ||
        (status = CALL(evaluate)(m, batch, s.inputs, s.targets, metrics)) ||
        (status = CALL(differentiate)(m, 1, s.inputs, s.targets, &loss)) ||
        (status = CALL(backward)(m, batch, s.inputs, grads, NULL)) ||
        (status = CALL(update)(m)) || (status = CALL(zero_grad)(m)) ||
        (status = CALL(get_schedule)(m, &schedule)) ||
        (status = CALL(set_schedule)(m, &schedule));
    CALL(gradients)(m, list, &count);
  }
  atomic_store(&counting, 0);
  must(status, m, "training");
  CALL(destroy)(m);
  printf("%ld calls outside training, %ld inside\n", before, atomic_load(&calls));
  return before == 0 || atomic_load(&calls) != 0;
}
