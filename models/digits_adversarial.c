/* Digits changed a little, in the direction that misleads digits_cnn most: x + epsilon * sign(dL/dx),
   the fast gradient sign method (Goodfellow et al., arXiv:1412.6572).

     dlc compile --train models/digits_cnn.json -o out
     cc -Iout models/digits_adversarial.c out/libdigits_cnn.a -lm -lpthread -o digits_adversarial
     ./digits_adversarial models/digits_cnn.safetensors models/digits_sample.npy \
                          models/digits_sample_labels.npy 2 misled.ppm

   The numbers are grey values from 0 (white) to 16 (black); epsilon is 2 of them here. The picture shows
   each misled digit above its changed form. */
#include "digits.h"
#include "digits_cnn.h"
#include <math.h>
#include <stdlib.h>

static digit images[MOST], changed[MOST], slopes[MOST];
static float scores[MOST][CLASSES], scores_grad[MOST][CLASSES];
static int32_t labels[MOST];

static int misled[MOST];

/* Each misled digit as it is, and as it was changed. */
static void grey(int row, int column, int y, int x, unsigned char *rgb) {
  digit *digits = row == 0 ? images : changed;
  rgb[0] = rgb[1] = rgb[2] = (unsigned char)(255 - digits[misled[column]][y][x] * 255 / 16);
}

/* The gradient of the loss -log(score of the label) with respect to the images. */
static dlc_status differentiate(digits_cnn *net, int count) {
  for (int i = 0; i < count; ++i)
    for (int c = 0; c < CLASSES; ++c)
      scores_grad[i][c] = c == labels[i] ? -1 / fmaxf(scores[i][c], 1e-7f) : 0;
  dlc_in image = {images, DLC_FLOAT32}, upstream = {scores_grad, DLC_FLOAT32};
  dlc_out slope = {slopes, DLC_FLOAT32};
  return digits_cnn_backward(net, count, &image, &upstream, &slope);
}

int main(int argc, char **argv) {
  if (argc != 6)
    return fprintf(stderr, "usage: %s WEIGHTS IMAGES.npy LABELS.npy EPSILON PICTURE.ppm\n", argv[0]), 2;
  int count = read_npy(argv[2], images, sizeof images[0]);
  if (count == 0 || read_npy(argv[3], labels, sizeof labels[0]) != count)
    return fprintf(stderr, "%s and %s must hold as many digits as labels\n", argv[2], argv[3]), 1;
  float epsilon = (float)atof(argv[4]);

  digits_cnn *net = NULL;
  dlc_options options = {.size = sizeof options, .max_batch = MOST, .training = 1};
  if (digits_cnn_create(&options, &net) != DLC_OK)
    return fprintf(stderr, "cannot create the network; was it compiled with --train?\n"), 1;
  if (digits_cnn_load(net, argv[1]) != DLC_OK ||
      digits_cnn_run(net, count, &images[0][0][0], &scores[0][0]) != DLC_OK ||
      differentiate(net, count) != DLC_OK)
    return fprintf(stderr, "%s\n", digits_cnn_error(net)), 1;

  int before[MOST], right = 0, wrong = 0;
  for (int i = 0; i < count; ++i) {
    before[i] = best_class(scores[i]);
    right += before[i] == labels[i];
    for (int p = 0; p < SIDE * SIDE; ++p) {
      float slope = slopes[i][0][p], step = slope > 0 ? epsilon : slope < 0 ? -epsilon : 0;
      changed[i][0][p] = fminf(fmaxf(images[i][0][p] + step, 0), 16);
    }
  }
  if (digits_cnn_run(net, count, &changed[0][0][0], &scores[0][0]) != DLC_OK)
    return fprintf(stderr, "%s\n", digits_cnn_error(net)), 1;
  for (int i = 0; i < count; ++i)
    if (before[i] == labels[i] && best_class(scores[i]) != labels[i]) {
      printf("%d taken for %d\n", (int)labels[i], best_class(scores[i]));
      misled[wrong++] = i;
    }
  printf("%d of %d digits that were recognised are not any more\n", wrong, right);
  if (wrong && !write_picture(argv[5], wrong, grey))
    return fprintf(stderr, "cannot write %s\n", argv[5]), 1;
  digits_cnn_destroy(net);
  return 0;
}
