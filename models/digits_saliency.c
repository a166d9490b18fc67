/* What digits_cnn looks at: for each digit the size of the gradient of its winning score with respect to
   every pixel, a saliency map (Simonyan et al., arXiv:1312.6034).

     dlc compile --train models/digits_cnn.json -o out
     cc -Iout models/digits_saliency.c out/libdigits_cnn.a -lm -lpthread -o digits_saliency
     ./digits_saliency models/digits_cnn.safetensors models/digits_sample.npy saliency.ppm

   The picture shows each digit above its map; red is where a change matters most. */
#include "digits.h"
#include "digits_cnn.h"
#include <math.h>

static digit images[MOST], slopes[MOST];
static float scores[MOST][CLASSES], winner[MOST][CLASSES];

static float largest(const digit map) {
  float most = 0;
  for (int p = 0; p < SIDE * SIDE; ++p)
    most = fmaxf(most, fabsf(map[p / SIDE][p % SIDE]));
  return most;
}

/* A digit in grey; below it, in red, where a change matters. */
static void shade(int row, int column, int y, int x, unsigned char *rgb) {
  float ink = images[column][y][x] / 16;
  if (row == 1)
    ink = fabsf(slopes[column][y][x]) / fmaxf(largest(slopes[column]), 1e-30f);
  rgb[1] = rgb[2] = (unsigned char)(255 * (1 - ink));
  rgb[0] = row == 1 ? 255 : rgb[1];
}

int main(int argc, char **argv) {
  if (argc != 4)
    return fprintf(stderr, "usage: %s WEIGHTS IMAGES.npy PICTURE.ppm\n", argv[0]), 2;
  int count = read_npy(argv[2], images, sizeof images[0]);
  if (count == 0)
    return fprintf(stderr, "%s: no digits in this file\n", argv[2]), 1;

  digits_cnn *net = NULL;
  dlc_options options = {.size = sizeof options, .max_batch = MOST, .training = 1};
  if (digits_cnn_create(&options, &net) != DLC_OK)
    return fprintf(stderr, "cannot create the network; was it compiled with --train?\n"), 1;
  if (digits_cnn_load(net, argv[1]) != DLC_OK ||
      digits_cnn_run(net, count, &images[0][0][0], &scores[0][0]) != DLC_OK)
    return fprintf(stderr, "%s\n", digits_cnn_error(net)), 1;
  for (int i = 0; i < count; ++i)
    winner[i][best_class(scores[i])] = 1;
  dlc_in image = {images, DLC_FLOAT32}, upstream = {winner, DLC_FLOAT32};
  dlc_out slope = {slopes, DLC_FLOAT32};
  if (digits_cnn_backward(net, count, &image, &upstream, &slope) != DLC_OK)
    return fprintf(stderr, "%s\n", digits_cnn_error(net)), 1;
  if (!write_picture(argv[3], count, shade))
    return fprintf(stderr, "cannot write %s\n", argv[3]), 1;
  printf("%d maps in %s\n", count, argv[3]);
  digits_cnn_destroy(net);
  return 0;
}
