/* Shows real 8x8 digits as text and what digits_cnn says they are.

     dlc compile models/digits_cnn.json -o out
     cc -Iout models/digits_demo.c out/libdigits_cnn.a -lm -lpthread -o digits_demo
     ./digits_demo models/digits_cnn.safetensors models/digits_sample.npy

   The .npy file holds float32 [n, 8, 8, 1], grey values 0 (white) to 16 (black). */
#include "digits.h"
#include "digits_cnn.h"

enum { ROW = 4 };
static digit images[MOST];
static float scores[MOST][CLASSES];

/* Prints the digits first..first+n-1 beside each other. */
static void show(int first, int n) {
  for (int line = 0; line < 8; ++line, putchar('\n'))
    for (int i = first; i < first + n; ++i, printf("    "))
      for (int x = 0; x < 8; ++x) {
        char shade = " .:-=+*#@"[(int)images[i][line][x] / 2];
        putchar(shade), putchar(shade);
      }
  for (int i = first; i < first + n; ++i) {
    int best = best_class(scores[i]);
    printf("%d (%5.1f %%)%*s", best, 100.0 * scores[i][best], 9, "");
  }
  printf("\n\n");
}

int main(int argc, char **argv) {
  const char *weights = argc > 1 ? argv[1] : "models/digits_cnn.safetensors";
  const char *sample = argc > 2 ? argv[2] : "models/digits_sample.npy";
  int count = read_npy(sample, images, sizeof images[0]);
  if (count == 0)
    return fprintf(stderr, "%s: no digits in this file\n", sample), 1;

  digits_cnn *net = NULL;
  dlc_options options = {.size = sizeof options, .max_batch = MOST};
  if (digits_cnn_create(&options, &net) != DLC_OK)
    return fprintf(stderr, "cannot create the network\n"), 1;
  if (digits_cnn_load(net, weights) != DLC_OK ||
      digits_cnn_run(net, count, &images[0][0][0], &scores[0][0]) != DLC_OK)
    return fprintf(stderr, "%s\n", digits_cnn_error(net)), 1;
  for (int i = 0; i < count; i += ROW)
    show(i, count - i < ROW ? count - i : ROW);
  digits_cnn_destroy(net);
  return 0;
}
