/* What the programs about digits_cnn share: 8x8 digits, grey values 0 (white) to 16 (black). */
#ifndef DIGITS_H
#define DIGITS_H

#include <stdio.h>

enum { MOST = 64, SIDE = 8, CLASSES = 10, ZOOM = 12 };
typedef float digit[SIDE][SIDE];

/* Reads at most MOST items of `size` bytes after the header of a .npy file; returns how many, 0 on
   failure. */
static inline int read_npy(const char *path, void *items, size_t size) {
  unsigned char head[10];
  FILE *f = fopen(path, "rb");
  if (!f)
    return 0;
  int ok = fread(head, 1, 10, f) == 10 && fseek(f, 10 + head[8] + 256 * head[9], SEEK_SET) == 0;
  int count = ok ? (int)fread(items, size, MOST, f) : 0;
  fclose(f);
  return count;
}

static inline int best_class(const float *score) {
  int best = 0;
  for (int c = 1; c < CLASSES; ++c)
    best = score[c] > score[best] ? c : best;
  return best;
}

/* A picture (.ppm) of 2 * `columns` enlarged digits in two rows; `colour` gives red, green and blue of
   a pixel. Returns 0 on failure. */
static inline int write_picture(const char *path, int columns,
                         void (*colour)(int row, int column, int y, int x, unsigned char *rgb)) {
  FILE *f = fopen(path, "wb");
  if (!f)
    return 0;
  fprintf(f, "P6 %d %d 255\n", columns * SIDE * ZOOM, 2 * SIDE * ZOOM);
  for (int y = 0; y < 2 * SIDE * ZOOM; ++y)
    for (int x = 0; x < columns * SIDE * ZOOM; ++x) {
      unsigned char rgb[3];
      colour(y / (SIDE * ZOOM), x / (SIDE * ZOOM), y / ZOOM % SIDE, x / ZOOM % SIDE, rgb);
      fwrite(rgb, 1, 3, f);
    }
  int ok = !ferror(f);
  return fclose(f) == 0 && ok;
}


#endif
