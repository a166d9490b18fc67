/* no_allocation WEIGHTS INPUT.f32 BATCH THREADS: counts every call of the malloc family,
   mmap, brk and pthread_create during `forward`, by defining them itself; also every call
   of the allocator given in dlc_options. Prints and fails unless the count is zero. */
#define _GNU_SOURCE
#include "model.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static atomic_long calls, total;
static atomic_bool counting;

static void count(void) {
  atomic_fetch_add(&total, 1);
  if (atomic_load(&counting))
    atomic_fetch_add(&calls, 1);
}

void *malloc(size_t n) { return count(), __libc_malloc(n); }
void *calloc(size_t n, size_t m) { return count(), __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { return count(), __libc_realloc(p, n); }
void *memalign(size_t a, size_t n) { return count(), __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { return count(), __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) {
  count();
  return (*p = __libc_memalign(a, n)) ? 0 : ENOMEM;
}
void free(void *p) {
  if (p)
    count();
  __libc_free(p);
}
void *mmap(void *p, size_t n, int prot, int flags, int fd, off_t at) {
  count();
  return (void *)syscall(SYS_mmap, p, n, prot, flags, fd, at);
}
int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *x) {
  count();
  int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
  return create(t, a, f, x);
}

static void *take(void *user, uint64_t bytes, uint64_t alignment) {
  (void)user;
  return memalign(alignment, bytes);
}
static void give(void *user, void *p, uint64_t bytes) {
  (void)user, (void)bytes;
  free(p);
}

int main(int argc, char **argv) {
  if (argc != 5)
    return 2;
  const dlc_model_info *info = CALL(info)();
  int64_t batch = atoll(argv[3]);
  float *x = read_floats(argv[2], batch * sample_size(&info->inputs[0]));
  float *y = malloc((size_t)(batch * sample_size(&info->outputs[0])) * sizeof *y);
  dlc_options options = {.size = sizeof options, .max_batch = batch, .threads = atoi(argv[4])};
  options.allocate = take, options.release = give;
  MODEL *m = NULL;
  must(CALL(create)(&options, &m), NULL, "create");
  must(CALL(load)(m, argv[1]), m, "load");
  long before = atomic_load(&total);
  atomic_store(&counting, 1);
  dlc_status first = CALL(run)(m, batch, x, y), again = CALL(run)(m, 1, x, y);
  atomic_store(&counting, 0);
  must(first, m, "first run");
  must(again, m, "second run");
  CALL(destroy)(m);
  printf("%ld calls outside forward, %ld inside\n", before, atomic_load(&calls));
  return before == 0 || atomic_load(&calls) != 0;
}
