/* Counts every call of the malloc family, mmap and pthread_create, by defining them
   itself: `total` always, `calls` while `counting`. Compile with -fno-builtin, link with
   -rdynamic -ldl; to be included before all else. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
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

/* An allocator for dlc_options, which is counted too. */
static void *take(void *user, uint64_t bytes, uint64_t alignment) {
  (void)user;
  return memalign(alignment, bytes);
}
static void give(void *user, void *p, uint64_t bytes) {
  (void)user, (void)bytes;
  free(p);
}
