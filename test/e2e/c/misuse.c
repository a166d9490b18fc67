/* misuse WEIGHTS GONE TRUNCATED: every wrong use of the C interface returns the right
   status and leaves a sentence; nothing crashes. One line for each that does not. */
#include "model.h"

static int failures;

static void expect(dlc_status got, dlc_status want, const char *words, const char *what) {
  int silent = got != DLC_OK && got != DLC_ERROR_BUSY && (!words || strlen(words) < 10);
  if (got == want && !silent)
    return;
  ++failures;
  fprintf(stderr, "%s: got %s (\"%s\"), expected %s\n", what, dlc_status_string(got),
          words ? words : "", dlc_status_string(want));
}

static void create(dlc_options options, dlc_status want, const char *what) {
  char error[256] = "";
  options.error = error, options.error_size = sizeof error;
  MODEL *m = NULL;
  /* Options of an unknown size cannot be read, so there is nowhere to write a sentence. */
  int readable = options.size == sizeof options;
  expect(CALL(create)(&options, &m), want, readable ? error : "nowhere to write", what);
  CALL(destroy)(m);
}

int main(int argc, char **argv) {
  if (argc != 4)
    return 2;
  const dlc_model_info *info = CALL(info)();
  int64_t in = sample_size(&info->inputs[0]), out = sample_size(&info->outputs[0]);
  float *x = calloc((size_t)(8 * (in + out)), sizeof *x), *y = x + 8 * in;
  dlc_options good = {.size = sizeof good, .max_batch = 4, .threads = 2}, bad;

  create((bad = good, bad.max_batch = -1, bad), DLC_ERROR_ARGUMENT, "negative max_batch");
  create((bad = good, bad.max_batch = INT64_MAX, bad), DLC_ERROR_ARGUMENT, "endless max_batch");
  create((bad = good, bad.threads = -2, bad), DLC_ERROR_ARGUMENT, "negative threads");
  create((bad = good, bad.threads = 5000, bad), DLC_ERROR_ARGUMENT, "5000 threads");
  create((bad = good, bad.size = 3, bad), DLC_ERROR_ARGUMENT, "options of size 3");
  create((bad = good, bad.training = 1, bad), DLC_ERROR_UNSUPPORTED, "training");
  create((bad = good, bad.cpu_variant = "z80", bad), DLC_ERROR_ARGUMENT, "an unknown variant");
  create((bad = good, bad.memory = x, bad.memory_size = 0, bad), DLC_ERROR_ARGUMENT,
         "too small an arena");

  MODEL *m = NULL;
  expect(CALL(create)(&good, &m), DLC_OK, NULL, "create");
  dlc_in input = {x, DLC_FLOAT32}, wrong_in = {x, DLC_INT32}, null_in = {NULL, DLC_FLOAT32};
  dlc_out output = {y, DLC_FLOAT32}, wrong_out = {y, DLC_UINT8}, null_out = {NULL, DLC_FLOAT32};
  dlc_out over = {x + in - 1, DLC_FLOAT32};
#define FORWARD(batch, i, o, want)                                                                 \
  expect(CALL(forward)(m, batch, i, o), want, CALL(error)(m),                                      \
         #want ": forward(" #batch ", " #i ", " #o ")")
  FORWARD(1, &input, &output, DLC_ERROR_NOT_READY);
  expect(CALL(load)(m, argv[2]), DLC_ERROR_IO, CALL(error)(m), "load of a missing file");
  expect(CALL(load)(m, argv[3]), DLC_ERROR_FORMAT, CALL(error)(m), "load of a truncated file");
  expect(CALL(load)(m, NULL), DLC_ERROR_ARGUMENT, CALL(error)(m), "load(NULL)");
  expect(CALL(load_memory)(m, "abc", 3), DLC_ERROR_FORMAT, CALL(error)(m),
         "load_memory of 3 bytes");
  expect(CALL(load)(m, argv[1]), DLC_OK, NULL, "load");
  FORWARD(5, &input, &output, DLC_ERROR_ARGUMENT);
  FORWARD(0, &input, &output, DLC_ERROR_ARGUMENT);
  FORWARD(-1, &input, &output, DLC_ERROR_ARGUMENT);
  FORWARD(1, &wrong_in, &output, DLC_ERROR_ARGUMENT);
  FORWARD(1, &input, &wrong_out, DLC_ERROR_ARGUMENT);
  FORWARD(1, &null_in, &output, DLC_ERROR_ARGUMENT);
  FORWARD(1, &input, &null_out, DLC_ERROR_ARGUMENT);
  FORWARD(1, NULL, &output, DLC_ERROR_ARGUMENT);
  FORWARD(1, &input, &over, DLC_ERROR_ARGUMENT);
  FORWARD(4, &input, &output, DLC_OK);
  CALL(destroy)(m);
  CALL(destroy)(NULL);
  free(x);
  return failures != 0;
}
